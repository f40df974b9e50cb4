"""Holds the simulator to the real servers: each recorded exchange is sent to it again and must be answered alike.

The exchanges of one version are replayed in order, because later ones read what earlier ones wrote.
Source: GLPI 10.0.19 and 11.0.6, recorded on 22 November 2026; people and tickets are invented.
"""

from __future__ import annotations

import base64
import itertools
import json
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from glpi.simulator import Simulator

EXCHANGES = Path(__file__).parent / "exchanges"
HEADERS = (
    *("content-type", "location", "link", "content-range", "accept-range", "last-modified", "content-disposition"),
    *("access-control-allow-origin", "access-control-allow-methods", "access-control-expose-headers"),
)
SERVICE_ACCOUNT, ADMINISTRATOR, REQUESTER = 7, 2, 8
KINDS_ONLY = {
    "full-session": "preferences and rights of an installation; the keys and their kinds count",
    "getActiveProfile": "rights of an installation",
    "getGlpiConfig": "settings of an installation",
    "getMultipleItems": "a user's dates and preferences",
    "upload": "GLPI draws names of temporary files",
    "get-document-metadata": "GLPI draws the tag of a document",
}
"""Exchanges whose values are not compared, only keys and kinds of values, and why."""
ANY_ORDER = {"delta-pull-of-my-tickets": "sorted by a second that the recording tells only of the answer"}
"""Searches whose rows are compared by id, and why."""
UNTOLD = {
    "MESSAGE_AFTER_REDIRECT": "there once the session has written something",
    "links": "the addresses differ from server to server",
    "takeintoaccount_delay_stat": "seconds between two requests; the recording tells when to the second only",
    "solve_delay_stat": "as above",
    "close_delay_stat": "as above",
    "ancestors_cache": "a cache that GLPI fills at some time",
    "sons_cache": "as above",
}
"""Columns that are not compared, and why."""
OTHER = "zzz"
DATE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")


def comparable(value: Any) -> Any:
    """Without what differs from one server to the next: dates, the server's address, links, tokens."""
    if isinstance(value, dict):
        return {key: comparable(one) for key, one in value.items() if key not in UNTOLD}
    if isinstance(value, list):
        return [comparable(one) for one in value]
    if isinstance(value, str):
        value = re.sub(r"https?://[^/]+", "https://glpi.test", DATE.sub("<date>", value))
        return re.sub(r"in SQL query .*", "in SQL query", value, flags=re.DOTALL)
    return value


def kinds(value: Any) -> Any:
    """The keys and the kinds of values; empty values and lists have no kind."""
    if isinstance(value, dict):
        return {key: kinds(one) for key, one in value.items()}
    if isinstance(value, list):
        return [kinds(one) for one in value[:1] if isinstance(one, dict)]
    return "number" if isinstance(value, int | float) else "text" if isinstance(value, str) else None


def same_kinds(one: Any, other: Any) -> bool:
    """Whether two such trees agree; None agrees with everything."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same_kinds(one[key], other[key]) for key in one)
    return one is None or other is None or isinstance(one, list) or isinstance(other, list) or one == other


def total_of(content_range: str) -> int | None:
    """How many there are in all, according to the header."""
    return int(content_range.rpartition("/")[2]) if content_range else None


def caller_of(name: str) -> int:
    """Whose session an exchange was made with."""
    if any(word in name for word in ("superadmin", "delete-ticket-force-purge", "create-location")):
        return ADMINISTRATOR
    own = ("selfservice", "followups-requester", "getActiveProfile", "full-session", "session-idle", "session-expired")
    return REQUESTER if any(word in name for word in own) else SERVICE_ACCOUNT


class Replay:
    """One simulator that gets the requests of one recording."""

    def __init__(self, simulator: Simulator, client: httpx.Client, clock: list[datetime]) -> None:
        self.simulator, self.client, self.clock = simulator, client, clock
        self.sessions: dict[int, str] = {}
        self.others: list[int] = []
        """Tickets that were made outside the recording, those that went first before others."""

    def arrange(self, exchange: dict[str, Any], later: list[dict[str, Any]]) -> None:
        """Bring the server into the state in which this was recorded; later ones may show ids given here."""
        name, request, body = exchange["name"], exchange["request"], exchange["response"]["body"]
        if "Date" in exchange["response"]["headers"]:
            self.clock[0] = parsedate_to_datetime(exchange["response"]["headers"]["Date"])
        self.set_switches(name)
        if request["method"] == "POST" and exchange["response"]["status"] in (201, 207):
            self.prepare_ids(request, body, later)
        user_id = caller_of(name)
        if user_id not in self.sessions:
            self.log_in(user_id)
        if "session-expired" in name:
            self.simulator.expire_sessions()
        if request["method"] == "GET":
            reads = itertools.takewhile(
                lambda one: one["request"]["method"] == "GET" and "Date" in one["response"]["headers"], later
            )
            for one in (exchange, *reads):
                if one["response"]["status"] in (200, 206):
                    self.complete(one["request"]["path"], one["response"]["body"])
            self.balance(exchange)

    def set_switches(self, name: str) -> None:
        simulator = self.simulator
        simulator.maintenance = "maintenance-mode" in name
        simulator.database_down = "database-down" in name
        simulator.api_disabled = "api-disabled" in name
        simulator.address_refused = "ip-not-allowed" in name
        simulator.credentials_login = "credentials-login-disabled" not in name
        simulator.mandatory_fields = ("itilcategories_id",) if "mandatory-by-template" in name else ()
        simulator.deactivate_user(is_active="inactive-user" not in name)

    def prepare_ids(self, request: dict[str, Any], body: Any, later: list[dict[str, Any]]) -> None:
        """What is made gets the recorded ids."""
        kind = request["path"].rsplit("/", 1)[-1]
        made = body[1] if isinstance(body, list) and body[0] == "ERROR_GLPI_PARTIAL_ADD" else body
        number = made[0]["id"] if isinstance(made, list) else made["id"]
        self.simulator.set_next_id(kind, number)
        for one in later:
            if (
                one["request"]["method"] == "GET"
                and one["request"]["path"].endswith(f"/Ticket/{number}/Ticket_User")
                and one["response"]["body"]
            ):
                self.simulator.set_next_id("Ticket_User", one["response"]["body"][0]["id"])
                return

    def complete(self, path: str, body: Any) -> None:
        """What somebody else did between two recorded requests: tickets and notes that a list shows."""
        kind = path.rsplit("/", 1)[-1]
        rows = body.get("data", []) if isinstance(body, dict) else body if isinstance(body, list) else []
        if kind in ("ITILFollowup", "ITILSolution"):
            table = self.simulator.followups if kind == "ITILFollowup" else self.simulator.solutions
            for row in rows:
                if row["id"] not in table:
                    if row["items_id"] not in self.simulator.tickets:
                        self.add_other(row["items_id"], {})
                    self.simulator.put(kind, {key: value for key, value in row.items() if key != "links"})
        if path.endswith(("/Ticket", "/Ticket/abc")):
            shown = {row["id"] if "id" in row else row["2"]: row for row in rows}
            known = {number: ticket["name"] for number, ticket in self.simulator.tickets.items()}
            for number, row in sorted(shown.items()):
                if number not in known or (known[number] == OTHER and len(row) > 1):
                    self.add_other(number, row)

    def balance(self, exchange: dict[str, Any]) -> None:
        """As many tickets as the recording counts; those that somebody else made and purged come and go."""
        recorded = total_of(exchange["response"]["headers"].get("Content-Range", ""))
        if recorded is None or not exchange["request"]["path"].endswith(("/Ticket", "/Ticket/abc")):
            return
        counted = total_of(self.send(exchange["name"], exchange["request"]).headers.get("Content-Range", ""))
        missing = recorded - (counted or 0)
        for _ in range(-missing):
            self.simulator.purge(self.others.pop(0))
        for _ in range(missing):
            self.others.append(self.simulator.add_ticket(SERVICE_ACCOUNT, name=OTHER))

    def add_other(self, number: int, row: dict[str, Any]) -> None:
        """A ticket that was made outside the recording."""
        if number in self.simulator.tickets:
            self.simulator.purge(number)
            self.others.remove(number)
        self.others.append(number)
        self.simulator.set_next_id("Ticket", number)
        name = row.get("name", row.get("1", OTHER))
        self.simulator.add_ticket(SERVICE_ACCOUNT, name=name, content=row.get("content", ""))
        fields = {"status": row.get("12"), "date_mod": row.get("19"), "date": row.get("15")}
        changed = {key: value for key, value in fields.items() if value is not None}
        self.simulator.put("Ticket", {**self.simulator.tickets[number], **changed})

    def log_in(self, user_id: int) -> None:
        headers = {
            "App-Token": self.simulator.app_token,
            "Authorization": f"user_token {self.simulator.user_tokens[user_id]}",
        }
        # A state of the server that was arranged for an exchange was arranged after the login.
        self.sessions[user_id] = self.client.get("/apirest.php/initSession", headers=headers).json()["session_token"]

    def send(self, name: str, request: dict[str, Any]) -> httpx.Response:
        """The recorded request, with this simulator's tokens."""
        user_id = caller_of(name)
        login = self.client_login(user_id)
        tokens = {
            "<app-token>": self.simulator.app_token,
            "<user-token>": self.simulator.user_tokens[user_id],
            "<session-token>": self.sessions[user_id],
            "<base64 login:password>": login,
        }
        headers = {key: value for key, value in request["headers"].items() if key not in ("Host", "Content-Length")}
        url = request["path"] + (f"?{request['query']}" if request["query"] else "")
        for placeholder, token in tokens.items():
            headers = {key: value.replace(placeholder, token) for key, value in headers.items()}
            url = url.replace(placeholder, token)
        body = request["body"]
        if isinstance(body, dict) and "base64" in body:
            content = base64.b64decode(body["base64"])
        else:
            content = (body if isinstance(body, str) else json.dumps(body)).encode() if body is not None else b""
        return self.client.request(request["method"], url, headers=headers, content=content)

    def client_login(self, user_id: int) -> str:
        login = self.simulator.users[user_id]["name"]
        return base64.b64encode(f"{login}:{self.simulator.passwords[login]}".encode()).decode()

    def check(self, exchange: dict[str, Any]) -> None:
        """The answer is the recorded one as far as a client can tell."""
        wanted = exchange["response"]
        got = self.send(exchange["name"], exchange["request"])
        assert got.status_code == wanted["status"], got.text
        expected = {name.lower(): value for name, value in wanted["headers"].items()}
        for name in HEADERS:
            assert (name in got.headers) == (name in expected), name
            if name == "last-modified" and name in expected:
                assert parsedate_to_datetime(got.headers[name]).tzinfo is UTC
            elif name in expected:
                assert comparable(got.headers[name]) == comparable(expected[name])
        if "json" not in expected["content-type"] or exchange["request"]["method"] == "HEAD":
            assert bool(got.text) == bool(wanted["body"])
            return
        self.compare(exchange["name"], got.json(), wanted["body"])
        if "killSession-twice" in exchange["name"] or "session-expired" in exchange["name"]:
            self.sessions.clear()

    def compare(self, name: str, body: Any, wanted: Any) -> None:
        if isinstance(body, dict) and "session_token" in body:
            body["session_token"] = "<session-token>"
        if any(word in name for word in KINDS_ONLY):
            shown, expected = kinds(comparable(body)), kinds(comparable(wanted))
            assert same_kinds(shown, expected), (shown, expected)
            return
        if any(word in name for word in ANY_ORDER):
            body["data"].sort(key=lambda row: row["2"])
            wanted["data"].sort(key=lambda row: row["2"])
        assert comparable(body) == comparable(wanted)
        if isinstance(body, dict) and isinstance(wanted, dict):
            assert list(body) == list(wanted)


CATEGORIES = [
    (one["id"], one["completename"])
    for one in json.loads((EXCHANGES / "v10-046-list-itilcategory.json").read_text("utf-8"))["response"]["body"]
]


@pytest.mark.parametrize(("version", "prefix"), [(10, "v10-"), (11, "v11-legacy-")], ids=["10", "11"])
def test_the_simulator_answers_as_the_real_one_did(version: int, prefix: str) -> None:
    differences: list[str] = []
    clock = [datetime(2026, 11, 22, 12, 41, 16, tzinfo=UTC)]
    with (
        Simulator(version=version, now=lambda: clock[0], categories=CATEGORIES) as simulator,
        httpx.Client(base_url=f"http://127.0.0.1:{simulator.port}", trust_env=False) as client,
    ):
        simulator.set_default_profile(6)
        simulator.change_category(20, is_helpdeskvisible=0)
        replay = Replay(simulator, client, clock)
        recorded = [json.loads(path.read_text("utf-8")) for path in sorted(EXCHANGES.glob(f"{prefix}*.json"))]
        assert len(recorded) > 200
        for position, exchange in enumerate(recorded):
            try:
                replay.arrange(exchange, recorded[position + 1 :])
                replay.check(exchange)
            except (AssertionError, KeyError) as error:
                differences.append(f"{exchange['name']}: {error!r}")
    assert not differences, "\n\n".join(differences)

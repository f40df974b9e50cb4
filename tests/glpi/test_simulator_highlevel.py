"""Holds the simulated High-Level API to the real one: each recorded exchange is sent again and must be answered alike.

They are replayed in the order in which they were recorded, on a world that has the tickets the recording shows.
Source: GLPI 11.0.6, recorded on 22 November 2026; people and tickets are invented.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from glpi.simulator import Simulator
from glpi.simulator.storage import Row

EXCHANGES = Path(__file__).parent / "exchanges"
HEADERS = ("content-type", "location", "content-range", "allow")
DATE = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d([+-]\d\d:\d\d)?")
MOMENT = datetime(2026, 11, 22, 12, 49, 49, tzinfo=UTC)
DIFFERENCES: dict[str, str] = {
    "rights": "only the rights that a counter needs are simulated, of 120",
    "date_creation": "people of the simulator have no dates of their own",
    "date_password_change": "the same",
    "last_login": "the same",
    "resolution_duration": "seconds that passed while it was recorded",
    "take_into_account_duration": "the same",
    "default_profile": "the simulator's people have several profiles and no default one in their card",
    "first_name": "the recording's service account has another first name",
    "friendly_name": "the same",
}
"""Keys whose values may differ, each with its reason."""


def recorded(part: str) -> list[dict[str, Any]]:
    """The exchanges of one part, in the order in which they happened."""
    found = [json.loads(path.read_text("utf-8")) for path in sorted(EXCHANGES.glob(f"v11-hl-{part}*.json"))]
    return sorted(found, key=lambda one: (parsedate_to_datetime(one["response"]["headers"]["Date"]), one["name"]))


def comparable(value: Any) -> Any:
    """Without what differs from one server, or one second, to the next."""
    if isinstance(value, dict):
        return {key: None if key in DIFFERENCES else comparable(one) for key, one in value.items()}
    if isinstance(value, list):
        return [comparable(one) for one in value]
    if isinstance(value, str):
        return re.sub(r"https?://[^/]+", "https://glpi.test", DATE.sub("<date>", value))
    return value


def naive(text: str | None) -> str | None:
    return text[:19].replace("T", " ") if text else None


def ticket_row(shown: Row) -> Row:
    """A ticket as the database has it, from what the API showed of it."""
    ids = {name: (shown.get(name) or {}).get("id", 0) for name in ("category", "location", "request_type", "entity")}
    dates = {
        "date_creation": "date_creation", "date_mod": "date_mod", "date": "date", "solvedate": "date_solve",
        "closedate": "date_close", "takeintoaccountdate": "take_into_account_date",
        "begin_waiting_date": "begin_waiting_date",
    }  # fmt: skip
    return {
        **{name: shown[name] for name in ("id", "name", "content", "urgency", "impact", "priority", "type")},
        **{column: naive(shown[name]) for column, name in dates.items()},
        "is_deleted": int(shown["is_deleted"]),
        "status": shown["status"]["id"],
        "externalid": shown["external_id"],
        "users_id_recipient": shown["user_recipient"]["id"],
        "users_id_lastupdater": (shown["user_editor"] or {"id": 0})["id"],
        "itilcategories_id": ids["category"],
        "locations_id": ids["location"],
        "requesttypes_id": ids["request_type"],
        "entities_id": ids["entity"],
        "global_validation": shown["global_validation"],
        "actiontime": shown["actiontime"],
        "solve_delay_stat": shown["resolution_duration"],
        "takeintoaccount_delay_stat": shown["take_into_account_duration"],
        "waiting_duration": shown["waiting_duration"],
        "close_delay_stat": shown["close_duration"],
    }


class Replay:
    """One simulator that gets the requests of one recording."""

    def __init__(self, simulator: Simulator, client: httpx.Client, exchanges: list[dict[str, Any]]) -> None:
        self.simulator, self.client = simulator, client
        self.storage = simulator._storage
        self.log_in()
        self.refresh = ""
        self.used = self.tokens["api"]
        with self.storage.transaction():
            lists = [one for one in exchanges if isinstance(one["response"]["body"], list)]
            shown = {
                (one["request"]["path"].rsplit("/", 1)[-1], item["id"]): item
                for one in lists for item in one["response"]["body"] if "id" in item
            }  # fmt: skip
            for (kind, number), item in sorted(shown.items()):
                self.take_over(kind, number, item)
            if documents := self.storage.rows("Document"):
                self.storage.put("Document", {**documents[2], "id": 3})  # counted, never shown
            for row in list(self.storage.rows("User").values()):
                self.storage.put("User", {**row, "date_mod": "2026-11-22 13:41:34"})

    def log_in(self) -> None:
        self.tokens = {
            "": self.token("svc-borne", "api user email"),
            "selfservice": self.token("mdupont", "api user email"),
            "user": self.token("svc-borne", "user"),
            "api": self.token("svc-borne", "api"),
            "superadmin": self.token("glpi", "api user email"),
            "nobody": self.token("", "api", grant_type="client_credentials"),
        }

    def token(self, login: str, scope: str, grant_type: str = "password") -> str:
        oauth = self.simulator.highlevel.oauth
        given = {"grant_type": grant_type, "client_id": oauth.client_id, "client_secret": oauth.client_secret}
        given |= {"username": login, "password": self.simulator.passwords.get(login, ""), "scope": scope}
        answer = self.client.post("/api.php/token", data=given).json()
        self.last = answer
        return str(answer["access_token"])

    def take_over(self, kind: str, number: int, item: Row) -> None:
        """What the server had before the recording, or got from elsewhere while it went on."""
        if kind == "Ticket" and (number < 20 or 30 <= number < 1000):
            self.storage.put("Ticket", ticket_row(item))
            for member in item["team"]:
                self.join(number, member)
        elif kind == "Location":
            parent = (item.get("parent") or {"id": 0})["id"]
            self.storage.put(kind, {"is_recursive": 1, **item, "locations_id": parent, "entities_id": 0})
        elif kind == "ITILCategory" and "is_helpdesk_visible" in item:
            row = self.storage.rows(kind)[number]
            self.storage.put(kind, {**row, "is_helpdeskvisible": int(item["is_helpdesk_visible"])})
        elif kind == "Document":
            self.storage.put(kind, {**item, "entities_id": 0, "is_deleted": 0})

    def join(self, ticket_id: int, member: Row) -> None:
        role = {"requester": 1, "assigned": 2, "observer": 3}[member["role"]]
        if "user.form" in member["href"]:
            row = {"tickets_id": ticket_id, "users_id": member["id"], "type": role, "use_notification": 1}
            self.storage.add("Ticket_User", {**row, "alternative_email": ""})
        else:
            self.storage.add("Group_Ticket", {"tickets_id": ticket_id, "groups_id": member["id"], "type": role})

    def arrange(self, exchange: dict[str, Any]) -> str:
        """Bring the server into the state in which this was recorded; the token that was used."""
        name, request, body = exchange["name"], exchange["request"], exchange["response"]["body"]
        self.simulator.maintenance = "maintenance-mode" in name
        self.simulator.database_down = "database-down" in name
        self.simulator.delete_right = "error-delete-no-right" not in name
        self.simulator.highlevel.disabled = "high-level-api-off" in name
        if request["method"] == "POST" and isinstance(body, dict) and "href" in body:
            kinds = {"Followup": "ITILFollowup", "Solution": "ITILSolution"}
            kind = body["href"].rsplit("/", 2)[1]
            self.simulator.set_next_id(kinds.get(kind, kind), body["id"])
        if "list-tickets" in name or "default-limit" in name:
            self.limit_tickets(exchange)
        words = {"selfservice": "selfservice", "superadmin": "superadmin", "client-credentials-list": "nobody"}
        for word, token in words.items():
            if word in name:
                return self.tokens[token]
        if name.endswith(("timeline-followups-requester", "own-ticket-selfservice")):
            return self.tokens["selfservice"]
        if "scope-missing" in name:
            return self.tokens["api" if "user-me" in name else "user"]
        if "old-access-token" in name:
            return self.used
        return self.other_token(name)

    def limit_tickets(self, exchange: dict[str, Any]) -> None:
        """Tickets that were made later are not there yet."""
        happened = parsedate_to_datetime(exchange["response"]["headers"]["Date"])
        with self.storage.transaction():
            rows = self.storage.rows("Ticket")
            self.hidden = {
                number for number, row in rows.items()
                if 30 <= number < 1000 and self.simulator._world.as_utc(row["date_creation"]) > happened
            }  # fmt: skip
        self.simulator._world.hidden.clear()
        self.simulator._world.hidden.update(self.hidden)

    def other_token(self, name: str) -> str:
        token = self.tokens[""]
        if "not-three-parts" in name:
            return "abc"
        if "bad-signature" in name:
            return token[:-6] + "AAAAAA"
        return token

    def send(self, exchange: dict[str, Any]) -> httpx.Response:
        """The recorded request, with this simulator's tokens."""
        request, oauth = exchange["request"], self.simulator.highlevel.oauth
        token = self.arrange(exchange)
        if "token-refresh" in exchange["name"] and "twice" not in exchange["name"]:
            self.used = self.token("svc-borne", "api user email")
            self.refresh = self.last["refresh_token"]
        if "access-token-expired" in exchange["name"]:
            oauth.expire()
        login = "mdupont" if "selfservice" in exchange["name"] else "svc-borne"
        said = {"<access-token>": token, "<client-id>": oauth.client_id, "<client-secret>": oauth.client_secret}
        said |= {"<password>": self.simulator.passwords[login], "<refresh-token>": self.refresh}
        headers = {key: value for key, value in request["headers"].items() if key not in ("Host", "Content-Length")}
        body = request["body"]
        text = "" if body is None else body if isinstance(body, str) else json.dumps(body)
        for placeholder, real in said.items():
            headers = {key: value.replace(placeholder, real) for key, value in headers.items()}
            text = text.replace(placeholder, real)
        url = request["path"] + (f"?{request['query']}" if request["query"] else "")
        return self.client.request(request["method"], url, headers=headers, content=text.encode())

    def check(self, exchange: dict[str, Any]) -> None:
        """The answer is the recorded one as far as a client can tell."""
        wanted, got = exchange["response"], self.send(exchange)
        assert got.status_code == wanted["status"], got.text[:300]
        expected = {key.lower(): value for key, value in wanted["headers"].items()}
        for name in HEADERS:
            shown = expected.get(name)
            shown = ", ".join(shown) if isinstance(shown, list) else shown
            if name == "content-type" and shown is not None:
                assert got.headers[name].partition(";")[0] == shown.partition(";")[0]
            elif got.status_code != 204 or name == "allow":
                assert got.headers.get(name) == shown, name
        if "json" not in expected.get("content-type", "") or wanted["body"] == "":
            assert bool(got.text) == bool(wanted["body"])
            return
        body = got.json()
        for key in ("access_token", "refresh_token"):
            if isinstance(body, dict) and key in body:
                body[key] = f"<{key.replace('_', '-')}>"
        assert comparable(body) == comparable(wanted["body"])
        if isinstance(body, dict):
            assert list(body) == list(wanted["body"])


def categories() -> list[tuple[int, str]]:
    """The tree of the recording, whose parents are shown by their short names only."""
    shown = json.loads((EXCHANGES / "v11-hl-048-itilcategories-profile-header.json").read_text("utf-8"))
    names: dict[int, str] = {}
    for item in shown["response"]["body"]:
        parent = item["parent"]
        names[item["id"]] = f"{names[parent['id']]} > {item['name']}" if parent else item["name"]
    return list(names.items())


@pytest.fixture
def replay() -> Iterator[Replay]:
    with (
        Simulator(version=11, now=lambda: MOMENT, categories=categories()) as simulator,
        httpx.Client(base_url=f"http://127.0.0.1:{simulator.port}", trust_env=False) as client,
    ):
        simulator._world.default_profiles[7] = 6
        yield Replay(simulator, client, recorded("0"))


def differences(replay: Replay, exchanges: list[dict[str, Any]]) -> list[str]:
    found = []
    for exchange in exchanges:
        try:
            replay.check(exchange)
        except AssertionError as error:
            found.append(f"{exchange['name']}: {error}")
        if "access-token-expired" in exchange["name"]:
            replay.log_in()
    return found


def test_the_simulator_answers_as_the_real_one_did(replay: Replay) -> None:
    exchanges = recorded("0")
    assert len(exchanges) == 90
    found = differences(replay, exchanges)
    assert not found, "\n\n".join(found)


def test_the_simulator_answers_what_was_recorded_later_too() -> None:
    """Recorded on another server, with another tree; its ticket is new, its people are the simulator's."""
    exchanges = [one for one in recorded("6") if one["name"] not in ELSEWHERE]
    assert len(exchanges) > 15
    tree = [(number, f"Autre {number}") for number in range(3, 35)]
    tree = [(1, "Accès et authentification"), (2, "Accès et authentification > Mot de passe oublié"), *tree]
    with (
        Simulator(version=11, now=lambda: MOMENT, categories=tree) as simulator,
        httpx.Client(base_url=f"http://127.0.0.1:{simulator.port}", trust_env=False) as client,
    ):
        found = differences(Replay(simulator, client, []), exchanges)
    assert not found, "\n\n".join(found)


ELSEWHERE = {
    "v11-hl-619-itilcategories-of-one-level": "shows a tree of 34 categories, 9 of them at the top",
    "v11-hl-621-users-after-an-id": "counts the accounts of that server",
}
"""Recorded later, and not replayed."""

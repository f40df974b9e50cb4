"""Holds the simulator to the real servers: each recorded exchange is sent to it again and must be answered alike.

The exchanges of one version are replayed in order, because later ones read what earlier ones wrote.
Source: GLPI 10.0.19 and 11.0.6, recorded on 22 November 2026; people and tickets are invented.
"""

from __future__ import annotations

import base64
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from glpi.simulator import Simulator

EXCHANGES = Path(__file__).parent / "exchanges"
HEADERS = ("content-type", "location", "content-range", "accept-range", "last-modified")
DELAYS = ("takeintoaccount_delay_stat", "solve_delay_stat", "close_delay_stat")
DATE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")


def comparable(value: Any) -> Any:
    """Without what differs from one server to the next: dates, the server's address, links, tokens."""
    if isinstance(value, dict):
        return {key: comparable(one) for key, one in value.items() if key not in ("links", *DELAYS)}
    if isinstance(value, list):
        return [comparable(one) for one in value]
    if isinstance(value, str):
        value = re.sub(r"https?://[^/]+", "https://glpi.test", DATE.sub("<date>", value))
        return re.sub(r"in SQL query .*", "in SQL query", value, flags=re.DOTALL)
    return value


class Replay:
    """One simulator that gets the requests of one recording."""

    def __init__(self, simulator: Simulator, client: httpx.Client) -> None:
        self.simulator, self.client = simulator, client
        self.session_token, self.is_logged_in = "", False

    def arrange(self, exchange: dict[str, Any], later: list[dict[str, Any]]) -> None:
        """Bring the server into the state in which this was recorded; later ones may show ids given here."""
        name, request, body = exchange["name"], exchange["request"], exchange["response"]["body"]
        self.simulator.maintenance = "maintenance-mode" in name
        self.simulator.database_down = "database-down" in name
        self.simulator.api_disabled = "api-disabled" in name
        self.simulator.delete_right = "error-delete-no-right" not in name
        if request["method"] == "POST" and exchange["response"]["status"] == 201:
            self.simulator.set_next_id(request["path"].rsplit("/", 1)[-1], body["id"])
            actors = ("GET", f"{request['path']}/{body['id']}/Ticket_User")
            shown = [
                one["response"]["body"] for one in later if (one["request"]["method"], one["request"]["path"]) == actors
            ]
            if shown and shown[0]:
                self.simulator.set_next_id("Ticket_User", shown[0][0]["id"])
        if not self.is_logged_in:
            self.log_in()
        if "killSession-twice" in name:
            self.is_logged_in = False

    def log_in(self) -> None:
        headers = {"App-Token": self.simulator.app_token, "Authorization": f"user_token {self.simulator.user_token}"}
        self.session_token = self.client.get("/apirest.php/initSession", headers=headers).json()["session_token"]
        self.is_logged_in = True

    def send(self, request: dict[str, Any]) -> httpx.Response:
        """The recorded request, with this simulator's tokens."""
        tokens = {
            "<app-token>": self.simulator.app_token,
            "<user-token>": self.simulator.user_token,
            "<session-token>": self.session_token,
        }
        headers = {name: value for name, value in request["headers"].items() if name not in ("Host", "Content-Length")}
        for placeholder, token in tokens.items():
            headers = {name: value.replace(placeholder, token) for name, value in headers.items()}
        body = request["body"]
        if isinstance(body, dict) and "base64" in body:
            content = base64.b64decode(body["base64"])
        else:
            content = (body if isinstance(body, str) else json.dumps(body)).encode() if body is not None else b""
        url = request["path"] + (f"?{request['query']}" if request["query"] else "")
        return self.client.request(request["method"], url, headers=headers, content=content)

    def check(self, exchange: dict[str, Any]) -> None:
        """The answer is the recorded one as far as a client can tell."""
        wanted = exchange["response"]
        got = self.send(exchange["request"])
        assert got.status_code == wanted["status"]
        expected = {name.lower(): value for name, value in wanted["headers"].items()}
        for name in HEADERS:
            assert (name in got.headers) == (name in expected), name
            if name in expected and name != "last-modified":
                assert comparable(got.headers[name]) == comparable(expected[name])
        if "json" not in expected["content-type"]:
            assert bool(got.text) == bool(wanted["body"])
            return
        body = got.json()
        if isinstance(body, dict) and "session_token" in body:
            body["session_token"] = "<session-token>"
        assert comparable(body) == comparable(wanted["body"])
        if isinstance(body, dict) and isinstance(wanted["body"], dict):
            assert list(body) == list(wanted["body"])


@pytest.mark.parametrize(("version", "prefix"), [(10, "v10-"), (11, "v11-legacy-")], ids=["10", "11"])
def test_the_simulator_answers_as_the_real_one_did(version: int, prefix: str) -> None:
    differences: list[str] = []
    categories = [(1, "Accès et authentification"), (2, "Accès et authentification > Mot de passe oublié")]
    moment = datetime(2026, 11, 22, 12, 45, 38, tzinfo=UTC)
    with (
        Simulator(version=version, now=lambda: moment, categories=categories) as simulator,
        httpx.Client(base_url=f"http://127.0.0.1:{simulator.port}", trust_env=False) as client,
    ):
        replay = Replay(simulator, client)
        recorded = [json.loads(path.read_text("utf-8")) for path in sorted(EXCHANGES.glob(f"{prefix}*.json"))]
        assert len(recorded) > 80
        for position, exchange in enumerate(recorded):
            replay.arrange(exchange, recorded[position + 1 :])
            try:
                replay.check(exchange)
            except AssertionError as error:
                differences.append(f"{exchange['name']}: {error}")
    assert not differences, "\n\n".join(differences)

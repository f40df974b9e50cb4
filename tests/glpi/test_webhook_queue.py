"""The simulated GLPI's webhooks: what is queued, how it is written, and how often it is sent."""

from __future__ import annotations

import http.server
import json
import random
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from glpi.simulator import Simulator
from glpi.simulator.webhooks import rendered
from glpi.webhook import ItemKind, challenge, proof_of, verify

RECORDED = sorted((Path(__file__).parent / "exchanges").glob("v11-webhook-*.json"))
SECRET = "secret-de-test"


class Listener(http.server.ThreadingHTTPServer):
    """Takes deliveries; ``status`` is what it answers, ``heard`` what it got."""

    daemon_threads = True

    def __init__(self) -> None:
        self.status, self.heard, self.challenges = 200, list[tuple[bytes, dict[str, str]]](), 0
        self.answers_challenges = True
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/glpi"


class Handler(http.server.BaseHTTPRequestHandler):
    server: Listener

    def log_message(self, format: str, *args: Any) -> None:
        """Silent."""

    def do_GET(self) -> None:
        self.server.challenges += 1
        token = parse_qs(urlsplit(self.path).query)["crc_token"][0]
        self.answer(200, challenge(token, SECRET).encode() if self.server.answers_challenges else b"non")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.heard.append((body, {name.lower(): value for name, value in self.headers.items()}))
        self.answer(self.server.status, b"{}")

    def answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def listener() -> Iterator[Listener]:
    with Listener() as listener:
        thread = threading.Thread(target=listener.serve_forever, args=(0.01,))
        thread.start()
        yield listener
        listener.shutdown()
        thread.join()


class Clock:
    def __init__(self) -> None:
        self.at = datetime(2026, 11, 22, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def glpi(listener: Listener, clock: Clock) -> Iterator[Simulator]:
    with Simulator(now=clock) as simulator:
        simulator.webhooks.subscribe(listener.url, SECRET)
        yield simulator


def told(listener: Listener) -> list[tuple[str, ItemKind]]:
    now = datetime(2026, 11, 22, 12, 5, tzinfo=UTC)
    deliveries = [verify(body, *proof_of(headers), SECRET, now=now) for body, headers in listener.heard]
    return [(delivery.event, delivery.kind) for delivery in deliveries]


@pytest.mark.parametrize(
    "path", [path for path in RECORDED if "challenge" not in path.name], ids=lambda path: path.stem
)
def test_a_body_is_written_as_the_real_one_writes_it(path: Path) -> None:
    request = json.loads(path.read_text("utf-8"))["request"]
    assert rendered(request["body"]) == request["body_raw"].encode()


@pytest.mark.parametrize("number", ["001", "004", "005"])
def test_a_delivery_has_the_fields_of_the_recorded_one(glpi: Simulator, listener: Listener, number: str) -> None:
    path = next(path for path in RECORDED if f"webhook-{number}" in path.name)
    wanted = json.loads(path.read_text("utf-8"))["request"]
    ticket = glpi.add_ticket(name="Écran & clavier <HS>", _users_id_requester=8)
    if number == "001":
        glpi.add_followup(ticket, "Réponse du technicien")
    if number == "004":
        with glpi._storage.transaction():
            given = {"itemtype": "Ticket", "items_id": ticket, "content": "Réparé"}
            glpi._world.timeline.add_solution(given, 10)
    glpi.webhooks.deliver()
    documents = [json.loads(body) for body, _ in listener.heard]
    got = next(one for one in documents if list(one["item"]) == list(wanted["body"]["item"]) and one["event"] == "new")
    assert list(got) == list(wanted["body"])
    assert list(got.get("parent_item", {})) == list(wanted["body"].get("parent_item", {}))
    sent = {name for _, headers in listener.heard for name in headers}
    assert sent - {"accept-encoding"} == {name.lower() for name in wanted["headers"]}


def test_what_happens_to_a_ticket_is_told_and_a_purge_is_not(glpi: Simulator, listener: Listener) -> None:
    ticket = glpi.add_ticket(name="x")
    glpi.change(ticket, urgency=5)
    glpi.add_followup(ticket, "<p>interne</p>", is_private=True)
    glpi.trash(ticket)
    glpi.webhooks.deliver()
    events = told(listener)
    assert events[0] == ("new", ItemKind.TICKET)
    assert ("update", ItemKind.TICKET) in events
    assert ("new", ItemKind.FOLLOWUP) in events
    assert events[-1] == ("delete", ItemKind.TICKET)
    listener.heard.clear()
    glpi.purge(ticket)
    glpi.webhooks.deliver()
    assert listener.heard == []


def test_a_new_ticket_is_told_with_its_people(glpi: Simulator, listener: Listener) -> None:
    glpi.add_ticket(name="x", _users_id_requester=8)
    glpi.webhooks.deliver()
    (first, _) = listener.heard[0]
    assert [member["name"] for member in json.loads(first)["item"]["team"]] == ["mdupont"]


def test_every_try_has_the_signature_and_the_time_of_the_first(
    glpi: Simulator, listener: Listener, clock: Clock
) -> None:
    glpi.add_ticket(name="x")
    listener.status = 500
    glpi.webhooks.deliver()
    clock.at += timedelta(hours=1)
    listener.status = 200
    glpi.webhooks.deliver()
    first, second = listener.heard
    assert first == second
    assert not glpi.webhooks.queued
    assert listener.challenges == 2


def test_what_nobody_takes_is_forgotten_after_some_tries(glpi: Simulator, listener: Listener) -> None:
    glpi.add_ticket(name="x")
    listener.status = 404
    for _ in range(5):
        glpi.webhooks.deliver()
    assert len(listener.heard) == glpi.webhooks.max_tries


def test_a_challenge_that_fails_is_no_try_and_nothing_is_sent(glpi: Simulator, listener: Listener) -> None:
    glpi.add_ticket(name="x")
    listener.answers_challenges = False
    for _ in range(5):
        assert {one.status for one in glpi.webhooks.deliver()} == {None}
    assert listener.heard == []
    assert [one.tries for one in glpi.webhooks.queued] == [0]


def test_copies_come_in_any_order(glpi: Simulator, listener: Listener) -> None:
    for number in range(4):
        glpi.add_ticket(name=f"x{number}")
    glpi.webhooks.deliver(copies=2, shuffle=random.Random(3))
    ids = [json.loads(body)["item"]["id"] for body, _ in listener.heard]
    assert sorted(ids) == sorted([*range(1, 5)] * 2)
    assert ids != sorted(ids)


def test_only_what_was_subscribed_is_told(listener: Listener) -> None:
    with Simulator() as glpi:
        glpi.webhooks.subscribe(listener.url, SECRET, itemtypes=["ITILFollowup"], challenges=False)
        ticket = glpi.add_ticket(name="x")
        glpi.add_followup(ticket, "<p>y</p>")
        assert len(glpi.webhooks.deliver()) == 1
        assert listener.challenges == 0

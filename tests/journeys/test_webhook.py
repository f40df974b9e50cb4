"""GLPI's webhooks, from the technician's click to the ticket here: real receiver, real engine, simulated GLPI."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
import uvicorn
from starlette.applications import Starlette

from engine.engine import Engine
from engine.events import DeliveryEvent, TicketUpdated
from engine.webhooks import Webhooks
from glpi.simulator import Simulator
from tests.journeys.conftest import Clock, client_of, config_for, delivered, open_counter
from tests.journeys.test_exactly_once import summary
from tui.cli.webhook import application

SECRET = "secret-d-essai"


@dataclass
class Steps(Clock):
    """A clock that stops at a given moment, so that everything before it has happened."""

    until: datetime | None = None
    reached: asyncio.Event = field(default_factory=asyncio.Event)

    async def sleep(self, seconds: float) -> None:
        if self.until is not None and self.at + timedelta(seconds=seconds) > self.until:
            self.reached.set()
            await asyncio.Event().wait()
        await super().sleep(seconds)


@pytest.fixture
def steps(clock: Clock) -> Steps:
    return Steps(clock.at)


@pytest_asyncio.fixture
async def slow_counter(tmp_path: Path, steps: Steps, glpi: Simulator) -> AsyncIterator[Engine]:
    """A counter that would by itself ask GLPI only every 15 minutes."""
    path = tmp_path / "db" / "guichet.db"
    config = config_for(path, glpi.url)
    config = replace(config, glpi=replace(config.glpi, pull_interval_s=900))
    engine = open_counter(path, steps, lambda: client_of(glpi), url=glpi.url, sleep=steps.sleep, config=config)
    yield engine
    await engine.aclose()


async def followed(counter: Engine, steps: Steps, seconds: float) -> list[DeliveryEvent]:
    """Everything that happens in so many seconds of the clock."""
    happened: list[DeliveryEvent] = []
    steps.until, steps.reached = steps.at + timedelta(seconds=seconds), asyncio.Event()

    async def follow() -> None:
        async with contextlib.aclosing(counter.deliveries()) as events:
            async for event in events:
                happened.append(event)

    task = asyncio.create_task(follow())
    waiting = asyncio.create_task(steps.reached.wait())
    await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        task.result()
    task.cancel()
    await asyncio.wait({task})
    waiting.cancel()
    steps.until = None
    return happened


class Receiver(uvicorn.Server):
    """A receiver in this process, on a free port."""

    def __init__(self, app: Starlette) -> None:
        super().__init__(uvicorn.Config(app, port=0, http="h11", ws="none", lifespan="off", log_config=None))

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.servers[0].sockets[0].getsockname()[1]}/glpi"


@pytest.fixture
def webhooks(slow_counter: Engine) -> Webhooks:
    return slow_counter.webhooks(SECRET)


@pytest_asyncio.fixture
async def receiver(webhooks: Webhooks) -> AsyncIterator[Receiver]:
    server = Receiver(application(webhooks, as_json=True))
    task = asyncio.create_task(server.serve())
    async with asyncio.timeout(10):
        while not server.started:
            await asyncio.sleep(0.005)
    yield server
    server.should_exit = True
    await task


async def in_glpi(counter: Engine, steps: Steps) -> int:
    """A ticket of ours, known to GLPI and pulled once; its number there."""
    session = summary(steps())
    counter._store.save_session(session)
    counter.confirm(session.id)
    await delivered(counter)
    await followed(counter, steps, 30)
    glpi_id = counter.tickets()[0].glpi_ticket_id
    assert glpi_id is not None
    return glpi_id


def reads(glpi: Simulator, glpi_id: int) -> int:
    """How often the ticket itself was read."""
    return len([one for one in glpi.requests if (one.method, one.path) == ("GET", f"/Ticket/{glpi_id}")])


async def test_a_ticket_taken_in_glpi_is_taken_here_within_two_seconds(
    slow_counter: Engine, steps: Steps, glpi: Simulator, receiver: Receiver
) -> None:
    glpi_id = await in_glpi(slow_counter, steps)
    glpi.webhooks.subscribe(receiver.url, SECRET)
    glpi.take(glpi_id)
    sent = await asyncio.to_thread(glpi.webhooks.deliver)
    assert sent and {one.status for one in sent} == {200}
    updates = [one for one in await followed(slow_counter, steps, 2) if isinstance(one, TicketUpdated)]
    assert [(one.ticket.status, one.taken) for one in updates] == [("in_progress", True)]
    assert not glpi.webhooks.queued


async def test_a_delivery_signed_with_another_secret_is_refused_and_nothing_is_read(
    slow_counter: Engine, steps: Steps, glpi: Simulator, receiver: Receiver, webhooks: Webhooks
) -> None:
    glpi_id = await in_glpi(slow_counter, steps)
    glpi.webhooks.subscribe(receiver.url, "un autre secret", challenges=False)
    glpi.take(glpi_id)
    before = len(glpi.requests)
    assert {one.status for one in await asyncio.to_thread(glpi.webhooks.deliver)} == {401}
    assert await asyncio.to_thread(lambda: len(glpi.webhooks.queued))  # GLPI tries again later
    assert not [one for one in await followed(slow_counter, steps, 20) if isinstance(one, TicketUpdated)]
    assert len(glpi.requests) == before
    assert webhooks.counts["wrong_signature"]
    assert not webhooks.counts["accepted"]


async def test_a_challenge_made_with_another_secret_gets_no_answer(
    slow_counter: Engine, steps: Steps, glpi: Simulator, receiver: Receiver, webhooks: Webhooks
) -> None:
    glpi_id = await in_glpi(slow_counter, steps)
    glpi.webhooks.subscribe(receiver.url, "un autre secret")
    glpi.take(glpi_id)
    assert {one.status for one in await asyncio.to_thread(glpi.webhooks.deliver)} == {None}
    assert [one.tries for one in glpi.webhooks.queued] == [0] * len(glpi.webhooks.queued)
    assert webhooks.counts["wrong_signature"]


async def test_twenty_deliveries_of_one_second_cost_two_pulls(
    slow_counter: Engine, steps: Steps, glpi: Simulator, receiver: Receiver
) -> None:
    glpi_id = await in_glpi(slow_counter, steps)
    glpi.webhooks.subscribe(receiver.url, SECRET, itemtypes=["ITILFollowup"])
    before = reads(glpi, glpi_id)
    for number in range(20):
        glpi.add_followup(glpi_id, f"<p>mot {number}</p>")
        assert {one.status for one in await asyncio.to_thread(glpi.webhooks.deliver)} == {200}
        if number == 0:
            await followed(slow_counter, steps, 1)
            assert reads(glpi, glpi_id) == before + 1
    await followed(slow_counter, steps, 8)
    assert reads(glpi, glpi_id) == before + 1
    await followed(slow_counter, steps, 30)
    assert reads(glpi, glpi_id) == before + 2


async def test_repeats_out_of_order_ask_once_and_are_all_accepted(
    slow_counter: Engine, steps: Steps, glpi: Simulator, receiver: Receiver, webhooks: Webhooks
) -> None:
    glpi_id = await in_glpi(slow_counter, steps)
    glpi.webhooks.subscribe(receiver.url, SECRET)
    glpi.take(glpi_id)
    glpi.add_followup(glpi_id, "<p>interne</p>", is_private=True)
    glpi.solve(glpi_id)
    queued = len(glpi.webhooks.queued)
    assert queued >= 4
    mixed = random.Random(7)
    sent = await asyncio.to_thread(lambda: glpi.webhooks.deliver(copies=3, shuffle=mixed))
    assert [one.status for one in sent] == [200] * (3 * queued)
    assert webhooks.counts["accepted"] + webhooks.counts["repeated"] == 3 * queued
    assert webhooks.counts["accepted"] <= queued
    updates = [one for one in await followed(slow_counter, steps, 2) if isinstance(one, TicketUpdated)]
    assert updates[-1].ticket.status == "resolved"
    assert all("interne" not in note.text for note in slow_counter._store.notes(updates[-1].ticket.ticket_number))


async def test_a_ticket_of_somebody_else_is_accepted_and_ignored(
    slow_counter: Engine, steps: Steps, glpi: Simulator, receiver: Receiver, webhooks: Webhooks
) -> None:
    await in_glpi(slow_counter, steps)
    glpi.webhooks.subscribe(receiver.url, SECRET)
    other = glpi.add_ticket(name="ailleurs")
    sent = await asyncio.to_thread(glpi.webhooks.deliver)
    assert sent and {one.status for one in sent} == {200}
    assert webhooks.counts["ignored"] == len(sent)
    await followed(slow_counter, steps, 5)
    assert reads(glpi, other) == 0


# --- the HTTP side ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_other_methods_are_not_allowed(receiver: Receiver, method: str) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.request(method, receiver.url)
    assert answer.status_code == 405
    assert answer.json() == {"ok": False, "error": "http_405"}


@pytest.mark.parametrize(
    ("body", "headers", "status", "error"),
    [
        (b"{}", {}, 401, "no_signature"),
        (b"{}", {"X-GLPI-signature": "0" * 64, "X-GLPI-timestamp": "1"}, 401, "wrong_signature"),
        (b" " * 1_000_001, {}, 413, "too_large"),
        (b"[]", "signed", 400, "not_json"),
        (b"{}", "signed", 400, "no_ticket"),
    ],
)
async def test_what_proves_nothing_is_refused_with_its_reason(
    receiver: Receiver, body: bytes, headers: dict[str, str] | str, status: int, error: str
) -> None:
    if isinstance(headers, str):
        headers = {"X-Signature": hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()}
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.post(receiver.url, content=body, headers=headers)
    assert (answer.status_code, answer.json()) == (status, {"ok": False, "error": error})


async def test_a_get_without_glpis_challenge_tells_nothing(
    receiver: Receiver, capsys: pytest.CaptureFixture[str]
) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        for query in ("", "?crc_token=abc", '?crc_token={"ticket_id":1}'):
            assert (await client.get(receiver.url + query)).status_code == 401
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["outcome"], line["reason"]) for line in said] == [("refused", "wrong_challenge")] * 3


# --- the command ------------------------------------------------------------------------------------------------


def environment(tmp_path: Path, glpi: Simulator | None, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GLPI_", "GUICHET_"))}
    found = {**kept, "GUICHET_DATABASE": str(tmp_path / "guichet.db"), "PYTHONWARNINGS": "error", **more}
    if glpi is not None:
        found |= {"GLPI_API_URL": glpi.url, "GLPI_APP_TOKEN": glpi.app_token, "GLPI_USER_TOKEN": glpi.user_token}
    return found


def test_the_command_tells_glpis_news_and_ends_when_asked(tmp_path: Path, glpi: Simulator) -> None:
    command = [sys.executable, "-m", "tui", "--json"]
    known = environment(tmp_path, glpi, GLPI_WEBHOOK_SECRET=SECRET)
    text = "Mon imprimante HP au bureau 301 ne fonctionne plus, voyant rouge clignote"
    new = [*command, "new", "--yes", text]
    made = json.loads(subprocess.run(new, env=known, capture_output=True, timeout=60, check=True).stdout)
    with subprocess.Popen(
        [*command, "webhook", "--listen", "127.0.0.1:0"], env=known, stdout=subprocess.PIPE, text=True
    ) as receiver:
        assert receiver.stdout is not None
        try:
            url = json.loads(receiver.stdout.readline())["url"]
            glpi.webhooks.subscribe(url, SECRET)
            glpi.take(made["glpi_ticket_id"])
            assert {one.status for one in glpi.webhooks.deliver()} == {200}
            lines = [json.loads(receiver.stdout.readline())]
            while lines[-1]["event"] != "updated":
                lines.append(json.loads(receiver.stdout.readline()))
        finally:
            receiver.send_signal(signal.SIGTERM)
        assert receiver.wait(timeout=30) == 0
    assert lines[0]["outcome"] == "accepted"
    assert lines[-1] == {"event": "updated", "ticket_number": made["ticket_number"], "status": "in_progress"}
    with contextlib.closing(sqlite3.connect(tmp_path / "guichet.db")) as db:
        assert db.execute("SELECT status FROM tickets").fetchall() == [("in_progress",)]


@pytest.mark.parametrize(
    ("arguments", "secret", "code"),
    [((), "", "webhook_secret"), (("--listen", "partout"), SECRET, "listen"), (("--listen", ":80"), SECRET, "listen")],
)
def test_what_is_missing_is_said_before_anything_is_opened(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path,
    arguments: tuple[str, ...], secret: str, code: str,
) -> None:  # fmt: skip
    monkeypatch.setenv("GLPI_WEBHOOK_SECRET", secret)
    monkeypatch.setenv("GUICHET_DATABASE", str(tmp_path / "guichet.db"))
    from tui.__main__ import main

    assert main(["--json", "webhook", *arguments]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["code"] == code

"""Several processes drain one database together: nothing is sent twice, also when one of them is killed."""

from __future__ import annotations

import asyncio
import multiprocessing
import re
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import pytest

from data.database import open_database
from data.outbox import Outbox
from data.store import Store
from engine.engine import Engine
from glpi.simulator import Simulator, slow
from tests.journeys.conftest import Clock, client_of, glpi, open_counter
from tests.journeys.draining import drain
from tests.journeys.test_exactly_once import PRELOADED, summary

__all__ = ["glpi"]

TICKETS = 40


@pytest.fixture
def shared(tmp_path: Path, glpi: Simulator) -> Iterator[Engine]:
    """A database with forty tickets that wait, and a look at it."""
    clock = Clock(datetime.now(UTC))
    engine = open_counter(tmp_path / "db" / "guichet.db", clock, lambda: client_of(glpi), url=glpi.url)
    for _ in range(TICKETS):
        session = summary(clock())
        engine._store.save_session(session)
        engine.confirm(session.id)
    yield engine
    engine._store.close()


@contextmanager
def processes(count: int, path: Path, glpi: Simulator) -> Iterator[list[ForkServerProcess]]:
    """So many senders, all at once."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([*PRELOADED, "engine.pulling", "engine.attempts"])
    access = (glpi.url, glpi.app_token, glpi.user_token)
    children = [context.Process(target=drain, args=(str(path), access)) for _ in range(count)]
    for child in children:
        child.start()
    try:
        yield children
    finally:
        for child in children:
            child.kill()
            child.join()


async def ended(children: list[ForkServerProcess]) -> list[int | None]:
    """Their exit codes."""
    while any(child.exitcode is None for child in children):
        await asyncio.sleep(0.01)
    return [child.exitcode for child in children]


def assert_each_once(engine: Engine, glpi: Simulator) -> None:
    """Forty tickets, forty POSTs, forty private analyses; the outbox is empty."""
    assert engine.outbox() == []
    keys = Counter(re.findall(r"KSK-\w{26}", "\n".join(row["content"] for row in glpi.tickets.values())))
    assert len(keys) == TICKETS
    assert set(keys.values()) == {1}
    posts = Counter(row.path for row in glpi.requests if row.method == "POST")
    assert posts == {"/Ticket": TICKETS, "/ITILFollowup": TICKETS}
    assert {row["items_id"] for row in glpi.followups.values()} == set(glpi.tickets)
    assert {ticket.glpi_ticket_id for ticket in engine.tickets()} == set(glpi.tickets)


@pytest.mark.parametrize("count", [2, 8])
async def test_processes_that_drain_together_send_nothing_twice(
    tmp_path: Path, shared: Engine, glpi: Simulator, count: int
) -> None:
    with processes(count, tmp_path / "db" / "guichet.db", glpi) as children:
        assert await ended(children) == [0] * count
    assert_each_once(shared, glpi)


@pytest.mark.parametrize(("path", "before_commit"), [("/Ticket", True), ("/Ticket", False), ("/ITILFollowup", False)])
async def test_one_of_eight_is_killed_while_it_sends_and_the_others_go_on(
    tmp_path: Path, shared: Engine, glpi: Simulator, path: str, before_commit: bool
) -> None:
    released = threading.Event()
    rule = glpi.faults.add(slow(released, before_commit=before_commit), path=path, nth=15)
    with processes(8, tmp_path / "db" / "guichet.db", glpi) as children:
        while not rule.fired:
            await asyncio.sleep(0.005)
        held = shared._delivery.outbox.lease()
        assert held is not None
        (sender,) = [child for child in children if f"/{child.pid}/" in held.owner]
        sender.kill()
        sender.join()
        released.set()
        others = [child for child in children if child is not sender]
        assert await ended(others) == [0] * 7
    assert_each_once(shared, glpi)


def test_a_look_at_the_lease_shows_one_owner_at_a_time(tmp_path: Path) -> None:
    """Eight ask for it at once, each in a thread with a connection of its own."""
    path = tmp_path / "db" / "guichet.db"
    open_database(path).close()
    got: list[str] = []
    ready = threading.Barrier(8)

    def ask(name: str) -> None:
        db = open_database(path)
        ready.wait()
        if Outbox(db, now=lambda: datetime.now(UTC)).acquire_lease(name, 60):
            got.append(name)
        db.close()

    threads = [threading.Thread(target=ask, args=(f"p{n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 1
    db = open_database(path)
    assert Store(db, now=lambda: datetime.now(UTC)).last_event_id() == 0
    db.close()

"""Whatever breaks, wherever: one ticket here, one in GLPI, one private follow-up."""

from __future__ import annotations

import asyncio
import multiprocessing
import re
import signal
import threading
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import pytest

from data.database import open_database
from data.records import Action, Draft, EntryState, Priority, Session, Stage, Turn
from data.store import Store
from engine.engine import Engine
from engine.workflow import LIFETIME
from glpi.simulator import FAULTS, Simulator, slow
from tests.journeys.conftest import Clock, client_of, delivered, open_counter, past_audit
from tests.journeys.killed import confirm_and_deliver

PRELOADED = ["pytest", "engine.engine", "engine.opening", "engine.sending", "engine.mirror", "glpi.legacy", "httpx"]
"""What the children find loaded: they are many, and only their death is of interest."""
MAIL = "visiteur@ailleurs.fr"


def summary(at: datetime) -> Session:
    """A session with a summary that waits for a yes."""
    draft = Draft("04-hardware", "04-04-printer", 0.92, Priority.MEDIUM, "Imprimante HP en panne", ("voyant rouge",))
    turn = Turn("requester", "Mon imprimante HP ne fonctionne plus", at)
    return Session(
        str(uuid.uuid4()), at, at + LIFETIME, Stage.VALIDATING, turns=(turn,), draft=draft,
        action=Action.AUTO_VALIDATE, requester_email=MAIL,
    )  # fmt: skip


def store_session(path: Path, session: Session) -> None:
    db = open_database(path)
    Store(db, now=lambda: datetime.now(UTC)).save_session(session)
    db.close()


def assert_exactly_once(engine: Engine, glpi: Simulator) -> None:
    """One ticket on both sides, one private follow-up with its own key, nothing left to do."""
    (ticket,) = engine.tickets()
    live = [row for row in glpi.tickets.values() if not row["is_deleted"]]
    assert len(live) == 1, [row["id"] for row in live]
    assert (ticket.glpi_ticket_id, ticket.synced_to_glpi) == (live[0]["id"], True)
    notes = [row for row in glpi.followups.values() if row["items_id"] == live[0]["id"]]
    assert [row["is_private"] for row in notes] == [1]
    assert len(set(re.findall(r"KSK-\w{26}", notes[0]["content"]))) == 1
    assert engine.outbox() == []


# --- every fault, at every request -----------------------------------------------------------------------------


async def test_without_a_fault_the_ticket_arrives_as_it_should(counter: Engine, clock: Clock, glpi: Simulator) -> None:
    session = summary(clock())
    counter._store.save_session(session)
    counter.confirm(session.id)
    await past_audit(counter, clock)
    assert_exactly_once(counter, glpi)
    (row,) = glpi.tickets.values()
    assert (row["name"], row["priority"], row["urgency"], row["impact"]) == ("Imprimante HP en panne", 3, 3, 3)
    assert glpi.requesters(row["id"]) == [(0, MAIL)]


REQUESTS = ["GET /initSession", "GET /getGlpiConfig", "GET /search/User", "POST /Ticket", "POST /ITILFollowup",
            r"GET /Ticket/\d+", r"GET /Ticket/\d+/Ticket_User"]  # fmt: skip


@pytest.mark.parametrize("request_", REQUESTS)
@pytest.mark.parametrize("fault", sorted(FAULTS))
async def test_every_fault_at_every_request_ends_in_one_ticket(
    counter: Engine, clock: Clock, glpi: Simulator, request_: str, fault: str
) -> None:
    method, path = request_.split()
    rule = glpi.faults.add(fault, method=method, path=path)
    session = summary(clock())
    counter._store.save_session(session)
    counter.confirm(session.id)
    await past_audit(counter, clock)
    assert rule.fired == 1
    assert_exactly_once(counter, glpi)


@pytest.mark.parametrize("fault", ["commit_then_drop", "commit_then_500", "empty_200", "drop_before_commit"])
async def test_a_post_that_goes_wrong_again_and_again_still_makes_one_ticket(
    counter: Engine, clock: Clock, glpi: Simulator, fault: str
) -> None:
    glpi.faults.add(fault, times=2)
    glpi.faults.add("drop_before_commit", method="GET", path="/search/Ticket", times=3)
    session = summary(clock())
    counter._store.save_session(session)
    counter.confirm(session.id)
    for _ in range(3):
        await past_audit(counter, clock)
        clock.at += timedelta(hours=1)
    assert_exactly_once(counter, glpi)


async def test_a_row_that_appears_after_the_client_gave_up_is_found_before_a_second_post(
    tmp_path: Path, clock: Clock, glpi: Simulator
) -> None:
    released = threading.Event()
    glpi.faults.add(slow(released, before_commit=True))

    async def wait(seconds: float) -> None:
        """The server finishes its work after our first look-up."""
        await clock.sleep(seconds)
        if any(row.path == "/search/Ticket" for row in glpi.requests):
            released.set()
            while not glpi.tickets:
                await asyncio.sleep(0.001)

    engine = open_counter(tmp_path / "guichet.db", clock, lambda: client_of(glpi), url=glpi.url, sleep=wait)
    session = summary(clock())
    engine._store.save_session(session)
    engine.confirm(session.id)
    await past_audit(engine, clock)
    assert_exactly_once(engine, glpi)
    assert len([row for row in glpi.requests if (row.method, row.path) == ("POST", "/Ticket")]) == 1
    await engine.aclose()


@pytest.mark.parametrize("may_delete", [True, False])
async def test_a_second_post_is_audited_and_one_ticket_is_kept(
    tmp_path: Path, clock: Clock, glpi: Simulator, may_delete: bool
) -> None:
    """A rule moved the first ticket out of our sight, so that every look-up missed it."""
    glpi.faults.add("commit_then_drop")
    glpi.delete_right = may_delete

    glpi.hide(1)
    engine = open_counter(tmp_path / "guichet.db", clock, lambda: client_of(glpi), url=glpi.url, sleep=clock.sleep)
    session = summary(clock())
    engine._store.save_session(session)
    number = engine.confirm(session.id).ticket.ticket_number
    while len(glpi.tickets) < 2:
        await delivered(engine)
        clock.at += timedelta(seconds=60)
    glpi.show(1)
    await past_audit(engine, clock)
    ticket = engine.ticket(number)
    assert len(glpi.tickets) == 2
    assert ticket.glpi_ticket_id == 1
    assert glpi.tickets[2]["is_deleted"] == int(may_delete)
    assert ("duplicate_trashed" if may_delete else "duplicate_linked") in str(ticket.sync_note)
    notes = [row for row in glpi.followups.values() if row["items_id"] == 1 and row["is_private"]]
    assert len(notes) == 1
    await engine.aclose()


async def test_an_audit_keeps_the_copy_that_a_technician_kept(tmp_path: Path, clock: Clock, glpi: Simulator) -> None:
    """Somebody saw both and put the first one into the trash before we looked."""
    glpi.faults.add("commit_then_drop")
    glpi.hide(1)
    engine = open_counter(tmp_path / "guichet.db", clock, lambda: client_of(glpi), url=glpi.url, sleep=clock.sleep)
    session = summary(clock())
    engine._store.save_session(session)
    number = engine.confirm(session.id).ticket.ticket_number
    while len(glpi.tickets) < 2:
        await delivered(engine)
        clock.at += timedelta(seconds=60)
    glpi.show(1)
    glpi.trash(1)
    await past_audit(engine, clock)
    assert engine.ticket(number).glpi_ticket_id == 2
    assert not glpi.tickets[2]["is_deleted"]
    await engine.aclose()


# --- killed anywhere --------------------------------------------------------------------------------------------


def started(path: Path, session_id: str, glpi: Simulator, die_at: int, counted: Path) -> ForkServerProcess:
    """A process that confirms and delivers."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    access = (glpi.url, glpi.app_token, glpi.user_token)
    child = context.Process(target=confirm_and_deliver, args=(str(path), session_id, access, die_at, str(counted)))
    child.start()
    return child


async def run_and_die(path: Path, session_id: str, glpi: Simulator, die_at: int, counted: Path) -> int:
    """Exit code of such a process; negative when a signal ended it."""
    child = started(path, session_id, glpi, die_at, counted)
    # NOTE: not joined in a thread: Process.start() polls all children, and two readers of one exit code race (3.11).
    while child.exitcode is None:
        await asyncio.sleep(0.005)
    return child.exitcode


async def restarted(path: Path, session: Session, glpi: Simulator) -> None:
    """The person comes back, presses the key again, and the counter does what it has to do."""
    clock = Clock(datetime.now(UTC))
    engine = open_counter(path, clock, lambda: client_of(glpi), url=glpi.url, sleep=clock.sleep)
    try:
        engine.confirm(session.id)
        await past_audit(engine, clock)
        assert_exactly_once(engine, glpi)
    finally:
        await engine.aclose()


async def test_killed_before_any_statement_there_is_one_ticket_after_the_restart(tmp_path: Path) -> None:
    counted = tmp_path / "counted"
    with Simulator() as glpi:
        whole = summary(datetime.now(UTC))
        store_session(tmp_path / "whole" / "guichet.db", whole)
        assert await run_and_die(tmp_path / "whole" / "guichet.db", whole.id, glpi, 0, counted) == 0
    total = int(counted.read_text())
    assert total > 30
    at_a_time = asyncio.Semaphore(4)

    async def die_and_restart(die_at: int) -> None:
        session, path = summary(datetime.now(UTC)), tmp_path / str(die_at) / "guichet.db"
        async with at_a_time:
            with Simulator() as glpi:
                store_session(path, session)
                counts = path.with_name("counted")
                ended = await run_and_die(path, session.id, glpi, die_at, counts)
                assert ended == -signal.SIGKILL, die_at
                await restarted(path, session, glpi)

    await asyncio.gather(*(die_and_restart(die_at) for die_at in range(1, total + 1)))


@pytest.mark.parametrize("request_", REQUESTS)
@pytest.mark.parametrize("before_commit", [True, False])
async def test_killed_while_glpi_works_there_is_one_ticket_after_the_restart(
    tmp_path: Path, glpi: Simulator, request_: str, before_commit: bool
) -> None:
    """GLPI goes on without us: it has the request, and takes it, before or after we are gone."""
    method, path = request_.split()
    released = threading.Event()
    rule = glpi.faults.add(slow(released, before_commit=before_commit), method=method, path=path)
    session = summary(datetime.now(UTC))
    database = tmp_path / "db" / "guichet.db"
    store_session(database, session)
    child = started(database, session.id, glpi, 0, tmp_path / "counted")
    while not rule.fired:
        assert child.is_alive()
        await asyncio.sleep(0.005)
    child.kill()
    child.join()
    released.set()
    await restarted(database, session, glpi)


async def test_an_entry_that_was_being_sent_is_unknown_after_the_restart_and_not_sent_blindly(
    tmp_path: Path, clock: Clock, glpi: Simulator
) -> None:
    """The power cut between the POST and its record: GLPI has it, we do not know."""
    path = tmp_path / "db" / "guichet.db"
    session = summary(clock())
    store_session(path, session)
    dead = open_counter(path, clock, lambda: client_of(glpi), url=glpi.url, sleep=clock.sleep)
    dead.confirm(session.id)
    entry = dead._delivery.outbox.claim_due(clock())
    assert entry is not None
    assert entry.state is EntryState.SENDING
    again = open_counter(path, clock, lambda: client_of(glpi), url=glpi.url, sleep=clock.sleep)
    dead._delivery.outbox.acquire_lease("gone", 5)
    clock.at += timedelta(seconds=6)
    await delivered(again)
    first = next(row for row in glpi.requests if row.path in ("/Ticket", "/search/Ticket"))
    assert first.path == "/search/Ticket"
    await past_audit(again, clock)
    assert_exactly_once(again, glpi)
    await again.aclose()
    await dead.aclose()


# --- pressed by many -------------------------------------------------------------------------------------------


def press(path: str, session_id: str, times: int, results: str) -> None:
    """Confirm the same session several times in a process of its own."""
    from engine.config import Config, DatabaseConfig

    engine = Engine.open(Config(database=DatabaseConfig(path=path)), role="command")
    numbers = [engine.confirm(session_id).ticket.ticket_number for _ in range(times)]
    Path(results).write_text("\n".join(numbers))


def test_fifty_confirmations_from_eight_processes_are_one_ticket(tmp_path: Path) -> None:
    path = tmp_path / "db" / "guichet.db"
    session = summary(datetime.now(UTC))
    store_session(path, session)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    shares = [7, 7, 6, 6, 6, 6, 6, 6]
    children = [
        context.Process(target=press, args=(str(path), session.id, share, str(tmp_path / f"r{n}")))
        for n, share in enumerate(shares)
    ]
    for child in children:
        child.start()
    for child in children:
        child.join()
    assert [child.exitcode for child in children] == [0] * 8
    numbers = [line for n in range(8) for line in (tmp_path / f"r{n}").read_text().splitlines()]
    assert len(numbers) == 50
    assert len(set(numbers)) == 1
    db = open_database(path)
    assert len(Store(db, now=lambda: datetime.now(UTC)).tickets()) == 1
    db.close()


async def test_with_the_network_off_a_ticket_is_made_and_delivered_once_it_is_back(
    counter: Engine, clock: Clock, glpi: Simulator
) -> None:
    glpi.stop()
    session = summary(clock())
    counter._store.save_session(session)
    ticket = counter.confirm(session.id).ticket
    assert not ticket.synced_to_glpi
    await delivered(counter, wait_s=0.3)
    assert counter.waiting()[0] == 1
    glpi.start()
    await past_audit(counter, clock)
    assert_exactly_once(counter, glpi)


async def test_a_refused_token_pauses_everything_and_loses_nothing(
    tmp_path: Path, clock: Clock, glpi: Simulator
) -> None:
    from engine.events import Paused
    from glpi.legacy import LegacyClient

    tokens = ["wrong-token"]
    path = tmp_path / "db" / "guichet.db"
    engine = open_counter(
        path, clock, lambda: LegacyClient(glpi.url, glpi.app_token, tokens[-1]), url=glpi.url, sleep=clock.sleep
    )
    for _ in range(3):
        session = replace(summary(clock()), id=str(uuid.uuid4()))
        engine._store.save_session(session)
        engine.confirm(session.id)
    events = await delivered(engine)
    assert len([event for event in events if isinstance(event, Paused)]) == 1
    assert {entry.state for entry in engine.outbox()} == {EntryState.PENDING}
    tokens.append(glpi.user_token)
    clock.at += timedelta(seconds=61)
    await past_audit(engine, clock)
    assert len(glpi.tickets) == 3
    assert engine.outbox() == []
    await engine.aclose()

"""What a technician decides while other things are under way: changes on changes, entries given up, conflicts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from bench.counter import client_of, tree_of_glpi
from data.records import EntryKind, EntryState
from engine.engine import Engine
from glpi.simulator import Simulator, reply
from tests.engine.test_delivery import confirmed
from tests.journeys.conftest import Clock, delivered, open_counter, past_audit

REFUSED = reply(400, b'["ERROR_GLPI_ADD","no"]')


@pytest.fixture
def clock() -> Clock:
    return Clock(datetime(2026, 6, 1, 8, 0, tzinfo=UTC))


@pytest.fixture
def glpi(clock: Clock) -> Iterator[Simulator]:
    with Simulator(now=clock, categories=tree_of_glpi()) as simulator:
        yield simulator


@pytest_asyncio.fixture
async def counter(tmp_path: Path, clock: Clock, glpi: Simulator) -> AsyncIterator[Engine]:
    engine = open_counter(tmp_path / "g.db", clock, lambda: client_of(glpi, clock), url=glpi.url, sleep=clock.sleep)
    yield engine
    await engine.aclose()


async def in_glpi(engine: Engine, clock: Clock) -> str:
    """The number of a ticket that was created and read back, and pulled once."""
    number = confirmed(engine, clock)
    await past_audit(engine, clock)
    clock.at += timedelta(hours=1)
    await engine.sync("pull")
    clock.at += timedelta(hours=1)
    return number


def leaf(engine: Engine, code: str) -> int:
    """GLPI's id of one of our categories."""
    return next(node.glpi_id or 0 for node in engine.categories() if node.code == code)


async def test_changes_of_one_field_made_offline_are_no_conflict_with_each_other(
    counter: Engine, clock: Clock, glpi: Simulator
) -> None:
    number = await in_glpi(counter, clock)
    (glpi_id,) = glpi.tickets
    for status in ("in_progress", "pending", "resolved"):
        counter.desk.change(number, status=status)
        clock.at += timedelta(minutes=1)
    clock.at += timedelta(minutes=30)
    await delivered(counter)
    assert counter.outbox() == []
    assert counter.desk.conflicts(number) == []
    assert glpi.tickets[glpi_id]["status"] == 5
    assert counter.ticket(number).status == "resolved"


async def test_what_waits_behind_a_creation_that_was_given_up_goes_nowhere(
    counter: Engine, clock: Clock, glpi: Simulator
) -> None:
    glpi.faults.add(REFUSED, path="/Ticket", times=None)
    number = confirmed(counter, clock)
    counter.desk.change(number, status="in_progress")
    counter.desk.comment(number, "vu", is_private=False)
    await delivered(counter)
    (creation,) = [entry for entry in counter.outbox() if entry.kind is EntryKind.CREATE]
    assert creation.state is EntryState.FAILED
    counter.desk.discard(creation.id)
    counter.desk.comment(number, "et encore", is_private=False)
    await delivered(counter)
    assert [(entry.state, entry.error) for entry in counter.outbox()] == []
    assert counter.ticket(number).status == "in_progress"
    assert [note.text for note in counter.desk.notes(number)] == ["vu", "et encore"]


async def test_a_category_that_lost_the_conflict_is_no_true_label(
    counter: Engine, clock: Clock, glpi: Simulator
) -> None:
    number = await in_glpi(counter, clock)
    (glpi_id,) = glpi.tickets
    counter.desk.change(number, category="03-01-wifi", status="resolved")
    clock.at += timedelta(minutes=5)
    glpi.change(glpi_id, itilcategories_id=leaf(counter, "01-01-pwd"), status=4)
    await delivered(counter)
    ticket = counter.ticket(number)
    assert (ticket.subcategory, ticket.true_category) == ("01-01-pwd", "01-01-pwd")
    assert (ticket.status, ticket.resolved_at) == ("pending", None)
    (entry,) = counter.outbox()
    counter.desk.retry(entry.id)
    await delivered(counter)
    ticket = counter.ticket(number)
    assert (ticket.subcategory, ticket.true_category) == ("03-01-wifi", "03-01-wifi")
    assert (ticket.status, ticket.resolved_at is not None) == ("resolved", True)


async def test_a_category_that_was_given_up_is_no_true_label(counter: Engine, clock: Clock, glpi: Simulator) -> None:
    number = await in_glpi(counter, clock)
    glpi.faults.add(reply(400, b'["ERROR_GLPI_UPDATE","no"]'), method="PUT", path="/Ticket/[0-9]+", times=None)
    counter.desk.change(number, category="03-01-wifi")
    await delivered(counter)
    (entry,) = counter.outbox()
    counter.desk.discard(entry.id)
    ticket = counter.ticket(number)
    assert (ticket.subcategory, ticket.true_category) == ("04-04-printer", None)

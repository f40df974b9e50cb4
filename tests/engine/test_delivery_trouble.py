"""What the sender does when two things go wrong at once: over the real outbox and client, against the embedded GLPI."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from data.outbox import Outbox
from data.records import EntryKind, EntryState
from engine.engine import Engine
from engine.errors import StoreUnavailable
from engine.events import Deferred, Delivered
from glpi.simulator import Simulator, reply
from tests.engine.test_delivery import confirmed, first
from tests.journeys.conftest import Clock, client_of, clock, counter, delivered, glpi, open_counter, past_audit
from tests.journeys.test_exactly_once import assert_exactly_once

__all__ = ["clock", "counter", "glpi"]


async def test_a_look_up_that_cannot_connect_leaves_the_outcome_unclear(
    counter: Engine, clock: Clock, glpi: Simulator
) -> None:
    """The network broke during the POST and is still away: GLPI has the ticket, a second POST would double it."""
    glpi.faults.add("commit_then_drop")
    confirmed(counter, clock)
    await first(counter, Deferred)
    glpi.stop()
    clock.at += timedelta(seconds=10)
    event = await first(counter, Deferred)
    assert isinstance(event, Deferred)
    assert (event.cause, counter.outbox()[0].state) == ("NO_CONNECTION", EntryState.UNKNOWN)
    glpi.start()
    await past_audit(counter, clock)
    assert_exactly_once(counter, glpi)


async def test_an_outcome_that_could_not_be_stored_is_looked_up_when_the_disk_is_back(
    counter: Engine, clock: Clock, glpi: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    confirmed(counter, clock)
    settle, full = Outbox.settle, [True]

    def settle_on_a_full_disk(outbox: Outbox, *arguments: object, **named: object) -> bool:
        if full and full.pop():
            raise StoreUnavailable("disk_full", "guichet.db")
        return settle(outbox, *arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(Outbox, "settle", settle_on_a_full_disk)
    async with asyncio.timeout(20):
        await first(counter, Delivered)
    await past_audit(counter, clock)
    assert_exactly_once(counter, glpi)


async def test_a_refused_note_holds_up_neither_the_check_nor_the_audit(
    counter: Engine, clock: Clock, glpi: Simulator
) -> None:
    glpi.faults.add("commit_then_drop")
    glpi.hide(1)
    glpi.faults.add(reply(400, b'["ERROR_GLPI_ADD","no"]'), path="/ITILFollowup", times=None)
    confirmed(counter, clock)
    async with asyncio.timeout(20):
        while len(glpi.tickets) < 2:
            await delivered(counter, wait_s=0.2)
            clock.at += timedelta(seconds=60)
        glpi.show(1)
        while any(entry.kind is EntryKind.AUDIT for entry in counter.outbox()) or not counter.tickets()[0].sync_note:
            await delivered(counter, wait_s=0.2)
            clock.at += timedelta(seconds=60)
    assert [row["is_deleted"] for row in glpi.tickets.values()] == [0, 1]
    assert {(entry.kind, entry.state) for entry in counter.outbox()} == {(EntryKind.FOLLOWUP, EntryState.FAILED)}


async def test_a_clock_that_ran_ahead_keeps_no_ticket_back(tmp_path: Path, clock: Clock, glpi: Simulator) -> None:
    """The clock said 2030, a ticket was made, and the clock was set right."""
    path, right = tmp_path / "g.db", clock.at
    clock.at += timedelta(days=1200)
    offline = open_counter(path, clock, lambda: None, sleep=clock.sleep)
    confirmed(offline, clock)
    await offline.aclose()
    clock.at = right
    engine = open_counter(path, clock, lambda: client_of(glpi), url=glpi.url, sleep=clock.sleep)
    await delivered(engine, wait_s=5)
    assert len(glpi.tickets) == 1
    await engine.aclose()


async def test_the_network_is_noticed_although_the_clock_was_set_back(
    counter: Engine, clock: Clock, glpi: Simulator
) -> None:
    glpi.stop()
    confirmed(counter, clock)
    async with aclosing(counter.deliveries()) as events:
        assert isinstance(await anext(events), Deferred)
        clock.at -= timedelta(hours=3)
        back = clock.at
        glpi.start()
        async with asyncio.timeout(20):
            while not isinstance(await anext(events), Delivered):
                pass
    assert clock.at - back <= timedelta(seconds=30)


async def test_leaving_with_a_full_disk_still_says_goodbye_to_glpi(
    tmp_path: Path, clock: Clock, glpi: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = open_counter(tmp_path / "g.db", clock, lambda: client_of(glpi), url=glpi.url, sleep=clock.sleep)
    confirmed(engine, clock)
    await delivered(engine)

    def full(*_ignored: object) -> None:
        raise StoreUnavailable("disk_full", "guichet.db")

    monkeypatch.setattr(Outbox, "release_lease", full)
    await engine.aclose()
    assert glpi.open_sessions == 0


async def test_what_could_not_be_given_to_glpi_is_noted_also_when_a_look_up_found_the_ticket(
    counter: Engine, clock: Clock, glpi: Simulator
) -> None:
    counter._store.save_categories([replace(node, glpi_id=None) for node in counter.categories()])
    glpi.faults.add("commit_then_drop")
    number = confirmed(counter, clock)
    await past_audit(counter, clock)
    assert "category_unmapped" in str(counter.ticket(number).sync_note)


async def test_a_server_that_loses_every_post_is_given_more_and_more_time(
    counter: Engine, clock: Clock, glpi: Simulator
) -> None:
    glpi.faults.add("drop_before_commit", times=None)
    confirmed(counter, clock)
    before = clock()
    async with asyncio.timeout(30):
        while clock() - before < timedelta(hours=6):
            await delivered(counter, wait_s=0.05)
            clock.at = max(counter._delivery.outbox.next_due_at() or clock.at, clock.at + timedelta(seconds=5))
    posts = [row for row in glpi.requests if (row.method, row.path) == ("POST", "/Ticket")]
    assert 5 <= len(posts) <= 14

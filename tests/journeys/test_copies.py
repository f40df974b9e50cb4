"""Copies that nobody here asked for: a proxy that repeats a request, a server that carries it out an hour later."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.engine import Engine
from glpi.client import GlpiClient
from glpi.simulator import Simulator
from tests.journeys.conftest import Clock, client_of, open_counter, past_audit
from tests.journeys.test_both_transports import highlevel
from tests.journeys.test_exactly_once import assert_exactly_once, summary

Connect = Callable[[Simulator], GlpiClient]


def a_ticket(counter: Engine, clock: Clock) -> str:
    session = summary(clock())
    counter._store.save_session(session)
    return counter.confirm(session.id).ticket.ticket_number


@pytest.mark.parametrize("connect", [client_of, highlevel])
async def test_a_request_that_a_proxy_repeats_leaves_one_ticket(tmp_path: Path, connect: Connect) -> None:
    clock = Clock(datetime.now(UTC))
    with Simulator(now=clock) as glpi:
        counter = open_counter(tmp_path / "g.db", clock, lambda: connect(glpi), url=glpi.url, sleep=clock.sleep)
        rule = glpi.faults.add("duplicate", path="/Ticket|/v[0-9.]+/Assistance/Ticket")
        number = a_ticket(counter, clock)
        await past_audit(counter, clock)
        assert rule.fired and len(glpi.tickets) == 2
        await counter.sync("pull")
        assert [entry.kind for entry in counter.outbox()] == ["audit"]
        await past_audit(counter, clock)
        assert_exactly_once(counter, glpi)
        assert "duplicate_trashed" in str(counter.ticket(number).sync_note)
        await counter.sync("pull")
        assert counter.outbox() == []
        await counter.aclose()


async def test_a_copy_that_comes_an_hour_late_is_put_aside_too(tmp_path: Path) -> None:
    clock = Clock(datetime.now(UTC))
    with Simulator(now=clock) as glpi:
        counter = open_counter(tmp_path / "g.db", clock, lambda: client_of(glpi), url=glpi.url, sleep=clock.sleep)
        number = a_ticket(counter, clock)
        await past_audit(counter, clock)
        (row,) = glpi.tickets.values()
        clock.at += timedelta(hours=1)
        late = {name: row[name] for name in ("name", "content", "externalid")}
        glpi.add_ticket(author=row["users_id_recipient"], **late)
        await counter.sync("pull")
        await past_audit(counter, clock)
        assert_exactly_once(counter, glpi)
        assert counter.ticket(number).glpi_ticket_id == row["id"]
        await counter.aclose()


async def test_a_copy_that_cannot_be_trashed_is_linked_once(tmp_path: Path) -> None:
    clock = Clock(datetime.now(UTC))
    with Simulator(now=clock) as glpi:
        glpi.delete_right = False
        counter = open_counter(tmp_path / "g.db", clock, lambda: client_of(glpi), url=glpi.url, sleep=clock.sleep)
        glpi.faults.add("duplicate")
        number = a_ticket(counter, clock)
        await past_audit(counter, clock)
        for _ in range(3):
            await counter.sync("pull")
            await past_audit(counter, clock)
        assert len(glpi.links) == 1
        assert counter.ticket(number).sync_note == "duplicate_linked"
        await counter.aclose()


async def test_the_ticket_of_another_counter_is_left_alone(tmp_path: Path) -> None:
    clock = Clock(datetime.now(UTC))
    with Simulator(now=clock) as glpi:
        counter = open_counter(tmp_path / "g.db", clock, lambda: client_of(glpi), url=glpi.url, sleep=clock.sleep)
        a_ticket(counter, clock)
        await past_audit(counter, clock)
        (row,) = glpi.tickets.values()
        glpi.add_ticket(author=row["users_id_recipient"], name="autre", externalid="KSK-AAAAAAAAAAAAAAAAAAAAAAAAAA")
        await counter.sync("pull")
        assert counter.outbox() == []
        await counter.aclose()

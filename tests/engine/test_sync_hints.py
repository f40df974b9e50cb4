"""``sync --once`` that could not do all it was asked for says so."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Event

from bench.counter import client_of
from engine import owner
from engine.engine import Engine
from glpi.simulator import Simulator, slow
from tests.engine.test_decisions import clock, counter, glpi, in_glpi
from tests.journeys.conftest import Clock, config_for, open_counter

__all__ = ["clock", "counter", "glpi"]


async def test_another_process_that_exchanges_is_asked_for_the_news(
    counter: Engine, clock: Clock, glpi: Simulator, tmp_path: Path
) -> None:
    number = await in_glpi(counter, clock)
    assert counter.sync_hint() is None
    glpi.take(next(iter(glpi.tickets)))
    other = open_counter(tmp_path / "g.db", clock, lambda: client_of(glpi, clock), url=glpi.url, sleep=clock.sleep)
    other._delivery._leasing._owner = owner.this_process() + "x"
    assert counter._delivery._leasing.renew()
    counts = await other.sync()
    assert (counts["pulled"], other.sync_hint()) == (0, "elsewhere")
    async for event in counter.deliveries():
        if type(event).__name__ == "TicketUpdated":
            break
    assert other.ticket(number).status == "in_progress"
    await other.aclose()


async def test_spent_reads_are_told_and_come_back(clock: Clock, glpi: Simulator, tmp_path: Path) -> None:
    config = config_for(tmp_path / "g.db", glpi.url)
    config = replace(config, glpi=replace(config.glpi, read_budget_per_hour=4))
    engine = open_counter(
        tmp_path / "g.db", clock, lambda: client_of(glpi, clock), url=glpi.url, sleep=clock.sleep, config=config
    )
    number = await in_glpi(engine, clock)
    for _ in range(3):
        await engine.sync("pull")
    assert engine.sync_hint() == "read_budget"
    glpi.take(next(iter(glpi.tickets)))
    await engine.sync("pull")
    assert (engine.ticket(number).status, engine.sync_hint()) == ("open", "read_budget")
    clock.at += timedelta(hours=1, seconds=1)
    await engine.sync("pull")
    assert engine.ticket(number).status == "in_progress"
    await engine.aclose()


async def test_a_reading_that_takes_too_long_is_asked_for_again(counter: Engine, clock: Clock, glpi: Simulator) -> None:
    """The time limit cancels it; what a webhook asked for must not be forgotten with it."""
    number = await in_glpi(counter, clock)
    delivery = counter._delivery
    delivery._timings = replace(delivery._timings, post_limit_s=0.2)
    gate = Event()
    glpi.faults.add(slow(gate), method="GET", path="/Ticket/[0-9]+")
    counter.ask_sync(number)
    await counter.sync("asked")
    gate.set()
    assert counter.sync_problem() is not None
    assert counter._store.next_pull_request_at() is not None
    glpi.take(next(iter(glpi.tickets)))
    clock.at += timedelta(seconds=11)
    await counter.sync("asked")
    assert counter.ticket(number).status == "in_progress"

"""What a pull makes of a GLPI, and of a site, that changed behind its back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bench.counter import client_of, tree_of_glpi
from data.records import EntryKind
from engine.engine import Engine
from glpi.simulator import Simulator, status
from glpi.simulator.seeds import TECHNICIAN
from tests.engine.test_decisions import clock, counter, glpi, in_glpi, leaf
from tests.engine.test_delivery import confirmed
from tests.journeys.conftest import Clock, delivered, open_counter, past_audit

__all__ = ["clock", "counter", "glpi"]


async def pulled(engine: Engine, clock: Clock) -> dict[str, int | float]:
    """One more pull, some time later."""
    clock.at += timedelta(minutes=15)
    return await engine.sync("pull")


async def test_a_category_mapped_anew_was_moved_by_nobody(counter: Engine, clock: Clock, glpi: Simulator) -> None:
    number = await in_glpi(counter, clock)
    (glpi_id,) = glpi.tickets
    before = counter.ticket(number)
    tree = [
        replace(node, glpi_id=None if node.code == "04-04-printer" else node.glpi_id) for node in counter.categories()
    ]
    counter._store.save_categories(tree)
    glpi.take(glpi_id)
    await pulled(counter, clock)
    after = counter.ticket(number)
    assert after.status == "in_progress"
    assert (after.category, after.subcategory, after.true_category) == (before.category, "04-04-printer", None)
    glpi.change(glpi_id, itilcategories_id=leaf(counter, "01-01-pwd"))
    await pulled(counter, clock)
    assert counter.ticket(number).true_category == "01-01-pwd"


async def test_a_move_in_glpi_is_seen_although_something_else_was_pushed_before(
    counter: Engine, clock: Clock, glpi: Simulator
) -> None:
    number = await in_glpi(counter, clock)
    (glpi_id,) = glpi.tickets
    glpi.change(glpi_id, itilcategories_id=leaf(counter, "01-01-pwd"))
    counter.desk.change(number, status="in_progress")
    await counter.sync("both")
    ticket = counter.ticket(number)
    assert (ticket.status, ticket.subcategory, ticket.true_category) == ("in_progress", "01-01-pwd", "01-01-pwd")


async def test_without_the_right_to_list_categories_moves_are_seen_all_the_same(
    counter: Engine, clock: Clock, glpi: Simulator
) -> None:
    glpi.category_right = False
    number = await in_glpi(counter, clock)
    (glpi_id,) = glpi.tickets
    glpi.change(glpi_id, itilcategories_id=leaf(counter, "01-01-pwd"))
    await pulled(counter, clock)
    assert counter.ticket(number).true_category == "01-01-pwd"


async def test_without_the_right_to_list_categories_people_are_known_all_the_same(
    counter: Engine, clock: Clock, glpi: Simulator
) -> None:
    glpi.category_right = False
    number = confirmed(counter, clock)
    await past_audit(counter, clock)
    glpi.take(next(iter(glpi.tickets)))
    async for event in counter.deliveries():
        if type(event).__name__ == "Idle":
            break
    assert counter.ticket(number).status == "in_progress"
    assert counter._store.count_users() > 1


async def test_a_ticket_whose_check_was_given_up_has_no_label_of_a_technician(
    counter: Engine, clock: Clock, glpi: Simulator
) -> None:
    number = confirmed(counter, clock)
    glpi.faults.add(status(500), method="GET", path="/Ticket/[0-9]+", times=None)
    await delivered(counter, 0.2)
    (check,) = counter.outbox()
    assert check.kind is EntryKind.CHECK
    glpi.faults.clear()
    counter._store.set_state("glpi_pull_cursor", "2026-06-01 00:00:00")
    await counter.sync("pull")
    assert counter.ticket(number).synced_status == "open"
    counter.desk.discard(check.id)
    glpi.take(next(iter(glpi.tickets)))
    await pulled(counter, clock)
    ticket = counter.ticket(number)
    assert (ticket.synced_category, ticket.true_category) == ("04-04-printer", None)


async def test_a_day_s_round_is_not_over_because_it_could_not_begin(
    counter: Engine, clock: Clock, glpi: Simulator
) -> None:
    number = await in_glpi(counter, clock)
    clock.at += timedelta(days=1)
    await pulled(counter, clock)  # ends the round of yesterday
    glpi.purge(next(iter(glpi.tickets)))
    glpi.faults.add(status(500), method="GET", path="/search/Ticket", nth=3)
    await pulled(counter, clock)
    assert counter.ticket(number).glpi_gone is None
    await pulled(counter, clock)
    assert counter.ticket(number).glpi_gone == "purged"


@pytest.mark.parametrize("hours", [3, 50, -3])
async def test_a_clock_of_glpi_that_was_wrong_for_a_while_hides_no_change(tmp_path: Path, hours: int) -> None:
    clock, ahead = Clock(datetime(2026, 6, 1, 8, 0, tzinfo=UTC)), [timedelta()]
    with Simulator(now=lambda: clock() + ahead[0], categories=tree_of_glpi()) as glpi:
        engine = open_counter(tmp_path / "g.db", clock, lambda: client_of(glpi, clock), url=glpi.url, sleep=clock.sleep)
        numbers = [await in_glpi(engine, clock) for _ in range(3)]
        ids = [engine.ticket(number).glpi_ticket_id or 0 for number in numbers]
        ahead[0] = timedelta(hours=hours)
        glpi.take(ids[0])
        await pulled(engine, clock)
        ahead[0] = timedelta()
        clock.at += timedelta(minutes=5)
        for one in ids[1:]:
            glpi.take(one)
            glpi.add_followup(one, "<p>Bonjour</p>")
        for _ in range(2):  # the answers to the first tell GLPI's clock
            await pulled(engine, clock)
        assert [engine.ticket(number).status for number in numbers] == ["in_progress"] * 3
        assert [[note.text for note in engine.desk.notes(number)] for number in numbers[1:]] == [["Bonjour"]] * 2
        glpi.solve(ids[2])
        await pulled(engine, clock)
        assert engine.ticket(numbers[2]).status == "resolved"
        await engine.aclose()


async def test_tickets_of_a_former_service_account_are_followed_by_the_sweep(
    counter: Engine, clock: Clock, glpi: Simulator
) -> None:
    number = await in_glpi(counter, clock)
    ((glpi_id, row),) = glpi.tickets.items()
    glpi.put("Ticket", {**row, "users_id_recipient": TECHNICIAN})
    glpi.take(glpi_id)
    glpi.solve(glpi_id)
    clock.at += timedelta(days=1)
    for _ in range(2):
        await pulled(counter, clock)
    assert counter.ticket(number).status == "resolved"

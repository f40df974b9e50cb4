"""Everything breaks, in any order, and the sender dies: each ticket, comment and note is in GLPI once, and in order.

``python -m bench.endurance --deliveries 10000`` plays more of the same worlds; so does GUICHET_ENDURANCE=10000 here.
"""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest

from bench.endurance import WORLD, Tally, play
from glpi.simulator import Simulator
from tests.journeys.conftest import Clock, client_of, clock, glpi, open_counter, past_audit
from tests.journeys.test_exactly_once import summary

__all__ = ["clock", "glpi"]

FIRST_SEED = 1000
SHORT = 25
"""Tickets of a world in the suite."""


def worlds() -> list[tuple[int, int]]:
    """(seed, tickets) of each."""
    wanted = int(os.environ.get("GUICHET_ENDURANCE", "0"))
    if wanted:
        return [(FIRST_SEED + n, WORLD) for n in range(-(-wanted // WORLD))]
    return [(FIRST_SEED + n, SHORT) for n in range(4)]


@pytest.mark.parametrize(("seed", "tickets"), worlds())
async def test_whatever_breaks_nothing_is_lost_twice_or_stuck(seed: int, tickets: int) -> None:
    """GLPI 10 for odd seeds, 11 for even ones."""
    tally = await play(seed, tickets, 10 if seed % 2 else 11)
    assert tally.problems == []
    assert is_eventful(tally), tally


def is_eventful(tally: Tally) -> bool:
    """Whether enough went wrong to say anything."""
    return sum(tally.faults.values()) > tally.tickets and tally.kills > 2 and tally.comments > 2


async def test_what_a_technician_wrote_goes_to_the_ticket_that_the_audit_keeps(
    tmp_path: Path, clock: Clock, glpi: Simulator
) -> None:
    """The first ticket was out of sight; a comment on the second one would go into the trash with it."""
    glpi.faults.add("commit_then_drop")
    glpi.hide(1)
    engine = open_counter(tmp_path / "guichet.db", clock, lambda: client_of(glpi), url=glpi.url, sleep=clock.sleep)
    session = summary(clock())
    engine._store.save_session(session)
    number = engine.confirm(session.id).ticket.ticket_number
    engine.desk.comment(number, "Câble remplacé", is_private=False)
    engine.desk.change(number, status="in_progress")
    while len(glpi.tickets) < 2:
        async for _event in engine._delivery._turn(pull=False):
            pass
        clock.at += timedelta(seconds=30)
    glpi.show(1)
    await past_audit(engine, clock)
    assert engine.outbox() == []
    assert [row["is_deleted"] for row in glpi.tickets.values()] == [0, 1]
    notes = [row for row in glpi.followups.values() if row["items_id"] == 1]
    assert [row["content"].partition("<br>")[0] for row in notes if not row["is_private"]] == ["Câble remplacé"]
    assert glpi.tickets[1]["status"] == 2
    await engine.aclose()

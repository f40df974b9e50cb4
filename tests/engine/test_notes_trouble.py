"""Notes that GLPI's people change, hide, delete or quote after we have read them."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from engine.engine import Engine
from glpi.simulator import Simulator
from tests.engine.test_decisions import clock, counter, glpi, in_glpi
from tests.engine.test_mirror_trouble import pulled
from tests.journeys.conftest import Clock, delivered

__all__ = ["clock", "counter", "glpi"]


def texts(engine: Engine, number: str) -> list[str]:
    return [note.text for note in engine.desk.notes(number)]


def edit(glpi: Simulator, note_id: int, **fields: object) -> None:
    """A technician edits a note in GLPI, which moves its dates and those of its ticket."""
    row = glpi.followups[note_id]
    ticket = glpi.tickets[row["items_id"]]
    at = glpi._world.local_now()
    glpi.put("ITILFollowup", {**row, "date_mod": at, **fields})
    glpi.put("Ticket", {**ticket, "date_mod": at})


@pytest.mark.parametrize("others", [0, 3])
async def test_a_note_that_becomes_private_is_shown_no_more(
    counter: Engine, clock: Clock, glpi: Simulator, others: int
) -> None:
    """Read ticket by ticket, and across tickets."""
    number = await in_glpi(counter, clock)
    more = [await in_glpi(counter, clock) for _ in range(others)]
    ids = [counter.ticket(one).glpi_ticket_id or 0 for one in (number, *more)]
    note, *_ = [glpi.add_followup(one, "<p>Rappelez-moi</p>") for one in ids]
    await pulled(counter, clock)
    assert texts(counter, number) == ["Rappelez-moi"]
    clock.at += timedelta(minutes=1)
    for one in ids[1:]:
        glpi.add_followup(one, "<p>Autre</p>")
    edit(glpi, note, is_private=1)
    await pulled(counter, clock)
    assert texts(counter, number) == []
    assert all(texts(counter, one) == ["Rappelez-moi", "Autre"] for one in more)


async def test_a_note_deleted_in_glpi_goes_and_ours_stay(counter: Engine, clock: Clock, glpi: Simulator) -> None:
    number = await in_glpi(counter, clock)
    (glpi_id,) = glpi.tickets
    counter.desk.comment(number, "de nous", is_private=True)
    await delivered(counter)
    note = glpi.add_followup(glpi_id, "<p>mot de passe : abc</p>")
    await pulled(counter, clock)
    assert len(texts(counter, number)) == 2
    clock.at += timedelta(minutes=1)
    edit(glpi, note, is_private=0)
    with glpi._storage.transaction():
        glpi._storage.remove("ITILFollowup", note)
    await pulled(counter, clock)
    assert texts(counter, number) == ["de nous"]


async def test_an_answer_that_quotes_our_note_is_a_note_of_its_own(
    counter: Engine, clock: Clock, glpi: Simulator
) -> None:
    """A mail collector keeps what the requester quotes, the line with our key included."""
    number = await in_glpi(counter, clock)
    (glpi_id,) = glpi.tickets
    counter.desk.comment(number, "Est-ce réparé ?", is_private=False)
    await delivered(counter)
    (ours,) = [row for row in glpi.followups.values() if "Est-ce" in row["content"]]
    assert re.search(r"Réf\. KSK-", ours["content"])
    clock.at += timedelta(minutes=5)
    glpi.add_followup(glpi_id, f"<p>Non, toujours pas.</p><blockquote>{ours['content']}</blockquote>")
    await pulled(counter, clock)
    first, second = texts(counter, number)
    assert first == "Est-ce réparé ?"
    assert second.startswith("Non, toujours pas.")
    await pulled(counter, clock)
    assert len(texts(counter, number)) == 2


async def test_what_was_erased_here_does_not_come_back(counter: Engine, clock: Clock, glpi: Simulator) -> None:
    number = await in_glpi(counter, clock)
    (glpi_id,) = glpi.tickets
    counter._store.erase_text([number])
    glpi.add_followup(glpi_id, "<p>M. Martin, 06 12 34 56 78</p>")
    glpi.take(glpi_id)
    await pulled(counter, clock)
    assert counter.ticket(number).status == "in_progress"
    assert texts(counter, number) == []

"""Reads glpi/legacy_notes.py: notes of one ticket, and the latest of all, while rows move under the reader."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta

import pytest

from glpi.errors import GlpiError, Unclear
from glpi.legacy import LegacyClient
from glpi.legacy_query import PAGE
from glpi.models import NoteKind
from glpi.simulator import FAULTS, Simulator, reply
from tests.glpi.conftest import Clock

FIRST = "2026-11-22 13:00:00"


@pytest.fixture
def glpi(clock: Clock) -> Iterator[Simulator]:
    with Simulator(now=clock) as simulator:
        simulator.add_ticket(author=7)
        simulator.add_ticket(author=7)
        yield simulator


@pytest.fixture
async def client(glpi: Simulator) -> AsyncIterator[LegacyClient]:
    client = LegacyClient(glpi.url, glpi.app_token, glpi.user_token, version=11)
    yield client
    await client.aclose()


def noted(glpi: Simulator, clock: Clock, count: int, step: timedelta = timedelta(seconds=1)) -> list[int]:
    """So many follow-ups, alternating between two tickets."""
    ids = []
    for position in range(count):
        ids.append(glpi.add_followup(1 + position % 2, f"<p>{position}</p>", is_private=position % 3 == 0))
        clock.at += step
    return ids


def list_requests(glpi: Simulator) -> int:
    return [one.path for one in glpi.requests].count("/ITILFollowup")


async def test_recent_notes_come_across_tickets_newest_first(
    glpi: Simulator, clock: Clock, client: LegacyClient
) -> None:
    ids = noted(glpi, clock, 5)
    found = await client.recent_notes(NoteKind.FOLLOWUP, "2026-11-22 13:00:02", 1)
    assert found is not None
    assert [note.id for note in found] == [ids[4], ids[3], ids[2]], "the second itself is among them"
    assert [note.ticket_id for note in found] == [1, 2, 1]
    assert [note.is_private for note in found] == [False, True, False]
    assert {note.kind for note in found} == {NoteKind.FOLLOWUP}
    assert found[0].date == found[0].date_mod == "2026-11-22 13:00:04"
    assert await client.recent_notes(NoteKind.FOLLOWUP, "2027-01-01 00:00:00", 1) == ()


async def test_only_as_many_pages_as_it_takes_are_read(glpi: Simulator, clock: Clock, client: LegacyClient) -> None:
    ids = noted(glpi, clock, 3 * PAGE)
    dates = {number: glpi.followups[number]["date_mod"] for number in ids}
    for newest, pages in ((PAGE - 1, 1), (PAGE + 10, 2), (2 * PAGE + 10, 3)):
        glpi.requests.clear()
        found = await client.recent_notes(NoteKind.FOLLOWUP, dates[ids[-newest]], 5)
        assert found is not None and [note.id for note in found] == ids[: -newest - 1 : -1]
        assert list_requests(glpi) == pages


async def test_what_so_many_requests_do_not_reach_is_left_to_the_caller(
    glpi: Simulator, clock: Clock, client: LegacyClient
) -> None:
    noted(glpi, clock, PAGE + 50)
    assert await client.recent_notes(NoteKind.FOLLOWUP, FIRST, 1) is None
    assert await client.recent_notes(NoteKind.FOLLOWUP, FIRST, 0) is None
    found = await client.recent_notes(NoteKind.FOLLOWUP, FIRST, 2)
    assert found is not None and len(found) == PAGE + 50


@pytest.mark.parametrize("newer", [PAGE - 2, PAGE - 1, PAGE, PAGE + 1])
async def test_a_page_boundary_within_a_second_loses_no_note(
    glpi: Simulator, clock: Clock, client: LegacyClient, newer: int
) -> None:
    ids = noted(glpi, clock, 90, timedelta(0))
    clock.at += timedelta(seconds=1)
    ids += noted(glpi, clock, newer)
    found = await client.recent_notes(NoteKind.FOLLOWUP, FIRST, 3)
    assert found is not None and sorted(note.id for note in found) == ids


async def test_a_whole_page_of_one_second_is_left_to_the_caller(
    glpi: Simulator, clock: Clock, client: LegacyClient
) -> None:
    noted(glpi, clock, PAGE + 1, timedelta(0))
    assert await client.recent_notes(NoteKind.FOLLOWUP, FIRST, 9) is None


def note_row(number: int, **fields: object) -> dict[str, object]:
    """A follow-up as GLPI lists it, one a second."""
    at = (datetime(2026, 11, 22, 13, 0, 0) + timedelta(seconds=number)).isoformat(" ")
    usual = {"id": number, "itemtype": "Ticket", "items_id": 1, "content": "x", "is_private": 0, "users_id": 10}
    return {**usual, "date": at, "date_mod": at, **fields}


async def test_rows_that_vanish_between_two_pages_are_noticed(glpi: Simulator, client: LegacyClient) -> None:
    """A note of the first page was deleted: all behind it moved up, and one fell between the pages."""
    rows = [note_row(number) for number in range(2 * PAGE, 0, -1)]
    first, second = rows[:PAGE], rows[PAGE : 2 * PAGE - 2]
    await client.account()
    glpi.faults.add(reply(206, json.dumps(first).encode()), method="GET", path="/ITILFollowup")
    glpi.faults.add(reply(206, json.dumps(second).encode()), method="GET", path="/ITILFollowup", nth=2)
    assert await client.recent_notes(NoteKind.FOLLOWUP, FIRST, 2) is None


async def test_notes_of_other_things_than_tickets_are_left_out(glpi: Simulator, client: LegacyClient) -> None:
    rows = [note_row(3, itemtype="Problem"), note_row(2, users_id=None, content=None), note_row(1, itemtype="Change")]
    glpi.faults.add(reply(200, json.dumps(rows).encode()), method="GET", path="/ITILFollowup")
    found = await client.recent_notes(NoteKind.FOLLOWUP, FIRST, 1)
    assert found is not None
    assert [(note.id, note.content, note.author_id) for note in found] == [(2, "", 0)]


async def test_a_solution_has_its_date_and_author(glpi: Simulator, client: LegacyClient) -> None:
    """The list of solutions has another word for its date, and knows nothing of privacy (10.0.19, 11.0.6)."""
    row = note_row(4, date_creation="2026-11-22 12:59:00", status=2)
    del row["is_private"], row["date"]
    for path in ("/ITILSolution", "/Ticket/1/ITILSolution"):
        glpi.faults.add(reply(200, json.dumps([row]).encode()), method="GET", path=path)
    across = await client.recent_notes(NoteKind.SOLUTION, FIRST, 1)
    assert across == await client.solutions(1) and across is not None
    (note,) = across
    assert (note.kind, note.date, note.author_id, note.is_private) == (
        NoteKind.SOLUTION,
        "2026-11-22 12:59:00",
        10,
        False,
    )


@pytest.mark.parametrize("name", [name for name in FAULTS if name != "expire_session"])
@pytest.mark.parametrize("nth", [1, 2])
async def test_a_failed_page_fails_the_list(
    glpi: Simulator, clock: Clock, client: LegacyClient, name: str, nth: int
) -> None:
    noted(glpi, clock, PAGE + 5)
    glpi.faults.add(name, method="GET", path="/ITILFollowup", nth=nth)
    with pytest.raises(GlpiError):
        await client.recent_notes(NoteKind.FOLLOWUP, FIRST, 3)


async def test_notes_of_another_ticket_are_not_taken_for_this_ones(glpi: Simulator, client: LegacyClient) -> None:
    rows = json.dumps([note_row(1, items_id=2)]).encode()
    glpi.faults.add(reply(200, rows), method="GET", path="/Ticket/1/ITILFollowup")
    with pytest.raises(Unclear):
        await client.followups(1)

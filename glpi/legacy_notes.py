"""Follow-ups and solutions in the legacy API: of one ticket, and the latest across all of them."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType

from glpi.answers_lists import Notes
from glpi.errors import Unclear
from glpi.legacy_query import all_pages, is_last, listed
from glpi.legacy_session import LegacySession, checked
from glpi.models import Note, NoteKind
from glpi.refusals import Asked

ITEMTYPES = MappingProxyType({NoteKind.FOLLOWUP: "ITILFollowup", NoteKind.SOLUTION: "ITILSolution"})
"""What GLPI calls them."""


async def notes_of(session: LegacySession, kind: NoteKind, ticket_id: int) -> tuple[Note, ...]:
    """All notes of this kind of one ticket, oldest first, private ones included."""
    found: dict[int, Note] = {}
    async for answer in all_pages(session, f"/Ticket/{ticket_id}/{ITEMTYPES[kind]}", asked=Asked.ITEM):
        page = checked(Notes, answer).models(kind)
        if any(note.ticket_id != ticket_id for note in page):
            raise Unclear("BAD_SHAPE", answer.status)
        found.update((note.id, note) for note in page)
    return tuple(found[number] for number in sorted(found))


async def recent_notes(session: LegacySession, kind: NoteKind, since: str, pages: int) -> tuple[Note, ...] | None:
    """Notes across all tickets changed at or after ``since``, newest first, in at most ``pages`` requests.

    GLPI pages by row number, while rows move, and leaves the order within one second open. So every page begins with
    the last row of the page before that is newer than the second that page ended in; where that row is not found again,
    or a whole page has one second only, the answer is None, as it is when the requests do not suffice.
    """
    found: dict[int, Note] = {}
    start, known = 0, None
    for _ in range(pages):
        answer = await listed(session, f"/{ITEMTYPES[kind]}", sort="date_mod", order="DESC", start=start)
        if answer is None:
            return None
        page = checked(Notes, answer)
        dates = [(row.id, row.date_mod) for row in page.root]
        if known is not None and known not in dates:
            return None
        found.update((note.id, note) for note in page.models(kind) if note.date_mod >= since)
        if is_last(answer) or dates[-1][1] < since:
            return tuple(sorted(found.values(), key=lambda note: (note.date_mod, note.id), reverse=True))
        kept = _newer_than_last(dates)
        if kept is None:
            return None
        start, known = start + kept, dates[kept]
    return None


def _newer_than_last(dates: Sequence[tuple[int, str]]) -> int | None:
    """Position of the last row that is newer than the last second of a page."""
    return next((n for n in range(len(dates) - 1, -1, -1) if dates[n][1] > dates[-1][1]), None)

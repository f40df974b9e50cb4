"""Public follow-ups and solutions of the tickets that changed, by whichever way costs fewer requests.

GLPI can list notes across all tickets, newest first: two requests for any number of changed tickets, unless the whole
company writes more than a page in between. Otherwise each ticket is asked, at most two requests each. A ticket whose
notes were not read yet stays due, so that this can stop anywhere.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from data.records import Event, Ticket, TicketStatus
from engine.changes import by_our_clock
from engine.notes import note_of
from glpi.errors import CallerRefused, Hidden, NotFound
from glpi.models import Note, NoteKind

if TYPE_CHECKING:
    from data.store import Store
    from engine.budget import ReadBudget
    from glpi.client import GlpiClient

NOTES_CURSOR = "glpi_notes_cursor"
_OVERLAP = timedelta(hours=1, minutes=1)
"""Taken off the cursor: clocks that go back an hour at night, and a note saved a moment before its ticket."""
_MOST_PAGES = 10


class NoteReader:
    """Reads what technicians wrote for everybody; private notes never get past this file."""

    def __init__(self, store: Store, client: GlpiClient, now: Callable[[], datetime], budget: ReadBudget) -> None:
        """``now``: clock, aware UTC."""
        self._store, self._client, self._now, self._budget = store, client, now, budget

    async def read(self, *, since: str, until: str, first: str | None) -> AsyncGenerator[Ticket]:
        """Read the notes of all tickets that are due.

        Args:
            since: Raw date of GLPI from which notes may be missing, where nothing is remembered about that.
            until: Raw date up to which the states were taken over.
            first: Number of the ticket that somebody looks at.

        Yields:
            Each ticket that has a new note.
        """
        if self._store.get_state(NOTES_CURSOR) is None:
            self._store.set_state(NOTES_CURSOR, since)
        due = sorted(self._store.notes_due(), key=lambda ticket: ticket.ticket_number != first)
        from_date = min(self._store.get_state(NOTES_CURSOR) or since, since)
        listed = await self._across(due, from_date) if len(due) > 1 else None
        for ticket in due:
            if listed is not None:
                of_ticket = listed.get(ticket.glpi_ticket_id or 0, ())
                updated = self._keep(ticket, of_ticket, frozenset(), await self._client.clock_offset())
            elif self._budget.left() < 2:
                return
            else:
                updated = await self.read_one(ticket)
            if updated is not None:
                yield updated
        if self._store.get_state(NOTES_CURSOR) != until:
            self._store.set_state(NOTES_CURSOR, until)

    async def read_one(self, ticket: Ticket) -> Ticket | None:
        """Read the notes of one ticket; it, when there is a new one."""
        number = ticket.glpi_ticket_id
        if number is None:
            return None
        found: tuple[Note, ...] = ()
        whole = set()
        try:
            found = await self._client.followups(number)
            whole.add(NoteKind.FOLLOWUP)
            if ticket.status in (TicketStatus.RESOLVED, TicketStatus.CLOSED):
                found += await self._client.solutions(number)
                whole.add(NoteKind.SOLUTION)
        except (NotFound, Hidden):
            whole.clear()  # gone since its state was read: the sweep tells what became of it
        return self._keep(ticket, found, frozenset(whole), await self._client.clock_offset())

    async def _across(self, due: Sequence[Ticket], since: str) -> dict[int, tuple[Note, ...]] | None:
        """Notes by ticket from the lists across tickets; None where asking ticket by ticket is cheaper."""
        pages = min(len(due) // 2, _MOST_PAGES, self._budget.left() // 2)
        if not pages:
            return None
        from_date = (datetime.fromisoformat(since) - _OVERLAP).strftime("%Y-%m-%d %H:%M:%S")
        found: dict[int, tuple[Note, ...]] = {}
        try:
            for kind in NoteKind:
                notes = await self._client.recent_notes(kind, from_date, pages)
                if notes is None:
                    return None
                for note in notes:
                    found[note.ticket_id] = (*found.get(note.ticket_id, ()), note)
        except CallerRefused as error:
            if error.code != "ERROR_RIGHT_MISSING":
                raise
            return None  # this profile may read the notes of a ticket, but no list of them
        return found

    def _keep(
        self, ticket: Ticket, found: Sequence[Note], whole: frozenset[NoteKind], zone: timedelta | None
    ) -> Ticket | None:
        """Store the public ones, and that they were read; ``whole``: kinds of which all notes were found."""
        number = ticket.ticket_number
        notes = [
            note_of(number, note, by_our_clock(note.date or note.date_mod, zone, None) or self._now())
            for note in found
            if not note.is_private and ticket.title  # what was erased here does not come back
        ]
        kept = self._store.notes(number)
        known = {(note.kind, note.glpi_id or 0): note.text for note in kept if note.glpi_id is not None}
        fresh = [note for note in notes if known.get((note.kind, note.glpi_id or 0)) != note.text]
        there = {(note.kind.value, note.id) for note in found}
        gone = {(note.kind.value, note.id) for note in found if note.is_private} & known.keys()
        gone |= {one for one in known.keys() - there if one[0] in whole}
        values: dict[str, str | int | float | bool | None] = {
            "taken": False,
            "status": ticket.status,
            "notes": len(fresh),
        }
        event = Event(self._now(), "GLPI_TICKET_UPDATED", None, number, values) if fresh else None
        updated = self._store.mirror(number, {"notes_read": ticket.glpi_last_update}, event, fresh, gone=gone)
        return updated if fresh else None

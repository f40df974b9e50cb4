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
        listed = await self._across(due, self._store.get_state(NOTES_CURSOR) or since) if len(due) > 1 else None
        for ticket in due:
            if listed is not None:
                updated = self._keep(
                    ticket, listed.get(ticket.glpi_ticket_id or 0, ()), await self._client.clock_offset()
                )
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
        try:
            found = await self._client.followups(number)
            if ticket.status in (TicketStatus.RESOLVED, TicketStatus.CLOSED):
                found += await self._client.solutions(number)
        except (NotFound, Hidden):
            found = ()  # gone since its state was read: the sweep tells what became of it
        return self._keep(ticket, found, await self._client.clock_offset())

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

    def _keep(self, ticket: Ticket, found: Sequence[Note], zone: timedelta | None) -> Ticket | None:
        """Store the public ones, and that they were read."""
        number = ticket.ticket_number
        notes = [
            note_of(number, note, by_our_clock(note.date or note.date_mod, zone, None) or self._now())
            for note in found
            if not note.is_private
        ]
        known = {(note.kind, note.glpi_id): note.text for note in self._store.notes(number)}
        fresh = [note for note in notes if known.get((note.kind, note.glpi_id)) != note.text]
        values: dict[str, str | int | float | bool | None] = {
            "taken": False,
            "status": ticket.status,
            "notes": len(fresh),
        }
        event = Event(self._now(), "GLPI_TICKET_UPDATED", None, number, values) if fresh else None
        updated = self._store.mirror(number, {"notes_read": ticket.glpi_last_update}, event, fresh)
        return updated if fresh else None

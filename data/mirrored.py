"""Mirrored: what GLPI has and what we changed of it, beside the tickets; one method is one transaction.

``Store`` is one of these; what it keeps of its own accord (sessions, tickets, events) is in ``data.store``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from data import directory, erasure, event_log, pulls, rows
from data import notes as kept_notes
from data.records import Conflict, EntryKind, Event, MirroredCategory, Person, Ticket, TicketNote
from data.transactions import reading, writing


class Mirrored:
    """The part of the database that is GLPI's. Every method may raise ``DatabaseError``."""

    def __init__(self, db: Database, now: Callable[[], datetime]) -> None:
        """``db``: from ``open_database``."""
        self._db = db
        self._now = now

    # --- tickets, both ways -------------------------------------------------------------------------

    def mirror(
        self,
        number: str,
        changes: Mapping[str, object],
        event: Event | None = None,
        notes: Sequence[TicketNote] = (),
        conflicts: Sequence[Conflict] = (),
        gone: Collection[tuple[str, int]] = (),
    ) -> Ticket | None:
        """Take over what a pull found about a ticket.

        Args:
            number: Our number.
            changes: Fields of the ticket by name; empty leaves ``updated_at`` where it is.
            event: Logged with it.
            notes: Added, or updated where the same note is there: by its key, or by kind and GLPI's id.
            conflicts: Appended.
            gone: Notes that are not there any more, or not for everybody, by kind and GLPI's id; our own stay.

        Returns:
            The ticket as it is now; None, and nothing is written, without such a ticket.

        Raises:
            ValueError: A name is no field or one that never changes; a note has neither key nor GLPI's id.
        """
        with writing(self._db):
            if not rows.ticket_exists(self._db, number):
                return None
            kept_notes.drop(self._db, number, gone)
            self._take_in(number, changes, event, notes, conflicts)
            return rows.stored_ticket(self._db, number)

    def change(
        self,
        number: str,
        changes: Mapping[str, object],
        payload: Mapping[str, Any],
        key: str,
        event: Event | None = None,
    ) -> Ticket:
        """Change a ticket because a technician did, and queue an UPDATE for GLPI, behind what waits already.

        Args:
            number: Our number.
            changes: Fields of the ticket by name.
            payload: What the entry carries, as JSON can say it.
            key: Of the entry, unique.
            event: Logged with it.

        Raises:
            LookupError: There is no such ticket.
            ValueError: A name is no field, or one that never changes.
        """
        return self._queue(number, changes, EntryKind.UPDATE, key, payload, event)

    def comment(self, number: str, note: TicketNote, payload: Mapping[str, Any], event: Event | None = None) -> Ticket:
        """Keep a technician's note, and queue a COMMENT for GLPI under the key of the note; ``updated_at`` moves.

        Raises:
            LookupError: There is no such ticket.
            ValueError: The note has no key.
        """
        if note.key is None:
            raise ValueError("a note that is to be sent needs a key")
        return self._queue(number, {}, EntryKind.COMMENT, note.key, payload, event, (note,))

    def notes(self, number: str, include_private: bool = True) -> list[TicketNote]:
        """Follow-ups and solutions of a ticket, oldest first."""
        with reading(self._db):
            return kept_notes.of(self._db, number, include_private)

    def conflicts(self, number: str | None = None) -> list[Conflict]:
        """Conflicts in the order they were met, of one ticket or of all."""
        with reading(self._db):
            return kept_notes.conflicts(self._db, number)

    def tickets_by_glpi_ids(self, ids: Sequence[int]) -> dict[int, Ticket]:
        """The tickets that GLPI knows under these numbers, by number; those that are not ours are left out."""
        with reading(self._db):
            return rows.tickets_by_glpi_ids(self._db, ids)

    def open_glpi_ids(self, after: int = 0, limit: int | None = None) -> list[int]:
        """GLPI's numbers of the tickets that are not closed, ascending; without those GLPI shows no more.

        Args:
            after: Only numbers above this one.
            limit: At most so many; None for all.
        """
        # Literally the condition of the index, which SQLite does not recognise with a parameter.
        sql = """SELECT glpi_ticket_id FROM tickets WHERE glpi_ticket_id IS NOT NULL
            AND status <> 'closed' AND (glpi_gone IS NULL OR glpi_gone = 'trashed')
            AND glpi_ticket_id > ? ORDER BY glpi_ticket_id LIMIT ?"""
        with reading(self._db):
            return [found for (found,) in self._db.execute(sql, [after, -1 if limit is None else limit])]

    def notes_due(self) -> list[Ticket]:
        """Tickets that GLPI changed since their notes were read, by GLPI's number; without those that are gone."""
        sql = """SELECT * FROM tickets WHERE glpi_last_update IS NOT NULL AND notes_read IS NOT glpi_last_update
            AND glpi_ticket_id IS NOT NULL AND (glpi_gone IS NULL OR glpi_gone = 'trashed') ORDER BY glpi_ticket_id"""
        with reading(self._db):
            return [rows.ticket_of(row) for row in rows.query(self._db, sql)]

    # --- pulls on demand, and the read budget -------------------------------------------------------

    def ask_pull(self, glpi_ticket_id: int) -> None:
        """Say that somebody wants this ticket of GLPI pulled now, or all of them (0); any process may take it up."""
        with writing(self._db):
            pulls.ask(self._db, glpi_ticket_id, self._now())

    def take_pulls(self, limit: int | None = None) -> list[int]:
        """What was asked for since it was last pulled, and marked as pulled now; a number at most once in 10 s.

        One asked for again within that time stays for later; so does what is more than ``limit``.
        """
        now = self._now()
        with reading(self._db):
            if not pulls.ready(self._db, now):
                return []
        with writing(self._db):
            return pulls.take(self._db, now, limit)

    def next_pull_request_at(self) -> datetime | None:
        """When ``take_pulls`` will find something, perhaps a time gone by; None when nobody asked."""
        with reading(self._db):
            return pulls.next_at(self._db, self._now())

    def add_reads(self, requests: int) -> None:
        """Count requests that were made now; what is older than two hours is forgotten."""
        with writing(self._db):
            pulls.add_reads(self._db, requests, self._now())

    def reads_since(self, since: datetime) -> int:
        """Requests counted from ``since`` to now; a clock that ran ahead leaves none that count."""
        with reading(self._db):
            return pulls.reads(self._db, since, self._now())

    # --- people and categories ----------------------------------------------------------------------

    def save_users(self, people: Sequence[Person], seen_at: datetime) -> None:
        """Insert or update people by their GLPI id, with all their addresses; badges are left as they are.

        An address that another person had moves. Who was entered here with one of the addresses, for a badge,
        becomes that person.

        Args:
            people: As GLPI has them.
            seen_at: When the reading began; ``drop_users_not_seen`` compares it.

        Raises:
            ValueError: A person has no GLPI id.
        """
        with writing(self._db):
            directory.save(self._db, people, seen_at)

    def drop_users_not_seen(self, since: datetime) -> int:
        """Forget the people of GLPI that were last saved before this time; who has a badge only becomes inactive.

        Returns:
            How many were forgotten or became inactive.
        """
        with writing(self._db):
            return directory.drop_not_seen(self._db, since)

    def find_people(self, letters: str, limit: int = 20) -> list[Person]:
        """Active people whose name, login or address has words that begin so, by name; case and accents do not count.

        Args:
            letters: One beginning or several, three letters or more together. An address counts before its ``@``,
                or as a whole when there is one in what was typed.
            limit: At most so many.
        """
        with reading(self._db):
            return directory.find(self._db, letters, limit)

    def person_by_email(self, email: str) -> Person | None:
        """Who has this address, default or not, active or not; or None."""
        with reading(self._db):
            return directory.by_email(self._db, email)

    def person_by_glpi_id(self, glpi_id: int) -> Person | None:
        """The person behind GLPI's id, active or not; or None."""
        with reading(self._db):
            return directory.by_glpi_id(self._db, glpi_id)

    def count_users(self) -> int:
        """How many people the directory has, inactive ones included."""
        with reading(self._db):
            return directory.count(self._db)

    def erase_people(self, emails: Sequence[str]) -> int:
        """Delete who has one of these addresses from the directory, for good: no byte of it is left in file or WAL.

        The file is rewritten, as by ``erase_text``. The next reading of GLPI's users brings back who is still there.

        Returns:
            How many people were deleted.
        """
        with writing(self._db):
            erased = erasure.drop_people(self._db, emails)
        erasure.finish(self._db)
        return erased

    def save_glpi_categories(self, found: Sequence[MirroredCategory]) -> None:
        """Replace the mirror of GLPI's category tree."""
        with writing(self._db):
            directory.save_categories(self._db, found)

    def glpi_categories(self) -> list[MirroredCategory]:
        """GLPI's categories as last read, by their complete names."""
        with reading(self._db):
            return directory.categories(self._db)

    # --- inside a transaction -----------------------------------------------------------------------

    def _queue(
        self,
        number: str,
        changes: Mapping[str, object],
        kind: EntryKind,
        key: str,
        payload: Mapping[str, Any],
        event: Event | None,
        written: Sequence[TicketNote] = (),
    ) -> Ticket:
        now = self._now()
        with writing(self._db):
            if not rows.change_ticket(self._db, number, changes, now):
                raise LookupError(f"no ticket {number}")
            self._take_in(number, {}, event, written, ())
            rows.add_entry(self._db, number, kind, key, now, now, payload)
            return rows.stored_ticket(self._db, number)

    def _take_in(
        self,
        number: str,
        changes: Mapping[str, object],
        event: Event | None,
        found: Sequence[TicketNote],
        met: Sequence[Conflict],
    ) -> None:
        if changes:
            rows.change_ticket(self._db, number, changes, self._now())
        kept_notes.keep(self._db, number, found)
        kept_notes.add_conflicts(self._db, number, met)
        if event is not None:
            event_log.append(self._db, event)

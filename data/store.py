"""Store: sessions, tickets, categories and events; one method is one transaction.

What waits for GLPI is in ``data.outbox``. Text that arrives here was masked before: nothing here looks at words.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlite_utils import Database

from data import erasure, event_log, rows, sessions
from data.mirrored import Mirrored
from data.records import Category, EntryKind, Event, Session, SessionStatus, Stage, Ticket
from data.search import index_ticket, match_of
from data.transactions import reading, writing


class Store(Mirrored):
    """The database of one process. Create it and use it in one thread; what is GLPI's comes with ``Mirrored``.

    Every method may raise ``DatabaseError``.
    """

    def __init__(self, db: Database, *, now: Callable[[], datetime], device_code: str = "") -> None:
        """``db``: from ``open_database``; ``device_code``: goes into the ticket numbers given here (``K07``)."""
        super().__init__(db, now)
        self._device_code = device_code

    # --- sessions -----------------------------------------------------------------------------------

    def session(self, session_id: str) -> Session | None:
        """The session with its turns, or None."""
        with reading(self._db):
            return sessions.load(self._db, session_id)

    def save_session(self, session: Session, *, expected_stage: Stage | None = None) -> bool:
        """Insert a session, or update one that is still pending, with the turns that are new.

        Turns are only ever added: those already stored are not looked at.

        Args:
            session: As it shall be from now on.
            expected_stage: The stage it was loaded in. None: any stage, and a new session is inserted.

        Returns:
            False, and nothing is written, when the stored session is no longer pending or no longer in that stage:
            somebody else was faster.
        """
        with writing(self._db):
            return sessions.save(self._db, session, expected_stage)

    def replace_session(self, parent: Session, child: Session, *, expected_stage: Stage | None = None) -> bool:
        """Close a session (invalidated or too vague) and open its child, both or neither.

        Returns:
            False when the stored parent is no longer pending (or in ``expected_stage``), or the child exists already.
        """
        with writing(self._db):
            if sessions.stored(self._db, child.id) or not sessions.stored(self._db, parent.id):
                return False
            return sessions.save(self._db, parent, expected_stage) and sessions.save(self._db, child, None)

    def confirm(
        self, session: Session, ticket: Ticket, key: str, *, expected_stage: Stage | None = None
    ) -> tuple[Ticket, bool]:
        """Consume a session: number and insert its ticket, queue its creation in GLPI, log TICKET_CREATED.

        Args:
            session: The session in its last stage (CONFIRMED or ESCALATED); stored as converted, with the number.
            ticket: Complete but for ``ticket_number``, which is given here.
            key: What GLPI gets to recognise the entry, unique, ``[A-Za-z0-9-]`` only.
            expected_stage: The stage the session was loaded in; None accepts any that is still pending.

        Returns:
            The ticket, and whether the session had been consumed before (then it is that first ticket, unchanged).

        Raises:
            SessionNotOpen: It is unknown, expired, replaced or abandoned, or not in the expected stage.
        """
        now = self._now()
        with writing(self._db):
            stored = sessions.stored(self._db, session.id)
            if stored and stored["status"] == SessionStatus.CONVERTED:
                return rows.stored_ticket(self._db, stored["ticket_number"]), True
            sessions.require_open(session.id, stored, expected_stage, now)
            numbered = replace(ticket, ticket_number=self._next_number(ticket.created_at), session_id=session.id)
            rows.insert(self._db, "tickets", rows.ticket_row(numbered))
            index_ticket(self._db, numbered.ticket_number)
            rows.add_entry(self._db, numbered.ticket_number, EntryKind.CREATE, key, now, now)
            converted = replace(session, status=SessionStatus.CONVERTED, ticket_number=numbered.ticket_number)
            sessions.save(self._db, converted, expected_stage)
            event_log.append(self._db, _created_event(now, session, numbered))
        return numbered, False

    def abandon_open_sessions(self, device: str) -> list[str]:
        """Abandon the unfinished sessions of a device (it restarted); their ids."""
        with writing(self._db):
            return sessions.abandon(self._db, device, self._now())

    def expire_sessions(self) -> list[str]:
        """Mark the sessions whose time is over; their ids."""
        with writing(self._db):
            return sessions.expire(self._db, self._now())

    def purge_unfinished(self, before: datetime) -> int:
        """Delete the sessions that expired before a time without becoming a ticket; how many.

        Their words are gone from the file and the WAL afterwards; an erasure that was interrupted is finished.
        """
        with writing(self._db):
            purged = sessions.purge(self._db, before)
        erasure.finish(self._db)
        return purged

    # --- tickets ------------------------------------------------------------------------------------

    def ticket(self, number: str) -> Ticket | None:
        """One ticket by its number, or None."""
        return self._one_ticket("ticket_number = ?", number)

    def ticket_by_glpi_id(self, glpi_id: int) -> Ticket | None:
        """The ticket that GLPI knows under this number, or None."""
        return self._one_ticket("glpi_ticket_id = ?", glpi_id)

    def tickets(
        self, status: str | None = None, search: str | None = None, limit: int = 100, synced: bool | None = None
    ) -> list[Ticket]:
        """Tickets, newest first.

        Args:
            status: Only this status.
            search: Only those with all these words in number, title, description or message; case and accents do not
                count, and the last word may be the beginning of one (from 3 letters on).
            limit: At most so many.
            synced: Only those that are in GLPI (True) or are not (False).
        """
        source = "tickets AS t"
        conditions: list[str] = []
        params: list[str | int] = []
        if search is not None and search.strip():
            match = match_of(search)
            if not match:
                return []
            # CROSS JOIN fixes the order: the index yields newest first and stops at the limit.
            source = "tickets_fts AS f CROSS JOIN tickets AS t ON t.id = f.rowid"
            conditions, params = ["tickets_fts MATCH ?"], [match]
        for column, value in (("status", status), ("synced_to_glpi", None if synced is None else int(synced))):
            if value is not None:
                conditions.append(f"t.{column} = ?")
                params.append(str(value) if column == "status" else value)
        where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
        order = "f.rowid" if source.startswith("tickets_fts") else "t.id"
        sql = f"SELECT t.* FROM {source} {where} ORDER BY {order} DESC LIMIT ?"
        with reading(self._db):
            return [rows.ticket_of(row) for row in rows.query(self._db, sql, [*params, limit])]

    def update_ticket(self, number: str, **changes: object) -> Ticket | None:
        """Change fields of a ticket by name; ``updated_at`` moves. The ticket as it is now, or None without one.

        Raises:
            ValueError: A name is no field, or one that never changes (number, session, created_at).
        """
        with writing(self._db):
            if not rows.change_ticket(self._db, number, changes, self._now()):
                return None
            return rows.stored_ticket(self._db, number)

    def erase_text(self, ticket_numbers: Sequence[str], session_ids: Sequence[str] = ()) -> tuple[int, int]:
        """Blank what people wrote, for good: no word of it is left in file, full-text index or WAL.

        Titles, texts, symptoms, extracted values and addresses go; numbers, dates, categories and confidences stay for
        the figures. With a ticket go its notes, what its outbox entries carry, and its session; with a session its
        parents and children, which hold the same words. An entry that still waits in the outbox stays, with an empty
        payload: whoever erases decides about it first.
        The full-text index is rebuilt and the file rewritten: the write lock is held in proportion to the whole file.

        Returns:
            How many tickets and how many sessions were blanked.
        """
        with writing(self._db):
            blanked = erasure.blank(self._db, ticket_numbers, session_ids, self._now())
        erasure.finish(self._db)
        return blanked

    # --- events -------------------------------------------------------------------------------------

    def append_event(self, event: Event) -> None:
        """Add a line to the event log, which is append-only."""
        with writing(self._db):
            event_log.append(self._db, event)

    def events(
        self, name: str | None = None, since: datetime | None = None, until: datetime | None = None
    ) -> list[Event]:
        """Events in the order they were appended; ``since`` inclusive, ``until`` exclusive."""
        with reading(self._db):
            return event_log.find(self._db, name, since, until)

    def events_after(self, event_id: int) -> list[tuple[int, Event]]:
        """Events appended after the one with this id, by whatever process, each with its own id."""
        with reading(self._db):
            return event_log.after(self._db, event_id)

    def last_event_id(self) -> int:
        """Id of the newest event; 0 without any."""
        with reading(self._db):
            return event_log.last_id(self._db)

    def count_recent_events(self, name: str, since: datetime, device: str | None = None) -> int:
        """How many events of a name there were from ``since`` to now, of one device (``values["device"]``) or of all.

        What a clock that ran ahead has logged does not count: it would refuse people until that time.
        """
        with reading(self._db):
            return event_log.count(self._db, name, since, self._now(), device)

    def purge_events(self, before: datetime) -> int:
        """Delete the events before a time; how many. The only way an event ever goes."""
        with writing(self._db):
            return event_log.purge(self._db, before)

    # --- categories and state -----------------------------------------------------------------------

    def categories(self) -> list[Category]:
        """The tree, in the order it was saved."""
        with reading(self._db):
            found = rows.query(self._db, "SELECT * FROM categories ORDER BY position")
        return [rows.category_of(row) for row in found]

    def save_categories(self, categories: Sequence[Category]) -> None:
        """Replace the whole tree."""
        with writing(self._db):
            self._db.execute("DELETE FROM categories")
            for position, item in enumerate(categories):
                row = {"code": item.code, "name": item.name, "parent": item.parent, "glpi_id": item.glpi_id}
                rows.insert(self._db, "categories", row | {"active": int(item.active), "position": position})

    def get_state(self, key: str) -> str | None:
        """A value kept for the synchronisation (pull cursor, pause alarm), or None."""
        with reading(self._db):
            found = self._db.execute("SELECT value FROM sync_state WHERE key = ?", [key]).fetchone()
        return None if found is None else str(found[0])

    def set_state(self, key: str, value: str | None) -> None:
        """Keep a value; None forgets it."""
        with writing(self._db):
            rows.set_state(self._db, key, value)

    def close(self) -> None:
        """Close the database, also for the outbox that shares it."""
        self._db.close()

    # --- inside a transaction -----------------------------------------------------------------------

    def _one_ticket(self, condition: str, value: Any) -> Ticket | None:
        with reading(self._db):
            found = rows.query(self._db, f"SELECT * FROM tickets WHERE {condition} ORDER BY id LIMIT 1", [value])
        return rows.ticket_of(found[0]) if found else None

    def _next_number(self, created_at: datetime) -> str:
        year = created_at.astimezone(UTC).year
        sql = """INSERT INTO counters VALUES (?, ?, 1)
            ON CONFLICT (year, device) DO UPDATE SET last = last + 1 RETURNING last"""
        last = self._db.execute(sql, [year, self._device_code]).fetchone()[0]
        return "-".join(filter(None, ("TKT", str(year), self._device_code, f"{last:05d}")))


def _created_event(now: datetime, session: Session, ticket: Ticket) -> Event:
    values: dict[str, str | int | float | bool | None] = {
        "device": session.device,
        "validation": ticket.validation_method.value,
        "action": session.action.value if session.action else None,
        "category": ticket.category,
        "subcategory": ticket.subcategory,
        "priority": ticket.priority.value,
        "confidence": ticket.confidence,
        "attempts": session.attempts,
        "modified": ticket.modified,
        "engine": ticket.engine,
        "seconds": round((now - _started(session)) / timedelta(seconds=1), 3),
    }
    return Event(now, "TICKET_CREATED", session.id, ticket.ticket_number, values)


def _started(session: Session) -> datetime:
    return session.turns[0].at if session.turns else session.created_at

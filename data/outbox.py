"""Outbox: what waits to be sent to GLPI, in which order, and which process may send.

It keeps the books of "exactly once": an entry is marked ``sending`` before a request leaves the machine, and an
attempt without a clear answer leaves it ``unknown``, to be looked up before anything is sent again. How to send, how
long to wait and what an answer means is the business of ``engine.delivery``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple, TypeAlias

from sqlite_utils import Database

from data import decisions, event_log, lease, rows
from data import notes as kept_notes
from data.decisions import DISCARDED
from data.lease import Lease
from data.records import Conflict, EntryKind, EntryState, Event, OutboxEntry, Ticket, TicketNote
from data.transactions import reading, writing

__all__ = ["DISCARDED", "NewEntry", "Outbox"]

_READY: Final = """state IN ('pending', 'unknown') AND NOT EXISTS (
    SELECT 1 FROM outbox AS other WHERE other.ticket_number = entry.ticket_number AND other.state <> 'done'
    AND NOT (other.state IN ('failed', 'conflict') AND other.kind <> 'create')
    AND CASE WHEN entry.kind = 'audit' THEN other.kind = 'create'
        WHEN entry.kind IN ('update', 'comment') AND other.kind = 'audit' THEN true
        ELSE other.id < entry.id END)"""
"""Ready to be claimed once its time has come: the entries of a ticket go in the order of their ids.

What GLPI refused, or a conflict, holds nothing up: the check and the audit of the same ticket need no note, and a
person may take days to decide. Without the creation there is nothing to send the rest to.
What a technician wrote waits for the audit, which waits for the creation only: it decides which of two tickets stays,
and a comment on the other one would go into the trash with it."""

_CLOCK_SLACK: Final = timedelta(minutes=1)
_LONGEST_WAIT: Final = timedelta(hours=25)
"""Longer than any back-off, and than the longest ``Retry-After`` that is kept to (a day)."""


class NewEntry(NamedTuple):
    """Something to send after the entry that is being settled, about the same ticket."""

    kind: EntryKind
    key: str
    due: datetime | None = None
    """Not before this time; None: at once."""


_Follower: TypeAlias = NewEntry | tuple[EntryKind, str] | tuple[EntryKind, str, datetime | None]
"""A ``NewEntry``, or a plain tuple of the same."""


class Outbox:
    """The outbox of a database. Create it and use it in one thread; one method is one transaction.

    Every method may raise ``DatabaseError``.
    """

    def __init__(self, db: Database, *, now: Callable[[], datetime]) -> None:
        """``db``: from ``open_database``."""
        self._db = db
        self._now = now

    # --- what waits ---------------------------------------------------------------------------------

    def entries(self, include_done: bool = False) -> list[OutboxEntry]:
        """The entries in the order of their ids; those that are done only when asked for."""
        # +id: without it SQLite reads through all that is done, for the sake of their order.
        tail = "ORDER BY id" if include_done else "WHERE state <> 'done' ORDER BY +id"
        with reading(self._db):
            return [rows.entry_of(row) for row in rows.query(self._db, f"SELECT * FROM outbox {tail}")]

    def of_ticket(self, ticket_number: str) -> list[OutboxEntry]:
        """The entries of one ticket that are not done, in the order of their ids."""
        sql = "SELECT * FROM outbox WHERE ticket_number = ? AND state <> 'done' ORDER BY id"
        with reading(self._db):
            return [rows.entry_of(row) for row in rows.query(self._db, sql, [ticket_number])]

    def get(self, entry_id: int) -> OutboxEntry | None:
        """One entry, or None."""
        with reading(self._db):
            return self._entry(entry_id)

    def waiting(self) -> tuple[int, datetime | None]:
        """How many tickets are not in GLPI yet, and since when the oldest of them waits."""
        sql = "SELECT count(*), min(created_at) FROM outbox WHERE kind = 'create' AND state <> 'done'"
        with reading(self._db):
            count, oldest = self._db.execute(sql).fetchone()
        return count, None if oldest is None else rows.from_text(oldest)

    def counts(self) -> dict[str, int]:
        """How many entries are in each state, each state named, but for those that are done: these are never read."""
        sql = "SELECT state, count(*) FROM outbox WHERE state <> 'done' GROUP BY state"
        with reading(self._db):
            found = dict(self._db.execute(sql).fetchall())
        return {state.value: found.get(state.value, 0) for state in EntryState if state is not EntryState.DONE}

    def next_due_at(self) -> datetime | None:
        """When ``claim_due`` will next find something, or None when nothing waits but for a person."""
        sql = f"SELECT next_attempt_at FROM outbox AS entry WHERE {_READY} ORDER BY next_attempt_at LIMIT 1"
        with reading(self._db):
            found = self._db.execute(sql).fetchone()
        return None if found is None else rows.from_text(found[0])

    # --- sending ------------------------------------------------------------------------------------

    def claim_due(self, now: datetime) -> OutboxEntry | None:
        """Take the entry that has been due for longest; only the holder of the lease may.

        A pending entry is marked ``sending``, with one attempt more, before it is returned. An ``unknown`` one is
        returned for a look-up and stays as it is: nothing is sent for it.
        """
        due = rows.to_text(now)
        sql = f"""SELECT * FROM outbox AS entry WHERE next_attempt_at <= ? AND {_READY}
            ORDER BY next_attempt_at, id LIMIT 1"""
        with writing(self._db):
            found = rows.query(self._db, sql, [due])
            if not found or found[0]["state"] == EntryState.UNKNOWN:
                return rows.entry_of(found[0]) if found else None
            claimed = found[0] | {
                "state": EntryState.SENDING.value,
                "attempts": found[0]["attempts"] + 1,
                "first_attempt_at": found[0]["first_attempt_at"] or due,
            }
            rows.update(self._db, "outbox", claimed, "id = ?", [claimed["id"]])
        return rows.entry_of(claimed)

    def settle(
        self,
        entry_id: int,
        state: EntryState,
        *,
        error: str | None = None,
        next_attempt_at: datetime | None = None,
        lookups: int | None = None,
        glpi_ticket_id: int | None = None,
        followers: Sequence[_Follower] = (),
        ticket_changes: Mapping[str, object] | None = None,
        payload: Mapping[str, Any] | None = None,
        notes: Sequence[TicketNote] = (),
        conflicts: Sequence[Conflict] = (),
        expected_attempts: int | None = None,
    ) -> bool:
        """Record how an attempt or a look-up ended, with all that follows from it, and log it.

        Args:
            entry_id: The entry.
            state: What it is now.
            error: Our own code of what went wrong; None clears it.
            next_attempt_at: When it is due again; None leaves that as it is.
            lookups: Look-ups since the outcome became unclear; None leaves the count as it is.
            glpi_ticket_id: GLPI's number for the ticket: the ticket becomes synced.
            followers: What is to be sent next about this ticket; a key that is there already is left as it is.
            ticket_changes: Further fields of the ticket.
            payload: What the entry carries from now on; None leaves that as it is.
            notes: Of the ticket, as ``Store.mirror`` keeps them: one that was sent gets GLPI's id by its key.
            conflicts: Appended to those of the ticket.
            expected_attempts: ``attempts`` of the entry when it was claimed; a process that lost its lease meanwhile
                must not undo what its successor did.

        Returns:
            False, and nothing is written, when there is no such entry, it is done already, or it was claimed again.
        """
        now = self._now()
        with writing(self._db):
            entry = self._entry(entry_id)
            if entry is None or entry.state is EntryState.DONE or expected_attempts not in (None, entry.attempts):
                return False
            row: rows.Row = {"state": state.value, "error": error}
            row |= {} if lookups is None else {"lookups": lookups}
            row |= {} if next_attempt_at is None else {"next_attempt_at": rows.to_text(next_attempt_at)}
            row |= {} if payload is None else rows.payload_row(payload)
            self._settle(entry, row, glpi_ticket_id, ticket_changes or {}, now)
            self._follow(entry.ticket_number, followers, now)
            kept_notes.keep(self._db, entry.ticket_number, notes)
            kept_notes.add_conflicts(self._db, entry.ticket_number, conflicts)
        return True

    def settle_created(
        self,
        entry_id: int,
        glpi_ticket_id: int,
        *,
        note: str | None = None,
        followers: Sequence[_Follower] = (),
        expected_attempts: int | None = None,
    ) -> Ticket:
        """Record that a ticket is in GLPI under this number, as ``settle`` does with DONE.

        All arguments are those of ``settle``, but for ``note``: our code of what could not be done as wanted
        (``sync_note``), or None to leave that as it is.

        Returns:
            The ticket as it is now; unchanged where ``settle`` would have returned False.

        Raises:
            LookupError: There is no such entry.
        """
        now = self._now()
        with writing(self._db):
            entry = self._entry(entry_id)
            if entry is None:
                raise LookupError(f"no outbox entry {entry_id}")
            if entry.state is not EntryState.DONE and expected_attempts in (None, entry.attempts):
                changes = {} if note is None else {"sync_note": note}
                self._settle(entry, {"state": EntryState.DONE.value, "error": None}, glpi_ticket_id, changes, now)
                self._follow(entry.ticket_number, followers, now)
            found = rows.query(self._db, "SELECT * FROM tickets WHERE ticket_number = ?", [entry.ticket_number])
        return rows.ticket_of(found[0])

    def hasten(self) -> int:
        """Make everything pending due now, because the network is back; how many. Look-ups keep their pace."""
        now = rows.to_text(self._now())
        with writing(self._db):
            condition = "state = 'pending' AND next_attempt_at > ? AND error IS NOT NULL"
            return rows.update(self._db, "outbox", {"next_attempt_at": now}, condition, [now])

    def straighten(self) -> int:
        """Make due now what a wrong clock put off: made "later" than now, or waiting for more than a day; how many.

        A device whose clock ran ahead and was set right would otherwise keep its tickets until that date.
        """
        now = self._now()
        condition = (
            "state IN ('pending', 'unknown') AND next_attempt_at > ? AND (created_at > ? OR next_attempt_at > ?)"
        )
        times = [rows.to_text(at) for at in (now, now + _CLOCK_SLACK, now + _LONGEST_WAIT)]
        with reading(self._db):
            if not self._db.execute(f"SELECT 1 FROM outbox WHERE {condition} LIMIT 1", times).fetchone():
                return 0
        with writing(self._db):
            return rows.update(self._db, "outbox", {"next_attempt_at": times[0]}, condition, times)

    # --- what a technician decides ------------------------------------------------------------------

    def retry(self, entry_id: int) -> bool:
        """Try an entry again now; one whose outcome is unknown is looked up first. False when it is not waiting.

        After a conflict its payload says ``"force": True``: this time ours is to win.
        """
        return self._decide(entry_id, "OUTBOX_RETRIED", lambda entry, now: decisions.retry(self._db, entry, now))

    def edit(self, entry_id: int, changes: Mapping[str, object], payload: Mapping[str, Any] | None = None) -> bool:
        """Correct what GLPI refused, and try again now; the attempts so far still count.

        Args:
            entry_id: A failed entry.
            changes: Fields of its ticket by name; may be empty.
            payload: What it carries from now on; None leaves that as it is.

        Returns:
            False, and nothing is written, when there is no such entry or it has not failed.

        Raises:
            ValueError: A name is no field, or one that never changes.
        """
        return self._decide(
            entry_id, "OUTBOX_EDITED", lambda entry, now: decisions.edit(self._db, entry, changes, payload, now)
        )

    def discard(self, entry_id: int) -> bool:
        """Give an entry up: it is done, with the error ``discarded``, and noted on a ticket that never went out.

        A comment goes with its note. An update leaves the ticket as it is: the value is the caller's business.

        Returns:
            False when it is done or being sent.
        """
        return self._decide(entry_id, "OUTBOX_DISCARDED", lambda entry, now: decisions.discard(self._db, entry, now))

    # --- copies of a ticket -------------------------------------------------------------------------

    def created_with(self, key: str) -> Ticket | None:
        """The ticket that is in GLPI under this key, or None."""
        sql = """SELECT tickets.* FROM outbox JOIN tickets USING (ticket_number)
            WHERE outbox.key = ? AND outbox.kind = 'create' AND outbox.state = 'done'"""
        with reading(self._db):
            found = rows.query(self._db, sql, [key])
        return rows.ticket_of(found[0]) if found else None

    def audit_again(self, ticket_number: str, key: str) -> bool:
        """Have a ticket audited now, also after an earlier audit; False when one is waiting already."""
        now = self._now()
        with writing(self._db):
            row = {"state": EntryState.PENDING.value, "next_attempt_at": rows.to_text(now), "error": None}
            if rows.update(self._db, "outbox", row, "key = ? AND state = 'done'", [key]):
                return True
            if self._db.execute("SELECT 1 FROM outbox WHERE key = ?", [key]).fetchone():
                return False
            rows.add_entry(self._db, ticket_number, EntryKind.AUDIT, key, now, now)
        return True

    # --- who may send -------------------------------------------------------------------------------

    def lease(self) -> Lease | None:
        """Who drains the outbox, also when that lease has expired; None when nobody does."""
        with reading(self._db):
            return lease.load(self._db)

    def acquire_lease(self, owner: str, ttl_s: float, is_dead: Callable[[str], bool] | None = None) -> bool:
        """Get the right to drain the outbox, or keep it; False when another process has it.

        Taking over a lease that has expired turns what its owner was sending into ``unknown``, in the same transaction.

        Args:
            owner: Unique to this process; a process that starts again must not use it twice.
            ttl_s: Seconds until it expires, longer than the longest request.
            is_dead: Whether an owner is proven to run no more (its process is gone, or the machine was restarted);
                its lease then counts as expired. Asked outside the transaction.
        """
        seen = self.lease()
        dead_owner = seen.owner if seen and is_dead and seen.owner != owner and is_dead(seen.owner) else None
        now = self._now()
        with writing(self._db):
            held = lease.load(self._db)
            is_over = held is not None and (held.expires_at <= now or held.owner == dead_owner)
            if held is not None and held.owner != owner and not is_over:
                return False
            if held is not None and is_over:
                self._release_claims(now)
                event_log.append(self._db, Event(now, "LEASE_TAKEN_OVER"))
            is_kept = held is not None and held.owner == owner and not is_over
            acquired_at = held.acquired_at if held is not None and is_kept else now
            lease.keep(self._db, owner, acquired_at, now, ttl_s)
        return True

    def renew_lease(self, owner: str, ttl_s: float) -> bool:
        """The heartbeat, and the check before each request; False when this owner has lost the lease."""
        now = self._now()
        with writing(self._db):
            held = lease.load(self._db)
            if held is None or held.owner != owner:
                return False
            lease.keep(self._db, owner, held.acquired_at, now, ttl_s)
        return True

    def release_lease(self, owner: str) -> None:
        """Give the lease back; without effect for any other owner.

        A clean owner settles its entry first. One that was interrupted does not know the outcome: an entry still
        ``sending`` becomes ``unknown``.
        """
        with writing(self._db):
            if lease.drop(self._db, owner):
                self._release_claims(self._now())

    # --- inside a transaction -----------------------------------------------------------------------

    def _entry(self, entry_id: int) -> OutboxEntry | None:
        found = rows.query(self._db, "SELECT * FROM outbox WHERE id = ?", [entry_id])
        return rows.entry_of(found[0]) if found else None

    def _decide(self, entry_id: int, name: str, decision: Callable[[OutboxEntry, datetime], bool]) -> bool:
        now = self._now()
        with writing(self._db):
            entry = self._entry(entry_id)
            if entry is None or not decision(entry, now):
                return False
            self._log(name, entry, now)
        return True

    def _settle(
        self, entry: OutboxEntry, row: rows.Row, glpi_id: int | None, changes: Mapping[str, object], now: datetime
    ) -> None:
        rows.update(self._db, "outbox", row, "id = ?", [entry.id])
        if glpi_id is not None:
            changes = {**changes, "glpi_ticket_id": glpi_id, "synced_to_glpi": True, "glpi_sync_at": now}
        if changes:
            rows.change_ticket(self._db, entry.ticket_number, changes, now)
        name = "GLPI_SYNC_ERROR" if row["error"] is not None else "OUTBOX_SETTLED"
        if row["state"] == EntryState.DONE and entry.kind is EntryKind.CREATE:
            name = "GLPI_TICKET_CREATED"
        self._log(name, entry, now, state=row["state"], error=row["error"])

    def _follow(self, ticket_number: str, followers: Sequence[_Follower], now: datetime) -> None:
        for follower in followers:
            entry = NewEntry(*follower)
            if not self._db.execute("SELECT 1 FROM outbox WHERE key = ?", [entry.key]).fetchone():
                rows.add_entry(self._db, ticket_number, entry.kind, entry.key, now, entry.due or now)

    def _release_claims(self, now: datetime) -> None:
        row = {"state": EntryState.UNKNOWN.value, "next_attempt_at": rows.to_text(now)}
        rows.update(self._db, "outbox", row, "state = 'sending'", [])

    def _log(self, name: str, entry: OutboxEntry, now: datetime, **more: str | None) -> None:
        values: dict[str, str | int | float | bool | None] = {
            "entry": entry.id,
            "kind": entry.kind.value,
            "attempts": entry.attempts,
            "seconds": round((now - entry.created_at) / timedelta(seconds=1), 3),
        }
        event_log.append(self._db, Event(now, name, None, entry.ticket_number, values | more))

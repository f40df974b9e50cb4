"""What a technician decides about an entry of the outbox: try again, correct, give up. In the open transaction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlite_utils import Database

from data import notes, rows
from data.records import EntryKind, EntryState, OutboxEntry

DISCARDED: Final = "discarded"
"""Error code of an entry that a person gave up; also the ``sync_note`` of a ticket that never goes to GLPI."""

_BEYOND: Final = frozenset({EntryState.DONE, EntryState.SENDING})


def retry(db: Database, entry: OutboxEntry, now: datetime) -> bool:
    """Make an entry due; after a conflict ours is to win. See ``Outbox.retry``."""
    if entry.state in _BEYOND:
        return False
    state = EntryState.UNKNOWN if entry.state is EntryState.UNKNOWN else EntryState.PENDING
    row = {"state": state.value, "next_attempt_at": rows.to_text(now), "error": None}
    if entry.state is EntryState.CONFLICT:
        row |= rows.payload_row({**entry.payload, "force": True})
    rows.update(db, "outbox", row, "id = ?", [entry.id])
    return True


def edit(
    db: Database,
    entry: OutboxEntry,
    changes: Mapping[str, object],
    payload: Mapping[str, Any] | None,
    now: datetime,
) -> bool:
    """Correct a failed entry, and make it due. See ``Outbox.edit``."""
    if entry.state is not EntryState.FAILED:
        return False
    row: rows.Row = {"state": EntryState.PENDING.value, "next_attempt_at": rows.to_text(now), "error": None}
    row |= {} if payload is None else rows.payload_row(payload)
    rows.update(db, "outbox", row, "id = ?", [entry.id])
    if changes:
        rows.change_ticket(db, entry.ticket_number, changes, now)
    return True


def discard(db: Database, entry: OutboxEntry, now: datetime) -> bool:
    """Give an entry up, with the note it would have sent. See ``Outbox.discard``."""
    if entry.state in _BEYOND:
        return False
    row: rows.Row = {"state": EntryState.DONE.value, "error": DISCARDED}
    if entry.kind is EntryKind.CREATE:
        rows.change_ticket(db, entry.ticket_number, {"sync_note": DISCARDED}, now)
    if entry.kind is EntryKind.COMMENT:
        row |= rows.payload_row(None)
        notes.drop_unsent(db, entry.key)
    rows.update(db, "outbox", row, "id = ?", [entry.id])
    return True

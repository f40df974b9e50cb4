"""The event log: append-only, ids and codes but no text of people. All inside the transaction that is open."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlite_utils import Database

from data import rows
from data.migrations import EVENTS_KEPT_FROM
from data.records import Event

_COLUMNS: Final = "id, at, name, session_id, ticket_number, details"


def append(db: Database, event: Event) -> None:
    """Add a line."""
    rows.insert(db, "events", rows.event_row(event))


def find(db: Database, name: str | None, since: datetime | None, until: datetime | None) -> list[Event]:
    """Events in the order they were appended; ``since`` inclusive, ``until`` exclusive."""
    since_text = rows.to_text(since) if since else None
    until_text = rows.to_text(until) if until else None
    wanted = [("name = ?", name), ("at >= ?", since_text), ("at < ?", until_text)]
    given = [(condition, value) for condition, value in wanted if value is not None]
    where = f"WHERE {' AND '.join(condition for condition, _ in given)}" if given else ""
    sql = f"SELECT {_COLUMNS} FROM events {where} ORDER BY id"
    return [rows.event_of(row) for row in rows.query(db, sql, [value for _, value in given])]


def after(db: Database, event_id: int) -> list[tuple[int, Event]]:
    """Events appended after the one with this id, each with its own."""
    found = rows.query(db, f"SELECT {_COLUMNS} FROM events WHERE id > ? ORDER BY id", [event_id])
    return [(row["id"], rows.event_of(row)) for row in found]


def last_id(db: Database) -> int:
    """Id of the newest event; 0 without any."""
    return int(db.execute("SELECT coalesce(max(id), 0) FROM events").fetchone()[0])


def count(db: Database, name: str, since: datetime, until: datetime, device: str | None) -> int:
    """How many events of a name between two times, both inclusive, of one device (``values["device"]``) or of all."""
    sql = "SELECT count(*) FROM events WHERE name = ? AND at >= ? AND at <= ?"
    params = [name, rows.to_text(since), rows.to_text(until)]
    if device is not None:
        sql += " AND json_extract(details, '$.device') = ?"
        params.append(device)
    return int(db.execute(sql, params).fetchone()[0])


def purge(db: Database, before: datetime) -> int:
    """Delete the events before a time; how many.

    A trigger refuses every deletion but of what lies before a mark in ``sync_state``; only this moves the mark.
    """
    mark = rows.to_text(before)
    rows.set_state(db, EVENTS_KEPT_FROM, mark)
    return db.execute("DELETE FROM events WHERE at < ?", [mark]).rowcount

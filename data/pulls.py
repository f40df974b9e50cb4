"""Who wants a ticket pulled now, and what the mirror has spent of its budget. All inside the open transaction."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlite_utils import Database

from data import rows

LEAST_BETWEEN: Final = timedelta(seconds=10)
"""At most one requested pull of a ticket in this time, however often a webhook calls (spec section 6)."""
_READS_KEPT: Final = timedelta(hours=2)


def ask(db: Database, glpi_ticket_id: int, now: datetime) -> None:
    """Record a request; one that waits already stays as it is."""
    sql = """INSERT INTO pull_requests VALUES (?, ?, NULL)
        ON CONFLICT (glpi_ticket_id) DO UPDATE SET asked_at = coalesce(asked_at, excluded.asked_at)"""
    db.execute(sql, [glpi_ticket_id, rows.to_text(now)])


def ready(db: Database, now: datetime) -> list[int]:
    """The requests whose time has come, ascending."""
    return sorted(number for number, at in _waiting(db, now) if at <= now)


def take(db: Database, now: datetime, limit: int | None = None) -> list[int]:
    """The same, marked as pulled now, at most so many, the oldest first; what was pulled long ago is forgotten."""
    longest = sorted((at, number) for number, at in _waiting(db, now) if at <= now)
    taken = sorted(number for _, number in longest[:limit])
    db.conn.executemany(
        "UPDATE pull_requests SET asked_at = NULL, pulled_at = ? WHERE glpi_ticket_id = ?",
        [(rows.to_text(now), number) for number in taken],
    )
    earliest = rows.to_text(now - LEAST_BETWEEN)
    db.execute("DELETE FROM pull_requests WHERE asked_at IS NULL AND pulled_at <= ?", [earliest])
    return taken


def next_at(db: Database, now: datetime) -> datetime | None:
    """When ``take`` will find something; None when nobody asked."""
    return min((at for _, at in _waiting(db, now)), default=None)


def add_reads(db: Database, requests: int, now: datetime) -> None:
    """Count requests; rows of more than two hours ago, or ahead, are dropped."""
    kept = [rows.to_text(at) for at in (now - _READS_KEPT, now + _READS_KEPT)]
    db.execute("DELETE FROM reads WHERE at < ? OR at > ?", kept)
    rows.insert(db, "reads", {"at": rows.to_text(now), "requests": requests})


def reads(db: Database, since: datetime, until: datetime) -> int:
    """Requests counted between two times, both inclusive."""
    sql = "SELECT coalesce(sum(requests), 0) FROM reads WHERE at >= ? AND at <= ?"
    return int(db.execute(sql, [rows.to_text(since), rows.to_text(until)]).fetchone()[0])


def _waiting(db: Database, now: datetime) -> list[tuple[int, datetime]]:
    """Each request with the time from which it may be taken."""
    sql = "SELECT glpi_ticket_id, asked_at, pulled_at FROM pull_requests WHERE asked_at IS NOT NULL"
    found = []
    for number, asked_at, pulled_at in db.execute(sql).fetchall():
        at = rows.from_text(asked_at)
        pulled = rows.from_text(pulled_at) if pulled_at is not None else None
        # A pull or a request "in the future" was made by a clock that was set right since: it delays nothing.
        if pulled is not None and pulled <= now:
            at = max(at, pulled + LEAST_BETWEEN)
        found.append((number, at if at - now <= LEAST_BETWEEN else now))
    return found

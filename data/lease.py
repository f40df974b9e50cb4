"""The lease: the right to drain the outbox, which one process has at a time. All inside the open transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlite_utils import Database

from data import rows

_NAME: Final = "outbox"


@dataclass(frozen=True)
class Lease:
    """Who drains the outbox, and until when without another heartbeat."""

    owner: str
    acquired_at: datetime
    renewed_at: datetime
    """The last heartbeat."""
    expires_at: datetime


def load(db: Database) -> Lease | None:
    """The lease, also one that has expired; None when nobody has it."""
    found = rows.query(db, "SELECT * FROM leases WHERE name = ?", [_NAME])
    if not found:
        return None
    times = [rows.from_text(found[0][name]) for name in ("acquired_at", "renewed_at", "expires_at")]
    return Lease(found[0]["owner"], *times)


def keep(db: Database, owner: str, acquired_at: datetime, now: datetime, ttl_s: float) -> None:
    """Give the lease to an owner until ``ttl_s`` seconds from now."""
    times = [rows.to_text(at) for at in (acquired_at, now, now + timedelta(seconds=ttl_s))]
    db.execute("INSERT OR REPLACE INTO leases VALUES (?, ?, ?, ?, ?)", [_NAME, owner, *times])


def drop(db: Database, owner: str) -> bool:
    """Take the lease from an owner; False when it is another's."""
    return db.execute("DELETE FROM leases WHERE name = ? AND owner = ?", [_NAME, owner]).rowcount > 0

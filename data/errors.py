"""What can go wrong in the store, as the store's own errors. The engine translates them for its callers."""

from __future__ import annotations

import errno
import sqlite3

from data.records import SessionStatus, Stage


class DatabaseError(Exception):
    """The database cannot be opened, read or written.

    ``reason`` is one of ``permission`` (this user may not), ``mode`` (file or folder more open than it should be),
    ``disk_full``, ``damaged`` (not a database, or the disk fails), ``newer_schema`` (written by a newer program),
    ``locked`` (busy longer than anybody should wait) and ``no_group`` (the configured OS group does not exist).
    """

    def __init__(self, reason: str, path: str) -> None:
        """``path``: the file or folder concerned; never text of SQLite, which can quote what people wrote."""
        super().__init__(f"{reason}: {path}")
        self.reason, self.path = reason, path


class SessionNotOpen(Exception):
    """The session cannot be consumed; nothing was changed."""

    def __init__(self, session_id: str, status: SessionStatus | None, stage: Stage | None) -> None:
        """``status`` and ``stage``: as stored; both None when there is no such session.

        ``SessionStatus.EXPIRED`` also stands for a session past its time that nobody has marked yet.
        """
        super().__init__(f"{session_id}: {status}")
        self.session_id, self.status, self.stage = session_id, status, stage


_REASONS = {
    sqlite3.SQLITE_PERM: "permission",
    sqlite3.SQLITE_READONLY: "permission",
    sqlite3.SQLITE_CANTOPEN: "permission",
    sqlite3.SQLITE_AUTH: "permission",
    sqlite3.SQLITE_BUSY: "locked",
    sqlite3.SQLITE_LOCKED: "locked",
    sqlite3.SQLITE_PROTOCOL: "locked",
    sqlite3.SQLITE_FULL: "disk_full",
    sqlite3.SQLITE_CORRUPT: "damaged",
    sqlite3.SQLITE_NOTADB: "damaged",
    sqlite3.SQLITE_IOERR: "damaged",
}


def reason_of(error: sqlite3.Error | OSError) -> str | None:
    """Our reason for a foreign error, or None when it is a bug of ours (bad SQL, broken constraint).

    Source: sqlite.org/rescode.html; the primary code is the low byte of the extended one.
    """
    if isinstance(error, OSError):
        return "disk_full" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "permission"
    code = getattr(error, "sqlite_errorcode", None)
    return None if code is None else _REASONS.get(code & 0xFF)

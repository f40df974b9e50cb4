"""Transactions that never show a lock, and that speak of failures in our own words.

Ten people may share one file over SSH: SQLite's busy handler covers most waiting, the repetition here the rest.
"""

from __future__ import annotations

import contextlib
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from sqlite_utils import Database

from data.errors import DatabaseError, reason_of

_PATIENCE_S = 30.0
"""How long to repeat what SQLite refuses as busy without calling its own busy handler."""

_Result = TypeVar("_Result")


@contextlib.contextmanager
def writing(db: Database) -> Iterator[None]:
    """One write transaction: all or nothing, durable when the block ends.

    It takes the write lock at once. ``Database.atomic()`` begins deferred, and in WAL a transaction that has read
    and then wants to write is refused without waiting when somebody else wrote in between.

    Raises:
        DatabaseError: The disk, the rights or the lock failed; nothing was written.
    """
    with translated(db):
        patiently(lambda: db.conn.execute("BEGIN IMMEDIATE"))
        try:
            yield
            patiently(lambda: db.conn.execute("COMMIT"))
        except BaseException:
            db.rollback()
            raise


@contextlib.contextmanager
def reading(db: Database) -> Iterator[None]:
    """One consistent look at the database, however many queries the block makes.

    Raises:
        DatabaseError: The database cannot be read.
    """

    def begin() -> None:
        db.conn.execute("BEGIN")
        try:
            db.conn.execute("SELECT 1 FROM sqlite_schema").fetchone()  # takes the snapshot; only this can be busy
        except sqlite3.Error:
            db.rollback()
            raise

    with translated(db):
        patiently(begin)
        try:
            yield
        finally:
            db.rollback()


def rewrite(db: Database) -> None:
    """Write the whole file anew without its free space (VACUUM), and empty the WAL.

    ``secure_delete`` has zeroed what was deleted; after this, nothing depends on how SQLite had moved rows inside its
    pages. It takes time in proportion to the whole file, and the write lock for as long.

    Raises:
        DatabaseError: ``locked`` when a reader kept the WAL from being emptied.
    """
    with translated(db):
        patiently(lambda: db.conn.execute("VACUUM"))
    empty_wal(db)


def empty_wal(db: Database) -> None:
    """Move what is in the WAL into the file and cut it to nothing: it holds older versions of pages.

    Raises:
        DatabaseError: ``locked`` when a reader kept it from being emptied.
    """

    def truncate() -> None:
        busy, _, _ = db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise _WalBusy

    with translated(db):
        try:
            patiently(truncate)
        except _WalBusy as error:
            raise DatabaseError("locked", path_of(db)) from error


class _WalBusy(Exception):
    """A checkpoint had to leave frames in the WAL because somebody still reads them."""


def patiently(attempt: Callable[[], _Result]) -> _Result:
    """Repeat what fails for a lock only, with growing pauses, for a bounded time (30 s).

    SQLite does not call its busy handler when several processes switch a new file to WAL or recover a WAL at once.
    """
    deadline = time.monotonic() + _PATIENCE_S
    pause_s = 0.002
    while True:
        try:
            return attempt()
        except (sqlite3.OperationalError, _WalBusy) as error:
            is_lock = isinstance(error, _WalBusy) or reason_of(error) == "locked"
            if not is_lock or time.monotonic() > deadline:
                raise
        time.sleep(pause_s + pause_s * secrets.randbelow(100) / 100)
        pause_s = min(pause_s * 2, 0.25)


@contextlib.contextmanager
def translated(where: str | Database) -> Iterator[None]:
    """Turn SQLite's failures into ``DatabaseError``; a bug of ours (bad SQL, broken constraint) stays as it is."""
    try:
        yield
    except sqlite3.Error as error:
        reason = reason_of(error)
        if reason is None:
            raise
        raise DatabaseError(reason, where if isinstance(where, str) else path_of(where)) from error


def path_of(db: Database) -> str:
    """The file behind a database; empty for one in memory."""
    return next((str(file) for _, name, file in db.conn.execute("PRAGMA database_list") if name == "main"), "")

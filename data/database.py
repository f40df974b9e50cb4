"""Opening the database file: who may read it, and how SQLite runs.

What is inside the file is the business of ``data.migrations``, ``data.store`` and ``data.outbox``.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import sqlite3
import stat
from dataclasses import dataclass
from pathlib import Path

from sqlite_utils import Database

from data.errors import DatabaseError, reason_of
from data.migrations import migrate
from data.transactions import patiently, translated

_BUSY_TIMEOUT_MS = 30_000


@dataclass(frozen=True)
class _Access:
    """Who may reach the files: modes as in ``chmod``, and the group that shares them."""

    file_mode: int = 0o600
    folder_mode: int = 0o700
    gid: int = -1
    """-1: whatever the system gives."""


def open_database(path: Path, group: str = "") -> Database:
    """Open the database, creating folder, file and tables where they are missing.

    The file is 0600 in a 0700 folder, or 0660 in a 2770 folder of ``group``, whatever the umask; SQLite gives its WAL
    and SHM files the mode of the database. A folder that is already there may be readable by others (an
    administrator's choice), but not writable: they could put another file in the place of ours.

    Args:
        path: The file.
        group: Name of the OS group that shares it; empty: private to its owner.

    Raises:
        DatabaseError: With the reason; nothing that is too open is repaired silently.
    """
    access = _access(path, group)
    try:
        _prepare_folder(path.parent, access)
        _prepare_file(path, access)
    except OSError as error:
        raise DatabaseError(reason_of(error) or "permission", str(path)) from error
    return _connect(path)


def _access(path: Path, group: str) -> _Access:
    if not group:
        return _Access()
    import grp  # POSIX only, and only needed here

    try:
        return _Access(0o660, 0o2770, grp.getgrnam(group).gr_gid)
    except KeyError as error:
        raise DatabaseError("no_group", str(path)) from error


def _prepare_folder(folder: Path, access: _Access) -> None:
    if not folder.exists():
        parents = [parent for parent in folder.parents if not parent.exists()]
        for parent in reversed(parents):
            with contextlib.suppress(FileExistsError):
                parent.mkdir(0o700)
                parent.chmod(0o700 if access.gid < 0 else 0o755)
        _make_folder(folder, access)
    found = folder.stat()
    if not stat.S_ISDIR(found.st_mode):
        raise NotADirectoryError(str(folder))
    writable_by = found.st_mode & 0o022 & ~access.folder_mode
    is_sticky = found.st_mode & stat.S_ISVTX and found.st_uid in (0, os.geteuid())
    is_shared_right = access.gid < 0 or (found.st_gid == access.gid and found.st_mode & stat.S_ISGID)
    if (writable_by and not is_sticky) or not is_shared_right:
        raise DatabaseError("mode", str(folder))


def _make_folder(folder: Path, access: _Access) -> None:
    """Make it under another name first, so that nobody meets it with half of its rights."""
    draft = folder.with_name(f".{folder.name}.{secrets.token_hex(6)}")
    draft.mkdir(0o700)
    try:
        os.chown(draft, -1, access.gid)
        draft.chmod(access.folder_mode)
        draft.rename(folder)
    except OSError:
        draft.rmdir()
        if not folder.is_dir():  # otherwise another process was faster
            raise


def _prepare_file(path: Path, access: _Access) -> None:
    if not path.exists():
        _make_file(path, access)
    # NOTE: looked at by name, never opened: closing a descriptor of the file would drop the POSIX locks that
    # SQLite holds on it for other connections of this process.
    for name in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
        try:
            found = name.stat()
        except FileNotFoundError:
            if name == path:
                raise  # a symbolic link that leads nowhere
            continue
        allowed = access.file_mode if found.st_gid == access.gid else 0o600
        if not stat.S_ISREG(found.st_mode) or stat.S_IMODE(found.st_mode) & 0o777 & ~allowed:
            raise DatabaseError("mode", str(name))
        if found.st_uid not in (0, os.geteuid()) and os.geteuid() != 0 and access.gid < 0:
            raise DatabaseError("permission", str(name))


def _make_file(path: Path, access: _Access) -> None:
    """An empty file with its final rights before it has its name; SQLite takes it for a new database."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    descriptor = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        os.fchown(descriptor, -1, access.gid)
        os.fchmod(descriptor, access.file_mode)
        with contextlib.suppress(FileExistsError):  # another process was faster
            os.link(draft, path)
    finally:
        os.close(descriptor)
        draft.unlink()


def _connect(path: Path) -> Database:
    try:
        # mode=rw: SQLite itself must never create the file, with whatever rights the umask leaves.
        address = f"{path.absolute().as_uri()}?mode=rw"
        conn = sqlite3.connect(address, uri=True, timeout=_BUSY_TIMEOUT_MS / 1000, isolation_level=None)
    except sqlite3.Error as error:
        raise DatabaseError(reason_of(error) or "damaged", str(path)) from error
    try:
        with translated(str(path)):
            db = Database(conn, execute_plugins=False)
            patiently(lambda: _configure(conn))
            migrate(db)
    except BaseException:
        conn.close()
        raise
    return db


def _configure(conn: sqlite3.Connection) -> None:
    conn.execute(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_MS}")
    conn.execute("PRAGMA trusted_schema = OFF")
    conn.execute("PRAGMA foreign_keys = ON")
    conn.execute("PRAGMA secure_delete = ON").fetchone()
    if conn.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        # Several first openers at once are refused without any wait (SQLite 3.40): hence patiently around this.
        conn.execute("PRAGMA journal_mode = WAL").fetchone()
    conn.execute("PRAGMA synchronous = FULL")

"""The log: one private file of one-line events, with codes and ids only.

``2026-01-30 14:23:45 | INFO | guichet | TICKET_CREATED | ticket_number=TKT-2026-00123 | session_id=…`` (UTC).

Every module logs with the standard library, ``EVENT_NAME | key=value | key=value``. The formatter lets through what
looks like an event, a code, an id, a number or a shortened e-mail, and withholds the rest: no sentence, no exception
text, no traceback reaches the file, whoever logs it. Libraries are not listened to; their lines carry addresses.
"""

from __future__ import annotations

import fcntl
import logging
import os
import re
import shutil
import stat
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from engine.config import Config
from engine.errors import ConfigError

ROOMS = ("guichet", "tui", "engine", "glpi", "data")
"""Loggers listened to, with all below them."""

WITHHELD = "[withheld]"
"""What stands in the place of a value that is none of ours."""

_EVENT = re.compile(r"[A-Z][A-Z0-9_]{2,59}")
_KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")
_VALUE = re.compile(r"[A-Za-z0-9_.:+,/…-]{0,120}|[^\s@|]…@[A-Za-z0-9.-]{1,100}")
_ROTATED = re.compile(r"\.(\d{4}-\d{2}-\d{2})$")

_logger = logging.getLogger("guichet")


def log_event(name: str, level: int = logging.INFO, **values: object) -> None:
    """Log an event of the engine.

    Args:
        name: ``TICKET_CREATED`` and the like.
        level: Level of the standard library.
        values: Codes, ids, numbers, times; a text with other characters in it is withheld.
    """
    _logger.log(level, "%s", " | ".join([name, *(f"{key}={_text(value)}" for key, value in values.items())]))


def short_email(address: str) -> str:
    """An e-mail as logs may have it: ``j…@company.com``; ``…`` for what is no address."""
    name, at, domain = address.strip().rpartition("@")
    shortened = f"{name[:1]}…@{domain.lower()}"
    return shortened if name and at and _VALUE.fullmatch(shortened) else "…"


def open_log(config: Config) -> LogFile:
    """Start logging to the configured file; ``close()`` the result to stop.

    Raises:
        ConfigError: The file cannot be written, or others may read it and it is not ours to change.
    """
    handler = LogFile(config.log_path, retention_days=config.privacy.log_retention_days, group=config.database.group)
    for room in ROOMS:
        logger = logging.getLogger(room)
        logger.setLevel(config.log.level)
        logger.propagate = False
        logger.addHandler(handler)
    return handler


class LineFormatter(logging.Formatter):
    """One line a record, with nothing in it that a person wrote."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end. Exceptions and stacks are left out on purpose."""
        at = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(record.created))
        event, *parts = record.getMessage().split(" | ")
        if not _EVENT.fullmatch(event):
            event, parts = "UNNAMED_EVENT", [f"at={record.name}:{record.lineno}"]
        return " | ".join([at, record.levelname, "guichet", event, *map(_checked, parts)])


class LogFile(logging.Handler):
    """Appends whole lines to a private file shared by all processes; one file a day, old ones removed."""

    def __init__(self, path: Path, *, retention_days: int, group: str = "") -> None:
        """Open the file. ``group``: the OS group that shares the database, or empty."""
        super().__init__()
        self.setFormatter(LineFormatter())
        self.lost = 0
        """Lines that could not be written (disk full); the program goes on without them."""
        self._path, self._group = path, group
        self._retention = timedelta(days=retention_days)
        self._file = -1
        try:
            self._make_folder()
            self._file = self._open()
        except (OSError, LookupError) as error:
            fix = f"Vérifiez les droits de {path.parent}, ou indiquez un autre fichier dans [log] file."
            raise ConfigError("log.file", "ce journal ne peut pas être écrit", fix, str(path)) from error

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line with one system call, so that lines of several processes never mix."""
        line = f"{self.format(record)}\n".encode("utf-8", "replace")
        try:
            self._turn_over(datetime.fromtimestamp(record.created, UTC).date())
            os.write(self._file, line)
        except OSError:
            self.lost += 1

    def close(self) -> None:
        """Stop logging and close the file."""
        for room in ROOMS:
            logger = logging.getLogger(room)
            logger.removeHandler(self)
            logger.propagate = not logger.handlers
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
        super().close()

    def _make_folder(self) -> None:
        folder = self._path.parent
        if folder.is_dir():
            return
        folder.mkdir(mode=0o700, parents=True)
        if self._group:
            shutil.chown(folder, group=self._group)
            folder.chmod(0o2770)

    def _open(self) -> int:
        mode = 0o660 if self._group else 0o600
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(self._path, flags, mode)
        status = os.fstat(descriptor)
        if stat.S_IMODE(status.st_mode) != mode and status.st_uid == os.geteuid():
            if self._group:
                shutil.chown(self._path, group=self._group)
            os.fchmod(descriptor, mode)
        elif status.st_mode & (0o777 & ~mode):
            os.close(descriptor)
            raise PermissionError(self._path)
        return descriptor

    def _turn_over(self, today: date) -> None:
        """Follow a file that another process turned over; turn it over where its last line is of an earlier day."""
        if self._is_replaced():
            self._reopen()
        written = datetime.fromtimestamp(os.fstat(self._file).st_mtime, UTC).date()
        if written >= today or os.fstat(self._file).st_size == 0:
            return
        fcntl.flock(self._file, fcntl.LOCK_EX)
        try:
            if not self._is_replaced():
                self._path.rename(self._path.with_name(f"{self._path.name}.{written}"))
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)
        self._reopen()
        self._remove_old(today)

    def _is_replaced(self) -> bool:
        try:
            return not os.path.samestat(os.stat(self._path), os.fstat(self._file))
        except FileNotFoundError:
            return True

    def _reopen(self) -> None:
        before, self._file = self._file, self._open()
        os.close(before)

    def _remove_old(self, today: date) -> None:
        for file in self._path.parent.glob(f"{self._path.name}.*"):
            day = _ROTATED.search(file.name)
            if day and date.fromisoformat(day[1]) < today - self._retention:
                file.unlink(missing_ok=True)


def _checked(part: str) -> str:
    """``key=value`` as it is where both are fit for a log."""
    key, equals, value = part.partition("=")
    if not equals or not _KEY.fullmatch(key):
        return WITHHELD
    return part if _VALUE.fullmatch(value) else f"{key}={WITHHELD}"


def _text(value: object) -> str:
    """A value as it stands in a line."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return str(value).lower()
    text = f"{value:.3g}" if isinstance(value, float) else str(value)
    return WITHHELD if "|" in text else text

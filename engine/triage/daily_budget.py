"""How many calls to the remote model may still be made today, counted for all processes of one device.

The count is one line in a small file beside the database, ``2026-11-22 17``: who runs ``guichet triage`` opens no
database, and a call costs no transaction. Where the file cannot be written each process counts for itself.
"""

from __future__ import annotations

import fcntl
import os
import re
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path

_LINE = re.compile(rb"(\d{4}-\d{2}-\d{2}) (\d{1,9})\n")
_LONGEST_LINE = 32


class DailyBudget:
    """Calls a day (UTC). Every request counts, also one that is asked again in another form."""

    def __init__(
        self, calls_per_day: int, now: Callable[[], datetime], path: Path | None = None, *, is_shared: bool = False
    ) -> None:
        """Nothing is opened yet.

        Args:
            calls_per_day: 0 is none.
            now: Aware UTC.
            path: Where the processes count; None counts in this process only. Its folder is not made.
            is_shared: Whether the group of the folder counts too.
        """
        self._limit, self._now, self._path = calls_per_day, now, path
        self._mode = 0o660 if is_shared else 0o600
        self._day: date | None = None
        self._used = 0

    def take(self) -> bool:
        """Use one call if one is left."""
        today = self._now().date()
        if today != self._day:
            self._day, self._used = today, 0
        try:
            with self._opened() as file:
                return self._taken(today, file)
        except OSError:
            return self._taken(today, None)

    def _taken(self, today: date, file: int | None) -> bool:
        """Count one more, if one is left, here and in the file that is locked for it."""
        used = self._used if file is None else max(self._used, _read(file, today))
        if used >= self._limit:
            return False
        if file is not None:
            line = f"{today} {used + 1}\n".encode()
            os.pwrite(file, line, 0)
            os.ftruncate(file, len(line))
        self._used = used + 1
        return True

    @contextmanager
    def _opened(self) -> Iterator[int]:
        """The file, locked.

        Raises:
            OSError: There is none, or it is not one that we may write and trust.
        """
        if self._path is None:
            raise FileNotFoundError
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
        file = os.open(self._path, flags, self._mode)
        try:
            found = os.fstat(file)
            if not stat.S_ISREG(found.st_mode) or found.st_mode & 0o002:
                raise PermissionError(self._path)
            if found.st_uid == os.geteuid() and stat.S_IMODE(found.st_mode) != self._mode:
                os.fchmod(file, self._mode)
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file
        finally:
            os.close(file)


def _read(file: int, today: date) -> int:
    """Calls already made today; none where the line is of another day, or of no day at all."""
    line = _LINE.fullmatch(os.pread(file, _LONGEST_LINE, 0))
    return int(line[2]) if line is not None and line[1].decode() == today.isoformat() else 0

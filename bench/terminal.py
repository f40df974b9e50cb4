"""A program in a pseudo-terminal, and the screen a person would see."""

from __future__ import annotations

import codecs
import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Self

import pyte

COLUMNS, ROWS = 80, 24

_QUERIES = re.compile(r"\x1b\[[?>=<][0-9;]*(?:u|\$p)")
"""Sequences that pyte does not know and would draw: keyboard protocol, mode queries."""

_SYNC_QUERY, _SYNC_ANSWER = b"\x1b[?2026$p", b"\x1b[?2026;2$y"
_FRAME_BEGINS, _FRAME_ENDS = b"\x1b[?2026h", b"\x1b[?2026l"


class Terminal:
    """Runs a command at 80x24; times are taken when bytes arrive, before they are drawn."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Start ``command``; ``started`` is the moment before the fork."""
        self.written = 0
        """Bytes the program has written so far."""
        self._is_drawing = False
        self._screen = pyte.Screen(COLUMNS, ROWS)
        self._stream = pyte.Stream(self._screen)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.started = time.perf_counter()
        self.pid, self._master = pty.fork()
        if self.pid == 0:
            os.execvpe(command[0], list(command), dict(environment))
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))

    def __enter__(self) -> Self:
        """Use it in a ``with`` statement."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the program, gently first."""
        os.kill(self.pid, signal.SIGTERM)
        deadline = time.perf_counter() + 5
        with contextlib.suppress(EOFError):
            while time.perf_counter() < deadline:
                self._read(0.1)
            os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self._master)

    @property
    def text(self) -> str:
        """What is on the screen."""
        return "\n".join(self._screen.display)

    def send(self, keys: str) -> float:
        """Press keys; returns the moment."""
        moment = time.perf_counter()
        os.write(self._master, keys.encode())
        return moment

    def wait(self, is_there: Callable[[str], bool], timeout_s: float = 20.0) -> float:
        """Read until the screen is as wanted and its frame whole; returns the moment the last bytes for it arrived.

        Raises:
            TimeoutError: It never was; the message has the screen.
        """
        deadline = time.perf_counter() + timeout_s
        while (left := deadline - time.perf_counter()) > 0:
            moment = self._read(left)
            if moment and not self._is_drawing and is_there(self.text):
                return moment
        raise TimeoutError(f"not seen within {timeout_s:g} s:\n{self.text}")

    def settle(self, quiet_s: float = 0.15, limit_s: float = 10.0) -> None:
        """Read until nothing has come for a while."""
        deadline = time.perf_counter() + limit_s
        while time.perf_counter() < deadline and self._read(quiet_s):
            pass

    def _read(self, timeout_s: float) -> float:
        """Take what is there; the moment it came, or 0 when nothing did."""
        if not select.select([self._master], [], [], max(0.0, timeout_s))[0]:
            return 0.0
        moment = time.perf_counter()
        try:
            data = os.read(self._master, 65536)
        except OSError:  # NOTE: Linux answers EIO, not an empty read, once the program has ended.
            raise EOFError(f"the program ended:\n{self.text}") from None
        self.written += len(data)
        if _FRAME_BEGINS in data or _FRAME_ENDS in data:
            self._is_drawing = data.rfind(_FRAME_BEGINS) > data.rfind(_FRAME_ENDS)
        if _SYNC_QUERY in data:
            os.write(self._master, _SYNC_ANSWER)
        self._stream.feed(_QUERIES.sub("", self._decoder.decode(data)))
        return moment

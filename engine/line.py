"""The line to GLPI as one process knows it: open, out of reach, or refused; and when the next try makes sense."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from engine.events import Paused
from engine.timings import Timings
from glpi.errors import CallerRefused

_log = logging.getLogger("guichet")


class Line:
    """What the last exchange said about the way to GLPI."""

    def __init__(self, now: Callable[[], datetime], timings: Timings) -> None:
        """``now``: clock, aware UTC."""
        self._now, self._timings = now, timings
        self.refusal: str | None = None
        """Why GLPI refuses this installation, as a code."""
        self.is_out_of_reach = False
        """Nobody was home: only a probe may ask."""
        self.read_failure: str | None = None
        """Why the last reading failed, as a code."""
        self._alarmed: str | None = None
        self._next_try = now()

    @property
    def is_open(self) -> bool:
        """Whether anything may be sent or read now."""
        return not self.is_out_of_reach and self.refusal is None

    @property
    def problem(self) -> str | None:
        """Why the last exchange failed, as a code; None while all is well."""
        return self.refusal or ("NO_CONNECTION" if self.is_out_of_reach else self.read_failure)

    @property
    def trouble(self) -> str | None:
        """The same for a screen: the cause of a refusal, ``unreachable``, or None."""
        return self.refusal or ("unreachable" if self.is_out_of_reach or self.read_failure else None)

    def may_try(self) -> bool:
        """Whether a line that is not open may be tried again by now."""
        return self._now() >= self._next_try

    def try_now(self) -> None:
        """Somebody asks for it, or the clock was set: the next try waits for nothing."""
        self._next_try = self._now()

    def lose(self, retry_after_s: float | None = None) -> None:
        """Nobody is home; ``retry_after_s``: what the server asked for."""
        self.is_out_of_reach = True
        self._next_try = self._now() + timedelta(seconds=retry_after_s or self._timings.probe_s)

    def refuse(self, error: CallerRefused) -> Paused | None:
        """GLPI refuses us: everything waits. One alarm until GLPI has taken something again."""
        self.refusal = error.code
        self._next_try = self._now() + timedelta(seconds=self._timings.pause_s)
        if self._alarmed == error.code:
            return None
        self._alarmed = error.code
        _log.error("GLPI_REFUSES_US | cause=%s", error.code)
        return Paused(error.code)

    def open(self) -> None:
        """Somebody answers, or another process knows better: nothing is held against the line any more."""
        self.is_out_of_reach, self.refusal = False, None

    def has_taken(self) -> None:
        """GLPI took something: the next refusal is news again."""
        self._alarmed = None

"""When not to ask the remote engine: a circuit breaker, in memory; the daily budget is ``engine.triage.daily_budget``.

It decides only whether a call may start; what to answer instead is the business of ``engine.triage.cascade``.
"""

from __future__ import annotations

from collections.abc import Callable

FAILURES_TO_OPEN = 3
"""Consecutive failures after which the breaker opens."""

FIRST_PAUSE_S, LONGEST_PAUSE_S = 60.0, 900.0
"""The first pause, doubled after each failed probe, up to the longest."""


class Breaker:
    """Closed: calls pass. Open: none does. After the pause one probe passes, and its outcome decides.

    Every call that ``enter`` lets pass ends with ``leave``, after ``succeeded`` or ``failed`` if it had an outcome.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        """``monotonic``: seconds that only go forward."""
        self._monotonic = monotonic
        self._failures = 0
        self._pause_s = 0.0
        self._open_until: float | None = None
        self._probing = False

    @property
    def is_closed(self) -> bool:
        """Whether calls pass freely."""
        return self._open_until is None

    def enter(self) -> bool:
        """Ask to make a call; while half-open only one at a time passes."""
        if self._open_until is None:
            return True
        if self._probing or self._monotonic() < self._open_until:
            return False
        self._probing = True
        return True

    def succeeded(self) -> None:
        """The call was answered: close, and forget past failures."""
        self._failures, self._pause_s, self._open_until, self._probing = 0, 0.0, None, False

    def failed(self, *, at_once: bool = False, retry_after_s: float | None = None) -> None:
        """The call failed.

        Args:
            at_once: Open without waiting for more failures: asking again cannot help (a refused key).
            retry_after_s: What the server asked for; opens at once too, for at least that long (at most 15 min).
        """
        if self._open_until is not None and not self._probing:
            return  # one of several that were under way when it opened
        self._failures += 1
        probe_failed, self._probing = self._probing, False
        if probe_failed or at_once or retry_after_s is not None or self._failures >= FAILURES_TO_OPEN:
            self._pause_s = min(max(self._pause_s * 2, FIRST_PAUSE_S), LONGEST_PAUSE_S)
            asked_s = min(retry_after_s or 0.0, LONGEST_PAUSE_S)
            self._open_until = self._monotonic() + max(self._pause_s, asked_s)

    def leave(self) -> None:
        """The call is over, or was not made at all; without an outcome it says nothing about the server."""
        self._probing = False

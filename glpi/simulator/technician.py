"""The embedded technician: takes a new ticket some seconds after it arrived, so that the way back is seen too."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from glpi.simulator.server import Simulator

GREETING = "<p>Bonjour, je prends votre demande en charge. Alice Bernard, support informatique</p>"
"""The public follow-up, as GLPI stores it."""

_NEW = 1
_ROUND_S = 0.25


class Technician:
    """Somebody at the other end; a daemon thread between ``start`` and ``stop``."""

    def __init__(
        self, simulator: Simulator, *, delay_s: float = 4.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """``delay_s``: from the first sight of a ticket to taking it; ``clock``: seconds."""
        self._simulator, self._delay_s, self._clock = simulator, delay_s, clock
        self._seen: dict[int, float] = {}
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> Self:
        """Begin the shift."""
        self._stop.clear()
        self._thread = threading.Thread(target=self._work, name="glpi-technician", daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        """End the shift."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def __enter__(self) -> Self:
        """Start."""
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Stop."""
        self.stop()

    def look(self) -> list[int]:
        """One look at the list of tickets; returns those taken just now."""
        now, taken = self._clock(), []
        for number, ticket in self._simulator.tickets.items():
            if ticket["status"] != _NEW or ticket["is_deleted"]:
                continue
            if now - self._seen.setdefault(number, now) >= self._delay_s:
                self._simulator.take(number)
                self._simulator.add_followup(number, GREETING)
                taken.append(number)
        return taken

    def _work(self) -> None:
        while not self._stop.wait(_ROUND_S):
            self.look()

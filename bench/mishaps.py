"""What may go wrong at any moment, drawn from a seed: faults of the far end, outages, and the death of the sender."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, TypeVar, cast

from glpi.exchange import Answer, Exchange, Timeouts
from glpi.simulator import FAULTS, Simulator, slow, status
from glpi.simulator.faults import Fault, Faults
from glpi.simulator.messages import Request, Response

_Part = TypeVar("_Part")

NAMED = (
    "commit_then_drop",
    "commit_then_500",
    "commit_then_html_200",
    "empty_200",
    "drop_before_commit",
    "status_500",
    "status_502",
    "status_503",
    "html_200",
    "redirect",
    "expire_session",
)
"""Faults of the simulator that need no argument."""
KINDS = (*NAMED, "too_many", "late", "out_of_sight")
OUTAGES = ("maintenance", "database_down", "api_disabled", "stopped")
LATE_S = (1, 30, 100)
"""Seconds after which a request that nobody waits for any more takes effect: less than the look-ups take together."""


class Killed(BaseException):
    """The process ends here, without a farewell."""


class Life:
    """One process: so many steps, and then it is gone."""

    def __init__(self, steps: int | None) -> None:
        """``steps``: None lives until the end."""
        self._left = steps
        self._is_spared = False

    def step(self) -> None:
        """Before and after everything that lasts: a transaction, a request. Raises Killed, from then on each time."""
        if self._left is None or self._is_spared:
            return
        self._left -= 1
        if self._left < 0:
            raise Killed

    @contextmanager
    def spared(self) -> Iterator[None]:
        """Nothing happens to it within."""
        self._is_spared = True
        try:
            yield
        finally:
            self._is_spared = False


def mortal(part: _Part, life: Life) -> _Part:
    """The same store or outbox, whose process may end before and after each of its transactions."""
    return cast(_Part, _Mortal(part, life))


class _Mortal:
    def __init__(self, part: object, life: Life) -> None:
        self._part, self._life = part, life

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._part, name)
        if not callable(found):
            return found

        @wraps(found)
        def call(*args: Any, **named: Any) -> Any:
            self._life.step()
            result = found(*args, **named)
            self._life.step()
            return result

        return call


class MortalExchange(Exchange):
    """Requests, before and after each of which the process may end."""

    def __init__(self, url: str, life: Life, timeouts: Timeouts, now: Callable[[], datetime]) -> None:
        """As ``Exchange``."""
        super().__init__(url, ca_file=None, timeouts=timeouts, now=now)
        self._life = life

    async def send(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str],
        params: Mapping[str, str] | None = None,
        payload: object = None,
    ) -> Answer:
        """As ``Exchange.send``."""
        self._life.step()
        answer = await super().send(method, path, headers=headers, params=params, payload=payload)
        self._life.step()
        return answer


class RandomFaults(Faults):
    """A fault for a share of all requests, whatever they are for."""

    def __init__(self, rng: random.Random, rate: float, now: Callable[[], datetime], hide_next: Callable[[], None]):
        """``rate``: share of requests that go wrong; ``hide_next``: the next ticket is out of our sight."""
        super().__init__()
        self.rate = rate
        self.fired: Counter[str] = Counter()
        self._rng, self._now, self._hide_next = rng, now, hide_next
        self._late: list[tuple[datetime, threading.Event]] = []

    def next_for(self, method: str, path: str) -> Fault | None:
        """Draw what goes wrong with a request."""
        with self._lock:
            if self._rng.random() >= self.rate:
                return None
            kind = self._rng.choice(KINDS)
            if kind == "late" and self._rng.random() < 0.5:
                kind = "commit_then_drop"  # each late one takes as long as a client waits
            if kind == "out_of_sight" and (method, path) != ("POST", "/Ticket"):
                kind = "drop_before_commit"
            self.fired[kind] += 1
            return self._fault(kind)

    def _fault(self, kind: str) -> Fault:
        if kind == "too_many":
            return status(429, retry_after=str(self._rng.choice((1, 20, 600))))
        if kind == "out_of_sight":
            self._hide_next()
            return FAULTS["commit_then_drop"]
        if kind == "late":
            released = threading.Event()
            self._late.append((self._now() + timedelta(seconds=self._rng.choice(LATE_S)), released))
            return slow(released, before_commit=self._rng.random() < 0.5)
        return FAULTS[kind]

    @property
    def held(self) -> int:
        """Requests that GLPI is still at work on because they are late."""
        with self._lock:
            return len(self._late)

    def release(self, *, everything: bool = False) -> None:
        """Let those go on whose time has come."""
        with self._lock:
            due = [event for at, event in self._late if everything or at <= self._now()]
            self._late = [(at, event) for at, event in self._late if event not in due]
        for event in due:
            event.set()


class Watched(Simulator):
    """A simulated GLPI of which one knows how many requests it is at work on, and which tickets were posted."""

    at_work = 0
    _counted = threading.Lock()

    def _serve(self, request: Request, handle: Callable[[Request], Response]) -> Response | None:
        with self._counted:
            self.at_work += 1
        try:
            return super()._serve(request, handle)
        finally:
            with self._counted:
                self.at_work -= 1

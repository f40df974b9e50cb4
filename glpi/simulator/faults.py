"""Faults on order: what goes wrong with the n-th request of a kind, on the way in or on the way out."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


@dataclass(frozen=True)
class Fault:
    """One way to go wrong."""

    name: str
    commits: bool = False
    """Whether the request takes effect before it goes wrong."""
    drops: bool = False
    """The connection is closed without an answer."""
    status: int | None = None
    """Answered instead of the true status, with an HTML page unless there is a ``body``."""
    body: bytes | None = None
    content_type: str = "text/html; charset=UTF-8"
    retry_after: str | None = None
    location: str | None = None
    loses_session: bool = False
    """Every session is gone when the request arrives; the rest goes its usual way."""
    wait: float | threading.Event | None = None
    """Seconds, or an event, to wait for; the true answer follows."""
    arrives_twice: bool = False
    """The request is executed twice, as when a proxy repeats it; the second answer is given."""
    trickle_s: float = 0.0
    """Seconds between the few bytes at a time in which the true answer comes."""
    waits_first: bool = False
    """Whether the request takes effect only after the wait, also when the client left meanwhile."""

    @property
    def is_answered_normally(self) -> bool:
        """Whether the client gets the true answer in the end."""
        return not self.drops and self.status is None


def slow(wait: float | threading.Event, *, before_commit: bool = False) -> Fault:
    """The true answer, late: after some seconds, or once an event is set.

    Args:
        wait: Seconds, or the event.
        before_commit: Whether the request takes effect only then, as a row that appears after the client gave up.
    """
    return Fault("slow", commits=True, wait=wait, waits_first=before_commit)


def trickle(pause_s: float) -> Fault:
    """The true answer, eight bytes at a time with a pause between."""
    return Fault("trickle", commits=True, trickle_s=pause_s)


def status(code: int, *, retry_after: str | None = None, commits: bool = False) -> Fault:
    """An HTML page with this status, as from a proxy; ``retry_after`` is the header's text."""
    return Fault(f"status_{code}", status=code, retry_after=retry_after, commits=commits)


def reply(code: int, body: bytes, *, content_type: str = "application/json", commits: bool = False) -> Fault:
    """Any answer instead of the true one."""
    return Fault("reply", commits=commits, status=code, body=body, content_type=content_type)


FAULTS: Mapping[str, Fault] = MappingProxyType(
    {
        "commit_then_drop": Fault("commit_then_drop", commits=True, drops=True),
        "drop_before_commit": Fault("drop_before_commit", drops=True),
        "commit_then_500": Fault("commit_then_500", commits=True, status=500),
        "status_500": status(500),
        "status_502": status(502),
        "status_503": status(503, retry_after="1"),
        "status_429": status(429, retry_after="1"),
        "html_200": Fault("html_200", status=200),
        "commit_then_html_200": Fault("commit_then_html_200", commits=True, status=200),
        "empty_200": Fault("empty_200", commits=True, status=200, body=b""),
        "redirect": Fault("redirect", status=301, location="https://ailleurs.invalid/"),
        "expire_session": Fault("expire_session", commits=True, loses_session=True),
    }
)
"""Faults that go wrong at once, by their names."""

LATE_OR_TWICE: Mapping[str, Fault] = MappingProxyType(
    {
        "commit_then_delay": Fault("commit_then_delay", commits=True, wait=60.0),
        "duplicate": Fault("duplicate", commits=True, arrives_twice=True),
        "trickle": trickle(0.5),
    }
)
"""Further ones by their names: a minute's wait, a body that trickles in, a request that is executed twice."""


@dataclass
class Rule:
    """A fault, and the requests it waits for."""

    fault: Fault
    method: str
    path: re.Pattern[str]
    nth: int
    times: int | None
    seen: int = 0
    fired: int = 0
    """How often it happened; a test can make sure that it did."""


@dataclass
class Faults:
    """The rules of one simulator, in the order they were added; safe between threads."""

    rules: list[Rule] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def add(
        self,
        fault: Fault | str,
        *,
        method: str = "POST",
        path: str = r"/Ticket",
        nth: int = 1,
        times: int | None = 1,
    ) -> Rule:
        """Order a fault for requests yet to come.

        Args:
            fault: A fault, or the name of one of ``FAULTS`` or ``LATE_OR_TWICE``.
            method: ``GET``, ``POST`` …, or ``*``.
            path: Regular expression for the whole path below the API's root, without the query (``/Ticket/[0-9]+``).
            nth: The first such request that goes wrong, counted from now.
            times: How many in a row; None for ever.
        """
        chosen = {**FAULTS, **LATE_OR_TWICE}[fault] if isinstance(fault, str) else fault
        rule = Rule(chosen, method.upper(), re.compile(path), nth, times)
        with self._lock:
            self.rules.append(rule)
        return rule

    def parse(self, text: str) -> Rule:
        """Order a fault in words: ``commit_then_drop POST /Ticket 1``; method, path and number may be left out.

        Raises:
            ValueError: Not of this form, or no such fault.
        """
        name, *rest = text.split()
        if name not in {**FAULTS, **LATE_OR_TWICE} or len(rest) > 3 or (len(rest) == 3 and not rest[2].isdigit()):
            raise ValueError(text)
        method, path, nth = (*rest, *("POST", "/Ticket", "1")[len(rest) :])
        return self.add(name, method=method, path=path, nth=int(nth))

    def clear(self) -> None:
        """Forget all rules."""
        with self._lock:
            self.rules.clear()

    def next_for(self, method: str, path: str) -> Fault | None:
        """Count a request, and say what goes wrong with it."""
        with self._lock:
            chosen = None
            for rule in self.rules:
                if rule.method not in ("*", method) or not rule.path.fullmatch(path):
                    continue
                rule.seen += 1
                over = rule.times is not None and rule.seen >= rule.nth + rule.times
                if chosen is None and rule.seen >= rule.nth and not over:
                    rule.fired += 1
                    chosen = rule.fault
            return chosen

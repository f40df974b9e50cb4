"""Whether to ask a remote engine once more, and when: what the server says about it, and what the deadline leaves."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from engine.triage.contract import TriageFailed

MOST_RETRIES = 2
"""After the first call; the pauses are only made where the deadline leaves room for an answer after them."""

FIRST_PAUSE_S = 0.25
"""The pause where the server asks for none, doubled for the second."""

ROOM_FOR_AN_ANSWER_S = 0.5
"""Seconds that must be left after a pause: no model answers faster."""


def pause_s(failed: TriageFailed, retries: int, left_s: float) -> float | None:
    """How long to wait before asking again; None: not at all.

    Args:
        failed: How it failed.
        retries: Retries already made for this message.
        left_s: What is left of the deadline, seconds.
    """
    if not failed.is_passing or retries >= MOST_RETRIES:
        return None
    pause = FIRST_PAUSE_S * 2**retries if failed.retry_after_s is None else failed.retry_after_s
    return pause if pause + ROOM_FOR_AN_ANSWER_S <= left_s else None


def retry_after_s(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds that a server asks to wait, never negative; None where it says nothing readable.

    ``Retry-After`` is seconds or a date (RFC 9110, 10.2.3); a date is compared with the server's own ``Date``, so that
    a clock that is wrong here does not count. OpenAI also sends ``retry-after-ms``.

    Args:
        headers: Of the answer, by names in any case.
        now: Aware UTC, for an answer without ``Date``.
    """
    for name, unit_s in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        value = headers.get(name, "").strip()
        if value.isascii() and value.replace(".", "", 1).isdigit() and len(value) < 20:
            return float(value) * unit_s
    at = _date(headers.get("retry-after", ""))
    if at is None:
        return None
    return max((at - (_date(headers.get("date", "")) or now)).total_seconds(), 0.0)


def _date(text: str) -> datetime | None:
    """A date of HTTP, aware; None for what is none."""
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)

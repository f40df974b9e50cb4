"""Every wait of the delivery, in one place; a test hands in its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class Timings:
    """Every wait of the delivery, in seconds."""

    lease_s: float = 120.0
    """Longer than the longest POST (``post_limit_s``), renewed before each."""
    post_limit_s: float = 90.0
    """Whatever happens, one attempt ends after this."""
    gaps_s: tuple[float, ...] = (5.0, 15.0, 45.0, 120.0)
    """Before each look-up of an unclear outcome; after the last one a second POST is made."""
    audit_s: float = 120.0
    """From a second POST to the look-up that makes sure there is one ticket."""
    probe_s: float = 20.0
    """While GLPI is unreachable: one cheap probe this often."""
    pause_s: float = 60.0
    """After GLPI refused this installation: the next try."""
    candidate_s: float = 5.0
    """While another process sends: how often to ask for the lease."""
    poll_s: float = 1.0
    """How often the outbox is looked at for what other processes put there."""


def delay_after(attempts: int) -> timedelta:
    """How long to wait before trying an entry again, without jitter.

    Args:
        attempts: Attempts already made, 1 or more.

    Returns:
        30 s after the first attempt, doubling each time, at most 1 hour.
    """
    return timedelta(seconds=min(30.0 * 2 ** min(max(attempts, 1) - 1, 12), 3600.0))

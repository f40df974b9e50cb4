"""When a technician can keep a promise: the service calendar, as pure functions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from data.records import Ticket
from engine.config import KioskConfig

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True)
class Promise:
    """What may honestly be said after a call for a human."""

    kind: str
    """``within_30_min``, ``from`` (see ``opens_at``), or ``not_sent`` (only on this device so far)."""
    opens_at: datetime | None
    """Next opening, in the site's local time; None unless ``kind`` is ``from``."""
    phone: str
    reachable: bool
    """Whether the requester left an e-mail address; otherwise they present the number."""


def is_open(at: datetime, kiosk: KioskConfig) -> bool:
    """Whether ``at`` (aware) lies within service hours."""
    local = at.astimezone(ZoneInfo(kiosk.timezone))
    start, end = _hours(kiosk)
    return DAYS[local.weekday()] in kiosk.service_days and start <= local.time() < end


def next_opening(at: datetime, kiosk: KioskConfig) -> datetime | None:
    """The next opening after ``at``, in local time; None when no day is served."""
    zone = ZoneInfo(kiosk.timezone)
    local = at.astimezone(zone)
    start, _ = _hours(kiosk)
    for ahead in range(8):
        day = local.date() + timedelta(days=ahead)
        opening = datetime.combine(day, start, tzinfo=zone)
        if DAYS[day.weekday()] in kiosk.service_days and opening > local:
            return opening
    return None


def promise(ticket: Ticket, at: datetime, kiosk: KioskConfig) -> Promise:
    """What to tell the person whose ticket was escalated.

    « sous 30 minutes » only within service hours and once GLPI has the ticket (spec section 1).
    """
    reachable = ticket.requester is not None
    if not ticket.synced_to_glpi:
        return Promise("not_sent", None, kiosk.phone, reachable)
    if is_open(at, kiosk):
        return Promise("within_30_min", None, kiosk.phone, reachable)
    return Promise("from", next_opening(at, kiosk), kiosk.phone, reachable)


def _hours(kiosk: KioskConfig) -> tuple[time, time]:
    return time.fromisoformat(kiosk.service_start), time.fromisoformat(kiosk.service_end)

"""When a technician can keep a promise: the service calendar, as pure functions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from data.records import Ticket
from engine.config import KioskConfig

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_LOOK_AHEAD_DAYS = 30
"""A service that opens later than that says no time at all."""
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
    local = at.astimezone(_zone(kiosk))
    start, end = _hours(kiosk)
    return _is_served(local.date(), kiosk) and start <= local.time() < end


def next_opening(at: datetime, kiosk: KioskConfig) -> datetime | None:
    """The next opening after ``at``, in local time; None when no day is served."""
    zone = _zone(kiosk)
    local = at.astimezone(zone)
    start, _ = _hours(kiosk)
    for ahead in range(_LOOK_AHEAD_DAYS):
        day = local.date() + timedelta(days=ahead)
        opening = datetime.combine(day, start, tzinfo=zone)
        if _is_served(day, kiosk) and opening > local:
            return opening
    return None


def _is_served(day: date, kiosk: KioskConfig) -> bool:
    closed = {day.isoformat(), f"{day:%m-%d}"} & set(kiosk.closed_dates)
    return DAYS[day.weekday()] in kiosk.service_days and not closed


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


def _zone(kiosk: KioskConfig) -> ZoneInfo:
    from zoneinfo import ZoneInfo  # not needed for the first frame

    return ZoneInfo(kiosk.timezone)


def _hours(kiosk: KioskConfig) -> tuple[time, time]:
    return time.fromisoformat(kiosk.service_start), time.fromisoformat(kiosk.service_end)

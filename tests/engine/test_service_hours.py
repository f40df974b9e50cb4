"""When « sous 30 minutes » may be said."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from data.records import Priority, Ticket, ValidationMethod
from engine.config import KioskConfig
from engine.service_hours import is_open, next_opening, promise

KIOSK = KioskConfig(phone="01 23 45 67 89")
MONDAY_10H = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TICKET = Ticket(
    "TKT-2026-00001", "s", "t", "d", "m", "99-non-cat", None, Priority.HIGH, "open", None, 0.1, (), {}, (),
    ValidationMethod.ESCALATED, False, "local", "1", False, "none", MONDAY_10H, MONDAY_10H,
)  # fmt: skip


@pytest.mark.parametrize(
    ("at", "open_"),
    [
        (datetime(2026, 11, 23, 7, 0, tzinfo=UTC), True),
        (datetime(2026, 11, 23, 6, 59, tzinfo=UTC), False),
        (datetime(2026, 11, 23, 17, 0, tzinfo=UTC), False),
        (datetime(2026, 11, 22, 10, 0, tzinfo=UTC), False),
        (datetime(2026, 7, 6, 6, 0, tzinfo=UTC), True),
    ],
)
def test_the_calendar_is_local_and_knows_summer_time(at: datetime, open_: bool) -> None:
    assert is_open(at, KIOSK) is open_


def test_after_friday_evening_comes_monday_morning() -> None:
    friday_night = datetime(2026, 11, 20, 20, 0, tzinfo=UTC)
    opening = next_opening(friday_night, KIOSK)
    assert opening is not None
    assert opening.astimezone(UTC) == datetime(2026, 11, 23, 7, 0, tzinfo=UTC)


def test_a_closed_date_is_skipped_every_year_or_once() -> None:
    closed = replace(KIOSK, closed_dates=("11-23", "2026-11-24"))
    opening = next_opening(datetime(2026, 11, 20, 20, 0, tzinfo=UTC), closed)
    assert opening is not None
    assert opening.astimezone(UTC) == datetime(2026, 11, 25, 7, 0, tzinfo=UTC)
    assert not is_open(MONDAY_10H, closed)
    assert is_open(datetime(2027, 11, 24, 9, 0, tzinfo=UTC), closed)


def test_thirty_minutes_are_promised_only_when_glpi_has_the_ticket_and_someone_is_there() -> None:
    in_glpi = replace(TICKET, synced_to_glpi=True)
    assert promise(TICKET, MONDAY_10H, KIOSK).kind == "not_sent"
    assert promise(in_glpi, MONDAY_10H, KIOSK).kind == "within_30_min"
    sunday = promise(in_glpi, datetime(2026, 11, 22, 10, 0, tzinfo=UTC), KIOSK)
    assert (sunday.kind, sunday.reachable) == ("from", False)

"""Our models as the fields of the High-Level API, its filters, and its dates."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from glpi.models import TITLE_LIMIT, TicketChanges, TicketInput

_DATE = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.\d+)?(Z|[+-]\d\d:?\d\d)?")
_SKIPPED_HOURS = 4
"""Clocks of all zones go forward before this hour."""


def ticket_fields(ticket: TicketInput) -> dict[str, object]:
    """The body of a creation. Texts travel raw; a title is clipped, because a longer one crashes GLPI (11.0.6).

    The requester and the assigned group cannot be given here: GLPI ignores ``team`` in a creation.
    """
    fields: dict[str, object] = {
        "name": ticket.name[:TITLE_LIMIT],
        "content": ticket.content,
        "type": ticket.type,
        "urgency": ticket.urgency,
        "impact": ticket.impact,
        "external_id": ticket.key,
    }
    optional: dict[str, object | None] = {
        "category": _item(ticket.itilcategories_id or None),
        "entity": _item(ticket.entities_id),
        "request_type": _item(ticket.requesttypes_id),
        "status": _item(ticket.status),
        "date": ticket.date,
    }
    return fields | {name: value for name, value in optional.items() if value is not None}


def changed_fields(changes: TicketChanges) -> dict[str, object]:
    """The body of a change."""
    wanted = {
        "status": _item(changes.status),
        "priority": changes.priority,
        "category": _item(changes.category_id),
    }
    return {name: value for name, value in wanted.items() if value is not None}


def may_never_have_been(date: str) -> bool:
    """Whether an opening date could lie in the hour that a clock skips in spring, which crashes GLPI (11.0.6)."""
    return int(date[11:13]) < _SKIPPED_HOURS


def quoted(value: str) -> str:
    """A value of an RSQL filter.

    Raises:
        ValueError: It has a character that GLPI's parser cannot be given inside quotes.
    """
    if '"' in value or "\\" in value:
        raise ValueError("not a value for a filter")
    return f'"{value}"'


def wall_clock(date: str) -> str:
    """A date of GLPI without its offset: ``2026-11-22T13:49:49+01:00`` is ``2026-11-22 13:49:49`` there.

    Raises:
        ValueError: Not a date.
    """
    found = _DATE.fullmatch(date)
    if found is None:
        raise ValueError("not a date")
    return f"{found[1]} {found[2]}"


def offset_of(date: str) -> timedelta | None:
    """The offset that a date of GLPI carries; None for one without."""
    found = _DATE.fullmatch(date)
    return datetime.fromisoformat(date).utcoffset() if found is not None and found[3] else None


def _item(number: int | None) -> dict[str, int] | None:
    return None if number is None else {"id": number}

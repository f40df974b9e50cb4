"""What a technician changed here, and how it meets what was changed in GLPI: a three-way merge, pure functions.

Three fields travel both ways: status, priority and category. Each is compared with the last value both sides had
(``synced_…`` of a ticket). Changed on both sides, GLPI wins unless our change is the later one (spec section 6).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from data.records import Category, Conflict, Priority, Ticket, TicketStatus
from engine.translate import PRIORITY_TO_GLPI, STATUS_TO_GLPI, glpi_category, priority_from_glpi, status_from_glpi
from glpi.models import TicketChanges, TicketState

_GRAIN = timedelta(seconds=1)
"""GLPI's dates have whole seconds: within the same one, the system of record is the later."""

FIELDS = ("status", "priority", "category")
"""The fields that travel both ways; a category is one code, the leaf where there is one."""


@dataclass(frozen=True)
class Merged:
    """What is to happen to the changed fields of one ticket."""

    push: Mapping[str, str]
    """Ours, to be written to GLPI."""
    take: Mapping[str, str]
    """Theirs, to be taken over here although we had changed it."""
    conflicts: tuple[Conflict, ...] = ()
    """Fields that both sides had changed, with the value that was kept."""


def value_of(ticket: Ticket, field: str) -> str:
    """A field of ours as it travels."""
    if field == "category":
        return ticket.subcategory or ticket.category
    return str(getattr(ticket, field))


def payload_of(ticket: Ticket, wanted: Mapping[str, str], at: datetime) -> dict[str, Any]:
    """What an UPDATE entry carries: each field with its value and the last one both sides had.

    Args:
        ticket: As it was before the change.
        wanted: New values by field.
        at: When the technician changed it, aware.
    """
    fields = {
        name: {"base": getattr(ticket, f"synced_{name}"), "before": value_of(ticket, name), "value": value}
        for name, value in wanted.items()
    }
    return {"fields": fields, "at": at.isoformat()}


def as_glpi_has_it(state: TicketState, category: str | None) -> dict[str, str | None]:
    """The three fields of GLPI's ticket in our words; ``category``: our code for its category, None for none."""
    return {
        "status": status_from_glpi(state.status),
        "priority": priority_from_glpi(state.priority).value,
        "category": category,
    }


def merge(ticket: Ticket, payload: Mapping[str, Any], theirs: Mapping[str, str | None], theirs_at: datetime) -> Merged:
    """Decide field by field.

    Args:
        ticket: Ours.
        payload: Of the UPDATE entry, see ``payload_of``; ``force`` lets ours win.
        theirs: The fields as GLPI has them now.
        theirs_at: When GLPI last changed the ticket, by our clock, in whole seconds.
    """
    ours_at = datetime.fromisoformat(payload["at"])
    push: dict[str, str] = {}
    take: dict[str, str] = {}
    conflicts = []
    for name, change in payload["fields"].items():
        ours, base, there = change["value"], change["base"], theirs.get(name)
        if there == ours:
            continue
        # What was there when the technician chose is no change of somebody else: perhaps our own of a moment before.
        is_conflict = base is not None and there is not None and there not in (base, change["before"])
        if not is_conflict or there is None or payload.get("force") or ours_at > theirs_at + _GRAIN:
            push[name] = ours
        else:
            take[name] = there
        if is_conflict and there is not None:
            kept = "theirs" if name in take else "ours"
            conflicts.append(Conflict(ticket.ticket_number, name, base, ours, there, kept, ours_at))
    return Merged(push, take, tuple(conflicts))


def to_write(push: Mapping[str, str], tree: Mapping[str, Category]) -> TicketChanges:
    """Our values as GLPI's numbers.

    Raises:
        LookupError: The category has no GLPI id, nor has its parent.
    """
    category_id = None
    if "category" in push:
        category_id = glpi_category(push["category"], tree)
        if category_id is None:
            raise LookupError(push["category"])
    return TicketChanges(
        status=STATUS_TO_GLPI[push["status"]] if "status" in push else None,
        priority=PRIORITY_TO_GLPI[Priority(push["priority"])] if "priority" in push else None,
        category_id=category_id,
    )


def fields_for(name: str, value: str, tree: Mapping[str, Category]) -> dict[str, object]:
    """The columns of a ticket that hold a field; a category GLPI alone knows (``glpi:57``) changes none of ours."""
    if name != "category":
        return {name: Priority(value) if name == "priority" else value}
    node = tree.get(value)
    if node is None:
        return {}
    return {"category": node.parent or node.code, "subcategory": node.code if node.parent else None}


def dates_for(ticket: Ticket, status: str, now: datetime) -> dict[str, object]:
    """The columns that say when a ticket was solved and closed, once it has this status."""
    is_over = status in (TicketStatus.RESOLVED, TicketStatus.CLOSED)
    return {
        "resolved_at": (ticket.resolved_at or now) if is_over else None,
        "closed_at": (ticket.closed_at or now) if status == TicketStatus.CLOSED else None,
    }


def code_of(category_id: int | None, tree: Mapping[str, Category], current: str) -> str | None:
    """Our code for GLPI's category: the current one where several share the id; ``glpi:57`` where none has it."""
    if not category_id:
        return None
    if glpi_category(current, tree) == category_id:
        # A leaf without an id of its own is sent as its parent, and is still that leaf while nobody moves it.
        return current
    return next((code for code, node in tree.items() if node.glpi_id == category_id), f"glpi:{category_id}")


def by_our_clock(date_mod: str, zone: timedelta | None, skew: timedelta | None) -> datetime | None:
    """When GLPI wrote a naive date, by this machine's clock; None while its zone is not known."""
    if zone is None:
        return None
    return datetime.fromisoformat(f"{date_mod}+00:00") - zone - (skew or timedelta())

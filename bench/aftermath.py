"""What must hold on both sides once everything was delivered, whatever broke meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from html import unescape

from data.records import EntryKind, Priority, Ticket
from engine.engine import Engine
from engine.translate import PRIORITY_TO_GLPI, STATUS_TO_GLPI
from glpi.simulator import Simulator
from glpi.simulator.storage import Row

USERS = {"marie.dupont@exemple.fr": 8, "m.dupont@exemple.org": 8}
"""Those of the simulator that the requesters are."""


@dataclass
class Expected:
    """What people did."""

    tickets: dict[str, tuple[str | None, Priority, datetime]] = field(default_factory=dict)
    """Requester, priority and time of each ticket by its number."""
    comments: dict[str, list[tuple[str, bool]]] = field(default_factory=dict)
    """Text, and whether it is private, in the order they were written."""
    statuses: dict[str, str] = field(default_factory=dict)
    """The last one a technician set."""


def problems(engine: Engine, glpi: Simulator, expected: Expected) -> Iterator[str]:
    """Everything that is not as it should be, in words."""
    for entry in engine.outbox():
        yield f"{entry.ticket_number}: {entry.kind.value} left {entry.state.value} ({entry.error})"
    entries = engine._delivery.outbox.entries(include_done=True)
    keys = {entry.ticket_number: entry.key for entry in entries if entry.kind is EntryKind.CREATE}
    live = [row for row in glpi.tickets.values() if not row["is_deleted"]]
    known = {number: [row for row in live if row["content"].endswith(key)] for number, key in keys.items()}
    if len(live) != len(expected.tickets):
        yield f"{len(live)} tickets in GLPI instead of {len(expected.tickets)}"
    notes: dict[int, list[Row]] = {}
    for row in glpi.followups.values():
        notes.setdefault(row["items_id"], []).append(row)
    for number in expected.tickets:
        rows = known.get(number, [])
        if len(rows) != 1:
            yield f"{number}: {len(rows)} times in GLPI"
            continue
        for text in _of_ticket(engine.ticket(number), rows[0], glpi, notes.get(rows[0]["id"], []), expected):
            yield f"{number}: {text}"


def _of_ticket(ticket: Ticket, row: Row, glpi: Simulator, notes: list[Row], expected: Expected) -> Iterator[str]:
    requester, priority, _ = expected.tickets[ticket.ticket_number]
    if ticket.glpi_ticket_id != row["id"] or not ticket.synced_to_glpi:
        yield f"is {row['id']} in GLPI, {ticket.glpi_ticket_id} here"
    if row["priority"] != PRIORITY_TO_GLPI[priority]:
        yield f"priority {row['priority']} instead of {priority}"
    if glpi.requesters(row["id"]) != _requesters(requester):
        yield f"requesters {glpi.requesters(row['id'])} for {requester}"
    status = expected.statuses.get(ticket.ticket_number, "open")
    if row["status"] != STATUS_TO_GLPI[status] or ticket.status != status:
        yield f"status {row['status']} in GLPI and {ticket.status} here instead of {status}"
    texts = [(shown(note["content"], glpi.version), bool(note["is_private"])) for note in notes]
    analyses = [is_private for text, is_private in texts if text.startswith("Analyse IA")]
    if analyses != [True]:
        yield f"{len(analyses)} private analyses"
    comments = [(text, is_private) for text, is_private in texts if text.startswith("Commentaire")]
    wanted = expected.comments.get(ticket.ticket_number, [])
    if [(text.partition("\n")[0], private) for text, private in comments] != wanted:
        yield f"comments {comments} instead of {wanted}"


def shown(content: str, version: int) -> str:
    """What a person sees of a stored text; GLPI 10 stores it encoded once more."""
    html = unescape(content) if version < 11 else content
    return unescape(html.replace("<br>", "\n"))


def _requesters(email: str | None) -> list[tuple[int, str]]:
    if email in USERS:
        return [(USERS[email], "")]
    return [(0, email)] if email is not None and "@" in email else []

"""``guichet tickets`` and ``guichet outbox``: what is on this device, and what waits to be sent."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from engine import Config, GuichetError, OutboxEntry, Ticket
from engine.engine import Engine
from tui.cli import output
from tui.language import _
from tui.words import PRIORITIES, age_words


def run_tickets(arguments: argparse.Namespace, config: Config) -> int:
    """A list of tickets, or one."""

    def show(engine: Engine) -> int:
        if arguments.number:
            ticket = engine.ticket(arguments.number)
            output.print_json(output.ticket_json(ticket)) if arguments.json else _print_ticket(ticket)
            return output.DONE
        found = engine.tickets(status=arguments.status, search=arguments.search, limit=arguments.limit)
        if arguments.json:
            output.print_json([output.ticket_json(ticket) for ticket in found])
        else:
            output.write("".join(_line(ticket) for ticket in found) or _("Aucun ticket.") + "\n")
        return output.DONE

    return _with_engine(arguments, config, show)


def run_outbox(arguments: argparse.Namespace, config: Config) -> int:
    """Every entry that is not done."""

    def show(engine: Engine) -> int:
        entries = [_entry_json(entry) for entry in engine.outbox()]
        if arguments.json:
            output.print_json(entries)
            return output.DONE
        lines = [
            f"{entry['ticket_number']}  {_(_KINDS[entry['kind']]):<12} {_(_STATES[entry['state']]):<22} "
            f"{age_words(float(entry['age_s'])):<8} {entry['error'] or ''}".rstrip()
            + "\n"
            for entry in entries
        ]
        output.write("".join(lines) or _("Rien n'attend d'être envoyé.") + "\n")
        return output.DONE

    return _with_engine(arguments, config, show)


def _with_engine(arguments: argparse.Namespace, config: Config, show: Callable[[Engine], int]) -> int:
    async def opened() -> int:
        engine = Engine.open(config, role="command")
        try:
            return show(engine)
        finally:
            await engine.aclose()

    try:
        return asyncio.run(opened())
    except GuichetError as error:
        output.print_problem(output.problem_of(error, config), as_json=arguments.json)
        return output.exit_code_of(error)


def _entry_json(entry: OutboxEntry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "ticket_number": entry.ticket_number,
        "kind": entry.kind.value,
        "state": entry.state.value,
        "attempts": entry.attempts,
        "next_attempt_at": output.time_text(entry.next_attempt_at),
        "age_s": int((datetime.now(UTC) - entry.created_at).total_seconds()),
        "error": entry.error,
    }


def _line(ticket: Ticket) -> str:
    sent = f"GLPI {ticket.glpi_ticket_id}" if ticket.glpi_ticket_id else _("à envoyer")
    status, priority = _status(ticket.status), _(PRIORITIES[ticket.priority][1])
    return f"{ticket.ticket_number}  {status:<10} {priority:<8} {sent:<10}  {ticket.title}\n"


def _status(status: str) -> str:
    """A status in words; one that we do not know as it is."""
    return _(_STATUSES[status]) if status in _STATUSES else status


def _print_ticket(ticket: Ticket) -> None:
    found = output.ticket_json(ticket)
    found |= {"status": _status(ticket.status), "priority": _(PRIORITIES[ticket.priority][1])}
    lines = []
    for key, label in _LABELS.items():
        value = found[key]
        if isinstance(value, list):
            value = ", ".join(value)
        elif isinstance(value, bool):
            value = _("oui") if value else _("non")
        if value not in (None, ""):
            lines.append(f"{_(label)} : {value}\n")
    output.write("".join(lines))


_STATUSES: Mapping[str, str] = {
    "open": "nouveau", "in_progress": "en cours", "pending": "en attente", "resolved": "résolu", "closed": "clos",
}  # fmt: skip
_KINDS: Mapping[str, str] = {
    "create": "ticket", "followup": "suivi", "check": "vérification", "audit": "contrôle",
}  # fmt: skip
_STATES: Mapping[str, str] = {
    "pending": "en attente", "sending": "envoi en cours", "unknown": "résultat inconnu", "failed": "refusé par GLPI",
    "conflict": "en conflit", "done": "fait",
}  # fmt: skip
_LABELS: Mapping[str, str] = {
    "ticket_number": "Numéro",
    "title": "Titre",
    "status": "État",
    "priority": "Priorité",
    "category": "Catégorie",
    "subcategory": "Sous-catégorie",
    "requester": "Demandeur",
    "created_at": "Créé",
    "updated_at": "Modifié",
    "resolved_at": "Résolu",
    "closed_at": "Clos",
    "glpi_ticket_id": "Ticket GLPI",
    "synced_to_glpi": "Transmis à GLPI",
    "ready_for_l1": "Prêt pour le support",
    "sync_note": "Remarque de l'envoi",
    "description": "Description",
}
"""What ``tickets show`` says to a person, in this order; ``--json`` has every key."""

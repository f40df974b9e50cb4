"""``guichet tickets`` and ``guichet outbox``: what is on this device, and what waits to be sent."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from engine import Config, GuichetError, OutboxEntry, Ticket
from engine.engine import Engine
from tui.cli import output
from tui.language import _
from tui.words import age_words


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
            sys.stdout.write("".join(_line(ticket) for ticket in found) or _("Aucun ticket.") + "\n")
        return output.DONE

    return _with_engine(arguments, config, show)


def run_outbox(arguments: argparse.Namespace, config: Config) -> int:
    """Every entry that is not done."""

    def show(engine: Engine) -> int:
        entries = [_entry_json(entry) for entry in engine.outbox()]
        if arguments.json:
            output.print_json(entries)
            return output.DONE
        for entry in entries:
            age = age_words(float(entry["age_s"]))
            sys.stdout.write(
                f"{entry['ticket_number']}  {entry['kind']:<9} {entry['state']:<8} {age}  {entry['error'] or ''}\n"
            )
        if not entries:
            sys.stdout.write(_("Rien n'attend d'être envoyé.") + "\n")
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
    return f"{ticket.ticket_number}  {ticket.status:<12} {ticket.priority.value:<9} {sent:<12} {ticket.title}\n"


def _print_ticket(ticket: Ticket) -> None:
    for key, value in output.ticket_json(ticket).items():
        shown = ", ".join(value) if isinstance(value, list) else value
        sys.stdout.write(f"{key} : {'' if shown is None else shown}\n")

"""``guichet tickets change|comment|refresh``: what a technician does to a ticket, here and in GLPI."""

from __future__ import annotations

import argparse
import asyncio
import sys

from engine import Config, EntryState, GuichetError, InvalidInput, NotAuthorised, Ticket
from engine.engine import Engine
from tui.cli import output
from tui.cli.delivering import wait_for_glpi
from tui.cli.records import print_ticket
from tui.language import _


def run(arguments: argparse.Namespace, config: Config) -> int:
    """The change, then one try to send it; exit codes as for ``new``."""
    try:
        return asyncio.run(_run(arguments, config))
    except GuichetError as error:
        output.print_problem(output.problem_of(error, config), as_json=arguments.json)
        return output.exit_code_of(error)


def require_technician(config: Config) -> None:
    """Raise NotAuthorised for anybody else."""
    from engine.opening import is_technician

    if not is_technician(config):
        raise NotAuthorised


async def _run(arguments: argparse.Namespace, config: Config) -> int:
    engine = Engine.open(config, role="command")
    try:
        ticket = await _done(engine, arguments, config)
        print_ticket(engine, engine.ticket(ticket.ticket_number), as_json=arguments.json)
        code = exit_code(engine, ticket.ticket_number)
        if code == output.NOT_IN_GLPI and not arguments.json:
            sys.stderr.write(_("Enregistré ici, pas encore dans GLPI : voyez « guichet outbox ».\n"))
        return code
    finally:
        await engine.aclose()


async def _done(engine: Engine, arguments: argparse.Namespace, config: Config) -> Ticket:
    number = arguments.number
    if arguments.verb == "refresh":
        ticket = engine.ticket(number)
        engine.ask_sync(number)
        await engine.sync("asked")
        return ticket
    require_technician(config)
    if arguments.verb == "change":
        ticket = engine.desk.change(
            number, status=arguments.status, priority=arguments.priority, category=arguments.category
        )
    else:
        ticket = engine.desk.comment(number, _text_of(arguments), is_private=arguments.private)
    await wait_for_glpi(engine, ticket.ticket_number, arguments.wait)
    return ticket


def _text_of(arguments: argparse.Namespace) -> str:
    if arguments.text is not None:
        return str(arguments.text)
    if sys.stdin is None or sys.stdin.isatty():
        raise InvalidInput("empty")
    return sys.stdin.buffer.read().decode("utf-8", "replace")


def exit_code(engine: Engine, ticket_number: str) -> int:
    """Whether everything of this ticket is in GLPI (or there is none), was refused, or waits."""
    if not engine.config.glpi.enabled:
        return output.DONE
    mine = [entry for entry in engine.outbox() if entry.ticket_number == ticket_number and entry.kind != "audit"]
    if any(entry.state in (EntryState.FAILED, EntryState.CONFLICT) for entry in mine):
        return output.REFUSED
    return output.NOT_IN_GLPI if mine else output.DONE

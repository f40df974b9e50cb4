"""``guichet outbox``: what waits to be sent to GLPI and why, and what a technician decides about it."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from engine import Config, GuichetError, OutboxEntry
from engine.engine import Engine
from tui.cli import output
from tui.cli.delivering import wait_for_glpi
from tui.cli.technician import exit_code, require_technician
from tui.language import _
from tui.reasons import reason
from tui.words import age_words


def run(arguments: argparse.Namespace, config: Config) -> int:
    """The list, or a decision and one try to send."""
    try:
        return asyncio.run(_run(arguments, config))
    except GuichetError as error:
        output.print_problem(output.problem_of(error, config), as_json=arguments.json)
        return output.exit_code_of(error)


async def _run(arguments: argparse.Namespace, config: Config) -> int:
    engine = Engine.open(config, role="command")
    try:
        if arguments.verb is None:
            _show(engine.outbox(), as_json=arguments.json)
            return output.DONE
        require_technician(config)
        entry = _decided(engine, arguments)
        if arguments.verb != "discard":
            await wait_for_glpi(engine, entry.ticket_number, arguments.wait)
        left = [one for one in engine.outbox() if one.ticket_number == entry.ticket_number]
        _show(left, as_json=arguments.json)
        return output.DONE if arguments.verb == "discard" else exit_code(engine, entry.ticket_number)
    finally:
        await engine.aclose()


def _decided(engine: Engine, arguments: argparse.Namespace) -> OutboxEntry:
    number = arguments.entry
    match arguments.verb:
        case "retry":
            return engine.desk.retry(number)
        case "discard":
            return engine.desk.discard(number)
    return engine.desk.edit(
        number,
        title=arguments.title,
        requester=arguments.requester,
        category=arguments.category,
        text=arguments.text,
    )


def _show(entries: list[OutboxEntry], *, as_json: bool) -> None:
    if as_json:
        output.print_json([_entry_json(entry) for entry in entries])
        return
    output.write("".join(_lines(entry) for entry in entries) or _("Rien n'attend d'être envoyé.") + "\n")


def _entry_json(entry: OutboxEntry) -> dict[str, Any]:
    why, fix = reason(entry.error)
    return {
        "id": entry.id,
        "ticket_number": entry.ticket_number,
        "kind": entry.kind.value,
        "state": entry.state.value,
        "attempts": entry.attempts,
        "next_attempt_at": output.time_text(entry.next_attempt_at),
        "age_s": _age_s(entry),
        "error": entry.error,
        "reason": why or None,
        "fix": fix or None,
    }


def _lines(entry: OutboxEntry) -> str:
    """One line for the entry; below it why it waits, and what to do when a person has to."""
    kind, state = _(_KINDS[entry.kind.value]), _(_STATES[entry.state.value])
    line = f"{entry.id:>5}  {entry.ticket_number}  {kind:<12} {state:<17} {age_words(_age_s(entry))}"
    why, fix = reason(entry.error)
    said = why if entry.state.value not in ("failed", "conflict") else f"{why} {fix}"
    return line.rstrip() + "\n" + (f"       {said}\n" if said.strip() else "")


def _age_s(entry: OutboxEntry) -> int:
    return max(int((datetime.now(UTC) - entry.created_at).total_seconds()), 0)


_KINDS: Mapping[str, str] = {
    "create": "ticket", "followup": "suivi IA", "check": "vérification", "audit": "contrôle", "update": "modification",
    "comment": "commentaire",
}  # fmt: skip
_STATES: Mapping[str, str] = {
    "pending": "en attente", "sending": "envoi en cours", "unknown": "résultat inconnu", "failed": "refusé par GLPI",
    "conflict": "en conflit", "done": "fait",
}  # fmt: skip

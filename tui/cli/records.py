"""``guichet tickets``: what is on this device, and what a technician does to it."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from engine import Config, Conflict, GuichetError, Priority, Ticket, TicketNote
from engine.engine import Engine
from tui.clean import one_line
from tui.cli import output
from tui.language import _
from tui.words import PRIORITIES, category_name, moment_of, status_words


def run_tickets(arguments: argparse.Namespace, config: Config) -> int:
    """A list of tickets, one of them, or a change to it."""
    if arguments.verb in ("change", "comment", "refresh"):
        from tui.cli import technician

        return technician.run(arguments, config)

    def show(engine: Engine) -> int:
        if arguments.number:
            print_ticket(engine, engine.ticket(arguments.number), as_json=arguments.json)
            return output.DONE
        found = engine.tickets(status=arguments.status, search=arguments.search, limit=arguments.limit)
        if arguments.json:
            output.print_json([output.ticket_json(ticket) for ticket in found])
        else:
            output.write("".join(_line(ticket) for ticket in found) or _("Aucun ticket.") + "\n")
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


def _line(ticket: Ticket) -> str:
    sent = f"GLPI {ticket.glpi_ticket_id}" if ticket.glpi_ticket_id else _("à envoyer")
    status, priority = status_words(ticket.status), _(PRIORITIES[ticket.priority][1])
    gone = f" ({_(_GONE[ticket.glpi_gone])})" if ticket.glpi_gone else ""
    return f"{ticket.ticket_number}  {status:<10} {priority:<8} {sent:<10}  {ticket.title}{gone}\n"


def _value(field: str, value: str) -> str:
    """What a field of a conflict had, as people read it; a category stays its code."""
    if field == "priority":
        return _(PRIORITIES[Priority(value)][1])
    return status_words(value) if field == "status" else value


def print_ticket(engine: Engine, ticket: Ticket, *, as_json: bool) -> None:
    """One ticket with its follow-ups and its conflicts."""
    notes, conflicts = engine.desk.notes(ticket.ticket_number), engine.desk.conflicts(ticket.ticket_number)
    if as_json:
        followups = [_note_json(note, engine.desk.author(note)) for note in notes]
        document = {"followups": followups, "conflicts": [_conflict_json(conflict) for conflict in conflicts]}
        output.print_json(output.ticket_json(ticket) | document)
        return
    zone = engine.config.kiosk.timezone
    _print_ticket(engine, ticket, zone)
    for note in notes:
        output.write(_note_text(note, engine.desk.author(note), zone))
    for conflict in conflicts:
        words = _("{when} : conflit sur {field} : ici {ours}, dans GLPI {theirs} ; gardé : {kept}.\n")
        ours, theirs = _value(conflict.field, conflict.ours), _value(conflict.field, conflict.theirs)
        kept = ours if conflict.kept == "ours" else theirs
        output.write(
            words.format(
                when=moment_of(conflict.at, zone), field=_(_FIELDS[conflict.field]), ours=ours, theirs=theirs, kept=kept
            )
        )


def _note_text(note: TicketNote, author: str | None, zone: str) -> str:
    said = _(_NOTES[note.kind]) + (_(" de {author}").format(author=one_line(author)) if author else "")
    return f"\n{said}{_(' (privé)') if note.is_private else ''}, {moment_of(note.at, zone)}\n{note.text}\n"


def _note_json(note: TicketNote, author: str | None) -> dict[str, Any]:
    return {
        "kind": note.kind,
        "author": author,
        "text": note.text,
        "at": output.time_text(note.at),
        "is_private": note.is_private,
        "glpi_id": note.glpi_id,
    }


def _conflict_json(conflict: Conflict) -> dict[str, Any]:
    values = {name: getattr(conflict, name) for name in ("field", "base", "ours", "theirs", "kept")}
    return values | {"at": output.time_text(conflict.at)}


def _print_ticket(engine: Engine, ticket: Ticket, zone: str) -> None:
    found, tree = output.ticket_json(ticket), engine.categories()
    for name in ("created_at", "updated_at", "resolved_at", "closed_at"):
        found[name] = moment_of(getattr(ticket, name), zone)
    for name in ("category", "subcategory", "glpi_category", "true_category"):
        found[name] = category_name(found[name], tree) if found[name] else None
    found |= {"status": status_words(ticket.status), "priority": _(PRIORITIES[ticket.priority][1])}
    found["glpi_gone"] = _(_GONE[ticket.glpi_gone]) if ticket.glpi_gone else None
    found["sync_note"] = ", ".join(_remark(code) for code in (ticket.sync_note or "").split(",") if code)
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


def _remark(code: str) -> str:
    """What could not be done as wanted in GLPI, in words; a code that we do not know as it is."""
    return _(_REMARKS[code]) if code in _REMARKS else code


_NOTES: Mapping[str, str] = {"followup": "Suivi", "solution": "Solution"}
_FIELDS: Mapping[str, str] = {"status": "l'état", "priority": "la priorité", "category": "la catégorie"}
_GONE: Mapping[str, str] = {
    "trashed": "à la corbeille", "purged": "supprimé définitivement", "hidden": "hors de la vue de ce compte",
    "gone": "supprimé, ou hors de la vue de ce compte",
}  # fmt: skip
_REMARKS: Mapping[str, str] = {
    "category_unmapped": "sans catégorie, faute d'équivalent dans GLPI",
    "requester_in_content": "adresse du demandeur dans le texte du ticket, inconnue de GLPI",
    "requester_left_out": "adresse du demandeur invalide, notée dans le texte du ticket",
    "requester_refused": "demandeur refusé par GLPI",
    "users_not_readable": "annuaire de GLPI illisible pour ce compte",
    "requester_repaired": "demandeur rétabli après la création",
    "priority_refused": "priorité refusée par GLPI",
    "priority_repaired": "priorité rétablie après la création",
    "group_refused": "groupe d'escalade refusé par GLPI",
    "opening_date_refused": "date d'ouverture refusée par GLPI",
    "duplicate_trashed": "un doublon mis à la corbeille",
    "duplicate_linked": "un doublon lié à ce ticket",
    "duplicate_left": "un doublon laissé dans GLPI",
    "duplicate_gone": "un doublon déjà supprimé",
    "discarded": "envoi abandonné par un technicien",
}
"""What ``sync_note`` may hold (``engine.creation``, ``engine.aftercare``, ``data.decisions``)."""
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
    "glpi_gone": "Dans GLPI",
    "glpi_category": "Catégorie dans GLPI",
    "true_category": "Catégorie corrigée",
    "synced_to_glpi": "Transmis à GLPI",
    "ready_for_l1": "Prêt pour le support",
    "sync_note": "Remarque de l'envoi",
    "description": "Description",
}
"""What ``tickets show`` says to a person, in this order; ``--json`` has every key."""

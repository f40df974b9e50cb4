"""How commands answer: JSON on stdout or lines of text, errors with what to do next, exit codes of spec section 8."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine import Config, ConfigError, GuichetError, InvalidInput, StoreUnavailable, Ticket
from tui.language import _
from tui.words import error_sentence

DONE, ERROR, USAGE, NEEDS_ANSWER, REFUSED, NOT_IN_GLPI = 0, 1, 2, 3, 4, 5
"""Exit codes."""


@dataclass(frozen=True)
class Problem:
    """An error as others read it."""

    code: str
    message: str
    fix: str

    def as_json(self) -> dict[str, str]:
        """``{"code", "message", "fix"}``."""
        return {"code": self.code, "message": self.message, "fix": self.fix}


def problem_of(error: GuichetError, config: Config | None = None) -> Problem:
    """What to say about an error, and what to do next."""
    if isinstance(error, ConfigError):
        where = f" ({error.source})" if error.source else ""
        return Problem(error.code, f"{error.key} : {error.problem}{where}.", error.fix)
    code = f"{error.code}.{error.reason}" if isinstance(error, (InvalidInput, StoreUnavailable)) else error.code
    message = _(_SENTENCES[code]) if code in _SENTENCES else error_sentence(error, config or Config())
    fix = _FIXES.get(code) or _FIXES.get(error.code, "Réessayez ; si cela persiste, consultez le journal.")
    return Problem(code, message, _(fix))


_SENTENCES: Mapping[str, str] = {
    "invalid_input.empty": "Le message est vide.",
    "invalid_input.no_text": "Le message ne contient pas de mots.",
    "invalid_input.too_long": "Le message dépasse 100 000 caractères.",
    "invalid_input.title_empty": "Le titre est vide.",
    "invalid_input.no_contact": "Il faut un message, ou un moyen de joindre le demandeur.",
    "session_expired": "Cette demande a plus de 30 minutes : elle a expiré.",
    "session_not_found": "Cette demande n'existe pas sur cet appareil.",
    "invalid_input.unknown_status": "Cet état n'existe pas.",
    "invalid_input.unknown_priority": "Cette priorité n'existe pas.",
    "invalid_input.unknown_category": "Cette catégorie n'existe pas.",
    "invalid_input.not_editable": "Cet envoi n'a pas cette valeur.",
    "entry_not_found": "Cet envoi n'existe pas, ou n'est pas à corriger.",
    "not_authorised": "Seul un technicien peut faire cela.",
    "illegal_step": "Ce n'est pas possible à cette étape de la demande.",
}
"""Where the counter speaks of keys and fields, a command has none."""
_FIXES: Mapping[str, str] = {
    "invalid_input.empty": "Donnez-le en argument ou sur l'entrée standard.",
    "invalid_input.no_contact": "Donnez un message, ou --requester ADRESSE.",
    "invalid_input": "Corrigez le texte et relancez la commande.",
    "invalid_input.unknown_status": "Choisissez open, in_progress, pending, resolved ou closed.",
    "invalid_input.unknown_priority": "Choisissez low, medium, high ou critical.",
    "invalid_input.unknown_category": "Voyez les codes avec « guichet categories ».",
    "invalid_input.not_editable": "Titre, demandeur et catégorie sont ceux d'un ticket, le texte celui d'un suivi.",
    "entry_not_found": "Voyez les envois et leur état avec « guichet outbox ».",
    "not_authorised": "Ajoutez votre nom à [l1] users dans kiosk.toml, ou demandez à un technicien.",
    "session_not_found": "Recommencez sans --session.",
    "session_expired": "Recommencez sans --session, avec le même texte.",
    "illegal_step": "Relancez avec --session seul pour voir où en est la demande.",
    "rate_limited": "Attendez une minute, puis relancez la commande.",
    "ticket_not_found": "Voyez les numéros avec « guichet tickets ».",
    "store_unavailable": "Vérifiez le chemin, les droits et l'espace de la base de données.",
}


def exit_code_of(error: GuichetError) -> int:
    """2 for a configuration error, else 1."""
    return USAGE if isinstance(error, ConfigError) else ERROR


def print_json(document: object) -> None:
    """One JSON document on a line of its own, readable as it is."""
    import json  # not needed for the first frame

    is_narrow = (sys.stdout.encoding or "").lower().replace("-", "") != "utf8"
    text = json.dumps(document, ensure_ascii=is_narrow, allow_nan=False)
    write((text if text.isascii() else text.encode("utf-8", "replace").decode()) + "\n")


def write(text: str) -> None:
    """Put text on stdout at once. A stdout that takes nothing (a full disk) is said on stderr; exit code 1."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        sys.stderr.write(_("guichet : la réponse ne peut pas être écrite.\n"))
        # What Python still holds is not written again at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(ERROR) from error


def print_problem(problem: Problem, *, as_json: bool) -> None:
    """The error on stdout as JSON, or on stderr in words."""
    if as_json:
        print_json({"error": problem.as_json()})
    else:
        sys.stderr.write(f"guichet : {problem.message}\n{problem.fix}\n")


def time_text(at: datetime | None) -> str | None:
    """``YYYY-MM-DDTHH:MM:SSZ``."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ") if at else None


def ticket_json(ticket: Ticket) -> dict[str, Any]:
    """A ticket with the keys of spec section 5."""
    return {
        "ticket_number": ticket.ticket_number,
        "title": ticket.title,
        "description": ticket.description,
        "user_message": ticket.user_message,
        "category": ticket.category,
        "subcategory": ticket.subcategory,
        "priority": ticket.priority.value,
        "status": ticket.status,
        "requester": ticket.requester,
        "confidence": ticket.confidence,
        "symptoms": list(ticket.symptoms),
        "validation_method": ticket.validation_method.value,
        "modified": ticket.modified,
        "engine": ticket.engine,
        "glpi_ticket_id": ticket.glpi_ticket_id,
        "synced_to_glpi": ticket.synced_to_glpi,
        "glpi_sync_at": time_text(ticket.glpi_sync_at),
        "glpi_last_update": time_text(ticket.glpi_updated_at),
        "ready_for_l1": ticket.ready_for_l1,
        "identified_by": ticket.identified_by,
        "created_at": time_text(ticket.created_at),
        "updated_at": time_text(ticket.updated_at),
        "resolved_at": time_text(ticket.resolved_at),
        "closed_at": time_text(ticket.closed_at),
        "sync_note": ticket.sync_note,
        "glpi_category": ticket.glpi_category,
        "true_category": ticket.true_category,
        "glpi_gone": ticket.glpi_gone,
    }

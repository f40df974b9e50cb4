"""What ``guichet new`` answers: one JSON document for programs, lines of text for people."""

from __future__ import annotations

from typing import Any

from engine import Action, Session, Stage, Ticket
from engine.engine import Engine
from tui.cli import output
from tui.language import _
from tui.words import PRIORITIES, confidence_words, sending_words

KEYS = (
    "session_id", "session_status", "action", "message", "title", "category", "category_name", "subcategory",
    "priority", "confidence", "symptoms", "extracted_info", "missing_info", "questions", "clarification_attempts",
    "max_attempts", "expires_at", "ticket_number", "glpi_ticket_id", "synced_to_glpi", "status", "ready_for_l1",
    "created_at", "engine", "error",
)  # fmt: skip
"""Keys of the answer, always all of them (spec section 8)."""


def answer_json(engine: Engine, session: Session, ticket: Ticket | None) -> dict[str, Any]:
    """The document of ``guichet new --json``: every key of spec section 8, null when unknown."""
    draft = session.draft
    category = ticket.category if ticket else (draft.category if draft else None)
    subcategory = ticket.subcategory if ticket else (draft.subcategory if draft else None)
    asks = session.stage is Stage.CLARIFYING and draft is not None
    names = {node.code: node.name for node in engine.categories()}
    return {
        "session_id": session.id,
        "session_status": session.status.value,
        "action": session.action.value if session.action else None,
        "message": _message(engine, session, ticket),
        "title": ticket.title if ticket else (draft.title if draft else None),
        "category": category,
        "category_name": names.get(category or ""),
        "subcategory": subcategory,
        "priority": (ticket.priority if ticket else draft.priority).value if ticket or draft else None,  # type: ignore[union-attr]
        "confidence": draft.confidence if draft else None,
        "symptoms": list(ticket.symptoms if ticket else draft.symptoms) if ticket or draft else None,  # type: ignore[union-attr]
        "extracted_info": dict(draft.extracted_info) if draft else None,
        "missing_info": list(draft.missing_info) if draft else None,
        "questions": [
            {"key": q.key, "text": q.text, "answers": list(q.answers)}
            for q in (draft.questions if draft and asks else ())
        ],
        "clarification_attempts": session.attempts,
        "max_attempts": engine.config.triage.max_attempts,
        "expires_at": output.time_text(session.expires_at),
        "ticket_number": ticket.ticket_number if ticket else None,
        "glpi_ticket_id": ticket.glpi_ticket_id if ticket else None,
        "synced_to_glpi": ticket.synced_to_glpi if ticket else None,
        "status": ticket.status if ticket else None,
        "ready_for_l1": ticket.ready_for_l1 if ticket else None,
        "created_at": output.time_text(ticket.created_at) if ticket else None,
        "engine": draft.engine if draft else None,
        "error": None,
    }


def _message(engine: Engine, session: Session, ticket: Ticket | None) -> str:
    """What the counter says now."""
    if ticket is not None and session.action is Action.ESCALATE:
        return _("Votre demande est confiée à un technicien : ticket {n}.").format(n=ticket.ticket_number)
    if ticket is not None:
        return _("Votre ticket est enregistré : {n}.").format(n=ticket.ticket_number)
    draft = session.draft
    match session.stage:
        case Stage.VALIDATING:
            return _("Voici ce que j'ai compris…")
        case Stage.EDITING:
            return _("Que faut-il changer ? Le titre et les symptômes peuvent l'être.")
        case Stage.REVIEWING if draft is not None:
            from tui.words import category_question

            return category_question(draft, engine.categories())
        case Stage.CLARIFYING if session.action is Action.TOO_VAGUE:
            return _("Votre message est trop vague : quelques précisions m'aideront.")
        case Stage.CLARIFYING:
            return _("J'ai besoin de quelques précisions.")
    return _("Cette demande est terminée.")


def in_words(engine: Engine, session: Session, ticket: Ticket | None, document: dict[str, Any]) -> str:
    """The same for a person at a prompt."""
    lines = [document["message"]]
    if document["title"] and not document["questions"]:
        lines.append(f"  {document['title']}")
        facts = [document["category_name"], _(PRIORITIES[document["priority"]][1])]
        if session.draft is not None and ticket is None:
            facts.append(confidence_words(session.draft, engine.config))
        lines.append("  " + " · ".join(fact for fact in facts if fact))
        lines += [f"  - {symptom}" for symptom in document["symptoms"] or ()]
    for question in document["questions"]:
        lines.append(f"  ? {question['text']}")
        lines += [f"      {number}. {answer}" for number, answer in enumerate(question["answers"], start=1)]
    if ticket is not None and document["error"] is None:
        lines.append(sending_words(ticket, engine.config))
    elif ticket is None and not session.stage.is_final:
        choices = '--answer "…"' if document["questions"] else '--confirm, --title "…" ou --answer "…"'
        lines.append(
            _("Pour continuer : guichet new --session {id} suivi de {choices} (--human : un technicien).").format(
                id=session.id, choices=choices
            )
        )
    return "\n".join(lines) + "\n"

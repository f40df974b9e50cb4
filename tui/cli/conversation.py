"""``guichet new``: the whole conversation as one command a step, for people at a prompt and for programs."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from engine import (
    Action,
    Config,
    ConversationEvent,
    EntryState,
    GuichetError,
    InvalidInput,
    Session,
    Stage,
    Ticket,
    TicketCreated,
)
from engine.engine import Engine
from tui.cli import output
from tui.language import _
from tui.words import category_name

KEYS = (
    "session_id", "session_status", "action", "message", "title", "category", "category_name", "subcategory",
    "priority", "confidence", "symptoms", "extracted_info", "missing_info", "questions", "clarification_attempts",
    "max_attempts", "expires_at", "ticket_number", "glpi_ticket_id", "synced_to_glpi", "status", "ready_for_l1",
    "created_at", "engine", "error",
)  # fmt: skip
"""Keys of the answer, always all of them (spec section 8)."""

FREE = "free"
"""Key of an answer that belongs to no question in particular."""


def run(arguments: argparse.Namespace, config: Config) -> int:
    """Carry out one step of a conversation."""
    try:
        return asyncio.run(_new(arguments, config))
    except GuichetError as error:
        problem = output.problem_of(error, config)
        if arguments.json:
            output.print_json(dict.fromkeys(KEYS) | {"session_id": arguments.session, "error": problem.as_json()})
        else:
            output.print_problem(problem, as_json=False)
        return output.exit_code_of(error)


async def _new(arguments: argparse.Namespace, config: Config) -> int:
    text = _text_of(arguments)
    engine = Engine.open(config, role="command")
    try:
        session, ticket = await _converse(engine, arguments, text)
        if ticket is not None:
            async with aclosing(engine.deliver(wait_s=arguments.wait, ticket_number=ticket.ticket_number)) as events:
                async for _event in events:
                    pass
            ticket = engine.ticket(ticket.ticket_number)
        return _report(engine, session, ticket, as_json=arguments.json)
    finally:
        await engine.aclose()


def _text_of(arguments: argparse.Namespace) -> str | None:
    """The message: the argument, or standard input when nothing else says what to do."""
    if arguments.session is not None:
        return None
    if arguments.text is not None:
        return str(arguments.text)
    if sys.stdin is None or sys.stdin.isatty():
        return None
    data = sys.stdin.buffer.read()
    if not data.strip() and arguments.human:
        return None
    return data.decode("utf-8", "replace")


async def _converse(engine: Engine, arguments: argparse.Namespace, text: str | None) -> tuple[Session, Ticket | None]:
    """Take the steps that the arguments ask for."""
    if arguments.session is not None:
        session = engine.session(arguments.session)
    else:
        if text is None and not arguments.human:
            raise InvalidInput("empty")
        if text is not None:
            engine.check_text(text)
        session = engine.begin(requester_email=arguments.requester, identified_by="typed")
    created: TicketCreated | None = None
    if text is not None:
        session, created = await _last(engine.say(session.id, text), session)
    for answer in [arguments.answer] if arguments.answer else []:
        session, created = await _last(_answering(engine, session, answer), session)
    if created is None:
        created = _decide(engine, arguments, session)
    if created is not None:
        return created.session, created.ticket
    session = engine.session(session.id)
    return session, engine.ticket(session.ticket_number) if session.ticket_number else None


def _answering(engine: Engine, session: Session, answers: list[str]) -> AsyncGenerator[ConversationEvent]:
    """An answer to the questions, or a typed reply to a summary, as the session stands."""
    if session.stage in (Stage.VALIDATING, Stage.REVIEWING, Stage.EDITING):
        return engine.reply(session.id, " ".join(answers))
    questions = session.draft.questions if session.draft else ()
    if len(answers) == 1 and len(questions) != 1:
        ready = next((q.key for q in questions if answers[0] in q.answers and answers[0] != q.answers[-1]), FREE)
        return engine.answer(session.id, [(ready, answers[0])])
    keys = [question.key for question in questions] + [FREE] * len(answers)
    return engine.answer(session.id, list(zip(keys, answers, strict=False)))


def _decide(engine: Engine, arguments: argparse.Namespace, session: Session) -> TicketCreated | None:
    """What the requester decides about the summary, if anything."""
    if arguments.human:
        return engine.ask_human(session.id, contact=arguments.requester)
    draft = session.draft
    if arguments.title is not None or arguments.symptom:
        title = arguments.title if arguments.title is not None else (draft.title if draft else "")
        symptoms = arguments.symptom if arguments.symptom else (draft.symptoms if draft else ())
        return engine.edit(session.id, title, symptoms)
    if arguments.confirm:
        if session.stage is Stage.EDITING:
            engine.close_form(session.id)
        return engine.confirm(session.id)
    if arguments.yes and session.stage in (Stage.VALIDATING, Stage.REVIEWING):
        return engine.confirm(session.id)
    return None


async def _last(events: AsyncGenerator[ConversationEvent], session: Session) -> tuple[Session, TicketCreated | None]:
    """Follow a conversation to where it stops."""
    created = None
    async with aclosing(events) as stream:
        async for event in stream:
            if isinstance(event, TicketCreated):
                created, session = event, event.session
            elif hasattr(event, "session"):
                session = event.session
    return session, created


# --- the answer -------------------------------------------------------------------------------------------------


def _report(engine: Engine, session: Session, ticket: Ticket | None, *, as_json: bool) -> int:
    code = _exit_code(engine, session, ticket)
    document = answer_json(engine, session, ticket)
    if code == output.REFUSED:
        document["error"] = output.Problem(
            "refused_by_glpi",
            _("GLPI a refusé ce ticket ; il est conservé ici."),
            _("Voyez la raison avec « guichet outbox »."),
        ).as_json()
    if as_json:
        output.print_json(document)
    else:
        _print_words(document, ticket)
    return code


def _exit_code(engine: Engine, session: Session, ticket: Ticket | None) -> int:
    if ticket is None:
        return output.NEEDS_ANSWER if not session.stage.is_final else output.ERROR
    if ticket.synced_to_glpi or not engine.config.glpi.enabled:
        return output.DONE
    refused = any(
        entry.ticket_number == ticket.ticket_number and entry.state is EntryState.FAILED for entry in engine.outbox()
    )
    return output.REFUSED if refused else output.NOT_IN_GLPI


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
        case Stage.VALIDATING | Stage.EDITING:
            return _("Voici ce que j'ai compris…")
        case Stage.REVIEWING if draft is not None:
            from tui.words import category_question

            return category_question(draft, engine.categories())
        case Stage.CLARIFYING if session.action is Action.TOO_VAGUE:
            return _("Votre message est trop vague : quelques précisions m'aideront.")
        case Stage.CLARIFYING:
            return _("J'ai besoin de quelques précisions.")
    return _("Cette demande est terminée.")


def _print_words(document: dict[str, Any], ticket: Ticket | None) -> None:
    """The same for a person at a prompt."""
    lines = [document["message"]]
    if document["title"] and not document["questions"]:
        lines.append(f"  {document['title']}")
        lines.append(f"  {document['category_name']} · {document['priority']} · {document['confidence']:.0%}")
        lines += [f"  - {symptom}" for symptom in document["symptoms"] or ()]
    for question in document["questions"]:
        lines.append(f"  ? {question['text']}")
        lines += [f"      {number}. {answer}" for number, answer in enumerate(question["answers"], start=1)]
    if ticket is None:
        lines.append(_("Pour continuer : guichet new --session {id} …").format(id=document["session_id"]))
    elif ticket.glpi_ticket_id is not None:
        lines.append(_("GLPI n° {n}.").format(n=ticket.glpi_ticket_id))
    else:
        lines.append(_("Enregistré sur cet appareil, sera transmis."))
    sys.stdout.write("\n".join(lines) + "\n")


__all__ = ["KEYS", "answer_json", "category_name", "run"]

"""``guichet new``: the whole conversation as one command a step, for people at a prompt and for programs."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace

from engine import (
    Config,
    ConversationEvent,
    EntryState,
    GuichetError,
    InvalidInput,
    ReplyUnclear,
    Session,
    SessionExpired,
    SessionStatus,
    Stage,
    StoreUnavailable,
    Ticket,
    TicketCreated,
)
from engine.engine import Engine
from tui.clean import one_line
from tui.cli import output
from tui.cli.answer import KEYS, answer_json, in_words
from tui.cli.delivering import wait_for_glpi
from tui.language import _

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
        outcome = await _converse(engine, arguments, _begun(engine, arguments, text), text)
        if outcome.ticket is not None:
            try:
                await wait_for_glpi(engine, outcome.ticket.ticket_number, arguments.wait)
                outcome = replace(outcome, ticket=engine.ticket(outcome.ticket.ticket_number))
            except StoreUnavailable as error:
                outcome = replace(outcome, error=error)
        return _report(engine, outcome, as_json=arguments.json)
    finally:
        await engine.aclose()


@dataclass(frozen=True)
class _Outcome:
    """Where a conversation stands after this command."""

    session: Session
    ticket: Ticket | None = None
    error: GuichetError | None = None
    """Why the last step was not taken; nothing is lost by it."""
    is_unclear: bool = False
    """Whether a reply was neither yes, no nor change."""


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


def _begun(engine: Engine, arguments: argparse.Namespace, text: str | None) -> Session:
    """The session to speak about: the one given, or a new one."""
    if arguments.session is not None:
        session = engine.session(arguments.session)
        if arguments.requester and not session.stage.is_final:
            session = engine.introduce(session.id, one_line(arguments.requester))
        return session
    if text is None and not arguments.human:
        raise InvalidInput("empty")
    if text is not None:
        engine.check_text(text)
    requester = one_line(arguments.requester).strip() if arguments.requester else None
    return engine.begin(requester_email=requester, identified_by="typed")


async def _converse(engine: Engine, arguments: argparse.Namespace, session: Session, text: str | None) -> _Outcome:
    """Take the steps that the arguments ask for, as far as they can be taken."""
    created, is_unclear = None, False
    try:
        if text is not None:
            session, created, _unclear = await _last(engine.say(session.id, text), session)
        elif session.stage is Stage.TRIAGING and not arguments.human:
            session, created, _unclear = await _last(engine.resume(session.id), session)
        if arguments.answer and session.ticket_number is None:
            session, created, is_unclear = await _last(_answering(engine, session, arguments.answer), session)
        is_open = not is_unclear and not (arguments.answer and session.stage is Stage.EDITING)
        created = created or (_decide(engine, arguments, session) if is_open else None)
    except GuichetError as error:
        if engine.session(session.id).draft is None:
            engine.abandon(session.id)
            raise
        return _Outcome(engine.session(session.id), None, error)
    if created is not None:
        return _Outcome(created.session, created.ticket)
    session = engine.session(session.id)
    return _Outcome(session, engine.ticket(session.ticket_number) if session.ticket_number else None, None, is_unclear)


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
    if arguments.confirm or (arguments.yes and session.stage in (Stage.VALIDATING, Stage.REVIEWING, Stage.EDITING)):
        if session.stage is Stage.EDITING:
            engine.close_form(session.id)
        return engine.confirm(session.id)
    return None


async def _last(
    events: AsyncGenerator[ConversationEvent], session: Session
) -> tuple[Session, TicketCreated | None, bool]:
    """Follow a conversation to where it stops: session, ticket, and whether a reply was unclear."""
    created, is_unclear = None, False
    async with aclosing(events) as stream:
        async for event in stream:
            if isinstance(event, TicketCreated):
                created, session = event, event.session
            elif hasattr(event, "session"):
                session = event.session
            is_unclear = isinstance(event, ReplyUnclear)
    return session, created, is_unclear


# --- the answer -------------------------------------------------------------------------------------------------


def _report(engine: Engine, outcome: _Outcome, *, as_json: bool) -> int:
    session, ticket = outcome.session, outcome.ticket
    problem = _problem(engine, outcome)
    document = answer_json(engine, session, ticket)
    if outcome.is_unclear:
        document["message"] = _("Est-ce oui ou non ? Répondez « oui », « non » ou « modifier ».")
    document["error"] = problem.as_json() if problem else None
    if as_json:
        output.print_json(document)
    else:
        output.write(in_words(engine, session, ticket, document))
        if problem is not None:
            output.print_problem(problem, as_json=False)
    return _exit_code(engine, outcome)


def _exit_code(engine: Engine, outcome: _Outcome) -> int:
    session, ticket = outcome.session, outcome.ticket
    if ticket is None:
        return output.ERROR if outcome.error is not None or session.stage.is_final else output.NEEDS_ANSWER
    if outcome.error is not None:
        return output.NOT_IN_GLPI
    if ticket.synced_to_glpi or not engine.config.glpi.enabled:
        return output.DONE
    refused = any(
        entry.ticket_number == ticket.ticket_number and entry.state is EntryState.FAILED for entry in engine.outbox()
    )
    return output.REFUSED if refused else output.NOT_IN_GLPI


def _problem(engine: Engine, outcome: _Outcome) -> output.Problem | None:
    """What keeps this from being done, besides an answer."""
    session, ticket = outcome.session, outcome.ticket
    if outcome.error is not None:
        return output.problem_of(outcome.error, engine.config)
    if ticket is None and session.status is SessionStatus.EXPIRED:
        return output.problem_of(SessionExpired(session.id), engine.config)
    if ticket is None and session.stage.is_final:
        message = _("Cette demande est terminée : elle a été abandonnée, ou remplacée par la suivante.")
        return output.Problem("illegal_step", message, _("Recommencez sans --session, ou avec l'identifiant suivant."))
    code, cause = _exit_code(engine, outcome), engine.sync_refusal()
    if code == output.NOT_IN_GLPI and cause is not None:
        message = _("Enregistré ici ; GLPI refuse cette installation ({cause}).").format(cause=cause)
        return output.Problem("glpi_refuses_us", message, _("Vérifiez l'adresse de l'API, les jetons et le profil."))
    if code != output.REFUSED:
        return None
    return output.Problem(
        "refused_by_glpi",
        _("GLPI a refusé ce ticket ; il est conservé ici."),
        _("Voyez la raison avec « guichet outbox »."),
    )


__all__ = ["KEYS", "run"]

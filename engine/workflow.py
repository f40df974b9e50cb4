"""The conversation as a table: one pure function takes a session and an event and returns the next session.

It reads no clock, no file and no network: events carry their time, ids and texts (masked before they come here).
What happens around a step (saving it, asking a triage, writing the ticket) is the engine's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType

from data.records import UNCATEGORISED, Action, Draft, Question, Session, SessionStatus, Stage, Turn

LIFETIME = timedelta(minutes=30)
"""A session expires this long after its creation."""

TITLE_LIMIT = 200
"""Characters a person may write as a title."""


class IllegalEvent(Exception):
    """This event makes no sense at this stage; nothing was changed."""


@dataclass(frozen=True)
class Rules:
    """The numbers a site may change."""

    auto_validate: float = 0.85
    confirm_summary: float = 0.60
    ask_clarification: float = 0.30
    max_attempts: int = 3


# --- events ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Said:
    """The requester said what is wrong."""

    text: str
    at: datetime


@dataclass(frozen=True)
class Triaged:
    """An engine has read the turns."""

    draft: Draft
    at: datetime


@dataclass(frozen=True)
class Answered:
    """One round of answers: (question key, text) each."""

    answers: tuple[tuple[str, str], ...]
    child_id: str
    at: datetime


@dataclass(frozen=True)
class Confirmed:
    """The requester said yes."""

    at: datetime


@dataclass(frozen=True)
class EditOpened:
    """The requester wants to change something."""

    at: datetime
    words: str = ""
    """What they typed, when they did not press a key."""


@dataclass(frozen=True)
class Edited:
    """The requester's own title and symptoms; there is nothing else an edit could carry."""

    title: str
    symptoms: tuple[str, ...]
    at: datetime


@dataclass(frozen=True)
class EditCancelled:
    """The form was closed without a change."""

    at: datetime


@dataclass(frozen=True)
class Refused:
    """The requester said no; ``question`` asks what is wrong."""

    question: Question
    at: datetime
    words: str = ""
    """What they typed, when they did not press a key."""


@dataclass(frozen=True)
class HumanAsked:
    """The requester wants a person."""

    at: datetime


@dataclass(frozen=True)
class Abandoned:
    """The requester left."""

    at: datetime


@dataclass(frozen=True)
class Expired:
    """30 minutes are over."""

    at: datetime


Event = (
    Said | Triaged | Answered | Confirmed | EditOpened | Edited | EditCancelled
    | Refused | HumanAsked | Abandoned | Expired
)  # fmt: skip


@dataclass(frozen=True)
class Step:
    """What a step leads to."""

    session: Session
    child: Session | None = None
    """The session that goes on, when a round of answers replaced this one."""


# --- the rules, each named for what it does ------------------------------------------------------------


def _hear(session: Session, event: Said, rules: Rules) -> Step:
    turn = Turn("requester", event.text, event.at)
    return Step(replace(session, stage=Stage.TRIAGING, turns=(*session.turns, turn)))


def _decide(session: Session, event: Triaged, rules: Rules) -> Step:
    draft = event.draft
    if draft.category == UNCATEGORISED and draft.confidence >= rules.ask_clarification:
        draft = replace(draft, confidence=max(0.0, rules.ask_clarification - 0.01))
    action, stage = action_for(draft.confidence, session.attempts, rules)
    status = SessionStatus.CONVERTED if stage is Stage.ESCALATED else session.status
    return Step(replace(session, draft=draft, action=action, stage=stage, status=status))


def action_for(confidence: float, attempts: int, rules: Rules) -> tuple[Action, Stage]:
    """Which of the four actions a confidence asks for, and the stage it leads to."""
    if confidence >= rules.auto_validate:
        return Action.AUTO_VALIDATE, Stage.VALIDATING
    if confidence >= rules.confirm_summary:
        return Action.CONFIRM_SUMMARY, Stage.REVIEWING
    if attempts >= rules.max_attempts:
        return Action.ESCALATE, Stage.ESCALATED
    if confidence >= rules.ask_clarification:
        return Action.ASK_CLARIFICATION, Stage.CLARIFYING
    return Action.TOO_VAGUE, Stage.CLARIFYING


def _open_child(session: Session, event: Answered, rules: Rules) -> Step:
    turns = (*session.turns, *_round(session, event))
    status = SessionStatus.TOO_VAGUE if session.action is Action.TOO_VAGUE else SessionStatus.INVALIDATED
    child = replace(
        session,
        id=event.child_id,
        created_at=event.at,
        expires_at=event.at + LIFETIME,
        stage=Stage.TRIAGING,
        turns=turns,
        attempts=session.attempts + 1,
        parent_id=session.id,
        action=None,
    )
    return Step(replace(session, stage=Stage.REPLACED, status=status, reason="replaced"), child)


def _round(session: Session, event: Answered) -> list[Turn]:
    """Each answer after its question; an answer to no question in particular comes after all of them."""
    questions = session.draft.questions if session.draft else ()
    asked = {question.key: question.text for question in questions}
    turns: list[Turn] = []
    for key, text in event.answers:
        question = asked.get(key) or " ".join(asked.values())
        if question:
            turns.append(Turn("guichet", question, event.at, key))
        turns.append(Turn("requester", text, event.at, key))
    return turns


def _confirm(session: Session, event: Confirmed, rules: Rules) -> Step:
    return Step(replace(session, stage=Stage.CONFIRMED, status=SessionStatus.CONVERTED))


def _open_form(session: Session, event: EditOpened, rules: Rules) -> Step:
    return Step(replace(_with_words(session, event.words, event.at), stage=Stage.EDITING))


def _close_form(session: Session, event: EditCancelled, rules: Rules) -> Step:
    back = Stage.VALIDATING if session.action is Action.AUTO_VALIDATE else Stage.REVIEWING
    return Step(replace(session, stage=back))


def _edit(session: Session, event: Edited, rules: Rules) -> Step:
    assert session.draft is not None, "EDITING has a draft"
    draft = replace(session.draft, title=event.title, symptoms=event.symptoms)
    changed = (draft.title, draft.symptoms) != (session.draft.title, session.draft.symptoms)
    edited = replace(session, draft=draft, modified=session.modified or changed)
    return Step(replace(edited, stage=Stage.CONFIRMED, status=SessionStatus.CONVERTED))


def _ask_what_is_wrong(session: Session, event: Refused, rules: Rules) -> Step:
    session = _with_words(session, event.words, event.at)
    if session.attempts >= rules.max_attempts:
        return Step(replace(session, stage=Stage.ESCALATED, status=SessionStatus.CONVERTED, action=Action.ESCALATE))
    assert session.draft is not None, "a summary has a draft"
    draft = replace(session.draft, questions=(event.question,))
    return Step(replace(session, draft=draft, stage=Stage.CLARIFYING, action=Action.ASK_CLARIFICATION))


def _with_words(session: Session, words: str, at: datetime) -> Session:
    """The session with a typed reply as a turn of its own, so that nothing said is lost."""
    return replace(session, turns=(*session.turns, Turn("requester", words, at, "reply"))) if words else session


def _call_human(session: Session, event: HumanAsked, rules: Rules) -> Step:
    return Step(replace(session, stage=Stage.ESCALATED, status=SessionStatus.CONVERTED, action=Action.ESCALATE))


def _abandon(session: Session, event: Abandoned, rules: Rules) -> Step:
    return Step(replace(session, stage=Stage.ABANDONED, status=SessionStatus.INVALIDATED, reason="abandoned"))


def _expire(session: Session, event: Expired, rules: Rules) -> Step:
    return Step(replace(session, stage=Stage.EXPIRED, status=SessionStatus.EXPIRED))


Rule = Callable[[Session, "Event", Rules], Step]

_EVERYWHERE: Mapping[type, Callable[..., Step]] = {HumanAsked: _call_human, Abandoned: _abandon, Expired: _expire}

_OWN: Mapping[Stage, Mapping[type, Callable[..., Step]]] = {
    Stage.DESCRIBING: {Said: _hear},
    Stage.TRIAGING: {Triaged: _decide},
    Stage.CLARIFYING: {Answered: _open_child},
    Stage.VALIDATING: {Confirmed: _confirm, EditOpened: _open_form, Refused: _ask_what_is_wrong},
    Stage.REVIEWING: {Confirmed: _confirm, EditOpened: _open_form, Refused: _ask_what_is_wrong},
    Stage.EDITING: {Edited: _edit, EditCancelled: _close_form},
}

TABLE: Mapping[tuple[Stage, type], Callable[..., Step]] = MappingProxyType(
    {(stage, event): rule for stage, own in _OWN.items() for event, rule in {**own, **_EVERYWHERE}.items()}
)
"""(stage, event) -> rule. What is not in here is illegal; final stages have no line."""


def step(session: Session, event: Event, rules: Rules) -> Step:
    """Take one step.

    An event later than ``session.expires_at`` expires the session instead; the caller sees it by the stage.

    Raises:
        IllegalEvent: This event makes no sense at this stage.
    """
    rule = TABLE.get((session.stage, type(event)))
    if rule is None:
        raise IllegalEvent(f"{type(event).__name__} at {session.stage}")
    if event.at >= session.expires_at and not isinstance(event, Abandoned):
        return _expire(session, Expired(event.at), rules)
    return rule(session, event, rules)

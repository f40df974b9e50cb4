"""Conversation: what a person can do between the first word and the ticket, one short coroutine each.

Every action re-reads the session from the database, takes one step of the workflow and saves it; the screen holds
an id and what it shows. A text is cleaned and masked before anything else sees it.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from data.errors import SessionNotOpen
from data.records import Event, Priority, Session, SessionStatus, Stage, Ticket
from engine import filing, masking, workflow
from engine.config import Config
from engine.errors import (
    IllegalStep,
    InvalidInput,
    RateLimited,
    SessionExpired,
    SessionNotFound,
    TicketNotFound,
)
from engine.events import ConversationEvent, ReplyUnclear, SecretsMasked, SessionChanged, TicketCreated
from engine.translate import acceptable_email
from engine.triage.contract import Context, Triage

if TYPE_CHECKING:
    from data.store import Store
    from engine.triage.cascade import Cascade

MESSAGE_LIMIT = 100_000
"""Code points of one message (spec section 3.1)."""

_CONTACT_LIMIT = 320
"""Code points of an address, or of how else to reach somebody."""

_log = logging.getLogger("guichet")


class Conversation:
    """The requester's half of the engine; the other half, the delivery, meets it only in the outbox."""

    def __init__(
        self,
        config: Config,
        store: Store,
        cascade: Cascade,
        *,
        device: str,
        is_limited: bool,
        now: Callable[[], datetime],
        filed: Callable[[], None],
    ) -> None:
        """``filed`` is called when a ticket was put into the outbox; the rest as ``Engine``."""
        self.config = config
        self._store, self._cascade = store, cascade
        self._device, self._is_limited, self._now, self._filed = device, is_limited, now, filed
        self._masks: dict[str, masking.Masks] = {}
        t = config.triage
        self._rules = workflow.Rules(t.auto_validate, t.confirm_summary, t.ask_clarification, t.max_attempts)

    # --- as it happens --------------------------------------------------------------------------------------

    def begin(self, *, requester_email: str | None = None, identified_by: str = "none") -> Session:
        """Open a session. An address GLPI could not take is kept with the ticket all the same."""
        at = self._now()
        session = Session(
            id=str(uuid.uuid4()),
            created_at=at,
            expires_at=at + workflow.LIFETIME,
            requester_email=(address := masking.clean(requester_email or "").strip()[:_CONTACT_LIMIT]) or None,
            identified_by=identified_by if address else "none",
            device=self._device,
        )
        self._store.save_session(session)
        return session

    def introduce(self, session_id: str, requester_email: str, identified_by: str = "typed") -> Session:
        """The requester says who they are in the middle of a conversation."""
        session = self._live(session_id)
        address = masking.clean(requester_email).strip()[:_CONTACT_LIMIT]
        if not address or session.stage.is_final:
            return session
        known = replace(session, requester_email=address, identified_by=identified_by)
        self._save(session, known)
        return known

    def session(self, session_id: str) -> Session:
        """The session as the database has it. Raises SessionNotFound."""
        session = self._store.session(session_id)
        if session is None:
            raise SessionNotFound(session_id)
        return session

    async def say(self, session_id: str, text: str) -> AsyncGenerator[ConversationEvent]:
        """The first message.

        Yields:
            SecretsMasked if something was, SessionChanged (TRIAGING), then SessionChanged with the outcome, or
            TicketCreated when it escalated by itself.

        Raises:
            InvalidInput: ``empty`` or ``too_long``; nothing was stored.
            RateLimited: Too many analyses; nothing was stored.
            SessionExpired: Start again.
            IllegalStep: Not at this stage.
        """
        masked = self._masked(session_id, text)
        self._limit("ANALYSIS_STARTED", self.config.triage.analyses_per_minute, 60)
        session = self._step(session_id, workflow.Said(masked.text, self._now())).session
        if masked.kinds:
            yield SecretsMasked(masked.kinds)
        async with aclosing(self._triage(session)) as events:
            async for event in events:
                yield event

    async def resume(self, session_id: str) -> AsyncGenerator[ConversationEvent]:
        """Read again what a process that was killed did not get to read; yields as ``say``."""
        session = self._live(session_id)
        if session.stage is Stage.TRIAGING:
            async with aclosing(self._triage(session)) as events:
                async for event in events:
                    yield event

    async def answer(self, session_id: str, answers: Sequence[tuple[str, str]]) -> AsyncGenerator[ConversationEvent]:
        """One round of answers, (question key, text) each; the session goes on under a new id.

        Yields and raises as ``say``.
        """
        kinds: list[str] = []
        kept: list[tuple[str, str]] = []
        for key, text in answers:
            masked = self._masked(session_id, text)
            kept.append((key, masked.text))
            kinds += [kind for kind in masked.kinds if kind not in kinds]
        if not kept:
            raise InvalidInput("empty")
        self._limit("ANALYSIS_STARTED", self.config.triage.analyses_per_minute, 60)
        taken = self._step(session_id, workflow.Answered(tuple(kept), str(uuid.uuid4()), self._now()))
        assert taken.child is not None, "a round of answers opens a child"
        self._masks[taken.child.id] = self._masks.pop(session_id, masking.Masks())
        if kinds:
            yield SecretsMasked(tuple(kinds))
        async with aclosing(self._triage(taken.child)) as events:
            async for event in events:
                yield event

    async def reply(self, session_id: str, text: str) -> AsyncGenerator[ConversationEvent]:
        """A typed reply to a summary (spec section 4).

        Yields:
            TicketCreated for a yes; SessionChanged for a no (CLARIFYING) or a change (EDITING); ReplyUnclear else.
            A no that says why (« non, c'est l'écran ») is an answer at once, and yields as ``answer``.
        """
        from engine.intent import intent

        session = self._live(session_id)
        masked = self._masked(session_id, text)
        if session.stage not in (Stage.VALIDATING, Stage.REVIEWING, Stage.EDITING):
            raise IllegalStep(f"reply at {session.stage}")
        match intent(masked.text):
            case "yes" if session.stage is not Stage.EDITING:
                yield self.confirm(session_id)
            case "no" if session.attempts < self.config.triage.max_attempts and self._says_why(masked.text):
                self._refused(session_id)
                async with aclosing(self.answer(session_id, [("refusal", masked.text)])) as events:
                    async for event in events:
                        yield event
            case "no":
                yield self._refused(session_id, masked.text)
            case "modify":
                yield SessionChanged(self.open_form(session_id, masked.text))
            case _:
                self._event("INVALID_USER_RESPONSE", session_id)
                yield ReplyUnclear(session)

    @staticmethod
    def _says_why(text: str) -> bool:
        """Whether a no names what it is, so that asking « Qu'est-ce qui ne va pas ? » would be asking twice."""
        from engine.triage.reading import names_something

        return names_something(text)

    async def _triage(self, session: Session) -> AsyncGenerator[ConversationEvent]:
        """Have the turns read, then take the step the answer asks for."""
        yield SessionChanged(session)
        self._event("ANALYSIS_STARTED", session.id)
        turns = tuple(turn for turn in session.turns if turn.author == "requester")
        context = Context(session.attempts, self.config.kiosk.location, self.config.kiosk.language)
        triage = await self._cascade.triage(turns, self._store.categories(), context)
        self._log_triage(session, triage)
        try:
            after = self._step(session.id, workflow.Triaged(triage.draft(), self._now())).session
        except IllegalStep:
            # A normal race: the person left, or asked for a human, while the triage was under way.
            self._event("ANALYSIS_DROPPED", session.id)
            return
        if after.stage is Stage.ESCALATED:
            yield self._file(after, session.stage)
        else:
            yield SessionChanged(after)

    # --- one step -------------------------------------------------------------------------------------------

    def confirm(self, session_id: str) -> TicketCreated:
        """Confirm the summary. A second call, from any process, gets the same ticket (``already_used``).

        Raises:
            SessionNotFound, SessionExpired, IllegalStep.
        """
        session = self.session(session_id)
        if session.ticket_number is not None:
            return self._already(session)
        return self._file(self._planned(session, workflow.Confirmed(self._now())), session.stage)

    def open_form(self, session_id: str, words: str = "") -> Session:
        """Open the form for title and symptoms; opening it twice is once. ``words``: the reply that asked for it."""
        if self._live(session_id).stage is Stage.EDITING:
            return self.session(session_id)
        return self._step(session_id, workflow.EditOpened(self._now(), words)).session

    def close_form(self, session_id: str) -> Session:
        """« Annuler »: back to the summary."""
        return self._step(session_id, workflow.EditCancelled(self._now())).session

    def edit(self, session_id: str, title: str, symptoms: Sequence[str]) -> TicketCreated:
        """Confirm with the requester's own title and symptoms; nothing else can be changed.

        Raises:
            InvalidInput: ``title_empty``, ``title_too_long`` or ``too_long``; the form stays open.
        """
        session = self.session(session_id)
        if session.ticket_number is not None:
            return self._already(session)
        clean_title = " ".join(self._masked(session_id, title, "title_empty").text.split())
        if len(clean_title) > workflow.TITLE_LIMIT:
            raise InvalidInput("title_too_long", limit=workflow.TITLE_LIMIT, length=len(clean_title))
        lines = [self._masked(session_id, line).text for line in symptoms if masking.clean(line).strip()]
        session = self.open_form(session_id)
        edited = workflow.Edited(clean_title, tuple(line.strip() for line in lines), self._now())
        return self._file(self._planned(session, edited), session.stage)

    def refuse(self, session_id: str) -> Session | TicketCreated:
        """« Non »: asks what is wrong; after the last round of answers it calls a technician instead."""
        event = self._refused(session_id)
        return event.session if isinstance(event, SessionChanged) else event

    def ask_human(self, session_id: str, *, contact: str | None = None) -> TicketCreated:
        """Escalate, at any moment.

        Raises:
            InvalidInput: ``no_contact`` with neither a message nor a way to be contacted.
            RateLimited: Too many calls from this kiosk: show the phone number.
        """
        session = self.session(session_id)
        if session.ticket_number is not None:
            return self._already(session)
        said = masking.clean(contact or "").strip()[:_CONTACT_LIMIT]
        reach = self._masked(session_id, said).text if said else ""
        if not reach and not session.message and not session.requester_email:
            raise InvalidInput("no_contact")
        self._limit("HUMAN_ASKED", self.config.kiosk.human_calls_per_hour, 3600)
        email = acceptable_email(reach)
        if email:
            session = replace(session, requester_email=email, identified_by="typed")
        escalated = self._planned(session, workflow.HumanAsked(self._now()))
        self._event("HUMAN_ASKED", session.id)
        return self._file(escalated, session.stage, contact=reach if reach and not email else None)

    def abandon(self, session_id: str) -> None:
        """The person left: what was said is not kept waiting. A finished session stays as it is."""
        self._masks.pop(session_id, None)
        session = self._store.session(session_id)
        if session is not None and not session.stage.is_final:
            self._step(session_id, workflow.Abandoned(self._now()))
            self._event("SESSION_ABANDONED", session_id)

    def ticket(self, number: str) -> Ticket:
        """One ticket. Raises TicketNotFound."""
        ticket = self._store.ticket(number.strip().upper())
        if ticket is None:
            raise TicketNotFound(number)
        return ticket

    # --- inside ---------------------------------------------------------------------------------------------------

    @staticmethod
    def check_text(text: str) -> None:
        """Raise InvalidInput for a text that could not be a message, before a session is opened for it."""
        if len(text) > MESSAGE_LIMIT:
            raise InvalidInput("too_long", limit=MESSAGE_LIMIT, length=len(text))
        if not masking.clean(text).strip():
            raise InvalidInput("empty")

    def _masked(self, session_id: str, text: str, empty: str = "empty") -> masking.Masked:
        """Clean and mask what a person typed; the map of placeholders stays in memory."""
        if len(text) > MESSAGE_LIMIT:
            raise InvalidInput("too_long", limit=MESSAGE_LIMIT, length=len(text))
        cleaned = masking.clean(text)
        if not cleaned.strip():
            raise InvalidInput(empty)
        masks = self._masks.get(session_id)
        if masks is None:
            # Another process heard the rounds before: its placeholders are taken.
            known = self._store.session(session_id)
            masks = masking.already_used(turn.text for turn in known.turns) if known else masking.Masks()
            self._masks[session_id] = masks
        return masking.store(cleaned.strip(), masks)

    def _live(self, session_id: str) -> Session:
        """The session, if it has not expired."""
        session = self.session(session_id)
        if session.stage is Stage.EXPIRED:
            raise SessionExpired(session_id)
        if not session.stage.is_final and self._now() >= session.expires_at:
            self._step(session_id, workflow.Expired(self._now()))
            raise SessionExpired(session_id)
        return session

    def _planned(self, session: Session, event: workflow.Event) -> Session:
        """The session after this event, not saved yet (the ticket is written in the same transaction)."""
        try:
            after = workflow.step(session, event, self._rules).session
        except workflow.IllegalEvent as error:
            if session.stage is Stage.EXPIRED:
                raise SessionExpired(session.id) from error
            raise IllegalStep(str(error)) from error
        if after.stage is Stage.EXPIRED:
            self._masks.pop(session.id, None)
            self._save(session, after)
            self._event("SESSION_EXPIRED", session.id)
            raise SessionExpired(session.id)
        return after

    def _step(self, session_id: str, event: workflow.Event) -> workflow.Step:
        """Re-read, step, save. Raises SessionExpired when the event came too late."""
        session = self.session(session_id)
        if session.stage.is_final:
            self._masks.pop(session_id, None)
        if session.stage is Stage.EXPIRED:
            raise SessionExpired(session_id)
        try:
            taken = workflow.step(session, event, self._rules)
        except workflow.IllegalEvent as error:
            raise IllegalStep(str(error)) from error
        if taken.child is not None:
            if not self._store.replace_session(taken.session, taken.child, expected_stage=session.stage):
                raise IllegalStep("somebody else answered first")
        elif taken.session.stage is not Stage.ESCALATED:
            self._save(session, taken.session)
        if taken.session.stage is Stage.EXPIRED:
            self._masks.pop(session_id, None)
            self._event("SESSION_EXPIRED", session_id)
            if not isinstance(event, workflow.Expired):
                raise SessionExpired(session_id)
        return taken

    def _save(self, before: Session, after: Session) -> None:
        if not self._store.save_session(after, expected_stage=before.stage):
            raise IllegalStep("the session was changed meanwhile")

    def _refused(self, session_id: str, words: str = "") -> SessionChanged | TicketCreated:
        from engine.triage.questions import refusal_question

        session = self._live(session_id)
        if session.stage is Stage.EDITING:
            session = self.close_form(session_id)
        after = self._step(session_id, workflow.Refused(refusal_question(), self._now(), words)).session
        return self._file(after, session.stage) if after.stage is Stage.ESCALATED else SessionChanged(after)

    def _file(self, session: Session, before: Stage, contact: str | None = None) -> TicketCreated:
        """Session, ticket and outbox entry in one transaction, if the session is still where it was ``before``."""
        ticket = filing.ticket_from(session, self._now(), contact)
        if session.stage is Stage.ESCALATED and self._was_critical(session):
            ticket = replace(ticket, priority=Priority.CRITICAL)
        try:
            stored, already = self._store.confirm(session, ticket, filing.new_key(), expected_stage=before)
        except SessionNotOpen as error:
            if error.status is SessionStatus.EXPIRED:
                raise SessionExpired(session.id) from error
            raise IllegalStep(f"confirm at {error.stage}") from error
        self._masks.pop(session.id, None)
        if already:
            return self._already(self.session(session.id))
        _log.info(
            "TICKET_CREATED | ticket_number=%s | session_id=%s | validation=%s",
            stored.ticket_number,
            session.id,
            stored.validation_method,
        )
        self._filed()
        return TicketCreated(self.session(session.id), stored)

    def _was_critical(self, session: Session) -> bool:
        """Whether any triage of this conversation said so: an escalation does not forget it (spec section 1)."""
        seen: Session | None = session
        while seen is not None:
            if seen.draft is not None and seen.draft.priority is Priority.CRITICAL:
                return True
            seen = self._store.session(seen.parent_id) if seen.parent_id else None
        return False

    def _already(self, session: Session) -> TicketCreated:
        assert session.ticket_number is not None, "a used session has a ticket"
        self._event("SESSION_ALREADY_USED", session.id, session.ticket_number)
        return TicketCreated(session, self.ticket(session.ticket_number), already_used=True)

    def _limit(self, name: str, limit: int, seconds: int) -> None:
        """Refuse when this device did it too often lately."""
        if not self._is_limited:
            return
        at = self._now()
        recent = self._store.count_recent_events(name, at - timedelta(seconds=seconds), self._device)
        if recent >= limit:
            raise RateLimited(seconds)

    def _event(
        self, name: str, session_id: str, ticket_number: str | None = None, **values: str | int | float | bool | None
    ) -> None:
        """One line in the event log (ids, codes, durations) and in the log file."""
        values["device"] = self._device
        self._store.append_event(Event(self._now(), name, session_id, ticket_number, values))
        _log.info("%s | session_id=%s", name, session_id)

    def _log_triage(self, session: Session, triage: Triage) -> None:
        self._event(
            "ANALYSIS_COMPLETED",
            session.id,
            None,
            engine=triage.engine,
            fallback=triage.fallback,
            confidence=round(triage.confidence, 4),
            category=triage.category,
            ms=round(triage.duration_ms, 1),
        )

"""Engine: one short coroutine per thing a person can do."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from datetime import datetime
from typing import Self

from data.records import Category, OutboxEntry, Session, Ticket
from engine.config import Config
from engine.events import ConversationEvent, DeliveryEvent, TicketCreated


class Engine:
    """What a person can do, in the order things happen. Create it in the thread that uses it."""

    config: Config

    @classmethod
    def open(cls, config: Config, *, now: Callable[[], datetime] | None = None) -> Self:
        """Open the real store; clients are made on first use. Raises StoreUnavailable."""
        raise NotImplementedError

    # --- the conversation: async generators of ConversationEvent -------------------------------------
    def begin(self, *, requester_email: str | None = None, identified_by: str = "none") -> Session:
        """A new session in DESCRIBING (stored)."""
        raise NotImplementedError

    def session(self, session_id: str) -> Session:
        """The session as the database has it. Raises SessionNotFound."""
        raise NotImplementedError

    def say(self, session_id: str, text: str) -> AsyncGenerator[ConversationEvent]:
        """The first message. Yields [SecretsMasked], SessionChanged (TRIAGING), SessionChanged (the outcome) or,
        when it escalates by itself, TicketCreated. Raises InvalidInput (empty, too_long), RateLimited,
        SessionExpired, IllegalStep."""
        raise NotImplementedError

    def answer(self, session_id: str, answers: Sequence[tuple[str, str]]) -> AsyncGenerator[ConversationEvent]:
        """One round of answers, (question key, text) each; the session id changes. Yields as ``say``."""
        raise NotImplementedError

    def reply(self, session_id: str, text: str) -> AsyncGenerator[ConversationEvent]:
        """A typed reply to a summary: yes confirms (TicketCreated), no asks what is wrong (SessionChanged,
        CLARIFYING), change opens the form (SessionChanged, EDITING), anything else ReplyUnclear."""
        raise NotImplementedError

    # --- the conversation: one step, one value --------------------------------------------------------
    def confirm(self, session_id: str) -> TicketCreated:
        """Confirm the summary. Idempotent: a second call gets the same ticket (already_used)."""
        raise NotImplementedError

    def open_form(self, session_id: str) -> Session:
        """VALIDATING or REVIEWING -> EDITING."""
        raise NotImplementedError

    def close_form(self, session_id: str) -> Session:
        """« Annuler »: EDITING -> back to where it came from."""
        raise NotImplementedError

    def edit(self, session_id: str, title: str, symptoms: Sequence[str]) -> TicketCreated:
        """Confirm with the requester's title and symptoms (nothing else can be changed). Raises InvalidInput."""
        raise NotImplementedError

    def refuse(self, session_id: str) -> Session:
        """« Non »: VALIDATING or REVIEWING -> CLARIFYING with « Qu'est-ce qui ne va pas ? »."""
        raise NotImplementedError

    def ask_human(self, session_id: str, *, contact: str | None = None) -> TicketCreated:
        """Escalate at any moment. Raises InvalidInput("no_contact") with neither message nor contact."""
        raise NotImplementedError

    def abandon(self, session_id: str) -> None:
        """The person left; a final session is left as it is."""
        raise NotImplementedError

    # --- what is known ----------------------------------------------------------------------------------
    def ticket(self, number: str) -> Ticket:
        """One ticket. Raises TicketNotFound."""
        raise NotImplementedError

    def tickets(self, *, status: str | None = None, search: str | None = None, limit: int = 100) -> list[Ticket]:
        """Tickets, newest first; ``search`` uses the full-text index."""
        raise NotImplementedError

    def outbox(self) -> list[OutboxEntry]:
        """Everything not done."""
        raise NotImplementedError

    def categories(self) -> list[Category]:
        """The tree."""
        raise NotImplementedError

    # --- delivery ---------------------------------------------------------------------------------------
    def deliveries(self) -> AsyncGenerator[DeliveryEvent]:
        """Send what is due and pull what changed, for ever; ends when closed."""
        raise NotImplementedError

    async def aclose(self) -> None:
        """Close clients (killSession) and the database."""
        raise NotImplementedError

"""Talking to the engine from a screen: one exchange at a time, errors in words, late results ignored.

What it looks like is left to ``IntakeScreen``.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from textual import on, work
from textual.message import Message
from textual.reactive import reactive
from textual.worker import Worker, WorkerState

from engine.errors import GuichetError
from tui.screens.roomy import RoomyScreen

if TYPE_CHECKING:
    from engine import ConversationEvent, Engine, Session, TicketCreated


log = logging.getLogger(__name__)

Talk: TypeAlias = "Callable[[Engine, str], AsyncGenerator[ConversationEvent]]"
"""One exchange with the engine about the session with this id."""


class ConversationScreen(RoomyScreen):
    """A screen that holds one conversation."""

    session: reactive[Session | None] = reactive(None, init=False)
    """The conversation as last heard of; None before the first message."""

    @dataclass
    class Filed(Message):
        """The conversation ended with a ticket."""

        created: TicketCreated
        contact_left: bool = False
        """Whether the person just said how to be reached."""

    class Restarted(Message):
        """The person wants to start over."""

    def __init__(self, open_engine: Callable[[], Awaitable[Engine]], *, classes: str = "") -> None:
        """``open_engine``: returns the engine once it is open."""
        super().__init__(classes=classes)
        self._open_engine = open_engine
        self._engine: Engine | None = None

    # --- what a screen does with it --------------------------------------------------------------------------

    async def wait_visibly(self) -> None:
        """The engine is not open yet: show that what was said is kept."""

    async def recover(self) -> None:
        """An exchange failed: what was said is still there, to be said again."""

    def took(self) -> None:
        """The engine has taken what was said."""

    def masked(self, kinds: tuple[str, ...]) -> None:
        """Something was masked in what was said."""

    def unclear(self) -> None:
        """A reply was neither yes, no nor change."""

    def explain(self, error: GuichetError) -> None:
        """Say an error in words."""

    # --- talking ---------------------------------------------------------------------------------------------

    @work(exclusive=True, group="conversation", exit_on_error=False)
    async def converse(self, talk: Talk) -> None:
        """Say something to the engine and show what comes back; a newer exchange stops this one."""
        try:
            engine, session = await self.ready()
            async with aclosing(talk(engine, session.id)) as events:
                async for event in events:
                    self._hear(event)
        except GuichetError as error:
            await self.recover()
            self.explain(error)

    async def ready(self) -> tuple[Engine, Session]:
        """The engine, once it is open, and the session to speak about."""
        if self._engine is None:
            await self.wait_visibly()
            self._engine = await self._open_engine()
        if self.session is None:
            self.set_reactive(ConversationScreen.session, self._engine.begin())
        assert self.session is not None, "just begun"
        return self._engine, self.session

    async def hand_over(self, contact: str | None, unsent: Talk | None) -> None:
        """Call a technician; what was not sent yet is stored first, without waiting for its analysis.

        Raises:
            GuichetError: Nobody was called; what was stored on the way has been analysed and is shown.
        """
        from engine import SessionChanged

        engine, session = await self.ready()
        if unsent is None:
            self._call(engine, session, contact)
            return
        refused: GuichetError | None = None
        async with aclosing(unsent(engine, session.id)) as events:
            async for event in events:
                if isinstance(event, SessionChanged) and refused is None:
                    try:
                        self._call(engine, event.session, contact)
                        return
                    except GuichetError as error:
                        refused = error
                        await self.recover()
                self._hear(event)
        if refused is not None:
            raise refused

    def _call(self, engine: Engine, session: Session, contact: str | None) -> None:
        created = engine.ask_human(session.id, contact=contact)
        self.post_message(self.Filed(created, contact_left=contact is not None))

    def _hear(self, event: ConversationEvent) -> None:
        """Show one event; one about another conversation is ignored."""
        from engine import ReplyUnclear, SecretsMasked, SessionChanged, TicketCreated

        if isinstance(event, SecretsMasked):
            self.masked(event.kinds)
        elif self.session is None or self.session.id not in (event.session.id, event.session.parent_id):
            log.info("RESULT_IGNORED | session_id=%s", event.session.id)
        elif isinstance(event, TicketCreated):
            self.post_message(self.Filed(event))
        elif isinstance(event, ReplyUnclear):
            self.unclear()
        elif isinstance(event, SessionChanged):
            self._go_on(event.session)

    def _go_on(self, session: Session) -> None:
        """Go on with the session as it is now."""
        from engine import TicketCreated

        self.took()
        self.session = session
        if session.ticket_number is not None and self._engine is not None:
            self.post_message(self.Filed(TicketCreated(session, self._engine.ticket(session.ticket_number))))

    def step(self, take: Callable[[Engine, str], Session | TicketCreated]) -> None:
        """One step of the engine that answers at once."""
        from engine import TicketCreated

        if self._engine is None or self.session is None:
            return
        with self.explaining():
            outcome = take(self._engine, self.session.id)
            if isinstance(outcome, TicketCreated):
                self.post_message(self.Filed(outcome))
            else:
                self._go_on(outcome)

    def abandon(self) -> None:
        """The person left: stop what runs, let the engine forget the draft."""
        self.workers.cancel_group(self, "conversation")
        if self._engine is not None and self.session is not None:
            with self.explaining():
                self._engine.abandon(self.session.id)

    @contextmanager
    def explaining(self) -> Iterator[None]:
        """Turn the errors of one step into words on screen."""
        try:
            yield
        except GuichetError as error:
            self.explain(error)

    @on(Worker.StateChanged)
    def notice_crash(self, event: Worker.StateChanged) -> None:
        """A bug in an exchange: said plainly, logged by its class only (its text may be a person's)."""
        if event.state is WorkerState.ERROR and event.worker.group == "conversation":
            log.error("CONVERSATION_CRASHED | error=%s", type(event.worker.error).__name__)
            self.explain(GuichetError())

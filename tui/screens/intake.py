"""The counter itself: one screen on which a sentence becomes a confirmed summary.

What is shown follows from ``session``, except a call for a human, which is this screen's own. Every action goes
to the engine, which re-reads the session from the database. Messages of panels that come after the first frame are
heard by the name of the method instead of ``@on``, so that their modules are loaded when they are needed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.reactive import var

from engine.errors import GuichetError, InvalidInput, SessionExpired, SessionNotFound
from tui.language import _
from tui.screens.conversation import ConversationScreen
from tui.screens.panels import panel_for
from tui.widgets.action_bar import Action, ActionBar
from tui.widgets.action_key import ActionKey
from tui.widgets.chat import ChatLog
from tui.widgets.chat_prompt import ChatPrompt
from tui.widgets.error_line import ErrorLine
from tui.widgets.fitted import GIVES, Fitted, FittedLayout
from tui.widgets.greeting import Greeting
from tui.widgets.line_input import LineInput
from tui.widgets.masthead import Masthead
from tui.widgets.panel import Panel
from tui.widgets.sync_badge import DeliveryState, SyncBadge
from tui.widgets.working import Working
from tui.words import error_sentence, masked_sentence

if TYPE_CHECKING:
    from engine import Config, Engine, Session
    from tui.screens.conversation import Talk
    from tui.widgets.clarification import Clarification
    from tui.widgets.draft_form import DraftForm
    from tui.widgets.human_call import HumanCall
    from tui.widgets.summary_card import SummaryCard


class IntakeScreen(ConversationScreen):
    """From the first sentence to the ticket."""

    BINDINGS = [
        Binding("f2", "press('yes')", show=False),
        Binding("f3", "press('modify')", show=False),
        Binding("f4", "press('refuse')", show=False),
        Binding("f5", "press('enough')", show=False),
        Binding("escape", "press('back')", show=False),
        Binding("f8", "press('human')", show=False),
        Binding("f9", "press('reset')", show=False),
        Binding("pageup", "leaf(-1)", show=False),
        Binding("pagedown", "leaf(1)", show=False),
    ]
    AUTO_FOCUS = "LineInput"
    LAYOUT = FittedLayout()

    calling: var[bool] = var(False)
    """Whether a call for a human is on screen instead of the conversation's own panel."""

    def __init__(
        self,
        config: Config,
        open_engine: Callable[[], Awaitable[Engine]],
        delivery: DeliveryState,
        *,
        human_delay_s: float = 5.0,
    ) -> None:
        """``human_delay_s``: time to cancel a call for a human."""
        super().__init__(open_engine, classes="-empty")
        self._config, self._delivery, self._human_delay_s = config, delivery, human_delay_s
        self._contact: str | None = None
        self._unsent: Talk | None = None
        self._called_from: Session | None = None  # the conversation as it was when a human was called
        self._panel: Panel = Greeting()
        self._behind: Panel = self._panel  # the panel that a call for a human hides
        self._drawing = asyncio.Lock()

    def compose(self) -> ComposeResult:
        """Header, conversation, the panel of the moment, the place to write, the keys."""
        yield Masthead(self._delivery, demo=self._config.demo, location=self._config.kiosk.location)
        yield ChatLog(id="chat")
        with Fitted(id="slot", classes=GIVES):
            yield self._panel
        yield ErrorLine(id="error")
        yield ChatPrompt(id="prompt")
        yield ActionBar(self._keys(()), id="keys")

    @property
    def layout(self) -> FittedLayout:
        """The panel gives way before the place to write."""
        return self.LAYOUT

    # --- what is shown -----------------------------------------------------------------------------------

    @property
    def panel(self) -> Panel:
        """The panel on screen, or just about to be."""
        return self._panel

    @property
    def prompt(self) -> ChatPrompt:
        """The place to write."""
        return self.query_one(ChatPrompt)

    async def watch_session(self, session: Session | None) -> None:
        """Redraw what depends on the session."""
        self.query_one(ChatLog).session = session
        await self.show_again()

    async def show_again(self) -> None:
        """The panel the conversation asks for, unless a call for a human is on screen."""
        if not self.calling:
            categories = self._engine.categories() if self._engine is not None else []
            await self._show(panel_for(self.session, categories, self._config))

    async def recover(self) -> None:
        """Take a call or the sign of work away; a panel that holds answers stays as it is."""
        if self.calling:
            await self._come_back()
        elif isinstance(self.panel, Working):
            await self.show_again()

    async def wait_visibly(self) -> None:
        """The engine is not open yet: what was written stays in the prompt."""
        if not self.calling:
            await self._show(Working(_("Guichet s'ouvre, votre message est gardé")))

    async def _show(self, panel: Panel) -> None:
        """Put a panel in the place of what is there; the screen may have been left meanwhile."""
        async with self._drawing, self.batch():
            slot = self.query_one("#slot")
            self._panel = panel
            await slot.remove_children()
            if not slot.is_attached:
                return
            await slot.mount(panel)
            self.set_class(isinstance(panel, Greeting), "-empty")
            self._tune()

    def _tune(self) -> None:
        """Bring the prompt and the keys in tune with the panel, unless it is gone already."""
        if not self.panel.is_attached:
            return
        words = self.panel.prompt
        self.prompt.display = words is not None
        if words is not None:
            self.prompt.name_it(words)
            self.prompt.line.focus()
        self.query_one("#keys", ActionBar).show(self._keys(self.panel.keys))

    def _keys(self, own: Sequence[Action]) -> tuple[Action, ...]:
        """Keys of the last line: the panel's own, a human, the way out."""
        leave = () if self._config.kiosk.locked else ((_("Ctrl-Q"), _("Quitter"), "quit"),)
        human = () if self.calling else (("F8", _("Parler à un technicien"), "human"),)
        return (*own, *human, *leave)

    def show_delivery(self, state: DeliveryState) -> None:
        """The state of the sending changed."""
        self.query_one(SyncBadge).state = state

    def say(self, sentence: str, *, hint: bool = False) -> None:
        """One sentence above the prompt; empty to clear it."""
        self.query_one(ErrorLine).say(sentence, hint=hint)

    def took(self) -> None:
        """What was said is safe: the prompt is free again."""
        self.prompt.write("")
        self.say("")

    def masked(self, kinds: tuple[str, ...]) -> None:
        """Say what was masked."""
        self.query_one(ChatLog).note(masked_sentence(kinds))

    def unclear(self) -> None:
        """Ask again; the next key replaces what was written."""
        self.prompt.line.select_all()
        self.say(_("Est-ce oui ou non ? Répondez « oui », « non » ou « modifier »."), hint=True)

    def explain(self, error: GuichetError) -> None:
        """Say an error in words; let go of a session that is over, its text put back to be sent again."""
        if isinstance(error, SessionExpired | SessionNotFound) and self.session is not None:
            said = [turn.text for turn in self.session.turns if turn.author == "requester"]
            self.prompt.write(". ".join(text for text in (*said, self.panel.written) if text))
            self.calling = False
            self.session = None
        if isinstance(error, InvalidInput) and error.reason == "no_contact":
            self.call_later(self._show_call, None)
        self.say(error_sentence(error, self._config), hint=isinstance(error, InvalidInput))

    # --- what a person does, with the keys and in the panels --------------------------------------------

    @on(ChatPrompt.Said)
    def hear(self, event: ChatPrompt.Said) -> None:
        """Enter: what the words mean is the panel's to say. Nothing but spaces is nothing."""
        text = event.text.strip()
        if not self.has_room:
            return
        if not text:
            self.prompt.write("")
        if self.panel.is_attached:
            self.panel.hear(text)

    @on(LineInput.Steered)
    def steer(self, event: LineInput.Steered) -> None:
        """A key that steers the panel."""
        if self.has_room and self.panel.is_attached:
            self.panel.steer(event.key)

    @on(ActionKey.Pressed)
    async def click(self, event: ActionKey.Pressed) -> None:
        """The words of a key were clicked."""
        await self.action_press(event.action)

    async def action_press(self, action: str) -> None:
        """A key of every screen, or one of the panel's."""
        if action == "human":
            await self._ask_human()
        elif action == "reset":
            self.post_message(self.Restarted())
        elif action == "quit":
            await self.app.action_quit()
        elif self.panel.is_attached:
            self.panel.press(action)

    def action_leaf(self, pages: int) -> None:
        """Leaf through a panel that is longer than its place, else through the conversation."""
        if self.panel.is_attached and self.panel.leaf(pages):
            return
        chat = self.query_one(ChatLog)
        chat.scroll_relative(y=pages * max(chat.size.height - 1, 1), animate=False)

    @on(Greeting.Described)
    def describe(self, event: Greeting.Described) -> None:
        """The first sentence."""
        if event.text:
            self.converse(lambda engine, session_id: engine.say(session_id, event.text))
        else:
            self.explain(InvalidInput("empty"))

    def on_summary_card_replied(self, event: SummaryCard.Replied) -> None:
        """A reply in words."""
        self.converse(lambda engine, session_id: engine.reply(session_id, event.text))

    def on_summary_card_undecided(self) -> None:
        """Enter alone does not confirm a review."""
        self.say(_("Choisissez : F2 pour oui, F3 pour modifier, F4 pour non."), hint=True)

    def on_summary_card_confirmed(self) -> None:
        """Yes."""
        self.step(lambda engine, session_id: engine.confirm(session_id))

    def on_summary_card_edit_wanted(self) -> None:
        """Change something."""
        self.step(lambda engine, session_id: engine.open_form(session_id))

    def on_summary_card_refused(self) -> None:
        """No."""
        self.step(lambda engine, session_id: engine.refuse(session_id))

    def on_draft_form_submitted(self, event: DraftForm.Submitted) -> None:
        """The form is done."""
        self.step(lambda engine, session_id: engine.edit(session_id, event.title, event.symptoms))

    def on_draft_form_cancelled(self) -> None:
        """Nothing to change after all."""
        self.step(lambda engine, session_id: engine.close_form(session_id))

    def on_clarification_moved(self) -> None:
        """An answer was taken, or taken back."""
        self.took()
        self._tune()

    def on_clarification_unanswered(self) -> None:
        """Nothing was answered."""
        self.say(_("Répondez d'abord à la question, ou demandez un technicien avec F8."), hint=True)

    def on_clarification_mistyped(self, event: Clarification.Mistyped) -> None:
        """A digit beyond the choices."""
        self.prompt.write("")
        if event.last == 1:
            self.say(_("Tapez 1, ou répondez avec vos mots."), hint=True)
        else:
            sentence = _("Choisissez un chiffre de 1 à {n}, ou répondez avec vos mots.")
            self.say(sentence.format(n=event.last), hint=True)

    def on_clarification_completed(self, event: Clarification.Completed) -> None:
        """The round is over."""
        self.converse(lambda engine, session_id: engine.answer(session_id, event.answers))

    # --- a human, please ---------------------------------------------------------------------------------

    async def _ask_human(self) -> None:
        """Call a technician; what is written and not sent yet goes along."""
        if self.calling or not self.panel.is_attached or (isinstance(self.panel, Working) and self._engine is None):
            return
        text = self.prompt.text.strip()
        answers = self.panel.answers_with(text)
        self._unsent, self._called_from = None, self.session
        if text and isinstance(self.panel, Greeting):
            self._unsent = lambda engine, session_id: engine.say(session_id, text)
        elif answers:
            self._unsent = lambda engine, session_id: engine.answer(session_id, answers)
        has_words = self._unsent is not None or (self.session is not None and bool(self.session.message))
        await self._show_call(self._human_delay_s if has_words else None)

    async def _show_call(self, seconds: float | None) -> None:
        """Show the call instead of the panel: a contact first (None), or the time to think again."""
        from tui.widgets.human_call import HumanCall

        call = HumanCall(seconds)
        async with self._drawing, self.batch():
            slot = self.query_one("#slot")
            if self.calling:
                await slot.query_children(HumanCall).remove()
            else:
                self._behind, self.panel.display = self.panel, False
            self.calling, self._panel = True, call
            if not slot.is_attached:
                return
            await slot.mount(call)
            self.remove_class("-empty")
            self._tune()

    async def _come_back(self) -> None:
        """No call after all: the panel as it was, or as the conversation has become meanwhile."""
        self.calling, self._contact = False, None
        if self.session is not self._called_from or not self._behind.is_attached:
            await self.show_again()
            return
        async with self._drawing, self.batch():
            call, self._panel = self._panel, self._behind
            await call.remove()
            self.panel.display = True
            self.set_class(isinstance(self.panel, Greeting), "-empty")
            self._tune()

    async def on_human_call_contacted(self, event: HumanCall.Contacted) -> None:
        """How the person can be reached."""
        if not event.contact:
            self.explain(InvalidInput("no_contact"))
            return
        self._contact = event.contact
        self.took()
        await self._show_call(self._human_delay_s)

    async def on_human_call_cancelled(self) -> None:
        """Not after all."""
        self.say("")
        await self._come_back()

    def on_human_call_elapsed(self) -> None:
        """Nobody cancelled."""
        self.call_human()

    @work(exclusive=True, group="conversation", exit_on_error=False)
    async def call_human(self) -> None:
        """Hand over to a technician."""
        try:
            has_moved = self.session is not self._called_from  # what was unsent has been said meanwhile
            await self.hand_over(self._contact, None if has_moved else self._unsent)
        except GuichetError as error:
            await self.recover()
            self.explain(error)

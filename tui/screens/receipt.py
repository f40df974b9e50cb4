"""The receipt: the number in large, where the ticket is now, what happens next. Changes while one looks at it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widgets import Static

from engine import (
    Config,
    Deferred,
    Delivered,
    DeliveryEvent,
    Paused,
    Ticket,
    TicketStatus,
    TicketUpdated,
    Undeliverable,
    ValidationMethod,
)
from tui.clean import one_line, shortened
from tui.language import _
from tui.screens.conversation import ConversationScreen
from tui.screens.roomy import RoomyScreen
from tui.widgets.action_bar import ActionBar
from tui.widgets.action_key import ActionKey
from tui.widgets.big_number import BigNumber
from tui.widgets.masthead import Masthead
from tui.widgets.sync_badge import DeliveryState, SyncBadge
from tui.words import pause_words, promise_words, sending_words

if TYPE_CHECKING:
    from engine import Engine


TITLE_LIMIT = 140
"""Characters of the title that the receipt repeats."""


class ReceiptScreen(RoomyScreen):
    """What the requester takes away."""

    CSS_PATH = "receipt.tcss"
    BINDINGS = [Binding("enter", "press('done')", show=False), Binding("f9", "press('done')", show=False)]

    ticket: reactive[Ticket | None] = reactive(None, init=False)
    """The ticket as last heard of."""
    trouble: reactive[str] = reactive("", init=False)
    """What keeps it from being sent, in words; empty while nothing does."""

    class Done(Message):
        """The person has read it."""

    def __init__(
        self,
        config: Config,
        engine: Engine,
        delivery: DeliveryState,
        filed: ConversationScreen.Filed,
        *,
        grace_s: float = 0.0,
    ) -> None:
        """``filed``: what the conversation ended with; ``grace_s``: seconds before it can be closed."""
        super().__init__()
        self._config, self._engine, self._delivery, self._created = config, engine, delivery, filed.created
        self._taken, self._contact_left = False, filed.contact_left
        self._grace_s, self._may_close = grace_s, grace_s <= 0
        self.set_reactive(ReceiptScreen.ticket, engine.ticket(filed.created.ticket.ticket_number))

    def compose(self) -> ComposeResult:
        """Header, number, state, what next, the one key."""
        yield Masthead(self._delivery, demo=self._config.demo, location=self._config.kiosk.location, reset=False)
        with Vertical(id="receipt"):
            yield Static(self._headline(), id="headline", markup=False)
            yield BigNumber(self._created.ticket.ticket_number)
            yield Static(self._created.ticket.ticket_number, id="number", markup=False)
            yield Static(self._title(), id="subject", markup=False)
            yield Static(self._state(), id="state", markup=False)
            yield Static(self._next(), id="next", markup=False)
        yield ActionBar((("Entrée", _("Terminé"), "done"),), chosen=0, id="done")
        fetch = ((_("F7"), _("Actualiser"), "sync"),) if self._config.glpi.enabled else ()
        leave = () if self._config.kiosk.locked else ((_("Ctrl-Q"), _("Quitter"), "quit"),)
        yield ActionBar((*fetch, *leave), id="keys")

    def on_mount(self) -> None:
        """A second Enter of somebody in a hurry must not take the number away."""
        self._engine.watch(self._created.ticket.ticket_number)
        if not self._may_close:
            self.set_timer(self._grace_s, self._allow_closing)

    def on_unmount(self) -> None:
        """Nobody looks at this ticket any more."""
        self._engine.watch(None)

    def _allow_closing(self) -> None:
        self._may_close = True

    def show_delivery(self, state: DeliveryState) -> None:
        """The state of the sending changed."""
        self.query_one(SyncBadge).state = state

    def catch_up(self, state: DeliveryState) -> None:
        """What happened while this screen was being put up was heard by nobody."""
        self.show_delivery(state)
        self.ticket = self._engine.ticket(self._created.ticket.ticket_number)
        self._taken = self._taken or self.ticket.status == TicketStatus.IN_PROGRESS.value
        self._redraw()

    def hear_delivery(self, event: DeliveryEvent) -> None:
        """Something happened on the way to GLPI, perhaps to this ticket."""
        if not self.is_mounted:
            return  # ``catch_up`` follows
        number = self._created.ticket.ticket_number
        if isinstance(event, Delivered | TicketUpdated) and event.ticket.ticket_number == number:
            self._taken = self._taken or (isinstance(event, TicketUpdated) and event.taken)
            self.trouble = ""
            self.ticket = event.ticket
            self._redraw()
        elif isinstance(event, Deferred) and event.ticket_number == number:
            self.trouble = ""
            self._redraw()
        elif isinstance(event, Undeliverable) and event.ticket_number == number:
            self.trouble = _("Enregistré ici, mais refusé par GLPI : présentez ce numéro au support.")
        elif isinstance(event, Paused):
            self.trouble = _("Enregistré ici, envoi suspendu : {why}. Présentez ce numéro au support.").format(
                why=pause_words(event.cause)
            )

    def watch_trouble(self) -> None:
        """Say what keeps it."""
        self._redraw()

    def _redraw(self) -> None:
        self.query_one("#state", Static).update(self._state(), layout=False)
        self.query_one("#next", Static).update(self._next())

    @property
    def _shown(self) -> Ticket:
        return self.ticket or self._created.ticket

    @property
    def _escalated(self) -> bool:
        return self._shown.validation_method is ValidationMethod.ESCALATED

    def _headline(self) -> str:
        if self._created.already_used:
            return _("Ce ticket existe déjà.")
        return self._escalated_headline() if self._escalated else _("Votre ticket est créé.")

    def _escalated_headline(self) -> str:
        if self._created.session.message:
            return _("Votre demande part chez un technicien, comme vous l'avez écrite.")
        return _("Votre demande part chez un technicien.")

    def _title(self) -> Content:
        title, left = shortened(one_line(self._shown.title), TITLE_LIMIT)
        return Content(title + ("…" if left else ""))

    def _state(self) -> Content:
        if self._escalated and not self._shown.synced_to_glpi and not self.trouble:
            return Content.assemble(("▲ ", "$lamp"), self._promise())
        if self._taken:
            return Content.assemble(("● ", "$good"), (_("Ticket pris en charge"), "bold $good"), self._glpi())
        if self._shown.glpi_ticket_id is not None:
            return Content.assemble(("● ", "$good"), sending_words(self._shown, self._config))
        if self.trouble:
            return Content.assemble(("■ ", "$lamp"), self.trouble)
        return Content.assemble(("▲ ", "$lamp"), sending_words(self._shown, self._config))

    def _promise(self) -> str:
        promise = self._engine.promise(self._shown)
        return promise_words(promise, reachable=promise.reachable or self._contact_left)

    def _glpi(self) -> str:
        number = self._shown.glpi_ticket_id
        return _(" (GLPI n° {n})").format(n=number) if number is not None else ""

    def _next(self) -> str:
        if self._taken:
            return _("Un technicien s'en occupe.")
        if self._escalated and self._shown.synced_to_glpi:
            return self._promise()
        return _("Notez ce numéro : il suit votre demande jusqu'au bout.")

    # --- what a person does ------------------------------------------------------------------------------

    @on(ActionKey.Pressed)
    async def click(self, event: ActionKey.Pressed) -> None:
        """The words of a key were clicked."""
        await self.action_press(event.action)

    async def action_press(self, action: str) -> None:
        """Done, news of GLPI, or leave."""
        if action == "quit":
            await self.app.action_quit()
        elif action == "sync":
            await self.app.run_action("sync")
        elif self._may_close:
            self.post_message(self.Done())

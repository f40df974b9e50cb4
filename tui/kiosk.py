"""KioskApp: the screens of the walk-up kiosk, their keys, and the one loop that hears about deliveries.

The first frame needs Textual, the records and the configuration. Everything slow is loaded afterwards in a
thread of its own; the engine itself is opened in the main thread, to which its database belongs.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import replace
from importlib import import_module
from pathlib import PurePath
from threading import Thread
from traceback import extract_tb
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import events, on, work
from textual.app import App
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import var
from textual.screen import Screen
from textual.worker import Worker, WorkerState

from engine.errors import GuichetError
from tui.language import _, speak
from tui.screens.intake import IntakeScreen
from tui.theme import kiosk_theme
from tui.widgets.sync_badge import DeliveryState

if TYPE_CHECKING:
    from engine import Config, DeliveryEvent, Engine


log = logging.getLogger(__name__)

SLOW_TO_LOAD = (
    *("engine.engine", "engine.triage.local_triage", "engine.triage.openai_triage", "engine.spoken_secrets"),
    *("sqlite_utils", "httpx", "pydantic"),
)
"""Modules brought in behind the first frame, in a thread, so that no key waits for them."""
CLOSING_S = 2.0
"""Longest time that leaving waits for the engine to say good-bye to GLPI."""
RETRY_S = 10.0
"""Seconds before the delivery is tried again after the database refused."""
STOPPED_BY_SIGNAL = 75
"""Exit code that asks the service manager to start a locked kiosk again."""


class KioskApp(App[None]):
    """The counter. One person at a time, one conversation at a time."""

    CSS_PATH = "kiosk.tcss"
    TITLE = "Guichet"
    ENABLE_COMMAND_PALETTE = False
    ALLOW_SELECT = False
    COMMANDS = set()
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "quit", show=False, priority=True),
        Binding("ctrl+c", "nothing", show=False, priority=True),
        Binding("f7", "sync", show=False, priority=True),
    ]

    delivery: var[DeliveryState] = var(DeliveryState(enabled=False), init=False)
    """What the badge on every screen says."""

    class Loaded(Message):
        """The slow modules are there."""

    def __init__(
        self,
        config: Config,
        open_engine: Callable[[], Engine],
        *,
        human_delay_s: float = 5.0,
        receipt_grace_s: float = 1.0,
    ) -> None:
        """Take what a kiosk needs.

        Args:
            config: The site's configuration.
            open_engine: Opens the engine, in the thread that calls it; may raise StoreUnavailable.
            human_delay_s: Seconds to cancel a call for a human.
            receipt_grace_s: Seconds during which the receipt cannot be closed: a second Enter is not « Terminé ».
        """
        super().__init__()
        self.config = config
        self.engine: Engine | None = None
        self._open, self._human_delay_s, self._receipt_grace_s = open_engine, human_delay_s, receipt_grace_s
        self._loaded = asyncio.Event()
        self._early: list[events.Event] | None = []
        self.animation_level = "none"
        speak(config.kiosk.language)
        theme = kiosk_theme()
        self.register_theme(theme)
        self.set_reactive(KioskApp.theme, theme.name)
        self.stylesheet.set_variables(self.get_css_variables())
        self.set_reactive(KioskApp.delivery, DeliveryState(enabled=config.glpi.enabled))

    # --- from nothing to an open counter ------------------------------------------------------------------

    def get_default_screen(self) -> Screen[None]:
        """The counter is the first thing to be seen."""
        screen = self._counter()
        # NOTE: Textual 8.2.8 gives the default screen no result callback, and switch_screen wants to take one away.
        screen._push_result_callback(screen, None)
        return screen

    def _counter(self) -> IntakeScreen:
        return IntakeScreen(self.config, self.open_engine, self.delivery, human_delay_s=self._human_delay_s)

    def on_mount(self) -> None:
        """Leave the terminal as it was on a signal; load the rest behind the first frame."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._stop_for_signal)
        self.call_after_refresh(self.load_the_rest)

    async def on_event(self, event: events.Event) -> None:
        """Keep keys that come before there is a place to write: nothing typed ahead is lost."""
        if self._early is not None and isinstance(event, events.Key | events.Paste):
            self._early.append(event)
        else:
            await super().on_event(event)

    def load_the_rest(self) -> None:
        """The first frame stands: hand on what was typed ahead, bring in what is slow in a thread no exit waits for."""
        gc.enable()  # the command line may have switched it off to start faster
        early, self._early = self._early or [], None
        for event in early:
            self.post_message(event)
        Thread(target=self._load_slow_modules, name="load", daemon=True).start()

    def _load_slow_modules(self) -> None:
        for name in SLOW_TO_LOAD:
            import_module(name)
        self.post_message(self.Loaded())

    @on(Loaded)
    async def be_ready(self) -> None:
        """Open the engine and listen to the deliveries; an error is said when somebody needs the engine."""
        self._loaded.set()
        try:
            await self.open_engine()
        except GuichetError as error:
            log.error("NOT_OPENED | code=%s", error.code)
            screen = self.screen
            if isinstance(screen, IntakeScreen):
                screen.explain(error)

    async def open_engine(self) -> Engine:
        """The engine, opened once its modules are there.

        Raises:
            GuichetError: The database or the configuration cannot be used; the next call tries again.
        """
        await self._loaded.wait()
        if self.engine is None:
            self.engine = self._open()
            self.hear_deliveries(self.engine)
            self.prepare_engine(self.engine)
        return self.engine

    @work(group="prepare", exit_on_error=False)
    async def prepare_engine(self, engine: Engine) -> None:
        """Bring in what the first message would wait for."""
        await engine.prepare()

    # --- deliveries ---------------------------------------------------------------------------------------

    @work(group="delivery", exit_on_error=False)
    async def hear_deliveries(self, engine: Engine) -> None:
        """Send and pull for as long as the app runs, and pass on what happened."""
        while True:
            try:
                async with aclosing(engine.deliveries()) as happenings:
                    async for event in happenings:
                        self._pass_on(event)
                return
            except GuichetError as error:
                log.error("DELIVERY_STOPPED | code=%s", error.code)
                await asyncio.sleep(RETRY_S)

    def _pass_on(self, event: DeliveryEvent) -> None:
        self.delivery = self.delivery.after(event)
        hear = getattr(self.screen, "hear_delivery", None)
        if hear is not None:
            hear(event)

    @on(Worker.StateChanged)
    def notice_crash(self, event: Worker.StateChanged) -> None:
        """A bug in the delivery: the badge says that nothing is sent any more; tickets stay in the outbox."""
        if event.state is WorkerState.ERROR and event.worker.group == "delivery":
            log.error("DELIVERY_CRASHED | error=%s", type(event.worker.error).__name__)
            self.delivery = replace(self.delivery, known=True, problem="stopped")

    def watch_delivery(self, state: DeliveryState) -> None:
        """Every screen has a badge."""
        screen = self.screen
        if screen.is_mounted and hasattr(screen, "show_delivery"):
            screen.show_delivery(state)

    # --- from screen to screen ------------------------------------------------------------------------------

    @on(IntakeScreen.Filed)
    async def show_receipt(self, event: IntakeScreen.Filed) -> None:
        """The conversation ended with a ticket."""
        from tui.screens.receipt import ReceiptScreen

        if self.engine is not None and isinstance(self.screen, IntakeScreen):
            receipt = ReceiptScreen(self.config, self.engine, self.delivery, event, grace_s=self._receipt_grace_s)
            await self.switch_screen(receipt)
            if receipt.is_mounted:
                receipt.catch_up(self.delivery)

    @on(IntakeScreen.Restarted)
    async def start_over(self) -> None:
        """Forget this person: the screen and all it holds are replaced."""
        if isinstance(self.screen, IntakeScreen):
            self.screen.abandon()
        self.clear_selection()
        counter = self._counter()
        await self.switch_screen(counter)
        if counter.is_mounted:
            counter.show_delivery(self.delivery)

    async def on_receipt_screen_done(self) -> None:
        """The next person, please; heard by name because the receipt is loaded when it is needed."""
        await self.start_over()

    def action_sync(self) -> None:
        """F7: ask GLPI for news now; the badge says so until they are there."""
        if self.engine is None or not self.config.glpi.enabled or self.delivery.asking:
            return
        try:
            self.engine.ask_sync()
        except GuichetError as error:
            log.error("NOT_ASKED | code=%s", error.code)
            return
        self.delivery = replace(self.delivery, asking=True)

    # --- leaving --------------------------------------------------------------------------------------------

    def action_nothing(self) -> None:
        """Ctrl-C neither copies nor quits here."""

    def action_help_quit(self) -> None:
        """No notice in English: the last line of the screen says how to leave."""

    async def action_quit(self) -> None:
        """Ctrl-Q, unless the kiosk is locked."""
        if not self.config.kiosk.locked:
            await self._leave(0)

    def _stop_for_signal(self) -> None:
        self.run_worker(self._leave(STOPPED_BY_SIGNAL if self.config.kiosk.locked else 0), exit_on_error=False)

    async def _leave(self, code: int) -> None:
        if isinstance(self.screen, IntakeScreen):
            self.screen.abandon()
        await self._close_engine()
        self.exit(return_code=code)

    def _fatal_error(self) -> None:
        """End after a bug, and say where it is: never with values, which may be a person's words."""
        # NOTE: Textual 8.2.8 prints a traceback with the locals of every frame here.
        error = self._exception
        frames = extract_tb(error.__traceback__ if error else None)
        places = [f"{PurePath(frame.filename).name}:{frame.lineno}" for frame in frames]
        log.critical("CRASHED | error=%s | at=%s", type(error).__name__, places[-1] if places else "")
        sentence = _("Guichet s'est arrêté sur une erreur. Ce qui était confirmé est enregistré ; relancez-le.")
        self._exit_renderables.append(Text("\n".join([sentence, type(error).__name__, *places])))
        self._close_messages_no_wait()

    async def on_unmount(self, event: events.Unmount) -> None:
        """However the app ends, GLPI's session and the database are closed."""
        await self._close_engine()

    async def _close_engine(self) -> None:
        engine, self.engine = self.engine, None
        if engine is None:
            return
        self.workers.cancel_group(self, "delivery")
        try:
            await asyncio.wait_for(engine.aclose(), CLOSING_S)
        except TimeoutError:
            log.warning("CLOSING_TOOK_TOO_LONG")

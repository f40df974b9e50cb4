"""Where the tickets stand with GLPI, in a few words at the top of every screen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from textual.content import Content
from textual.reactive import reactive
from textual.widgets import Static

from tui.language import _
from tui.words import age_words, pause_words

if TYPE_CHECKING:
    from engine import DeliveryEvent


@dataclass(frozen=True)
class DeliveryState:
    """What the delivery last said, as far as a badge needs it."""

    enabled: bool
    """Whether this installation has a GLPI."""
    known: bool = False
    """Whether the delivery has said anything yet."""
    waiting: int = 0
    oldest_s: float = 0.0
    problem: str | None = None
    """``unreachable``, ``stopped``, or why GLPI refuses this installation; None while all is well."""

    def after(self, event: DeliveryEvent) -> DeliveryState:
        """The state once this has happened; ``Idle`` has the last word."""
        from engine import Delivered, Idle, Paused

        if isinstance(event, Idle):
            return DeliveryState(event.is_configured, True, event.waiting, event.oldest_s, event.problem)
        if isinstance(event, Paused):
            return replace(self, known=True, problem=event.cause)
        if isinstance(event, Delivered):
            return replace(self, known=True, problem=None, waiting=max(self.waiting - 1, 0))
        return self


def badge_words(state: DeliveryState) -> tuple[str, str]:
    """A mark and the words of the badge; the words are enough."""
    if not state.enabled:
        waiting = _(", {n} en attente").format(n=state.waiting) if state.waiting else ""
        return "■", _("GLPI non configuré") + waiting
    if state.problem == "unreachable":
        waiting = _(", {n} en attente").format(n=state.waiting) if state.waiting else ""
        return "▲", _("GLPI injoignable") + waiting
    if state.problem == "stopped":
        return "■", _("envoi arrêté : prévenez le support")
    if state.problem is not None:
        return "■", _("envoi suspendu : {why}").format(why=pause_words(state.problem))
    if state.waiting:
        return "▲", _("{n} en attente, le plus ancien : {age}").format(n=state.waiting, age=age_words(state.oldest_s))
    return ("●", _("GLPI à jour")) if state.known else ("°", _("ouverture…"))


class SyncBadge(Static):
    """One line of fixed width at the right of the header."""

    DEFAULT_CSS = """
    SyncBadge { width: 1fr; height: 1; text-align: right; color: $ink; }
    """

    state: reactive[DeliveryState] = reactive(DeliveryState(enabled=True), init=False)
    """What to say."""

    def __init__(self, state: DeliveryState) -> None:
        """``state``: what is known so far."""
        super().__init__(self._content(state))
        self.set_reactive(SyncBadge.state, state)

    def watch_state(self, state: DeliveryState) -> None:
        """Say it; the place never changes its size."""
        content = self._content(state)
        if content != self.content:
            self.update(content, layout=False)

    @staticmethod
    def _content(state: DeliveryState) -> Content:
        mark, words = badge_words(state)
        return Content(f"{mark} {words}")

"""Where the tickets stand with GLPI, in a few words at the top of every screen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from tui.language import _
from tui.words import age_words, pause_words

if TYPE_CHECKING:
    from engine import DeliveryEvent


YOUNG_S = 60.0
"""Seconds up to which an age is not worth a number; the delivery says ages in whole minutes."""


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
    asking: bool = False
    """Whether somebody asked for GLPI's news and they are being fetched."""

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


def badge_words(state: DeliveryState) -> tuple[str, str, str]:
    """A mark, the words of the badge, and fewer words for where those do not fit; words are enough without the mark."""
    count = _("{n} en attente").format(n=state.waiting)
    if not state.enabled:
        alone = _("GLPI non configuré")
        return ("■", f"{alone}, {count}", count) if state.waiting else ("■", alone, alone)
    if state.asking and state.problem != "stopped":
        return "°", _("GLPI : mise à jour…"), _("mise à jour…")
    if state.problem == "stopped":
        return "■", _("envoi arrêté : prévenez le support"), _("envoi arrêté")
    if state.problem == "unreachable":
        gone = _("GLPI injoignable")
        return ("▲", f"{gone}, {count}", gone) if state.waiting else ("▲", gone, gone)
    if state.problem is not None:
        return "■", _("envoi suspendu : {why}").format(why=pause_words(state.problem)), _("envoi suspendu")
    if state.waiting:
        if state.oldest_s < YOUNG_S:
            return "▲", _("{count}, depuis un instant").format(count=count), count
        age = age_words(state.oldest_s)
        return "▲", _("{count}, le plus ancien : {age}").format(count=count, age=age), f"{count} ({age})"
    calm = _("GLPI à jour") if state.known else _("ouverture…")
    return "●" if state.known else "°", calm, calm


class SyncBadge(Widget):
    """One line at the right of the header; it never changes its size."""

    DEFAULT_CSS = """
    SyncBadge { width: 1fr; height: 1; text-align: right; color: $ink; }
    """

    state: reactive[DeliveryState] = reactive(DeliveryState(enabled=True))
    """What to say."""

    def __init__(self, state: DeliveryState) -> None:
        """``state``: what is known so far."""
        super().__init__()
        self.set_reactive(SyncBadge.state, state)

    def render(self) -> Content:
        """As many words as there is room for."""
        mark, words, fewer = badge_words(self.state)
        fitting = [said for said in (words, fewer) if len(said) + 2 <= self.size.width]
        return Content(f"{mark} {fitting[0] if fitting else fewer.partition(' (')[0]}")

"""The header: whose counter this is, how to start over, and how GLPI is doing."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Static

from tui.clean import one_line
from tui.language import _
from tui.widgets.action_key import ActionKey
from tui.widgets.sync_badge import DeliveryState, SyncBadge

PLACE_FROM = 100
"""Columns from which the place of the kiosk is shown."""
LABEL_FROM = 76
"""Columns from which a demonstration is named in full."""


class Masthead(Horizontal):
    """One line across the top."""

    DEFAULT_CSS = """
    Masthead {
        dock: top; height: 1; background: $band; color: $ink; padding: 0 1;
        & > .masthead--name { width: auto; text-style: bold; color: $lamp; margin-right: 2; }
        & > .masthead--place { width: auto; margin-right: 2; max-width: 20; height: 1; }
    }
    """

    def __init__(self, state: DeliveryState, *, demo: bool, location: str = "", reset: bool = True) -> None:
        """``reset``: whether starting over makes sense on this screen."""
        super().__init__()
        self._state, self._demo, self._location, self._reset = state, demo, location, reset

    def on_resize(self, event: events.Resize) -> None:
        """The place is the first to give way."""
        for place in self.query(".masthead--place").results(Static):
            place.display = self._demo or event.size.width >= PLACE_FROM
            label = self._demonstration(event.size.width)
            if self._demo and str(place.content) != label:
                place.update(label)

    def compose(self) -> ComposeResult:
        """Name, label or place, reset key, badge."""
        yield Static("GUICHET", classes="masthead--name")
        label = self._demonstration(LABEL_FROM) if self._demo else one_line(self._location)
        if label:
            yield Static(label, classes="masthead--place", markup=False)
        if self._reset:
            yield ActionKey("F9", _("Recommencer"), "reset")
        yield SyncBadge(self._state)

    def _demonstration(self, width: int) -> str:
        return _("« démonstration »") if width >= LABEL_FROM else _("« démo »")

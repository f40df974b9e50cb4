"""From top to bottom, and where the room is short one child gives way: the others stay whole and in sight."""

from __future__ import annotations

from collections.abc import Sequence

from textual.containers import Vertical
from textual.geometry import Size
from textual.layout import ArrangeResult, WidgetPlacement
from textual.layouts.vertical import VerticalLayout
from textual.widget import Widget

GIVES = "-gives"
"""Class of the child that gives way."""


class FittedLayout(VerticalLayout):
    """Vertical; whatever is too much is taken from the child of class ``-gives``."""

    name = "fitted"

    def arrange(self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True) -> ArrangeResult:
        """Place the children; a height of 0 asks how high they would like to be."""
        placements = list(super().arrange(parent, children, size, greedy))
        excess = WidgetPlacement.get_bounds(placements).bottom - size.height if placements else 0
        return _fitted(placements, excess) if size.height and excess > 0 else placements


def _fitted(placements: Sequence[WidgetPlacement], excess: int) -> list[WidgetPlacement]:
    """The placements, moved up by what the one that gives way has lost."""
    fitted, taken = [], 0
    for placement in placements:
        x, y, width, height = placement.region
        loss = min(excess - taken, height - 1) if placement.widget.has_class(GIVES) else 0
        region = type(placement.region)(x, y - taken, width, height - loss)
        fitted.append(placement._replace(region=region))
        taken += loss
    return fitted


class Fitted(Vertical):
    """A container with this layout."""

    LAYOUT = FittedLayout()

    @property
    def layout(self) -> FittedLayout:
        """Whatever the styles say."""
        return self.LAYOUT

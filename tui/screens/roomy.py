"""What every screen does about the size of its window: smaller parts first, then one sentence instead of all."""

from __future__ import annotations

from textual import events
from textual.reactive import var
from textual.screen import Screen

from tui.widgets.too_small import LEAST, TooSmall

WIDE = 80
"""Columns from which all keys of a screen stand on one line."""
HIGH = 22
"""Rows from which there is room for empty lines."""


class RoomyScreen(Screen[None]):
    """A screen that takes no key which would do something unseen."""

    DEFAULT_CSS = "RoomyScreen { layers: default notice; }"

    has_room: var[bool] = var(True)
    """Whether the window is large enough to be read and answered."""

    def on_resize(self, event: events.Resize) -> None:
        """Say so when the window is too small; nothing that was written is lost meanwhile."""
        width, height = event.size
        self.set_class(width < WIDE, "-narrow")
        self.set_class(height < HIGH, "-low")
        self.has_room = width >= LEAST.width and height >= LEAST.height

    async def watch_has_room(self, has_room: bool) -> None:
        """Cover the screen, or uncover it."""
        if has_room:
            await self.query_children(TooSmall).remove()
        elif not self.query_children(TooSmall):
            await self.mount(TooSmall())

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """No key of the screen does anything while the window is too small."""
        return self.has_room or action not in ("press", "leaf")

"""A key and what it does, on one line: pressed on the keyboard by a binding, or here with the mouse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widgets import Static


class ActionKey(Static):
    """« F3 Modifier »: the key printed beside the words."""

    DEFAULT_CSS = """
    ActionKey {
        width: auto;
        height: 1;
        margin-right: 2;
        color: $ink;
        &.-chosen { background: $lamp; color: $ground; text-style: bold; }
    }
    """

    ALLOW_SELECT: ClassVar[bool] = False

    chosen = reactive(False, layout=True)
    """Whether Enter does it now."""

    @dataclass
    class Pressed(Message):
        """The words were clicked."""

        action: str

    def __init__(self, key: str, words: str, action: str, *, chosen: bool = False) -> None:
        """``key``: as printed on the keyboard; ``action``: name of the screen's action."""
        super().__init__(id=f"do-{action}")
        self._key, self._words, self._action = key, words, action
        self.set_reactive(ActionKey.chosen, chosen)
        self.set_class(chosen, "-chosen")

    @property
    def action(self) -> str:
        """Name of the screen's action."""
        return self._action

    def render(self) -> Content:
        """The key in reverse, the words after it; the chosen one is pointed at as well as coloured."""
        if self.chosen:
            return Content(f" ▶ {self._key}  {self._words} ◀ ")
        return Content.assemble((f" {self._key} ", "$ground on $quiet"), f" {self._words}")

    def watch_chosen(self, chosen: bool) -> None:
        """Show the choice."""
        self.set_class(chosen, "-chosen")

    def on_click(self) -> None:
        """Say that it was pressed."""
        self.post_message(self.Pressed(self._action))

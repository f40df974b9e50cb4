"""A sign that Guichet is reading: words first, three quiet dots besides."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from tui.language import _
from tui.widgets.panel import Panel, PromptWords

STEP_S = 0.4
"""Seconds between two pictures: few bytes, still alive."""
PICTURES = ("●", "● ●", "● ● ●")


class Working(Panel):
    """« Je lis votre message ● ● »."""

    DEFAULT_CSS = """
    Working { padding: 0 2; & > Static { height: 2; width: 1fr; } }
    """

    def __init__(self, sentence: str) -> None:
        """``sentence``: what is being done."""
        super().__init__(id="working")
        self._sentence = sentence
        self._picture = 0

    @property
    def prompt(self) -> PromptWords:
        """One may write on, but not send."""
        return PromptWords(_("Un instant"), "")

    def compose(self) -> ComposeResult:
        """One line."""
        yield Static(self._content(), markup=False)

    def on_mount(self) -> None:
        """Move on while it is on screen."""
        self.set_interval(STEP_S, self._move_on)

    def _content(self) -> Content:
        return Content.assemble(self._sentence, "  ", (PICTURES[self._picture], "$lamp"))

    def _move_on(self) -> None:
        self._picture = (self._picture + 1) % len(PICTURES)
        self.query_one(Static).update(self._content(), layout=False)

"""The place to write: a box with a name, and what was written when Enter is pressed."""

from __future__ import annotations

from dataclasses import dataclass

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Static

from tui.language import _
from tui.widgets.line_input import LineInput
from tui.widgets.panel import PromptWords


class ChatPrompt(Horizontal):
    """One line to write in, visible from afar."""

    DEFAULT_CSS = """
    ChatPrompt {
        height: 3; border: round $lamp; padding: 0 1;
        border-title-color: $lamp; border-title-style: bold;
        border-subtitle-color: $quiet;
        & > .prompt--mark { width: 2; color: $lamp; }
        & > LineInput { width: 1fr; }
    }
    """

    @dataclass
    class Said(Message):
        """Enter was pressed; ``text`` may be empty."""

        text: str

    def __init__(self, *, id: str | None = None) -> None:
        """Empty, and named for a first message."""
        super().__init__(id=id)
        self.border_title = _("Votre message")

    def compose(self) -> ComposeResult:
        """The mark and the line."""
        yield Static("▶", classes="prompt--mark")
        yield LineInput(placeholder=_("Écrivez ici, puis Entrée"))

    @property
    def line(self) -> LineInput:
        """The line itself."""
        return self.query_one(LineInput)

    @property
    def text(self) -> str:
        """What is written."""
        return self.line.value

    def name_it(self, words: PromptWords) -> None:
        """Say what is to be written now."""
        self.border_title = words.title
        self.border_subtitle = _("Cet échange est analysé par une IA") if words.notice else ""
        self.line.placeholder = words.placeholder
        self.line.steering = words.steering

    def write(self, text: str) -> None:
        """Put a text there, the cursor behind it."""
        self.line.value = text
        self.line.cursor_position = len(self.line.value)
        self.line.show_cursor()

    @on(LineInput.Submitted)
    def pass_on(self, event: LineInput.Submitted) -> None:
        """Say what was written."""
        event.stop()
        self.post_message(self.Said(event.value))

"""One line to write in, at few bytes a key; everything pasted stays, on that one line."""

from __future__ import annotations

from dataclasses import dataclass

from textual import events
from textual.binding import Binding
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive, var
from textual.widgets import Input

from tui.clean import one_line


class LineInput(Input):
    """An ``Input`` that does not lay the screen out again at every key, and knows a few keys when it is empty."""

    DEFAULT_CSS = """
    LineInput, LineInput:focus {
        background: $ground;
        background-tint: $ground 0%;
        color: $ink;
        border: none;
        height: 1;
        padding: 0;
        & > .input--placeholder { color: $quiet; }
    }
    """

    # What was typed before the terminal was ours ends with a line feed instead of a carriage return.
    BINDINGS = [Binding("ctrl+j", "submit", show=False)]

    virtual_size = reactive(Size(0, 0), layout=False)
    steering = var(frozenset[str]())
    """Keys that steer what stands above as long as nothing is written: digits, arrows."""

    @dataclass
    class Steered(Message):
        """A steering key was pressed while nothing was written."""

        key: str

    def __init__(self, value: str = "", *, placeholder: str = "", id: str | None = None) -> None:
        """``value`` and ``placeholder``: what stands there first."""
        super().__init__(value, placeholder=placeholder, id=id, compact=True, select_on_focus=False)
        self.cursor_blink = False

    def validate_value(self, value: str) -> str:
        """Let nothing in that is not text on one line."""
        return one_line(value)

    async def on_key(self, event: events.Key) -> None:
        """Hand steering keys on before they become text."""
        if not self.value and event.key in self.steering:
            event.stop()
            event.prevent_default()
            self.post_message(self.Steered(event.key))

    def on_paste(self, event: events.Paste) -> None:
        """Insert all of it; the stock widget keeps the first line only."""
        event.stop()
        event.prevent_default()
        start, end = sorted(self.selection)
        self.replace(one_line(event.text), start, end)
        self.show_cursor()

    def show_cursor(self) -> None:
        """Scroll to the cursor."""
        # NOTE: Textual 8.2.8 does not scroll for the first value a field gets.
        position = self.cursor_position
        self.cursor_position = 0
        self.cursor_position = position

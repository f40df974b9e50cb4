"""What went wrong, in one sentence, where the eyes are: just above the place to write."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static


class ErrorLine(Static):
    """Takes no room when there is nothing to say."""

    DEFAULT_CSS = """
    ErrorLine {
        display: none; height: auto; max-height: 3; width: 1fr; margin: 0 1; padding: 0 1;
        background: $alarm; color: $ink;
        &.-said { display: block; }
        &.-hint { background: $quiet; color: $ground; }
    }
    """

    def say(self, sentence: str, *, hint: bool = False) -> None:
        """Show a sentence; an empty one clears the line. A ``hint`` asks for something, nothing went wrong."""
        self.set_class(bool(sentence), "-said")
        self.set_class(hint, "-hint")
        self.update(Content(("" if hint else "! ") + sentence if sentence else ""))

    @property
    def sentence(self) -> str:
        """What it says now."""
        return str(self.content)

"""The smallest Textual app with a place to type: what start-up and echo are measured against."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.widgets import Input, Static


class Bare(App[None]):
    """One Static, one Input."""

    def compose(self) -> ComposeResult:
        """Both widgets, the input focused."""
        yield Static("Prêt")
        yield Input()

    def on_mount(self) -> None:
        """Ready to type."""
        self.query_one(Input).focus()


if __name__ == "__main__":
    Bare().run()

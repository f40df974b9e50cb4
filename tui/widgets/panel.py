"""What every panel between the conversation and the prompt has in common.

A panel says what the prompt is for while it is there, which keys it offers, and what words and keys mean to it.
It knows nothing beyond itself: what was done to it goes up as a message.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.containers import VerticalScroll

from tui.widgets.action_bar import Action
from tui.widgets.fitted import GIVES, Fitted


@dataclass(frozen=True)
class PromptWords:
    """How the place to write is named, and which keys steer the panel while nothing is written."""

    title: str
    placeholder: str
    steering: frozenset[str] = frozenset()
    notice: bool = True
    """Whether to repeat beside it that an AI reads what is written."""


class Panel(Fitted):
    """The thing to do now; of the parts of a screen it is the one that gives way in a small window."""

    DEFAULT_CSS = """
    Panel { height: auto; width: 1fr; }
    """

    can_focus = False

    def __init__(self, *, id: str | None = None) -> None:
        """Give way."""
        super().__init__(id=id, classes=GIVES)

    @property
    def prompt(self) -> PromptWords | None:
        """What the prompt is for; None hides it."""
        return None

    @property
    def written(self) -> str:
        """What was written here and is nowhere else yet; put back into the prompt when the session expired."""
        return ""

    def answers_with(self, text: str) -> tuple[tuple[str, str], ...]:
        """(question key, answer) of a round that was not sent yet; ``text`` stands in the prompt."""
        return ()

    @property
    def keys(self) -> Sequence[Action]:
        """Keys of this panel for the last line of the screen, besides those of every screen."""
        return ()

    def hear(self, text: str) -> None:
        """Enter was pressed in the prompt; ``text`` is stripped and may be empty."""

    def press(self, action: str) -> None:
        """A key of this panel was pressed, or its words were clicked; others are none of its business."""

    def steer(self, key: str) -> None:
        """A steering key was pressed."""

    def leaf(self, pages: int) -> bool:
        """Scroll by so many pages; False when all of the panel is in view."""
        for box in (self, *self.query(VerticalScroll)):
            if box.max_scroll_y > 0:
                box.scroll_relative(y=pages * max(box.size.height - 1, 1), animate=False)
                return True
        return False

"""The conversation so far: the requester's words in a box on the right, Guichet's beside a line on the left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.reactive import reactive
from textual.widgets import Static

from tui.clean import shortened, shown
from tui.language import _

if TYPE_CHECKING:
    from engine import Session, Turn

SHOWN_LIMIT = 1_200
"""Characters of one message that the screen shows; all of it is kept and read."""

LEAST_ROWS = 2
"""Rows below which nothing of the conversation is shown."""


class Bubble(Horizontal):
    """One message. Side, shape and label say whose it is; the colour only repeats it."""

    DEFAULT_CSS = """
    Bubble {
        height: auto; width: 1fr;
        & > Static { width: auto; max-width: 86%; height: auto; }
        &.-requester { align-horizontal: right; }
        &.-requester > Static {
            border: round $person; border-title-color: $person; border-title-align: right; padding: 0 1;
        }
        &.-guichet > Static { border-left: solid $lamp; padding: 0 1; color: $ink; }
        &.-guichet { margin-bottom: 1; }
    }
    """

    def __init__(self, author: str, text: str) -> None:
        """``author``: ``requester`` or ``guichet``; ``text``: shown as text, whatever it contains."""
        super().__init__(classes=f"-{author}")
        self.author, self.text = author, text

    def compose(self) -> ComposeResult:
        """The text in its shape."""
        text, left = shortened(shown(self.text), SHOWN_LIMIT)
        body = Content(text)
        if left:
            more = _("… et {n} caractères de plus, enregistrés aussi.").format(n=f"{left:_}".replace("_", "\u00a0"))
            body = Content.assemble(body, "\n", (more, "$quiet"))
        bubble = Static(body, markup=False)
        if self.author == "requester":
            bubble.border_title = _("Vous")
        yield bubble


class ChatLog(VerticalScroll):
    """All messages, the latest in view."""

    DEFAULT_CSS = """
    ChatLog {
        height: 1fr; scrollbar-size: 0 0; padding: 1 2 0 2;
        &.-slim > Bubble { visibility: hidden; }
    }
    """

    can_focus = False

    session: reactive[Session | None] = reactive(None, init=False)
    """The conversation to show."""

    def __init__(self, *, id: str | None = None) -> None:
        """Empty."""
        super().__init__(id=id)
        self._notes: list[Bubble] = []

    def on_mount(self) -> None:
        """Keep the end in view."""
        self.anchor()

    def on_resize(self, event: events.Resize) -> None:
        """A frame without its words says nothing."""
        self.set_class(event.size.height < LEAST_ROWS, "-slim")

    async def watch_session(self, session: Session | None) -> None:
        """Add what is new; begin again when it is another conversation."""
        turns = _turns(session)
        bubbles = list(self.query(Bubble))
        said = [(bubble.author, bubble.text) for bubble in bubbles if not bubble.has_class("-note")]
        wanted = [(turn.author, turn.text) for turn in turns]
        if said != wanted[: len(said)] or not wanted:
            await self.remove_children(Bubble)
            said = []
        new = [Bubble(author, text) for author, text in wanted[len(said) :]]
        if new:
            new += self._notes
            self._notes = []
            await self.mount(*new)
            self.anchor()

    def note(self, sentence: str) -> None:
        """Let Guichet say something about the next message, after it; it is not part of the stored conversation."""
        bubble = Bubble("guichet", sentence)
        bubble.add_class("-note")
        self._notes.append(bubble)


def _turns(session: Session | None) -> tuple[Turn, ...]:
    """What to show: questions still open are shown by the form that asks them."""
    if session is None:
        return ()
    from engine import Stage

    turns = session.turns
    if session.stage is Stage.CLARIFYING:
        while turns and turns[-1].author == "guichet":
            turns = turns[:-1]
    return turns

"""Calling a technician: how to be reached if need be, then five seconds to think again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.reactive import reactive
from textual.widgets import Static

from tui.language import _
from tui.widgets.action_bar import Action
from tui.widgets.panel import Panel, PromptWords


class HumanCall(Panel):
    """Asks for a contact (``seconds`` None), or counts down to the call."""

    DEFAULT_CSS = """
    HumanCall {
        & > Vertical {
            height: auto; border: double $lamp; padding: 1 2;
            border-title-color: $lamp; border-title-style: bold;
        }
        & .call--what { text-style: bold; height: 1; }
        & .call--why { color: $quiet; height: auto; }
    }
    """

    left = reactive(0, init=False)
    """Whole seconds left."""

    class Elapsed(Message):
        """Nobody cancelled: call."""

    class Cancelled(Message):
        """Not after all."""

    @dataclass
    class Contacted(Message):
        """How the person can be reached (may be empty)."""

        contact: str

    def __init__(self, seconds: float | None) -> None:
        """``seconds``: time to cancel; None while a contact is still missing."""
        super().__init__(id="human")
        self._seconds = seconds
        self.set_reactive(HumanCall.left, round(seconds or 0))

    @property
    def prompt(self) -> PromptWords | None:
        """For a contact, while one is missing."""
        if not self.wants_contact:
            return None
        return PromptWords(_("Votre e-mail ou téléphone"), _("par exemple 01 23 45 67 89"), notice=False)

    @property
    def keys(self) -> Sequence[Action]:
        """The way back."""
        return (("Échap", _("Annuler"), "back"),)

    def hear(self, text: str) -> None:
        """A contact, while one is asked for; words sent just before the call stay in the prompt."""
        if self.wants_contact:
            self.post_message(self.Contacted(text))

    def press(self, action: str) -> None:
        """Cancel."""
        if action == "back":
            self.post_message(self.Cancelled())

    @property
    def wants_contact(self) -> bool:
        """Whether a contact is asked for."""
        return self._seconds is None

    def compose(self) -> ComposeResult:
        """What is about to happen and how to stop it."""
        with Vertical() as box:
            box.border_title = _("Parler à un technicien")
            yield Static(self._what(), classes="call--what")
            yield Static(self._why(), classes="call--why")

    def on_mount(self) -> None:
        """Start counting."""
        if self._seconds is not None:
            self.set_timer(self._seconds, lambda: self.post_message(self.Elapsed()))
            self.set_interval(1.0, self._count)

    def watch_left(self) -> None:
        """Say how long there is."""
        self.query_one(".call--what", Static).update(self._what(), layout=False)

    def _count(self) -> None:
        self.left = max(self.left - 1, 0)

    def _what(self) -> str:
        if self.wants_contact:
            return _("Comment un technicien peut-il vous joindre ?")
        return _("Votre demande part chez un technicien dans {n} s.").format(n=self.left)

    def _why(self) -> str:
        if self.wants_contact:
            return _("Écrivez un e-mail ou un numéro de téléphone ci-dessous, puis Entrée.")
        return _("Un ticket est créé avec ce que vous avez écrit, sans autre confirmation.")

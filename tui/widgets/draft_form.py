"""The modification form: title and symptoms can be changed, what the triage decided is only shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Static, TextArea

from engine import Category, Draft
from tui.clean import one_line, shown
from tui.language import _
from tui.widgets.action_bar import ActionBar
from tui.widgets.fitted import GIVES
from tui.widgets.line_input import LineInput
from tui.widgets.panel import Panel
from tui.words import PRIORITIES, category_name


class DraftForm(Panel):
    """Two fields and the locked ones."""

    DEFAULT_CSS = """
    DraftForm {
        & > VerticalScroll {
            height: auto; scrollbar-size: 0 0; border: solid $quiet; padding: 0 1;
            border-title-color: $lamp; border-title-style: bold;
        }
        & .field { border: round $quiet; border-title-color: $quiet; padding: 0 1; height: auto; }
        & .field:focus-within {
            border: round $lamp; border-title-color: $lamp; border-title-style: bold;
        }
        & TextArea, & TextArea:focus {
            height: 4; border: none; padding: 0; background: $ground; background-tint: $ground 0%; color: $ink;
            scrollbar-size: 0 0;
            & .text-area--cursor-line { background: $ground; }
            & .text-area--cursor { background: $ink; color: $ground; }
            & .text-area--selection { background: $quiet; color: $ground; }
        }
        & .form--locked { color: $quiet; height: auto; }
        & ActionBar { margin: 0 1 1 1; }
    }
    """

    @dataclass
    class Submitted(Message):
        """The requester's own title and symptoms."""

        title: str
        symptoms: tuple[str, ...]

    class Cancelled(Message):
        """Nothing is to be changed."""

    def __init__(self, draft: Draft, categories: Sequence[Category]) -> None:
        """``draft``: what the fields start from."""
        super().__init__(id="form")
        self._draft, self._categories = draft, categories

    def compose(self) -> ComposeResult:
        """The fields, the locked ones, the sentence that explains them."""
        with VerticalScroll(can_focus=False, classes=GIVES) as box:
            box.border_title = _("Modifier le récapitulatif")
            with Vertical(classes="field") as field:
                field.border_title = _("Titre")
                yield LineInput(self._draft.title, id="title")
            with Vertical(classes="field") as field:
                field.border_title = _("Symptômes, un par ligne")
                yield TextArea(
                    "\n".join(one_line(text) for text in self._draft.symptoms),
                    id="symptoms", tab_behavior="focus", compact=True, theme="css", highlight_cursor_line=False,
                )  # fmt: skip
            yield Static(self._locked(), classes="form--locked", markup=False)
        yield ActionBar(
            (("F2", _("Créer le ticket"), "yes"), ("Échap", _("Annuler"), "back"), ("Tab", _("Champ suivant"), "next"))
        )

    def on_mount(self) -> None:
        """Start at the title, ready to write."""
        area = self.query_one(TextArea)
        area.cursor_blink = False
        self.query_one(LineInput).focus()

    def _locked(self) -> Content:
        draft = self._draft
        name = category_name(draft.subcategory or draft.category, self._categories)
        mark, word = PRIORITIES[draft.priority]
        return Content.assemble(
            (f"{one_line(name)}  •  {_('Priorité')} {mark} {_(word)}", "$ink"),
            "\n",
            _("La priorité et la catégorie sont déterminées automatiquement et ne peuvent pas être modifiées."),
        )

    def press(self, action: str) -> None:
        """Create, cancel, or go to the next field."""
        if action == "yes":
            self.submit()
        elif action == "back":
            self.post_message(self.Cancelled())
        elif action == "next":
            self.screen.focus_next()

    @property
    def written(self) -> str:
        """Title and symptoms as they stand."""
        lines = [self.query_one(LineInput).value, *self.query_one(TextArea).text.splitlines()]
        return ". ".join(line.strip() for line in lines if line.strip())

    def submit(self) -> None:
        """Say what the fields contain now."""
        lines = shown(self.query_one(TextArea).text).splitlines()
        symptoms = tuple(line.strip() for line in lines if line.strip())
        self.post_message(self.Submitted(self.query_one(LineInput).value.strip(), symptoms))

    @on(LineInput.Submitted)
    def go_on(self, event: LineInput.Submitted) -> None:
        """Enter in the title goes on to the symptoms."""
        event.stop()
        self.query_one(TextArea).focus()

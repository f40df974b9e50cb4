"""The Smart Summary on a card: what was understood, how surely, by whom, and what can be done about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from engine import Category, Config, Draft, Priority, Session, Stage
from tui.clean import one_line, shortened
from tui.language import _
from tui.widgets.action_bar import ActionBar
from tui.widgets.fitted import GIVES
from tui.widgets.panel import Panel, PromptWords
from tui.words import INFO_LABELS, PRIORITIES, category_name, category_question, confidence_words, made_by

PRIORITY_STYLES = {
    Priority.LOW: "$quiet",
    Priority.MEDIUM: "bold $ink",
    Priority.HIGH: "bold $ground on $lamp",
    Priority.CRITICAL: "bold $ink on $alarm",
}
VALUE_LIMIT = 300
"""Characters of one value that the card shows."""


class Line(Horizontal):
    """A label and its value, the value wrapped under itself."""

    DEFAULT_CSS = """
    Line {
        height: auto;
        & > .line--label { width: 12; color: $quiet; }
        & > .line--value { width: 1fr; height: auto; }
    }
    """

    def __init__(self, label: str, value: Content) -> None:
        """``label``: at most 11 cells."""
        super().__init__()
        self._label, self._value = label, value

    def compose(self) -> ComposeResult:
        """Both, side by side."""
        yield Static(self._label, classes="line--label", markup=False)
        yield Static(self._value, classes="line--value", markup=False)


class Facts(VerticalScroll):
    """The lines of the card; says so when there are more than its place shows."""

    can_focus = False

    def __init__(self, made_by: str) -> None:
        """``made_by``: what stands below the lines while all of them are in view."""
        super().__init__(classes=GIVES)
        self.border_subtitle = self._made_by = made_by

    def on_resize(self) -> None:
        """The place was given or changed."""
        self.border_subtitle = _("▼ la suite : touche Page suivante") if self.max_scroll_y > 0 else self._made_by


class SummaryCard(Panel):
    """The card and its actions. In a review the category is a question and nothing is preselected."""

    DEFAULT_CSS = """
    SummaryCard {
        & > Facts {
            height: auto; max-height: 55vh; scrollbar-size: 0 0; border: solid $quiet; padding: 0 1;
            border-title-color: $lamp; border-title-style: bold; border-subtitle-color: $quiet;
        }
        & .card--title { text-style: bold; height: auto; margin-bottom: 1; }
        & .card--question { text-style: bold; color: $lamp; height: auto; }
        & ActionBar { margin: 0 1 1 1; }
    }
    """

    class Confirmed(Message):
        """Yes."""

    class EditWanted(Message):
        """Title or symptoms are to be changed."""

    class Refused(Message):
        """No."""

    class Undecided(Message):
        """Enter alone, where nothing is preselected."""

    @dataclass
    class Replied(Message):
        """A reply in words."""

        text: str

    def __init__(self, session: Session, categories: Sequence[Category], config: Config) -> None:
        """``session``: in VALIDATING or REVIEWING, with its draft."""
        super().__init__(id="summary")
        assert session.draft is not None, "a summary has a draft"
        self._draft: Draft = session.draft
        self._sure = session.stage is Stage.VALIDATING
        self._categories, self._config = categories, config

    def compose(self) -> ComposeResult:
        """The five lines, then the actions."""
        with Facts(made_by(self._draft)) as box:
            box.border_title = _("Voici ce que j'ai compris") if self._sure else _("À vérifier avec vous")
            if not self._sure:
                yield Static(category_question(self._draft, self._categories), classes="card--question", markup=False)
            yield Static(_value(self._draft.title), classes="card--title", markup=False)
            yield from self._lines()
        yes = (_("F2") if not self._sure else _("Entrée"), _("Oui, créer le ticket"), "yes")
        actions = (yes, ("F3", _("Modifier"), "modify"), ("F4", _("Non"), "refuse"))
        yield ActionBar(actions, chosen=0 if self._sure else None)

    @property
    def prompt(self) -> PromptWords:
        """For a reply in words; the arrows choose an action."""
        return PromptWords(_("Votre réponse"), _("ou répondez avec vos mots"), frozenset({"left", "right"}))

    def hear(self, text: str) -> None:
        """Words are a reply; Enter alone does what is chosen, if anything is."""
        chosen = self.query_one(ActionBar).action
        if text:
            self.post_message(self.Replied(text))
        elif chosen is None:
            self.post_message(self.Undecided())
        else:
            self.press(chosen)

    def press(self, action: str) -> None:
        """Yes, change, no."""
        messages: dict[str, type[Message]] = {
            "yes": self.Confirmed, "modify": self.EditWanted, "refuse": self.Refused
        }  # fmt: skip
        if action in messages:
            self.post_message(messages[action]())

    def steer(self, key: str) -> None:
        """An arrow moves the choice."""
        self.query_one(ActionBar).move(1 if key == "right" else -1)

    def _lines(self) -> ComposeResult:
        draft = self._draft
        name = category_name(draft.subcategory or draft.category, self._categories)
        yield Line(
            _("Catégorie"), Content.assemble(one_line(name), (f"  ({confidence_words(draft, self._config)})", "$quiet"))
        )
        mark, word = PRIORITIES[draft.priority]
        yield Line(_("Priorité"), Content.assemble((f" {mark} {_(word)} ", PRIORITY_STYLES[draft.priority])))
        if draft.symptoms:
            yield Line(_("Symptômes"), Content("\n").join(Content(f"• {_value(text)}") for text in draft.symptoms))
        if draft.extracted_info:
            yield Line(_("Relevé"), _facts(draft))
        if draft.other_problems:
            others = " ; ".join(_value(text) for text in draft.other_problems)
            yield Line(_("Aussi"), Content(_("{others} : un autre ticket après celui-ci.").format(others=others)))


def _facts(draft: Draft) -> Content:
    """« Appareil imprimante · Marque HP »: what was found, in a fixed order."""
    known = [(key, draft.extracted_info[key]) for key in INFO_LABELS if key in draft.extracted_info]
    facts = [Content.assemble((f"{_(INFO_LABELS[key])} ", "$quiet"), _value(value)) for key, value in known]
    return Content("  •  ").join(facts)


def _value(text: str) -> str:
    """A value as the card shows it."""
    beginning, left = shortened(one_line(text), VALUE_LIMIT)
    return beginning + ("…" if left else "")

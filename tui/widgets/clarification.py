"""Questions, one after another: a digit, a click or a sentence answers each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widgets import Static

from engine import Action, Question, Session
from tui.clean import one_line
from tui.language import _
from tui.widgets.action_bar import Action as KeyAction
from tui.widgets.panel import Panel, PromptWords

MOST_CHOICES = 9
"""Answers that a single digit can reach."""


class Choice(Static):
    """One ready-made answer and its digit."""

    DEFAULT_CSS = """
    Choice {
        height: 1; width: auto;
        &.-chosen { background: $lamp; color: $ground; text-style: bold; }
    }
    """

    @dataclass
    class Picked(Message):
        """The answer was clicked."""

        number: int

    def __init__(self, number: int, answer: str) -> None:
        """``number``: 1 to 9."""
        super().__init__()
        self._number, self._answer = number, answer

    def render(self) -> Content:
        """The digit in reverse, the answer after it; the chosen one is pointed at."""
        if self.has_class("-chosen"):
            return Content(f" {self._number}  ▶ {self._answer} ")
        return Content.assemble((f" {self._number} ", "$ground on $quiet"), f"   {self._answer} ")

    def on_click(self) -> None:
        """Say that it was picked."""
        self.post_message(self.Picked(self._number))


class Clarification(Panel):
    """One round: at most three questions; it remembers the answers until the round is sent."""

    DEFAULT_CSS = """
    Clarification {
        border: solid $quiet; padding: 0 1; overflow-y: auto; scrollbar-size: 0 0;
        border-title-color: $lamp; border-title-style: bold; border-subtitle-color: $quiet;
        & > .clarify--why { color: $quiet; height: auto; }
        & > .clarify--question { text-style: bold; color: $ink; height: auto; margin-bottom: 1; }
    }
    """

    index = reactive(0, recompose=True)
    """Which question is asked."""
    chosen: reactive[int | None] = reactive(None)
    """Number of the answer Enter takes, or None."""

    @dataclass
    class Completed(Message):
        """The round is over: (question key, answer) each."""

        answers: tuple[tuple[str, str], ...]

    class Moved(Message):
        """Another question is asked now."""

    class Unanswered(Message):
        """An answer is needed first."""

    @dataclass
    class Mistyped(Message):
        """A digit that stands before no answer."""

        last: int
        """The highest digit that does."""

    def __init__(self, session: Session, max_attempts: int) -> None:
        """``session``: in CLARIFYING; ``max_attempts``: rounds before a technician takes over."""
        super().__init__(id="clarification")
        self._questions = session.draft.questions if session.draft else ()
        self._answers: list[tuple[str, str]] = []
        self._refused = any(question.key == "refusal" for question in self._questions)
        self._vague = session.action is Action.TOO_VAGUE
        self.border_title = _("Tentative {n}/{most}").format(n=session.attempts + 1, most=max_attempts)

    def compose(self) -> ComposeResult:
        """Why it is asked, the question, the answers."""
        question = self.question
        self.border_subtitle = self._where()
        if not self._refused:
            yield Static(self._why(), classes="clarify--why")
        yield Static(one_line(question.text), classes="clarify--question", markup=False)
        for number, answer in enumerate(question.answers[:MOST_CHOICES], start=1):
            yield Choice(number, one_line(answer))

    def on_resize(self) -> None:
        """The place was given or changed."""
        self.border_subtitle = _("▼ la suite : touche Page suivante") if self.max_scroll_y > 0 else self._where()

    def _where(self) -> str:
        total = len(self._questions)
        return _("Question {n} sur {total}").format(n=self.index + 1, total=total) if total > 1 else ""

    def _why(self) -> str:
        if self.index:
            return _("Merci. Encore ceci :")
        if self._vague:
            return _("Votre message est trop vague pour être traité.")
        return _("Il me manque une précision pour bien vous orienter.")

    @property
    def question(self) -> Question:
        """The question asked now."""
        return self._questions[self.index] if self._questions else Question("generic", _("Pouvez-vous préciser ?"))

    @property
    def prompt(self) -> PromptWords:
        """For an answer; digits and arrows choose a ready-made one while nothing is written."""
        digits = [str(number) for number in range(1, len(self.question.answers[:MOST_CHOICES]) + 1)]
        if not digits:
            return PromptWords(_("Votre réponse"), _("Écrivez ici, puis Entrée"))
        if len(digits) == 1:
            hint = _("Le chiffre 1, ou votre réponse puis Entrée")
        else:
            hint = _("Un chiffre de 1 à {n}, ou votre réponse puis Entrée").format(n=len(digits))
        return PromptWords(_("Votre réponse"), hint, frozenset([*digits, "up", "down"]))

    @property
    def keys(self) -> Sequence[KeyAction]:
        """Ending the round early makes sense once something was answered."""
        return (("F5", _("C'est tout"), "enough"), ("Échap", _("Revenir"), "back")) if self._answers else ()

    def hear(self, text: str) -> None:
        """Words are an answer, a digit means a ready-made one; Enter alone takes the chosen one."""
        last = len(self.question.answers[:MOST_CHOICES])
        if last and len(text) == 1 and text.isdecimal():
            number = int(text)
            if 1 <= number <= last:
                self.pick(number)
            else:
                self.post_message(self.Mistyped(last))
        elif text:
            self.answer(text)
        elif self.chosen is not None:
            self.pick(self.chosen)
        else:
            self.post_message(self.Unanswered())

    @property
    def written(self) -> str:
        """The answers of this round."""
        return ". ".join(text for _key, text in self._answers)

    def answers_with(self, text: str) -> tuple[tuple[str, str], ...]:
        """What was answered so far; ``text`` answers the question asked now, if it says anything."""
        return (*self._answers, (self.question.key, text)) if text else tuple(self._answers)

    def press(self, action: str) -> None:
        """End the round early, or take the last answer back."""
        if action == "enough" and self._answers:
            self.complete()
        elif action == "enough":
            self.post_message(self.Unanswered())
        elif action == "back" and self._answers:
            self._answers.pop()
            self._ask(self.index - 1)

    def steer(self, key: str) -> None:
        """A digit answers; an arrow moves the choice."""
        if key.isdigit():
            self.pick(int(key))
        elif self.question.answers:
            last = len(self.question.answers[:MOST_CHOICES])
            start = self.chosen if self.chosen is not None else (0 if key == "down" else last + 1)
            self.chosen = min(max(start + (1 if key == "down" else -1), 1), last)

    def pick(self, number: int) -> None:
        """Answer with a ready-made one."""
        self.answer(self.question.answers[number - 1])

    def answer(self, text: str) -> None:
        """Answer the question; the last answer completes the round."""
        key = self.question.key
        self._answers = [(asked, said) for asked, said in self._answers if asked != key]
        self._answers.append((key, text))
        if self.index + 1 < len(self._questions):
            self._ask(self.index + 1)
        else:
            self.complete()

    def _ask(self, index: int) -> None:
        self.set_reactive(Clarification.chosen, None)
        self.index = index
        self.post_message(self.Moved())

    def complete(self) -> None:
        """Send the round as it stands."""
        self.post_message(self.Completed(tuple(self._answers)))

    @on(Choice.Picked)
    def take(self, event: Choice.Picked) -> None:
        """An answer was clicked."""
        event.stop()
        self.pick(event.number)

    def watch_chosen(self, chosen: int | None) -> None:
        """Point at the chosen answer."""
        for number, choice in enumerate(self.query(Choice), start=1):
            choice.set_class(number == chosen, "-chosen")
            choice.refresh()
            if number == chosen:
                choice.scroll_visible(animate=False)

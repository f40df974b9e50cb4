"""What to ask next: at most three questions, only about what is missing and would change something.

The questions, their ready-made answers and what an answer is worth to the technician are data
(``data/questions.toml``); how much doubt an answer is expected to take away is ``engine.triage.gain``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import data
from data.categories import load_categories
from data.records import UNCATEGORISED, Priority, Question
from engine.text import fold
from engine.triage.contract import MISSING_KEYS
from engine.triage.gain import Belief, believed, expected, likelihood, raises

UNKNOWN_ANSWER = "Je ne sais pas"
"""Among the ready-made answers of every question, always last."""

MOST = 3
"""Questions in one round."""

WORTH_ASKING, WORTH_NOTING = 0.2, 0.1
"""Worth from which a question is asked, and from which what is missing is named; nats and first moves together."""

UNDERSTOOD = 0.60
"""Confidence below which the first question is what is concerned, as only that can raise it enough."""

_PRIORITY_WORTH = 0.5
"""What a certain change of priority is worth, in nats."""
_ALREADY, _SAME_TEAM = 0.3, 0.8
"""What is left of the worth of one more answer that speaks for the same codes, and for others of their team."""
_BREADTH, _BREADTH_POINTED = 0.4, 0.8
"""How much an answer that speaks for many codes is held back, 1 by their number, 0 not at all: while nothing points
anywhere, and when one team is certain."""
_FITS_FROM = 0.03
"""Share of the best fitting answer's worth from which another one is shown, once there are ``_FEWEST``."""
_FEWEST = 4


@dataclass(frozen=True)
class Answer:
    """A ready-made answer that speaks for categories."""

    say: str
    """What is shown, and what the turn of somebody who chooses it says."""
    codes: frozenset[str]
    priority: Priority | None
    """What the ticket is then at least."""
    teams: frozenset[str]
    """The numbers of the level-1 categories of the codes."""
    is_device: bool
    """Whether it names a device or an application."""
    likely: Mapping[str, float]
    """How likely it is given under each code of the shipped tree."""

    def under(self, codes: Iterable[str]) -> list[float]:
        """How likely it is given under each of these codes, those that a site has added included."""
        return [self.likely.get(code) or likelihood(self.codes, code) for code in codes]


@dataclass(frozen=True)
class _Asked:
    """One question as the data has it."""

    key: str
    text: str
    plain: tuple[str, ...]
    """Answers that say nothing about the category."""
    free: float
    most: int
    is_what: bool
    """About what is concerned: one of these a round, as the next depends on its answer."""
    pool: tuple[Answer, ...]


@dataclass(frozen=True)
class Catalogue:
    """All that is shipped about questions."""

    questions: Mapping[str, Question]
    """By key, with the answers that are shown while nothing is known."""
    asked: Mapping[str, _Asked]
    first_move: Mapping[str, Mapping[str, float]]
    """For each question, what its answer is worth to the technician by code of the tree."""
    answers: Mapping[tuple[str, str], Answer]
    """Ready-made answers that speak for categories, by key and folded text."""


class Asking(NamedTuple):
    """What to ask."""

    missing: tuple[str, ...]
    """Keys of ``MISSING_KEYS`` that would be useful, the most useful first."""
    questions: tuple[Question, ...]


class _Worth(NamedTuple):
    """A question that could be asked now."""

    key: str
    doubt: float
    """Of the category, that its answer takes away."""
    else_: float
    """What else its answer is worth: priority, first move."""
    answers: tuple[str, ...]


def __getattr__(name: str) -> Mapping[str, Question]:
    """``QUESTIONS``: every question by its key, read from the data on first use."""
    if name == "QUESTIONS":
        return catalogue().questions
    raise AttributeError(name)


@cache
def catalogue() -> Catalogue:
    """The shipped questions, read once."""
    raw = tomllib.loads((Path(data.__file__).parent / "questions.toml").read_text(encoding="utf-8"))
    tree = {category.code: category.parent or category.code for category in load_categories()}
    pools: dict[str, list[Answer]] = {}
    for entry in raw["answer"]:
        pools.setdefault(entry["key"], []).append(_answer(entry, tree))
    asked = {entry["key"]: _asked(entry, pools.get(entry["key"], ())) for entry in raw["question"]}
    nothing = believed({}, UNCATEGORISED, 0.0, tree=tree, priorities={})
    questions = {key: Question(key, one.text, (*_shown(one, nothing), UNKNOWN_ANSWER)) for key, one in asked.items()}
    return Catalogue(
        MappingProxyType(questions),
        MappingProxyType(asked),
        MappingProxyType(_by_question(raw["first_move"], tree)),
        MappingProxyType({(key, fold(one.say)): one for key, pool in pools.items() for one in pool}),
    )


def _answer(entry: Mapping[str, Any], codes: Collection[str]) -> Answer:
    """A ready-made answer as the data has it."""
    own = frozenset(entry["codes"])
    return Answer(
        entry["say"],
        own,
        Priority(entry["priority"]) if "priority" in entry else None,
        frozenset(code[:2] for code in own),
        entry.get("device", True),
        MappingProxyType({code: likelihood(own, code) for code in codes}),
    )


def _asked(entry: Mapping[str, Any], pool: Sequence[Answer]) -> _Asked:
    """A question as the data has it."""
    return _Asked(
        entry["key"],
        entry["text"],
        tuple(entry.get("answers", ())),
        float(entry.get("free", 0.0)),
        int(entry.get("most", len(pool))),
        bool(entry.get("what", False)),
        tuple(pool),
    )


def _by_question(values: Mapping[str, Mapping[str, float]], tree: Mapping[str, str]) -> dict[str, dict[str, float]]:
    """What answers are worth by question and code; a leaf without a table of its own has its parent's."""
    found: dict[str, dict[str, float]] = {}
    for code, parent in tree.items():
        for key, value in values.get(code, values.get(parent, {})).items():
            found.setdefault(key, {})[code] = value
    return found


def refusal_question() -> Question:
    """« Qu'est-ce qui ne va pas ? », after a refused summary."""
    return catalogue().questions["refusal"]


def chosen(key: str | None, text: str) -> Answer | None:
    """The ready-made answer to this question that a turn is, or None for words of one's own."""
    return catalogue().answers.get((key or "", fold(text).strip()))


def asking(belief: Belief, known: Collection[str], said: Collection[str] = ()) -> Asking:
    """What is missing, and at most three questions worth asking, never about what was said or asked.

    Below ``UNDERSTOOD`` there is at least one question, so that a round can be had.

    Args:
        belief: What is held likely now.
        known: Keys that were said or asked.
        said: Ready-made answers that would say nothing new; not shown.
    """
    worths = sorted(_worths(belief, known, said), key=_whole, reverse=True)
    missing = tuple(one.key for one in worths if one.key in MISSING_KEYS and _whole(one) >= WORTH_NOTING)
    found = _chosen(worths, belief)
    if not found and belief.confidence < UNDERSTOOD:
        found = worths[:1] or [_Worth("generic", 0.0, 0.0, ())]
    return Asking(missing, tuple(Question(one.key, _text(one), (*one.answers, UNKNOWN_ANSWER)) for one in found))


def _chosen(worths: Sequence[_Worth], belief: Belief) -> list[_Worth]:
    """The questions of a round: each is worth asking after those before it."""
    asked = catalogue().asked
    left, found, remaining = list(worths), list[_Worth](), 1.0
    while left and len(found) < MOST:
        best = max(left, key=lambda worth: (_comes_first(worth, belief), remaining * worth.doubt + worth.else_))
        if remaining * best.doubt + best.else_ < WORTH_ASKING and not _comes_first(best, belief):
            break
        found.append(best)
        remaining *= 1 - min(1.0, best.doubt / belief.doubt) if belief.doubt > 0 else 0.0
        is_what = asked[best.key].is_what
        left = [one for one in left if one.key != best.key and not (is_what and asked[one.key].is_what)]
    return found


def _text(worth: _Worth) -> str:
    """The sentence of a question."""
    return catalogue().asked[worth.key].text


def _comes_first(worth: _Worth, belief: Belief) -> bool:
    """Whether this question must be asked before any that would not raise the confidence."""
    return belief.confidence < UNDERSTOOD and catalogue().asked[worth.key].is_what


def _whole(worth: _Worth) -> float:
    """All that an answer is worth."""
    return worth.doubt + worth.else_


def _worths(belief: Belief, known: Collection[str], said: Collection[str]) -> list[_Worth]:
    """What each question that may be asked is worth now."""
    found = []
    for key, asked in catalogue().asked.items():
        if key in known or key == "refusal" or (key == "generic" and belief.confidence >= UNDERSTOOD):
            continue
        fitting = _fitting(asked, belief, said)
        doubt, likely = expected(belief, [answer.under(belief.codes) for answer in fitting])
        doubt += asked.free * belief.doubt
        urgency = sum(p * raises(belief, answer.priority) for p, answer in zip(likely, fitting, strict=True))
        shown = asked.plain or tuple(answer.say for answer in fitting)
        found.append(_Worth(key, doubt, _PRIORITY_WORTH * urgency + _first_move(key, belief), shown))
    return found


def _first_move(key: str, belief: Belief) -> float:
    """What the answer is worth to the technician; little while nobody knows who that will be."""
    values = catalogue().first_move.get(key, {})
    return belief.direction * sum(value * belief.codes.get(code, 0.0) for code, value in values.items())


def _shown(asked: _Asked, belief: Belief) -> tuple[str, ...]:
    """The texts of the ready-made answers."""
    return asked.plain or tuple(answer.say for answer in _fitting(asked, belief, ()))


def _fitting(asked: _Asked, belief: Belief, said: Collection[str]) -> list[Answer]:
    """The ready-made answers that fit what is held likely, in the order of the data."""
    pool = [answer for answer in asked.pool if answer.say not in said]
    if len(pool) <= asked.most:
        return pool
    held = dict(belief.codes)
    breadth = _BREADTH + (_BREADTH_POINTED - _BREADTH) * belief.direction
    weights = [float(len(answer.codes) ** -breadth) for answer in pool]

    def value(at: int) -> float:
        """What this answer would cover that no other does yet."""
        return weights[at] * sum(held.get(code, 0.0) for code in pool[at].codes)

    values = [value(at) for at in range(len(pool))]
    fitting: list[int] = []
    least = _FITS_FROM * max(values)
    while len(fitting) < asked.most:
        best = max(range(len(pool)), key=values.__getitem__)
        if len(fitting) >= _FEWEST and values[best] < least:
            break
        fitting.append(best)
        teams = pool[best].teams
        for code in held:
            if code[:2] in teams:
                held[code] *= _ALREADY if code in pool[best].codes else _SAME_TEAM
        values[best] = -1.0
        for at, answer in enumerate(pool):
            if values[at] >= 0 and not teams.isdisjoint(answer.teams):
                values[at] = value(at)
    return [pool[at] for at in sorted(fitting)]

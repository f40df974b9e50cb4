"""What to ask next: at most three questions, only about what is missing and would change something.

The questions and what is useful for which category are data (``data/questions.toml``).
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

import data
from data.records import UNCATEGORISED, Question
from engine.triage.contract import MISSING_KEYS

UNKNOWN_ANSWER = "Je ne sais pas"
"""Among the ready-made answers of every question, always last."""

MOST = 3
"""Questions in one round."""

_VAGUE = "vague"


@dataclass(frozen=True)
class Catalogue:
    """The questions by key, and which are useful for which category."""

    questions: Mapping[str, Question]
    useful: Mapping[str, tuple[str, ...]]


def __getattr__(name: str) -> Mapping[str, Question]:
    """``QUESTIONS``: every question by its key, read from the data on first use."""
    if name == "QUESTIONS":
        return catalogue().questions
    raise AttributeError(name)


@cache
def catalogue() -> Catalogue:
    """The shipped questions, read once."""
    path = Path(data.__file__).parent / "questions.toml"
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    questions = {
        entry["key"]: Question(entry["key"], entry["text"], (*entry["answers"], UNKNOWN_ANSWER))
        for entry in raw["question"]
    }
    return Catalogue(
        MappingProxyType(questions), MappingProxyType({code: tuple(keys) for code, keys in raw["useful"].items()})
    )


def refusal_question() -> Question:
    """« Qu'est-ce qui ne va pas ? », after a refused summary."""
    return catalogue().questions["refusal"]


def missing(category: str, subcategory: str | None, known: Collection[str], *, vague: bool = False) -> tuple[str, ...]:
    """Keys of what is missing, the most useful first (only keys of ``MISSING_KEYS``).

    Args:
        category: Level-1 code.
        subcategory: Level-2 code or None.
        known: Keys that were said or asked.
        vague: Nothing could be understood: what is asked of everyone.
    """
    return tuple(key for key in _useful(category, subcategory, vague) if key in MISSING_KEYS and key not in known)


def choose(
    category: str, subcategory: str | None, known: Collection[str], *, vague: bool = False
) -> tuple[Question, ...]:
    """At most three questions, never about what was said or asked; at least one, so that a round can be had."""
    useful = [key for key in _useful(category, subcategory, vague) if key not in known]
    if not useful:
        useful = [key for key in _useful(UNCATEGORISED, None, True) if key not in known] or ["generic"]
    return tuple(catalogue().questions[key] for key in useful[:MOST])


def _useful(category: str, subcategory: str | None, vague: bool) -> tuple[str, ...]:
    """The keys for the leaf, else for its parent, else for everyone."""
    useful = catalogue().useful
    codes = (_VAGUE,) if vague else (subcategory or "", category, _VAGUE)
    return next(useful[code] for code in codes if code in useful)

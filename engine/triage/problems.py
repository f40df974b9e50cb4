"""The problems of a message: one, mostly; where parts of it speak for different things, each is one.

The blocking one decides the category; the others are named in the ticket and offered as further ones (spec
section 3.3).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from data.records import UNCATEGORISED
from engine.triage import facts
from engine.triage.answers import Combined
from engine.triage.model import Model
from engine.triage.reading import Clause, Reading
from engine.triage.scoring import Score, score

_PROBLEM_FROM = 0.5
"""Probability of its category from which a part of a message is a problem of its own."""
_PROBLEMS_AT_MOST = 4
_LOOKED_AT = 40
"""Parts of a message that are looked at, so that no input takes long."""
_WRONG = frozenset({"state", "trouble", "request"})
_GOES_ON = frozenset({"ca", "il", "elle", "cela", "ils", "elles", "qui", "dont", "lorsque", "quand", "c", "message"})
"""A clause that begins so goes on about the same thing."""


@dataclass(frozen=True)
class Problem:
    """One problem among those of a message."""

    clauses: tuple[Clause, ...]
    score: Score


def problems(
    reading: Reading, model: Model, tree: Mapping[str, str], combined: Combined | None = None
) -> tuple[Problem, ...]:
    """The problems of a message, the one that decides first; at least one, which is the whole message.

    The model has learned from whole messages which of several problems decides, so the whole is asked for the category.

    Args:
        reading: What the requester said.
        model: What speaks for what.
        tree: Active codes and the level-1 code each belongs to.
        combined: The message and the answers to questions, which are no problems of their own; None without answers.
    """
    if combined is None:
        combined = Combined(reading.clauses, reading.clauses, ())
    whole = combined.settled(score(combined.clauses, model, tree, combined.speaks_for if combined.chosen else None))
    groups = _groups(combined.message)
    parts = _parts(groups, model, tree) if len(groups) > 1 else ()
    own = next((part for part in parts if part.score.category == whole.category), None)
    if own is None or len(parts) < 2:
        return (Problem(reading.clauses, whole),)
    return (Problem((*own.clauses, *combined.answers), whole), *(part for part in parts if part is not own))


def _groups(clauses: Sequence[Clause]) -> list[list[Clause]]:
    """The stretches of a message that name a thing and say what is wrong with it; each begins with a thing."""
    groups: list[list[Clause]] = []
    whole: list[bool] = []
    named = wrong = False
    for clause in clauses:
        names = _names_a_thing(clause)
        if not groups or (names and named and wrong and clause.words[0].text not in _GOES_ON):
            groups.append([])
            whole.append(False)
            named = wrong = False
        groups[-1].append(clause)
        named, wrong = named or names, wrong or _says_what_is_wrong(clause)
        whole[-1] = named and wrong
    return [group for group, is_whole in zip(groups, whole, strict=True) if is_whole]


def _parts(groups: Iterable[Sequence[Clause]], model: Model, tree: Mapping[str, str]) -> tuple[Problem, ...]:
    """The stretches of a message that are problems of their own; those that speak for the same thing are one."""
    found: list[Problem] = []
    for group in islice(groups, _LOOKED_AT):
        own = score(group, model, tree)
        if own.probability < _PROBLEM_FROM or own.category == UNCATEGORISED:
            continue
        same = next((i for i, other in enumerate(found) if _is_same(other.score, own)), None)
        if same is None:
            found.append(Problem(tuple(group), own))
        else:
            found[same] = Problem((*found[same].clauses, *group), found[same].score)
    found.sort(key=lambda problem: not facts.is_blocking(problem.clauses, problem.score.subcategory))
    return tuple(found[:_PROBLEMS_AT_MOST])


def _names_a_thing(clause: Clause) -> bool:
    """Whether a clause names something that it does not deny, or a state that names its category by itself."""
    return any(hit.sense != "0" and (hit.concept.kind == "thing" or hit.concept.tells) for hit in clause.hits)


def _says_what_is_wrong(clause: Clause) -> bool:
    """Whether a clause says that something fails, is missing or is wished for."""
    return any(hit.sense in ("-", "~") or (hit.sense != "0" and hit.concept.kind in _WRONG) for hit in clause.hits)


def _is_same(left: Score, right: Score) -> bool:
    """Whether two parts of a message speak of one problem."""
    return left.category == right.category and (
        left.subcategory == right.subcategory or left.subcategory is None or right.subcategory is None
    )

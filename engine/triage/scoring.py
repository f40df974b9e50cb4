"""What concepts say together: a score for each category, and how sure one may be.

A linear score over concepts and rules; the probability comes from ``engine.triage.calibration``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from data.records import UNCATEGORISED
from engine.triage.lexicon import Lexicon
from engine.triage.reading import Clause, Hit, grammar

_FADING = (1.0, 0.7, 0.5, 0.35, 0.25)
"""What the second, third ... reason for the same category still counts."""

_LEAF_FROM = 2.0
_LEAF_LEAD = 0.6
_PROBLEM = 1.5
_DETAIL, _MOST_DETAILS = 0.35, 3
_RIVAL = 0.55
_FURTHER_PROBLEM = 1.3
_BARE_THING, _BARE_VAGUE_THING, _VAGUE_TROUBLE, _NOTHING = 2.9, 1.6, 3.4, 1.2
_SENTENCE_FROM = 7


@dataclass(frozen=True)
class Score:
    """What clauses say about the category."""

    category: str
    subcategory: str | None
    raw: float
    """Linear score of the category; about 0 (nothing) to 10 (everything speaks for it)."""
    rival: float
    """Linear score of the next level-1 category."""
    states: bool
    """Whether something wrong or wanted is said, not only a thing named."""
    specific: bool
    """Whether it is said precisely enough to act on."""
    things: bool


def score(clauses: Sequence[Clause], lexicon: Lexicon, tree: Mapping[str, str]) -> Score:
    """The category these clauses speak for.

    Args:
        clauses: What was said.
        lexicon: Concepts and rules.
        tree: Active codes and the level-1 code each belongs to; no other is returned.
    """
    hits = [hit for clause in clauses for hit in clause.hits if hit.sense != "0"]
    names = {hit.name for hit in hits} | {hit.concept.name for hit in hits}
    reasons: dict[str, list[float]] = {}
    fired = False
    for concept in {hit.concept.name: hit.concept for hit in hits}.values():
        _add(reasons, concept.to)
    for rule in lexicon.rules:
        if all(names & every for every in rule.every) and not names & rule.none:
            _add(reasons, rule.to)
            fired = True
    parents = {code: _sum(values) for code, values in _by_parent(reasons, tree).items()}
    ranked = sorted(parents, key=lambda code: (-parents[code], code))
    states = any(_says_something(clause) for clause in clauses)
    things = [hit for hit in hits if hit.concept.kind == "thing"]
    if not ranked or parents[ranked[0]] < 1.0 or ranked[0] == UNCATEGORISED:
        return Score(UNCATEGORISED, None, 0.0, 0.0, states, False, bool(things))
    best = ranked[0]
    rival = parents[ranked[1]] if len(ranked) > 1 else 0.0
    specific = _is_specific(hits, fired)
    return Score(best, _leaf(best, reasons, tree), parents[best], rival, states, specific, bool(things))


def raw_confidence(found: Score, *, details: int, problems: int) -> float:
    """The linear score that calibration turns into a probability: how much was said, how clearly, how alone."""
    raw = found.raw - _RIVAL * found.rival - _FURTHER_PROBLEM * (problems - 1)
    if found.category == UNCATEGORISED:
        return min(raw, 0.0)
    if not found.states:
        return min(raw, _BARE_THING if found.specific else _BARE_VAGUE_THING)
    raw += _PROBLEM + _DETAIL * min(details, _MOST_DETAILS)
    return raw if found.specific else min(raw, _VAGUE_TROUBLE if found.things else _NOTHING)


def _says_something(clause: Clause) -> bool:
    """Whether a clause says something of what it names: a state, a wish, a denial, or a sentence of some length."""
    hits = [hit for hit in clause.hits if hit.sense != "0"]
    if any(hit.concept.kind != "thing" or hit.sense for hit in hits):
        return True
    if not hits:
        return False
    texts = [word.text for word in clause.words]
    return any(word in grammar().negations for word in texts) or len(texts) >= _SENTENCE_FROM


def _is_specific(hits: Sequence[Hit], fired: bool) -> bool:
    """Whether more is said than a vague thing that does not work (« mon PC ne marche pas »)."""
    clear = [hit for hit in hits if hit.concept.to and not hit.concept.vague and hit.concept.kind != "trouble"]
    return bool(clear) or (
        fired and any(hit.concept.kind == "state" or (hit.sense == "-" and hit.concept.name != "works") for hit in hits)
    )


def _leaf(parent: str, reasons: Mapping[str, list[float]], tree: Mapping[str, str]) -> str | None:
    """The leaf of this parent that stands out, or None."""
    leaves = sorted(
        ((sum(values), code) for code, values in reasons.items() if code != parent and tree.get(code) == parent),
        reverse=True,
    )
    if not leaves or leaves[0][0] < _LEAF_FROM:
        return None
    if len(leaves) > 1 and leaves[0][0] - leaves[1][0] < _LEAF_LEAD:
        return None
    return leaves[0][1]


def _add(reasons: dict[str, list[float]], to: Mapping[str, float]) -> None:
    """Note one concept's or rule's weights, a leaf's for its parent too (``_by_parent``)."""
    for code, weight in to.items():
        reasons.setdefault(code, []).append(weight)


def _by_parent(reasons: Mapping[str, list[float]], tree: Mapping[str, str]) -> dict[str, list[float]]:
    """The reasons of each level-1 category, its leaves' included, also those of a leaf that is not active."""
    by_number = {code[:2]: code for code, parent in tree.items() if code == parent}
    parents: dict[str, list[float]] = {}
    for code, values in reasons.items():
        parent = tree.get(code) or by_number.get(code[:2])
        if parent is not None:
            parents.setdefault(parent, []).extend(values)
    return parents


def _sum(values: Iterable[float]) -> float:
    """The strongest reason in full, further ones less and less."""
    ranked = sorted(values, reverse=True)
    return sum(value * _FADING[min(index, len(_FADING) - 1)] for index, value in enumerate(ranked))

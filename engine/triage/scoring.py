"""Which category clauses speak for, how likely, and how urgent and how clear they are: the model, within the tree.

The probability that may be shown is made of this by ``engine.triage.confidence``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from data.records import UNCATEGORISED
from engine.triage.features import features
from engine.triage.model import Model
from engine.triage.reading import Clause

_LEAF_FROM = 0.3
"""Share of its parent's probability from which a leaf is named."""


@dataclass(frozen=True)
class Score:
    """What clauses say about the category."""

    category: str
    subcategory: str | None
    probability: float
    """Of the level-1 category, by the model alone; not calibrated."""
    rival: float
    """Of the next level-1 category."""
    priorities: Mapping[str, float]
    """Probability of each priority."""
    clarities: Mapping[str, float]
    """Probability of each clarity: ``clear``, ``partial``, ``vague``, ``hopeless``."""
    features: int
    """How much was seen."""
    known: int
    """How much of it the model knows."""
    codes: Mapping[str, float] = field(default_factory=dict)
    """Probability of each active code, by the model alone; what questions are chosen by."""
    facts: frozenset[str] = frozenset()
    """What was said that matters for the priority (``engine.triage.facts``)."""


def score(
    clauses: Sequence[Clause],
    model: Model,
    tree: Mapping[str, str],
    speaks_for: Callable[[str], float] | None = None,
) -> Score:
    """The category these clauses speak for.

    Args:
        clauses: What was said.
        model: What speaks for what.
        tree: Active codes and the level-1 code each belongs to; no other is returned.
        speaks_for: How likely what is known besides the words is under each code.
    """
    seen = features(clauses)
    read = model.read(seen)
    codes = read["category"] if speaks_for is None else _informed(read["category"], speaks_for)
    parents, leaves = _by_parent(codes, tree)
    ranked = sorted(parents, key=lambda code: (-parents[code], code))
    known = model.known(seen)
    best = ranked[0] if ranked and known else UNCATEGORISED
    return Score(
        category=best,
        subcategory=_leaf(leaves.get(best, {}), parents.get(best, 0.0)),
        probability=parents.get(best, 0.0),
        rival=parents[ranked[1]] if len(ranked) > 1 else 0.0,
        priorities=read["priority"],
        clarities=read["clarity"],
        features=len(seen),
        known=known,
        codes={code: p for inside in leaves.values() for code, p in inside.items()},
        facts=frozenset(name[2:] for name in seen if name.startswith("f:")),
    )


def _informed(codes: Mapping[str, float], speaks_for: Callable[[str], float]) -> dict[str, float]:
    """The probabilities with what is known besides the words."""
    joint = {code: p * speaks_for(code) for code, p in codes.items()}
    whole = sum(joint.values()) or 1.0
    return {code: p / whole for code, p in joint.items()}


def _by_parent(
    codes: Mapping[str, float], tree: Mapping[str, str]
) -> tuple[dict[str, float], dict[str, dict[str, float]]]:
    """The probability of each level-1 category and of each active code in it; a leaf that is off is its parent."""
    by_number = {code[:2]: code for code, parent in tree.items() if code == parent}
    parents: dict[str, float] = {}
    leaves: dict[str, dict[str, float]] = {}
    for code, probability in codes.items():
        parent = tree.get(code) or by_number.get(code[:2])
        if parent is None:
            continue
        parents[parent] = parents.get(parent, 0.0) + probability
        inside = leaves.setdefault(parent, {})
        own = code if code in tree else parent
        inside[own] = inside.get(own, 0.0) + probability
    return parents, leaves


def _leaf(inside: Mapping[str, float], whole: float) -> str | None:
    """The leaf of this parent that stands out, or None."""
    if not inside:
        return None
    best = max(inside, key=lambda code: (inside[code], code))
    is_leaf = best.count("-") > 1 and best[3:5].isdigit()
    return best if is_leaf and inside[best] >= _LEAF_FROM * whole else None

"""What the answer to a question would be worth: how much doubt about the category it is expected to take away.

Bayes throughout. A belief is the present distribution over the codes of the tree; a ready-made answer says which codes
it speaks for (``data/questions.toml``), so each answer has a likelihood under each code. The expected gain of a
question is the mutual information of its answer and the category, in nats. This is arithmetic: no text is read again.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from data.records import UNCATEGORISED, Priority

NEAR, FAR = 0.2, 0.03
"""Likelihood of an answer under a code of the same team, and of another team, that it does not name."""

_UNKNOWN = 0.15
"""Likelihood of « je ne sais pas », or of words of one's own, under every code."""
_LEAVES_WORTH = 0.15
"""What knowing the leaf is worth, of what knowing the team is."""
_TEAM_FLOOR, _LEAF_FLOOR = 0.002, 0.02
"""No team, and no leaf within its team, is out of the question while the engine doubts."""
_FLAT, _TEMPERED = 0.25, 0.5
"""Power that the model's probabilities are taken to where it found nothing, and where it is not sure of what it has."""
_LEAF_POWER = 0.8
_UNSAID = 0.7
"""Share of a team's own code that may as well be one of its leaves, not said yet."""


@dataclass(frozen=True)
class Belief:
    """What is held likely at this moment."""

    codes: Mapping[str, float]
    """Probability of each code of the tree but 99, given that it is none, ascending by code; sums to 1."""
    confidence: float
    """Probability that the likeliest category is right."""
    priorities: Mapping[str, float]
    """Probability of each priority; empty where only one is known."""

    @cached_property
    def teams(self) -> tuple[tuple[int, int], ...]:
        """Where the codes of each team stand, first and last (exclusive): codes of a team stand together."""
        numbers = [code[:2] for code in self.codes]
        firsts = [at for at, number in enumerate(numbers) if at == 0 or number != numbers[at - 1]]
        return tuple(pairwise([*firsts, len(numbers)]))

    @cached_property
    def doubt(self) -> float:
        """Entropy of the team, in nats; 0 when there is none, 2.08 when all eight are as likely."""
        return _entropy(_by_team(self.codes).values())

    @cached_property
    def direction(self) -> float:
        """How much it points somewhere: 0 when every team is as likely, 1 when one is certain."""
        most = math.log(len(self.teams) or 1)
        return 1 - self.doubt / most if most > 0 else 1.0


def believed(
    codes: Mapping[str, float],
    category: str,
    confidence: float,
    *,
    tree: Collection[str],
    priorities: Mapping[str, float],
) -> Belief:
    """A belief from what an engine holds likely and how sure it may be.

    A model's own probabilities are sharper than they should be where it has little to go by. So the likeliest team gets
    what the measured confidence gives it, the others share the rest, and all is the flatter the less is known.

    Args:
        codes: What the engine holds likely, by code; not necessarily all codes.
        category: The level-1 code it answered.
        confidence: The measured probability that it is right.
        tree: Active codes.
        priorities: As in ``Belief``.
    """
    power = _FLAT if category == UNCATEGORISED else _TEMPERED + (1 - _TEMPERED) * confidence
    own = {code: codes.get(code, 0.0) for code in sorted(tree) if code != UNCATEGORISED}
    teams = {team: (whole + _TEAM_FLOOR) ** power for team, whole in _by_team(own).items()}
    total = sum(teams.values()) or 1.0
    top = category[:2]
    if top in teams and top != UNCATEGORISED[:2]:
        first = max(confidence, teams[top] / total)
        rest = (total - teams[top]) or 1.0
        shares = {team: first if team == top else (1 - first) * weight / rest for team, weight in teams.items()}
    else:
        shares = {team: weight / total for team, weight in teams.items()}
    flat = {code: (p + _LEAF_FLOOR) ** _LEAF_POWER for code, p in _within_teams(own).items()}
    wholes = _by_team(flat)
    return Belief(
        {code: shares[code[:2]] * weight / wholes[code[:2]] for code, weight in flat.items()}, confidence, priorities
    )


def _within_teams(codes: Mapping[str, float]) -> dict[str, float]:
    """The share of each code in its team, where what the team's own code has may still be a leaf."""
    wholes = _by_team(codes)
    counts = _by_team(dict.fromkeys(codes, 1.0))
    unsaid = {code[:2]: _UNSAID * p for code, p in codes.items() if not code[3:5].isdigit()}
    return {
        code: (p * (1 - _UNSAID if not code[3:5].isdigit() else 1) + unsaid.get(code[:2], 0.0) / counts[code[:2]])
        / (wholes[code[:2]] or 1.0)
        for code, p in codes.items()
    }


def likelihood(spoken_for: Collection[str], code: str) -> float:
    """How likely somebody whose category is ``code`` gives an answer that speaks for these codes."""
    if code in spoken_for:
        return 1.0
    return NEAR if any(code[:2] == other[:2] for other in spoken_for) else FAR


def expected(belief: Belief, rows: Sequence[Sequence[float]]) -> tuple[float, list[float]]:
    """The expected gain of a question, in nats, and how likely each of its answers is.

    Args:
        belief: What is held likely now.
        rows: For each ready-made answer, its likelihood under each code of the belief.
    """
    if not rows:
        return 0.0, []
    held = list(belief.codes.values())
    shares = [p / (_UNKNOWN + sum(column)) for p, column in zip(held, zip(*rows, strict=True), strict=True)]
    joint = [[share * given for share, given in zip(shares, row, strict=True)] for row in rows]
    left = [*joint, [share * _UNKNOWN for share in shares]]
    teams = [[sum(row[first:last]) for first, last in belief.teams] for row in left]
    likely = [sum(row) for row in left]
    nobody = _entropy(likely)
    team = belief.doubt + nobody - sum(map(_entropy, teams))
    leaf = _entropy(held) + nobody - sum(map(_entropy, left))
    return team + _LEAVES_WORTH * max(0.0, leaf - team), likely[:-1]


def raises(belief: Belief, priority: Priority | None) -> float:
    """The probability that an answer which makes the priority at least this one would change it."""
    if priority is None or not belief.priorities:
        return 0.0
    order = [level.value for level in Priority]
    return sum(belief.priorities.get(name, 0.0) for name in order[: order.index(priority.value)])


def _entropy(probabilities: Iterable[float]) -> float:
    """In nats; of what sums to less than 1, the part of it."""
    return -sum(p * math.log(p) for p in probabilities if p > 0)


def _by_team(codes: Mapping[str, float]) -> dict[str, float]:
    """Summed by the number of the team."""
    teams: dict[str, float] = {}
    for code, probability in codes.items():
        teams[code[:2]] = teams.get(code[:2], 0.0) + probability
    return teams

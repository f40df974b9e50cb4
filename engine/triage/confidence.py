"""How sure one may be of a score: a raw score, which ``calibration`` turns into a measured probability.

What counts is said by ``signals``; how much each counts is part of the trained model.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from engine.triage.scoring import Score

_SMALLEST = 1e-4
_ENOUGH = 40
"""Features from which more of them say nothing more."""


def signals(score: Score, *, problems: int) -> dict[str, float]:
    """What a score tells about its own reliability, by name.

    Args:
        score: Of the problem that decides.
        problems: How many problems the message has, at least 1.
    """
    clear = score.clarities["clear"]
    return {
        "one": 1.0,
        "likely": _log_odds(score.probability),
        "margin": score.probability - score.rival,
        "clear": _log_odds(clear),
        "partial": score.clarities["partial"],
        "vague": score.clarities["vague"],
        "hopeless": score.clarities["hopeless"],
        "sure_and_clear": score.probability * clear,
        "much": math.log1p(min(score.features, _ENOUGH)),
        "known": score.known / (score.features or 1),
        "further": float(min(problems, 3) - 1),
    }


def raw(score: Score, weights: Mapping[str, float], *, problems: int) -> float:
    """The raw score: log-odds that the category is right and a colleague would not have to ask."""
    return sum(weights.get(name, 0.0) * value for name, value in signals(score, problems=problems).items())


def _log_odds(probability: float) -> float:
    """The logarithm of the odds, within bounds."""
    safe = min(max(probability, _SMALLEST), 1 - _SMALLEST)
    return math.log(safe / (1 - safe))

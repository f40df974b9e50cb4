"""From how messages of unseen hands were read to a confidence: weights of the signals, then a table.

A confidence is the probability that the category is right, on messages among which those that a colleague could not
route without asking count as wrong (spec section 1). Answers 99 are left out: they have no confidence to speak of.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from data.categories import load_categories
from data.records import UNCATEGORISED
from engine.triage.confidence import raw, signals
from engine.triage.model import Model
from engine.triage.problems import problems
from engine.triage.reading import Reading
from engine.triage.scoring import Score, score
from engine.triage.training.corpus import Message
from engine.triage.training.fit import clauses

WORTH = {"clear": 1.0, "partial": 0.8, "vague": 0.3, "hopeless": 0.0}
"""What a right category counts when the confidence is fitted. For a partial message it is right, but for a colleague it
was a question; for a vague one it is a guess, which is to be asked about and not thrown away. What is measured (ECE,
precision) counts them 1 and 0, as the spec says; these values bring the measured error down, too."""
_BINS = 24
_LEAST = 0.29
"""An answer 99 stays below 0.30."""
_TREE = {category.code: category.parent or category.code for category in load_categories()}


@dataclass(frozen=True)
class Outcome:
    """How a message was read by a model that never saw its hand."""

    message: Message
    main: Score
    whole: Score
    problems: int

    @property
    def is_right(self) -> bool:
        """Whether the level-1 category is right."""
        return self.main.category[:2] == self.message.category[:2]

    @property
    def worth(self) -> float:
        """What the confidence should have been."""
        return WORTH[self.message.clarity] if self.is_right else 0.0


def outcome(message: Message, model: Model) -> Outcome:
    """Read one message."""
    reading = Reading(clauses(message.text))
    found = problems(reading, model, _TREE)
    return Outcome(message, found[0].score, score(reading.clauses, model, _TREE), len(found))


def weights(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """How much each signal counts: logistic regression on what the confidence should have been."""
    told = [o for o in outcomes if o.main.category != UNCATEGORISED]
    names = list(signals(told[0].main, problems=1))
    matrix = np.array([list(signals(o.main, problems=o.problems).values()) for o in told])
    worth = np.array([o.worth for o in told])
    twice = np.vstack([matrix, matrix])
    labels = np.r_[np.ones(len(told)), np.zeros(len(told))]
    fitted = LogisticRegression(C=1.0, fit_intercept=False, max_iter=500)
    fitted.fit(twice, labels, sample_weight=np.r_[worth, 1 - worth])
    return dict(zip(names, map(float, fitted.coef_[0]), strict=True))


def table_of(outcomes: Sequence[Outcome]) -> list[tuple[float, float]]:
    """The table for the weights that these outcomes give."""
    counts = weights(outcomes)
    told = [o for o in outcomes if o.main.category != UNCATEGORISED]
    return table([raw(o.main, counts, problems=o.problems) for o in told], [o.worth for o in told])


def unseen(outcomes: Sequence[Outcome]) -> list[float]:
    """The confidence of each message by weights and table that were fitted without its hand."""
    found: dict[int, float] = {}
    for hand in sorted({outcome.message.hand for outcome in outcomes}):
        others = [outcome for outcome in outcomes if outcome.message.hand != hand]
        counts, points = weights(others), table_of(others)
        for number, outcome in enumerate(outcomes):
            if outcome.message.hand == hand:
                score = raw(outcome.main, counts, problems=outcome.problems)
                known = float(np.interp(score, [x for x, _ in points], [y for _, y in points]))
                found[number] = min(known, _LEAST) if outcome.main.category == UNCATEGORISED else known
    return [found[number] for number in range(len(outcomes))]


def table(scores: Sequence[float], worth: Sequence[float]) -> list[tuple[float, float]]:
    """Raw scores and probabilities, ascending: isotonic regression, in a few points."""
    order = np.argsort(scores)
    ascending, wanted = np.array(scores)[order], np.array(worth)[order]
    fitted = IsotonicRegression(y_min=0.02, y_max=0.985).fit(ascending, wanted)
    points: list[tuple[float, float]] = []
    for chunk in np.array_split(ascending, _BINS):
        middle = float(np.median(chunk))
        probability = float(np.mean(fitted.predict(chunk)))
        if not points or middle > points[-1][0]:
            points.append((round(middle, 3), round(max(probability, points[-1][1] if points else 0.0), 4)))
    return points

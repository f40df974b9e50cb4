"""What a training found out, on hands that the model had not seen: figures, and the page that says them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from data.records import UNCATEGORISED, Priority
from engine.evaluation import calibration_error, macro_f1
from engine.labels import UNROUTABLE
from engine.triage.rating import rated
from engine.triage.training.calibrate import Outcome

AUTO = 0.85
_BANDS = (("clear", AUTO), ("partial", 0.60), ("vague", 0.30), ("hopeless", 0.0))


@dataclass(frozen=True)
class Figures:
    """Shares from 0 to 1."""

    size: int
    level_1: float
    level_2: float
    macro_f1: float
    priority: float
    ece: float
    coverage: float
    """Of the band from 0.85."""
    precision: float
    """In that band; a message that had to be asked about counts as wrong."""
    bands: float
    """Messages in the band of their clarity."""


def figures(outcomes: Sequence[Outcome], confidences: Sequence[float]) -> Figures:
    """The figures of some messages."""
    right = [outcome.is_right for outcome in outcomes]
    sure = [outcome for outcome, confidence in zip(outcomes, confidences, strict=True) if confidence >= AUTO]
    pairs = list(zip(outcomes, confidences, strict=True))
    return Figures(
        size=len(outcomes),
        level_1=float(np.mean(right)),
        level_2=float(np.mean([_code(o) == o.message.category for o in outcomes])),
        macro_f1=macro_f1([(o.message.category[:2], o.main.category[:2]) for o in outcomes]) or 0.0,
        priority=float(
            np.mean(
                [rated(o.whole.priorities, o.whole.subcategory, o.whole.facts) == o.message.priority for o in outcomes]
            )
        ),
        ece=ece(outcomes, confidences),
        coverage=len(sure) / len(outcomes),
        precision=float(np.mean([is_good(o) for o in sure])) if sure else 0.0,
        bands=float(np.mean([band(confidence) == o.message.clarity for o, confidence in pairs])),
    )


def ece(outcomes: Sequence[Outcome], confidences: Sequence[float]) -> float:
    """Expected calibration error over answers other than 99, ten bins of equal width."""
    pairs = zip(outcomes, confidences, strict=True)
    told = [(confidence, is_good(o)) for o, confidence in pairs if o.main.category != UNCATEGORISED]
    return calibration_error(told) or 0.0


def is_good(outcome: Outcome) -> bool:
    """Whether the category is right and a colleague could have routed the message without asking."""
    return outcome.is_right and outcome.message.clarity not in UNROUTABLE


def band(confidence: float) -> str:
    """The clarity that a confidence claims."""
    return next(name for name, from_ in _BANDS if confidence >= from_)


def page(outcomes: Sequence[Outcome], confidences: Sequence[float], version: str, learned: int) -> str:
    """The report as Markdown."""
    pairs = list(zip(outcomes, confidences, strict=True))
    lines = [
        "# What the training of the local model found",
        "",
        f"Made by `make train`; model `{version}`, {learned} messages. Every figure is of messages whose hand (the",
        "person who wrote them) the model that read them had not seen, near-duplicates removed. Some hands are hard on",
        "purpose.",
        "",
        "| hand | messages | level 1 | level 2 | macro-F1 | priority | ECE | ≥ 0.85: coverage | precision | bands |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    hands = sorted({outcome.message.hand for outcome in outcomes})
    for hand in [*hands, None]:
        mine = [pair for pair in pairs if hand in (None, pair[0].message.hand)]
        lines.append(_row(hand or "all", figures([o for o, _ in mine], [c for _, c in mine])))
    lines += ["", "| clarity | " + " | ".join(f"≥ {from_:.2f}" for _, from_ in _BANDS) + " |", "|---|---|---|---|---|"]
    for clarity, _ in _BANDS:
        counts = [sum(band(c) == name for o, c in pairs if o.message.clarity == clarity) for name, _ in _BANDS]
        lines.append(f"| {clarity} | " + " | ".join(map(str, counts)) + " |")
    critical = [
        rated(o.whole.priorities, o.whole.subcategory, o.whole.facts)
        for o in outcomes
        if o.message.priority == Priority.CRITICAL
    ]
    low = sum(priority in (Priority.LOW, Priority.MEDIUM) for priority in critical)
    lines += ["", f"Critical messages: {len(critical)}, of which rated low or medium: {low}.", ""]
    return "\n".join(lines)


def _row(name: str, found: Figures) -> str:
    """One line of the table."""
    shares = (found.level_1, found.level_2, found.macro_f1, found.priority, found.ece, found.coverage)
    cells = [name, str(found.size), *(f"{share:.3f}" for share in (*shares, found.precision, found.bands))]
    return "| " + " | ".join(cells) + " |"


def _code(outcome: Outcome) -> str:
    """The leaf, or the level-1 code."""
    return outcome.main.subcategory or outcome.main.category

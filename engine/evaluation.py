"""How good an engine is, in figures: its summaries beside the labels of a good colleague. Pure functions.

*Right* means: the level-1 category is right and a colleague could have routed the message without asking. A message
that nobody could route (clarity vague or hopeless) is right for no category, as in the definition of a confidence
(spec section 1). Where a line lacks a label, the figures that need it leave the line out; without any, they are None.
"""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from data.records import UNCATEGORISED, Action, Draft, Priority
from engine.labels import BANDS, Labelled
from engine.text import fold
from engine.triage.contract import INFO_KEYS

BINS = 10
"""Equal widths of confidence that the calibration error is taken over."""


@dataclass(frozen=True)
class Case:
    """One message: what was expected, what the engine said, and the action that its confidence asks for."""

    expected: Labelled
    draft: Draft
    action: Action

    @property
    def has_category(self) -> bool:
        """Whether level 1 is as labelled."""
        return self.draft.category == self.expected.category

    @property
    def has_subcategory(self) -> bool | None:
        """Whether both levels are exactly as labelled, the leaf or its absence."""
        if not self.expected.has_subcategory:
            return None
        return self.has_category and self.draft.subcategory == self.expected.subcategory

    @property
    def has_priority(self) -> bool | None:
        """Whether the priority is as labelled."""
        return None if self.expected.priority is None else self.draft.priority == self.expected.priority

    @property
    def has_band(self) -> bool | None:
        """Whether the action is the one a colleague would choose."""
        return None if self.expected.clarity is None else self.action == BANDS[self.expected.clarity]

    @property
    def is_right(self) -> bool | None:
        """Whether the category is right and nobody would have had to ask."""
        return None if self.expected.is_routable is None else self.has_category and self.expected.is_routable


@dataclass(frozen=True)
class Share:
    """So many of so many."""

    count: int
    of: int

    @property
    def value(self) -> float | None:
        """0 to 1; None of nothing."""
        return self.count / self.of if self.of else None


def share(answers: Iterable[bool | None]) -> Share:
    """How many are true, of those that are known."""
    known = [answer for answer in answers if answer is not None]
    return Share(sum(known), len(known))


@dataclass(frozen=True)
class LabelFigures:
    """How one level-1 category, or one key of the information, is found."""

    recall: Share
    """Of what is labelled so, how much was found."""
    precision: Share
    """Of what was found so, how much is right."""

    @property
    def f1(self) -> float:
        """The harmonic mean of both, 0 where nothing is right."""
        total = self.recall.of + self.precision.of
        return (self.recall.count + self.precision.count) / total if total else 0.0


@dataclass(frozen=True)
class BandFigures:
    """The answers whose confidence asks for one action."""

    action: Action
    coverage: Share
    """Of all messages."""
    precision: Share
    """Right ones of those in the band."""
    category: Share
    """The same by the category alone, whether or not somebody would have had to ask."""


@dataclass(frozen=True)
class Latency:
    """What the analyses took, in milliseconds."""

    median: float
    p95: float
    max: float


@dataclass(frozen=True)
class Evaluation:
    """All figures of one run."""

    measured: int
    engines: Mapping[tuple[str, str], int]
    """Answers by engine and version."""
    fallbacks: Mapping[str, int]
    """Answers of the local engine where a remote one was wanted, by cause."""
    category: Share
    subcategory: Share
    macro_f1: float | None
    priority: Share
    critical_underrated: Share
    """Critical ones rated low or medium, of all critical ones."""
    ece: float | None
    ece_of: int
    """Answers other than 99 with a known clarity."""
    ece_category: float | None
    """The calibration error by the category alone."""
    ece_category_of: int
    bands: Sequence[BandFigures]
    band: Share
    """Actions that a colleague would choose."""
    vague_auto_validated: Share
    """Of the vague and hopeless messages."""
    wrong_auto_validated: Share
    """Wrong categories of all messages."""
    info: LabelFigures
    info_keys: Mapping[str, LabelFigures]
    latency: Latency | None
    labels: Mapping[str, LabelFigures]
    """By level-1 code."""
    confusion: Mapping[str, Mapping[str, int]]
    """Answers by expected and by found level-1 code."""
    tags: Mapping[str, Share]
    """Right level-1 categories by tag of the message."""


def measure(cases: Sequence[Case]) -> Evaluation:
    """All figures of the cases."""
    pairs = [(case.expected.category, case.draft.category) for case in cases]
    keys = _by_key(cases)
    answered = [case for case in cases if case.draft.category != UNCATEGORISED]
    sure = [(case.draft.confidence, case.is_right) for case in answered if case.is_right is not None]
    automatic = Action.AUTO_VALIDATE
    return Evaluation(
        measured=len(cases),
        engines=Counter((case.draft.engine, case.draft.engine_version) for case in cases),
        fallbacks=Counter(case.draft.fallback for case in cases if case.draft.fallback),
        category=share(case.has_category for case in cases),
        subcategory=share(case.has_subcategory for case in cases),
        macro_f1=macro_f1(pairs),
        priority=share(case.has_priority for case in cases),
        critical_underrated=share(map(_is_underrated, cases)),
        ece=calibration_error(sure),
        ece_of=len(sure),
        ece_category=calibration_error([(case.draft.confidence, case.has_category) for case in answered]),
        ece_category_of=len(answered),
        bands=[_band(action, cases) for action in BANDS.values()],
        band=share(case.has_band for case in cases),
        vague_auto_validated=share(c.action == automatic for c in cases if c.expected.is_routable is False),
        wrong_auto_validated=share(c.action == automatic and not c.has_category for c in cases),
        info=_together(keys.values()),
        info_keys=keys,
        latency=_latency([case.draft.duration_ms for case in cases]),
        labels=by_label(pairs),
        confusion=_confusion(pairs),
        tags=_by_tag(cases),
    )


def by_label(pairs: Sequence[tuple[str, str]]) -> dict[str, LabelFigures]:
    """Recall and precision of every label that is expected or found, from (expected, found), by label."""
    expected, found = Counter(pair[0] for pair in pairs), Counter(pair[1] for pair in pairs)
    right = Counter(pair[0] for pair in pairs if pair[0] == pair[1])
    return {
        label: LabelFigures(Share(right[label], expected[label]), Share(right[label], found[label]))
        for label in sorted(expected | found)
    }


def macro_f1(pairs: Sequence[tuple[str, str]]) -> float | None:
    """The mean F1 over all labels that are expected or found; None of nothing."""
    labels = by_label(pairs)
    return statistics.fmean(found.f1 for found in labels.values()) if labels else None


def calibration_error(answers: Sequence[tuple[float, bool]]) -> float | None:
    """The expected calibration error (ECE) of (confidence, is right): ``BINS`` bins of equal width, by their size.

    Source: Guo et al., "On Calibration of Modern Neural Networks" (2017), section 2.
    """
    bins: dict[int, list[tuple[float, bool]]] = {}
    for confidence, right in answers:
        bins.setdefault(min(int(confidence * BINS), BINS - 1), []).append((confidence, right))
    gaps = (abs(sum(right - confidence for confidence, right in found)) for found in bins.values())
    return sum(gaps) / len(answers) if answers else None


def is_same_value(expected: str, found: str) -> bool:
    """Whether one value is, contains, or is contained in the other, after case, accents and white space."""
    left, right = " ".join(fold(expected).split()), " ".join(fold(found).split())
    return bool(left and right) and (left in right or right in left)


def _is_underrated(case: Case) -> bool | None:
    """Whether a critical message is rated low or medium; None for the others."""
    if case.expected.priority != Priority.CRITICAL:
        return None
    return case.draft.priority in (Priority.LOW, Priority.MEDIUM)


def _band(action: Action, cases: Sequence[Case]) -> BandFigures:
    """The figures of one action."""
    inside = [case for case in cases if case.action == action]
    return BandFigures(
        action=action,
        coverage=Share(len(inside), len(cases)),
        precision=share(case.is_right for case in inside),
        category=share(case.has_category for case in inside),
    )


def _by_key(cases: Sequence[Case]) -> dict[str, LabelFigures]:
    """How each key of the information is found, over the lines whose information is labelled."""
    known = [(case.expected.info, case.draft.extracted_info) for case in cases if case.expected.info is not None]
    figures = {}
    for key in INFO_KEYS:
        right = sum(key in want and key in got and is_same_value(want[key], got[key]) for want, got in known)
        wanted, gotten = sum(key in want for want, _ in known), sum(key in got for _, got in known)
        figures[key] = LabelFigures(Share(right, wanted), Share(right, gotten))
    return figures


def _together(figures: Iterable[LabelFigures]) -> LabelFigures:
    """The figures of all keys as one."""
    every = list(figures)

    def total(shares: Iterable[Share]) -> Share:
        found = list(shares)
        return Share(sum(one.count for one in found), sum(one.of for one in found))

    return LabelFigures(total(one.recall for one in every), total(one.precision for one in every))


def _latency(times: Sequence[float]) -> Latency | None:
    """Median, 95th percentile (nearest rank) and maximum."""
    if not times:
        return None
    return Latency(statistics.median(times), sorted(times)[math.ceil(0.95 * len(times)) - 1], max(times))


def _confusion(pairs: Sequence[tuple[str, str]]) -> dict[str, dict[str, int]]:
    """Counts by expected, then by found label; every label has a row and a column."""
    counts, labels = Counter(pairs), sorted({label for pair in pairs for label in pair})
    return {expected: {found: counts[expected, found] for found in labels} for expected in labels}


def _by_tag(cases: Sequence[Case]) -> dict[str, Share]:
    """Right categories by tag, in the order of the alphabet."""
    tags = sorted({tag for case in cases for tag in case.expected.tags})
    return {tag: share(case.has_category for case in cases if tag in case.expected.tags) for tag in tags}

"""The embedded triage: no network, no heavy library, some milliseconds.

It reads the turns into clauses and concepts (``reading``), lets the trained model score them (``scoring``,
``confidence``), and says what it found in the requester's own words (``wording``, ``extraction``). All it knows is
data, loaded on first use.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType

from data.records import UNCATEGORISED, Category, Turn
from engine.triage import confidence, extraction, lexicon, model, questions, wording
from engine.triage.answers import Combined, at_least, combine, meanings, repeated
from engine.triage.calibration import Calibration, calibration
from engine.triage.contract import Context, Found, Triage
from engine.triage.evidence import checked
from engine.triage.gain import believed
from engine.triage.lexicon import Lexicon
from engine.triage.model import Model
from engine.triage.problems import Problem, problems
from engine.triage.rating import rated
from engine.triage.reading import Reading, read, unviewed, view
from engine.triage.scoring import Score, score

UNCATEGORISED_AT_MOST = 0.29
"""An answer 99 has a confidence below 0.30 by definition."""

REFUSED_AT_MOST = 0.84
"""Once a summary was refused, the next one is put as a question."""

_AFTER_REFUSAL = 0.7
_NAMES = ("device_type", "software")
_A_FEW_WORDS = 8
"""Words beyond which a message that was understood says what is wrong, in whatever words."""

_NO_TIME = datetime.min.replace(tzinfo=UTC)


class LocalTriage:
    """The triage that works with the network unplugged. Implements ``contract.TriageEngine``."""

    name = "local"

    def __init__(self) -> None:
        """Loads nothing; model and lexicon come with the first triage, or with ``load``."""
        self.version = ""
        self._lexicon: Lexicon | None = None
        self._model: Model | None = None
        self._calibration: Calibration | None = None
        self._meanings: Mapping[str, frozenset[str]] = {}

    def load(self) -> None:
        """Read model and lexicon now, so that the first message does not wait for it."""
        if self._lexicon is None:
            self._model = model.shipped()
            self.version = self._model.version
            self._calibration = calibration(self.name, self.version)
            self._lexicon = lexicon.shipped()
            self._meanings = meanings(self._lexicon)
            self._read((Turn("requester", "Bonjour", _NO_TIME),), (), Context())

    async def triage(self, turns: Sequence[Turn], categories: Sequence[Category], context: Context) -> Triage:
        """Read the turns. Never raises, whatever they contain."""
        return self.triage_now(turns, categories, context)

    def triage_now(self, turns: Sequence[Turn], categories: Sequence[Category], context: Context) -> Triage:
        """The same without a coroutine: nothing here waits."""
        started = time.perf_counter()
        self.load()
        found = _unviewed(self._read([view(turn) for turn in turns], categories, context), turns)
        return replace(checked(found, turns), duration_ms=round((time.perf_counter() - started) * 1000, 2))

    def _read(self, turns: Sequence[Turn], categories: Sequence[Category], context: Context) -> Triage:
        """Everything but the stopwatch."""
        assert self._lexicon is not None and self._model is not None, "load() comes first"
        tree = {category.code: category.parent or category.code for category in categories if category.active}
        reading = read(turns, self._lexicon)
        combined = combine(turns, reading)
        found = problems(reading, self._model, tree, combined)
        main = found[0]
        info = _without_others(extraction.extract(turns, replace(reading, clauses=main.clauses)), combined)
        probability = self._confidence(main.score, reading, len(found))
        category, subcategory = main.score.category, main.score.subcategory
        all_said = score(reading.clauses, self._model, tree) if combined.answers else main.score
        priorities = at_least(all_said.priorities, combined.priority)
        known = _known(info, main, probability) | reading.answered
        belief = believed(main.score.codes, category, probability, tree=tree, priorities=priorities)
        asking = questions.asking(belief, known, repeated(reading, self._meanings))
        return Triage(
            category=category,
            subcategory=subcategory,
            confidence=probability,
            priority=rated(priorities, subcategory, all_said.facts),
            title=wording.title(turns, combined.titled(main.clauses), info),
            symptoms=wording.symptoms(turns, main.clauses),
            extracted_info=MappingProxyType(info),
            missing_info=asking.missing,
            questions=asking.questions,
            other_problems=tuple(filter(None, (wording.words(turns, problem.clauses) for problem in found[1:]))),
            engine=self.name,
            engine_version=self._model.version,
        )

    def _confidence(self, found: Score, reading: Reading, count: int) -> float:
        """The probability that the category is right and nobody would have to ask."""
        assert self._model is not None, "load() comes first"
        raw = confidence.raw(found, self._model.confidence, problems=count)
        probability = self._calibration.probability(raw) if self._calibration else 0.0
        if reading.corrected and not _correction_says(reading):
            probability *= _AFTER_REFUSAL
        if reading.corrected:
            probability = min(probability, REFUSED_AT_MOST)
        if found.category == UNCATEGORISED:
            probability = min(probability, UNCATEGORISED_AT_MOST)
        return round(probability, 4)


def _unviewed(triage: Triage, turns: Sequence[Turn]) -> Triage:
    """The triage of views with the spans of the turns themselves."""

    def moved(found: Found) -> Found:
        return Found(found.value, unviewed(found.span, turns[found.span.turn]))

    info = {key: moved(found) for key, found in triage.extracted_info.items()}
    return replace(triage, symptoms=tuple(map(moved, triage.symptoms)), extracted_info=MappingProxyType(info))


def _without_others(info: dict[str, Found], combined: Combined) -> dict[str, Found]:
    """The information without names in answers that name no thing: « Un logiciel ou la messagerie »."""
    return {key: found for key, found in info.items() if key not in _NAMES or found.span.turn not in combined.unnamed}


def _known(info: Mapping[str, Found], problem: Problem, confidence: float) -> set[str]:
    """Keys of questions that need not be asked; what the problem is, only once it was understood."""
    hits = [hit for clause in problem.clauses for hit in clause.hits if hit.sense != "0"]
    known = set(info)
    if "software" in info or any(hit.concept.kind == "thing" and not hit.concept.vague for hit in hits):
        known.add("device_type")
    is_told = any(hit.sense or hit.concept.kind in ("state", "request") for hit in hits)
    if confidence >= questions.UNDERSTOOD and (is_told or sum(len(c.words) for c in problem.clauses) > _A_FEW_WORDS):
        known.add("problem_type")
    return known


def _correction_says(reading: Reading) -> bool:
    """Whether the last turn, after a refused summary, says something of its own."""
    last = max((clause.turn for clause in reading.clauses), default=-1)
    return any(
        clause.turn == last and any(hit.concept.kind != "trouble" and not hit.concept.vague for hit in clause.hits)
        for clause in reading.clauses
    )

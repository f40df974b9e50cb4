"""The embedded triage: no network, no heavy library, some milliseconds.

It reads the turns into clauses and concepts (``reading``), scores the categories (``scoring``), and says what it found
in the requester's own words (``wording``, ``extraction``). All it knows is data, loaded on first use.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import MappingProxyType

from data.records import UNCATEGORISED, Category, Turn
from engine.triage import extraction, facts, questions, wording
from engine.triage.calibration import Calibration, calibration
from engine.triage.contract import Context, Found, Triage
from engine.triage.evidence import checked
from engine.triage.lexicon import Lexicon, shipped
from engine.triage.reading import Clause, Reading, read, unviewed, view
from engine.triage.scoring import Score, raw_confidence, score

UNCATEGORISED_AT_MOST = 0.29
"""An answer 99 has a confidence below 0.30 by definition."""

_ASK = 0.30
_PROBLEM_FROM = 2.4
_TELLING_FROM = 2.0
_AFTER_REFUSAL = 0.7
_PROBLEMS_AT_MOST = 4
_GOES_ON = frozenset({"ca", "il", "elle", "cela", "ils", "elles", "qui", "dont", "lorsque", "quand", "c", "message"})
"""A clause that begins so goes on about the same thing."""

_NO_TIME = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class _Problem:
    """One problem among those of a message."""

    clauses: tuple[Clause, ...]
    score: Score


class LocalTriage:
    """The triage that works with the network unplugged. Implements ``contract.TriageEngine``."""

    name = "local"
    version = "lexicon-1"

    def __init__(self) -> None:
        """Loads nothing; the lexicon comes with the first triage, or with ``load``."""
        self._lexicon: Lexicon | None = None
        self._calibration: Calibration | None = None

    def load(self) -> None:
        """Read the lexicon now, so that the first message does not wait for it."""
        if self._lexicon is None:
            self._calibration = calibration(self.name, self.version)
            self._lexicon = shipped()
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
        assert self._lexicon is not None, "load() comes first"
        tree = {category.code: category.parent or category.code for category in categories if category.active}
        reading = read(turns, self._lexicon)
        problems = _problems(reading, self._lexicon, tree)
        whole = score(reading.clauses, self._lexicon, tree)
        main = problems[0] if len(problems) > 1 else _Problem(reading.clauses, whole)
        info = extraction.extract(turns, replace(reading, clauses=main.clauses))
        symptoms = wording.symptoms(turns, main.clauses)
        confidence = self._confidence(main.score, info, symptoms, reading, len(problems))
        category, subcategory = main.score.category, main.score.subcategory
        known = _known(info, main.score) | reading.answered
        vague = confidence < _ASK
        return Triage(
            category=category,
            subcategory=subcategory,
            confidence=confidence,
            priority=facts.priority(reading.clauses, category, subcategory),
            title=wording.title(turns, main.clauses, info),
            symptoms=symptoms,
            extracted_info=MappingProxyType(info),
            missing_info=questions.missing(category, subcategory, known, vague=vague),
            questions=questions.choose(category, subcategory, known, vague=vague),
            other_problems=tuple(filter(None, (wording.words(turns, problem.clauses) for problem in problems[1:]))),
            engine=self.name,
            engine_version=self.version,
        )

    def _confidence(
        self, found: Score, info: Mapping[str, Found], symptoms: Sequence[Found], reading: Reading, problems: int
    ) -> float:
        """The probability that the category is right."""
        details = len(info.keys() - {"device_type", "software"}) + max(0, len(symptoms) - 1)
        raw = raw_confidence(found, details=details, problems=max(1, problems))
        probability = self._calibration.probability(raw) if self._calibration else 0.0
        if reading.corrected and not _correction_says(reading):
            probability *= _AFTER_REFUSAL
        if found.category == UNCATEGORISED:
            probability = min(probability, UNCATEGORISED_AT_MOST)
        return round(probability, 4)


def _unviewed(triage: Triage, turns: Sequence[Turn]) -> Triage:
    """The triage of views with the spans of the turns themselves."""

    def moved(found: Found) -> Found:
        return Found(found.value, unviewed(found.span, turns[found.span.turn]))

    info = {key: moved(found) for key, found in triage.extracted_info.items()}
    return replace(triage, symptoms=tuple(map(moved, triage.symptoms)), extracted_info=MappingProxyType(info))


def _known(info: Mapping[str, Found], found: Score) -> set[str]:
    """Keys of questions that need not be asked."""
    known = set(info)
    if "software" in info or (found.things and found.specific):
        known.add("device_type")
    if found.states and found.specific:
        known.add("problem_type")
    return known


def _correction_says(reading: Reading) -> bool:
    """Whether the last turn, after a refused summary, says something of its own."""
    last = max((clause.turn for clause in reading.clauses), default=-1)
    return any(clause.turn == last and any(hit.concept.to for hit in clause.hits) for clause in reading.clauses)


def _problems(reading: Reading, lexicon: Lexicon, tree: Mapping[str, str]) -> list[_Problem]:
    """The problems of a message, the blocking one first; a single one where its parts speak for the same thing."""
    groups: list[list[Clause]] = []
    for clause in reading.clauses:
        begins = _names_a_thing(clause) and clause.words[0].text not in _GOES_ON
        if not groups or (begins and _is_whole(groups[-1])):
            groups.append([clause])
        else:
            groups[-1].append(clause)
    problems: list[_Problem] = []
    for group in groups:
        found = score(group, lexicon, tree)
        if not found.states or found.raw < _PROBLEM_FROM or found.category == UNCATEGORISED:
            continue
        same = next((i for i, other in enumerate(problems) if _is_same(other.score, found)), None)
        if same is None:
            problems.append(_Problem(tuple(group), found))
        else:
            problems[same] = _Problem((*problems[same].clauses, *group), problems[same].score)
    problems.sort(key=lambda problem: not facts.is_blocking(problem.clauses, problem.score.subcategory))
    return problems[:_PROBLEMS_AT_MOST]


def _names_a_thing(clause: Clause) -> bool:
    """Whether a clause names something that it does not deny, or a state that names its category by itself."""
    return any(
        hit.sense != "0" and (hit.concept.kind == "thing" or sum(hit.concept.to.values()) >= _TELLING_FROM)
        for hit in clause.hits
    )


def _is_whole(group: Sequence[Clause]) -> bool:
    """Whether these clauses name a thing and say what is wrong with it."""
    hits = [hit for clause in group for hit in clause.hits if hit.sense != "0"]
    wrong = any(hit.sense in ("-", "~") or hit.concept.kind in ("state", "trouble", "request") for hit in hits)
    return wrong and any(map(_names_a_thing, group))


def _is_same(left: Score, right: Score) -> bool:
    """Whether two parts of a message speak of one problem."""
    return left.category == right.category and (
        left.subcategory == right.subcategory or left.subcategory is None or right.subcategory is None
    )

"""What a message says besides its category: device, brand, place, error message, since when ...

Every value is cut out of the turn it stands in, so its evidence is its own position; the normalisation table may
name it otherwise (``engine.triage.evidence.normal``).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from data.records import Turn
from engine.triage.contract import INFO_KEYS, Found, Span
from engine.triage.evidence import normal
from engine.triage.lexicon import FOLDER
from engine.triage.reading import Clause, Reading, is_none, is_unknown

_ANSWER_AT_MOST = 60
_NORMALISED = frozenset({"device_type", "os", "frequency", "brand"})


@dataclass(frozen=True)
class _Patterns:
    """The patterns by key, compiled, and the brands as one."""

    by_key: Mapping[str, tuple[re.Pattern[str], ...]]
    brands: re.Pattern[str]


def extract(turns: Sequence[Turn], reading: Reading) -> dict[str, Found]:
    """The information found, by key of ``INFO_KEYS``; an answer to a question counts more than a passing word."""
    found: dict[str, Found] = {}
    for index, folded in sorted(reading.folded.items()):
        turn = turns[index]
        for key, start, end in _in_text(folded):
            found.setdefault(key, _found(key, turn.text, index, start, end))
    for key, value in _named(turns, reading):
        found.setdefault(key, value)
    for index, folded in sorted(reading.folded.items()):
        asked = turns[index].key
        if asked in INFO_KEYS:
            answer = _answer(asked, turns[index], index, folded, reading)
            if answer is not None:
                found[asked] = answer
    if "os" in found and "software" in found and found["os"].span.start == found["software"].span.start:
        del found["software"]
    return {key: found[key] for key in INFO_KEYS if key in found}


def _in_text(folded: str) -> Iterator[tuple[str, int, int]]:
    """Key, start and end of what the patterns find, the most telling pattern of each key first."""
    patterns = _patterns()
    for key, alternatives in patterns.by_key.items():
        for pattern in alternatives:
            match = pattern.search(folded)
            if match is not None:
                group = "value" if "value" in pattern.groupindex else 0
                yield key, *_trimmed(folded, *match.span(group))
                break
    match = patterns.brands.search(folded)
    if match is not None:
        yield "brand", *match.span()


def _named(turns: Sequence[Turn], reading: Reading) -> Iterator[tuple[str, Found]]:
    """Devices and applications that are named and not said to be well."""
    for clause in reading.clauses:
        for hit in clause.hits:
            key = "device_type" if hit.concept.device else "software" if hit.concept.software else None
            if key is not None and hit.sense != "0":
                yield key, _found(key, turns[clause.turn].text, clause.turn, hit.start, hit.end)


def _answer(key: str, turn: Turn, index: int, folded: str, reading: Reading) -> Found | None:
    """The answer to a question about this key: what a pattern finds in it, else all of a short answer."""
    if is_unknown(turn.text) or is_none(turn.text):
        return None
    for found_key, start, end in _in_text(folded):
        if found_key == key:
            return _found(key, turn.text, index, start, end)
    named = [value for name, value in _named([turn], _only(reading, index)) if name == key]
    if named:
        return Found(named[0].value, Span(index, named[0].span.start, named[0].span.end))
    start, end = _trimmed(folded, 0, len(folded))
    says_more = any(clause.turn == index and _is_wrong(clause) for clause in reading.clauses)
    if end - start > _ANSWER_AT_MOST or start >= end or (says_more and key != "error_message"):
        return None
    return _found(key, turn.text, index, start, end)


def _only(reading: Reading, index: int) -> Reading:
    """The clauses of one turn, as if it were the only one."""
    return Reading(tuple(replace(clause, turn=0) for clause in reading.clauses if clause.turn == index))


def _is_wrong(clause: Clause) -> bool:
    """Whether a clause says that something is wrong."""
    return any(hit.sense == "-" or hit.concept.kind in ("state", "trouble") for hit in clause.hits)


def _found(key: str, text: str, turn: int, start: int, end: int) -> Found:
    """The words of a span as a value, by the name the normalisation table has for them."""
    words = text[start:end]
    value = normal(words) if key in _NORMALISED else words
    return Found(" ".join(value.split()), Span(turn, start, end))


def _trimmed(folded: str, start: int, end: int) -> tuple[int, int]:
    """The span without white space and closing punctuation."""
    while start < end and folded[start] in ' \t\n\u00a0\u202f,;:«"':
        start += 1
    while end > start and folded[end - 1] in ' \t\n\u00a0\u202f.,;:!?»"':
        end -= 1
    return start, end


@cache
def _patterns() -> _Patterns:
    """The shipped patterns, compiled once."""
    raw = tomllib.loads((FOLDER / "extract.toml").read_text(encoding="utf-8"))
    brands = "|".join(re.escape(brand) for brand in sorted(raw["brands"], key=len, reverse=True))
    return _Patterns(
        {key: tuple(map(re.compile, patterns)) for key, patterns in raw["patterns"].items()},
        re.compile(rf"(?<![\w])(?:{brands})(?![\w])"),
    )

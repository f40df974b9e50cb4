"""The words the local triage knows: concepts, and how people misspell them. All of it is data.

``find`` turns words into hits of concepts; what hits speak for is the business of ``engine.triage.scoring``.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import data
from engine.text import fold

FOLDER = Path(data.__file__).parent / "lexicon"
"""Where the shipped words are."""

_WORD = re.compile(r"[^\W_]+")
_REPEATED = re.compile(r"(.)\1{2,}")
_ENDINGS = ("ements", "ement", "ees", "ent", "ait", "ais", "ee", "er", "ez", "es", "e")
_FLAGS = ("vague", "tells", "device", "software")
_TYPO_FROM, _TWO_TYPOS_FROM = 5, 10
_GLUED = "jlndsm"
"""Letters that people type without their apostrophe: « jarrive », « limprimante »."""


@dataclass(frozen=True, eq=False)
class Concept:
    """Something words can mean."""

    name: str
    kind: str
    """``thing``, ``state``, ``act``, ``request``, ``trouble``, ``person``, ``place`` or ``time``."""
    vague: bool = False
    """A thing that does not say by itself what is concerned (« mon PC »)."""
    tells: bool = False
    """A state or request that names its team by itself (« rançongiciel »)."""
    device: bool = False
    software: bool = False


class Match(NamedTuple):
    """A concept in words ``first`` to ``last`` (exclusive)."""

    concept: Concept
    first: int
    last: int


class Lexicon:
    """Concepts, ready to be looked up. Loading takes some tens of milliseconds."""

    def __init__(self, concepts: Iterable[Concept], phrases: Iterable[tuple[str, Concept]],
                 forms: Mapping[str, Sequence[str]], common: Iterable[str]) -> None:  # fmt: skip
        """Everything as read from the data; phrases are as people write them."""
        self.concepts = {concept.name: concept for concept in concepts}
        self._forms = dict(forms)
        self._common = frozenset(common)
        self._phrases: dict[str, list[tuple[tuple[str, ...], Concept]]] = {}
        self._known: set[str] = set(self._common) | set(self._forms)
        for phrase, concept in phrases:
            words = words_of(phrase)
            self._known.update(words)
            stems = tuple(map(stem, words))
            self._phrases.setdefault(stems[0], []).append((stems, concept))
        for entries in self._phrases.values():
            entries.sort(key=lambda entry: -len(entry[0]))
        self._stems = {part for entries in self._phrases.values() for stems, _ in entries for part in stems}
        self._slips = _deletions(word for word in self._known - self._common if len(word) >= _TYPO_FROM)

    def words(self, word: str, *, mend: bool = True) -> Sequence[str]:
        """The folded word as the lexicon knows it: short forms spelled out, slips mended where wanted."""
        if word in self._forms:
            return self._forms[word]
        mended = self._mended(word) if mend else word
        if mended == word and word not in self._known and len(word) >= _TYPO_FROM and word[0] in _GLUED:
            rest = word[1:]
            if rest in self._forms or (rest in self._known and rest not in self._common):
                return (word[0], *self._forms.get(rest, (rest,)))
        return (mended,)

    def find(self, stems: Sequence[str]) -> Iterator[Match]:
        """Concepts from left to right, the longest expression at each place."""
        index = 0
        while index < len(stems):
            for expected, concept in self._phrases.get(stems[index], ()):
                if expected == tuple(stems[index : index + len(expected)]):
                    yield Match(concept, index, index + len(expected))
                    index += len(expected)
                    break
            else:
                index += 1

    def _mended(self, word: str) -> str:
        """The known word this one is a slip of, or itself."""
        word = _REPEATED.sub(r"\1", word)
        if len(word) < _TYPO_FROM or len(word) > 24 or word in self._known or stem(word) in self._stems:
            return word
        reach = 2 if len(word) >= _TWO_TYPOS_FROM else 1
        best, least = word, reach + 1
        for form in {word, *_shortened(word, reach)}:
            for candidate in self._slips.get(form, ()):
                if candidate[0] != word[0]:
                    continue
                if len(word) == _TYPO_FROM >= len(candidate) and sorted(word) != sorted(candidate):
                    continue  # short words have many neighbours: only swapped letters, or one left out
                allowed = 2 if min(len(word), len(candidate)) >= _TWO_TYPOS_FROM else 1
                distance = _distance(word, candidate)
                if distance <= allowed and (distance, candidate) < (least, best if least <= reach else "~"):
                    best, least = candidate, distance
        return best


@cache
def shipped() -> Lexicon:
    """The lexicon of this installation, read once."""
    raw: dict[str, dict[str, Any]] = {}
    for path in sorted((FOLDER / "concepts").glob("*.toml")):
        raw |= tomllib.loads(path.read_text(encoding="utf-8"))
    spelling = _toml("spelling.toml")
    concepts = {
        name: Concept(name, entry["kind"], **{flag: bool(entry.get(flag)) for flag in _FLAGS})
        for name, entry in raw.items()
    }
    phrases = [(phrase, concepts[name]) for name, entry in raw.items() for phrase in entry["words"]]
    forms = {form: tuple(words.split()) for form, words in spelling["forms"].items()}
    return Lexicon(concepts.values(), phrases, forms, spelling["common"])


def words_of(phrase: str) -> list[str]:
    """The folded words of an expression."""
    return _WORD.findall(fold(phrase).replace("œ", "oe"))


def stem(word: str) -> str:
    """The word without plural and the commonest endings, so that « imprimantes » and « imprimante » are one."""
    if len(word) > 4 and word[-1] in "sx":
        word = word[:-1]
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)]
    return word


def _toml(name: str) -> dict[str, Any]:
    """One file of the lexicon."""
    return tomllib.loads((FOLDER / name).read_text(encoding="utf-8"))


def _shortened(word: str, reach: int) -> set[str]:
    """The word with one letter (or two) left out."""
    once = {word[:i] + word[i + 1 :] for i in range(len(word))}
    return once if reach == 1 else once | {w[:i] + w[i + 1 :] for w in once for i in range(len(w))}


def _deletions(words: Iterable[str]) -> dict[str, list[str]]:
    """Index of words by themselves and by what is left of them without one letter (two for long words)."""
    index: dict[str, list[str]] = {}
    for word in words:
        for form in {word, *_shortened(word, 2 if len(word) >= _TWO_TYPOS_FROM else 1)}:
            index.setdefault(form, []).append(word)
    return index


def _distance(left: str, right: str) -> int:
    """Letters to insert, leave out, replace or swap with their neighbour to make one word of the other."""
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        two_before, before, row = before, row, [i]
        for j, b in enumerate(right, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == b:
                cost = min(cost, two_before[j - 2] + 1)
            row.append(cost)
    return row[-1]

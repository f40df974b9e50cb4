"""The words the local triage knows: concepts, and how people misspell them. All of it is data.

``find`` turns words into hits of concepts; what hits speak for is the business of ``engine.triage.scoring``.
"""

from __future__ import annotations

import json
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
"""Where the words are written."""

COMPILED = Path(data.__file__).parent / "model" / "lexicon.json"
"""The same, quick to read; made with the model."""

_WORD = re.compile(r"[^\W_]+")
_REPEATED = re.compile(r"(.)\1{2,}")
_ENDINGS = ("ements", "ement", "ees", "ent", "ait", "ais", "ee", "er", "ez", "es", "e")
_FLAGS = ("vague", "tells", "device", "software")
_TYPO_FROM, _TWO_TYPOS_FROM, _LONGEST_MENDED = 5, 10, 24
_LONGEST_SLIP = 8
"""Letters between the first and the last that differ; beyond, two words are not compared further."""
_GLUED = "jlndsm"
"""Letters that people type without their apostrophe: « jarrive », « limprimante »."""


@dataclass(frozen=True, eq=False)
class Concept:
    """Something words can mean."""

    name: str
    kind: str
    """``thing``, ``state``, ``act``, ``request``, ``trouble``, ``person``, ``place``, ``time`` or ``unheard``."""
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
    """Concepts and spellings, ready to be looked up."""

    def __init__(
        self,
        concepts: Mapping[str, Concept],
        phrases: Mapping[str, str],
        forms: Mapping[str, str],
        words: Iterable[str],
        common: Iterable[str],
    ) -> None:
        """Everything folded.

        Args:
            concepts: By name.
            phrases: Expressions as stems with a space in between, and the name of their concept.
            forms: Short forms and the words they stand for.
            words: The words of the expressions; what is near one of them is a slip of it.
            common: Further words that are no slips.
        """
        self.concepts = dict(concepts)
        self.phrases, self.forms = dict(phrases), dict(forms)
        self.common = frozenset(common)
        self.known = frozenset(words) | self.common | self.forms.keys()
        self._no_targets = self.known - frozenset(words) - self.forms.keys()
        self._longest: dict[str, int] = {}
        """Words of the longest expression that begins with a stem; 0 for a stem that begins none."""
        for phrase in self.phrases:
            parts = phrase.split(" ")
            self._longest[parts[0]] = max(len(parts), self._longest.get(parts[0], 0))
            for part in parts[1:]:
                self._longest.setdefault(part, 0)
        self._targets_by: dict[tuple[str, int], list[str]] = {}
        self._near: dict[tuple[str, int], Sequence[tuple[str, int]]] = {}

    def words(self, word: str, *, mend: bool = True) -> Sequence[str]:
        """The folded word as the lexicon knows it: short forms spelled out, slips mended where wanted."""
        if word in self.forms:
            return self.forms[word].split()
        if word in self.known and not _REPEATED.search(word):
            return (word,)
        mended = self._mended(word) if mend else word
        if mended in self.forms:
            return self.forms[mended].split()
        if mended == word and word not in self.known and len(word) >= _TYPO_FROM and word[0] in _GLUED:
            rest = word[1:]
            if rest in self.known and rest not in self._no_targets:
                return (word[0], *self.forms.get(rest, rest).split())
        return (mended,)

    def find(self, stems: Sequence[str]) -> Iterator[Match]:
        """Concepts from left to right; where expressions overlap, the longer one, in words, then in letters."""
        found: list[tuple[int, int, int, str]] = []
        for index, first in enumerate(stems):
            most = self._longest.get(first)
            if not most:
                continue
            phrase, name = first, self.phrases.get(first)
            if name is not None:
                found.append((1, len(phrase), index, name))
            for size, following in enumerate(stems[index + 1 : index + most], 2):
                phrase = f"{phrase} {following}"
                name = self.phrases.get(phrase)
                if name is not None:
                    found.append((size, len(phrase), index, name))
        taken: set[int] = set()
        kept: list[Match] = []
        for size, _, index, name in sorted(found, key=lambda match: (-match[0], -match[1], match[2])):
            if taken.isdisjoint(range(index, index + size)):
                taken.update(range(index, index + size))
                kept.append(Match(self.concepts[name], index, index + size))
        yield from sorted(kept, key=lambda match: match.first)

    def _mended(self, word: str) -> str:
        """The known word this one is a slip of, or itself."""
        word = _REPEATED.sub(r"\1", word)
        if len(word) < _TYPO_FROM or len(word) > _LONGEST_MENDED or word in self.known or stem(word) in self._longest:
            return word
        reach = 2 if len(word) >= _TWO_TYPOS_FROM else 1
        best, least = word, reach + 1
        for candidate in self._near_to(word, reach):
            if len(word) == _TYPO_FROM >= len(candidate) and sorted(word) != sorted(candidate):
                continue  # short words have many neighbours: only swapped letters, or one left out
            allowed = 2 if min(len(word), len(candidate)) >= _TWO_TYPOS_FROM else 1
            distance = _distance(word, candidate)
            if distance <= allowed and (distance, candidate) < (least, best if least <= reach else "~"):
                best, least = candidate, distance
        return best

    def _near_to(self, word: str, reach: int) -> Iterator[str]:
        """Words of the same first letter, about as long, with about the same letters."""
        letters = _letters(word)
        for length in range(len(word) - reach, len(word) + reach + 1):
            others = [pair for pair in self._like(word[0], length) if (letters ^ pair[1]).bit_count() <= 2 * reach]
            for candidate, its_letters in others:
                if (letters & ~its_letters).bit_count() <= reach and (its_letters & ~letters).bit_count() <= reach:
                    yield candidate

    def _like(self, letter: str, length: int) -> Sequence[tuple[str, int]]:
        """Words that slips are measured against, by first letter and length, with the letters they consist of."""
        if not self._targets_by:
            for word in self.known:
                if len(word) >= _TYPO_FROM and word not in self._no_targets:
                    self._targets_by.setdefault((word[0], len(word)), []).append(word)
        if (letter, length) not in self._near:
            found = self._targets_by.get((letter, length), ())
            self._near[letter, length] = [(word, _letters(word)) for word in found]
        return self._near[letter, length]


@cache
def shipped() -> Lexicon:
    """The lexicon of this installation, as compiled with the model; read once."""
    raw = json.loads(COMPILED.read_text(encoding="utf-8"))
    concepts = {
        name: Concept(name, kind, **dict.fromkeys(flags, True)) for name, (kind, *flags) in raw["concepts"].items()
    }
    phrases = {phrase: name for name, found in raw["phrases"].items() for phrase in found}
    return Lexicon(concepts, phrases, raw["forms"], raw["words"], raw["common"])


def written() -> Lexicon:
    """The lexicon as its files say, slower to read; what ``compiled`` is made of."""
    raw: dict[str, dict[str, Any]] = {}
    for path in sorted((FOLDER / "concepts").glob("*.toml")):
        raw |= tomllib.loads(path.read_text(encoding="utf-8"))
    spelling = tomllib.loads((FOLDER / "spelling.toml").read_text(encoding="utf-8"))
    concepts = {
        name: Concept(name, entry["kind"], **{flag: bool(entry.get(flag)) for flag in _FLAGS})
        for name, entry in raw.items()
    }
    spoken = [(words_of(phrase), name) for name, entry in raw.items() for phrase in entry["words"]]
    phrases = {" ".join(map(stem, words)): name for words, name in spoken}
    return Lexicon(
        concepts, phrases, spelling["forms"], {word for words, _ in spoken for word in words}, spelling["common"]
    )


def compiled(lexicon: Lexicon, common: Iterable[str] = ()) -> str:
    """The lexicon as ``shipped`` reads it.

    Args:
        lexicon: As written.
        common: Further words that are no slips: those that occur often in the training corpus.
    """
    by_name: dict[str, list[str]] = {name: [] for name in lexicon.concepts}
    for phrase, name in lexicon.phrases.items():
        by_name[name].append(phrase)
    words = lexicon.known - lexicon.common - lexicon.forms.keys()
    return json.dumps(
        {
            "concepts": {
                name: [concept.kind, *(flag for flag in _FLAGS if getattr(concept, flag))]
                for name, concept in lexicon.concepts.items()
            },
            "phrases": {name: sorted(found) for name, found in by_name.items()},
            "forms": lexicon.forms,
            "words": sorted(words),
            "common": sorted((lexicon.common | set(common)) - words),
        },
        ensure_ascii=False,
        indent=0,
        sort_keys=True,
    )


def words_of(phrase: str) -> list[str]:
    """The folded words of an expression."""
    return _WORD.findall(fold(phrase).replace("œ", "oe"))


def stem(word: str) -> str:
    """The word without plural and the commonest endings, so that « imprimantes » and « imprimante » are one."""
    if len(word) > 4 and word[-1] in "sx":
        word = word[:-1]
    if len(word) > 4 and word.endswith(_ENDINGS):
        for ending in _ENDINGS:
            if word.endswith(ending) and len(word) - len(ending) >= 4:
                return word[: -len(ending)]
    return word


def _letters(word: str) -> int:
    """The letters a word consists of, one bit each."""
    bits = 0
    for char in word:
        bits |= 1 << (ord(char) & 63)
    return bits


def _distance(left: str, right: str) -> int:
    """Letters to insert, leave out, replace or swap with their neighbour to make one word of the other."""
    first = 0
    while first < min(len(left), len(right)) and left[first] == right[first]:
        first += 1
    left, right = left[first:], right[first:]
    while left and right and left[-1] == right[-1]:
        left, right = left[:-1], right[:-1]
    if len(left) > _LONGEST_SLIP:
        return len(left)
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

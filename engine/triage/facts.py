"""The priority of a message, from facts only (spec section 3.2).

« URGENT », capitals, a rank or an instruction are no facts: they occur nowhere here, so they cannot raise anything.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from engine.triage.lexicon import FOLDER, stem, words_of
from engine.triage.reading import Clause, grammar

_CROWD = re.compile(
    r"\b(?:nous sommes|on est)\s(?:a\s)?(?:\d{1,4}|deux|trois|quatre|cinq|six|sept|huit|dix|vingt|cent)\b"
    r"|\b(?:deux|trois|quatre|cinq|six|sept|huit|dix|vingt|cent)\s(?:de mes\s|autres\s)?"
    r"(?:personnes|collegues|utilisateurs|postes|pc|ordinateurs|agents|salaries|eleves)\b"
)
_PEOPLE = re.compile(
    r"\b(\d{1,4})\s(?:de mes\s|autres\s)?"
    r"(?:personnes|collegues|utilisateurs|postes|pc|ordinateurs|agents|salaries|eleves|infirmieres)\b"
)
_CROWD_FROM = 20
_ASKING_WORDS = 3
_BLOCKING = frozenset({"blocked", "everyone", "compromised"})
_DEADLINE_HOUR = re.compile(r"\b(?:avant|a|pour|des)\s(?:1\d|2[0-3]|[89])\s?(?:h|heures?)\b")


@dataclass(frozen=True)
class _Facts:
    """Expressions, as stems with a space in between, and what they are facts of."""

    by_phrase: Mapping[str, tuple[str, ...]]
    longest: Mapping[str, int]
    """Words of the longest expression that begins with a stem."""
    blocking_leaves: frozenset[str]
    asked_for: frozenset[tuple[str, ...]]
    """How a clause begins that asks for something, in folded words."""
    asking_words: frozenset[str]
    """The first words of those."""


def said(clauses: Sequence[Clause]) -> frozenset[str]:
    """The facts in these clauses: names of ``facts.toml``, ``crowd`` and ``many`` by number of people, ``hour``
    for a time of day something is due, ``wrong`` where something fails and ``asks`` where something is asked for.
    """
    text = " ".join(word.text for clause in clauses for word in clause.words)
    found = _written(clauses)
    people = max((int(number) for number in _PEOPLE.findall(text)), default=0)
    if people >= _CROWD_FROM:
        found.add("crowd")
    if people > 1 or _CROWD.search(text):
        found.add("many")
    if _DEADLINE_HOUR.search(text) and ("aujourd hui" in text or "avant" in text):
        found.add("hour")
    if _something_wrong(clauses):
        found.add("wrong")
    if _is_request(clauses):
        found.add("asks")
    return frozenset(found)


def is_blocking(clauses: Sequence[Clause], subcategory: str | None) -> bool:
    """Whether these clauses say that somebody cannot work; decides which of several problems comes first."""
    return subcategory in _facts().blocking_leaves or not _BLOCKING.isdisjoint(_written(clauses))


def _written(clauses: Sequence[Clause]) -> set[str]:
    """The facts of ``facts.toml`` whose expressions occur."""
    facts = _facts()
    stems = [word.stem for clause in clauses for word in clause.words]
    found: set[str] = set()
    longest, by_phrase = facts.longest, facts.by_phrase
    for index, first in enumerate(stems):
        most = longest.get(first)
        if most is None:
            continue
        phrase = first
        found.update(by_phrase.get(phrase, ()))
        for following in stems[index + 1 : index + most]:
            phrase = f"{phrase} {following}"
            found.update(by_phrase.get(phrase, ()))
    return found


def _something_wrong(clauses: Sequence[Clause]) -> bool:
    """Whether something does not work, rather than being wished for."""
    return any(map(_is_wrong, clauses))


def _is_wrong(clause: Clause) -> bool:
    """Whether a clause says that something does not work, is missing, or is not as it should be."""
    if not clause.hits or _asks_for(clause):
        return False
    hits = [hit for hit in clause.hits if hit.sense != "0"]
    for hit in hits:
        kind = hit.concept.kind
        if hit.sense in ("-", "~") or kind == "trouble" or (kind == "state" and hit.concept.name != "suspicious"):
            return True
    return any(hit.concept.kind == "thing" for hit in hits) and any(
        word.text in grammar().negations for word in clause.words
    )


def _is_request(clauses: Sequence[Clause]) -> bool:
    """Whether something is asked for."""
    return any(
        _asks_for(clause) or any(hit.concept.kind == "request" and hit.sense != "0" for hit in clause.hits)
        for clause in clauses
    )


def _asks_for(clause: Clause) -> bool:
    """Whether a clause begins as a request: « Supprimer les accès de ... »."""
    facts = _facts()
    if not clause.words or clause.words[0].text not in facts.asking_words:
        return False
    beginning = tuple(word.text for word in clause.words[:_ASKING_WORDS])
    if not any(beginning[:size] in facts.asked_for for size in range(1, len(beginning) + 1)):
        return False
    later = [hit for hit in clause.hits if hit.start > clause.start]
    return not any(hit.sense in ("-", "~") or hit.concept.kind in ("trouble", "state") for hit in later)


@cache
def _facts() -> _Facts:
    """The shipped facts, read once."""
    raw = tomllib.loads((FOLDER / "facts.toml").read_text(encoding="utf-8"))
    by_phrase: dict[str, tuple[str, ...]] = {}
    longest: dict[str, int] = {}
    for fact, expressions in raw.items():
        if fact in ("blocking_leaves", "asked_for"):
            continue
        for stems in ([stem(word) for word in words_of(expression)] for expression in expressions):
            phrase = " ".join(stems)
            by_phrase[phrase] = (*by_phrase.get(phrase, ()), fact)
            longest[stems[0]] = max(len(stems), longest.get(stems[0], 0))
    asked_for = frozenset(tuple(words_of(phrase)) for phrase in raw["asked_for"])
    asking_words = frozenset(words[0] for words in asked_for)
    return _Facts(by_phrase, longest, frozenset(raw["blocking_leaves"]), asked_for, asking_words)

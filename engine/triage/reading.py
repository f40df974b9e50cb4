"""Turns read into words, clauses and what the clauses say of which concept: present, denied, failing or missing.

Only the beginning and the end of a turn are read (``READ_FIRST``, ``READ_LAST``). Positions are code points of the
view throughout, which ``unviewed`` makes positions of the stored turn, so that everything found can be shown to stand
there.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import NamedTuple

from data.records import Turn
from engine.text import fold
from engine.triage.contract import READ_FIRST, READ_LAST, Span
from engine.triage.instructions import without_instructions
from engine.triage.lexicon import FOLDER, Concept, Lexicon, stem

_TOKEN = re.compile(r"(?<![a-z0-9])[d-z]:(?![/\w])|\[[A-Z-]{3,13}-\d+\]|[^\W_]+")
_PLACEHOLDER = re.compile(r"\[[a-z-]{3,13}-\d+\]")
_SENTENCE = re.compile(r"[.!?;…]+(?=\s|$)|\n+|\s[-–•*+/]\s")
_CLAUSE = re.compile(
    r",|(?<![ '][d-z]):(?=\s)|\(|\)|\b(?:mais|par contre|en revanche|sauf que|puis|sinon|et aussi|et puis|et surtout"
    r"|ainsi que|en plus|alors que"
    r"|tandis que|plutot|car|parce que|pourtant|donc|en fait|du coup)\b"
    r"|\bet (?=(?:je|j'|mon|ma|mes|le|la|l'|les|il|elle|ils|elles|notre|nos|on|impossible|ca|maintenant|depuis"
    r"|aussi)\b)"
    r"|\baussi\b(?= (?:mon|ma|mes|le|la|les|l'|je|j'))"
)
_MOST_MENDED = 120
_HAVE = frozenset({"ai", "avons", "avez", "ont", "ete", "viens"})
_HAS = frozenset(
    {("m", "a"), ("on", "a"), ("il", "a"), ("elle", "a"), ("nous", "a"), ("qui", "a"), ("informatique", "a")}
)
_SIDE_KEYS = frozenset({"onset", "location", "os", "frequency", "recent_changes"})
"""Questions whose answers say nothing about the category unless they name something wrong."""


class Word(NamedTuple):
    """A word as the lexicon knows it, and where it stands in its turn."""

    text: str
    stem: str
    start: int
    end: int


@dataclass(frozen=True)
class Hit:
    """A concept in a clause, and what the clause says of it."""

    concept: Concept
    start: int
    end: int
    sense: str = ""
    """Empty: it is there; ``-``: denied or failing; ``~``: missing; ``0``: it is said not to be what is wrong."""

    @property
    def name(self) -> str:
        """The concept's name with its sense, as rules write it."""
        return self.concept.name + self.sense


@dataclass(frozen=True)
class Clause:
    """A part of a turn that says one thing. ``start`` and ``end`` are code points of the turn."""

    turn: int
    start: int
    end: int
    words: tuple[Word, ...]
    hits: tuple[Hit, ...] = ()
    opens_sentence: bool = False


@dataclass(frozen=True)
class Reading:
    """Everything the requester said, as far as it is read."""

    clauses: tuple[Clause, ...]
    answered: frozenset[str] = frozenset()
    """Question keys that were answered, whatever the answer."""
    corrected: bool = False
    """Whether a summary was refused."""
    folded: dict[int, str] = field(default_factory=dict)
    """What was read of each requester's turn, folded, spaces where nothing was read; for patterns."""


@dataclass(frozen=True)
class Grammar:
    """The small words of ``grammar.toml``, as tuples of folded words."""

    negations: frozenset[str]
    fails: frozenset[tuple[str, ...]]
    missing: frozenset[tuple[str, ...]]
    denies: frozenset[tuple[str, ...]]
    between: frozenset[str]
    denies_at_start: frozenset[tuple[str, ...]]
    well: frozenset[tuple[str, ...]]
    not_well: frozenset[tuple[str, ...]]
    unknown: frozenset[tuple[str, ...]]
    none: frozenset[tuple[str, ...]]
    greetings: frozenset[tuple[str, ...]]


@cache
def grammar() -> Grammar:
    """The shipped small words, read once."""
    raw: dict[str, list[str]] = tomllib.loads((FOLDER / "grammar.toml").read_text(encoding="utf-8"))
    phrases = {key: frozenset(tuple(phrase.split()) for phrase in value) for key, value in raw.items()}
    return Grammar(
        negations=frozenset(raw["negations"]),
        between=frozenset(raw["between"]),
        **{key: phrases[key] for key in phrases if key not in ("negations", "between")},
    )


def view(turn: Turn) -> Turn:
    """What is read of a turn: its beginning and its end, with a line break in between; a short one as it is."""
    if turn.author != "requester" or len(turn.text) <= READ_FIRST + READ_LAST:
        return turn
    return replace(turn, text=f"{turn.text[:READ_FIRST]}\n{turn.text[-READ_LAST:]}")


def unviewed(span: Span, turn: Turn) -> Span:
    """A span of ``view(turn)`` as a span of the turn itself; empty when it reaches over the gap."""
    skipped = len(turn.text) - READ_FIRST - READ_LAST - 1
    if skipped < 0 or span.end <= READ_FIRST:
        return span
    return (
        Span(span.turn, span.start + skipped, span.end + skipped) if span.start > READ_FIRST else Span(span.turn, 0, 0)
    )


def read(turns: Sequence[Turn], lexicon: Lexicon) -> Reading:
    """Read what the requester said; what instructs the machine is left out (spec section 3.3).

    Args:
        turns: As ``view`` shows them.
        lexicon: The concepts to look for.
    """
    plain = without_instructions(turns)
    clauses: list[Clause] = []
    folded: dict[int, str] = {}
    answered: set[str] = set()
    for index, turn in enumerate(plain):
        if turn.author != "requester":
            continue
        if turn.key:
            answered.add(turn.key)
        folded[index] = _PLACEHOLDER.sub(lambda match: " " * len(match[0]), fold(turn.text))
        found = [_with_hits(clause, lexicon) for clause in _clauses(index, folded[index], lexicon)]
        if not _says_nothing(found, turn.key):
            clauses += found
    return Reading(tuple(clauses), frozenset(answered), "refusal" in answered, folded)


def is_unknown(text: str) -> bool:
    """Whether an answer says « je ne sais pas »."""
    return tuple(re.findall(r"[^\W_]+", fold(text[:200]))) in grammar().unknown


def is_none(text: str) -> bool:
    """Whether an answer says « non », « aucun »."""
    return tuple(re.findall(r"[^\W_]+", fold(text[:200]))) in grammar().none


def _clauses(turn: int, folded: str, lexicon: Lexicon) -> Iterator[Clause]:
    """The clauses of a folded turn, in order."""
    mended: dict[str, Sequence[str]] = {}
    for first, last in _pieces(folded, _SENTENCE, 0, len(folded)):
        opens = True
        for start, end in _pieces(folded, _CLAUSE, first, last):
            words = tuple(_words(folded, start, end, lexicon, mended))
            if words:
                yield Clause(turn, words[0].start, words[-1].end, words, opens_sentence=opens)
                opens = False


def _pieces(text: str, pattern: re.Pattern[str], start: int, end: int) -> Iterator[tuple[int, int]]:
    """The stretches between matches."""
    position = start
    for match in pattern.finditer(text, start, end):
        if match.start() > position:
            yield position, match.start()
        position = match.end()
    if end > position:
        yield position, end


def _words(folded: str, start: int, end: int, lexicon: Lexicon, mended: dict[str, Sequence[str]]) -> Iterator[Word]:
    """The words of a stretch; a short form becomes the words it stands for, all in its place."""
    for match in _TOKEN.finditer(folded, start, end):
        raw = match[0].replace("œ", "oe")
        if raw not in mended:
            mended[raw] = (
                ("lettredelecteur",) if raw.endswith(":") else lexicon.words(raw, mend=len(mended) < _MOST_MENDED)
            )
        for form in mended[raw]:
            yield Word(form, stem(form), match.start(), match.end())


def _with_hits(clause: Clause, lexicon: Lexicon) -> Clause:
    """The clause with its concepts and what it says of them."""
    texts = [word.text for word in clause.words]
    matches = list(lexicon.find([word.stem for word in clause.words]))
    well = _is_well(texts, [match.concept for match in matches])
    hits = []
    for match in matches:
        start, end = clause.words[match.first].start, clause.words[match.last - 1].end
        hits.append(Hit(match.concept, start, end, _sense(match.concept, texts, match.first, match.last, well)))
    return Clause(clause.turn, clause.start, clause.end, clause.words, tuple(hits), clause.opens_sentence)


def _sense(concept: Concept, texts: Sequence[str], first: int, last: int, well: bool) -> str:
    """What a clause says of the concept in its words ``first`` to ``last``."""
    small = grammar()
    before = texts[max(0, first - 8) : first]
    if _denied(before, small):
        return "0"
    if concept.kind == "act":
        inside = any(word in small.negations for word in texts[first:last])
        after = any(word in small.negations for word in texts[last : last + 2])
        around = after or any(word in small.negations or word in ("ne", "n", "personne") for word in before[-2:])
        return "-" if inside or around or _has(before, small.fails) else ""
    if (well and concept.kind == "thing") or (concept.kind == "request" and _is_past(before, texts[first])):
        return "0"
    if concept.kind == "thing" and any(
        tuple(before[-size:]) in small.missing for size in range(1, 5) if size <= len(before)
    ):
        return "~"
    return ""


def _is_past(before: Sequence[str], word: str) -> bool:
    """Whether a wish is told as something done: « j'ai changé », « on m'a installé »."""
    done = before[-1:] and (before[-1] in _HAVE or tuple(before[-2:]) in _HAS)
    return bool(done) and word.endswith(("e", "ee", "es", "ees"))


def _denied(before: Sequence[str], small: Grammar) -> bool:
    """Whether a denial stands before a concept with nothing but small words in between."""
    rest = list(before)
    while True:
        if any(tuple(rest[-size:]) in small.denies for size in range(1, 5) if size <= len(rest)):
            return True
        if any(tuple(rest) == start for start in small.denies_at_start) and before[len(rest) :][:1] not in (
            [],
            ["de"],
            ["d"],
        ):
            return True
        if not rest or rest[-1] not in small.between:
            return False
        rest.pop()


def _is_well(texts: Sequence[str], concepts: Sequence[Concept]) -> bool:
    """Whether the clause says that its things work."""
    small = grammar()
    if any(concept.kind in ("state", "request") for concept in concepts):
        return False
    has_no_trouble = _has(texts, frozenset({("aucun", "probleme"), ("pas", "de", "probleme"), ("aucun", "souci"),
                                            ("pas", "de", "souci"), ("pas", "en", "cause")}))  # fmt: skip
    return has_no_trouble or (_has(texts, small.well) and not _has(texts, small.not_well))


def _has(words: Sequence[str], phrases: frozenset[tuple[str, ...]]) -> bool:
    """Whether one of the phrases occurs."""
    return any(tuple(words[index : index + size]) in phrases for index in range(len(words)) for size in range(1, 5))


def _says_nothing(clauses: Iterable[Clause], key: str | None) -> bool:
    """Whether a turn is « je ne sais pas », or a side answer (« depuis ce matin ») with nothing wrong in it."""
    clauses = list(clauses)
    texts = tuple(word.text for clause in clauses for word in clause.words)
    if texts in grammar().unknown:
        return True
    if key not in _SIDE_KEYS:
        return False
    wrong = ("state", "trouble")
    return not any(hit.concept.kind in wrong or hit.sense == "-" for clause in clauses for hit in clause.hits)

"""Turns read into words, clauses and what the clauses say of which concept: present, denied, failing or missing.

Only the beginning and the end of a turn are read (``READ_FIRST``, ``READ_LAST``). Positions are code points of the
view throughout, which ``unviewed`` makes positions of the stored turn, so that everything found can be shown to stand
there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import NamedTuple

from data.records import Turn
from engine.text import fold
from engine.triage.contract import READ_FIRST, READ_LAST, Span
from engine.triage.instructions import without_instructions
from engine.triage.lexicon import Concept, Lexicon, Match, shipped, stem
from engine.triage.senses import TRIED, has, said, senses
from engine.triage.senses import grammar as grammar

_TOKEN = re.compile(r"(?<![a-z0-9])[d-z]:(?![/\w])|\[[A-Z-]{3,13}-\d+\]|[^\W_]+")
_PLACEHOLDER = re.compile(r"\[[a-z-]{3,13}-\d+\]")
_SENTENCE = re.compile(r"[.!?;…]+(?=\s|$)|\n+|\s[-–•*+/]\s")
_CLAUSE = re.compile(
    r",|(?<![ '][d-z]):(?=\s)|\(|\)|\b(?:mais|par contre|en revanche|sauf que|puis|sinon|et aussi|et puis|et surtout"
    r"|ainsi que|en plus|alors que"
    r"|tandis que|meme si|bien que|cependant|toutefois|neanmoins|quoique|plutot|car|parce que|pourtant|donc|en fait"
    r"|du coup|but|however|although|because)\b"
    r"|\bet (?=(?:je|j'|mon|ma|mes|le|la|l'|les|il|elle|ils|elles|notre|nos|on|impossible|ca|maintenant|depuis"
    r"|aussi)\b)"
    r"|\baussi\b(?= (?:mon|ma|mes|le|la|les|l'|je|j'))"
)
_MOST_MENDED = 120
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
        found = _with_hits(list(_clauses(index, folded[index], lexicon)), lexicon)
        if not _says_nothing(found, turn.key):
            clauses = [*_without_denied(clauses, found), *found]
    return Reading(tuple(clauses), frozenset(answered), "refusal" in answered, folded)


def _without_denied(earlier: Iterable[Clause], later: Iterable[Clause]) -> Iterator[Clause]:
    """What was said before, with what a later turn denies denied there, too: « non, pas l'imprimante »."""
    hits_later = [hit for clause in later for hit in clause.hits]
    denied = {hit.concept for hit in hits_later if hit.sense == "0" and hit.concept.kind == "thing"}
    for clause in earlier:
        things = {hit.concept for hit in clause.hits if hit.concept.kind == "thing"}
        taken_back = bool(things) and things <= denied
        hits = (replace(hit, sense="0") if taken_back or hit.concept in denied else hit for hit in clause.hits)
        yield replace(clause, hits=tuple(hits)) if denied else clause


def names_something(text: str) -> bool:
    """Whether a text names a thing, a state or a wish that it does not deny."""
    reading = read((Turn("requester", text, datetime.min.replace(tzinfo=UTC)),), shipped())
    told = ("thing", "state", "request")
    hits = [hit for clause in reading.clauses for hit in clause.hits if hit.sense != "0"]
    return any(hit.concept.kind in told and not hit.concept.vague for hit in hits)


def is_unknown(text: str) -> bool:
    """Whether an answer says « je ne sais pas »."""
    return tuple(re.findall(r"[^\W_]+", fold(text[:200]))) in grammar().unknown


def is_none(text: str) -> bool:
    """Whether an answer says « non », « aucun »."""
    return tuple(re.findall(r"[^\W_]+", fold(text[:200]))) in grammar().none


def _clauses(turn: int, folded: str, lexicon: Lexicon) -> Iterator[Clause]:
    """The clauses of a folded turn, in order."""
    mended: dict[str, Sequence[tuple[str, str]]] = {}
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


def _words(
    folded: str, start: int, end: int, lexicon: Lexicon, mended: dict[str, Sequence[tuple[str, str]]]
) -> Iterator[Word]:
    """The words of a stretch; a short form becomes the words it stands for, all in its place."""
    for match in _TOKEN.finditer(folded, start, end):
        raw = match[0].replace("œ", "oe")
        known = mended.get(raw)
        if known is None:
            forms = ("lettredelecteur",) if raw.endswith(":") else lexicon.words(raw, mend=len(mended) < _MOST_MENDED)
            known = mended[raw] = [(form, stem(form)) for form in forms]
        first, last = match.span()
        for form, its_stem in known:
            yield Word(form, its_stem, first, last)


def _with_hits(clauses: Sequence[Clause], lexicon: Lexicon) -> list[Clause]:
    """The clauses of a turn with their concepts and what they say of them."""
    texts = [[word.text for word in clause.words] for clause in clauses]
    matches = [list(lexicon.find([word.stem for word in clause.words])) for clause in clauses]
    wholes = [said(words, [match.concept for match in found]) for words, found in zip(texts, matches, strict=True)]
    futile = any(has(words, grammar().futile) for words in texts)
    done = []
    for index, clause in enumerate(clauses):
        last = index + 1 == len(clauses) or clauses[index + 1].opens_sentence
        before = None if clause.opens_sentence else wholes[index - 1]
        after = None if last else wholes[index + 1]
        found = senses(texts[index], matches[index], before, after, futile=futile)
        hits = tuple(_hit(clause, match, sense) for match, sense in zip(matches[index], found, strict=True))
        done.append(Clause(clause.turn, clause.start, clause.end, clause.words, hits, clause.opens_sentence))
    return _settled(done)


def _hit(clause: Clause, match: Match, sense: str) -> Hit:
    """A match as a hit, where it stands in the turn."""
    return Hit(match.concept, clause.words[match.first].start, clause.words[match.last - 1].end, sense)


def _settled(clauses: Sequence[Clause]) -> list[Clause]:
    """What was only tried is not what is wrong, unless it is all that was named."""
    hits = [hit for clause in clauses for hit in clause.hits]
    tried = {hit.concept.name for hit in hits if hit.sense == TRIED}
    if not tried:
        return list(clauses)
    others = any(
        hit.sense in ("", "~")
        and hit.concept.kind == "thing"
        and not hit.concept.vague
        and hit.concept.name not in tried
        for hit in hits
    )
    sense = "0" if others else ""
    return [
        replace(clause, hits=tuple(replace(hit, sense=sense) if hit.sense == TRIED else hit for hit in clause.hits))
        for clause in clauses
    ]


def _says_nothing(clauses: Iterable[Clause], key: str | None) -> bool:
    """Whether a turn is « je ne sais pas », « non » to a question, or « depuis ce matin » with nothing wrong in it."""
    clauses = list(clauses)
    texts = tuple(word.text for clause in clauses for word in clause.words)
    if texts in grammar().unknown or (key not in (None, "refusal") and texts in grammar().none):
        return True
    if key not in _SIDE_KEYS:
        return False
    wrong = ("state", "trouble")
    return not any(hit.concept.kind in wrong or hit.sense == "-" for clause in clauses for hit in clause.hits)

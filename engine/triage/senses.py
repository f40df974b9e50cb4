"""What a clause says of the concepts in it: present, denied or failing, missing, or not what is wrong.

Everything here works on folded words; the small words that decide are data (``grammar.toml``).
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from engine.triage.lexicon import FOLDER, Concept, Match

TRIED = "?"
"""The sense of a thing that was only tried (« j'ai redémarré la box »), until the rest of the turn is known."""

_Phrases = frozenset[tuple[str, ...]]
_WORD_LISTS = ("negations", "between", "auxiliaries", "articles", "tried", "changed", "have")
_LONGEST = 4
_REACH = 8


@dataclass(frozen=True)
class Grammar:
    """The small words of ``grammar.toml``: single words, and phrases as tuples of folded words."""

    negations: frozenset[str]
    between: frozenset[str]
    auxiliaries: frozenset[str]
    articles: frozenset[str]
    tried: frozenset[str]
    changed: frozenset[str]
    have: frozenset[str]
    has: _Phrases
    futile: _Phrases
    fails: _Phrases
    missing: _Phrases
    denies: _Phrases
    denies_at_start: _Phrases
    copulas: _Phrases
    excepts: _Phrases
    names: _Phrases
    ends: _Phrases
    well: _Phrases
    not_well: _Phrases
    cleared: _Phrases
    adverbs: _Phrases
    unknown: _Phrases
    none: _Phrases
    greetings: _Phrases


class Said(NamedTuple):
    """What a clause says as a whole."""

    well: bool
    bad: bool
    denies: bool
    names: bool
    """It says what it is: « c'est l'écran »."""


class _Context(NamedTuple):
    """A clause and its neighbours in the sentence."""

    texts: Sequence[str]
    said: Said
    before: Said | None
    after: Said | None
    futile: bool
    cleared: bool
    """It says that a verb succeeds after all."""


@cache
def grammar() -> Grammar:
    """The shipped small words, read once."""
    raw: dict[str, list[str]] = tomllib.loads((FOLDER / "grammar.toml").read_text(encoding="utf-8"))
    words = {key: frozenset(raw[key]) for key in _WORD_LISTS}
    phrases = {key: frozenset(tuple(phrase.split()) for phrase in raw[key]) for key in raw if key not in words}
    return Grammar(
        negations=words["negations"],
        between=words["between"],
        auxiliaries=words["auxiliaries"],
        articles=words["articles"],
        tried=words["tried"],
        changed=words["changed"],
        have=words["have"],
        **phrases,
    )


def said(texts: Sequence[str], concepts: Sequence[Concept]) -> Said:
    """What a clause says as a whole: that its things work, that something is wrong, that something is denied."""
    small = grammar()
    wrong = any(concept.kind in ("state", "trouble") for concept in concepts)
    if _notable().isdisjoint(texts):
        return Said(well=False, bad=wrong, denies=False, names=False)
    well = _is_well(texts, concepts)
    bad = not well and (wrong or not small.negations.isdisjoint(texts) or has(texts, small.fails))
    return Said(well, bad, has(texts, small.copulas), has(texts, small.names))


@cache
def _notable() -> frozenset[str]:
    """The words without one of which a clause says nothing as a whole."""
    small = grammar()
    phrases = (small.fails, small.copulas, small.names, small.excepts, small.well, small.cleared)
    return small.negations.union(*map(_first_words, phrases))


def senses(
    texts: Sequence[str], matches: Sequence[Match], before: Said | None, after: Said | None, *, futile: bool
) -> list[str]:
    """The sense of every match.

    Args:
        texts: The words of the clause.
        matches: The concepts in them.
        before: What the clause before says, in the same sentence.
        after: The same of the clause after.
        futile: Whether the turn says that what was tried did not help.

    Returns:
        For each match: empty, ``-``, ``~`` or ``0`` (as ``Hit.sense``), or ``TRIED``.
    """
    if not matches:
        return []
    context = _Context(
        texts, said(texts, [match.concept for match in matches]), before, after, futile, has(texts, grammar().cleared)
    )
    return [_sense(match.concept, match.first, match.last, context) for match in matches]


def has(words: Sequence[str], phrases: _Phrases) -> bool:
    """Whether one of the phrases occurs."""
    return _where(words, phrases) is not None


def _where(words: Sequence[str], phrases: _Phrases) -> int | None:
    """At which word the first of the phrases that occurs begins."""
    first = _first_words(phrases)
    if first.isdisjoint(words):
        return None
    for index, word in enumerate(words):
        if word in first and _begins(words[index : index + _LONGEST], phrases):
            return index
    return None


@cache
def _first_words(phrases: _Phrases) -> frozenset[str]:
    """The words that begin a phrase."""
    return frozenset(phrase[0] for phrase in phrases)


def _sense(concept: Concept, first: int, last: int, context: _Context) -> str:
    """What a clause says of the concept in its words ``first`` to ``last``."""
    before = context.texts[max(0, first - _REACH) : first]
    special = _after_ni(concept, before, first, context)
    if special is None:
        special = _denial(concept, before, context)
    if special is None:
        special = _excepted(concept, first, context)
    if special is not None:
        return special
    if concept.kind == "act":
        return _sense_of_act(before, first, last, context)
    if concept.kind in ("state", "trouble"):
        return "0" if _is_negated(before) else ""
    if concept.kind == "request":
        return "0" if _is_past(before, context.texts[first]) else ""
    return _sense_of_thing(before, last, context) if concept.kind == "thing" else ""


def _sense_of_act(before: Sequence[str], first: int, last: int, context: _Context) -> str:
    """A verb: fails where it is denied, is well where an adverb says so."""
    small, texts, cleared = grammar(), context.texts, context.cleared
    inside = any(word in small.negations for word in texts[first:last])
    after = any(word in small.negations for word in texts[last : last + 2])
    around = after or any(word in small.negations or word in ("ne", "n", "personne") for word in before[-2:])
    if inside or around or tuple(texts[last:]) in small.ends or (not cleared and has(before, small.fails)):
        return "-"
    return "0" if context.said.well and (cleared or _begins(texts[last : last + 4], small.adverbs)) else ""


def _sense_of_thing(before: Sequence[str], last: int, context: _Context) -> str:
    """A thing: not wrong where the clause says it works, missing after « plus de », else concerned."""
    if tuple(context.texts[last:]) in grammar().ends:
        return "0" if context.before is not None and context.before.bad else "~"
    if context.said.well:
        return "0"
    if _ends(before, grammar().missing):
        return "~"
    return TRIED if _is_tried(before, futile=context.futile) else ""


def _after_ni(concept: Concept, before: Sequence[str], first: int, context: _Context) -> str | None:
    """« ce n'est ni X ni Y » clears both; « je n'ai ni X ni Y » misses both."""
    rest = list(before)
    while rest and rest[-1] in grammar().between and rest[-1] != "ni":
        rest.pop()
    if not rest or rest[-1] != "ni":
        return None
    denied = has(context.texts[:first], grammar().copulas) or (context.before is not None and context.before.denies)
    if denied:
        return "0"
    return {"act": "-", "thing": "~"}.get(concept.kind, "")


def _denial(concept: Concept, before: Sequence[str], context: _Context) -> str | None:
    """``0`` where a denial stands before a concept with nothing but small words in between."""
    small = grammar()
    rest = list(before)
    article = False
    while True:
        if _ends(rest, small.denies):
            return "-" if concept.kind == "act" and not article else "0"
        if tuple(rest) in small.denies_at_start and before[len(rest) :][:1] not in ([], ["de"], ["d"]):
            return _at_start(concept, context, article=article)
        if not rest and len(before) == 1 and before[0] in ("pas", "non"):
            return _at_start(concept, context, article=False)
        if not rest or rest[-1] not in small.between:
            return None
        article = article or rest[-1] in small.articles
        rest.pop()


def _at_start(concept: Concept, context: _Context, *, article: bool) -> str:
    """« pas X » at the start of a clause: missing after what works or alone, denied in a contrast."""
    if concept.kind in ("state", "trouble"):
        return "0"
    if concept.kind == "act":
        return "-"
    if context.before is None:
        return "0" if article and context.after is not None else "~"
    return "0" if (context.before.bad or context.before.names) and not context.before.well else "~"


def _excepted(concept: Concept, first: int, context: _Context) -> str | None:
    """« tout marche sauf X » concerns X; « rien ne marche sauf X » clears it."""
    if concept.kind != "thing":
        return None
    texts = context.texts
    index = _where(texts[:first], grammar().excepts)
    if index is None:
        return None
    here = said(texts[:index] or texts[first + 1 :], [])
    rest = here if here.bad or here.well else context.after or context.before or here
    return "0" if rest.bad else ("~" if rest.well else "")


def _is_negated(before: Sequence[str]) -> bool:
    """Whether a state is denied: « je ne suis pas bloqué », « sans erreur »."""
    small = grammar()
    rest = [word for word in before if word not in ("ete", "encore", "vraiment", "du", "tout", "jamais")]
    if before[-1:] == ["jamais"] or rest[-1:] in (["sans"], ["aucun"], ["aucune"]):
        return True
    if rest[-1:] in (["de"], ["d"]) and rest[-2:-1] == ["pas"]:
        return True
    return rest[-1:] == ["pas"] and rest[-2:-1] != [] and rest[-2] in small.auxiliaries


def _is_past(before: Sequence[str], word: str) -> bool:
    """Whether a wish is told as something done: « j'ai changé », « on m'a installé »."""
    small = grammar()
    done = before[-1:] and (before[-1] in small.have or tuple(before[-2:]) in small.has)
    return bool(done) and word.endswith(("e", "ee", "es", "ees"))


def _is_tried(before: Sequence[str], *, futile: bool) -> bool:
    """Whether a thing was only tried: « j'ai redémarré X », « j'ai changé X, rien n'y fait »."""
    small = grammar()
    rest = list(before)
    while rest and rest[-1] in small.between | {"avec"}:
        rest.pop()
    if not rest or not (rest[-1] in small.tried or (futile and rest[-1] in small.changed)):
        return False
    return any(word in small.have for word in rest[-4:-1]) or tuple(rest[-3:-1]) == ("on", "a")


def _is_well(texts: Sequence[str], concepts: Sequence[Concept]) -> bool:
    """Whether the clause says that its things work."""
    small = grammar()
    excepted = _where(texts, small.excepts)
    if excepted is not None:
        return bool(excepted) and _is_well(texts[:excepted], [])
    if any(concept.kind in ("state", "request") for concept in concepts):
        return False
    return has(texts, small.cleared) or (has(texts, small.well) and not has(texts, small.not_well))


def _begins(words: Sequence[str], phrases: _Phrases) -> bool:
    """Whether the words begin with one of the phrases."""
    beginnings = [tuple(words[:size]) for size in range(1, min(_LONGEST, len(words)) + 1)]
    return not phrases.isdisjoint(beginnings)


def _ends(words: Sequence[str], phrases: _Phrases) -> bool:
    """Whether the words end with one of the phrases."""
    endings = [tuple(words[-size:]) for size in range(1, min(_LONGEST, len(words)) + 1)]
    return not phrases.isdisjoint(endings)

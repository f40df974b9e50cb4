"""What a typed reply to a summary means: yes, no, change, or unclear (spec section 4).

A wrong yes is the costly error, so a yes must consist of nothing but words of agreement and politeness; whatever is
unknown is ambiguous and asks again. The words are data: ``data/lexicon/intent.toml``.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import data
from engine.text import fold

Intent = Literal["yes", "no", "modify", "ambiguous"]

_READ = 400
_LONG_WORDS, _LONG_CHARACTERS = 14, 90
_WORD = re.compile(r"[^\W_]+")
_REPEATED = re.compile(r"(.)\1+")
_QUESTION = re.compile(r"[?？]")
_TRAILING_DOTS = re.compile(r"(?:\.\.+|…)\s*$")

Phrase = tuple[str, ...]


@dataclass(frozen=True)
class _Words:
    """The phrases of ``intent.toml`` by meaning, each a tuple of squeezed words."""

    yes: frozenset[Phrase]
    fillers: frozenset[Phrase]
    no: frozenset[Phrase]
    modify: frozenset[Phrase]
    not_a_change: frozenset[Phrase]
    doubt: frozenset[Phrase]
    but: frozenset[Phrase]
    negations: frozenset[str]
    refused: frozenset[str]
    not_a_change_after: frozenset[str]
    yes_emoji: frozenset[str]
    no_emoji: frozenset[str]
    doubt_emoji: frozenset[str]
    typos: dict[str, str]
    """Words of agreement, five letters or more, with one letter missing or two swapped."""


def intent(text: str) -> Intent:
    """What the reply means: ``yes``, ``no``, ``modify`` or ``ambiguous``. Never raises."""
    lexicon = _words()
    head = fold(text[:_READ])
    words = [_squeeze(word) for word in _WORD.findall(head.replace("œ", "oe"))]
    words = [lexicon.typos.get(word, word) for word in words]
    unsure = _has(_without(words, lexicon.no)[1], lexicon.doubt) or any(char in lexicon.doubt_emoji for char in head)
    doubtful = unsure or bool(_QUESTION.search(head))
    if _asks_for_change(words, lexicon):
        return "modify"
    if len(text) > _LONG_CHARACTERS or len(words) > _LONG_WORDS:
        return "no" if words[:1] and (words[0],) in lexicon.no and not doubtful else "ambiguous"
    meaning = _meaning(words, head, lexicon)
    if doubtful or (meaning == "yes" and _TRAILING_DOTS.search(head)):
        return "ambiguous"
    return meaning


def _meaning(words: Sequence[str], head: str, lexicon: _Words) -> Intent:
    """The meaning of a short reply, apart from doubt."""
    thumbs_up = any(char in lexicon.yes_emoji for char in head)
    thumbs_down = any(char in lexicon.no_emoji for char in head)
    denied, left = _without(words, lexicon.no)
    agreed, rest = _without(left, lexicon.yes)
    refuses = _refuses(rest if agreed else left, words, lexicon)
    if denied or refuses or thumbs_down:
        mixed = (agreed and not refuses) or thumbs_up
        return "ambiguous" if mixed else "no"
    if not (agreed or thumbs_up):
        return "ambiguous"
    buts, rest = _without(rest, lexicon.but)
    _, rest = _without(rest, lexicon.fillers)
    if rest:
        return "modify" if buts else "ambiguous"
    return "ambiguous" if buts else "yes"


def _refuses(rest: Sequence[str], words: Sequence[str], lexicon: _Words) -> bool:
    """Whether a negation stands before something that it refuses (« ce n'est pas ok »)."""
    if not any(word in lexicon.negations for word in rest):
        return False
    for index, word in enumerate(words):
        if word in ("pas", "not", "plus", "ne", "n") and any(
            w in lexicon.refused for w in words[index + 1 : index + 4]
        ):
            return True
    return False


def _asks_for_change(words: Sequence[str], lexicon: _Words) -> bool:
    """Whether a verb of change is meant as a wish: not told as a story, not denied."""
    _, rest = _without(words, lexicon.not_a_change)
    for phrase, index in _found(rest, lexicon.modify):
        before = rest[max(0, index - 2) : index]
        if phrase == ("juste",) or any(word in lexicon.not_a_change_after for word in before):
            continue
        return True
    return False


def _found(words: Sequence[str], phrases: frozenset[Phrase]) -> Iterable[tuple[Phrase, int]]:
    """Phrases that occur, with the index of their first word; the longest at each place."""
    for index in range(len(words)):
        for size in range(min(6, len(words) - index), 0, -1):
            phrase = tuple(words[index : index + size])
            if phrase in phrases:
                yield phrase, index
                break


def _has(words: Sequence[str], phrases: frozenset[Phrase]) -> bool:
    """Whether one of the phrases occurs."""
    return next(iter(_found(words, phrases)), None) is not None


def _without(words: Sequence[str], phrases: frozenset[Phrase]) -> tuple[bool, list[str]]:
    """Whether one of the phrases occurs, and the words that belong to none."""
    rest, index, found = [], 0, False
    while index < len(words):
        for size in range(min(6, len(words) - index), 0, -1):
            if tuple(words[index : index + size]) in phrases:
                found = True
                index += size
                break
        else:
            rest.append(words[index])
            index += 1
    return found, rest


def _squeeze(word: str) -> str:
    """A word with each run of a letter as one: « ouiii » is « oui »."""
    return _REPEATED.sub(r"\1", word)


@cache
def _words() -> _Words:
    """The lexicon, read once."""
    path = Path(data.__file__).parent / "lexicon" / "intent.toml"
    raw = tomllib.loads(path.read_text(encoding="utf-8"))

    def phrases(key: str) -> frozenset[Phrase]:
        return frozenset(tuple(_squeeze(word) for word in phrase.split()) for phrase in raw[key])

    def single(key: str) -> frozenset[str]:
        return frozenset(_squeeze(word) for word in raw[key])

    known = {word for key in ("yes", "fillers", "no", "modify", "doubt", "but") for p in phrases(key) for word in p}
    return _Words(
        yes=phrases("yes"),
        fillers=phrases("fillers"),
        no=phrases("no"),
        modify=phrases("modify"),
        not_a_change=phrases("not_a_change"),
        doubt=phrases("doubt"),
        but=phrases("but"),
        negations=single("negations"),
        refused=single("refused"),
        not_a_change_after=single("not_a_change_after"),
        yes_emoji=frozenset(raw["yes_emoji"]),
        no_emoji=frozenset(raw["no_emoji"]),
        doubt_emoji=frozenset(raw["doubt_emoji"]),
        typos=_typos((phrase[0] for phrase in phrases("yes") if len(phrase) == 1), known),
    )


def _typos(words: Iterable[str], known: set[str]) -> dict[str, str]:
    """Each word of five letters or more with one letter missing or two neighbours swapped."""
    typos: dict[str, str] = {"oiu": "oui", "iou": "oui", "ouii": "oui", "ouin": "oui", "ko": "no"}
    for word in words:
        if len(word) < 5:
            continue
        for i in range(1, len(word)):
            swapped = word[: i - 1] + word[i] + word[i - 1] + word[i + 1 :]
            for wrong in (word[:i] + word[i + 1 :], swapped):
                if wrong not in known:
                    typos.setdefault(wrong, word)
    return typos

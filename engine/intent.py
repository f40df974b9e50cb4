"""What a typed reply to a summary means: yes, no, change, or unclear (spec section 4).

A wrong yes is the costly error, so a yes must consist of nothing but agreement and courtesy; whatever is unknown is
content, and asks again. It works in two steps. Each phrase has one role (``data/lexicon/intent.toml``), written as one
letter, so that a reply becomes a short shape: « oui mais c'est au bureau 302 » is ``ybItF0``. The meaning is then
decided by a few patterns over that shape, in ``_meaning``.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import data
from engine.text import fold

Intent = Literal["yes", "no", "modify", "ambiguous"]

_READ = 400
_LONG_WORDS, _LONG_CHARACTERS = 14, 90
_FEW = 2
_MISTAKABLE = {"y": 5, "g": 5, "n": 6, "x": 6, "c": 6}
"""Shortest word of a role that is known when mistyped."""
_SHORTEST_TYPO, _LONG_WORD = 5, 6
_PIECE = re.compile(r"[^\W_]+|[^\w\s'\"«»()_/-]")
_REPEATED = re.compile(r"(.)\1+")
_OUTER_DOTS = re.compile(r"^\s*(?:\.\.+|…)|(?:\.\.+|…)\s*$")
_INFINITIVE = re.compile(r"er$")

ROLES = {
    "yes": "y", "praise": "g", "fillers": "f", "no": "n", "wrong": "x", "field": "F", "change": "c", "correction": "k",
    "rather": "p", "infact": "i", "nearly": "l", "also": "a", "but": "b", "negation": "e", "ne": "m", "is_not": "P",
    "it_is": "I", "indeed": "J", "same": "S", "content": "w", "article": "t", "preposition": "r", "verb": "v",
    "doubt": "d", "hesitation": "h", "that": "o", "good": "B", "fact": "0", "unaccepted": "q", "opposed": "E",
    "have": "H", "understood": "U", "level": "L", "plain": "Y", "wholly": "A",
}  # fmt: skip
"""Role in ``intent.toml`` to its letter. Not in the lexicon: ``w`` another word, ``0`` one with a digit, ``,`` a
stop, ``?`` a question mark, ``!`` anger."""

_REFUSED = re.compile(r"[eEP][frt]{0,3}[yogB]|m[frt]{0,2}[yg]e?|[yg]e(?=$|[,f])")
"""A negation and what it refuses: « pas correct », « n'envoyez pas », « valide pas », « c'est pas ça »."""

_UNACCEPTED = re.compile(r"^([ftIyg,]*)q(?![frt]*[w0v])")
_FIELD_WRONG = re.compile(r"F[0fvtIm]{0,3}[xn]|x[frt]{0,3}F|^[f,]*et{1,2}[0w]?F")
_CONTRAST = re.compile(
    r"[wF0],?E[frt]*[wF0]"  # « Teams et pas Outlook »
    r"|I[frtFw0]*[wF0],?e[frt]*[wF0]"  # « c'est au 3e, pas au 2e »
    r"|0,?e[frtF]*0"  # « bureau 305 pas 350 »
    r"|P[frto]*[wF0][wF0frto]{0,6},?[bIi][frto]*[wF0]"  # « ce n'est pas Outlook mais Teams »
    r"|^[frtFw0]*[w0F],[frt]?e[frt]*[w0F]+$"  # « depuis hier, pas depuis ce matin »
    r"|^[fyb,]*e[frt]*[wF0]+(?:,[frt]*[wF0]+|t0)$"  # « pas Outlook, Thunderbird »
)
_RATHER = re.compile(r"p,?[frtI]*[wF0o]|[wF0]p[f,]*$")
_FURTHER = re.compile(r"^[frtIyg,]*a,?[^yn]*[wF0v]|^[fyg,]*i,?f*(?:I|t|r|F)[^yn]*[wF0]|^[fyg]*,?l,?.*[wF0]")
_EXCEPT = re.compile(r"[yg].*[bai].*[wF0v]|[yg].*F[frtI,]*[w0]|[yg].*e[frt]*F|^[f,]*b[frt]*(?:F|[w0].*[yg])")
_DETAIL = re.compile(r"^[fi,]*[nx][fi,]*(?:I|F|t|r|e)[frtw]*[F0]")
_FIELD_ALONE = re.compile(r"^[frt]*F[f]*$|^[,f]*tw?F(?:[frtI,]*0|,?It[w0])|^[frt]*w?F,[^?]*w|^[f,]*I[frt]*F[wF0]*$")
_PLAIN_NO = re.compile(r"^[f,]*n(?!.*[yd])[f,]*[^f,?h]")
"""A no that a question follows: « non, vous avez lu ? »; « non ? » asks, « non je ne sais pas » doubts."""
_REFUSAL = re.compile(r"^([^nxPvF0]*)[nxP]")
_NAMED = re.compile(r"^[fygY,]*(?:Y,*|y,)t(?:o|(?:ot)?w(?:tw)?)[f,]*$")
"""« Oui, l'imprimante », but not « c'est bon l'imprimante », which may run again."""
_RESTATED = re.compile(
    r"^N$|^[fyg,]*y,?It(?:ot)?w(?:tw)?[f,]*$|^[fyg,]*J[wfrtF0o]{1,6}[fy,]*$|^[f,]*y[yf,]*S[wfrto]{1,4}[f,]*$"
)
_AGREEMENT = re.compile(r"^(?!.*I[ft,]*$)(?:[ygftIB,]|[Iyg][ft]*o|F[ftI]*(?=[ygB]))*$")
_JUDGED = re.compile(r"(?<![Fm])(I[ft]*)B")
"""A good word said of the summary: « le résumé est fidèle », « cela me semble cohérent »."""
_WHOLLY = re.compile(r"^[fyg,]*A[f,]*$")
"""« Totalement » alone or beside agreement agrees; « totalement à côté » only stresses."""
_LEVEL = re.compile(r"(F[frtI]*)L")
"""A field and the degree wished for: « priorité plus haute »."""
_UNDERSTOOD = re.compile(r"Hf*[gyB][gyBf]*U?|[gyB]+U")
"""« Vous avez bien compris », « t'as tout bon », « bien résumé »."""


@dataclass(frozen=True)
class _Words:
    """The lexicon by phrase."""

    letters: dict[tuple[str, ...], str]
    """Phrase of squeezed words to the letter of its role."""
    longest: int
    """Words of the longest phrase."""
    known: frozenset[str]
    """Every word of any phrase."""
    mistakable: tuple[str, ...]
    """Single words of agreement, refusal and change, long enough to be known when mistyped."""
    spelling: dict[str, str]
    """What is spelt in a hurry to the words meant: « cest », « sa »."""
    hurried: re.Pattern[str]
    """Any key of ``spelling``."""
    typed: dict[str, str]
    """Signs typed with letters and stops to their emoji: « :+1: »."""
    signs: dict[str, str]
    """Emoji and stops to their letters."""
    story: frozenset[str]
    change_nouns: frozenset[str]


def intent(text: str) -> Intent:
    """What the reply means: ``yes``, ``no``, ``modify`` or ``ambiguous``. Never raises."""
    shape = _shape(fold(text[:_READ]).replace("œ", "oe"))
    meaning = _meaning(shape)
    if len(text) > _LONG_CHARACTERS or len(re.sub(r"[,?!]", "", shape)) > _LONG_WORDS:
        starts_with_no = meaning == "no" and shape[:1] == "n"
        return meaning if meaning == "modify" or starts_with_no else "ambiguous"
    return "ambiguous" if meaning == "yes" and _OUTER_DOTS.search(text) else meaning


def _meaning(shape: str) -> Intent:
    """The meaning of a reply of this shape.

    The order of the questions is the rule: a change before doubt, doubt before a refusal, a refusal before agreement.
    """
    if "c" in shape or "k" in shape or _RATHER.search(shape):
        return "modify"
    if "d" in shape or "?" in shape:
        return "no" if _PLAIN_NO.search(shape) else "ambiguous"
    if _FIELD_WRONG.search(shape):
        return "modify"
    if _DETAIL.search(shape) or (_CONTRAST.search(shape) and not re.match("[f,]*n", shape)):
        return "modify"
    if "n" not in shape and (_EXCEPT.search(shape) or _FURTHER.search(shape) or _FIELD_ALONE.search(shape)):
        return "modify"
    if shape == "m":
        return "no"
    refusal = _REFUSAL.search(shape)
    if refusal and refusal[1].count("w") <= _FEW:
        return "ambiguous" if "y" in shape and "n" in shape and "x" not in shape else "no"
    if _RESTATED.search(shape):
        return "yes"
    return "yes" if re.search("[yg]", shape) and _AGREEMENT.search(shape) else "ambiguous"


def _shape(folded: str) -> str:
    """The reply as one letter for each phrase, negations already joined with what they refuse."""
    lexicon = _words()
    shape, run = "", list[str]()
    signs = " ".join(lexicon.typed.get(word, word) for word in folded.split(" "))
    for piece in _PIECE.findall(signs):
        if piece[0].isalnum() or (piece == "," and run):
            run.append(piece)
        else:
            shape += _run_shape(run, lexicon) + _sign(piece, lexicon)
            run = []
    shape += _run_shape(run, lexicon)
    shape = "N" if _NAMED.search(shape) else shape.replace("Y", "y")
    shape = _UNACCEPTED.sub(r"\1n", re.sub(r",+", ",", shape).strip(",")).replace("q", "w")
    shape = _JUDGED.sub(r"\1y", _UNDERSTOOD.sub("y", shape)).replace("U", "w")
    shape = shape.replace("A", "y" if _WHOLLY.search(shape) else "f")
    shape = _LEVEL.sub(r"\1x", shape).replace("L", "w")
    return _REFUSED.sub("x", shape)


def _sign(piece: str, lexicon: _Words) -> str:
    """The letter of a stop or emoji; an emoji in no list is no yes beside an agreement."""
    return lexicon.signs.get(piece, "h" if unicodedata.category(piece) == "So" else "")


def _run_shape(words: Sequence[str], lexicon: _Words) -> str:
    """The letters of words between two stops, the longest phrase at each place; a comma does not part a phrase."""
    shape, index = "", 0
    spelt = lexicon.hurried.sub(lambda match: lexicon.spelling[match[0]], " ".join(words))
    run = [_meant(word, lexicon) for word in map(_squeeze, spelt.split())]
    while index < len(run):
        for size in range(min(lexicon.longest, len(run) - index), 0, -1):
            phrase = run[index : index + size]
            ends_in_words = phrase[0] != "," != phrase[-1]
            letter = lexicon.letters.get(tuple(word for word in phrase if word != ",")) if ends_in_words else None
            if letter:
                break
        else:
            letter = "," if run[index] == "," else "0" if any(char.isdigit() for char in run[index]) else "w"
        shape += "w" if letter == "c" and not _is_wish(run, index, lexicon) else letter
        index += size
    return shape


def _is_wish(run: Sequence[str], index: int, lexicon: _Words) -> bool:
    """Whether a verb of change is meant: not told as a story (« j'ai changé »), not denied (« ne change pas »)."""
    if run[index] in lexicon.change_nouns:
        return not any(word in ("pas", "sans") for word in run[max(0, index - 2) : index])
    before = run[max(0, index - 2) : index]
    if any(word in lexicon.story for word in before) or (
        "besoin" in before and not {"ai", "a"}.intersection(run[:index])
    ):
        return False
    if run[index - 1 : index] == ["a"] and index > 1 and not _INFINITIVE.search(run[index]):
        return False
    return run[index + 1 : index + 2] not in (["pas"], ["rien"])


def _squeeze(word: str) -> str:
    """A word with each run of a letter as one: « ouiii » is « oui ». Numbers stay."""
    return word if word.isdigit() else _REPEATED.sub(r"\1", word)


@cache
def _words() -> _Words:
    """The lexicon, read once."""
    path = Path(data.__file__).parent / "lexicon" / "intent.toml"
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    letters: dict[tuple[str, ...], str] = {}
    for role, letter in ROLES.items():
        for phrase in raw[role]:
            for spelt in alternatives(phrase):
                letters.setdefault(tuple(_squeeze(word) for word in spelt.split()), letter)
    signs = dict.fromkeys(".,;:!\n…", ",") | dict.fromkeys("?？❓❔⁉", "?") | dict.fromkeys(raw["friendly_emoji"], "")
    for name, letter in (
        ("yes_emoji", "y"),
        ("no_emoji", "n"),
        ("doubt_emoji", "d"),
        ("anger_emoji", "!"),
        ("change_emoji", "c"),
    ):
        signs |= dict.fromkeys(raw[name], letter)
    return _Words(
        letters=letters,
        longest=max(map(len, letters)),
        known=frozenset(word for phrase in letters for word in phrase),
        mistakable=tuple(
            phrase[0]
            for phrase, letter in letters.items()
            if len(phrase) == 1 and len(phrase[0]) >= _MISTAKABLE.get(letter, 99)
        ),
        spelling=raw["spelling"],
        hurried=re.compile(rf"\b(?:{'|'.join(sorted(raw['spelling'], key=len, reverse=True))})\b"),
        typed=raw["typed"],
        signs=signs,
        story=frozenset(map(_squeeze, raw["story"])),
        change_nouns=frozenset(map(_squeeze, raw["change_nouns"])),
    )


def alternatives(phrase: str) -> Iterator[str]:
    """Every phrase that a pattern with ``{a,b}`` stands for."""
    match = re.search(r"\{([^{}]*)\}", phrase)
    if match is None:
        yield phrase
        return
    for choice in match[1].split(","):
        yield from alternatives(phrase[: match.start()] + choice + phrase[match.end() :])


def _meant(word: str, lexicon: _Words) -> str:
    """The word itself, or the one word of agreement, refusal or change that it is a mistyping of."""
    if word in lexicon.known or len(word) < _SHORTEST_TYPO - 1:
        return word
    return next((meant for meant in lexicon.mistakable if _is_mistyped(word, meant)), word)


def _is_mistyped(word: str, meant: str) -> bool:
    """Whether two neighbours were swapped or one inner letter is missing, doubled or, in a long word, another."""
    if word[0] != meant[0] or abs(len(word) - len(meant)) > 1:
        return False
    at = next((i for i, (a, b) in enumerate(zip(word, meant, strict=False)) if a != b), min(len(word), len(meant)))
    rest, wanted, is_long = word[at:], meant[at:], len(meant) >= _LONG_WORD
    if len(word) < len(meant):
        return bool(rest) and rest == wanted[1:]
    if len(word) > len(meant):
        return is_long and rest[1:] == wanted
    return (rest[:2] == wanted[1::-1] and rest[2:] == wanted[2:]) or (is_long and rest[1:] == wanted[1:])

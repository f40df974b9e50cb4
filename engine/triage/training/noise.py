"""How people type: a text as it could have been typed in a hurry, on the wrong layout or on a telephone.

Every function takes its randomness from the generator it is given, so that a corpus is made again letter by letter.
"""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Callable

_NEIGHBOURS = {
    "a": "zq", "z": "ae", "e": "zr", "r": "et", "t": "ry", "y": "tu", "u": "yi", "i": "uo", "o": "ip", "p": "om",
    "q": "sa", "s": "qd", "d": "sf", "f": "dg", "g": "fh", "h": "gj", "j": "hk", "k": "jl", "l": "km", "m": "lp",
    "w": "x", "x": "wc", "c": "xv", "v": "cb", "b": "vn", "n": "b",
}  # fmt: skip
"""Keys side by side on an AZERTY keyboard."""

_QWERTY = str.maketrans("aqzwmAQZWM;", "qawz;QAWZ:m")
"""An AZERTY typist on a keyboard set to QWERTY."""

_SMS = [
    (r"\bje ne\b", "j"), (r"\bje n'", "j'"), (r"\bn'arrive\b", "arrive"), (r"\bne (?=\w+ (?:pas|plus)\b)", ""),
    (r"\bqu(?=[eéi])", "k"), (r"\bpour\b", "pr"), (r"\bavec\b", "ac"), (r"\bbonjour\b", "bjr"), (r"\bmerci\b", "mci"),
    (r"\bs'il vous plaît\b", "svp"), (r"\bproblème\b", "pb"), (r"\bordinateur\b", "ordi"), (r"\bmot de passe\b", "mdp"),
    (r"\btoujours\b", "tjs"), (r"\bdepuis\b", "dpuis"), (r"\bbeaucoup\b", "bcp"), (r"\bquelqu'un\b", "qqun"),
    (r"\bj'ai\b", "jai"), (r"\bc'est\b", "c"), (r"\bplus\b", "plu"), (r"\bpas\b", "pa"), (r"\bquand\b", "qd"),
    (r"\best\b", "é"), (r"er\b", "é"), (r"\btout\b", "tt"), (r"\bmaintenant\b", "mtn"), (r"\brendez-vous\b", "rdv"),
    (r"\btéléphone\b", "tel"), (r"\bmessage\b", "msg"), (r"\bdans\b", "ds"), (r"\bau\b", "o"), (r"\bça\b", "sa"),
]  # fmt: skip


def without_accents(text: str, draw: random.Random) -> str:
    """No accents at all."""
    return "".join(char for char in unicodedata.normalize("NFD", text) if not unicodedata.combining(char))


def without_apostrophes(text: str, draw: random.Random) -> str:
    """« jarrive », « l imprimante »: apostrophes left out, or a space in their place."""
    return re.sub(r"['’]", lambda _: draw.choice(("", "", " ")), text)


def slips(text: str, draw: random.Random) -> str:
    """One slip in every six words or so: letters swapped, left out, doubled, or the key beside."""
    words = text.split(" ")
    for index, word in enumerate(words):
        if len(word) > 3 and draw.random() < 0.16:
            words[index] = _slip(word, draw)
    return " ".join(words)


def _slip(word: str, draw: random.Random) -> str:
    """One slip in a word, not in its first letter."""
    at = draw.randrange(1, len(word))
    letter, kind = word[at], draw.randrange(4)
    if kind == 0 and at + 1 < len(word):
        return word[:at] + word[at + 1] + letter + word[at + 2 :]
    if kind == 1:
        return word[:at] + word[at + 1 :]
    if kind == 2:
        return word[:at] + letter + word[at:]
    return word[:at] + draw.choice(_NEIGHBOURS.get(letter.lower(), letter)) + word[at + 1 :]


def sms(text: str, draw: random.Random) -> str:
    """Some of the short forms of text messages, lower case."""
    for pattern, short in _SMS:
        if draw.random() < 0.6:
            text = re.sub(pattern, short, text, flags=re.IGNORECASE)
    return text.lower()


def capitals(text: str, draw: random.Random) -> str:
    """Capitals throughout, mostly without accents."""
    return (without_accents(text, draw) if draw.random() < 0.7 else text).upper()


def glued(text: str, draw: random.Random) -> str:
    """A space left out here and there, and punctuation mostly gone."""
    text = re.sub(r"[,.;:!?]+", lambda match: match[0] if draw.random() < 0.3 else "", text)
    return re.sub(r" ", lambda _: "" if draw.random() < 0.06 else " ", text)


def on_the_wrong_layout(text: str, draw: random.Random) -> str:
    """A word or two typed on a keyboard set to QWERTY."""
    words = text.split(" ")
    for index in draw.sample(range(len(words)), min(len(words), draw.choice((1, 1, 2)))):
        words[index] = words[index].translate(_QWERTY)
    return " ".join(words)


_KINDS: tuple[tuple[Callable[[str, random.Random], str], ...], ...] = (
    (without_accents,),
    (without_accents, without_apostrophes),
    (slips,),
    (slips, without_accents),
    (sms,),
    (sms, slips, without_accents),
    (capitals,),
    (glued, without_accents),
    (on_the_wrong_layout,),
)


def noisy(text: str, draw: random.Random) -> str:
    """The text in one of the ways people type, chosen by ``draw``."""
    for kind in draw.choice(_KINDS):
        text = kind(text, draw)
    return text

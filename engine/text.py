"""Text as people type it: made safe to store, and folded for comparison.

Pure functions without state. What must not be stored is the business of ``engine.masking``.
"""

from __future__ import annotations

import re
import unicodedata

_ESCAPE = re.compile(
    r"\x1b\[[0-9;:<=>?]*[ -/]*[@-~]"  # CSI: colours, cursor
    r"|\x1b[\]PX^_][^\x07\x1b\x9c]{0,4096}(?:\x07|\x1b\\|\x9c)"  # OSC, DCS, SOS, PM, APC
    r"|\x1b[ -/]*[0-~]?"
    r"|\x9b[0-9;:<=>?]*[ -/]*[@-~]"
)
_UNSEEN = frozenset("\u061c\u180e\u200b\u200e\u200f\u2028\u2029\u2060\ufeff\ufff9\ufffa\ufffb")
_BIDI = frozenset(map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A))))


def clean(text: str) -> str:
    """The text without what could act on a terminal or hide from a reader.

    Escape sequences, control characters (line breaks are kept, a tab becomes a space), bidi overrides, zero-width
    characters, NUL and lone surrogates go; the rest is NFC. Idempotent.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    if "\x1b" in text or "\x9b" in text:
        text = _ESCAPE.sub("", text)
    if not text.isascii() or not text.isprintable():
        text = "".join(map(_kept, text))
    return unicodedata.normalize("NFC", text)


def _kept(char: str) -> str:
    """The character as it is stored: itself, a space, or nothing."""
    if char == "\n" or " " <= char <= "~":
        return char
    if char == "\t":
        return " "
    if char in _UNSEEN or char in _BIDI or unicodedata.category(char) in ("Cc", "Cs"):
        return ""
    return char


def fold(text: str) -> str:
    """Lower case without accents, one code point for each of the original, so that positions stay true."""
    if text.isascii():
        return text.lower()
    plain = text.translate(_PLAIN)
    lower = plain.lower()
    return lower if len(lower) == len(text) else "".join(char.lower()[:1] or char for char in plain)


def _without_accent(code: int) -> str:
    """One letter in lower case, without its accent."""
    return unicodedata.normalize("NFD", chr(code).lower())[0]


_PLAIN = (
    {code: _without_accent(code) for code in (*range(0xC0, 0x250), *range(0x1E00, 0x1F00))}
    | dict.fromkeys(map(ord, "\u2019\u2018\u02bc\u00b4\u2032"), "'")
    | dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014"), "-")
)
"""Latin letters without their accents; apostrophes and dashes as on a keyboard."""


def same(left: str, right: str) -> bool:
    """Whether two texts are equal after case, accents and white space."""
    return _squeezed(left) == _squeezed(right)


def _squeezed(text: str) -> str:
    """Folded, compatibility forms resolved, runs of white space as one space."""
    return " ".join(fold(unicodedata.normalize("NFC", text)).split())

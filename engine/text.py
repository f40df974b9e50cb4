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
    return "".join(char.lower() if char.isascii() else _folded(char) for char in text)


def _folded(char: str) -> str:
    """One character, lower case and without its accent; apostrophes and dashes as on a keyboard."""
    if char in "\u2019\u2018\u02bc\u00b4\u2032":
        return "'"
    if char in "\u2010\u2011\u2012\u2013\u2014":
        return "-"
    lower = char.lower()
    if len(lower) != 1:
        lower = lower[:1] or char
    return unicodedata.normalize("NFD", lower)[:1] or char


def same(left: str, right: str) -> bool:
    """Whether two texts are equal after case, accents and white space."""
    return _squeezed(left) == _squeezed(right)


def _squeezed(text: str) -> str:
    """Folded, compatibility forms resolved, runs of white space as one space."""
    return " ".join(fold(unicodedata.normalize("NFC", text)).split())

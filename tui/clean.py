"""Text of people and servers as it may be shown: ``engine.text.clean``, and of one width everywhere.

Terminals disagree on the width of joined emoji, skin tones and flags; those are taken apart, so that
columns do not shift. Shown as text, never as markup: hand the result to ``Content`` or ``markup=False``.
"""

from __future__ import annotations

import re

_JOINED = "[\u00ad\u200c\u200d\ufe00-\ufe0f\U0001f3fb-\U0001f3ff\U000e0000-\U000e0fff]"
_FLAGS = "[\U0001f1e6-\U0001f1ff]"
_STACKED = "([\u0300-\u036f\u1ab0-\u1aff\u20d0-\u20ff]{2})[\u0300-\u036f\u1ab0-\u1aff\u20d0-\u20ff]+"


def shown(text: str) -> str:
    """The text as it may be shown, line breaks kept."""
    if text.isascii() and text.isprintable():
        return text
    # Loaded and compiled when the first accent is typed, not on the way to the first frame.
    from engine.text import clean

    text = clean(text)
    if text.isascii():
        return text
    text = re.sub(_FLAGS, lambda flag: chr(ord(flag.group()) - 0x1F1E6 + ord("A")), re.sub(_JOINED, "", text))
    return re.sub(_STACKED, r"\1", text)


def one_line(text: str) -> str:
    """The text on one line, for titles and input fields."""
    return shown(text).replace("\n", " ")


def shortened(text: str, limit: int) -> tuple[str, int]:
    """The beginning of a long text, and how many characters were left off."""
    return (text, 0) if len(text) <= limit else (text[:limit], len(text) - limit)

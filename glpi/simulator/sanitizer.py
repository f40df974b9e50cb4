r"""What GLPI 10 makes of a text on arrival, wrong guesses included; GLPI 11 keeps texts as they are.

10 encodes ``& < >`` and escapes for SQL, unless the text looks as if that had been done. The guesses are wrong for
texts people write: ``&lt;b&gt;`` comes to mean ``<b>``, ``\\srv`` loses a backslash, ``C:\new`` gains a line feed.

Source: observed on 10.0.19; ``tests/glpi/test_encoding.py`` has the measured pairs.
"""

from __future__ import annotations

import re

_BARE = re.compile(r"[\0\n\r\x1a]|(?<!\\)['\"]")
_RUN = re.compile(r"\\+")
_SPECIAL = ("x00", "n", "r", "'", '"', "x1a")
_SQL_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_SQL = {"0": "\0", "n": "\n", "r": "\r", "t": "\t", "b": "\b", "Z": "\x1a", "%": r"\%", "_": r"\_"}
_UNENCODED = re.compile(r"[<>]|&(?!#?[a-z0-9]+;)", re.IGNORECASE)
_NUMERIC = (("&#62;", ">"), ("&#60;", "<"), ("&#38;", "&"))
_NAMED = (("&gt;", ">"), ("&lt;", "<"))


def kept(text: str) -> str:
    """What the database of a GLPI 10 holds after this text was sent."""
    if _looks_escaped(text):
        text = _SQL_ESCAPE.sub(lambda found: _SQL.get(found[1], found[1]), text)
    return encoded(text)


def encoded(text: str) -> str:
    """The text with ``& < >`` as entities, unless it looks encoded."""
    if _looks_encoded(text):
        return text
    return text.replace("&", "&#38;").replace("<", "&#60;").replace(">", "&#62;")


def decoded(text: str) -> str:
    """The text as a read with ``X-GLPI-Sanitized-Content: false`` shows it."""
    if not _looks_encoded(text):
        return text
    for entity, character in _NUMERIC if any(entity in text for entity, _ in _NUMERIC) else _NAMED:
        text = text.replace(entity, character)
    return text


def _looks_encoded(text: str) -> bool:
    return not _UNENCODED.search(text) and any(entity in text for entity, _ in _NUMERIC + _NAMED)


def _looks_escaped(text: str) -> bool:
    if "\\" not in text or _BARE.search(text):
        return False
    # A run of backslashes counts one less where its last one makes a special character of what follows.
    return all((len(run[0]) - text.startswith(_SPECIAL, run.end())) % 2 == 0 for run in _RUN.finditer(text))

"""What a client gave, read as leniently or strictly as GLPI does."""

from __future__ import annotations

import re
from typing import Any

_DATE = re.compile(r"\d{4}-(0\d|1[0-2])-([0-2]\d|3[01]) ([01]\d|2[0-3])(:[0-5]\d){2}")


class Refused(Exception):
    """GLPI does not do it; the message is what it answers beside the code."""

    def __init__(self, text: str | None, name: str = "") -> None:
        """``name``: which message of ``wording`` to use; else ``text`` as it is."""
        super().__init__(name or text)
        self.text, self.name = text, name


def date(value: Any) -> str:
    """A date, or "" where there is none. Raises Refused."""
    text = str(value or "")
    if text and not _DATE.fullmatch(text):
        raise Refused("Valeur incorrecte pour le champ date.")
    return text


def integer(value: Any, otherwise: int) -> int:
    """A number, also one written as text."""
    try:
        return int(value)
    except (TypeError, ValueError):
        return otherwise


def numbers(value: Any) -> list[int]:
    """One number or a list of them."""
    if value is None:
        return []
    return [integer(one, 0) for one in (value if isinstance(value, list) else [value])]


def level(value: Any) -> int:
    """An urgency or an impact: 1 to 5, anything else is 3."""
    found = integer(value, 3)
    return found if 1 <= found <= 5 else 3

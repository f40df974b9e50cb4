"""What a client gave, read as leniently or strictly as GLPI does."""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo
from typing import Any

_DATE = re.compile(r"\d{4}-(0\d|1[0-2])-([0-2]\d|3[01]) ([01]\d|2[0-3])(:[0-5]\d){2}")


class Refused(Exception):
    """GLPI does not do it; the message is what it answers beside the code."""

    def __init__(self, text: str | None, name: str = "") -> None:
        """``name``: which message of ``wording`` to use; else ``text`` as it is."""
        super().__init__(name or text)
        self.text, self.name = text, name


def database_error(text: str, code: int, version: int) -> Refused:
    """What the database refuses; 11 shows the whole query beside it."""
    return Refused(text if version < 11 else f'MySQL query error: {text} ({code}) in SQL query "INSERT INTO …".')


def date(value: Any, zone: tzinfo, version: int) -> str:
    """A date, or "" where there is none. Raises Refused."""
    text = str(value or "")
    if not text:
        return ""
    if not _DATE.fullmatch(text):
        raise Refused("Valeur incorrecte pour le champ date.")
    try:
        there = datetime.fromisoformat(text).replace(tzinfo=zone)
        # NOTE: the database knows the zone, and that the change to summer time skips an hour.
        exists = there.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == there.replace(tzinfo=None)
    except ValueError:
        exists = False
    if not exists:
        where = "for column `glpi`.`glpi_tickets`.`date` at row 1"
        raise database_error(f"Incorrect datetime value: '{text}' {where}", 1292, version)
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

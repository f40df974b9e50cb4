"""The conditions of a search: read from the query string, nested ones included, and what each type of them means."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

Cell = Any
"""What a column holds: a scalar, a list where there may be several values, None where there is none."""

_RELATIVE = re.compile(r"(-?\d+)(MINUTE|HOUR|DAY|WEEK|MONTH|YEAR)S?")
_UNIT_H = {"MINUTE": 1 / 60, "HOUR": 1, "DAY": 24, "WEEK": 168, "MONTH": 730, "YEAR": 8760}
_COMPARED = re.compile(r"\s*([<>])(=?)\s*(-?\d+)\s*")


class BadCriterion(Exception):
    """A criterion with an unknown option or without its parts."""


@dataclass(frozen=True)
class Criterion:
    """One condition, or a group of them."""

    link: str
    option: int = 0
    searchtype: str = ""
    value: str = ""
    group: tuple[Criterion, ...] = ()

    @property
    def options(self) -> tuple[int, ...]:
        """The options searched in, those of a group included."""
        if not self.group:
            return (self.option,)
        return tuple(option for one in self.group for option in one.options)


def parse_criteria(query: Mapping[str, str]) -> list[Criterion]:
    """The conditions of a query string, in order. Raises BadCriterion."""
    tree: dict[str, Any] = {}
    for key, value in query.items():
        name, *path = re.findall(r"[^\[\]]+", key)
        if name != "criteria" or not path:
            continue
        place = tree
        for part in path[:-1]:
            place = place.setdefault(part, {})
        place[path[-1]] = value
    return _criteria(tree)


def _criteria(tree: Mapping[str, Any]) -> list[Criterion]:
    found = []
    for number in sorted(tree, key=int):
        parts = tree[number]
        link = str(parts.get("link", "AND"))
        if "criteria" in parts:
            found.append(Criterion(link, group=tuple(_criteria(parts["criteria"]))))
            continue
        field, searchtype, value = (parts.get(part) for part in ("field", "searchtype", "value"))
        if field is None or not field.isdigit() or searchtype is None or value is None:
            raise BadCriterion
        found.append(Criterion(link, int(field), searchtype, value))
    return found


Test = Callable[[Any], bool]
"""Whether a row is wanted."""


def combined(criteria: Sequence[Criterion], test_of: Callable[[Criterion], Test]) -> Test:
    """One test of several conditions; AND binds stronger than OR, as in SQL."""
    groups: list[list[Test]] = [[]]
    for criterion in criteria:
        test = combined(criterion.group, test_of) if criterion.group else test_of(criterion)
        if criterion.link.startswith("OR"):
            groups.append([])
        groups[-1].append(_negated(test) if criterion.link.endswith("NOT") else test)
    groups = [tests for tests in groups if tests or len(groups) == 1]
    if len(groups) == 1:
        return _all(groups[0])
    every = [_all(tests) for tests in groups]
    return lambda row: any(test(row) for test in every)


def _all(tests: list[Test]) -> Test:
    if len(tests) == 1:
        return tests[0]
    return lambda row: all(test(row) for test in tests)


def _negated(test: Test) -> Test:
    return lambda row: not test(row)


def compared(value: str) -> Callable[[Cell], bool] | None:
    """What ``contains`` means for a number: ``>5``, ``<=5`` or ``5``; None for anything else.

    NOTE: 10.0.19 and 11.0.6 compare ids this way only; ``morethan`` on an id behaves as ``equals``.
    """
    if value.strip().lstrip("-").isdigit():
        same = int(value)
        return lambda cell: bool(cell == same)
    found = _COMPARED.fullmatch(value)
    if found is None:
        return None
    limit, grows, includes = int(found[3]), found[1] == ">", bool(found[2])

    def compare(cell: Cell) -> bool:
        if cell is None:
            return False
        return bool((includes and cell == limit) or (cell > limit if grows else cell < limit))

    return compare


def moment(value: str, now: datetime, local: Callable[[datetime], str]) -> str:
    """A date of a criterion: as it is, or counted from now (``-1DAY``, ``NOW``, ``TODAY``)."""
    if value in ("NOW", "TODAY"):
        return local(now) if value == "NOW" else local(now)[:10] + " 00:00:00"
    found = _RELATIVE.fullmatch(value)
    if found is None:
        return value
    return local(now + timedelta(hours=int(found[1]) * _UNIT_H[found[2]]))


@lru_cache(maxsize=65_536)
def plain(text: str) -> str:
    """A text as the database compares it: without case and accents."""
    if text.isascii():
        return text.lower()
    letters = unicodedata.normalize("NFD", text)
    return "".join(letter for letter in letters if not unicodedata.combining(letter)).casefold()


def like(value: str) -> Callable[[Cell], bool]:
    """SQL LIKE without case and accents; ``^`` and ``$`` anchor, ``%`` matches anything, ``_`` itself only."""
    wanted = plain(value)
    start, end = wanted.startswith("^"), wanted.endswith("$")
    wanted = wanted[1 if start else 0 : -1 if end else None]
    if "%" in wanted:
        pattern = "".join(".*" if letter == "%" else re.escape(letter) for letter in wanted)
        whole = re.compile(("" if start else ".*") + pattern + ("" if end else ".*"), re.DOTALL)
        return lambda cell: cell is not None and whole.fullmatch(plain(str(cell))) is not None
    if start and end:
        return lambda cell: cell is not None and plain(str(cell)) == wanted
    if start:
        return lambda cell: cell is not None and plain(str(cell)).startswith(wanted)
    if end:
        return lambda cell: cell is not None and plain(str(cell)).endswith(wanted)
    return lambda cell: cell is not None and wanted in plain(str(cell))


def sortable(value: Any) -> tuple[bool, Any]:
    """A key in the order of the database: nothing first, texts without case and accents."""
    return (value is not None, plain(value) if isinstance(value, str) else value)

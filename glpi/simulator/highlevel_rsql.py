"""Filters of the High-Level API: RSQL as GLPI 11 reads it, its own readings of odd filters included.

Source: measured on 11.0.6 (``v11-hl-035`` to ``043`` and further trials there).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

_OPERATOR = re.compile(r"!=|==|=[a-z]+=")
_PREFIX = "La requête RSQL"
_NUMBER = re.compile(r"\s*-?\d+(\.\d+)?")
_DATE = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d).*", re.DOTALL)


class BadFilter(Exception):
    """A filter that GLPI refuses."""

    def __init__(self, title: str, detail: dict[str, str] | None = None) -> None:
        """``title`` and ``detail`` as they are answered."""
        super().__init__(title)
        self.title, self.detail = title, detail


@dataclass(frozen=True)
class Condition:
    """One comparison."""

    path: str
    """``status.id``."""
    operator: str
    value: str
    """Empty for operators that take none; a list in parentheses for ``=in=``."""


@dataclass(frozen=True)
class Group:
    """Conditions of which all, or one, must hold."""

    is_and: bool
    parts: tuple[Group | Condition, ...]


def parse(text: str) -> Group:
    """The filter as a tree; an empty one holds for everything.

    Raises:
        BadFilter: It cannot be read.
    """
    reader = _Reader(text)
    tree = reader.either()
    if reader.at < len(text):
        raise BadFilter(f"{_PREFIX} contient un ou plusieurs groupes non fermés")
    return tree


def conditions(tree: Group | Condition) -> Iterator[Condition]:
    """Every comparison in it."""
    if isinstance(tree, Condition):
        yield tree
        return
    for part in tree.parts:
        yield from conditions(part)


def holds(tree: Group | Condition, value_of: Callable[[str], Any]) -> bool:
    """Whether a row fits; ``value_of`` gives a property by its path."""
    if isinstance(tree, Condition):
        return OPERATORS[tree.operator](value_of(tree.path), tree.value)
    return (all if tree.is_and else any)(holds(part, value_of) for part in tree.parts)


class _Reader:
    """Reads from left to right; a semicolon binds closer than a comma."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0

    def _next(self) -> str:
        return self.text[self.at : self.at + 1]

    def either(self) -> Group:
        parts: list[Group | Condition] = [self._both()]
        while self._next() == ",":
            self.at += 1
            parts.append(self._both())
        return Group(False, tuple(parts))

    def _both(self) -> Group:
        parts: list[Group | Condition] = []
        while self._next() not in ("", ",", ")"):
            if self._next() == ";":
                self.at += 1
                continue
            parts.append(self._group() if self._next() == "(" else self._condition())
        return Group(True, tuple(parts))

    def _group(self) -> Group:
        self.at += 1
        inside = self.either()
        if self._next() != ")":
            raise BadFilter(f"{_PREFIX} contient un ou plusieurs groupes non fermés")
        self.at += 1
        return inside

    def _condition(self) -> Condition:
        start = self.at
        while self._next() not in ("", "=", "!", ";", ",", ")"):
            self.at += 1
        path = self.text[start : self.at]
        about = f'dans le filtre pour la propriété "{path}"'
        if not path or self._next() not in ("=", "!"):
            raise BadFilter(f"{_PREFIX} n’a pas d’opérateur {about}")
        found = _OPERATOR.match(self.text, self.at)
        if found is None:
            raise BadFilter(f"{_PREFIX} contient un opérateur incomplet {about}")
        self.at = found.end()
        value = self._value()
        if not value and found[0] not in _UNARY:
            raise BadFilter(f"{_PREFIX} n’a pas de valeur {about}")
        return Condition(path, found[0], value)

    def _value(self) -> str:
        quote = self._next()
        if quote in ('"', "'"):
            end = self.text.find(quote, self.at + 1)
            end = len(self.text) if end < 0 else end
            value = self.text[self.at + 1 : end]
            self.at = end + 1
            return value
        start, depth = self.at, 0
        while self._next() and (depth or self._next() not in (";", ",", ")")):
            depth += {"(": 1, ")": -1}.get(self._next(), 0)
            self.at += 1
        if depth:
            about = self.text[:start].rstrip("=!abcdefghijklmnopqrstuvwxyz") or self.text[:start].partition("=")[0]
            raise BadFilter(f'{_PREFIX} contient un opérateur incomplet dans le filtre pour la propriété "{about}"')
        return self.text[start : self.at]


def _folded(text: str) -> str:
    """The database compares without case and accents."""
    decomposed = unicodedata.normalize("NFD", text.casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def _pair(own: Any, given: str) -> tuple[Any, Any]:
    """Both sides as the database compares them: a number with whatever number the text begins with."""
    if isinstance(own, bool | int | float):
        word = {"true": "1", "false": "0"}.get(given.lower(), given)
        found = _NUMBER.match(word)
        return float(own), float(found[0]) if found else 0.0
    if isinstance(own, str) and _DATE.fullmatch(own):
        # NOTE: 11.0.6 keeps the wall clock of a date and forgets its zone.
        return own, _DATE.sub(r"\1 \2", given)
    return _folded(str(own)), _folded(given)


def _listed(own: Any, given: str) -> bool:
    return any(_equal(own, one.strip().strip("\"'")) for one in given.strip("()").split(","))


def _equal(own: Any, given: str) -> bool:
    if own is None:
        return False
    left, right = _pair(own, given)
    return bool(left == right)


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, str], bool]:
    return lambda own, given: own is not None and compare(*_pair(own, given))


def _like(own: Any, given: str) -> bool:
    # NOTE: a percent sign stands for any one character.
    pattern = "".join({"*": ".*", "%": ".", "_": "."}.get(letter, re.escape(letter)) for letter in given)
    return own is not None and re.fullmatch(pattern, str(own), re.DOTALL) is not None


def _ilike(own: Any, given: str) -> bool:
    return own is not None and _like(_folded(str(own)), _folded(given))


OPERATORS: dict[str, Callable[[Any, str], bool]] = {
    "==": _equal,
    "!=": lambda own, given: own is not None and not _equal(own, given),
    "=in=": _listed,
    "=out=": lambda own, given: own is not None and not _listed(own, given),
    "=lt=": _ordered(lambda left, right: left < right),
    "=le=": _ordered(lambda left, right: left <= right),
    "=gt=": _ordered(lambda left, right: left > right),
    "=ge=": _ordered(lambda left, right: left >= right),
    "=like=": _like,
    "=ilike=": _ilike,
    "=isnull=": lambda own, given: own is None,
    "=notnull=": lambda own, given: own is not None,
    "=empty=": lambda own, given: own is None or own == "",
    # NOTE: 11.0.6 compares with NULL here, which never holds.
    "=notempty=": lambda own, given: False,
}
"""What each operator means, the left side being the stored value."""

_UNARY = ("=isnull=", "=notnull=", "=empty=", "=notempty=")

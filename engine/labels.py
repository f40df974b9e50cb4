"""Labelled messages: the lines of a benchmark, read and checked (``data/benchmark``, ``guichet triage --evaluate``).

A line is a JSON object with ``text`` and ``category``; ``subcategory``, ``priority``, ``clarity``, ``info``, ``tags``
and ``id`` may be absent. What the labels mean is in ``data/training/GUIDE.md``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import data
from data.records import Action, Category, Priority
from engine.triage.contract import INFO_KEYS

BENCHMARK = Path(data.__file__).parent / "benchmark"
"""The public benchmark, one file for each hand that wrote it."""

BANDS: Mapping[str, Action] = MappingProxyType(
    {
        "clear": Action.AUTO_VALIDATE,
        "partial": Action.CONFIRM_SUMMARY,
        "vague": Action.ASK_CLARIFICATION,
        "hopeless": Action.TOO_VAGUE,
    }
)
"""Each clarity, and what a sensible colleague would do with such a message."""

UNROUTABLE = ("vague", "hopeless")
"""Clarities of messages that nobody could route without asking."""


@dataclass(frozen=True)
class Labelled:
    """A message, and what a good colleague says about it; None where the line does not say."""

    id: str | float | None
    text: str
    category: str
    """Level-1 code."""
    subcategory: str | None
    """Leaf, or None: no leaf fits, or (``has_subcategory`` false) not labelled."""
    has_subcategory: bool
    priority: Priority | None = None
    clarity: str | None = None
    info: Mapping[str, str] | None = None
    """Values as they stand in the text, by key of ``INFO_KEYS``."""
    tags: tuple[str, ...] = ()

    @property
    def is_routable(self) -> bool | None:
        """Whether a colleague could route it without asking."""
        return None if self.clarity is None else self.clarity not in UNROUTABLE


class BadLine(Exception):
    """A line that cannot be measured."""

    def __init__(self, reason: str, identifier: str | float | None = None, value: str = "") -> None:
        """``reason``: ``unreadable``, or ``no_`` or ``bad_`` and the key; ``value``: what stood there, shortened."""
        super().__init__(reason)
        self.reason, self.id, self.value = reason, identifier, value


def files_of(path: Path) -> list[Path]:
    """The file, or the ``*.jsonl`` files of a folder by name."""
    return sorted(path.glob("*.jsonl")) if path.is_dir() else [path]


def read_file(path: Path, tree: Sequence[Category]) -> Iterator[tuple[int, Labelled | BadLine]]:
    """Each line that is not empty, with its number from 1.

    Raises:
        OSError: The file cannot be read.
    """
    parents = {category.code: category.parent for category in tree}
    with path.open("rb") as lines:
        for number, raw in enumerate(lines, 1):
            line = raw.decode("utf-8", "replace").strip("\ufeff \r\n\t")
            if line:
                try:
                    yield number, labelled(line, parents)
                except BadLine as bad:
                    yield number, bad


def labelled(line: str, parents: Mapping[str, str | None]) -> Labelled:
    """One line.

    Args:
        line: JSON.
        parents: Every code of the tree with its parent, None for level 1.

    Raises:
        BadLine: Not an object, without text or category, or with a label that does not exist.
    """
    try:
        found = json.loads(line, parse_constant=_refuse)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise BadLine("unreadable")
    identifier = found.get("id")
    if isinstance(identifier, bool) or not isinstance(identifier, str | int | float) or identifier in _NO_NUMBERS:
        identifier = None
    try:
        return _checked(found, identifier, parents)
    except _Wrong as wrong:
        key = wrong.args[0]
        reason = "no_" if found.get(key) is None else "bad_"
        raise BadLine(reason + key, identifier, str(found.get(key) or "")[:40]) from None


_NO_NUMBERS = (math.inf, -math.inf)
"""What a number too large for JSON is read as."""


def _refuse(name: str) -> None:
    """NaN and Infinity, which JSON does not have."""
    raise ValueError(name)


class _Wrong(ValueError):
    """The key whose value will not do."""


def _checked(found: Mapping[str, Any], identifier: str | float | None, parents: Mapping[str, str | None]) -> Labelled:
    """The object as a record. Raises _Wrong."""
    text, category = found.get("text"), found.get("category")
    if not isinstance(text, str) or not text.strip():
        raise _Wrong("text")
    if not isinstance(category, str) or category not in parents:
        raise _Wrong("category")
    leaf = found.get("subcategory")
    top = parents[category]
    if top is not None:  # a leaf as category says both
        category, leaf = top, leaf or category
    if leaf is not None and (not isinstance(leaf, str) or parents.get(leaf) != category):
        raise _Wrong("subcategory")
    return Labelled(
        id=identifier,
        text=text,
        category=category,
        subcategory=leaf,
        has_subcategory="subcategory" in found or leaf is not None,
        priority=_priority(found.get("priority")),
        clarity=_clarity(found.get("clarity")),
        info=_info(found.get("info")),
        tags=_tags(found.get("tags")),
    )


def _priority(value: object) -> Priority | None:
    if value is None:
        return None
    if not isinstance(value, str) or value not in set(Priority):
        raise _Wrong("priority")
    return Priority(value)


def _clarity(value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or value not in BANDS:
        raise _Wrong("clarity")
    return value


def _info(value: object) -> Mapping[str, str] | None:
    if value is None:
        return None
    if not isinstance(value, dict) or not all(key in INFO_KEYS and _is_said(said) for key, said in value.items()):
        raise _Wrong("info")
    return MappingProxyType(value)


def _tags(value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or not all(map(_is_said, value)):
        raise _Wrong("tags")
    return tuple(value)


def _is_said(value: object) -> bool:
    """Whether it is a text with something in it."""
    return isinstance(value, str) and bool(value.strip())

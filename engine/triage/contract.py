"""What a triage is: the one contract that every engine fulfils (spec section 3.1).

``triage(turns, categories, context) -> Triage``. A value without evidence does not get through
``Triage.draft``; a category outside the tree is refused before a ``Triage`` is made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

from data.records import Category, Draft, Priority, Question, Turn

INFO_KEYS = (
    "device_type", "brand", "model", "location", "software", "os", "error_message",
    "onset", "frequency", "recent_changes", "affected",
)  # fmt: skip
"""Keys that ``extracted_info`` may have."""

MISSING_KEYS = (
    "device_type", "problem_type", "onset", "location", "error_message", "os", "frequency", "recent_changes",
)  # fmt: skip
"""Keys that ``missing_info`` may have; each has a question."""

READ_FIRST, READ_LAST = 2_000, 500
"""Code points of a message that a triage reads: its beginning and its end."""


@dataclass(frozen=True)
class Span:
    """Where a value stands: code points ``start`` (inclusive) to ``end`` (exclusive) of a stored, masked turn."""

    turn: int
    """Index into the turns handed to the triage."""
    start: int
    end: int


@dataclass(frozen=True)
class Found:
    """A value and the words it comes from."""

    value: str
    span: Span


@dataclass(frozen=True)
class Context:
    """What a triage may know besides the words."""

    attempts: int = 0
    location: str = ""
    """Where the kiosk stands; never a value of ``extracted_info`` by itself."""
    language: str = "fr"


@dataclass(frozen=True)
class Triage:
    """The turns read into a summary, whoever read them."""

    category: str
    subcategory: str | None
    confidence: float
    priority: Priority
    title: str
    symptoms: tuple[Found, ...] = ()
    extracted_info: Mapping[str, Found] = field(default_factory=lambda: MappingProxyType({}))
    missing_info: tuple[str, ...] = ()
    questions: tuple[Question, ...] = ()
    other_problems: tuple[str, ...] = ()
    engine: str = "local"
    engine_version: str = ""
    duration_ms: float = 0.0
    fallback: str | None = None

    def draft(self) -> Draft:
        """The same summary as a record that can be stored and shown."""
        return Draft(
            category=self.category,
            subcategory=self.subcategory,
            confidence=self.confidence,
            priority=self.priority,
            title=self.title,
            symptoms=tuple(found.value for found in self.symptoms),
            extracted_info=MappingProxyType({key: found.value for key, found in self.extracted_info.items()}),
            missing_info=self.missing_info,
            questions=self.questions,
            other_problems=self.other_problems,
            engine=self.engine,
            engine_version=self.engine_version,
            duration_ms=self.duration_ms,
            fallback=self.fallback,
        )


class TriageFailed(Exception):
    """An engine could not answer; ``cause`` is our own short code (``timeout``, ``http_429``, ``refusal`` ...)."""

    def __init__(self, cause: str, retry_after_s: float | None = None, *, is_passing: bool = False) -> None:
        """The failure.

        Args:
            cause: Our code.
            retry_after_s: What the server asked for, in seconds.
            is_passing: Whether the same question may well be answered in a moment.
        """
        super().__init__(cause)
        self.cause = cause
        self.retry_after_s = retry_after_s
        self.is_passing = is_passing


class TriageEngine(Protocol):
    """One engine. ``name`` and ``version`` go into the triage and into calibration."""

    name: str
    version: str

    async def triage(self, turns: Sequence[Turn], categories: Sequence[Category], context: Context) -> Triage:
        """Read the turns.

        Raises:
            TriageFailed: No usable answer.
        """
        ...

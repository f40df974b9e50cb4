"""The nouns of Guichet as frozen dataclasses: what a session, a ticket and an outbox entry are.

A change is ``dataclasses.replace``; how records become rows is the business of ``data.store``.
All times are aware UTC ``datetime``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType


class Stage(StrEnum):
    """Where a conversation stands. Written by ``engine.workflow`` only."""

    DESCRIBING = "describing"
    TRIAGING = "triaging"
    CLARIFYING = "clarifying"
    VALIDATING = "validating"
    REVIEWING = "reviewing"
    EDITING = "editing"
    CONFIRMED = "confirmed"
    ESCALATED = "escalated"
    ABANDONED = "abandoned"
    EXPIRED = "expired"
    REPLACED = "replaced"

    @property
    def is_final(self) -> bool:
        """Whether nothing leads out of this stage."""
        return self in _FINAL


_FINAL = frozenset({Stage.CONFIRMED, Stage.ESCALATED, Stage.ABANDONED, Stage.EXPIRED, Stage.REPLACED})


class Action(StrEnum):
    """What the confidence asks for (the four actions), and the hand-over to a human."""

    AUTO_VALIDATE = "auto_validate"
    CONFIRM_SUMMARY = "confirm_summary"
    ASK_CLARIFICATION = "ask_clarification"
    TOO_VAGUE = "too_vague"
    ESCALATE = "escalate"


class SessionStatus(StrEnum):
    """The status column of a session."""

    PENDING = "pending"
    CONVERTED = "converted_to_ticket"
    INVALIDATED = "invalidated"
    EXPIRED = "expired"
    TOO_VAGUE = "too_vague"


class Priority(StrEnum):
    """Our four priorities."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class TicketStatus(StrEnum):
    """Our five ticket statuses; a value GLPI has and we do not know is kept as its own text."""

    OPEN = "open"
    IN_PROGRESS = "in_progress"
    PENDING = "pending"
    RESOLVED = "resolved"
    CLOSED = "closed"


class ValidationMethod(StrEnum):
    """How a ticket came to be confirmed."""

    AUTO_VALIDATE = "auto_validate"
    CONFIRM_SUMMARY = "confirm_summary"
    CLARIFIED = "clarified"
    ESCALATED = "escalated"
    TECHNICIAN = "technician"


class EntryKind(StrEnum):
    """What an outbox entry does in GLPI when it is sent."""

    CREATE = "create"
    FOLLOWUP = "followup"
    CHECK = "check"
    AUDIT = "audit"


class EntryState(StrEnum):
    """State of an outbox entry."""

    PENDING = "pending"
    SENDING = "sending"
    UNKNOWN = "unknown"
    FAILED = "failed"
    CONFLICT = "conflict"
    DONE = "done"


UNCATEGORISED = "99-non-cat"
"""Code of the category for what cannot be routed."""


@dataclass(frozen=True)
class Question:
    """One question to the requester."""

    key: str
    """Key of ``missing_info`` (``device_type`` ...), or ``refusal`` / ``generic``."""
    text: str
    """The French sentence shown."""
    answers: tuple[str, ...] = ()
    """Ready-made answers, shown numbered; empty where only free text makes sense."""


@dataclass(frozen=True)
class Turn:
    """One message of the conversation, masked before it was made into a record."""

    author: str
    """``requester`` or ``guichet``."""
    text: str
    at: datetime
    key: str | None = None
    """For an answer or a question: the question's key."""


@dataclass(frozen=True)
class Draft:
    """The Smart Summary: the ticket as it stands, not yet confirmed."""

    category: str
    """Level-1 code, ``04-hardware``."""
    subcategory: str | None
    """Level-2 code, ``04-04-printer``, or None when no leaf fits."""
    confidence: float
    """Measured probability that the category is right, 0 to 1."""
    priority: Priority
    title: str
    symptoms: tuple[str, ...] = ()
    extracted_info: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Only the keys found: device_type, brand, model, location, ..."""
    missing_info: tuple[str, ...] = ()
    questions: tuple[Question, ...] = ()
    """At most three, the most useful first."""
    other_problems: tuple[str, ...] = ()
    """Further problems named in the message, in its words."""
    engine: str = "local"
    engine_version: str = ""
    duration_ms: float = 0.0
    fallback: str | None = None
    """Why the local engine answered instead of the remote one (``timeout``, ``http_500`` ...), or None."""


@dataclass(frozen=True)
class Session:
    """One analysis of one message: the draft, its expiry and its status."""

    id: str
    created_at: datetime
    expires_at: datetime
    stage: Stage = Stage.DESCRIBING
    status: SessionStatus = SessionStatus.PENDING
    reason: str | None = None
    """Why it was invalidated: ``replaced``, ``abandoned``; None otherwise."""
    turns: tuple[Turn, ...] = ()
    draft: Draft | None = None
    action: Action | None = None
    attempts: int = 0
    """Rounds of answers sent so far, over the whole chain of parents."""
    parent_id: str | None = None
    requester_email: str | None = None
    identified_by: str = "none"
    """``badge``, ``typed``, ``technician`` or ``none``."""
    device: str = ""
    """Which terminal opened it, so that a restart abandons only its own."""
    ticket_number: str | None = None
    modified: bool = False
    """Whether the requester changed title or symptoms."""

    @property
    def message(self) -> str:
        """The original (masked) message: what the requester said first."""
        return next((turn.text for turn in self.turns if turn.author == "requester"), "")


@dataclass(frozen=True)
class Ticket:
    """A confirmed draft, and its life afterwards. Field names are those of the JSON contract."""

    ticket_number: str
    session_id: str | None
    title: str
    description: str
    user_message: str
    category: str
    subcategory: str | None
    priority: Priority
    status: str
    """A ``TicketStatus`` value, or GLPI's own where we do not know it."""
    requester: str | None
    confidence: float
    symptoms: tuple[str, ...]
    extracted_info: Mapping[str, str]
    missing_info: tuple[str, ...]
    validation_method: ValidationMethod
    modified: bool
    engine: str
    engine_version: str
    ready_for_l1: bool
    identified_by: str
    created_at: datetime
    updated_at: datetime
    proposed_category: str | None = None
    """For an escalation: a category known with 0.60 or more, for the private follow-up."""
    glpi_ticket_id: int | None = None
    synced_to_glpi: bool = False
    glpi_sync_at: datetime | None = None
    glpi_last_update: str | None = None
    """GLPI's raw ``date_mod``, naive, in the server's zone."""
    glpi_category: str | None = None
    """Category as read back after creation (``glpi:<id>`` where unmapped)."""
    sync_note: str | None = None
    """What could not be done as wanted in GLPI, as our own code (``category_unmapped`` ...)."""
    resolved_at: datetime | None = None
    closed_at: datetime | None = None


@dataclass(frozen=True)
class OutboxEntry:
    """One thing to send to GLPI. Entries of one ticket are sent in the order of their ids."""

    id: int
    ticket_number: str
    kind: EntryKind
    state: EntryState
    key: str
    """Unique key GLPI gets to recognise this entry, ``[A-Za-z0-9-]`` only."""
    attempts: int
    """POSTs that left this machine, or may have."""
    lookups: int
    """Look-ups since the outcome became unclear."""
    created_at: datetime
    next_attempt_at: datetime
    first_attempt_at: datetime | None = None
    error: str | None = None
    """Our own error code, never text of a server."""


@dataclass(frozen=True)
class Category:
    """A node of the category tree."""

    code: str
    name: str
    parent: str | None
    glpi_id: int | None = None
    active: bool = True
    description: str = ""
    """What belongs here, in a few words; for prompts and help."""
    examples: tuple[str, ...] = ()
    """Sentences people might type."""


@dataclass(frozen=True)
class Event:
    """One line of the append-only event log: ids, kinds, durations, codes; no text of people."""

    at: datetime
    name: str
    session_id: str | None = None
    ticket_number: str | None = None
    values: Mapping[str, str | int | float | bool | None] = field(default_factory=lambda: MappingProxyType({}))

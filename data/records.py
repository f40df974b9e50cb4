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
from typing import Any


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
    UPDATE = "update"
    COMMENT = "comment"


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
    glpi_updated_at: datetime | None = None
    """The same as an instant, as far as the server's zone is known."""
    notes_read: str | None = None
    """``glpi_last_update`` at which GLPI's public notes were last taken over; differs while they are still to be."""
    glpi_category: str | None = None
    """Category as GLPI has it now: our code, ``glpi:<id>`` where unmapped, None when it has none or is not read yet."""
    glpi_category_id: int | None = None
    """GLPI's id of that category, 0 for none; None before it was read. Our codes for it may change with the mapping."""
    category_read_back: str | None = None
    """``glpi_category`` as read back after creation, a business rule's choice included: no technician's label."""
    true_category: str | None = None
    """What a technician made of the category: the true label of the triage; None while nobody changed it."""
    synced_status: str | None = None
    """Status as GLPI had it when it was last read or written; None before that. So are the two others."""
    synced_priority: str | None = None
    synced_category: str | None = None
    """As ``glpi_category``."""
    glpi_gone: str | None = None
    """``trashed``, ``purged``, ``hidden`` (out of sight) or ``gone`` (one of these two); None while it is there."""
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
    payload: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    """What an UPDATE or a COMMENT says, as ``engine.changes`` writes it; empty for the other kinds."""


@dataclass(frozen=True)
class TicketNote:
    """A follow-up or a solution of a ticket, as plain text."""

    ticket_number: str
    kind: str
    """``followup`` or ``solution``."""
    text: str
    at: datetime
    is_private: bool = False
    """Only our own can be private: GLPI's private notes are never stored."""
    glpi_id: int | None = None
    """GLPI's id within its kind; None while it is only here."""
    key: str | None = None
    """Key of the outbox entry that sends it; None for what was written in GLPI."""
    author_id: int | None = None
    """GLPI's user; None for our own."""


@dataclass(frozen=True)
class Conflict:
    """A field that was changed here and in GLPI: both values, and which one was kept."""

    ticket_number: str
    field: str
    """``status``, ``priority`` or ``category``."""
    base: str | None
    """The last value both sides had."""
    ours: str
    theirs: str
    kept: str
    """``ours`` or ``theirs``."""
    at: datetime


@dataclass(frozen=True)
class Person:
    """Somebody of the directory, mirrored from GLPI."""

    name: str
    """First name and name; the login where GLPI has neither."""
    glpi_id: int | None = None
    login: str = ""
    emails: tuple[str, ...] = ()
    """The default address first."""
    is_active: bool = True
    badge: str | None = None


@dataclass(frozen=True)
class MirroredCategory:
    """A category of GLPI's tree as last read."""

    glpi_id: int
    name: str
    completename: str
    parent_id: int = 0
    is_incident: bool | None = None
    is_request: bool | None = None
    is_visible: bool | None = None
    """Flags are None where GLPI's API does not tell them."""


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

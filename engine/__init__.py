"""The public face of the engine: records, events, errors, and ``Engine`` itself.

``Engine`` is loaded on first use (module ``__getattr__``): it brings the database and, later, HTTP and the
model SDK, none of which may delay the first frame.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from data.records import (
    UNCATEGORISED,
    Action,
    Category,
    Draft,
    EntryKind,
    EntryState,
    OutboxEntry,
    Priority,
    Question,
    Session,
    SessionStatus,
    Stage,
    Ticket,
    TicketStatus,
    Turn,
    ValidationMethod,
)
from engine.config import Config
from engine.errors import (
    ConfigError,
    GuichetError,
    IllegalStep,
    InvalidInput,
    RateLimited,
    SessionExpired,
    SessionNotFound,
    StoreUnavailable,
    TicketNotFound,
)
from engine.events import (
    ConversationEvent,
    Deferred,
    Delivered,
    DeliveryEvent,
    Idle,
    Paused,
    ReplyUnclear,
    SecretsMasked,
    SessionChanged,
    TicketCreated,
    TicketUpdated,
    Undeliverable,
)

from engine.service_hours import Promise

if TYPE_CHECKING:
    from engine.engine import Engine

__all__ = [
    "UNCATEGORISED", "Action", "Category", "Config", "ConfigError", "ConversationEvent", "Deferred", "Delivered",
    "DeliveryEvent", "Draft", "Engine", "EntryKind", "EntryState", "GuichetError", "Idle", "IllegalStep",
    "InvalidInput", "OutboxEntry", "Paused", "Priority", "Promise", "Question", "RateLimited", "ReplyUnclear", "SecretsMasked",
    "Session", "SessionChanged", "SessionExpired", "SessionNotFound", "SessionStatus", "Stage", "StoreUnavailable",
    "Ticket", "TicketCreated", "TicketNotFound", "TicketStatus", "TicketUpdated", "Turn", "Undeliverable",
    "ValidationMethod",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """Load ``Engine`` when it is first asked for."""
    if name == "Engine":
        from engine.engine import Engine

        return Engine
    raise AttributeError(name)

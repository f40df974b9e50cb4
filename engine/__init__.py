"""The public face of the engine: records, events, errors, and ``Engine`` itself.

Every name is loaded on first use (module ``__getattr__``): the first frame needs the configuration only, and a
process pays for the records, the database, HTTP and the model SDK when it comes to them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from data.records import (
        UNCATEGORISED,
        Action,
        Category,
        Conflict,
        Draft,
        EntryKind,
        EntryState,
        OutboxEntry,
        Person,
        Priority,
        Question,
        Session,
        SessionStatus,
        Stage,
        Ticket,
        TicketNote,
        TicketStatus,
        Turn,
        ValidationMethod,
    )
    from engine.config import Config
    from engine.engine import Engine
    from engine.errors import (
        ConfigError,
        EntryNotFound,
        GuichetError,
        IllegalStep,
        InvalidInput,
        NotAuthorised,
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
        Pushed,
        ReplyUnclear,
        SecretsMasked,
        SessionChanged,
        TicketCreated,
        TicketUpdated,
        Undeliverable,
    )
    from engine.service_hours import Promise

__all__ = [
    "UNCATEGORISED", "Action", "Category", "Config", "ConfigError", "Conflict", "ConversationEvent", "Deferred",
    "Delivered", "DeliveryEvent", "Draft", "Engine", "EntryKind", "EntryNotFound", "EntryState", "GuichetError",
    "Idle", "IllegalStep", "InvalidInput", "NotAuthorised", "OutboxEntry", "Paused", "Person", "Priority",
    "Promise", "Pushed", "Question", "RateLimited", "ReplyUnclear", "SecretsMasked", "Session", "SessionChanged",
    "SessionExpired", "SessionNotFound", "SessionStatus", "Stage", "StoreUnavailable", "Ticket", "TicketCreated",
    "TicketNotFound", "TicketNote", "TicketStatus", "TicketUpdated", "Turn", "Undeliverable", "ValidationMethod",
]  # fmt: skip

_ROOMS = {
    "data.records": (
        "UNCATEGORISED", "Action", "Category", "Conflict", "Draft", "EntryKind", "EntryState", "OutboxEntry", "Person",
        "Priority", "Question", "Session", "SessionStatus", "Stage", "Ticket", "TicketNote",
        "TicketStatus", "Turn", "ValidationMethod",
    ),
    "engine.config": ("Config",),
    "engine.errors": (
        "ConfigError", "EntryNotFound", "GuichetError", "IllegalStep", "InvalidInput", "NotAuthorised", "RateLimited",
        "SessionExpired", "SessionNotFound", "StoreUnavailable", "TicketNotFound",
    ),
    "engine.events": (
        "ConversationEvent", "Deferred", "Delivered", "DeliveryEvent", "Idle", "Paused", "Pushed", "ReplyUnclear",
        "SecretsMasked", "SessionChanged", "TicketCreated", "TicketUpdated", "Undeliverable",
    ),
    "engine.service_hours": ("Promise",),
    "engine.engine": ("Engine",),
}  # fmt: skip
"""Where each public name lives."""


def __getattr__(name: str) -> Any:
    """Load a public name when it is first asked for, and keep it."""
    for room, names in _ROOMS.items():
        if name in names:
            found = getattr(import_module(room), name)
            globals()[name] = found
            return found
    raise AttributeError(name)

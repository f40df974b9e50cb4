"""GLPI's nouns with GLPI's own numbers; what the transports take and give.

Dates are GLPI's naive strings (``YYYY-MM-DD HH:MM:SS``, server zone) unless the name says otherwise.
Texts are plain text as GLPI stores it (HTML), decoded once on versions that encode.
"""

from __future__ import annotations

from dataclasses import dataclass

INCIDENT, REQUEST = 1, 2
TITLE_LIMIT = 255
"""Characters of a title; 11 answers raw SQL beyond, 10 cuts in silence."""


@dataclass(frozen=True)
class TicketInput:
    """A ticket to be created."""

    name: str
    """Plain text, at most ``TITLE_LIMIT`` characters."""
    content: str
    """HTML, already escaped; ends with the key on a line of its own."""
    type: int
    urgency: int
    impact: int
    key: str
    """Goes to ``externalid`` from GLPI 11 on."""
    itilcategories_id: int = 0
    entities_id: int | None = None
    requesttypes_id: int | None = None
    requester_id: int | None = None
    """GLPI's user id, when the e-mail was found."""
    requester_email: str | None = None
    """For an e-mail-only requester, when no user was found."""
    assigned_group_id: int | None = None
    date: str | None = None
    """Opening date in the server's zone; None lets the server set it."""
    status: int | None = None


@dataclass(frozen=True)
class TicketState:
    """What GLPI says of a ticket."""

    id: int
    name: str
    status: int
    priority: int
    date_mod: str
    category_id: int | None
    """From a single read; a search answers the name instead (see ``category_name``)."""
    category_name: str | None = None
    is_deleted: bool = False
    solvedate: str | None = None
    closedate: str | None = None
    urgency: int | None = None
    impact: int | None = None
    is_only_dispatched: bool = False
    """A group is assigned and nobody of it: "in progress" for GLPI, yet no person took it. Known from a search only."""


@dataclass(frozen=True)
class Requester:
    """One actor of type requester."""

    user_id: int
    """0 for an e-mail-only requester."""
    email: str


@dataclass(frozen=True)
class Followup:
    """A note on a ticket."""

    id: int
    ticket_id: int
    content: str
    is_private: bool
    date_mod: str


@dataclass(frozen=True)
class Changes:
    """One page of tickets changed since a cursor, oldest first."""

    tickets: tuple[TicketState, ...]
    cursor: str | None
    """Greatest ``date_mod`` seen, raw; hand it to the next pull."""
    complete: bool
    """False when more wait behind this page."""

"""GLPI's nouns with GLPI's own numbers; what the transports take and give.

Dates are GLPI's naive strings (``YYYY-MM-DD HH:MM:SS``, server zone) unless the name says otherwise.
Texts are plain text as GLPI stores it (HTML), decoded once on versions that encode.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

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
    key: str | None = None
    """``externalid``; None where there is none, or GLPI has no such field (10)."""
    is_only_dispatched: bool | None = None
    """A group is assigned and nobody of it: "in progress" for GLPI, yet no person took it. None where a list or an
    item does not tell: ``GlpiClient.is_assigned`` does."""


@dataclass(frozen=True)
class Requester:
    """One actor of type requester."""

    user_id: int
    """0 for an e-mail-only requester."""
    email: str


class NoteKind(StrEnum):
    """What was added to a ticket."""

    FOLLOWUP = "followup"
    SOLUTION = "solution"


@dataclass(frozen=True)
class Note:
    """A follow-up or a solution of a ticket; private ones are marked, the caller keeps them from the public."""

    id: int
    ticket_id: int
    content: str
    """HTML as it was written."""
    is_private: bool
    date_mod: str
    kind: NoteKind = NoteKind.FOLLOWUP
    author_id: int = 0
    """GLPI's user id, 0 when not told."""
    date: str | None = None
    """When it was written; None when not told."""


@dataclass(frozen=True)
class Changes:
    """One page of tickets changed since a cursor, oldest first, trashed ones included."""

    tickets: tuple[TicketState, ...]
    cursor: str | None
    """Greatest ``date_mod`` up to which nothing is missing, raw; hand it to the next pull."""
    complete: bool
    """False when more wait behind this page."""


@dataclass(frozen=True)
class TicketChanges:
    """What is to be changed of a ticket; None leaves a field as it is."""

    status: int | None = None
    priority: int | None = None
    category_id: int | None = None


@dataclass(frozen=True)
class GlpiCategory:
    """A category of GLPI's tree; flags are None where the API does not tell them."""

    id: int
    name: str
    completename: str
    """``Parent > Child``, as written (never encoded)."""
    parent_id: int = 0
    is_incident: bool | None = None
    is_request: bool | None = None
    is_visible: bool | None = None
    """Visible in the simplified interface."""
    code: str = ""
    """GLPI's own field for a code; empty where it has none or the API does not tell."""


@dataclass(frozen=True)
class GlpiUser:
    """A user of GLPI."""

    id: int
    login: str
    realname: str
    firstname: str
    emails: tuple[str, ...]
    """The default address first, where the API tells which it is."""
    is_active: bool = True


@dataclass(frozen=True)
class UsersPage:
    """Some users, by ascending id."""

    users: tuple[GlpiUser, ...]
    complete: bool
    """False when there are more behind the last id."""


@dataclass(frozen=True)
class Account:
    """Who we are for GLPI."""

    user_id: int
    login: str
    profile: str
    """Name of the active profile."""
    entity_id: int | None
    entity: str
    """Complete name of the active entity."""
    rights: frozenset[str] | None
    """Of ``RIGHTS``, those the profile has; None where the API does not tell."""
    version: str
    """GLPI's version, ``11.0.6``; empty where the API does not tell."""
    profiles: tuple[str, ...] = ()
    """Names of all profiles of the account, the active one included."""


RIGHTS = (
    "create_ticket",
    "update_ticket",
    "delete_ticket",
    "see_all_tickets",
    "private_followup",
    "read_categories",
    "read_users",
)
"""What the service account of a counter needs; only ``delete_ticket`` can be done without."""

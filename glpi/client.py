"""The one interface both transports fulfil. Transports never retry a POST: the outbox is the only retry.

Every method raises the errors of ``glpi.errors``: ``NotSent`` (nothing happened), ``Unclear`` (perhaps it did),
``ContentRefused``, ``CallerRefused``, ``NotFound``, ``Hidden``.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol

from glpi.models import (
    Account,
    Changes,
    GlpiCategory,
    Note,
    NoteKind,
    Requester,
    TicketChanges,
    TicketInput,
    TicketState,
    UsersPage,
)


class GlpiClient(Protocol):
    """A connection to one GLPI server, shared by everything in this process."""

    @property
    def requests(self) -> int:
        """HTTP requests made so far, logins included."""
        ...

    @property
    def logins(self) -> int:
        """Those of ``requests`` that were logins (or asked for a token), which no read budget counts."""
        ...

    @property
    def skew(self) -> timedelta | None:
        """The server's clock minus ours, from the ``Date`` header of the last answer; None before the first."""
        ...

    @property
    def takes_visitors(self) -> bool:
        """Whether a requester who is no user of GLPI can be recorded by e-mail."""
        ...

    @property
    def sets_team(self) -> bool:
        """Whether ``create_ticket`` records requester and group; else ``add_requester``, ``assign_group`` follow."""
        ...

    async def account(self) -> Account:
        """Who we are for GLPI, and what we may do there."""
        ...

    async def version(self) -> int:
        """GLPI's major version, asked once."""
        ...

    async def probe(self) -> None:
        """One cheap request; returns when a GLPI API answers there. No login, no retry."""
        ...

    async def find_user(self, email: str) -> int | None:
        """The id of the active user with this e-mail, primary or secondary; None if there is none."""
        ...

    async def create_ticket(self, ticket: TicketInput) -> int:
        """Create a ticket and return GLPI's number for it."""
        ...

    async def find_tickets(self, key: str, since: datetime | None = None) -> tuple[int, ...]:
        """Ids of tickets that carry this key, live and trashed, lowest first. An error is never "none"."""
        ...

    async def get_ticket(self, ticket_id: int) -> TicketState:
        """One ticket as it stands now, trashed ones included."""
        ...

    async def requesters(self, ticket_id: int) -> tuple[Requester, ...]:
        """The requesters of a ticket."""
        ...

    async def is_assigned(self, ticket_id: int) -> bool:
        """Whether a person, not only a group, is to work on a ticket."""
        ...

    async def add_requester(self, ticket_id: int, user_id: int | None, email: str | None) -> None:
        """Add a requester, by user id or else by e-mail."""
        ...

    async def assign_group(self, ticket_id: int, group_id: int) -> None:
        """Give a ticket to a group, unless it has it already."""
        ...

    async def update_ticket(self, ticket_id: int, changes: TicketChanges) -> None:
        """Change status, priority or category; a priority is accepted where urgency and impact stay away."""
        ...

    async def followups(self, ticket_id: int) -> tuple[Note, ...]:
        """All follow-ups of a ticket, oldest first, private ones included."""
        ...

    async def solutions(self, ticket_id: int) -> tuple[Note, ...]:
        """All solutions of a ticket, oldest first."""
        ...

    async def recent_notes(self, kind: NoteKind, since: str, pages: int) -> tuple[Note, ...] | None:
        """Notes across all tickets changed at or after ``since`` (raw ``date_mod``), in at most ``pages`` requests.

        None where that is not enough, or the API has no such list: ask ticket by ticket then.
        """
        ...

    async def add_followup(self, ticket_id: int, content: str, *, is_private: bool) -> int:
        """Add a follow-up (HTML content) and return its id."""
        ...

    async def trash_ticket(self, ticket_id: int) -> None:
        """Put a ticket into the trash."""
        ...

    async def link_duplicate(self, ticket_id: int, kept_id: int) -> None:
        """Say on both tickets that the first duplicates the second, where the account may not trash it."""
        ...

    async def changed_tickets(self, cursor: str | None) -> Changes:
        """Tickets of this account changed since the cursor (an overlap is added), oldest first, the trash included.

        At most two requests a page. ``date_mod`` is naive server time on every transport.
        """
        ...

    async def live_tickets(self, low: int, high: int) -> frozenset[int]:
        """Ids of this account's tickets from ``low`` to ``high`` that are neither trashed, purged nor out of sight."""
        ...

    async def categories(self) -> tuple[GlpiCategory, ...]:
        """The whole category tree that this account sees."""
        ...

    async def users(self, after_id: int) -> UsersPage:
        """One request: active users with an id above this one, by ascending id."""
        ...

    async def clock_offset(self) -> timedelta | None:
        """The server's zone offset from UTC (naive local minus UTC), learnt from a read; None when not known yet."""
        ...

    async def aclose(self) -> None:
        """End the GLPI session (killSession) and close connections; never raises for the far end."""
        ...

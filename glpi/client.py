"""The one interface both transports fulfil. Transports never retry a POST: the outbox is the only retry.

Every method raises the errors of ``glpi.errors``: ``NotSent`` (nothing happened), ``Unclear`` (perhaps it did),
``ContentRefused``, ``CallerRefused``, ``NotFound``, ``Hidden``.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol

from glpi.models import Changes, Followup, Requester, TicketInput, TicketState


class GlpiClient(Protocol):
    """A connection to one GLPI server, shared by everything in this process."""

    @property
    def requests(self) -> int:
        """HTTP requests made so far, logins included."""
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

    async def add_requester(self, ticket_id: int, user_id: int | None, email: str | None) -> None:
        """Add a requester, by user id or else by e-mail."""
        ...

    async def set_priority(self, ticket_id: int, priority: int) -> None:
        """Set the priority alone, which GLPI accepts on an update."""
        ...

    async def followups(self, ticket_id: int) -> tuple[Followup, ...]:
        """All follow-ups of a ticket, private ones included."""
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
        """One request: tickets of this account changed since the cursor (an overlap is added), oldest first."""
        ...

    async def clock_offset(self) -> timedelta | None:
        """The server's zone offset from UTC (naive local minus UTC), learnt from a read; None when not known yet."""
        ...

    async def aclose(self) -> None:
        """End the GLPI session (killSession) and close connections; never raises for the far end."""
        ...

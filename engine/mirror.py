"""GLPI to local tickets: what changed since the cursor, in one request a page.

The cursor is GLPI's own raw ``date_mod`` and moves only after its page was taken over.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from datetime import datetime
from typing import TYPE_CHECKING

from data.records import Event, Ticket, TicketStatus
from engine.translate import priority_from_glpi, status_from_glpi
from glpi.models import TicketState

if TYPE_CHECKING:
    from data.store import Store
    from glpi.client import GlpiClient

CURSOR = "glpi_pull_cursor"
_PAGES = 20
"""At most this many pages a pull; the rest comes with the next one."""


class Mirror:
    """Keeps our tickets as GLPI has them."""

    def __init__(self, store: Store, client: GlpiClient, now: Callable[[], datetime]) -> None:
        """``now``: clock, aware UTC."""
        self._store, self._client, self._now = store, client, now

    async def pull(self) -> AsyncGenerator[tuple[Ticket, bool]]:
        """Take over what changed since our oldest ticket was read back; before that there is nothing to ask for.

        Yields:
            (ticket, whether a technician just took it) for each ticket of ours that changed, as it is stored.
        """
        cursor = self._store.get_state(CURSOR)
        for _ in range(_PAGES if cursor is not None else 0):
            page = await self._client.changed_tickets(cursor)
            for state in page.tickets:
                ticket = self._store.ticket_by_glpi_id(state.id)
                if ticket is not None and _differs(ticket, state):
                    yield self._take_over(ticket, state)
            is_over = page.complete or page.cursor in (None, cursor)
            if page.cursor is not None and page.cursor != cursor:
                cursor = page.cursor
                self._store.set_state(CURSOR, cursor)
            if is_over:
                break

    def _take_over(self, ticket: Ticket, state: TicketState) -> tuple[Ticket, bool]:
        status = status_from_glpi(state.status)
        started = ticket.status == TicketStatus.OPEN.value and status == TicketStatus.IN_PROGRESS.value
        # A rule of GLPI may give a ticket to a group at once; only a person takes it.
        taken = started and not state.is_only_dispatched
        at = self._now()
        updated = self._store.update_ticket(
            ticket.ticket_number,
            status=status,
            priority=priority_from_glpi(state.priority),
            glpi_last_update=state.date_mod,
            resolved_at=ticket.resolved_at or at if status == TicketStatus.RESOLVED.value else ticket.resolved_at,
            closed_at=ticket.closed_at or at if status == TicketStatus.CLOSED.value else ticket.closed_at,
        )
        values: dict[str, str | bool] = {"taken": taken, "status": status}
        self._store.append_event(Event(at, "GLPI_TICKET_UPDATED", None, ticket.ticket_number, values))
        return updated or ticket, taken


def _differs(ticket: Ticket, state: TicketState) -> bool:
    """Whether GLPI tells something new; ``date_mod`` alone has a grain of one second."""
    known = (ticket.glpi_last_update, ticket.status, ticket.priority)
    return known != (state.date_mod, status_from_glpi(state.status), priority_from_glpi(state.priority))

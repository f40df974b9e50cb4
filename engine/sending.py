"""One attempt at one outbox entry: which operation its kind stands for (glpi-api recipe 7.1).

Each kind is one idempotent operation. Errors of GLPI pass through; ``engine.delivery`` decides what they mean for
the entry.
"""

from __future__ import annotations

from data.records import EntryKind, EntryState, OutboxEntry
from engine.aftercare import Aftercare
from engine.attempts import Attempts
from engine.creation import Creation
from engine.events import DeliveryEvent
from engine.pushing import Pushing


class Sender:
    """Carries out entries, one at a time."""

    def __init__(self, attempts: Attempts) -> None:
        """``attempts``: what every attempt needs."""
        self._at = attempts
        self._creation, self._aftercare, self._pushing = Creation(attempts), Aftercare(attempts), Pushing(attempts)

    @property
    def has_posted(self) -> bool:
        """Whether the attempt under way has reached its POST: an unclear error before it is merely a failed read."""
        return self._at.has_posted

    async def send(self, entry: OutboxEntry) -> DeliveryEvent | None:
        """One attempt. Returns what is worth telling; raises the errors of ``glpi.errors``."""
        self._at.has_posted = False
        ticket = self._at.store.ticket(entry.ticket_number)
        is_blank = entry.kind in (EntryKind.UPDATE, EntryKind.COMMENT) and not entry.payload
        if ticket is None or is_blank:
            self._at.settle(entry, EntryState.FAILED, error="TICKET_ERASED")
            return None
        if entry.kind is not EntryKind.CREATE and ticket.glpi_ticket_id is None:
            self._at.settle(entry, EntryState.DONE)  # a technician gave the creation up: nothing there to change
            return None
        match entry.kind:
            case EntryKind.CREATE:
                return await self._creation.send(entry, ticket)
            case EntryKind.FOLLOWUP:
                return await self._aftercare.add_note(entry, ticket)
            case EntryKind.CHECK:
                await self._aftercare.check(entry, ticket)
            case EntryKind.AUDIT:
                await self._aftercare.audit(entry, ticket)
            case EntryKind.UPDATE:
                return await self._pushing.update(entry, ticket)
            case EntryKind.COMMENT:
                return await self._pushing.comment(entry, ticket)
        return None

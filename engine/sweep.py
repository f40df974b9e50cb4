"""Tickets that vanished from GLPI without a word: purged ones, and those moved to where we may not look.

No change list shows them, and no webhook tells of a purge. So the open tickets are asked for in slices of ids, one
request a slice, spread over a day; what is missing there is read by its id, which tells trash, purge and "out of
sight" apart. Nothing is concluded from a request that failed.
"""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeAlias

from data.records import Event, Ticket
from glpi.errors import GlpiError, Hidden, NotFound

if TYPE_CHECKING:
    from data.store import Store
    from engine.budget import ReadBudget
    from glpi.client import GlpiClient
    from glpi.models import TicketState

Compare: TypeAlias = "Callable[[Ticket, TicketState], Awaitable[tuple[Ticket, bool] | None]]"
"""As ``engine.mirror`` compares a ticket of ours with GLPI's: it as stored now, and whether it was just taken."""

_AFTER, _BEGUN = "sweep_after", "sweep_begun"
_ROUND = timedelta(hours=24)
_LEAST = 50
"""Tickets of a slice, however few there are to do in a day."""
_READS = 5
"""Missing tickets read one by one in a step: were it all of them, a right is missing and not the tickets."""


class Sweep:
    """One slice at a time, one round a day."""

    def __init__(
        self,
        store: Store,
        client: GlpiClient,
        now: Callable[[], datetime],
        budget: ReadBudget,
        interval_s: float,
        compare: Compare,
    ) -> None:
        """``interval_s``: seconds between two steps; ``compare``: takes over what differs of a ticket."""
        self._compare = compare
        self._store, self._client, self._now, self._budget = store, client, now, budget
        self._steps_a_day = max(int(_ROUND.total_seconds() // max(interval_s, 1.0)), 1)

    async def step(self) -> AsyncGenerator[tuple[Ticket, bool]]:
        """Look after the next slice, unless today's round is over or the read budget is.

        Yields:
            Each ticket that turned out to be gone, or to have changed: one of a former service account is in no list.
        """
        after, begun_at = int(self._store.get_state(_AFTER) or 0), self._now()
        if (not after and not self._may_begin()) or self._budget.left() < 2 + _READS:
            return
        ids = self._store.open_glpi_ids(after, self._slice())
        if not ids:
            self._store.set_state(_AFTER, None)
            return
        live = await self._client.live_tickets(ids[0], ids[-1])
        missing = [number for number in ids if number not in live][:_READS]
        for number in missing:
            ticket = self._store.ticket_by_glpi_id(number)
            updated = await self._look_at(ticket) if ticket is not None else None
            if updated is not None:
                yield updated
        if not after:
            self._store.set_state(_BEGUN, begun_at.isoformat())
        self._store.set_state(_AFTER, str(missing[-1] if len(missing) == _READS else ids[-1]))

    def _may_begin(self) -> bool:
        """Whether a day has passed since the last round began."""
        begun = self._store.get_state(_BEGUN)
        return begun is None or not timedelta() <= self._now() - datetime.fromisoformat(begun) < _ROUND

    def _slice(self) -> int:
        return max(_LEAST, math.ceil(len(self._store.open_glpi_ids()) / self._steps_a_day))

    async def _look_at(self, ticket: Ticket) -> tuple[Ticket, bool] | None:
        assert ticket.glpi_ticket_id is not None, "found by that number"
        try:
            state = await self._client.get_ticket(ticket.glpi_ticket_id)
        except (NotFound, Hidden) as error:
            updated = gone_as(self._store, ticket, error, self._now())
            return (updated, False) if updated is not None else None
        return await self._compare(ticket, state)


def gone_as(store: Store, ticket: Ticket, error: GlpiError, now: datetime) -> Ticket | None:
    """Record that a ticket could not be read; None when that was known.

    A 404 is a purge in the legacy API, and a purge or a ticket out of sight in the High-Level API.
    """
    missing = "gone" if error.code == "GONE_OR_HIDDEN" else "purged"
    what = "hidden" if isinstance(error, Hidden) else missing
    return _gone(store, ticket, what, now) if ticket.glpi_gone != what else None


def _gone(store: Store, ticket: Ticket, what: str, now: datetime) -> Ticket | None:
    event = Event(now, "GLPI_TICKET_UPDATED", None, ticket.ticket_number, {"taken": False, "gone": what})
    return store.mirror(ticket.ticket_number, {"glpi_gone": what}, event)

"""What became of this account's tickets, by the search of the legacy API, in a constant number of requests."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from glpi.answers import TicketRows
from glpi.answers_lists import IdRows
from glpi.legacy_fields import EXTERNAL_ID, found_state, naive
from glpi.legacy_query import PAGE, Criterion, search, shown
from glpi.legacy_session import LegacySession, shaped
from glpi.models import Changes, TicketState

OVERLAP = timedelta(seconds=30)
"""Taken off the cursor of a pull: GLPI dates a change by the start of its request, which may last as long as PHP's
usual limit before it is seen; ``date_mod`` has whole seconds, and ``morethan`` is strict."""

NIGHT_OVERLAP = OVERLAP + timedelta(hours=1)
"""The same for a cursor between midnight and 4 o'clock: one of these nights the server's clock goes back an hour."""

_ID, _DATE_MOD, _WRITER = 2, 19, 22
_MINE: Criterion = (_WRITER, "equals", "myself")
_OLDEST_FIRST = {"sort": str(_DATE_MOD), "order": "ASC"}
_COLUMNS = (2, 12, 3, 7, 19, 17, 16, 5, 8)


@dataclass(frozen=True)
class _Part:
    """The changes among live tickets, or among those in the trash."""

    tickets: tuple[TicketState, ...]
    complete: bool

    @property
    def newest(self) -> str:
        return max((ticket.date_mod for ticket in self.tickets), default="")


async def changed_tickets(
    session: LegacySession, cursor: str | None, version: int, *, clock_s: Callable[[], float] = time.monotonic
) -> Changes:
    """Tickets written by this account and changed since the cursor, oldest first, the trash included.

    Two requests, one for live tickets and one for the trash. Where more tickets than a page holds changed within the
    overlap the page is asked for again, doubled, because the cursor could not move on otherwise.
    A search tells the name of a category only, in full; no search option tells its id (10.0.19, 11.0.6).

    Args:
        session: Where to ask.
        cursor: Raw ``date_mod`` up to which all is known, None for everything.
        version: GLPI's major version.
        clock_s: Seconds of a steady clock.
    """
    started_s = clock_s()
    live = await _part(session, cursor, version, is_deleted=False)
    trash = await _part(session, cursor, version, is_deleted=True)
    lag = timedelta(seconds=math.ceil(clock_s() - started_s))
    # The trash was read last: a ticket in both was trashed in between.
    tickets = {ticket.id: ticket for ticket in (*live.tickets, *trash.tickets)}
    ordered = tuple(sorted(tickets.values(), key=lambda ticket: (ticket.date_mod, ticket.id)))
    return Changes(ordered, _next_cursor(cursor, live, trash, lag), live.complete and trash.complete)


def _next_cursor(cursor: str | None, live: _Part, trash: _Part, lag: timedelta) -> str | None:
    hidden = [part.newest for part in (live, trash) if not part.complete]
    if hidden:
        reached = min(hidden)
    else:
        # Live tickets that changed while the trash was read are in no list: the overlap covers that, a slow server
        # is allowed for.
        reached = trash.newest
        if reached > live.newest and lag > OVERLAP / 2:
            reached = naive(datetime.fromisoformat(reached) - lag)
        reached = max(reached, live.newest)
    return max(reached, cursor or "") or None


async def _part(session: LegacySession, cursor: str | None, version: int, *, is_deleted: bool) -> _Part:
    criteria = [_MINE]
    if cursor is not None:
        last = datetime.fromisoformat(cursor)
        criteria.append((_DATE_MOD, "morethan", naive(last - (NIGHT_OVERLAP if last.hour < 4 else OVERLAP))))
    columns = shown(*_COLUMNS, *((EXTERNAL_ID,) if version >= 11 else ()))
    show = {**columns, **_OLDEST_FIRST, "is_deleted": str(int(is_deleted))}
    rows = PAGE
    while True:
        found = await search(session, "Ticket", criteria, show, rows=rows)
        states = tuple(
            found_state(row.state(is_deleted=is_deleted), version) for row in shaped(TicketRows, found.data).root
        )
        part = _Part(states, complete=found.count == found.totalcount)
        if part.complete or cursor is None or part.newest > cursor:
            return part
        rows *= 2


async def live_tickets(session: LegacySession, low: int, high: int) -> frozenset[int]:
    """Ids of this account's tickets from ``low`` to ``high`` that are neither trashed, purged nor out of sight.

    NOTE: ``contains >=3`` compares numbers; ``morethan`` on an id means "equals" (10.0.19, 11.0.6).
    """
    ids: set[int] = set()
    show = {**shown(_ID), "sort": str(_ID), "order": "ASC", "is_deleted": "0"}
    while low <= high:
        bounds = [_MINE, (_ID, "contains", f">={low}"), (_ID, "contains", f"<={high}")]
        found = await search(session, "Ticket", bounds, show)
        page = {row.id for row in shaped(IdRows, found.data).root if low <= row.id <= high}
        ids |= page
        if found.count == found.totalcount or not page:
            break
        low = max(page) + 1
    return frozenset(ids)

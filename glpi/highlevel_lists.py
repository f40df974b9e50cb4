"""Lists of the High-Level API: what became of this account's tickets, the category tree, the directory of people.

A list carries whole items, the text of a ticket included, and cannot be told to leave anything out. So its pages are
smaller than those of the legacy API, and halved where one is too long to be read.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from glpi.errors import Unclear
from glpi.exchange import Answer
from glpi.highlevel_answers import CategoryRows, TicketRow, TicketRows, UserRows
from glpi.highlevel_fields import quoted
from glpi.highlevel_session import HighLevelSession
from glpi.legacy_pull import NIGHT_OVERLAP, OVERLAP
from glpi.legacy_session import checked
from glpi.models import Changes, GlpiCategory, UsersPage

PAGE = 100
"""Tickets asked for at once."""

PEOPLE = 200
"""Users or categories asked for at once."""

_DEEPEST = 20
"""Levels of the category tree that are read at most."""


async def page(session: HighLevelSession, path: str, where: str, sort: str, limit: int) -> Answer:
    """The first rows of a list; GLPI answers 206 where there are more.

    Args:
        session: Where to ask.
        path: Of the list.
        where: RSQL; ``;`` is and, ``,`` is or.
        sort: ``name:asc,name:asc``
        limit: Rows, halved until the answer is short enough.
    """
    while True:
        try:
            return await session.read(path, {"filter": where, "sort": sort, "start": "0", "limit": str(limit)})
        except Unclear as error:
            if error.code != "TOO_LONG" or limit == 1:
                raise
        limit //= 2


async def changed_tickets(session: HighLevelSession, mine: str, cursor: str | None) -> Changes:
    """Tickets within the scope ``mine`` changed since the cursor, oldest first, the trash included.

    One request a page, live tickets and trash together. More pages only where the first does not reach beyond the
    cursor, because more tickets than it holds changed within the overlap: each goes on behind the last row, so that
    tickets that move meanwhile make none be skipped.
    """
    since = "" if cursor is None else f";date_mod=ge={quoted(_overlapped(cursor))}"
    where, limit, found = mine + since, PAGE, dict[int, TicketRow]()
    while True:
        answer = await page(session, "/Assistance/Ticket", where, "date_mod:asc,id:asc", limit)
        rows = checked(TicketRows, answer).root
        is_new = any(row.id not in found for row in rows)
        # A ticket changed while we were reading comes again, later: that is the newer word.
        found.update((row.id, row) for row in rows)
        newest = max((row.date_mod for row in found.values()), default="")
        complete = answer.status == 200
        if complete or cursor is None or newest > cursor:
            ordered = sorted((row.state() for row in found.values()), key=lambda one: (one.date_mod, one.id))
            return Changes(tuple(ordered), max(newest, cursor or "") or None, complete)
        if is_new:
            last = rows[-1]
            at = quoted(last.date_mod)
            where = f"{mine}{since};(date_mod=gt={at},(date_mod=={at};id=gt={last.id}))"
        else:
            # The hour that the clock repeats in autumn: GLPI takes the other one.
            limit *= 2


def _overlapped(cursor: str) -> str:
    last = datetime.fromisoformat(cursor)
    overlap: timedelta = NIGHT_OVERLAP if last.hour < 4 else OVERLAP
    return (last - overlap).strftime("%Y-%m-%d %H:%M:%S")


async def live_tickets(session: HighLevelSession, mine: str, low: int, high: int) -> frozenset[int]:
    """Ids within the scope ``mine`` from ``low`` to ``high`` that are neither trashed, purged nor out of sight."""
    ids: set[int] = set()
    while low <= high:
        where = f"{mine};is_deleted==false;id=ge={low};id=le={high}"
        answer = await page(session, "/Assistance/Ticket", where, "id:asc", PAGE)
        here = {row.id for row in checked(TicketRows, answer).root if low <= row.id <= high and not row.is_deleted}
        ids |= here
        if answer.status == 200 or not here:
            break
        low = max(here) + 1
    return frozenset(ids)


async def categories(session: HighLevelSession) -> tuple[GlpiCategory, ...]:
    """The whole tree, level by level, by ascending id.

    NOTE: a parent in one page with its child loses all its fields but id and name (11.0.6); on the same level there
    is no such pair.
    """
    found: dict[int, GlpiCategory] = {}
    for level in range(1, _DEEPEST + 1):
        after, before = 0, len(found)
        while True:
            where = f"level=={level};id=gt={after}"
            answer = await page(session, "/Dropdowns/ITILCategory", where, "id:asc", PEOPLE)
            rows = checked(CategoryRows, answer).root
            found.update((row.id, row.category()) for row in rows)
            if answer.status == 200 or not rows:
                break
            after = rows[-1].id
        # A level above may be out of sight, but not two of them in any tree worth choosing from.
        if len(found) == before and level > 2:
            break
    return tuple(found[number] for number in sorted(found))


async def users(session: HighLevelSession, after_id: int) -> UsersPage:
    """One request: active users with an id above this one, by ascending id."""
    where = f"id=gt={after_id};is_active==true;is_deleted==false"
    answer = await page(session, "/Administration/User", where, "id:asc", PEOPLE)
    rows = [row for row in checked(UserRows, answer).root if row.is_active and not row.is_deleted]
    return UsersPage(tuple(row.user() for row in rows), complete=answer.status == 200)

"""GLPI to local tickets: what changed since the cursor, in two requests a page whatever the number of tickets.

The cursor is GLPI's own raw ``date_mod`` and moves only after its page was taken over. A field that was changed here
and waits in the outbox is left alone: the push decides about it (``engine.changes``). Notes are ``engine.note_reader``,
tickets that vanished ``engine.sweep``.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from data.records import Category, EntryKind, EntryState, Event, OutboxEntry, Ticket, TicketStatus
from engine.attempts import AUDIT_MARK
from engine.changes import FIELDS, as_glpi_has_it, by_our_clock, code_of, fields_for, value_of
from engine.cursor import CURSOR, Cursor
from engine.mapping import refresh_categories
from engine.note_reader import NoteReader
from engine.sweep import Sweep, gone_as
from engine.translate import status_from_glpi
from glpi.errors import GlpiError, Hidden, NotFound
from glpi.models import TicketState

if TYPE_CHECKING:
    from data.outbox import Outbox
    from data.store import Store
    from engine.budget import ReadBudget
    from glpi.client import GlpiClient

__all__ = ["CURSOR", "Mirror", "Update"]

_PAGES = 50
"""At most this many pages a pull; the rest comes with the next one."""
_OPEN = frozenset({EntryState.PENDING, EntryState.SENDING, EntryState.UNKNOWN})

Update = tuple[Ticket, bool]
"""A ticket as it is stored now, and whether a technician just took it."""


class Mirror:
    """Keeps our tickets as GLPI has them."""

    def __init__(
        self,
        store: Store,
        outbox: Outbox,
        client: GlpiClient,
        now: Callable[[], datetime],
        budget: ReadBudget,
        interval_s: float,
    ) -> None:
        """``now``: clock, aware UTC; ``interval_s``: seconds between two pulls, which paces the sweep."""
        self._store, self._outbox, self._client, self._now, self._budget = store, outbox, client, now, budget
        self._notes = NoteReader(store, client, now, budget)
        self._sweep = Sweep(store, client, now, budget, interval_s, self._compare)
        self._cursor = Cursor(store, client, now)
        self._names: dict[str, int | None] | None = None

    async def pull(self, first: str | None = None) -> AsyncGenerator[Update]:
        """Take over what changed since our oldest ticket was read back; before that there is nothing to ask for.

        Args:
            first: Number of the ticket on screen, whose notes are read before those of others.

        Yields:
            Each ticket of ours that changed, as often as something new of it was stored.
        """
        if self._store.get_state(CURSOR) is None:
            return
        with self._budget.counted():
            if not self._budget.left() or (cursor := await self._cursor.believable()) is None:
                return
            async for update in self._pull_states(cursor):
                yield update
            until = self._store.get_state(CURSOR) or cursor
            async for ticket in self._notes.read(since=cursor, until=until, first=first):
                yield ticket, False
            async for update in self._sweep.step():
                yield update

    async def _pull_states(self, cursor: str) -> AsyncGenerator[Update]:
        begun, begun_with = self._now(), cursor
        for _ in range(_PAGES):
            if not self._budget.left():
                return
            page = await self._client.changed_tickets(cursor)
            ours = self._store.tickets_by_glpi_ids([state.id for state in page.tickets])
            for state in page.tickets:
                if state.id not in ours:
                    self._suspect(state)
                elif update := await self._compare(ours[state.id], state):
                    yield update
            is_over = page.complete or page.cursor in (None, cursor)
            if page.cursor is not None and page.cursor != cursor:
                cursor = page.cursor
                self._cursor.move(cursor)
            if is_over:
                self._cursor.is_whole(begun_with, begun)
                return

    def _suspect(self, state: TicketState) -> None:
        """A ticket with the key of one of ours is a copy: a proxy repeated a request, or a server was very late."""
        if state.key is None or state.is_deleted:
            return
        original = self._outbox.created_with(state.key)
        # Copies that could only be linked, or not even that, are on record: they stay.
        if original is not None and "duplicate" not in (original.sync_note or ""):
            self._outbox.audit_again(original.ticket_number, state.key + AUDIT_MARK)

    async def pull_one(self, glpi_id: int) -> AsyncGenerator[Update]:
        """Take over one ticket, because a webhook or a person asked for it; no read budget counts this."""
        ticket = self._store.ticket_by_glpi_id(glpi_id)
        if ticket is None:
            return
        try:
            state = await self._client.get_ticket(glpi_id)
        except (NotFound, Hidden) as error:
            updated = gone_as(self._store, ticket, error, self._now())
            if updated is not None:
                yield updated, False
            return
        if update := await self._compare(ticket, state):
            yield update
        updated = await self._notes.read_one(self._store.ticket(ticket.ticket_number) or ticket)
        if updated is not None:
            yield updated, False

    # --- one ticket -------------------------------------------------------------------------------------------

    async def _compare(self, ticket: Ticket, state: TicketState) -> Update | None:
        """Take over what differs; None when GLPI tells nothing new."""
        tree = {node.code: node for node in self._store.categories()}
        is_known, category_id = await self._category_id(state)
        # Nobody moved it, whatever the site's mapping makes of that id by now.
        is_same = not is_known or (category_id or 0) == ticket.glpi_category_id
        category = ticket.synced_category if is_same else code_of(category_id, tree, value_of(ticket, "category"))
        theirs = as_glpi_has_it(state, category)
        gone = "trashed" if state.is_deleted else None
        # ``date_mod`` alone has a grain of one second.
        known = (ticket.glpi_last_update, ticket.glpi_gone, *(getattr(ticket, f"synced_{name}") for name in FIELDS))
        if known == (state.date_mod, gone, *(theirs[name] for name in FIELDS)):
            return None
        found = {} if is_same else {"glpi_category_id": category_id or 0}
        return await self._take_over(ticket, state, theirs, tree, found)

    async def _take_over(
        self,
        ticket: Ticket,
        state: TicketState,
        theirs: Mapping[str, str | None],
        tree: Mapping[str, Category],
        category_id: Mapping[str, int],
    ) -> Update:
        status = status_from_glpi(state.status)
        started = ticket.status == TicketStatus.OPEN.value and status == TicketStatus.IN_PROGRESS.value
        # A rule of GLPI may give a ticket to a group at once; only a person takes it.
        taken = started and await self._is_taken(state)
        zone = await self._client.clock_offset()
        self._cursor.learn(zone)
        changes: dict[str, object] = {
            "glpi_last_update": state.date_mod,
            "glpi_updated_at": by_our_clock(state.date_mod, zone, None),
            "glpi_gone": "trashed" if state.is_deleted else None,
            "resolved_at": self._date(ticket.resolved_at, state.solvedate, zone, status, TicketStatus.RESOLVED),
            "closed_at": self._date(ticket.closed_at, state.closedate, zone, status, TicketStatus.CLOSED),
        }
        values: dict[str, str | int | float | bool | None] = {"taken": taken, "status": status}
        entries = self._outbox.of_ticket(ticket.ticket_number)
        names = FIELDS if _is_read_back(entries) else ("status",)
        waiting = _waiting_fields(entries)
        for name in names:
            changes |= _adopted(ticket, name, theirs[name], tree, keeps_ours=name in waiting)
        changes |= category_id if "category" in names else {}
        label = _label(ticket, theirs["category"]) if "category" in names else None
        if label is not None:
            changes["true_category"] = label
            values |= {"label": label, "label_instead_of": ticket.category_read_back}
        event = Event(self._now(), "GLPI_TICKET_UPDATED", None, ticket.ticket_number, values)
        updated = self._store.mirror(ticket.ticket_number, changes, event)
        return updated or ticket, taken

    def _date(
        self,
        known: datetime | None,
        theirs: str | None,
        zone: timedelta | None,
        status: str,
        reached: TicketStatus,
    ) -> datetime | None:
        """When a ticket was solved or closed: GLPI's date where its zone is known, else now; None once reopened."""
        finished = (TicketStatus.RESOLVED.value, TicketStatus.CLOSED.value)
        if status not in finished or (status != reached.value and reached is TicketStatus.CLOSED):
            return None
        exact = by_our_clock(theirs, zone, None) if theirs else None
        return exact or known or self._now()

    async def _is_taken(self, state: TicketState) -> bool:
        """Whether a person is at work, not only a group: a search has told it, a single read has not."""
        if state.is_only_dispatched is not None:
            return not state.is_only_dispatched
        return await self._client.is_assigned(state.id)

    # --- categories -------------------------------------------------------------------------------------------

    async def _category_id(self, state: TicketState) -> tuple[bool, int | None]:
        """(whether it is known, GLPI's id of the category): a search tells the name, the mirrored tree the id."""
        if state.category_id is not None:
            return True, state.category_id
        if not state.category_name:
            return True, None
        names = await self._tree_names(state.category_name)
        found = names.get(state.category_name)
        if found is not None:
            return True, found
        # Two categories of different entities with one name, or one newer than our tree, or a tree that this account
        # may not read: only the ticket itself knows. The cursor passes it for good, so it is asked whatever is left.
        try:
            there = await self._client.get_ticket(state.id)
        except (NotFound, Hidden):
            return False, None
        if state.category_name not in names and there.date_mod == state.date_mod:
            names[state.category_name] = there.category_id
        return True, there.category_id

    async def _tree_names(self, wanted: str) -> dict[str, int | None]:
        """Complete name to id, None where two have it; read again from GLPI, once, for a name that is new."""
        if self._names is None:
            self._names = _by_name(self._store)
            if wanted not in self._names and self._budget.left():
                try:
                    await refresh_categories(self._store, self._client)
                except GlpiError:
                    return self._names  # ``doctor`` tells which right is missing
                self._names = _by_name(self._store)
        return self._names

    def forget_names(self) -> None:
        """The tree may have changed: a new name is looked for again."""
        self._names = None


def _by_name(store: Store) -> dict[str, int | None]:
    found: dict[str, int | None] = {}
    for node in store.glpi_categories():
        found[node.completename] = None if node.completename in found else node.glpi_id
    return found


def _is_read_back(entries: list[OutboxEntry]) -> bool:
    """Whether the creation is over: before that only the status says anything about GLPI's people."""
    return not any(entry.kind in (EntryKind.CREATE, EntryKind.CHECK) and entry.state in _OPEN for entry in entries)


def _waiting_fields(entries: list[OutboxEntry]) -> frozenset[str]:
    """Fields changed here that are not in GLPI yet; what GLPI refused stays ours until a person decides."""
    kept = (*_OPEN, EntryState.FAILED)
    waiting = [entry for entry in entries if entry.kind is EntryKind.UPDATE and entry.state in kept]
    return frozenset(name for entry in waiting for name in entry.payload.get("fields", ()))


def _adopted(
    ticket: Ticket, name: str, there: str | None, tree: Mapping[str, Category], *, keeps_ours: bool
) -> dict[str, object]:
    """The columns that take over one field."""
    changes: dict[str, object] = {f"synced_{name}": there}
    if name == "category":
        changes["glpi_category"] = there
    if there is None or keeps_ours or there == value_of(ticket, name):
        return changes
    return changes | fields_for(name, there, tree)


def _label(ticket: Ticket, category: str | None) -> str | None:
    """The true label, when a technician moved the ticket: not what a rule of GLPI made of it at creation."""
    was_read = ticket.synced_priority is not None
    moved = category is not None and category != ticket.synced_category
    return category if was_read and moved else None

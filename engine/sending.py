"""What one outbox entry needs in GLPI: each kind is one idempotent operation (glpi-api recipe 7.1).

The POST of a create is made exactly once by looking: an entry whose outcome is unclear is looked up by its key,
several times with growing gaps, before it is posted again; after any second POST an audit keeps the lowest id.
Errors of GLPI pass through; ``engine.delivery`` decides what they mean for the entry.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from data.outbox import NewEntry
from data.records import Category, EntryKind, EntryState, OutboxEntry, Ticket, ValidationMethod
from engine.events import Deferred, Delivered, DeliveryEvent
from engine.filing import new_key
from engine.mirror import CURSOR
from engine.translate import PRIORITY_TO_GLPI, acceptable_email, ai_followup, glpi_category, ticket_input
from glpi.errors import CallerRefused, ContentRefused, Hidden, NotFound, NotSent
from glpi.models import TicketChanges

if TYPE_CHECKING:
    from data.outbox import Outbox
    from data.store import Store
    from engine.config import GlpiConfig
    from engine.timings import Timings
    from glpi.client import GlpiClient
    from glpi.models import TicketInput

_log = logging.getLogger("guichet")

_AUDIT = "-A"
"""Marks the audit's own key, which must differ from the one it looks for."""
_FRESH = timedelta(seconds=90)
"""A ticket sent within this time keeps the server's own opening date."""


class Sender:
    """Carries out entries, one at a time."""

    def __init__(
        self,
        config: GlpiConfig,
        store: Store,
        outbox: Outbox,
        client: GlpiClient,
        now: Callable[[], datetime],
        timings: Timings,
        holds_lease: Callable[[], bool],
    ) -> None:
        """``holds_lease`` renews the lease and says whether it is still ours; asked before each POST."""
        self._config, self._store, self._outbox, self._client = config, store, outbox, client
        self._now, self._timings, self._holds_lease = now, timings, holds_lease
        self.has_posted = False
        """Whether the attempt under way has reached its POST: an unclear error before it is merely a failed read."""

    async def send(self, entry: OutboxEntry) -> DeliveryEvent | None:
        """One attempt. Returns what is worth telling; raises the errors of ``glpi.errors``."""
        self.has_posted = False
        ticket = self._store.ticket(entry.ticket_number)
        if ticket is None:
            self._settle(entry, EntryState.FAILED, error="TICKET_ERASED")
            return None
        match entry.kind:
            case EntryKind.CREATE:
                return await self._create(entry, ticket)
            case EntryKind.FOLLOWUP:
                return await self._add_followup(entry, ticket)
            case EntryKind.CHECK:
                await self._check(entry, ticket)
            case EntryKind.AUDIT:
                await self._audit(entry, ticket)
        return None

    # --- create -----------------------------------------------------------------------------------------------

    async def _create(self, entry: OutboxEntry, ticket: Ticket) -> DeliveryEvent | None:
        if entry.state is EntryState.UNKNOWN:
            return await self._look_up(entry)
        prepared = await self._prepare(entry, ticket)
        glpi_id, note = await self._post(*prepared)
        return self._adopt(entry, glpi_id, note)

    async def _post(self, ticket: TicketInput, note: str | None) -> tuple[int, str | None]:
        """The POST itself; a refused opening date (it fell into the hour that spring skips) is left out."""
        self._before_post()
        try:
            return await self._client.create_ticket(ticket), note
        except ContentRefused:
            if ticket.date is None:
                raise
        self._before_post()
        glpi_id = await self._client.create_ticket(replace(ticket, date=None))
        return glpi_id, ",".join(filter(None, [note, "opening_date_refused"]))

    async def _look_up(self, entry: OutboxEntry) -> DeliveryEvent | None:
        """Did the POST whose answer we never got make a ticket?"""
        found = await self._client.find_tickets(entry.key, since=entry.first_attempt_at)
        if found:
            ticket = self._store.ticket(entry.ticket_number)
            notes = self._notes(ticket) if ticket is not None else []
            return self._adopt(entry, found[0], ",".join(notes) or None, copies=len(found))
        return self._look_again(entry)

    def _look_again(self, entry: OutboxEntry) -> Deferred:
        """Not there: wait longer and look once more, and only after the last gap send it again."""
        done = entry.lookups + 1
        in_round = done % len(self._timings.gaps_s)
        if in_round:
            wait = self._timings.gaps_s[in_round]
            at = self._now() + timedelta(seconds=wait)
            self._settle(entry, EntryState.UNKNOWN, lookups=done, next_attempt_at=at, error="NOT_FOUND_YET")
            return Deferred(entry.ticket_number, "NOT_FOUND_YET", wait)
        # Lost once is sent again at once; a server that loses it every time is given more and more time.
        wait = 30.0 * 2 ** min(entry.attempts, 7) if entry.attempts > 2 else 0.0
        at = self._now() + timedelta(seconds=min(wait, 3600.0))
        self._settle(entry, EntryState.PENDING, lookups=done, next_attempt_at=at, error="LOST")
        return Deferred(entry.ticket_number, "LOST", min(wait, 3600.0))

    async def _prepare(self, entry: OutboxEntry, ticket: Ticket) -> tuple[TicketInput, str | None]:
        """The ticket as GLPI wants it, and what could not be done as wanted."""
        tree = self._tree()
        category_id = glpi_category(ticket.subcategory or ticket.category, tree)
        email = acceptable_email(ticket.requester)
        user_id, unseen = await self._user_with(email)
        prepared = ticket_input(
            ticket,
            key=entry.key,
            category_id=category_id,
            requester_id=user_id,
            requester_email=None if user_id else email,
            entity=self._config.entity,
            source=self._config.source,
            group=self._config.escalation_group if self._is_escalation(ticket) else None,
            zone_offset=await self._zone_for(ticket),
        )
        return prepared, ",".join([*([unseen] if unseen else []), *self._notes(ticket)]) or None

    def _notes(self, ticket: Ticket) -> list[str]:
        """What GLPI cannot be given, as far as this side knows; said also of a ticket that a look-up found."""
        notes = []
        if glpi_category(ticket.subcategory or ticket.category, self._tree()) is None:
            notes.append("category_unmapped")
        if ticket.requester and not acceptable_email(ticket.requester):
            notes.append("requester_left_out")
        return notes

    async def _zone_for(self, ticket: Ticket) -> timedelta | None:
        """The server's zone, needed only for a ticket made a while ago: it keeps its own opening time."""
        if self._now() - ticket.created_at < _FRESH:
            return None
        return await self._client.clock_offset()

    def _adopt(self, entry: OutboxEntry, glpi_id: int, note: str | None, copies: int = 1) -> Delivered | None:
        """Record GLPI's number: from here on the ticket is in both places."""
        followers = _after_creation()
        if copies > 1 or entry.lookups >= len(self._timings.gaps_s):
            due = self._now() + timedelta(seconds=self._timings.audit_s)
            followers.append(NewEntry(EntryKind.AUDIT, entry.key + _AUDIT, due))
        changes = {"sync_note": note} if note else {}
        self._settle(entry, EntryState.DONE, glpi_ticket_id=glpi_id, followers=followers, ticket_changes=changes)
        _log.info("GLPI_TICKET_CREATED | ticket_number=%s | glpi_id=%s", entry.ticket_number, glpi_id)
        ticket = self._store.ticket(entry.ticket_number)
        return Delivered(ticket) if ticket else None

    # --- after the creation -----------------------------------------------------------------------------------

    async def _add_followup(self, entry: OutboxEntry, ticket: Ticket) -> DeliveryEvent | None:
        """The private « Analyse IA », once: before any second POST the ticket's follow-ups are read."""
        glpi_id = self._glpi_id(ticket)
        if entry.attempts > 1 or entry.state is EntryState.UNKNOWN:
            there = await self._client.followups(glpi_id)
            if any(entry.key in followup.content for followup in there):
                self._settle(entry, EntryState.DONE)
                return None
        if entry.state is EntryState.UNKNOWN:
            return self._look_again(entry)
        text = ai_followup(ticket, self._tree(), entry.key)
        self._before_post()
        await self._client.add_followup(glpi_id, text, is_private=True)
        self._settle(entry, EntryState.DONE)
        return None

    async def _check(self, entry: OutboxEntry, ticket: Ticket) -> None:
        """Read back: repair priority and requester, keep the category GLPI decided on."""
        glpi_id = self._glpi_id(ticket)
        state = await self._client.get_ticket(glpi_id)
        if self._store.get_state(CURSOR) is None:
            self._store.set_state(CURSOR, state.date_mod)
        notes: list[str | None] = [ticket.sync_note]
        if state.priority != PRIORITY_TO_GLPI[ticket.priority]:
            notes.append(await self._repair_priority(glpi_id, ticket))
        email = acceptable_email(ticket.requester)
        if email:
            notes.append(await self._check_requester(glpi_id, email))
        category = f"glpi:{state.category_id}" if state.category_id else None
        for code, node in self._tree().items():
            if node.glpi_id is not None and node.glpi_id == state.category_id:
                category = code
        self._store.update_ticket(
            ticket.ticket_number,
            glpi_category=category,
            sync_note=",".join(dict.fromkeys(note for note in notes if note)) or None,
        )
        self._settle(entry, EntryState.DONE)

    async def _repair_priority(self, glpi_id: int, ticket: Ticket) -> str:
        try:
            await self._client.update_ticket(glpi_id, TicketChanges(priority=PRIORITY_TO_GLPI[ticket.priority]))
        except ContentRefused:
            return "priority_refused"
        return "priority_repaired"

    async def _check_requester(self, glpi_id: int, email: str) -> str | None:
        """Add the requester where a rule or a template of GLPI left them out."""
        user_id, _ = await self._user_with(email)
        for actor in await self._client.requesters(glpi_id):
            if actor.user_id == user_id or actor.email.casefold() == email.casefold():
                return None
        try:
            await self._client.add_requester(glpi_id, user_id, email)
        except ContentRefused:
            return "requester_refused"
        return "requester_repaired"

    async def _audit(self, entry: OutboxEntry, ticket: Ticket) -> None:
        """After a second POST: keep the lowest id that is not in the trash, put the rest aside, record it."""
        found = await self._client.find_tickets(entry.key.removesuffix(_AUDIT), since=None)
        # Alone it is kept wherever it is; of several, a technician may have trashed one before us.
        live = found if len(found) < 2 else [n for n in found if not (await self._client.get_ticket(n)).is_deleted]
        keep = live[0] if live else ticket.glpi_ticket_id
        notes = [await self._put_aside(copy, live[0]) for copy in live[1:]]
        kept_notes = dict.fromkeys(filter(None, [ticket.sync_note, *notes]))
        changes = {"sync_note": ",".join(kept_notes)} if notes else {}
        if keep is None or keep == ticket.glpi_ticket_id:
            self._settle(entry, EntryState.DONE, ticket_changes=changes)
        else:
            after = _after_creation()
            self._settle(entry, EntryState.DONE, glpi_ticket_id=keep, followers=after, ticket_changes=changes)

    async def _put_aside(self, copy: int, kept: int) -> str:
        """Trash a duplicate, or link it to the ticket that is kept where this account may not delete."""
        try:
            await self._client.trash_ticket(copy)
        except NotFound:
            return "duplicate_gone"
        except (ContentRefused, CallerRefused, Hidden):
            try:
                await self._client.link_duplicate(copy, kept)
            except (ContentRefused, CallerRefused, Hidden, NotFound):
                return "duplicate_left"
            return "duplicate_linked"
        return "duplicate_trashed"

    async def _user_with(self, email: str | None) -> tuple[int | None, str | None]:
        """GLPI's user with this address, and a note where this account may not look: no reason to stop tickets."""
        if not email:
            return None, None
        try:
            return await self._client.find_user(email), None
        except CallerRefused as error:
            if error.code != "ERROR_RIGHT_MISSING":
                raise
            return None, "users_not_readable"

    # --- small -----------------------------------------------------------------------------------------------

    def _before_post(self) -> None:
        """Nothing is posted by a process that lost its lease meanwhile."""
        if not self._holds_lease():
            raise NotSent("LEASE_LOST")
        self.has_posted = True

    def _settle(self, entry: OutboxEntry, state: EntryState, **what: Any) -> None:
        """Record an outcome, unless a successor has claimed the entry meanwhile."""
        self._outbox.settle(entry.id, state, expected_attempts=entry.attempts, **what)

    def _tree(self) -> dict[str, Category]:
        return {node.code: node for node in self._store.categories()}

    @staticmethod
    def _is_escalation(ticket: Ticket) -> bool:
        return ticket.validation_method is ValidationMethod.ESCALATED

    @staticmethod
    def _glpi_id(ticket: Ticket) -> int:
        assert ticket.glpi_ticket_id is not None, "followers exist only after the creation"
        return ticket.glpi_ticket_id


def _after_creation() -> list[NewEntry]:
    """What follows the creation: the private note, then the check."""
    return [NewEntry(EntryKind.FOLLOWUP, new_key()), NewEntry(EntryKind.CHECK, new_key())]

"""What follows the creation of a ticket: the private note of the triage, the read-back, the audit of a second POST.

Each is one idempotent operation; the read-back also records the requester where GLPI's API takes none on creation.
"""

from __future__ import annotations

from data.records import EntryState, OutboxEntry, Ticket, TicketStatus, ValidationMethod
from engine.attempts import AUDIT_MARK, Attempts, glpi_id_of
from engine.changes import code_of, value_of
from engine.creation import after_creation
from engine.cursor import CURSOR
from engine.events import DeliveryEvent
from engine.translate import PRIORITY_TO_GLPI, acceptable_email, ai_followup, priority_from_glpi
from glpi.errors import CallerRefused, ContentRefused, Hidden, NotFound
from glpi.models import TicketChanges


class Aftercare:
    """The entries of kind FOLLOWUP, CHECK and AUDIT."""

    def __init__(self, attempts: Attempts) -> None:
        """``attempts``: what every attempt needs."""
        self._at = attempts

    async def add_note(self, entry: OutboxEntry, ticket: Ticket) -> DeliveryEvent | None:
        """The private « Analyse IA », once: before any second POST the ticket's follow-ups are read."""
        glpi_id = glpi_id_of(ticket)
        if entry.attempts > 1 or entry.state is EntryState.UNKNOWN:
            there = await self._at.client.followups(glpi_id)
            if any(entry.key in followup.content for followup in there):
                self._at.settle(entry, EntryState.DONE)
                return None
        if entry.state is EntryState.UNKNOWN:
            return self._at.look_again(entry)
        text = ai_followup(ticket, self._at.tree(), entry.key)
        self._at.before_post()
        await self._at.client.add_followup(glpi_id, text, is_private=True)
        self._at.settle(entry, EntryState.DONE)
        return None

    async def check(self, entry: OutboxEntry, ticket: Ticket) -> None:
        """Read back: repair priority and requester, keep the category GLPI decided on."""
        glpi_id = glpi_id_of(ticket)
        state = await self._at.client.get_ticket(glpi_id)
        if self._at.store.get_state(CURSOR) is None:
            self._at.store.set_state(CURSOR, state.date_mod)
        notes: list[str | None] = [ticket.sync_note]
        repaired = state.priority != PRIORITY_TO_GLPI[ticket.priority]
        if repaired:
            notes.append(await self._repair_priority(glpi_id, ticket))
            repaired = notes[-1] == "priority_repaired"
        email = acceptable_email(ticket.requester)
        if email:
            notes.append(await self._check_requester(glpi_id, email))
        notes.append(await self._check_group(glpi_id, ticket))
        category = code_of(state.category_id, self._at.tree(), value_of(ticket, "category"))
        changes = {
            "glpi_category": category,
            "glpi_category_id": state.category_id or 0,
            "category_read_back": category,
            "synced_category": category,
            "synced_priority": ticket.priority.value if repaired else priority_from_glpi(state.priority).value,
            # What GLPI's people did meanwhile is told by the next pull.
            "synced_status": TicketStatus.OPEN.value,
            "sync_note": ",".join(dict.fromkeys(note for note in notes if note)) or None,
        }
        self._at.settle(entry, EntryState.DONE, ticket_changes=changes)

    async def _repair_priority(self, glpi_id: int, ticket: Ticket) -> str:
        try:
            await self._at.client.update_ticket(glpi_id, TicketChanges(priority=PRIORITY_TO_GLPI[ticket.priority]))
        except ContentRefused:
            return "priority_refused"
        return "priority_repaired"

    async def _check_requester(self, glpi_id: int, email: str) -> str | None:
        """Add the requester where a rule or a template of GLPI left them out, or its API takes none on creation."""
        user_id, _ = await self._at.user_with(email)
        if user_id is None and not self._at.client.takes_visitors:
            return None  # said in the text
        for actor in await self._at.client.requesters(glpi_id):
            if actor.user_id == user_id or actor.email.casefold() == email.casefold():
                return None
        self._at.before_post()
        try:
            await self._at.client.add_requester(glpi_id, user_id, email)
        except ContentRefused:
            return "requester_refused"
        return "requester_repaired" if self._at.client.sets_team else None

    async def _check_group(self, glpi_id: int, ticket: Ticket) -> str | None:
        """Give an escalation to its group where GLPI's API could not on creation."""
        group = self._at.config.escalation_group
        is_escalated = ticket.validation_method is ValidationMethod.ESCALATED
        if group is None or not is_escalated or self._at.client.sets_team:
            return None
        self._at.before_post()
        try:
            await self._at.client.assign_group(glpi_id, group)
        except ContentRefused:
            return "group_refused"
        return None

    async def audit(self, entry: OutboxEntry, ticket: Ticket) -> None:
        """After a second POST: keep the lowest id that is not in the trash, put the rest aside, record it."""
        found = await self._at.client.find_tickets(entry.key.removesuffix(AUDIT_MARK), since=None)
        # Alone it is kept wherever it is; of several, a technician may have trashed one before us.
        live = found if len(found) < 2 else [n for n in found if not (await self._at.client.get_ticket(n)).is_deleted]
        keep = live[0] if live else ticket.glpi_ticket_id
        notes = [await self._put_aside(copy, live[0]) for copy in live[1:]]
        kept_notes = dict.fromkeys(filter(None, [ticket.sync_note, *notes]))
        changes = {"sync_note": ",".join(kept_notes)} if notes else {}
        if keep is None or keep == ticket.glpi_ticket_id:
            self._at.settle(entry, EntryState.DONE, ticket_changes=changes)
        else:
            waiting = self._at.waiting_kinds(ticket.ticket_number)  # they will find the ticket that is kept
            after = [follower for follower in after_creation() if follower.kind not in waiting]
            self._at.settle(entry, EntryState.DONE, glpi_ticket_id=keep, followers=after, ticket_changes=changes)

    async def _put_aside(self, copy: int, kept: int) -> str:
        """Trash a duplicate, or link it to the ticket that is kept where this account may not delete."""
        try:
            await self._at.client.trash_ticket(copy)
        except NotFound:
            return "duplicate_gone"
        except (ContentRefused, CallerRefused, Hidden):
            try:
                await self._at.client.link_duplicate(copy, kept)
            except (ContentRefused, CallerRefused, Hidden, NotFound):
                return "duplicate_left"
            return "duplicate_linked"
        return "duplicate_trashed"

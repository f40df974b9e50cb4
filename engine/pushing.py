"""What a technician changed here, pushed to GLPI: fields of a ticket, and follow-ups."""

from __future__ import annotations

from data.records import EntryState, OutboxEntry, Ticket, TicketNote
from engine.attempts import Attempts, glpi_id_of
from engine.changes import as_glpi_has_it, by_our_clock, code_of, dates_for, fields_for, merge, to_write, value_of
from engine.events import DeliveryEvent, Pushed, TicketUpdated
from engine.translate import reference, to_html
from glpi.errors import ContentRefused
from glpi.models import NoteKind


class Pushing:
    """The entries of kind UPDATE and COMMENT."""

    def __init__(self, attempts: Attempts) -> None:
        """``attempts``: what every attempt needs."""
        self._at = attempts

    async def update(self, entry: OutboxEntry, ticket: Ticket) -> DeliveryEvent | None:
        """Push the fields that a technician changed here, unless GLPI's people changed them later.

        Written only where GLPI differs, so that a second attempt after an unclear one writes nothing twice.
        """
        glpi_id, tree = glpi_id_of(ticket), self._at.tree()
        state = await self._at.client.get_ticket(glpi_id)
        theirs = as_glpi_has_it(state, code_of(state.category_id, tree, value_of(ticket, "category")))
        zone = await self._at.client.clock_offset()
        theirs_at = by_our_clock(state.date_mod, zone, self._at.client.skew) or self._at.now()
        merged = merge(ticket, entry.payload, theirs, theirs_at)
        category_id = state.category_id or 0
        if merged.push:
            try:
                wanted = to_write(merged.push, tree)
            except LookupError:
                raise ContentRefused("CATEGORY_UNMAPPED") from None
            self._at.before_post()
            await self._at.client.update_ticket(glpi_id, wanted)
            category_id = wanted.category_id or category_id
        changes: dict[str, object] = {"glpi_category_id": category_id} if "category" in entry.payload["fields"] else {}
        for name in entry.payload["fields"]:
            now_there = merged.push.get(name, theirs[name])
            changes |= {f"synced_{name}": now_there} | ({"glpi_category": now_there} if name == "category" else {})
            # Forced, theirs had been taken over before a person decided.
            if now_there is not None and (name in merged.take or entry.payload.get("force")):
                changes |= fields_for(name, now_there, tree)
                changes |= dates_for(ticket, now_there, self._at.now()) if name == "status" else {}
            if name == "category" and now_there is not None:
                changes["true_category"] = now_there  # the last word of a technician, here or there
        lost = bool(merged.take)
        self._at.settle(
            entry,
            EntryState.CONFLICT if lost else EntryState.DONE,
            error="CHANGED_IN_GLPI" if lost else None,
            ticket_changes=changes,
            conflicts=merged.conflicts,
        )
        found = self._at.store.ticket(ticket.ticket_number) or ticket
        return TicketUpdated(found) if lost else Pushed(found, entry.kind.value)

    async def comment(self, entry: OutboxEntry, ticket: Ticket) -> DeliveryEvent | None:
        """A technician's follow-up, once: before any second POST the ticket's follow-ups are read."""
        glpi_id = glpi_id_of(ticket)
        if entry.attempts > 1 or entry.state is EntryState.UNKNOWN:
            for there in await self._at.client.followups(glpi_id):
                if entry.key in there.content:
                    return self._commented(entry, ticket, there.id)
        if entry.state is EntryState.UNKNOWN:
            return self._at.look_again(entry)
        text, is_private = entry.payload["text"], entry.payload["is_private"]
        self._at.before_post()
        sent = to_html(text) + reference(entry.key)
        return self._commented(entry, ticket, await self._at.client.add_followup(glpi_id, sent, is_private=is_private))

    def _commented(self, entry: OutboxEntry, ticket: Ticket, note_id: int) -> DeliveryEvent:
        """Our note has GLPI's id from now on, so that the mirror knows it again."""
        text, is_private = entry.payload["text"], entry.payload["is_private"]
        number, kind = ticket.ticket_number, NoteKind.FOLLOWUP.value
        note = TicketNote(number, kind, text, entry.created_at, is_private, note_id, entry.key)
        self._at.settle(entry, EntryState.DONE, notes=[note])
        return Pushed(ticket, entry.kind.value)

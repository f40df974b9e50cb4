"""What a technician does to a ticket that exists: change it, comment it, decide about what could not be sent.

Everything is stored here first, in one transaction with its outbox entry, and travels to GLPI like a new ticket does.
Who is a technician is asked by the commands and screens that lead here.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from data.records import (
    Conflict,
    EntryKind,
    EntryState,
    Event,
    OutboxEntry,
    Priority,
    Ticket,
    TicketNote,
    TicketStatus,
)
from engine.changes import dates_for, fields_for, payload_of, value_of
from engine.errors import EntryNotFound, InvalidInput, TicketNotFound
from engine.filing import new_key
from engine.masking import store as masked
from engine.notes import LIMIT
from engine.text import clean
from glpi.models import NoteKind

if TYPE_CHECKING:
    from data.outbox import Outbox
    from data.store import Store

TITLE_LIMIT = 200
"""Characters of a title that people write (spec section 3.1)."""


class Desk:
    """The technician's side of the counter."""

    def __init__(self, store: Store, outbox: Outbox, now: Callable[[], datetime], filed: Callable[[], None]) -> None:
        """``filed`` is called when there is something new to send."""
        self._store, self._outbox, self._now, self._filed = store, outbox, now, filed

    # --- a ticket ---------------------------------------------------------------------------------------------

    def change(
        self, number: str, *, status: str | None = None, priority: str | None = None, category: str | None = None
    ) -> Ticket:
        """Change status, priority or category, here and in GLPI; a category becomes the true label of the triage.

        What is so already stays as it is. Raises TicketNotFound, InvalidInput.
        """
        ticket = self._ticket(number)
        asked = {"status": status, "priority": priority, "category": category}
        wanted = {name: value for name, value in asked.items() if value is not None}
        tree = {node.code: node for node in self._store.categories()}
        known: dict[str, set[str]] = {
            "status": {status.value for status in TicketStatus},
            "priority": {priority.value for priority in Priority},
            "category": set(tree),
        }
        for name, value in wanted.items():
            if value not in known[name]:
                raise InvalidInput(f"unknown_{name}", value=value)
        wanted = {name: value for name, value in wanted.items() if value != value_of(ticket, name)}
        if not wanted:
            return ticket
        now = self._now()
        changes: dict[str, object] = {}
        for name, value in wanted.items():
            changes |= fields_for(name, value, tree)
        if "status" in wanted:
            changes |= dates_for(ticket, wanted["status"], now)
        if "category" in wanted:
            changes["true_category"] = wanted["category"]
        event = Event(now, "TICKET_CHANGED", None, ticket.ticket_number, {"fields": ",".join(wanted), **wanted})
        changed = self._store.change(ticket.ticket_number, changes, payload_of(ticket, wanted, now), new_key(), event)
        self._filed()
        return changed

    def comment(self, number: str, text: str, *, is_private: bool) -> Ticket:
        """Add a follow-up, public or private, here and in GLPI. Raises TicketNotFound, InvalidInput."""
        ticket = self._ticket(number)
        said = _comment_text(text)
        now, key = self._now(), new_key()
        note = TicketNote(ticket.ticket_number, NoteKind.FOLLOWUP.value, said, now, is_private, None, key)
        event = Event(now, "TICKET_COMMENTED", None, ticket.ticket_number, {"private": is_private})
        payload = {"text": said, "is_private": is_private}
        commented = self._store.comment(ticket.ticket_number, note, payload, event)
        self._filed()
        return commented

    def notes(self, number: str) -> list[TicketNote]:
        """Follow-ups and solutions of a ticket, oldest first; only our own private ones are among them."""
        return self._store.notes(self._ticket(number).ticket_number)

    def author(self, note: TicketNote) -> str | None:
        """Who wrote a note, as the directory knows them; None for our own and for strangers."""
        person = self._store.person_by_glpi_id(note.author_id) if note.author_id is not None else None
        return person.name if person is not None else None

    def conflicts(self, number: str | None = None) -> list[Conflict]:
        """Fields changed on both sides: of one ticket, or of all, oldest first."""
        return self._store.conflicts(None if number is None else self._ticket(number).ticket_number)

    # --- an outbox entry --------------------------------------------------------------------------------------

    def retry(self, entry_id: int) -> OutboxEntry:
        """Send an entry again now; after a conflict, our value is sent whatever GLPI has. Raises EntryNotFound."""
        self._entry(entry_id)
        if not self._outbox.retry(entry_id):
            raise EntryNotFound(entry_id, self._entry(entry_id).state.value)
        self._filed()
        return self._entry(entry_id)

    def edit(
        self,
        entry_id: int,
        *,
        title: str | None = None,
        requester: str | None = None,
        category: str | None = None,
        text: str | None = None,
    ) -> OutboxEntry:
        """Correct what GLPI refused and send it again.

        Args:
            entry_id: A refused entry.
            title: New title, for the creation of a ticket.
            requester: New address, for the creation of a ticket; empty for none.
            category: New code, for the creation of a ticket.
            text: New words, for a comment.

        Raises:
            EntryNotFound: No such entry, or it was not refused.
            InvalidInput: A value that cannot be, or one that this entry does not have (``not_editable``).
        """
        entry = self._entry(entry_id)
        is_ticket = entry.kind is EntryKind.CREATE
        given = {"title": title, "requester": requester, "category": category}
        if (text is not None and entry.kind is not EntryKind.COMMENT) or (
            not is_ticket and any(value is not None for value in given.values())
        ):
            raise InvalidInput("not_editable")
        changes: dict[str, object] = {}
        if title is not None:
            changes["title"] = _title(title)
        if requester is not None:
            changes["requester"] = clean(requester).strip() or None
        if category is not None:
            tree = {node.code: node for node in self._store.categories()}
            if category not in tree:
                raise InvalidInput("unknown_category", value=category)
            changes |= fields_for("category", category, tree)
        payload: dict[str, Any] | None = None if text is None else {**entry.payload, "text": _comment_text(text)}
        if not self._outbox.edit(entry_id, changes, payload):
            raise EntryNotFound(entry_id, entry.state.value)
        if payload is not None:
            kind, is_private = NoteKind.FOLLOWUP.value, bool(payload["is_private"])
            note = TicketNote(entry.ticket_number, kind, payload["text"], entry.created_at, is_private, None, entry.key)
            self._store.mirror(entry.ticket_number, {}, None, [note])
        self._filed()
        return self._entry(entry_id)

    def discard(self, entry_id: int) -> OutboxEntry:
        """Give an entry up for good; a change that GLPI refused is undone here too. Raises EntryNotFound."""
        entry = self._entry(entry_id)
        if entry.state in (EntryState.DONE, EntryState.SENDING):
            raise EntryNotFound(entry_id, entry.state.value)
        if entry.kind is EntryKind.UPDATE and entry.state is not EntryState.CONFLICT:
            self._undo(entry)
        if not self._outbox.discard(entry_id):
            raise EntryNotFound(entry_id, self._entry(entry_id).state.value)
        return self._entry(entry_id)

    def _undo(self, entry: OutboxEntry) -> None:
        """Back to what both sides had, else to what was here before."""
        ticket = self._ticket(entry.ticket_number)
        tree = {node.code: node for node in self._store.categories()}
        changes: dict[str, object] = {}
        for name, change in entry.payload.get("fields", {}).items():
            if value_of(ticket, name) != change["value"]:
                continue
            both = getattr(ticket, f"synced_{name}")
            changes |= fields_for(name, both or change["before"], tree)
            if name == "status":
                changes |= dates_for(ticket, str(changes["status"]), self._now())
            if name == "category":  # nobody chose another one, unless in GLPI
                changes["true_category"] = both if both != ticket.category_read_back else None
        self._store.mirror(ticket.ticket_number, changes)

    # --- small ------------------------------------------------------------------------------------------------

    def _ticket(self, number: str) -> Ticket:
        ticket = self._store.ticket(number.strip().upper())
        if ticket is None:
            raise TicketNotFound(number)
        return ticket

    def _entry(self, entry_id: int) -> OutboxEntry:
        entry = self._outbox.get(entry_id)
        if entry is None:
            raise EntryNotFound(entry_id)
        return entry


def _title(text: str) -> str:
    title = " ".join(masked(clean(text)).text.split())
    if not title:
        raise InvalidInput("title_empty")
    if len(title) > TITLE_LIMIT:
        raise InvalidInput("title_too_long")
    return title


def _comment_text(text: str) -> str:
    said = masked(clean(text)).text.strip()
    if not said:
        raise InvalidInput("empty")
    if len(said) > LIMIT:
        raise InvalidInput("too_long")
    return said

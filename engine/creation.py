"""Creating a ticket in GLPI, exactly once by looking (glpi-api recipe 7.1).

An entry whose outcome is unclear is looked up by its key, several times with growing gaps, before it is posted again;
after any second POST an audit (``engine.aftercare``) keeps the lowest id.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime, timedelta

from data.outbox import NewEntry
from data.records import EntryKind, EntryState, OutboxEntry, Ticket, ValidationMethod
from engine.attempts import AUDIT_MARK, Attempts
from engine.events import Delivered, DeliveryEvent
from engine.filing import new_key
from engine.translate import acceptable_email, glpi_category, ticket_input
from glpi.errors import ContentRefused
from glpi.models import TicketInput

_log = logging.getLogger("guichet")

_FRESH = timedelta(seconds=90)
"""A ticket sent within this time keeps the server's own opening date."""

_TOLD = timedelta(days=4)
"""A weekend and a holiday: so old may the newest change be from which GLPI's offset is known."""


class Creation:
    """The entries of kind CREATE."""

    def __init__(self, attempts: Attempts) -> None:
        """``attempts``: what every attempt needs."""
        self._at = attempts

    async def send(self, entry: OutboxEntry, ticket: Ticket) -> DeliveryEvent | None:
        """One attempt, or one look-up while it is unclear whether an earlier one made a ticket."""
        if entry.state is EntryState.UNKNOWN:
            return await self._look_up(entry)
        prepared = await self._prepare(entry, ticket)
        glpi_id, note = await self._post(*prepared)
        return self._adopt(entry, glpi_id, note)

    async def _post(self, ticket: TicketInput, note: str | None) -> tuple[int, str | None]:
        """The POST itself; a refused opening date (it fell into the hour that spring skips) is left out."""
        self._at.before_post()
        try:
            return await self._at.client.create_ticket(ticket), note
        except ContentRefused:
            if ticket.date is None:
                raise
        self._at.before_post()
        glpi_id = await self._at.client.create_ticket(replace(ticket, date=None))
        return glpi_id, ",".join(filter(None, [note, "opening_date_refused"]))

    async def _look_up(self, entry: OutboxEntry) -> DeliveryEvent | None:
        """Did the POST whose answer we never got make a ticket?"""
        found = await self._at.client.find_tickets(entry.key, since=entry.first_attempt_at)
        if found:
            ticket = self._at.store.ticket(entry.ticket_number)
            notes = self._notes(ticket) if ticket is not None else []
            return self._adopt(entry, found[0], ",".join(notes) or None, copies=len(found))
        return self._at.look_again(entry)

    async def _prepare(self, entry: OutboxEntry, ticket: Ticket) -> tuple[TicketInput, str | None]:
        """The ticket as GLPI wants it, and what could not be done as wanted."""
        tree = self._at.tree()
        category_id = glpi_category(ticket.subcategory or ticket.category, tree)
        email = acceptable_email(ticket.requester)
        user_id, unseen = await self._at.user_with(email)
        prepared = ticket_input(
            ticket,
            key=entry.key,
            category_id=category_id,
            requester_id=user_id,
            # Where GLPI cannot record a visitor, the address stays in the text.
            requester_email=email if user_id is None and self._at.client.takes_visitors else None,
            entity=self._at.config.entity,
            source=self._at.config.source,
            group=self._at.config.escalation_group if ticket.validation_method is ValidationMethod.ESCALATED else None,
            zone_offset=await self._zone_for(ticket),
        )
        in_text = email is not None and user_id is None and not self._at.client.takes_visitors
        told = [unseen, "requester_in_content" if in_text else None, *self._notes(ticket)]
        return prepared, ",".join(filter(None, told)) or None

    def _notes(self, ticket: Ticket) -> list[str]:
        """What GLPI cannot be given, as far as this side knows; said also of a ticket that a look-up found."""
        notes = []
        if glpi_category(ticket.subcategory or ticket.category, self._at.tree()) is None:
            notes.append("category_unmapped")
        if ticket.requester and not acceptable_email(ticket.requester):
            notes.append("requester_left_out")
        return notes

    async def _zone_for(self, ticket: Ticket) -> timedelta | None:
        """The server's zone, needed only for a ticket made a while ago: it keeps its own opening time."""
        if self._at.now() - ticket.created_at < _FRESH:
            return None
        told = await self._at.client.clock_offset()
        return told if told is None else offset_then(ticket.created_at, self._at.now(), told, self._at.timezone)

    def _adopt(self, entry: OutboxEntry, glpi_id: int, note: str | None, copies: int = 1) -> Delivered | None:
        """Record GLPI's number: from here on the ticket is in both places."""
        followers = after_creation()
        if copies > 1 or entry.lookups >= len(self._at.timings.gaps_s):
            due = self._at.now() + timedelta(seconds=self._at.timings.audit_s)
            followers.append(NewEntry(EntryKind.AUDIT, entry.key + AUDIT_MARK, due))
        changes = {"sync_note": note} if note else {}
        self._at.settle(entry, EntryState.DONE, glpi_ticket_id=glpi_id, followers=followers, ticket_changes=changes)
        _log.info("GLPI_TICKET_CREATED | ticket_number=%s | glpi_id=%s", entry.ticket_number, glpi_id)
        ticket = self._at.store.ticket(entry.ticket_number)
        return Delivered(ticket) if ticket else None


def offset_then(then: datetime, now: datetime, told: timedelta, timezone: str) -> timedelta:
    """The server's offset from UTC at some other time: the clocks may have changed since, or are about to.

    GLPI tells an offset, and no zone. Where it is the one the site has or had a few days ago (what GLPI told is as old
    as its newest change), GLPI is taken to live in the site's zone; else its clock is taken never to change.

    Args:
        then: Wanted time, aware.
        now: Current time, aware.
        told: What GLPI told.
        timezone: Name of the site's zone.
    """
    from zoneinfo import ZoneInfo  # not needed for the first frame

    site = ZoneInfo(timezone)
    lately = [at.astimezone(site).utcoffset() for at in (now, now - _TOLD)]
    return (then.astimezone(site).utcoffset() or timedelta()) if told in lately else told


def after_creation() -> list[NewEntry]:
    """What follows the creation: the private note, then the check."""
    return [NewEntry(EntryKind.FOLLOWUP, new_key()), NewEntry(EntryKind.CHECK, new_key())]

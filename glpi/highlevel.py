"""The High-Level API of GLPI 11 and 12 (``api.php/v2.x``, OAuth2): our calls, in GLPI's words.

Never repeats a POST; a request is repeated once only where GLPI says that the token is not good, which it checks first.
Source of every call: the controllers of GLPI 11, and exchanges recorded with 11.0.6. GLPI 12 is taken from its sources.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

from glpi import highlevel_lists
from glpi.addresses import can_be_looked_up
from glpi.errors import CallerRefused, ContentRefused, GlpiError, NotFound, NotSent, Unclear
from glpi.exchange import Answer, Timeouts, utc_now
from glpi.highlevel_answers import ConfigValue, Me, Team, TicketRow, TicketRows, Timeline, UserRows
from glpi.highlevel_fields import changed_fields, may_never_have_been, offset_of, quoted, ticket_fields
from glpi.highlevel_session import Credentials, HighLevelSession
from glpi.legacy_session import before_writing, checked
from glpi.models import (
    Account,
    Changes,
    GlpiCategory,
    Note,
    NoteKind,
    Requester,
    TicketChanges,
    TicketInput,
    TicketState,
    UsersPage,
)
from glpi.refusals import Asked

_KEY = re.compile(r"[A-Za-z0-9-]{8,128}")
_MOST_NOTES = 1000
"""Entries of one kind that GLPI gives of a timeline at once."""
_FRESH = timedelta(hours=1)
"""How long the server's offset is believed: its clock may be put forward or back."""


class HighLevelClient:
    """A connection to one GLPI by the High-Level API. Fulfils ``glpi.client.GlpiClient``; for one event loop.

    It records requesters who are users, in a second step; visitors known by e-mail only it cannot record at all.
    """

    takes_visitors = False
    """NOTE: GLPI answers 201 to a visitor's address and adds nobody (11.0.6)."""
    sets_team = False
    """NOTE: ``team`` is ignored in a creation (11.0.6)."""

    def __init__(
        self,
        url: str,
        client_id: str,
        client_secret: str,
        username: str,
        password: str,
        *,
        ca_file: str | None = None,
        timeouts: Timeouts | None = None,
        profile: int | None = None,
        entity: int | None = None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        """Prepare a client; nothing is sent yet.

        Args:
            url: Address of GLPI or of any of its APIs, see ``glpi.roots.highlevel_root``.
            client_id: Of the OAuth client, which must allow the password grant and the scope ``api``.
            client_secret: The same.
            username: Of the service account.
            password: The same.
            ca_file: PEM file of a private authority.
            timeouts: Limits other than the usual ones.
            profile: Id of the profile to work under; None: the account's default one.
            entity: Id of the entity to work in, with those below; None: all of the account's.
            now: This machine's clock, aware.

        Raises:
            ValueError: The address cannot be one of GLPI.
        """
        self._session = HighLevelSession(
            url,
            Credentials(client_id, client_secret, username, password),
            ca_file=ca_file,
            timeouts=timeouts or Timeouts(),
            profile=profile,
            entity=entity,
            now=now,
        )
        self._now = now
        self._user_id: int | None = None
        self._offset: tuple[timedelta, datetime] | None = None
        self._crashed: set[str] = set()

    @property
    def requests(self) -> int:
        """HTTP requests made so far, those for a token included."""
        return self._session.exchange.requests

    @property
    def logins(self) -> int:
        """Those of ``requests`` that opened a session: for the versions and for a token."""
        return self._session.logins

    @property
    def skew(self) -> timedelta | None:
        """The server's clock minus ours, from the ``Date`` header of the last answer; None before the first."""
        return self._session.exchange.skew

    async def account(self) -> Account:
        """Who we are for GLPI, and what we may do there."""
        me = await self._me()
        return me.account(await self._exact_version())

    async def version(self) -> int:
        """GLPI's major version, told by the versions of its API. An unclear answer is ``NotSent``, as in a login."""
        if self._session.versions is None:
            try:
                return (await self._session.ask_versions()).major
            except Unclear as error:
                failed = before_writing(error)
            raise failed
        return self._session.versions.major

    async def probe(self) -> None:
        """One cheap request; returns when this API answers there. No token."""
        await self._session.ask_versions()

    async def find_user(self, email: str) -> int | None:
        """The id of the active user with this e-mail, primary or secondary; None if there is none, or several.

        A malformed address is nobody's and costs no request.
        """
        email = email.strip()
        if not can_be_looked_up(email):
            return None
        where = f"emails.email=={quoted(email)};is_active==true;is_deleted==false"
        answer = await highlevel_lists.page(self._session, "/Administration/User", where, "id:asc", 10)
        ids = {row.id for row in checked(UserRows, answer).root if row.is_active and row.has(email)}
        return ids.pop() if len(ids) == 1 else None

    async def create_ticket(self, ticket: TicketInput) -> int:
        """Create a ticket and return GLPI's number for it; requester and group are left to what follows.

        A title is clipped.

        Raises:
            ContentRefused: ``OPENING_DATE_SUSPECT``, and nothing was sent: a first attempt crashed GLPI, and the
                opening date may be one that the server's clock skipped. Without it, it can be sent.
        """
        if ticket.key in self._crashed and ticket.date is not None:
            raise ContentRefused("OPENING_DATE_SUSPECT")
        try:
            return await self._session.create("/Assistance/Ticket", ticket_fields(ticket), asked=Asked.CREATE)
        except Unclear as error:
            if error.code == "HTTP_500" and ticket.date is not None and may_never_have_been(ticket.date):
                self._crashed.add(ticket.key)
            raise

    async def find_tickets(self, key: str, since: datetime | None = None) -> tuple[int, ...]:
        """Ids of tickets that carry this key, live and trashed, lowest first. One request; ``since`` is not needed.

        Raises:
            ValueError: The key has other characters than ``[A-Za-z0-9-]``, or fewer than 8.
        """
        if not _KEY.fullmatch(key):
            raise ValueError("not a key")
        where = f"external_id=={quoted(key)}"
        answer = await highlevel_lists.page(self._session, "/Assistance/Ticket", where, "id:asc", 20)
        # NOTE: the comparison of GLPI's database knows no case.
        return tuple(sorted(row.id for row in checked(TicketRows, answer).root if row.external_id == key))

    async def get_ticket(self, ticket_id: int) -> TicketState:
        """One ticket as it stands now, trashed ones included.

        Raises:
            NotFound: ``GONE_OR_HIDDEN``: this API does not tell purged tickets from those out of sight.
        """
        answer = await self._session.read(f"/Assistance/Ticket/{ticket_id}", asked=Asked.ITEM)
        row = checked(TicketRow, answer)
        if row.id != ticket_id:
            raise Unclear("BAD_SHAPE", answer.status)
        return row.state()

    async def requesters(self, ticket_id: int) -> tuple[Requester, ...]:
        """The requesters of a ticket who are users; visitors are not told."""
        return (await self._team(ticket_id)).requesters()

    async def is_assigned(self, ticket_id: int) -> bool:
        """Whether a person, not only a group, is to work on a ticket."""
        return (await self._team(ticket_id)).is_assigned

    async def add_requester(self, ticket_id: int, user_id: int | None, email: str | None) -> None:
        """Add a user as a requester, and read back that it was done; one who is there already is fine.

        Raises:
            ContentRefused: ``NO_VISITORS`` without a user, and nothing was sent; ``REQUESTER_NOT_ADDED``.
        """
        if user_id is None:
            raise ContentRefused("NO_VISITORS")
        member: dict[str, object] = {"type": "User", "id": user_id, "role": "requester"}
        with suppress(ContentRefused):
            # NOTE: an unknown user and one who is there already are refused alike (11.0.6): it is read back.
            await self._written("POST", f"/Assistance/Ticket/{ticket_id}/TeamMember", member, (200, 201, 204))
        if all(one.user_id != user_id for one in await self.requesters(ticket_id)):
            raise ContentRefused("REQUESTER_NOT_ADDED")

    async def assign_group(self, ticket_id: int, group_id: int) -> None:
        """Give a ticket to a group, unless it has it already.

        NOTE: a new ticket becomes "in progress" by it (11.0.6), before anybody took it.
        """
        if not (await self._team(ticket_id)).is_given_to(group_id):
            member: dict[str, object] = {"type": "Group", "id": group_id, "role": "assigned"}
            await self._written("POST", f"/Assistance/Ticket/{ticket_id}/TeamMember", member, (200, 201, 204))

    async def update_ticket(self, ticket_id: int, changes: TicketChanges) -> None:
        """Change status, priority or category.

        NOTE: a Technician may set each of them; solving and closing set their dates, reopening empties both (11.0.6).
        """
        answer = await self._written("PATCH", f"/Assistance/Ticket/{ticket_id}", changed_fields(changes), (200,))
        if checked(TicketRow, answer).id != ticket_id:
            raise Unclear("BAD_SHAPE", answer.status)

    async def followups(self, ticket_id: int) -> tuple[Note, ...]:
        """All follow-ups of a ticket, oldest first, private ones included."""
        return await self._notes(ticket_id, NoteKind.FOLLOWUP, "Followup")

    async def solutions(self, ticket_id: int) -> tuple[Note, ...]:
        """All solutions of a ticket, oldest first."""
        return await self._notes(ticket_id, NoteKind.SOLUTION, "Solution")

    async def recent_notes(self, kind: NoteKind, since: str, pages: int) -> tuple[Note, ...] | None:
        """None: this API lists notes of one ticket only."""
        return None

    async def add_followup(self, ticket_id: int, content: str, *, is_private: bool) -> int:
        """Add a follow-up (HTML content) and return its id."""
        fields = {"content": content, "is_private": is_private}
        try:
            return await self._session.create(f"/Assistance/Ticket/{ticket_id}/Timeline/Followup", fields)
        except ContentRefused as error:
            refused = error
        raise await self._reason(refused)

    async def trash_ticket(self, ticket_id: int) -> None:
        """Put a ticket into the trash; it can be restored there."""
        await self._written("DELETE", f"/Assistance/Ticket/{ticket_id}", None, (204,))

    async def link_duplicate(self, ticket_id: int, kept_id: int) -> None:
        """Raises ContentRefused: this API has no route for links between tickets."""
        raise ContentRefused("NO_ROUTE")

    async def changed_tickets(self, cursor: str | None) -> Changes:
        """Tickets of this account changed since the cursor, oldest first, the trash included; one request a page."""
        return await highlevel_lists.changed_tickets(self._session, await self._mine(), cursor)

    async def live_tickets(self, low: int, high: int) -> frozenset[int]:
        """Ids of this account's tickets from ``low`` to ``high`` that are neither trashed, purged nor out of sight."""
        return await highlevel_lists.live_tickets(self._session, await self._mine(), low, high)

    async def categories(self) -> tuple[GlpiCategory, ...]:
        """The whole category tree that this account sees."""
        return await highlevel_lists.categories(self._session)

    async def users(self, after_id: int) -> UsersPage:
        """One request: active users with an id above this one, by ascending id."""
        return await highlevel_lists.users(self._session, after_id)

    async def clock_offset(self) -> timedelta | None:
        """The server's zone offset from UTC (naive local minus UTC), asked again every hour."""
        if self._offset is None or self._now() - self._offset[1] > _FRESH:
            try:
                await self._me()
            except Unclear as error:
                failed = before_writing(error)
            else:
                return self._offset[0] if self._offset is not None else None
            raise failed
        return self._offset[0]

    async def aclose(self) -> None:
        """Close connections; this API has no farewell."""
        await self._session.aclose()

    async def _me(self) -> Me:
        me = checked(Me, await self._session.read("/session"))
        self._user_id = me.user_id
        offset = offset_of(me.current_time)
        self._offset = None if offset is None else (offset, self._now())
        return me

    async def _mine(self) -> str:
        """The filter for tickets written by this account; version 2.0 tells only that a counter did."""
        if self._user_id is None:
            await self._me()
        versions = self._session.versions
        assert versions is not None, "asked before the token"
        return f"user_recipient.id=={self._user_id}" if versions.tells_writer else 'external_id=like="*"'

    async def _exact_version(self) -> str:
        try:
            return checked(ConfigValue, await self._session.read("/Setup/Config/core/version")).value
        except (CallerRefused, NotFound):
            return ""  # only who may read GLPI's configuration is told

    async def _team(self, ticket_id: int) -> Team:
        path = f"/Assistance/Ticket/{ticket_id}/TeamMember"
        return checked(Team, await self._session.read(path, asked=Asked.ITEM))

    async def _notes(self, ticket_id: int, kind: NoteKind, name: str) -> tuple[Note, ...]:
        path = f"/Assistance/Ticket/{ticket_id}/Timeline/{name}"
        found: dict[int, Note] = {}
        while True:
            after = {"filter": f"id=gt={max(found)}"} if found else None
            some = checked(Timeline, await self._session.read(path, after, asked=Asked.ITEM)).notes(kind)
            before = len(found)
            found.update((note.id, note) for note in some)
            if len(some) < _MOST_NOTES or len(found) == before:
                return tuple(found[number] for number in sorted(found))

    async def _written(
        self, method: str, path: str, fields: dict[str, object] | None, expected: tuple[int, ...]
    ) -> Answer:
        try:
            return await self._session.write(method, path, fields, expected=expected)
        except ContentRefused as error:
            refused = error
        raise await self._reason(refused)

    async def _reason(self, refused: ContentRefused) -> GlpiError:
        """Whether a 403 was about the item or about us: a refused address looks the same, but on every route."""
        if refused.status != 403:
            return refused
        try:
            await self._me()
        except (CallerRefused, NotSent) as error:
            return type(error)(error.code, error.status, error.retry_after_s)
        except GlpiError:
            # Refused for certain, but we cannot tell why: it may be sent again.
            return NotSent(refused.code, refused.status)
        return refused

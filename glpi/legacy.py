"""The REST API of GLPI 10, 11 and 12 (``apirest.php``): our calls, in GLPI's words.

Never repeats a POST; a request is repeated once only where GLPI says that the session is gone, which it checks first.
Source of every call: the GLPI REST API documentation, and exchanges recorded with GLPI 10.0.19 and 11.0.6.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from glpi.addresses import can_be_looked_up
from glpi.answers import ActiveProfile, Actors, Added, GlpiConfig, Groups, Ids, KeyRows, TicketItem, UserRows, Written
from glpi.answers_lists import FullSession
from glpi.encoding import sent_html
from glpi.errors import CallerRefused, ContentRefused, GlpiError, Hidden, NotFound, NotSent, Unclear
from glpi.exchange import Timeouts, utc_now
from glpi.legacy_directory import all_categories, users_after
from glpi.legacy_fields import CONTENT, EXTERNAL_ID, NOTIFY, carries, naive, ticket_fields
from glpi.legacy_notes import notes_of, recent_notes
from glpi.legacy_pull import changed_tickets, live_tickets
from glpi.legacy_query import PAGE, search, shown
from glpi.legacy_session import LegacySession, before_writing, checked, shaped
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
from glpi.refusals import Asked, refusal

LOOKUP_MARGIN = timedelta(days=7)
"""Taken off ``since`` in a look-up: the zones and the two clocks may differ, and a miss would cost a second ticket."""

_ALIVE = frozenset({"ERROR_LOGIN_PARAMETERS_MISSING", "ERROR_SESSION_TOKEN_MISSING"})
_KEY = re.compile(r"[A-Za-z0-9-]{8,128}")
_REQUESTER, _ASSIGNED = 1, 2
_DUPLICATES = 2


class LegacyClient:
    """A connection to one GLPI by the legacy API. Fulfils ``glpi.client.GlpiClient``; for one event loop."""

    takes_visitors = True
    sets_team = True

    def __init__(
        self,
        url: str,
        app_token: str | None,
        user_token: str,
        *,
        ca_file: str | None = None,
        timeouts: Timeouts | None = None,
        version: int | None = None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        """Prepare a client; nothing is sent yet.

        Args:
            url: Address of GLPI or of its API, see ``glpi.roots.api_root``.
            app_token: Token of the API client, None where it has none.
            user_token: Token of the service account.
            ca_file: PEM file of a private authority.
            timeouts: Limits other than the usual ones.
            version: GLPI's major version; asked for when first needed otherwise.
            now: This machine's clock, aware; only compared with the server's.

        Raises:
            ValueError: The address cannot be one of GLPI.
        """
        limits = timeouts or Timeouts()
        self._session = LegacySession(url, app_token, user_token, ca_file=ca_file, timeouts=limits, now=now)
        self._version = version
        self._offset: timedelta | None = None

    @property
    def requests(self) -> int:
        """HTTP requests made so far, logins included."""
        return self._session.exchange.requests

    @property
    def logins(self) -> int:
        """Those of ``requests`` that were logins, which no read budget counts."""
        return self._session.logins

    @property
    def skew(self) -> timedelta | None:
        """The server's clock minus ours, from the ``Date`` header (whole seconds) of the last answer that had one."""
        return self._session.exchange.skew

    async def account(self) -> Account:
        """Who we are for GLPI, and what the active profile may do there: two requests, asked anew each time."""
        mine = checked(FullSession, await self._session.read("/getFullSession"))
        return mine.account(checked(GlpiConfig, await self._session.read("/getGlpiConfig")).version)

    async def probe(self) -> None:
        """One cheap request; returns when a GLPI API that would take a login answers there."""
        answer = await self._session.anonymous()
        if answer.code not in _ALIVE:
            raise refusal(answer, Asked.LOGIN)

    async def version(self) -> int:
        """GLPI's major version, asked once. An unclear answer is ``NotSent``: the call it is for did not happen."""
        if self._version is None:
            try:
                answer = await self._session.read("/getGlpiConfig")
                self._version = checked(GlpiConfig, answer).major
            except Unclear as error:
                failed = before_writing(error)
            else:
                return self._version
            raise failed
        return self._version

    async def find_user(self, email: str) -> int | None:
        """The id of the active user with this e-mail; None if there is none, or more than one.

        A malformed address is nobody's and costs no request. An address shared by several users is no proof
        of who asks: better an e-mail-only requester than the wrong person.
        """
        email = email.strip()
        if not can_be_looked_up(email):
            return None
        # NOTE: contains is SQL LIKE, where "_" and "%" match anything: compared again on our side.
        criteria = [(5, "contains", f"^{email}$"), (8, "equals", "1")]
        found = await search(self._session, "User", criteria, shown(2, 5))
        ids = {row.id for row in shaped(UserRows, found.data).root if row.has(email)}
        return ids.pop() if len(ids) == 1 else None

    async def create_ticket(self, ticket: TicketInput) -> int:
        """Create a ticket and return GLPI's number for it.

        A title is clipped to what GLPI keeps. A missing right to create, which GLPI reports as a refused content,
        is told apart by asking for the profile and raised as ``CallerRefused("RIGHT_MISSING")``.

        NOTE: fields that a ticket template makes mandatory are asked of forms only: what comes through this API without
        them is accepted (10.0.19, 11.0.6).
        """
        version = await self.version()
        try:
            answer = await self._session.write("POST", "/Ticket", ticket_fields(ticket, version), expected=201)
        except ContentRefused as error:
            refused: GlpiError = error
        else:
            return checked(Added, answer).id
        if refused.code == "ERROR_GLPI_ADD":
            refused = await self._reason(refused)
        raise refused

    async def find_tickets(self, key: str, since: datetime | None = None) -> tuple[int, ...]:
        """Ids of tickets that carry this key, live and trashed, lowest first. Two requests; if one fails, so does this.

        From 11 on the key is looked for in ``externalid``, on 10 in the text. ``since`` (aware) limits the second
        by the date of the last change, which is never earlier than the creation: the opening date may be, because
        a ticket taken offline keeps its own.

        Raises:
            ValueError: The key has other characters than ``[A-Za-z0-9-]``, or fewer than 8.
        """
        if not _KEY.fullmatch(key):
            raise ValueError("not a key")
        if await self.version() >= 11:
            option, criteria = EXTERNAL_ID, [(EXTERNAL_ID, "contains", f"^{key}$")]
        else:
            option, criteria = CONTENT, [(CONTENT, "contains", key)]
            if since is not None:
                criteria.append((19, "morethan", naive(since.astimezone(UTC) - LOOKUP_MARGIN)))
        ids: set[int] = set()
        for trashed in ("0", "1"):
            show = {**shown(2, option), "is_deleted": trashed}
            found = await search(self._session, "Ticket", criteria, show)
            ids.update(row.id for row in shaped(KeyRows, found.data).root if carries(row, option, key))
        return tuple(sorted(ids))

    async def get_ticket(self, ticket_id: int) -> TicketState:
        """One ticket as it stands now, trashed ones included."""
        answer = await self._session.read(f"/Ticket/{ticket_id}", {"get_hateoas": "false"}, asked=Asked.ITEM)
        item = checked(TicketItem, answer)
        if item.id != ticket_id:
            raise Unclear("BAD_SHAPE", answer.status)
        if answer.last_modified is not None:
            self._learn_offset(item.date_mod, answer.last_modified)
        return item.state()

    async def requesters(self, ticket_id: int) -> tuple[Requester, ...]:
        """The requesters of a ticket."""
        params = {"range": f"0-{PAGE - 1}", "get_hateoas": "false"}
        answer = await self._session.read(f"/Ticket/{ticket_id}/Ticket_User", params, asked=Asked.ITEM)
        return checked(Actors, answer).requesters()

    async def is_assigned(self, ticket_id: int) -> bool:
        """Whether a person, not only a group, is to work on a ticket."""
        params = {"range": f"0-{PAGE - 1}", "get_hateoas": "false"}
        answer = await self._session.read(f"/Ticket/{ticket_id}/Ticket_User", params, asked=Asked.ITEM)
        return checked(Actors, answer).is_assigned()

    async def add_requester(self, ticket_id: int, user_id: int | None, email: str | None) -> None:
        """Add a requester, by user id or else by e-mail."""
        actor = {"users_id": user_id} if user_id else {"users_id": 0, "alternative_email": email}
        fields = {"tickets_id": ticket_id, "type": _REQUESTER, "use_notification": NOTIFY, **actor}
        checked(Added, await self._session.write("POST", "/Ticket_User", fields, expected=201))

    async def assign_group(self, ticket_id: int, group_id: int) -> None:
        """Give a ticket to a group, unless it has it already; not needed after ``create_ticket``, which does it."""
        params = {"range": f"0-{PAGE - 1}", "get_hateoas": "false"}
        answer = await self._session.read(f"/Ticket/{ticket_id}/Group_Ticket", params, asked=Asked.ITEM)
        if not checked(Groups, answer).has_assigned(group_id):
            fields = {"tickets_id": ticket_id, "groups_id": group_id, "type": _ASSIGNED}
            checked(Added, await self._session.write("POST", "/Group_Ticket", fields, expected=201))

    async def update_ticket(self, ticket_id: int, changes: TicketChanges) -> None:
        """Change status, priority or category, in one request.

        NOTE: GLPI's Technician may set all three, a simplified interface none. A priority alone is kept, although a
        creation computes it. Status 5 sets ``solvedate``, 6 sets ``closedate`` too, both to the moment of the request;
        any other status empties both. No value is checked: an unknown status, priority or category is stored as it
        is (10.0.19, 11.0.6).

        Raises:
            ContentRefused: Also where the ticket does not exist, or the account may not change it.
        """
        wanted = {"status": changes.status, "priority": changes.priority, "itilcategories_id": changes.category_id}
        fields = {name: value for name, value in wanted.items() if value is not None}
        answer = await self._session.write("PUT", f"/Ticket/{ticket_id}", fields, expected=200)
        if not checked(Written, answer).confirms(ticket_id):
            raise Unclear("BAD_SHAPE", answer.status)

    async def followups(self, ticket_id: int) -> tuple[Note, ...]:
        """All follow-ups of a ticket, oldest first, private ones included."""
        return await notes_of(self._session, NoteKind.FOLLOWUP, ticket_id)

    async def solutions(self, ticket_id: int) -> tuple[Note, ...]:
        """All solutions of a ticket, oldest first."""
        return await notes_of(self._session, NoteKind.SOLUTION, ticket_id)

    async def recent_notes(self, kind: NoteKind, since: str, pages: int) -> tuple[Note, ...] | None:
        """Notes across all tickets changed at or after ``since`` (raw ``date_mod``), newest first.

        None where ``pages`` requests are not enough: ask ticket by ticket then.
        """
        return await recent_notes(self._session, kind, since, pages)

    async def add_followup(self, ticket_id: int, content: str, *, is_private: bool) -> int:
        """Add a follow-up (HTML content) and return its id."""
        text = sent_html(content, await self.version())
        fields = {"itemtype": "Ticket", "items_id": ticket_id, "content": text, "is_private": int(is_private)}
        return checked(Added, await self._session.write("POST", "/ITILFollowup", fields, expected=201)).id

    async def trash_ticket(self, ticket_id: int) -> None:
        """Put a ticket into the trash; it can be restored there."""
        answer = await self._session.write("DELETE", f"/Ticket/{ticket_id}", None, expected=200)
        if not checked(Written, answer).confirms(ticket_id):
            raise Unclear("BAD_SHAPE", answer.status)

    async def link_duplicate(self, ticket_id: int, kept_id: int) -> None:
        """Say on both tickets that the first duplicates the second; for accounts that may not delete.

        Raises ContentRefused where they are linked already.
        """
        fields = {"tickets_id_1": ticket_id, "tickets_id_2": kept_id, "link": _DUPLICATES}
        checked(Added, await self._session.write("POST", "/Ticket_Ticket", fields, expected=201))

    async def changed_tickets(self, cursor: str | None) -> Changes:
        """Tickets of this account changed since the cursor, oldest first, the trash included: two requests a page."""
        return await changed_tickets(self._session, cursor, await self.version())

    async def live_tickets(self, low: int, high: int) -> frozenset[int]:
        """Ids of this account's tickets from ``low`` to ``high`` that are neither trashed, purged nor out of sight."""
        return await live_tickets(self._session, low, high)

    async def categories(self) -> tuple[GlpiCategory, ...]:
        """The whole category tree that this account sees."""
        return await all_categories(self._session)

    async def users(self, after_id: int) -> UsersPage:
        """One request: active users with an id above this one, by ascending id; addresses in GLPI's order."""
        return await users_after(self._session, after_id, await self.version())

    async def clock_offset(self) -> timedelta | None:
        """The server's zone offset from UTC (naive local minus UTC), None where GLPI has no ticket to tell it.

        Known from any ticket read before; otherwise the newest ticket is read (two requests, once).
        """
        if self._offset is None:
            params = {"range": "0-0", "sort": "id", "order": "DESC", "only_id": "true", "get_hateoas": "false"}
            try:
                newest = checked(Ids, await self._session.read("/Ticket", params)).root
                if newest:
                    await self.get_ticket(newest[0].id)
            except (CallerRefused, Hidden, NotFound):
                return None
            except Unclear as error:
                failed = before_writing(error)
            else:
                return self._offset
            raise failed
        return self._offset

    async def aclose(self) -> None:
        """End the GLPI session (killSession) and close connections; never raises for the far end."""
        await self._session.aclose()

    async def _reason(self, refused: GlpiError) -> GlpiError:
        try:
            profile = checked(ActiveProfile, await self._session.read("/getActiveProfile"))
        except GlpiError:
            # Refused for certain, but we cannot tell why: nothing was created, so it may be sent again.
            return NotSent(refused.code, refused.status)
        return refused if profile.may_create_tickets else CallerRefused("RIGHT_MISSING", refused.status)

    def _learn_offset(self, date_mod: str, last_modified: datetime) -> None:
        local = datetime.fromisoformat(date_mod).replace(tzinfo=UTC)
        offset = timedelta(minutes=round((local - last_modified).total_seconds() / 60))
        if abs(offset) <= timedelta(hours=15):
            self._offset = offset

"""What every attempt at an outbox entry needs: the parts, the lease before a POST, the books after it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from data.records import Category, EntryKind, EntryState, OutboxEntry, Ticket
from engine.events import Deferred
from glpi.errors import CallerRefused, NotSent

if TYPE_CHECKING:
    from data.outbox import Outbox
    from data.store import Store
    from engine.config import GlpiConfig
    from engine.timings import Timings
    from glpi.client import GlpiClient

_USER_KEPT = timedelta(minutes=5)
"""The check of a ticket need not ask again who its requester is."""


AUDIT_MARK = "-A"
"""Marks the audit's own key, which must differ from the one it looks for."""


class Attempts:
    """Shared by ``engine.creation``, ``engine.aftercare`` and ``engine.pushing``, which say what is done."""

    def __init__(
        self,
        config: GlpiConfig,
        store: Store,
        outbox: Outbox,
        client: GlpiClient,
        now: Callable[[], datetime],
        timings: Timings,
        holds_lease: Callable[[], bool],
        timezone: str,
    ) -> None:
        """``holds_lease`` renews the lease and says whether it is still ours; asked before each POST.

        ``timezone``: the site's, which GLPI's mostly is.
        """
        self.timezone = timezone
        self.config, self.store, self.client = config, store, client
        self.now, self.timings = now, timings
        self._outbox, self._holds_lease = outbox, holds_lease
        self._seen_users: dict[str, tuple[int | None, datetime]] = {}
        self.has_posted = False
        """Whether the attempt under way has reached its POST: an unclear error before it is merely a failed read."""

    def before_post(self) -> None:
        """Nothing is posted by a process that lost its lease meanwhile."""
        if not self._holds_lease():
            raise NotSent("LEASE_LOST")
        self.has_posted = True

    def settle(self, entry: OutboxEntry, state: EntryState, **what: Any) -> None:
        """Record an outcome, unless a successor has claimed the entry meanwhile."""
        self._outbox.settle(entry.id, state, expected_attempts=entry.attempts, **what)

    def look_again(self, entry: OutboxEntry) -> Deferred:
        """Not there: wait longer and look once more, and only after the last gap send it again."""
        done = entry.lookups + 1
        in_round = done % len(self.timings.gaps_s)
        if in_round:
            wait = self.timings.gaps_s[in_round]
            at = self.now() + timedelta(seconds=wait)
            self.settle(entry, EntryState.UNKNOWN, lookups=done, next_attempt_at=at, error="NOT_FOUND_YET")
            return Deferred(entry.ticket_number, "NOT_FOUND_YET", wait)
        # Lost once is sent again at once; a server that loses it every time is given more and more time.
        wait = 30.0 * 2 ** min(entry.attempts, 7) if entry.attempts > 2 else 0.0
        at = self.now() + timedelta(seconds=min(wait, 3600.0))
        self.settle(entry, EntryState.PENDING, lookups=done, next_attempt_at=at, error="LOST")
        return Deferred(entry.ticket_number, "LOST", min(wait, 3600.0))

    async def user_with(self, email: str | None) -> tuple[int | None, str | None]:
        """GLPI's user with this address, and a note where this account may not look: no reason to stop tickets."""
        if not email:
            return None, None
        seen = self._seen_users.get(email)
        if seen is not None and timedelta() <= self.now() - seen[1] < _USER_KEPT:
            return seen[0], None
        try:
            found = await self.client.find_user(email)
        except CallerRefused as error:
            if error.code != "ERROR_RIGHT_MISSING":
                raise
            return None, "users_not_readable"
        self._seen_users = {**self._seen_users, email: (found, self.now())} if len(self._seen_users) < 1000 else {}
        return found, None

    def waiting_kinds(self, ticket_number: str) -> frozenset[EntryKind]:
        """What is still to be sent about a ticket."""
        return frozenset(e.kind for e in self._outbox.entries() if e.ticket_number == ticket_number)

    def tree(self) -> dict[str, Category]:
        """Our categories by their codes."""
        return {node.code: node for node in self.store.categories()}


def glpi_id_of(ticket: Ticket) -> int:
    """GLPI's number of a ticket that is there: followers exist only after the creation."""
    assert ticket.glpi_ticket_id is not None, "followers exist only after the creation"
    return ticket.glpi_ticket_id

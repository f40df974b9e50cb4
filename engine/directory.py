"""The directory of people: mirrored from GLPI page by page, so that it can be searched without a network.

One page a call, and its position is in the database: a refresh goes on where it was stopped, whoever goes on.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from data.records import Person
from glpi.errors import Unclear

if TYPE_CHECKING:
    from data.store import Store
    from engine.budget import ReadBudget
    from glpi.client import GlpiClient
    from glpi.models import GlpiUser

POSITION, REFRESHED = "directory_position", "directory_refreshed_at"
"""Keys of the synchronisation's state: where a refresh stands, and when the last one was finished."""

STALE = timedelta(days=2)
"""A refresh that was begun longer ago starts over."""


@dataclass(frozen=True)
class DirectoryState:
    """What is known of the directory."""

    people: int
    """How many it has."""
    refreshed_at: datetime | None
    """When the last refresh was finished."""
    is_under_way: bool
    """Whether one was begun and not finished."""


@dataclass(frozen=True)
class RefreshOutcome:
    """What one command did."""

    read: int
    """People that GLPI told about."""
    removed: int
    """People that GLPI does not have any more."""
    is_complete: bool
    """False when the read budget ended it; the next one goes on from there."""
    requests: int


class DirectoryRefresh:
    """A refresh in steps of one page, one request each."""

    def __init__(self, store: Store, client: GlpiClient, now: Callable[[], datetime]) -> None:
        """``now``: clock, aware UTC."""
        self._store, self._client, self._now = store, client, now
        self.read = self.removed = 0

    async def step(self) -> bool:
        """Take over one page; True when that was the last one, and who was not seen any more is gone.

        Raises:
            GlpiError: As the client; the position stays, so that the same page is asked for again.
        """
        after, since = self._position()
        page = await self._client.users(after)
        if not page.users and (after == 0 or not page.complete):
            # The account itself is a user: no user at all is not an answer to remove everybody for.
            raise Unclear("BAD_SHAPE")
        self._store.save_users([_person(user) for user in page.users], since)
        self.read += len(page.users)
        if not page.complete:
            last = max(user.id for user in page.users)
            self._store.set_state(POSITION, json.dumps({"after": last, "since": since.isoformat()}))
            return False
        self.removed += self._store.drop_users_not_seen(since)
        self._store.set_state(POSITION, None)
        self._store.set_state(REFRESHED, self._now().isoformat())
        return True

    def _position(self) -> tuple[int, datetime]:
        """Id of the last person read, and when this refresh was begun; a new refresh where there is none to go on."""
        now, kept = self._now(), self._store.get_state(POSITION)
        if kept is not None:
            position = json.loads(kept)
            since = datetime.fromisoformat(position["since"])
            if timedelta() <= now - since <= STALE:
                return int(position["after"]), since
        return 0, now


async def refresh_users(
    store: Store, client: GlpiClient, now: Callable[[], datetime], budget: ReadBudget, *, is_forced: bool = False
) -> RefreshOutcome:
    """Refresh to the end, or until the read budget of this hour is spent.

    Args:
        store: The database.
        client: GLPI.
        now: Clock, aware UTC.
        budget: What may be read; every request is counted there.
        is_forced: Whether to go on past it.

    Raises:
        GlpiError: As the client; what was read stays, and the next refresh goes on from there.
    """
    refresh, before = DirectoryRefresh(store, client, now), client.requests
    is_complete = False
    while not is_complete and (is_forced or budget.left() > 0):
        with budget.counted():
            is_complete = await refresh.step()
    return RefreshOutcome(refresh.read, refresh.removed, is_complete, client.requests - before)


def directory_state(store: Store) -> DirectoryState:
    """How the directory stands."""
    refreshed = store.get_state(REFRESHED)
    return DirectoryState(
        people=store.count_users(),
        refreshed_at=datetime.fromisoformat(refreshed) if refreshed else None,
        is_under_way=store.get_state(POSITION) is not None,
    )


def _person(user: GlpiUser) -> Person:
    name = " ".join(f"{user.firstname} {user.realname}".split()) or user.login
    return Person(name=name, glpi_id=user.id, login=user.login, emails=user.emails, is_active=user.is_active)

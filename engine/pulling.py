"""When something is read from GLPI, and in which order: what somebody asked for, the pull, the directory once a day.

``engine.mirror`` takes over what changed; what a failure means for the delivery is ``engine.delivery``'s business.
"""

from __future__ import annotations

from asyncio import CancelledError
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from engine.budget import ReadBudget
from engine.directory import DirectoryRefresh, directory_state
from engine.events import TicketUpdated
from engine.mapping import refresh_categories
from engine.mirror import Mirror, Update
from glpi.errors import CallerRefused, GlpiError

if TYPE_CHECKING:
    from data.outbox import Outbox
    from data.store import Store
    from engine.config import GlpiConfig
    from glpi.client import GlpiClient

_DAY = timedelta(hours=24)
_CATEGORIES_READ = "glpi_categories_read"
_AT_ONCE = 20
"""Tickets read on demand before it is looked again whether there is something to send."""
_LEAST_A_PULL = 2
"""Requests of the cheapest pull."""


class Pulling:
    """The reading side of one connection."""

    def __init__(
        self, config: GlpiConfig, store: Store, outbox: Outbox, client: GlpiClient, now: Callable[[], datetime]
    ) -> None:
        """``now``: clock, aware UTC."""
        self._store, self._client, self._now = store, client, now
        self.budget = ReadBudget(store, config.read_budget_per_hour, now, client)
        self.interval = _interval(config)
        self._mirror = Mirror(store, outbox, client, now, self.budget, self.interval.total_seconds())
        self._directory = DirectoryRefresh(store, client, now)
        self.watched: str | None = None
        """Number of the ticket on screen, whose notes are read first."""

    def asked(self) -> list[int]:
        """GLPI's ids of some tickets that somebody wants to be read now; 0 for a whole pull."""
        at = self._store.next_pull_request_at()
        return self._store.take_pulls(_AT_ONCE) if at is not None and at <= self._now() else []

    async def pull_one(self, glpi_id: int) -> AsyncGenerator[TicketUpdated]:
        """Read one ticket. What fails is asked for again; the errors of ``glpi.errors`` pass through."""
        try:
            async with aclosing(self._mirror.pull_one(glpi_id)) as updates:
                async for update in updates:
                    yield _event(update)
        except (GlpiError, CancelledError):
            # A time limit cancels.
            self._store.ask_pull(glpi_id)
            raise

    async def pull(self, *, refresh: bool) -> AsyncGenerator[TicketUpdated]:
        """Read what changed, and with ``refresh`` what is read daily. The errors of ``glpi.errors`` pass through."""
        async with aclosing(self._mirror.pull(self.watched)) as updates:
            async for update in updates:
                yield _event(update)
        if refresh:
            await self._refresh()

    async def _refresh(self) -> None:
        """Categories and people, once a day, with the half of the read budget that pulls do not need.

        An account without the right keeps its tickets flowing: ``doctor`` names the right.
        """
        for refresh in (self._refresh_categories, self._refresh_people):
            try:
                await refresh()
            except CallerRefused as error:
                if error.code != "ERROR_RIGHT_MISSING":
                    raise

    async def _refresh_categories(self) -> None:
        if self._is_old(self._store.get_state(_CATEGORIES_READ)) and self._may_read():
            with self.budget.counted():
                await refresh_categories(self._store, self._client)
            self._mirror.forget_names()
            self._store.set_state(_CATEGORIES_READ, self._now().isoformat())

    async def _refresh_people(self) -> None:
        state = directory_state(self._store)
        is_done = not state.is_under_way and not self._is_old_at(state.refreshed_at)
        while not is_done and self._may_read():
            with self.budget.counted():
                is_done = await self._directory.step()

    def _may_read(self) -> bool:
        return self.budget.left() > max(self.budget.per_hour // 2, _LEAST_A_PULL)

    def _is_old(self, text: str | None) -> bool:
        return self._is_old_at(datetime.fromisoformat(text) if text else None)

    def _is_old_at(self, at: datetime | None) -> bool:
        return at is None or not timedelta() <= self._now() - at < _DAY


def _interval(config: GlpiConfig) -> timedelta:
    """As configured, but never so short that an hour of the cheapest pulls would exceed the read budget."""
    return timedelta(seconds=max(config.pull_interval_s, _LEAST_A_PULL * 3600 / config.read_budget_per_hour))


def _event(update: Update) -> TicketUpdated:
    ticket, taken = update
    return TicketUpdated(ticket, taken)

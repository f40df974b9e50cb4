"""The read budget: how many requests an hour the mirror may spend, counted in the database for all processes.

Logins, reads that belong to a write, and the pull of one ticket that a webhook asked for are not counted
(spec section 6).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from data.store import Store
    from glpi.client import GlpiClient

_HOUR = timedelta(hours=1)


class ReadBudget:
    """What is left of this hour's requests."""

    def __init__(
        self, store: Store, per_hour: int, now: Callable[[], datetime], client: GlpiClient | None = None
    ) -> None:
        """``per_hour``: how many are allowed in any 60 minutes; ``client``: whose are counted."""
        self.per_hour = per_hour
        self._store, self._client, self._now = store, client, now
        self._from: int | None = None

    def left(self) -> int:
        """Requests that may still be made now; never negative."""
        return max(self.per_hour - self._store.reads_since(self._now() - _HOUR) - self._uncounted(), 0)

    @contextmanager
    def counted(self) -> Iterator[None]:
        """What is asked within counts, whether it succeeds or not."""
        self._from = self._asked()
        try:
            yield
        finally:
            spent, self._from = self._uncounted(), None
            if spent:
                self._store.add_reads(spent)

    def _asked(self) -> int:
        return self._client.requests - self._client.logins if self._client is not None else 0

    def _uncounted(self) -> int:
        return 0 if self._from is None else self._asked() - self._from

"""The cursor of the pull: up to which of GLPI's dates all changes were taken over, and when it cannot be believed.

It is GLPI's own raw ``date_mod``. A GLPI whose clock ran ahead for a while leaves it in the future: once that clock is
put right, every change would be dated before it, and be overlooked until that date.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from data.store import Store
    from glpi.client import GlpiClient

CURSOR = "glpi_pull_cursor"
_PULLED, _ZONE = "glpi_pulled_at", "glpi_zone_s"
_EASTMOST = timedelta(hours=14)
"""While GLPI's zone is not known: no local time is further ahead of UTC."""
_SLACK = timedelta(minutes=2)
_MARGIN = timedelta(hours=1)
"""Taken off the time of the last pull; what is read twice costs nothing but its lines."""
_UNKNOWN = timedelta(days=1)
"""How far to go back where nobody knows when the last pull was."""


class Cursor:
    """The cursor as the database has it."""

    def __init__(self, store: Store, client: GlpiClient, now: Callable[[], datetime]) -> None:
        """``now``: clock, aware UTC."""
        self._store, self._client, self._now = store, client, now

    async def believable(self) -> str | None:
        """The cursor; set back to the last whole pull where GLPI's clock says that its date is still to come."""
        cursor = self._store.get_state(CURSOR)
        if cursor is None:
            return None
        if self._client.skew is None:
            await self._client.version()  # any answer tells GLPI's clock
        if not self._is_to_come(cursor):
            return cursor
        pulled = self._store.get_state(_PULLED)
        since = datetime.fromisoformat(pulled) if pulled else self._now() - _UNKNOWN
        return min(cursor, _raw(since + (self._client.skew or timedelta()) + self._zone(-_EASTMOST) - _MARGIN))

    def learn(self, zone: timedelta | None) -> None:
        """Remember GLPI's zone, so that a process that starts need not ask."""
        if zone is not None and self._store.get_state(_ZONE) != str(zone.total_seconds()):
            self._store.set_state(_ZONE, str(zone.total_seconds()))

    def move(self, cursor: str) -> None:
        """All changes up to this date were taken over."""
        self._store.set_state(CURSOR, cursor)

    def is_whole(self, cursor: str, begun: datetime) -> None:
        """A pull that began then, with this cursor, has taken over all there was.

        Unless its own answers tell that GLPI's clock was put right: then the next pull goes back behind this one.
        """
        if not self._is_to_come(cursor):
            self._store.set_state(_PULLED, begun.isoformat())

    def _is_to_come(self, cursor: str) -> bool:
        there = self._now() + (self._client.skew or timedelta())
        return cursor > _raw(there + self._zone(_EASTMOST) + _SLACK)

    def _zone(self, unknown: timedelta) -> timedelta:
        known = self._store.get_state(_ZONE)
        return timedelta(seconds=float(known)) if known is not None else unknown


def _raw(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S")

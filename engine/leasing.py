"""The right to send, as one process has it: taken, kept with a heartbeat, given back.

Every heartbeat is a write, so they are made sparingly; before each claim and each POST the lease is renewed for sure.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from engine.errors import StoreUnavailable

if TYPE_CHECKING:
    from data.outbox import Outbox
    from engine.timings import Timings

_log = logging.getLogger("guichet")


class Leasing:
    """This process's hold on the lease of the outbox."""

    def __init__(
        self,
        outbox: Outbox,
        owner: str,
        is_dead: Callable[[str], bool],
        now: Callable[[], datetime],
        timings: Timings,
    ) -> None:
        """``owner``: unique to this process; ``is_dead``: whether an owner is proven to run no more."""
        self._outbox, self._owner, self._is_dead, self._now, self._timings = outbox, owner, is_dead, now, timings
        self._is_held = False
        self._next = now()

    def is_held(self) -> bool:
        """Whether this process is the sender, as far as the last heartbeat knows."""
        return self._is_held if self._now() < self._next else self.renew()

    def renew(self) -> bool:
        """Take or renew the lease now; whether it is ours."""
        ttl = self._timings.lease_s
        if not (self._is_held and self._outbox.renew_lease(self._owner, ttl)):
            self._is_held = self._outbox.acquire_lease(self._owner, ttl, self._is_dead)
        wait = ttl / 4 if self._is_held else self._timings.candidate_s
        self._next = self._now() + timedelta(seconds=wait)
        return self._is_held

    def hurry(self) -> None:
        """The next question is answered by the database: the clock was set, or the lease given up."""
        self._next = self._now()

    def give_up(self) -> None:
        """An attempt was interrupted: giving the lease back makes its outcome "unknown"."""
        self._outbox.release_lease(self._owner)
        self._is_held = False
        self.hurry()

    def end(self) -> None:
        """Give the lease back at exit, if it is ours; never raises for the database."""
        was_held, self._is_held = self._is_held, False
        try:
            if was_held:
                self._outbox.release_lease(self._owner)
        except StoreUnavailable as error:
            # Another sender sees that this process has ended, and takes over.
            _log.error("STORE_UNAVAILABLE | cause=%s", error.reason)

"""GLPI sessions of the simulated server: opened with a login, gone when idle, revoked or ended."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from glpi.simulator.profiles import Profile


@dataclass
class Session:
    """One login."""

    token: str
    user_id: int
    profile_id: int
    used_at: datetime
    entity: int = 0
    is_recursive: bool = True
    has_written: bool = False
    """Whether something was written: GLPI keeps an empty list of messages from then on."""


@dataclass(frozen=True)
class Caller:
    """Who asks: the session's user, with the rights as they are now."""

    user_id: int
    profile: Profile
    entities: tuple[int, ...]
    """Active entities."""
    entity: int = 0


class Sessions:
    """All open sessions by their token."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        """``now``: aware clock."""
        self._now = now
        self._open: dict[str, Session] = {}

    def __len__(self) -> int:
        """How many are open."""
        return len(self._open)

    def open(self, user_id: int, profile_id: int) -> Session:
        """A new session; the token looks like PHP's."""
        session = Session(secrets.token_hex(13), user_id, profile_id, self._now())
        self._open[session.token] = session
        return session

    def find(self, token: str, idle_timeout_s: float | None) -> Session | None:
        """The session of a token, which was used just now; None if there is none any more."""
        session = self._open.get(token)
        if session is None:
            return None
        if idle_timeout_s is not None and self._now() - session.used_at > timedelta(seconds=idle_timeout_s):
            del self._open[token]
            return None
        session.used_at = self._now()
        return session

    def end(self, token: str) -> None:
        """This one is over."""
        self._open.pop(token, None)

    def clear(self) -> None:
        """All are over."""
        self._open.clear()

    def revoke(self, user_id: int) -> None:
        """All of one user are over, as an administrator of GLPI 12 may do."""
        self._open = {token: session for token, session in self._open.items() if session.user_id != user_id}

"""What can go wrong, by what the caller can do about it (spec section 10).

Each class carries a stable ``code``; ``tui`` says it in words.
"""

from __future__ import annotations


class GuichetError(Exception):
    """Root of all errors that the engine lets out."""

    code = "internal"


class InvalidInput(GuichetError):
    """The input cannot be used as it is; ``reason`` says which rule it broke."""

    code = "invalid_input"

    def __init__(self, reason: str, **details: object) -> None:
        """``reason``: ``empty``, ``too_long``, ``no_text``, ``title_too_long``, ``title_empty``, ``no_contact``,
        ``unknown_status``, ``unknown_priority``, ``unknown_category``, ``not_editable``.
        """
        super().__init__(reason)
        self.reason = reason
        self.details = details


class ConfigError(GuichetError):
    """The configuration is wrong: names the key, the value and the fix. Exit code 2."""

    code = "configuration"

    def __init__(self, key: str, problem: str, fix: str, source: str = "") -> None:
        """``key``: dotted name; ``source``: file or environment variable it came from."""
        super().__init__(f"{key}: {problem}")
        self.key, self.problem, self.fix, self.source = key, problem, fix, source


class SessionNotFound(GuichetError):
    """No session has this id."""

    code = "session_not_found"


class SessionExpired(GuichetError):
    """The session is older than 30 minutes: start again, with the text still on screen."""

    code = "session_expired"


class IllegalStep(GuichetError):
    """This event makes no sense at this stage; nothing was changed."""

    code = "illegal_step"


class RateLimited(GuichetError):
    """Too many analyses (or calls for a human) in a short time."""

    code = "rate_limited"

    def __init__(self, retry_after_s: int) -> None:
        """``retry_after_s``: seconds until the next one is accepted."""
        super().__init__(f"retry after {retry_after_s} s")
        self.retry_after_s = retry_after_s


class TicketNotFound(GuichetError):
    """No ticket has this number."""

    code = "ticket_not_found"


class StoreUnavailable(GuichetError):
    """The database cannot be opened or written (disk full, permissions, damaged)."""

    code = "store_unavailable"

    def __init__(self, reason: str, path: str) -> None:
        """``reason``: ``permission``, ``disk_full``, ``locked``, ``damaged``, ``newer_schema``, ``mode``."""
        super().__init__(reason)
        self.reason, self.path = reason, path


class EntryNotFound(GuichetError):
    """No outbox entry has this id, or none that this can be done with; ``state`` is the one it is in."""

    code = "entry_not_found"

    def __init__(self, entry_id: int, state: str | None = None) -> None:
        """``state``: of the entry, None when there is no such entry."""
        super().__init__(f"{entry_id}: {state}")
        self.entry_id, self.state = entry_id, state


class NotAuthorised(GuichetError):
    """Only a technician may do this (``[l1]`` of the configuration)."""

    code = "not_authorised"

"""What can go wrong with GLPI, by what the caller can do about it.

No class carries server text: only a code of GLPI's list (``ERROR_GLPI_ADD``) or our own short word,
and the HTTP status. Server messages can contain what a person typed.
"""

from __future__ import annotations


class GlpiError(Exception):
    """Root of this room's errors."""

    def __init__(self, code: str, status: int | None = None, retry_after_s: float | None = None) -> None:
        """``code``: GLPI's error code or ours; ``status``: HTTP status; ``retry_after_s``: what the server asked."""
        super().__init__(f"{code} (HTTP {status})" if status else code)
        self.code, self.status, self.retry_after_s = code, status, retry_after_s


class NotSent(GlpiError):
    """The request certainly did nothing (no connection, 408, 425, 429, expired session): send it again later."""


class Unclear(GlpiError):
    """The request may or may not have taken effect: look before sending again. For a read: simply failed."""


class ContentRefused(GlpiError):
    """GLPI refused this content (ERROR_GLPI_ADD, ERROR_BAD_ARRAY ...): sending it again will not help."""


class CallerRefused(GlpiError):
    """GLPI refuses us, not the content (token, address, API off, profile): every request would fail alike."""


class NotFound(GlpiError):
    """The item does not exist (404)."""


class Hidden(GlpiError):
    """The item exists but this account may not see it (403)."""

"""What an answer of the legacy API that is not the expected one means, by what the caller can do about it.

Branches on status and code only: GLPI's messages are localised and can contain what a person typed.
Source: GLPI REST API, "Errors", and exchanges recorded with GLPI 10.0.19 and 11.0.6.
"""

from __future__ import annotations

from enum import Enum

from glpi.errors import CallerRefused, ContentRefused, GlpiError, Hidden, NotFound, NotSent, Unclear
from glpi.exchange import Answer

SESSION_LOST = frozenset({(401, "ERROR_SESSION_TOKEN_INVALID"), (400, "ERROR_SESSION_TOKEN_MISSING")})
"""The only answers that a new login can cure; checked before anything is written."""

_CONTENT = frozenset(
    {
        "ERROR_GLPI_ADD",
        "ERROR_GLPI_UPDATE",
        "ERROR_GLPI_DELETE",
        "ERROR_GLPI_PARTIAL_ADD",
        "ERROR_BAD_ARRAY",
        "ERROR_JSON_PAYLOAD_INVALID",
        "ERROR_JSON_PAYLOAD_FORBIDDEN",
        "ERROR_ITEMTYPE_NOT_FOUND_NOR_COMMONDBTM",
    }
)


class Asked(Enum):
    """What the request was for: the same refusal means something else for a list and for one item."""

    LOGIN = "login"
    LIST = "list"
    ITEM = "item"
    CREATE = "create"
    """Told apart by the High-Level API only."""
    WRITE = "write"


def refusal(answer: Answer, asked: Asked) -> GlpiError:
    """The error for an answer without the expected status or shape."""
    status, code = answer.status, answer.code
    if turned_away := at_the_door(answer):
        return turned_away
    if status >= 500:
        return Unclear(code or answer.page or f"HTTP_{status}", status, answer.retry_after_s)
    if code is None or status < 400:
        return no_error_of_glpi(answer, asked)
    return _refused(status, code, asked)


def at_the_door(answer: Answer) -> GlpiError | None:
    """What a web server or a proxy says before GLPI is asked: come later, or too large; on either API."""
    if answer.status in (408, 425, 429):
        return NotSent(f"HTTP_{answer.status}", answer.status, answer.retry_after_s)
    return ContentRefused("TOO_LARGE", answer.status) if answer.status == 413 else None


def no_error_of_glpi(answer: Answer, asked: Asked) -> GlpiError:
    """The error for an answer that has not the form of GLPI's errors, below 500; on either API."""
    status = answer.status
    if 300 <= status < 400:
        return Unclear("REDIRECT", status)
    if status < 300:
        # NOTE: maintenance (10.0.19, 11.0.6) and a lost database (10.0.19) answer 200 and a page.
        return Unclear("BAD_SHAPE" if answer.is_json else answer.page or "NOT_JSON", status)
    if status in (401, 407):
        # Not GLPI's own answer: something in front of it asks for a password.
        return CallerRefused(f"HTTP_{status}", status)
    # NOTE: a wrong address, or api.php on GLPI 10, answers 403 without a body (10.0.19) or a 404 page (11.0.6).
    return CallerRefused("NO_API_HERE", status) if asked is Asked.LOGIN else Unclear(f"HTTP_{status}", status)


def _refused(status: int, code: str, asked: Asked) -> GlpiError:
    if (status, code) in SESSION_LOST:
        return NotSent(code, status)
    if status == 404:
        return NotFound(code, status) if code == "ERROR_ITEM_NOT_FOUND" else CallerRefused(code, status)
    if status == 403:
        return Hidden(code, status) if asked is Asked.ITEM else CallerRefused(code, status)
    if status == 400 and code in _CONTENT:
        return ContentRefused(code, status)
    if code == "ERROR" and asked is Asked.LOGIN:
        # NOTE: a login is refused without a code of its own for one reason only (10.0.19, 11.0.6).
        return CallerRefused("ERROR_API_DISABLED", status)
    # What is left refuses us whatever we send: tokens, login, address, API switched off, unknown resource or field.
    return CallerRefused(code, status)

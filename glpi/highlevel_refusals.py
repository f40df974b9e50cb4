"""What an answer of the High-Level API that is not the expected one means, by what the caller can do about it.

Branches on status, on the ``status`` code and on the few texts that GLPI never translates; the rest is localised and
can contain what a person typed. Where the cause is one that the legacy API has a code for, that code is used.
Source: ``AbstractController``, ``Router`` and the middleware of GLPI 11, and exchanges recorded with 11.0.6.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from glpi.errors import CallerRefused, ContentRefused, GlpiError, Hidden, NotFound, Unclear
from glpi.exchange import Answer
from glpi.refusals import Asked, at_the_door, no_error_of_glpi

_FAILED = MappingProxyType(
    {
        "Failed to create item(s)": "ERROR_GLPI_ADD",
        "Failed to update item(s)": "ERROR_GLPI_UPDATE",
        "Failed to delete item(s)": "ERROR_GLPI_DELETE",
    }
)
"""Titles of the 500 with which GLPI itself refuses (template, rule, validation), before anything is written."""

_DENIED = MappingProxyType(
    {
        "The High-Level API is disabled": "ERROR_API_DISABLED",
        "You do not have the required scope(s) to access this endpoint.": "SCOPE_MISSING",
    }
)
"""Details of a 403 that refuses the caller whatever is asked."""

_INVALID_TOKEN = "Invalid OAuth token"


def is_token_lost(answer: Answer) -> bool:
    """Whether only a new token can help; checked by GLPI before it does anything.

    NOTE: a bad, revoked or expired token is a 400; a 401 means that none arrived (11.0.6).
    """
    told = _told(answer)
    if answer.status == 401:
        return told.get("status") == "ERROR_UNAUTHENTICATED"
    return answer.status == 400 and told.get("title") == _INVALID_TOKEN


def token_refusal(answer: Answer) -> GlpiError:
    """The error for an answer of ``/token`` without a token: OAuth's own code (RFC 6749, 5.2) in capitals."""
    told = answer.body if answer.is_json and isinstance(answer.body, dict) else {}
    word = told.get("error")
    if answer.status in (400, 401) and isinstance(word, str) and word.replace("_", "").isalpha() and word.isascii():
        return CallerRefused(f"OAUTH_{word.upper()}", answer.status)
    return refusal(answer, Asked.LOGIN)


def refusal(answer: Answer, asked: Asked) -> GlpiError:
    """The error for an answer without the expected status or shape."""
    status, told = answer.status, _told(answer)
    code = told.get("status")
    if turned_away := at_the_door(answer):
        return turned_away
    if status >= 500:
        # NOTE: an empty 500 is a crash at any point; this one is GLPI's word that it wrote nothing (11.0.6).
        if (failed := _FAILED.get(told.get("title", ""))) and asked in (Asked.CREATE, Asked.WRITE):
            return ContentRefused(failed, status)
        return Unclear(answer.page or f"HTTP_{status}", status, answer.retry_after_s)
    if code is None or status < 400:
        return no_error_of_glpi(answer, asked)
    return _refused(status, code, told.get("detail", ""), asked)


def _told(answer: Answer) -> Mapping[str, str]:
    """The texts of an error of this API; empty for anything else."""
    if not answer.is_json or not isinstance(answer.body, dict) or not isinstance(answer.body.get("status"), str):
        return {}
    return {name: text for name, text in answer.body.items() if isinstance(text, str)}


def _refused(status: int, code: str, detail: str, asked: Asked) -> GlpiError:
    code = code if code.startswith("ERROR") and code.isascii() else "ERROR"
    if status == 403:
        if detail in _DENIED:
            return CallerRefused(_DENIED[detail], status)
        match asked:
            case Asked.ITEM:
                return Hidden(code, status)
            case Asked.WRITE:
                return ContentRefused(code, status)
        return CallerRefused(code, status)
    if status == 404 and code == "ERROR_ITEM_NOT_FOUND" and asked in (Asked.ITEM, Asked.WRITE):
        return NotFound("GONE_OR_HIDDEN", status)
    if status == 404:
        return CallerRefused("NO_ROUTE", status)
    if status == 400 and asked in (Asked.CREATE, Asked.WRITE):
        return ContentRefused(code, status)
    return CallerRefused(code, status)

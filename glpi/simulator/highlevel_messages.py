"""Requests, answers and errors of the simulated High-Level API."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from glpi.simulator.messages import Request, Response
from glpi.simulator.sessions import Caller
from glpi.simulator.storage import Row

_RIGHT_MISSING = "You don't have permission to perform this action."


class HighLevelError(Exception):
    """An error of the API."""

    def __init__(
        self, status: int, code: str, title: str, detail: object = None, messages: tuple[str, ...] = ()
    ) -> None:
        """``messages``: what GLPI says beside it."""
        super().__init__(code)
        self.status = status
        self.body: dict[str, object] | None = {"status": code, "title": title, "detail": detail}
        if messages:
            assert self.body is not None
            self.body["additional_messages"] = [{"priority": "error", "message": text} for text in messages]


def not_found() -> HighLevelError:
    """No such item, no such route, or an item out of sight: all the same."""
    return HighLevelError(404, "ERROR_ITEM_NOT_FOUND", "Not found")


def forbidden(detail: str | None = None) -> HighLevelError:
    """A right is missing."""
    return HighLevelError(403, "ERROR_RIGHT_MISSING", _RIGHT_MISSING, detail)


def crashed() -> HighLevelError:
    """PHP ends in the middle: 500 without a body."""
    error = HighLevelError(500, "ERROR", "")
    error.body = None
    return error


def answer(status: int, body: object, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON answer as this API writes it."""
    text = "" if body is None else json.dumps(body, ensure_ascii=True, separators=(",", ":")).replace("/", "\\/")
    kind = {"Content-Type": "application/json", "Cache-Control": "no-store, no-cache, must-revalidate"}
    return Response(status, text.encode(), {**kind, **(headers or {})})


@dataclass(frozen=True)
class Call:
    """One request, after the token was checked."""

    request: Request
    parts: tuple[str, ...]
    """Of the path below the version."""
    version: str
    caller: Caller
    given: Row
    """The JSON object of the body; empty where there is none."""


def parsed(request: Request) -> Row:
    """The body of a request that is declared as JSON; another type is not read. Raises HighLevelError."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    if kind != "application/json" or (not request.body and request.method != "GET"):
        return {}
    try:
        found = json.loads(request.body.decode("utf-8"))
    except ValueError:
        raise HighLevelError(400, "ERROR", "Contenu du JSON invalide") from None
    return found if isinstance(found, dict) else {}


def unauthenticated(request: Request) -> HighLevelError:
    """There is no token, or one of nobody."""
    error = HighLevelError(401, "ERROR_UNAUTHENTICATED", "")
    is_english = request.headers.get("accept-language", "fr").startswith("en")
    # NOTE: the keys of this one come in another order.
    error.body = {
        "title": "You are not authenticated" if is_english else "Vous n'êtes pas authentifé",
        "detail": "The Authorization header is missing or invalid"
        if is_english
        else "L’en-tête d’authentification est manquante ou invalide",
        "status": "ERROR_UNAUTHENTICATED",
    }
    return error

"""Requests and answers of the simulated GLPI, and the errors of its API."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from glpi.simulator.storage import Row

_NO_STORE = {"Cache-Control": "no-store, no-cache, must-revalidate", "Expires": "Mon, 26 Jul 1997 05:00:00 GMT"}


@dataclass(frozen=True)
class Request:
    """What came in; ``path`` is below the API's root, without the query."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""
    body: bytes = b""
    host: str = "127.0.0.1"
    api: str = "legacy"
    """Which API was meant, by the name of its route."""
    root: str = "/apirest.php"
    """The API's root that was used."""


@dataclass(frozen=True)
class Response:
    """What goes out."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    pause_s: float = 0.0
    """Seconds between the pieces of a body that only trickles in."""


class Route(NamedTuple):
    """One API of the server."""

    api: str
    """Its name, for ``Request.api``."""
    handle: Callable[[Request], Response | None]
    """Answers a request; None drops the connection."""


class ApiError(Exception):
    """An error of the API."""

    def __init__(self, status: int, code: str, text: str | None = None, *, is_bare: bool = False) -> None:
        """``text``: instead of the usual message; ``is_bare``: ``text`` as it is, even None."""
        super().__init__(code)
        self.status, self.code, self.text, self.is_bare = status, code, text, is_bare


def json_response(status: int, body: object, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON answer as PHP writes it."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    kind = {"Content-Type": "application/json; charset=UTF-8", **_NO_STORE}
    return Response(status, text.encode(), {**kind, **(headers or {})})


def html_response(status: int, text: str, headers: Mapping[str, str] | None = None) -> Response:
    """A page."""
    return Response(status, text.encode(), {"Content-Type": "text/html; charset=UTF-8", **(headers or {})})


def json_body(request: Request) -> object:
    """The parsed body; None where there is none, or it is not declared as JSON. Raises ApiError."""
    kind = request.headers.get("content-type", "application/json").partition(";")[0].strip()
    if not request.body or kind != "application/json":
        return None
    if request.method == "GET":
        raise ApiError(400, "ERROR_JSON_PAYLOAD_FORBIDDEN", "GET request should not have json payload", is_bare=True)
    try:
        return json.loads(request.body.decode("utf-8"))
    except ValueError:
        raise ApiError(400, "ERROR_JSON_PAYLOAD_INVALID") from None


def input_fields(given: object) -> Row | list[object]:
    """The ``input`` of a write. Raises ApiError."""
    fields = given.get("input") if isinstance(given, dict) else None
    if not isinstance(fields, dict | list):
        raise ApiError(400, "ERROR_BAD_ARRAY")
    return fields

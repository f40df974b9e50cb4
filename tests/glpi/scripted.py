"""A server on loopback that answers what it is told, as GLPI 11.0.6 was recorded to; and remembers what was asked."""

from __future__ import annotations

import json
import threading
from collections import defaultdict, deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

VERSIONS = {"api_versions": [{"version": "1.0.0"}, {"version": "2.0.0"}, {"version": "2.1.0"}, {"version": "2.2.0"}]}
LOST = {"status": "ERROR_INVALID_PARAMETER", "title": "Invalid OAuth token", "detail": "Access token has been revoked"}
UNAUTHENTICATED = {"title": "Vous n'êtes pas authentifé", "detail": "L'en-tête", "status": "ERROR_UNAUTHENTICATED"}
DENIED = {"status": "ERROR_RIGHT_MISSING", "title": "You don't have permission to perform this action."}
NO_SCOPE = {**DENIED, "detail": "You do not have the required scope(s) to access this endpoint."}
API_OFF = {**DENIED, "detail": "The High-Level API is disabled"}
GONE = {"status": "ERROR_ITEM_NOT_FOUND", "title": "Not found", "detail": None}
INVALID = {"status": "ERROR_INVALID_PARAMETER", "title": "One or more parameters are invalid", "detail": None}
FAILED = {"status": "ERROR", "title": "Failed to create item(s)", "detail": None, "additional_messages": []}
MAINTENANCE = "<html><head><title>MODE MAINTENANCE - GLPI</title></head></html>"
ME = {
    "current_time": "2026-11-22T13:49:49+01:00",
    "user_id": 7,
    "name": "svc-borne",
    "profiles": {"9": {"name": "Borne"}, "6": {"name": "Technician"}},
    "active_profile": {"id": 9, "name": "Borne", "interface": "central", "rights": {"name": 0, "ticket": 7}},
    "active_entity": {"id": 0, "complete_name": "Entité racine (Arborescence)", "recursive": 1},
}


@dataclass
class Reply:
    """One answer."""

    status: int
    body: Any = None
    """JSON, or a page where it is text."""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Heard:
    """One request."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any


class Scripted:
    """``with Scripted() as glpi: glpi.on("GET", "/api.php/v2.2/session", Reply(200, ME))``; the last reply stays."""

    def __init__(self) -> None:
        self.heard: list[Heard] = []
        self._replies: dict[tuple[str, str], deque[Reply]] = defaultdict(deque)
        self._lock = threading.Lock()
        self._tokens = 0
        scripted = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                parts = urlsplit(self.path)
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                headers = {name.lower(): value for name, value in self.headers.items()}
                heard = Heard(self.command, parts.path, query, headers, json.loads(raw) if raw else None)
                reply = scripted.reply(heard)
                is_page = isinstance(reply.body, str)
                body = b"" if reply.body is None else (reply.body if is_page else json.dumps(reply.body)).encode()
                self.send_response(reply.status)
                for name, value in {
                    "Content-Type": "text/html" if is_page else "application/json",
                    "Content-Length": str(len(body)),
                    **reply.headers,
                }.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_PATCH = do_DELETE = answer

            def log_message(self, format: str, *args: object) -> None:
                """Nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def on(self, method: str, path: str, *replies: Reply) -> None:
        """Answer these, one after the other."""
        self._replies[method, path] = deque(replies)

    def reply(self, heard: Heard) -> Reply:
        """The next answer; without one, what a server with one good account says."""
        with self._lock:
            self.heard.append(heard)
            queue = self._replies.get((heard.method, heard.path))
            if queue:
                return queue.popleft() if len(queue) > 1 else queue[0]
            if heard.path == "/api.php/":
                return Reply(200, VERSIONS)
            if heard.path == "/api.php/token":
                self._tokens += 1
                issued = {"access_token": f"t{self._tokens}", "refresh_token": f"r{self._tokens}", "expires_in": 3600}
                return Reply(200, {"token_type": "Bearer", **issued})
            return Reply(200, ME) if heard.path.endswith("/session") else Reply(404, GONE)

    def asked(self, method: str, end: str) -> list[Heard]:
        """The requests of this kind."""
        return [one for one in self.heard if one.method == method and one.path.endswith(end)]

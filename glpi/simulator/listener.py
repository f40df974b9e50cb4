"""The HTTP side of the simulated GLPI: a server on 127.0.0.1 whose connections can be cut."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from glpi.simulator.messages import Request, Response, Route

POLL_S = 0.02
"""How often a thread that waits looks whether it should end, in seconds."""

_PIECE = 8


class Listener(ThreadingHTTPServer):
    """Listens as soon as it is made; answers between ``start`` and ``stop``."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(
        self,
        port: int,
        routes: Mapping[str, Route],
        outside: Callable[[str], Response],
        now: Callable[[], datetime],
    ) -> None:
        """Listen on 127.0.0.1.

        Args:
            port: 0 takes a free one.
            routes: The APIs by the root of their paths; the longest root that fits is taken.
            outside: Answers any other path.
            now: The server's clock, aware, which its ``Date`` header tells.
        """
        self._routes = dict(sorted(routes.items(), key=lambda item: -len(item[0])))
        self.outside = outside
        self.now = now
        self.stopping = threading.Event()
        self._open: set[socket.socket] = set()
        self._guard = threading.Lock()
        super().__init__(("127.0.0.1", port), _Handler)
        self._thread = threading.Thread(target=self.serve_forever, args=(POLL_S,), name="glpi-simulator", daemon=True)

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self.server_address[1])

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Stop listening and cut every connection, answered or not."""
        self.stopping.set()
        self.shutdown()
        with self._guard:
            for connection in self._open:
                cut(connection)
        self.server_close()
        self._thread.join()

    def route(self, path: str) -> tuple[str, Route] | None:
        """The root and the API that a path belongs to."""
        for root, route in self._routes.items():
            if path.startswith(root) and path[len(root) : len(root) + 1] in ("", "/"):
                return root, route
        return None

    def remember(self, connection: socket.socket) -> None:
        """A connection was opened."""
        with self._guard:
            self._open.add(connection)

    def shutdown_request(self, request: Any) -> None:
        """A connection is closed."""
        with self._guard:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news; anything else is a bug of the simulator and must be seen."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Listener

    def setup(self) -> None:
        super().setup()
        self.server.remember(self.connection)

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Of the ``Date`` header."""
        return super().date_time_string(self.server.now().timestamp() if timestamp is None else timestamp)

    def log_message(self, format: str, *args: Any) -> None:
        """The terminal belongs to somebody else."""

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path)
        found = self.server.route(parts.path)
        if found is None:
            self._send(self.server.outside(parts.path))
            return
        root, route = found
        request = Request(
            method=self.command,
            path=parts.path.removeprefix(root),
            query=dict(parse_qsl(parts.query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=body,
            host=self.headers.get("Host", "127.0.0.1"),
            api=route.api,
            root=root,
        )
        response = None if self.server.stopping.is_set() else route.handle(request)
        if response is None or self.server.stopping.is_set():
            self.close_connection = True
            cut(self.connection)
        else:
            self._send(response)

    do_GET = do_HEAD = do_OPTIONS = do_POST = do_PUT = do_PATCH = do_DELETE = _answer

    def _send(self, response: Response) -> None:
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        if self.command == "HEAD":
            return
        if not response.pause_s:
            self.wfile.write(response.body)
            return
        for start in range(0, len(response.body), _PIECE):
            self.wfile.write(response.body[start : start + _PIECE])
            self.wfile.flush()
            if self.server.stopping.wait(response.pause_s):
                return


def cut(connection: socket.socket) -> None:
    """End a connection at once, in both directions."""
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # already gone

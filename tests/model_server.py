"""An OpenAI-compatible server on loopback whose answers a test writes: good ones, and every way to fail."""

from __future__ import annotations

import json
import os
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self


@dataclass(frozen=True)
class Reply:
    """What the server does with one request."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    declared_length: int | None = None
    """A ``Content-Length`` beyond the body: the connection is cut in the middle of the answer."""
    waits: bool = False
    """Answer nothing until the server closes."""
    drips: bytes = b""
    """After the headers, this again and again, each before any limit between two pieces is reached."""
    resets: bool = False
    """Half of the body, then a connection reset."""


def said(content: str | None, *, finish_reason: str = "stop", refusal: str | None = None) -> Reply:
    """A completion in which the model wrote this."""
    message = {"role": "assistant", "content": content, "refusal": refusal}
    completion = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 0,
        "model": "test-model",
        "choices": [{"index": 0, "message": message, "finish_reason": finish_reason, "logprobs": None}],
    }
    return Reply(body=json.dumps(completion).encode())


def filled(**changes: Any) -> dict[str, Any]:
    """A good answer to the printer message of the tests, with changes."""
    answer: dict[str, Any] = {
        "category": "04-hardware",
        "subcategory": "04-04-printer",
        "confidence": 0.95,
        "priority": "medium",
        "title": "Imprimante HP ne fonctionne plus, bureau 301",
        "symptoms": ["ne fonctionne plus", "voyant rouge clignote"],
        "extracted_info": {"device_type": "imprimante", "brand": "HP", "location": "bureau 301", "os": None},
        "missing_info": ["onset"],
        "other_problems": [],
    }
    return answer | changes


def answered(**changes: Any) -> Reply:
    """The good answer, with changes."""
    return said(json.dumps(filled(**changes), ensure_ascii=False))


def refused(
    status: int, *, param: str | None = None, code: str | None = None, headers: Mapping[str, str] | None = None
) -> Reply:
    """An error as OpenAI writes it."""
    error = {"error": {"message": "private words of the server", "type": "error", "param": param, "code": code}}
    return Reply(status, json.dumps(error).encode(), headers or {})


@dataclass(frozen=True)
class Request:
    """One request as the server got it."""

    path: str
    headers: Mapping[str, str]
    raw: str
    body: Mapping[str, Any]

    @property
    def form(self) -> str:
        """``json_schema``, ``json_object`` or ``text``."""
        return str(self.body.get("response_format", {}).get("type", "text"))

    @property
    def last_message(self) -> str:
        """What was asked last: the fenced message."""
        return str(self.body["messages"][-1]["content"])


class ModelServer:
    """Use it as a context manager; ``script`` says what to answer."""

    def __init__(self, *, certificate: tuple[Path, Path] | None = None) -> None:
        """``certificate``: speak TLS, with this certificate and its key."""
        self.requests: list[Request] = []
        self.script: Callable[[Request], Reply] = lambda request: answered()
        self.arrived = threading.Event()
        """Set when a request has been read."""
        self.gone = threading.Event()
        """Set when a client closed its connection while the server waited."""
        self.hangs_up = False
        """Close each connection after its answer, without a word about it: an idle connection that timed out."""
        self.serves_once = False
        """Take a second request on a connection, and close without an answer."""
        self._closing = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._scheme = "http"
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
            self._scheme = "https"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    @property
    def base_url(self) -> str:
        """As ``[openai] base_url``."""
        return f"{self._scheme}://127.0.0.1:{self._server.server_port}/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = 64 * 1024  # headers and body in one packet, or each answer waits 40 ms for an acknowledgement
            disable_nagle_algorithm = True

            def handle(self) -> None:
                try:
                    super().handle()
                except ssl.SSLError:
                    self.close_connection = True  # a client that did not believe us

            def do_POST(self) -> None:
                if server.serves_once and hasattr(self, "served"):
                    self.close_connection = True
                    return
                self.served = True
                raw = self.rfile.read(int(self.headers["content-length"])).decode()
                request = Request(self.path, dict(self.headers.items()), raw, json.loads(raw))
                server.requests.append(request)
                server.arrived.set()
                reply = server.script(request)
                if reply.waits:
                    self._wait()
                elif reply.drips:
                    self._send(Reply(headers=reply.headers, declared_length=10**9))
                    self._wait(reply.drips)
                else:
                    self._send(answered() if reply.resets else reply, cut=reply.resets)
                self.close_connection = self.close_connection or server.hangs_up

            def _send(self, reply: Reply, *, cut: bool = False) -> None:
                headers = {"Content-Type": "application/json", **reply.headers}
                length = reply.declared_length or len(reply.body)
                self.close_connection = cut or length != len(reply.body)
                try:
                    self.send_response_only(reply.status)
                    for name, value in headers.items():
                        self.send_header(name, value)
                    self.send_header("Content-Length", str(length))
                    self.end_headers()
                    self.wfile.write(reply.body[: len(reply.body) // 2] if cut else reply.body)
                    self.wfile.flush()
                    if cut:
                        reset = struct.pack("ii", 1, 0)
                        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
                        os.close(self.connection.detach())
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True  # a client that has read enough

            def _wait(self, drip: bytes = b"") -> None:
                self.close_connection = True
                self.connection.settimeout(0.02)
                while not server._closing.is_set():
                    try:
                        self.connection.sendall(drip)
                        if self.connection.recv(1) == b"":
                            server.gone.set()
                            return
                    except TimeoutError:
                        continue
                    except (BrokenPipeError, ConnectionResetError):
                        server.gone.set()
                        return

            def log_message(self, format: str, *args: object) -> None:
                """Quiet."""

        return Handler

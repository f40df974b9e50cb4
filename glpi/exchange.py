"""One HTTP exchange with a server: its limits, and what a broken one means.

Says whether a request that got no answer may have taken effect. What a GLPI answer means is for ``glpi.refusals``.
"""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import httpx

from glpi.errors import CallerRefused, NotSent, Unclear

BODY_LIMIT = 5_000_000
"""Bytes of an answer, decompressed; a longer one is cut off and not used."""

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


_PAGES = ((b"maintenance", "MAINTENANCE"), (b"mysql error", "DATABASE_DOWN"))
"""What the titles of GLPI's own pages say; the first is the same word in French and in English."""


def utc_now() -> datetime:
    """This machine's clock."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Timeouts:
    """How long to wait, in seconds."""

    connect_s: float = 5.0
    """To resolve the name, connect and agree on TLS; also for a free connection of the pool."""
    read_s: float = 20.0
    """For the answer to a read."""
    write_s: float = 60.0
    """For the answer to a write: GLPI may send its mails before it answers."""
    goodbye_s: float = 2.0
    """For the whole farewell at exit."""


@dataclass(frozen=True)
class Answer:
    """What came back, with nothing of the server's text outside ``body``."""

    status: int
    body: object
    """Parsed JSON; meaningless unless ``is_json``."""
    is_json: bool
    last_modified: datetime | None = None
    retry_after_s: float | None = None
    page: str | None = None
    """Our word for a page of GLPI that says why it does not answer: ``MAINTENANCE`` or ``DATABASE_DOWN``."""
    date: datetime | None = None
    """The server's clock, in whole seconds."""

    @property
    def code(self) -> str | None:
        """GLPI's error code where the body is an error of the legacy API: ``["ERROR_…", …]``."""
        if not self.is_json or not isinstance(self.body, list) or not self.body:
            return None
        word = self.body[0]
        return word if isinstance(word, str) and word.startswith("ERROR") and word.isascii() else None


class Exchange:
    """A pool of connections to one address. Belongs to the event loop of its first request."""

    def __init__(
        self, url: str, *, ca_file: str | None, timeouts: Timeouts, now: Callable[[], datetime] = utc_now
    ) -> None:
        """``url``: root of the API, as ``api_root`` makes it; ``ca_file``: PEM file of a private authority.

        ``now``: this machine's clock, aware.

        Raises:
            ValueError: Not an address that can be asked.
        """
        try:
            # Reading the host decodes an international name, which can be malformed.
            _ = httpx.URL(url).host
        except (httpx.InvalidURL, UnicodeError):
            raise ValueError("not an http(s) address") from None
        self.url = url
        self.requests = 0
        self.skew: timedelta | None = None
        """The server's clock minus ours, from the last answer with a date."""
        self._now = now
        self._ca_file = ca_file
        self._timeouts = timeouts
        self._client: httpx.AsyncClient | None = None

    async def send(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str],
        params: Mapping[str, str] | None = None,
        payload: object = None,
    ) -> Answer:
        """Send one request and read the answer; never follows a redirect, never sends twice.

        Raises:
            NotSent: The request cannot have arrived.
            Unclear: It may have taken effect.
            CallerRefused: A certificate file or proxy setting of this machine cannot be used; nothing was sent.
        """
        client = self._client = self._client or self._connect()
        client.cookies.clear()
        wait_s = self._timeouts.read_s if method == "GET" else self._timeouts.write_s
        connect_s = self._timeouts.connect_s
        request = client.build_request(
            method,
            self.url + path,
            params=params,
            headers=headers,
            content=_encoded(payload),
            timeout=httpx.Timeout(wait_s, connect=connect_s, pool=connect_s),
        )
        self.requests += 1
        try:
            # The limits above are for one step each; a server that sends a byte now and then must end too.
            async with asyncio.timeout(2 * connect_s + wait_s):
                answer = await self._exchange(client, request)
        except (httpx.TransportError, TimeoutError, httpx.DecodingError) as error:
            broken = _broken(error)
        else:
            if answer.date is not None:
                self.skew = answer.date - self._now()
            return answer
        raise broken

    async def aclose(self) -> None:
        """Close all connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    def _connect(self) -> httpx.AsyncClient:
        try:
            return self._new_client()
        except OSError:
            refused = CallerRefused("CA_FILE_UNUSABLE")
        except (ImportError, ValueError, httpx.InvalidURL):
            # A SOCKS proxy, which would need another library, or something that is no address.
            refused = CallerRefused("PROXY_UNUSABLE")
        raise refused

    def _new_client(self) -> httpx.AsyncClient:
        # A proxy set for the outside must not catch a GLPI on this machine.
        outside = urlsplit(self.url).hostname not in _LOOPBACK
        verify: ssl.SSLContext | bool = ssl.create_default_context(cafile=self._ca_file) if self._ca_file else True
        return httpx.AsyncClient(
            verify=verify if self.url.startswith("https:") else False,
            trust_env=outside,
            follow_redirects=False,
            limits=httpx.Limits(max_connections=4, max_keepalive_connections=2, keepalive_expiry=5.0),
            headers={"User-Agent": "guichet", "Accept": "application/json"},
        )

    async def _exchange(self, client: httpx.AsyncClient, request: httpx.Request) -> Answer:
        response = await client.send(request, stream=True)
        try:
            body = bytearray()
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > BODY_LIMIT:
                    raise Unclear("TOO_LONG", response.status_code)
        finally:
            await response.aclose()
        return _answer(response, bytes(body))


def _encoded(payload: object) -> bytes | None:
    # A lone surrogate cannot be sent; losing one character is better than losing the ticket.
    return None if payload is None else json.dumps(payload, ensure_ascii=False).encode("utf-8", "replace")


def _answer(response: httpx.Response, raw: bytes) -> Answer:
    headers = response.headers
    is_json, body = False, None
    if headers.get("Content-Type", "").partition(";")[0].strip().lower() == "application/json":
        try:
            body, is_json = json.loads(raw), True
        except (ValueError, RecursionError):
            is_json = False
    date = _http_date(headers.get("Date"))
    return Answer(
        status=response.status_code,
        body=body,
        is_json=is_json,
        last_modified=_http_date(headers.get("Last-Modified")),
        retry_after_s=_retry_after(headers.get("Retry-After"), date),
        page=None if is_json else _page(raw),
        date=date,
    )


def _page(raw: bytes) -> str | None:
    title = raw[:4000].lower().partition(b"<title>")[2].partition(b"</title>")[0]
    return next((code for word, code in _PAGES if word in title), None)


def _broken(error: httpx.TransportError | TimeoutError | httpx.DecodingError) -> NotSent | Unclear:
    # ProxyError: the proxy refused the tunnel, so nothing reached the server behind it.
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout | httpx.ProxyError):
        return NotSent(_cause(error))
    if isinstance(error, httpx.TimeoutException | TimeoutError):
        return Unclear("TIMEOUT")
    return Unclear("CONNECTION_LOST")


def _cause(error: BaseException | None) -> str:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError) or "CERTIFICATE_VERIFY_FAILED" in str(error):
            return "TLS_CERTIFICATE"
        if isinstance(error, ssl.SSLError):
            return "TLS_FAILED"
        if isinstance(error, socket.gaierror):
            return "NAME_UNRESOLVED"
        error = error.__cause__ or error.__context__
    return "NO_CONNECTION"


def _http_date(value: str | None) -> datetime | None:
    if not value:
        return None
    try:
        found = parsedate_to_datetime(value)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _retry_after(value: str | None, server_now: datetime | None) -> float | None:
    if not value:
        return None
    if value.strip().isascii() and value.strip().isdigit():
        return min(float(value), 86_400.0)
    until = _http_date(value)
    if until is None:
        return None
    return min(max((until - (server_now or datetime.now(UTC))).total_seconds(), 0.0), 86_400.0)

"""Why no GLPI API answers at an address: name, connection, TLS, or a page instead of the API. For ``guichet doctor``.

Asks once, without any token, and looks at the page only for which of GLPI's own pages it is: its text goes nowhere.
"""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx

_PAGE_LIMIT = 20_000
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_TLS_BY_CODE = {
    9: "TLS_NOT_YET_VALID",
    10: "TLS_EXPIRED",
    18: "TLS_UNKNOWN_AUTHORITY",
    19: "TLS_UNKNOWN_AUTHORITY",
    20: "TLS_UNKNOWN_AUTHORITY",
    21: "TLS_UNKNOWN_AUTHORITY",
    62: "TLS_WRONG_NAME",
    64: "TLS_WRONG_NAME",
}
"""Ours for OpenSSL's verification codes (X509_V_ERR_…, ``openssl verify``)."""


async def why_silent(url: str, *, ca_file: str | None = None, timeout_s: float = 10.0) -> str | None:
    """Why an address does not answer as an API of GLPI; None where there is nothing to be seen from here.

    Args:
        url: Root of the API, as ``glpi.roots.api_root`` makes it.
        ca_file: PEM file of a private authority.
        timeout_s: For all of it: a server that sends a byte now and then must end too.

    Returns:
        ``NAME_NOT_RESOLVED``, ``CONNECTION_REFUSED``, ``NO_ROUTE``, ``TIMEOUT``, ``PROXY``, ``CONNECTION_LOST``;
        ``TLS_EXPIRED``, ``TLS_NOT_YET_VALID``, ``TLS_UNKNOWN_AUTHORITY``, ``TLS_WRONG_NAME``, ``TLS_CERTIFICATE``,
        ``TLS_NOT_SPOKEN``, ``CA_FILE_UNUSABLE``; ``MAINTENANCE``, ``DATABASE_DOWN``, ``GLPI_BROKEN``, ``GLPI_PAGE``
        (GLPI answers, but not its API), ``NOT_GLPI``, ``REDIRECT``, ``GATEWAY``; or None.
    """
    try:
        async with asyncio.timeout(timeout_s):
            return await _asked(url, ca_file, timeout_s)
    except httpx.HTTPError as error:
        return _broken(error)
    except TimeoutError:
        return "TIMEOUT"
    except OSError:
        return "CA_FILE_UNUSABLE"


async def _asked(url: str, ca_file: str | None, timeout_s: float) -> str | None:
    async with _client(url, ca_file, timeout_s) as client, client.stream("GET", f"{url}/initSession") as response:
        page = bytearray()
        async for chunk in response.aiter_bytes():
            page += chunk
            if len(page) > _PAGE_LIMIT:
                break
        return _kind_of_page(response, bytes(page[:_PAGE_LIMIT]))


def _client(url: str, ca_file: str | None, timeout_s: float) -> httpx.AsyncClient:
    verify: ssl.SSLContext | bool = ssl.create_default_context(cafile=ca_file) if ca_file else True
    return httpx.AsyncClient(
        verify=verify if url.startswith("https:") else False,
        trust_env=urlsplit(url).hostname not in _LOOPBACK,
        follow_redirects=False,
        timeout=timeout_s,
        headers={"User-Agent": "guichet", "Accept": "application/json"},
    )


def _kind_of_page(response: httpx.Response, page: bytes) -> str | None:
    """Which page it is. Source of the titles: pages recorded with GLPI 10.0.19 and 11.0.6."""
    if "json" in response.headers.get("Content-Type", ""):
        return None
    if response.is_redirect:
        return "REDIRECT"
    found = re.search(rb"<title[^>]*>([^<]{0,200})</title>", page, re.IGNORECASE)
    title = found[1].decode("utf-8", "replace").strip().casefold() if found else ""
    is_glpi = title.endswith("- glpi") or b"glpi" in page[:_PAGE_LIMIT].lower()
    if is_glpi and "maintenance" in title:
        return "MAINTENANCE"
    if is_glpi and ("mysql" in title or "sql error" in title or "database" in title):
        return "DATABASE_DOWN"
    if response.status_code in (502, 503, 504):
        return "GATEWAY"
    if response.status_code >= 500:
        return "GLPI_BROKEN" if is_glpi else "SERVER_ERROR"
    return "GLPI_PAGE" if is_glpi else "NOT_GLPI"


def _broken(error: httpx.HTTPError) -> str:
    if isinstance(error, httpx.ProxyError):
        return "PROXY"
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return _TLS_BY_CODE.get(cause.verify_code, "TLS_CERTIFICATE")
        if isinstance(cause, ssl.SSLError):
            return "TLS_NOT_SPOKEN"
        if isinstance(cause, socket.gaierror):
            return "NAME_NOT_RESOLVED"
        if isinstance(cause, ConnectionRefusedError):
            return "CONNECTION_REFUSED"
    if isinstance(error, httpx.TimeoutException):
        return "TIMEOUT"
    return "NO_ROUTE" if isinstance(error, httpx.ConnectError) else "CONNECTION_LOST"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """An error and what led to it, the inside of groups included."""
    while error is not None:
        yield error
        if isinstance(error, BaseExceptionGroup):
            for inner in error.exceptions:
                yield from _causes(inner)
        error = error.__cause__ or error.__context__

"""Where GLPI's APIs are, for an address as people give it. Pure functions."""

from __future__ import annotations

import re
from urllib.parse import urlsplit, urlunsplit


def api_root(url: str) -> str:
    """The root of the legacy API for an address as people give it.

    Takes the address of GLPI itself (``https://host/glpi``), of ``apirest.php`` or of a resource below it, or of
    ``api.php`` with or without ``v1``.

    Raises:
        ValueError: Not an http(s) address with a host, or one with a user name in it.
    """
    parts = urlsplit(url.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise ValueError("not an http(s) address")
    if parts.port is not None and not parts.port:
        raise ValueError("no such port")
    # What comes after is a resource: GLPI's documentation shows addresses like …/apirest.php/initSession.
    path = re.sub(r"/+$", "", re.sub(r"(/apirest\.php)/.*", r"\1", parts.path))
    if path.endswith("/api.php"):
        path += "/v1"
    elif not path.endswith(("/apirest.php", "/api.php/v1")):
        path += "/apirest.php"
    return urlunsplit((parts.scheme, parts.netloc, path, "", ""))


def site_root(url: str) -> str:
    """The address of GLPI itself for that of any of its APIs: ``https://host/glpi``.

    Raises:
        ValueError: As ``api_root``.
    """
    return re.sub(r"(/api\.php(/v[\d.]*)?)?(/apirest\.php|/api\.php/v1)\Z", "", api_root(url))


def highlevel_root(url: str) -> str:
    """The root of the High-Level API for an address as people give it: of GLPI, or of any of its APIs and versions.

    Raises:
        ValueError: As ``api_root``.
    """
    return site_root(url) + "/api.php"


def legacy_address(url: str) -> str:
    """The address for ``LegacyClient``, also where that of a version of the High-Level API was given.

    Raises:
        ValueError: Not an address that can be asked.
    """
    root = site_root(url)
    return root if "/api.php/v" in url and not url.rstrip("/").endswith("/v1") else url

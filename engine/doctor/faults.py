"""Which check a failed request is about, and why it failed."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from engine.config import GlpiConfig
from engine.doctor.examination import Check
from glpi.errors import GlpiError

_LAYERS = ("glpi_address", "glpi_network", "glpi_tls", "glpi_api")

_SEEN: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "NAME_UNRESOLVED": ("glpi_network", "name_not_resolved"),
        "NAME_NOT_RESOLVED": ("glpi_network", "name_not_resolved"),
        "CONNECTION_REFUSED": ("glpi_network", "connection_refused"),
        "NO_ROUTE": ("glpi_network", "no_route"),
        "NO_CONNECTION": ("glpi_network", "no_route"),
        "TIMEOUT": ("glpi_network", "timeout"),
        "CONNECTION_LOST": ("glpi_network", "connection_lost"),
        "PROXY": ("glpi_network", "proxy"),
        "PROXY_UNUSABLE": ("glpi_network", "proxy"),
        "TLS_EXPIRED": ("glpi_tls", "expired"),
        "TLS_NOT_YET_VALID": ("glpi_tls", "not_yet_valid"),
        "TLS_UNKNOWN_AUTHORITY": ("glpi_tls", "unknown_authority"),
        "TLS_WRONG_NAME": ("glpi_tls", "wrong_name"),
        "TLS_CERTIFICATE": ("glpi_tls", "not_believed"),
        "TLS_FAILED": ("glpi_tls", "not_spoken"),
        "TLS_NOT_SPOKEN": ("glpi_tls", "not_spoken"),
        "CA_FILE_UNUSABLE": ("glpi_tls", "ca_file_unusable"),
        "REDIRECT": ("glpi_address", "redirect"),
        "NO_API_HERE": ("glpi_address", "no_api_here"),
        "NOT_GLPI": ("glpi_address", "not_glpi"),
        "GLPI_PAGE": ("glpi_address", "glpi_page"),
        "MAINTENANCE": ("glpi_api", "maintenance"),
        "DATABASE_DOWN": ("glpi_api", "database_down"),
        "GLPI_BROKEN": ("glpi_api", "glpi_broken"),
        "SERVER_ERROR": ("glpi_api", "server_error"),
        "GATEWAY": ("glpi_api", "gateway"),
        "NOT_JSON": ("glpi_api", "nonsense"),
        "BAD_SHAPE": ("glpi_api", "nonsense"),
        "TOO_LONG": ("glpi_api", "nonsense"),
        "HTTP_401": ("glpi_api", "guarded"),
        "HTTP_429": ("glpi_api", "too_many"),
        "HTTP_407": ("glpi_network", "proxy"),
        "ERROR_API_DISABLED": ("glpi_api", "switched_off"),
        "ERROR_NOT_ALLOWED_IP": ("glpi_api", "address_refused"),
        "ERROR_APP_TOKEN_PARAMETERS_MISSING": ("glpi_app_token", "missing"),
        "ERROR_WRONG_APP_TOKEN_PARAMETER": ("glpi_app_token", "wrong"),
        "ERROR_GLPI_LOGIN_USER_TOKEN": ("glpi_login", "wrong_token"),
        "ERROR_GLPI_LOGIN": ("glpi_login", "wrong_password"),
        "ERROR_LOGIN_PARAMETERS_MISSING": ("glpi_login", "header_stripped"),
        "ERROR_SESSION_TOKEN_MISSING": ("glpi_login", "session_stripped"),
        "AUTHORIZATION_STRIPPED": ("glpi_login", "header_stripped"),
        "OAUTH_INVALID_GRANT": ("glpi_login", "wrong_password"),
        "OAUTH_INVALID_CLIENT": ("glpi_login", "wrong_client"),
        "CREDENTIALS_MISSING": ("glpi_login", "no_token"),
        "SCOPE_MISSING": ("glpi_login", "scope_missing"),
        "API_VERSION_UNKNOWN": ("glpi_api", "version_unknown"),
        "ERROR_LOGIN_WITH_CREDENTIALS_DISABLED": ("glpi_login", "credentials_off"),
    }
)
"""Check and cause for each code of ``glpi.errors`` and ``glpi.reachability``."""

_SAYS_LITTLE = frozenset({"NO_CONNECTION", "TLS_CERTIFICATE", "TLS_FAILED", "CONNECTION_LOST", "NOT_JSON", "BAD_SHAPE"})
"""Codes behind which there are several causes: looked into once more."""


_CLOSER_S = 5.0


async def fault_of(
    error: GlpiError, glpi: GlpiConfig, *, is_probe: bool, has_token: bool = True, has_app_token: bool = False
) -> tuple[Check, ...]:
    """The check that failed, after those that hold because it could fail at all.

    Args:
        error: What a request raised.
        glpi: ``[glpi]`` of the configuration.
        is_probe: Whether it was the first request; otherwise the API is known to answer.
        has_token: Whether there is anything to log in with.
        has_app_token: Whether a token of the API client was sent.
    """
    code = error.code
    values: dict[str, str | int] = {"url": glpi.url, "ca_file": glpi.ca_file, "code": code, "status": error.status or 0}
    if code in _SAYS_LITTLE or (code.startswith("HTTP_") and code not in _SEEN):
        code = await _closer(glpi) or code
    name, cause = _SEEN.get(code, ("glpi_api" if is_probe else "glpi_login", "refused"))
    if code == "BAD_TOKEN_FORMAT":
        name, cause = ("glpi_app_token" if is_probe else "glpi_login"), "malformed"
        values["name"] = "GLPI_APP_TOKEN" if is_probe else "GLPI_USER_TOKEN"
    if not has_token and name == "glpi_login":
        cause = "no_token"
    if has_app_token and (name, cause) == ("glpi_app_token", "missing"):
        cause = "stripped"
    failed = Check(name, False, cause, values)
    if not is_probe:
        return (failed,)
    below = _LAYERS[: _LAYERS.index(name)] if name in _LAYERS else _LAYERS
    if name == "glpi_address":
        # An answer came, though not GLPI's.
        return (failed, *_holding(("glpi_network", "glpi_tls"), glpi))
    holding = [layer for layer in below if layer != "glpi_address" or name not in ("glpi_network", "glpi_tls")]
    return (*_holding(holding, glpi), failed)


def _holding(names: list[str] | tuple[str, ...], glpi: GlpiConfig) -> tuple[Check, ...]:
    is_secure = glpi.url.startswith("https:")
    return tuple(Check(name, True, "works", {"url": glpi.url}) for name in names if name != "glpi_tls" or is_secure)


async def _closer(glpi: GlpiConfig) -> str | None:
    from glpi.reachability import why_silent
    from glpi.roots import api_root

    try:
        return await why_silent(api_root(glpi.url), ca_file=glpi.ca_file or None, timeout_s=_CLOSER_S)
    except ValueError:
        return None

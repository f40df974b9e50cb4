"""OAuth of the simulated GLPI 11: one client, accounts with a password, tokens of one hour.

A bad or expired token is answered 400 by the API, and one that is absent 401; an old token is revoked by a refresh.
Source: recorded on 11.0.6, ``v11-hl-001`` to ``016``.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import parse_qsl

from glpi.simulator.messages import Request, Response, json_response

LIFETIME = timedelta(hours=1)
"""Of an access token."""
SCOPES = frozenset({"api", "user", "email", "status"})
"""What the client may ask for; anything else is dropped in silence."""
_GRANTS = ("password", "refresh_token", "client_credentials")


@dataclass(frozen=True)
class Grant:
    """What a token allows."""

    user_id: int | None
    """None for ``client_credentials``: nobody, who sees no tickets."""
    scopes: frozenset[str]
    expires_at: datetime


class BadToken(Exception):
    """A bearer token that is none, or no longer one; the message is GLPI's detail."""


class OAuth:
    """Who may have which token."""

    def __init__(
        self,
        client_id: str,
        client_secret: str,
        user_by_login: Callable[[str], int | None],
        *,
        passwords: Mapping[str, str],
        now: Callable[[], datetime],
    ) -> None:
        """``passwords`` by login; ``now``: aware clock."""
        self.client_id, self.client_secret, self._passwords = client_id, client_secret, passwords
        self._user_by_login, self._now = user_by_login, now
        self._key = secrets.token_bytes(32)
        self._grants: dict[str, Grant] = {}
        self._refreshing: dict[str, str] = {}
        """Refresh token to the access token that came with it."""
        self._revoked: set[str] = set()
        self.issued = 0
        """Access tokens given so far."""

    def token(self, request: Request) -> Response:
        """``POST /token``, as a form or as JSON."""
        given = _fields(request)
        grant = given.get("grant_type", "")
        if grant not in _GRANTS:
            about = "The authorization grant type is not supported by the authorization server."
            hint = "Check that all required parameters have been provided"
            return _refused(400, "unsupported_grant_type", about, hint)
        shown = (given.get("client_id", ""), given.get("client_secret", ""))
        if shown != (self.client_id, self.client_secret):
            return _refused(401, "invalid_client", "Client authentication failed")
        scopes = frozenset(given.get("scope", "").split()) & SCOPES
        if grant == "client_credentials":
            return json_response(200, self._issue(None, scopes, refreshable=False))
        if grant == "refresh_token":
            return self._refresh(given.get("refresh_token", ""), scopes)
        login = given.get("username", "")
        user_id = self._user_by_login(login)
        if user_id is None or given.get("password") != self._passwords.get(login):
            return _refused(400, "invalid_grant", "The user credentials were incorrect.")
        return json_response(200, self._issue(user_id, scopes))

    def authorize(self, request: Request) -> Response:
        """``GET /authorize``: this client has no authorization code grant."""
        if request.query.get("response_type") != "code":
            about = "The authorization grant type is not supported by the authorization server."
            hint = "Check that all required parameters have been provided"
            return _refused(400, "unsupported_grant_type", about, hint)
        return _refused(401, "invalid_client", "Client authentication failed")

    def grant(self, token: str) -> Grant:
        """What a bearer token allows.

        Raises:
            BadToken: It is none, expired, or revoked.
        """
        parts = token.split(".")
        if len(parts) != 3:
            raise BadToken("The JWT string must have two dots")
        try:
            json.loads(base64.urlsafe_b64decode(parts[0] + "=="))
        except ValueError:
            raise BadToken("Error while decoding from JSON") from None
        found = self._grants.get(token)
        if found is None or found.expires_at <= self._now():
            raise BadToken("Access token could not be verified")
        if token in self._revoked:
            raise BadToken("Access token has been revoked")
        return found

    def expire(self) -> None:
        """Every access token is out of date; refresh tokens are still good."""
        self._grants = {token: _ended(grant, self._now()) for token, grant in self._grants.items()}

    def revoke(self) -> None:
        """Every token is revoked, those for a refresh too."""
        self._revoked |= set(self._grants)
        self._refreshing.clear()

    def _refresh(self, shown: str, scopes: frozenset[str]) -> Response:
        before = self._refreshing.pop(shown, None)
        if before is None:
            return _refused(400, "invalid_grant", "The refresh token is invalid.", "Token has been revoked")
        self._revoked.add(before)
        grant = self._grants[before]
        return json_response(200, self._issue(grant.user_id, scopes & grant.scopes if scopes else grant.scopes))

    def _issue(self, user_id: int | None, scopes: frozenset[str], *, refreshable: bool = True) -> dict[str, object]:
        self.issued += 1
        header = _part(json.dumps({"typ": "JWT", "alg": "HS256"}).encode())
        claims = _part(json.dumps({"jti": secrets.token_hex(20), "sub": user_id}).encode())
        signature = hmac.new(self._key, f"{header}.{claims}".encode(), hashlib.sha256).digest()
        token = f"{header}.{claims}.{_part(signature)}"
        self._grants[token] = Grant(user_id, scopes, self._now() + LIFETIME)
        answer: dict[str, object] = {
            "token_type": "Bearer",
            "expires_in": int(LIFETIME.total_seconds()),
            "access_token": token,
        }
        if refreshable:
            refresh = secrets.token_hex(40)
            self._refreshing[refresh] = token
            answer["refresh_token"] = refresh
        return answer


def _ended(grant: Grant, at: datetime) -> Grant:
    return Grant(grant.user_id, grant.scopes, at)


def _part(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _fields(request: Request) -> Mapping[str, str]:
    text = request.body.decode("utf-8", "replace")
    if request.headers.get("content-type", "").startswith("application/json"):
        try:
            given = json.loads(text)
        except ValueError:
            given = None
        return {str(key): str(value) for key, value in given.items()} if isinstance(given, dict) else {}
    return dict(parse_qsl(text, keep_blank_values=True))


def _refused(status: int, error: str, description: str, hint: str | None = None) -> Response:
    body = {"error": error, "error_description": description}
    answer = json_response(status, {**body, "hint": hint} if hint else body)
    return Response(answer.status, answer.body, {**answer.headers, "Content-Type": "application/json"})

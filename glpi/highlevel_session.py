"""OAuth2 of the High-Level API: one token for everybody, renewed before it runs out, and the version of the API."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from glpi.errors import CallerRefused, GlpiError, NotSent
from glpi.exchange import Answer, Exchange, Timeouts, utc_now
from glpi.highlevel_answers import Created, Issued, Versions
from glpi.highlevel_refusals import is_token_lost, refusal, token_refusal
from glpi.legacy_session import before_writing, checked
from glpi.refusals import Asked
from glpi.roots import highlevel_root

SCOPES = "api user email"
"""What is asked for. GLPI drops in silence what the OAuth client may not have: it shows on the first call."""

EARLY = timedelta(seconds=60)
"""A token is not used in the last part of its life: the two clocks tick alike, but a request takes its time."""


@dataclass(frozen=True)
class Credentials:
    """What the password grant asks for. No text form of it has a value."""

    client_id: str = field(repr=False)
    client_secret: str = field(repr=False)
    username: str = field(repr=False)
    password: str = field(repr=False)

    @property
    def is_complete(self) -> bool:
        """Whether none is empty."""
        return all((self.client_id, self.client_secret, self.username, self.password))


@dataclass(frozen=True)
class _Token:
    value: str = field(repr=False)
    refresh: str | None = field(repr=False)
    expires_at: datetime


class HighLevelSession:
    """Requests with a token, which is asked for with the first of them.

    The version of the API is pinned in the path, because GLPI takes its newest for one that it does not know. It is
    asked again with each token: a server is upgraded while a counter runs.
    """

    def __init__(
        self,
        url: str,
        credentials: Credentials,
        *,
        ca_file: str | None,
        timeouts: Timeouts,
        profile: int | None = None,
        entity: int | None = None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        """``profile``, ``entity``: ids to work under, other than the account's own. Raises ValueError for the url."""
        self.exchange = Exchange(highlevel_root(url), ca_file=ca_file, timeouts=timeouts, now=now)
        self.logins = 0
        self.versions: Versions | None = None
        """What the server offers; None before the first request."""
        self._credentials, self._now = credentials, now
        self._chosen = _headers_for(profile, entity)
        self._token: _Token | None = None
        self._login = asyncio.Lock()
        self._attempts = 0
        self._refused: GlpiError | None = None

    async def read(self, path: str, params: Mapping[str, str] | None = None, *, asked: Asked = Asked.LIST) -> Answer:
        """A GET that must answer 200 or 206 and JSON."""
        answer = await self._call("GET", path, params, None)
        if answer.status in (200, 206) and answer.is_json:
            return answer
        raise refusal(answer, asked)

    async def create(self, path: str, payload: Mapping[str, object], *, asked: Asked = Asked.WRITE) -> int:
        """A POST that must answer with the id of what it made.

        NOTE: the status is 302 behind PHP-FPM, 200 under PHP's own server (11.0.6), 201 later; all carry the id.
        """
        answer = await self._call("POST", path, None, payload)
        if answer.status in (200, 201, 302) and answer.is_json and isinstance(answer.body, dict):
            return checked(Created, answer).id
        raise refusal(answer, asked)

    async def write(
        self, method: str, path: str, payload: Mapping[str, object] | None, *, expected: tuple[int, ...]
    ) -> Answer:
        """A request that changes an item and must answer one of ``expected``; 200 only counts with JSON."""
        answer = await self._call(method, path, None, payload)
        if answer.status in expected and (answer.is_json or answer.status != 200):
            return answer
        raise refusal(answer, Asked.WRITE)

    async def log_in(self) -> None:
        """Have a token: two requests, none where there is one already."""
        await self._current(lost=None)

    async def ask_versions(self) -> Versions:
        """What the server offers: no token needed, and nothing but this API answers it."""
        answer = await self.exchange.send("GET", "/", headers={})
        if answer.status != 200 or not answer.is_json:
            raise refusal(answer, Asked.LOGIN)
        versions = checked(Versions, answer)
        if versions.best is None:
            raise CallerRefused("API_VERSION_UNKNOWN", answer.status)
        self.versions = versions
        return versions

    async def aclose(self) -> None:
        """Forget the token, which GLPI lets expire by itself, and close the connections."""
        self._token = None
        await self.exchange.aclose()

    async def _call(
        self, method: str, path: str, params: Mapping[str, str] | None, payload: Mapping[str, object] | None
    ) -> Answer:
        token = await self._current(lost=None)
        answer = await self._send(method, path, params, payload, token)
        if is_token_lost(answer):
            # Checked by GLPI before it does anything, so a POST may be repeated too; once.
            token = await self._current(lost=token)
            answer = await self._send(method, path, params, payload, token)
            if is_token_lost(answer):
                raise _still_lost(answer)
        return answer

    async def _send(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None,
        payload: Mapping[str, object] | None,
        token: str,
    ) -> Answer:
        # NOTE: a GET with a JSON Content-Type and no body is refused as bad JSON (11.0.6).
        typed = {} if payload is None else {"Content-Type": "application/json"}
        headers = {**self._chosen, **typed, "Authorization": f"Bearer {token}"}
        assert self.versions is not None, "asked before the token"
        return await self.exchange.send(
            method, self.versions.prefix + path, headers=headers, params=params, payload=payload
        )

    async def _current(self, *, lost: str | None) -> str:
        seen = self._attempts
        async with self._login:
            token = self._token
            if token is None or token.value == lost or self._now() >= token.expires_at:
                if self._refused is not None and self._attempts > seen:
                    # Somebody else's login failed while we waited: ours would fail alike.
                    raise type(self._refused)(self._refused.code, self._refused.status, self._refused.retry_after_s)
                renewable = None if token is None or token.value == lost else token.refresh
                self._token = None
                token = self._token = await self._open(renewable)
            return token.value

    async def _open(self, renewable: str | None) -> _Token:
        self._refused = None
        try:
            self.logins += 1
            await self.ask_versions()
            if renewable is not None:
                try:
                    return await self._ask_token({"grant_type": "refresh_token", "refresh_token": renewable})
                except CallerRefused as error:
                    # Revoked, or too old: the password is asked for once more.
                    if error.code != "OAUTH_INVALID_GRANT":
                        raise
            name, word = self._credentials.username, self._credentials.password
            return await self._ask_token({"grant_type": "password", "username": name, "password": word})
        except GlpiError as error:
            failed = before_writing(error)
            self._refused = type(failed)(failed.code, failed.status, failed.retry_after_s)
        finally:
            self._attempts += 1
        raise failed

    async def _ask_token(self, grant: Mapping[str, str]) -> _Token:
        mine = self._credentials
        if not mine.is_complete:
            raise CallerRefused("CREDENTIALS_MISSING")
        payload = {**grant, "client_id": mine.client_id, "client_secret": mine.client_secret, "scope": SCOPES}
        self.logins += 1
        asked_at = self._now()
        answer = await self.exchange.send(
            "POST", "/token", headers={"Content-Type": "application/json"}, payload=payload
        )
        if answer.status != 200 or not answer.is_json:
            raise token_refusal(answer)
        issued = checked(Issued, answer)
        life = timedelta(seconds=issued.expires_in)
        return _Token(issued.access_token, issued.refresh_token, asked_at + max(life - EARLY, life / 2))


def _headers_for(profile: int | None, entity: int | None) -> dict[str, str]:
    headers = {} if profile is None else {"GLPI-Profile": str(profile)}
    return headers if entity is None else {**headers, "GLPI-Entity": str(entity), "GLPI-Entity-Recursive": "true"}


def _still_lost(answer: Answer) -> GlpiError:
    """A token that GLPI gave a moment ago is not taken."""
    if answer.status == 401:
        # It was sent, and GLPI says that none came: the web server in front of it drops the header.
        return CallerRefused("AUTHORIZATION_STRIPPED", 401)
    return NotSent("OAUTH_TOKEN_LOST", answer.status)

"""GLPI's own session of the legacy API: login once for everybody, again when it was lost, goodbye at the end."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from glpi.answers import SessionOpened
from glpi.errors import CallerRefused, GlpiError, NotSent, Unclear
from glpi.exchange import Answer, Exchange, Timeouts, utc_now
from glpi.refusals import SESSION_LOST, Asked, refusal
from glpi.roots import api_root

M = TypeVar("M", bound=BaseModel)

_BROKEN_AFTER = 2
"""Reads in a row that crash before a fresh session is tried."""

_TOKEN = re.compile(r"[\x21-\x7e]{1,256}")


def checked(model: type[M], answer: Answer) -> M:
    """The body as ``model``.

    Raises:
        Unclear: Not JSON, or not of this shape; carries nothing of the body.
    """
    if not answer.is_json:
        raise Unclear(answer.page or "NOT_JSON", answer.status)
    return shaped(model, answer.body, answer.status)


def shaped(model: type[M], body: object, status: int | None = None) -> M:
    """Part of a body as ``model``. Raises Unclear as ``checked``."""
    with suppress(ValidationError):
        return model.model_validate(body)
    raise Unclear("BAD_SHAPE", status)


def before_writing(error: GlpiError) -> GlpiError:
    """The error for a preparation that failed: the request it was for was certainly not sent."""
    return NotSent(error.code, error.status, error.retry_after_s) if isinstance(error, Unclear) else error


def _copy(error: GlpiError) -> GlpiError:
    return type(error)(error.code, error.status, error.retry_after_s)


class LegacySession:
    """Requests within one GLPI session, which opens with the first of them."""

    def __init__(
        self,
        url: str,
        app_token: str | None,
        user_token: str,
        *,
        ca_file: str | None,
        timeouts: Timeouts,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        """``app_token``: None where the API client asks for none. Raises ValueError for an unusable address."""
        self.exchange = Exchange(api_root(url), ca_file=ca_file, timeouts=timeouts, now=now)
        self.logins = 0
        self._app_token, self._user_token = app_token or None, user_token
        self._goodbye_s = timeouts.goodbye_s
        self._session_token: str | None = None
        self._login = asyncio.Lock()
        self._attempts = 0
        self._refused: GlpiError | None = None
        self._crashes = 0

    async def read(self, path: str, params: Mapping[str, str] | None = None, *, asked: Asked = Asked.LIST) -> Answer:
        """A GET that must answer 200 or 206."""
        return await self._call("GET", path, params, None, asked, expected=(200, 206))

    async def write(self, method: str, path: str, fields: Mapping[str, object] | None, *, expected: int) -> Answer:
        """A POST, PUT or DELETE that must answer ``expected``."""
        payload = None if fields is None else {"input": fields}
        return await self._call(method, path, None, payload, Asked.WRITE, expected=(expected,))

    async def anonymous(self) -> Answer:
        """``initSession`` without a user: the cheapest question that only a GLPI API answers."""
        return await self.exchange.send("GET", "/initSession", headers=self._headers())

    async def aclose(self) -> None:
        """Tell GLPI goodbye, briefly, and close the connections."""
        token, self._session_token = self._session_token, None
        try:
            if token is not None:
                with suppress(GlpiError, TimeoutError):
                    async with asyncio.timeout(self._goodbye_s):
                        await self.exchange.send("GET", "/killSession", headers=self._headers(token))
        finally:
            await self.exchange.aclose()

    async def _call(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None,
        payload: object,
        asked: Asked,
        *,
        expected: tuple[int, ...],
    ) -> Answer:
        token = await self._token(lost=None)
        answer = await self._send(method, path, params, payload, token)
        if (answer.status, answer.code) in SESSION_LOST or (method == "GET" and self._seems_broken(answer)):
            # Lost: checked by GLPI before it does anything, so a POST may be repeated too. Once, in both cases.
            token = await self._token(lost=token)
            answer = await self._send(method, path, params, payload, token)
        if answer.status in expected and answer.is_json:
            return answer
        raise refusal(answer, asked)

    def _seems_broken(self, answer: Answer) -> bool:
        # NOTE: recent GLPI 11 answers 500 and a page to every call of a session it cannot use (glpi#24211). A fresh
        # one is tried once; not again before a read has succeeded, because then it is the server that is broken.
        crashed = answer.status == 500 and not answer.is_json
        self._crashes = self._crashes + 1 if crashed else 0
        return self._crashes == _BROKEN_AFTER

    async def _send(
        self, method: str, path: str, params: Mapping[str, str] | None, payload: object, token: str
    ) -> Answer:
        return await self.exchange.send(method, path, headers=self._headers(token), params=params, payload=payload)

    async def _token(self, *, lost: str | None) -> str:
        seen = self._attempts
        async with self._login:
            if self._session_token is None or self._session_token == lost:
                if self._refused is not None and self._attempts > seen:
                    # Somebody else's login failed while we waited: ours would fail alike.
                    raise _copy(self._refused)
                self._session_token = None
                self._session_token = await self._open()
            return self._session_token

    async def _open(self) -> str:
        headers = {**self._headers(), "Authorization": f"user_token {self._checked_token(self._user_token)}"}
        self._refused = None
        self.logins += 1
        try:
            answer = await self.exchange.send("GET", "/initSession", headers=headers)
            if answer.status != 200:
                raise refusal(answer, Asked.LOGIN)
            return checked(SessionOpened, answer).session_token
        except GlpiError as error:
            failed = before_writing(error)
            self._refused = _copy(failed)
        finally:
            self._attempts += 1
        raise failed

    def _headers(self, session_token: str | None = None) -> dict[str, str]:
        # NOTE: 10.0 encodes texts as HTML unless asked not to; 11 ignores the header.
        headers = {"Content-Type": "application/json", "X-GLPI-Sanitized-Content": "false"}
        if self._app_token is not None:
            headers["App-Token"] = self._checked_token(self._app_token)
        if session_token is not None:
            headers["Session-Token"] = session_token
        return headers

    @staticmethod
    def _checked_token(token: str) -> str:
        # NOTE: a token with other characters answers 500 and HTML on recent GLPI 11.
        if not _TOKEN.fullmatch(token):
            raise CallerRefused("BAD_TOKEN_FORMAT")
        return token

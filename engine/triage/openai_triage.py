"""The remote engine: a triage by any OpenAI-compatible endpoint, over the official SDK.

The only file that imports the SDK, and only when a triage is asked for: it costs half a second. What is asked is in
``remote_prompt``, how an answer is read in ``remote_answer``, what servers cannot do in ``dialect``; deadline, retries,
breaker and fall-back are the cascade's.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from data.records import Category, Turn
from engine import masking
from engine.config import OpenAIConfig
from engine.errors import ConfigError
from engine.text import clean
from engine.triage import remote_prompt
from engine.triage.contract import Context, Triage, TriageFailed
from engine.triage.dialect import Dialect, Form
from engine.triage.retries import retry_after_s

if TYPE_CHECKING:
    import httpx2
    from openai import APIConnectionError, AsyncOpenAI, OpenAIError

    from engine.triage.remote_answer import Answer

LARGEST_ANSWER = 256 * 1024
"""Bytes of a response, error pages included; more is not read."""

CONNECT_TIMEOUT_S = 2.0
"""Seconds; offline is to be known long before the deadline."""

LOOK_AGAIN_S = 300.0
"""Seconds after which a key that was not found, or could not be used, is looked for again."""

_NO_KEY_NEEDED = "none"
"""The SDK wants some key; local servers want none."""

_LOOPBACK = ("localhost", "127.0.0.1", "::1")

_PASSING = frozenset({408, 425, 429, 502, 503, 504, 520, 521, 522, 523, 524, 529})
"""Statuses that may be gone in a moment, beside 500, with which servers also refuse a form."""

_CHATTY = ("openai", "httpx2", "httpcore2")
"""Loggers that write requests, headers and URLs at DEBUG and INFO."""


class OpenAITriage:
    """The model behind one ``base_url``. What works there is remembered as long as this object lives."""

    name = "openai"

    def __init__(
        self,
        config: OpenAIConfig,
        *,
        api_key: str | Callable[[], str | None] | None,
        deadline_s: float = 5.0,
        may_call: Callable[[], bool] = lambda: True,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Nothing is imported or opened yet.

        Args:
            config: Endpoint, model, ``max_tokens``.
            api_key: The key, or how to find it (called in a thread: a keyring can be slow; again after the server
                refused the key, and ``LOOK_AGAIN_S`` after there was none). May be missing where ``base_url`` is not
                OpenAI's own.
            deadline_s: Longest wait for the next piece of an answer.
            may_call: Asked before each request (the daily budget).
            now: Clock for what servers say of dates, aware UTC.
            monotonic: Clock for what is tried again, seconds.
        """
        self.version = config.model
        self._config = config
        self._api_key = api_key
        self._deadline_s = deadline_s
        self._may_call, self._now, self._monotonic = may_call, now, monotonic
        self._dialect = Dialect()
        self._opening: asyncio.Task[AsyncOpenAI | TriageFailed] | None = None
        self._opened_at = 0.0

    @property
    def is_default_endpoint(self) -> bool:
        """Whether ``base_url`` is OpenAI's own, which wants a key."""
        return self._config.base_url.rstrip("/") == OpenAIConfig.base_url

    async def prepare(self) -> None:
        """Find the key and load the SDK, in a thread; done by itself with the first triage.

        Raises:
            TriageFailed: ``no_key``; ``key_refused``, in a place that is not private, or not a key at all; ``client``,
                the environment names certificates or a proxy that cannot be used.
        """
        await self._client()

    async def aclose(self) -> None:
        """Close the connections; a later triage opens new ones."""
        opening, self._opening = self._opening, None
        if opening is None:
            return
        if not opening.done():
            opening.cancel()
        elif not opening.cancelled() and not isinstance(client := opening.result(), TriageFailed):
            await client.close()

    async def triage(self, turns: Sequence[Turn], categories: Sequence[Category], context: Context) -> Triage:
        """Ask the model. Cancelling cancels the request.

        Raises:
            TriageFailed: as ``prepare``, and ``budget``, ``timeout``, ``connect``, ``tls``, ``cut``, ``auth``,
                ``quota`` (paid up), ``rate_limited``, ``http_<status>``, ``encoded``, ``too_big``, ``refusal``,
                ``empty``, ``truncated``, ``invalid_json``, ``wrong_schema``, ``unknown_category``, ``sdk``.
        """
        started = time.perf_counter()
        client = await self._client()
        from engine.triage import remote_answer

        masked, map_ = _masked(turns)
        try:
            answer = await self._asked(client, masked, categories)
        except TriageFailed as failed:
            if failed.cause == "auth":
                await self.aclose()  # whoever asks next looks the key up anew: it may have been changed
            raise
        answer = remote_answer.restored(answer, partial(masking.restore, map=map_))
        triage = remote_answer.as_triage(answer, turns, categories)
        elapsed_ms = (time.perf_counter() - started) * 1000
        return replace(triage, engine=self.name, engine_version=self.version, duration_ms=elapsed_ms)

    async def _client(self) -> AsyncOpenAI:
        """The client, opened once; a caller that is cancelled meanwhile leaves the opening under way."""
        if self._opening is None or (self._failed_to_open() and self._monotonic() - self._opened_at >= LOOK_AGAIN_S):
            self._opening, self._opened_at = asyncio.create_task(asyncio.to_thread(self._open)), self._monotonic()
        opened = await asyncio.shield(self._opening)
        if isinstance(opened, TriageFailed):
            raise TriageFailed(opened.cause)
        return opened

    def _failed_to_open(self) -> bool:
        """Whether the last opening ended without a client."""
        task = self._opening
        return task is not None and task.done() and (task.cancelled() or isinstance(task.result(), TriageFailed))

    def _open(self) -> AsyncOpenAI | TriageFailed:
        """Everything that is slow: the key, the imports, the system's certificates. Runs in a thread."""
        try:
            key = self._api_key() if callable(self._api_key) else self._api_key
        except ConfigError:
            return TriageFailed("key_refused")
        if not key and self.is_default_endpoint:
            return TriageFailed("no_key")
        if key and not (key.isascii() and key.isprintable()):  # cannot stand in a header
            return TriageFailed("key_refused")
        try:
            return self._opened(key or _NO_KEY_NEEDED)
        except (OSError, ValueError):  # certificate file, proxy or address that the environment got wrong
            return TriageFailed("client")

    def _opened(self, key: str) -> AsyncOpenAI:
        """The client, with all that its first call needs imported."""
        import httpx2
        from openai import AsyncOpenAI

        from engine.triage import remote_answer  # noqa: F401  (pydantic: loaded here, not in the loop)

        for name in _CHATTY:
            logging.getLogger(name).setLevel(logging.WARNING)
        address = urlsplit(self._config.base_url)
        if not address.hostname or address.port == 0:  # .port raises for what is no port
            raise ValueError("base_url")
        http_client = httpx2.AsyncClient(
            timeout=httpx2.Timeout(self._deadline_s, connect=min(CONNECT_TIMEOUT_S, self._deadline_s)),
            follow_redirects=False,  # the message goes where the site said, nowhere else
            verify=address.scheme
            != "http",  # plain http has no certificate to check; the trust store takes 40 ms to read
            trust_env=address.hostname
            not in _LOOPBACK,  # proxies and company certificates; never a proxy towards this machine
            headers={"Accept-Encoding": "identity"},
            event_hooks={"response": [_bounded]},
        )
        client = AsyncOpenAI(api_key=key, base_url=self._config.base_url, max_retries=0, http_client=http_client)
        client.chat.completions.with_raw_response  # noqa: B018  (loads the resource's modules here, not in the loop)
        return client

    async def _asked(self, client: AsyncOpenAI, turns: Sequence[Turn], categories: Sequence[Category]) -> Answer:
        """Ask in the form known to work, or in one after the other until one does."""
        from engine.triage import remote_answer

        started, stepped = self._monotonic(), None
        while True:
            try:
                body = await self._sent(client, self._request(turns, categories))
                answer = remote_answer.answer(remote_answer.content(body))
            except TriageFailed as failed:
                if failed.cause == "timeout":
                    self._dialect.ran_out_of_time()
                if stepped is not None and failed.cause == "budget":
                    stepped.is_passing = False
                    raise stepped from None  # what the server said, not that it cannot be asked again
                if not self._dialect.step_down(failed):
                    # A server that refused every form was asked often enough.
                    failed.is_passing = failed.is_passing and stepped is None
                    raise
                stepped = failed
            except asyncio.CancelledError:
                if self._monotonic() - started > self._deadline_s / 2:  # else the person left: nobody's fault
                    self._dialect.ran_out_of_time()
                raise
            else:
                self._dialect.worked()
                return answer

    def _request(self, turns: Sequence[Turn], categories: Sequence[Category]) -> dict[str, Any]:
        """The parameters of a chat completion, as this server takes them."""
        form, is_default = self._dialect.form, self.is_default_endpoint
        schema = remote_prompt.schema(categories, caps=not is_default)
        request: dict[str, Any] = {
            "model": self._config.model,
            "messages": remote_prompt.messages(turns, categories, in_words=form is not Form.JSON_SCHEMA),
        }
        if form is Form.JSON_SCHEMA:
            described = {"name": "triage", "strict": True, "schema": schema}
            request["response_format"] = {"type": "json_schema", "json_schema": described}
        elif form is Form.JSON_OBJECT:
            request["response_format"] = {"type": "json_object", **({} if is_default else {"schema": schema})}
        return request

    async def _sent(self, client: AsyncOpenAI, request: Mapping[str, Any]) -> bytes:
        """Send, without a parameter the server refused if need be; the body of the answer."""
        import openai

        while True:
            if not self._may_call():
                raise TriageFailed("budget")
            bounds: dict[str, Any] = {self._dialect.limit: self._config.max_tokens}
            if self._dialect.has_temperature:
                bounds["temperature"] = 0
            try:
                raw = await client.chat.completions.with_raw_response.create(**request, **bounds)
                return bytes(raw.content)
            except openai.BadRequestError as error:
                if not self._dialect.adapt(error.param):
                    raise _failure(error, self._now()) from None
            except openai.OpenAIError as error:
                raise _failure(error, self._now()) from None


def _masked(turns: Sequence[Turn]) -> tuple[tuple[Turn, ...], Mapping[str, str]]:
    """The turns as they may leave the machine, and the map to put back what was replaced."""
    masks = masking.Masks()
    masked = tuple(replace(turn, text=masking.remote(clean(turn.text), masks).text) for turn in turns)
    return masked, masks.map


def _failure(error: OpenAIError, now: datetime) -> TriageFailed:
    """The SDK's error as our code, without its text (which can quote the message or the key)."""
    import openai

    match error:
        case openai.APIConnectionError():
            return _lost(error)
        case openai.AuthenticationError() | openai.PermissionDeniedError():
            return TriageFailed("auth")
        case openai.RateLimitError() if error.code == "insufficient_quota":
            return TriageFailed("quota")
        case openai.APIStatusError():
            status = error.status_code
            cause = "rate_limited" if status == 429 else f"http_{status}"
            asked_s = retry_after_s(error.response.headers, now)
            return TriageFailed(cause, asked_s, is_passing=status in _PASSING or status == 500)
        case _:
            return TriageFailed("sdk")


def _lost(error: APIConnectionError) -> TriageFailed:
    """No answer, or not the whole of it."""
    import httpx2
    import openai

    reason: BaseException | None = error.__cause__
    if isinstance(error, openai.APITimeoutError):
        return TriageFailed("connect" if isinstance(reason, httpx2.ConnectTimeout) else "timeout")
    is_cut = isinstance(reason, httpx2.ReadError | httpx2.WriteError | httpx2.CloseError | httpx2.RemoteProtocolError)
    while reason is not None:
        if isinstance(reason, ssl.SSLError):
            return TriageFailed("tls")
        reason = reason.__cause__ or reason.__context__
    # An idle connection that the server was just closing, too: a new one may be answered at once.
    return TriageFailed("cut", 0.0, is_passing=True) if is_cut else TriageFailed("connect")


async def _bounded(response: httpx2.Response) -> None:
    """Response hook: refuse what is compressed (we asked for plain), and stop reading at ``LARGEST_ANSWER`` bytes."""
    import httpx2

    if response.headers.get("content-encoding", "identity").lower() not in ("", "identity"):
        raise TriageFailed("encoded")
    stream = response.stream

    class Bounded(httpx2.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            size = 0
            async for chunk in stream:  # type: ignore[union-attr]
                size += len(chunk)
                if size > LARGEST_ANSWER:
                    raise TriageFailed("too_big")
                yield chunk

        async def aclose(self) -> None:
            await stream.aclose()  # type: ignore[union-attr]

    response.stream = Bounded()

"""The engines together: the local one answers at once, the remote one within the deadline if it may and can.

Nothing here fails: whatever happens to the remote engine, the local result is there, and says why it was used. How far
a remote result counts is in ``bounds``, when the remote engine is not even asked in ``breaker``.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from data.records import Category, Turn
from engine.config import Config, TriageConfig
from engine.errors import ConfigError
from engine.triage import bounds, questions
from engine.triage.breaker import Breaker
from engine.triage.calibration import calibration
from engine.triage.contract import Context, Triage, TriageEngine, TriageFailed
from engine.triage.daily_budget import DailyBudget
from engine.triage.gain import believed
from engine.triage.instructions import without_instructions
from engine.triage.retries import pause_s

logger = logging.getLogger(__name__)

_NOT_CALLED = ("no_key", "budget")
"""Causes that say nothing about the server."""

ROOM_FOR_THE_REST = 0.05
"""Share of the deadline that is kept for what follows the remote engine's last moment."""


class LocalEngine(TriageEngine, Protocol):
    """An engine on this machine."""

    def load(self) -> None:
        """Read what it knows, so that the first message does not wait for it."""


class RemoteEngine(TriageEngine, Protocol):
    """An engine behind a network."""

    async def prepare(self) -> None:
        """Do what is slow and needs no message. Raises TriageFailed."""

    async def aclose(self) -> None:
        """Close connections."""


class Cascade:
    """``local``, ``openai`` or ``auto`` as configured. One object for the life of the program, in one event loop."""

    def __init__(
        self,
        local: LocalEngine,
        remote: RemoteEngine | None,
        *,
        config: TriageConfig,
        calibrated: Callable[[Triage], float | None] = lambda triage: None,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Put the engines together; ``open_cascade`` does it for the real program.

        Args:
            local: Answers always, in a millisecond.
            remote: None where none is configured or it is switched off.
            config: Engine, thresholds, deadline.
            calibrated: A remote triage's confidence as a measured probability; None without a calibration.
            monotonic: Clock of the breaker, seconds.
            sleep: Waits before a retry, seconds.
        """
        self._local, self._remote, self._config = local, remote, config
        self._calibrated, self._sleep = calibrated, sleep
        self._bands = bounds.Bands(config.ask_clarification, config.confirm_summary, config.auto_validate)
        self._breaker = Breaker(monotonic)

    @property
    def is_remote_ready(self) -> bool:
        """Whether the remote engine is configured and its breaker closed."""
        return self._remote is not None and self._breaker.is_closed

    async def prepare(self) -> None:
        """Load what the first triage would wait for; call it when the screen stands. Never fails."""
        await asyncio.to_thread(self._local.load)
        if self._remote is not None:
            try:
                await self._remote.prepare()
            except TriageFailed as failed:
                logger.info("TRIAGE_NOT_PREPARED | cause=%s", failed.cause)

    async def aclose(self) -> None:
        """Close the remote engine's connections."""
        if self._remote is not None:
            await self._remote.aclose()

    async def triage(self, turns: Sequence[Turn], categories: Sequence[Category], context: Context) -> Triage:
        """Read the turns, within ``deadline_s``. Cancelling cancels the request.

        Returns:
            The remote result within its bounds, or the local one; ``fallback`` says why where the remote one was
            wanted: a cause of ``TriageFailed``, or ``disabled``, ``breaker_open``, ``budget``, ``disagreement``.
        """
        started = time.perf_counter()
        until = asyncio.get_running_loop().time() + self._config.deadline_s * (1 - ROOM_FOR_THE_REST)
        triage = await self._local.triage(turns, categories, context)
        if self._config.engine != "local":
            try:
                remote = await self._asked(until, turns, categories, context)
                triage = await self._within_bounds(remote, triage, turns, categories, context)
            except TriageFailed as failed:
                triage = replace(triage, fallback=self._cause(failed))
            if triage.fallback:
                logger.warning("TRIAGE_FALLBACK | cause=%s | attempts=%d", triage.fallback, context.attempts)
        return replace(triage, duration_ms=(time.perf_counter() - started) * 1000)

    async def _asked(
        self, until: float, turns: Sequence[Turn], categories: Sequence[Category], context: Context
    ) -> Triage:
        """The remote engine's own result, by ``until`` (the event loop's time). Raises TriageFailed."""
        if self._remote is None:
            raise TriageFailed("disabled")
        if not self._breaker.enter():
            raise TriageFailed("breaker_open")
        try:
            remote = await self._timed(self._remote, until, turns, categories, context)
            self._breaker.succeeded()
            return remote
        except TriageFailed as failed:
            self._count(failed)
            raise
        finally:
            self._breaker.leave()  # also when the person left: that says nothing about the server

    async def _timed(
        self,
        remote: RemoteEngine,
        until: float,
        turns: Sequence[Turn],
        categories: Sequence[Category],
        context: Context,
    ) -> Triage:
        """The call itself, and once more where that may help and the deadline leaves room. Raises TriageFailed."""
        clock, retries = asyncio.get_running_loop().time, 0
        first: TriageFailed | None = None
        try:
            async with asyncio.timeout_at(until):
                while True:
                    try:
                        return await remote.triage(turns, categories, context)
                    except TriageFailed as failed:
                        if first is not None and failed.cause in _NOT_CALLED:
                            raise first from None  # what the server said, not that it cannot be asked again
                        pause = pause_s(failed, retries, until - clock())
                        if pause is None:
                            raise
                        first = first or failed
                        logger.info("TRIAGE_RETRY | cause=%s | pause_s=%.3g", failed.cause, pause)
                    retries += 1
                    await self._sleep(pause)
        except TimeoutError:
            raise TriageFailed("timeout") from None

    def _count(self, failed: TriageFailed) -> None:
        """Tell the breaker how it ended."""
        if failed.cause == "refusal":  # the server works; it was this message
            self._breaker.succeeded()
        elif failed.cause not in _NOT_CALLED:
            at_once = failed.cause in ("auth", "key_refused", "quota")
            self._breaker.failed(at_once=at_once, retry_after_s=failed.retry_after_s or None)

    async def _within_bounds(
        self,
        remote: Triage,
        local: Triage,
        turns: Sequence[Turn],
        categories: Sequence[Category],
        context: Context,
    ) -> Triage:
        """What the local engine, on the text without instructions, lets the remote result change."""
        rest, allowed = without_instructions(turns), None
        if any(turn is not other for turn, other in zip(turns, rest, strict=True)):
            allowed = await self._local.triage(rest, categories, context)
            remote = bounds.outside_instructions(remote, turns, rest)
        triage = bounds.bounded(remote, local, allowed, self._bands, calibrated=self._calibrated(remote))
        codes = [category.code for category in categories if category.active]
        return triage if triage.fallback else self._asking(triage, turns, codes)

    def _asking(self, triage: Triage, turns: Sequence[Turn], codes: Sequence[str]) -> Triage:
        """The triage with what to ask next: our own words, never a model's, and never what was said or asked."""
        known = {*triage.extracted_info, *(turn.key for turn in turns if turn.key)}
        if "software" in known:
            known.add("device_type")
        if triage.symptoms and triage.subcategory and triage.confidence >= questions.UNDERSTOOD:
            known.add("problem_type")
        code = triage.subcategory or triage.category
        belief = believed(
            {code: 1.0}, triage.category, triage.confidence, tree=codes, priorities={triage.priority: 1.0}
        )
        return replace(
            triage,
            missing_info=tuple(key for key in triage.missing_info if key not in known),
            questions=questions.asking(belief, known).questions,
        )

    def _cause(self, failed: TriageFailed) -> str | None:
        """Why the local result is used; None where ``auto`` was not given a remote engine to use."""
        is_given = failed.cause not in ("disabled", "no_key")
        return failed.cause if is_given or self._config.engine == "openai" else None


def _utc_now() -> datetime:
    """The time, aware UTC."""
    return datetime.now(UTC)


def open_cascade(
    config: Config,
    *,
    api_key: str | Callable[[], str | None] | None,
    now: Callable[[], datetime] = _utc_now,
    monotonic: Callable[[], float] = time.monotonic,
) -> Cascade:
    """The real engines as configured. Nothing slow is imported before the first remote triage.

    Args:
        config: ``[triage]`` and ``[openai]``.
        api_key: The model's key, or how to find it (called once, in a thread, before the first remote triage).
        now: Clock of the daily budget, aware UTC.
        monotonic: Clock of the breaker, seconds.
    """
    from engine.triage.local_triage import LocalTriage
    from engine.triage.openai_triage import OpenAITriage

    remote = None
    if config.triage.engine != "local" and config.openai.enabled:
        budget = DailyBudget(
            config.openai.daily_budget, now, _counted_in(config), is_shared=bool(config.database.group)
        )
        remote = OpenAITriage(
            config.openai,
            api_key=api_key,
            deadline_s=config.triage.deadline_s,
            may_call=budget.take,
            now=now,
            monotonic=monotonic,
        )
        if config.triage.engine == "auto" and remote.is_default_endpoint and api_key is None:
            remote = None
    return Cascade(
        LocalTriage(),
        remote,
        config=config.triage,
        calibrated=measured,
        monotonic=monotonic,
    )


def _counted_in(config: Config) -> Path | None:
    """Where the calls of the day are counted: beside the database, or nowhere."""
    try:
        return config.database_path.with_suffix(".calls")
    except ConfigError:
        return None


def measured(triage: Triage) -> float | None:
    """The triage's confidence as a probability measured for this very model; None where nobody measured."""
    found = calibration(triage.engine, triage.engine_version)
    return found.probability(triage.confidence) if found is not None and found.is_measured else None

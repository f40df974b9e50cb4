"""Outbox to GLPI, exactly once: the loop that decides what to do next.

What one entry needs in GLPI is ``engine.sending``; what GLPI changed is ``engine.mirror``. This module keeps the
lease, the back-off, the probe and the pauses. One process drains at a time; the others watch the event log, so
that every screen sees every outcome.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from data.records import EntryKind, EntryState, OutboxEntry
from engine.errors import StoreUnavailable
from engine.events import (
    Deferred,
    Delivered,
    DeliveryEvent,
    Idle,
    Paused,
    Pushed,
    TicketUpdated,
    Undeliverable,
)
from engine.leasing import Leasing
from engine.line import Line
from engine.timings import Timings, delay_after
from glpi.errors import CallerRefused, ContentRefused, GlpiError, Hidden, NotFound, NotSent, Unclear

if TYPE_CHECKING:
    from data.outbox import Outbox
    from data.store import Store
    from engine.config import Config
    from engine.pulling import Pulling
    from engine.sending import Sender
    from glpi.client import GlpiClient

_log = logging.getLogger("guichet")

EVERYTHING = 0
"""Asked for instead of a ticket's id: a whole pull."""


class Delivery:
    """The one sender of this process."""

    def __init__(
        self,
        config: Config,
        store: Store,
        outbox: Outbox,
        connect: Callable[[], Awaitable[GlpiClient | None]],
        *,
        owner: str,
        is_dead: Callable[[str], bool],
        now: Callable[[], datetime],
        timings: Timings | None = None,
        sleep: Callable[[float], Awaitable[None]] | None = None,
    ) -> None:
        """``connect`` makes a client, or gives None while GLPI is not configured; called again after a refusal."""
        self.outbox = outbox
        self._config, self._store, self._connect = config, store, connect
        self._now = now
        self._timings = timings or Timings()
        self._leasing = Leasing(outbox, owner, is_dead, now, self._timings)
        self._sleep = sleep
        self._wake = asyncio.Event()
        self._client: GlpiClient | None = None
        self._sender: Sender | None = None
        self._pulling: Pulling | None = None
        self._watched: str | None = None
        self._is_asked = False
        self._line = Line(now, self._timings)
        self._is_interrupted = False
        self.hint: str | None = None
        """What ``sync_once`` left to others: ``elsewhere`` (another process exchanges), ``read_budget``; or None."""
        self._last_turn: datetime | None = None
        self._next_pull = now()
        self._seen_event = store.last_event_id()

    @property
    def refusal(self) -> str | None:
        """Why GLPI refuses this installation, as a code; None if it does not."""
        return self._line.refusal

    @property
    def problem(self) -> str | None:
        """Why the last exchange with GLPI failed, as a code; None while all is well."""
        return self._line.problem

    def wake(self) -> None:
        """Something was put into the outbox."""
        self._wake.set()

    def ask(self, glpi_ticket_id: int = 0) -> None:
        """Somebody wants to know now what GLPI has, of one ticket or (0) of all; whichever process sends reads it."""
        self._store.ask_pull(glpi_ticket_id)
        self._is_asked = True
        self._wake.set()

    def watch(self, ticket_number: str | None) -> None:
        """This ticket is on screen: its notes are read before those of others."""
        self._watched = ticket_number
        if self._pulling is not None:
            self._pulling.watched = ticket_number

    # --- for ever ------------------------------------------------------------------------------------------

    async def run(self) -> AsyncGenerator[DeliveryEvent]:
        """Send what is due, pull what changed, and go on until closed."""
        last: DeliveryEvent | None = None
        is_first = True
        while True:
            worked = False
            try:
                if is_first:
                    self.outbox.hasten()  # what an earlier run was waiting for may be over
                    is_first = False
                async for event in self._turn(pull=True):
                    worked = worked or not isinstance(event, Idle)
                    if event != last or (self._is_asked and isinstance(event, Idle)):
                        self._is_asked = self._is_asked and not isinstance(event, Idle)
                        yield event
                    last = event
            except StoreUnavailable as error:
                _log.error("STORE_UNAVAILABLE | cause=%s", error.reason)
                await self._rest(self._timings.probe_s)
            if not worked:
                await self._rest(self._timings.poll_s)

    async def run_until_quiet(self, *, wait_s: float, ticket_number: str | None) -> AsyncGenerator[DeliveryEvent]:
        """Send what is due, for at most ``wait_s`` seconds or until this ticket's fate is known."""
        until = time.monotonic() + wait_s
        while self._config.glpi.enabled:
            happened: list[DeliveryEvent] = []
            try:
                async with asyncio.timeout(max(0.05, until - time.monotonic())):
                    async for event in self._turn(pull=False):
                        happened.append(event)
            except TimeoutError:
                # The entry stays claimed by this process's lease; releasing it makes the outcome "unknown".
                until = 0.0
            for event in happened:
                yield event
            if self._is_settled(ticket_number) or self._line.refusal or time.monotonic() >= until:
                return
            await self._rest(min(self._timings.poll_s, max(0.05, until - time.monotonic())))

    async def sync_once(self, direction: str) -> dict[str, int | float]:
        """Push, pull or both, once; counts for ``sync --once``. ``asked``: only what somebody asked for."""
        started, pushed, pulled, failed = time.monotonic(), 0, 0, 0
        self._mind_the_clock()
        client = await self._connected()
        before = client.requests if client else 0
        if direction in ("both", "push") and client:
            self._line.try_now()
            self.outbox.hasten()
            async for event in self._push():
                pushed += isinstance(event, Delivered | Pushed)
                failed += isinstance(event, Undeliverable)
        if direction in ("both", "pull") and client and not self._line.refusal and self._leasing.is_held():
            pulled = await self._count(self._pull(refresh=False))
        if client and not self._line.refusal and self._leasing.is_held():
            pulled += await self._count(self._serve_asked())
        if client:
            self.hint = self._left_to_others(direction)
        entries = self.outbox.entries()
        stopped = (EntryState.FAILED, EntryState.CONFLICT)
        # What follows a creation is no ticket that waits; a technician's change is.
        counted = (EntryKind.CREATE, EntryKind.UPDATE, EntryKind.COMMENT)
        return {
            "pushed": pushed,
            "pulled": pulled,
            "pending": len([e for e in entries if e.kind in counted and e.state not in stopped]),
            "failed": len([e for e in entries if e.state is EntryState.FAILED]) or failed,
            "conflicts": len([e for e in entries if e.state is EntryState.CONFLICT]),
            "requests": client.requests - before if client else 0,
            "seconds": round(time.monotonic() - started, 3),
        }

    def _left_to_others(self, direction: str) -> str | None:
        if self._line.refusal or direction == "asked":
            return None
        if not self._leasing.is_held():
            if direction != "push":
                self.ask(EVERYTHING)
            return "elsewhere"
        is_spent = self._pulling is not None and not self._pulling.budget.left()
        return "read_budget" if is_spent and direction != "push" else None

    @staticmethod
    async def _count(events: AsyncGenerator[DeliveryEvent]) -> int:
        """How many tickets were updated."""
        return len({event.ticket.ticket_number async for event in events if isinstance(event, TicketUpdated)})

    # --- one turn ---------------------------------------------------------------------------------------------

    async def _turn(self, *, pull: bool) -> AsyncGenerator[DeliveryEvent]:
        """Everything that is due now, then one Idle."""
        self._mind_the_clock()
        self._give_up_interrupted()
        if await self._connected() is not None and self._leasing.is_held():
            async for event in self._push():
                yield event
            if pull and self._line.is_open:
                async for event in self._serve_asked():
                    yield event
            if pull and self._line.is_open and self._now() >= self._next_pull:
                async for event in self._pull(refresh=True):
                    yield event
            self._seen_event = self._store.last_event_id()
        else:
            self._line.open()  # who sends knows; this process does not
            for event in self._watch():
                yield event
        yield self._idle()

    def _mind_the_clock(self) -> None:
        """After a start, and when the clock was set back: nothing waits for a time that was never meant."""
        now, before = self._now(), self._last_turn
        self._last_turn = now
        if before is None or now < before:
            self._line.try_now()
            self._next_pull = now
            self._leasing.hurry()
            self.outbox.straighten()

    def _give_up_interrupted(self) -> None:
        """An attempt whose outcome could not be recorded (disk full) is unclear, not under way for ever."""
        if self._is_interrupted:
            self._leasing.give_up()
            self._is_interrupted = False

    async def _push(self) -> AsyncGenerator[DeliveryEvent]:
        """Send entry after entry until none is due."""
        if not await self._is_open_for_business():
            return
        while self._is_due() and self._leasing.renew():
            self._is_interrupted = True
            entry = self.outbox.claim_due(self._now())
            event = await self._attempt(entry) if entry is not None else None
            self._is_interrupted = False
            if entry is None:
                return
            if event is not None:
                yield event
            if not self._line.is_open:
                return

    async def _is_open_for_business(self) -> bool:
        """Whether sending makes sense now; a probe finds out that the network is back."""
        if self._line.is_open:
            return True
        if not self._line.may_try():
            return False
        if self._line.refusal is not None:
            await self._reconnect()
        elif not await self._is_reachable():
            self._line.lose()
            return False
        elif self._line.read_failure is not None:
            self._next_pull = self._now()
        self._line.open()
        self.outbox.hasten()
        return True

    async def _is_reachable(self) -> bool:
        """One cheap probe."""
        assert self._client is not None, "only a connected sender is out of reach"
        try:
            async with asyncio.timeout(10):
                await self._client.probe()
        except (GlpiError, TimeoutError):
            return False
        return True

    async def _attempt(self, entry: OutboxEntry) -> DeliveryEvent | None:
        """One attempt at one entry, and what its outcome means for the outbox."""
        assert self._sender is not None, "a client makes a sender"
        try:
            async with asyncio.timeout(self._timings.post_limit_s):
                event = await self._sender.send(entry)
        except NotSent as error:
            # A look-up that found nobody home says nothing about the ticket: it is not sent again for that.
            return self._later(entry, error, self._state_before(entry))
        except (Unclear, TimeoutError) as error:
            state = EntryState.UNKNOWN if self._sender.has_posted else self._state_before(entry)
            return self._later(entry, error, state)
        except CallerRefused as error:
            return self._put_back(entry, error)
        except (ContentRefused, NotFound, Hidden) as error:
            return self._stop(entry, error)
        self._line.has_taken()
        return event

    @staticmethod
    def _state_before(entry: OutboxEntry) -> EntryState:
        return EntryState.UNKNOWN if entry.state is EntryState.UNKNOWN else EntryState.PENDING

    def _later(self, entry: OutboxEntry, error: GlpiError | TimeoutError, state: EntryState) -> Deferred:
        """The entry waits: for its next look-up if the outcome is unclear, else for its back-off."""
        code = error.code if isinstance(error, GlpiError) else "TIMEOUT"
        asked = error.retry_after_s if isinstance(error, GlpiError) else None
        if state is EntryState.UNKNOWN and entry.state is not EntryState.UNKNOWN:
            wait = self._timings.gaps_s[0]
        else:
            wait = max(asked or 0.0, delay_after(entry.attempts).total_seconds() * random.uniform(0.8, 1.2))
            self._line.lose(asked)
        at = self._now() + timedelta(seconds=wait)
        self.outbox.settle(entry.id, state, error=code, next_attempt_at=at, expected_attempts=entry.attempts)
        _log.warning("GLPI_SYNC_ERROR | ticket_number=%s | cause=%s", entry.ticket_number, code)
        return Deferred(entry.ticket_number, code, wait)

    def _put_back(self, entry: OutboxEntry, error: CallerRefused) -> Paused | None:
        """GLPI refuses us, not this entry: it stays as it was."""
        state = self._state_before(entry)
        self.outbox.settle(
            entry.id, state, error=error.code, next_attempt_at=self._now(), expected_attempts=entry.attempts
        )
        return self._line.refuse(error)

    def _stop(self, entry: OutboxEntry, error: GlpiError) -> Undeliverable:
        """GLPI refused the content: this entry waits for a person."""
        self.outbox.settle(entry.id, EntryState.FAILED, error=error.code, expected_attempts=entry.attempts)
        _log.error("GLPI_SYNC_ERROR | ticket_number=%s | cause=%s", entry.ticket_number, error.code)
        return Undeliverable(entry.ticket_number, error.code)

    async def _serve_asked(self) -> AsyncGenerator[DeliveryEvent]:
        """What a webhook or a person wants to know now."""
        assert self._pulling is not None, "a client makes it"
        for glpi_id in self._pulling.asked():
            if glpi_id == EVERYTHING:
                self._next_pull = self._now()
            elif self._line.is_open:
                async for event in self._read(self._pulling.pull_one(glpi_id)):
                    yield event
            else:
                self._store.ask_pull(glpi_id)

    async def _pull(self, *, refresh: bool) -> AsyncGenerator[DeliveryEvent]:
        """Take over what GLPI changed."""
        assert self._pulling is not None, "a client makes it"
        self._next_pull = self._now() + self._pulling.interval
        async for event in self._read(self._pulling.pull(refresh=refresh)):
            yield event

    async def _read(self, updates: AsyncGenerator[TicketUpdated]) -> AsyncGenerator[DeliveryEvent]:
        """What a reading finds, as soon as it is stored. A failure ends it: the cursor moves page by page."""
        self._line.read_failure = None
        until = asyncio.get_running_loop().time() + self._timings.post_limit_s
        async with aclosing(updates):
            while (event := await self._next_of(updates, until)) is not None:
                yield event

    async def _next_of(self, updates: AsyncGenerator[TicketUpdated], until: float) -> DeliveryEvent | None:
        """The next update, or what its failure means; None at the end."""
        try:
            async with asyncio.timeout_at(until):
                return await anext(updates, None)
        except CallerRefused as error:
            return self._line.refuse(error)
        except (GlpiError, TimeoutError) as error:
            self._line.read_failure = error.code if isinstance(error, GlpiError) else "TIMEOUT"
            _log.warning("GLPI_SYNC_ERROR | cause=%s", self._line.read_failure)
            if isinstance(error, NotSent):
                self._line.lose(error.retry_after_s)
            return None

    def _watch(self) -> list[DeliveryEvent]:
        """What another process achieved, read from the event log."""
        seen: list[DeliveryEvent] = []
        for event_id, event in self._store.events_after(self._seen_event):
            self._seen_event = event_id
            ticket = self._store.ticket(event.ticket_number) if event.ticket_number else None
            if ticket is None:
                continue
            if event.name == "GLPI_TICKET_CREATED":
                seen.append(Delivered(ticket))
            elif event.name == "GLPI_TICKET_UPDATED":
                seen.append(TicketUpdated(ticket, taken=bool(event.values.get("taken"))))
        return seen

    # --- who may send -----------------------------------------------------------------------------------------

    async def _connected(self) -> GlpiClient | None:
        """The client, made on first use (in a thread: its tokens may be in a slow place); None without a GLPI."""
        if self._client is None and self._config.glpi.enabled:
            self._client = await self._connect()
            if self._client is not None:
                from engine.attempts import Attempts
                from engine.pulling import Pulling
                from engine.sending import Sender

                glpi, client = self._config.glpi, self._client
                zone = self._config.kiosk.timezone
                renew = self._leasing.renew
                self._sender = Sender(
                    Attempts(glpi, self._store, self.outbox, client, self._now, self._timings, renew, zone)
                )
                self._pulling = Pulling(glpi, self._store, self.outbox, client, self._now)
                self._pulling.watched = self._watched
        return self._client

    async def _reconnect(self) -> None:
        """A fresh client: the token may have been corrected meanwhile."""
        if self._client is not None:
            await self._client.aclose()
        self._client = None
        await self._connected()

    def _is_due(self) -> bool:
        """Whether an entry waits for an attempt now; costs one read."""
        due = self.outbox.next_due_at()
        return due is not None and due <= self._now()

    def _is_settled(self, ticket_number: str | None) -> bool:
        """Whether nothing more can be done now: for this ticket, or for the whole outbox. An audit is for later."""
        mine = [entry for entry in self.outbox.entries() if ticket_number in (None, entry.ticket_number)]
        stopped = (EntryState.FAILED, EntryState.CONFLICT)
        refused = {e.ticket_number for e in mine if e.kind is EntryKind.CREATE and e.state in stopped}
        return all(
            entry.state in stopped or entry.kind is EntryKind.AUDIT or entry.ticket_number in refused for entry in mine
        )

    def _idle(self) -> Idle:
        count, oldest = self.outbox.waiting()
        age = (self._now() - oldest).total_seconds() if oldest else 0.0
        return Idle(count, round(age // 60 * 60), self._line.trouble, self._config.glpi.enabled)

    async def _rest(self, seconds: float) -> None:
        """Wait for the next turn; ``wake`` ends it."""
        if self._sleep is not None:
            await self._sleep(seconds)
            return
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return
        finally:
            self._wake.clear()

    async def aclose(self) -> None:
        """Give the lease back and end the GLPI session."""
        client, self._client = self._client, None
        self._leasing.end()
        if client is not None:
            await client.aclose()

"""A counter made of the real parts: database file, HTTP client, triage; only GLPI is the embedded one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from data.categories import load_categories
from data.database import open_database
from data.outbox import Outbox
from data.store import Store
from engine import owner
from engine.config import Config, DatabaseConfig, GlpiConfig
from engine.delivery import Delivery
from engine.engine import Engine
from engine.events import ConversationEvent, DeliveryEvent
from engine.opening import guarded, triage_of
from glpi.client import GlpiClient
from glpi.exchange import Timeouts
from glpi.legacy import LegacyClient
from glpi.simulator import Simulator

FAST = Timeouts(connect_s=2.0, read_s=0.5, write_s=0.5)


@dataclass
class Clock:
    """A clock that moves only when somebody waits."""

    at: datetime

    def __call__(self) -> datetime:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)
        await asyncio.sleep(0)


@pytest.fixture
def clock() -> Clock:
    """Starts now, so that it agrees with the simulator's."""
    return Clock(datetime.now(UTC))


@pytest.fixture
def glpi() -> Iterator[Simulator]:
    """GLPI 11 with the shipped category tree."""
    names: dict[str, str] = {}
    numbered: list[tuple[int, str]] = []
    for number, node in enumerate(load_categories(), start=1):
        names[node.code] = f"{names[node.parent]} > {node.name}" if node.parent else node.name
        numbered.append((number, names[node.code]))
    with Simulator(categories=numbered) as simulator:
        yield simulator


def client_of(glpi: Simulator) -> LegacyClient:
    """A fresh client of a simulator, with short time limits."""
    return LegacyClient(glpi.url, glpi.app_token, glpi.user_token, timeouts=FAST)


def config_for(path: Path, url: str = "") -> Config:
    """The configuration of a counter with this database, and GLPI if there is an address."""
    return Config(
        database=DatabaseConfig(path=str(path)),
        glpi=GlpiConfig(enabled=bool(url), url=url, pull_interval_s=2, read_budget_per_hour=3600),
    )


def open_counter(
    path: Path,
    clock: Callable[[], datetime],
    connect: Callable[[], GlpiClient | None],
    *,
    url: str = "",
    sleep: object = None,
    config: Config | None = None,
) -> Engine:
    """An engine over real parts, with a clock and a client of the test's."""
    config = config or config_for(path, url)
    db = open_database(path)
    store, outbox = guarded(Store(db, now=clock)), guarded(Outbox(db, now=clock))
    store.save_categories([replace(node, glpi_id=n) for n, node in enumerate(load_categories(), start=1)])

    async def connected() -> GlpiClient | None:
        return connect()

    delivery = Delivery(
        config, store, outbox, connected,
        owner=owner.this_process(), is_dead=owner.is_dead, now=clock, sleep=sleep,  # type: ignore[arg-type]
    )  # fmt: skip
    return Engine(config, store, triage_of(config), delivery, device="test", is_limited=False, now=clock)


@pytest_asyncio.fixture
async def counter(tmp_path: Path, clock: Clock, glpi: Simulator) -> AsyncIterator[Engine]:
    """A counter that reaches GLPI."""
    engine = open_counter(
        tmp_path / "db" / "guichet.db", clock, lambda: client_of(glpi), url=glpi.url, sleep=clock.sleep
    )
    yield engine
    await engine.aclose()


async def conversation(events: AsyncGenerator[ConversationEvent]) -> list[ConversationEvent]:
    """All events of one call."""
    async with aclosing(events) as stream:
        return [event async for event in stream]


async def delivered(engine: Engine, wait_s: float = 60.0) -> list[DeliveryEvent]:
    """Send until nothing more can be done."""
    return [event async for event in engine.deliver(wait_s=wait_s)]


async def past_audit(engine: Engine, clock: Clock) -> None:
    """Send, let every due time pass, and send again until the outbox is empty."""
    for _ in range(40):
        await delivered(engine)
        if not engine.outbox():
            return
        clock.at += timedelta(seconds=60)

"""A kiosk over real parts (database, workflow, cascade, delivery), with a fixed reader and a fixed clock."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from data.categories import load_categories
from data.database import open_database
from data.outbox import Outbox
from data.store import Store
from engine import owner
from engine.config import Config, DatabaseConfig, GlpiConfig, KioskConfig, TriageConfig
from engine.delivery import Delivery
from engine.engine import Engine
from engine.opening import guarded
from engine.triage.cascade import Cascade
from glpi.client import GlpiClient
from tests.tui.reading import FixedReader
from tui.kiosk import KioskApp

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
"""A Monday morning within service hours."""


async def until(pilot: Pilot[Any], condition: Callable[[], object], tries: int = 500) -> None:
    """Wait for a condition, never for a time; fails when it does not come."""
    for _ in range(tries):
        if condition():
            await pilot.pause()
            return
        await pilot.pause(0.01)
    raise AssertionError("the screen never got there")


@dataclass
class Counter:
    """What a test holds of one kiosk."""

    folder: Path
    config: Config
    reader: FixedReader = field(default_factory=FixedReader)
    at: datetime = AT
    human_delay_s: float = 0.05
    receipt_grace_s: float = 0.0
    connect: Callable[[], GlpiClient | None] = lambda: None
    engine: Engine | None = None

    def now(self) -> datetime:
        """The clock of this kiosk."""
        return self.at

    def later(self, **step: float) -> None:
        """Let time pass."""
        self.at += timedelta(**step)

    def open_engine(self) -> Engine:
        """The engine over real parts."""
        db = open_database(self.config.database_path, "")
        store = guarded(Store(db, now=self.now, device_code=self.config.kiosk.device_code))
        outbox = guarded(Outbox(db, now=self.now))
        store.save_categories([replace(node, glpi_id=n) for n, node in enumerate(load_categories(), start=1)])

        async def connected() -> GlpiClient | None:
            return self.connect()

        delivery = Delivery(
            self.config, store, outbox, connected, owner=owner.this_process(), is_dead=owner.is_dead, now=self.now
        )
        cascade = Cascade(self.reader, None, config=self.config.triage)
        self.engine = Engine(self.config, store, cascade, delivery, device="test", now=self.now)
        return self.engine

    def app(self) -> KioskApp:
        """A kiosk that opens this engine after its first frame."""
        return KioskApp(
            self.config, self.open_engine, human_delay_s=self.human_delay_s, receipt_grace_s=self.receipt_grace_s
        )


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    """A kiosk without GLPI."""
    config = Config(
        kiosk=KioskConfig(phone="01 23 45 67 89"),
        triage=TriageConfig(engine="local"),
        database=DatabaseConfig(path=str(tmp_path / "db" / "guichet.db")),
        glpi=GlpiConfig(enabled=False),
    )
    yield Counter(tmp_path, config)


@asynccontextmanager
async def at_the_counter(counter: Counter, size: tuple[int, int] = (80, 24)) -> AsyncIterator[Pilot[None]]:
    """The kiosk on screen, its engine open."""
    app = counter.app()
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app.engine is not None)
        yield pilot


async def say(pilot: Pilot[Any], text: str) -> None:
    """Write a text as from a paste, then press Enter."""
    pilot.app.screen.query_one("#prompt LineInput").insert(text, 0)  # type: ignore[attr-defined]
    await pilot.press("enter")


async def panel(pilot: Pilot[Any], name: str) -> None:
    """Wait for a panel: ``greeting``, ``working``, ``summary``, ``clarification``, ``form`` or ``human``."""
    await until(pilot, lambda: bool(pilot.app.screen.query(f"#slot > #{name}")))


async def receipt(pilot: Pilot[Any]) -> None:
    """Wait for the receipt."""
    await until(pilot, lambda: bool(pilot.app.screen.query("#receipt #state")))


def words(pilot: Pilot[Any]) -> str:
    """All words on the screen, as a person reads them."""
    return "\n".join(strip.text for strip in pilot.app.screen._compositor.render_strips())


async def reads(pilot: Pilot[Any], *texts: str) -> None:
    """Wait until a person can read all of these."""
    await until(pilot, lambda: all(text in words(pilot) for text in texts))


def text_of(pilot: Pilot[Any], selector: str) -> str:
    """The words of one static widget."""
    return str(pilot.app.screen.query_one(selector, Static).content)

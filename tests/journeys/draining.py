"""The processes of ``test_many_processes``: each opens the shared database and sends until nothing waits any more."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path

from data.database import open_database
from data.outbox import Outbox
from data.store import Store
from engine import owner
from engine.config import Config, DatabaseConfig, GlpiConfig
from engine.delivery import Delivery
from engine.events import Idle
from engine.timings import Timings
from glpi.legacy import LegacyClient
from tests.journeys.killed import Access

QUICK = Timings(gaps_s=(0.05, 0.1, 0.2, 0.4), audit_s=0.2, candidate_s=0.02, poll_s=0.02, probe_s=0.1)

A_TURN = 3
"""Tickets that a process sends before it lets another one."""


def drain(path: str, access: Access) -> None:
    """Send whenever this process may, until the outbox is empty; whoever sends gives its place up now and then."""
    asyncio.run(_drain(path, access))


async def _drain(path: str, access: Access) -> None:
    config = Config(database=DatabaseConfig(path=path), glpi=GlpiConfig(enabled=True, url=access[0]))
    db = open_database(Path(path))
    store, outbox = Store(db, now=_now), Outbox(db, now=_now)

    mine = owner.this_process()

    async def connect() -> LegacyClient:
        return LegacyClient(*access)

    delivery = Delivery(
        config, store, outbox, connect,
        owner=mine, is_dead=owner.is_dead, now=_now, timings=QUICK,
    )  # fmt: skip
    while outbox.entries():
        sent = 0
        async with aclosing(delivery._turn(pull=False)) as events:
            async for event in events:
                sent += not isinstance(event, Idle)
                if sent == A_TURN:
                    break
        outbox.release_lease(mine)  # without effect where another process has it
        if not sent:
            await asyncio.sleep(QUICK.poll_s)
    await delivery.aclose()
    db.close()


def _now() -> datetime:
    return datetime.now(UTC)

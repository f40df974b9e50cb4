"""The process of ``test_killed_anywhere``: confirms a session and delivers it, and dies where it is told to.

It runs in a process of its own (forkserver), because SIGKILL leaves no time for a farewell.
"""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path

from data.database import open_database
from data.outbox import Outbox
from data.store import Store
from engine import owner
from engine.config import Config, DatabaseConfig, GlpiConfig
from engine.delivery import Delivery
from engine.engine import Engine
from engine.triage.cascade import open_cascade
from glpi.legacy import LegacyClient

Access = tuple[str, str, str]
"""Address and both tokens of a GLPI."""


def confirm_and_deliver(path: str, session_id: str, access: Access, die_at: int, counted: str) -> None:
    """Do it, and SIGKILL this process just before the ``die_at``-th SQL statement (0: never).

    The number of statements goes into the file ``counted``.
    """
    asyncio.run(_confirm_and_deliver(path, session_id, access, die_at, counted))


async def _confirm_and_deliver(path: str, session_id: str, access: Access, die_at: int, counted: str) -> None:
    now = lambda: datetime.now(UTC)  # noqa: E731
    config = Config(database=DatabaseConfig(path=path), glpi=GlpiConfig(enabled=True, url=access[0]))
    db = open_database(Path(path))
    store, outbox = Store(db, now=now), Outbox(db, now=now)

    async def connect() -> LegacyClient:
        return LegacyClient(*access)

    delivery = Delivery(
        config, store, outbox, connect,
        owner=owner.this_process(), is_dead=owner.is_dead, now=now,
    )  # fmt: skip
    engine = Engine(config, store, open_cascade(config, api_key=None), delivery, is_limited=False, now=now)
    statements = 0

    def count(_statement: str) -> None:
        nonlocal statements
        statements += 1
        if statements == die_at:
            os.kill(os.getpid(), signal.SIGKILL)

    db.conn.set_trace_callback(count)
    number = engine.confirm(session_id).ticket.ticket_number
    async with aclosing(engine.deliver(wait_s=20, ticket_number=number)) as events:
        async for _event in events:
            pass
    db.conn.set_trace_callback(None)
    Path(counted).write_text(str(statements))
    await engine.aclose()

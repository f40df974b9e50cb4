"""A counter made of the real parts, for measurements: database, HTTP client, delivery; GLPI is the embedded one."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from bench.mishaps import Life, MortalExchange, mortal
from data.categories import load_categories
from data.database import open_database
from data.outbox import Outbox
from data.records import Action, Draft, Priority, Session, Stage, Turn
from data.store import Store
from engine.config import Config, DatabaseConfig, GlpiConfig
from engine.delivery import Delivery
from engine.engine import Engine
from engine.mirror import CURSOR
from engine.opening import guarded, triage_of
from engine.workflow import LIFETIME
from glpi.client import GlpiClient
from glpi.exchange import Timeouts
from glpi.legacy import LegacyClient
from glpi.simulator import Simulator
from glpi.simulator.seeds import SERVICE_ACCOUNT

LEAVES = ("04-04-printer", "03-01-wifi", "01-01-pwd", "02-03-full")


@dataclass
class Clock:
    """A clock that moves only when somebody waits."""

    at: datetime

    def __call__(self) -> datetime:
        """Now."""
        return self.at

    async def sleep(self, seconds: float) -> None:
        """Time passes."""
        self.at += timedelta(seconds=seconds)
        await asyncio.sleep(0)


def tree_of_glpi() -> list[tuple[int, str]]:
    """(id, complete name) of a GLPI that has our categories, ids in the order of our file."""
    names: dict[str, str] = {}
    numbered: list[tuple[int, str]] = []
    for number, node in enumerate(load_categories(), start=1):
        names[node.code] = f"{names[node.parent]} > {node.name}" if node.parent else node.name
        numbered.append((number, names[node.code]))
    return numbered


def client_of(
    glpi: Simulator, now: Callable[[], datetime], *, limit_s: float = 20.0, life: Life | None = None
) -> LegacyClient:
    """A fresh client of a simulator.

    Args:
        glpi: The simulator.
        now: This machine's clock.
        limit_s: Seconds until an answer is waited for no more.
        life: Ends before or after one of its requests.
    """
    timeouts = Timeouts(connect_s=5.0, read_s=limit_s, write_s=limit_s)
    client = LegacyClient(glpi.url, glpi.app_token, glpi.user_token, timeouts=timeouts, now=now)
    if life is not None:
        client._session.exchange = MortalExchange(client._session.exchange.url, life, timeouts, now)
    return client


def open_engine(
    path: Path,
    now: Callable[[], datetime],
    connect: Callable[[], GlpiClient | None],
    *,
    owner: str = "bench",
    is_dead: Callable[[str], bool] = lambda owner: True,
    budget: int = 100_000,
    life: Life | None = None,
) -> Engine:
    """An engine over real parts, whose categories GLPI knows under the ids of ``tree_of_glpi``.

    Args:
        path: Database file.
        now: Clock, aware.
        connect: Makes the client.
        owner: Name of the process for the lease.
        is_dead: Whether the process of such a name is gone.
        budget: Read requests an hour.
        life: Of the process.
    """
    config = Config(
        database=DatabaseConfig(path=str(path)),
        glpi=GlpiConfig(enabled=True, url="http://127.0.0.1", pull_interval_s=900, read_budget_per_hour=budget),
    )
    db = open_database(path)
    store, outbox = guarded(Store(db, now=now)), guarded(Outbox(db, now=now))
    tree = [replace(node, glpi_id=number) for number, node in enumerate(load_categories(), start=1)]
    if not store.categories():
        store.save_categories(tree)
    if life is not None:
        store, outbox = mortal(store, life), mortal(outbox, life)

    async def connected() -> GlpiClient | None:
        return connect()

    delivery = Delivery(config, store, outbox, connected, owner=owner, is_dead=is_dead, now=now)
    return Engine(config, store, triage_of(config), delivery, device="bench", is_limited=False, now=now)


def confirmed(
    engine: Engine, at: datetime, number: int, *, requester: str | None = None, priority: Priority = Priority.MEDIUM
) -> str:
    """Number of a ticket that a person just confirmed."""
    leaf = LEAVES[number % len(LEAVES)]
    top = next(node.parent for node in engine.categories() if node.code == leaf) or leaf
    draft = Draft(top, leaf, 0.92, priority, f"Demande n° {number}", ("ne fonctionne plus",))
    turn = Turn("requester", f"Demande {number} : cela ne fonctionne plus <b>&</b> 🖨️", at)
    session = Session(
        str(uuid.uuid4()), at, at + LIFETIME, Stage.VALIDATING, turns=(turn,), draft=draft,
        action=Action.AUTO_VALIDATE, requester_email=requester,
    )  # fmt: skip
    engine._store.save_session(session)
    return engine.confirm(session.id).ticket.ticket_number


def knows(engine: Engine, glpi: Simulator, path: Path, count: int) -> list[int]:
    """A counter and a GLPI that have ``count`` open tickets in common, last read in an hour; their ids in GLPI.

    Args:
        engine: With an empty database.
        glpi: The simulator.
        path: The engine's database file.
        count: Tickets; one more is made and delivered by hand.
    """
    number = confirmed(engine, engine._now(), 0)
    like = rows_of(path, "SELECT * FROM tickets WHERE ticket_number = ?", [number])[0]
    fields = {"name": "Demande", "content": "Texte", "urgency": 3, "impact": 3}
    leaf = engine.ticket(number).subcategory or ""
    mapped = next(node.glpi_id for node in engine.categories() if node.code == leaf)
    ids = [glpi.add_ticket(SERVICE_ACCOUNT, itilcategories_id=mapped, **fields) for _ in range(count)]
    changed = glpi.tickets[ids[0]]["date_mod"]
    same = {"synced_to_glpi": 1, "glpi_last_update": changed, "notes_read": changed, "synced_status": "open"}
    same |= {"synced_priority": "medium", "synced_category": leaf, "category_read_back": leaf, "glpi_category": leaf}
    like = {**like, **same, "session_id": None}
    known = [{**like, "id": None, "ticket_number": f"TKT-2020-{n:06d}", "glpi_ticket_id": n} for n in ids]
    db = open_database(path)
    db.execute("DELETE FROM outbox")
    names = ", ".join(like)
    with db.conn:
        db.conn.executemany(f"INSERT INTO tickets ({names}) VALUES ({', '.join(f':{name}' for name in like)})", known)
    db.close()
    later = datetime.fromisoformat(changed) + timedelta(hours=1)
    engine._store.set_state(CURSOR, later.strftime("%Y-%m-%d %H:%M:%S"))
    return ids


def rows_of(path: Path, sql: str, parameters: Sequence[object] = ()) -> list[dict[str, Any]]:
    """What a database file has, by a connection of its own."""
    db = open_database(path)
    try:
        return list(db.query(sql, list(parameters)))
    finally:
        db.close()

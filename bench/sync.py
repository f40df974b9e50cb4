"""The exchange with GLPI on the clock: draining tickets to a fast and a slow server, pulling 100 changes of 10,000.

python -m bench.sync
"""

from __future__ import annotations

import asyncio
import logging
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.counter import Clock, client_of, confirmed, knows, open_engine, tree_of_glpi
from bench.programs import Row, table
from engine.engine import Engine
from glpi.simulator import Simulator, slow

SLOW_S = 0.1
"""What a call takes on a slow server, the way there and back included."""
TICKETS, OFFLINE, KNOWN, CHANGED = 200, 50, 10_000, 100
MAIL = "visiteur{}@ailleurs.fr"
"""Everybody asks once: nobody is found in a memory."""


@contextmanager
def site(slow_s: float = 0.0) -> Iterator[tuple[Engine, Simulator, Clock, Path]]:
    """A counter with its own GLPI, which takes ``slow_s`` a call."""
    clock = Clock(datetime.now(UTC))
    with (
        tempfile.TemporaryDirectory(dir=Path.cwd()) as folder,
        Simulator(now=clock, categories=tree_of_glpi()) as glpi,
    ):
        path = Path(folder) / "db" / "guichet.db"
        if slow_s:
            glpi.faults.add(slow(slow_s), method="*", path=".*", times=None)
        engine = open_engine(path, clock, lambda: client_of(glpi, clock))
        try:
            yield engine, glpi, clock, path
        finally:
            engine._store.close()


async def drain(tickets: int, slow_s: float = 0.0) -> tuple[float, int]:
    """(seconds, requests) until so many tickets that waited are in GLPI, each with its note and its check."""
    with site(slow_s) as (engine, glpi, clock, _):
        glpi.add_ticket(name="déjà là")
        for number in range(tickets):
            confirmed(engine, clock(), number, requester=MAIL.format(number))
            clock.at += timedelta(minutes=57)
        begun = time.perf_counter()
        await engine.sync("push")
        seconds = time.perf_counter() - begun
        if engine.outbox() or len(glpi.tickets) != tickets + 1:
            raise RuntimeError("not everything arrived")
        requests = len(glpi.requests)
        await engine._delivery.aclose()
    return seconds, requests


async def pull(slow_s: float = 0.0) -> tuple[float, int]:
    """(seconds, requests) of a pull after ``CHANGED`` tickets of ``KNOWN`` got a technician and a follow-up."""
    with site() as (engine, glpi, clock, path):
        ids = knows(engine, glpi, path, KNOWN)
        clock.at += timedelta(hours=1)
        glpi.take(ids[-1])
        await engine.sync("pull")
        clock.at += timedelta(hours=1)
        change(glpi, ids)
        if slow_s:
            glpi.faults.add(slow(slow_s), method="*", path=".*", times=None)
        glpi.requests.clear()
        begun = time.perf_counter()
        counts = await engine.sync("pull")
        seconds = time.perf_counter() - begun
        if counts["pulled"] != CHANGED:
            raise RuntimeError(f"{counts['pulled']} pulled")
        requests = len(glpi.requests)
        await engine._delivery.aclose()
    return seconds, requests


def change(glpi: Simulator, ids: list[int]) -> None:
    """Technicians take ``CHANGED`` tickets and say so."""
    for number in ids[:: len(ids) // CHANGED][:CHANGED]:
        glpi.take(number)
        glpi.add_followup(number, "<p>Je m'en occupe.</p>")


async def _measure() -> list[Row]:
    rows = []
    for tickets, slow_s in ((TICKETS, 0.0), (OFFLINE, SLOW_S)):
        seconds, requests = await drain(tickets, slow_s)
        said = f"{seconds:.1f} s, {tickets / seconds:.1f} a second, {requests} requests"
        budget = "<= 120 s" if slow_s else ""
        rows.append(Row(f"drain of {tickets} tickets, {slow_s * 1000:.0f} ms a call", said, "", None, budget))
    seconds, requests = await pull()
    said = f"{seconds * 1000:.0f} ms, {requests} requests"
    rows.append(Row(f"pull of {CHANGED} changes among {KNOWN}", said, "", None, "<= 4 + notes"))
    return rows


def measure() -> list[Row]:
    """Everything, a new site for each."""
    logging.getLogger("guichet").setLevel(logging.CRITICAL)
    return asyncio.run(_measure())


if __name__ == "__main__":
    print(table(measure()))

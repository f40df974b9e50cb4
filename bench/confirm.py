"""From the yes to a durable ticket, against one bare SQLite insert with the same guarantees on the same disk."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import statistics
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from bench.programs import Row, table
from engine.config import Config, DatabaseConfig
from engine.engine import Engine

TICKETS = 200
MESSAGE = "Mon imprimante HP au bureau 301 ne fonctionne plus, voyant rouge clignote"
NO_FSYNC = ("tmpfs", "ramfs")


def measure(tickets: int = TICKETS, folder: Path | None = None) -> list[Row]:
    """Confirm ``tickets`` summaries, a bare insert after each; ``folder`` must be on a disk that really syncs."""
    with tempfile.TemporaryDirectory(dir=folder or Path.cwd()) as place:
        ours, bare = asyncio.run(_confirm(Path(place), tickets))
        kind, sync_s = _file_system(Path(place)), _fsync_s(Path(place))
    note = f"{kind}, fsync {sync_s * 1000:.2f} ms{' - NO REAL FSYNC HERE' if kind in NO_FSYNC else ''}"
    row = Row.of("confirm to durable ticket, median", statistics.median(ours), statistics.median(bare), "<= 2 x")
    return [row, Row("  measured on", note)]


async def _confirm(place: Path, tickets: int) -> tuple[list[float], list[float]]:
    config = replace(Config(), database=DatabaseConfig(path=str(place / "db" / "guichet.db")))
    config = replace(config, triage=replace(config.triage, engine="local"))
    ours, bare = [], []
    engine = Engine.open(config, role="command")
    try:
        with closing(_bare_database(place / "bare.db")) as connection:
            for number in range(tickets):
                session_id = engine.begin().id
                async for _ in engine.say(session_id, MESSAGE):
                    pass
                start = time.perf_counter()
                engine.confirm(session_id)
                ours.append(time.perf_counter() - start)
                start = time.perf_counter()
                with connection:
                    connection.execute("INSERT INTO tickets VALUES (?, ?)", (number, MESSAGE))
                bare.append(time.perf_counter() - start)
    finally:
        await engine.aclose()
    return ours, bare


def _bare_database(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE tickets (number INTEGER PRIMARY KEY, message TEXT)")
    return connection


def _fsync_s(place: Path) -> float:
    """One page written and synced, median."""
    times = []
    with open(place / "page", "wb", buffering=0) as file:
        for _ in range(20):
            file.write(b"x" * 4096)
            start = time.perf_counter()
            os.fsync(file.fileno())
            times.append(time.perf_counter() - start)
    return statistics.median(times)


def _file_system(place: Path) -> str:
    """Type of the file system of a folder, from the longest mount point above it."""
    mounts = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    above = [m for m in mounts if place.resolve().is_relative_to(m[1])]
    return max(above, key=lambda m: len(m[1]))[2] if above else "unknown"


if __name__ == "__main__":
    print(table(measure(folder=Path(sys.argv[1]) if len(sys.argv) > 1 else None)))

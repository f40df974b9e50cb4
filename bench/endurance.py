"""Endurance: thousands of tickets, comments and changes, a GLPI that breaks all the time, and a sender that dies.

Every world has its own seed, database and simulated GLPI; time is simulated. What must hold at its end: each ticket
once, each private « Analyse IA » once, each comment once and in order, requester, priority and status right, nothing
left in the outbox. ``tests/journeys/test_endurance.py`` plays a few worlds; this plays as many as wanted:

    python -m bench.endurance --deliveries 10000 --seed 1
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from bench.aftermath import Expected, problems
from bench.counter import Clock, client_of, confirmed, open_engine, tree_of_glpi
from bench.mishaps import OUTAGES, Killed, Life, RandomFaults, Watched
from data.records import Priority
from engine.engine import Engine

WORLD = 50
"""Tickets of one world."""
START = datetime(2026, 3, 28, 22, 0, tzinfo=UTC)
"""Three hours before the clocks of Paris change."""
RATE = 0.15
"""Share of requests that go wrong."""
LIFETIME = (5, 600)
"""Steps (a transaction or a request has two) until a process dies, drawn anew for each."""
OUTAGE = 0.03
"""Share of turns in which GLPI as a whole goes away."""
LIMIT_S = 0.4
MOST_TURNS = 3000
REQUESTERS = ("marie.dupont@exemple.fr", "m.dupont@exemple.org", "visiteur@ailleurs.fr", "pas une adresse", None)


@dataclass
class Tally:
    """What was played, and what was wrong at the end."""

    tickets: int = 0
    comments: int = 0
    changes: int = 0
    requests: int = 0
    kills: int = 0
    copies: int = 0
    """Tickets that an audit put aside: GLPI had taken two."""
    faults: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Count another world, too."""
        for name in ("tickets", "comments", "changes", "requests", "kills", "copies"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.faults += other.faults
        self.problems += other.problems


class World:
    """A counter, its technician and its GLPI, from the first ticket until nothing waits any more."""

    def __init__(self, seed: int, tickets: int, glpi: Watched, clock: Clock, path: Path) -> None:
        """``glpi``: already started, with this clock; ``path``: the database to be made."""
        self.tally, self.expected = Tally(tickets), Expected()
        self._seed, self._glpi, self._clock, self._path = seed, glpi, clock, path
        self._rng = random.Random(seed)
        self._faults = RandomFaults(random.Random(seed + 1), RATE, clock, self._hide_next)
        self._hidden: set[int] = set()
        self._dead: set[str] = set()
        self._outage, self._outage_turns = "", 0
        self._life = Life(None)
        self._engine = self._born()

    async def play(self) -> Tally:
        """Live through it, then look at both sides."""
        self._glpi.faults = self._faults
        turns = 0
        try:
            while self._has_more() and turns < MOST_TURNS:
                turns += 1
                self._people()
                self._weather()
                await self._turn()
                await self._pass_time()
            self._calm()
            self.tally.faults += self._faults.fired
            self.tally.problems = [f"seed {self._seed}: {text}" for text in self._look()]
        finally:
            await self._bury()
        return self.tally

    # --- people ---------------------------------------------------------------------------------------------------

    def _has_more(self) -> bool:
        with self._life.spared():
            return len(self.expected.tickets) < self.tally.tickets or bool(self._engine.outbox())

    def _people(self) -> None:
        """Tickets, comments and changes since the last turn."""
        with self._life.spared():
            for _ in range(self._rng.choice((0, 1, 1, 3, 8))):
                if len(self.expected.tickets) < self.tally.tickets:
                    self._ask()
                    if self._rng.random() < 0.4:
                        self._comment()
                    if self._rng.random() < 0.2:
                        self._change()

    def _ask(self) -> None:
        requester, priority = self._rng.choice(REQUESTERS), self._rng.choice(list(Priority))
        count = len(self.expected.tickets)
        number = confirmed(self._engine, self._clock(), count, requester=requester, priority=priority)
        self.expected.tickets[number] = requester, priority, self._clock()

    def _comment(self) -> None:
        number = self._rng.choice(list(self.expected.tickets))
        text, is_private = f"Commentaire {self.tally.comments} de {number} <i>&amp;", self._rng.random() < 0.5
        self._engine.desk.comment(number, text, is_private=is_private)
        self.expected.comments.setdefault(number, []).append((text, is_private))
        self.tally.comments += 1

    def _change(self) -> None:
        number = self._rng.choice(list(self.expected.tickets))
        status = self._rng.choice(("open", "in_progress", "pending"))
        if self._engine.ticket(number).status != status:
            self._engine.desk.change(number, status=status)
            self.expected.statuses[number] = status
            self.tally.changes += 1

    # --- GLPI -----------------------------------------------------------------------------------------------------

    def _weather(self) -> None:
        """GLPI as a whole goes away for some turns."""
        if self._outage_turns:
            self._outage_turns -= 1
            if not self._outage_turns:
                self._end_outage()
        elif self._rng.random() < OUTAGE:
            self._outage, self._outage_turns = self._rng.choice(OUTAGES), self._rng.randint(1, 6)
            self.tally.faults[self._outage] += 1
            if self._outage == "stopped":
                self._glpi.stop()
            else:
                setattr(self._glpi, self._outage, True)

    def _end_outage(self) -> None:
        if self._outage == "stopped":
            self._glpi.start()
        elif self._outage:
            setattr(self._glpi, self._outage, False)
        self._outage, self._outage_turns = "", 0

    def _hide_next(self) -> None:
        """A rule moves the next ticket out of sight, until it is clear that there is a second one."""
        number = max(self._glpi.tickets, default=0) + 1
        self._hidden.add(number)
        self._glpi.hide(number)

    def _reveal(self) -> None:
        if not self._hidden:
            return
        rows = self._glpi.tickets
        for number in list(self._hidden):
            mark = rows[number]["content"][-30:] if number in rows else None
            if mark is None or any(row["content"].endswith(mark) for row in rows.values() if row["id"] != number):
                self._glpi.show(number)
                self._hidden.discard(number)

    def _calm(self) -> None:
        self._end_outage()
        self._faults.rate = 0.0
        self._faults.release(everything=True)

    # --- the sender -----------------------------------------------------------------------------------------------

    def _born(self) -> Engine:
        """A process that starts, on the database as the last one left it."""
        owner = f"life-{self.tally.kills}"
        # Half of the time its predecessor's end can be proven; else the lease has to run out.
        dead = set(self._dead) if self._rng.random() < 0.5 else set()
        self._life = life = Life(self._rng.randint(*LIFETIME))
        with life.spared():
            return open_engine(
                self._path,
                self._clock,
                lambda: client_of(self._glpi, self._clock, limit_s=LIMIT_S, life=life),
                owner=owner,
                is_dead=dead.__contains__,
                life=life,
            )

    async def _bury(self) -> None:
        """What is left of a process: its connections close, and nothing else happens."""
        delivery = self._engine._delivery
        if delivery._client is not None:
            self.tally.requests += delivery._client.requests
            await delivery._client._session.exchange.aclose()  # type: ignore[attr-defined]
        with self._life.spared():
            self._engine._store.close()

    async def _turn(self) -> None:
        pulls = self._rng.random() < 0.3
        try:
            async for _event in self._engine._delivery._turn(pull=pulls):
                pass
        except Killed:
            self._dead.add(f"life-{self.tally.kills}")
            self.tally.kills += 1
            await self._bury()
            self._engine = self._born()

    async def _pass_time(self) -> None:
        """To when something is due, or a little further; GLPI finishes what it is at."""
        with self._life.spared():
            due = self._engine._delivery.outbox.next_due_at()
        step = timedelta(seconds=self._rng.choice((1, 5, 21, 61)))
        self._clock.at = max(due or self._clock.at, self._clock.at + step)
        self._faults.release()
        self._reveal()
        while self._glpi.at_work > self._faults.held:
            await asyncio.sleep(0.0005)

    def _look(self) -> Iterator[str]:
        with self._life.spared():
            self.tally.copies = sum(row["is_deleted"] for row in self._glpi.tickets.values())
            yield from problems(self._engine, self._glpi, self.expected)


async def play(seed: int, tickets: int = WORLD, version: int = 11) -> Tally:
    """One world."""
    clock = Clock(START)
    with (
        tempfile.TemporaryDirectory(prefix="endurance-") as folder,
        Watched(version=version, now=clock, categories=tree_of_glpi()) as glpi,
    ):
        return await World(seed, tickets, glpi, clock, Path(folder) / "db" / "guichet.db").play()


def play_alone(seed: int, tickets: int) -> Tally:
    """One world in a process of its own; every other one is a GLPI 10."""
    return asyncio.run(play(seed, tickets, 10 if seed % 2 else 11))


def main(arguments: list[str] | None = None) -> int:
    """Play until so many tickets were delivered; exit code 1 if anything was wrong."""
    parser = argparse.ArgumentParser(description="Endurance of the delivery.")
    parser.add_argument("--deliveries", type=int, default=1000, help="tickets, comments and changes come on top")
    parser.add_argument("--seed", type=int, default=1, help="of the first world; the next one has the next")
    parser.add_argument("--processes", type=int, default=1, help="worlds at a time")
    asked = parser.parse_args(arguments)
    seeds = range(asked.seed, asked.seed - (-asked.deliveries // WORLD))
    total, begun = Tally(), time.perf_counter()
    with suppress(KeyboardInterrupt), ProcessPoolExecutor(asked.processes, mp_context=get_context("spawn")) as pool:
        for tally in pool.map(partial(play_alone, tickets=WORLD), seeds):
            total.add(tally)
            said = f"{total.tickets} tickets, {sum(total.faults.values())} faults, {total.kills} deaths"
            print(f"\r{said}, {len(total.problems)} problems ", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    print(f"seeds {seeds[0]} to {seeds[-1]}, {time.perf_counter() - begun:.0f} s")
    print(f"{total.tickets} tickets, {total.comments} comments, {total.changes} changes of status")
    print(f"{total.requests} requests, {total.kills} deaths of the sender, {total.copies} copies put aside by an audit")
    print(", ".join(f"{count} {name}" for name, count in total.faults.most_common()))
    print("\n".join(total.problems) or "nothing lost, nothing twice, nothing stuck, nothing wrong")
    return 1 if total.problems else 0


if __name__ == "__main__":
    sys.exit(main())

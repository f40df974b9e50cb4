"""One of several processes that use one database at once: ``python hammer.py TASK DATABASE NAME COUNT``.

It says ``ready``, waits for a line, does its task as fast as it can, and prints what it got as JSON.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from sqlite_utils import Database

from data.database import open_database
from data.errors import SessionNotOpen
from data.outbox import Outbox
from data.records import EntryState, Stage
from data.store import Store
from tests.data.samples import START, make_session, make_ticket


def confirm(db: Database, name: str, count: int) -> list[object]:
    """Confirm one and the same session again and again."""
    store = Store(db, now=lambda: START)
    session = make_session(stage=Stage.CONFIRMED)
    ticket = make_ticket(session)
    answers = [store.confirm(session, ticket, f"KEY-{name}-{turn}") for turn in range(count)]
    return [[found.ticket_number, already] for found, already in answers]


def file(db: Database, name: str, count: int) -> list[object]:
    """File tickets of one's own."""
    store = Store(db, now=lambda: START)
    numbers: list[object] = []
    for turn in range(count):
        session = make_session(f"{name}-{turn}")
        assert store.save_session(session)
        done = replace(session, stage=Stage.CONFIRMED)
        numbers.append(store.confirm(done, make_ticket(session), f"KEY-{name}-{turn}")[0].ticket_number)
    return numbers


def claim(db: Database, name: str, count: int) -> list[object]:
    """Drain the outbox whenever one has the lease, and give it back after each entry."""
    outbox = Outbox(db, now=lambda: START)
    sent: list[object] = []
    while outbox.waiting()[0]:
        if not outbox.acquire_lease(name, 60):
            continue
        entry = outbox.claim_due(START)
        if entry is not None:
            assert entry.state is EntryState.SENDING
            assert outbox.settle(entry.id, EntryState.DONE, glpi_ticket_id=entry.id, expected_attempts=1)
            sent.append(entry.id)
        outbox.release_lease(name)
    return sent


def pull(db: Database, name: str, count: int) -> list[object]:
    """Ask for pulls of a few tickets and take what is to be had."""
    store = Store(db, now=lambda: START)
    taken: list[object] = []
    for turn in range(count):
        store.ask_pull(turn % 5)
        taken += store.take_pulls()
    return taken


def race(db: Database, name: str, count: int) -> list[object]:
    """Save, replace, confirm or abandon the same session, whatever the others do with it."""
    store = Store(db, now=lambda: START)
    session = make_session()
    won: list[object] = []
    for turn in range(count):
        if store.save_session(replace(session, stage=Stage.EDITING), expected_stage=Stage.VALIDATING):
            won.append("edited")
        try:
            _, already = store.confirm(
                replace(session, stage=Stage.CONFIRMED),
                make_ticket(session),
                f"KEY-{name}-{turn}",
                expected_stage=Stage.EDITING,
            )
            won.append("already" if already else "confirmed")
        except SessionNotOpen as error:
            won.append(str(error.stage))
    return won


def main() -> None:
    """See the module."""
    tasks: dict[str, Callable[[Database, str, int], list[object]]] = {
        "confirm": confirm,
        "file": file,
        "claim": claim,
        "pull": pull,
        "race": race,
    }
    task, path, name, count = sys.argv[1:5]
    print("ready", flush=True)
    sys.stdin.readline()
    if task == "open":
        db = open_database(Path(path))
        print(json.dumps(db.table_names()), flush=True)
    else:
        db = open_database(Path(path))
        print(json.dumps(tasks[task](db, name, int(count))), flush=True)
    db.close()


if __name__ == "__main__":
    main()

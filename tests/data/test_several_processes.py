"""Several processes on one file: nobody sees a lock, nothing is done twice, nothing is lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from data.migrations import MIGRATIONS
from data.outbox import Outbox
from data.store import Store
from tests.data.samples import make_session

HAMMER = Path(__file__).with_name("hammer.py")


def start(task: str, path: Path, name: str, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-W", "error", str(HAMMER), task, str(path), name, str(count)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(HAMMER.parents[2])},
    )


def wait_until_ready(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"


def let_go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def run(task: str, path: Path, processes: int, count: int = 1) -> list[list[Any]]:
    """Start the processes, let them go at the same moment, and return what each of them got."""
    running = [start(task, path, f"p{index}", count) for index in range(processes)]
    try:
        for process in running:
            wait_until_ready(process)
        for process in running:
            let_go(process)
        ended = [process.communicate(timeout=40) for process in running]
    finally:
        for process in running:
            process.kill()
            process.communicate()
    assert [err for _, err in ended if err] == []
    return [json.loads(out) for out, _ in ended]


def test_ten_processes_may_open_a_new_file_at_once(path: Path) -> None:
    found = run("open", path, processes=10)
    assert all("tickets" in tables and "events" in tables for tables in found)
    assert sorted(entry.name for entry in path.parent.iterdir()) == ["guichet.db"]
    db = Database(path)
    assert [row["number"] for row in db.query("SELECT number FROM migrations ORDER BY number")] == list(
        range(1, len(MIGRATIONS) + 1)
    )
    db.close()


def test_fifty_confirmations_of_eight_processes_make_one_ticket(path: Path, store: Store, outbox: Outbox) -> None:
    assert store.save_session(make_session())
    answers = [tuple(answer) for got in run("confirm", path, processes=8, count=7) for answer in got]
    assert len(answers) == 56
    assert answers.count(("TKT-2026-00001", False)) == 1
    assert answers.count(("TKT-2026-00001", True)) == 55
    assert [ticket.ticket_number for ticket in store.tickets()] == ["TKT-2026-00001"]
    assert len(outbox.entries()) == 1
    assert len(store.events("TICKET_CREATED")) == 1


def test_numbers_have_neither_gap_nor_double(path: Path, store: Store) -> None:
    numbers = sorted(number for got in run("file", path, processes=8, count=12) for number in got)
    assert numbers == [f"TKT-2026-{index:05d}" for index in range(1, 97)]
    assert len(store.tickets()) == 96


def test_every_entry_is_claimed_by_one_process_only(path: Path, outbox: Outbox) -> None:
    run("file", path, processes=2, count=20)
    sent = [entry for got in run("claim", path, processes=8) for entry in got]
    assert sorted(sent) == list(range(1, 41))
    assert outbox.entries() == []
    assert outbox.lease() is None


def test_a_requested_pull_is_taken_by_one_process(path: Path, store: Store) -> None:
    taken = [number for got in run("pull", path, processes=4, count=20) for number in got]
    assert sorted(taken) == [0, 1, 2, 3, 4]
    assert store.next_pull_request_at() is not None


def test_a_session_changes_hands_once(path: Path, store: Store) -> None:
    assert store.save_session(make_session())
    results = [result for got in run("race", path, processes=8, count=5) for result in got]
    assert results.count("edited") == 1
    assert results.count("confirmed") == 1
    assert set(results) <= {"edited", "confirmed", "already", "validating"}
    assert len(store.tickets()) == 1


def test_a_process_killed_at_any_moment_leaves_whole_tickets(path: Path, store: Store, db: Database) -> None:
    for round_ in range(1, 4):
        process = start("file", path, f"round-{round_}", 100_000)
        wait_until_ready(process)
        let_go(process)
        while len(store.tickets(limit=1_000)) < round_ * 25:
            assert process.poll() is None
        process.kill()
        process.communicate()
        tickets = store.tickets(limit=100_000)
        numbers = {ticket.ticket_number for ticket in tickets}
        assert [ticket.ticket_number for ticket in reversed(tickets)] == [
            f"TKT-2026-{number:05d}" for number in range(1, len(tickets) + 1)
        ]
        assert {number for (number,) in db.execute("SELECT ticket_number FROM outbox")} == numbers
        assert {event.ticket_number for event in store.events("TICKET_CREATED")} == numbers
        converted = "SELECT ticket_number FROM analysis_sessions WHERE status = 'converted_to_ticket'"
        assert {number for (number,) in db.execute(converted)} == numbers
        assert len(store.tickets(search="imprimante", limit=100_000)) == len(numbers)

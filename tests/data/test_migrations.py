"""Every migration is tried on a database left by the one before."""

from __future__ import annotations

import sqlite3
import stat
from pathlib import Path

import pytest
from sqlite_utils import Database

from data.database import open_database
from data.errors import DatabaseError
from data.migrations import MIGRATIONS, migrate
from data.outbox import Outbox
from data.store import Store
from tests.data.samples import START, make_session, make_ticket

LEFT_BEHIND = {
    1: [
        "INSERT INTO categories VALUES ('04-hardware', 'Matériel', NULL, 4, 1, 0)",
        """INSERT INTO analysis_sessions VALUES ('old', '2026-11-22T14:00:00.000000Z', '2026-11-22T15:00:00.000000Z',
            'validating', 'pending', NULL, NULL, NULL, NULL, 0, NULL, NULL, 'none', 'K07', NULL, 0)""",
        "INSERT INTO turns VALUES ('old', 0, 'requester', 'Écran noir', '2026-11-22T14:00:00.000000Z', NULL)",
        "INSERT INTO counters VALUES (2026, '', 41)",
    ],
    2: [
        """INSERT INTO tickets VALUES (1, 'TKT-2026-00041', NULL, 'Écran noir', '', '', '04-hardware', NULL, 'low',
            'open', NULL, 0.9, '[]', '{}', '[]', 'auto_validate', 0, 'local', '1', 1, 'none',
            '2026-11-22T14:00:00.000000Z', '2026-11-22T14:00:00.000000Z', NULL, NULL, 0, NULL, NULL, NULL, NULL, NULL,
            NULL)""",
        "INSERT INTO tickets_fts(tickets_fts) VALUES ('rebuild')",
    ],
    3: [
        "INSERT INTO sync_state VALUES ('pull_cursor', 'x')",
        "INSERT INTO users VALUES (1, 'Éloïse Lefèvre', '0417', NULL)",
        "INSERT INTO user_emails VALUES ('eloise.lefevre@example.org', 1, 1)",
        # Created, read back and pulled; created and read back; created only.
        """INSERT INTO tickets VALUES (2, 'TKT-2026-00039', NULL, 'Souris', '', '', '04-hardware', '04-03-mouse',
            'high', 'in_progress', NULL, 0.9, '[]', '{}', '[]', 'auto_validate', 0, 'local', '1', 1, 'none',
            '2026-11-22T13:00:00.000000Z', '2026-11-22T13:30:00.000000Z', NULL, 7, 1, '2026-11-22T13:00:01.000000Z',
            '2026-11-22 14:30:00', '04-03-mouse', NULL, NULL, NULL)""",
        """INSERT INTO tickets VALUES (3, 'TKT-2026-00040', NULL, 'Clavier', '', '', '04-hardware', NULL, 'low',
            'open', NULL, 0.9, '[]', '{}', '[]', 'auto_validate', 0, 'local', '1', 1, 'none',
            '2026-11-22T13:10:00.000000Z', '2026-11-22T13:10:02.000000Z', NULL, 8, 1, '2026-11-22T13:10:01.000000Z',
            NULL, 'glpi:12', NULL, NULL, NULL)""",
        """INSERT INTO outbox VALUES (1, 'TKT-2026-00041', 'create', 'pending', 'K-41', 2, 0,
            '2026-11-22T14:00:00.000000Z', '2026-11-22T14:01:00.000000Z', '2026-11-22T14:00:01.000000Z', 'NOT_SENT')""",
        """INSERT INTO outbox VALUES (2, 'TKT-2026-00040', 'create', 'done', 'K-40', 1, 0,
            '2026-11-22T13:10:00.000000Z', '2026-11-22T13:10:00.000000Z', '2026-11-22T13:10:00.000000Z', NULL)""",
        """INSERT INTO events VALUES (1, '2026-11-22T14:00:00.000000Z', 'TICKET_CREATED', NULL, 'TKT-2026-00041',
            '{"device":"K07"}')""",
    ],
    4: [
        """INSERT INTO notes VALUES (1, 'TKT-2026-00041', 'followup', NULL, 'Rappelé', '2026-11-22T14:10:00.000000Z',
            1, 'N-1', NULL)""",
        """INSERT INTO outbox VALUES (3, 'TKT-2026-00041', 'comment', 'pending', 'N-1', 0, 0,
            '2026-11-22T14:10:00.000000Z', '2026-11-22T14:10:00.000000Z', NULL, NULL, '{"text":"Rappelé"}')""",
    ],
    5: ["UPDATE tickets SET glpi_category_id = 12 WHERE ticket_number = 'TKT-2026-00040'"],
}
"""What a program that knew so many migrations may have written, for each of them."""


def left_by(path: Path, number: int) -> None:
    """A database as the program with so many migrations left it."""
    path.parent.mkdir(mode=0o700)
    path.touch(mode=0o600)
    conn = sqlite3.connect(path, isolation_level=None)
    migrate(Database(conn, execute_plugins=False), up_to=0)
    for step in range(1, number + 1):
        migrate(Database(conn, execute_plugins=False), up_to=step)
        for statement in LEFT_BEHIND[step]:
            conn.execute(statement)
    conn.close()


@pytest.mark.parametrize("number", range(len(MIGRATIONS) + 1))
def test_a_database_of_an_older_program_is_brought_up_to_date(path: Path, number: int) -> None:
    left_by(path, number)
    db = open_database(path)
    store = Store(db, now=lambda: START)
    if number >= 1:
        old = store.session("old")
        assert old is not None and old.message == "Écran noir"
        assert [category.code for category in store.categories()] == ["04-hardware"]
    if number >= 2:
        assert [ticket.ticket_number for ticket in store.tickets(search="ecran")] == ["TKT-2026-00041"]
    if number >= 3:
        assert len(store.tickets()) == 3
        assert [person.badge for person in store.find_people("eloise lefe")] == ["0417"]
        assert [(entry.key, entry.attempts, entry.error) for entry in Outbox(db, now=lambda: START).entries()][:1] == [
            ("K-41", 2, "NOT_SENT")
        ]
    assert store.save_session(make_session())
    ticket, _ = store.confirm(make_session(), make_ticket(make_session()), "KEY-1")
    assert ticket.ticket_number == ("TKT-2026-00042" if number else "TKT-2026-00001")
    assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    db.close()


def test_what_glpi_was_known_to_have_is_what_both_sides_had_last(path: Path) -> None:
    left_by(path, 3)
    db = open_database(path)
    store = Store(db, now=lambda: START)
    pulled, read_back, unsent = (store.ticket(f"TKT-2026-000{number}") for number in (39, 40, 41))
    assert pulled is not None and read_back is not None and unsent is not None
    assert (pulled.synced_status, pulled.synced_priority, pulled.synced_category, pulled.category_read_back) == (
        "in_progress", "high", "04-03-mouse", "04-03-mouse",
    )  # fmt: skip
    assert (read_back.synced_status, read_back.synced_priority) == (None, None)
    assert (read_back.synced_category, read_back.category_read_back) == ("glpi:12", "glpi:12")
    assert (unsent.synced_status, unsent.synced_category, unsent.category_read_back) == (None, None, None)
    assert {ticket.true_category for ticket in (pulled, read_back, unsent)} == {None}
    assert store.open_glpi_ids() == [7, 8]
    assert dict(Outbox(db, now=lambda: START).entries()[0].payload) == {}
    db.close()


def test_there_is_something_left_behind_for_every_migration() -> None:
    assert sorted(LEFT_BEHIND) == list(range(1, len(MIGRATIONS) + 1))


def test_a_database_of_a_newer_program_is_refused_and_left_as_it_is(path: Path) -> None:
    db = open_database(path)
    db.execute("INSERT INTO migrations VALUES (?, 'tomorrow', '2027-01-01')", [len(MIGRATIONS) + 1])
    db.close()
    before = path.read_bytes()
    with pytest.raises(DatabaseError) as caught:
        open_database(path)
    assert caught.value.reason == "newer_schema"
    assert caught.value.path == str(path)
    assert path.read_bytes() == before


def test_a_migration_that_fails_leaves_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(db: Database) -> None:
        db.execute("CREATE TABLE half (id INTEGER)")
        db.execute("CREATE TABLE half (id INTEGER)")

    left_by(path, 0)
    conn = sqlite3.connect(path, isolation_level=None)
    db = Database(conn, execute_plugins=False)
    monkeypatch.setattr("data.migrations.MIGRATIONS", (*MIGRATIONS, fails))
    with pytest.raises(sqlite3.OperationalError):
        migrate(db, up_to=len(MIGRATIONS) + 1)
    assert "half" not in db.table_names()
    assert db.execute("SELECT max(number) FROM migrations").fetchone()[0] == len(MIGRATIONS)
    conn.close()


def test_opening_again_changes_nothing(path: Path) -> None:
    open_database(path).close()
    before = path.read_bytes()
    open_database(path).close()
    assert path.read_bytes() == before
    assert stat.S_IMODE(path.stat().st_mode) == 0o600

"""The files: who may read them, and how a database that cannot be used says so."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlite_utils import Database

from data.database import open_database
from data.errors import DatabaseError
from data.records import Ticket
from data.store import Store
from tests.data.samples import START, make_session

Filed = Callable[..., Ticket]

ROOT = Path(__file__).parents[2]


@pytest.fixture(params=[0o000, 0o077, 0o027], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    return {entry.name: stat.S_IMODE(entry.stat().st_mode) for entry in (folder, *folder.iterdir())}


def own_group() -> str:
    import grp

    return grp.getgrgid(os.getgid()).gr_name


def reason(path: Path, group: str = "") -> str:
    with pytest.raises(DatabaseError) as caught:
        open_database(path, group)
    assert caught.value.path.startswith(str(path.parent))
    return caught.value.reason


def write_something(db: Database) -> None:
    assert Store(db, now=lambda: START).save_session(make_session())


@pytest.mark.usefixtures("umask")
def test_a_private_database_is_private_whatever_the_umask(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "guichet.db"
    db = open_database(path)
    write_something(db)
    assert modes(path.parent) == {"b": 0o700, "guichet.db": 0o600, "guichet.db-wal": 0o600, "guichet.db-shm": 0o600}
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o700
    db.close()


@pytest.mark.usefixtures("umask")
def test_a_shared_database_is_for_its_group_whatever_the_umask(tmp_path: Path) -> None:
    path = tmp_path / "a" / "shared" / "guichet.db"
    db = open_database(path, own_group())
    write_something(db)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o755
    shared = {"guichet.db": 0o660, "guichet.db-wal": 0o660, "guichet.db-shm": 0o660}
    assert modes(path.parent) == {"shared": 0o2770, **shared}
    assert {entry.stat().st_gid for entry in path.parent.iterdir()} == {os.getgid()}
    db.close()
    open_database(path, own_group()).close()


@pytest.mark.parametrize("mode", [0o604, 0o640, 0o660, 0o666, 0o602])
def test_a_database_others_may_reach_is_refused_and_left_as_it_is(path: Path, mode: int) -> None:
    open_database(path).close()
    path.chmod(mode)
    assert reason(path) == "mode"
    assert stat.S_IMODE(path.stat().st_mode) == mode


@pytest.mark.parametrize("suffix", ["-wal", "-shm"])
def test_so_is_one_whose_companion_others_may_read(path: Path, suffix: str) -> None:
    open_database(path).close()
    companion = Path(f"{path}{suffix}")
    companion.touch()
    companion.chmod(0o644)
    assert reason(path) == "mode"


def test_a_shared_database_is_not_for_everybody(tmp_path: Path) -> None:
    path = tmp_path / "shared" / "guichet.db"
    open_database(path, own_group()).close()
    assert reason(path) == "mode"  # no group is configured any more
    path.chmod(0o664)
    assert reason(path, own_group()) == "mode"


def test_a_shared_database_needs_a_folder_that_hands_its_group_on(tmp_path: Path) -> None:
    path = tmp_path / "shared" / "guichet.db"
    path.parent.mkdir(mode=0o770)
    assert reason(path, own_group()) == "mode"


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o702])
def test_a_folder_others_may_write_is_refused(path: Path, mode: int) -> None:
    path.parent.mkdir()
    path.parent.chmod(mode)
    assert reason(path) == "mode"
    assert not path.exists()


def test_a_folder_others_may_only_read_is_the_administrators_choice(path: Path) -> None:
    path.parent.mkdir()
    path.parent.chmod(0o755)
    open_database(path).close()
    assert modes(path.parent) == {"folder": 0o755, "guichet.db": 0o600}


def test_a_folder_like_tmp_is_taken(path: Path) -> None:
    path.parent.mkdir()
    path.parent.chmod(0o1777)
    open_database(path).close()
    assert modes(path.parent)["guichet.db"] == 0o600


def test_an_unknown_group_is_named_as_the_reason(path: Path) -> None:
    assert reason(path, "no-such-group-anywhere") == "no_group"


def test_a_link_that_leads_nowhere_makes_no_file(path: Path) -> None:
    path.parent.mkdir(mode=0o700)
    path.symlink_to(path.with_name("elsewhere.db"))
    assert reason(path) == "permission"
    assert [entry.name for entry in path.parent.iterdir()] == ["guichet.db"]


def test_a_name_may_have_any_character(tmp_path: Path) -> None:
    path = tmp_path / "à l'étage ? #1 %41" / "guichet ?mode=ro.db"
    open_database(path).close()
    assert modes(path.parent) == {path.parent.name: 0o700, path.name: 0o600}


def test_something_else_under_that_name(path: Path) -> None:
    path.mkdir(parents=True)
    assert reason(path) == "mode"


def test_a_file_in_the_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert reason(tmp_path / "file" / "guichet.db") == "permission"


def test_a_folder_one_may_not_write(path: Path) -> None:
    """In a process of its own: root may write everywhere, so it becomes nobody first."""
    path.parent.mkdir()
    path.parent.chmod(0o555)
    code = (
        "import os, pathlib, sys\n"
        "from data.database import open_database\n"
        "from data.errors import DatabaseError\n"
        "if os.geteuid() == 0: os.setgid(65534); os.setuid(65534)\n"
        "try: open_database(pathlib.Path(sys.argv[1]))\n"
        "except DatabaseError as error: print(error.reason)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], cwd=ROOT, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("permission\n", "")


def test_what_is_no_database_is_damaged_and_left_as_it_is(path: Path) -> None:
    path.parent.mkdir(mode=0o700)
    path.write_bytes(b"this is a letter, not a database\n" * 200)
    path.chmod(0o600)
    assert reason(path) == "damaged"
    assert path.read_bytes().startswith(b"this is a letter")


def test_a_page_that_lost_its_content_is_damaged(path: Path, filed: Filed, db: Database) -> None:
    filed("s-1")
    db.close()
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xa5" * (len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(DatabaseError) as caught:
        Store(open_database(path), now=lambda: START).tickets()
    assert caught.value.reason == "damaged"


def test_a_full_disk_is_said_and_loses_nothing(db: Database, store: Store, filed: Filed) -> None:
    filed("s-1")
    pages = db.execute("PRAGMA page_count").fetchone()[0]
    db.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(DatabaseError) as caught:
        store.update_ticket("TKT-2026-00001", title="x" * 500_000)
    assert caught.value.reason == "disk_full"
    ticket = store.ticket("TKT-2026-00001")
    assert ticket is not None and ticket.title == "Imprimante HP du bureau 301 en panne"
    db.execute("PRAGMA max_page_count = 1000000")
    assert filed("s-2").ticket_number == "TKT-2026-00002"


def test_sqlite_runs_as_it_should(db: Database) -> None:
    found = {
        name: db.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete", "trusted_schema", "busy_timeout")
    }
    assert found == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "secure_delete": 1,
        "trusted_schema": 0,
        "busy_timeout": 30_000,
    }


def test_an_error_of_ours_is_not_dressed_up_as_the_disks(db: Database, store: Store) -> None:
    db.execute("DROP TABLE sync_state")
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        store.get_state("cursor")


def test_an_interrupted_write_leaves_nothing(db: Database, store: Store) -> None:
    from data.transactions import writing

    with pytest.raises(KeyboardInterrupt), writing(db):
        db.execute("INSERT INTO sync_state VALUES ('cursor', 'x')")
        raise KeyboardInterrupt
    assert store.get_state("cursor") is None
    assert not db.conn.in_transaction


def test_the_records_need_no_database_library() -> None:
    code = (
        "import sys, data, data.records, data.errors; print([n for n in sys.modules if n.startswith('sqlite_utils')])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"

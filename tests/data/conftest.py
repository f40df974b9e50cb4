"""A real database in a private folder, and the store and outbox on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlite_utils import Database

from data.database import open_database
from data.outbox import Outbox
from data.records import Session, Stage, Ticket
from data.store import Store
from tests.data.samples import Clock, make_session, make_ticket

Filed = Callable[..., Ticket]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the database of the test is."""
    return tmp_path / "folder" / "guichet.db"


@pytest.fixture
def db(path: Path) -> Iterator[Database]:
    """A new database."""
    database = open_database(path)
    yield database
    database.close()


@pytest.fixture
def clock() -> Clock:
    """Stands still at ``samples.START``."""
    return Clock()


@pytest.fixture
def store(db: Database, clock: Clock) -> Store:
    """The store on the new database."""
    return Store(db, now=clock)


@pytest.fixture
def outbox(db: Database, clock: Clock) -> Outbox:
    """The outbox of the same database."""
    return Outbox(db, now=clock)


@pytest.fixture
def filed(store: Store) -> Filed:
    """Files a ticket: ``filed("s-1", title="...")``; changes are those of the ticket."""

    def file(session_id: str = "s-1", **changes: object) -> Ticket:
        session = make_session(session_id)
        assert store.save_session(session)
        done: Session = make_session(session_id, stage=Stage.CONFIRMED)
        return store.confirm(done, make_ticket(session, **changes), f"KEY-{session_id}")[0]

    return file

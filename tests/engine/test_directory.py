"""Reads engine/directory.py: people of GLPI kept here, page by page, whatever interrupts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from data.database import open_database
from data.records import Person
from data.store import Store
from engine.budget import ReadBudget
from engine.directory import DirectoryRefresh, directory_state, refresh_users
from glpi.errors import CallerRefused, GlpiError, Unclear
from glpi.legacy import LegacyClient
from glpi.simulator import Simulator
from glpi.simulator.faults import reply
from tests.data.samples import Clock

MANY = 430
"""More than two pages."""

NOBODY = reply(200, b'{"totalcount":0,"count":0,"sort":[2],"order":["ASC"],"content-range":"0--1/0"}')


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[Store]:
    db = open_database(tmp_path / "db" / "guichet.db")
    yield Store(db, now=clock)
    db.close()


@pytest.fixture
def glpi() -> Iterator[Simulator]:
    with Simulator() as simulator:
        yield simulator


@pytest.fixture
async def client(glpi: Simulator) -> AsyncIterator[LegacyClient]:
    client = LegacyClient(glpi.url, glpi.app_token, glpi.user_token)
    yield client
    await client.aclose()


def fill(glpi: Simulator, count: int = MANY) -> list[int]:
    """So many more people."""
    return [
        glpi.add_user(f"p{n:04d}", [f"p{n:04d}@exemple.fr"], realname=f"Nom{n:04d}", firstname="Zoé")
        for n in range(count)
    ]


async def whole(refresh: DirectoryRefresh) -> int:
    """Step until it is done; how many steps."""
    steps = 1
    while not await refresh.step():
        steps += 1
    return steps


async def test_people_come_page_by_page_one_request_each(
    store: Store, client: LegacyClient, glpi: Simulator, clock: Clock
) -> None:
    fill(glpi)
    await client.version()
    before = client.requests
    refresh = DirectoryRefresh(store, client, clock)
    assert await whole(refresh) == 3
    assert client.requests - before == 3
    assert store.count_users() == refresh.read >= MANY
    (found,) = store.find_people("nom0429")
    assert (found.name, found.emails) == ("Zoé Nom0429", ("p0429@exemple.fr",))
    state = directory_state(store)
    assert (state.people, state.refreshed_at, state.is_under_way) == (refresh.read, clock(), False)


async def test_a_login_stands_for_a_name_that_is_missing(store: Store, client: LegacyClient, glpi: Simulator) -> None:
    number = glpi.add_user("sansnom")
    await whole(DirectoryRefresh(store, client, Clock()))
    found = store.person_by_glpi_id(number)
    assert found is not None
    assert found.name == "sansnom"


async def test_another_process_goes_on_where_one_was_stopped(
    store: Store, client: LegacyClient, glpi: Simulator, clock: Clock
) -> None:
    fill(glpi)
    assert await DirectoryRefresh(store, client, clock).step() is False
    assert directory_state(store).is_under_way
    clock.forward(hours=3)
    later = DirectoryRefresh(store, client, clock)
    assert await whole(later) == 2
    assert later.removed == 0
    assert store.count_users() >= MANY


async def test_a_page_that_fails_is_asked_for_again(
    store: Store, client: LegacyClient, glpi: Simulator, clock: Clock
) -> None:
    fill(glpi)
    refresh = DirectoryRefresh(store, client, clock)
    await refresh.step()
    glpi.faults.add("status_502", method="GET", path="/search/User")
    with pytest.raises(Unclear):
        await refresh.step()
    assert await whole(refresh) == 2
    assert store.count_users() == refresh.read


async def test_a_refresh_begun_long_ago_starts_over(
    store: Store, client: LegacyClient, glpi: Simulator, clock: Clock
) -> None:
    fill(glpi)
    await DirectoryRefresh(store, client, clock).step()
    clock.forward(days=3)
    assert await whole(DirectoryRefresh(store, client, clock)) == 3


async def test_who_is_not_seen_any_more_goes_and_a_badge_stays(
    store: Store, client: LegacyClient, glpi: Simulator, clock: Clock
) -> None:
    gone = Person("Ancien Collègue", glpi_id=9001, login="ancien", emails=("ancien@exemple.fr",))
    store.save_users([gone], clock())
    clock.forward(days=1)
    refresh = DirectoryRefresh(store, client, clock)
    await whole(refresh)
    assert refresh.removed == 1
    assert store.find_people("ancien") == []
    assert store.find_people("dupont") != []


async def test_an_answer_without_anybody_removes_nobody(
    store: Store, client: LegacyClient, glpi: Simulator, clock: Clock
) -> None:
    """The account itself is a user: then its rights were taken, not its people."""
    await whole(DirectoryRefresh(store, client, clock))
    before = store.count_users()
    glpi.faults.add(NOBODY, method="GET", path="/search/User")
    clock.forward(days=1)
    with pytest.raises(Unclear):
        await DirectoryRefresh(store, client, clock).step()
    assert store.count_users() == before > 0


async def test_a_profile_that_may_not_read_users_changes_nothing(
    store: Store, client: LegacyClient, glpi: Simulator, clock: Clock
) -> None:
    glpi.search_right = False
    with pytest.raises(CallerRefused):
        await DirectoryRefresh(store, client, clock).step()
    assert store.count_users() == 0


async def test_the_read_budget_ends_a_refresh_and_the_next_hour_goes_on(
    store: Store, client: LegacyClient, glpi: Simulator, clock: Clock
) -> None:
    fill(glpi)
    await client.version()
    budget = ReadBudget(store, 2, clock, client)
    first = await refresh_users(store, client, clock, budget)
    assert (first.is_complete, first.requests, budget.left()) == (False, 2, 0)
    assert (await refresh_users(store, client, clock, budget)).requests == 0
    clock.forward(minutes=61)
    last = await refresh_users(store, client, clock, budget)
    assert (last.is_complete, last.requests) == (True, 1)
    assert first.read + last.read == store.count_users()


async def test_force_goes_on_past_the_budget(store: Store, client: LegacyClient, glpi: Simulator, clock: Clock) -> None:
    fill(glpi)
    await client.version()
    done = await refresh_users(store, client, clock, ReadBudget(store, 1, clock, client), is_forced=True)
    assert (done.is_complete, done.requests) == (True, 3)
    assert store.reads_since(clock() - timedelta(hours=1)) == 3


async def test_failed_requests_count_too(store: Store, client: LegacyClient, glpi: Simulator, clock: Clock) -> None:
    await client.version()
    glpi.faults.add("status_502", method="GET", path="/search/User")
    with pytest.raises(GlpiError):
        await refresh_users(store, client, clock, ReadBudget(store, 9, clock, client))
    assert store.reads_since(clock() - timedelta(hours=1)) == 1

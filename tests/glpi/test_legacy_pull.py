"""Reads glpi/legacy_pull.py: nothing is lost between two pulls, however the changes fall."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import pytest

from glpi.errors import GlpiError
from glpi.exchange import Timeouts
from glpi.legacy import LegacyClient
from glpi.legacy_pull import OVERLAP, changed_tickets
from glpi.legacy_query import PAGE
from glpi.legacy_session import LegacySession
from glpi.models import Changes
from glpi.simulator import FAULTS, Simulator
from tests.glpi.conftest import Clock, a_ticket

OURS = 7


@pytest.fixture
def glpi(clock: Clock) -> Iterator[Simulator]:
    with Simulator(now=clock) as simulator:
        yield simulator


@pytest.fixture
async def client(glpi: Simulator) -> AsyncIterator[LegacyClient]:
    client = LegacyClient(glpi.url, glpi.app_token, glpi.user_token, version=11)
    yield client
    await client.aclose()


async def drained(client: LegacyClient, cursor: str | None = None) -> tuple[dict[int, bool], Changes]:
    """Every ticket up to the end, with whether it is in the trash, and the last page."""
    found: dict[int, bool] = {}
    for _ in range(20):
        changes = await client.changed_tickets(cursor)
        found.update((ticket.id, ticket.is_deleted) for ticket in changes.tickets)
        cursor = changes.cursor
        if changes.complete:
            return found, changes
    raise AssertionError("no end")


async def test_450_tickets_in_one_second_are_all_seen(glpi: Simulator, client: LegacyClient) -> None:
    ids = [glpi.add_ticket(author=OURS) for _ in range(450)]
    found, last = await drained(client)
    assert sorted(found) == ids
    assert last.cursor == "2026-11-22 13:00:00"
    again = await client.changed_tickets(last.cursor)
    assert again.complete and len(again.tickets) == 450


@pytest.mark.parametrize("before", [PAGE - 1, PAGE, PAGE + 1])
async def test_a_page_that_ends_within_a_second_loses_nothing(
    glpi: Simulator, clock: Clock, client: LegacyClient, before: int
) -> None:
    ids = [glpi.add_ticket(author=OURS) for _ in range(before)]
    clock.at += timedelta(minutes=5)
    ids += [glpi.add_ticket(author=OURS) for _ in range(3)]
    found, _ = await drained(client)
    assert sorted(found) == ids


async def test_live_and_trash_come_in_two_requests_oldest_first(
    glpi: Simulator, clock: Clock, client: LegacyClient
) -> None:
    first, second, third = (glpi.add_ticket(author=OURS) for _ in range(3))
    clock.at += timedelta(seconds=1)
    glpi.trash(first)
    clock.at += timedelta(seconds=1)
    glpi.take(second)
    changes = await client.changed_tickets(None)
    assert [(ticket.id, ticket.is_deleted) for ticket in changes.tickets] == [
        (third, False),
        (first, True),
        (second, False),
    ]
    assert (changes.cursor, changes.complete) == ("2026-11-22 13:00:02", True)
    assert [one.path for one in glpi.requests] == ["/initSession", "/search/Ticket", "/search/Ticket"]
    assert [dict(one.query)["is_deleted"] for one in list(glpi.requests)[1:]] == ["0", "1"]


async def test_the_cursor_stays_before_what_an_unfinished_list_hides(
    glpi: Simulator, clock: Clock, client: LegacyClient
) -> None:
    """Far more was trashed later than the last live change, and the other way round."""
    for _ in range(PAGE + 50):
        glpi.add_ticket(author=OURS)
        clock.at += timedelta(seconds=1)
    hidden = glpi.add_ticket(author=OURS)
    for number in (1, 2, 3):
        glpi.trash(number)
    changes = await client.changed_tickets(None)
    assert not changes.complete
    live = [ticket for ticket in changes.tickets if not ticket.is_deleted]
    assert len(live) == PAGE and changes.cursor == max(ticket.date_mod for ticket in live)
    found, _ = await drained(client, changes.cursor)
    assert hidden in found


async def test_a_full_trash_is_read_to_its_end(glpi: Simulator, clock: Clock, client: LegacyClient) -> None:
    ids = [glpi.add_ticket(author=OURS) for _ in range(PAGE + 20)]
    for number in ids:
        glpi.trash(number)
        clock.at += timedelta(seconds=1)
    kept = glpi.add_ticket(author=OURS)
    found, last = await drained(client)
    assert found == {**dict.fromkeys(ids, True), kept: False}
    assert last.cursor == max(ticket.date_mod for ticket in last.tickets)


@pytest.mark.parametrize("name", [name for name in FAULTS if name != "expire_session"])
@pytest.mark.parametrize("nth", [1, 2])
async def test_a_pull_with_a_failed_half_is_none(
    glpi: Simulator, clock: Clock, client: LegacyClient, name: str, nth: int
) -> None:
    """Nothing is handed over, so the cursor stays and the next pull sees all of it."""
    live, trashed = glpi.add_ticket(author=OURS), glpi.add_ticket(author=OURS)
    glpi.trash(trashed)
    glpi.faults.add(name, method="GET", path="/search/Ticket", nth=nth)
    with pytest.raises(GlpiError):
        await client.changed_tickets(None)
    assert {ticket.id for ticket in (await client.changed_tickets(None)).tickets} == {live, trashed}


async def test_a_change_that_is_seen_late_is_within_the_overlap(
    glpi: Simulator, clock: Clock, client: LegacyClient
) -> None:
    """GLPI dates a change by the start of its request; another may finish before."""
    slow, quick = glpi.add_ticket(author=OURS), glpi.add_ticket(author=OURS)
    began = clock.at
    clock.at += OVERLAP - timedelta(seconds=1)
    glpi.take(quick)
    cursor = (await client.changed_tickets(None)).cursor
    clock.at = began
    glpi.take(slow)
    assert {ticket.id: ticket.status for ticket in (await client.changed_tickets(cursor)).tickets}[slow] == 2


@pytest.mark.parametrize(("took_s", "cursor"), [(1.0, "2026-11-22 13:10:00"), (40.0, "2026-11-22 13:09:20")])
async def test_the_cursor_allows_for_live_changes_while_a_slow_server_read_the_trash(
    glpi: Simulator, clock: Clock, took_s: float, cursor: str
) -> None:
    glpi.add_ticket(author=OURS)
    trashed = glpi.add_ticket(author=OURS)
    clock.at += timedelta(minutes=10)
    glpi.trash(trashed)
    seconds = iter([0.0, took_s])
    session = LegacySession(glpi.url, glpi.app_token, glpi.user_token, ca_file=None, timeouts=Timeouts())
    changes = await changed_tickets(session, None, 11, clock_s=lambda: next(seconds))
    assert (changes.cursor, changes.complete) == (cursor, True)
    await session.aclose()


async def test_the_cursor_never_goes_back(glpi: Simulator, client: LegacyClient) -> None:
    glpi.add_ticket(author=OURS)
    assert (await client.changed_tickets("2026-11-22 13:00:20")).cursor == "2026-11-22 13:00:20"


@pytest.mark.parametrize("version", [10, 11])
async def test_categories_of_a_pull_are_told_by_their_full_name(version: int) -> None:
    with Simulator(version=version) as glpi:
        category = glpi.add_category("R&D > Écran <plat>")
        client = LegacyClient(glpi.url, glpi.app_token, glpi.user_token, version=version)
        await client.create_ticket(a_ticket(itilcategories_id=category))
        (ticket,) = (await client.changed_tickets(None)).tickets
        assert (ticket.category_id, ticket.category_name) == (None, "R&D > Écran <plat>")
        assert "21" not in {value for one in glpi.requests for key, value in one.query.items() if "display" in key}
        await client.aclose()


async def test_live_tickets_are_ours_between_the_bounds_and_not_in_the_trash(
    glpi: Simulator, client: LegacyClient
) -> None:
    ours = [glpi.add_ticket(author=OURS) for _ in range(6)]
    glpi.add_ticket(name="d'un autre compte")
    last = glpi.add_ticket(author=OURS)
    glpi.trash(ours[2])
    glpi.purge(ours[3])
    glpi.requests.clear()
    assert await client.live_tickets(ours[1], last) == {ours[1], ours[4], ours[5], last}
    assert [one.path for one in glpi.requests] == ["/initSession", "/search/Ticket"]
    assert await client.live_tickets(ours[1], ours[1]) == {ours[1]}
    assert await client.live_tickets(last + 1, last + 900) == frozenset()
    asked = client.requests
    assert await client.live_tickets(9, 8) == frozenset() and client.requests == asked


async def test_live_tickets_of_many_pages_are_all_seen(glpi: Simulator, client: LegacyClient) -> None:
    ids = [glpi.add_ticket(author=OURS) for _ in range(2 * PAGE + 1)]
    assert await client.live_tickets(1, ids[-1]) == set(ids)
    assert client.requests == 1 + 3

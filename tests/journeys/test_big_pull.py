"""Ten thousand known tickets, of which a hundred change: few requests, nothing lost, nothing twice, whatever fails."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bench.counter import Clock, client_of, knows, open_engine, tree_of_glpi
from engine.engine import Engine
from glpi.simulator import Simulator

KNOWN, CHANGED = 10_000, 100
LISTS = ("/ITILFollowup", "/ITILSolution")
LOGIN = "/initSession"


@dataclass
class Site:
    """A counter with its GLPI; both know the same tickets."""

    engine: Engine
    glpi: Simulator
    clock: Clock
    ids: list[int]

    async def pull(self) -> Counter[str]:
        """One pull; its requests by path, with what the sweep asked for under ``sweep``."""
        self.glpi.requests.clear()
        await self.engine.sync("pull")
        return Counter(
            "sweep" if one.path == "/search/Ticket" and "19" not in criteria(one.query) else one.path
            for one in self.glpi.requests
        )

    def status(self, glpi_id: int) -> str:
        found = self.engine._store.ticket_by_glpi_id(glpi_id)
        assert found is not None
        return found.status

    def notes(self, glpi_id: int) -> list[str]:
        found = self.engine._store.ticket_by_glpi_id(glpi_id)
        assert found is not None
        return [note.text for note in self.engine.desk.notes(found.ticket_number)]


def criteria(query: object) -> list[str]:
    """The fields that a search asks for."""
    assert isinstance(query, dict)
    return [value for name, value in query.items() if name.endswith("[field]")]


@pytest.fixture
def glpi() -> Iterator[Simulator]:
    clock = Clock(datetime(2026, 6, 1, 8, 0, tzinfo=UTC))
    with Simulator(now=clock, categories=tree_of_glpi()) as simulator:
        simulator.clock = clock  # type: ignore[attr-defined]
        yield simulator


async def opened(tmp_path: Path, glpi: Simulator, count: int, budget: int = 100_000) -> Site:
    clock: Clock = glpi.clock  # type: ignore[attr-defined]
    path = tmp_path / "db" / "guichet.db"
    engine = open_engine(path, clock, lambda: client_of(glpi, clock), budget=budget)
    site = Site(engine, glpi, clock, knows(engine, glpi, path, count))
    clock.at += timedelta(hours=1)
    if budget > 1000:
        glpi.take(site.ids[-1])
        await engine.sync("pull")  # logs in, learns the zone and the names of the categories, once
    clock.at += timedelta(hours=1)
    return site


async def test_a_hundred_changes_among_ten_thousand_cost_a_handful_of_requests(tmp_path: Path, glpi: Simulator) -> None:
    site = await opened(tmp_path, glpi, KNOWN)
    changed = site.ids[:: KNOWN // CHANGED]
    for n, number in enumerate(changed):
        site.glpi.take(number)
        site.glpi.add_followup(number, f"<p>Réponse {n}</p>")
        site.glpi.add_followup(number, "<p>entre nous</p>", is_private=True)
        if n % 2:
            site.glpi.solve(number, f"<p>Solution {n}</p>")
    asked = await site.pull()
    assert asked["/search/Ticket"] <= 4
    assert asked["/ITILFollowup"] + asked["/ITILSolution"] <= 4
    assert set(asked) <= {"/search/Ticket", *LISTS, "sweep"}
    for n, number in enumerate(changed):
        assert site.status(number) == ("resolved" if n % 2 else "in_progress")
        assert site.notes(number) == [f"Réponse {n}", *([f"Solution {n}"] if n % 2 else [])]
    await site.engine.aclose()


async def test_whichever_request_fails_the_next_pull_has_everything_once(tmp_path: Path, glpi: Simulator) -> None:
    """Each request of the pull, with each fault."""
    site = await opened(tmp_path, glpi, 2000)
    whole = {"sweep": 1, "/search/Ticket": 2, "/ITILFollowup": 1, "/ITILSolution": 1}
    round_ = 0
    for fault in ("drop_before_commit", "status_500", "html_200"):
        for position in range(sum(whole.values())):
            round_ += 1
            changed = site.ids[round_::20]
            before = site.engine._store.last_event_id()
            for number in changed:
                site.glpi.take(number)
                site.glpi.add_followup(number, f"<p>Réponse {round_}</p>")
            site.clock.at += timedelta(minutes=5)
            rule = site.glpi.faults.add(fault, method="GET", path=".*", nth=position + 1)
            await site.pull()
            assert rule.fired == 1
            site.clock.at += timedelta(minutes=5)
            await site.pull()
            assert {site.status(number) for number in changed} == {"in_progress"}
            assert {tuple(site.notes(number)) for number in changed} == {(f"Réponse {round_}",)}
            told = Counter(
                (event.ticket_number, "notes" in event.values)
                for _, event in site.engine._store.events_after(before)
                if event.name == "GLPI_TICKET_UPDATED"
            )
            assert set(told.values()) == {1}
            assert len(told) == 2 * len(changed)
    await site.engine.aclose()


@pytest.mark.parametrize("counts", [(450,), (150, 450, 150), (199, 2, 401)])
async def test_a_page_boundary_within_one_second_loses_nothing(
    tmp_path: Path, glpi: Simulator, counts: tuple[int, ...]
) -> None:
    site = await opened(tmp_path, glpi, 1000)
    numbers = iter(site.ids)
    changed = []
    for count in counts:
        for _ in range(count):
            changed.append(next(numbers))
            glpi.change(changed[-1], priority=5)
        site.clock.at += timedelta(seconds=1)
    asked = await site.pull()
    found = {number: site.engine._store.ticket_by_glpi_id(number) for number in changed}
    assert {ticket.priority.value for ticket in found.values() if ticket} == {"critical"}
    assert all(found.values())
    assert asked["/search/Ticket"] <= 16
    await site.engine.aclose()


async def test_a_day_stays_within_the_read_budget_and_tells_the_trash_from_a_purge_from_out_of_sight(
    tmp_path: Path, glpi: Simulator
) -> None:
    """Ten thousand open tickets, ten thousand people, a hundred reads an hour."""
    for n in range(10_000):
        glpi.add_user(f"u{n:05d}", [f"u{n:05d}@exemple.fr"], realname=f"Nom{n}", firstname="Prénom")
    site = await opened(tmp_path, glpi, KNOWN, budget=100)
    glpi.requests.clear()
    trashed, purged, hidden = site.ids[5], site.ids[5000], site.ids[9990]
    glpi.trash(trashed)
    glpi.purge(purged)
    glpi.hide(hidden)
    for _ in range(25 * 4):
        async for _event in site.engine._delivery._turn(pull=True):
            pass
        site.clock.at += timedelta(minutes=15)
    times = [one.at for one in glpi.requests if one.path != LOGIN]
    busiest = max(sum(timedelta() <= later - at < timedelta(hours=1) for later in times) for at in times)
    assert busiest <= 100
    gone = {number: site.engine._store.ticket_by_glpi_id(number) for number in (trashed, purged, hidden)}
    assert [ticket.glpi_gone if ticket else "" for ticket in gone.values()] == ["trashed", "purged", "hidden"]
    alive = site.engine._store.ticket_by_glpi_id(site.ids[6000])
    assert alive is not None and alive.glpi_gone is None
    assert site.engine._store.count_users() >= 10_000
    await site.engine.aclose()

"""A technician changes tickets here, others change them in GLPI: what each side has afterwards."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from bench.counter import client_of, tree_of_glpi
from data.records import EntryState, Ticket
from engine.engine import Engine
from glpi.simulator import Simulator
from tests.journeys.conftest import Clock, open_counter, past_audit
from tests.journeys.test_exactly_once import summary

SKEW = timedelta(minutes=40)
"""How far the server's clock runs ahead."""
BASE = {"status": "open", "priority": "medium", "category": "04-04-printer"}
OURS = {"status": "pending", "priority": "critical", "category": "03-01-wifi"}
THEIRS = {"status": "in_progress", "priority": "low", "category": "01-01-pwd"}
COLUMNS = {"status": "status", "priority": "priority", "category": "itilcategories_id"}


@dataclass
class Desk:
    """A counter with one ticket that is in GLPI."""

    engine: Engine
    glpi: Simulator
    clock: Clock
    number: str
    glpi_id: int
    ids: dict[str, int]

    @property
    def ticket(self) -> Ticket:
        return self.engine.ticket(self.number)

    def value(self, field: str) -> str:
        return (self.ticket.subcategory or "") if field == "category" else str(getattr(self.ticket, field))

    def as_glpi_says(self, field: str, value: str) -> int:
        numbers = {"open": 1, "in_progress": 2, "pending": 4, "low": 2, "medium": 3, "high": 4, "critical": 5}
        return self.ids[value] if field == "category" else numbers[value]

    def there(self, field: str) -> int:
        return int(self.glpi.tickets[self.glpi_id][COLUMNS[field]])

    def change_here(self, field: str, value: str) -> None:
        self.engine.desk.change(self.number, **{field: value})

    def change_there(self, field: str, value: str) -> None:
        self.glpi.change(self.glpi_id, **{COLUMNS[field]: self.as_glpi_says(field, value)})

    def writes(self) -> int:
        return len([one for one in self.glpi.requests if one.method == "PUT"])


@pytest_asyncio.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    clock = Clock(datetime(2026, 6, 1, 8, 0, tzinfo=UTC))
    with Simulator(now=lambda: clock() + SKEW, categories=tree_of_glpi()) as glpi:
        path = tmp_path / "g.db"
        engine = open_counter(path, clock, lambda: client_of(glpi, clock), url=glpi.url, sleep=clock.sleep)
        session = summary(clock())
        engine._store.save_session(session)
        number = engine.confirm(session.id).ticket.ticket_number
        await past_audit(engine, clock)
        clock.at += timedelta(hours=1)
        await engine.sync()
        clock.at += timedelta(hours=1)
        glpi.requests.clear()
        ids = {node.code: node.glpi_id or 0 for node in engine.categories()}
        yield Desk(engine, glpi, clock, number, next(iter(glpi.tickets)), ids)
        await engine.aclose()


@pytest.mark.parametrize("field", BASE)
async def test_what_a_technician_changes_here_is_in_glpi_once(desk: Desk, field: str) -> None:
    desk.change_here(field, OURS[field])
    await desk.engine.sync()
    assert desk.there(field) == desk.as_glpi_says(field, OURS[field])
    desk.clock.at += timedelta(minutes=5)
    await desk.engine.sync()
    assert (desk.writes(), desk.value(field), desk.engine.outbox()) == (1, OURS[field], [])
    assert desk.engine.desk.conflicts() == []


@pytest.mark.parametrize("field", BASE)
async def test_what_is_changed_in_glpi_is_here_after_a_pull(desk: Desk, field: str) -> None:
    desk.change_there(field, THEIRS[field])
    desk.clock.at += timedelta(minutes=5)
    counts = await desk.engine.sync()
    assert (counts["pulled"], desk.value(field), desk.writes()) == (1, THEIRS[field], 0)
    assert desk.engine.desk.conflicts() == []


@pytest.mark.parametrize("field", BASE)
async def test_the_same_change_on_both_sides_is_no_conflict(desk: Desk, field: str) -> None:
    desk.change_here(field, OURS[field])
    desk.clock.at += timedelta(minutes=5)
    desk.change_there(field, OURS[field])
    await desk.engine.sync()
    assert (desk.value(field), desk.there(field)) == (OURS[field], desk.as_glpi_says(field, OURS[field]))
    assert (desk.writes(), desk.engine.desk.conflicts(), desk.engine.outbox()) == (0, [], [])


@pytest.mark.parametrize("is_pulled_first", [False, True])
@pytest.mark.parametrize("field", BASE)
async def test_changed_on_both_sides_ours_wins_when_it_is_later(desk: Desk, field: str, is_pulled_first: bool) -> None:
    """By one clock: the server's runs ahead."""
    desk.change_there(field, THEIRS[field])
    desk.clock.at += timedelta(minutes=5)
    desk.change_here(field, OURS[field])
    if is_pulled_first:
        await desk.engine.sync("pull")
        assert desk.value(field) == OURS[field]
    await desk.engine.sync()
    assert (desk.value(field), desk.there(field)) == (OURS[field], desk.as_glpi_says(field, OURS[field]))
    (conflict,) = desk.engine.desk.conflicts(desk.number)
    assert (conflict.field, conflict.base, conflict.ours, conflict.theirs, conflict.kept) == (
        field, BASE[field], OURS[field], THEIRS[field], "ours",
    )  # fmt: skip
    assert desk.engine.outbox() == []


@pytest.mark.parametrize("is_pulled_first", [False, True])
@pytest.mark.parametrize("decision", ["retry", "discard"])
@pytest.mark.parametrize("field", BASE)
async def test_changed_on_both_sides_theirs_wins_when_it_is_later_until_a_technician_decides(
    desk: Desk, field: str, decision: str, is_pulled_first: bool
) -> None:
    desk.change_here(field, OURS[field])
    desk.clock.at += timedelta(minutes=5)
    desk.change_there(field, THEIRS[field])
    if is_pulled_first:
        await desk.engine.sync("pull")
    await desk.engine.sync()
    assert (desk.value(field), desk.there(field)) == (THEIRS[field], desk.as_glpi_says(field, THEIRS[field]))
    (conflict,) = desk.engine.desk.conflicts()
    assert (conflict.ours, conflict.theirs, conflict.kept) == (OURS[field], THEIRS[field], "theirs")
    (entry,) = desk.engine.outbox()
    assert (entry.state, entry.error) == (EntryState.CONFLICT, "CHANGED_IN_GLPI")
    getattr(desk.engine.desk, decision)(entry.id)
    desk.clock.at += timedelta(minutes=5)
    await desk.engine.sync()
    desk.clock.at += timedelta(minutes=5)
    await desk.engine.sync()
    kept = (OURS if decision == "retry" else THEIRS)[field]
    assert (desk.value(field), desk.there(field)) == (kept, desk.as_glpi_says(field, kept))
    assert desk.engine.outbox() == []


async def test_fields_are_merged_one_by_one(desk: Desk) -> None:
    """Ours and theirs do not meet: both changes stay."""
    desk.change_here("priority", "critical")
    desk.clock.at += timedelta(minutes=5)
    desk.change_there("category", "01-01-pwd")
    await desk.engine.sync()
    assert (desk.value("priority"), desk.value("category")) == ("critical", "01-01-pwd")
    assert (desk.there("priority"), desk.there("category")) == (5, desk.ids["01-01-pwd"])
    assert desk.engine.desk.conflicts() == []


# --- the true label -----------------------------------------------------------------------------------------------


async def test_a_category_that_a_technician_changes_in_glpi_is_the_true_label(desk: Desk) -> None:
    assert (desk.ticket.category_read_back, desk.ticket.true_category) == ("04-04-printer", None)
    desk.change_there("category", "01-01-pwd")
    desk.clock.at += timedelta(minutes=5)
    await desk.engine.sync()
    assert (desk.ticket.category_read_back, desk.ticket.true_category) == ("04-04-printer", "01-01-pwd")


async def test_a_category_that_we_do_not_map_is_kept_by_its_number(desk: Desk) -> None:
    number = desk.glpi.add_category("Divers > Autre")
    desk.glpi.change(desk.glpi_id, itilcategories_id=number)
    desk.clock.at += timedelta(minutes=5)
    await desk.engine.sync()
    assert desk.ticket.glpi_category == desk.ticket.true_category == f"glpi:{number}"
    assert desk.value("category") == "04-04-printer"


async def test_a_category_that_a_rule_of_glpi_moves_at_creation_is_no_label(tmp_path: Path) -> None:
    clock = Clock(datetime(2026, 6, 1, 8, 0, tzinfo=UTC))
    with Simulator(now=clock, categories=tree_of_glpi()) as glpi:
        engine = open_counter(tmp_path / "g.db", clock, lambda: client_of(glpi, clock), url=glpi.url, sleep=clock.sleep)
        ids = {node.code: node.glpi_id for node in engine.categories()}
        glpi.add_rule({"itilcategories_id": ids["04-04-printer"]}, {"itilcategories_id": ids["01-01-pwd"]})
        session = summary(clock())
        engine._store.save_session(session)
        number = engine.confirm(session.id).ticket.ticket_number
        for _ in range(3):
            await past_audit(engine, clock)
            clock.at += timedelta(minutes=20)
            await engine.sync()
        ticket = engine.ticket(number)
        assert (ticket.category_read_back, ticket.glpi_category) == ("01-01-pwd", "01-01-pwd")
        assert ticket.true_category is None
        await engine.aclose()


# --- notes --------------------------------------------------------------------------------------------------------


async def test_public_notes_and_solutions_come_as_plain_text_and_private_ones_never(desk: Desk) -> None:
    desk.glpi.take(desk.glpi_id)
    desk.glpi.add_followup(desk.glpi_id, "<p>Je passe &agrave; 14&nbsp;h.</p><p>&lt;b&gt;</p>")
    desk.glpi.add_followup(desk.glpi_id, "<p>Mot de passe administrateur</p>", is_private=True)
    desk.clock.at += timedelta(minutes=5)
    desk.glpi.solve(desk.glpi_id, "<p>Toner remplacé</p>")
    await desk.engine.sync()
    desk.clock.at += timedelta(minutes=5)
    await desk.engine.sync()
    notes = desk.engine.desk.notes(desk.number)
    assert [(note.kind, " ".join(note.text.split())) for note in notes] == [
        ("followup", "Je passe à 14 h. <b>"), ("solution", "Toner remplacé"),
    ]  # fmt: skip
    assert not any(note.is_private for note in notes)


async def test_our_comment_is_in_glpi_once_and_comes_back_as_ours(desk: Desk) -> None:
    desk.engine.desk.comment(desk.number, "<img src=x onerror=alert(1)>\nune ligne 🖨️ &amp;", is_private=False)
    desk.engine.desk.comment(desk.number, "entre nous", is_private=True)
    for _ in range(3):
        await desk.engine.sync()
        desk.clock.at += timedelta(minutes=5)
    ours = [row for row in desk.glpi.followups.values() if "Analyse IA" not in row["content"]]
    assert [row["is_private"] for row in ours] == [0, 1]
    assert "<img" not in ours[0]["content"]
    assert [note.text for note in desk.engine.desk.notes(desk.number)] == [
        "<img src=x onerror=alert(1)>\nune ligne 🖨️ &amp;", "entre nous",
    ]  # fmt: skip

"""The four scenarios, from the keys to GLPI: shipped local engine, real database, GLPI simulator on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from data.categories import load_categories
from engine import Config, Engine, Priority, Ticket, ValidationMethod
from engine.config import DatabaseConfig, GlpiConfig, KioskConfig, TriageConfig
from glpi.simulator import Simulator
from tests.tui.conftest import panel, reads, receipt, say, until, words
from tui.kiosk import KioskApp


@pytest.fixture
def glpi(monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    """GLPI 11 with the shipped tree; its tokens are where the program looks for them."""
    numbered = [(number, node.name) for number, node in enumerate(load_categories(), start=1)]
    with Simulator(categories=numbered) as simulator:
        monkeypatch.setenv("GLPI_APP_TOKEN", simulator.app_token)
        monkeypatch.setenv("GLPI_USER_TOKEN", simulator.user_token)
        yield simulator


@pytest.fixture
def app(tmp_path: Path, glpi: Simulator) -> KioskApp:
    """The kiosk as ``guichet`` opens it."""
    config = Config(
        kiosk=KioskConfig(service_days=(), phone="3000"),
        triage=TriageConfig(engine="local"),
        database=DatabaseConfig(path=str(tmp_path / "db" / "guichet.db")),
        glpi=GlpiConfig(enabled=True, url=glpi.url, pull_interval_s=2, read_budget_per_hour=3600),
    )
    return KioskApp(config, lambda: Engine.open(config), human_delay_s=0.05)


async def the_ticket(pilot: Pilot[Any], app: KioskApp) -> Ticket:
    """The one ticket, once GLPI has it and the receipt says so."""
    await reads(pilot, "GLPI n°\u00a0")
    assert app.engine is not None
    (ticket,) = app.engine.tickets()
    assert ticket.synced_to_glpi and ticket.glpi_ticket_id is not None
    return ticket


async def test_1_a_confident_message_is_one_key_from_its_ticket(app: KioskApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await say(pilot, "Mon imprimante HP au bureau 301 ne fonctionne plus, voyant rouge clignote")
        await panel(pilot, "summary")
        await pilot.press("enter")
        await receipt(pilot)
        ticket = await the_ticket(pilot, app)
        assert ticket.subcategory == "04-04-printer"
        assert ticket.validation_method is ValidationMethod.AUTO_VALIDATE and ticket.ready_for_l1
        await reads(pilot, "GLPI à jour")


async def test_2_the_title_is_changed_before_the_ticket(app: KioskApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await say(pilot, "Mon PC est lent")
        await panel(pilot, "summary")
        await pilot.press("f3")
        await panel(pilot, "form")
        title = pilot.app.screen.query_one("#title")
        await pilot.press("end", "ctrl+u")
        title.insert("PC très lent depuis ce matin", 0)  # type: ignore[attr-defined]
        await pilot.press("f2")
        await receipt(pilot)
        ticket = await the_ticket(pilot, app)
        assert ticket.title == "PC très lent depuis ce matin" and ticket.modified


async def test_3_questions_lead_to_a_summary_and_ok_confirms_it(app: KioskApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await say(pilot, "Ça ne marche pas")
        await panel(pilot, "clarification")
        await reads(pilot, "Tentative 1/3", "Quel appareil est concerné", "9", "Je ne sais pas")
        await say(pilot, "Mon ordinateur est très lent")
        await panel(pilot, "summary")
        await say(pilot, "ok")
        await receipt(pilot)
        ticket = await the_ticket(pilot, app)
        assert ticket.validation_method is ValidationMethod.CLARIFIED
        assert ticket.category == "04-hardware"


async def test_4_three_rounds_without_an_answer_call_a_technician(app: KioskApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await say(pilot, "Problème")
        for attempt, answer in enumerate(("Mon truc ne marche pas", "L'ordinateur", "Je ne sais pas"), start=1):
            await _answer(pilot, f"Tentative {attempt}/3", answer)
        await receipt(pilot)
        ticket = await the_ticket(pilot, app)
        assert ticket.validation_method is ValidationMethod.ESCALATED
        assert (ticket.category, ticket.priority, ticket.ready_for_l1) == ("99-non-cat", Priority.HIGH, False)
        await reads(pilot, "Le support est fermé")


async def _answer(pilot: Pilot[Any], attempt: str, answer: str) -> None:
    """Answer the first question of a round, however many there are, and none of the others."""
    await panel(pilot, "clarification")
    await reads(pilot, attempt)
    await say(pilot, answer)
    await until(pilot, lambda: "Question 2" in words(pilot) or attempt not in words(pilot))
    if attempt in words(pilot):
        await pilot.press("f5")


async def test_a_technician_takes_the_ticket_while_the_person_looks(app: KioskApp, glpi: Simulator) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await say(pilot, "Mon imprimante HP au bureau 301 ne fonctionne plus")
        await panel(pilot, "summary")
        await pilot.press("f2")
        await receipt(pilot)
        ticket = await the_ticket(pilot, app)
        assert ticket.glpi_ticket_id is not None
        glpi.take(ticket.glpi_ticket_id)
        await until(pilot, lambda: "Ticket pris en charge" in words(pilot), tries=1500)


async def test_f7_fetches_news_of_glpi_at_once(app: KioskApp, glpi: Simulator) -> None:
    """Without it the next look would be a quarter of an hour away."""
    app.config = replace(app.config, glpi=replace(app.config.glpi, pull_interval_s=900))
    config = app.config
    app._open = lambda: Engine.open(config)
    async with app.run_test(size=(80, 24)) as pilot:
        await say(pilot, "Mon imprimante HP au bureau 301 ne fonctionne plus")
        await panel(pilot, "summary")
        await pilot.press("f2")
        await receipt(pilot)
        ticket = await the_ticket(pilot, app)
        await until(pilot, lambda: app.engine is not None and not app.engine.outbox())
        assert ticket.glpi_ticket_id is not None
        glpi.take(ticket.glpi_ticket_id)
        await reads(pilot, "F7", "Actualiser")
        await pilot.press("f7")
        await until(pilot, lambda: "Ticket pris en charge" in words(pilot), tries=1500)
        await reads(pilot, "GLPI à jour")

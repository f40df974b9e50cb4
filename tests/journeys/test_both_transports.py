"""The life of a ticket over either of GLPI's APIs: an escalation, a change, a comment, news from there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.engine import Engine
from glpi.client import GlpiClient
from glpi.highlevel import HighLevelClient
from glpi.simulator import Simulator
from tests.journeys.conftest import FAST, Clock, client_of, config_for, open_counter, past_audit
from tests.journeys.test_exactly_once import summary

Connect = Callable[[Simulator], GlpiClient]


def highlevel(glpi: Simulator) -> GlpiClient:
    """A fresh client of the High-Level API."""
    oauth = glpi.highlevel.oauth
    root = f"http://127.0.0.1:{glpi.port}/api.php"
    return HighLevelClient(root, oauth.client_id, oauth.client_secret, "svc-borne", "svc-borne", timeouts=FAST)


def a_counter(path: Path, clock: Clock, glpi: Simulator, connect: Connect) -> Engine:
    config = config_for(path, glpi.url)
    config = replace(config, glpi=replace(config.glpi, escalation_group=1))
    return open_counter(path, clock, lambda: connect(glpi), config=config, sleep=clock.sleep)


@pytest.mark.parametrize("connect", [client_of, highlevel])
async def test_an_escalation_goes_to_its_group_and_nobody_took_it(tmp_path: Path, connect: Connect) -> None:
    clock = Clock(datetime.now(UTC))
    with Simulator(now=clock) as glpi:
        counter = a_counter(tmp_path / "g.db", clock, glpi, connect)
        session = summary(clock())
        counter._store.save_session(session)
        counter.ask_human(session.id)
        await past_audit(counter, clock)
        (glpi_id,) = glpi.tickets
        assert glpi.assigned_groups(glpi_id) == [1]
        await counter.sync()
        events = counter._store.events("GLPI_TICKET_UPDATED")
        assert not any(event.values.get("taken") for event in events)
        await counter.aclose()


@pytest.mark.parametrize("connect", [client_of, highlevel])
async def test_changes_travel_both_ways(tmp_path: Path, connect: Connect) -> None:
    clock = Clock(datetime.now(UTC))
    with Simulator(now=clock) as glpi:
        counter = a_counter(tmp_path / "g.db", clock, glpi, connect)
        session = summary(clock())
        counter._store.save_session(session)
        number = counter.confirm(session.id).ticket.ticket_number
        await past_audit(counter, clock)
        (glpi_id,) = glpi.tickets
        counter.desk.change(number, priority="critical", category="03-01-wifi")
        counter.desk.comment(number, "Toner commandé & noté", is_private=False)
        await past_audit(counter, clock)
        row = glpi.tickets[glpi_id]
        code = {node.code: node.glpi_id for node in counter.categories()}
        assert (row["priority"], row["itilcategories_id"]) == (5, code["03-01-wifi"])
        clock.at += timedelta(minutes=5)
        glpi.add_followup(glpi_id, "<p>Je passe</p>")
        glpi.add_followup(glpi_id, "<p>entre nous</p>", is_private=True)
        clock.at += timedelta(minutes=5)
        glpi.solve(glpi_id, "<p>Remplac&eacute;</p>")
        await counter.sync()
        ticket = counter.ticket(number)
        assert (ticket.status, ticket.true_category) == ("resolved", "03-01-wifi")
        assert ticket.resolved_at is not None
        said = [(note.kind, note.text) for note in counter.desk.notes(number)]
        assert said == [("followup", "Toner commandé & noté"), ("followup", "Je passe"), ("solution", "Remplacé")]
        assert counter.desk.conflicts() == []
        glpi.trash(glpi_id)
        await counter.sync("pull")
        assert counter.ticket(number).glpi_gone == "trashed"
        await counter.aclose()

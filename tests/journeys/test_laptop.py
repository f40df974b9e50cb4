"""A laptop comes back after 48 hours with fifty tickets; and what a counter tells GLPI about who asks."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bench.counter import confirmed
from data.records import EntryKind, EntryState
from engine.engine import Engine
from engine.events import Paused
from glpi.client import GlpiClient
from glpi.highlevel import HighLevelClient
from glpi.legacy import LegacyClient
from glpi.simulator import Simulator
from tests.journeys.conftest import FAST, Clock, client_of, delivered, open_counter, past_audit

PARIS = ZoneInfo("Europe/Paris")
TICKETS = 50
EACH = 5
"""Requests of a ticket: who asks, the POST, the private note, the ticket and its requesters again."""
ONCE = 8
"""Login, version, zone, the audit of nothing, and the farewell."""


@pytest.mark.parametrize(
    "left_at",
    [
        datetime(2026, 6, 1, 6, 0, tzinfo=UTC),
        datetime(2026, 3, 28, 3, 0, tzinfo=UTC),  # the night in which an hour is skipped
        datetime(2026, 10, 24, 3, 0, tzinfo=UTC),  # the night in which an hour comes twice
    ],
    ids=["summer", "to-summer", "to-winter"],
)
async def test_fifty_tickets_of_48_hours_offline_keep_their_times_and_their_order(
    tmp_path: Path, left_at: datetime
) -> None:
    clock = Clock(left_at)
    with Simulator(now=clock) as glpi:
        other = glpi.add_ticket(name="déjà là")
        glpi.stop()
        laptop = open_counter(tmp_path / "g.db", clock, lambda: client_of(glpi), url=glpi.url, sleep=clock.sleep)
        opened = {}
        for n in range(TICKETS):
            opened[confirmed(laptop, clock(), n, requester="visiteur@ailleurs.fr")] = clock()
            await one_turn(laptop)
            clock.at += timedelta(hours=48) / TICKETS
        glpi.start()
        glpi.requests.clear()
        clock.at += timedelta(seconds=60)
        while laptop.outbox():
            await one_turn(laptop)
            clock.at += timedelta(seconds=1)
        await laptop.aclose()
        rows = [row for number, row in glpi.tickets.items() if number != other]
    assert len(rows) == TICKETS
    assert len(glpi.requests) <= TICKETS * EACH + ONCE
    assert [row["name"] for row in rows] == [f"Demande n° {n}" for n in range(TICKETS)]
    there = [row["date"] for row in rows]
    assert there == [f"{at.astimezone(PARIS):%Y-%m-%d %H:%M:%S}" for at in opened.values()]


async def one_turn(engine: Engine) -> None:
    """What the delivery loop does at one time."""
    async for _event in engine._delivery._turn(pull=False):
        pass


# --- who asks ---------------------------------------------------------------------------------------------------------


def legacy(glpi: Simulator) -> GlpiClient:
    return client_of(glpi)


def highlevel(glpi: Simulator) -> GlpiClient:
    oauth = glpi.highlevel.oauth
    root = f"http://127.0.0.1:{glpi.port}/api.php"
    return HighLevelClient(root, oauth.client_id, oauth.client_secret, "svc-borne", "svc-borne", timeouts=FAST)


MARIE = 8
WHO = {
    "marie.dupont@exemple.fr": [(MARIE, "")],
    "m.dupont@exemple.org": [(MARIE, "")],
    "visiteur@ailleurs.fr": [(0, "visiteur@ailleurs.fr")],
    "pas une adresse": [],
    "": [],
}


@pytest.mark.parametrize("email", WHO)
@pytest.mark.parametrize("connect", [legacy, highlevel])
async def test_who_asks_is_right_in_glpi_or_in_the_text(tmp_path: Path, connect: object, email: str) -> None:
    """The High-Level API drops a visitor: there the address is in the text, and that is on record."""
    assert callable(connect)
    clock = Clock(datetime.now(UTC))
    with Simulator() as glpi:
        engine = open_counter(tmp_path / "g.db", clock, lambda: connect(glpi), url=glpi.url, sleep=clock.sleep)
        number = confirmed(engine, clock(), 0, requester=email or None)
        await past_audit(engine, clock)
        ticket = engine.ticket(number)
        (row,) = glpi.tickets.values()
        is_dropped = connect is highlevel and email == "visiteur@ailleurs.fr"
        assert glpi.requesters(row["id"]) == ([] if is_dropped else WHO[email])
        notes = {"pas une adresse": "requester_left_out"}
        wanted = "requester_in_content" if is_dropped else notes.get(email)
        assert ticket.sync_note == wanted
        assert (email in row["content"]) == (wanted is not None or email == "")
        await engine.aclose()


# --- a mistyped token ---------------------------------------------------------------------------------------------


async def test_a_mistyped_token_on_a_busy_morning_is_one_alarm_and_costs_no_ticket(tmp_path: Path) -> None:
    clock, token = Clock(datetime.now(UTC)), ["mistyped"]
    with Simulator(now=clock) as glpi:
        engine = open_counter(
            tmp_path / "g.db", clock, lambda: LegacyClient(glpi.url, glpi.app_token, token[-1]), url=glpi.url
        )
        alarms = []
        for n in range(40):
            number = confirmed(engine, clock(), n)
            if n % 4 == 0:
                engine.desk.comment(number, "Vu", is_private=False)
            alarms += [e async for e in engine._delivery._turn(pull=True) if isinstance(e, Paused)]
            clock.at += timedelta(minutes=1, seconds=30)
        assert [alarm.cause for alarm in alarms] == ["ERROR_GLPI_LOGIN_USER_TOKEN"]
        assert Counter(e.kind for e in engine.outbox()) == {EntryKind.CREATE: 40, EntryKind.COMMENT: 10}
        assert {entry.state for entry in engine.outbox()} == {EntryState.PENDING}
        assert glpi.tickets == {}
        token.append(glpi.user_token)
        clock.at += timedelta(seconds=61)
        await delivered(engine)
        assert engine.outbox() == []
        assert len(glpi.tickets) == 40
        assert len([row for row in glpi.followups.values() if not row["is_private"]]) == 10
        await engine.aclose()

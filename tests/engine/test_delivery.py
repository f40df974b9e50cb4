"""How the sender waits, pauses, gives way and notices: over the real outbox and client, against the embedded GLPI."""

from __future__ import annotations

from contextlib import aclosing
from datetime import timedelta
from pathlib import Path

import pytest

from data.records import EntryState
from engine import owner
from engine.engine import Engine
from engine.events import Deferred, Delivered, DeliveryEvent, Idle, Paused, TicketUpdated, Undeliverable
from engine.timings import Timings, delay_after
from glpi.legacy import LegacyClient
from glpi.simulator import Simulator
from glpi.simulator import status as answered_with
from tests.journeys.conftest import Clock, client_of, clock, counter, delivered, glpi, open_counter, past_audit
from tests.journeys.test_exactly_once import summary

__all__ = ["clock", "counter", "glpi"]


def confirmed(engine: Engine, clock: Clock) -> str:
    """A confirmed ticket's number."""
    session = summary(clock())
    engine._store.save_session(session)
    return engine.confirm(session.id).ticket.ticket_number


async def first(engine: Engine, kind: type[DeliveryEvent]) -> DeliveryEvent:
    """The first delivery of a kind from the endless stream."""
    async with aclosing(engine.deliveries()) as events:
        async for event in events:
            if isinstance(event, kind):
                return event
    raise AssertionError("the stream never ends")


def test_waiting_doubles_from_half_a_minute_to_an_hour() -> None:
    assert [delay_after(n).total_seconds() for n in (0, 1, 2, 3, 7, 8, 9, 1000)] == [
        30, 30, 60, 120, 1920, 3600, 3600, 3600,
    ]  # fmt: skip


def test_the_lease_outlives_the_longest_post() -> None:
    assert Timings().lease_s > Timings().post_limit_s


async def test_the_stream_delivers_and_then_tells_that_a_technician_took_it(
    counter: Engine, clock: Clock, glpi: Simulator
) -> None:
    confirmed(counter, clock)
    async with aclosing(counter.deliveries()) as events:
        async for event in events:
            if isinstance(event, Delivered):
                assert event.ticket.glpi_ticket_id is not None
                glpi.take(event.ticket.glpi_ticket_id)
            if isinstance(event, TicketUpdated) and event.taken:
                assert event.ticket.status == "in_progress"
                break


async def test_a_ticket_that_went_to_a_group_was_taken_by_nobody(
    counter: Engine, clock: Clock, glpi: Simulator
) -> None:
    """Rules of GLPI give tickets to groups at once, which makes them "in progress" there."""
    confirmed(counter, clock)
    async with aclosing(counter.deliveries()) as events:
        async for event in events:
            if isinstance(event, Delivered):
                assert event.ticket.glpi_ticket_id is not None
                glpi.dispatch(event.ticket.glpi_ticket_id)
            if isinstance(event, TicketUpdated) and event.ticket.status == "in_progress":
                assert not event.taken
                break


async def test_another_process_sees_what_the_sender_did(
    tmp_path: Path, counter: Engine, clock: Clock, glpi: Simulator
) -> None:
    await first(counter, Idle)
    other = open_counter(tmp_path / "db" / "guichet.db", clock, lambda: client_of(glpi), url=glpi.url)
    other._delivery._leasing._owner = owner.this_process() + "x"
    number = confirmed(other, clock)
    async with aclosing(other.deliveries()) as events:
        assert isinstance(await anext(events), Idle)
        await delivered(counter)
        while not isinstance(event := await anext(events), Delivered):
            pass
    assert event.ticket.ticket_number == number
    assert len(glpi.tickets) == 1
    await other.aclose()


async def test_a_retry_after_is_kept_to(counter: Engine, clock: Clock, glpi: Simulator) -> None:
    glpi.faults.add(answered_with(429, retry_after="120"))
    confirmed(counter, clock)
    before = clock()
    await past_audit(counter, clock)
    assert len(glpi.tickets) == 1
    posts = [row for row in glpi.requests if (row.method, row.path) == ("POST", "/Ticket")]
    assert len(posts) == 2
    assert clock() - before >= timedelta(seconds=120)


async def test_while_glpi_is_away_it_is_only_probed_and_its_return_is_noticed_within_thirty_seconds(
    counter: Engine, clock: Clock, glpi: Simulator
) -> None:
    glpi.stop()
    for _ in range(5):
        confirmed(counter, clock)
    async with aclosing(counter.deliveries()) as events:
        deferred = [await anext(events)]
        while not isinstance(deferred[-1], Idle):
            deferred.append(await anext(events))
        assert [type(event) for event in deferred] == [Deferred, Idle]
        assert deferred[-1] == Idle(5, 0, "unreachable", True)
        clock.at += timedelta(minutes=5)
        glpi.start()
        back = clock()
        while not isinstance(await anext(events), Delivered):
            pass
    assert clock() - back <= timedelta(seconds=30)


async def test_a_refused_content_stops_that_ticket_only(counter: Engine, clock: Clock, glpi: Simulator) -> None:
    refused = summary(clock())
    counter._store.save_session(refused)
    counter.confirm(refused.id)
    object.__setattr__(counter._delivery._config.glpi, "entity", 99)
    events = await delivered(counter)
    assert [event.cause for event in events if isinstance(event, Undeliverable)] == ["ERROR_GLPI_ADD"]
    object.__setattr__(counter._delivery._config.glpi, "entity", None)
    number = confirmed(counter, clock)
    await past_audit_but_failed(counter, clock)
    assert counter.ticket(number).synced_to_glpi
    (entry,) = counter.outbox()
    assert (entry.state, entry.error) == (EntryState.FAILED, "ERROR_GLPI_ADD")


async def past_audit_but_failed(engine: Engine, clock: Clock) -> None:
    """Send what can be sent."""
    await delivered(engine)
    clock.at += timedelta(seconds=200)
    await delivered(engine)


@pytest.mark.parametrize("text", ["<img src=x onerror=alert(1)>", "a &amp; b", "ligne 1\nligne 2", "déjà 🖨️ vu"])
@pytest.mark.parametrize("version", [10, 11])
async def test_what_people_typed_is_text_on_every_version(
    tmp_path: Path, clock: Clock, version: int, text: str
) -> None:
    from html import unescape

    with Simulator(version=version) as old:
        engine = open_counter(tmp_path / "g.db", clock, lambda: client_of(old), url=old.url, sleep=clock.sleep)
        session = engine.begin()
        async with aclosing(engine.say(session.id, "Mon imprimante : " + text)) as events:
            async for _event in events:
                pass
        engine.ask_human(session.id)
        await past_audit(engine, clock)
        client = client_of(old)
        (number,) = old.tickets
        raw = await client._session.read(f"/Ticket/{number}")
        assert isinstance(raw.body, dict)
        await client.aclose()
        await engine.aclose()
    shown = unescape(raw.body["content"].replace("<br>", "\n"))
    assert "Mon imprimante : " + text in shown
    assert "<img" not in raw.body["content"]


async def test_leaving_ends_the_session_in_glpi(tmp_path: Path, clock: Clock, glpi: Simulator) -> None:
    engine = open_counter(tmp_path / "g.db", clock, lambda: client_of(glpi), url=glpi.url, sleep=clock.sleep)
    confirmed(engine, clock)
    await delivered(engine)
    assert glpi.open_sessions == 1
    await engine.aclose()
    assert glpi.open_sessions == 0


async def test_a_ticket_made_offline_keeps_its_opening_time(tmp_path: Path, clock: Clock, glpi: Simulator) -> None:
    engine = open_counter(tmp_path / "g.db", clock, lambda: client_of(glpi), url=glpi.url, sleep=clock.sleep)
    glpi.add_ticket(name="already there", author=7)
    opened = clock()
    confirmed(engine, clock)
    clock.at += timedelta(hours=26)
    await delivered(engine)
    (row,) = [row for row in glpi.tickets.values() if row["name"] != "already there"]
    offset = paris_offset(opened)
    assert row["date"] == (opened + offset).strftime("%Y-%m-%d %H:%M:%S")
    await engine.aclose()


def paris_offset(at: object) -> timedelta:
    """Paris from UTC at that time."""
    from datetime import datetime
    from zoneinfo import ZoneInfo

    assert isinstance(at, datetime)
    found = at.astimezone(ZoneInfo("Europe/Paris")).utcoffset()
    assert found is not None
    return found


async def test_a_requester_that_glpi_replaced_is_added_again(counter: Engine, clock: Clock, glpi: Simulator) -> None:
    """A rule of GLPI put somebody else in the place of who asks."""
    session = summary(clock())
    counter._store.save_session(session)
    number = counter.confirm(session.id).ticket.ticket_number
    async with aclosing(counter.deliveries()) as events:
        while not isinstance(await anext(events), Delivered):
            pass
        (glpi_id,) = glpi.tickets
        glpi.replace_requester(glpi_id, 9)
    await past_audit(counter, clock)
    assert set(glpi.requesters(glpi_id)) == {(9, ""), (0, "visiteur@ailleurs.fr")}
    assert counter.ticket(number).sync_note == "requester_repaired"


async def test_before_the_first_ticket_nothing_is_asked_of_glpi(counter: Engine, clock: Clock, glpi: Simulator) -> None:
    """A busy account's whole history would be read otherwise."""
    assert (await counter.sync("pull"))["requests"] == 0
    confirmed(counter, clock)
    await past_audit(counter, clock)
    await counter.sync("pull")
    glpi.requests.clear()
    await counter.sync("pull")
    assert [(one.path, one.query.get("is_deleted")) for one in glpi.requests] == [
        ("/search/Ticket", "0"), ("/search/Ticket", "1"),
    ]  # fmt: skip


async def test_an_account_that_may_not_read_users_still_sends_tickets(
    counter: Engine, clock: Clock, glpi: Simulator
) -> None:
    glpi.search_right = False
    number = confirmed(counter, clock)
    await past_audit(counter, clock)
    (glpi_id,) = glpi.tickets
    assert glpi.requesters(glpi_id) == [(0, "visiteur@ailleurs.fr")]
    assert counter.ticket(number).sync_note == "users_not_readable"


async def test_pulls_stay_within_the_read_budget_however_short_their_interval(
    counter: Engine, clock: Clock, glpi: Simulator
) -> None:
    object.__setattr__(counter.config.glpi, "read_budget_per_hour", 100)
    confirmed(counter, clock)
    await past_audit(counter, clock)
    before = len(glpi.requests)
    for _ in range(360):
        async for _event in counter._delivery._turn(pull=True):
            pass
        clock.at += timedelta(seconds=10)
    assert 80 <= len(glpi.requests) - before <= 101


async def test_a_pull_that_was_refused_is_taken_up_again_with_nothing_to_send(
    counter: Engine, clock: Clock, glpi: Simulator
) -> None:
    confirmed(counter, clock)
    await past_audit(counter, clock)
    (glpi_id,) = glpi.tickets
    glpi.api_disabled = True
    clock.at += timedelta(seconds=5)
    paused = [event async for event in counter._delivery._turn(pull=True)]
    assert [event.problem for event in paused if isinstance(event, Idle)] == ["ERROR"]
    glpi.api_disabled = False
    glpi.take(glpi_id)
    clock.at += timedelta(seconds=61)
    events = [event async for event in counter._delivery._turn(pull=True)]
    assert [event.taken for event in events if isinstance(event, TicketUpdated)] == [True]


async def test_one_alarm_is_raised_however_often_it_is_tried_again(
    tmp_path: Path, clock: Clock, glpi: Simulator
) -> None:
    engine = open_counter(
        tmp_path / "g.db", clock, lambda: LegacyClient(glpi.url, glpi.app_token, "wrong"), url=glpi.url
    )
    confirmed(engine, clock)
    alarms = []
    for _ in range(10):
        alarms += [event async for event in engine._delivery._turn(pull=True) if isinstance(event, Paused)]
        clock.at += timedelta(seconds=61)
    assert [alarm.cause for alarm in alarms] == ["ERROR_GLPI_LOGIN_USER_TOKEN"]
    (entry,) = engine.outbox()
    assert entry.state is EntryState.PENDING
    await engine.aclose()


async def test_a_glpi_that_is_away_at_the_start_is_said_to_be_and_its_return_is_noticed(
    counter: Engine, clock: Clock, glpi: Simulator
) -> None:
    confirmed(counter, clock)
    await past_audit(counter, clock)
    glpi.stop()
    clock.at += timedelta(hours=1)
    away = [event async for event in counter._delivery._turn(pull=True)]
    assert [event.problem for event in away if isinstance(event, Idle)] == ["unreachable"]
    glpi.start()
    (glpi_id,) = glpi.tickets
    glpi.take(glpi_id)
    clock.at += timedelta(seconds=30)
    events = [event async for event in counter._delivery._turn(pull=True)]
    assert [event.taken for event in events if isinstance(event, TicketUpdated)] == [True]


async def test_a_restart_does_not_wait_for_the_back_off_of_the_run_before(
    tmp_path: Path, counter: Engine, clock: Clock, glpi: Simulator
) -> None:
    glpi.stop()
    confirmed(counter, clock)
    await delivered(counter, wait_s=0.1)
    await counter._delivery.aclose()
    glpi.start()
    again = open_counter(tmp_path / "db" / "guichet.db", clock, lambda: client_of(glpi), url=glpi.url)
    before = clock()
    await first(again, Delivered)
    assert clock() == before
    await again.aclose()

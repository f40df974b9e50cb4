"""Sessions and tickets in the database."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlite_utils import Database

from data.errors import SessionNotOpen
from data.outbox import Outbox
from data.records import (
    Category,
    EntryKind,
    EntryState,
    Event,
    Priority,
    SessionStatus,
    Stage,
    Ticket,
    Turn,
    ValidationMethod,
)
from data.store import Store
from tests.data.samples import START, Clock, make_session, make_ticket

Filed = Callable[..., Ticket]


# --- sessions


def test_a_session_comes_back_as_it_was_saved(store: Store) -> None:
    full = make_session(reason="replaced", parent_id="s-0", attempts=2, modified=True)
    bare = make_session("s-2", draft=None, action=None, turns=(), requester_email=None, stage=Stage.DESCRIBING)
    assert store.save_session(full)
    assert store.save_session(bare)
    assert store.session("s-1") == full
    assert store.session("s-2") == bare
    assert store.session("s-3") is None


def test_saving_again_adds_the_new_turns(store: Store) -> None:
    session = make_session()
    store.save_session(session)
    more = replace(session, turns=(*session.turns, Turn("requester", "depuis hier", START, "onset")), attempts=1)
    assert store.save_session(more, expected_stage=Stage.VALIDATING)
    assert store.session("s-1") == more


def test_a_save_from_another_stage_is_refused(store: Store) -> None:
    session = make_session(stage=Stage.EDITING)
    store.save_session(session)
    assert not store.save_session(make_session(stage=Stage.CLARIFYING), expected_stage=Stage.VALIDATING)
    assert store.session("s-1") == session


def test_a_new_session_is_not_expected_anywhere(store: Store) -> None:
    assert not store.save_session(make_session(), expected_stage=Stage.VALIDATING)
    assert store.session("s-1") is None


@pytest.mark.parametrize("status", [status for status in SessionStatus if status is not SessionStatus.PENDING])
def test_a_session_that_ended_is_never_overwritten(store: Store, status: SessionStatus) -> None:
    ended = make_session(status=status)
    store.save_session(ended)
    assert not store.save_session(make_session(stage=Stage.EDITING))
    assert not store.save_session(make_session(stage=Stage.EDITING), expected_stage=Stage.VALIDATING)
    assert store.session("s-1") == ended


def test_a_child_replaces_its_parent(store: Store) -> None:
    parent = make_session(stage=Stage.CLARIFYING)
    child = make_session("s-2", parent_id="s-1", attempts=1, stage=Stage.TRIAGING)
    closed = replace(parent, stage=Stage.REPLACED, status=SessionStatus.TOO_VAGUE)
    store.save_session(parent)
    assert store.replace_session(closed, child, expected_stage=Stage.CLARIFYING)
    assert store.session("s-1") == closed
    assert store.session("s-2") == child


def test_a_parent_is_replaced_once(store: Store) -> None:
    closed = make_session(stage=Stage.REPLACED, status=SessionStatus.INVALIDATED, reason="replaced")
    store.save_session(make_session())
    assert store.replace_session(closed, make_session("s-2", parent_id="s-1"))
    assert not store.replace_session(closed, make_session("s-3", parent_id="s-1"))
    assert store.session("s-3") is None


def test_a_parent_that_nobody_saved_is_not_replaced(store: Store) -> None:
    assert not store.replace_session(make_session(), make_session("s-2", parent_id="s-1"))
    assert store.session("s-1") is None
    assert store.session("s-2") is None


def test_a_restart_abandons_the_open_sessions_of_its_own_device(store: Store, filed: Filed) -> None:
    filed("s-1")
    store.save_session(make_session("s-2"))
    store.save_session(make_session("s-3", device="K08"))
    assert store.abandon_open_sessions("K07") == ["s-2"]
    abandoned, other = store.session("s-2"), store.session("s-3")
    assert abandoned is not None and other is not None
    assert (abandoned.stage, abandoned.status, abandoned.reason) == (
        Stage.ABANDONED,
        SessionStatus.INVALIDATED,
        "abandoned",
    )
    assert other.status is SessionStatus.PENDING
    assert [event.session_id for event in store.events("SESSION_ABANDONED")] == ["s-2"]


def test_a_session_expires_at_its_time(store: Store, clock: Clock) -> None:
    store.save_session(make_session())
    clock.forward(minutes=29, seconds=59)
    assert store.expire_sessions() == []
    clock.forward(seconds=1)
    assert store.expire_sessions() == ["s-1"]
    assert store.expire_sessions() == []
    expired = store.session("s-1")
    assert expired is not None and expired.status is SessionStatus.EXPIRED and expired.stage is Stage.EXPIRED
    assert [event.session_id for event in store.events("SESSION_EXPIRED")] == ["s-1"]


def test_a_purge_takes_what_expired_without_a_ticket(store: Store, clock: Clock, filed: Filed) -> None:
    filed("s-1")
    store.save_session(make_session("s-2"))
    store.save_session(make_session("s-3", expires_at=START + timedelta(hours=1)))
    assert store.purge_unfinished(clock.forward(minutes=31)) == 1
    assert store.session("s-1") is not None
    assert store.session("s-2") is None
    assert store.session("s-3") is not None


# --- confirming


def test_confirming_writes_ticket_session_entry_and_event(store: Store, outbox: Outbox, clock: Clock) -> None:
    session = make_session()
    store.save_session(session)
    clock.forward(seconds=5)
    ticket, already = store.confirm(
        replace(session, stage=Stage.CONFIRMED), make_ticket(session), "KEY-1", expected_stage=Stage.VALIDATING
    )
    assert not already
    assert ticket == make_ticket(session, ticket_number="TKT-2026-00001")
    assert store.ticket("TKT-2026-00001") == ticket
    stored = store.session("s-1")
    assert stored == replace(
        session, stage=Stage.CONFIRMED, status=SessionStatus.CONVERTED, ticket_number="TKT-2026-00001"
    )
    (entry,) = outbox.entries()
    assert (entry.kind, entry.state, entry.key) == (EntryKind.CREATE, EntryState.PENDING, "KEY-1")
    (event,) = store.events()
    assert (event.name, event.session_id, event.ticket_number) == ("TICKET_CREATED", "s-1", "TKT-2026-00001")
    assert event.values["seconds"] == 5.0


def test_a_second_confirmation_gets_the_same_ticket(store: Store, outbox: Outbox, filed: Filed) -> None:
    first = filed("s-1")
    again, already = store.confirm(make_session(stage=Stage.ESCALATED), make_ticket(make_session()), "KEY-2")
    assert (again, already) == (first, True)
    assert len(outbox.entries()) == 1


def test_also_after_its_time_the_answer_is_the_same(store: Store, clock: Clock, filed: Filed) -> None:
    first = filed("s-1")
    clock.forward(hours=2)
    assert store.confirm(make_session(), make_ticket(make_session()), "KEY-2") == (first, True)


@pytest.mark.parametrize(
    "status", [SessionStatus.INVALIDATED, SessionStatus.EXPIRED, SessionStatus.TOO_VAGUE], ids=lambda s: s.value
)
def test_a_session_that_ended_otherwise_is_not_confirmed(store: Store, outbox: Outbox, status: SessionStatus) -> None:
    session = make_session(status=status)
    store.save_session(session)
    with pytest.raises(SessionNotOpen) as caught:
        store.confirm(session, make_ticket(session), "KEY-1")
    assert caught.value.status is status
    assert store.tickets() == []
    assert outbox.entries() == []


def test_an_expired_session_is_not_confirmed_even_if_nobody_marked_it(store: Store, clock: Clock) -> None:
    session = make_session()
    store.save_session(session)
    clock.forward(minutes=30)
    with pytest.raises(SessionNotOpen) as caught:
        store.confirm(session, make_ticket(session), "KEY-1")
    assert caught.value.status is SessionStatus.EXPIRED


def test_a_session_in_another_stage_is_not_confirmed(store: Store) -> None:
    session = make_session(stage=Stage.EDITING)
    store.save_session(session)
    with pytest.raises(SessionNotOpen) as caught:
        store.confirm(session, make_ticket(session), "KEY-1", expected_stage=Stage.VALIDATING)
    assert (caught.value.status, caught.value.stage) == (SessionStatus.PENDING, Stage.EDITING)


def test_an_unknown_session_is_not_confirmed(store: Store) -> None:
    with pytest.raises(SessionNotOpen) as caught:
        store.confirm(make_session(), make_ticket(make_session()), "KEY-1")
    assert caught.value.status is None


def test_a_confirmation_that_fails_half_way_leaves_nothing(store: Store, outbox: Outbox, filed: Filed) -> None:
    """The key is used already, so the entry cannot be inserted after the ticket was."""
    filed("s-1")
    session = make_session("s-2")
    store.save_session(session)
    with pytest.raises(Exception, match="UNIQUE"):
        store.confirm(session, make_ticket(session), "KEY-s-1")
    assert len(store.tickets()) == 1
    assert store.session("s-2") == session
    assert store.confirm(session, make_ticket(session), "KEY-2")[0].ticket_number == "TKT-2026-00002"


def test_numbers_count_per_utc_year_and_device(db: Database, clock: Clock) -> None:
    paris = timezone(timedelta(hours=1))
    times = [
        START,
        datetime(2027, 1, 1, 0, 30, tzinfo=paris),  # still 2026 in UTC
        datetime(2027, 1, 1, 0, 0, tzinfo=UTC),
        datetime(2027, 6, 1, 0, 0, tzinfo=UTC),
    ]
    numbers = []
    for device in ("", "K07"):
        store = Store(db, now=clock, device_code=device)
        for index, at in enumerate(times):
            session = make_session(f"{device}-{index}")
            store.save_session(session)
            numbers.append(store.confirm(session, make_ticket(session, created_at=at), f"K-{device}-{index}")[0])
    assert [ticket.ticket_number for ticket in numbers] == [
        "TKT-2026-00001",
        "TKT-2026-00002",
        "TKT-2027-00001",
        "TKT-2027-00002",
        "TKT-2026-K07-00001",
        "TKT-2026-K07-00002",
        "TKT-2027-K07-00001",
        "TKT-2027-K07-00002",
    ]


def test_a_counter_goes_on_past_five_digits(db: Database, filed: Filed) -> None:
    db.execute("INSERT INTO counters VALUES (2026, '', 99999)")
    assert filed("s-1").ticket_number == "TKT-2026-100000"


# --- tickets


def test_a_ticket_with_everything_comes_back_as_it_was(store: Store, filed: Filed) -> None:
    everything = {
        "priority": Priority.CRITICAL,
        "status": "glpi:17",
        "validation_method": ValidationMethod.ESCALATED,
        "proposed_category": "03-network",
        "glpi_ticket_id": 42,
        "synced_to_glpi": True,
        "glpi_sync_at": START + timedelta(minutes=1),
        "glpi_last_update": "2026-11-22 15:31:00",
        "glpi_category": "glpi:99",
        "sync_note": "category_unmapped",
        "resolved_at": START + timedelta(hours=1),
        "closed_at": START + timedelta(hours=2),
    }
    ticket = filed("s-1", **everything)
    assert store.ticket(ticket.ticket_number) == ticket
    assert store.ticket_by_glpi_id(42) == ticket
    assert store.ticket_by_glpi_id(43) is None
    assert store.ticket("TKT-2026-99999") is None


def test_a_change_moves_updated_at(store: Store, clock: Clock, filed: Filed) -> None:
    ticket = filed("s-1")
    later = clock.forward(minutes=3)
    changed = store.update_ticket(ticket.ticket_number, status="resolved", resolved_at=later, priority=Priority.LOW)
    assert changed == replace(ticket, status="resolved", resolved_at=later, priority=Priority.LOW, updated_at=later)
    assert store.ticket(ticket.ticket_number) == changed


@pytest.mark.parametrize("name", ["ticket_number", "session_id", "created_at", "updated_at", "id", "nonsense"])
def test_what_never_changes_is_refused(store: Store, filed: Filed, name: str) -> None:
    ticket = filed("s-1")
    with pytest.raises(ValueError, match=name):
        store.update_ticket(ticket.ticket_number, **{name: "x"})
    assert store.ticket(ticket.ticket_number) == ticket


def test_an_unknown_ticket_is_not_changed(store: Store) -> None:
    assert store.update_ticket("TKT-2026-00001", status="closed") is None


def test_the_database_itself_keeps_a_number(db: Database, filed: Filed) -> None:
    filed("s-1")
    with pytest.raises(Exception, match="never changes"):
        db.execute("UPDATE tickets SET ticket_number = 'TKT-2026-00002'")


def test_tickets_are_listed_newest_first_and_filtered(store: Store, filed: Filed) -> None:
    filed("s-1")
    filed("s-2", status="closed", synced_to_glpi=True)
    filed("s-3", synced_to_glpi=True)
    assert [ticket.session_id for ticket in store.tickets()] == ["s-3", "s-2", "s-1"]
    assert [ticket.session_id for ticket in store.tickets(limit=2)] == ["s-3", "s-2"]
    assert [ticket.session_id for ticket in store.tickets(status="open")] == ["s-3", "s-1"]
    assert [ticket.session_id for ticket in store.tickets(synced=True)] == ["s-3", "s-2"]
    assert [ticket.session_id for ticket in store.tickets(synced=False)] == ["s-1"]
    assert [ticket.session_id for ticket in store.tickets("open", "imprimante", 1, True)] == ["s-3"]


def test_glpi_ids_of_tickets_that_are_not_closed(store: Store, filed: Filed) -> None:
    filed("s-1", glpi_ticket_id=9)
    filed("s-2", glpi_ticket_id=3, status="resolved")
    filed("s-3", glpi_ticket_id=5, status="closed")
    filed("s-4")
    assert store.open_glpi_ids() == [3, 9]


# --- search


@pytest.mark.parametrize(
    "search",
    [
        "reseau",
        "RÉSEAU",
        "réseau étage",
        "rés",
        "TKT-2026-00001",
        "00001",
        "etage reseau",
        "l'étage",
        "coup*",
        "(réseau",
    ],
)
def test_words_are_found_without_case_and_accents(store: Store, filed: Filed, search: str) -> None:
    ticket = filed("s-1", title="Réseau coupé à l'étage", description="", user_message="")
    filed("s-2")
    assert store.tickets(search=search) == [ticket]


@pytest.mark.parametrize(
    "search", ["seau", "réseau imprimante", "ré coupé", "title:réseau", "réseau OR imprimante", "***"]
)
def test_other_words_are_not_found(store: Store, filed: Filed, search: str) -> None:
    filed("s-1", title="Réseau coupé", description="", user_message="")
    assert store.tickets(search=search) == []


def test_a_blank_search_is_none(store: Store, filed: Filed) -> None:
    ticket = filed("s-1")
    assert store.tickets(search="  ") == [ticket]


def test_a_changed_title_is_found_and_the_old_one_is_not(store: Store, filed: Filed) -> None:
    ticket = filed("s-1", title="Réseau", description="", user_message="")
    changed = store.update_ticket(ticket.ticket_number, title="Téléphone")
    assert store.tickets(search="telephone") == [changed]
    assert store.tickets(search="reseau") == []


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(search=st.text(max_size=80) | st.text(alphabet='"*^():-+{} ABNOTRED\0', max_size=60))
def test_whatever_is_typed_is_no_syntax(store: Store, search: str) -> None:
    assert store.tickets(search=search) == []


def test_a_whole_page_can_be_searched_for(store: Store, filed: Filed) -> None:
    ticket = filed("s-1")
    assert store.tickets(search=" ".join(["imprimante"] * 5_000)) == [ticket]


# --- events, categories, state


def test_events_are_counted_by_name_time_and_device(store: Store, clock: Clock) -> None:
    for device in ("K07", "K08", "K07"):
        store.append_event(Event(clock.forward(seconds=10), "ANALYSIS_STARTED", "s-1", values={"device": device}))
    store.append_event(Event(clock.at, "ANALYSIS_COMPLETED", "s-1", "TKT-2026-00001", {"ms": 3.5, "late": False}))
    assert store.count_recent_events("ANALYSIS_STARTED", START) == 3
    assert store.count_recent_events("ANALYSIS_STARTED", START, "K07") == 2
    assert store.count_recent_events("ANALYSIS_STARTED", START + timedelta(seconds=20), "K07") == 1
    assert [event.values for event in store.events("ANALYSIS_COMPLETED")] == [{"ms": 3.5, "late": False}]
    since, until = START + timedelta(seconds=20), START + timedelta(seconds=30)
    assert [event.values["device"] for event in store.events(since=since, until=until)] == ["K08"]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE events SET name = 'OTHER'",
        "DELETE FROM events",
        "INSERT OR REPLACE INTO events VALUES (1, '2026-01-01', 'OTHER', NULL, NULL, '{}')",
    ],
)
def test_an_event_is_neither_changed_nor_deleted(db: Database, store: Store, statement: str) -> None:
    event = Event(START, "ANALYSIS_STARTED")
    store.append_event(event)
    with pytest.raises(Exception, match="append-only"):
        db.execute(statement)
    assert store.events() == [event]


def test_retention_deletes_old_events_only(db: Database, store: Store) -> None:
    for day in range(3):
        store.append_event(Event(START + timedelta(days=day), "ANALYSIS_STARTED"))
    assert store.purge_events(START + timedelta(days=1)) == 1
    with pytest.raises(Exception, match="append-only"):
        db.execute("DELETE FROM events")
    assert [event.at for event in store.events()] == [START + timedelta(days=1), START + timedelta(days=2)]


def test_the_category_tree_is_replaced_as_a_whole(store: Store) -> None:
    old = [Category("01-access", "Accès", None, 1), Category("01-01-pwd", "Mot de passe oublié", "01-access", 2)]
    new = [Category("01-01-pwd", "Mot de passe", "01-access"), Category("01-access", "Accès", None, 7, False)]
    store.save_categories(old)
    assert store.categories() == old
    store.save_categories(new)
    assert store.categories() == new


def test_a_category_needs_its_parent(store: Store) -> None:
    with pytest.raises(Exception, match="FOREIGN KEY"):
        store.save_categories([Category("01-01-pwd", "Mot de passe oublié", "01-access")])
    assert store.categories() == []


def test_a_state_is_kept_until_it_is_forgotten(store: Store) -> None:
    assert store.get_state("pull_cursor") is None
    store.set_state("pull_cursor", "2026-11-22 15:30:00")
    store.set_state("pull_cursor", "2026-11-22 15:45:00")
    assert store.get_state("pull_cursor") == "2026-11-22 15:45:00"
    store.set_state("pull_cursor", None)
    assert store.get_state("pull_cursor") is None


def test_a_naive_time_is_not_stored(store: Store) -> None:
    with pytest.raises(ValueError, match="naive"):
        store.append_event(Event(datetime(2026, 11, 22), "ANALYSIS_STARTED"))

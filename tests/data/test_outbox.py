"""What waits for GLPI: order, claims, outcomes, and the lease."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from data.outbox import DISCARDED, NewEntry, Outbox
from data.records import EntryKind, EntryState, OutboxEntry, Ticket
from data.store import Store
from tests.data.samples import START, Clock

Filed = Callable[..., Ticket]


def claim(outbox: Outbox, clock: Clock) -> OutboxEntry:
    """The entry that is due; there must be one."""
    entry = outbox.claim_due(clock())
    assert entry is not None
    return entry


def state_of(outbox: Outbox, entry_id: int) -> EntryState:
    entry = outbox.get(entry_id)
    assert entry is not None
    return entry.state


# --- what waits


def test_an_empty_outbox(outbox: Outbox, clock: Clock) -> None:
    assert outbox.entries() == []
    assert outbox.waiting() == (0, None)
    assert outbox.next_due_at() is None
    assert outbox.claim_due(clock()) is None
    assert outbox.get(1) is None


def test_what_waits_is_counted_in_tickets(outbox: Outbox, clock: Clock, filed: Filed) -> None:
    for index in range(3):
        filed(f"s-{index}")
        clock.forward(minutes=1)
    outbox.settle_created(claim(outbox, clock).id, 7, followers=[(EntryKind.FOLLOWUP, "F-1"), (EntryKind.CHECK, "C-1")])
    outbox.settle(claim(outbox, clock).id, EntryState.FAILED, error="ERROR_GLPI_ADD")
    assert outbox.waiting() == (2, START + timedelta(minutes=1))
    assert [entry.id for entry in outbox.entries()] == [2, 3, 4, 5]
    assert [entry.id for entry in outbox.entries(include_done=True)] == [1, 2, 3, 4, 5]


# --- claiming


def test_a_claim_is_written_before_anything_is_sent(outbox: Outbox, clock: Clock, filed: Filed) -> None:
    ticket = filed("s-1")
    at = clock.forward(seconds=3)
    entry = claim(outbox, clock)
    assert entry == OutboxEntry(
        id=1,
        ticket_number=ticket.ticket_number,
        kind=EntryKind.CREATE,
        state=EntryState.SENDING,
        key="KEY-s-1",
        attempts=1,
        lookups=0,
        created_at=START,
        next_attempt_at=START,
        first_attempt_at=at,
    )
    assert outbox.get(1) == entry
    assert outbox.claim_due(at) is None


def test_the_first_attempt_keeps_its_time(outbox: Outbox, clock: Clock, filed: Filed) -> None:
    filed("s-1")
    outbox.settle(claim(outbox, clock).id, EntryState.PENDING, error="NOT_SENT")
    clock.forward(minutes=5)
    again = claim(outbox, clock)
    assert (again.attempts, again.first_attempt_at, again.error) == (2, START, "NOT_SENT")


def test_nothing_is_claimed_before_its_time(outbox: Outbox, clock: Clock, filed: Filed) -> None:
    filed("s-1")
    due = START + timedelta(seconds=30)
    outbox.settle(claim(outbox, clock).id, EntryState.PENDING, error="HTTP_503", next_attempt_at=due)
    assert outbox.next_due_at() == due
    assert outbox.claim_due(due - timedelta(microseconds=1)) is None
    assert outbox.claim_due(due) is not None


def test_the_one_that_waits_longest_goes_first(outbox: Outbox, clock: Clock, filed: Filed) -> None:
    for index in range(3):
        filed(f"s-{index}")
    first = claim(outbox, clock)
    outbox.settle(first.id, EntryState.PENDING, error="HTTP_503", next_attempt_at=START + timedelta(seconds=9))
    clock.forward(seconds=10)
    assert [claim(outbox, clock).id for _ in range(3)] == [2, 3, 1]


def test_an_unknown_outcome_is_claimed_for_a_look_up_only(outbox: Outbox, clock: Clock, filed: Filed) -> None:
    filed("s-1")
    outbox.settle(claim(outbox, clock).id, EntryState.UNKNOWN, error="TIMEOUT")
    found = claim(outbox, clock)
    assert (found.state, found.attempts, found.lookups) == (EntryState.UNKNOWN, 1, 0)
    assert outbox.get(1) == found
    outbox.settle(
        1, EntryState.UNKNOWN, lookups=1, next_attempt_at=START + timedelta(seconds=15), error="NOT_FOUND_YET"
    )
    assert outbox.claim_due(clock()) is None
    clock.forward(seconds=15)
    assert claim(outbox, clock).lookups == 1


@pytest.mark.parametrize("state", [EntryState.SENDING, EntryState.UNKNOWN])
def test_entries_of_a_ticket_wait_for_the_one_before(
    outbox: Outbox, clock: Clock, filed: Filed, state: EntryState
) -> None:
    filed("s-1")
    filed("s-2")
    followers = [(EntryKind.FOLLOWUP, "F"), (EntryKind.CHECK, "C")]
    outbox.settle_created(claim(outbox, clock).id, 7, followers=followers)
    outbox.settle(claim(outbox, clock).id, EntryState.FAILED, error="BAD_ARRAY")
    followup = claim(outbox, clock)
    assert followup.kind is EntryKind.FOLLOWUP
    outbox.settle(followup.id, state, error="X", next_attempt_at=START + timedelta(hours=1))
    assert outbox.claim_due(clock()) is None
    assert outbox.next_due_at() == (START + timedelta(hours=1) if state is EntryState.UNKNOWN else None)
    outbox.settle(followup.id, EntryState.DONE)
    assert claim(outbox, clock).kind is EntryKind.CHECK


@pytest.mark.parametrize("state", [EntryState.FAILED, EntryState.CONFLICT])
def test_a_refused_note_holds_nothing_up(outbox: Outbox, clock: Clock, filed: Filed, state: EntryState) -> None:
    filed("s-1")
    outbox.settle_created(claim(outbox, clock).id, 7, followers=[(EntryKind.FOLLOWUP, "F"), (EntryKind.CHECK, "C")])
    outbox.settle(claim(outbox, clock).id, state, error="ERROR_GLPI_ADD")
    assert claim(outbox, clock).kind is EntryKind.CHECK


@pytest.mark.parametrize(("back", "wait"), [(400, 0), (0, 2)], ids=["made later than now", "waiting for days"])
def test_what_a_wrong_clock_put_off_is_due_now(
    outbox: Outbox, clock: Clock, filed: Filed, back: int, wait: int
) -> None:
    filed("s-1")
    outbox.settle(1, EntryState.PENDING, error="X", next_attempt_at=clock() + timedelta(days=wait))
    clock.forward(seconds=-back * 86_400)
    assert outbox.straighten() == 1
    assert outbox.next_due_at() == clock()


def test_a_back_off_is_nothing_a_wrong_clock_did(outbox: Outbox, clock: Clock, filed: Filed) -> None:
    filed("s-1")
    outbox.settle(1, EntryState.PENDING, error="HTTP_429", next_attempt_at=clock() + timedelta(hours=24))
    assert outbox.straighten() == 0


# --- settling


def test_a_creation_is_recorded_on_the_ticket(outbox: Outbox, store: Store, clock: Clock, filed: Filed) -> None:
    ticket = filed("s-1")
    entry = claim(outbox, clock)
    at = clock.forward(seconds=2)
    synced = outbox.settle_created(
        entry.id,
        4711,
        note="category_unmapped",
        followers=[(EntryKind.FOLLOWUP, "F-1", None), NewEntry(EntryKind.AUDIT, "A-1", at + timedelta(minutes=5))],
        expected_attempts=1,
    )
    assert synced == replace(
        ticket, glpi_ticket_id=4711, synced_to_glpi=True, glpi_sync_at=at, updated_at=at, sync_note="category_unmapped"
    )
    assert store.ticket(ticket.ticket_number) == synced
    assert [(e.kind, e.key, e.next_attempt_at) for e in outbox.entries()] == [
        (EntryKind.FOLLOWUP, "F-1", at),
        (EntryKind.AUDIT, "A-1", at + timedelta(minutes=5)),
    ]
    (event,) = store.events("GLPI_TICKET_CREATED")
    assert (event.ticket_number, event.values["seconds"], event.values["error"]) == (ticket.ticket_number, 2.0, None)


def test_settle_does_all_of_it_too(outbox: Outbox, store: Store, clock: Clock, filed: Filed) -> None:
    number = filed("s-1").ticket_number
    changes = {"sync_note": "audited", "glpi_category": "04-04-printer"}
    assert outbox.settle(
        claim(outbox, clock).id,
        EntryState.DONE,
        glpi_ticket_id=8,
        ticket_changes=changes,
        followers=[NewEntry(EntryKind.CHECK, "C-1")],
    )
    ticket = store.ticket(number)
    assert ticket is not None
    assert (ticket.glpi_ticket_id, ticket.sync_note, ticket.glpi_category) == (8, "audited", "04-04-printer")
    assert [entry.key for entry in outbox.entries()] == ["C-1"]


def test_an_error_is_logged_by_its_code(outbox: Outbox, store: Store, clock: Clock, filed: Filed) -> None:
    filed("s-1")
    outbox.settle(claim(outbox, clock).id, EntryState.PENDING, error="HTTP_503")
    (event,) = store.events("GLPI_SYNC_ERROR")
    assert event.values == {
        "entry": 1, "kind": "create", "attempts": 1, "seconds": 0.0, "state": "pending", "error": "HTTP_503",
    }  # fmt: skip


def test_what_is_done_stays_done(outbox: Outbox, store: Store, clock: Clock, filed: Filed) -> None:
    number = filed("s-1").ticket_number
    outbox.settle_created(claim(outbox, clock).id, 7, followers=[(EntryKind.FOLLOWUP, "F-1")])
    assert not outbox.settle(1, EntryState.PENDING, error="LATE")
    assert outbox.settle_created(1, 8, note="late", followers=[(EntryKind.FOLLOWUP, "F-2")]) == store.ticket(number)
    ticket = store.ticket(number)
    assert ticket is not None and ticket.glpi_ticket_id == 7
    assert state_of(outbox, 1) is EntryState.DONE
    assert [entry.key for entry in outbox.entries()] == ["F-1"]


def test_a_late_outcome_does_not_undo_a_newer_claim(outbox: Outbox, store: Store, clock: Clock, filed: Filed) -> None:
    """The first sender slept; its lease expired, and another one sends the entry for the second time."""
    number = filed("s-1").ticket_number
    slow = claim(outbox, clock)
    outbox.settle(slow.id, EntryState.PENDING, error="LOST")
    assert claim(outbox, clock).attempts == 2
    assert not outbox.settle(slow.id, EntryState.PENDING, error="NOT_SENT", expected_attempts=slow.attempts)
    assert outbox.settle_created(slow.id, 5, expected_attempts=slow.attempts).glpi_ticket_id is None
    assert state_of(outbox, 1) is EntryState.SENDING
    ticket = store.ticket(number)
    assert ticket is not None and not ticket.synced_to_glpi


def test_an_entry_that_does_not_exist_is_not_settled(outbox: Outbox) -> None:
    assert not outbox.settle(1, EntryState.DONE)
    with pytest.raises(LookupError):
        outbox.settle_created(1, 7)


def test_a_follower_is_not_put_in_twice(outbox: Outbox, clock: Clock, filed: Filed) -> None:
    filed("s-1")
    outbox.settle_created(claim(outbox, clock).id, 7, followers=[(EntryKind.FOLLOWUP, "F"), (EntryKind.FOLLOWUP, "F")])
    assert [entry.key for entry in outbox.entries()] == ["F"]


def test_the_networks_return_makes_everything_pending_due(outbox: Outbox, clock: Clock, filed: Filed) -> None:
    later = START + timedelta(hours=1)
    for index, state in enumerate([EntryState.PENDING, EntryState.UNKNOWN, EntryState.FAILED]):
        filed(f"s-{index}")
        outbox.settle(claim(outbox, clock).id, state, error="NOT_SENT", next_attempt_at=later)
    assert outbox.hasten() == 1
    assert outbox.next_due_at() == START
    assert claim(outbox, clock).id == 1
    assert outbox.next_due_at() == later


def test_the_network_hastens_no_entry_that_has_its_own_hour(outbox: Outbox, clock: Clock, filed: Filed) -> None:
    filed("s-1")
    audit = NewEntry(EntryKind.AUDIT, "A", START + timedelta(minutes=10))
    outbox.settle_created(claim(outbox, clock).id, 7, followers=[audit])
    assert outbox.hasten() == 0
    assert outbox.next_due_at() == audit.due


# --- what a technician decides


@pytest.mark.parametrize("state", [EntryState.FAILED, EntryState.CONFLICT, EntryState.PENDING])
def test_a_retry_makes_an_entry_due(outbox: Outbox, clock: Clock, filed: Filed, state: EntryState) -> None:
    filed("s-1")
    outbox.settle(claim(outbox, clock).id, state, error="X", next_attempt_at=START + timedelta(hours=1))
    assert outbox.retry(1)
    again = claim(outbox, clock)
    assert (again.state, again.attempts, again.error) == (EntryState.SENDING, 2, None)


def test_a_retry_of_an_unknown_outcome_looks_first(outbox: Outbox, clock: Clock, filed: Filed) -> None:
    filed("s-1")
    later = START + timedelta(hours=1)
    outbox.settle(claim(outbox, clock).id, EntryState.UNKNOWN, error="TIMEOUT", next_attempt_at=later)
    assert outbox.retry(1)
    assert claim(outbox, clock).state is EntryState.UNKNOWN


def test_a_discarded_ticket_does_not_wait_any_more(outbox: Outbox, store: Store, clock: Clock, filed: Filed) -> None:
    number = filed("s-1").ticket_number
    outbox.settle(claim(outbox, clock).id, EntryState.FAILED, error="ERROR_GLPI_ADD")
    assert outbox.discard(1)
    entry, ticket = outbox.get(1), store.ticket(number)
    assert entry is not None and (entry.state, entry.error) == (EntryState.DONE, DISCARDED)
    assert ticket is not None and (ticket.sync_note, ticket.synced_to_glpi) == (DISCARDED, False)
    assert outbox.waiting() == (0, None)
    assert [event.values["entry"] for event in store.events("OUTBOX_DISCARDED")] == [1]


def test_what_is_being_sent_or_done_is_left_alone(outbox: Outbox, clock: Clock, filed: Filed) -> None:
    filed("s-1")
    entry = claim(outbox, clock)
    assert not outbox.retry(entry.id) and not outbox.discard(entry.id)
    assert state_of(outbox, 1) is EntryState.SENDING
    outbox.settle_created(entry.id, 7)
    assert not outbox.retry(entry.id) and not outbox.discard(entry.id)
    assert not outbox.retry(99) and not outbox.discard(99)


# --- the lease


def test_one_process_at_a_time(outbox: Outbox, clock: Clock) -> None:
    assert outbox.lease() is None
    assert outbox.acquire_lease("a", 60)
    assert not outbox.acquire_lease("b", 60)
    assert not outbox.renew_lease("b", 60)
    clock.forward(seconds=59)
    assert outbox.renew_lease("a", 60)
    clock.forward(seconds=59)
    assert not outbox.acquire_lease("b", 60)
    lease = outbox.lease()
    assert lease is not None
    assert (lease.owner, lease.acquired_at, lease.renewed_at) == ("a", START, START + timedelta(seconds=59))
    assert lease.expires_at == START + timedelta(seconds=119)


def test_who_takes_over_an_expired_lease_doubts_what_was_being_sent(
    outbox: Outbox, store: Store, clock: Clock, filed: Filed
) -> None:
    for index in range(2):
        filed(f"s-{index}")
    outbox.acquire_lease("a", 60)
    claim(outbox, clock)
    at = clock.forward(seconds=60)
    assert outbox.acquire_lease("b", 60)
    entry = outbox.get(1)
    assert entry is not None
    assert (entry.state, entry.attempts, entry.lookups, entry.next_attempt_at) == (EntryState.UNKNOWN, 1, 0, at)
    assert state_of(outbox, 2) is EntryState.PENDING
    assert not outbox.renew_lease("a", 60)
    assert len(store.events("LEASE_TAKEN_OVER")) == 1


def test_a_lease_that_holds_releases_no_claim(outbox: Outbox, clock: Clock, filed: Filed) -> None:
    filed("s-1")
    outbox.acquire_lease("a", 60)
    claim(outbox, clock)
    clock.forward(seconds=59)
    assert not outbox.acquire_lease("b", 60, lambda owner: False)
    assert outbox.acquire_lease("a", 60)
    outbox.release_lease("b")
    assert state_of(outbox, 1) is EntryState.SENDING


def test_an_owner_proven_dead_is_not_waited_for(outbox: Outbox, clock: Clock, filed: Filed) -> None:
    filed("s-1")
    outbox.acquire_lease("a", 60)
    claim(outbox, clock)
    assert outbox.acquire_lease("b", 60, lambda owner: owner == "a")
    assert state_of(outbox, 1) is EntryState.UNKNOWN


def test_nobody_is_asked_whether_he_is_dead_himself(outbox: Outbox) -> None:
    asked: list[str] = []

    def is_dead(owner: str) -> bool:
        asked.append(owner)
        return True

    assert outbox.acquire_lease("a", 60, is_dead)
    assert outbox.acquire_lease("a", 60, is_dead)
    assert asked == []


def test_a_sleeper_finds_its_own_lease_expired(outbox: Outbox, clock: Clock, filed: Filed) -> None:
    """A laptop was closed during a request: what became of it is unknown, also to the process that sent it."""
    filed("s-1")
    outbox.acquire_lease("a", 60)
    claim(outbox, clock)
    at = clock.forward(hours=8)
    assert outbox.acquire_lease("a", 60)
    assert state_of(outbox, 1) is EntryState.UNKNOWN
    lease = outbox.lease()
    assert lease is not None and lease.acquired_at == at


def test_giving_the_lease_back(outbox: Outbox, clock: Clock, filed: Filed) -> None:
    filed("s-1")
    outbox.acquire_lease("a", 60)
    claim(outbox, clock)
    outbox.release_lease("a")
    assert outbox.lease() is None
    assert state_of(outbox, 1) is EntryState.UNKNOWN
    assert outbox.acquire_lease("b", 60)

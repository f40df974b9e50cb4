"""What a pull found, and what a technician changed here: ticket, note, entry and event in one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlite_utils import Database

from data.outbox import DISCARDED, NewEntry, Outbox
from data.records import Conflict, EntryKind, EntryState, Event, OutboxEntry, Priority, Ticket, TicketNote
from data.store import Store
from tests.data.samples import START, Clock

Filed = Callable[..., Ticket]


def note(number: str, **changes: object) -> TicketNote:
    """A public follow-up that a technician wrote in GLPI."""
    found = TicketNote(number, "followup", "Je passe à 15 h", START, glpi_id=31, author_id=5)
    return replace(found, **changes)  # type: ignore[arg-type]


def own_note(number: str, **changes: object) -> TicketNote:
    """One that was written here and is not in GLPI yet."""
    return note(number, **{"text": "Rappelé", "glpi_id": None, "author_id": None, "key": "N-1"} | changes)


def conflict(number: str) -> Conflict:
    return Conflict(number, "status", "open", "pending", "resolved", "theirs", START)


def event(number: str) -> Event:
    return Event(START, "GLPI_TICKET_UPDATED", None, number, {"taken": True})


def get(outbox: Outbox, entry_id: int) -> OutboxEntry:
    entry = outbox.get(entry_id)
    assert entry is not None
    return entry


# --- what a pull found


def test_a_pull_is_taken_over_at_once(store: Store, clock: Clock, filed: Filed) -> None:
    ticket = filed("s-1")
    number, at = ticket.ticket_number, clock.forward(minutes=1)
    changes = {"status": "resolved", "synced_status": "resolved", "glpi_updated_at": at}
    mirrored = store.mirror(number, changes, event(number), [note(number)], [conflict(number)])
    assert mirrored == replace(ticket, status="resolved", synced_status="resolved", glpi_updated_at=at, updated_at=at)
    assert store.ticket(number) == mirrored
    assert store.notes(number) == [note(number)]
    assert store.conflicts(number) == store.conflicts() == [conflict(number)]
    assert store.events("GLPI_TICKET_UPDATED") == [event(number)]


def test_no_change_of_the_ticket_leaves_its_time(store: Store, clock: Clock, filed: Filed) -> None:
    ticket = filed("s-1")
    clock.forward(minutes=1)
    assert store.mirror(ticket.ticket_number, {}, None, [note(ticket.ticket_number)]) == ticket


def test_an_unknown_ticket_takes_nothing_over(store: Store) -> None:
    assert store.mirror("TKT-2026-00009", {}, event("TKT-2026-00009"), [note("TKT-2026-00009")]) is None
    assert store.events() == [] and store.notes("TKT-2026-00009") == []


def test_half_a_pull_is_none(store: Store, filed: Filed) -> None:
    ticket = filed("s-1")
    number = ticket.ticket_number
    with pytest.raises(ValueError, match="key"):
        store.mirror(number, {"status": "closed"}, event(number), [note(number), note(number, glpi_id=None)])
    assert store.ticket(number) == ticket
    assert store.notes(number) == [] and store.events("GLPI_TICKET_UPDATED") == []


def test_the_same_note_is_kept_once(store: Store, filed: Filed) -> None:
    number = filed("s-1").ticket_number
    store.mirror(number, {}, notes=[note(number), note(number, kind="solution", text="Réparé")])
    store.mirror(number, {}, notes=[note(number, text="Je passe à 16 h")])
    assert [(found.kind, found.text) for found in store.notes(number)] == [
        ("followup", "Je passe à 16 h"),
        ("solution", "Réparé"),
    ]


def test_a_note_that_moved_to_another_ticket_moves_here(store: Store, filed: Filed) -> None:
    first, second = filed("s-1").ticket_number, filed("s-2").ticket_number
    store.mirror(first, {}, notes=[note(first)])
    store.mirror(second, {}, notes=[note(second)])
    assert store.notes(first) == [] and store.notes(second) == [note(second)]


def test_our_own_note_is_recognised_by_its_key(store: Store, filed: Filed) -> None:
    number = filed("s-1").ticket_number
    mine = own_note(number, is_private=True)
    store.comment(number, mine, {"text": mine.text})
    seen = note(number, key="N-1", text="Rappelé deux fois", at=START + timedelta(minutes=4), glpi_id=40)
    store.mirror(number, {}, notes=[seen])
    assert store.notes(number) == [replace(mine, glpi_id=40, text="Rappelé deux fois")]


def test_our_own_note_met_before_it_was_known_is_one(store: Store, filed: Filed) -> None:
    """A pull saw it without its key; the sender, whose request had got lost, looks it up afterwards."""
    number = filed("s-1").ticket_number
    store.comment(number, own_note(number), {})
    store.mirror(number, {}, notes=[note(number, text="Rappelé")])
    assert len(store.notes(number)) == 2
    store.mirror(number, {}, notes=[own_note(number, glpi_id=31)])
    assert store.notes(number) == [own_note(number, glpi_id=31)]


def test_of_a_note_sent_twice_the_lower_id_stays(store: Store, filed: Filed) -> None:
    number = filed("s-1").ticket_number
    store.comment(number, own_note(number), {})
    for glpi_id in (52, 51, 53):
        store.mirror(number, {}, notes=[note(number, key="N-1", glpi_id=glpi_id)])
    assert [found.glpi_id for found in store.notes(number)] == [51]


def test_notes_come_oldest_first_and_private_ones_on_request(store: Store, filed: Filed) -> None:
    number = filed("s-1").ticket_number
    store.mirror(number, {}, notes=[note(number), note(number, glpi_id=30, at=START - timedelta(hours=1))])
    store.comment(number, own_note(number, is_private=True, at=START + timedelta(hours=1)), {})
    assert [found.glpi_id for found in store.notes(number)] == [30, 31, None]
    assert [found.glpi_id for found in store.notes(number, include_private=False)] == [30, 31]


def test_tickets_whose_notes_are_to_be_read(store: Store, filed: Filed) -> None:
    number = filed("s-1", glpi_ticket_id=9).ticket_number
    gone = filed("s-2", glpi_ticket_id=3, glpi_last_update="2026-11-22 15:00:00", glpi_gone="purged")
    assert store.notes_due() == []
    changed = store.mirror(number, {"glpi_last_update": "2026-11-22 15:30:00"})
    assert store.notes_due() == [changed] and gone not in store.notes_due()
    store.mirror(number, {"notes_read": "2026-11-22 15:30:00"})
    assert store.notes_due() == []


def test_what_glpi_shows_no_more_is_not_asked_for(store: Store, filed: Filed) -> None:
    for glpi_id, gone in enumerate((None, "trashed", "purged", "hidden", "gone", None), start=1):
        filed(f"s-{glpi_id}", glpi_ticket_id=glpi_id, glpi_gone=gone)
    assert store.open_glpi_ids() == [1, 2, 6]
    assert store.open_glpi_ids(after=1) == [2, 6]
    assert store.open_glpi_ids(after=1, limit=1) == [2]


def test_tickets_by_the_numbers_of_glpi(store: Store, filed: Filed) -> None:
    first, second = filed("s-1", glpi_ticket_id=9), filed("s-2", glpi_ticket_id=3)
    filed("s-3", glpi_ticket_id=9)
    assert store.tickets_by_glpi_ids([3, 9, 9, 77]) == {3: second, 9: first}
    assert store.tickets_by_glpi_ids([]) == {}


# --- what a technician changed here


def test_a_change_is_queued_behind_the_creation(store: Store, outbox: Outbox, clock: Clock, filed: Filed) -> None:
    ticket = filed("s-1")
    number, at = ticket.ticket_number, clock.forward(minutes=1)
    payload = {"fields": {"priority": {"base": None, "value": "high"}}, "at": "…"}
    assert store.change(number, {"priority": Priority.HIGH}, payload, "U-1", event(number)) == replace(
        ticket, priority=Priority.HIGH, updated_at=at
    )
    entry = get(outbox, 2)
    assert (entry.kind, entry.key, entry.state, entry.payload) == (EntryKind.UPDATE, "U-1", EntryState.PENDING, payload)
    assert outbox.entries()[1] == entry
    assert store.events("GLPI_TICKET_UPDATED") == [event(number)]
    creation = outbox.claim_due(at)
    assert creation is not None and creation.kind is EntryKind.CREATE
    assert outbox.claim_due(at) is None
    outbox.settle(creation.id, EntryState.FAILED, error="ERROR_GLPI_ADD")
    assert outbox.claim_due(at) is None
    assert outbox.retry(creation.id)
    outbox.settle_created(creation.id, 7)
    claimed = outbox.claim_due(at)
    assert claimed is not None and claimed.key == "U-1" and claimed.payload == payload


def test_a_comment_is_kept_and_queued(store: Store, outbox: Outbox, clock: Clock, filed: Filed) -> None:
    ticket = filed("s-1")
    at = clock.forward(minutes=1)
    mine = own_note(ticket.ticket_number)
    assert store.comment(ticket.ticket_number, mine, {"private": False}) == replace(ticket, updated_at=at)
    assert store.notes(ticket.ticket_number) == [mine]
    entry = get(outbox, 2)
    assert (entry.kind, entry.key, entry.payload) == (EntryKind.COMMENT, "N-1", {"private": False})


def test_nothing_is_queued_for_an_unknown_ticket(store: Store, outbox: Outbox) -> None:
    with pytest.raises(LookupError):
        store.change("TKT-2026-00009", {"status": "closed"}, {}, "U-1")
    with pytest.raises(LookupError):
        store.comment("TKT-2026-00009", own_note("TKT-2026-00009"), {})
    assert outbox.entries() == []


def test_a_key_is_used_once(store: Store, outbox: Outbox, filed: Filed) -> None:
    ticket = filed("s-1")
    with pytest.raises(sqlite3.IntegrityError):
        store.change(ticket.ticket_number, {"status": "closed"}, {}, "KEY-s-1")
    with pytest.raises(ValueError, match="key"):
        store.comment(ticket.ticket_number, note(ticket.ticket_number), {})
    assert store.ticket(ticket.ticket_number) == ticket
    assert len(outbox.entries()) == 1


# --- how it ended


@pytest.fixture
def sent(store: Store, outbox: Outbox, clock: Clock, filed: Filed) -> Ticket:
    """A ticket in GLPI, with an UPDATE (entry 2) and a COMMENT (entry 3) that wait."""
    ticket = filed("s-1")
    outbox.settle_created(1, 7)
    store.change(ticket.ticket_number, {"status": "pending"}, {"value": "pending"}, "U-1")
    return store.comment(ticket.ticket_number, own_note(ticket.ticket_number), {"text": "Rappelé"})


def test_an_update_ends_with_what_both_sides_have(store: Store, outbox: Outbox, clock: Clock, sent: Ticket) -> None:
    assert outbox.settle(
        2,
        EntryState.CONFLICT,
        error="CONFLICT",
        payload={"value": "pending", "seen": "resolved"},
        ticket_changes={"synced_status": "resolved"},
        conflicts=[conflict(sent.ticket_number)],
    )
    found = store.ticket(sent.ticket_number)
    assert found is not None and (found.status, found.synced_status) == ("pending", "resolved")
    assert store.conflicts() == [conflict(sent.ticket_number)]
    assert get(outbox, 2).payload == {"value": "pending", "seen": "resolved"}
    assert store.events("GLPI_SYNC_ERROR")[0].values["error"] == "CONFLICT"


def test_a_comment_ends_with_the_id_of_its_note(store: Store, outbox: Outbox, clock: Clock, sent: Ticket) -> None:
    outbox.settle(2, EntryState.DONE)
    entry = outbox.claim_due(clock())
    assert entry is not None and entry.kind is EntryKind.COMMENT
    assert outbox.settle(3, EntryState.DONE, notes=[own_note(sent.ticket_number, glpi_id=88)], expected_attempts=1)
    assert store.notes(sent.ticket_number) == [own_note(sent.ticket_number, glpi_id=88)]
    assert not outbox.settle(3, EntryState.DONE, notes=[own_note(sent.ticket_number, text="trop tard")])
    assert store.notes(sent.ticket_number)[0].text == "Rappelé"


def test_a_failed_entry_is_corrected(store: Store, outbox: Outbox, clock: Clock, filed: Filed) -> None:
    number = filed("s-1").ticket_number
    assert outbox.claim_due(clock()) is not None
    assert not outbox.edit(1, {"title": "Trop tôt"})
    outbox.settle(1, EntryState.FAILED, error="BAD_ARRAY", next_attempt_at=START + timedelta(hours=1))
    at = clock.forward(minutes=5)
    assert outbox.edit(1, {"title": "Écran noir"}, {"corrected": True})
    entry = get(outbox, 1)
    assert (entry.state, entry.error, entry.attempts, entry.next_attempt_at, entry.payload) == (
        EntryState.PENDING, None, 1, at, {"corrected": True},
    )  # fmt: skip
    assert [ticket.ticket_number for ticket in store.tickets(search="ecran")] == [number]
    assert [logged.values["entry"] for logged in store.events("OUTBOX_EDITED")] == [1]
    assert not outbox.edit(1, {"title": "Encore"}) and not outbox.edit(99, {})


def test_a_wrong_correction_changes_nothing(outbox: Outbox, store: Store, filed: Filed) -> None:
    filed("s-1")
    outbox.settle(1, EntryState.FAILED, error="BAD_ARRAY")
    with pytest.raises(ValueError, match="nonsense"):
        outbox.edit(1, {"nonsense": 1})
    assert (get(outbox, 1).state, store.events("OUTBOX_EDITED")) == (EntryState.FAILED, [])


def test_a_correction_without_a_payload_leaves_it(outbox: Outbox, sent: Ticket) -> None:
    outbox.settle(2, EntryState.FAILED, error="RIGHT")
    assert outbox.edit(2, {})
    assert get(outbox, 2).payload == {"value": "pending"}


def test_a_retry_after_a_conflict_forces_ours(outbox: Outbox, clock: Clock, sent: Ticket) -> None:
    outbox.settle(2, EntryState.CONFLICT, error="CONFLICT")
    assert outbox.retry(2)
    entry = outbox.claim_due(clock())
    assert entry is not None and (entry.id, entry.payload) == (2, {"value": "pending", "force": True})
    outbox.settle(2, EntryState.FAILED, error="X")
    assert outbox.retry(3) and get(outbox, 3).payload == {"text": "Rappelé"}


@pytest.mark.parametrize("state", [EntryState.FAILED, EntryState.CONFLICT])
def test_a_discarded_update_leaves_the_ticket(store: Store, outbox: Outbox, sent: Ticket, state: EntryState) -> None:
    outbox.settle(2, state, error="X")
    assert outbox.discard(2)
    assert (get(outbox, 2).state, get(outbox, 2).error) == (EntryState.DONE, DISCARDED)
    assert store.ticket(sent.ticket_number) == sent


def test_a_discarded_comment_goes_with_its_note(store: Store, outbox: Outbox, sent: Ticket) -> None:
    store.mirror(sent.ticket_number, {}, notes=[note(sent.ticket_number)])
    outbox.settle(3, EntryState.FAILED, error="X")
    assert outbox.discard(3)
    assert store.notes(sent.ticket_number) == [note(sent.ticket_number)]


def test_a_note_that_is_in_glpi_is_not_discarded(store: Store, outbox: Outbox, sent: Ticket) -> None:
    store.mirror(sent.ticket_number, {}, notes=[own_note(sent.ticket_number, glpi_id=88)])
    outbox.settle(3, EntryState.FAILED, error="X")
    assert outbox.discard(3)
    assert [found.glpi_id for found in store.notes(sent.ticket_number)] == [88]


def test_entries_are_counted_by_state(outbox: Outbox, sent: Ticket, filed: Filed) -> None:
    filed("s-2")
    outbox.settle(2, EntryState.CONFLICT, error="X")
    outbox.settle(3, EntryState.FAILED, error="X")
    assert outbox.counts() == {"pending": 1, "sending": 0, "unknown": 0, "failed": 1, "conflict": 1}


def test_what_follows_waits_for_no_conflict(outbox: Outbox, clock: Clock, sent: Ticket) -> None:
    entry = outbox.claim_due(clock())
    assert entry is not None and entry.id == 2 and outbox.claim_due(clock()) is None
    outbox.settle(2, EntryState.CONFLICT, error="CONFLICT", followers=[NewEntry(EntryKind.CHECK, "C-1")])
    assert [found.id for _ in range(2) if (found := outbox.claim_due(clock()))] == [3]
    outbox.settle(3, EntryState.DONE)
    check = outbox.claim_due(clock())
    assert check is not None and check.key == "C-1"


# --- many


def test_nothing_reads_through_all_that_is_stored(store: Store, outbox: Outbox, db: Database, sent: Ticket) -> None:
    """Ten thousand tickets cost what one costs: every statement finds its rows by an index."""
    number = sent.ticket_number
    ran: list[str] = []
    db.conn.set_trace_callback(ran.append)
    assert list(store.tickets_by_glpi_ids([7])) == [7]
    store.mirror(number, {"status": "closed"}, event(number), [note(number)], [conflict(number)])
    store.comment(number, own_note(number, key="N-2"), {"text": "Rappelé"})
    store.notes(number)
    store.conflicts(number)
    store.notes_due()
    store.open_glpi_ids(after=1, limit=10)
    outbox.counts()
    outbox.settle(2, EntryState.DONE, notes=[own_note(number, glpi_id=88)])
    db.conn.set_trace_callback(None)
    looked_up = [sql for sql in ran if sql.startswith(("SELECT", "UPDATE", "DELETE"))]
    steps = {step for sql in looked_up for *_, step in db.execute(f"EXPLAIN QUERY PLAN {sql}").fetchall()}
    assert len(looked_up) > 12
    # What is unfinished in the outbox is all that its index holds.
    assert {step for step in steps if step.startswith("SCAN")} <= {
        "SCAN wanted VIRTUAL TABLE INDEX 1:",
        "SCAN outbox USING INDEX outbox_unfinished",
        "SCAN sqlite_schema",
    }

"""After an erasure no byte of the files holds a word of what was erased."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlite_utils import Database

from data import erasure
from data.outbox import Outbox
from data.records import Conflict, EntryKind, SessionStatus, Stage, Ticket, TicketNote, Turn
from data.store import Store
from data.transactions import writing
from tests.data.samples import START, Clock, make_session, make_ticket

Filed = Callable[..., Ticket]

WORDS = ("Zyklotron", "zyklotron", "Quetzalcoatl", "quetzalcoatl", "Wolpertinger", "wolpertinger", "dagobert")
"""As they are written, and as the full-text index folds them."""


def found_in_files(path: Path) -> list[tuple[str, str]]:
    """Which of the words is in which of the files, byte for byte."""
    files = sorted(path.parent.iterdir())
    assert files[0] == path
    contents = {file.name: file.read_bytes() for file in files}
    return [(name, word) for name, content in contents.items() for word in WORDS if word.encode() in content]


def tell(store: Store, count: int) -> Ticket:
    """A conversation of two sessions with the words in every text it has, among many others."""
    for index in range(count):
        other = make_session(f"o-{index}", parent_id=None)
        other = replace(other, turns=(Turn("requester", f"Souris {index} " + "cliquet " * (index % 40), START),))
        store.save_session(other)
        store.confirm(other, make_ticket(other), f"KEY-o-{index}")
    first = make_session("p-1", requester_email="dagobert@example.org", stage=Stage.CLARIFYING)
    assert first.draft is not None
    draft = replace(
        first.draft,
        title="Zyklotron en panne",
        symptoms=("Quetzalcoatl",),
        extracted_info={"model": "Wolpertinger"},
        other_problems=("Zyklotron aussi",),
    )
    said = Turn("requester", "Mon Zyklotron est en panne, voir Quetzalcoatl " + "et Wolpertinger " * 400, START)
    first = replace(first, draft=draft, turns=(said,))
    child = replace(first, id="p-2", parent_id="p-1", stage=Stage.VALIDATING, attempts=1)
    store.save_session(first)
    store.replace_session(replace(first, stage=Stage.REPLACED, status=SessionStatus.INVALIDATED), child)
    ticket, _ = store.confirm(replace(child, stage=Stage.CONFIRMED), make_ticket(child), "KEY-p")
    changed = store.update_ticket(ticket.ticket_number, title="Zyklotron, suite")
    assert changed is not None
    return changed


def say_more(store: Store, number: str) -> None:
    """The words in notes of both sides, in what waits for GLPI, and in an older version of a note."""
    found = TicketNote(number, "solution", "Zyklotron " * 90, START, glpi_id=31)
    own = TicketNote(number, "followup", "Quetzalcoatl rappelé", START, key="N-1")
    store.mirror(
        number, {"status": "pending"}, None, [found], [Conflict(number, "status", None, "a", "b", "ours", START)]
    )
    store.mirror(number, {}, None, [replace(found, text="Wolpertinger")])
    store.comment(number, own, {"text": "Quetzalcoatl " * 200})
    store.change(number, {"title": "Zyklotron encore"}, {"title": {"value": "Zyklotron encore"}}, "U-1")


@pytest.mark.parametrize("others", [0, 60])
def test_no_word_remains_in_any_file(store: Store, path: Path, others: int) -> None:
    ticket = tell(store, others)
    assert {word for _, word in found_in_files(path)} == set(WORDS)
    say_more(store, ticket.ticket_number)
    assert store.erase_text([ticket.ticket_number]) == (1, 2)
    assert found_in_files(path) == []
    assert path.with_name("guichet.db-wal").stat().st_size < 20_000


def test_the_figures_remain(store: Store, outbox: Outbox, clock: Clock, filed: Filed) -> None:
    other = filed("s-1")
    ticket = tell(store, 0)
    store.erase_text([ticket.ticket_number])
    erased = store.ticket(ticket.ticket_number)
    assert erased == replace(
        ticket, title="", description="", user_message="", symptoms=(), extracted_info={}, requester=None
    )
    session = store.session("p-2")
    assert session is not None and session.draft is not None
    assert (session.status, session.attempts, session.draft.confidence) == (SessionStatus.CONVERTED, 1, 0.95)
    assert session.requester_email is None and session.message == ""
    assert store.ticket(other.ticket_number) == other
    assert store.tickets(search="imprimante") == [other]
    assert store.tickets(search="zyklotron") == []
    assert store.tickets(search=ticket.ticket_number) == [erased]
    assert len(outbox.entries()) == 2
    assert len(store.events("TICKET_CREATED")) == 2


def test_codes_remain_of_notes_conflicts_and_entries(store: Store, outbox: Outbox) -> None:
    number = tell(store, 0).ticket_number
    say_more(store, number)
    store.erase_text([number])
    assert [(note.kind, note.glpi_id, note.key, note.text) for note in store.notes(number)] == [
        ("solution", 31, None, ""),
        ("followup", None, "N-1", ""),
    ]
    assert [conflict.kept for conflict in store.conflicts(number)] == ["ours"]
    assert [(entry.kind, dict(entry.payload)) for entry in outbox.entries()] == [
        (EntryKind.CREATE, {}),
        (EntryKind.COMMENT, {}),
        (EntryKind.UPDATE, {}),
    ]


def test_the_notes_of_others_remain(store: Store, outbox: Outbox, filed: Filed) -> None:
    other = filed("s-1").ticket_number
    number = tell(store, 0).ticket_number
    note = TicketNote(other, "followup", "Rappelé", START, key="N-9")
    store.comment(other, note, {"text": "Rappelé"})
    store.erase_text([number])
    assert store.notes(other) == [note]
    assert [dict(entry.payload) for entry in outbox.entries() if entry.key == "N-9"] == [{"text": "Rappelé"}]


def test_a_discarded_comment_leaves_no_word_after_the_next_purge(
    store: Store, outbox: Outbox, path: Path, filed: Filed
) -> None:
    number = filed("s-1").ticket_number
    store.comment(number, TicketNote(number, "followup", "Zyklotron", START, key="N-1"), {"text": "Zyklotron"})
    assert outbox.discard(2)
    store.purge_unfinished(START - timedelta(days=1))
    assert found_in_files(path) == []


def test_a_session_goes_with_its_parents_and_children(store: Store, path: Path) -> None:
    tell(store, 0)
    assert store.erase_text([], ["p-1"]) == (0, 2)
    first, child = store.session("p-1"), store.session("p-2")
    assert first is not None and first.message == "" and first.requester_email is None
    assert child is not None and child.message == "" and child.requester_email is None


def test_a_purge_leaves_no_word_either(store: Store, path: Path, clock: Clock, filed: Filed) -> None:
    for index in range(40):
        session = make_session(f"s-{index}", requester_email="dagobert@example.org")
        store.save_session(replace(session, turns=(Turn("requester", "Mon Zyklotron " * (index * 20), START),)))
        filed(f"kept-{index}")
    assert store.purge_unfinished(clock.forward(minutes=31)) == 40
    assert found_in_files(path) == []
    assert len(store.tickets()) == 40


def test_what_a_power_cut_interrupted_is_finished_by_the_next(db: Database, store: Store, path: Path) -> None:
    ticket = tell(store, 60)
    with writing(db):
        erasure.blank(db, [ticket.ticket_number], [], START)  # and then the power went
    assert found_in_files(path)
    assert store.purge_unfinished(START - timedelta(days=1)) == 0
    assert found_in_files(path) == []


def test_a_reader_elsewhere_is_no_obstacle(store: Store, path: Path) -> None:
    ticket = tell(store, 5)
    other = Database(path)
    assert other.execute("SELECT count(*) FROM tickets").fetchone()[0] == 6
    store.erase_text([ticket.ticket_number])
    assert found_in_files(path) == []
    assert other.execute("SELECT count(*) FROM tickets WHERE title = ''").fetchone()[0] == 1
    other.close()

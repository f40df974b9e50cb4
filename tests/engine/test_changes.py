"""The three-way merge of what was changed here and in GLPI, and the words in between: pure functions."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from data.records import Category, Priority
from engine.changes import by_our_clock, code_of, fields_for, merge, payload_of, to_write, value_of
from engine.notes import note_of, plain_text
from glpi.models import Note, NoteKind, TicketChanges
from tests.data.samples import make_session, make_ticket

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
EARLIER, LATER = NOON - timedelta(minutes=1), NOON + timedelta(minutes=1)
TREE = {
    node.code: node
    for node in (
        Category("03-network", "Réseau", None, 6),
        Category("03-01-wifi", "Wi-Fi", "03-network", 7),
        Category("03-02-slow", "Internet lent", "03-network"),
        Category("08-security", "Sécurité", None),
    )
}
TICKET = replace(
    make_ticket(make_session()), ticket_number="TKT-2026-00001", status="open", priority=Priority.MEDIUM,
    category="03-network", subcategory="03-01-wifi",
    synced_status="open", synced_priority="medium", synced_category="03-01-wifi",
)  # fmt: skip


@pytest.mark.parametrize(
    ("theirs", "theirs_at", "pushed", "taken", "kept"),
    [
        ("open", LATER, True, False, None),  # only we changed it, whatever else moved the ticket
        ("pending", EARLIER, True, False, "ours"),  # both, we later
        ("pending", LATER, False, True, "theirs"),  # both, they later
        ("pending", NOON - timedelta(seconds=1), False, True, "theirs"),  # in doubt, the system of record
        ("in_progress", LATER, False, False, None),  # both the same
    ],
)
def test_a_field_changed_on_both_sides(
    theirs: str, theirs_at: datetime, pushed: bool, taken: bool, kept: str | None
) -> None:
    merged = merge(TICKET, payload_of(TICKET, {"status": "in_progress"}, NOON), {"status": theirs}, theirs_at)
    assert merged.push == ({"status": "in_progress"} if pushed else {})
    assert merged.take == ({"status": theirs} if taken else {})
    assert [(one.base, one.ours, one.theirs, one.kept) for one in merged.conflicts] == (
        [("open", "in_progress", theirs, kept)] if kept else []
    )


def test_fields_are_decided_one_by_one() -> None:
    payload = payload_of(TICKET, {"status": "pending", "priority": "high"}, NOON)
    merged = merge(TICKET, payload, {"status": "resolved", "priority": "medium"}, LATER)
    assert (merged.push, merged.take) == ({"priority": "high"}, {"status": "resolved"})


def test_after_a_person_decided_ours_is_pushed_and_on_record() -> None:
    payload = payload_of(TICKET, {"status": "pending"}, NOON) | {"force": True}
    merged = merge(TICKET, payload, {"status": "resolved"}, LATER)
    assert merged.push == {"status": "pending"}
    assert [(one.ours, one.theirs, one.kept) for one in merged.conflicts] == [("pending", "resolved", "ours")]


def test_before_glpi_was_ever_read_ours_is_pushed() -> None:
    fresh = replace(TICKET, synced_status=None)
    merged = merge(fresh, payload_of(fresh, {"status": "pending"}, NOON), {"status": "in_progress"}, LATER)
    assert (merged.push, merged.conflicts) == ({"status": "pending"}, ())


def test_our_values_become_numbers_of_glpi() -> None:
    wanted = {"status": "resolved", "priority": "critical", "category": "03-02-slow"}
    # A leaf without an id of its own goes as its parent.
    assert to_write(wanted, TREE) == TicketChanges(status=5, priority=5, category_id=6)
    with pytest.raises(LookupError, match="08-security"):
        to_write({"category": "08-security"}, TREE)


@pytest.mark.parametrize(
    ("glpi_id", "current", "code"),
    [
        (7, "03-network", "03-01-wifi"),
        (6, "03-01-wifi", "03-network"),
        (6, "03-02-slow", "03-02-slow"),  # sent as its parent, moved by nobody
        (57, "03-01-wifi", "glpi:57"),
        (0, "03-01-wifi", None),
        (None, "03-01-wifi", None),
    ],
)
def test_a_category_of_glpi_in_our_words(glpi_id: int | None, current: str, code: str | None) -> None:
    assert code_of(glpi_id, TREE, current) == code


def test_a_category_fills_two_columns_and_a_foreign_one_none() -> None:
    assert fields_for("category", "03-01-wifi", TREE) == {"category": "03-network", "subcategory": "03-01-wifi"}
    assert fields_for("category", "03-network", TREE) == {"category": "03-network", "subcategory": None}
    assert fields_for("category", "glpi:57", TREE) == {}
    assert value_of(TICKET, "category") == "03-01-wifi"


def test_a_naive_date_becomes_an_instant_of_our_clock() -> None:
    zone, fast = timedelta(hours=1), timedelta(minutes=3)
    assert by_our_clock("2026-11-22 13:00:00", zone, None) == NOON
    assert by_our_clock("2026-11-22 13:03:00", zone, fast) == NOON
    assert by_our_clock("2026-11-22 13:00:00", None, None) is None


@pytest.mark.parametrize(
    ("html", "seen"),
    [
        ("<p>Bonjour,</p><p>c'est <b>r&eacute;par&eacute;</b>&nbsp;!</p>", "Bonjour,\n\nc'est réparé !"),
        ("un<br>deux<br />trois", "un\ndeux\ntrois"),
        ("<ul><li>un</li><li>deux</li></ul>", "- un\n\n- deux"),
        ("&lt;img src=x onerror=alert(1)&gt; &amp;amp;", "<img src=x onerror=alert(1)> &amp;"),
        ("<script>alert(1)</script><style>p{}</style>vu", "vu"),
        ("\x1b[31mrouge\x1b[0m \u202egauche", "rouge gauche"),
        ("<p>non fermé <b>du tout", "non fermé du tout"),
        ("", ""),
    ],
)
def test_what_a_person_sees_of_html(html: str, seen: str) -> None:
    assert plain_text(html) == seen


def test_a_note_that_we_sent_is_known_by_its_key() -> None:
    key = "KSK-ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    found = Note(9, 3, f"Remplac&eacute;.<br><br>Réf. {key}", False, "2026-11-22 13:00:00", NoteKind.FOLLOWUP, 7)
    note = note_of("TKT-2026-00001", found, NOON)
    assert (note.text, note.key, note.glpi_id, note.author_id) == ("Remplacé.", key, 9, None)
    theirs = note_of("TKT-2026-00001", replace(found, content="Fait", author_id=10), NOON)
    assert (theirs.text, theirs.key, theirs.author_id) == ("Fait", None, 10)

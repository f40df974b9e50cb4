"""Messages that nobody writes: every kind of ``bench.fuzz`` is read without an error, and within bounded work.

Time is measured by ``python -m bench.fuzz``; here it is the calls that are counted, which no other program changes.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from types import FrameType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.fuzz import KINDS, message
from data.categories import load_categories
from data.records import UNCATEGORISED, Turn
from engine.triage import lexicon
from engine.triage.contract import INFO_KEYS, MISSING_KEYS, READ_FIRST, READ_LAST, Context
from engine.triage.evidence import holds
from engine.triage.features import features
from engine.triage.local_triage import LocalTriage
from engine.triage.reading import read, view

TREE = load_categories()
CODES = {category.code for category in TREE}
ENGINE = LocalTriage()
AT = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
SEEDS = range(1_000_000, 1_000_004)
"""Others than those of the measurement."""
MOST_CALLS = 150_000
"""Calls of any function, Python or C, for one message; ordinary ones take a few thousand."""


def said(text: str) -> tuple[Turn, ...]:
    """One message."""
    return (Turn("requester", text, AT),)


def assert_sound(turns: Sequence[Turn]) -> None:
    """What holds of every triage, whatever was said."""
    found = ENGINE.triage_now(turns, TREE, Context())
    assert found.category in CODES
    assert found.subcategory is None or found.subcategory[:2] == found.category[:2]
    assert 0 <= found.confidence <= 1
    assert found.category != UNCATEGORISED or found.confidence < 0.30
    assert 0 < len(found.title) <= 80
    assert len(found.symptoms) <= 6
    assert len(found.questions) <= 3
    assert len(found.other_problems) <= 3
    assert set(found.missing_info) <= set(MISSING_KEYS)
    assert set(found.extracted_info) <= set(INFO_KEYS)
    for value in (*found.symptoms, *found.extracted_info.values()):
        assert holds(value, turns)


def calls(turns: Sequence[Turn]) -> int:
    """How many functions a triage of these turns calls."""
    count = 0

    def counted(frame: FrameType, event: str, arg: object) -> None:
        """One more, when it is a call and no return."""
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(counted)
    try:
        ENGINE.triage_now(turns, TREE, Context())
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_message_is_read(kind):
    for seed in SEEDS:
        assert_sound(message(kind, seed))


@pytest.mark.parametrize("letter", ["ŉ", "ß", "ﬁ", "ǰ", "İ", "İmprımante "])
def test_a_letter_that_has_no_capital_of_its_own_makes_no_title_too_long(letter):
    for text in (letter * 200, letter + "a" * 200, f"{letter.upper()} PC LENT " * 9):
        assert_sound(said(text))


@pytest.mark.parametrize("kind", KINDS)
def test_no_kind_of_message_takes_more_than_bounded_work(kind):
    turns = message(kind, SEEDS[0])
    ENGINE.triage_now(turns, TREE, Context())
    assert calls(turns) < MOST_CALLS


@pytest.mark.parametrize("piece", ["n'arrive pas ", "wifi hs, ", "pc lent. ", ",", "a ", "imprimante", "1", "«", "<b>"])
def test_work_grows_no_faster_than_what_is_read(piece):
    ENGINE.load()
    quarter, whole = (said(piece * (size // len(piece) + 1)) for size in (READ_FIRST // 4, READ_FIRST))
    calls(quarter)
    assert calls(whole) < 5 * calls(quarter) + 5_000


def test_a_message_of_any_length_is_as_much_work_as_what_is_read_of_it():
    clauses = "le pc est lent, l'imprimante aussi, "
    turns = said(clauses * 3_000)
    ENGINE.triage_now(turns, TREE, Context())
    assert calls(turns) < 1.2 * calls(said(clauses * 70))


@pytest.mark.parametrize("kind", KINDS)
def test_the_model_sees_a_bounded_number_of_features(kind):
    turns = [view(turn) for turn in message(kind, SEEDS[0])]
    assert sum(len(turn.text) for turn in turns) <= (READ_FIRST + READ_LAST + 1) * len(turns)
    found = read(turns, lexicon.shipped())
    assert sum(len(clause.words) for clause in found.clauses) <= READ_FIRST + READ_LAST
    assert len(features(found.clauses)) <= 4_000


PIECES = st.sampled_from(
    ["n'arrive pas ", "ne ", "ni ", "sauf ", "pc ", "wifi hs", ", ", ". ", "\n", "«", "»", '"', "(", ":", "[SECRET-1]",
     "İ", "ŉ", "ß", "ﬁ", "\u0345", "\u0301", "\u202e", "\0", "\ud800", "1", "0x", "l'", "bureau 301", "<b>", "œ", "d:"]
)  # fmt: skip


@settings(max_examples=80)
@given(st.lists(st.tuples(PIECES | st.text(max_size=6), st.integers(1, 40)), max_size=8))
def test_pieces_in_any_order_and_number_are_read(pieces):
    assert_sound(said("".join(piece * times for piece, times in pieces)))


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.lists(PIECES | st.text(max_size=6), max_size=20).map("".join),
            st.sampled_from((None, "generic", "free", "refusal", *MISSING_KEYS)),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_answers_of_any_kind_are_read(answers):
    assert_sound([Turn("requester", text, AT, key) for text, key in answers])

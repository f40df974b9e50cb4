"""Values tied to words, for whichever engine found them."""

from __future__ import annotations

from datetime import UTC, datetime
from types import MappingProxyType

import pytest

from data.records import Priority, Turn
from engine.triage.contract import Found, Span, Triage
from engine.triage.evidence import checked, holds

AT = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
TURNS = (
    Turn("guichet", "Quel appareil est concerné ?", AT, "device_type"),
    Turn("requester", "Mon  ORDI portable sous win10,\n écran cassé", AT),
)


@pytest.mark.parametrize(
    ("value", "span"),
    [
        ("ORDI", Span(1, 5, 9)),
        ("ordi", Span(1, 5, 9)),
        ("ordinateur", Span(1, 5, 9)),  # the normalisation table
        ("Windows 10", Span(1, 24, 29)),
        ("ecran casse", Span(1, 32, 43)),
        ("mon ordi", Span(1, 0, 9)),  # white space
    ],
)
def test_a_value_that_its_words_say_is_kept(value, span):
    assert holds(Found(value, span), TURNS)


@pytest.mark.parametrize(
    ("value", "span"),
    [
        ("imprimante", Span(1, 5, 9)),
        ("ORDI", Span(1, 4, 9000)),
        ("ORDI", Span(7, 5, 9)),
        ("ORDI", Span(1, 9, 5)),
        ("ORDI", Span(1, -4, 9)),
        ("", Span(1, 5, 5)),
        ("appareil", Span(0, 5, 13)),  # Guichet's own words are no evidence
    ],
)
def test_a_value_without_evidence_is_dropped(value, span):
    assert not holds(Found(value, span), TURNS)


def test_checking_drops_values_and_unknown_keys_and_nothing_else():
    good, bad = Found("ordi", Span(1, 5, 9)), Found("serveur", Span(1, 5, 9))
    triage = Triage(
        category="04-hardware",
        subcategory=None,
        confidence=0.5,
        priority=Priority.MEDIUM,
        title="Ordi",
        symptoms=(good, bad),
        extracted_info=MappingProxyType({"device_type": good, "software": bad, "mood": good}),
    )
    kept = checked(triage, TURNS)
    assert kept.symptoms == (good,)
    assert dict(kept.extracted_info) == {"device_type": good}
    assert (kept.category, kept.confidence, kept.title) == ("04-hardware", 0.5, "Ordi")

"""The model's file and what is read out of it."""

from __future__ import annotations

import math

import pytest

from data.records import Priority
from engine.triage import model
from engine.triage.confidence import raw, signals
from engine.triage.model import BadModel, dump, load
from engine.triage.rating import rated
from engine.triage.scoring import Score

HEADER = {
    "version": "linear-test",
    "confidence": {"likely": 1.0, "further": -1.0},
    "heads": {
        "category": {
            "labels": ["04-hardware", "04-04-printer", "05-software"],
            "first": 0,
            "scale": 0.1,
            "bias": [0, 0, 0],
        },
        "priority": {"labels": ["low", "medium"], "first": 3, "scale": 0.5, "bias": [0.0, 1.0]},
    },
}  # fmt: skip
WEIGHTS = {"c:printer": [(1, 60), (4, -2)], "w:excel": [(2, 127), (0, -127)]}


def test_a_model_says_after_loading_what_was_put_into_it():
    read = load(dump(HEADER, WEIGHTS)).read(["c:printer", "w:unknown"])
    assert set(read) == {"category", "priority"}
    assert read["category"]["04-04-printer"] == pytest.approx(math.exp(6) / (math.exp(6) + 2))
    assert read["priority"]["low"] == pytest.approx(0.5)


def test_more_features_make_one_longer_vector_of_length_one():
    loaded = load(dump(HEADER, WEIGHTS))
    both = loaded.read(["c:printer", "w:excel"])["category"]
    assert math.log(both["05-software"] / both["04-04-printer"]) == pytest.approx((12.7 - 6) / math.sqrt(2))
    assert loaded.known(["c:printer", "w:excel", "b:x_y"]) == 2


def test_nothing_known_gives_the_labels_own_frequencies():
    assert load(dump(HEADER, WEIGHTS)).read([])["priority"]["medium"] == pytest.approx(math.e / (1 + math.e))


@pytest.mark.parametrize("content", [b"", b"GUICHET\x02", b"PK\x03\x04" + bytes(40), dump(HEADER, WEIGHTS)[:-3]])
def test_a_file_that_is_no_model_is_refused(content):
    with pytest.raises(BadModel):
        load(content)


def test_the_shipped_model_knows_every_code_and_keeps_its_budget():
    shipped = model.shipped()
    assert len(shipped.heads["category"].labels) == 34
    assert set(shipped.heads["priority"].labels) == set(Priority)
    assert set(shipped.heads["clarity"].labels) == {"clear", "partial", "vague", "hopeless"}
    files = [file for file in model.PATH.parent.iterdir() if file.is_file()]
    assert sum(file.stat().st_size for file in files) <= 5_000_000


def score(probability: float, clear: float) -> Score:
    rest = (1 - clear) / 3
    clarities = {"clear": clear, "partial": rest, "vague": rest, "hopeless": rest}
    return Score("04-hardware", None, probability, 0.0, {}, clarities, features=9, known=9)


def test_a_further_problem_and_a_doubt_lower_the_raw_score():
    weights = model.shipped().confidence
    sure = raw(score(0.97, 0.97), weights, problems=1)
    assert raw(score(0.97, 0.97), weights, problems=2) < sure
    assert raw(score(0.97, 0.4), weights, problems=1) < sure
    assert raw(score(0.5, 0.97), weights, problems=1) < sure
    assert set(weights) == set(signals(score(0.5, 0.5), problems=1))


def test_a_fair_chance_of_critical_is_enough():
    assert rated({"low": 0.05, "medium": 0.55, "high": 0.1, "critical": 0.3}) == Priority.CRITICAL
    assert rated({"low": 0.6, "medium": 0.3, "high": 0.1, "critical": 0.0}) == Priority.LOW


def test_facts_that_leave_no_choice_make_it_high():
    ordinary = {"low": 0.1, "medium": 0.88, "high": 0.02, "critical": 0.0}
    assert rated(ordinary, facts=frozenset({"wrong", "deadline"})) == Priority.HIGH
    assert rated(ordinary, facts=frozenset({"wrong", "blocked", "way_round"})) == Priority.MEDIUM
    assert rated(ordinary, facts=frozenset({"deadline"})) == Priority.MEDIUM


def test_a_security_incident_is_at_least_high():
    assert rated({"low": 0.1, "medium": 0.8, "high": 0.1, "critical": 0.0}, "08-03-incident") == Priority.HIGH

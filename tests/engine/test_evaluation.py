"""The figures of an evaluation, on answers small enough to count by hand."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

import pytest

from data.categories import load_categories
from data.records import Action, Draft, Priority
from engine.evaluation import Case, Share, calibration_error, is_same_value, macro_f1, measure
from engine.labels import BadLine, Labelled, labelled

PARENTS = {category.code: category.parent for category in load_categories()}
PRINTER = {"id": "a", "text": "Imprimante HP en panne", "category": "04-hardware", "subcategory": "04-04-printer"}


def line(**changes: Any) -> str:
    return json.dumps(PRINTER | changes)


def expected(**changes: Any) -> Labelled:
    return labelled(line(**changes), PARENTS)


def case(
    label: Labelled,
    category: str = "04-hardware",
    confidence: float = 0.95,
    *,
    action: Action | None = None,
    info: Mapping[str, str] | None = None,
    **changes: Any,
) -> Case:
    leaf = "04-04-printer" if category == "04-hardware" else None
    given: dict[str, Any] = {"subcategory": leaf, "priority": Priority.MEDIUM, "title": "t", "engine_version": "v1"}
    draft = Draft(category, confidence=confidence, **(given | changes), extracted_info=info or {})
    bands = ((0.85, Action.AUTO_VALIDATE), (0.6, Action.CONFIRM_SUMMARY), (0.3, Action.ASK_CLARIFICATION))
    by_confidence = next((name for floor, name in bands if confidence >= floor), Action.TOO_VAGUE)
    return Case(label, draft, action or by_confidence)


# --- labels -----------------------------------------------------------------------------------------------------


def test_only_text_and_category_are_needed() -> None:
    found = labelled('{"text": "Bonjour", "category": "99-non-cat"}', PARENTS)
    assert (found.id, found.subcategory, found.has_subcategory, found.priority) == (None, None, False, None)
    assert (found.clarity, found.info, found.tags, found.is_routable) == (None, None, (), None)


def test_a_leaf_as_category_says_both_levels() -> None:
    found = labelled('{"text": "Bourrage", "category": "04-04-printer"}', PARENTS)
    assert (found.category, found.subcategory, found.has_subcategory) == ("04-hardware", "04-04-printer", True)


def test_a_subcategory_of_null_is_a_label() -> None:
    found = expected(subcategory=None)
    assert (found.subcategory, found.has_subcategory) == (None, True)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("no json", "unreadable"),
        ("[1]", "unreadable"),
        ("[" * 100_000, "unreadable"),
        (line(id=float("nan")), "unreadable"),
        (line(text=None), "no_text"),
        (line(text=" "), "bad_text"),
        (line(category=None), "no_category"),
        (line(category="42"), "bad_category"),
        (line(subcategory="01-01-pwd"), "bad_subcategory"),
        (line(priority="urgent"), "bad_priority"),
        (line(clarity=3), "bad_clarity"),
        (line(info={"colour": "red"}), "bad_info"),
        (line(info={"brand": ""}), "bad_info"),
        (line(info=["HP"]), "bad_info"),
        (line(tags="title"), "bad_tags"),
    ],
)
def test_a_line_that_cannot_be_measured_says_why(text: str, reason: str) -> None:
    with pytest.raises(BadLine) as bad:
        labelled(text, PARENTS)
    assert bad.value.reason == reason


# --- figures ----------------------------------------------------------------------------------------------------


def test_level_2_is_the_leaf_or_null_exactly_as_labelled() -> None:
    cases = [
        case(expected()),
        case(expected(), subcategory=None),
        case(expected(subcategory=None), subcategory=None),
        case(expected(subcategory=None), "01-access"),  # null is not right where the category is wrong
        case(labelled('{"text": "x", "category": "04-hardware"}', PARENTS)),
    ]
    found = measure(cases)
    assert found.category == Share(4, 5)
    assert found.subcategory == Share(2, 4)


def test_macro_f1_is_the_mean_over_all_labels_expected_or_found() -> None:
    pairs = [("a", "a"), ("a", "a"), ("a", "b"), ("b", "b"), ("b", "c")]
    # a: 2 of 3 found, 2 of 2 right: 0.8; b: 1 of 2, 1 of 2: 0.5; c is only found: 0
    assert macro_f1(pairs) == pytest.approx((0.8 + 0.5 + 0) / 3)


def test_priority_and_critical_ones_rated_too_low() -> None:
    cases = [
        case(expected(priority="critical"), priority=Priority.LOW),
        case(expected(priority="critical"), priority=Priority.MEDIUM),
        case(expected(priority="critical"), priority=Priority.HIGH),
        case(expected(priority="critical"), priority=Priority.CRITICAL),
        case(expected(priority="medium")),
        case(expected(), priority=Priority.LOW),
    ]
    found = measure(cases)
    assert (found.priority, found.critical_underrated) == (Share(2, 5), Share(2, 4))


def test_the_calibration_error_weighs_ten_bins_by_their_size() -> None:
    answers = [(0.95, True), (0.91, True), (0.99, False), (0.15, False), (1.0, True)]
    # 0.9 to 1.0: 3 of 4 right, said 0.9625; 0.1 to 0.2: none of 1, said 0.15
    assert calibration_error(answers) == pytest.approx((abs(3 - 3.85) + 0.15) / 5)
    assert calibration_error([]) is None


def test_a_message_that_nobody_could_route_is_right_for_no_category() -> None:
    cases = [
        case(expected(clarity="clear"), confidence=0.8),
        case(expected(clarity="vague"), confidence=0.8),
        case(expected(clarity="hopeless", category="99-non-cat", subcategory=None), "99-non-cat", 0.1),
    ]
    found = measure(cases)
    assert found.category == Share(3, 3)
    assert (found.ece, found.ece_of) == (pytest.approx(abs(1 - 1.6) / 2), 2)  # an answer 99 is left out
    assert (found.ece_category, found.ece_category_of) == (pytest.approx(0.2), 2)
    confirm, hopeless = found.bands[1], found.bands[3]
    assert (confirm.precision, confirm.category) == (Share(1, 2), Share(2, 2))
    assert (hopeless.precision, hopeless.category) == (Share(0, 1), Share(1, 1))


def test_bands_are_those_of_the_actions_and_agree_with_the_clarity() -> None:
    cases = [
        case(expected(clarity="clear")),
        case(expected(clarity="partial"), confidence=0.7),
        case(expected(clarity="vague"), "01-access", 0.9),
        case(expected(clarity="hopeless", category="99-non-cat", subcategory=None), confidence=0.5),
        case(expected(), confidence=0.2),
    ]
    found = measure(cases)
    assert [band.action for band in found.bands] == [
        Action.AUTO_VALIDATE, Action.CONFIRM_SUMMARY, Action.ASK_CLARIFICATION, Action.TOO_VAGUE,
    ]  # fmt: skip
    assert [band.coverage for band in found.bands] == [Share(2, 5), Share(1, 5), Share(1, 5), Share(1, 5)]
    assert found.bands[3].precision == Share(0, 0)  # its clarity is not known
    assert found.band == Share(2, 4)
    assert found.vague_auto_validated == Share(1, 2)
    assert found.wrong_auto_validated == Share(1, 5)


@pytest.mark.parametrize(
    ("wanted", "found", "is_same"),
    [
        ("bureau 301", "Bureau  301", True),
        ("l'écran", "ecran", True),
        ("PC", "pc portable", True),
        ("Dell", "HP", False),
        ("Dell", " ", False),
    ],
)
def test_a_value_counts_when_one_contains_the_other(wanted: str, found: str, is_same: bool) -> None:
    assert is_same_value(wanted, found) is is_same


def test_information_is_counted_by_key_where_it_is_labelled() -> None:
    cases = [
        case(expected(info={"brand": "HP", "location": "bureau 3"}), info={"brand": "hp", "os": "Windows"}),
        case(expected(info={}), info={"brand": "HP"}),
        case(expected(), info={"brand": "Dell"}),
    ]
    found = measure(cases)
    brand, place, system = (found.info_keys[key] for key in ("brand", "location", "os"))
    assert (brand.recall, brand.precision) == (Share(1, 1), Share(1, 2))
    assert (place.recall, place.precision) == (Share(0, 1), Share(0, 0))
    assert (system.recall, system.precision) == (Share(0, 0), Share(0, 1))
    assert (found.info.recall, found.info.precision) == (Share(1, 2), Share(1, 3))


def test_latency_is_median_p95_and_maximum() -> None:
    found = measure([case(expected(), duration_ms=float(ms)) for ms in range(1, 101)]).latency
    assert found is not None
    assert (found.median, found.p95, found.max) == (50.5, 95.0, 100.0)


def test_the_confusion_matrix_has_a_row_and_a_column_for_every_label() -> None:
    cases = [case(expected()), case(expected(), "01-access"), case(expected(), "01-access")]
    assert measure(cases).confusion == {
        "01-access": {"01-access": 0, "04-hardware": 0},
        "04-hardware": {"01-access": 2, "04-hardware": 1},
    }


def test_engines_and_fallbacks_are_counted() -> None:
    cases = [
        case(expected()),
        case(expected(), fallback="timeout"),
        case(expected(), engine="openai", engine_version="m"),
    ]
    found = measure(cases)
    assert found.engines == {("local", "v1"): 2, ("openai", "m"): 1}
    assert found.fallbacks == {"timeout": 1}


def test_what_is_not_labelled_is_missing_not_zero() -> None:
    bare = measure([case(labelled('{"text": "x", "category": "04-hardware"}', PARENTS))])
    shares = (bare.subcategory, bare.priority, bare.critical_underrated, bare.band, bare.vague_auto_validated)
    assert [share.value for share in (*shares, bare.info.recall, bare.bands[0].precision)] == [None] * 7
    assert (bare.ece, bare.ece_category) == (None, pytest.approx(0.05))
    empty = dataclasses.asdict(measure([]))
    assert (empty["macro_f1"], empty["ece"], empty["latency"], empty["measured"]) == (None, None, None, 0)


def test_tags_divide_the_accuracy() -> None:
    cases = [case(expected(tags=["sms", "typo"])), case(expected(tags=["sms"]), "01-access"), case(expected())]
    assert measure(cases).tags == {"sms": Share(1, 2), "typo": Share(1, 1)}

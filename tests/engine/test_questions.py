"""Which questions are asked, and in what words."""

from __future__ import annotations

import itertools

from data.categories import load_categories
from engine.triage import questions
from engine.triage.calibration import calibration
from engine.triage.contract import MISSING_KEYS
from engine.triage.local_triage import LocalTriage

TEXTS = {
    "device_type": "Quel appareil est concerné ?",
    "problem_type": "Quel est le problème exact ?",
    "onset": "Depuis quand ?",
    "location": "Où se situe l'appareil ?",
    "error_message": "Y a-t-il un message d'erreur ?",
    "os": "Quel système d'exploitation ?",
    "frequency": "Permanent ou intermittent ?",
    "recent_changes": "Modifications récentes ?",
}


def test_every_missing_key_has_the_question_of_the_specification():
    assert {key: questions.QUESTIONS[key].text.replace("\u00a0", " ") for key in MISSING_KEYS} == TEXTS


def test_i_do_not_know_is_always_the_last_answer():
    assert all(question.answers[-1] == "Je ne sais pas" for question in questions.QUESTIONS.values())


def test_french_punctuation_has_its_no_break_space():
    assert all(" ?" not in question.text for question in questions.QUESTIONS.values())


def test_a_refusal_asks_what_is_wrong():
    assert questions.refusal_question().text == "Qu'est-ce qui ne va pas\u00a0?"


def test_at_most_three_questions_never_about_what_is_known():
    for category in load_categories():
        parent = category.parent or category.code
        for known in itertools.combinations(MISSING_KEYS, 2):
            asked = [question.key for question in questions.choose(parent, category.code, known)]
            assert 1 <= len(asked) <= 3
            assert not set(asked) & set(known)
            assert set(questions.missing(parent, category.code, known)) <= set(MISSING_KEYS) - set(known)


def test_there_is_always_something_to_ask():
    assert questions.choose("99-non-cat", None, (*MISSING_KEYS, "generic"), vague=True)


def test_a_calibration_rises_and_says_what_it_is():
    table = calibration(LocalTriage.name, LocalTriage.version)
    assert table is not None
    values = [table.probability(raw / 10) for raw in range(-60, 130)]
    assert values == sorted(values)
    assert 0 <= values[0] < values[-1] <= 1
    assert table.is_measured or table.method == "hand-set"


def test_another_version_has_no_calibration():
    assert calibration("local", "another") is None

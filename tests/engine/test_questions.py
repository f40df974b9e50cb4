"""Which questions are asked, with which answers, and in what words."""

from __future__ import annotations

import dataclasses
import itertools

import pytest

from data.categories import load_categories
from data.records import UNCATEGORISED, Priority
from engine.triage import questions
from engine.triage.calibration import calibration
from engine.triage.contract import MISSING_KEYS
from engine.triage.gain import Belief, believed, expected, likelihood, raises
from engine.triage.local_triage import LocalTriage
from engine.triage.model import shipped

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
TREE = {category.code: category.parent or category.code for category in load_categories()}


def belief(codes: dict[str, float], confidence: float, **priorities: float) -> Belief:
    """What is believed when an engine holds these codes likely, the first of them most."""
    top = TREE[max(codes, key=codes.__getitem__)]
    return believed(codes, top, confidence, tree=TREE, priorities=priorities)


NOTHING = believed({}, UNCATEGORISED, 0.1, tree=TREE, priorities={})


def keys(found: questions.Asking) -> list[str]:
    return [question.key for question in found.questions]


def answers(found: questions.Asking, key: str) -> tuple[str, ...]:
    return next(question.answers for question in found.questions if question.key == key)


def test_every_missing_key_has_the_question_of_the_specification():
    assert {key: questions.QUESTIONS[key].text.replace("\u00a0", " ") for key in MISSING_KEYS} == TEXTS


def test_i_do_not_know_is_always_the_last_answer():
    assert all(question.answers[-1] == "Je ne sais pas" for question in questions.QUESTIONS.values())


def test_french_punctuation_has_its_no_break_space():
    assert all(" ?" not in question.text for question in questions.QUESTIONS.values())


def test_a_refusal_asks_what_is_wrong():
    assert questions.refusal_question().text == "Qu'est-ce qui ne va pas\u00a0?"


@pytest.mark.parametrize("confidence", [0.05, 0.45, 0.7, 0.95])
def test_at_most_three_questions_never_about_what_is_known(confidence):
    for code in TREE:
        held = believed({code: 0.9}, TREE[code], confidence, tree=TREE, priorities={})
        for known in itertools.combinations(MISSING_KEYS, 2):
            found = questions.asking(held, known)
            assert len(found.questions) <= 3
            assert found.questions or confidence >= questions.UNDERSTOOD
            assert not set(keys(found)) & set(known)
            assert set(found.missing) <= set(MISSING_KEYS) - set(known)


def test_there_is_always_something_to_ask():
    known = set(questions.QUESTIONS)
    assert keys(questions.asking(NOTHING, known)) == ["generic"]


def test_a_round_asks_once_what_is_concerned_as_the_next_depends_on_it():
    assert keys(questions.asking(NOTHING, ())) == ["device_type"]
    assert keys(questions.asking(NOTHING, {"device_type"})) == ["problem_type"]


def test_below_the_summary_the_first_question_can_raise_the_confidence():
    for code in TREE:
        held = believed({code: 0.9}, TREE[code], 0.5, tree=TREE, priorities={})
        assert keys(questions.asking(held, ()))[0] in ("device_type", "problem_type", "generic")


def test_between_two_teams_the_answers_separate_the_two():
    held = belief({"01-01-pwd": 0.3, "01-02-locked": 0.25, "03-01-wifi": 0.25, "03-03-no-internet": 0.2}, 0.5)
    shown = answers(questions.asking(held, {"device_type"}), "problem_type")
    assert {"Mot de passe oublié ou refusé", "Compte bloqué", "Le Wi-Fi"} <= set(shown)


@pytest.mark.parametrize(
    ("code", "wanted"),
    [
        ("06-phone", {"Téléphone fixe", "Téléphone mobile", "En réunion (Teams, Zoom)"}),
        ("02-email", {"Je ne reçois plus d'e-mails", "Mes e-mails ne partent pas", "Boîte e-mail pleine"}),
        ("03-network", {"Le Wi-Fi", "Le câble ou la prise réseau", "Plus d'Internet du tout"}),
        ("07-files", {"Dossier partagé inaccessible", "Fichier supprimé ou perdu"}),
    ],
)
def test_a_likely_team_has_its_own_answers(code, wanted):
    assert wanted <= set(answers(questions.asking(belief({code: 0.95}, 0.55), {"device_type"}), "problem_type"))


def test_an_answer_that_would_say_nothing_new_is_not_shown():
    shown = questions.asking(NOTHING, (), {"Imprimante"})
    assert "Imprimante" in answers(questions.asking(NOTHING, ()), "device_type")
    assert "Imprimante" not in answers(shown, "device_type")


def test_a_question_shows_few_enough_answers_for_the_digits():
    for code, confidence in itertools.product(TREE, (0.1, 0.5)):
        held = believed({code: 0.9}, TREE[code], confidence, tree=TREE, priorities={})
        assert all(len(question.answers) <= 9 for question in questions.asking(held, ()).questions)


def test_when_all_is_clear_only_the_first_move_is_asked():
    printer = questions.asking(belief({"04-04-printer": 1.0}, 0.97), {"device_type", "problem_type"})
    assert keys(printer)[0] == "location"
    slow = questions.asking(belief({"04-02-slow": 1.0}, 0.97), {"device_type", "problem_type", "onset"})
    assert keys(slow) == ["recent_changes", "frequency"]


def test_where_the_place_says_nothing_it_is_not_asked():
    assert "location" not in keys(questions.asking(belief({"05-02-crash": 1.0}, 0.97), ()))
    assert "location" not in questions.asking(belief({"07-02-deleted": 1.0}, 0.97), ()).missing


def test_the_gain_is_what_bayes_says():
    two = Belief({"01-access": 0.5, "03-network": 0.5}, 0.5, {})
    nothing, _ = expected(two, [[1.0, 1.0]])
    all_of_it, likely = expected(two, [[1.0, 0.0], [0.0, 1.0]])
    assert nothing == pytest.approx(0.0)
    assert two.doubt == pytest.approx(0.693, abs=0.001)
    # Somebody does not know, 0.15 against 1: that share of the doubt stays.
    assert all_of_it == pytest.approx(two.doubt / 1.15)
    assert likely == [pytest.approx(0.5 / 1.15)] * 2


def test_a_belief_is_a_distribution_without_99_and_no_surer_than_it_may_be():
    for category, confidence in itertools.product(("04-hardware", UNCATEGORISED), (0.0, 0.5, 1.0)):
        held = believed({"04-04-printer": 0.6, UNCATEGORISED: 0.4}, category, confidence, tree=TREE, priorities={})
        assert sum(held.codes.values()) == pytest.approx(1.0)
        assert UNCATEGORISED not in held.codes
        assert min(held.codes.values()) >= 0
    doubts = [belief({"04-04-printer": 0.9, "06-phone": 0.1}, confidence).doubt for confidence in (0.1, 0.5, 0.9)]
    assert doubts == sorted(doubts, reverse=True)


def test_an_answer_may_change_the_priority_and_is_worth_something_for_it():
    held = belief({"03-03-no-internet": 0.9}, 0.5, low=0.0, medium=0.9, high=0.1, critical=0.0)
    assert raises(held, Priority.CRITICAL) == pytest.approx(1.0)
    assert raises(held, Priority.MEDIUM) == pytest.approx(0.0)
    assert raises(held, None) == 0.0


def test_every_ready_made_answer_speaks_for_codes_of_the_tree_and_is_said_once_a_key():
    catalogue = questions.catalogue()
    for (key, _), answer in catalogue.answers.items():
        assert answer.codes <= set(TREE) - {UNCATEGORISED}, answer.say
        assert questions.chosen(key, answer.say.upper()) is answer
    every = {code for answer in catalogue.answers.values() for code in answer.codes}
    assert {TREE[code] for code in every} == set(TREE.values()) - {UNCATEGORISED}
    assert set(catalogue.first_move) <= set(MISSING_KEYS)
    assert all(0 < worth <= 1 for values in catalogue.first_move.values() for worth in values.values())


def test_a_category_a_site_added_can_be_asked_about():
    tree = {**TREE, "04-05-dock": "04-hardware"}
    held = believed({"04-05-dock": 0.9}, "04-hardware", 0.5, tree=tree, priorities={})
    assert questions.asking(held, ()).questions
    answer = questions.chosen("device_type", "Imprimante")
    assert answer is not None
    assert answer.under(["04-04-printer", "04-05-dock"]) == [1.0, likelihood(answer.codes, "04-05-dock")]


def test_own_words_are_no_ready_made_answer():
    assert questions.chosen("device_type", "mon écran de droite") is None
    assert questions.chosen(None, "Écran") is None
    assert questions.chosen("device_type", "Je ne sais pas") is None


def test_a_remote_answer_without_a_distribution_is_enough_to_ask():
    held = believed({"04-04-printer": 1.0}, "04-hardware", 0.5, tree=TREE, priorities={Priority.MEDIUM: 1.0})
    assert keys(questions.asking(dataclasses.replace(held), {"device_type"}))[0] == "problem_type"


def test_a_calibration_rises_and_says_what_it_is():
    table = calibration(LocalTriage.name, shipped().version)
    assert table is not None
    values = [table.probability(raw / 10) for raw in range(-60, 130)]
    assert values == sorted(values)
    assert 0 <= values[0] < values[-1] <= 1
    assert table.is_measured or table.method == "hand-set"


def test_another_version_has_no_calibration():
    assert calibration("local", "another") is None

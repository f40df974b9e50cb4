"""What answers to questions make of a message: combined with it, not appended to it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from data.categories import load_categories
from data.records import Priority, Turn
from engine.triage import lexicon, questions
from engine.triage.answers import combine, meanings, repeated
from engine.triage.contract import Context, Triage
from engine.triage.local_triage import LocalTriage
from engine.triage.reading import read

TREE = load_categories()
ENGINE = LocalTriage()
AT = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def turns(*said: str | tuple[str, str]) -> list[Turn]:
    """Messages, and (question key, answer)."""
    return [
        Turn("requester", one, AT) if isinstance(one, str) else Turn("requester", one[1], AT, one[0]) for one in said
    ]


def triage(*said: str | tuple[str, str]) -> Triage:
    return ENGINE.triage_now(turns(*said), TREE, Context())


def words(*said: str | tuple[str, str]) -> list[str]:
    """The words that are scored."""
    spoken = turns(*said)
    combined = combine(spoken, read(spoken, lexicon.shipped()))
    return [word.text for clause in combined.clauses for word in clause.words]


@pytest.mark.parametrize("message", ["mon truc marche pas", "ça marche pas", "bonjour", "problème", "svp aidez moi"])
@pytest.mark.parametrize(
    ("answer", "leaf"), [("Écran", "04-03-screen"), ("Imprimante", "04-04-printer"), ("écran", "04-03-screen")]
)
def test_naming_the_device_routes_a_vague_message(message, answer, leaf):
    before, after = triage(message), triage(message, ("device_type", answer))
    assert (after.category, after.subcategory) == ("04-hardware", leaf)
    assert before.confidence < 0.60 <= after.confidence
    assert after.confidence > before.confidence


@pytest.mark.parametrize("message", ["mon truc marche pas", "je n'arrive pas à me connecter", "mon pc", "problème"])
@pytest.mark.parametrize(("key", "text"), [("device_type", "Je ne sais pas"), ("problem_type", "jsp"),
                                           ("error_message", "Non"), ("onset", "Depuis ce matin"),
                                           ("frequency", "Permanent"), ("generic", "aucune idée")])  # fmt: skip
def test_an_answer_that_says_nothing_of_the_problem_changes_nothing(message, key, text):
    before, after = triage(message), triage(message, (key, text))
    for name in ("category", "subcategory", "confidence", "priority", "symptoms", "title"):
        assert getattr(after, name) == getattr(before, name), name
    assert key not in {question.key for question in after.questions} or key == "generic"


def test_every_specific_answer_leads_to_its_team():
    wrong = []
    for (key, _), answer in questions.catalogue().answers.items():
        teams = {code[:2] for code in answer.codes}
        found = triage("j'ai un souci", (key, answer.say))
        if len(teams) == 1 and found.category[:2] not in teams:
            wrong.append((answer.say, found.category))
    assert not wrong


def test_a_vague_thing_is_the_thing_that_was_named():
    assert "truc" not in words("mon truc marche pas", ("device_type", "Écran"))
    assert "ecran" in words("mon truc marche pas", ("device_type", "Écran"))
    assert "marche" in words("mon truc marche pas", ("device_type", "Écran"))
    assert "truc" in words("mon truc marche pas")


def test_the_later_word_counts_where_the_answer_contradicts():
    found = triage("l'imprimante ne marche pas", ("device_type", "Écran"))
    assert found.subcategory == "04-03-screen"
    assert "imprimante" not in words("l'imprimante ne marche pas", ("device_type", "Écran"))
    denied = triage("ce n'est pas le wifi, ça marche pas", ("device_type", "Imprimante"))
    assert denied.subcategory == "04-04-printer"


def test_an_answer_replaces_an_earlier_one_to_the_same_question():
    found = triage("ça marche pas", ("device_type", "Imprimante"), ("device_type", "Écran"))
    assert found.subcategory == "04-03-screen"
    kept = triage("ça marche pas", ("device_type", "Imprimante"), ("device_type", "Je ne sais pas"))
    assert kept.subcategory == "04-04-printer"


def test_an_answer_in_own_words_is_read_like_a_message():
    found = triage("bonjour", ("generic", "je n'arrive plus à imprimer, bourrage papier"))
    assert found.subcategory == "04-04-printer"
    assert found.confidence >= 0.60


def test_answers_are_no_further_problems():
    found = triage("mon truc marche pas", ("device_type", "Imprimante"), ("problem_type", "Le Wi-Fi"))
    assert found.other_problems == ()


def test_a_ready_made_answer_that_is_no_device_is_not_noted_as_one():
    assert triage("problème", ("device_type", "Un logiciel ou la messagerie")).extracted_info == {}
    assert triage("problème", ("device_type", "Un compte ou un mot de passe")).extracted_info == {}
    assert triage("problème", ("device_type", "Écran")).extracted_info["device_type"].value == "Écran"


def test_a_title_begins_with_what_is_concerned():
    assert triage("mon truc marche pas", ("device_type", "Écran")).title == "Écran, marche pas"
    assert triage("mon écran ne marche pas", ("location", "bureau 12")).title == "Écran ne marche pas, bureau 12"


def test_a_whole_building_without_internet_is_critical():
    before = triage("pb réseau")
    after = triage("pb réseau", ("problem_type", "Plus d'Internet dans tout le bâtiment"))
    assert before.priority is not Priority.CRITICAL
    assert (after.category, after.priority) == ("03-network", Priority.CRITICAL)


def test_what_was_said_or_denied_is_not_offered_unless_several_were():
    lex = lexicon.shipped()
    meant = meanings(lex)

    def excluded(text: str) -> frozenset[str]:
        return repeated(read(turns(text), lex), meant)

    assert "Impossible de se connecter" in excluded("je n'arrive pas à me connecter")
    assert "Imprimante" in excluded("ce n'est pas l'imprimante, mais ça marche pas")
    assert not {"Le VPN", "Le Wi-Fi"} & excluded("le vpn ou le wifi ne marche pas")
    assert excluded("bonjour") == frozenset()
    assert {"Très lent", "L'ordinateur est très lent"} <= excluded("mon ordinateur rame")
    assert "L'ordinateur est très lent" not in excluded("ça rame")
    offered = [answer for question in triage("je n'arrive pas à me connecter").questions for answer in question.answers]
    assert "Impossible de se connecter" not in offered


def test_a_message_without_answers_is_scored_as_it_stands():
    spoken = turns("bonjour", "mon truc marche pas, l'imprimante aussi")
    reading = read(spoken, lexicon.shipped())
    combined = combine(spoken, reading)
    assert combined.clauses == reading.clauses
    assert combined.chosen == ()

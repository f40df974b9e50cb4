"""Titles and symptoms: what a technician would write, in the message's words."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.records import Turn
from engine.text import fold
from engine.triage import extraction, lexicon, tidying, wording
from engine.triage.contract import Found
from engine.triage.evidence import holds
from engine.triage.reading import read

AT = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
TITLES = [
    json.loads(line) for line in (Path(__file__).parent / "titles.jsonl").read_text(encoding="utf-8").splitlines()
]


def told(*texts: str) -> tuple[str, tuple[Found, ...]]:
    """Title and symptoms of a conversation."""
    turns = tuple(Turn("requester", text, AT) for text in texts)
    reading = read(turns, lexicon.shipped())
    info = extraction.extract(turns, reading)
    return wording.title(turns, reading.clauses, info), wording.symptoms(turns, reading.clauses)


def words(text: str) -> set[str]:
    return set(re.findall(r"[^\W_]+", fold(text).casefold()))


@pytest.mark.parametrize("case", TITLES, ids=lambda case: case["text"][:40])
def test_a_title_says_what_counts_and_nothing_else(case):
    title, _ = told(case["text"])
    assert len(title) <= wording.TITLE_AT_MOST
    for piece in case["has"]:
        assert piece in title if piece.isupper() else fold(piece) in fold(title)
    for piece in case["has_not"]:
        said = re.search(rf"(?<!\w){re.escape(piece if piece.isupper() else fold(piece))}(?!\w)",
                         title if piece.isupper() else fold(title))  # fmt: skip
        assert said is None if piece[0].isalnum() else piece not in title


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Mon imprimante HP ne fonctionne plus, voyant rouge clignote",
            ["ne fonctionne plus", "voyant rouge clignote"],
        ),
        ("mon wifi marche pas et en plus mon clavier est cassé", ["marche pas", "est cassé"]),
        ("L'écran reste noir. L'écran reste noir.", ["L'écran reste noir"]),
        ("Bonjour, le combiné est muet", ["est muet"]),
        ("<p>Mon PC <b>HP</b> ne s'allume plus</p>", ["ne s'allume plus"]),
        ("plus d'internet et", ["plus d'internet"]),
        ("bonjour", []),
    ],
)
def test_symptoms_are_short_and_said_once(text, expected):
    assert [symptom.value for symptom in told(text)[1]] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Je voudrais un nouveau casque", "Nouveau casque"),
        ("Il me faudrait deux écrans", "Deux écrans"),
        ("J'aimerais avoir un accès à la GED", "Accès à la GED"),
        ("jai le wifi qui coupe", "Wifi qui coupe"),
        ("pc allumé mais noir", "PC allumé, noir"),
        ("mon ordinateur démarre puis s'éteint au bout de dix secondes",
         "Ordinateur démarre, s'éteint au bout de dix secondes"),
        ("souci avec le logiciel de paie", "Souci avec le logiciel de paie"),
        ("un souci avec le pare-feu je crois", "Souci avec le pare-feu"),
        ("Tout le monde voit le module cantine sauf moi", "Tout le monde voit le module cantine sauf moi"),
        ("Bonjour tout le monde, l'imprimante bourre", "Imprimante bourre"),
        ("ce n'est pas le wifi, c'est bien SAP qui rame", "SAP qui rame"),
        ("vpn coupé", "VPN coupé"),
        ("retirer M. Lopez de la boîte commune", "Retirer M. Lopez de la boîte commune"),
        ("l'écran affiche n'importe quoi", "Écran affiche n'importe quoi"),
        ("ce n'est pas normal, le pc rame", "PC rame"),
    ],
)  # fmt: skip
def test_a_title_is_worded_as_a_technician_would(text, expected):
    assert told(text)[0] == expected


def test_a_long_title_ends_at_a_clause():
    title, _ = told(
        "L'imprimante multifonction du service achats ne veut plus imprimer les bons de commande alors que "
        "les autres documents sortent normalement"
    )
    assert title.endswith(("bons de commande", "service achats"))


@pytest.mark.parametrize(
    ("text", "ended"),
    [
        ("mon wifi marche pas et", "mon wifi marche pas"),
        ("ne s'allume plus, merci d'avance", "ne s'allume plus"),
        ("écran noir depuis le", "écran noir"),
        ("il est resté là", "il est resté là"),
        ("et", ""),
    ],
)
def test_nothing_dangles(text, ended):
    assert tidying.ended(text) == ended


PIECES = st.sampled_from([
    "Bonjour", "mon", "imprimante", "HP", "ne", "marche", "plus", "au", "bureau 301", "et", ",", ".", "<b>",
    "&amp;", "«", "»", "je voudrais", "écran", "noir", "[CARTE-1]", "depuis ce matin", "PC", "c'est", "l'",
    "\n", "SALLE", "à", "merci", "il y a un problème avec", "à l'accueil", "</b", "qui", "J'ai",
])  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.lists(st.lists(PIECES | st.text(max_size=9), max_size=30).map(" ".join), min_size=1, max_size=2))
def test_titles_and_symptoms_are_made_of_the_messages_words(texts):
    turns = tuple(Turn("requester", text, AT) for text in texts)
    title, symptoms = told(*texts)
    assert len(title) <= wording.TITLE_AT_MOST
    assert title == wording.NO_TITLE or words(title) <= set().union(*map(words, texts))
    assert all(holds(symptom, turns) for symptom in symptoms)
    assert len({fold(symptom.value) for symptom in symptoms}) == len(symptoms)

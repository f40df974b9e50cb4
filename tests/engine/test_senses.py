"""What a clause says of the things in it: concerned, failing, missing, or cleared."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from data.records import Turn
from engine.triage.lexicon import shipped
from engine.triage.reading import read

AT = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def names(text: str) -> set[str]:
    """The concepts of a message with their senses."""
    reading = read([Turn("requester", text, AT, None)], shipped())
    return {hit.name for clause in reading.clauses for hit in clause.hits}


@pytest.mark.parametrize(
    ("text", "expected", "absent"),
    [
        ("ce n'est pas le clavier, c'est le Wi-Fi", {"keyboard0", "wifi"}, {"keyboard"}),
        ("c'est l'écran, pas le clavier", {"screen", "keyboard0"}, {"keyboard"}),
        ("rien à voir avec l'imprimante", {"printer0"}, {"printer", "see-"}),
        ("Word plante à l'impression, l'imprimante n'y est pour rien", {"printer0"}, {"printer"}),
        ("le scanner marche très bien mais pas le clavier", {"keyboard~"}, {"keyboard0"}),
        ("j'ai le wifi mais pas internet", {"wifi", "internet~"}, {"internet0"}),
        ("pas internet ce matin", {"internet~"}, {"internet0"}),
        ("je reçois mes mails mais impossible d'envoyer", {"send-"}, {"send0"}),
        ("je peux lire mes mails mais pas répondre", {"respond-"}, {"respond0"}),
        ("tout marche sauf l'imprimante", {"printer~"}, {"printer0"}),
        ("rien ne marche sauf l'imprimante", {"printer0"}, {"printer"}),
        ("à part l'imprimante tout fonctionne", {"printer~"}, {"printer0"}),
        ("je n'ai ni internet ni imprimante", {"internet~", "printer~"}, {"printer0"}),
        ("ce n'est ni l'imprimante ni internet, c'est l'écran", {"printer0", "internet0", "screen"}, {"screen0"}),
        ("le scanner est lent, l'imprimante non", {"printer0"}, {"printer"}),
        ("l'écran s'allume, l'imprimante non", {"printer~"}, {"printer0"}),
        ("the printer works fine but the scanner doesn't", {"printer0"}, {"printer"}),
        ("merci pour l'imprimante, maintenant c'est l'écran", {"printer0", "screen"}, {"printer"}),
    ],
)
def test_a_thing_is_concerned_missing_or_cleared_as_the_sentence_says(text, expected, absent):
    found = names(text)
    assert expected <= found
    assert not absent & found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mon imprimante n'est pas reconnue", "recognise-"),
        ("pas moyen d'ouvrir le fichier", "open-"),
        ("y a-t-il moyen d'ouvrir ce fichier", "open"),
        ("can you open the file", "open"),
        ("le logiciel s'ouvre bien, l'écran est noir", "open0"),
    ],
)
def test_an_act_fails_only_where_it_is_denied(text, expected):
    assert expected in names(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("je ne suis pas bloqué", "stuck0"),
        ("il est plus lent qu'avant", "slow"),
        ("le pc démarre pas écran noir", "black_screen"),
        ("une image sans rayures", "stripes0"),
    ],
)
def test_a_state_is_denied_only_by_its_own_verb(text, expected):
    assert expected in names(text)


def test_what_was_tried_is_not_what_is_wrong_unless_nothing_else_is_named():
    assert "printer0" in names("j'ai redémarré l'imprimante, toujours pas d'internet")
    assert "printer" in names("j'ai redémarré l'imprimante, elle reste éteinte")


def test_what_is_well_plugged_is_not_well():
    assert "printer" in names("mon imprimante est bien branchée mais ne sort rien")

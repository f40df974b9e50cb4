"""Typed replies to a summary: a wrong yes is the costly error."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import data
from engine.intent import ROLES, alternatives, intent

REPLIES = [json.loads(line) for line in (Path(__file__).parent / "replies.jsonl").read_text("utf-8").splitlines()]
"""Replies written by hand, each with its label."""

YES = """
oui | Oui. | OUI !!! | ok | Ok parfait | oui parfait
nickel | 👍 | 👍🏽 | d'accord | c'est ça | oui c'est bien ça | tout à fait
je confirme | ouiii | oiu | pafait | ok merci | oui merci beaucoup | vous pouvez créer le ticket | ça me va | exact
ouais c'est bon | allez-y | parfait, merci ! | c'est bon pour moi | yes | okay | pas de souci | rien à changer | ✅
oui vous avez bien compris | impec | Oui, envoyez | top merci | o | je valide
le résumé est fidèle | cela me semble cohérent | t'as tout bon | bien résumé | totalement | +1 | oui :)
oui 😀 | parafit | non non c'est bon | rien à redire | aucune objection | tu m'as bien compris | oui, l'imprimante
"""
NO = """
non | Non ! | ce n'est pas ok | c'est pas ça | pas du tout
nan | nope | 👎 | ce n'est pas bon | pas d'accord | c'est faux
ce n'est pas un problème d'imprimante | non merci | ne créez pas le ticket
vous n'avez pas compris | n'importe quoi | nooon
surtout pas | annule | incorrect | non pas du tout
ce n'est pas le bon | je ne suis pas d'accord | pas ok | rien à voir
non, c'est l'écran et pas l'imprimante | ❌
vous êtes complètement à côté | loin d'être correct | ok annule | :-1: | évitez d'envoyer | non il s'agit du réseau
"""
MODIFY = """
ok mais change le titre | oui mais c'est au bureau 302 | modifier | je voudrais modifier le titre | change le titre
il manque le numéro du bureau | oui, ajoute que ça bipe
corrige bureau 301 | ok sauf le titre | parfait mais ajoutez le modèle
priorité plus haute | la priorité est trop basse | d'accord sur le fond, pas sur le titre | HP -> Canon | ✏️
tu peux changer le titre ? | mets plutôt imprimante couleur | non, changez le titre | remplace HP par Canon
"""
AMBIGUOUS = """
merci | peut-être | je ne sais pas | c'est quoi ? | ok ? | oui ?
mouais | bof | je crois | oui je pense | pourquoi | euh
oui et non | non oui | mais bien sûr | super… | merci pour rien
🤔 | 👍👎 | 🙂 | pas sûr | c'est urgent | quand venez-vous
mon imprimante ne marche pas | oui mais | oui mais non | bonjour
... | ? | ok si vous venez demain | pas mal | attendez
j'ai changé de mot de passe hier | ça ne change rien | oui 🙄
oui :/ | oui 💀 | 👍❓ | ... ok | oui c'est | c'est bien la peine | c'est ça oui | ça a bien marché
super et maintenant | oui le matin | oui un peu | oui une fois | oui c'est la panique | c'est bon le wifi
302 | je suis au bureau 12 | oui l'ordinateur de Paul fume
"""


def _cases(block: str) -> list[str]:
    return [case.strip() for line in block.strip().splitlines() for case in line.split("|")]


@pytest.mark.parametrize("text", _cases(YES))
def test_agreement_is_yes(text):
    assert intent(text) == "yes"


@pytest.mark.parametrize("text", _cases(NO))
def test_refusal_is_no(text):
    assert intent(text) == "no"


@pytest.mark.parametrize("text", _cases(MODIFY))
def test_a_wish_to_change_is_modify(text):
    assert intent(text) == "modify"


@pytest.mark.parametrize("text", _cases(AMBIGUOUS))
def test_doubt_thanks_and_content_are_ambiguous(text):
    assert intent(text) == "ambiguous"


def test_no_yes_of_the_written_replies_is_wrong():
    assert [reply["text"] for reply in REPLIES if intent(reply["text"]) == "yes" and reply["label"] != "yes"] == []


def test_the_written_replies_are_understood():
    wrong = [reply for reply in REPLIES if intent(reply["text"]) != reply["label"]]
    assert len(wrong) <= len(REPLIES) * 3 // 100, wrong


def test_a_phrase_of_the_lexicon_has_one_role():
    """Otherwise the order of the roles decides, and an addition to one list may do nothing."""
    raw = tomllib.loads((Path(data.__file__).parent / "lexicon" / "intent.toml").read_text("utf-8"))
    roles: dict[str, set[str]] = {}
    for role in ROLES:
        for phrase in raw[role]:
            for spelt in alternatives(phrase):
                roles.setdefault(" ".join(spelt.split()), set()).add(role)
    assert {phrase: found for phrase, found in roles.items() if len(found) > 1} == {}


@given(st.text(max_size=120))
def test_any_text_has_an_intent(text):
    assert intent(text) in ("yes", "no", "modify", "ambiguous")


@given(st.sampled_from(_cases(YES)), st.sampled_from(["imprimante", "bureau 302", "écran noir", "souris", "en panne"]))
def test_agreement_with_anything_else_in_it_is_never_yes(agreement, content):
    assert intent(f"{agreement} {content}") != "yes"


@given(st.sampled_from(_cases(YES)), st.text("abcdefghijklmnopqrstuvwxyz ", min_size=90, max_size=5000))
def test_a_long_reply_is_never_yes(agreement, rest):
    assert intent(f"{agreement} {rest}x") != "yes"


@pytest.mark.parametrize("text", ["", "\x00", "\ud800", "👍" * 50_000, "oui " * 25_000, "pas " * 25_000])
def test_extreme_replies_do_not_raise(text):
    assert intent(text) in ("yes", "no", "modify", "ambiguous")

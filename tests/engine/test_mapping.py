"""Reads engine/mapping.py: which category of GLPI each of ours is, and what is never guessed."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from data.categories import SHIPPED, load_categories
from data.database import open_database
from data.records import Category, MirroredCategory
from data.store import Store
from engine.mapping import (
    REQUEST_LEAVES,
    Certainty,
    Proposal,
    likeness,
    propose,
    refresh_categories,
    rewritten,
    unmapped,
    words_of,
)
from engine.translate import ticket_type
from glpi.legacy import LegacyClient
from glpi.models import INCIDENT, REQUEST, GlpiCategory
from glpi.simulator import Simulator
from tests.data.samples import make_session, make_ticket

HARDWARE = Category("04-hardware", "Matériel", None)
PRINTER = Category("04-04-printer", "Problème imprimante", "04-hardware")
OURS = (HARDWARE, PRINTER)


def theirs(*names: str) -> tuple[GlpiCategory, ...]:
    """A tree from complete names (``A > B``), parents first; ids from 1."""
    ids: dict[str, int] = {}
    found = []
    for number, complete in enumerate(names, start=1):
        ids[complete] = number
        above, _, name = complete.rpartition(" > ")
        found.append(GlpiCategory(number, name, complete, ids.get(above, 0)))
    return tuple(found)


def printer(*names: str, ours: tuple[Category, ...] = OURS) -> Proposal:
    """What is proposed for the printer's leaf."""
    return next(found for found in propose(ours, theirs(*names)) if found.code == PRINTER.code)


@pytest.mark.parametrize(
    ("ours", "other"),
    [
        ("Problème imprimante", "IMPRIMANTES"),
        ("Accès et authentification", "Authentification, accès"),
        ("E-mails non reçus", "Emails non reçus"),
        ("Problème Wi-Fi", "WIFI"),
        ("Droits sur un dossier", "Dossiers (droits)"),
        ("Mot de passe oublié", "mots de passe oubliés"),
        ("Réseau", "Réseaux"),
    ],
)
def test_names_are_alike_whatever_case_accents_plural_and_order(ours: str, other: str) -> None:
    assert likeness(ours, other) == 1.0


@pytest.mark.parametrize(
    ("ours", "other"),
    [("E-mails non reçus", "E-mails reçus"), ("Internet lent", "PC lent"), ("Réseau", "???"), ("", "Réseau")],
)
def test_a_word_less_is_not_the_same(ours: str, other: str) -> None:
    assert likeness(ours, other) < 1.0


def test_a_weak_word_counts_where_it_is_all_there_is() -> None:
    assert words_of("Les incidents") == ("incident",)


def test_the_parent_narrows_its_children() -> None:
    found = printer("Matériel", "Matériel > Imprimante", "Siège", "Siège > Imprimante")
    assert (found.certainty, found.chosen and found.chosen.id) == (Certainty.CLEAR, 2)


def test_the_same_name_elsewhere_is_only_probable() -> None:
    found = printer("Matériel", "Siège", "Siège > Imprimante")
    assert (found.certainty, found.chosen) == (Certainty.PROBABLE, None)
    assert [one.id for one in found.candidates] == [3]


def test_several_equally_good_are_shown_and_not_chosen() -> None:
    found = printer("Matériel", "Matériel > Imprimante", "Matériel > Imprimantes")
    assert (found.certainty, found.chosen, len(found.candidates)) == (Certainty.AMBIGUOUS, None, 2)


def test_without_a_mapped_parent_the_whole_tree_must_agree() -> None:
    assert printer("Bureautique", "Bureautique > Imprimante").certainty is Certainty.CLEAR
    assert printer("A", "A > Imprimante", "B", "B > Imprimante").certainty is Certainty.AMBIGUOUS


def test_a_team_is_looked_for_high_in_the_tree() -> None:
    network = Category("03-network", "Réseau", None)
    (found,) = propose((network,), theirs("Sécurité", "Sécurité > Réseau", "Réseau"))
    assert found.chosen is not None
    assert found.chosen.id == 3


def test_nothing_alike_is_nothing() -> None:
    found = printer("Véhicules")
    assert (found.certainty, found.candidates) == (Certainty.NONE, ())


def test_our_own_code_in_glpi_wins_over_every_name() -> None:
    tree = theirs("Matériel", "Matériel > Imprimante", "Divers")
    coded = (*tree[:2], replace(tree[2], code="04-04-PRINTER"))
    found = propose(OURS, coded)[1]
    assert (found.certainty, found.chosen and found.chosen.id) == (Certainty.CODE, 3)


def test_a_mapping_that_is_there_stays_whatever_the_names() -> None:
    ours = (HARDWARE, replace(PRINTER, glpi_id=1))
    found = printer("Véhicules", "Imprimante", ours=ours)
    assert (found.certainty, found.chosen and found.chosen.id, found.gone) == (Certainty.KEPT, 1, None)


def test_a_mapping_to_what_is_gone_is_said_and_proposed_anew() -> None:
    ours = (HARDWARE, replace(PRINTER, glpi_id=99))
    found = printer("Matériel", "Matériel > Imprimante", ours=ours)
    assert (found.gone, found.certainty, found.chosen and found.chosen.id) == (99, Certainty.CLEAR, 2)


def test_two_of_ours_with_one_match_are_left_to_a_person() -> None:
    twins = (Category("a", "Écran", None), Category("b", "Problème écran", None))
    assert {found.certainty for found in propose(twins, theirs("Écrans"))} == {Certainty.PROBABLE}


def test_a_loop_in_their_tree_ends() -> None:
    looped = (GlpiCategory(1, "Matériel", "Matériel", 2), GlpiCategory(2, "Imprimante", "Imprimante", 1))
    assert [found.certainty for found in propose(OURS, looped)] == [Certainty.CLEAR, Certainty.CLEAR]


def test_what_does_not_fit_is_remarked() -> None:
    rights = Category("07-03-rights", "Droits sur un dossier", None)
    flags: dict[str, Any] = {"is_visible": False, "is_request": False, "is_incident": False}
    (asked,) = propose((rights,), (replace(theirs("Droits sur un dossier")[0], **flags),))
    assert asked.remarks == ("hidden", "no_request")
    (broken,) = propose((replace(rights, code="x"),), (replace(theirs("Droits sur un dossier")[0], **flags),))
    assert broken.remarks == ("hidden", "no_incident")


def test_request_leaves_are_those_that_become_requests() -> None:
    leaves = [node for node in load_categories() if node.parent]
    tickets = {node.code: make_ticket(make_session(), category=node.parent, subcategory=node.code) for node in leaves}
    kinds = {code: ticket_type(ticket) for code, ticket in tickets.items()}
    assert set(kinds.values()) == {INCIDENT, REQUEST}
    assert {code for code, kind in kinds.items() if kind == REQUEST} == REQUEST_LEAVES


def test_a_leaf_is_mapped_by_its_parent() -> None:
    assert unmapped(OURS) == OURS
    assert unmapped((replace(HARDWARE, glpi_id=4), PRINTER)) == ()
    assert unmapped((HARDWARE, replace(PRINTER, glpi_id=5))) == (HARDWARE,)
    assert unmapped((replace(HARDWARE, active=False),)) == ()


# --- the site's file -------------------------------------------------------------------------------------------------


def test_every_shipped_category_gets_its_number_and_nothing_else_changes(tmp_path: Path) -> None:
    before = load_categories()
    text = SHIPPED.read_text("utf-8")
    wanted = {node.code: number for number, node in enumerate(before, start=100)}
    changed = rewritten(text, wanted)
    (tmp_path / "categories.toml").write_text(changed, "utf-8")
    after = load_categories(tmp_path / "categories.toml")
    assert after == tuple(replace(node, glpi_id=wanted[node.code]) for node in before)
    kept = [line for line in changed.splitlines() if not line.startswith("glpi_id")]
    assert kept == text.splitlines()
    assert rewritten(changed, wanted) == changed


def test_comments_order_and_odd_spelling_are_kept() -> None:
    text = (
        "# ours\r\n[[category]] # first\r\n  code = '04-hardware'\r\nname=\"Matos\"\r\n"
        "glpi_id   =  7   # ask Paul\r\n\r\n[[ category ]]\r\nname = \"Imprimante\"\r\ncode = \"04-04-printer\""
    )  # fmt: skip
    changed = rewritten(text, {"04-hardware": 12, "04-04-printer": 13, "unknown": 1})
    assert changed == text.replace("=  7 ", "=  12 ") + "\r\nglpi_id = 13\r\n"
    assert [entry["glpi_id"] for entry in tomllib.loads(changed)["category"]] == [12, 13]


def test_a_file_without_tables_stays_as_it_is() -> None:
    assert rewritten("# rien\n", {"04-hardware": 12}) == "# rien\n"
    assert rewritten("", {"04-hardware": 12}) == ""


async def test_the_tree_of_glpi_is_kept_here(tmp_path: Path) -> None:
    db = open_database(tmp_path / "db" / "guichet.db")
    store = Store(db, now=lambda: datetime.now(UTC))
    with Simulator() as glpi:
        client = LegacyClient(glpi.url, glpi.app_token, glpi.user_token)
        found = await refresh_categories(store, client)
        await client.aclose()
    kept = store.glpi_categories()
    assert {one.completename for one in kept} == {one.completename for one in found}
    assert "Matériel > Imprimante" in {one.completename for one in kept}
    assert all(isinstance(one, MirroredCategory) for one in kept)
    db.close()

"""GLPI's people and categories: kept, found by three letters, forgotten."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database

from data.folding import fold
from data.records import MirroredCategory, Person
from data.store import Store
from tests.data.samples import START

ELOISE = Person("Éloïse Lefèvre", 3, "elefevre", ("eloise.lefevre@example.org", "el@example.net"))
JEAN = Person("Jean-Luc O'Brien", 4, "jlobrien", ("jl.obrien@example.org",))


def person(glpi_id: int, **changes: Any) -> Person:
    return replace(Person(f"Personne {glpi_id}", glpi_id, f"p{glpi_id}", (f"p{glpi_id}@example.org",)), **changes)


def names(found: list[Person]) -> list[str]:
    return [one.name for one in found]


@pytest.fixture
def people(store: Store) -> Store:
    """A store with two people."""
    store.save_users([ELOISE, JEAN], START)
    return store


# --- keeping


def test_people_come_back_as_they_were_saved(people: Store) -> None:
    assert people.count_users() == 2
    assert people.person_by_glpi_id(3) == ELOISE
    assert people.person_by_email(" EL@example.NET ") == ELOISE
    assert people.person_by_glpi_id(9) is None and people.person_by_email("nobody@example.org") is None


def test_saving_again_replaces_name_login_and_addresses(people: Store) -> None:
    married = Person("Éloïse Martin", 3, "emartin", ("e.martin@example.org", "el@example.net"), is_active=False)
    people.save_users([married], START)
    assert people.person_by_glpi_id(3) == married
    assert people.person_by_email("eloise.lefevre@example.org") is None
    assert people.count_users() == 2


def test_another_default_address_comes_first(people: Store) -> None:
    turned = replace(ELOISE, emails=ELOISE.emails[::-1])
    people.save_users([turned], START)
    assert people.person_by_glpi_id(3) == turned


def test_a_badge_is_never_touched(people: Store, db: Database) -> None:
    db.execute("UPDATE users SET badge = '0417' WHERE glpi_id = 3")
    people.save_users([replace(ELOISE, badge="9999")], START)
    assert people.person_by_glpi_id(3) == replace(ELOISE, badge="0417")


def test_who_was_entered_here_for_a_badge_becomes_that_person(store: Store, db: Database) -> None:
    db.execute("INSERT INTO users (id, name, badge) VALUES (1, 'E. Lefevre', '0417')")
    db.execute("INSERT INTO user_emails VALUES ('EL@example.net', 1, 1)")
    store.save_users([ELOISE], START)
    assert store.count_users() == 1
    assert store.person_by_glpi_id(3) == replace(ELOISE, badge="0417")


def test_an_address_moves(people: Store) -> None:
    people.save_users([replace(JEAN, emails=(*JEAN.emails, "EL@example.net"))], START)
    assert people.person_by_email("el@example.net") == replace(JEAN, emails=(*JEAN.emails, "EL@example.net"))
    assert people.person_by_glpi_id(3) == replace(ELOISE, emails=ELOISE.emails[:1])
    assert names(people.find_people("el@example.net")) == [JEAN.name]


def test_an_address_does_not_move_to_who_left(people: Store) -> None:
    people.save_users([person(9, emails=JEAN.emails, is_active=False)], START)
    assert people.person_by_email(JEAN.emails[0]) == JEAN


def test_without_glpis_id_nobody_is_saved(store: Store) -> None:
    with pytest.raises(ValueError, match="GLPI"):
        store.save_users([JEAN, Person("Inconnu")], START)
    assert store.count_users() == 0


def test_who_was_not_seen_is_forgotten(people: Store, db: Database) -> None:
    later = START + timedelta(days=1)
    db.execute("INSERT INTO users (id, name, badge) VALUES (90, 'Accueil', '0001')")
    people.save_users([person(5), person(6)], START)
    db.execute("UPDATE users SET badge = '0417' WHERE glpi_id = 5")
    people.save_users([JEAN], later)
    assert people.drop_users_not_seen(later) == 3
    assert people.person_by_glpi_id(3) is None and people.person_by_email("el@example.net") is None
    assert people.person_by_glpi_id(4) == JEAN
    assert people.person_by_glpi_id(5) == person(5, badge="0417", is_active=False)
    assert people.count_users() == 3
    assert people.drop_users_not_seen(later) == 0


# --- searching


@pytest.mark.parametrize(
    "letters",
    [
        "elo",
        "ÉLO",
        "lefè",
        "LEFE",
        "  lefe  elo ",
        "elefev",
        "eloise.lef",
        "eloise.lefevre@EXAMPLE.org",
        "el@example",
        "elo le",
    ],
)
def test_a_person_is_found_by_the_beginning_of_words(people: Store, letters: str) -> None:
    assert people.find_people(letters) == [ELOISE]


@pytest.mark.parametrize(
    "letters", ["", "el", "e l", "efe", "exa", "org", "elo jea", "%%%", "___", "@", "@example", "x" * 500, "\0\0\0"]
)
def test_nobody_is_found_otherwise(people: Store, letters: str) -> None:
    assert people.find_people(letters) == []


@pytest.mark.parametrize("letters", ["jean-luc", "luc", "O'Brien", "brien", "jlob", "jl.o"])
def test_a_name_may_have_hyphens_and_apostrophes(people: Store, letters: str) -> None:
    assert people.find_people(letters) == [JEAN]


def test_people_are_found_in_the_order_of_their_names(store: Store) -> None:
    found = ["Zoé Marchand", "Émile Martin", "Eve Martin", "Ana Marten"]
    store.save_users([person(index, name=name) for index, name in enumerate(found, start=1)], START)
    store.save_users([person(9, name="Bob Martin", is_active=False)], START)
    assert names(store.find_people("mar")) == ["Ana Marten", "Émile Martin", "Eve Martin", "Zoé Marchand"]
    assert names(store.find_people("mar", limit=2)) == ["Ana Marten", "Émile Martin"]


def test_who_becomes_inactive_is_found_no_more(people: Store) -> None:
    people.save_users([replace(ELOISE, is_active=False)], START)
    assert people.find_people("elo") == []


def test_a_search_reads_its_index_only(people: Store, db: Database) -> None:
    ran: list[str] = []
    db.conn.set_trace_callback(ran.append)
    people.find_people("mar tin")
    db.conn.set_trace_callback(None)
    (sql,) = [one for one in ran if "users_searched" in one]
    assert [step for *_, step in db.execute(f"EXPLAIN QUERY PLAN {sql}").fetchall()] == [
        "SCAN users USING COVERING INDEX users_searched"
    ]


def test_letters_are_compared_as_people_type_them() -> None:
    assert fold("ÇŒUR Straße Ærø ﬁn İstanbul") == "coeur strasse aero fin istanbul"


# --- categories


def test_the_tree_of_glpi_is_replaced(store: Store) -> None:
    printer = MirroredCategory(7, "Imprimante", "Matériel > Imprimante", 2, True, False, None)
    parent = MirroredCategory(2, "Matériel", "Matériel")
    store.save_glpi_categories([printer, parent])
    assert store.glpi_categories() == [parent, printer]
    store.save_glpi_categories([parent])
    assert store.glpi_categories() == [parent]


# --- erasing


def test_nothing_remains_of_an_erased_person(people: Store, path: Path) -> None:
    people.save_users([person(index) for index in range(10, 60)], START)
    people.save_users([replace(ELOISE, name="Éloïse Lefèvre-Durand")], START)
    traces = [text.encode() for text in ("Lefèvre", "lefevre", "Éloïse", "eloise", "el@example.net")]

    def remains() -> list[bytes]:
        contents = [file.read_bytes() for file in path.parent.iterdir()]
        return [trace for trace in traces if any(trace in content for content in contents)]

    assert remains() == traces
    assert people.erase_people(["EL@example.net", "nobody@example.org"]) == 1
    assert remains() == []
    assert people.count_users() == 51 and people.person_by_glpi_id(4) == JEAN

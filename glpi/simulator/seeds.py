"""Who and what the simulated GLPI knows from the start: invented people, and a small category tree."""

from __future__ import annotations

from dataclasses import dataclass

SERVICE_ACCOUNT, TECHNICIAN = 7, 10
"""Ids of the account whose token the client has, and of the technician who takes tickets."""

GROUPS = {1: "Support N1", 2: "Service comptabilité"}
ENTITIES = {0: "Entité racine", 1: "Entité racine > Site de Lyon"}


@dataclass(frozen=True)
class Person:
    """A user of GLPI."""

    id: int
    login: str
    realname: str
    firstname: str
    emails: tuple[str, ...] = ()
    """The first is the default one."""


PEOPLE = (
    Person(2, "glpi", "", "", ("glpi@exemple.fr",)),
    Person(SERVICE_ACCOUNT, "svc-borne", "Borne", "Service"),
    Person(8, "mdupont", "Dupont", "Marie", ("marie.dupont@exemple.fr", "m.dupont@exemple.org")),
    Person(9, "jmartin", "Martin", "Jean", ("jean.martin@exemple.fr",)),
    Person(TECHNICIAN, "abernard", "Bernard", "Alice", ("alice.bernard@exemple.fr",)),
    Person(11, "lgarcon", "Garçon", "Loïc", ("loic.garcon@exemple.fr",)),
    Person(12, "sansmail", "Sansmail", "Hugo"),
)

CATEGORIES = (
    (1, "Accès et authentification"),
    (2, "Accès et authentification > Mot de passe oublié"),
    (3, "Accès et authentification > Compte bloqué"),
    (4, "Matériel"),
    (5, "Matériel > Imprimante"),
    (6, "Réseau"),
    (7, "Réseau > Wi-Fi"),
)
"""(id, complete name) of a tree for those who bring none."""

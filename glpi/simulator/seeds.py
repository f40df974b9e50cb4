"""Who and what the simulated GLPI knows from the start: invented people, and a small category tree."""

from __future__ import annotations

from dataclasses import dataclass

from glpi.simulator.profiles import KIOSK, SELF_SERVICE, SUPER_ADMIN, TECHNICIAN_PROFILE

SERVICE_ACCOUNT, TECHNICIAN = 7, 10
"""Ids of the account whose token the client has, and of the technician who takes tickets."""
ADMINISTRATOR, REQUESTER_ACCOUNT = 2, 8
"""Ids of the Super-Admin, and of somebody of the company."""

GROUPS = {1: "Support N1", 2: "Service comptabilité"}
ENTITIES = {0: "Entité racine", 1: "Entité racine > Site de Lyon"}
LOCATIONS = {1: "Bâtiment A"}
REQUEST_TYPES = {1: "Helpdesk", 2: "E-Mail", 3: "Phone", 4: "Direct", 5: "Written", 6: "Other"}


@dataclass(frozen=True)
class Person:
    """A user of GLPI."""

    id: int
    login: str
    realname: str
    firstname: str
    emails: tuple[str, ...] = ()
    """The first is the default one."""
    profiles: tuple[int, ...] = (SELF_SERVICE,)
    """Profiles in the order GLPI lists them; the first is the default one."""
    groups: tuple[int, ...] = ()


PEOPLE = (
    Person(2, "glpi", "", "", ("glpi@exemple.fr",), (SUPER_ADMIN,)),
    Person(SERVICE_ACCOUNT, "svc-borne", "Borne", "Service", (), (KIOSK, TECHNICIAN_PROFILE)),
    Person(8, "mdupont", "Dupont", "Marie", ("marie.dupont@exemple.fr", "m.dupont@exemple.org"), groups=(2,)),
    Person(9, "jmartin", "Martin", "Jean", ("jean.martin@exemple.fr",)),
    Person(TECHNICIAN, "abernard", "Bernard", "Alice", ("alice.bernard@exemple.fr",), (TECHNICIAN_PROFILE,), (1,)),
    Person(11, "lgarcon", "Garçon", "Loïc", ("loic.garcon@exemple.fr",)),
    Person(12, "sansmail", "Sansmail", "Paul"),
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

"""Who may do what in the simulated GLPI: profiles with GLPI's own bits, and the accounts that have them.

Source: the default profiles of 10.0.19 and 11.0.6, of which ``Borne`` is Technician plus reading of the trees.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from glpi.simulator.reference import reference
from glpi.simulator.switches import Switches

READ, UPDATE, CREATE, DELETE, PURGE = 1, 2, 4, 8, 16
"""Bits of every right; on tickets READ means one's own."""
READ_ALL, CHANGE_PRIORITY, SURVEY = 1024, 65_536, 131_072
"""Further bits of the right on tickets."""
ADD_ALL, SEE_PRIVATE = 4096, 8192
"""Further bits of the rights on follow-ups and tasks."""

SELF_SERVICE, SUPER_ADMIN, TECHNICIAN_PROFILE, KIOSK = 1, 4, 6, 9

_TECHNICIAN = {"group": 1, "user": 1055, "document": 127, "entity": 33, "knowbase": 14_359}
_TREES = {"itilcategory": 1, "location": 1}
_ADMIN = {"group": 119, "user": 7327, "document": 255, "entity": 3327, "knowbase": 15_383}
_ADMIN_TREES = {"itilcategory": 23, "location": 23, "profile": 23, "config": 3}


@dataclass(frozen=True)
class Profile:
    """A profile and its rights by GLPI's names."""

    id: int
    name: str
    interface: str
    rights: Mapping[str, int]

    def may(self, right: str, bit: int) -> bool:
        """Whether one of these bits is set."""
        return bool(self.rights.get(right, 0) & bit)

    @property
    def is_central(self) -> bool:
        """The standard interface, as against the simplified one of a requester."""
        return self.interface == "central"

    def shown(self, version: int) -> dict[str, Any]:
        """As ``getActiveProfile`` answers it."""
        own = {"id": self.id, "name": self.name, "interface": self.interface, "is_default": int(not self.is_central)}
        entities = [{"id": 0, "name": "Entité racine", "is_recursive": 1}]
        base = reference(version)["profile"] if not self.is_central else {**reference(version)["profile"], **_zero()}
        return {**own, **base, **self.rights, "entities": entities}


def _zero() -> dict[str, int]:
    return dict.fromkeys(("itilcategory", "location", "config", "profile"), 0)


def profiles(version: int, switches: Switches) -> dict[int, Profile]:
    """Every profile by its id, as the switches leave them."""
    ticket, followup = (166_919, 13_319) if version < 11 else (429_063, 64_535)
    admin_ticket, admin_followup = (261_151, 31_767) if version < 11 else (523_295, 64_535)
    technician = {"ticket": ticket, "followup": followup, "task": followup, **_TECHNICIAN}
    admin = {"ticket": admin_ticket, "followup": admin_followup, "task": admin_followup, **_ADMIN, **_ADMIN_TREES}
    found = (
        Profile(SELF_SERVICE, "Self-Service", "helpdesk", {"ticket": 5, "followup": 5, "task": 1}),
        Profile(SUPER_ADMIN, "Super-Admin", "central", admin),
        Profile(TECHNICIAN_PROFILE, "Technician", "central", technician),
        Profile(KIOSK, "Borne", "central", _kiosk({**technician, **_TREES}, switches)),
    )
    return {profile.id: profile for profile in found}


def _kiosk(rights: dict[str, int], switches: Switches) -> dict[str, int]:
    if switches.delete_right:
        rights["ticket"] |= DELETE
    if not switches.create_right:
        rights["ticket"] &= ~CREATE
    if not switches.search_right:
        rights["user"] = 0
    if not switches.category_right:
        rights["itilcategory"] = 0
    if not switches.private_right:
        rights["followup"] &= ~SEE_PRIVATE
    if switches.priority_right:
        rights["ticket"] |= CHANGE_PRIORITY
    return rights

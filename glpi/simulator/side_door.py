"""What a test or a demonstration does in the simulated GLPI without HTTP: look, and act as somebody else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from glpi.simulator.actors import ASSIGNED, REQUESTER
from glpi.simulator.seeds import SERVICE_ACCOUNT, TECHNICIAN
from glpi.simulator.storage import Row, Storage
from glpi.simulator.switches import Rule, Switches
from glpi.simulator.world import World


class SideDoor(Switches):
    """The world of a simulator, to be looked at and changed from Python, between requests or during one."""

    def __init__(
        self,
        storage: Storage,
        *,
        version: int,
        zone: str,
        now: Callable[[], datetime],
        categories: Sequence[tuple[int, str]],
    ) -> None:
        """As ``Simulator``."""
        super().__init__()
        self._storage = storage
        self._world = World(storage, switches=self, version=version, zone=zone, now=now, categories=categories)

    # --- looking --------------------------------------------------------------------------------------------------

    @property
    def tickets(self) -> dict[int, Row]:
        """Every ticket by its id as it stands now, trashed ones included; copies."""
        return self._rows("Ticket")

    @property
    def followups(self) -> dict[int, Row]:
        """Every follow-up by its id; copies."""
        return self._rows("ITILFollowup")

    @property
    def users(self) -> dict[int, Row]:
        """Every user by its id; copies."""
        return self._rows("User")

    @property
    def solutions(self) -> dict[int, Row]:
        """Every solution by its id; copies."""
        return self._rows("ITILSolution")

    def requesters(self, ticket_id: int) -> list[tuple[int, str]]:
        """(user id, e-mail) of a ticket's requesters."""
        with self._storage.transaction():
            rows = self._storage.where("Ticket_User", "tickets_id", ticket_id)
            return [(row["users_id"], row["alternative_email"]) for row in rows if row["type"] == REQUESTER]

    def assigned_groups(self, ticket_id: int) -> list[int]:
        """Groups that a ticket is assigned to."""
        with self._storage.transaction():
            rows = self._storage.where("Group_Ticket", "tickets_id", ticket_id)
            return [row["groups_id"] for row in rows if row["type"] == ASSIGNED]

    @property
    def links(self) -> list[tuple[int, int, int]]:
        """(ticket, other ticket, kind of link) where tickets were linked; 2 is "duplicates"."""
        rows = self._rows("Ticket_Ticket").values()
        return [(row["tickets_id_1"], row["tickets_id_2"], row["link"]) for row in rows]

    def _rows(self, kind: str) -> dict[int, Row]:
        with self._storage.transaction():
            return {number: dict(row) for number, row in self._storage.rows(kind).items()}

    def put(self, kind: str, row: Row) -> None:
        """A row of a table as it is, without any rule: what an import or an older GLPI left behind."""
        with self._storage.transaction():
            self._storage.put(kind, dict(row))

    def set_next_id(self, kind: str, number: int) -> None:
        """The id that the next row of a table gets."""
        with self._storage.transaction():
            self._storage.remember(f"next:{kind}", number)

    def add_user(
        self, login: str, emails: Sequence[str] = (), *, realname: str = "", firstname: str = "", is_active: bool = True
    ) -> int:
        """A new user; the first address is the default one."""
        with self._storage.transaction():
            return self._world.add_user(login, emails, realname, firstname, is_active=is_active)

    def deactivate_user(self, user_id: int = SERVICE_ACCOUNT, *, is_active: bool = False) -> None:
        """Switch an account off, or on again."""
        with self._storage.transaction():
            self._storage.put("User", {**self._storage.rows("User")[user_id], "is_active": int(is_active)})

    def set_default_profile(self, profile_id: int, user_id: int = SERVICE_ACCOUNT) -> None:
        """The profile that new sessions of a user begin with."""
        self._world.default_profiles[user_id] = profile_id

    def add_category(self, completename: str, **fields: Any) -> int:
        """A new category, ``Réseau > Wi-Fi``; ``is_helpdeskvisible``, ``is_incident``, ``code`` … among ``fields``."""
        with self._storage.transaction():
            return self._world.add_category(completename, **fields)

    def change_category(self, number: int, **fields: Any) -> None:
        """Rename or hide a category, or move it."""
        with self._storage.transaction():
            self._storage.put("ITILCategory", {**self._storage.rows("ITILCategory")[number], **fields})

    def add_rule(self, when: dict[str, object], then: dict[str, object], *, on_update: bool = False) -> None:
        """A business rule: see ``switches.Rule``."""
        self.rules.append(Rule(when, then, on_update))

    def add_ticket(self, author: int = TECHNICIAN, **fields: Any) -> int:
        """A ticket that somebody else opened."""
        with self._storage.transaction():
            return self._world.create_ticket(fields, author)

    def change(self, ticket_id: int, **fields: Any) -> None:
        """What a technician changes in GLPI's own interface."""
        with self._storage.transaction():
            self._world.update_ticket(ticket_id, fields, TECHNICIAN)

    def replace_requester(self, ticket_id: int, user_id: int) -> None:
        """What a business rule does that sets the requester."""
        with self._storage.transaction():
            for row in self._storage.where("Ticket_User", "tickets_id", ticket_id):
                if row["type"] == REQUESTER:
                    self._storage.remove("Ticket_User", row["id"])
            self._world.actors.add({"tickets_id": ticket_id, "users_id": user_id, "type": REQUESTER})

    def take(self, ticket_id: int, user_id: int = TECHNICIAN) -> None:
        """A technician takes a ticket."""
        with self._storage.transaction():
            self._world.actors.add({"tickets_id": ticket_id, "users_id": user_id, "type": ASSIGNED})

    def dispatch(self, ticket_id: int, group_id: int = 1) -> None:
        """A rule of GLPI gives a ticket to a group."""
        with self._storage.transaction():
            self._world.actors.add_group({"tickets_id": ticket_id, "groups_id": group_id, "type": ASSIGNED})

    def solve(self, ticket_id: int, content: str | None = None) -> None:
        """A technician solves a ticket: with a solution (HTML), or by its status only."""
        if content is None:
            self.change(ticket_id, status=5)
            return
        given = {"itemtype": "Ticket", "items_id": ticket_id, "content": content}
        with self._storage.transaction():
            self._world.timeline.add_solution(given, TECHNICIAN)

    def add_followup(self, ticket_id: int, content: str, *, is_private: bool = False) -> int:
        """A technician's follow-up (HTML)."""
        given = {"itemtype": "Ticket", "items_id": ticket_id, "content": content, "is_private": int(is_private)}
        with self._storage.transaction():
            return self._world.add_followup(given, TECHNICIAN)

    def trash(self, ticket_id: int) -> None:
        """Put a ticket into the trash."""
        with self._storage.transaction():
            self._world.trash_ticket(ticket_id, TECHNICIAN)

    def purge(self, ticket_id: int) -> None:
        """Remove a ticket for good."""
        with self._storage.transaction():
            self._world.purge_ticket(ticket_id)

    def hide(self, ticket_id: int) -> None:
        """Move a ticket to where the account cannot see it."""
        self._world.hidden.add(ticket_id)

    def show(self, ticket_id: int) -> None:
        """Move a hidden ticket back into sight."""
        self._world.hidden.discard(ticket_id)

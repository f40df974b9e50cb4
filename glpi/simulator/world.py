"""What the simulated GLPI knows and does, without HTTP: clock, people, trees, and the tickets among them.

Times are GLPI's: naive, whole seconds, in the server's zone. Every method runs within ``storage.transaction``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from glpi.simulator.actors import REQUESTER, Actors
from glpi.simulator.documents import Documents
from glpi.simulator.profiles import READ_ALL, SEE_PRIVATE, Profile, profiles
from glpi.simulator.rows import category_row, group_row, location_row, user_row
from glpi.simulator.sanitizer import kept
from glpi.simulator.seeds import GROUPS, LOCATIONS, PEOPLE, SERVICE_ACCOUNT
from glpi.simulator.sessions import Caller
from glpi.simulator.storage import Row, Storage
from glpi.simulator.switches import Switches
from glpi.simulator.tickets import Tickets
from glpi.simulator.timeline import Timeline


class World:
    """Tickets, people and categories of one simulated GLPI."""

    def __init__(
        self,
        storage: Storage,
        *,
        switches: Switches,
        version: int,
        zone: str,
        now: Callable[[], datetime],
        categories: Sequence[tuple[int, str]],
    ) -> None:
        """``now``: aware clock; ``categories``: (id, complete name), replacing those of an earlier run."""
        self.storage, self.version, self.switches, self._now = storage, version, switches, now
        self.zone = _zone(zone)
        self.actors, self.tickets, self.timeline = Actors(self), Tickets(self), Timeline(self)
        self.documents = Documents(self)
        self.hidden: set[int] = set()
        """Tickets in an entity that the account cannot see."""
        self.default_profiles: dict[int, int] = {}
        """User id to the profile of a new session, where it is not the first of the person's."""
        with storage.transaction():
            self._seed(categories)

    def _seed(self, categories: Sequence[tuple[int, str]]) -> None:
        at = self.local_now()
        if not self.storage.rows("User"):
            for person in PEOPLE:
                self.storage.put("User", user_row(person.id, person.login, person.realname, person.firstname))
                self._add_emails(person.id, person.emails)
            self.storage.remember("next:User", 13)
        if not self.storage.rows("Group"):
            for number, name in GROUPS.items():
                self.storage.put("Group", group_row(number, name, at, self.version, is_assign=number == 1))
            for number, name in LOCATIONS.items():
                self.storage.put("Location", location_row(number, name, [], at, self.version))
            self.storage.remember("next:Location", len(LOCATIONS) + 1)
        for number in set(self.storage.rows("ITILCategory")) - {number for number, _ in categories}:
            self.storage.remove("ITILCategory", number)
        for number, name in categories:
            self.storage.put("ITILCategory", category_row(number, name, categories, at))

    # --- clock and texts ----------------------------------------------------------------------------------------

    def utc_now(self) -> datetime:
        """The clock."""
        return self._now().astimezone(UTC)

    def local_now(self) -> str:
        """The clock as GLPI writes it."""
        return self.local(self._now())

    def local(self, at: datetime) -> str:
        """An instant as GLPI writes it."""
        return at.astimezone(self.zone).strftime("%Y-%m-%d %H:%M:%S")

    def as_utc(self, local: str) -> datetime:
        """The instant of one of GLPI's dates."""
        return datetime.fromisoformat(local).replace(tzinfo=self.zone).astimezone(UTC)

    def text(self, value: Any) -> str:
        """What is stored of a text."""
        text = str(value or "").replace("\r\n", "\n")
        return kept(text) if self.version < 11 else text

    def priority(self, urgency: int, impact: int) -> int:
        """What the matrix says, 1 to 5 both."""
        return self.switches.priority_matrix[urgency - 1][impact - 1]

    # --- people -------------------------------------------------------------------------------------------------

    def add_user(self, login: str, emails: Sequence[str], realname: str, firstname: str, *, is_active: bool) -> int:
        """A new user and their addresses, the default one first."""
        row = user_row(0, login, realname, firstname, is_active=is_active)
        del row["id"]
        number = self.storage.add("User", row)
        self._add_emails(number, emails)
        return number

    def _add_emails(self, user_id: int, emails: Sequence[str]) -> None:
        for position, email in enumerate(emails):
            row = {"users_id": user_id, "is_default": int(position == 0), "is_dynamic": 0, "email": email}
            self.storage.add("UserEmail", row)

    def profiles_of(self, user_id: int) -> list[Profile]:
        """The profiles a user has, the default one first."""
        known = profiles(self.version, self.switches)
        owned = next((person.profiles for person in PEOPLE if person.id == user_id), PEOPLE[2].profiles)
        default = self.default_profiles.get(user_id, owned[0])
        return [known[number] for number in sorted(owned, key=lambda number: number != default)]

    def sees_ticket(self, caller: Caller, row: Row) -> bool:
        """Whether a caller may read a ticket."""
        if row["id"] in self.hidden or row["entities_id"] not in caller.entities:
            return False
        if caller.profile.may("ticket", READ_ALL) or row["users_id_recipient"] == caller.user_id:
            return True
        actors = self.storage.where("Ticket_User", "tickets_id", row["id"])
        wanted = None if caller.profile.is_central else REQUESTER
        return any(actor["users_id"] == caller.user_id and wanted in (None, actor["type"]) for actor in actors)

    def sees_note(self, caller: Caller, row: Row, right: str = "followup") -> bool:
        """Whether a caller may read a follow-up or a task, its ticket apart."""
        if not row["is_private"] or row["users_id"] == caller.user_id:
            return True
        return caller.profile.may(right, SEE_PRIVATE)

    # --- trees --------------------------------------------------------------------------------------------------

    def add_category(self, name: str, **fields: Any) -> int:
        """A new category by its complete name (``Réseau > Wi-Fi``)."""
        rows = self.storage.rows("ITILCategory")
        number = max(rows, default=0) + 1
        tree = [(row["id"], row["completename"]) for row in rows.values()]
        self.storage.put("ITILCategory", {**category_row(number, name, tree, self.local_now()), **fields})
        return number

    def add_to_tree(self, kind: str, given: Row) -> int:
        """``POST /ITILCategory``, ``/Location`` or ``/Group``: a name below a parent."""
        parents = {"ITILCategory": "itilcategories_id", "Location": "locations_id", "Group": "groups_id"}
        above = self.storage.rows(kind).get(int(given.get(parents[kind]) or 0))
        own = str(given.get("name") or "")
        name = f"{above['completename']} > {own}" if above else own
        if kind == "ITILCategory":
            return self.add_category(name)
        tree = [(row["id"], row["completename"]) for row in self.storage.rows(kind).values()]
        number = int(self.storage.recall(f"next:{kind}") or max(self.storage.rows(kind), default=0) + 1)
        self.storage.remember(f"next:{kind}", number + 1)
        if kind == "Group":
            self.storage.put(kind, group_row(number, name, self.local_now(), self.version))
        else:
            self.storage.put(kind, location_row(number, name, tree, self.local_now(), self.version))
        return number

    # --- tickets ------------------------------------------------------------------------------------------------

    def create_ticket(self, given: Row, author: int = SERVICE_ACCOUNT, *, chooses_priority: bool = False) -> int:
        """A new ticket. Raises Refused."""
        return self.tickets.create(given, author, chooses_priority=chooses_priority)

    def update_ticket(
        self, ticket_id: int, given: Row, author: int = SERVICE_ACCOUNT, *, chooses_priority: bool = False
    ) -> None:
        """Only what really changes moves ``date_mod``. Raises Refused."""
        self.tickets.update(ticket_id, given, author, chooses_priority=chooses_priority)

    def assigned(self, ticket_id: int, *, keeps_status: bool = False) -> None:
        """Somebody is to work on a ticket."""
        self.tickets.assigned(ticket_id, keeps_status=keeps_status)

    def touch(self, ticket_id: int, author: int = SERVICE_ACCOUNT) -> None:
        """Something of a ticket changed: its ``date_mod`` moves."""
        self.tickets.touch(ticket_id, author)

    def trash_ticket(self, ticket_id: int, author: int = SERVICE_ACCOUNT) -> None:
        """Into the trash. Raises Refused."""
        self.tickets.trash(ticket_id, author)

    def purge_ticket(self, ticket_id: int) -> None:
        """Remove a ticket and all that hangs on it."""
        self.tickets.purge(ticket_id)

    def add_followup(self, given: Row, author: int = SERVICE_ACCOUNT) -> int:
        """``POST /ITILFollowup``. Raises Refused."""
        return self.timeline.add_followup(given, author)


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except ZoneInfoNotFoundError:
        # A machine without zone data: Paris in winter, so that local still differs from UTC.
        return timezone(timedelta(hours=1), name)

"""The life of a ticket in the simulated GLPI: created, changed, trashed, purged; what moves its dates.

Times are GLPI's: naive, whole seconds, in the server's zone. Every method runs within ``storage.transaction``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from glpi.simulator.given import Refused, date, integer, level
from glpi.simulator.rows import UNUSED
from glpi.simulator.rules import applied, mandatory_missing
from glpi.simulator.seeds import ENTITIES, SERVICE_ACCOUNT
from glpi.simulator.storage import Row

if TYPE_CHECKING:
    from glpi.simulator.world import World

_INTEGERS = frozenset(
    {
        "entities_id",
        "impact",
        "itilcategories_id",
        "locations_id",
        "priority",
        "requesttypes_id",
        "status",
        "type",
        "urgency",
    }
)
_BELOW = (
    ("Ticket_User", "tickets_id"),
    ("Group_Ticket", "tickets_id"),
    ("ITILFollowup", "items_id"),
    ("ITILSolution", "items_id"),
    ("TicketTask", "tickets_id"),
    ("TicketSatisfaction", "tickets_id"),
    ("Document_Item", "items_id"),
)


class Tickets:
    """The tickets of one world."""

    def __init__(self, world: World) -> None:
        """``world``: clock, people and the rest."""
        self._world, self._storage, self._switches = world, world.storage, world.switches
        self._writable = (*sorted(_INTEGERS), "name", "content", *(("externalid",) if world.version > 10 else ()))

    # --- creation -------------------------------------------------------------------------------------------------

    def create(self, given: Row, author: int, *, chooses_priority: bool = False) -> int:
        """A new ticket. Raises Refused."""
        if author == SERVICE_ACCOUNT and not self._switches.create_right:
            raise Refused(None, "ERROR_RIGHT_MISSING")
        if integer(given.get("entities_id"), 0) not in ENTITIES:
            raise Refused(None, "ERROR_RIGHT_MISSING")
        missing = mandatory_missing(given, self._switches.mandatory_fields)
        if missing:
            raise Refused(missing)
        given = applied(given, self._switches.rules)
        row = self._new(given, author, chooses_priority=chooses_priority)
        requesters = self._world.actors.requesters(given)
        number = self._storage.add("Ticket", row)
        self._world.actors.join(number, requesters, given)
        return number

    def _new(self, given: Row, author: int, *, chooses_priority: bool) -> Row:
        at = self._world.local_now()
        urgency, impact = (level(given.get(name)) for name in ("urgency", "impact"))
        priority = self._world.priority(urgency, impact)
        if chooses_priority and 1 <= integer(given.get("priority"), 0) <= 6:
            priority = integer(given["priority"], priority)
        status = integer(given.get("status"), 1)
        row: Row = {
            "entities_id": integer(given.get("entities_id"), 0),
            "name": self._fitting(self._world.text(given.get("name")).lstrip(), at),
            "date": date(given.get("date"), self._world.zone, self._world.version) or at,
            "closedate": at if status == 6 else None,
            "solvedate": at if status in (5, 6) else None,
            "takeintoaccountdate": None,
            "date_mod": at,
            "users_id_lastupdater": author,
            "status": status,
            "users_id_recipient": author,
            "requesttypes_id": integer(given.get("requesttypes_id"), 1),
            "content": self._world.text(given.get("content")),
            "urgency": urgency,
            "impact": impact,
            "priority": priority,
            "itilcategories_id": integer(given.get("itilcategories_id"), 0),
            "type": integer(given.get("type"), 1),
            **UNUSED,
            "locations_id": integer(given.get("locations_id"), 0),
        }
        if self._world.version < 11:
            return {**row, "validation_percent": 0, "date_creation": at}
        return {**row, "date_creation": at, "tickettemplates_id": 0, "externalid": given.get("externalid")}

    def _fitting(self, title: str, at: str) -> str:
        if self._world.version < 11:
            return title[:255]
        if len(title) > 255:
            raise Refused(
                "MySQL query error: Data too long for column 'name' at row 1 (1406) in SQL query "
                f"\"INSERT INTO `glpi_tickets` (`name`, `date_creation`) VALUES ('{title}', '{at}')\"."
            )
        return title

    # --- change ---------------------------------------------------------------------------------------------------

    def update(self, ticket_id: int, given: Row, author: int, *, chooses_priority: bool = False) -> None:
        """Only what really changes moves ``date_mod``. Raises Refused."""
        row = self._storage.rows("Ticket").get(ticket_id)
        if row is None:
            raise Refused(None)
        given = applied(given, self._switches.rules, row)
        fields: Row = {name: self._value(name, given[name], row) for name in self._writable if name in given}
        if any(fields.get(name, row[name]) != row[name] for name in ("urgency", "impact")):
            urgency, impact = (level(fields.get(name, row[name])) for name in ("urgency", "impact"))
            fields |= {"urgency": urgency, "impact": impact}
            if not (chooses_priority and "priority" in fields):
                fields["priority"] = self._world.priority(urgency, impact)
        self._change(row, {name: value for name, value in fields.items() if row[name] != value}, author)

    def _value(self, name: str, value: Any, row: Row) -> Any:
        if name in _INTEGERS:
            return integer(value, row[name])
        return value if name == "externalid" else self._world.text(value)

    def _change(self, row: Row, changed: Row, author: int) -> None:
        if not changed:
            return
        at = self._world.local_now()
        if "status" in changed:
            changed |= self._status_dates(row, changed["status"], at)
        self._storage.put("Ticket", {**row, **changed, "date_mod": at, "users_id_lastupdater": author})
        if "status" in changed:
            self.noticed(row["id"])
        if changed.get("status") == 6:
            self._world.timeline.close(row["id"])
        elif row["status"] in (5, 6) and changed.get("status") not in (None, 5):
            self._world.timeline.reopen(row["id"])

    def _status_dates(self, row: Row, status: int, at: str) -> Row:
        solved, closed = status in (5, 6), status == 6
        waits = status in (4, 5)
        return {
            "solvedate": (row["solvedate"] or at) if solved else None,
            "closedate": at if closed else None,
            "begin_waiting_date": at if waits else None,
            "solve_delay_stat": self._age_s(row) if solved else 0,
            "close_delay_stat": self._age_s(row) if closed else 0,
        }

    def assigned(self, ticket_id: int, *, keeps_status: bool = False) -> None:
        """Somebody is to work on a ticket."""
        row = self._storage.rows("Ticket")[ticket_id]
        if row["status"] == 1 and not keeps_status:
            self._storage.put("Ticket", {**row, "status": 2})
        self.noticed(ticket_id)

    def noticed(self, ticket_id: int) -> None:
        """Somebody of the support did something about a ticket for the first time."""
        row = self._storage.rows("Ticket")[ticket_id]
        if row["takeintoaccountdate"] is None:
            seen = {
                "takeintoaccountdate": self._world.local_now(),
                "takeintoaccount_delay_stat": max(1, self._age_s(row)),
            }
            self._storage.put("Ticket", {**row, **seen})

    def touch(self, ticket_id: int, author: int) -> None:
        """Something of a ticket changed: its ``date_mod`` moves."""
        row = self._storage.rows("Ticket")[ticket_id]
        self._storage.put("Ticket", {**row, "date_mod": self._world.local_now(), "users_id_lastupdater": author})

    def _age_s(self, row: Row) -> int:
        opened = self._world.as_utc(row["date"])
        return max(0, int((self._world.utc_now() - opened).total_seconds()))

    # --- the end --------------------------------------------------------------------------------------------------

    def trash(self, ticket_id: int, author: int) -> None:
        """Into the trash. Raises Refused."""
        row = self._storage.rows("Ticket").get(ticket_id)
        if row is None:
            raise Refused(None, "ERROR_ITEM_NOT_FOUND")
        at = self._world.local_now()
        # NOTE: 11.0.6 does not record who did it.
        self._storage.put("Ticket", {**row, "is_deleted": 1, "date_mod": at})

    def purge(self, ticket_id: int) -> None:
        """Remove a ticket and all that hangs on it."""
        self._storage.remove("Ticket", ticket_id)
        for kind, column in _BELOW:
            for row in self._storage.where(kind, column, ticket_id):
                self._storage.remove(kind, row["id"])

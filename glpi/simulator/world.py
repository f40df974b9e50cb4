"""What the simulated GLPI does to its tickets: the business rules, without HTTP.

Times are GLPI's: naive, whole seconds, in the server's zone. Every method runs within ``storage.transaction``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from glpi.simulator.actors import Actors
from glpi.simulator.given import Refused, date, integer, level
from glpi.simulator.rows import UNUSED, category_row, user_row
from glpi.simulator.sanitizer import kept
from glpi.simulator.seeds import ENTITIES, PEOPLE, SERVICE_ACCOUNT
from glpi.simulator.storage import Row, Storage
from glpi.simulator.switches import Switches

_MATRIX = ((1, 1, 2, 2, 2), (1, 2, 2, 3, 3), (2, 2, 3, 4, 4), (2, 3, 4, 4, 5), (2, 3, 4, 5, 5))
_INTEGERS = frozenset({"type", "status", "urgency", "impact", "priority", "itilcategories_id", "requesttypes_id"})
_WRITABLE = (*sorted(_INTEGERS), "name", "content")


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
        self.storage, self.version, self._now = storage, version, now
        self._switches = switches
        self.actors = Actors(self)
        self.zone = _zone(zone)
        self.hidden: set[int] = set()
        """Tickets in an entity that the account cannot see."""
        with storage.transaction():
            if not storage.rows("User"):
                for person in PEOPLE:
                    storage.put("User", user_row(person.id, person.login, person.realname, person.firstname))
                    self._add_emails(person.id, person.emails)
                storage.remember("next:User", 13)
            for number in set(storage.rows("ITILCategory")) - {number for number, _ in categories}:
                storage.remove("ITILCategory", number)
            for number, name in categories:
                storage.put("ITILCategory", category_row(number, name, categories, self.local_now()))

    # --- clock --------------------------------------------------------------------------------------------------

    def utc_now(self) -> datetime:
        """The clock."""
        return self._now().astimezone(UTC)

    def local_now(self) -> str:
        """The clock as GLPI writes it."""
        return self._now().astimezone(self.zone).strftime("%Y-%m-%d %H:%M:%S")

    def as_utc(self, local: str) -> datetime:
        """The instant of one of GLPI's dates."""
        return datetime.fromisoformat(local).replace(tzinfo=self.zone).astimezone(UTC)

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

    def add_category(self, name: str) -> int:
        """A new category by its complete name (``Réseau > Wi-Fi``)."""
        rows = self.storage.rows("ITILCategory")
        number = max(rows, default=0) + 1
        tree = [(row["id"], row["completename"]) for row in rows.values()]
        self.storage.put("ITILCategory", category_row(number, name, tree, self.local_now()))
        return number

    # --- tickets ------------------------------------------------------------------------------------------------

    def create_ticket(self, given: Row, author: int = SERVICE_ACCOUNT) -> int:
        """``POST /Ticket``. Raises Refused."""
        entity = integer(given.get("entities_id"), 0)
        if not self._switches.create_right or entity not in ENTITIES:
            raise Refused(None, "ERROR_RIGHT_MISSING")
        row = self._new_ticket(given, author, entity)
        requesters = self.actors.requesters(given)
        number = self.storage.add("Ticket", row)
        self.actors.join(number, requesters, given)
        return number

    def _new_ticket(self, given: Row, author: int, entity: int) -> Row:
        at = self.local_now()
        urgency, impact = (level(given.get(name)) for name in ("urgency", "impact"))
        status = integer(given.get("status"), 1)
        row: Row = {
            "entities_id": entity,
            "name": self._fitting(self._text(given.get("name")).lstrip(), at),
            "date": date(given.get("date"), self.zone, self.version) or at,
            "closedate": at if status == 6 else None,
            "solvedate": at if status in (5, 6) else None,
            "takeintoaccountdate": None,
            "date_mod": at,
            "users_id_lastupdater": author,
            "status": status,
            "users_id_recipient": author,
            "requesttypes_id": integer(given.get("requesttypes_id"), 1),
            "content": self._text(given.get("content")),
            "urgency": urgency,
            "impact": impact,
            "priority": _MATRIX[urgency - 1][impact - 1],
            "itilcategories_id": integer(given.get("itilcategories_id"), 0),
            "type": integer(given.get("type"), 1),
            **UNUSED,
            "locations_id": integer(given.get("locations_id"), 0),
        }
        if self.version < 11:
            return {**row, "validation_percent": 0, "date_creation": at}
        return {**row, "date_creation": at, "tickettemplates_id": 0, "externalid": given.get("externalid")}

    def _text(self, value: Any) -> str:
        text = str(value or "").replace("\r\n", "\n")
        return kept(text) if self.version < 11 else text

    def _fitting(self, title: str, at: str) -> str:
        if self.version < 11:
            return title[:255]
        if len(title) > 255:
            raise Refused(
                "MySQL query error: Data too long for column 'name' at row 1 (1406) in SQL query "
                f"\"INSERT INTO `glpi_tickets` (`name`, `date_creation`) VALUES ('{title}', '{at}')\"."
            )
        return title

    def assigned(self, ticket_id: int, *, keeps_status: bool = False) -> None:
        """Somebody is to work on a ticket."""
        row = self.storage.rows("Ticket")[ticket_id]
        if row["status"] == 1 and not keeps_status:
            self.storage.put("Ticket", {**row, "status": 2})
        self._noticed(ticket_id)

    def _noticed(self, ticket_id: int) -> None:
        """Somebody of the support did something about a ticket for the first time."""
        row = self.storage.rows("Ticket")[ticket_id]
        if row["takeintoaccountdate"] is None:
            seen = {"takeintoaccountdate": self.local_now(), "takeintoaccount_delay_stat": self._age_s(row)}
            self.storage.put("Ticket", {**row, **seen})

    def _age_s(self, row: Row) -> int:
        opened = self.as_utc(row["date"])
        return max(1, int((self.utc_now() - opened).total_seconds()))

    def update_ticket(self, ticket_id: int, given: Row, author: int = SERVICE_ACCOUNT) -> None:
        """``PUT /Ticket/{id}``: only what really changes moves ``date_mod``. Raises Refused."""
        row = self.storage.rows("Ticket").get(ticket_id)
        if row is None:
            raise Refused(None)
        fields: Row = {name: given[name] for name in _WRITABLE if name in given}
        fields = {
            name: integer(value, row[name]) if name in _INTEGERS else self._text(value)
            for name, value in fields.items()
        }
        if any(fields.get(name, row[name]) != row[name] for name in ("urgency", "impact")):
            urgency, impact = (level(fields.get(name, row[name])) for name in ("urgency", "impact"))
            # A technician's profile has no right to choose the priority beside them.
            fields |= {"urgency": urgency, "impact": impact, "priority": _MATRIX[urgency - 1][impact - 1]}
        changed = {name: value for name, value in fields.items() if row[name] != value}
        if not changed:
            return
        at = self.local_now()
        if "status" in changed:
            solved, closed = changed["status"] in (5, 6), changed["status"] == 6
            changed |= {
                "solvedate": (row["solvedate"] or at) if solved else None,
                "closedate": at if closed else None,
                "solve_delay_stat": self._age_s(row) if solved else 0,
                "close_delay_stat": self._age_s(row) if closed else 0,
            }
        self.storage.put("Ticket", {**row, **changed, "date_mod": at, "users_id_lastupdater": author})

    def trash_ticket(self, ticket_id: int, author: int = SERVICE_ACCOUNT) -> None:
        """``DELETE /Ticket/{id}``. Raises Refused."""
        row = self.storage.rows("Ticket").get(ticket_id)
        if row is None:
            raise Refused(None, "ERROR_ITEM_NOT_FOUND")
        self.storage.put(
            "Ticket", {**row, "is_deleted": 1, "date_mod": self.local_now(), "users_id_lastupdater": author}
        )

    def purge_ticket(self, ticket_id: int) -> None:
        """Remove a ticket and all that hangs on it."""
        self.storage.remove("Ticket", ticket_id)
        for kind, column in (
            ("Ticket_User", "tickets_id"),
            ("Group_Ticket", "tickets_id"),
            ("ITILFollowup", "items_id"),
        ):
            for row in [row for row in self.storage.rows(kind).values() if row[column] == ticket_id]:
                self.storage.remove(kind, row["id"])

    def touch(self, ticket_id: int, author: int = SERVICE_ACCOUNT) -> None:
        """Something of a ticket changed: its ``date_mod`` moves."""
        row = self.storage.rows("Ticket")[ticket_id]
        self.storage.put("Ticket", {**row, "date_mod": self.local_now(), "users_id_lastupdater": author})

    def add_followup(self, given: Row, author: int = SERVICE_ACCOUNT) -> int:
        """``POST /ITILFollowup``. Raises Refused."""
        ticket_id = integer(given.get("items_id"), 0)
        row = self.storage.rows("Ticket").get(ticket_id)
        if given.get("itemtype") != "Ticket" or row is None or ticket_id in self.hidden:
            raise Refused(None, "ERROR_RIGHT_MISSING")
        if not str(given.get("content") or ""):
            raise Refused("Vous ne pouvez pas ajouter de suivi sans une description")
        at = self.local_now()
        self.touch(ticket_id, author)
        self._noticed(ticket_id)
        return self.storage.add(
            "ITILFollowup",
            {
                "itemtype": "Ticket",
                "items_id": ticket_id,
                "date": at,
                "users_id": author,
                "users_id_editor": 0,
                "content": self._text(given["content"]),
                "is_private": integer(given.get("is_private"), 0),
                "requesttypes_id": 0,
                "date_mod": at,
                "date_creation": at,
                "timeline_position": 1,
                "sourceitems_id": 0,
                "sourceof_items_id": 0,
            },
        )


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except ZoneInfoNotFoundError:
        # A machine without zone data: Paris in winter, so that local still differs from UTC.
        return timezone(timedelta(hours=1), name)

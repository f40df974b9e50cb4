"""Items of the High-Level API: which property shows which column, for answers, filters and sorting alike.

Source: recorded on 11.0.6; 2.0 shows fewer properties of a ticket than 2.1 and 2.2.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from glpi.simulator.seeds import ENTITIES, REQUEST_TYPES
from glpi.simulator.storage import Row
from glpi.simulator.world import World

Getter = Callable[[Row], Any]

_STATUSES = {
    1: "Nouveau",
    2: "En cours (Attribué)",
    3: "En cours (Planifié)",
    4: "En attente",
    5: "Résolu",
    6: "Clos",
}
PROFILES = {1: "Self-Service", 4: "Super-Admin", 6: "Technician", 9: "Borne"}
"""Names of the profiles by id."""


@dataclass(frozen=True)
class Ref:
    """A property that points to another item, shown as an object with its id; None where there is none."""

    number: Getter
    """The other item's id, None where there is none."""
    fields: Mapping[str, Callable[[int], Any]]


@dataclass(frozen=True)
class Many:
    """A property that is a list of rows of another table."""

    rows: Callable[[Row], list[Row]]
    fields: tuple[str, ...]


@dataclass(frozen=True)
class Date:
    """A date; shown with the offset of the server's zone."""

    column: str


Property = Getter | Ref | Many | Date
Schema = Mapping[str, Property]


def column(name: str, otherwise: Any = None) -> Getter:
    """A column as it is."""
    return lambda row: row.get(name, otherwise)


def flag(name: str) -> Getter:
    """A column that is 0 or 1, as true or false."""
    return lambda row: bool(row.get(name))


def constant(value: Any) -> Getter:
    """Always the same."""
    return lambda row: value


class Schemas:
    """The items of one world."""

    def __init__(self, world: World) -> None:
        """``world``: where the rows are."""
        self._world = world

    def zoned(self, local: str | None) -> str | None:
        """One of GLPI's dates with the offset of its zone (RFC 3339)."""
        if not local:
            return None
        return self._world.as_utc(local).astimezone(self._world.zone).isoformat(timespec="seconds")

    def shape(self, schema: Schema, row: Row, chosen: list[Row] | None = None) -> dict[str, Any]:
        """The item as it is answered; ``chosen``: of a ``Many``, the rows that the filter found."""
        answer: dict[str, Any] = {}
        for name, prop in schema.items():
            match prop:
                case Date(stored):
                    answer[name] = self.zoned(row.get(stored))
                case Ref(number, fields):
                    found = number(row)
                    answer[name] = None if found is None else {"id": found, **_filled(fields, found)}
                case Many(rows, keys):
                    answer[name] = [{key: one[key] for key in keys} for one in (chosen or rows(row))]
                case _:
                    answer[name] = prop(row)
        return answer

    # --- tickets --------------------------------------------------------------------------------------------------

    def ticket(self, version: str) -> Schema:
        """A ticket. NOTE: 11.0.6 names the status in the account's language, whatever is asked for."""
        schema = self._ticket()
        return {name: schema[name] for name in _TICKET_2_0} if version == "2.0" else schema

    def _ticket(self) -> dict[str, Property]:
        nothing = constant(None)
        return {
            **{name: column(name) for name in ("id", "name", "content")},
            "is_deleted": flag("is_deleted"),
            **{name: column(name) for name in ("urgency", "impact", "priority")},
            "actiontime": column("actiontime", 0),
            "begin_waiting_date": Date("begin_waiting_date"),
            "waiting_duration": column("waiting_duration", 0),
            "resolution_duration": column("solve_delay_stat", 0),
            "close_duration": column("close_delay_stat", 0),
            "resolution_date": Date("time_to_resolve"),
            "date_creation": Date("date_creation"),
            "date_mod": Date("date_mod"),
            "date": Date("date"),
            "date_solve": Date("solvedate"),
            "date_close": Date("closedate"),
            "type": column("type"),
            "external_id": column("externalid"),
            "take_into_account_date": Date("takeintoaccountdate"),
            "take_into_account_duration": column("takeintoaccount_delay_stat", 0),
            "sla_waiting_duration": column("sla_waiting_duration", 0),
            "ola_waiting_duration": column("ola_waiting_duration", 0),
            "ola_ttr_begin_date": Date("ola_ttr_begin_date"),
            "ola_tto_begin_date": Date("ola_tto_begin_date"),
            "internal_resolution_date": Date("internal_time_to_resolve"),
            "internal_take_into_account_date": Date("internal_time_to_own"),
            "global_validation": column("global_validation", 1),
            "status": Ref(column("status"), {"name": lambda number: _STATUSES.get(number, "")}),
            "user_recipient": self._user("users_id_recipient"),
            "user_editor": self._user("users_id_lastupdater"),
            "category": self._named("ITILCategory", "itilcategories_id"),
            "location": self._named("Location", "locations_id"),
            "request_type": Ref(_known("requesttypes_id", REQUEST_TYPES), {"name": REQUEST_TYPES.__getitem__}),
            **dict.fromkeys(("sla_ttr", "sla_tto", "ola_ttr", "ola_tto", "sla_level_ttr", "ola_level_ttr"), nothing),
            "entity": Ref(column("entities_id"), {"name": _short, "completename": ENTITIES.__getitem__}),
            "team": lambda row: self.team(row["id"]),
        }

    def team(self, ticket_id: int) -> list[dict[str, Any]]:
        """Everybody who has to do with a ticket, people before groups, by their names; visitors are not shown."""
        people = [self._member("User", row) for row in self._actors("Ticket_User", ticket_id) if row["users_id"]]
        groups = [self._member("Group", row) for row in self._actors("Group_Ticket", ticket_id)]
        return [*sorted(people, key=_by_name), *sorted(groups, key=_by_name)]

    def _actors(self, kind: str, ticket_id: int) -> list[Row]:
        return self._world.storage.where(kind, "tickets_id", ticket_id)

    def _member(self, kind: str, row: Row) -> dict[str, Any]:
        role = ROLES[row["type"]]
        if kind == "Group":
            number = row["groups_id"]
            name = self._world.storage.rows("Group").get(number, {}).get("name")
            own = {"name": name, "realname": None, "firstname": None, "display_name": name}
            return {"role": role, **own, "id": number, "href": f"/front/group.form.php?id={number}"}
        number = row["users_id"]
        user = self._world.storage.rows("User").get(number, {})
        names = {key: user.get(key) for key in ("name", "realname", "firstname")}
        shown = " ".join(filter(None, (user.get("realname"), user.get("firstname")))) or user.get("name")
        return {
            "role": role,
            **names,
            "display_name": shown,
            "id": number,
            "href": f"/front/user.form.php?id={number}",
        }

    def _user(self, name: str) -> Ref:
        users = self._world.storage.rows
        return Ref(_given(name), {"name": lambda number: users("User").get(number, {}).get("name")})

    def _named(self, kind: str, name: str) -> Ref:
        storage = self._world.storage

        def number(row: Row) -> int | None:
            return row.get(name) if row.get(name) in storage.rows(kind) else None

        return Ref(number, {"name": lambda found: storage.rows(kind)[found]["name"]})

    # --- notes ----------------------------------------------------------------------------------------------------

    @property
    def followup(self) -> Schema:
        """A follow-up."""
        return {
            **{name: column(name) for name in ("id", "itemtype", "items_id", "content")},
            "is_private": flag("is_private"),
            "date": Date("date"),
            "date_creation": Date("date_creation"),
            "date_mod": Date("date_mod"),
            "timeline_position": column("timeline_position", 1),
            "source_item_id": column("sourceitems_id", 0),
            "source_of_item_id": column("sourceof_items_id", 0),
            "user": self._user("users_id"),
            "user_editor": self._user("users_id_editor"),
            "request_type": Ref(_known("requesttypes_id", REQUEST_TYPES), {"name": REQUEST_TYPES.__getitem__}),
        }

    @property
    def solution(self) -> Schema:
        """A solution."""
        return {
            **{name: column(name) for name in ("id", "itemtype", "items_id", "content", "status")},
            "date_creation": Date("date_creation"),
            "date_mod": Date("date_mod"),
            "date_approval": Date("date_approval"),
            "type": constant(None),
            "user": self._user("users_id"),
            "user_editor": self._user("users_id_editor"),
            "approver": self._user("users_id_approval"),
            "approval_followup": constant(None),
        }

    # --- people and trees -------------------------------------------------------------------------------------------

    def user(self, version: str) -> Schema:
        """A user; the versions before 2.2 tell less."""
        nothing = constant(None)
        schema: dict[str, Property] = {
            "id": column("id"),
            "username": column("name"),
            "realname": lambda row: row.get("realname") or None,
            "firstname": lambda row: row.get("firstname") or None,
            **dict.fromkeys(("phone", "phone2", "mobile", "comment"), nothing),
            "is_active": flag("is_active"),
            "is_deleted": flag("is_deleted"),
            "picture": nothing,
            "date_password_change": Date("password_last_update"),
            "authtype": constant(1),
            "last_login": Date("last_login"),
            "date_creation": Date("date_creation"),
            "date_mod": Date("date_mod"),
            **dict.fromkeys(("date_sync", "registration_number", "begin_date", "end_date", "nickname"), nothing),
            **dict.fromkeys(("substitution_start_date", "substitution_end_date"), nothing),
            "emails": Many(self._emails, ("id", "email", "is_default", "is_dynamic")),
            "location": nothing,
            "default_profile": Ref(_known("profiles_id", PROFILES), {"name": PROFILES.__getitem__}),
            "default_entity": Ref(column("entities_id", 0), {"name": _short}),
            **dict.fromkeys(("title", "category"), nothing),
        }
        later = _USER_2_1 if version == "2.0" else frozenset[str]()
        return {name: prop for name, prop in schema.items() if name not in later | _user_news(version)}

    def _emails(self, row: Row) -> list[Row]:
        return self._world.storage.where("UserEmail", "users_id", row["id"])

    @property
    def category(self) -> Schema:
        """A category."""
        shown = {"is_helpdesk_visible": "is_helpdeskvisible"}
        shown |= {f"is_{kind}_visible": f"is_{kind}" for kind in ("incident", "request", "change", "problem")}
        return {
            **{name: column(name) for name in ("id", "name", "completename", "level", "comment")},
            "is_recursive": flag("is_recursive"),
            "code": column("code"),
            **{name: flag(stored) for name, stored in shown.items()},
            "date_creation": Date("date_creation"),
            "date_mod": Date("date_mod"),
            "entity": Ref(column("entities_id", 0), {"name": _short}),
            "parent": self._named("ITILCategory", "itilcategories_id"),
            **dict.fromkeys(("user", "group", *_TEMPLATES), constant(None)),
        }

    @property
    def location(self) -> Schema:
        """A location."""
        places = ("room", "building", "address", "town", "postcode", "state", "country")
        return {
            **{name: column(name) for name in ("id", "name", "completename", "code", "alias", "comment")},
            "is_recursive": flag("is_recursive"),
            "level": column("level", 1),
            **{name: column(name) for name in (*places, "latitude", "longitude", "altitude")},
            "date_creation": Date("date_creation"),
            "date_mod": Date("date_mod"),
            "entity": Ref(column("entities_id", 0), {"name": _short}),
            "parent": self._named("Location", "locations_id"),
        }

    @property
    def group(self) -> Schema:
        """A group of people."""
        return {
            **{name: column(name) for name in ("id", "name", "comment", "completename", "level")},
            "parent": self._named("Group", "groups_id"),
            "entity": Ref(column("entities_id", 0), {"name": _short}),
        }

    @property
    def request_type(self) -> Schema:
        """A source of requests."""
        flags = ("is_helpdesk_default", "is_followup_default", "is_mail_default", "is_mailfollowup_default")
        shown = (*flags, "is_active", "is_visible_ticket")
        return {**{name: column(name) for name in ("id", "name", "comment")}, **{name: flag(name) for name in shown}}

    def request_types(self) -> dict[int, Row]:
        """Every source of requests."""
        own = {"is_active": 1, "is_visible_ticket": 1}
        return {
            number: {
                "id": number,
                "name": name,
                **own,
                "is_helpdesk_default": number == 1,
                "is_followup_default": number == 1,
            }
            for number, name in REQUEST_TYPES.items()
        }

    @property
    def document(self) -> Schema:
        """A document; its file is elsewhere."""
        return {
            **{name: column(name) for name in ("id", "name", "comment")},
            "date_creation": Date("date_creation"),
            "date_mod": Date("date_mod"),
            "is_deleted": flag("is_deleted"),
            **{name: _given(name) for name in ("filename", "mime", "sha1sum")},
            "entity": Ref(column("entities_id", 0), {"name": _short}),
            "filepath": lambda row: f"/front/document.send.php?docid={row['id']}",
        }


ROLES = {1: "requester", 2: "assigned", 3: "observer"}
"""Roles by their number."""
_TICKET_2_0 = (
    "id", "name", "content", "is_deleted", "urgency", "impact", "priority", "actiontime", "date_creation",
    "date_mod", "date", "type", "external_id", "status", "category", "location", "request_type", "entity", "team",
)  # fmt: skip
_USER_2_1 = frozenset(
    {"date_password_change", "authtype", "last_login", "location", "default_profile", "default_entity"}
)
_USER_2_2 = frozenset(
    {
        *("date_creation", "date_mod", "date_sync", "registration_number", "begin_date", "end_date", "nickname"),
        *("substitution_start_date", "substitution_end_date", "title", "category"),
    }
)
_TEMPLATES = (
    *("ticket_incident_template", "ticket_request_template", "change_template", "problem_template"),
    "knowbase_category",
)


def _user_news(version: str) -> frozenset[str]:
    return _USER_2_2 if version in ("2.0", "2.1") else frozenset()


def _filled(fields: Mapping[str, Callable[[int], Any]], number: int) -> dict[str, Any]:
    return {key: read(number) for key, read in fields.items()}


def _by_name(member: dict[str, Any]) -> str:
    return str(member["display_name"]).casefold()


def _given(name: str) -> Getter:
    return lambda row: row.get(name) or None


def _known(name: str, names: Mapping[int, str]) -> Getter:
    return lambda row: row.get(name) if row.get(name) in names else None


def _short(entity: int) -> str:
    return ENTITIES[entity].rpartition(" > ")[2]

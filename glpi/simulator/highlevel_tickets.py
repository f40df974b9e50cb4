"""Tickets, their timeline and their team in the simulated High-Level API."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from glpi.simulator.given import Refused, integer
from glpi.simulator.highlevel_messages import Call, HighLevelError, answer, crashed, forbidden, not_found
from glpi.simulator.highlevel_schema import ROLES, Schema
from glpi.simulator.messages import Response
from glpi.simulator.profiles import CHANGE_PRIORITY, CREATE, DELETE, PURGE, UPDATE
from glpi.simulator.storage import Row
from glpi.simulator.world import World

if TYPE_CHECKING:
    from glpi.simulator.highlevel import HighLevelApi

T = TypeVar("T")

_COLUMNS = {
    **{name: name for name in ("name", "content", "type", "urgency", "impact", "priority", "date")},
    "external_id": "externalid",
    "status": "status",
    "category": "itilcategories_id",
    "location": "locations_id",
    "request_type": "requesttypes_id",
    "entity": "entities_id",
}
_TITLE_FROM_TEXT = 70
_KINDS = {"Followup": "ITILFollowup", "Solution": "ITILSolution"}


class TicketRoutes:
    """Everything below ``/Assistance/Ticket``."""

    def __init__(self, api: HighLevelApi, world: World) -> None:
        """``api`` lists and shows; ``world`` has the tickets."""
        self._api, self._world = api, world

    def answer(self, call: Call, rest: tuple[str, ...]) -> Response:
        """A request below ``/Assistance/Ticket``. Raises HighLevelError."""
        method = call.request.method
        match method, rest:
            case "GET" | "HEAD", ():
                rows = self._world.storage.rows("Ticket").values()
                seen = [row for row in rows if self._world.sees_ticket(call.caller, row)]
                return self._api.listed(call, self._schema(call), seen)
            case "POST", ():
                return self._create(call)
        row = self._world.storage.rows("Ticket").get(int(rest[0])) if rest and rest[0].isdigit() else None
        match method, rest[1:]:
            case "PATCH", () if row is not None:
                return self._update(call, row)
            case "DELETE", () if row is not None:
                return self._delete(call, row)
        if row is None or not self._world.sees_ticket(call.caller, row):
            raise not_found()
        match method, rest[1:]:
            case "GET" | "HEAD", ():
                return self._api.one(self._schema(call), row)
            case _, ("TeamMember", *role):
                return self._team(call, row, tuple(role))
            case _, ("Timeline", *below):
                return self._timeline(call, row, tuple(below))
        raise not_found()

    def _schema(self, call: Call) -> Schema:
        return self._api.schemas.ticket(call.version)

    # --- writing --------------------------------------------------------------------------------------------------

    def _create(self, call: Call) -> Response:
        if not call.caller.profile.may("ticket", CREATE):
            raise forbidden()
        given = {"entities_id": call.caller.entity, **_legacy(call.given)}
        if not given.get("name"):
            given["name"] = str(given.get("content") or "")[:_TITLE_FROM_TEXT]
        chooses = call.caller.profile.may("ticket", CHANGE_PRIORITY)
        number = self._tried(
            lambda: self._world.create_ticket(given, call.caller.user_id, chooses_priority=chooses), "create"
        )
        return self._api.created(f"/Assistance/Ticket/{number}", number)

    def _update(self, call: Call, row: Row) -> Response:
        if not (call.caller.profile.may("ticket", UPDATE) and self._world.sees_ticket(call.caller, row)):
            raise forbidden()
        chooses = call.caller.profile.may("ticket", CHANGE_PRIORITY)
        given = _legacy(call.given)
        if len(str(given.get("name") or "")) > 255:
            raise crashed()
        self._tried(
            lambda: self._world.update_ticket(row["id"], given, call.caller.user_id, chooses_priority=chooses), "update"
        )
        return self._api.one(self._schema(call), self._world.storage.rows("Ticket")[row["id"]])

    def _delete(self, call: Call, row: Row) -> Response:
        purges = call.request.query.get("force", call.given.get("force")) in ("true", "1", True, 1)
        if not call.caller.profile.may("ticket", PURGE if purges else DELETE):
            raise forbidden()
        if purges:
            self._world.purge_ticket(row["id"])
        else:
            self._world.trash_ticket(row["id"], call.caller.user_id)
        return answer(204, None)

    def _tried(self, action: Callable[[], T], verb: str) -> T:
        """What is refused is answered 500: with words, or with nothing where PHP stumbles."""
        try:
            return action()
        except Refused as refused:
            if refused.name == "ERROR_RIGHT_MISSING":
                raise forbidden() from None
            text = refused.text or ""
        if text.startswith("MySQL query error"):
            raise crashed()
        raise HighLevelError(500, "ERROR", f"Failed to {verb} item(s)", messages=(text,) if text else ())

    # --- the team -------------------------------------------------------------------------------------------------

    def _team(self, call: Call, row: Row, role: tuple[str, ...]) -> Response:
        if call.request.method == "GET":
            team = self._api.schemas.team(row["id"])
            return answer(200, [member for member in team if not role or member["role"] == role[0]])
        number = _role(call.given.get("role"))
        if call.request.method == "DELETE":
            self._leave(call, row["id"], number)
            return answer(200, None)
        if call.request.method != "POST":
            raise not_found()
        member, kind = integer(call.given.get("id"), 0), call.given.get("type")
        # NOTE: a visitor's address is accepted, and nothing is added.
        if member:
            self._join(call, row["id"], member, number, is_group=kind == "Group")
        return answer(201, None)

    def _join(self, call: Call, ticket_id: int, member: int, role: int, *, is_group: bool) -> None:
        actors, given = self._world.actors, {"tickets_id": ticket_id, "type": role}
        wrong = HighLevelError(400, "ERROR_INVALID_PARAMETER", "One or more parameters are invalid")
        try:
            if is_group:
                if member not in self._world.storage.rows("Group"):
                    raise wrong
                actors.add_group({**given, "groups_id": member}, call.caller.user_id)
            else:
                actors.add({**given, "users_id": member}, call.caller.user_id)
        except Refused:
            raise wrong from None

    def _leave(self, call: Call, ticket_id: int, role: int) -> None:
        kind, column = (
            ("Group_Ticket", "groups_id") if call.given.get("type") == "Group" else ("Ticket_User", "users_id")
        )
        for row in self._world.storage.where(kind, "tickets_id", ticket_id):
            if row["type"] == role and row[column] == integer(call.given.get("id"), 0):
                self._world.storage.remove(kind, row["id"])
                self._world.touch(ticket_id, call.caller.user_id)

    # --- the timeline -----------------------------------------------------------------------------------------------

    def _timeline(self, call: Call, row: Row, below: tuple[str, ...]) -> Response:
        if below[:1] == ("Document",) and call.request.method == "POST":
            raise forbidden()
        kinds = [kind for kind in _KINDS if below[:1] in ((), (kind,))]
        if not kinds:
            raise not_found()
        match call.request.method, below[1:]:
            case "GET" | "HEAD", ():
                return answer(200, [one for kind in kinds for one in self._notes(call, row["id"], kind)])
            case "GET" | "HEAD", (number,) if number.isdigit():
                return self._api.one(self._note_schema(kinds[0]), self._note(call, row["id"], kinds[0], int(number)))
            case "PATCH", (number,) if number.isdigit():
                return self._edit(call, kinds[0], self._note(call, row["id"], kinds[0], int(number)))
            case "POST", () if below:
                return self._add_note(call, row["id"], kinds[0])
        raise not_found()

    def _note_schema(self, kind: str) -> Schema:
        return self._api.schemas.followup if kind == "Followup" else self._api.schemas.solution

    def _notes(self, call: Call, ticket_id: int, kind: str) -> list[dict[str, Any]]:
        rows = [
            row
            for row in self._world.storage.where(_KINDS[kind], "items_id", ticket_id)
            if kind == "Solution" or self._world.sees_note(call.caller, row)
        ]
        return [{"type": kind, "item": self._api.schemas.shape(self._note_schema(kind), row)} for row in rows]

    def _note(self, call: Call, ticket_id: int, kind: str, number: int) -> Row:
        row = self._world.storage.rows(_KINDS[kind]).get(number)
        if row is None or row["items_id"] != ticket_id:
            raise not_found()
        if kind == "Followup" and not self._world.sees_note(call.caller, row):
            raise not_found()
        return row

    def _edit(self, call: Call, kind: str, row: Row) -> Response:
        changed = {"content": call.given["content"]} if "content" in call.given else {}
        if "is_private" in call.given and kind == "Followup":
            changed["is_private"] = int(bool(call.given["is_private"]))
        stamp = {"date_mod": self._world.local_now(), "users_id_editor": call.caller.user_id}
        self._world.storage.put(_KINDS[kind], {**row, **changed, **stamp})
        self._world.touch(row["items_id"], call.caller.user_id)
        return self._api.one(self._note_schema(kind), self._world.storage.rows(_KINDS[kind])[row["id"]])

    def _add_note(self, call: Call, ticket_id: int, kind: str) -> Response:
        given = {**call.given, "itemtype": "Ticket", "items_id": ticket_id}
        if kind == "Followup":
            given["is_private"] = int(bool(given.get("is_private")))
        add = self._world.timeline.add_followup if kind == "Followup" else self._world.timeline.add_solution
        number = self._tried(lambda: add(given, call.caller.user_id), "create")
        return self._api.created(f"/Assistance/Ticket/{ticket_id}/Timeline/{kind}/{number}", number)


def _legacy(given: Row) -> Row:
    """The fields under their column names; a dropdown is a number or an object with an id."""
    found: Row = {}
    for name, column in _COLUMNS.items():
        if name in given:
            value = given[name]
            found[column] = value.get("id") if isinstance(value, dict) else value
    return found


def _role(given: object) -> int:
    for number, name in ROLES.items():
        if given in (number, name, str(number)):
            return number
    raise HighLevelError(400, "ERROR_INVALID_PARAMETER", f"Invalid role: {given}")

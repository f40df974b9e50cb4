"""What the legacy API writes: one item or several at once, and what it answers to each."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from glpi.simulator.documents import Upload, upload_result
from glpi.simulator.given import Refused, integer
from glpi.simulator.messages import ApiError, Request, Response, input_fields, json_response
from glpi.simulator.profiles import ADD_ALL, CHANGE_PRIORITY, CREATE, DELETE, PURGE, UPDATE
from glpi.simulator.sessions import Caller
from glpi.simulator.storage import Row
from glpi.simulator.wording import message
from glpi.simulator.world import World

_NAMED = ("Ticket", "Document", "ITILCategory", "Location", "Group")


@dataclass(frozen=True)
class Outcome:
    """What became of one item of the input."""

    id: int | None
    """None where it was refused."""
    message: str | None


@dataclass(frozen=True)
class Writes:
    """One request that writes."""

    world: World
    request: Request
    caller: Caller
    root_url: str

    def answer(self, itemtype: str, number: int | None, given: object, uploads: Sequence[Upload]) -> Response:
        """The answer to POST, PUT, PATCH or DELETE. Raises ApiError."""
        match self.request.method:
            case "POST":
                return self._create(itemtype, given, uploads)
            case "PUT" | "PATCH":
                return self._change(itemtype, number, given, "ERROR_GLPI_UPDATE", self._updated)
            case "DELETE":
                if number is not None and not isinstance(given, dict):
                    given = {"input": {"id": number}}
                return self._change(itemtype, number, given, "ERROR_GLPI_DELETE", self._deleted)
        raise ApiError(405, "ERROR_METHOD_NOT_ALLOWED")

    # --- creation -------------------------------------------------------------------------------------------------

    def _create(self, itemtype: str, given: object, uploads: Sequence[Upload]) -> Response:
        fields = input_fields(given)
        maker = self._maker(itemtype)
        if maker is None:
            return json_response(501, ["SIMULATOR_DOES_NOT_KNOW", f"{self.request.method} {self.request.path}"])
        if isinstance(fields, list):
            outcomes = [self._tried(lambda one=one: maker(dict(one)), itemtype) for one in fields]  # type: ignore[misc]
            return self._several(itemtype, outcomes)
        if itemtype == "Document" and uploads:
            return self._upload(fields, uploads)
        outcome = self._tried(lambda: maker(fields), itemtype)
        if outcome.id is None:
            raise ApiError(400, "ERROR_GLPI_ADD", outcome.message, is_bare=True)
        location = {"location": f"{self.root_url}/{itemtype}/{outcome.id}"}
        return json_response(201, {"id": outcome.id, "message": outcome.message}, location)

    def _several(self, itemtype: str, outcomes: list[Outcome]) -> Response:
        body = [{"id": one.id if one.id is not None else False, "message": one.message} for one in outcomes]
        if all(one.id is None for one in outcomes):
            return json_response(400, ["ERROR_GLPI_ADD", body])
        if any(one.id is None for one in outcomes):
            return json_response(207, ["ERROR_GLPI_PARTIAL_ADD", body])
        links = ",".join(f"{self.root_url}/{itemtype}/{one.id}" for one in outcomes)
        return json_response(201, body, {"link": links})

    def _upload(self, fields: Row, uploads: Sequence[Upload]) -> Response:
        results = [upload_result(upload, self.world.version)[1] for upload in uploads]
        outcome = self._tried(
            lambda: self.world.documents.add(fields, self.caller.user_id, uploads[0]), "Document", fields=fields
        )
        if outcome.id is None:
            raise ApiError(400, "ERROR_GLPI_ADD", outcome.message, is_bare=True)
        location = {"location": f"{self.root_url}/Document/{outcome.id}"}
        body = {"id": outcome.id, "message": outcome.message, "upload_result": {"filename": results}}
        return json_response(201, body, location)

    def _maker(self, itemtype: str) -> Callable[[Row], int] | None:
        world, author = self.world, self.caller.user_id
        chooses = self.caller.profile.may("ticket", CHANGE_PRIORITY)
        if itemtype in ("ITILCategory", "Location", "Group"):
            right = itemtype.lower()
            return lambda given: self._checked(right, CREATE, lambda: world.add_to_tree(itemtype, given))
        makers: dict[str, Callable[[Row], int]] = {
            "Ticket": lambda given: self._checked(
                "ticket",
                CREATE,
                lambda: world.create_ticket(
                    {"entities_id": self.caller.entity, **given}, author, chooses_priority=chooses
                ),
            ),
            "Ticket_User": lambda given: self._on_ticket(given, world.actors.add),
            "Group_Ticket": lambda given: self._on_ticket(given, world.actors.add_group),
            "Ticket_Ticket": lambda given: world.actors.link(given, author),
            "ITILFollowup": lambda given: self._on_ticket(given, world.timeline.add_followup),
            "ITILSolution": lambda given: self._on_ticket(given, world.timeline.add_solution, central=True),
            "TicketTask": lambda given: self._on_ticket(given, world.timeline.add_task, central=True),
            "Document": lambda given: world.documents.add(given, author),
            "Document_Item": lambda given: world.documents.attach(given, author),
        }
        return makers.get(itemtype)

    def _checked(self, right: str, bit: int, action: Callable[[], int]) -> int:
        if not self.caller.profile.may(right, bit):
            raise Refused(None, "ERROR_RIGHT_MISSING")
        return action()

    def _on_ticket(self, given: Row, action: Callable[[Row, int], int], *, central: bool = False) -> int:
        """Only on a ticket the caller sees; solutions and tasks only by those who work on tickets."""
        number = integer(given.get("tickets_id", given.get("items_id")), 0)
        row = self.world.storage.rows("Ticket").get(number)
        seen = row is None or self.world.sees_ticket(self.caller, row)
        if not seen or (central and not self.caller.profile.may("followup", ADD_ALL)):
            raise Refused(None, "ERROR_RIGHT_MISSING")
        return action(given, self.caller.user_id)

    def _added(self, itemtype: str, number: int, fields: Row | None) -> str:
        if itemtype == "Ticket_Ticket":
            return f"Élément ajouté : Ticket lié - ID {number}"
        if itemtype == "Document_Item":
            return f"Élément ajouté : Élément associé au document - ID {number}"
        if itemtype == "ITILSolution":
            return f"Élément ajouté : {number}"
        if itemtype not in _NAMED:
            return ""
        old = self.world.version < 11
        if itemtype == "Document" and old and fields and fields.get("itemtype") == "Ticket":
            ticket = self.world.storage.rows("Ticket")[integer(fields["items_id"], 0)]
            return f"Élément ajouté : Document : Ticket - {ticket['name']}"
        name = self.world.storage.rows(itemtype)[number]["name"] or f"{itemtype} - ID {number}"
        if not old:
            return f"Élément ajouté : {html.escape(name).replace('&#x27;', '&#039;')}"
        return f"Élément ajouté : {name} ({number})" if itemtype == "Ticket" else f"Élément ajouté : {name}"

    # --- change and removal ---------------------------------------------------------------------------------------

    def _change(
        self, itemtype: str, number: int | None, given: object, code: str, action: Callable[[str, int, Row], None]
    ) -> Response:
        fields = input_fields(given)
        if itemtype not in ("Ticket", "TicketSatisfaction", "ITILFollowup", "Document", "Ticket_User"):
            return json_response(501, ["SIMULATOR_DOES_NOT_KNOW", f"{self.request.method} {self.request.path}"])
        if isinstance(fields, list):
            return self._change_several(itemtype, [dict(one) for one in fields if isinstance(one, dict)], code, action)
        key = "tickets_id" if itemtype == "TicketSatisfaction" else "id"
        number = number if number is not None else integer(fields.get(key), 0)
        outcome = self._tried(lambda: self._done(number, lambda: action(itemtype, number, fields)), "")
        if outcome.id is None:
            raise ApiError(400, code, outcome.message, is_bare=True)
        return json_response(200, [{str(number): True, "message": ""}])

    def _change_several(
        self, itemtype: str, fields: list[Row], code: str, action: Callable[[str, int, Row], None]
    ) -> Response:
        body: list[dict[str, Any]] = []
        failed = 0
        for one in fields:
            number = integer(one.get("id"), 0)
            outcome = self._tried(lambda n=number, f=one: self._done(n, lambda: action(itemtype, n, f)), "")  # type: ignore[misc]
            failed += outcome.id is None
            # NOTE: an item that is not there is left out of the answer.
            if number in self.world.storage.rows(itemtype) or outcome.id is not None:
                body.append({str(number): outcome.id is not None, "message": outcome.message or ""})
        if failed == len(fields):
            return json_response(400, [code, body])
        if failed:
            return json_response(207, [code.replace("GLPI_", "GLPI_PARTIAL_"), body])
        return json_response(200, body)

    @staticmethod
    def _done(number: int, action: Callable[[], None]) -> int:
        action()
        return number

    def _updated(self, itemtype: str, number: int, fields: Row) -> None:
        author = self.caller.user_id
        if itemtype == "TicketSatisfaction":
            return self.world.timeline.answer_survey(number, fields, author)
        row = self.world.storage.rows(itemtype).get(number)
        if row is None:
            raise Refused(None)
        if itemtype != "Ticket":
            return self._rewrite(itemtype, row, fields)
        seen = self.world.sees_ticket(self.caller, row)
        profile = self.caller.profile
        if not seen or not (profile.may("ticket", UPDATE) or row["users_id_recipient"] == author):
            raise Refused(None, "ERROR_RIGHT_MISSING")
        if not profile.is_central:
            fields = self._own_fields(row, fields)
        chooses = profile.may("ticket", CHANGE_PRIORITY)
        return self.world.update_ticket(number, fields, author, chooses_priority=chooses)

    def _own_fields(self, row: Row, fields: Row) -> Row:
        """What a requester may change of an own ticket that nobody touched yet. Raises Refused."""
        own = ("name", "content", "urgency", "itilcategories_id")
        kept = {name: fields[name] for name in own if name in fields}
        touched = self.world.storage.where("ITILFollowup", "items_id", row["id"]) or row["status"] in (5, 6)
        if touched or not kept:
            raise Refused(None, "ERROR_RIGHT_MISSING")
        return kept

    def _rewrite(self, itemtype: str, row: Row, fields: Row) -> None:
        """A follow-up is edited; its ticket's date moves."""
        if itemtype != "ITILFollowup":
            raise Refused(None, "ERROR_RIGHT_MISSING")
        changed: Row = {"content": self.world.text(fields["content"])} if "content" in fields else {}
        changed |= {"is_private": integer(fields["is_private"], 0)} if "is_private" in fields else {}
        at = self.world.local_now()
        self.world.storage.put(itemtype, {**row, **changed, "users_id_editor": self.caller.user_id, "date_mod": at})
        self.world.touch(row["items_id"], self.caller.user_id)

    def _deleted(self, itemtype: str, number: int, fields: Row) -> None:
        row = self.world.storage.rows(itemtype).get(number)
        if row is None:
            raise Refused(None, "ERROR_ITEM_NOT_FOUND")
        if itemtype != "Ticket":
            self.world.storage.remove(itemtype, number)
            ticket = row.get("tickets_id") or (row["items_id"] if row.get("itemtype") == "Ticket" else 0)
            if ticket in self.world.storage.rows("Ticket"):
                self.world.touch(ticket, self.caller.user_id)
            return
        purges = self.request.query.get("force_purge") == "true"
        if not self.caller.profile.may("ticket", PURGE if purges else DELETE):
            raise Refused(None, "ERROR_RIGHT_MISSING")
        if purges:
            self.world.purge_ticket(number)
        else:
            self.world.trash_ticket(number, self.caller.user_id)

    # --- refusals -------------------------------------------------------------------------------------------------

    def _tried(self, action: Callable[[], int], itemtype: str, fields: Row | None = None) -> Outcome:
        try:
            number = action()
        except Refused as refused:
            named = message(refused.name, None, root_url="", language=None) if refused.name else refused.text
            return Outcome(None, named)
        return Outcome(number, self._added(itemtype, number, fields))

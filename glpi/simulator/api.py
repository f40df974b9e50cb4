"""The legacy REST API of the simulated GLPI: a request in, the answer that the real one gives out.

Held to recorded exchanges by ``tests/glpi``. A resource that Guichet does not use answers 501: the real one would
answer something else, so a test must not lean on it.
"""

from __future__ import annotations

import html
import secrets
from collections.abc import Callable
from email.utils import format_datetime
from typing import Any, TypeVar

from glpi.simulator.given import Refused
from glpi.simulator.listing import Listing, Range, cut
from glpi.simulator.messages import ApiError, Request, Response, html_response, input_fields, json_body, json_response
from glpi.simulator.sanitizer import decoded
from glpi.simulator.search import BadCriterion, Search, parse_criteria
from glpi.simulator.seeds import SERVICE_ACCOUNT
from glpi.simulator.storage import Row
from glpi.simulator.switches import Switches
from glpi.simulator.wording import DOCUMENTATION, message, page
from glpi.simulator.world import World

T = TypeVar("T")

CREATE = 4
"""Bit of the right on tickets without which none can be created."""

_TICKET_RIGHT, _FOLLOWUP_RIGHT = 168_989, 15_383
_VERSIONS = {10: "10.0.19", 11: "11.0.6"}
_ENCODED = ("name", "content")
_TYPES = ("Ticket", "Ticket_User", "Group_Ticket", "Ticket_Ticket", "ITILFollowup", "ITILCategory", "User", "UserEmail")
_PARENTS = {
    ("Ticket", "Ticket_User"): "tickets_id",
    ("Ticket", "Group_Ticket"): "tickets_id",
    ("Ticket", "ITILFollowup"): "items_id",
    ("User", "UserEmail"): "users_id",
}


class Api:
    """One simulated GLPI as its HTTP clients see it. Not for several threads at once."""

    def __init__(self, world: World, *, switches: Switches, app_token: str, user_token: str) -> None:
        """``app_token`` of the API client; ``user_token`` of the service account."""
        self._world, self._switches = world, switches
        self._app_token, self._user_token = app_token, user_token
        self.sessions: set[str] = set()

    def handle(self, request: Request) -> Response:
        """The answer to a request; what it changes is committed by whoever calls."""
        if self._switches.maintenance:
            return html_response(200, page("MODE MAINTENANCE" if self._world.version > 10 else "MAINTENANCE MODE"))
        if self._switches.database_down:
            return html_response(*((500, page("Error")) if self._world.version > 10 else (200, page("Mysql Error"))))
        if request.path in ("", "/"):
            return html_response(200, DOCUMENTATION)
        try:
            return self._dispatch(request)
        except ApiError as error:
            text = error.text
            if not error.is_bare:
                language = request.headers.get("accept-language")
                text = message(error.code, text, root_url=self.root_url(request), language=language)
            return json_response(error.status, [error.code, text])

    def root_url(self, request: Request) -> str:
        """What GLPI calls itself in its answers."""
        return f"http://{request.host}{'/api.php/v1' if self._world.version > 10 else '/apirest.php'}"

    def _dispatch(self, request: Request) -> Response:
        if self._switches.api_disabled:
            raise ApiError(400, "ERROR", "API désactivée", is_bare=True)
        given = json_body(request)
        self._check_app_token(request)
        parts = [part for part in request.path.split("/") if part]
        if parts[0].lower() == "initsession":
            return self._open_session(request)
        self._check_session(request)
        resource = parts[0].lower()
        if request.method == "GET" and resource in (singles := self._singles()):
            return json_response(200, singles[resource](request))
        if request.method == "GET" and resource == "search" and len(parts) == 2:
            return self._search(request, _itemtype(parts[1]))
        itemtype = _itemtype(parts[0])
        if len(parts) > 3:
            raise ApiError(400, "ERROR_RESOURCE_MISSING", "resource is missing", is_bare=True)
        return self._item(request, itemtype, parts[1:], given)

    # --- session --------------------------------------------------------------------------------------------------

    def _check_app_token(self, request: Request) -> None:
        shown = request.headers.get("app-token") or request.query.get("app_token")
        if not shown:
            raise ApiError(400, "ERROR_APP_TOKEN_PARAMETERS_MISSING")
        if shown != self._app_token:
            raise ApiError(400, "ERROR_WRONG_APP_TOKEN_PARAMETER")

    def _check_session(self, request: Request) -> None:
        shown = request.headers.get("session-token") or request.query.get("session_token")
        if not shown:
            raise ApiError(400, "ERROR_SESSION_TOKEN_MISSING")
        if shown not in self.sessions:
            raise ApiError(401, "ERROR_SESSION_TOKEN_INVALID")

    def _open_session(self, request: Request) -> Response:
        kind, _, value = request.headers.get("authorization", "").partition(" ")
        if not value:
            raise ApiError(400, "ERROR_LOGIN_PARAMETERS_MISSING")
        if kind.lower() != "user_token":
            raise ApiError(401, "ERROR_GLPI_LOGIN")
        if value != self._user_token:
            raise ApiError(401, "ERROR_GLPI_LOGIN_USER_TOKEN")
        token = secrets.token_hex(13)
        self.sessions.add(token)
        body: dict[str, object] = {"session_token": token}
        if request.query.get("get_full_session") == "true":
            body["session"] = self._session(token)
        return json_response(200, body)

    def _singles(self) -> dict[str, Callable[[Request], object]]:
        return {
            "killsession": self._kill_session,
            "getfullsession": lambda request: {"session": self._session(request.headers.get("session-token", ""))},
            "getactiveprofile": lambda request: {"active_profile": self._profile()},
            "getmyprofiles": lambda request: {
                "myprofiles": [{key: self._profile()[key] for key in ("id", "name", "entities")}]
            },
            "getglpiconfig": lambda request: {
                "cfg_glpi": {"version": _VERSIONS[self._world.version], "list_limit": "15", "urgency_mask": "62"}
            },
        }

    def _kill_session(self, request: Request) -> bool:
        self.sessions.discard(request.headers.get("session-token") or request.query.get("session_token") or "")
        return True

    def _profile(self) -> dict[str, Any]:
        right = _TICKET_RIGHT if self._switches.create_right else _TICKET_RIGHT & ~CREATE
        entities = [{"id": 0, "name": "Entité racine", "is_recursive": 1}]
        rights = {"ticket": right, "followup": _FOLLOWUP_RIGHT}
        return {"id": 9, "name": "Borne", "interface": "central", **rights, "entities": entities}

    def _session(self, token: str) -> dict[str, object]:
        return {
            "valid_id": token,
            "glpi_currenttime": self._world.local_now(),
            "glpiID": SERVICE_ACCOUNT,
            "glpiname": "svc-borne",
            "glpilist_limit": "15",
            "glpilanguage": "fr_FR",
            "glpiactiveprofile": self._profile(),
            "glpiactive_entity": 0,
            "glpiactiveentities": [0, 1],
        }

    # --- reading --------------------------------------------------------------------------------------------------

    def _search(self, request: Request, itemtype: str) -> Response:
        if itemtype not in ("Ticket", "User"):
            return _not_simulated(request)
        if itemtype == "User" and not self._switches.search_right:
            raise ApiError(403, "ERROR_RIGHT_MISSING")
        search = Search(self._world, itemtype)
        default_sort = 0 if self._world.version > 10 else 1
        sort, descends = int(request.query.get("sort", default_sort)), request.query.get("order", "ASC") == "DESC"
        shown = [int(value) for key, value in request.query.items() if key.startswith("forcedisplay[")]
        try:
            criteria = parse_criteria(request.query)
            rows = [row for row in self._visible(request, itemtype) if search.matches(row, criteria)]
            if sort:
                rows.sort(key=lambda row: _sortable(search.options[sort](row)), reverse=descends)
            listing = self._cut(request, rows, limit_off_by_one=False)
            data = [search.columns(row, shown, criteria) for row in listing.rows]
        except (BadCriterion, KeyError):
            raise ApiError(400, "ERROR", "Identifiant de champ incorrect dans le critère de recherche") from None
        order = "DESC" if descends else "ASC"
        body: dict[str, object] = {"totalcount": listing.total, "count": len(data), "sort": [sort], "order": [order]}
        if data:
            # NOTE: 10 shows texts encoded here, also with X-GLPI-Sanitized-Content: false.
            body["data"] = data
        body["content-range"] = f"{listing.start}-{listing.start + len(data) - 1}/{listing.total}"
        return json_response(listing.status, body, listing.headers(itemtype))

    def _list(self, request: Request, itemtype: str, rows: list[Row]) -> Response:
        sort, descends = request.query.get("sort", "id"), request.query.get("order", "ASC") == "DESC"
        if rows and sort not in rows[0]:
            raise ApiError(400, "ERROR", "sort param is not a field of the table")
        rows = sorted(rows, key=lambda row: _sortable(row[sort]), reverse=descends)
        listing = self._cut(request, rows, limit_off_by_one=True)
        if request.query.get("only_id") == "true":
            body: list[Row] = [{"id": row["id"]} for row in listing.rows]
        else:
            body = [self._linked(request, itemtype, self._encoded(request, row)) for row in listing.rows]
        return json_response(listing.status, body, listing.headers(itemtype))

    def _cut(self, request: Request, rows: list[Row], *, limit_off_by_one: bool) -> Listing:
        asked = Range.parse(request.query.get("range"), limit_off_by_one=limit_off_by_one)
        if asked is None:
            raise ApiError(400, "ERROR", "range must be in format : [start-end] with integers")
        listing = cut(rows, asked)
        if listing is None:
            raise ApiError(400, "ERROR_RANGE_EXCEED_TOTAL", f"Provided range exceed total count of data: {len(rows)}")
        return listing

    def _visible(self, request: Request, itemtype: str) -> list[Row]:
        rows = list(self._world.storage.rows(itemtype).values())
        if itemtype in ("Ticket", "User"):
            trashed = 1 if request.query.get("is_deleted") in ("1", "true") else 0
            rows = [row for row in rows if row["is_deleted"] == trashed]
        if itemtype == "Ticket":
            rows = [row for row in rows if row["id"] not in self._world.hidden]
        return rows

    def _read(self, request: Request, itemtype: str, number: int) -> Response:
        row = self._world.storage.rows(itemtype).get(number)
        if row is None:
            raise ApiError(404, "ERROR_ITEM_NOT_FOUND")
        if itemtype == "Ticket" and number in self._world.hidden:
            raise ApiError(403, "ERROR_RIGHT_MISSING")
        headers = {}
        if row.get("date_mod"):
            headers["Last-Modified"] = format_datetime(self._world.as_utc(row["date_mod"]), usegmt=True)
        return json_response(200, self._linked(request, itemtype, self._encoded(request, row)), headers)

    def _linked(self, request: Request, itemtype: str, row: Row) -> Row:
        if request.query.get("get_hateoas", "true") != "true":
            return row
        root = self.root_url(request)
        parents = {"tickets_id": "Ticket", "users_id_recipient": "User", "entities_id": "Entity", "users_id": "User"}
        links = [{"rel": kind, "href": f"{root}/{kind}/{row[key]}"} for key, kind in parents.items() if row.get(key)]
        return {**row, "links": links}

    def _encoded(self, request: Request, row: Row) -> Row:
        # NOTE: 10.0 stores these encoded and shows them so unless told otherwise; 11 never does.
        if self._world.version > 10 or request.headers.get("x-glpi-sanitized-content", "true") != "false":
            return row
        return {key: decoded(value) if key in _ENCODED and value else value for key, value in row.items()}

    # --- items ----------------------------------------------------------------------------------------------------

    def _item(self, request: Request, itemtype: str, rest: list[str], given: object) -> Response:
        number = int(rest[0]) if rest and rest[0].isdigit() else None
        below = _itemtype(rest[1]) if len(rest) == 2 else None
        match request.method:
            case "GET" if below is not None and number is not None:
                return self._below(request, itemtype, number, below)
            case "GET" if number is not None:
                return self._read(request, itemtype, number)
            case "GET":
                return self._list(request, itemtype, self._visible(request, itemtype))
            case "POST":
                return self._create(request, below or itemtype, given)
            case "PUT" | "PATCH" if number is not None:
                return self._update(request, itemtype, number, given)
            case "DELETE" if number is not None:
                return self._delete(request, itemtype, number)
        raise ApiError(405, "ERROR_METHOD_NOT_ALLOWED")

    def _below(self, request: Request, itemtype: str, number: int, below: str) -> Response:
        self._read(request, itemtype, number)
        column = _PARENTS.get((itemtype, below))
        if column is None:
            return _not_simulated(request)
        rows = [row for row in self._world.storage.rows(below).values() if row[column] == number]
        return self._list(request, below, rows)

    def _create(self, request: Request, itemtype: str, given: object) -> Response:
        fields = input_fields(given)
        makers: dict[str, Callable[[Row], int]] = {
            "Ticket": self._world.create_ticket,
            "Ticket_User": self._world.actors.add,
            "Group_Ticket": self._world.actors.add_group,
            "Ticket_Ticket": self._world.actors.link,
            "ITILFollowup": self._world.add_followup,
        }
        if itemtype not in makers or isinstance(fields, list):
            return _not_simulated(request)
        number = self._tried(lambda: makers[itemtype](fields), "ERROR_GLPI_ADD")
        text = self._added(number) if itemtype == "Ticket" else ""
        if itemtype == "Ticket_Ticket":
            text = f"Élément ajouté : Ticket lié - ID {number}"
        location = {"location": f"{self.root_url(request)}/{itemtype}/{number}"}
        return json_response(201, {"id": number, "message": text}, location)

    def _added(self, number: int) -> str:
        name = self._world.storage.rows("Ticket")[number]["name"] or f"Ticket - ID {number}"
        if self._world.version > 10:
            return f"Élément ajouté : {html.escape(name).replace('&#x27;', '&#039;')}"
        return f"Élément ajouté : {name} ({number})"

    def _update(self, request: Request, itemtype: str, number: int, given: object) -> Response:
        fields = input_fields(given)
        if itemtype != "Ticket" or isinstance(fields, list):
            return _not_simulated(request)
        self._tried(lambda: self._world.update_ticket(number, fields), "ERROR_GLPI_UPDATE")
        return json_response(200, [{str(number): True, "message": ""}])

    def _delete(self, request: Request, itemtype: str, number: int) -> Response:
        if itemtype != "Ticket":
            return _not_simulated(request)
        if not self._switches.delete_right or request.query.get("force_purge") == "true":
            raise ApiError(400, "ERROR_GLPI_DELETE", message("ERROR_RIGHT_MISSING", None, root_url="", language=None))
        self._tried(lambda: self._world.trash_ticket(number), "ERROR_GLPI_DELETE")
        return json_response(200, [{str(number): True, "message": ""}])

    @staticmethod
    def _tried(action: Callable[[], T], code: str) -> T:
        try:
            return action()
        except Refused as refused:
            text = message(refused.name, None, root_url="", language=None) if refused.name else refused.text
        raise ApiError(400, code, text, is_bare=True)


def _itemtype(name: str) -> str:
    for known in _TYPES:
        if known.lower() == name.lower():
            return known
    raise ApiError(400, "ERROR_RESOURCE_NOT_FOUND_NOR_COMMONDBTM")


def _sortable(value: Any) -> tuple[bool, Any]:
    return (value is not None, value.casefold() if isinstance(value, str) else value)


def _not_simulated(request: Request) -> Response:
    return json_response(501, ["SIMULATOR_DOES_NOT_KNOW", f"{request.method} {request.path}"])

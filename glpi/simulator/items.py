"""Items of the legacy API: read, listed, searched; what is written is in ``writes``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from email.utils import format_datetime
from types import MappingProxyType
from typing import Any

from glpi.simulator.criteria import BadCriterion, like, parse_criteria, sortable
from glpi.simulator.documents import Upload
from glpi.simulator.listing import Listing, Range, cut
from glpi.simulator.messages import ApiError, Request, Response, json_response
from glpi.simulator.profiles import READ
from glpi.simulator.reference import reference
from glpi.simulator.rows import entity_row
from glpi.simulator.rules import mandatory_rows
from glpi.simulator.sanitizer import decoded, encoded
from glpi.simulator.search import SEARCHABLE, Search, wanted_id
from glpi.simulator.seeds import ENTITIES, REQUEST_TYPES
from glpi.simulator.sessions import Caller
from glpi.simulator.storage import Row
from glpi.simulator.world import World
from glpi.simulator.writes import Writes

_ENCODED = ("name", "content", "completename")
_TREES: Mapping[str, str] = MappingProxyType(
    {"ITILCategory": "itilcategory", "Location": "location", "Group": "group", "User": "user", "UserEmail": "user"}
)
"""Kinds that a right of the profile opens."""
_OF_TICKET: Mapping[str, str] = MappingProxyType(
    {
        "Ticket_User": "tickets_id",
        "Group_Ticket": "tickets_id",
        "Ticket_Ticket": "tickets_id_1",
        "ITILFollowup": "items_id",
        "ITILSolution": "items_id",
        "TicketTask": "tickets_id",
        "TicketSatisfaction": "tickets_id",
        "Document_Item": "items_id",
    }
)
"""Kinds that hang on a ticket, and the column that says on which."""
_MANDATORY = "TicketTemplateMandatoryField"
_TYPES = ("Ticket", "Document", "Entity", "RequestType", _MANDATORY, *_TREES, *_OF_TICKET)
_TRASHED = ("Ticket", "User", "Document")
_FOREIGN: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "entities_id": ("Entity", "completename"),
        "users_id": ("User", "name"),
        "users_id_recipient": ("User", "name"),
        "users_id_lastupdater": ("User", "name"),
        "requesttypes_id": ("RequestType", "name"),
        "itilcategories_id": ("ITILCategory", "completename"),
        "locations_id": ("Location", "completename"),
        "groups_id": ("Group", "completename"),
        "tickets_id": ("Ticket", "name"),
    }
)
_CHILDREN = (
    *("Document_Item", "TicketTask", "TicketValidation", "TicketCost", "Problem_Ticket", "Change_Ticket"),
    *("Ticket_Ticket", "Item_Ticket", "ITILSolution", "ITILFollowup", "Ticket_User", "Group_Ticket"),
    "Supplier_Ticket",
)


def itemtype_of(name: str) -> str:
    """The canonical name of a kind of item, old names included. Raises ApiError."""
    name = {"ticketfollowup": "itilfollowup"}.get(name.lower(), name.lower())
    for known in _TYPES:
        if known.lower() == name:
            return known
    raise ApiError(400, "ERROR_RESOURCE_NOT_FOUND_NOR_COMMONDBTM")


class ItemApi:
    """Makes what answers one request."""

    def __init__(self, world: World) -> None:
        """``world``: where the items are."""
        self._world = world

    def of(self, request: Request, caller: Caller, root_url: str) -> Items:
        """What answers this request, for this caller."""
        return Items(self._world, request, caller, root_url)


@dataclass(frozen=True)
class Items:
    """One request about items."""

    world: World
    request: Request
    caller: Caller
    root_url: str

    def answer(self, itemtype: str, rest: list[str], given: object, uploads: Sequence[Upload]) -> Response:
        """The answer to a request for ``/Itemtype[/id[/Below[/id]]]``. Raises ApiError."""
        number = int(rest[0]) if rest and rest[0].isdigit() else None
        below = itemtype_of(rest[1]) if len(rest) >= 2 else None
        if self.request.method == "GET":
            if below is not None and number is not None:
                last = rest[2] if len(rest) == 3 else ""
                return self._read(below, int(last)) if last.isdigit() else self._below(itemtype, number, below)
            return self._read(itemtype, number) if number is not None else self._list(itemtype)
        if below is not None and number is not None:
            itemtype, number = below, int(rest[2]) if len(rest) == 3 and rest[2].isdigit() else None
        return Writes(self.world, self.request, self.caller, self.root_url).answer(itemtype, number, given, uploads)

    # --- one item ---------------------------------------------------------------------------------------------------

    def _row(self, itemtype: str, number: int) -> Row:
        """Raises ApiError where it is not there, or not for this caller."""
        column = "tickets_id" if itemtype == "TicketSatisfaction" else "id"
        rows = self._rows(itemtype)
        found = self.world.storage.where(itemtype, column, number) if column != "id" else [rows.get(number)]
        if not found or found[0] is None:
            raise ApiError(404, "ERROR_ITEM_NOT_FOUND")
        if not self._may_read(itemtype, found[0]):
            raise ApiError(403, "ERROR_RIGHT_MISSING")
        return found[0]

    def _rows(self, itemtype: str) -> Mapping[int, Row]:
        if itemtype == "Entity":
            return {number: entity_row(number, name) for number, name in ENTITIES.items()}
        if itemtype == _MANDATORY:
            return mandatory_rows(self.world.switches.mandatory_fields)
        if itemtype == "RequestType":
            return {n: {"id": n, "name": name, "is_active": 1} for n, name in REQUEST_TYPES.items()}
        return self.world.storage.rows(itemtype)

    def _may_read(self, itemtype: str, row: Row) -> bool:
        if itemtype == "Ticket":
            return self.world.sees_ticket(self.caller, row)
        if itemtype in _TREES:
            return self.caller.profile.may(_TREES[itemtype], READ)
        if itemtype == _MANDATORY:
            return self.caller.profile.is_central
        if itemtype in _OF_TICKET:
            ticket = self.world.storage.rows("Ticket").get(row[_OF_TICKET[itemtype]])
            if ticket is None or not self.world.sees_ticket(self.caller, ticket):
                return False
            if "is_private" in row:
                return self.world.sees_note(self.caller, row, "task" if itemtype == "TicketTask" else "followup")
            return True
        return (
            itemtype != "Document"
            or self.caller.profile.may("document", READ)
            or row["users_id"] == self.caller.user_id
        )

    def _read(self, itemtype: str, number: int) -> Response:
        row = self._row(itemtype, number)
        headers = {}
        if row.get("date_mod"):
            headers["Last-Modified"] = format_datetime(self.world.as_utc(row["date_mod"]), usegmt=True)
        accept, media = self.request.headers.get("accept", ""), self.request.query.get("alt")
        if itemtype == "Document" and (accept == "application/octet-stream" or media == "media"):
            return self._download(row, headers)
        return json_response(200, self._shown(itemtype, row), headers)

    def _download(self, row: Row, headers: dict[str, str]) -> Response:
        content = self.world.documents.content(row)
        if content is None:
            raise ApiError(404, "ERROR_ITEM_NOT_FOUND")
        name = row["filename"]
        said = f"attachment; filename=\"{name}\"; filename*=utf-8''{name}"
        kind = {"Content-Type": f"{row['mime']};charset=UTF-8", "Content-disposition": said}
        return Response(200, content, {**kind, **headers, "Etag": row["sha1sum"][:32]})

    def several(self) -> Response:
        """``getMultipleItems``: one that is missing or forbidden spoils all. Raises ApiError."""
        found = []
        for position in range(len(self.request.query)):
            kind = self.request.query.get(f"items[{position}][itemtype]")
            number = self.request.query.get(f"items[{position}][items_id]", "")
            if kind is None or not number.isdigit():
                break
            itemtype = itemtype_of(kind)
            found.append(self._shown(itemtype, self._row(itemtype, int(number))))
        if not found:
            raise ApiError(400, "ERROR_BAD_ARRAY")
        return json_response(200, found)

    # --- how a row is shown -----------------------------------------------------------------------------------------

    def _shown(self, itemtype: str, row: Row) -> Row:
        if itemtype == "User":
            row = {**reference(self.world.version)["user"], **row, "authtype": 1}
        shown = self._encoded(row)
        if self.request.query.get("expand_dropdowns") == "true":
            shown = self._expanded(shown)
        if self.request.query.get("with_documents") == "true" and itemtype == "Ticket":
            links = self.world.storage.where("Document_Item", "items_id", row["id"])
            documents = self.world.storage.rows("Document")
            shown = {**shown, "_documents": [documents[link["documents_id"]] for link in links]}
        if self.request.query.get("get_hateoas", "true") != "true":
            return shown
        return {**shown, "links": self._links(itemtype, row)}

    def _encoded(self, row: Row) -> Row:
        # NOTE: 10.0 stores these encoded and shows them so unless told otherwise; 11 never does.
        if self.world.version > 10 or self.request.headers.get("x-glpi-sanitized-content", "true") != "false":
            return row
        return {key: decoded(value) if key in _ENCODED and value else value for key, value in row.items()}

    def _expanded(self, row: Row) -> Row:
        return {key: self._name_of(key, value) for key, value in row.items()}

    def _name_of(self, key: str, value: Any) -> Any:
        if key not in _FOREIGN:
            return value
        kind, name = _FOREIGN[key]
        found = self._rows(kind).get(value)
        if found is None:
            return value
        hides = self.request.headers.get("x-glpi-sanitized-content", "true") != "false"
        return encoded(found[name]) if self.world.version < 11 and hides else found[name]

    def _links(self, itemtype: str, row: Row) -> list[Row]:
        found = []
        for key, value in row.items():
            kind = "Ticket" if key == "items_id" else _FOREIGN.get(key, ("", ""))[0]
            if kind and (value or key == "entities_id"):
                found.append({"rel": kind, "href": f"{self.root_url}/{kind}/{value}"})
        if itemtype != "Ticket":
            return found
        children = [kind for kind in _CHILDREN if kind != "Ticket_Ticket" or self.world.version > 10]
        own = f"{self.root_url}/Ticket/{row['id']}"
        return [*found, *({"rel": kind, "href": f"{own}/{kind}/"} for kind in children)]

    # --- lists ------------------------------------------------------------------------------------------------------

    def _below(self, itemtype: str, number: int, below: str) -> Response:
        self._row(itemtype, number)
        columns = {"Ticket": _OF_TICKET.get(below), "User": "users_id" if below == "UserEmail" else None}
        column = columns.get(itemtype)
        if column is None:
            return json_response(501, ["SIMULATOR_DOES_NOT_KNOW", f"{self.request.method} {self.request.path}"])
        rows = self.world.storage.where(below, column, number)
        return self._listed(below, [row for row in rows if self._may_read(below, row)])

    def _list(self, itemtype: str) -> Response:
        if itemtype in _TREES and not self.caller.profile.may(_TREES[itemtype], READ):
            raise ApiError(403, "ERROR_RIGHT_MISSING")
        if itemtype == _MANDATORY and not self.caller.profile.is_central:
            raise ApiError(403, "ERROR_RIGHT_MISSING")
        return self._listed(itemtype, self._visible(itemtype))

    def _visible(self, itemtype: str) -> list[Row]:
        rows = list(self._rows(itemtype).values())
        if itemtype in _TRASHED:
            trashed = 1 if self.request.query.get("is_deleted") in ("1", "true") else 0
            rows = [row for row in rows if row["is_deleted"] == trashed]
        return [row for row in rows if self._may_read(itemtype, row)]

    def _listed(self, itemtype: str, rows: list[Row]) -> Response:
        rows = self._matching(itemtype, rows)
        sort, descends = self.request.query.get("sort", "id"), self.request.query.get("order", "ASC") == "DESC"
        if rows and sort not in rows[0]:
            raise ApiError(400, "ERROR", "sort param is not a field of the table")
        if sort != "id" or descends:
            rows = sorted(rows, key=lambda row: sortable(row[sort]), reverse=descends)
        listing = self._cut(rows, is_list=True)
        if self.request.query.get("only_id") == "true":
            body: list[Row] = [{"id": row["id"]} for row in listing.rows]
        else:
            body = [self._shown(itemtype, row) for row in listing.rows]
        return json_response(listing.status, body, listing.headers(itemtype))

    def _matching(self, itemtype: str, rows: list[Row]) -> list[Row]:
        for key, value in self.request.query.items():
            if not key.startswith("searchText["):
                continue
            name, wanted = key[len("searchText[") : -1], like(value)
            known = next(iter(self._rows(itemtype).values()), {name: None})
            if name not in known:
                raise ApiError(
                    400, "ERROR_FIELD_NOT_FOUND", f"Le champ {name} n'est pas valide pour l'élément {itemtype}."
                )
            rows = [row for row in rows if wanted(row[name])]
        return rows

    def _cut(self, rows: list[Row], *, is_list: bool) -> Listing:
        switches = self.world.switches
        off_by_one = is_list and switches.header_off_by_one
        asked = Range.parse(self.request.query.get("range"), limit=switches.list_limit, off_by_one=off_by_one)
        if asked is None:
            raise ApiError(400, "ERROR", "range must be in format : [start-end] with integers")
        listing = cut(rows, asked)
        if listing is None:
            raise ApiError(400, "ERROR_RANGE_EXCEED_TOTAL", f"Provided range exceed total count of data: {len(rows)}")
        return listing

    # --- search -----------------------------------------------------------------------------------------------------

    def search(self, itemtype: str) -> Response:
        """``/search/{itemtype}``. Raises ApiError."""
        if itemtype not in SEARCHABLE:
            return json_response(501, ["SIMULATOR_DOES_NOT_KNOW", f"{self.request.method} {self.request.path}"])
        if itemtype in _TREES and not self.caller.profile.may(_TREES[itemtype], READ):
            raise ApiError(403, "ERROR_RIGHT_MISSING")
        search = Search(self.world, itemtype, self.caller.user_id)
        query = self.request.query
        default_sort = 0 if self.world.version > 10 else 1
        shown = [int(value) for key, value in query.items() if key.startswith("forcedisplay[")]
        try:
            sort, descends = int(query.get("sort", default_sort)), query.get("order", "ASC") == "DESC"
            criteria = parse_criteria(query)
            rows = self._found(itemtype, search, criteria)
            if sort:
                key: Callable[[Row], Any] = search.option(sort)
                rows.sort(key=lambda row: sortable(_single(key(row))), reverse=descends)
            listing = self._cut(rows, is_list=False)
            data = [search.columns(row, shown, criteria) for row in listing.rows]
        except (BadCriterion, ValueError):
            raise ApiError(400, "ERROR", "Identifiant de champ incorrect dans le critère de recherche") from None
        return self._found_page(itemtype, listing, data, sort, descends)

    def _found(self, itemtype: str, search: Search, criteria: list[Any]) -> list[Row]:
        number = wanted_id(criteria)
        if number is not None:
            row = self._rows(itemtype).get(number)
            trashed = 1 if self.request.query.get("is_deleted") in ("1", "true") else 0
            rows = [row] if row is not None and row.get("is_deleted", 0) == trashed else []
            return search.chosen([row for row in rows if self._may_read(itemtype, row)], criteria)
        if itemtype != "Ticket":
            return search.chosen(self._visible(itemtype), criteria)
        # Rights last: they cost more than conditions.
        trashed = 1 if self.request.query.get("is_deleted") in ("1", "true") else 0
        rows = [row for row in self._rows(itemtype).values() if row["is_deleted"] == trashed]
        return [row for row in search.chosen(rows, criteria) if self._may_read(itemtype, row)]

    def _found_page(
        self, itemtype: str, listing: Listing, data: list[dict[str, Any]], sort: int, descends: bool
    ) -> Response:
        order = "DESC" if descends else "ASC"
        body: dict[str, object] = {"totalcount": listing.total, "count": len(data), "sort": [sort], "order": [order]}
        if data:
            # NOTE: 10 shows texts encoded here, also with X-GLPI-Sanitized-Content: false.
            body["data"] = data
        body["content-range"] = f"{listing.start}-{listing.start + len(data) - 1}/{listing.total}"
        return json_response(listing.status, body, listing.headers(itemtype))


def _single(cell: Any) -> Any:
    return (cell[0] if cell else None) if isinstance(cell, list) else cell

"""The High-Level API of the simulated GLPI 11 and 12: a request in, the answer that the real one gives out.

On the same world as the legacy API. Held to recorded exchanges by ``tests/glpi/test_simulator_highlevel.py``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from glpi.simulator.highlevel_messages import (
    Call,
    HighLevelError,
    answer,
    forbidden,
    not_found,
    parsed,
    unauthenticated,
)
from glpi.simulator.highlevel_oauth import BadToken, OAuth
from glpi.simulator.highlevel_pages import Pages
from glpi.simulator.highlevel_schema import Schema, Schemas
from glpi.simulator.highlevel_session import session
from glpi.simulator.highlevel_tickets import TicketRoutes
from glpi.simulator.messages import Request, Response, html_response
from glpi.simulator.profiles import Profile
from glpi.simulator.seeds import ENTITIES
from glpi.simulator.sessions import Caller
from glpi.simulator.storage import Row
from glpi.simulator.switches import Switches
from glpi.simulator.wording import page
from glpi.simulator.world import World

_OFFERED: Mapping[int, tuple[str, ...]] = MappingProxyType({11: ("2.0", "2.1", "2.2"), 12: ("2.3", "3.0")})
_VERSION = re.compile(r"/v(\d+(?:\.\d+)*)(?=/|$)")
_LOW_LEVEL = (
    "The low-level API which is closely tied to the GLPI source code. While not as user friendly as the high-level "
    "API, it is more powerful and allows to do some things that are not possible with the high-level API. It has no "
    "promise of stability between versions so it may change without warning."
)


class HighLevelApi:
    """One simulated High-Level API. Not for several threads at once."""

    def __init__(
        self,
        world: World,
        *,
        switches: Switches,
        passwords: Mapping[str, str],
        client_id: str,
        client_secret: str,
    ) -> None:
        """``passwords`` by login; ``client_id`` and ``client_secret`` of the one OAuth client."""
        self._world, self._switches = world, switches
        self.oauth = OAuth(client_id, client_secret, self._user_id, passwords=passwords, now=world.utc_now)
        self.disabled = False
        """The High-Level API is switched off; the legacy one has a switch of its own."""
        self.created_status = 302 if world.version < 12 else 201
        """Of a creation: 302 behind PHP-FPM, 200 under PHP's own server, 201 in later versions."""
        self.schemas = Schemas(world)
        self._pages = Pages(self.schemas)
        self._tickets = TicketRoutes(self, world)

    def handle(self, request: Request) -> Response:
        """The answer to a request; what it changes is committed by whoever calls."""
        if self._switches.maintenance:
            return html_response(200, page("MODE MAINTENANCE"))
        if self._switches.database_down:
            return html_response(500, page("Error"))
        try:
            return self._route(request)
        except HighLevelError as error:
            return answer(error.status, error.body)

    def _route(self, request: Request) -> Response:
        if self.disabled:
            raise forbidden("The High-Level API is disabled")
        found = _VERSION.match(request.path)
        offered = _OFFERED[max(_OFFERED) if self._world.version > 11 else 11]
        version = next((one for one in reversed(offered) if found and one.startswith(found[1])), offered[-1])
        parts = tuple(part for part in request.path[found.end() if found else 0 :].split("/") if part)
        match request.method, parts:
            case "GET", ():
                return answer(200, self._versions(request, offered))
            case "POST", ("token",):
                return self.oauth.token(request)
            case "GET", ("authorize",):
                return self.oauth.authorize(request)
            case "GET", ("status", "all"):
                return answer(200, _STATUS)
        call = Call(request, parts, version, self._caller(request), {})
        if request.method == "OPTIONS":
            return self._options(call)
        return self._dispatch(Call(request, parts, version, call.caller, parsed(request)))

    def _versions(self, request: Request, offered: tuple[str, ...]) -> dict[str, object]:
        root = f"http://{request.host}/api.php"
        first = {"api_version": "1", "version": "1.0.0", "description": _LOW_LEVEL, "endpoint": f"{root}/v1"}
        later = [
            {"api_version": one[0], "version": f"{one}.0", "endpoint": f"{root}/v{one}"} for one in offered
        ]  # fmt: skip
        return {"message": "Welcome to GLPI API", "api_versions": [first, *later]}

    def _user_id(self, login: str) -> int | None:
        users = self._world.storage.rows("User").values()
        return next((row["id"] for row in users if row["name"] == login and row["is_active"]), None)

    # --- who asks ---------------------------------------------------------------------------------------------------

    def _caller(self, request: Request) -> Caller:
        """Whose token it is, with the profile and the entity of the headers."""
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer" or self._switches.authorization_stripped:
            raise unauthenticated(request)
        try:
            grant = self.oauth.grant(token.strip())
        except BadToken as error:
            raise HighLevelError(400, "ERROR_INVALID_PARAMETER", "Invalid OAuth token", str(error)) from None
        if grant.user_id is None:
            raise unauthenticated(request)
        parts = request.path.split("/")
        needed = "user" if parts[-2:] == ["User", "Me"] else "api"
        if needed not in grant.scopes:
            raise forbidden("You do not have the required scope(s) to access this endpoint.")
        return Caller(grant.user_id, self._profile(request, grant.user_id), *self._entities(request))

    def _profile(self, request: Request, user_id: int) -> Profile:
        mine = self._world.profiles_of(user_id)
        wanted = request.headers.get("glpi-profile", "")
        # NOTE: a profile that is not one's own changes nothing on 11.0.6.
        return next((one for one in mine if str(one.id) == wanted), mine[0])

    def _entities(self, request: Request) -> tuple[tuple[int, ...], int]:
        wanted = request.headers.get("glpi-entity", "")
        if not wanted.isdigit() or int(wanted) not in ENTITIES:
            return tuple(ENTITIES), 0
        is_recursive = request.headers.get("glpi-entity-recursive", "").lower() == "true"
        entity = int(wanted)
        return (tuple(ENTITIES) if entity == 0 and is_recursive else (entity,)), entity

    # --- where to ---------------------------------------------------------------------------------------------------

    def _options(self, call: Call) -> Response:
        if call.parts not in (("Assistance", "Ticket"), ("Administration", "User")):
            raise not_found()
        return Response(204, b"", {"Allow": "GET, POST"})

    def _dispatch(self, call: Call) -> Response:
        match call.parts:
            case ("session",) if call.request.method == "GET":
                return answer(200, session(self._world, call.caller, self.schemas.zoned))
            case ("Assistance", "Ticket", *rest):
                return self._tickets.answer(call, tuple(rest))
        if call.request.method not in ("GET", "HEAD"):
            return self._write(call)
        match call.parts:
            case ("Administration", "User", *rest):
                return self._user(call, tuple(rest))
            case ("Dropdowns", ("ITILCategory" | "Location" | "RequestType") as kind, *rest):
                return self._dropdown(call, kind, tuple(rest))
            case ("Administration", "Group"):
                rows = list(self._world.storage.rows("Group").values())
                return self.listed(call, self.schemas.group, rows)
            case ("Setup", "Config", *_) if not call.caller.profile.may("config", 1):
                raise forbidden()
            case ("Management", "Document"):
                return self.listed(call, self.schemas.document, list(self._world.storage.rows("Document").values()))
        raise not_found()

    def _write(self, call: Call) -> Response:
        """NOTE: 11.0.6 makes an empty document of a multipart upload."""
        if call.parts != ("Management", "Document") or call.request.method != "POST":
            raise not_found()
        empty = {"entities_id": 0, "is_deleted": 0, "name": call.given.get("name") or ""}
        at = self._world.local_now()
        number = self._world.storage.add("Document", {**empty, "date_creation": at, "date_mod": at})
        return self.created(f"/Management/Document/{number}", number)

    def created(self, href: str, number: int) -> Response:
        """The answer to a creation."""
        return answer(self.created_status, {"id": number, "href": href}, {"Location": href})

    def listed(self, call: Call, schema: Schema, rows: list[Row], *, hides_parents: bool = False) -> Response:
        """A page of rows, filtered and sorted as the query says."""
        return self._pages.answer(call, schema, rows, hides_parents=hides_parents)

    def one(self, schema: Schema, row: Row | None) -> Response:
        """One item. Raises HighLevelError."""
        if row is None:
            raise not_found()
        return answer(200, self.schemas.shape(schema, row))

    def _user(self, call: Call, rest: tuple[str, ...]) -> Response:
        if not call.caller.profile.may("user", 1):
            raise forbidden()
        schema, rows = self.schemas.user(call.version), self._world.storage.rows("User")
        match rest:
            case ():
                return self.listed(call, schema, [row for row in rows.values() if not row.get("is_deleted")])
            case ("Me",):
                return self.one(schema, rows[call.caller.user_id])
            case ("username", login):
                return self.one(schema, next((row for row in rows.values() if row["name"] == login), None))
            case (number,) if number.isdigit():
                return self.one(schema, rows.get(int(number)))
        raise not_found()

    def _dropdown(self, call: Call, kind: str, rest: tuple[str, ...]) -> Response:
        # NOTE: 11.0.6 knows categories from version 2.2 on.
        if kind == "ITILCategory" and call.version in ("2.0", "2.1"):
            raise not_found()
        rights = {"ITILCategory": "itilcategory", "Location": "location", "RequestType": "config"}
        if not call.caller.profile.may(rights[kind], 1):
            raise forbidden()
        schemas: dict[str, Schema] = {
            "ITILCategory": self.schemas.category,
            "Location": self.schemas.location,
            "RequestType": self.schemas.request_type,
        }
        rows = self.schemas.request_types() if kind == "RequestType" else self._world.storage.rows(kind)
        if rest and rest[0].isdigit():
            return self.one(schemas[kind], rows.get(int(rest[0])))
        return self.listed(call, schemas[kind], list(rows.values()), hides_parents=True)


_QUIET: dict[str, Any] = {"status": "NO_DATA", "servers": []}
_STATUS: dict[str, Any] = {
    "glpi": {"status": "OK"},
    "db": {"status": "OK", "main": {"status": "OK"}, "replicas": _QUIET},
    "cas": {"status": "NO_DATA"},
    "ldap": _QUIET,
    "imap": _QUIET,
    "mail_collectors": _QUIET,
    "crontasks": {"status": "OK", "stuck": [], "status_msg": "EN COURS : 0, BLOQUE : 0, TOTAL : 48"},
    "filesystem": {"status": "OK", "session_dir": {"status": "OK"}},
    "plugins": {"status": "NO_DATA"},
}

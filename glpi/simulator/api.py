"""The legacy REST API of the simulated GLPI: a request in, the answer that the real one gives out.

Held to recorded exchanges by ``tests/glpi``. A resource that is not simulated answers 501: the real one would
answer something else, so a test must not lean on it.
"""

from __future__ import annotations

from collections.abc import Mapping

from glpi.simulator.account import AccountApi
from glpi.simulator.documents import multipart
from glpi.simulator.items import ItemApi, itemtype_of
from glpi.simulator.messages import ApiError, Request, Response, html_response, json_body, json_response
from glpi.simulator.reference import reference
from glpi.simulator.switches import Switches
from glpi.simulator.wording import DOCUMENTATION, message, page
from glpi.simulator.world import World

_EXPOSED = {"Access-Control-Expose-Headers": "content-type, content-range, accept-range"}
_METHODS = "PUT, GET, POST, DELETE, OPTIONS"


class Api:
    """One simulated GLPI as its HTTP clients see it. Not for several threads at once."""

    def __init__(
        self,
        world: World,
        *,
        switches: Switches,
        app_token: str,
        user_tokens: Mapping[int, str],
        passwords: Mapping[str, str],
    ) -> None:
        """``app_token`` of the API client; ``user_tokens`` by user id; ``passwords`` by login."""
        self._world, self._switches = world, switches
        self.account = AccountApi(world, switches, app_token=app_token, user_tokens=user_tokens, passwords=passwords)
        self._items = ItemApi(world)

    def handle(self, request: Request) -> Response:
        """The answer to a request; what it changes is committed by whoever calls."""
        response = self._answer(request)
        is_apology = self._world.version > 10 and (self._switches.maintenance or self._switches.database_down)
        if request.method != "GET" or is_apology:
            return response
        return Response(response.status, response.body, {**response.headers, **_EXPOSED})

    def _answer(self, request: Request) -> Response:
        if self._switches.maintenance:
            return html_response(200, page("MODE MAINTENANCE" if self._world.version > 10 else "MAINTENANCE MODE"))
        if self._switches.database_down:
            return html_response(*((500, page("Error")) if self._world.version > 10 else (200, page("Mysql Error"))))
        if request.method == "OPTIONS":
            origin = {"Access-Control-Allow-Origin": "*", **_EXPOSED, "Access-Control-Allow-Methods": _METHODS}
            return html_response(200, "", origin)
        if request.method == "HEAD":
            # NOTE: 11 shows its login page to a HEAD of the API, 10 an empty JSON answer.
            return html_response(200, "") if self._world.version > 10 else json_response(200, None)
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
        if self._switches.address_refused:
            raise ApiError(400, "ERROR_NOT_ALLOWED_IP")
        kind = request.headers.get("content-type", "")
        given, uploads = (
            multipart(kind, request.body) if kind.startswith("multipart/form-data") else (json_body(request), [])
        )
        self.account.check_app_token(request)
        parts = [part for part in request.path.split("/") if part]
        resource = parts[0].lower()
        if resource == "initsession":
            return self.account.open(request)
        session = self.account.session(request)
        if request.method == "GET" and (read := self.account.read(resource)) is not None:
            return json_response(200, read(request, session))
        if request.method == "POST" and (write := self.account.write(resource)) is not None:
            return json_response(200, write(given, session))
        items = self._items.of(request, self.account.caller(session), self.root_url(request))
        if request.method == "GET" and resource == "search" and len(parts) == 2:
            return items.search(itemtype_of(parts[1]))
        if request.method == "GET" and resource == "listsearchoptions" and len(parts) == 2:
            return self._search_options(request, itemtype_of(parts[1]))
        if request.method == "GET" and resource == "getmultipleitems":
            return items.several()
        session.has_written = session.has_written or request.method != "GET"
        if len(parts) > 4:
            raise ApiError(400, "ERROR_RESOURCE_MISSING", "resource is missing", is_bare=True)
        return items.answer(itemtype_of(parts[0]), parts[1:], given, uploads)

    def _search_options(self, request: Request, itemtype: str) -> Response:
        if itemtype != "Ticket":
            return json_response(501, ["SIMULATOR_DOES_NOT_KNOW", f"{request.method} {request.path}"])
        return json_response(200, reference(self._world.version)["ticket_options"])

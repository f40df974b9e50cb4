"""The session resources of the legacy API: login, who I am, what I may, how the server is configured."""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Callable, Mapping
from typing import Any

from glpi.simulator.messages import ApiError, Request, Response, json_response
from glpi.simulator.profiles import Profile
from glpi.simulator.reference import reference
from glpi.simulator.sanitizer import encoded
from glpi.simulator.seeds import ENTITIES, PEOPLE
from glpi.simulator.sessions import Caller, Session, Sessions
from glpi.simulator.switches import Switches
from glpi.simulator.world import World

VERSIONS: Mapping[int, str] = {10: "10.0.19", 11: "11.0.6", 12: "12.0.0"}
"""What each simulated GLPI calls itself; 12 after its sources, never compared with a real one."""


class AccountApi:
    """Sessions and what hangs on them."""

    def __init__(
        self,
        world: World,
        switches: Switches,
        *,
        app_token: str,
        user_tokens: Mapping[int, str],
        passwords: Mapping[str, str],
    ) -> None:
        """``user_tokens``: user id to token; ``passwords``: login to password."""
        self._world, self._switches = world, switches
        self._app_token, self._user_tokens, self._passwords = app_token, user_tokens, passwords
        self.sessions = Sessions(world.utc_now)

    # --- the gates --------------------------------------------------------------------------------------------------

    def check_app_token(self, request: Request) -> None:
        """Raises ApiError unless the request carries the application token, where there is one."""
        if not self._switches.app_token_required:
            return
        shown = request.headers.get("app-token") or request.query.get("app_token")
        if not shown:
            raise ApiError(400, "ERROR_APP_TOKEN_PARAMETERS_MISSING")
        if shown != self._app_token:
            raise ApiError(400, "ERROR_WRONG_APP_TOKEN_PARAMETER")

    def session(self, request: Request) -> Session:
        """The open session of a request. Raises ApiError."""
        shown = request.headers.get("session-token") or request.query.get("session_token")
        if not shown:
            raise ApiError(400, "ERROR_SESSION_TOKEN_MISSING")
        found = self.sessions.find(shown, self._switches.idle_timeout_s)
        if found is None:
            raise ApiError(401, "ERROR_SESSION_TOKEN_INVALID")
        return found

    def caller(self, session: Session) -> Caller:
        """Who a session is, with the rights as they are now."""
        entities = tuple(ENTITIES) if session.is_recursive and session.entity == 0 else (session.entity,)
        return Caller(session.user_id, self._profile(session), entities, session.entity)

    def _profile(self, session: Session) -> Profile:
        owned = self._world.profiles_of(session.user_id)
        return next((profile for profile in owned if profile.id == session.profile_id), owned[0])

    # --- login ------------------------------------------------------------------------------------------------------

    def open(self, request: Request) -> Response:
        """``initSession``. Raises ApiError."""
        user_id = self._who(request)
        session = self.sessions.open(user_id, self._world.profiles_of(user_id)[0].id)
        body: dict[str, object] = {"session_token": session.token}
        if request.query.get("get_full_session") == "true":
            body["session"] = self._full(session)
        return json_response(200, body)

    def _who(self, request: Request) -> int:
        header = "" if self._switches.authorization_stripped else request.headers.get("authorization", "")
        kind, _, value = header.partition(" ")
        token = value if kind.lower() == "user_token" else request.query.get("user_token", "")
        if token:
            for user_id, known in self._user_tokens.items():
                if secrets.compare_digest(known.encode(), token.encode()) and self._is_active(user_id):
                    return user_id
            raise ApiError(401, "ERROR_GLPI_LOGIN_USER_TOKEN")
        login, password = _basic(value) if kind.lower() == "basic" else (request.query.get("login", ""), "")
        if not login:
            raise ApiError(400, "ERROR_LOGIN_PARAMETERS_MISSING")
        if not self._switches.credentials_login:
            raise ApiError(400, "ERROR_LOGIN_WITH_CREDENTIALS_DISABLED")
        password = password or request.query.get("password", "")
        for row in self._world.storage.where("User", "name", login):
            if self._passwords.get(login) == password and self._is_active(row["id"]):
                return int(row["id"])
        raise ApiError(401, "ERROR_GLPI_LOGIN")

    def _is_active(self, user_id: int) -> bool:
        row = self._world.storage.rows("User").get(user_id)
        return row is not None and bool(row["is_active"]) and not row["is_deleted"]

    # --- resources --------------------------------------------------------------------------------------------------

    def read(self, resource: str) -> Callable[[Request, Session], object] | None:
        """What answers GET of a resource, by its name in lower case."""
        return {
            "killsession": self._kill,
            "getfullsession": lambda request, session: {"session": self._full(session)},
            "getactiveprofile": lambda request, session: {
                "active_profile": self._profile(session).shown(self._world.version)
            },
            "getmyprofiles": lambda request, session: {"myprofiles": self._owned(session)},
            "getmyentities": lambda request, session: {"myentities": self._entities(request)},
            "getactiveentities": lambda request, session: {"active_entity": self._active(session)},
            "getglpiconfig": lambda request, session: {"cfg_glpi": self._config()},
        }.get(resource)

    def write(self, resource: str) -> Callable[[object, Session], object] | None:
        """What answers POST of a resource, by its name in lower case."""
        return {"changeactiveprofile": self._change_profile, "changeactiveentities": self._change_entities}.get(
            resource
        )

    def _kill(self, request: Request, session: Session) -> bool:
        self.sessions.end(session.token)
        return True

    def _owned(self, session: Session) -> list[dict[str, Any]]:
        entities = [{"id": 0, "name": ENTITIES[0], "is_recursive": 1}]
        owned = sorted(self._world.profiles_of(session.user_id), key=lambda profile: profile.name)
        return [{"id": profile.id, "name": profile.name, "entities": entities} for profile in owned]

    def _entities(self, request: Request) -> list[dict[str, Any]]:
        shown = encoded if self._world.version < 11 else str
        below = [{"id": number, "name": shown(name)} for number, name in ENTITIES.items() if number]
        return [*below, {"id": 0, "name": ENTITIES[0]}]

    def _active(self, session: Session) -> dict[str, Any]:
        entities = self.caller(session).entities
        found: dict[str, Any] = {"id": session.entity, "active_entity_recursive": int(session.is_recursive)}
        return {**found, "active_entities": [{"id": number} for number in entities]}

    def _config(self) -> dict[str, Any]:
        matrix = {
            str(urgency): {str(impact): value for impact, value in enumerate(row, 1)}
            for urgency, row in enumerate(self._switches.priority_matrix, 1)
        }
        own = {"version": VERSIONS[self._world.version], "priority_matrix": matrix}
        return {**reference(self._world.version)["config"], **own, "list_limit": str(self._switches.list_limit)}

    def _change_profile(self, given: object, session: Session) -> bool:
        wanted = given.get("profiles_id") if isinstance(given, dict) else None
        if wanted is None:
            raise ApiError(400, "ERROR", "missing parameter : profiles_id")
        if str(wanted) not in [str(profile.id) for profile in self._world.profiles_of(session.user_id)]:
            raise ApiError(404, "ERROR_ITEM_NOT_FOUND")
        session.profile_id = int(wanted)
        return True

    def _change_entities(self, given: object, session: Session) -> bool:
        fields = given if isinstance(given, dict) else {}
        recursive = fields.get("is_recursive", False)
        if not isinstance(recursive, bool):
            raise ApiError(400, "ERROR", "is_recursive must be a boolean")
        number = int(fields.get("entities_id", 0))
        if number not in ENTITIES:
            return False
        session.entity, session.is_recursive = number, recursive or "entities_id" not in fields
        return True

    def _full(self, session: Session) -> dict[str, Any]:
        user = self._world.storage.rows("User")[session.user_id]
        person = next((person for person in PEOPLE if person.id == session.user_id), None)
        caller, profiles = self.caller(session), self._world.profiles_of(session.user_id)
        own = {
            "valid_id": session.token,
            "glpi_currenttime": self._world.local_now(),
            "glpiID": session.user_id,
            "glpifriendlyname": f"{user['realname']} {user['firstname']}".strip() or user["name"],
            "glpiname": user["name"],
            "glpirealname": user["realname"],
            "glpifirstname": user["firstname"],
            "glpicrontimer": int(self._world.utc_now().timestamp()),
            "glpilist_limit": str(self._switches.list_limit),
            "glpiprofiles": {
                str(profile.id): {"name": profile.name, "entities": self._owned(session)[0]["entities"]}
                for profile in profiles
            },
            "glpiactiveprofile": caller.profile.shown(self._world.version),
            "glpiactiveentities": list(caller.entities),
            "glpiactiveentities_string": ", ".join(f"'{number}'" for number in caller.entities),
            "glpiactive_entity": session.entity,
            "glpiactive_entity_recursive": int(session.is_recursive),
            "glpigroups": list(person.groups) if person else [],
        }
        messages: dict[str, Any] = {"MESSAGE_AFTER_REDIRECT": []} if session.has_written else {}
        return {**reference(self._world.version)["session"], **own, **messages}


def _basic(value: str) -> tuple[str, str]:
    try:
        login, _, password = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return login, password

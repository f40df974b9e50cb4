"""The simulated GLPI as a process has it: an HTTP server on 127.0.0.1 in a thread, and a side door in Python."""

from __future__ import annotations

import secrets
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Self

from glpi.simulator.actors import ASSIGNED, REQUESTER
from glpi.simulator.api import Api
from glpi.simulator.faults import Fault, Faults
from glpi.simulator.listener import POLL_S, Listener
from glpi.simulator.messages import Request, Response, Route, html_response
from glpi.simulator.seeds import CATEGORIES, TECHNICIAN
from glpi.simulator.storage import Row, Storage
from glpi.simulator.switches import Switches
from glpi.simulator.wording import page
from glpi.simulator.world import World

_LEGACY = MappingProxyType({10: ("/apirest.php",), 11: ("/apirest.php", "/api.php/v1")})
_LOG_LIMIT = 20_000


@dataclass(frozen=True)
class Logged:
    """One request that arrived."""

    method: str
    path: str
    """Below the API's root, without the query."""
    query: Mapping[str, str]
    at: datetime
    api: str = "legacy"
    """Which API it was for."""


class Simulator(Switches):
    """An embedded GLPI: ``with Simulator(version=11) as glpi: ... glpi.url ...``.

    May be stopped and started again, on the same port: what it knows stays, open connections are cut.
    """

    def __init__(
        self,
        version: int = 11,
        port: int = 0,
        state: Path | None = None,
        *,
        now: Callable[[], datetime] | None = None,
        zone: str = "Europe/Paris",
        categories: Sequence[tuple[int, str]] | None = None,
    ) -> None:
        """Prepare a server; it listens from ``start`` on.

        Args:
            version: 10 or 11.
            port: 0 takes a free one and keeps it.
            state: SQLite file in which every write is durable; None forgets everything at the end.
            now: Clock, aware; the real one by default.
            zone: The server's time zone.
            categories: (id, complete name ``A > B``) of the category tree.
        """
        super().__init__()
        if version not in _LEGACY:
            raise ValueError(f"no simulation of GLPI {version}")
        self.version, self.port = version, port
        self.faults = Faults()
        self.requests: deque[Logged] = deque(maxlen=_LOG_LIMIT)
        self._storage = Storage(state)
        self._world = World(
            self._storage,
            switches=self,
            version=version,
            zone=zone,
            now=now or (lambda: datetime.now(UTC)),
            categories=CATEGORIES if categories is None else categories,
        )
        self.app_token, self.user_token = self._token("app_token"), self._token("user_token")
        self._api = Api(self._world, switches=self, app_token=self.app_token, user_token=self.user_token)
        self._routes = {root: self._route("legacy", self._api.handle) for root in _LEGACY[version]}
        self._listener: Listener | None = None
        self._stopping = threading.Event()

    def _token(self, name: str) -> str:
        with self._storage.transaction():
            if self._storage.recall(name) is None:
                self._storage.remember(name, secrets.token_hex(20))
            return str(self._storage.recall(name))

    # --- the server -----------------------------------------------------------------------------------------------

    def start(self) -> Self:
        """Listen on 127.0.0.1, if it does not yet; returns once connections are accepted."""
        if self._listener is not None:
            return self
        self._stopping.clear()
        self._listener = Listener(self.port, self._routes, self._outside)
        self.port = self._listener.port
        self._listener.start()
        return self

    def stop(self) -> None:
        """Stop listening and cut every connection; as a network that is gone."""
        listener, self._listener = self._listener, None
        if listener is not None:
            self._stopping.set()
            listener.stop()

    def close(self) -> None:
        """Stop for good and close the state file."""
        self.stop()
        self._storage.close()

    def __enter__(self) -> Self:
        """Start."""
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Stop for good."""
        self.close()

    @property
    def url(self) -> str:
        """Address of the API; the port is known once started."""
        return f"http://127.0.0.1:{self.port}/apirest.php"

    # --- the side door --------------------------------------------------------------------------------------------

    def expire_sessions(self) -> None:
        """Every session is gone, as after the cleaning task."""
        self._api.sessions.clear()

    @property
    def open_sessions(self) -> int:
        """Sessions that were opened and not ended."""
        return len(self._api.sessions)

    @property
    def tickets(self) -> dict[int, Row]:
        """Every ticket by its id as it stands now, trashed ones included; copies."""
        return self._rows("Ticket")

    @property
    def followups(self) -> dict[int, Row]:
        """Every follow-up by its id; copies."""
        return self._rows("ITILFollowup")

    def requesters(self, ticket_id: int) -> list[tuple[int, str]]:
        """(user id, e-mail) of a ticket's requesters."""
        rows = self._rows("Ticket_User").values()
        mine = [row for row in rows if row["tickets_id"] == ticket_id and row["type"] == REQUESTER]
        return [(row["users_id"], row["alternative_email"]) for row in mine]

    def assigned_groups(self, ticket_id: int) -> list[int]:
        """Groups that a ticket is assigned to."""
        rows = self._rows("Group_Ticket").values()
        return [row["groups_id"] for row in rows if row["tickets_id"] == ticket_id and row["type"] == ASSIGNED]

    @property
    def links(self) -> list[tuple[int, int, int]]:
        """(ticket, other ticket, kind of link) where tickets were linked; 2 is "duplicates"."""
        rows = self._rows("Ticket_Ticket").values()
        return [(row["tickets_id_1"], row["tickets_id_2"], row["link"]) for row in rows]

    def _rows(self, kind: str) -> dict[int, Row]:
        with self._storage.transaction():
            return {number: dict(row) for number, row in self._storage.rows(kind).items()}

    def set_next_id(self, kind: str, number: int) -> None:
        """The id that the next row of a table gets."""
        with self._storage.transaction():
            self._storage.remember(f"next:{kind}", number)

    def add_user(
        self, login: str, emails: Sequence[str] = (), *, realname: str = "", firstname: str = "", is_active: bool = True
    ) -> int:
        """A new user; the first address is the default one."""
        with self._storage.transaction():
            return self._world.add_user(login, emails, realname, firstname, is_active=is_active)

    def add_category(self, completename: str) -> int:
        """A new category, ``Réseau > Wi-Fi``."""
        with self._storage.transaction():
            return self._world.add_category(completename)

    def add_ticket(self, author: int = TECHNICIAN, **fields: Any) -> int:
        """A ticket that somebody else opened."""
        with self._storage.transaction():
            return self._world.create_ticket(fields, author)

    def change(self, ticket_id: int, **fields: Any) -> None:
        """What a technician changes in GLPI's own interface."""
        with self._storage.transaction():
            self._world.update_ticket(ticket_id, fields, TECHNICIAN)

    def replace_requester(self, ticket_id: int, user_id: int) -> None:
        """What a business rule does that sets the requester."""
        with self._storage.transaction():
            for row in list(self._storage.rows("Ticket_User").values()):
                if row["tickets_id"] == ticket_id and row["type"] == REQUESTER:
                    self._storage.remove("Ticket_User", row["id"])
            self._world.actors.add({"tickets_id": ticket_id, "users_id": user_id, "type": REQUESTER})

    def take(self, ticket_id: int, user_id: int = TECHNICIAN) -> None:
        """A technician takes a ticket."""
        with self._storage.transaction():
            self._world.actors.add({"tickets_id": ticket_id, "users_id": user_id, "type": ASSIGNED})

    def dispatch(self, ticket_id: int, group_id: int = 1) -> None:
        """A rule of GLPI gives a ticket to a group."""
        with self._storage.transaction():
            self._world.actors.add_group({"tickets_id": ticket_id, "groups_id": group_id, "type": ASSIGNED})

    def solve(self, ticket_id: int) -> None:
        """A technician solves a ticket."""
        self.change(ticket_id, status=5)

    def add_followup(self, ticket_id: int, content: str, *, is_private: bool = False) -> int:
        """A technician's follow-up (HTML)."""
        given = {"itemtype": "Ticket", "items_id": ticket_id, "content": content, "is_private": int(is_private)}
        with self._storage.transaction():
            return self._world.add_followup(given, TECHNICIAN)

    def trash(self, ticket_id: int) -> None:
        """Put a ticket into the trash."""
        with self._storage.transaction():
            self._world.trash_ticket(ticket_id, TECHNICIAN)

    def purge(self, ticket_id: int) -> None:
        """Remove a ticket for good."""
        with self._storage.transaction():
            self._world.purge_ticket(ticket_id)

    def hide(self, ticket_id: int) -> None:
        """Move a ticket to where the account cannot see it."""
        self._world.hidden.add(ticket_id)

    def show(self, ticket_id: int) -> None:
        """Move a hidden ticket back into sight."""
        self._world.hidden.discard(ticket_id)

    # --- one request ----------------------------------------------------------------------------------------------

    def _route(self, api: str, handle: Callable[[Request], Response]) -> Route:
        """An API with the log, the faults and the transactions that all of them have."""
        return Route(api, lambda request: self._serve(request, handle))

    def _serve(self, request: Request, handle: Callable[[Request], Response]) -> Response | None:
        """The answer to a request, faults included; None drops the connection."""
        logged = Logged(request.method, request.path, request.query, self._world.utc_now(), request.api)
        self.requests.append(logged)
        fault = self.faults.next_for(request.method, request.path)
        if fault is None:
            return self._answer(request, handle)
        if fault.loses_session:
            self.expire_sessions()
        if fault.waits_first:
            self._wait(fault.wait)
        true_answer = self._answer(request, handle) if fault.commits else None
        if not fault.waits_first:
            self._wait(fault.wait)
        return true_answer if fault.is_answered_normally else _spoilt(fault)

    def _outside(self) -> Response:
        """The answer to a request that is not for the API."""
        if self.version > 10:
            return html_response(404, page("Élément introuvable"))
        return html_response(403, "")

    def _answer(self, request: Request, handle: Callable[[Request], Response]) -> Response:
        with self._storage.transaction():
            return handle(request)

    def _wait(self, wait: float | threading.Event | None) -> None:
        if isinstance(wait, threading.Event):
            while not wait.wait(POLL_S) and not self._stopping.is_set():
                pass
        elif wait is not None:
            self._stopping.wait(wait)


def _spoilt(fault: Fault) -> Response | None:
    if fault.drops or fault.status is None:
        return None
    extra = {"Content-Type": fault.content_type, "Retry-After": fault.retry_after, "Location": fault.location}
    body = page("Erreur").encode() if fault.body is None else fault.body
    return Response(fault.status, body, {name: value for name, value in extra.items() if value is not None})

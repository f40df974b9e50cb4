"""The simulated GLPI as a process has it: an HTTP server on 127.0.0.1 in a thread, and a side door in Python."""

from __future__ import annotations

import secrets
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self

from glpi.simulator.api import Api
from glpi.simulator.faults import Fault, Faults
from glpi.simulator.highlevel import HighLevelApi
from glpi.simulator.listener import POLL_S, Listener
from glpi.simulator.messages import Request, Response, Route, html_response
from glpi.simulator.seeds import CATEGORIES, PEOPLE, SERVICE_ACCOUNT
from glpi.simulator.side_door import SideDoor
from glpi.simulator.webhooks import WatchedStorage, Webhooks
from glpi.simulator.wording import page

_LEGACY = MappingProxyType(
    {10: ("/apirest.php",), 11: ("/apirest.php", "/api.php/v1"), 12: ("/apirest.php", "/api.php/v1")}
)
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


class Simulator(SideDoor):
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
            version: 10 or 11; 12 is 11 with what its sources say is different (versions of the High-Level API, 201).
            port: 0 takes a free one and keeps it.
            state: SQLite file in which every write is durable; None forgets everything at the end.
            now: Clock, aware; the real one by default.
            zone: The server's time zone.
            categories: (id, complete name ``A > B``) of the category tree.
        """
        if version not in _LEGACY:
            raise ValueError(f"no simulation of GLPI {version}")
        storage = WatchedStorage(state)
        super().__init__(
            storage,
            version=version,
            zone=zone,
            now=now or (lambda: datetime.now(UTC)),
            categories=CATEGORIES if categories is None else categories,
        )
        self.version, self.port = version, port
        self.faults = Faults()
        self.requests: deque[Logged] = deque(maxlen=_LOG_LIMIT)
        self.app_token = self._token("app_token")
        tokens = {person.id: self._token(f"user_token:{person.id}") for person in PEOPLE}
        self.user_token = tokens[SERVICE_ACCOUNT] = self._token("user_token")
        self.user_tokens: Mapping[int, str] = MappingProxyType(tokens)
        self.passwords: Mapping[str, str] = MappingProxyType({person.login: person.login for person in PEOPLE})
        self._api = Api(
            self._world,
            switches=self,
            app_token=self.app_token,
            user_tokens=self.user_tokens,
            passwords=self.passwords,
        )
        self._routes = {root: self._route("legacy", self._api.handle) for root in _LEGACY[version]}
        self.highlevel = HighLevelApi(
            self._world,
            switches=self,
            passwords=self.passwords,
            client_id=self._token("client_id"),
            client_secret=self._token("client_secret"),
        )
        self.webhooks = Webhooks(storage, self._world, self.highlevel.schemas)
        if version > 10:
            self._routes["/api.php"] = self._route("highlevel", self.highlevel.handle)
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
        self._listener = Listener(self.port, self._routes, self._outside, self._world.utc_now)
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

    # --- sessions ---------------------------------------------------------------------------------------------------

    def expire_sessions(self) -> None:
        """Every session is gone, as after the cleaning task."""
        self._api.account.sessions.clear()
        self.highlevel.oauth.expire()

    def revoke_sessions(self, user_id: int = SERVICE_ACCOUNT) -> None:
        """Every session of one user is gone, as an administrator of GLPI 12 may do."""
        self._api.account.sessions.revoke(user_id)

    @property
    def open_sessions(self) -> int:
        """Sessions that were opened and not ended."""
        return len(self._api.account.sessions)

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
        if fault.arrives_twice:
            true_answer = self._answer(request, handle)
        if not fault.waits_first:
            self._wait(fault.wait)
        if not fault.is_answered_normally:
            return _spoilt(fault)
        return replace(true_answer, pause_s=fault.trickle_s) if true_answer is not None else None

    def _outside(self, path: str) -> Response:
        """The answer to a request that is not for the API."""
        if path in ("", "/", "/index.php"):
            return html_response(200, page("Authentification"))
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

"""Webhooks of the simulated GLPI 11: a queue filled by what happens to tickets, and sent when a test says so.

A body is made, signed and dated when it is queued, and sent unchanged at every try. Purges say nothing.
Source: recorded on 11.0.6, ``v11-webhook-001`` to ``014``.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import random
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from glpi.simulator.highlevel_schema import Schemas
from glpi.simulator.storage import Row, Storage
from glpi.simulator.world import World

ITEMTYPES = ("Ticket", "ITILFollowup", "ITILSolution")
"""What a webhook can be about here."""
EVENTS = ("new", "update", "delete")
_CHALLENGE = b"validate_cra_challenge"
_TIMEOUT_S = 5.0
_LEAST_REFUSAL = 400


class WatchedStorage(Storage):
    """Tables that tell somebody before a row is written or removed."""

    watcher: Callable[[str, Row | None, Row | None], None] | None = None

    def put(self, kind: str, row: Row) -> None:
        """As ``Storage``."""
        if self.watcher is not None:
            self.watcher(kind, self.rows(kind).get(row["id"]), row)
        super().put(kind, row)

    def remove(self, kind: str, number: int) -> None:
        """As ``Storage``."""
        if self.watcher is not None:
            self.watcher(kind, self.rows(kind).get(number), None)
        super().remove(kind, number)


@dataclass(frozen=True)
class Subscription:
    """One webhook of the configuration."""

    url: str
    secret: str
    itemtypes: frozenset[str]
    events: frozenset[str]
    challenges: bool
    """Whether the receiver must prove first that it has the secret."""


@dataclass
class Queued:
    """One delivery that waits."""

    subscription: Subscription
    body: bytes
    timestamp: str
    signature: str
    tries: int = 0

    @property
    def headers(self) -> dict[str, str]:
        """No Content-Type, no id of the delivery."""
        own = {"X-GLPI-signature": self.signature, "X-GLPI-timestamp": self.timestamp}
        return {"User-Agent": "GuzzleHttp/7", **own}


@dataclass(frozen=True)
class Sent:
    """One try."""

    delivery: Queued
    status: int | None
    """None when nobody answered, or the challenge failed."""


class Webhooks:
    """The configured webhooks of one simulator, and their queue."""

    def __init__(self, storage: WatchedStorage, world: World, schemas: Schemas) -> None:
        """Listens to ``storage`` from now on."""
        self._storage, self._world, self._schemas = storage, world, schemas
        self._guard = threading.Lock()
        self._pending: tuple[str, int, str] | None = None
        self._queue: list[Queued] = []
        self.subscriptions: list[Subscription] = []
        self.max_tries = 3
        """A delivery that nobody took is forgotten after so many tries; a failed challenge is none."""
        storage.watcher = self._noticed

    def subscribe(
        self,
        url: str,
        secret: str,
        itemtypes: Collection[str] = ITEMTYPES,
        events: Collection[str] = EVENTS,
        *,
        challenges: bool = True,
    ) -> Subscription:
        """Configure a webhook for what happens from now on."""
        found = Subscription(url, secret, frozenset(itemtypes), frozenset(events), challenges)
        self.subscriptions.append(found)
        return found

    @property
    def queued(self) -> list[Queued]:
        """What waits, in the order in which it happened."""
        with self._storage.transaction():
            self._render()
        return list(self._queue)

    def deliver(self, *, copies: int = 1, shuffle: random.Random | None = None) -> list[Sent]:
        """Send what is queued, once; what nobody took stays for the next call.

        Args:
            copies: How often each is sent, as after answers that were lost.
            shuffle: Sends them in another order.
        """
        order = self.queued * copies
        if shuffle is not None:
            shuffle.shuffle(order)
        sent = [Sent(delivery, self._send(delivery)) for delivery in order]
        taken = {id(one.delivery) for one in sent if one.status is not None and one.status < _LEAST_REFUSAL}
        with self._guard:
            self._queue = [one for one in self._queue if id(one) not in taken and one.tries < self.max_tries]
        return sent

    # --- what happens -----------------------------------------------------------------------------------------------

    def _noticed(self, kind: str, before: Row | None, after: Row | None) -> None:
        """Before a write: what was noticed last is complete now, with its people, and is put into the queue."""
        if kind not in ITEMTYPES or not self.subscriptions:
            return
        self._render()
        row = after or before
        if after is None or row is None:
            return
        is_trashed = kind == "Ticket" and after["is_deleted"] and before is not None and not before["is_deleted"]
        event = "new" if before is None else "delete" if is_trashed else "update"
        self._pending = (kind, int(row["id"]), event)

    def _render(self) -> None:
        pending, self._pending = self._pending, None
        if pending is None:
            return
        kind, number, event = pending
        row = self._storage.rows(kind).get(number)
        if row is None:
            return
        body = rendered(self._document(kind, row, event))
        timestamp = str(int(self._world.utc_now().timestamp()))
        for one in self.subscriptions:
            if kind in one.itemtypes and event in one.events:
                signature = _hex(one.secret, body + timestamp.encode())
                with self._guard:
                    self._queue.append(Queued(one, body, timestamp, signature))

    def _document(self, kind: str, row: Row, event: str) -> dict[str, Any]:
        ticket = self._schemas.ticket("2.2")
        if kind == "Ticket":
            return {"item": self._schemas.shape(ticket, row), "event": event}
        schema = self._schemas.followup if kind == "ITILFollowup" else self._schemas.solution
        parent = self._storage.rows("Ticket")[row["items_id"]]
        return {
            "item": self._schemas.shape(schema, row),
            "event": event,
            "parent_item": {**self._schemas.shape(ticket, parent), "team": []},
        }

    # --- the way ----------------------------------------------------------------------------------------------------

    def _send(self, delivery: Queued) -> int | None:
        one = delivery.subscription
        if one.challenges:
            token = _hex(one.secret, _CHALLENGE)
            answer = _request(one.url, "GET", query=f"crc_token={token}")
            if answer is None or answer[0] != http.client.OK or answer[1] != _hex(one.secret, token.encode()).encode():
                return None
        delivery.tries += 1
        answer = _request(one.url, "POST", delivery.body, delivery.headers)
        return answer[0] if answer is not None else None


def rendered(document: dict[str, Any]) -> bytes:
    """JSON as PHP writes it with white space."""
    return json.dumps(document, indent=4, ensure_ascii=True).replace("/", "\\/").encode()


def _hex(secret: str, message: bytes) -> str:
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def _request(
    url: str, method: str, body: bytes | None = None, headers: dict[str, str] | None = None, query: str = ""
) -> tuple[int, bytes] | None:
    """(status, body) of the answer; None when there is none."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=_TIMEOUT_S)
    try:
        connection.request(method, (parts.path or "/") + (f"?{query}" if query else ""), body, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read()
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()

"""What GLPI's webhooks bring about: a verified delivery asks for the pull of its ticket, anything else is counted.

The delivery loop of whichever process sends takes the request up, at most one a ticket in 10 s (``data.pulls``).
Nothing is taken from a delivery but the ticket's id.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from logging import INFO, WARNING
from typing import TYPE_CHECKING

from engine.logs import log_event
from glpi.webhook import BODY_LIMIT, Delivery, DeliveryRefused, Reason, challenge, proof_of, verify

if TYPE_CHECKING:
    from collections.abc import Mapping

    from data.store import Store

LONGEST_BODY = BODY_LIMIT
"""Bytes; a receiver need not read more."""
_REMEMBERED = 10_000
"""Signatures of accepted deliveries; a repeat of an older one costs one pull."""


class Outcome(StrEnum):
    """What became of a delivery."""

    ACCEPTED = "accepted"
    """The ticket will be read again."""
    REPEATED = "repeated"
    """GLPI had sent it before; nothing is asked for twice."""
    IGNORED = "ignored"
    """Signed, but about a ticket that is none of ours (yet: the ordinary pull brings those)."""
    REFUSED = "refused"


@dataclass(frozen=True)
class Receipt:
    """What became of one delivery."""

    outcome: Outcome
    ticket_number: str | None = None
    """Of the ticket that will be read."""
    glpi_ticket_id: int | None = None
    kind: str | None = None
    """``ticket``, ``followup``, ``solution`` or ``other``."""
    reason: Reason | None = None
    """Why it was refused."""


class Webhooks:
    """Receives deliveries for one store. Use it in the store's thread."""

    def __init__(self, store: Store, secret: str, *, ask: Callable[[int], None], now: Callable[[], datetime]) -> None:
        """``secret``: what GLPI signs with; ``ask``: asks for a ticket's pull by GLPI's id; ``now``: clock, UTC."""
        if not secret:
            raise ValueError("webhooks without a secret would believe anybody")
        self._store, self._secret, self._ask, self._now = store, secret, ask, now
        self._seen: OrderedDict[str, None] = OrderedDict()
        self.counts: Counter[str] = Counter()
        """How many of each outcome, and of each reason."""

    def receive(self, body: bytes, headers: Mapping[str, str]) -> Receipt:
        """A delivery.

        Args:
            body: Exactly as it arrived.
            headers: With names in lower case.

        Raises:
            StoreUnavailable: It could not be recorded; answer so that GLPI tries again.
        """
        try:
            delivery = verify(body, *proof_of(headers), self._secret, now=self._now())
        except DeliveryRefused as error:
            return self._refused(error.reason)
        if delivery.sent_at is not None and delivery.signature in self._seen:
            return self._done(Receipt(Outcome.REPEATED, None, delivery.ticket_id, delivery.kind))
        ticket = self._store.ticket_by_glpi_id(delivery.ticket_id)
        if ticket is not None:
            self._ask(delivery.ticket_id)
        self._remember(delivery)
        if ticket is None:
            return self._done(Receipt(Outcome.IGNORED, None, delivery.ticket_id, delivery.kind))
        return self._done(Receipt(Outcome.ACCEPTED, ticket.ticket_number, delivery.ticket_id, delivery.kind))

    def challenge(self, token: str) -> str | None:
        """The answer to GLPI's challenge; None when whoever asks has another secret."""
        try:
            answer = challenge(token, self._secret)
        except DeliveryRefused as error:
            self._refused(error.reason)
            return None
        self.counts["challenged"] += 1
        return answer

    def refuse_size(self) -> Receipt:
        """A delivery whose body is longer than ``LONGEST_BODY``, which was not read to its end."""
        return self._refused(Reason.TOO_LARGE)

    def _remember(self, delivery: Delivery) -> None:
        """Only what has a timestamp: without one, two events may well be signed alike."""
        if delivery.sent_at is None:
            return
        self._seen[delivery.signature] = None
        if len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)

    def _refused(self, reason: Reason) -> Receipt:
        self.counts[reason.value] += 1
        return self._done(Receipt(Outcome.REFUSED, reason=reason))

    def _done(self, receipt: Receipt) -> Receipt:
        self.counts[receipt.outcome.value] += 1
        values = {"glpi": receipt.glpi_ticket_id, "kind": receipt.kind, "reason": receipt.reason}
        shown = {name: str(value) for name, value in values.items() if value is not None}
        level = WARNING if receipt.outcome is Outcome.REFUSED else INFO
        log_event(f"WEBHOOK_{receipt.outcome.name}", level, **shown)
        return receipt

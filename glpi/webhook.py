"""What GLPI's webhooks prove and tell: signature, age, and which ticket to read again. Pure functions.

Two schemes. GLPI 11 signs the exact body followed by the decimal timestamp (``X-GLPI-signature``,
``X-GLPI-timestamp``). What has no timestamp signs the body alone (``X-Hub-Signature-256: sha256=…`` or
``X-Signature``). Nothing of the content is trusted but the ticket's id; the ticket is read again.

Source: GLPI 11.0.6, 13 recorded deliveries and a challenge in ``tests/glpi/exchanges/v11-webhook-*``.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

BODY_LIMIT = 1_000_000
"""Bytes of the longest body that is read; GLPI's are about 3 kB."""

MAX_AGE = timedelta(days=3)
"""A retry has the timestamp and the signature of the first try: a short limit would refuse it."""

MAX_AHEAD = timedelta(minutes=10)
"""So far may GLPI's clock be ahead of ours."""

_CHALLENGE = "validate_cra_challenge"
_ID_LIMIT = 2**31
_TICKET_KEYS = ("ticket_id", "tickets_id")


class Reason(StrEnum):
    """Why a delivery is refused."""

    NO_SIGNATURE = "no_signature"
    WRONG_SIGNATURE = "wrong_signature"
    STALE = "stale"
    """Older than ``MAX_AGE``."""
    FUTURE = "future"
    TOO_LARGE = "too_large"
    NOT_JSON = "not_json"
    NO_TICKET = "no_ticket"
    """Signed, but it names no ticket."""


class DeliveryRefused(Exception):
    """A delivery that proves or tells nothing."""

    def __init__(self, reason: Reason) -> None:
        """``reason``: a code; nothing of the content."""
        super().__init__(reason.value)
        self.reason = reason


class ItemKind(StrEnum):
    """What changed, guessed from the fields: GLPI does not say it."""

    TICKET = "ticket"
    FOLLOWUP = "followup"
    SOLUTION = "solution"
    OTHER = "other"


@dataclass(frozen=True)
class Delivery:
    """A delivery that proved to come from who has the secret."""

    ticket_id: int
    """GLPI's id of the ticket that changed, or to which the changed note belongs."""
    event: str
    """``new``, ``update`` or ``delete``; empty when not told."""
    kind: ItemKind
    is_private: bool
    """Whether it is about a private note; GLPI delivers those too."""
    signature: str
    sent_at: datetime | None
    """When GLPI queued it, aware; the same on each retry. None without a timestamp: repeats cannot be told then."""


def proof_of(headers: Mapping[str, str]) -> tuple[str | None, str | None]:
    """(timestamp, signature) among the headers, whose names are in lower case; GLPI's own scheme comes first."""
    native = headers.get("x-glpi-signature")
    if native is not None:
        return headers.get("x-glpi-timestamp"), native
    return None, headers.get("x-hub-signature-256", headers.get("x-signature"))


def verify(
    body: bytes,
    timestamp: str | None,
    signature: str | None,
    secret: str,
    *,
    now: datetime,
    max_age: timedelta = MAX_AGE,
) -> Delivery:
    """Check a delivery and say which ticket it is about.

    Args:
        body: Exactly as it arrived.
        timestamp: Decimal Unix seconds of GLPI's scheme; None where only the body is signed.
        signature: Hexadecimal, with or without ``sha256=`` before it.
        secret: What the webhook was configured with; not empty.
        now: Our clock, aware.
        max_age: Older deliveries are refused.

    Raises:
        DeliveryRefused: It proves nothing, or names no ticket.
    """
    if len(body) > BODY_LIMIT:
        raise DeliveryRefused(Reason.TOO_LARGE)
    if not signature:
        raise DeliveryRefused(Reason.NO_SIGNATURE)
    shown = signature.strip().lower().removeprefix("sha256=")
    message = body if timestamp is None else body + timestamp.encode("utf-8", "replace")
    if not _same(shown, _hex_hmac(message, secret)):
        raise DeliveryRefused(Reason.WRONG_SIGNATURE)
    sent_at = None if timestamp is None else _moment(timestamp)
    if sent_at is not None and sent_at < now - max_age:
        raise DeliveryRefused(Reason.STALE)
    if sent_at is not None and sent_at > now + MAX_AHEAD:
        raise DeliveryRefused(Reason.FUTURE)
    return _read(body, shown, sent_at)


def challenge(token: str, secret: str) -> str:
    """The answer to ``GET ?crc_token=…``, with which we prove that we have the secret too.

    GLPI's token is itself made with the secret and always the same. Another one is refused: whoever could have
    any text signed here could sign a delivery.

    Raises:
        DeliveryRefused: GLPI has another secret, or this is not GLPI.
    """
    if not _same(token, _hex_hmac(_CHALLENGE.encode(), secret)):
        raise DeliveryRefused(Reason.WRONG_SIGNATURE)
    return _hex_hmac(token.encode(), secret)


def _hex_hmac(message: bytes, secret: str) -> str:
    if not secret:
        raise ValueError("an empty secret proves nothing")
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def _same(shown: str, right: str) -> bool:
    """In constant time; a header may hold any character."""
    return hmac.compare_digest(shown.encode("utf-8", "replace"), right.encode())


def _moment(timestamp: str) -> datetime:
    if not re.fullmatch(r"[0-9]{1,11}", timestamp):
        # Signed, so GLPI's; but a body and a timestamp are one message: no other split of it may pass.
        raise DeliveryRefused(Reason.WRONG_SIGNATURE)
    return datetime.fromtimestamp(int(timestamp), UTC)


def _read(body: bytes, signature: str, sent_at: datetime | None) -> Delivery:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise DeliveryRefused(Reason.NOT_JSON) from None
    if not isinstance(document, dict):
        raise DeliveryRefused(Reason.NOT_JSON)
    item = document["item"] if isinstance(document.get("item"), dict) else document
    kind = _kind(item)
    ticket_id = _ticket_id(item, document.get("parent_item"), kind)
    event = document.get("event")
    return Delivery(
        ticket_id=ticket_id,
        event=event if event in ("new", "update", "delete") else "",
        kind=kind,
        is_private=item.get("is_private") is True or item.get("is_private") == 1,
        signature=signature,
        sent_at=sent_at,
    )


def _kind(item: dict[str, Any]) -> ItemKind:
    """NOTE: 11.0.6 names the type of the parent (``itemtype``), never that of the item."""
    if "itemtype" in item or "items_id" in item:
        if "date_approval" in item or "approver" in item:
            return ItemKind.SOLUTION
        return ItemKind.FOLLOWUP if "is_private" in item else ItemKind.OTHER
    return ItemKind.TICKET if "urgency" in item else ItemKind.OTHER


def _ticket_id(item: dict[str, Any], parent: object, kind: ItemKind) -> int:
    """The ticket's id: that of the parent for a note, which may belong to a problem or a change as well."""
    if item.get("itemtype", "Ticket") != "Ticket":
        raise DeliveryRefused(Reason.NO_TICKET)
    candidates = [item[key] for key in _TICKET_KEYS if key in item]
    if isinstance(parent, dict):
        candidates.append(parent.get("id"))
    if "items_id" in item:
        candidates.append(item["items_id"])
    elif kind is ItemKind.TICKET:
        candidates.append(item.get("id"))
    for candidate in candidates:
        number = _positive(candidate)
        if number is not None:
            return number
    raise DeliveryRefused(Reason.NO_TICKET)


def _positive(value: object) -> int | None:
    """An id, also as the digits that templates print (``0000012``)."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,10}", value):
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value < _ID_LIMIT:
        return value
    return None

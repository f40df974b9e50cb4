"""The verifier against what a real GLPI 11.0.6 delivered, and against what nobody should believe."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glpi.webhook import BODY_LIMIT, Delivery, DeliveryRefused, ItemKind, Reason, challenge, proof_of, verify

RECORDED = sorted((Path(__file__).parent / "exchanges").glob("v11-webhook-*.json"))
SECRET = "un secret d'essai"
NOW = datetime(2026, 11, 22, 13, 0, tzinfo=UTC)
STAMP = str(int(NOW.timestamp()))


def signed(message: bytes, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def native(document: object, stamp: str = STAMP, now: datetime = NOW) -> Delivery:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return verify(body, stamp, signed(body + stamp.encode()), SECRET, now=now)


def refusal(document: object, stamp: str = STAMP, now: datetime = NOW) -> Reason:
    with pytest.raises(DeliveryRefused) as caught:
        native(document, stamp, now)
    return caught.value.reason


def recorded(name: str) -> dict[str, Any]:
    path = next(path for path in RECORDED if name in path.name)
    exchange: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return exchange


DELIVERIES = [path.stem for path in RECORDED if "challenge" not in path.name]


def test_there_are_thirteen_recorded_deliveries_and_a_challenge() -> None:
    assert len(DELIVERIES) >= 13
    assert len(RECORDED) > len(DELIVERIES)


@pytest.mark.parametrize("name", DELIVERIES)
def test_a_recorded_delivery_is_accepted_byte_for_byte(name: str) -> None:
    exchange = recorded(name)
    headers = {key.lower(): value for key, value in exchange["request"]["headers"].items()}
    timestamp, signature = proof_of(headers)
    assert timestamp is not None
    received = datetime.fromtimestamp(int(timestamp), UTC) + timedelta(seconds=20)
    body = exchange["request"]["body_raw"].encode()
    delivery = verify(body, timestamp, signature, exchange["webhook_secret"], now=received)
    document = exchange["request"]["body"]
    assert delivery.ticket_id == document.get("parent_item", document["item"])["id"]
    assert delivery.event == document["event"]
    assert delivery.is_private is document["item"].get("is_private", False)
    assert delivery.sent_at == datetime.fromtimestamp(int(timestamp), UTC)
    for changed in (body[:-1], body + b" ", body.replace(b"true", b"false", 1).replace(b"item", b"otem")):
        with pytest.raises(DeliveryRefused, match="wrong_signature"):
            verify(changed, timestamp, signature, exchange["webhook_secret"], now=received)


@pytest.mark.parametrize(
    ("name", "kind"),
    [("001", ItemKind.FOLLOWUP), ("002", ItemKind.FOLLOWUP), ("004", ItemKind.SOLUTION), ("005", ItemKind.TICKET)],
)
def test_the_kind_of_item_is_guessed_from_its_fields(name: str, kind: ItemKind) -> None:
    exchange = recorded(f"webhook-{name}")
    assert native(exchange["request"]["body"]).kind is kind


def test_the_recorded_challenge_gets_the_recorded_answer() -> None:
    exchange = recorded("challenge")
    token = exchange["request"]["query"].removeprefix("crc_token=")
    assert challenge(token, exchange["webhook_secret"]) == exchange["response"]["body"]


@pytest.mark.parametrize("token", ["", "a" * 64, "é", '{"item":{"id":5,"urgency":3}}' + STAMP])
def test_nobody_can_have_another_text_signed_by_the_challenge(token: str) -> None:
    with pytest.raises(DeliveryRefused, match="wrong_signature"):
        challenge(token, SECRET)


TICKET = {"item": {"id": 31, "urgency": 3}, "event": "update"}


def test_a_plain_signature_of_the_body_is_accepted_under_both_header_names() -> None:
    body = json.dumps(TICKET).encode()
    for headers in ({"x-hub-signature-256": f"sha256={signed(body)}"}, {"x-signature": signed(body).upper()}):
        delivery = verify(body, *proof_of(headers), SECRET, now=NOW)
        assert (delivery.ticket_id, delivery.sent_at) == (31, None)


def test_glpis_own_signature_wins_over_another_header() -> None:
    body = json.dumps(TICKET).encode()
    headers = {"x-glpi-signature": "0" * 64, "x-glpi-timestamp": STAMP, "x-signature": signed(body)}
    with pytest.raises(DeliveryRefused, match="wrong_signature"):
        verify(body, *proof_of(headers), SECRET, now=NOW)


@pytest.mark.parametrize("signature", [None, ""])
def test_without_a_signature_nothing_is_read(signature: str | None) -> None:
    with pytest.raises(DeliveryRefused, match="no_signature"):
        verify(b"{", STAMP, signature, SECRET, now=NOW)


def test_another_secret_another_timestamp_or_no_timestamp_is_a_wrong_signature() -> None:
    body = json.dumps(TICKET).encode()
    right = signed(body + STAMP.encode())
    for stamp, signature in ((STAMP, signed(body + STAMP.encode(), "autre")), ("1", right), (None, right)):
        with pytest.raises(DeliveryRefused, match="wrong_signature"):
            verify(body, stamp, signature, SECRET, now=NOW)


def test_a_signed_message_cannot_be_cut_elsewhere() -> None:
    """Body and timestamp are signed as one message: neither part may take from the other."""
    body = json.dumps(TICKET).encode()
    message = body + STAMP.encode()
    for cut in range(len(message) + 1):
        stamp = message[cut:].decode()
        if cut == len(body):
            continue
        with pytest.raises(DeliveryRefused):
            verify(message[:cut], stamp or None, signed(message), SECRET, now=NOW)


def test_a_retry_of_yesterday_is_accepted_and_one_of_last_week_is_not() -> None:
    assert native(TICKET, now=NOW + timedelta(days=2)).ticket_id == 31
    assert refusal(TICKET, now=NOW + timedelta(days=4)) is Reason.STALE


def test_a_clock_that_is_a_little_ahead_does_no_harm() -> None:
    assert native(TICKET, now=NOW - timedelta(minutes=9)).ticket_id == 31
    assert refusal(TICKET, now=NOW - timedelta(minutes=11)) is Reason.FUTURE
    assert refusal(TICKET, stamp="99999999999") is Reason.FUTURE


def test_a_body_of_more_than_a_megabyte_is_refused_before_anything_else() -> None:
    with pytest.raises(DeliveryRefused, match="too_large"):
        verify(b" " * (BODY_LIMIT + 1), None, None, SECRET, now=NOW)


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff", b"[1]", b'"x"', b"[" * 200_000, b"1" * 5_000, json.dumps(TICKET).encode("utf-16")[:-1]],
    ids=["empty", "half", "bytes", "list", "text", "deep", "long number", "half utf-16"],
)
def test_what_is_no_json_object_is_refused(body: bytes) -> None:
    assert refusal(body) is Reason.NOT_JSON


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"item": None},
        {"item": {"id": 3}},  # some asset
        {"item": {"id": 0, "urgency": 3}},
        {"item": {"id": -3, "urgency": 3}},
        {"item": {"id": True, "urgency": 3}},
        {"item": {"id": 2**40, "urgency": 3}},
        {"item": {"id": 7, "itemtype": "Problem", "items_id": 4, "is_private": False}, "parent_item": {"id": 4}},
        {"ticket_id": "12; DROP TABLE"},
    ],
)
def test_what_names_no_ticket_is_refused(document: object) -> None:
    assert refusal(document) is Reason.NO_TICKET


@pytest.mark.parametrize(
    "document", [{"ticket_id": 12}, {"tickets_id": "0000012"}, {"item": {"items_id": 12, "is_private": 1}}]
)
def test_a_relay_may_say_it_more_simply(document: object) -> None:
    assert native(document).ticket_id == 12


def test_an_empty_secret_is_a_mistake_of_ours() -> None:
    with pytest.raises(ValueError, match="empty"):
        verify(b"{}", None, "x", "", now=NOW)


@given(st.binary(max_size=200), st.text(max_size=20), st.text(max_size=80))
def test_whatever_arrives_is_accepted_or_refused_and_nothing_else(body: bytes, stamp: str, signature: str) -> None:
    with pytest.raises(DeliveryRefused):
        verify(body, stamp, signature, SECRET, now=NOW)
    try:
        native(body)
    except DeliveryRefused as error:
        assert error.reason in (Reason.NOT_JSON, Reason.NO_TICKET)

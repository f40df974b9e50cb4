"""When a remote engine is asked again, and what servers say about it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from engine.triage.contract import TriageFailed
from engine.triage.retries import pause_s, retry_after_s

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        ({"retry-after": "17"}, 17.0),
        ({"retry-after": " 0 "}, 0.0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after-ms": "250", "retry-after": "1"}, 0.25),
        ({"retry-after": "Sun, 22 Nov 2026 12:00:30 GMT"}, 30.0),
        ({"retry-after": "Sun, 22 Nov 2026 13:00:30 +0100"}, 30.0),
        ({"retry-after": "Sun, 22 Nov 2026 12:00:30 -0000"}, 30.0),
        ({"retry-after": "Sun, 22 Nov 2026 11:00:00 GMT"}, 0.0),
        ({"retry-after": "Sun, 22 Nov 2026 09:00:30 GMT", "date": "Sun, 22 Nov 2026 09:00:00 GMT"}, 30.0),
        ({"retry-after": "Sun, 22 Nov 2026 12:00:30 GMT", "date": "yesterday"}, 30.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "١٢"}, None),
        ({"retry-after": "9" * 400}, None),
        ({"retry-after": "Sun, 99 Nov 2026 12:00:30 GMT"}, None),
    ],
)
def test_what_a_server_asks_to_wait(headers: dict[str, str], expected: float | None) -> None:
    assert retry_after_s(headers, NOON) == expected


@pytest.mark.parametrize(
    ("failed", "retries", "left_s", "expected"),
    [
        (TriageFailed("http_503", is_passing=True), 0, 4.0, 0.25),
        (TriageFailed("http_503", is_passing=True), 1, 4.0, 0.5),
        (TriageFailed("http_503", is_passing=True), 2, 4.0, None),
        (TriageFailed("http_503", is_passing=True), 0, 0.7, None),
        (TriageFailed("rate_limited", 3.5, is_passing=True), 0, 4.0, 3.5),
        (TriageFailed("rate_limited", 3.6, is_passing=True), 0, 4.0, None),
        (TriageFailed("auth"), 0, 4.0, None),
    ],
)
def test_it_is_asked_again_only_where_that_may_help_in_time(
    failed: TriageFailed, retries: int, left_s: float, expected: float | None
) -> None:
    assert pause_s(failed, retries, left_s) == expected

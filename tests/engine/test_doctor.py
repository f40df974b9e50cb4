"""Reads engine/doctor*.py and tui/doctor_words.py: rights as GLPI tells them, versions, and a word for every code."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.config import Config, GlpiConfig
from engine.doctor import faults, there
from engine.doctor.examination import NOT_CHECKED, Check
from glpi.errors import CallerRefused, GlpiError, NotSent, Unclear
from glpi.models import RIGHTS, Account, GlpiCategory
from glpi.reachability import why_silent
from tui.doctor_sentences import CAUSES, TITLES
from tui.doctor_words import in_words

ACCOUNT = Account(7, "svc", "Borne", 0, "Racine", frozenset(RIGHTS), "11.0.6", ("Borne", "Technician"))


def test_rights_that_the_api_does_not_tell_are_not_called_missing() -> None:
    found = {check.name: check for check in there.rights(replace(ACCOUNT, rights=None), {"read_users": True})}
    assert found["right_read_users"].ok is True
    assert {check.ok for name, check in found.items() if name != "right_read_users"} == {None}


def test_what_was_tried_counts_more_than_what_the_profile_says() -> None:
    found = {check.name: check.ok for check in there.rights(ACCOUNT, {"read_categories": False})}
    assert [name for name, ok in found.items() if ok is False] == ["right_read_categories"]


@pytest.mark.parametrize("right", RIGHTS)
def test_each_right_by_itself_is_said_in_words(right: str) -> None:
    lacking = replace(ACCOUNT, rights=frozenset(RIGHTS) - {right})
    (check,) = [one for one in there.rights(lacking, {}) if one.name == f"right_{right}"]
    finding = in_words(check)
    assert finding.ok is (right == "delete_ticket")
    assert ("Technician" in (finding.fix or "")) is (right != "delete_ticket")


@pytest.mark.parametrize(
    ("error", "check", "cause"),
    [
        (NotSent("NAME_UNRESOLVED"), "glpi_network", "name_not_resolved"),
        (CallerRefused("ERROR_API_DISABLED", 400), "glpi_api", "switched_off"),
        (CallerRefused("HTTP_401", 401), "glpi_api", "guarded"),
        (CallerRefused("ERROR_SOMETHING_NEW", 400), "glpi_api", "refused"),
        (Unclear("MAINTENANCE", 200), "glpi_api", "maintenance"),
        (NotSent("HTTP_429", 429), "glpi_api", "too_many"),
        (Unclear("TIMEOUT"), "glpi_network", "timeout"),
        (CallerRefused("ERROR_APP_TOKEN_PARAMETERS_MISSING", 400), "glpi_app_token", "missing"),
        (CallerRefused("API_VERSION_UNKNOWN", 200), "glpi_api", "version_unknown"),
    ],
)
async def test_the_first_request_tells_the_layer(error: GlpiError, check: str, cause: str) -> None:
    glpi = GlpiConfig(enabled=True, url="https://glpi.test")
    found = await faults.fault_of(error, glpi, is_probe=True)
    assert [(one.name, one.cause) for one in found if one.ok is False] == [(check, cause)]
    assert all(in_words(one).cause for one in found)


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        ("AUTHORIZATION_STRIPPED", "header_stripped"),
        ("OAUTH_INVALID_CLIENT", "wrong_client"),
        ("OAUTH_INVALID_GRANT", "wrong_password"),
        ("SCOPE_MISSING", "scope_missing"),
        ("ERROR_SOMETHING_NEW", "refused"),
    ],
)
async def test_a_login_that_fails_is_not_the_address(code: str, cause: str) -> None:
    glpi = GlpiConfig(enabled=True, url="https://glpi.test")
    found = await faults.fault_of(CallerRefused(code, 400), glpi, is_probe=False)
    assert [(one.name, one.cause) for one in found] == [("glpi_login", cause)]


@pytest.mark.parametrize(
    ("code", "flags", "ok", "cause"),
    [
        ("04-04-printer", {}, True, "fit"),
        ("04-04-printer", {"is_visible": False}, True, "hidden"),
        ("04-04-printer", {"is_incident": False}, False, "no_incident"),
        ("04-04-printer", {"is_request": False}, True, "fit"),
        ("07-03-rights", {"is_request": False}, False, "no_request"),
        ("07-03-rights", {"is_incident": False}, True, "fit"),
    ],
)
def test_mapped_categories_must_take_what_we_send(
    tmp_path: Path, code: str, flags: dict[str, Any], ok: bool, cause: str
) -> None:
    (tmp_path / "categories.toml").write_text(f'[[category]]\ncode = "{code}"\nname = "A"\nglpi_id = 3\n', "utf-8")
    config = Config(source=str(tmp_path / "kiosk.toml"))
    check = there.mapped(config, (GlpiCategory(3, "A", "A", **flags),))
    assert (check.ok, check.cause) == (ok, cause)
    assert there.mapped(config, ()).cause == "gone"
    assert there.mapped(config, None).ok is None


@pytest.mark.parametrize("key", sorted(CAUSES))
def test_every_sentence_can_be_said(key: tuple[str, str]) -> None:
    """A value that a sentence names and no check gives would fail on the day of the fault."""
    name, cause = key
    values: dict[str, Any] = dict.fromkeys(_VALUES, 1) | {"fields": "83", "api": "legacy"}
    finding = in_words(Check(name or "glpi_api", True, cause, values))
    assert finding.cause
    assert "{" not in finding.cause + (finding.fix or "")


async def test_a_token_that_was_sent_and_is_missing_was_taken_away() -> None:
    glpi, error = GlpiConfig(enabled=True, url="https://glpi.test"), "ERROR_APP_TOKEN_PARAMETERS_MISSING"
    found = await faults.fault_of(CallerRefused(error, 400), glpi, is_probe=True, has_app_token=True)
    assert "App-Token" in (in_words(found[-1]).fix or "")
    found = await faults.fault_of(NotSent("ERROR_SESSION_TOKEN_MISSING", 400), glpi, is_probe=False)
    assert "Session-Token" in (in_words(found[-1]).fix or "")


async def test_a_server_that_sends_a_byte_now_and_then_ends_too() -> None:
    """Each byte would start a limit for one step anew."""

    gone = asyncio.Event()

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            while True:
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.02)
        writer.close()
        gone.set()

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        assert await why_silent(f"http://127.0.0.1:{port}", timeout_s=0.2) == "TIMEOUT"
        await asyncio.wait_for(gone.wait(), 10)
    finally:
        server.close()
        await server.wait_closed()


def test_every_check_has_a_title_and_can_be_not_checked() -> None:
    assert set(there.NAMES) <= set(TITLES)
    for name in TITLES:
        assert in_words(Check(name, None, NOT_CHECKED)).mark == "non vérifié"


@pytest.mark.parametrize(
    ("seconds", "ok", "cause"), [(59, True, "agrees"), (61, True, "differs"), (301, False, "wrong")]
)
def test_a_clock_is_judged_either_way(seconds: int, ok: bool, cause: str) -> None:
    for skew in (timedelta(seconds=seconds), -timedelta(seconds=seconds)):
        check = there._clock(skew)
        assert (check.ok, check.cause) == (ok, cause)


_VALUES = (
    "path", "mode", "schema", "free_mb", "names", "model", "url", "ms", "why", "code", "minutes", "of", "problem",
    "count", "stopped", "used", "status", "ca_file", "name", "login", "profile", "api", "version", "seconds", "ahead",
    "entity", "id",
)  # fmt: skip
"""Every value that a check of the engine carries."""

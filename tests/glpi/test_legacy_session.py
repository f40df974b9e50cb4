"""Reads glpi/legacy_session.py: one login for everybody, and a code for each thing that can be wrong."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from glpi.errors import CallerRefused, GlpiError, NotSent, Unclear
from glpi.exchange import Timeouts
from glpi.legacy import LegacyClient
from glpi.simulator import Simulator, reply, status
from tests.glpi.conftest import a_ticket

QUICK = Timeouts(connect_s=1.0, read_s=5.0, write_s=5.0)
PAGE = b"<!DOCTYPE html>\n<html><head><title>%s - GLPI</title></head><body></body></html>"


def paths(simulator: Simulator) -> list[str]:
    return [one.path for one in simulator.requests]


@pytest.fixture
async def fresh(simulator: Simulator) -> AsyncIterator[LegacyClient]:
    """A client that has not asked for anything yet."""
    client = LegacyClient(simulator.url, simulator.app_token, simulator.user_token, version=11, timeouts=QUICK)
    yield client
    await client.aclose()


async def test_twenty_first_calls_share_one_login(simulator: Simulator, fresh: LegacyClient) -> None:
    number = simulator.add_ticket(name="x")
    await asyncio.gather(*(fresh.get_ticket(number) for _ in range(20)))
    assert paths(simulator).count("/initSession") == 1
    assert (fresh.requests, fresh.logins) == (21, 1)


async def test_twenty_calls_of_a_lost_session_share_one_login(simulator: Simulator, fresh: LegacyClient) -> None:
    number = simulator.add_ticket(name="x")
    await fresh.get_ticket(number)
    simulator.expire_sessions()
    simulator.requests.clear()
    await asyncio.gather(*(fresh.get_ticket(number) for _ in range(20)))
    assert paths(simulator).count("/initSession") == 1
    assert fresh.logins == 2


async def test_a_failed_login_fails_for_all_who_waited_for_it(simulator: Simulator, fresh: LegacyClient) -> None:
    simulator.faults.add("status_502", method="GET", path="/initSession", times=None)
    calls = (fresh.create_ticket(a_ticket()) for _ in range(20))
    errors = await asyncio.gather(*calls, return_exceptions=True)
    assert {(type(error), getattr(error, "code", None)) for error in errors} == {(NotSent, "HTTP_502")}
    assert len({id(error) for error in errors}) == 20, "each has its own"
    assert paths(simulator) == ["/initSession"]
    simulator.faults.clear()
    assert await fresh.create_ticket(a_ticket()) == 1
    assert fresh.logins == 2


async def test_a_call_that_is_cancelled_while_it_logs_in_stops_nobody_else(
    simulator: Simulator, fresh: LegacyClient
) -> None:
    number = simulator.add_ticket(name="x")
    first, second = (asyncio.ensure_future(fresh.get_ticket(number)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    assert (await second).id == number
    assert first.cancelled()


async def test_a_session_that_crashes_every_read_is_replaced(simulator: Simulator, fresh: LegacyClient) -> None:
    number = simulator.add_ticket(name="x")
    await fresh.get_ticket(number)
    crashing = simulator.faults.add(status(500), method="GET", path="/Ticket/1", times=2)
    simulator.requests.clear()
    with pytest.raises(Unclear):
        await fresh.get_ticket(number)
    assert (await fresh.get_ticket(number)).id == number
    assert paths(simulator) == ["/Ticket/1", "/Ticket/1", "/initSession", "/Ticket/1"] and crashing.fired == 2


async def test_a_server_that_crashes_every_read_is_not_logged_into_again_and_again(
    simulator: Simulator, fresh: LegacyClient
) -> None:
    number = simulator.add_ticket(name="x")
    await fresh.get_ticket(number)
    simulator.faults.add(status(500), method="GET", path="/Ticket/1", times=None)
    for _ in range(6):
        with pytest.raises(Unclear):
            await fresh.get_ticket(number)
    assert fresh.logins == 2


async def test_a_write_that_crashes_is_never_repeated(simulator: Simulator, fresh: LegacyClient) -> None:
    simulator.faults.add(status(500), times=None)
    for _ in range(4):
        with pytest.raises(Unclear):
            await fresh.create_ticket(a_ticket())
    assert paths(simulator) == ["/initSession", "/Ticket", "/Ticket", "/Ticket", "/Ticket"]


@pytest.mark.parametrize("date", ["Sun, 22 Nov 2026 12:00:00 GMT", "", "hier"])
async def test_the_clock_of_the_server_is_compared_with_ours(date: str) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = b'["ERROR_LOGIN_PARAMETERS_MISSING", ""]'
        head = f"HTTP/1.1 400 Bad\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        writer.write(head.encode() + (f"Date: {date}\r\n".encode() if date else b"") + b"\r\n" + body)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    ours = datetime(2026, 11, 22, 11, 58, 45, tzinfo=UTC)
    port = server.sockets[0].getsockname()[1]
    client = LegacyClient(f"http://127.0.0.1:{port}", "a" * 40, "b" * 40, timeouts=QUICK, now=lambda: ours)
    assert client.skew is None
    await client.probe()
    assert client.skew == (timedelta(seconds=75) if "GMT" in date else None)
    await client.aclose()
    server.close()


Ask = Callable[[LegacyClient], Awaitable[object]]
BOTH: tuple[Ask, ...] = (lambda client: client.probe(), lambda client: client.account())


@pytest.mark.parametrize("ask", BOTH, ids=["probe", "account"])
@pytest.mark.parametrize(
    ("code", "body", "kind", "word"),
    [
        (400, ["ERROR", "API désactivée"], CallerRefused, "ERROR_API_DISABLED"),
        (400, ["ERROR_NOT_ALLOWED_IP", "x"], CallerRefused, "ERROR_NOT_ALLOWED_IP"),
        (400, ["ERROR_APP_TOKEN_PARAMETERS_MISSING", "x"], CallerRefused, "ERROR_APP_TOKEN_PARAMETERS_MISSING"),
        (400, ["ERROR_WRONG_APP_TOKEN_PARAMETER", "x"], CallerRefused, "ERROR_WRONG_APP_TOKEN_PARAMETER"),
        (200, PAGE % b"MODE MAINTENANCE", Unclear, "MAINTENANCE"),
        (503, PAGE % b"Maintenance", Unclear, "MAINTENANCE"),
        (200, PAGE % b"Mysql Error", Unclear, "DATABASE_DOWN"),
        (500, PAGE % b"Error", Unclear, "HTTP_500"),
        (200, PAGE % b"Portail invit\xc3\xa9", Unclear, "NOT_JSON"),
        (200, b"# GLPI REST API", Unclear, "NOT_JSON"),
        (301, b"", Unclear, "REDIRECT"),
        (403, b"", CallerRefused, "NO_API_HERE"),
        (404, PAGE % b"404", CallerRefused, "NO_API_HERE"),
        (401, PAGE % b"Authorization Required", CallerRefused, "HTTP_401"),
        (407, b"", CallerRefused, "HTTP_407"),
    ],
)
async def test_each_cause_has_its_code(
    simulator: Simulator, fresh: LegacyClient, ask: Ask, code: int, body: object, kind: type[GlpiError], word: str
) -> None:
    is_page = isinstance(body, bytes)
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = reply(code, raw, content_type="text/html; charset=UTF-8" if is_page else "application/json")
    simulator.faults.add(answer, method="GET", path="/initSession")
    # Before a login nothing was sent yet, so what is unclear for a probe is "not sent" there.
    expected = NotSent if kind is Unclear and ask is BOTH[1] else kind
    with pytest.raises(expected) as error:
        await ask(fresh)
    assert (error.value.code, error.value.status) == (word, code)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (400, ["ERROR_LOGIN_PARAMETERS_MISSING", "the Authorization header never arrived"]),
        (401, ["ERROR_GLPI_LOGIN_USER_TOKEN", "unknown"]),
        (401, ["ERROR_GLPI_LOGIN", "inactive"]),
    ],
)
async def test_a_login_that_is_refused_says_by_what(
    simulator: Simulator, fresh: LegacyClient, code: int, words: list[str]
) -> None:
    """The first is what a web server that drops the header causes: the probe, which sends none, finds all well."""
    await fresh.probe()
    simulator.faults.add(reply(code, json.dumps(words).encode()), method="GET", path="/initSession")
    with pytest.raises(CallerRefused) as error:
        await fresh.account()
    assert (error.value.code, error.value.status) == (words[0], code)


async def test_the_switches_of_a_server_are_told_apart(simulator: Simulator, fresh: LegacyClient) -> None:
    found = []
    for switch in ("api_disabled", "address_refused", "maintenance"):
        setattr(simulator, switch, True)
        with pytest.raises(GlpiError) as error:
            await fresh.account()
        setattr(simulator, switch, False)
        found.append(error.value.code)
    assert found == ["ERROR_API_DISABLED", "ERROR_NOT_ALLOWED_IP", "MAINTENANCE"]


async def test_a_name_that_does_not_exist_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    monkeypatch.setenv("NO_PROXY", "*")
    client = LegacyClient("http://glpi.invalid", "a" * 40, "b" * 40, timeouts=QUICK)
    for ask in BOTH:
        with pytest.raises(NotSent) as error:
            await ask(client)
        assert error.value.code == "NAME_UNRESOLVED"
    await client.aclose()


async def test_nobody_at_the_address_is_said_so() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        client = LegacyClient(f"http://127.0.0.1:{free.getsockname()[1]}", "a" * 40, "b" * 40, timeouts=QUICK)
        with pytest.raises(NotSent) as error:
            await client.probe()
    assert error.value.code == "NO_CONNECTION"
    await client.aclose()


async def test_an_address_without_tls_is_said_so(simulator: Simulator) -> None:
    url = simulator.url.replace("http:", "https:")
    client = LegacyClient(url, simulator.app_token, simulator.user_token, timeouts=QUICK)
    with pytest.raises(NotSent) as error:
        await client.probe()
    assert error.value.code == "TLS_FAILED"
    await client.aclose()

"""Reads glpi/legacy.py and below: what each thing that can go wrong means for the caller."""

from __future__ import annotations

import asyncio
import json
import threading
import traceback
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from glpi.errors import CallerRefused, ContentRefused, GlpiError, Hidden, NotFound, NotSent, Unclear
from glpi.exchange import BODY_LIMIT, Timeouts
from glpi.legacy import LegacyClient
from glpi.simulator import FAULTS, Simulator, reply, slow, status
from tests.glpi.conftest import KEY, a_ticket

AT_HOME = 1
"""Tickets there from the start."""

POST_OUTCOMES = {
    "commit_then_drop": (Unclear, "CONNECTION_LOST", 1),
    "drop_before_commit": (Unclear, "CONNECTION_LOST", 0),
    "commit_then_500": (Unclear, "HTTP_500", 1),
    "commit_then_502": (Unclear, "HTTP_502", 1),
    "status_500": (Unclear, "HTTP_500", 0),
    "status_502": (Unclear, "HTTP_502", 0),
    "status_503": (Unclear, "HTTP_503", 0),
    "status_429": (NotSent, "HTTP_429", 0),
    "html_200": (Unclear, "NOT_JSON", 0),
    "commit_then_html_200": (Unclear, "NOT_JSON", 1),
    "empty_200": (Unclear, "NOT_JSON", 1),
    "redirect": (Unclear, "REDIRECT", 0),
}


@pytest.mark.parametrize("name", [name for name in FAULTS if name != "expire_session"])
async def test_a_post_that_goes_wrong_is_told_apart_and_never_repeated(
    simulator: Simulator, client: LegacyClient, name: str
) -> None:
    kind, code, made = POST_OUTCOMES[name]
    simulator.faults.add(name)
    with pytest.raises(kind) as error:
        await client.create_ticket(a_ticket())
    assert error.value.code == code
    assert len(simulator.tickets) == AT_HOME + made
    assert [one.path for one in simulator.requests if one.method == "POST"] == ["/Ticket"]


@pytest.mark.parametrize("name", [name for name in FAULTS if name != "expire_session"])
async def test_a_read_that_goes_wrong_says_nothing_about_the_ticket(
    simulator: Simulator, client: LegacyClient, name: str
) -> None:
    simulator.faults.add(name, method="GET", path="/Ticket/1")
    with pytest.raises(NotSent if name == "status_429" else Unclear):
        await client.get_ticket(1)


@pytest.mark.parametrize("name", list(FAULTS))
@pytest.mark.parametrize("nth", [1, 2])
async def test_a_lookup_with_a_failed_half_is_not_an_answer(
    simulator: Simulator, client: LegacyClient, name: str, nth: int
) -> None:
    """Neither "none" nor "only this one": the other half may have had another."""
    await client.create_ticket(a_ticket())
    simulator.faults.add(name, method="GET", path="/search/Ticket", nth=nth)
    if name == "expire_session":
        assert await client.find_tickets(KEY) == (2,)
        return
    with pytest.raises(GlpiError):
        await client.find_tickets(KEY)


@pytest.mark.parametrize("name", [name for name in FAULTS if name != "expire_session"])
async def test_a_login_that_goes_wrong_leaves_the_post_unsent(simulator: Simulator, name: str) -> None:
    client = LegacyClient(simulator.url, simulator.app_token, simulator.user_token, version=11)
    simulator.faults.add(name, method="GET", path="/initSession")
    with pytest.raises(NotSent):
        await client.create_ticket(a_ticket())
    assert not simulator.tickets
    await client.aclose()


@pytest.mark.parametrize("name", [name for name in FAULTS if name != "expire_session"])
async def test_a_version_that_cannot_be_asked_leaves_the_post_unsent(simulator: Simulator, name: str) -> None:
    client = LegacyClient(simulator.url, simulator.app_token, simulator.user_token)
    simulator.faults.add(name, method="GET", path="/getGlpiConfig")
    with pytest.raises(NotSent):
        await client.create_ticket(a_ticket())
    assert not simulator.tickets
    assert await client.create_ticket(a_ticket()) == 1
    await client.aclose()


@pytest.mark.parametrize(
    "act",
    [
        lambda client: client.create_ticket(a_ticket()),
        lambda client: client.get_ticket(1),
        lambda client: client.find_tickets(KEY),
        lambda client: client.add_followup(1, "<p>x</p>", is_private=True),
    ],
)
async def test_a_lost_session_is_opened_again_once(
    simulator: Simulator, client: LegacyClient, act: Callable[[LegacyClient], Awaitable[object]]
) -> None:
    simulator.expire_sessions()
    await act(client)
    assert [one.path for one in simulator.requests].count("/initSession") == 1


async def test_a_session_that_is_lost_again_at_once_is_given_up(simulator: Simulator, client: LegacyClient) -> None:
    simulator.faults.add("expire_session", times=None)
    with pytest.raises(NotSent) as error:
        await client.create_ticket(a_ticket())
    assert (error.value.code, error.value.status) == ("ERROR_SESSION_TOKEN_INVALID", 401)
    assert [one.path for one in simulator.requests] == ["/Ticket", "/initSession", "/Ticket"]
    assert len(simulator.tickets) == AT_HOME


async def test_many_requests_that_lose_their_session_log_in_once(simulator: Simulator, client: LegacyClient) -> None:
    simulator.expire_sessions()
    await asyncio.gather(*(client.get_ticket(1) for _ in range(8)))
    assert [one.path for one in simulator.requests].count("/initSession") == 1


async def test_a_stopped_server_was_not_reached(simulator: Simulator, client: LegacyClient) -> None:
    simulator.stop()
    for act in (client.create_ticket(a_ticket()), client.get_ticket(1), client.probe(), client.find_tickets(KEY)):
        with pytest.raises(NotSent) as error:
            await act
        assert error.value.code == "NO_CONNECTION"
    simulator.start()
    assert await client.create_ticket(a_ticket()) == 2


async def test_a_name_that_does_not_resolve_was_not_reached() -> None:
    client = LegacyClient("https://glpi.invalid", "a" * 40, "b" * 40)
    with pytest.raises(NotSent):
        await client.create_ticket(a_ticket())
    await client.aclose()


async def test_a_slow_post_is_unclear_and_its_ticket_is_found_later(simulator: Simulator) -> None:
    released = threading.Event()
    client = LegacyClient(
        simulator.url, simulator.app_token, simulator.user_token, timeouts=Timeouts(write_s=0.05), version=11
    )
    simulator.faults.add(slow(released, before_commit=True))
    with pytest.raises(Unclear) as error:
        await client.create_ticket(a_ticket())
    assert error.value.code == "TIMEOUT"
    assert await client.find_tickets(KEY) == ()
    released.set()
    while not simulator.tickets:
        await asyncio.sleep(0.005)
    assert await client.find_tickets(KEY) == (1,)
    await client.aclose()


async def test_an_answer_that_never_ends_is_given_up() -> None:
    ended = asyncio.Event()

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9999\r\n\r\n")
        while not reader.at_eof():
            writer.write(b" ")
            with suppress(TimeoutError):
                await asyncio.wait_for(reader.read(1), 0.01)
        writer.close()
        ended.set()

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    limits = Timeouts(connect_s=0.05, read_s=0.1)
    client = LegacyClient(f"http://127.0.0.1:{port}", "a" * 40, "b" * 40, timeouts=limits)
    with pytest.raises(Unclear) as error:
        await client.probe()
    assert error.value.code == "TIMEOUT"
    await client.aclose()
    await ended.wait()
    server.close()


async def test_an_answer_that_is_too_long_is_cut_off(simulator: Simulator, client: LegacyClient) -> None:
    simulator.faults.add(reply(201, b'{"id": 7, "message": "' + b"x" * BODY_LIMIT + b'"}'))
    with pytest.raises(Unclear) as error:
        await client.create_ticket(a_ticket())
    assert error.value.code == "TOO_LONG"


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b"{}", b'{"id": null}', b'{"id": "7"}', b'{"id": true}', b'{"id": 0}', b'{"id": 7.5}', b"{"],
)
async def test_a_created_without_a_number_is_unclear(simulator: Simulator, client: LegacyClient, body: bytes) -> None:
    simulator.faults.add(reply(201, body))
    with pytest.raises(Unclear):
        await client.create_ticket(a_ticket())


async def test_a_200_with_a_number_is_not_a_creation(simulator: Simulator, client: LegacyClient) -> None:
    """A POST that a redirect turned into a GET can look like this."""
    simulator.faults.add(reply(200, b'{"id": 7}'))
    with pytest.raises(Unclear):
        await client.create_ticket(a_ticket())


@pytest.mark.parametrize(
    "body",
    [
        b'{"totalcount": 1, "count": 1, "sort": [0], "order": ["ASC"], "content-range": "0-0/1"}',
        b'{"totalcount": 3, "count": 0, "content-range": "0--1/3"}',
        b'{"totalcount": 0, "count": 1, "data": [{"2": 5, "87": "x"}]}',
        b'{"totalcount": 1, "count": 1, "data": [{"1": "sans id"}]}',
        b"[]",
        b"true",
    ],
)
async def test_a_search_that_contradicts_itself_is_not_none(
    simulator: Simulator, client: LegacyClient, body: bytes
) -> None:
    simulator.faults.add(reply(200, body), method="GET", path="/search/Ticket")
    with pytest.raises(Unclear):
        await client.find_tickets(KEY)


async def test_another_ticket_than_the_one_asked_for_is_unclear(simulator: Simulator, client: LegacyClient) -> None:
    other = {"id": 2, "status": 1, "priority": 3, "date_mod": "2026-11-22 13:00:00"}
    simulator.faults.add(reply(200, json.dumps(other).encode()), method="GET", path="/Ticket/1")
    with pytest.raises(Unclear):
        await client.get_ticket(1)


@pytest.mark.parametrize(
    ("code", "body", "kind"),
    [
        (400, ["ERROR_GLPI_ADD", "x"], ContentRefused),
        (400, ["ERROR_BAD_ARRAY", "x"], ContentRefused),
        (400, ["ERROR_JSON_PAYLOAD_INVALID", None], ContentRefused),
        (400, ["ERROR", "API désactivée"], CallerRefused),
        (400, ["ERROR_NOT_ALLOWED_IP", "x"], CallerRefused),
        (400, ["ERROR_WRONG_APP_TOKEN_PARAMETER", "x"], CallerRefused),
        (400, ["ERROR_APP_TOKEN_PARAMETERS_MISSING", "x"], CallerRefused),
        (400, ["ERROR_LOGIN_PARAMETERS_MISSING", "x"], CallerRefused),
        (401, ["ERROR_GLPI_LOGIN_USER_TOKEN", "x"], CallerRefused),
        (403, ["ERROR_RIGHT_MISSING", "x"], CallerRefused),
        (405, ["ERROR_METHOD_NOT_ALLOWED", "x"], CallerRefused),
        (408, ["x"], NotSent),
        (425, [], NotSent),
        (413, "too large", ContentRefused),
        (404, "page", Unclear),
        (403, "page", Unclear),
        (400, {"error": "proxy"}, Unclear),
        (500, ["ERROR_SQL", "x"], Unclear),
    ],
)
async def test_a_refused_post_is_the_contents_or_the_callers_fault(
    simulator: Simulator, client: LegacyClient, code: int, body: object, kind: type[GlpiError]
) -> None:
    simulator.faults.add(reply(code, json.dumps(body).encode()))
    with pytest.raises(kind) as error:
        await client.create_ticket(a_ticket())
    assert error.value.status == code


async def test_a_missing_right_to_create_is_not_the_contents_fault(simulator: Simulator, client: LegacyClient) -> None:
    simulator.create_right = False
    with pytest.raises(CallerRefused) as error:
        await client.create_ticket(a_ticket())
    assert (error.value.code, error.value.status) == ("RIGHT_MISSING", 400)


async def test_a_right_that_cannot_be_checked_leaves_it_open(simulator: Simulator, client: LegacyClient) -> None:
    simulator.create_right = False
    simulator.faults.add("status_502", method="GET", path="/getActiveProfile")
    with pytest.raises(NotSent):
        await client.create_ticket(a_ticket())


async def test_a_right_missing_for_a_list_is_ours_for_an_item_hides_it(
    simulator: Simulator, client: LegacyClient
) -> None:
    simulator.search_right = False
    with pytest.raises(CallerRefused):
        await client.find_user("marie.dupont@exemple.fr")
    simulator.hide(1)
    with pytest.raises(Hidden):
        await client.get_ticket(1)
    with pytest.raises(Hidden):
        await client.requesters(1)


async def test_only_glpi_itself_can_say_that_a_ticket_is_gone(simulator: Simulator, client: LegacyClient) -> None:
    simulator.faults.add(status(404), method="GET", path="/Ticket/1")
    with pytest.raises(Unclear):
        await client.get_ticket(1)
    simulator.purge(1)
    with pytest.raises(NotFound):
        await client.get_ticket(1)


async def test_a_refused_trashing_is_a_refusal(simulator: Simulator, client: LegacyClient) -> None:
    simulator.delete_right = False
    with pytest.raises(ContentRefused):
        await client.trash_ticket(1)


@pytest.mark.parametrize("version", [10, 11])
async def test_maintenance_and_a_lost_database_are_unclear_for_a_post(version: int) -> None:
    with Simulator(version=version) as simulator:
        client = LegacyClient(simulator.url, simulator.app_token, simulator.user_token, version=version)
        number = await client.create_ticket(a_ticket())
        for switch in ("maintenance", "database_down"):
            setattr(simulator, switch, True)
            with pytest.raises(Unclear):
                await client.create_ticket(a_ticket())
            with pytest.raises(Unclear):
                await client.get_ticket(number)
            with pytest.raises(Unclear):
                await client.probe()
            setattr(simulator, switch, False)
        simulator.api_disabled = True
        with pytest.raises(CallerRefused):
            await client.create_ticket(a_ticket())
        with pytest.raises(CallerRefused):
            await client.probe()
        await client.aclose()


@pytest.mark.parametrize("version", [10, 11])
async def test_a_wrong_address_is_said_so(version: int) -> None:
    with Simulator(version=version) as simulator:
        url = simulator.url.replace("/apirest.php", "/glpi/apirest.php")
        client = LegacyClient(url, simulator.app_token, simulator.user_token)
        with pytest.raises(CallerRefused) as error:
            await client.create_ticket(a_ticket())
        assert error.value.code == "NO_API_HERE"
        with pytest.raises(CallerRefused):
            await client.probe()
        await client.aclose()


@pytest.mark.parametrize("text", ["7", "date"])
async def test_retry_after_is_passed_on(simulator: Simulator, client: LegacyClient, text: str) -> None:
    in_a_while = format_datetime(datetime.now(UTC) + timedelta(seconds=7), usegmt=True)
    simulator.faults.add(status(429, retry_after=in_a_while if text == "date" else text))
    with pytest.raises(NotSent) as error:
        await client.create_ticket(a_ticket())
    assert error.value.retry_after_s == pytest.approx(7, abs=1.1)


async def test_an_unusable_retry_after_is_left_out(simulator: Simulator, client: LegacyClient) -> None:
    simulator.faults.add(status(503, retry_after="bientôt"[:3]))
    with pytest.raises(Unclear) as error:
        await client.create_ticket(a_ticket())
    assert error.value.retry_after_s is None


async def test_errors_carry_no_word_of_the_server_or_the_ticket(simulator: Simulator, client: LegacyClient) -> None:
    secret = "le-titre-secret"
    simulator.faults.add(reply(400, json.dumps(["ERROR_GLPI_ADD", f"SQL {secret}"]).encode()))
    simulator.faults.add(reply(201, json.dumps({"id": secret}).encode()), nth=2)
    for _ in range(2):
        with pytest.raises(GlpiError) as error:
            await client.create_ticket(a_ticket())
        assert secret not in "".join(traceback.format_exception(error.value))
        assert error.value.__cause__ is None and error.value.__context__ is None

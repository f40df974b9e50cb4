"""Reads glpi/highlevel_session.py: one token for everybody, never an old one, one repetition, a known version."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from glpi.errors import CallerRefused, GlpiError, NotSent
from glpi.exchange import Timeouts
from glpi.highlevel_answers import Versions
from glpi.highlevel_session import Credentials, HighLevelSession
from glpi.roots import highlevel_root, site_root
from tests.glpi.scripted import API_OFF, DENIED, LOST, MAINTENANCE, ME, UNAUTHENTICATED, Reply, Scripted

CREDENTIALS = Credentials("the-id", "the-secret", "borne", "le mot de passe")
SESSION = "/api.php/v2.2/session"


class Clock:
    """A clock that is put forward by hand."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def glpi() -> Iterator[Scripted]:
    with Scripted() as glpi:
        yield glpi


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def session(glpi: Scripted, clock: Clock) -> AsyncIterator[HighLevelSession]:
    session = open_session(glpi, clock)
    yield session
    await session.aclose()


def open_session(
    glpi: Scripted, clock: Clock, credentials: Credentials = CREDENTIALS, **chosen: int
) -> HighLevelSession:
    limits = Timeouts(connect_s=1.0, read_s=5.0, write_s=5.0)
    return HighLevelSession(glpi.url, credentials, ca_file=None, timeouts=limits, now=clock, **chosen)


def grants(glpi: Scripted) -> list[str]:
    return [one.body["grant_type"] for one in glpi.asked("POST", "/token")]


@pytest.mark.parametrize(
    "address",
    [
        "https://h/glpi",
        "https://h/glpi/",
        "https://h/glpi/apirest.php",
        "https://h/glpi/api.php",
        "https://h/glpi/api.php/",
        "https://h/glpi/api.php/v1",
        "https://h/glpi/api.php/v2",
        "https://h/glpi/api.php/v2.1/",
    ],
)
def test_any_address_of_glpi_leads_to_the_api(address: str) -> None:
    assert highlevel_root(address) == "https://h/glpi/api.php"
    assert site_root(address) == "https://h/glpi"


@pytest.mark.parametrize("address", ["ftp://h/glpi", "h/glpi", "https://a:b@h/", "https:///x", ""])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ValueError):
        highlevel_root(address)


@pytest.mark.parametrize(
    ("offered", "prefix", "major"),
    [
        (["1.0.0", "2.0.0", "2.1.0", "2.2.0"], "/v2.2", 11),
        (["1.0.0", "2.0.0", "2.1.0", "2.2.0", "2.3.0"], "/v2.3", 11),
        (["1.0.0", "2.3.0", "3.0.0"], "/v2.3", 12),
        (["1.0.0", "2.3.0", "2.9.0", "3.4.0"], "/v2.3", 12),
        (["1.0.0", "3.0.0"], "/v3.0", 12),
        (["1.0.0", "2.0.0"], "/v2.0", 11),
    ],
)
def test_the_highest_version_that_we_know_is_asked_for(offered: list[str], prefix: str, major: int) -> None:
    versions = Versions.model_validate({"api_versions": [{"version": one} for one in offered]})
    assert (versions.prefix, versions.major) == (prefix, major)


@pytest.mark.parametrize("offered", [["1.0.0"], ["1.0.0", "4.0.0"], ["3.1.0"]])
async def test_a_version_that_we_do_not_know_is_never_spoken(
    glpi: Scripted, session: HighLevelSession, offered: list[str]
) -> None:
    glpi.on("GET", "/api.php/", Reply(200, {"api_versions": [{"version": one} for one in offered]}))
    with pytest.raises(CallerRefused) as error:
        await session.read("/session")
    assert error.value.code == "API_VERSION_UNKNOWN"
    assert len(glpi.heard) == 1


async def test_twenty_first_calls_log_in_once(glpi: Scripted, session: HighLevelSession) -> None:
    await asyncio.gather(*(session.read("/session") for _ in range(20)))
    assert grants(glpi) == ["password"]
    assert len(glpi.asked("GET", "/api.php/")) == 1
    assert session.logins == 2
    assert session.exchange.requests == 22


async def test_twenty_first_calls_share_one_refused_login(glpi: Scripted, session: HighLevelSession) -> None:
    glpi.on("POST", "/api.php/token", Reply(400, {"error": "invalid_grant"}))
    outcomes = await asyncio.gather(*(session.read("/session") for _ in range(20)), return_exceptions=True)
    assert {(type(one), str(one)) for one in outcomes} == {(CallerRefused, "OAUTH_INVALID_GRANT (HTTP 400)")}
    assert grants(glpi) == ["password"]


async def test_a_read_has_no_content_type_and_a_write_has_one(glpi: Scripted, session: HighLevelSession) -> None:
    """A GET with a JSON Content-Type and no body is refused (11.0.6)."""
    await session.read("/session")
    glpi.on("POST", "/api.php/v2.2/x", Reply(302, {"id": 3, "href": "/x/3"}))
    assert await session.create("/x", {"a": "é"}) == 3
    assert "content-type" not in glpi.asked("GET", "/session")[0].headers
    posted = glpi.asked("POST", "/x")[0]
    assert (posted.headers["content-type"], posted.headers["authorization"]) == ("application/json", "Bearer t1")
    assert posted.body == {"a": "é"}


async def test_an_old_token_is_renewed_before_it_is_sent(
    glpi: Scripted, session: HighLevelSession, clock: Clock
) -> None:
    await session.read("/session")
    clock.at += timedelta(seconds=3600 - 61)
    await session.read("/session")
    clock.at += timedelta(seconds=2)
    await session.read("/session")
    assert grants(glpi) == ["password", "refresh_token"]
    assert glpi.asked("POST", "/token")[1].body["refresh_token"] == "r1"
    assert [one.headers["authorization"] for one in glpi.asked("GET", "/session")] == [
        "Bearer t1",
        "Bearer t1",
        "Bearer t2",
    ]


async def test_a_refused_renewal_falls_back_on_the_password(
    glpi: Scripted, session: HighLevelSession, clock: Clock
) -> None:
    await session.read("/session")
    clock.at += timedelta(hours=2)
    good = Reply(200, {"access_token": "new", "expires_in": 3600})
    glpi.on("POST", "/api.php/token", Reply(400, {"error": "invalid_grant", "hint": "revoked"}), good)
    await session.read("/session")
    assert grants(glpi) == ["password", "refresh_token", "password"]


async def test_a_token_lost_early_is_replaced_once_and_the_call_repeated(
    glpi: Scripted, session: HighLevelSession
) -> None:
    glpi.on("POST", "/api.php/v2.2/x", Reply(400, LOST), Reply(200, {"id": 3}))
    assert await session.create("/x", {}) == 3
    assert grants(glpi) == ["password", "password"]
    assert [one.headers["authorization"] for one in glpi.asked("POST", "/x")] == ["Bearer t1", "Bearer t2"]


async def test_parallel_calls_with_a_lost_token_ask_for_one_new_one(glpi: Scripted, session: HighLevelSession) -> None:
    await session.read("/session")
    glpi.on("GET", SESSION, *[Reply(400, LOST)] * 5, Reply(200, ME))
    await asyncio.gather(*(session.read("/session") for _ in range(5)))
    assert grants(glpi) == ["password", "password"]


async def test_a_token_that_is_never_taken_is_given_up(glpi: Scripted, session: HighLevelSession) -> None:
    glpi.on("POST", "/api.php/v2.2/x", Reply(400, LOST))
    with pytest.raises(NotSent) as error:
        await session.create("/x", {})
    assert error.value.code == "OAUTH_TOKEN_LOST"
    assert len(glpi.asked("POST", "/x")) == 2


async def test_a_header_that_never_arrives_is_named(glpi: Scripted, session: HighLevelSession) -> None:
    glpi.on("GET", SESSION, Reply(401, UNAUTHENTICATED))
    with pytest.raises(CallerRefused) as error:
        await session.read("/session")
    assert error.value.code == "AUTHORIZATION_STRIPPED"


@pytest.mark.parametrize(
    ("reply", "kind", "code"),
    [
        (Reply(401, {"error": "invalid_client"}), CallerRefused, "OAUTH_INVALID_CLIENT"),
        (Reply(400, {"error": "invalid_grant"}), CallerRefused, "OAUTH_INVALID_GRANT"),
        (Reply(400, {"error": "unauthorized_client"}), CallerRefused, "OAUTH_UNAUTHORIZED_CLIENT"),
        (Reply(403, DENIED), CallerRefused, "ERROR_RIGHT_MISSING"),
        (Reply(200, MAINTENANCE), NotSent, "MAINTENANCE"),
        (Reply(200, {"access_token": ""}), NotSent, "BAD_SHAPE"),
        (Reply(500, None), NotSent, "HTTP_500"),
        (Reply(429, None, {"Retry-After": "7"}), NotSent, "HTTP_429"),
        (Reply(404, "<html></html>"), CallerRefused, "NO_API_HERE"),
        (Reply(302, None, {"Location": "https://elsewhere/"}), NotSent, "REDIRECT"),
    ],
)
async def test_a_login_that_goes_wrong_leaves_the_call_unsent(
    glpi: Scripted, session: HighLevelSession, reply: Reply, kind: type[GlpiError], code: str
) -> None:
    glpi.on("POST", "/api.php/token", reply)
    with pytest.raises(kind) as error:
        await session.create("/x", {})
    assert error.value.code == code
    assert not glpi.asked("POST", "/x")


@pytest.mark.parametrize(
    ("reply", "kind", "code"),
    [
        (Reply(403, API_OFF), CallerRefused, "ERROR_API_DISABLED"),
        (Reply(403, ""), CallerRefused, "NO_API_HERE"),
        (Reply(404, "<html></html>"), CallerRefused, "NO_API_HERE"),
        (Reply(200, MAINTENANCE), NotSent, "MAINTENANCE"),
        (Reply(200, {"hello": "world"}), NotSent, "BAD_SHAPE"),
        (Reply(503, "<html></html>"), NotSent, "HTTP_503"),
    ],
)
async def test_an_address_without_this_api_is_told_apart(
    glpi: Scripted, session: HighLevelSession, reply: Reply, kind: type[GlpiError], code: str
) -> None:
    glpi.on("GET", "/api.php/", reply)
    with pytest.raises(kind) as error:
        await session.read("/session")
    assert error.value.code == code
    assert not glpi.asked("POST", "/token")


async def test_incomplete_credentials_are_not_sent(glpi: Scripted, clock: Clock) -> None:
    session = open_session(glpi, clock, Credentials("id", "secret", "", "x"))
    with pytest.raises(CallerRefused) as error:
        await session.read("/session")
    assert error.value.code == "CREDENTIALS_MISSING"
    assert not glpi.asked("POST", "/token")
    await session.aclose()


async def test_profile_and_entity_go_with_every_call(glpi: Scripted, clock: Clock) -> None:
    session = open_session(glpi, clock, profile=6, entity=1)
    await session.read("/session")
    headers = glpi.asked("GET", "/session")[0].headers
    assert (headers["glpi-profile"], headers["glpi-entity"], headers["glpi-entity-recursive"]) == ("6", "1", "true")
    await session.aclose()


async def test_no_secret_is_ever_shown(glpi: Scripted, session: HighLevelSession) -> None:
    glpi.on("POST", "/api.php/token", Reply(200, {"access_token": "a secret token", "expires_in": 3600}))
    with pytest.raises(NotSent) as error:
        await session.read("/session")
    shown = "".join(traceback.format_exception(error.value)) + repr(CREDENTIALS)
    for secret in ("a secret token", "the-secret", "le mot de passe", "the-id"):
        assert secret not in shown


async def test_the_clock_of_the_server_is_noticed(glpi: Scripted, session: HighLevelSession, clock: Clock) -> None:
    glpi.on("GET", SESSION, Reply(200, ME))
    await session.read("/session")
    skew = session.exchange.skew
    assert skew is not None
    assert abs(skew - (datetime.now(UTC) - clock.at)) < timedelta(minutes=5)

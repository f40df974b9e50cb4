"""Reads glpi/detection.py: which API is spoken, and why."""

from __future__ import annotations

import pytest

from glpi.detection import Api, Detection, Finding, Reason, State, chosen, detect
from glpi.highlevel_session import Credentials
from glpi.roots import legacy_address
from glpi.simulator import Simulator

ABSENT, OFF, TAKES, REFUSES, ANSWERS, SILENT = (
    Finding(one) for one in (State.ABSENT, State.OFF, State.TAKES_US, State.REFUSES_US, State.ANSWERS, State.SILENT)
)


def credentials_of(simulator: Simulator, password: str | None = None) -> Credentials:
    oauth = simulator.highlevel.oauth
    known = simulator.passwords["svc-borne"]
    return Credentials(oauth.client_id, oauth.client_secret, "svc-borne", password or known)


@pytest.mark.parametrize(
    ("legacy", "highlevel", "api", "reason"),
    [
        (TAKES, TAKES, Api.LEGACY, Reason.BOTH),
        (TAKES, ANSWERS, Api.LEGACY, Reason.BOTH),
        (TAKES, OFF, Api.LEGACY, Reason.HIGHLEVEL_OFF),
        (TAKES, ABSENT, Api.LEGACY, Reason.HIGHLEVEL_OFF),
        (TAKES, REFUSES, Api.LEGACY, Reason.HIGHLEVEL_UNSURE),
        (TAKES, SILENT, Api.LEGACY, Reason.HIGHLEVEL_UNSURE),
        (OFF, TAKES, Api.HIGHLEVEL, Reason.LEGACY_OFF),
        (ABSENT, TAKES, Api.HIGHLEVEL, Reason.LEGACY_OFF),
        (REFUSES, TAKES, Api.HIGHLEVEL, Reason.LEGACY_REFUSES),
        (SILENT, TAKES, Api.HIGHLEVEL, Reason.LEGACY_SILENT),
        (ABSENT, ABSENT, None, Reason.WRONG_ADDRESS),
        (SILENT, SILENT, None, Reason.UNREACHABLE),
        (SILENT, ABSENT, None, Reason.UNREACHABLE),
        (OFF, OFF, None, Reason.NEITHER),
        (REFUSES, ABSENT, None, Reason.NEITHER),
        (REFUSES, REFUSES, None, Reason.NEITHER),
    ],
)
def test_the_legacy_api_is_preferred_where_it_takes_us(
    legacy: Finding, highlevel: Finding, api: Api | None, reason: Reason
) -> None:
    assert chosen(legacy, highlevel, has_user_token=True, has_oauth=True) == Detection(api, reason, legacy, highlevel)


def test_without_a_user_token_that_is_the_reason() -> None:
    found = chosen(ANSWERS, TAKES, has_user_token=False, has_oauth=True)
    assert (found.api, found.reason) == (Api.HIGHLEVEL, Reason.NO_USER_TOKEN)
    found = chosen(ANSWERS, ANSWERS, has_user_token=False, has_oauth=False)
    assert (found.api, found.reason) == (None, Reason.NO_CREDENTIALS)


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://h/glpi", "https://h/glpi"),
        ("https://h/glpi/apirest.php", "https://h/glpi/apirest.php"),
        ("https://h/glpi/api.php/v1", "https://h/glpi/api.php/v1"),
        ("https://h/glpi/api.php/v2.1", "https://h/glpi"),
        ("https://h/glpi/api.php/v2.1/", "https://h/glpi"),
    ],
)
def test_the_legacy_api_is_looked_for_at_its_own_address(url: str, address: str) -> None:
    assert legacy_address(url) == address


async def test_both_apis_are_asked_in_four_requests() -> None:
    with Simulator() as simulator:
        found = await detect(
            simulator.url,
            app_token=simulator.app_token,
            user_token=simulator.user_token,
            credentials=credentials_of(simulator),
        )
        asked = [one for one in simulator.requests if one.path != "/killSession"]
    assert (found.api, found.reason) == (Api.LEGACY, Reason.BOTH)
    assert len(asked) <= 4


async def test_glpi_10_has_the_legacy_api_only() -> None:
    with Simulator(version=10) as simulator:
        mine = Credentials("id", "secret", "borne", "mot de passe")
        app, user = simulator.app_token, simulator.user_token
        found = await detect(simulator.url, app_token=app, user_token=user, credentials=mine)
        without_token = await detect(simulator.url, app_token=simulator.app_token, credentials=mine)
    assert (found.api, found.reason) == (Api.LEGACY, Reason.HIGHLEVEL_OFF)
    assert found.highlevel == Finding(State.ABSENT, "NO_API_HERE")
    assert (without_token.api, without_token.reason) == (None, Reason.NEITHER)


async def test_a_refused_token_leads_to_the_other_api() -> None:
    with Simulator() as simulator:
        app, user = simulator.app_token, "x" * 40
        found = await detect(simulator.url, app_token=app, user_token=user, credentials=credentials_of(simulator))
        neither = await detect(
            simulator.url, app_token=app, user_token=user, credentials=credentials_of(simulator, "mauvais")
        )
    assert (found.api, found.reason) == (Api.HIGHLEVEL, Reason.LEGACY_REFUSES)
    assert found.legacy.code == "ERROR_GLPI_LOGIN_USER_TOKEN"
    assert (neither.api, neither.reason, neither.highlevel.code) == (None, Reason.NEITHER, "OAUTH_INVALID_GRANT")


async def test_oauth_alone_is_enough() -> None:
    with Simulator() as simulator:
        found = await detect(simulator.url, credentials=credentials_of(simulator))
        half = await detect(simulator.url, credentials=Credentials("id", "", "", ""))
    assert (found.api, found.reason) == (Api.HIGHLEVEL, Reason.NO_USER_TOKEN)
    assert (half.api, half.reason) == (None, Reason.NO_CREDENTIALS)


async def test_nothing_there_is_not_a_wrong_address() -> None:
    with Simulator() as simulator:
        address = simulator.url
        wrong = await detect(address.replace("/apirest.php", "/ailleurs"), user_token="x" * 40)
    gone = await detect(address, user_token="x" * 40)
    assert (wrong.api, wrong.reason) == (None, Reason.WRONG_ADDRESS)
    assert (gone.api, gone.reason, gone.legacy.code) == (None, Reason.UNREACHABLE, "NO_CONNECTION")

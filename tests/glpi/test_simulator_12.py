"""GLPI 12 as its sources describe it: no real one was at hand, so nothing here was compared with a recorded answer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from glpi.detection import Api, Reason, detect
from glpi.highlevel import HighLevelClient
from glpi.highlevel_session import Credentials
from glpi.legacy import LegacyClient
from glpi.models import INCIDENT, TicketInput
from glpi.simulator import Simulator

KEY = "GUI-0123456789ABCDEF"
TICKET = TicketInput(key=KEY, name="Essai", content=f"<p>Réf. {KEY}</p>", type=INCIDENT, urgency=3, impact=3)


@pytest.fixture
def glpi12() -> Iterator[Simulator]:
    with Simulator(version=12) as simulator:
        yield simulator


def highlevel(glpi: Simulator) -> Credentials:
    known = glpi.highlevel.oauth
    return Credentials(known.client_id, known.client_secret, "svc-borne", glpi.passwords["svc-borne"])


async def test_the_legacy_api_does_what_that_of_11_does(glpi12: Simulator) -> None:
    client = LegacyClient(glpi12.url, glpi12.app_token, glpi12.user_token)
    number = await client.create_ticket(TICKET)
    assert (await client.version(), (await client.account()).version) == (12, "12.0.0")
    assert await client.find_tickets(KEY) == (number,)
    await client.aclose()


async def test_a_session_that_an_administrator_ends_is_opened_anew(glpi12: Simulator) -> None:
    """12 records sessions, and each can be revoked at any moment."""
    client = LegacyClient(glpi12.url, glpi12.app_token, glpi12.user_token)
    number = await client.create_ticket(TICKET)
    glpi12.revoke_sessions()
    second = await client.add_followup(number, "<p>encore</p>", is_private=True)
    assert [note.id for note in await client.followups(number)] == [second]
    assert client.logins == 2
    await client.aclose()


async def test_the_highlevel_api_is_pinned_to_the_version_both_share(glpi12: Simulator) -> None:
    """12 offers 2.3 and 3.0, and would answer 3.0 to who pins none."""
    mine = highlevel(glpi12)
    client = HighLevelClient(glpi12.url, mine.client_id, mine.client_secret, mine.username, mine.password)
    number = await client.create_ticket(TICKET)
    assert await client.version() == 12
    assert await client.find_tickets(KEY) == (number,)
    assert (await client.get_ticket(number)).name == "Essai"
    paths = [request.path for request in glpi12.requests if "Assistance" in request.path]
    assert paths and all(path.startswith("/v2.3/") for path in paths)
    await client.aclose()


async def test_both_apis_are_found(glpi12: Simulator) -> None:
    found = await detect(
        glpi12.url, app_token=glpi12.app_token, user_token=glpi12.user_token, credentials=highlevel(glpi12)
    )
    assert (found.api, found.reason) == (Api.LEGACY, Reason.BOTH)

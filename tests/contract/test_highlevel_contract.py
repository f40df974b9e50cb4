"""What the High-Level API does otherwise than the legacy one, held to the simulator and to a real GLPI."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable

import pytest

from glpi.errors import CallerRefused, ContentRefused, NotFound, Unclear
from glpi.highlevel import HighLevelClient
from glpi.models import GlpiCategory, TicketChanges
from tests.contract.conftest import Server

Create = Callable[..., Awaitable[int]]


def new_key() -> str:
    return f"GUI-{secrets.token_hex(10).upper()}"


async def test_the_requester_is_added_after_the_creation_and_only_once(
    emails: tuple[str, str], client: HighLevelClient, create: Create
) -> None:
    user = await client.find_user(emails[1])
    assert user == await client.find_user(emails[0])
    number = await create(new_key(), requester_id=user)
    assert await client.requesters(number) == ()
    for _ in range(2):
        await client.add_requester(number, user, None)
    assert [one.user_id for one in await client.requesters(number)] == [user]
    with pytest.raises(ContentRefused):
        await client.add_requester(number, 987_654, None)
    with pytest.raises(ContentRefused):
        await client.add_requester(number, None, "visiteur@ailleurs.invalid")


async def test_a_purged_and_a_hidden_ticket_are_the_same(client: HighLevelClient) -> None:
    for act in (
        client.get_ticket(987_654_321),
        client.requesters(987_654_321),
        client.followups(987_654_321),
        client.add_followup(987_654_321, "x", is_private=True),
        client.update_ticket(987_654_321, TicketChanges(priority=3)),
        client.trash_ticket(987_654_321),
    ):
        with pytest.raises(NotFound) as error:
            await act
        assert error.value.code == "GONE_OR_HIDDEN"


async def test_an_unknown_entity_is_our_fault(create: Create) -> None:
    """It is in the configuration, so every ticket would fail alike."""
    with pytest.raises(CallerRefused) as error:
        await create(new_key(), entities_id=987_654)
    assert error.value.status == 403


async def test_an_unknown_category_is_none(client: HighLevelClient, create: Create) -> None:
    assert (await client.get_ticket(await create(new_key(), itilcategories_id=987_654))).category_id == 0


async def test_a_pull_tells_the_id_of_the_category(
    client: HighLevelClient, create: Create, categories: tuple[GlpiCategory, ...]
) -> None:
    category = categories[-1]
    number = await create(new_key(), itilcategories_id=category.id)
    state = await client.get_ticket(number)
    changes = await client.changed_tickets(state.date_mod)
    assert {one.id: one.category_id for one in changes.tickets}[number] == category.id


async def test_the_account_tells_its_rights(client: HighLevelClient) -> None:
    account = await client.account()
    assert account.user_id > 0
    assert account.rights is not None and "create_ticket" in account.rights
    assert account.profile in account.profiles


async def test_a_date_that_never_was_is_given_up_before_it_is_sent_again(create: Create) -> None:
    key = new_key()
    with pytest.raises(Unclear) as first:
        await create(key, date="2026-03-29 02:30:00")
    assert first.value.code == "HTTP_500"
    with pytest.raises(ContentRefused) as second:
        await create(key, date="2026-03-29 02:30:00")
    assert second.value.code == "OPENING_DATE_SUSPECT"


async def test_simultaneous_requests_share_one_token(client: HighLevelClient) -> None:
    await asyncio.gather(*(client.clock_offset() for _ in range(5)))
    assert client.logins == 2


@pytest.mark.parametrize("wrong", ["client_secret", "password"])
async def test_wrong_credentials_are_our_fault(server: Server, wrong: str) -> None:
    assert server.oauth is not None
    mine = {name: getattr(server.oauth, name) for name in ("client_id", "client_secret", "username", "password")}
    client = HighLevelClient(server.url, **{**mine, wrong: "faux"})
    with pytest.raises(CallerRefused) as error:
        await client.get_ticket(1)
    await client.aclose()
    assert error.value.code == {"client_secret": "OAUTH_INVALID_CLIENT", "password": "OAUTH_INVALID_GRANT"}[wrong]

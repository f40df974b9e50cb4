"""What every GLPI must do for us, the simulated and the real one alike."""

from __future__ import annotations

import asyncio
import html
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from glpi.errors import CallerRefused, ContentRefused, NotFound
from glpi.legacy import LegacyClient
from glpi.models import REQUEST, Requester, TicketChanges
from tests.contract.conftest import Server, needs

Create = Callable[..., Awaitable[int]]
Emails = tuple[str, str]


def new_key() -> str:
    return f"GUI-{uuid.uuid4().hex.upper()[:24]}"


async def test_a_probe_costs_one_request_and_no_login(client: LegacyClient) -> None:
    await client.probe()
    assert client.requests == 1


async def test_the_version_is_asked_once(server: Server, client: LegacyClient) -> None:
    version = await client.version()
    assert version == (server.version or version) and version >= 10
    asked = client.requests
    assert await client.version() == version
    assert client.requests == asked


async def test_a_created_ticket_can_be_read_back(client: LegacyClient, create: Create) -> None:
    number = await create(new_key(), name="Imprimante en panne", type=REQUEST, urgency=4, impact=4)
    state = await client.get_ticket(number)
    assert (state.id, state.name, state.status, state.is_deleted) == (number, "Imprimante en panne", 1, False)
    assert (state.urgency, state.impact, state.priority, state.category_id) == (4, 4, 4, 0)


@pytest.mark.parametrize(("urgency", "impact", "priority"), [(2, 2, 2), (3, 3, 3), (4, 3, 4), (5, 4, 5), (4, 2, 3)])
async def test_urgency_and_impact_make_the_priority(
    client: LegacyClient, create: Create, urgency: int, impact: int, priority: int
) -> None:
    number = await create(new_key(), urgency=urgency, impact=impact)
    assert (await client.get_ticket(number)).priority == priority


async def test_the_priority_can_be_set_afterwards(client: LegacyClient, create: Create) -> None:
    number = await create(new_key())
    await client.update_ticket(number, TicketChanges(priority=5))
    assert (await client.get_ticket(number)).priority == 5


@pytest.mark.parametrize(
    "title",
    [
        'Écran <b>noir</b> & "guillemets" l\'été',
        "Partage \\\\srv01\\commun inaccessible",
        "chemin C:\\new\\table",
        "message « &lt;b&gt; » et &amp; à l'écran",
        "[@click=app.quit]x[/] 100 % {0} $1",
        "emoji 😀 et accents éàü",
    ],
)
async def test_a_title_comes_back_as_it_was_written(client: LegacyClient, create: Create, title: str) -> None:
    number = await create(new_key(), name=title)
    assert (await client.get_ticket(number)).name.strip() == title


@pytest.mark.parametrize("letter", ["é", "<", "&", "x"])
async def test_a_title_that_is_too_long_is_clipped_not_refused(
    client: LegacyClient, create: Create, letter: str
) -> None:
    number = await create(new_key(), name=letter * 300)
    name = (await client.get_ticket(number)).name
    assert name and name == letter * len(name)


async def test_a_ticket_is_found_by_its_key_alive_and_in_the_trash(client: LegacyClient, create: Create) -> None:
    key, since = new_key(), datetime.now(UTC)
    number = await create(key)
    assert await client.find_tickets(key) == (number,)
    assert await client.find_tickets(key, since) == (number,)
    try:
        await client.trash_ticket(number)
    except ContentRefused as refused:
        assert refused.code in ("ERROR_GLPI_DELETE", "ERROR_RIGHT_MISSING")
        pytest.skip("GLPI's Technician profile, and so this account, may not delete tickets")
    assert await client.find_tickets(key, since) == (number,)
    assert (await client.get_ticket(number)).is_deleted


async def test_a_ticket_with_an_old_opening_date_is_found_too(client: LegacyClient, create: Create) -> None:
    """A ticket taken offline keeps its own date; its sending is what ``since`` is about."""
    key = new_key()
    number = await create(key, date="2024-01-05 08:15:00")
    assert await client.find_tickets(key, datetime.now(UTC)) == (number,)


async def test_both_tickets_of_a_key_are_found_lowest_first(client: LegacyClient, create: Create) -> None:
    key = new_key()
    first, second = await create(key), await create(key)
    assert await client.find_tickets(key) == (first, second)


async def test_a_double_can_be_linked_to_the_ticket_that_is_kept(client: LegacyClient, create: Create) -> None:
    """What is left to an account that may not delete."""
    key = new_key()
    kept, double = await create(key), await create(key)
    await client.link_duplicate(double, kept)
    with pytest.raises(ContentRefused):
        await client.link_duplicate(double, kept)
    assert await client.find_tickets(key) == (kept, double)


async def test_a_key_nobody_has_finds_nothing(client: LegacyClient, create: Create) -> None:
    key = new_key()
    await create(key)
    assert await client.find_tickets(new_key()) == ()
    assert await client.find_tickets(key[:-2]) == ()


async def test_a_user_is_found_by_either_address(emails: Emails, client: LegacyClient) -> None:
    first, second = emails
    user_id = await client.find_user(first)
    assert user_id is not None
    assert await client.find_user(second) == user_id
    assert await client.find_user(f" {first.upper()} ") == user_id


async def test_nobody_else_is_found(emails: Emails, client: LegacyClient) -> None:
    first, _ = emails
    assert await client.find_user("personne@nulle.invalid") is None
    assert await client.find_user(first.replace(".", "_", 1)) is None
    assert await client.find_user("%" + first[1:]) is None


@pytest.mark.parametrize("address", ["", "pas-une-adresse", "a@b", "a b@c.fr", "a@c.fr$", "é@c.fr", "a@c.fr\n1@c.fr"])
async def test_a_malformed_address_is_nobodys_and_costs_nothing(client: LegacyClient, address: str) -> None:
    assert await client.find_user(address) is None
    assert client.requests == 0


async def test_the_requester_is_the_user(emails: Emails, client: LegacyClient, create: Create) -> None:
    user_id = await client.find_user(emails[0])
    number = await create(new_key(), requester_id=user_id)
    assert [found.user_id for found in await client.requesters(number)] == [user_id]


async def test_a_visitor_is_a_requester_by_e_mail(client: LegacyClient, create: Create) -> None:
    number = await create(new_key(), requester_email="visiteur@ailleurs.invalid")
    assert await client.requesters(number) == (Requester(0, "visiteur@ailleurs.invalid"),)


async def test_nobody_becomes_requester_by_accident(client: LegacyClient, create: Create) -> None:
    assert await client.requesters(await create(new_key())) == ()


async def test_requesters_can_be_added(emails: Emails, client: LegacyClient, create: Create) -> None:
    number = await create(new_key())
    user_id = await client.find_user(emails[0])
    await client.add_requester(number, user_id, None)
    await client.add_requester(number, None, "visiteur@ailleurs.invalid")
    found = await client.requesters(number)
    assert {requester.user_id for requester in found} == {user_id, 0}
    assert "visiteur@ailleurs.invalid" in {requester.email for requester in found}


async def test_the_same_requester_is_refused_twice(emails: Emails, client: LegacyClient, create: Create) -> None:
    user_id = await client.find_user(emails[0])
    number = await create(new_key(), requester_email="visiteur@ailleurs.invalid")
    await client.add_requester(number, user_id, None)
    for again in ((user_id, None), (None, "visiteur@ailleurs.invalid")):
        with pytest.raises(ContentRefused):
            await client.add_requester(number, *again)
    assert len(await client.requesters(number)) == 2


@pytest.mark.parametrize("address", ["pas-une-adresse", ".a@c.fr", "a.@c.fr", "a@-c.fr", "a@c..fr", "a b@c.fr"])
async def test_an_invalid_address_refuses_the_ticket(client: LegacyClient, create: Create, address: str) -> None:
    with pytest.raises(ContentRefused) as refused:
        await create(new_key(), requester_email=address)
    assert (refused.value.code, refused.value.status) == ("ERROR_GLPI_ADD", 400)


async def test_an_address_with_an_ampersand_is_refused_by_10_only(client: LegacyClient, create: Create) -> None:
    """10 checks it after encoding it."""
    try:
        number = await create(new_key(), requester_email="a&b@c.fr")
    except ContentRefused:
        assert await client.version() == 10
    else:
        assert await client.requesters(number) == (Requester(0, "a&b@c.fr"),)
        assert await client.version() > 10


@pytest.mark.parametrize("date", ["2026-11-20", "2026-11-20T08:00:00Z", "demain"])
async def test_a_date_in_another_form_refuses_the_ticket(client: LegacyClient, create: Create, date: str) -> None:
    with pytest.raises(ContentRefused):
        await create(new_key(), date=date)


async def test_a_group_alone_does_not_take_the_ticket(client: LegacyClient, create: Create, group_id: int) -> None:
    """It stays new until a technician takes it; GLPI itself would say "in progress" at once."""
    number = await create(new_key(), assigned_group_id=group_id)
    state = await client.get_ticket(number)
    assert state.status == 1
    changes = await client.changed_tickets(state.date_mod)
    assert next(found for found in changes.tickets if found.id == number).is_only_dispatched


async def test_an_unknown_entity_is_a_refused_content(client: LegacyClient, create: Create) -> None:
    with pytest.raises(ContentRefused):
        await create(new_key(), entities_id=987654)


async def test_an_unknown_category_is_not_noticed_by_glpi(client: LegacyClient, create: Create) -> None:
    number = await create(new_key(), itilcategories_id=987654)
    assert (await client.get_ticket(number)).category_id == 987654


async def test_followups_keep_text_and_privacy(client: LegacyClient, create: Create) -> None:
    await needs(client, "private_followup")
    number = await create(new_key())
    text = "\\\\srv\\new « <script>alert(1)</script> » & C:\\temp"
    private = await client.add_followup(number, f"<p>{html.escape(text)}</p>", is_private=True)
    public = await client.add_followup(number, "<p>Nous regardons.</p>", is_private=False)
    first, second = await client.followups(number)
    assert (first.id, first.is_private, first.ticket_id) == (private, True, number)
    assert html.unescape(first.content) == f"<p>{text}</p>"
    assert "<script>" not in first.content
    assert (second.id, second.is_private) == (public, False)


async def test_all_followups_are_read_not_only_the_first_page(client: LegacyClient, create: Create) -> None:
    await needs(client, "private_followup")
    number = await create(new_key())
    ids = [await client.add_followup(number, f"<p>{position}</p>", is_private=True) for position in range(17)]
    assert [followup.id for followup in await client.followups(number)] == ids


async def test_what_does_not_exist_is_said_so(client: LegacyClient) -> None:
    with pytest.raises(NotFound):
        await client.get_ticket(99_999_999)
    with pytest.raises(NotFound):
        await client.followups(99_999_999)
    with pytest.raises(NotFound):
        await client.requesters(99_999_999)
    for write in (client.update_ticket(99_999_999, TicketChanges(priority=3)), client.trash_ticket(99_999_999)):
        with pytest.raises(ContentRefused):
            await write
    with pytest.raises(ContentRefused):
        await client.add_followup(99_999_999, "<p>x</p>", is_private=True)


async def test_changes_are_pulled_in_two_requests(client: LegacyClient, create: Create) -> None:
    first = await create(new_key(), name="Ancien")
    before = (await client.get_ticket(first)).date_mod
    second = await create(new_key(), name="Nouveau <b> & \\\\srv")
    asked = client.requests
    changes = await client.changed_tickets(before)
    assert client.requests == asked + 2, "one for the live ones, one for the trash"
    assert {first, second} <= {state.id for state in changes.tickets}
    assert changes.complete and changes.cursor is not None and changes.cursor >= before
    assert [state.date_mod for state in changes.tickets] == sorted(state.date_mod for state in changes.tickets)
    found = next(state for state in changes.tickets if state.id == second)
    assert (found.name.strip(), found.status, found.priority) == ("Nouveau <b> & \\\\srv", 1, 3)


async def test_no_change_leaves_the_cursor_alone(client: LegacyClient) -> None:
    changes = await client.changed_tickets("2099-01-01 00:00:00")
    assert (changes.tickets, changes.cursor, changes.complete) == ((), "2099-01-01 00:00:00", True)


async def test_the_zone_of_the_server_is_learnt(client: LegacyClient, create: Create) -> None:
    number = await create(new_key())
    offset = await client.clock_offset()
    assert offset is not None
    local = datetime.fromisoformat((await client.get_ticket(number)).date_mod).replace(tzinfo=UTC)
    assert abs(local - offset - datetime.now(UTC)) < timedelta(hours=1)
    asked = client.requests
    assert await client.clock_offset() == offset
    assert client.requests == asked


async def test_simultaneous_requests_share_one_login(client: LegacyClient, create: Create) -> None:
    number = await create(new_key())
    await client.aclose()
    asked = client.requests
    await asyncio.gather(*(client.get_ticket(number) for _ in range(6)))
    assert client.requests == asked + 7


async def test_a_wrong_user_token_is_our_fault(server: Server) -> None:
    client = server.client(user_token="z" * 40)
    with pytest.raises(CallerRefused) as refused:
        await client.get_ticket(1)
    assert (refused.value.code, refused.value.status) == ("ERROR_GLPI_LOGIN_USER_TOKEN", 401)
    await client.aclose()


async def test_a_wrong_app_token_is_our_fault(server: Server) -> None:
    if not server.app_token:
        pytest.skip("this API client has no token")
    client = server.client(app_token="x" * 40)
    with pytest.raises(CallerRefused) as refused:
        await client.find_tickets(new_key())
    assert refused.value.code == "ERROR_WRONG_APP_TOKEN_PARAMETER"
    with pytest.raises(CallerRefused):
        await client.probe()
    await client.aclose()

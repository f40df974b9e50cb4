"""What every GLPI must do for a counter that reads back: notes, changes, deletion, categories, users, our account.

Tests that need a right the account lacks are skipped with the name of the right.
"""

from __future__ import annotations

import html
from collections.abc import Awaitable, Callable

import pytest

from glpi.encoding import sent_html
from glpi.errors import CallerRefused, ContentRefused, NotFound
from glpi.legacy import LegacyClient
from glpi.legacy_session import LegacySession
from glpi.models import RIGHTS, GlpiCategory, NoteKind, TicketChanges
from tests.contract.conftest import Server, needs
from tests.contract.test_contract import Emails, new_key

Categories = tuple[GlpiCategory, ...]
Create = Callable[..., Awaitable[int]]
Solve = Callable[[int, str], Awaitable[None]]


@pytest.fixture
def solve(server: Server, client: LegacyClient, session: LegacySession) -> Solve:
    """``await solve(ticket_id, html)`` adds a solution, as a technician does."""

    async def solve(ticket_id: int, content: str) -> None:
        text = sent_html(content, await client.version())
        fields = {"itemtype": "Ticket", "items_id": ticket_id, "content": text}
        await session.write("POST", "/ITILSolution", fields, expected=201)

    return solve


async def test_the_account_and_its_rights_are_known(server: Server, client: LegacyClient) -> None:
    account = await client.account()
    assert account.user_id > 0 and account.login and account.profile and account.entity
    assert account.profile in account.profiles
    assert account.rights is not None and account.rights <= set(RIGHTS) and "create_ticket" in account.rights
    assert int(account.version.split(".")[0]) == await client.version()


async def test_the_clock_of_the_server_is_known_after_the_first_answer(client: LegacyClient) -> None:
    assert client.skew is None
    await client.probe()
    assert client.skew is not None
    assert (client.requests, client.logins) == (1, 0)


@pytest.mark.parametrize(
    "text",
    [
        "<img src=x onerror=alert(1)>",
        "« &amp; » et &lt;b&gt; tels quels",
        "ligne 1\nligne 2\n\nligne 4",
        "emoji 😀👩‍💻 et é à ü",
        "\\\\srv\\new & C:\\temp",
    ],
)
async def test_the_visible_text_of_a_note_is_the_one_that_was_typed(
    client: LegacyClient, create: Create, text: str
) -> None:
    number = await create(new_key())
    note_id = await client.add_followup(number, html.escape(text).replace("\n", "<br>"), is_private=False)
    (note,) = await client.followups(number)
    assert note.id == note_id
    assert "<img" not in note.content and "<b>" not in note.content
    assert html.unescape(note.content.replace("<br>", "\n").replace("<br />", "\n")) == text


async def test_a_note_has_its_author_and_its_date(client: LegacyClient, create: Create) -> None:
    number = await create(new_key())
    await client.add_followup(number, "<p>public</p>", is_private=False)
    (note,) = await client.followups(number)
    assert note.author_id == (await client.account()).user_id
    assert note.date is not None and note.date <= note.date_mod
    assert (note.kind, note.ticket_id) == (NoteKind.FOLLOWUP, number)


async def test_the_latest_notes_are_found_across_tickets(client: LegacyClient, create: Create) -> None:
    await needs(client, "private_followup")
    first, second = await create(new_key()), await create(new_key())
    public = await client.add_followup(first, "<p>public</p>", is_private=False)
    private = await client.add_followup(second, "<p>privé</p>", is_private=True)
    since = (await client.get_ticket(first)).date_mod
    found = await client.recent_notes(NoteKind.FOLLOWUP, since, 2)
    assert found is not None
    mine = {note.id: (note.ticket_id, note.is_private) for note in found}
    assert (mine[public], mine[private]) == ((first, False), (second, True))
    assert [note.date_mod for note in found] == sorted((note.date_mod for note in found), reverse=True)
    assert all(note.date_mod >= since for note in found)
    assert await client.recent_notes(NoteKind.FOLLOWUP, "2099-01-01 00:00:00", 1) == ()


async def test_a_solution_is_read_and_solves_the_ticket(client: LegacyClient, create: Create, solve: Solve) -> None:
    await needs(client, "update_ticket")
    number = await create(new_key())
    assert await client.solutions(number) == ()
    await solve(number, "<p>Câble &amp; écran remplacés</p>")
    (note,) = await client.solutions(number)
    assert note.content == "<p>Câble &amp; écran remplacés</p>"
    assert (note.kind, note.ticket_id, note.is_private) == (NoteKind.SOLUTION, number, False)
    assert note.author_id == (await client.account()).user_id and note.date is not None
    state = await client.get_ticket(number)
    assert state.status in (5, 6) and state.solvedate is not None
    recent = await client.recent_notes(NoteKind.SOLUTION, note.date_mod, 2)
    assert recent is not None and note in recent


async def test_status_priority_and_category_can_be_changed_together(
    client: LegacyClient, create: Create, categories: Categories
) -> None:
    await needs(client, "update_ticket")
    category = categories[0].id
    number = await create(new_key())
    await client.update_ticket(number, TicketChanges(status=2, priority=5, category_id=category))
    state = await client.get_ticket(number)
    assert (state.status, state.priority, state.category_id) == (2, 5, category)


async def test_solving_sets_a_date_and_reopening_takes_it_back(client: LegacyClient, create: Create) -> None:
    await needs(client, "update_ticket")
    number = await create(new_key())
    await client.update_ticket(number, TicketChanges(status=5))
    solved = await client.get_ticket(number)
    assert solved.status == 5 and solved.solvedate is not None and solved.closedate is None
    await client.update_ticket(number, TicketChanges(status=2))
    reopened = await client.get_ticket(number)
    assert (reopened.status, reopened.solvedate) == (2, None)
    await client.update_ticket(number, TicketChanges(status=6))
    closed = await client.get_ticket(number)
    assert closed.status == 6 and closed.solvedate is not None and closed.closedate is not None


async def test_the_whole_category_tree_is_read(client: LegacyClient) -> None:
    if "read_categories" not in ((await client.account()).rights or ()):
        with pytest.raises(CallerRefused) as refused:
            await client.categories()
        assert refused.value.code == "ERROR_RIGHT_MISSING"
        pytest.skip("this account lacks read_categories; its refusal was checked")
    categories = await client.categories()
    by_id = {category.id: category for category in categories}
    assert [category.id for category in categories] == sorted(by_id)
    for category in categories:
        parent = by_id.get(category.parent_id)
        if parent is not None or not category.parent_id:
            assert category.completename == (f"{parent.completename} > {category.name}" if parent else category.name)
        assert category.completename.endswith(category.name), "the parent may be out of sight"
        assert None not in (category.is_incident, category.is_request, category.is_visible)


async def test_the_category_of_a_pull_is_the_one_of_the_tree(
    client: LegacyClient, create: Create, categories: Categories
) -> None:
    category = categories[-1]
    number = await create(new_key(), itilcategories_id=category.id)
    state = await client.get_ticket(number)
    assert state.category_id == category.id
    changes = await client.changed_tickets(state.date_mod)
    assert {found.id: found.category_name for found in changes.tickets}[number] == category.completename


async def test_users_come_by_ascending_id_with_all_their_addresses(emails: Emails, client: LegacyClient) -> None:
    await needs(client, "read_users")
    user_id = await client.find_user(emails[0])
    assert user_id is not None
    page = await client.users(user_id - 1)
    assert page.users[0].id == user_id
    assert set(page.users[0].emails) >= set(emails) and page.users[0].login
    ids = [user.id for user in page.users]
    assert ids == sorted(set(ids))
    asked = client.requests
    assert (await client.users(99_999_999)).users == ()
    assert client.requests == asked + 1


async def test_live_tickets_are_those_not_in_the_trash(client: LegacyClient, create: Create) -> None:
    first, second, third = [await create(new_key()) for _ in range(3)]
    assert await client.live_tickets(first, third) >= {first, second, third}
    assert first not in await client.live_tickets(second, third)
    assert third not in await client.live_tickets(first, second)
    assert await client.live_tickets(99_999_998, 99_999_999) == frozenset()
    await needs(client, "delete_ticket")
    await client.trash_ticket(second)
    assert second not in await client.live_tickets(first, third)


async def test_a_pull_shows_what_went_into_the_trash(client: LegacyClient, create: Create) -> None:
    await needs(client, "delete_ticket")
    kept, trashed = await create(new_key()), await create(new_key())
    cursor = (await client.get_ticket(kept)).date_mod
    await client.trash_ticket(trashed)
    changes = await client.changed_tickets(cursor)
    assert {found.id: found.is_deleted for found in changes.tickets if found.id in (kept, trashed)} == {
        kept: False,
        trashed: True,
    }
    assert changes.cursor is not None and changes.cursor >= cursor


async def test_trash_purge_and_an_unknown_id_are_told_apart(
    client: LegacyClient, create: Create, session: LegacySession
) -> None:
    await needs(client, "delete_ticket")
    number = await create(new_key())
    await client.trash_ticket(number)
    assert (await client.get_ticket(number)).is_deleted
    try:
        await session.write("DELETE", f"/Ticket/{number}?force_purge=true", None, expected=200)
    except ContentRefused:
        pytest.skip("this account may not purge")
    for gone in (number, 99_999_999):
        with pytest.raises(NotFound):
            await client.get_ticket(gone)


async def test_an_unknown_requester_leaves_the_ticket_without_one(client: LegacyClient, create: Create) -> None:
    """GLPI takes the ticket and drops the requester: hence the reading back."""
    number = await create(new_key(), requester_id=99_999_999)
    assert await client.requesters(number) == ()


async def test_the_second_address_of_a_user_leads_to_the_user(
    emails: Emails, client: LegacyClient, create: Create
) -> None:
    number = await create(new_key(), requester_id=await client.find_user(emails[1]))
    assert [found.user_id for found in await client.requesters(number)] == [await client.find_user(emails[0])]

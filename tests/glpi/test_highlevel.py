"""Reads glpi/highlevel.py: our calls against a simulated GLPI 11, and what each refusal means for the caller."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from glpi.errors import CallerRefused, ContentRefused, GlpiError, Hidden, NotFound, NotSent, Unclear
from glpi.exchange import BODY_LIMIT, Timeouts
from glpi.highlevel import HighLevelClient
from glpi.highlevel_lists import PAGE
from glpi.models import TicketChanges
from glpi.simulator import Simulator
from glpi.simulator.seeds import SERVICE_ACCOUNT
from tests.glpi.conftest import KEY, a_ticket
from tests.glpi.scripted import API_OFF, DENIED, FAILED, GONE, INVALID, MAINTENANCE, ME, NO_SCOPE, Reply, Scripted

LIMITS = Timeouts(connect_s=1.0, read_s=5.0, write_s=5.0)
TICKETS = "/api.php/v2.2/Assistance/Ticket"
SESSION = "/api.php/v2.2/session"
TICKET: dict[str, Any] = {
    "id": 5,
    "name": "Écran noir",
    "status": {"id": 2, "name": "En cours"},
    "priority": 3,
    "is_deleted": False,
    "date_mod": "2026-11-22T13:49:49+01:00",
    "category": None,
    "external_id": KEY,
    "team": [],
}


@pytest.fixture
def glpi() -> Iterator[Scripted]:
    with Scripted() as glpi:
        yield glpi


@pytest.fixture
async def told(glpi: Scripted) -> AsyncIterator[HighLevelClient]:
    """A client of a server that answers what it is told."""
    client = HighLevelClient(glpi.url, "id", "secret", "borne", "mot de passe", timeouts=LIMITS)
    yield client
    await client.aclose()


@pytest.fixture
async def client(simulator: Simulator) -> AsyncIterator[HighLevelClient]:
    """A client of the simulated GLPI 11."""
    client = client_of(simulator)
    yield client
    await client.aclose()


def client_of(simulator: Simulator, login: str = "svc-borne") -> HighLevelClient:
    oauth, password = simulator.highlevel.oauth, simulator.passwords[login]
    return HighLevelClient(simulator.url, oauth.client_id, oauth.client_secret, login, password, timeouts=LIMITS)


# --- what it can do -------------------------------------------------------------------------------------------


async def test_a_ticket_comes_back_as_it_was_sent(client: HighLevelClient) -> None:
    number = await client.create_ticket(a_ticket(name="É" * 300, itilcategories_id=2, date="2026-11-20 08:15:00"))
    state = await client.get_ticket(number)
    assert (state.name, state.category_id, state.status, state.is_deleted) == ("É" * 255, 2, 1, False)
    assert datetime.fromisoformat(state.date_mod).tzinfo is None
    assert await client.find_tickets(KEY) == (number,)
    assert await client.find_tickets(KEY[:-1]) == ()


async def test_the_requester_is_a_second_step_that_may_be_repeated(client: HighLevelClient) -> None:
    number = await client.create_ticket(a_ticket(requester_id=8))
    assert await client.requesters(number) == ()
    user = await client.find_user("M.Dupont@exemple.org")
    assert user == await client.find_user("marie.dupont@exemple.fr")
    assert await client.find_user("personne@nulle.part") is None
    for _ in range(2):
        await client.add_requester(number, user, None)
    assert [one.user_id for one in await client.requesters(number)] == [user]


async def test_a_visitor_is_refused_without_a_request(client: HighLevelClient) -> None:
    """GLPI would answer 201 and add nobody."""
    before = client.requests
    with pytest.raises(ContentRefused) as error:
        await client.add_requester(1, None, "visiteur@ailleurs.fr")
    assert (error.value.code, client.requests) == ("NO_VISITORS", before)
    assert not client.takes_visitors and not client.sets_team


async def test_an_unknown_user_is_not_taken_for_added(client: HighLevelClient) -> None:
    number = await client.create_ticket(a_ticket())
    with pytest.raises(ContentRefused) as error:
        await client.add_requester(number, 4242, None)
    assert error.value.code == "REQUESTER_NOT_ADDED"


async def test_what_is_changed_is_read_back(client: HighLevelClient) -> None:
    number = await client.create_ticket(a_ticket())
    await client.update_ticket(number, TicketChanges(status=4, priority=5, category_id=3))
    state = await client.get_ticket(number)
    assert (state.status, state.priority, state.category_id) == (4, 5, 3)


async def test_a_group_alone_has_not_taken_a_ticket(client: HighLevelClient) -> None:
    number = await client.create_ticket(a_ticket())
    await client.assign_group(number, 1)
    await client.assign_group(number, 1)
    assert (await client.get_ticket(number)).is_only_dispatched
    assert not await client.is_assigned(number)


async def test_notes_come_oldest_first_with_their_author(client: HighLevelClient) -> None:
    number = await client.create_ticket(a_ticket())
    first = await client.add_followup(number, "<p>&lt;img src=x onerror=alert(1)&gt; é😀</p>", is_private=True)
    second = await client.add_followup(number, "<p>public</p>", is_private=False)
    notes = await client.followups(number)
    assert [(one.id, one.is_private, one.author_id, one.ticket_id) for one in notes] == [
        (first, True, 7, number),
        (second, False, 7, number),
    ]
    assert notes[0].content == "<p>&lt;img src=x onerror=alert(1)&gt; é😀</p>"
    assert await client.solutions(number) == ()
    assert await client.recent_notes(notes[0].kind, "2026-01-01 00:00:00", 5) is None


async def test_the_trash_is_seen_and_told_apart(client: HighLevelClient) -> None:
    kept, trashed = await client.create_ticket(a_ticket()), await client.create_ticket(a_ticket())
    await client.trash_ticket(trashed)
    assert (await client.get_ticket(trashed)).is_deleted
    assert await client.find_tickets(KEY) == (kept, trashed)
    assert await client.live_tickets(1, 100) == {kept}
    changes = await client.changed_tickets(None)
    assert {one.id: one.is_deleted for one in changes.tickets} == {kept: False, trashed: True}
    with pytest.raises(NotFound) as error:
        await client.get_ticket(4242)
    assert error.value.code == "GONE_OR_HIDDEN"


async def test_a_link_has_no_route(client: HighLevelClient) -> None:
    with pytest.raises(ContentRefused) as error:
        await client.link_duplicate(1, 2)
    assert error.value.code == "NO_ROUTE"


async def test_a_whole_tree_comes_with_all_its_names(client: HighLevelClient) -> None:
    """A parent beside its child in one page would have lost its complete name (11.0.6)."""
    tree = await client.categories()
    assert [one.id for one in tree] == sorted(one.id for one in tree)
    parents = {one.id: one for one in tree}
    children = [one for one in tree if one.parent_id]
    assert children
    for child in children:
        assert child.completename == f"{parents[child.parent_id].completename} > {child.name}"
        assert child.is_incident is not None


async def test_people_come_by_ascending_id(client: HighLevelClient) -> None:
    everybody = await client.users(0)
    assert everybody.complete
    ids = [one.id for one in everybody.users]
    assert ids == sorted(ids)
    behind = await client.users(ids[1])
    assert [one.id for one in behind.users] == ids[2:]
    marie = next(one for one in everybody.users if one.login == "mdupont")
    assert marie.emails == ("marie.dupont@exemple.fr", "m.dupont@exemple.org")


async def test_the_account_tells_its_rights_and_the_clock_its_zone(client: HighLevelClient) -> None:
    account = await client.account()
    assert (account.login, account.entity) == ("svc-borne", "Entité racine")
    assert account.rights is not None and "create_ticket" in account.rights
    before = client.requests
    assert await client.clock_offset() in (timedelta(hours=1), timedelta(hours=2))
    assert client.requests == before
    assert await client.version() == 11


async def test_more_tickets_in_one_second_than_a_page_holds_are_all_seen() -> None:
    moment = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
    with Simulator(now=lambda: moment) as simulator:
        client = client_of(simulator)
        made = {simulator.add_ticket(SERVICE_ACCOUNT, name=f"n° {number}") for number in range(2 * PAGE + 50)}
        cursor, seen, calls = None, set[int](), 0
        while True:
            changes = await client.changed_tickets(cursor)
            seen |= {one.id for one in changes.tickets}
            cursor, calls = changes.cursor, calls + 1
            if changes.complete:
                break
        await client.aclose()
    assert seen == made
    assert calls == 2
    assert cursor == "2026-11-22 13:00:00"


async def test_tickets_of_another_writer_are_not_ours(simulator: Simulator, client: HighLevelClient) -> None:
    number = await client.create_ticket(a_ticket())
    other = client_of(simulator, "glpi")
    theirs = await other.changed_tickets(None)
    await other.aclose()
    assert theirs.tickets == ()
    assert [one.id for one in (await client.changed_tickets(None)).tickets] == [number]


# --- what can go wrong ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 201, 302])
async def test_any_status_with_an_id_is_a_creation(glpi: Scripted, told: HighLevelClient, status: int) -> None:
    glpi.on("POST", TICKETS, Reply(status, {"id": 5, "href": "/Assistance/Ticket/5"}, {"Location": "/elsewhere"}))
    assert await told.create_ticket(a_ticket()) == 5
    assert not glpi.asked("GET", "/elsewhere")


CREATIONS = [
    (Reply(500, None), Unclear, "HTTP_500"),
    (Reply(500, "<html></html>"), Unclear, "HTTP_500"),
    (Reply(502, "<html></html>"), Unclear, "HTTP_502"),
    (Reply(500, FAILED), ContentRefused, "ERROR_GLPI_ADD"),
    (Reply(500, {"status": "ERROR", "title": "Une erreur interne"}), Unclear, "HTTP_500"),
    (Reply(200, MAINTENANCE), Unclear, "MAINTENANCE"),
    (Reply(200, None), Unclear, "NOT_JSON"),
    (Reply(200, {"id": 0}), Unclear, "BAD_SHAPE"),
    (Reply(200, {"id": "5"}), Unclear, "BAD_SHAPE"),
    (Reply(200, [{"id": 5}]), Unclear, "BAD_SHAPE"),
    (Reply(302, "<html></html>", {"Location": "https://elsewhere/"}), Unclear, "REDIRECT"),
    (Reply(403, DENIED), CallerRefused, "ERROR_RIGHT_MISSING"),
    (Reply(403, NO_SCOPE), CallerRefused, "SCOPE_MISSING"),
    (Reply(403, API_OFF), CallerRefused, "ERROR_API_DISABLED"),
    (Reply(403, "<html></html>"), Unclear, "HTTP_403"),
    (Reply(407, "<html></html>"), CallerRefused, "HTTP_407"),
    (Reply(404, GONE), CallerRefused, "NO_ROUTE"),
    (Reply(400, INVALID), ContentRefused, "ERROR_INVALID_PARAMETER"),
    (Reply(413, "<html></html>"), ContentRefused, "TOO_LARGE"),
    (Reply(429, None, {"Retry-After": "9"}), NotSent, "HTTP_429"),
]


@pytest.mark.parametrize(("reply", "kind", "code"), CREATIONS)
async def test_a_creation_that_goes_wrong_is_told_apart_and_never_repeated(
    glpi: Scripted, told: HighLevelClient, reply: Reply, kind: type[GlpiError], code: str
) -> None:
    glpi.on("POST", TICKETS, reply)
    with pytest.raises(kind) as error:
        await told.create_ticket(a_ticket())
    assert error.value.code == code
    assert len(glpi.asked("POST", "/Ticket")) == 1


@pytest.mark.parametrize(
    ("reply", "kind", "code"),
    [
        (Reply(404, GONE), NotFound, "GONE_OR_HIDDEN"),
        (Reply(403, DENIED), Hidden, "ERROR_RIGHT_MISSING"),
        (Reply(403, API_OFF), CallerRefused, "ERROR_API_DISABLED"),
        (Reply(200, MAINTENANCE), Unclear, "MAINTENANCE"),
        (Reply(200, {**TICKET, "id": 6}), Unclear, "BAD_SHAPE"),
        (Reply(200, {**TICKET, "status": 2}), Unclear, "BAD_SHAPE"),
        (Reply(200, {**TICKET, "date_mod": "hier"}), Unclear, "BAD_SHAPE"),
        (Reply(500, None), Unclear, "HTTP_500"),
    ],
)
async def test_a_read_that_goes_wrong_says_nothing_about_the_ticket(
    glpi: Scripted, told: HighLevelClient, reply: Reply, kind: type[GlpiError], code: str
) -> None:
    glpi.on("GET", f"{TICKETS}/5", reply)
    with pytest.raises(kind) as error:
        await told.get_ticket(5)
    assert error.value.code == code


WRITES: list[tuple[str, str, Callable[[HighLevelClient], Awaitable[object]]]] = [
    ("PATCH", f"{TICKETS}/5", lambda client: client.update_ticket(5, TicketChanges(status=5))),
    ("DELETE", f"{TICKETS}/5", lambda client: client.trash_ticket(5)),
    ("POST", f"{TICKETS}/5/Timeline/Followup", lambda client: client.add_followup(5, "x", is_private=True)),
]


@pytest.mark.parametrize(("method", "path", "act"), WRITES)
@pytest.mark.parametrize(
    ("session", "kind", "code"),
    [
        (Reply(200, ME), ContentRefused, "ERROR_RIGHT_MISSING"),
        (Reply(403, DENIED), CallerRefused, "ERROR_RIGHT_MISSING"),
        (Reply(500, None), NotSent, "ERROR_RIGHT_MISSING"),
    ],
)
async def test_a_right_missing_on_an_item_does_not_stop_everything_but_a_refused_address_does(
    glpi: Scripted,
    told: HighLevelClient,
    method: str,
    path: str,
    act: Callable[[HighLevelClient], Awaitable[object]],
    session: Reply,
    kind: type[GlpiError],
    code: str,
) -> None:
    """GLPI answers both alike; only the second one is refused on every route."""
    glpi.on(method, path, Reply(403, {**DENIED, "detail": None}))
    glpi.on("GET", SESSION, session)
    with pytest.raises(kind) as error:
        await act(told)
    assert error.value.code == code


@pytest.mark.parametrize(("method", "path", "act"), WRITES)
async def test_a_page_is_not_taken_for_a_change(
    glpi: Scripted,
    told: HighLevelClient,
    method: str,
    path: str,
    act: Callable[[HighLevelClient], Awaitable[object]],
) -> None:
    glpi.on(method, path, Reply(200, MAINTENANCE))
    with pytest.raises(Unclear) as error:
        await act(told)
    assert error.value.code == "MAINTENANCE"


async def test_a_requester_is_believed_only_when_read_back(glpi: Scripted, told: HighLevelClient) -> None:
    path = f"{TICKETS}/5/TeamMember"
    glpi.on("POST", path, Reply(201, None))
    glpi.on("GET", path, Reply(200, []))
    with pytest.raises(ContentRefused) as error:
        await told.add_requester(5, 8, None)
    assert error.value.code == "REQUESTER_NOT_ADDED"
    glpi.on("GET", path, Reply(200, {"1": {"id": 8, "role": "requester", "href": "/front/user.form.php?id=8"}}))
    await told.add_requester(5, 8, None)


async def test_an_opening_date_that_crashes_glpi_is_not_sent_twice(glpi: Scripted, told: HighLevelClient) -> None:
    """An empty 500 could be anything; after a look-up found nothing, the same date would crash it for ever."""
    glpi.on("POST", TICKETS, Reply(500, None), Reply(302, {"id": 5}))
    suspect = a_ticket(date="2026-03-29 02:30:00")
    with pytest.raises(Unclear):
        await told.create_ticket(suspect)
    with pytest.raises(ContentRefused) as error:
        await told.create_ticket(suspect)
    assert error.value.code == "OPENING_DATE_SUSPECT"
    assert len(glpi.asked("POST", "/Ticket")) == 1
    assert await told.create_ticket(a_ticket()) == 5


async def test_a_crash_at_noon_is_not_blamed_on_the_date(glpi: Scripted, told: HighLevelClient) -> None:
    glpi.on("POST", TICKETS, Reply(500, None), Reply(302, {"id": 5}))
    with pytest.raises(Unclear):
        await told.create_ticket(a_ticket(date="2026-03-29 12:30:00"))
    assert await told.create_ticket(a_ticket(date="2026-03-29 12:30:00")) == 5


async def test_an_error_inside_a_timeline_is_not_an_empty_one(glpi: Scripted, told: HighLevelClient) -> None:
    """GLPI answers 200 with the texts of its own error as entries."""
    glpi.on("GET", f"{TICKETS}/5/Timeline/Followup", Reply(200, [{"type": "Followup", "item": "ERROR"}]))
    with pytest.raises(Unclear):
        await told.followups(5)


async def test_a_long_timeline_is_read_to_its_end(glpi: Scripted, told: HighLevelClient) -> None:
    def entry(number: int) -> dict[str, Any]:
        item = {"id": number, "items_id": 5, "content": "x", "date_mod": "2026-11-22T13:49:49+01:00"}
        return {"type": "Followup", "item": item}

    first, rest = [entry(number) for number in range(1, 1001)], [entry(1001)]
    glpi.on("GET", f"{TICKETS}/5/Timeline/Followup", Reply(200, first), Reply(200, rest))
    assert len(await told.followups(5)) == 1001
    assert glpi.asked("GET", "/Followup")[1].query["filter"] == "id=gt=1000"


async def test_a_page_that_is_too_long_is_asked_for_in_halves(glpi: Scripted, told: HighLevelClient) -> None:
    """A list carries the whole text of each ticket."""
    long = [{**TICKET, "content": "x" * (BODY_LIMIT + 1)}]
    glpi.on("GET", TICKETS, Reply(206, long), Reply(206, long), Reply(206, [TICKET]))
    changes = await told.changed_tickets(None)
    assert ([one.id for one in changes.tickets], changes.complete) == ([5], False)
    assert [one.query["limit"] for one in glpi.asked("GET", "/Ticket")] == ["100", "50", "25"]


async def test_a_second_page_goes_on_behind_the_last_row(glpi: Scripted, told: HighLevelClient) -> None:
    cursor = "2026-11-22 13:49:49"
    later = {**TICKET, "id": 9, "date_mod": "2026-11-22T13:49:50+01:00"}
    glpi.on("GET", TICKETS, Reply(206, [TICKET]), Reply(206, [{**TICKET, "id": 6}]), Reply(206, [later]))
    changes = await told.changed_tickets(cursor)
    assert [one.id for one in changes.tickets] == [5, 6, 9]
    assert (changes.cursor, changes.complete) == ("2026-11-22 13:49:50", False)
    first, second, third = (one.query["filter"] for one in glpi.asked("GET", "/Ticket"))
    assert first == 'user_recipient.id==7;date_mod=ge="2026-11-22 13:49:19"'
    assert second.endswith(';(date_mod=gt="2026-11-22 13:49:49",(date_mod=="2026-11-22 13:49:49";id=gt=5))')
    assert third.endswith(";id=gt=6))")


async def test_a_pull_that_fails_moves_nothing(glpi: Scripted, told: HighLevelClient) -> None:
    glpi.on("GET", TICKETS, Reply(206, [TICKET]), Reply(500, None))
    with pytest.raises(Unclear):
        await told.changed_tickets("2026-11-22 13:49:49")


async def test_version_two_zero_does_not_tell_the_writer(glpi: Scripted, told: HighLevelClient) -> None:
    glpi.on("GET", "/api.php/", Reply(200, {"api_versions": [{"version": "2.0.0"}]}))
    glpi.on("GET", "/api.php/v2.0/Assistance/Ticket", Reply(200, [TICKET]))
    glpi.on("GET", "/api.php/v2.0/session", Reply(200, ME))
    await told.changed_tickets(None)
    assert glpi.asked("GET", "/Ticket")[0].query["filter"] == 'external_id=like="*"'


async def test_the_zone_is_asked_again_after_an_hour(glpi: Scripted) -> None:
    """A counter runs through the night in which the clocks change."""
    at = datetime(2026, 10, 24, 12, tzinfo=UTC)
    client = HighLevelClient(glpi.url, "id", "secret", "borne", "mot de passe", now=lambda: at)
    glpi.on("GET", SESSION, Reply(200, {**ME, "current_time": "2026-10-24T14:00:00+02:00"}), Reply(200, ME))
    first, again = await client.clock_offset(), await client.clock_offset()
    at += timedelta(hours=24)
    later = await client.clock_offset()
    await client.aclose()
    assert (first, again, later) == (timedelta(hours=2), timedelta(hours=2), timedelta(hours=1))


async def test_an_unreadable_version_does_not_hide_the_account(glpi: Scripted, told: HighLevelClient) -> None:
    glpi.on("GET", "/api.php/v2.2/Setup/Config/core/version", Reply(403, {**DENIED, "detail": None}))
    account = await told.account()
    assert (account.version, account.profile, account.profiles) == ("", "Borne", ("Borne", "Technician"))
    assert (account.entity, account.entity_id) == ("Entité racine", 0)
    glpi.on("GET", "/api.php/v2.2/Setup/Config/core/version", Reply(200, {"value": "11.0.6"}))
    assert (await told.account()).version == "11.0.6"

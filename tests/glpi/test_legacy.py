"""Reads glpi/legacy.py: what exactly is asked, and how much."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from glpi.errors import CallerRefused
from glpi.exchange import Timeouts
from glpi.legacy import LegacyClient
from glpi.legacy_pull import OVERLAP
from glpi.legacy_query import PAGE
from glpi.roots import api_root
from glpi.simulator import Simulator, reply, slow
from tests.glpi.conftest import KEY, a_ticket


class Clock:
    """A clock that moves when told."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at


@pytest.mark.parametrize(
    ("given", "root"),
    [
        ("https://glpi.exemple.fr", "https://glpi.exemple.fr/apirest.php"),
        ("https://glpi.exemple.fr/", "https://glpi.exemple.fr/apirest.php"),
        ("https://exemple.fr/glpi/", "https://exemple.fr/glpi/apirest.php"),
        ("https://exemple.fr/glpi/apirest.php/", "https://exemple.fr/glpi/apirest.php"),
        ("https://exemple.fr/glpi/apirest.php/initSession", "https://exemple.fr/glpi/apirest.php"),
        ("https://exemple.fr/api.php/v1", "https://exemple.fr/api.php/v1"),
        ("https://exemple.fr/api.php", "https://exemple.fr/api.php/v1"),
        (" http://127.0.0.1:8080/apirest.php?x=1#y ", "http://127.0.0.1:8080/apirest.php"),
    ],
)
def test_an_address_is_taken_as_people_give_it(given: str, root: str) -> None:
    assert api_root(given) == root


@pytest.mark.parametrize(
    "given",
    [
        "",
        "glpi.exemple.fr",
        "ftp://exemple.fr",
        "https://",
        "https://moi:secret@exemple.fr",
        "https://a:99999",
        "http://[x",
        "http://xn--.fr",
    ],
)
def test_what_cannot_be_an_address_is_refused(given: str) -> None:
    with pytest.raises(ValueError):
        LegacyClient(given, None, "b" * 40)


@pytest.mark.parametrize("bad", ["", "é" * 40, "a b", "jeton\n", "x" * 300])
async def test_a_malformed_token_is_never_sent(simulator: Simulator, bad: str) -> None:
    for tokens in ((simulator.app_token, bad), (bad or "\x00", simulator.user_token)):
        client = LegacyClient(simulator.url, *tokens)
        with pytest.raises(CallerRefused) as error:
            await client.create_ticket(a_ticket())
        assert error.value.code == "BAD_TOKEN_FORMAT"
        await client.aclose()
    assert not simulator.requests


async def test_the_session_is_ended_at_the_end(simulator: Simulator) -> None:
    client = LegacyClient(simulator.url, simulator.app_token, simulator.user_token)
    await client.version()
    assert simulator.open_sessions == 1
    await client.aclose()
    assert simulator.open_sessions == 0
    await client.aclose()
    assert [one.path for one in simulator.requests] == ["/initSession", "/getGlpiConfig", "/killSession"]


@pytest.mark.parametrize("fault", ["drop_before_commit", "status_500", "html_200", "expire_session", "never"])
async def test_the_farewell_is_short_whatever_the_server_does(simulator: Simulator, fault: str) -> None:
    never = threading.Event()
    limits = Timeouts(goodbye_s=0.05)
    client = LegacyClient(simulator.url, simulator.app_token, simulator.user_token, timeouts=limits)
    await client.version()
    simulator.faults.add(slow(never) if fault == "never" else fault, method="GET", path="/killSession")
    await client.aclose()
    assert not never.is_set() and client.requests == 3, "said goodbye once, and waited for nobody"
    never.set()


async def test_a_server_that_is_gone_does_not_hold_up_the_farewell(simulator: Simulator) -> None:
    client = LegacyClient(simulator.url, simulator.app_token, simulator.user_token)
    await client.version()
    simulator.stop()
    await client.aclose()
    assert client.requests == 3


async def test_a_proxy_of_the_machine_is_not_used_for_loopback(
    simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    client = LegacyClient(simulator.url, simulator.app_token, simulator.user_token)
    assert await client.version() == 11
    await client.aclose()


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:9", "n'importe quoi://"])
async def test_a_proxy_that_cannot_be_used_is_named(proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", proxy)
    client = LegacyClient("http://glpi.invalid", "a" * 40, "b" * 40)
    with pytest.raises(CallerRefused) as error:
        await client.create_ticket(a_ticket())
    assert error.value.code == "PROXY_UNUSABLE"
    await client.aclose()


@pytest.mark.parametrize("content", [None, "ceci n'est pas un certificat"])
async def test_a_certificate_file_that_cannot_be_used_is_named(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "autorite.pem"
    if content is not None:
        path.write_text(content)
    client = LegacyClient("https://glpi.invalid", "a" * 40, "b" * 40, ca_file=str(path))
    with pytest.raises(CallerRefused) as error:
        await client.create_ticket(a_ticket())
    assert error.value.code == "CA_FILE_UNUSABLE"
    await client.aclose()


@pytest.mark.parametrize(("version", "option"), [(10, "21"), (11, "87")])
async def test_the_key_travels_where_the_version_can_keep_it(version: int, option: str) -> None:
    with Simulator(version=version) as simulator:
        client = LegacyClient(simulator.url, simulator.app_token, simulator.user_token)
        number = await client.create_ticket(a_ticket())
        assert simulator.tickets[number].get("externalid") == (KEY if version == 11 else None)
        simulator.requests.clear()
        assert await client.find_tickets(KEY, datetime.now(UTC)) == (number,)
        asked = [dict(one.query) for one in simulator.requests]
        assert [query["is_deleted"] for query in asked] == ["0", "1"]
        assert {query["criteria[0][field]"] for query in asked} == {option}
        await client.aclose()


@pytest.mark.parametrize("version", [10, 11])
async def test_a_longer_key_around_ours_is_another_ticket(version: int) -> None:
    with Simulator(version=version) as simulator:
        client = LegacyClient(simulator.url, simulator.app_token, simulator.user_token)
        await client.create_ticket(a_ticket(f"{KEY}-A"))
        assert await client.find_tickets(KEY) == ()
        await client.aclose()


@pytest.mark.parametrize("key", ["", "court", "GUI-0123456789%", "GUI-0123 56789", "GUI_0123456789", "é" * 12])
async def test_what_is_no_key_is_not_looked_up(simulator: Simulator, client: LegacyClient, key: str) -> None:
    with pytest.raises(ValueError):
        await client.find_tickets(key)
    assert not simulator.requests


async def test_everything_given_reaches_the_ticket(simulator: Simulator, client: LegacyClient) -> None:
    group, category = 4, simulator.add_category("Matériel > Écran")
    number = await client.create_ticket(
        a_ticket(
            type=2,
            urgency=5,
            impact=4,
            itilcategories_id=category,
            entities_id=1,
            requesttypes_id=7,
            requester_id=8,
            requester_email="ignoree@exemple.fr",
            assigned_group_id=group,
            date="2026-11-20 08:15:00",
        )
    )
    row = simulator.tickets[number]
    given = ("type", "urgency", "impact", "priority", "itilcategories_id", "entities_id", "requesttypes_id", "date")
    assert [row[name] for name in given] == [2, 5, 4, 5, category, 1, 7, "2026-11-20 08:15:00"]
    assert row["status"] == 1, "a group alone does not take it"
    assert simulator.requesters(number) == [(8, "")]
    assert simulator.assigned_groups(number) == [group]


async def test_a_double_points_to_the_ticket_that_is_kept(simulator: Simulator, client: LegacyClient) -> None:
    double = await client.create_ticket(a_ticket())
    await client.link_duplicate(double, 1)
    assert simulator.links == [(double, 1, 2)]


async def test_an_inactive_user_is_not_found(simulator: Simulator, client: LegacyClient) -> None:
    simulator.add_user("parti", ["parti@exemple.fr"], is_active=False)
    assert await client.find_user("parti@exemple.fr") is None


async def test_an_address_that_two_people_share_is_nobodys(simulator: Simulator, client: LegacyClient) -> None:
    simulator.add_user("compta1", ["compta@exemple.fr"])
    assert await client.find_user("compta@exemple.fr") is not None
    simulator.add_user("compta2", ["autre@exemple.fr", "compta@exemple.fr"])
    assert await client.find_user("compta@exemple.fr") is None


@pytest.mark.parametrize("address", ["a_b@exemple.fr", "a%b@exemple.fr", "axb@exemple.fr"])
async def test_wildcards_in_an_address_are_letters(simulator: Simulator, client: LegacyClient, address: str) -> None:
    users = {
        email: simulator.add_user(email, [email]) for email in ("axb@exemple.fr", "a_b@exemple.fr", "ayb@exemple.fr")
    }
    assert await client.find_user(address) == users.get(address)


async def test_a_long_list_of_followups_is_read_to_its_end(simulator: Simulator, client: LegacyClient) -> None:
    ids = [simulator.add_followup(1, f"<p>{position}</p>") for position in range(2 * PAGE + 1)]
    simulator.requests.clear()
    assert [followup.id for followup in await client.followups(1)] == ids
    assert len(simulator.requests) == 3


@pytest.mark.parametrize("count", [PAGE, 2 * PAGE])
async def test_a_list_that_ends_with_its_page_ends(simulator: Simulator, client: LegacyClient, count: int) -> None:
    for position in range(count):
        simulator.add_followup(1, f"<p>{position}</p>")
    assert len(await client.followups(1)) == count


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pulled(clock: Clock) -> Callable[[int], tuple[Simulator, LegacyClient]]:
    """A simulator whose clock is ours, with so many tickets of this account, one a second."""

    def prepare(count: int, step: timedelta = timedelta(seconds=1)) -> tuple[Simulator, LegacyClient]:
        simulator = Simulator(now=clock).start()
        for position in range(count):
            simulator.add_ticket(author=7, name=f"n° {position}")
            clock.at += step
        return simulator, LegacyClient(simulator.url, simulator.app_token, simulator.user_token, version=11)

    return prepare


async def test_pages_of_a_pull_lead_to_the_end(pulled: Callable[..., tuple[Simulator, LegacyClient]]) -> None:
    simulator, client = pulled(PAGE + 50)
    simulator.add_ticket(name="d'un autre compte")
    first = await client.changed_tickets(None)
    assert ([state.id for state in first.tickets], first.complete) == (list(range(1, PAGE + 1)), False)
    second = await client.changed_tickets(first.cursor)
    assert second.complete
    assert [state.id for state in second.tickets if state.id > PAGE] == list(range(PAGE + 1, PAGE + 51))
    assert second.tickets[0].id == PAGE - OVERLAP.seconds + 1, "the overlap, and no more"
    simulator.close()
    await client.aclose()


async def test_many_changes_within_one_second_do_not_stop_the_pull(
    pulled: Callable[..., tuple[Simulator, LegacyClient]],
) -> None:
    simulator, client = pulled(3 * PAGE, timedelta(0))
    first = await client.changed_tickets(None)
    second = await client.changed_tickets(first.cursor)
    assert {state.id for state in second.tickets} == set(range(1, 3 * PAGE + 1))
    assert second.complete
    simulator.close()
    await client.aclose()


async def test_a_change_in_the_second_of_the_cursor_is_seen(
    clock: Clock, pulled: Callable[..., tuple[Simulator, LegacyClient]]
) -> None:
    simulator, client = pulled(1, timedelta(0))
    cursor = (await client.changed_tickets(None)).cursor
    simulator.take(1)
    assert [state.status for state in (await client.changed_tickets(cursor)).tickets] == [2]
    simulator.close()
    await client.aclose()


async def test_a_change_in_the_hour_that_comes_twice_is_seen(
    clock: Clock, pulled: Callable[..., tuple[Simulator, LegacyClient]]
) -> None:
    """In the night of 25 October 2026 Paris has 02:30 twice; the second one is later than 02:59."""
    clock.at = datetime(2026, 10, 25, 0, 59, 0, tzinfo=UTC)
    simulator, client = pulled(2, timedelta(0))
    cursor = (await client.changed_tickets(None)).cursor
    assert cursor == "2026-10-25 02:59:00"
    clock.at = datetime(2026, 10, 25, 1, 30, 0, tzinfo=UTC)
    simulator.take(1)
    changes = await client.changed_tickets(cursor)
    assert {state.id: (state.status, state.date_mod) for state in changes.tickets}[1] == (2, "2026-10-25 02:30:00")
    assert changes.cursor == cursor
    simulator.close()
    await client.aclose()


async def test_a_pull_shows_what_a_technician_did(simulator: Simulator, client: LegacyClient) -> None:
    category = simulator.add_category("Réseau > VPN")
    number = await client.create_ticket(a_ticket())
    simulator.change(number, status=5, itilcategories_id=category, urgency=5, impact=5)
    (state,) = (await client.changed_tickets(None)).tickets
    assert (state.id, state.status, state.priority, state.category_name) == (number, 5, 5, "Réseau > VPN")
    assert state.solvedate is not None and state.closedate is None


@pytest.mark.parametrize(("month", "hours"), [(1, 1), (7, 2)])
async def test_the_offset_follows_daylight_saving(clock: Clock, month: int, hours: int) -> None:
    clock.at = datetime(2026, month, 15, 12, 0, tzinfo=UTC)
    with Simulator(now=clock) as simulator:
        client = LegacyClient(simulator.url, simulator.app_token, simulator.user_token)
        assert await client.clock_offset() is None, "no ticket to learn it from"
        simulator.add_ticket(name="x")
        assert await client.clock_offset() == timedelta(hours=hours)
        await client.aclose()


async def test_the_offset_is_not_guessed_from_nonsense(simulator: Simulator) -> None:
    client = LegacyClient(simulator.url, simulator.app_token, simulator.user_token)
    simulator.add_ticket(name="x")
    row = {"id": 1, "status": 1, "priority": 3, "date_mod": "2001-01-01 00:00:00"}
    simulator.faults.add(reply(200, json.dumps(row).encode()), method="GET", path="/Ticket/1")
    assert await client.clock_offset() is None
    await client.aclose()


async def test_requests_at_the_same_time_are_fine(simulator: Simulator, client: LegacyClient) -> None:
    numbers = await asyncio.gather(*(client.create_ticket(a_ticket(f"{KEY}-{n:02}")) for n in range(12)))
    assert sorted(numbers) == list(range(2, 14))


def test_the_words_of_glpi_cost_no_http_library() -> None:
    code = "import sys, glpi, glpi.models, glpi.errors, glpi.client, glpi.simulator; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"httpx", "pydantic", "sqlite_utils", "openai"} & set(loaded)

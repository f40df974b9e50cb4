"""Reads glpi/simulator: accounts, rights, rules, templates, surveys, uploads, bulk and the faults that come late."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from glpi.simulator import FAULTS, LATE_OR_TWICE, Simulator, trickle

pytest_plugins = ["glpi.simulator.fixture"]


class Clock:
    """A clock that moves when told."""

    at = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def simulator(clock: Clock) -> Iterator[Simulator]:
    with Simulator(now=clock) as simulator:
        yield simulator


class Account:
    """Raw HTTP as one of the accounts."""

    def __init__(self, simulator: Simulator, user_id: int = 7) -> None:
        self.client = httpx.Client(base_url=simulator.url, trust_env=False, timeout=5.0)
        self.client.headers["App-Token"] = simulator.app_token
        token = {"Authorization": f"user_token {simulator.user_tokens[user_id]}"}
        answer = self.client.get("/initSession", headers=token)
        self.client.headers["Session-Token"] = answer.json()["session_token"]

    def __enter__(self) -> Account:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def ask(self, method: str, path: str, fields: Any = None) -> httpx.Response:
        body = None if fields is None else {"input": fields}
        return self.client.request(method, path, json=body)


@pytest.fixture
def kiosk(simulator: Simulator) -> Iterator[Account]:
    with Account(simulator) as account:
        yield account


@pytest.fixture
def visitor(simulator: Simulator) -> Iterator[Account]:
    with Account(simulator, 8) as account:
        yield account


def test_the_published_fixtures_are_two_versions(glpi10: Simulator, glpi11: Simulator) -> None:
    for simulator, prefix in ((glpi10, "10."), (glpi11, "11.")):
        with Account(simulator) as account:
            assert account.ask("GET", "/getGlpiConfig").json()["cfg_glpi"]["version"].startswith(prefix)


# --- sessions ---------------------------------------------------------------------------------------------------------


def test_an_idle_session_is_gone(simulator: Simulator, kiosk: Account, clock: Clock) -> None:
    simulator.idle_timeout_s = 1440
    clock.at += timedelta(seconds=1440)
    assert kiosk.ask("GET", "/getMyProfiles").status_code == 200
    clock.at += timedelta(seconds=1441)
    assert kiosk.ask("GET", "/getMyProfiles").json()[0] == "ERROR_SESSION_TOKEN_INVALID"


def test_one_user_can_be_thrown_out(simulator: Simulator, kiosk: Account, visitor: Account) -> None:
    simulator.revoke_sessions(8)
    assert visitor.ask("GET", "/getMyProfiles").status_code == 401
    assert kiosk.ask("GET", "/getMyProfiles").status_code == 200


@pytest.mark.parametrize(
    ("switch", "status", "code"),
    [
        ("api_disabled", 400, "ERROR"),
        ("address_refused", 400, "ERROR_NOT_ALLOWED_IP"),
        ("authorization_stripped", 400, "ERROR_LOGIN_PARAMETERS_MISSING"),
    ],
)
def test_a_login_meets_the_state_of_the_server(simulator: Simulator, switch: str, status: int, code: str) -> None:
    setattr(simulator, switch, True)
    headers = {"App-Token": simulator.app_token, "Authorization": f"user_token {simulator.user_token}"}
    answer = httpx.get(f"{simulator.url}/initSession", headers=headers, trust_env=False)
    assert (answer.status_code, answer.json()[0]) == (status, code)


@pytest.mark.parametrize(("password", "status"), [("mdupont", 200), ("faux", 401)])
def test_a_password_opens_a_session(simulator: Simulator, password: str, status: int) -> None:
    login = base64.b64encode(f"mdupont:{password}".encode()).decode()
    headers = {"App-Token": simulator.app_token, "Authorization": f"Basic {login}"}
    assert httpx.get(f"{simulator.url}/initSession", headers=headers, trust_env=False).status_code == status


# --- rights -----------------------------------------------------------------------------------------------------------


def test_a_requester_sees_own_tickets_and_no_private_note(
    simulator: Simulator, visitor: Account, kiosk: Account
) -> None:
    own, other = simulator.add_ticket(name="à moi", _users_id_requester=8), simulator.add_ticket(name="à d'autres")
    simulator.add_followup(own, "secret", is_private=True)
    simulator.add_followup(own, "bonjour")
    assert [row["id"] for row in visitor.ask("GET", "/Ticket").json()] == [own]
    assert visitor.ask("GET", f"/Ticket/{other}").status_code == 403
    assert len(visitor.ask("GET", f"/Ticket/{own}/ITILFollowup").json()) == 1
    assert len(kiosk.ask("GET", f"/Ticket/{own}/ITILFollowup").json()) == 2


def test_rights_are_taken_away_one_by_one(simulator: Simulator, kiosk: Account) -> None:
    number = simulator.add_ticket(name="x")
    simulator.add_followup(number, "secret", is_private=True)
    simulator.category_right = simulator.private_right = simulator.delete_right = simulator.create_right = False
    assert kiosk.ask("GET", "/ITILCategory").status_code == 403
    assert kiosk.ask("GET", f"/Ticket/{number}/ITILFollowup").json() == []
    assert kiosk.ask("DELETE", f"/Ticket/{number}").json()[0] == "ERROR_GLPI_DELETE"
    assert kiosk.ask("POST", "/Ticket", {"name": "y"}).json()[0] == "ERROR_GLPI_ADD"


@pytest.mark.parametrize(("may_choose", "priority"), [(False, 1), (True, 6)])
def test_a_priority_beside_urgency_needs_its_right(
    simulator: Simulator, kiosk: Account, may_choose: bool, priority: int
) -> None:
    simulator.priority_right = may_choose
    kiosk.ask("POST", "/Ticket", {"name": "x", "urgency": 1, "impact": 1, "priority": 6})
    assert simulator.tickets[1]["priority"] == priority


# --- rules, templates, the end of a ticket ----------------------------------------------------------------------------


def test_a_business_rule_moves_category_entity_requester_and_group(simulator: Simulator, kiosk: Account) -> None:
    then: dict[str, object] = {"itilcategories_id": 5, "entities_id": 1, "_users_id_requester": 9}
    simulator.add_rule({"itilcategories_id": 4}, {**then, "_groups_id_assign": 1})
    kiosk.ask("POST", "/Ticket", {"name": "x", "itilcategories_id": 4, "_users_id_requester": 8})
    kiosk.ask("POST", "/Ticket", {"name": "x", "itilcategories_id": 6})
    moved, left = simulator.tickets.values()
    assert (moved["itilcategories_id"], moved["entities_id"]) == (5, 1)
    assert (simulator.requesters(1), simulator.assigned_groups(1)) == ([(9, "")], [1])
    assert (left["itilcategories_id"], left["entities_id"]) == (6, 0)


def test_a_template_refuses_what_is_given_empty_only(simulator: Simulator, kiosk: Account) -> None:
    simulator.mandatory_fields = ("itilcategories_id",)
    assert kiosk.ask("POST", "/Ticket", {"name": "x", "itilcategories_id": 0}).json()[0] == "ERROR_GLPI_ADD"
    assert kiosk.ask("POST", "/Ticket", {"name": "x"}).status_code == 201


@pytest.mark.parametrize(("auto_close", "status"), [(False, 5), (True, 6)])
def test_a_solution_solves_or_closes(simulator: Simulator, auto_close: bool, status: int) -> None:
    simulator.auto_close = auto_close
    simulator.solve(simulator.add_ticket(name="x"), "<p>Fait</p>")
    assert simulator.tickets[1]["status"] == status


def test_the_survey_comes_with_closing_and_leaves_the_date(
    simulator: Simulator, visitor: Account, clock: Clock
) -> None:
    simulator.survey_on_close = True
    simulator.add_ticket(name="x", _users_id_requester=8)
    assert visitor.ask("GET", "/TicketSatisfaction/1").status_code == 404
    simulator.change(1, status=6)
    before = simulator.tickets[1]["date_mod"]
    clock.at += timedelta(minutes=1)
    assert visitor.ask("PUT", "/TicketSatisfaction/1", {"tickets_id": 1, "satisfaction": 4}).status_code == 200
    assert visitor.ask("GET", "/TicketSatisfaction/1").json()["satisfaction"] == 4
    assert simulator.tickets[1]["date_mod"] == before
    simulator.change(1, status=2)
    assert visitor.ask("GET", "/TicketSatisfaction/1").status_code == 404


# --- bulk, searches, files --------------------------------------------------------------------------------------------


def test_an_unknown_item_is_left_out_of_a_bulk_update(simulator: Simulator, kiosk: Account) -> None:
    simulator.add_ticket(name="x")
    answer = kiosk.ask("PUT", "/Ticket", [{"id": 1, "status": 4}, {"id": 99, "status": 4}])
    assert (answer.status_code, answer.json()) == (207, ["ERROR_GLPI_PARTIAL_UPDATE", [{"1": True, "message": ""}]])


@pytest.mark.parametrize(
    ("criteria", "found"),
    [
        ({"[0][field]": "2", "[0][searchtype]": "contains", "[0][value]": ">=2"}, {2, 3}),
        ({"[0][field]": "2", "[0][searchtype]": "contains", "[0][value]": "<2"}, {1}),
        ({"[0][field]": "2", "[0][searchtype]": "morethan", "[0][value]": "2"}, {2}),
        ({"[0][field]": "19", "[0][searchtype]": "morethan", "[0][value]": "-30MINUTE"}, {3}),
        (
            {
                **{"[0][criteria][0][field]": "2", "[0][criteria][0][searchtype]": "equals"},
                **{"[0][criteria][0][value]": "1", "[0][criteria][1][link]": "OR", "[0][criteria][1][field]": "2"},
                **{"[0][criteria][1][searchtype]": "equals", "[0][criteria][1][value]": "3"},
                **{"[1][link]": "AND", "[1][field]": "1", "[1][searchtype]": "contains", "[1][value]": "nouveau"},
            },
            {3},
        ),
    ],
)
def test_ids_dates_and_groups_of_criteria(
    simulator: Simulator, kiosk: Account, clock: Clock, criteria: dict[str, str], found: set[int]
) -> None:
    simulator.add_ticket(name="ancien")
    simulator.add_ticket(name="ancien")
    clock.at += timedelta(hours=1)
    simulator.add_ticket(name="nouveau")
    query = {f"criteria{key}": value for key, value in criteria.items()}
    answer = kiosk.client.get("/search/Ticket", params=query).json()
    assert {row["2"] for row in answer.get("data", [])} == found


def test_a_file_comes_back_as_it_went(simulator: Simulator, kiosk: Account) -> None:
    content = bytes(range(256))
    files: dict[str, tuple[str | None, str | bytes, str]] = {
        "uploadManifest": (None, '{"input":{"name":"photo","_filename":["a.png"]}}', "application/json"),
        "filename[0]": ("a.png", content, "image/png"),
    }
    number = kiosk.client.post("/Document", files=files).json()["id"]
    answer = kiosk.client.get(f"/Document/{number}", headers={"Accept": "application/octet-stream"})
    assert answer.content == content


# --- faults -----------------------------------------------------------------------------------------------------------


def test_a_duplicate_delivery_makes_two_tickets(simulator: Simulator, kiosk: Account) -> None:
    simulator.faults.parse("duplicate POST /Ticket 1")
    assert kiosk.ask("POST", "/Ticket", {"name": "x"}).json()["id"] == 2
    assert [row["name"] for row in simulator.tickets.values()] == ["x", "x"]


def test_an_answer_that_trickles_is_whole_in_the_end(simulator: Simulator, kiosk: Account) -> None:
    simulator.faults.add(trickle(0.001))
    assert kiosk.ask("POST", "/Ticket", {"name": "x"}).json()["id"] == 1


def test_no_fault_has_two_names() -> None:
    assert not FAULTS.keys() & LATE_OR_TWICE.keys()
    assert all(fault.name == name for name, fault in LATE_OR_TWICE.items())

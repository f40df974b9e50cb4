"""Reads glpi/simulator: what a demonstration and the tests of others rely on, beyond the recorded answers."""

from __future__ import annotations

import multiprocessing
import os
import signal
import stat
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from glpi.simulator import FAULTS, Simulator, Technician, slow


def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition."""
    while not condition():
        threading.Event().wait(0.005)


class Wire:
    """Raw HTTP to a simulator, logged in."""

    def __init__(self, simulator: Simulator) -> None:
        self.client = httpx.Client(base_url=simulator.url, trust_env=False, timeout=5.0)
        self.client.headers["App-Token"] = simulator.app_token
        authorization = {"Authorization": f"user_token {simulator.user_token}"}
        self.client.headers["Session-Token"] = self.get("/initSession", headers=authorization).json()["session_token"]

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.client.get(path, **options)

    def post(self, kind: str, **fields: Any) -> httpx.Response:
        return self.client.post(f"/{kind}", json={"input": fields})

    def put(self, number: int, **fields: Any) -> httpx.Response:
        return self.client.put(f"/Ticket/{number}", json={"input": fields})


class Clock:
    """A clock that moves when told."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def tick(self) -> str:
        self.at += timedelta(seconds=1)
        return (self.at + timedelta(hours=1)).strftime("%Y-%m-%d %H:%M:%S")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def simulator(clock: Clock) -> Iterator[Simulator]:
    with Simulator(now=clock) as simulator:
        yield simulator


@pytest.fixture
def wire(simulator: Simulator) -> Iterator[Wire]:
    wire = Wire(simulator)
    yield wire
    wire.client.close()


# --- date_mod ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "act",
    [
        lambda simulator, wire: wire.put(1, priority=5),
        lambda simulator, wire: wire.post("ITILFollowup", itemtype="Ticket", items_id=1, content="x"),
        lambda simulator, wire: wire.post("Ticket_User", tickets_id=1, type=1, users_id=8),
        lambda simulator, wire: wire.client.delete("/Ticket/1"),
        lambda simulator, wire: simulator.take(1),
        lambda simulator, wire: simulator.solve(1),
        lambda simulator, wire: simulator.add_followup(1, "x", is_private=True),
        lambda simulator, wire: simulator.trash(1),
    ],
)
def test_what_changes_a_ticket_moves_its_date(simulator: Simulator, wire: Wire, clock: Clock, act: Any) -> None:
    simulator.add_ticket(name="x")
    now = clock.tick()
    act(simulator, wire)
    assert simulator.tickets[1]["date_mod"] == now


def test_an_update_without_effect_leaves_the_date(simulator: Simulator, wire: Wire, clock: Clock) -> None:
    simulator.add_ticket(name="x")
    before = simulator.tickets[1]
    clock.tick()
    assert wire.put(1, priority=3, name="x").status_code == 200
    assert simulator.tickets[1] == before


def test_solving_and_reopening_fill_and_clear_the_dates(simulator: Simulator, clock: Clock) -> None:
    simulator.add_ticket(name="x")
    now = clock.tick()
    simulator.solve(1)
    assert (simulator.tickets[1]["solvedate"], simulator.tickets[1]["closedate"]) == (now, None)
    closed = clock.tick()
    simulator.change(1, status=6)
    assert (simulator.tickets[1]["solvedate"], simulator.tickets[1]["closedate"]) == (now, closed)
    simulator.change(1, status=2)
    assert (simulator.tickets[1]["solvedate"], simulator.tickets[1]["closedate"]) == (None, None)


# --- the server -------------------------------------------------------------------------------------------------------


def test_a_stopped_server_is_gone_also_for_open_connections(simulator: Simulator, wire: Wire) -> None:
    assert wire.get("/getActiveProfile").status_code == 200
    simulator.stop()
    with pytest.raises(httpx.TransportError):
        wire.get("/getActiveProfile")
    port = simulator.port
    simulator.start()
    assert simulator.port == port
    assert wire.get("/getActiveProfile").status_code == 200


def test_what_it_does_not_know_is_said_loudly(wire: Wire) -> None:
    assert wire.client.post("/TicketSatisfaction", json={"input": {"tickets_id": 1}}).status_code == 501
    assert wire.get("/search/ITILFollowup").status_code == 501
    assert wire.get("/Computer").json()[0] == "ERROR_RESOURCE_NOT_FOUND_NOR_COMMONDBTM"


def test_every_request_is_written_down(simulator: Simulator, wire: Wire) -> None:
    wire.get("/search/Ticket", params={"range": "0-9"})
    last = simulator.requests[-1]
    assert (last.method, last.path, dict(last.query)) == ("GET", "/search/Ticket", {"range": "0-9"})


def test_links_are_there_unless_refused(simulator: Simulator, wire: Wire) -> None:
    simulator.add_ticket(name="x")
    assert "links" in wire.get("/Ticket/1").json()
    assert "links" not in wire.get("/Ticket/1?get_hateoas=false").json()


@pytest.mark.parametrize(
    ("criteria", "found"),
    [
        ([("AND", 1, "contains", "écran")], {1, 2}),
        ([("AND", 1, "contains", "ECRAN")], {1, 2}),
        ([("AND", 1, "contains", "^écran$")], {1}),
        ([("AND", 1, "contains", "^écran")], {1, 2}),
        ([("AND", 1, "contains", "noir$")], {2}),
        ([("AND", 1, "contains", "écran"), ("AND NOT", 1, "contains", "noir")], {1}),
        ([("AND", 1, "contains", "souris"), ("OR", 1, "contains", "noir")], {2, 3}),
        ([("AND", 2, "equals", "3")], {3}),
        ([("AND", 2, "notequals", "3")], {1, 2}),
        ([("AND", 12, "equals", "notold")], {1, 2}),
        ([("AND", 12, "equals", "old")], {3}),
        ([("AND", 4, "equals", "8")], {2}),
        ([("AND", 34, "contains", "visiteur")], {1}),
        ([("AND", 22, "equals", "myself")], set()),
        ([("AND", 15, "lessthan", "2026-11-22 13:00:00")], set()),
        ([("AND", 15, "morethan", "2026-11-22 12:59:59")], {1, 2, 3}),
    ],
)
def test_criteria_choose(
    simulator: Simulator, wire: Wire, criteria: list[tuple[str, int, str, str]], found: set[int]
) -> None:
    visitor = {"_users_id_requester": 0, "_users_id_requester_notif": {"alternative_email": ["visiteur@ailleurs.fr"]}}
    simulator.add_ticket(name="Écran", **visitor)
    simulator.add_ticket(name="Écran noir", _users_id_requester=8)
    simulator.add_ticket(name="Souris")
    simulator.solve(3)
    query = {}
    for number, (link, option, searchtype, value) in enumerate(criteria):
        parts = {"link": link, "field": str(option), "searchtype": searchtype, "value": value}
        query |= {f"criteria[{number}][{part}]": text for part, text in parts.items()}
    answer = wire.get("/search/Ticket", params=query).json()
    assert {row["2"] for row in answer.get("data", [])} == found
    assert answer["totalcount"] == len(found)


# --- faults -----------------------------------------------------------------------------------------------------------


def test_the_nth_request_goes_wrong_and_only_that(simulator: Simulator, wire: Wire) -> None:
    rule = simulator.faults.add("status_502", method="GET", path="/Ticket/[0-9]+", nth=2)
    simulator.add_ticket(name="x")
    assert [wire.get("/Ticket/1").status_code for _ in range(4)] == [200, 502, 200, 200]
    assert (rule.seen, rule.fired) == (4, 1)


def test_a_fault_can_last(simulator: Simulator, wire: Wire) -> None:
    simulator.faults.add("status_503", method="*", path=".*", times=None)
    assert [wire.get("/getActiveProfile").status_code for _ in range(3)] == [503, 503, 503]
    simulator.faults.clear()
    assert wire.get("/getActiveProfile").status_code == 200


def test_an_event_holds_an_answer_back(simulator: Simulator, wire: Wire) -> None:
    go = threading.Event()
    simulator.faults.add(slow(go))
    answers: list[int] = []
    thread = threading.Thread(target=lambda: answers.append(wire.post("Ticket", name="x").status_code))
    thread.start()
    until(lambda: bool(simulator.tickets))
    assert not answers, "made, but not yet answered"
    go.set()
    thread.join()
    assert answers == [201]


@pytest.mark.parametrize("text", ["commit_then_drop", "html_200 POST /ITILFollowup", "status_500 GET /Ticket/[0-9]+ 3"])
def test_a_fault_can_be_ordered_in_words(simulator: Simulator, text: str) -> None:
    rule = simulator.faults.parse(text)
    assert rule.fault is FAULTS[text.split()[0]]
    assert simulator.faults.rules == [rule]


@pytest.mark.parametrize("text", ["rien", "html_200 POST /Ticket x", "html_200 POST /Ticket 1 2"])
def test_an_unknown_fault_is_refused(simulator: Simulator, text: str) -> None:
    with pytest.raises(ValueError):
        simulator.faults.parse(text)


# --- the state file ---------------------------------------------------------------------------------------------------


def make_tickets(path: Path, ready: Any) -> None:
    """In a process of its own, until it is killed, while it holds back the answer to the second ticket."""
    with Simulator(state=path) as simulator:
        wire = Wire(simulator)
        wire.post("Ticket", name="un", _users_id_requester=8)
        wire.post("ITILFollowup", itemtype="Ticket", items_id=1, content="suivi")
        simulator.faults.add(slow(threading.Event()))
        threading.Thread(target=lambda: wire.post("Ticket", name="deux"), daemon=True).start()
        until(lambda: len(simulator.tickets) == 2)
        ready.put((simulator.app_token, simulator.user_token))
        threading.Event().wait()


def test_a_killed_simulator_finds_everything_again(tmp_path: Path) -> None:
    path = tmp_path / "glpi.db"
    context = multiprocessing.get_context("spawn")
    ready = context.SimpleQueue()
    process = context.Process(target=make_tickets, args=(path, ready))
    process.start()
    tokens = ready.get()
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    with Simulator(state=path) as simulator:
        assert [row["name"] for row in simulator.tickets.values()] == ["un", "deux"]
        assert simulator.requesters(1) == [(8, "")]
        assert [row["content"] for row in simulator.followups.values()] == ["suivi"]
        assert (simulator.app_token, simulator.user_token) == tokens
        assert simulator.add_ticket(name="trois") == 3


def test_the_state_file_is_private(tmp_path: Path) -> None:
    with Simulator(state=tmp_path / "glpi.db"):
        assert stat.S_IMODE((tmp_path / "glpi.db").stat().st_mode) == 0o600


def test_an_id_is_never_given_twice(tmp_path: Path) -> None:
    with Simulator(state=tmp_path / "glpi.db") as simulator:
        simulator.purge(simulator.add_ticket(name="x"))
    with Simulator(state=tmp_path / "glpi.db") as simulator:
        assert simulator.add_ticket(name="y") == 2


def test_two_processes_may_share_a_state_file(tmp_path: Path) -> None:
    with Simulator(state=tmp_path / "glpi.db") as one, Simulator(state=tmp_path / "glpi.db") as other:
        assert [one.add_ticket(name="a"), other.add_ticket(name="b"), one.add_ticket(name="c")] == [1, 2, 3]
        assert one.tickets == other.tickets


def test_a_refused_write_leaves_nothing_behind(tmp_path: Path) -> None:
    with Simulator(state=tmp_path / "glpi.db") as simulator:
        wire = Wire(simulator)
        assert wire.post("Ticket", name="x" * 300).status_code == 400
        assert not simulator.tickets
        assert simulator.add_ticket(name="y") == 1
        wire.client.close()


def test_the_category_tree_is_the_one_given(tmp_path: Path) -> None:
    tree = [(1, "Matériel"), (2, "Matériel > Imprimante")]
    with Simulator(state=tmp_path / "glpi.db"):
        pass
    with Simulator(state=tmp_path / "glpi.db", categories=tree) as simulator:
        wire = Wire(simulator)
        rows = wire.get("/ITILCategory?get_hateoas=false").json()
        assert [(row["id"], row["completename"], row["itilcategories_id"]) for row in rows] == [
            (1, "Matériel", 0),
            (2, "Matériel > Imprimante", 1),
        ]
        wire.client.close()


# --- the technician ---------------------------------------------------------------------------------------------------


def test_a_technician_takes_a_new_ticket_after_a_while(simulator: Simulator) -> None:
    seconds = [0.0]
    technician = Technician(simulator, delay_s=4.0, clock=lambda: seconds[0])
    number = simulator.add_ticket(name="x")
    other = simulator.add_ticket(name="déjà résolu")
    simulator.solve(other)
    assert technician.look() == []
    seconds[0] = 3.9
    assert technician.look() == []
    seconds[0] = 4.0
    assert technician.look() == [number]
    assert technician.look() == []
    assert simulator.tickets[number]["status"] == 2
    (followup,) = simulator.followups.values()
    assert (followup["items_id"], followup["is_private"]) == (number, 0)


def test_the_shift_of_a_technician_begins_and_ends(simulator: Simulator) -> None:
    number = simulator.add_ticket(name="x")
    with Technician(simulator, delay_s=0.0):
        until(lambda: bool(simulator.followups))
    assert simulator.tickets[number]["status"] == 2

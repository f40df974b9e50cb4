"""Commands when something goes wrong after the ticket was made, or is said twice: its number is always told."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from data.outbox import Outbox
from engine.errors import StoreUnavailable
from glpi.simulator import Simulator, slow
from tests.journeys.conftest import glpi
from tests.journeys.test_commands import PRINTER, Guichet, connected, guichet
from tui.cli.conversation import KEYS

__all__ = ["connected", "glpi", "guichet"]


def test_a_call_for_a_human_without_a_word_is_told_in_words_too(guichet: Guichet) -> None:
    done = guichet("new", "--human", "--requester", "marie.dupont@exemple.fr")
    assert (done.code, done.err) == (0, "")
    assert "TKT-" in done.out


def test_a_yes_said_twice_in_words_is_one_ticket(guichet: Guichet) -> None:
    asked = guichet("new", "--json", stdin=PRINTER).json["session_id"]
    first = guichet("new", "--session", asked, "--answer", "ok", "--json")
    again = guichet("new", "--session", asked, "--answer", "ok", "--json")
    assert (again.code, again.json["ticket_number"]) == (0, first.json["ticket_number"])
    assert len(json.loads(guichet("tickets", "--json").out)) == 1


def test_yes_confirms_a_summary_whose_form_is_open(guichet: Guichet) -> None:
    asked = guichet("new", "--json", stdin=PRINTER).json["session_id"]
    assert guichet("new", "--session", asked, "--answer", "modifier", "--json").code == 3
    assert guichet("new", "--session", asked, "--yes", "--json").json["ticket_number"] is not None


def test_what_could_not_be_done_tells_the_session_to_go_on_with(guichet: Guichet) -> None:
    refused = guichet("new", "--confirm", "--json", stdin="Ça ne marche pas")
    assert (refused.code, refused.json["error"]["code"], tuple(refused.json)) == (1, "illegal_step", KEYS)
    answered = guichet("new", "--session", refused.json["session_id"], "--answer", "Mon PC est très lent", "--json")
    assert (answered.code, answered.json["subcategory"]) == (3, "04-02-slow")


def test_a_session_that_went_on_under_another_id_is_an_error_with_a_code(guichet: Guichet) -> None:
    asked = guichet("new", "--json", stdin="Ça ne marche pas").json["session_id"]
    guichet("new", "--session", asked, "--answer", "Mon PC est très lent", "--json")
    over = guichet("new", "--session", asked, "--json")
    assert (over.code, over.json["error"]["code"]) == (1, "illegal_step")


def test_a_text_and_a_session_do_not_go_together(guichet: Guichet) -> None:
    asked = guichet("new", "--json", stdin=PRINTER).json["session_id"]
    ran = guichet("new", "--session", asked, "encore un mot", "--json")
    assert (ran.code, ran.json["error"]["code"]) == (2, "usage")


@pytest.mark.parametrize("seconds", ["nan", "inf", "-1", "soon"])
def test_a_wait_has_an_end(guichet: Guichet, seconds: str) -> None:
    assert guichet("new", "--wait", seconds, "--json", stdin=PRINTER).code == 2


def test_a_ticket_is_told_although_the_database_fails_while_it_is_sent(
    connected: Guichet, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_ignored: object, **_named: object) -> bool:
        raise StoreUnavailable("disk_full", "guichet.db")

    monkeypatch.setattr(Outbox, "settle", full)
    done = connected("new", "--yes", "--json", stdin=PRINTER)
    assert (done.code, done.json["error"]["code"]) == (5, "store_unavailable.disk_full")
    assert done.json["ticket_number"].startswith("TKT-")


def test_a_refused_ticket_is_not_said_to_be_sent_later(connected: Guichet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GUICHET_GLPI__ENTITY", "99")
    refused = connected("new", "--yes", stdin=PRINTER)
    assert refused.code == 4
    assert "TKT-" in refused.out
    assert "sera transmis" not in refused.out
    assert "GLPI a refusé" in refused.err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_who_stops_waiting_for_glpi_still_gets_the_number(tmp_path: Path, glpi: Simulator, number: int) -> None:
    released = threading.Event()
    rule = glpi.faults.add(slow(released))
    environment = os.environ | {
        "GUICHET_DATABASE": str(tmp_path / "db" / "guichet.db"),
        "GLPI_API_URL": glpi.url, "GLPI_APP_TOKEN": glpi.app_token, "GLPI_USER_TOKEN": glpi.user_token,
    }  # fmt: skip
    with subprocess.Popen(
        [sys.executable, "-m", "tui", "new", PRINTER, "--yes", "--json", "--wait", "60"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment,
    ) as running:  # fmt: skip
        while not rule.fired and running.poll() is None:
            threading.Event().wait(0.01)
        running.send_signal(number)
        out, err = running.communicate(timeout=30)
    released.set()
    assert (running.returncode, err) == (5, "")
    assert re.fullmatch(r"TKT-\d{4}-\d{5}", json.loads(out)["ticket_number"])


def test_a_terminal_of_another_encoding_gets_the_whole_answer(
    guichet: Guichet, monkeypatch: pytest.MonkeyPatch
) -> None:
    narrow = io.TextIOWrapper(io.BytesIO(), encoding="iso-8859-1", write_through=True)
    monkeypatch.setattr(sys, "stdout", narrow)
    guichet("new", "--human", "--json", stdin="Mon PC est lent 🖨️ … s'il vous plaît")
    narrow.seek(0)
    (line,) = narrow.read().splitlines()
    assert json.loads(line)["ticket_number"].startswith("TKT-")


def test_a_pull_that_got_no_answer_is_not_done(connected: Guichet, glpi: Simulator) -> None:
    connected("new", "--yes", "--json", stdin=PRINTER)
    assert connected("sync", "--once", "--json").code == 0
    glpi.stop()
    failed = connected("sync", "pull", "--once", "--json")
    assert (failed.code, failed.json["pulled"]) == (1, 0)
    assert "GLPI est injoignable" in failed.err


@pytest.mark.parametrize("tree", ["x = [", '[[category]]\ncode = "01-access"\n'], ids=["not TOML", "no name"])
def test_a_broken_category_tree_is_a_matter_of_configuration(guichet: Guichet, tmp_path: Path, tree: str) -> None:
    folder = tmp_path / "site"
    folder.mkdir(mode=0o700)
    (folder / "kiosk.toml").touch(mode=0o600)
    (folder / "categories.toml").write_text(tree)
    for command in (["triage", "Mon PC est lent"], ["new", "Mon PC est lent"], ["tickets"]):
        ran = guichet(*command, "--json", "--config", str(folder / "kiosk.toml"))
        assert (ran.code, ran.json["error"]["code"]) == (2, "configuration")
        assert "categories.toml" in ran.json["error"]["message"]

"""The commands as others call them: JSON, exit codes, and the four scenarios from the first word to the ticket."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from glpi.simulator import Simulator
from tui.__main__ import main
from tui.cli.conversation import KEYS

PRINTER = "Mon imprimante HP au bureau 301 ne fonctionne plus, voyant rouge clignote"


@dataclass
class Result:
    """How a command ended and what it printed."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The one document on stdout."""
        (line,) = self.out.splitlines()
        found: dict[str, Any] = json.loads(line)
        return found


class Guichet:
    """Runs commands in this process, as ``guichet`` would."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], database: Path) -> None:
        self._monkeypatch, self._capsys = monkeypatch, capsys
        monkeypatch.setenv("GUICHET_DATABASE", str(database))

    def reach(self, glpi: Simulator) -> None:
        """From now on there is a GLPI."""
        self._monkeypatch.setenv("GLPI_API_URL", glpi.url)
        self._monkeypatch.setenv("GLPI_APP_TOKEN", glpi.app_token)
        self._monkeypatch.setenv("GLPI_USER_TOKEN", glpi.user_token)

    def __call__(self, *arguments: str, stdin: str | bytes = b"") -> Result:
        data = stdin.encode() if isinstance(stdin, str) else stdin
        self._monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        self._monkeypatch.setattr(sys, "argv", ["guichet", *arguments])
        try:
            code = main(arguments)
        except SystemExit as stop:
            code = int(stop.code or 0)
        printed = self._capsys.readouterr()
        return Result(code, printed.out, printed.err)


@pytest.fixture
def guichet(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Guichet:
    """A device without a GLPI."""
    return Guichet(monkeypatch, capsys, tmp_path / "db" / "guichet.db")


@pytest.fixture
def connected(guichet: Guichet, glpi: Simulator) -> Guichet:
    """A device with a GLPI."""
    guichet.reach(glpi)
    return guichet


# --- the four scenarios -------------------------------------------------------------------------------------------


def test_scenario_1_a_confident_message_is_one_yes_away_from_a_ticket_in_glpi(
    connected: Guichet, glpi: Simulator
) -> None:
    asked = connected("new", "--json", stdin=PRINTER)
    assert (asked.code, asked.json["action"], asked.json["ticket_number"]) == (3, "auto_validate", None)
    assert asked.json["subcategory"] == "04-04-printer"
    assert glpi.tickets == {}
    done = connected("new", "--session", asked.json["session_id"], "--confirm", "--json")
    assert (done.code, done.json["synced_to_glpi"], done.json["status"]) == (0, True, "open")
    (row,) = glpi.tickets.values()
    assert row["id"] == done.json["glpi_ticket_id"]
    again = connected("new", "--session", asked.json["session_id"], "--confirm", "--json")
    assert (again.code, again.json["ticket_number"]) == (0, done.json["ticket_number"])
    assert len(glpi.tickets) == 1


def test_scenario_2_the_title_is_the_requesters(connected: Guichet, glpi: Simulator) -> None:
    asked = connected("new", "--json", stdin="Mon PC est lent")
    assert asked.json["action"] in ("auto_validate", "confirm_summary")
    title = "PC très lent depuis ce matin"
    done = connected("new", "--session", asked.json["session_id"], "--title", title, "--json")
    assert (done.code, done.json["title"]) == (0, title)
    assert [row["name"] for row in glpi.tickets.values()] == [title]
    stored = connected("tickets", "show", done.json["ticket_number"], "--json").json
    assert (stored["modified"], stored["priority"]) == (True, asked.json["priority"])


def test_scenario_3_questions_then_a_summary_then_ok(connected: Guichet, glpi: Simulator) -> None:
    asked = connected("new", "--json", stdin="Ça ne marche pas")
    assert (asked.code, asked.json["action"]) == (3, "too_vague")
    assert [question["key"] for question in asked.json["questions"]] == ["device_type"]
    summed = connected(
        "new", "--session", asked.json["session_id"], "--answer", "Mon ordinateur est très lent", "--json"
    )
    assert (summed.code, summed.json["clarification_attempts"]) == (3, 1)
    assert summed.json["subcategory"] == "04-02-slow"
    assert summed.json["session_id"] != asked.json["session_id"]
    done = connected("new", "--session", summed.json["session_id"], "--answer", "ok", "--json")
    assert done.code == 0
    stored = connected("tickets", "show", done.json["ticket_number"], "--json").json
    assert (stored["validation_method"], stored["ready_for_l1"]) == ("clarified", True)
    assert len(glpi.tickets) == 1


def test_scenario_4_three_rounds_without_a_clue_call_a_human(connected: Guichet, glpi: Simulator) -> None:
    answer = connected("new", "--json", stdin="Problème")
    for text in ("Mon truc ne marche pas", "L'ordinateur"):
        answer = connected("new", "--session", answer.json["session_id"], "--answer", text, "--json")
        assert (answer.code, answer.json["ticket_number"]) == (3, None)
    done = connected("new", "--session", answer.json["session_id"], "--answer", "Je ne sais pas", "--json")
    assert (done.code, done.json["action"], done.json["category"]) == (0, "escalate", "99-non-cat")
    assert (done.json["priority"], done.json["ready_for_l1"]) == ("high", False)
    stored = connected("tickets", "show", done.json["ticket_number"], "--json").json
    for text in ("Problème", "Mon truc ne marche pas", "L'ordinateur", "Je ne sais pas"):
        assert text in stored["description"]
    (row,) = glpi.tickets.values()
    assert row["priority"] == 4


# --- new ----------------------------------------------------------------------------------------------------------


def test_yes_returns_the_ticket_in_one_document(connected: Guichet) -> None:
    done = connected("new", "--yes", "--json", stdin=PRINTER)
    assert done.code == 0
    assert tuple(done.json) == KEYS
    assert done.json["ticket_number"].startswith("TKT-")


def test_without_a_yes_nothing_is_created(guichet: Guichet) -> None:
    assert guichet("new", "--json", stdin=PRINTER).code == 3
    assert json.loads(guichet("tickets", "--json").out) == []


def test_yes_does_not_confirm_what_was_not_understood(guichet: Guichet) -> None:
    asked = guichet("new", "--yes", "--json", stdin="Ça ne marche pas")
    assert (asked.code, asked.json["ticket_number"]) == (3, None)
    assert asked.json["questions"]


def test_without_a_glpi_a_stored_ticket_is_done(guichet: Guichet) -> None:
    done = guichet("new", "--yes", "--json", stdin=PRINTER)
    assert (done.code, done.json["synced_to_glpi"]) == (0, False)
    (entry,) = json.loads(guichet("outbox", "--json").out)
    assert (entry["ticket_number"], entry["state"]) == (done.json["ticket_number"], "pending")


def test_a_glpi_that_does_not_answer_means_5_and_sync_brings_it_there(connected: Guichet, glpi: Simulator) -> None:
    glpi.stop()
    stored = connected("new", "--yes", "--json", "--wait", "0.2", stdin=PRINTER)
    assert (stored.code, stored.json["synced_to_glpi"]) == (5, False)
    glpi.start()
    counts = connected("sync", "push", "--once", "--json")
    assert (counts.code, counts.json["pushed"], counts.json["pending"]) == (0, 1, 0)
    assert len(glpi.tickets) == 1


def test_a_refused_content_means_4_and_the_ticket_stays_here(
    connected: Guichet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GUICHET_GLPI__ENTITY", "99")
    refused = connected("new", "--yes", "--json", stdin=PRINTER)
    assert (refused.code, refused.json["error"]["code"]) == (4, "refused_by_glpi")
    assert refused.json["ticket_number"] is not None
    (entry,) = json.loads(connected("outbox", "--json").out)
    assert entry["state"] == "failed"


def test_a_human_is_one_flag_away(guichet: Guichet) -> None:
    asked = guichet("new", "--json", stdin="Mon PC est lent")
    done = guichet("new", "--session", asked.json["session_id"], "--human", "--json")
    assert (done.code, done.json["category"], done.json["ready_for_l1"]) == (0, "99-non-cat", False)


def test_a_human_without_a_word_needs_somebody_to_call_back(guichet: Guichet) -> None:
    nobody = guichet("new", "--human", "--json")
    assert (nobody.code, nobody.json["error"]["code"]) == (1, "invalid_input.no_contact")
    done = guichet("new", "--human", "--requester", "marie.dupont@exemple.fr", "--json")
    assert (done.code, done.json["title"]) == (0, "Demande d'un technicien")


@pytest.mark.parametrize(
    ("stdin", "code"),
    [
        ("", "invalid_input.empty"),
        ("\x00\x1b[2J\x07", "invalid_input.empty"),
        ("a" * 100_001, "invalid_input.too_long"),
    ],
)
def test_what_cannot_be_a_message_is_said_plainly_and_stores_nothing(guichet: Guichet, stdin: str, code: str) -> None:
    refused = guichet("new", "--yes", "--json", stdin=stdin)
    assert (refused.code, refused.json["error"]["code"]) == (1, code)
    assert tuple(refused.json) == KEYS
    assert json.loads(guichet("tickets", "--json").out) == []


@pytest.mark.parametrize(
    "text", ["[bold]Mon PC est lent[/bold] [@click=app.quit]x[/]", "Mon PC est lent " * 6250], ids=["markup", "long"]
)
def test_markup_and_very_long_messages_arrive_as_they_are(connected: Guichet, glpi: Simulator, text: str) -> None:
    answer = connected("new", "--human", "--json", stdin=text)
    assert answer.code == 0
    stored = connected("tickets", "show", answer.json["ticket_number"], "--json").json
    assert stored["user_message"] == text.strip()
    assert text.strip() in next(iter(glpi.tickets.values()))["content"]


def test_a_session_that_is_not_there_or_over_is_said_as_json(guichet: Guichet) -> None:
    unknown = guichet("new", "--session", "nope", "--confirm", "--json")
    assert (unknown.code, unknown.json["error"]["code"]) == (1, "session_not_found")


def test_what_cannot_be_done_tells_the_session_and_loses_nothing(guichet: Guichet) -> None:
    long = guichet("new", "--title", "x" * 201, "--json", stdin=PRINTER)
    assert (long.code, long.json["error"]["code"]) == (1, "invalid_input.title_too_long")
    done = guichet("new", "--session", long.json["session_id"], "--title", "Imprimante", "--json")
    assert (done.code, done.json["title"]) == (0, "Imprimante")


def test_a_session_replaced_by_the_next_one_is_an_error_without_keys_of_the_counter(guichet: Guichet) -> None:
    asked = guichet("new", "--json", stdin="Ça ne marche pas").json["session_id"]
    guichet("new", "--session", asked, "--answer", "Mon ordinateur est très lent", "--json")
    for arguments in ((), ("--confirm",), ("--answer", "oui")):
        over = guichet("new", "--session", asked, *arguments, "--json")
        assert (over.code, over.json["error"]["code"]) == (1, "illegal_step")
        assert "F9" not in over.json["error"]["message"]


def test_a_reply_that_is_neither_yes_nor_no_is_asked_again(guichet: Guichet) -> None:
    asked = guichet("new", "--json", stdin=PRINTER).json["session_id"]
    unclear = guichet("new", "--session", asked, "--answer", "euh", "--json")
    assert (unclear.code, unclear.json["ticket_number"]) == (3, None)
    assert "oui ou non" in unclear.json["message"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("un texte", "--session", "x"),
        ("--session", "x", "--confirm", "--human"),
        ("--session", "x", "--answer", "oui", "--title", "t"),
        ("--wait", "nan", "un texte"),
        ("--wait", "-1", "un texte"),
    ],
)
def test_arguments_that_contradict_each_other_do_nothing(guichet: Guichet, arguments: tuple[str, ...]) -> None:
    ran = guichet("new", *arguments, "--json")
    assert (ran.code, ran.json["error"]["code"]) == (2, "usage")


def test_a_prompt_answers_in_french_words(guichet: Guichet) -> None:
    asked = guichet("new", PRINTER)
    assert (asked.code, asked.err) == (3, "")
    assert "Matériel · Moyenne · sûr à" in asked.out
    assert "--confirm" in asked.out
    assert guichet("new", "--human", "--requester", "marie.dupont@exemple.fr").code == 0
    assert "nouveau" in guichet("tickets").out
    assert "ticket" in guichet("outbox").out
    assert "utilisation" in guichet("new", "--help").out
    wrong = guichet("tickets", "--limit", "0")
    assert wrong.code == 2
    assert "n'est pas un nombre entier à partir de 1" in wrong.err


def test_bytes_that_are_no_text_find_nothing(guichet: Guichet) -> None:
    broken = os.fsdecode(b"TKT-\xff")
    assert guichet("tickets", "show", broken, "--json").json["error"]["code"] == "ticket_not_found"
    assert guichet("new", "--session", broken, "--confirm", "--json").json["error"]["code"] == "session_not_found"
    assert guichet("new", "--human", "--requester", broken, "--json").code == 0


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_poor_encoding_still_gets_an_answer(tmp_path: Path, encoding: str) -> None:
    environment = os.environ | {"GUICHET_DATABASE": str(tmp_path / "db" / "g.db"), "PYTHONIOENCODING": encoding}
    command = [sys.executable, "-m", "tui"]
    asked = subprocess.run(
        [*command, "new", "Mon écran 👍 ne marche plus", "--json"],
        capture_output=True, env=environment, check=False, timeout=60,
    )  # fmt: skip
    assert (asked.returncode, asked.stderr) == (3, b"")
    assert json.loads(asked.stdout.decode(encoding))["symptoms"] == ["ne marche plus"]
    helped = subprocess.run([*command, "--help"], capture_output=True, env=environment, check=False, timeout=60)
    assert (helped.returncode, helped.stderr) == (0, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_stdout_that_takes_nothing_is_said(tmp_path: Path) -> None:
    environment = os.environ | {"GUICHET_DATABASE": str(tmp_path / "db" / "g.db")}
    with open("/dev/full", "wb") as full:
        ran = subprocess.run(
            [sys.executable, "-m", "tui", "tickets"],
            stdout=full, stderr=subprocess.PIPE, text=True, env=environment, check=False, timeout=60,
        )  # fmt: skip
    assert (ran.returncode, ran.stderr) == (1, "guichet\u00a0: la réponse ne peut pas être écrite.\n")


def test_a_command_whose_streams_are_closed_does_its_work(tmp_path: Path) -> None:
    environment = os.environ | {"GUICHET_DATABASE": str(tmp_path / "db" / "g.db")}
    line = '"$0" -m tui new "Mon PC est lent" --yes <&- >&- 2>&- ; echo $? ; "$0" -m tui tickets --json'
    ran = subprocess.run(
        ["/bin/sh", "-c", line, sys.executable],
        capture_output=True, text=True, env=environment, check=False, timeout=60,
    )  # fmt: skip
    code, tickets = ran.stdout.splitlines()
    assert (code, len(json.loads(tickets))) == ("0", 1)


def test_from_a_pipe_with_the_real_command(tmp_path: Path, glpi: Simulator) -> None:
    environment = os.environ | {
        "GUICHET_DATABASE": str(tmp_path / "db" / "guichet.db"),
        "GLPI_API_URL": glpi.url, "GLPI_APP_TOKEN": glpi.app_token, "GLPI_USER_TOKEN": glpi.user_token,
    }  # fmt: skip
    ran = subprocess.run(
        [sys.executable, "-m", "tui", "new", "--yes", "--json"],
        input=PRINTER, capture_output=True, text=True, env=environment, check=False, timeout=60,
    )  # fmt: skip
    assert (ran.returncode, ran.stderr) == (0, "")
    assert json.loads(ran.stdout)["synced_to_glpi"] is True


# --- the others -----------------------------------------------------------------------------------------------------


def test_triage_reads_lines_and_says_which_one_was_bad(guichet: Guichet) -> None:
    lines = [
        json.dumps({"id": 1, "text": PRINTER}),
        "not json",
        json.dumps({"id": "c"}),
        json.dumps({"id": 4, "text": ""}),
    ]
    ran = guichet("triage", "--jsonl", "--engine", "local", stdin="\n".join(lines))
    answers = [json.loads(line) for line in ran.out.splitlines()]
    assert ran.code == 1
    assert [answer["id"] for answer in answers] == [1, None, "c", 4]
    assert (answers[0]["category"], answers[0]["engine"]) == ("04-hardware", "local")
    assert set(answers[0]) == {
        "id", "category", "subcategory", "confidence", "action", "priority", "title", "symptoms", "extracted_info",
        "missing_info", "questions", "engine", "ms",
    }  # fmt: skip
    assert all("error" in answer for answer in answers[1:])


def test_numbers_that_json_does_not_have_are_never_repeated(guichet: Guichet) -> None:
    ran = guichet("intent", "--jsonl", stdin='{"id":NaN,"text":"ok"}\n{"id":1e999,"text":"ok"}')
    answers = [json.loads(line, parse_constant=pytest.fail) for line in ran.out.splitlines()]
    assert [answer["id"] for answer in answers] == [None, None]


@pytest.mark.parametrize("port", ["99999", "-1", "http"])
def test_a_port_that_is_none_is_a_wrong_argument(guichet: Guichet, port: str) -> None:
    ran = guichet("simulator", "--port", port, "--json")
    assert (ran.code, ran.json["error"]["code"]) == (2, "usage")


def test_a_ticket_to_show_needs_its_number(guichet: Guichet) -> None:
    ran = guichet("tickets", "show", "--json")
    assert (ran.code, ran.json["error"]["code"]) == (2, "usage")


def test_intent_labels_lines(guichet: Guichet) -> None:
    lines = [
        json.dumps({"id": n, "text": t})
        for n, t in enumerate(["ok", "ce n'est pas ok", "ok mais change le titre", "hein ?"])
    ]
    ran = guichet("intent", "--jsonl", stdin="\n".join(lines))
    assert [json.loads(line)["label"] for line in ran.out.splitlines()] == ["yes", "no", "modify", "ambiguous"]
    assert ran.code == 0


def test_the_states_of_glpi_come_back(connected: Guichet, glpi: Simulator) -> None:
    done = connected("new", "--yes", "--json", stdin=PRINTER)
    glpi.take(done.json["glpi_ticket_id"])
    counts = connected("sync", "pull", "--once", "--json")
    assert set(counts.json) == {"pushed", "pulled", "pending", "failed", "conflicts", "requests", "seconds"}
    assert counts.json["pulled"] == 1
    assert connected("tickets", "show", done.json["ticket_number"], "--json").json["status"] == "in_progress"


def test_tickets_are_found_by_a_word_without_its_accent(guichet: Guichet) -> None:
    number = guichet("new", "--yes", "--json", stdin=PRINTER).json["ticket_number"]
    found = json.loads(guichet("tickets", "--search", "IMPRIMANTE", "--json").out)
    assert [ticket["ticket_number"] for ticket in found] == [number]
    assert json.loads(guichet("tickets", "--search", "souris", "--json").out) == []
    missing = guichet("tickets", "show", "TKT-2026-99999", "--json")
    assert (missing.code, missing.json["error"]["code"]) == (1, "ticket_not_found")


def test_a_wrong_configuration_names_key_value_and_fix_and_exits_2(
    guichet: Guichet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GUICHET_TRIAGE__CONFIRM_SUMMARY", "0.95")
    ran = guichet("tickets", "--json")
    assert (ran.code, ran.json["error"]["code"]) == (2, "configuration")
    assert "triage." in ran.json["error"]["message"]
    assert "0.95" in ran.json["error"]["message"]
    assert ran.json["error"]["fix"]


def test_wrong_arguments_exit_2_and_are_json_when_asked(guichet: Guichet) -> None:
    ran = guichet("tickets", "--limit", "many", "--json")
    assert (ran.code, ran.json["error"]["code"]) == (2, "usage")


def test_without_a_terminal_the_counter_says_what_to_use_instead(guichet: Guichet) -> None:
    ran = guichet()
    assert ran.code == 2
    assert "guichet new" in ran.err


def test_no_secret_is_in_the_database_or_its_wal(guichet: Guichet, tmp_path: Path) -> None:
    secret, card = "Tr0ub4dor&3", "4111 1111 1111 1111"
    guichet("new", "--yes", "--json", stdin=f"{PRINTER}, mon mot de passe est {secret} et ma carte {card}")
    stored = b"".join(path.read_bytes() for path in (tmp_path / "db").iterdir() if path.is_file())
    assert b"imprimante" in stored
    assert secret.encode() not in stored
    assert card.encode() not in stored


def test_a_doubtful_reply_is_not_turned_into_a_yes_by_the_flag(connected: Guichet, glpi: Simulator) -> None:
    for doubt in ("hein ?", "ok mais change le titre"):
        asked = connected("new", "--json", stdin=PRINTER)
        again = connected("new", "--session", asked.json["session_id"], "--answer", doubt, "--yes", "--json")
        assert (again.code, again.json["ticket_number"]) == (3, None)
    assert glpi.tickets == {}


def test_who_asks_can_be_said_in_the_middle(connected: Guichet, glpi: Simulator) -> None:
    asked = connected("new", "--json", stdin=PRINTER)
    mail = "marie.dupont@exemple.fr"
    done = connected("new", "--session", asked.json["session_id"], "--requester", mail, "--confirm", "--json")
    assert glpi.requesters(done.json["glpi_ticket_id"]) == [(8, "")]


def test_a_refused_token_is_named_beside_the_stored_ticket(connected: Guichet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLPI_USER_TOKEN", "wrong")
    stored = connected("new", "--yes", "--json", stdin=PRINTER)
    assert (stored.code, stored.json["error"]["code"]) == (5, "glpi_refuses_us")
    assert stored.json["ticket_number"] is not None

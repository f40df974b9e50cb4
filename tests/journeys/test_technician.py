"""``guichet tickets change|comment|refresh`` and ``guichet outbox retry|edit|discard``, as a technician types them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from glpi.simulator import Simulator, reply
from tests.journeys.conftest import glpi
from tests.journeys.test_commands import PRINTER, Guichet

__all__ = ["glpi"]

REFUSED = reply(400, b'["ERROR_GLPI_ADD","no"]')


@pytest.fixture
def guichet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], glpi: Simulator
) -> Iterator[Guichet]:
    """Reaches GLPI, with the shipped tree mapped to its ids in the site's file."""
    from data.categories import load_categories

    config = tmp_path / "kiosk.toml"
    config.write_text("[kiosk]\n", "utf-8")
    nodes = []
    for number, node in enumerate(load_categories(), start=1):
        parent = f'parent = "{node.parent}"\n' if node.parent else ""
        nodes.append(f'[[category]]\ncode = "{node.code}"\nname = "{node.name}"\n{parent}glpi_id = {number}\n')
    (tmp_path / "categories.toml").write_text("\n".join(nodes), "utf-8")
    monkeypatch.setenv("GUICHET_CONFIG", str(config))
    guichet = Guichet(monkeypatch, capsys, tmp_path / "db" / "guichet.db")
    guichet.reach(glpi)
    yield guichet


def a_ticket(guichet: Guichet) -> str:
    """The number of a ticket that is in GLPI."""
    done = guichet("new", "--yes", "--json", PRINTER)
    assert done.code == 0
    return str(done.json["ticket_number"])


def test_a_change_is_here_and_in_glpi(guichet: Guichet, glpi: Simulator) -> None:
    number = a_ticket(guichet)
    done = guichet(
        "tickets",
        "change",
        number,
        "--status",
        "in_progress",
        "--priority",
        "low",
        "--category",
        "03-01-wifi",
        "--json",
    )
    assert done.code == 0
    found = done.json
    assert (found["status"], found["priority"], found["category"]) == ("in_progress", "low", "03-network")
    assert (found["true_category"], found["glpi_category"]) == ("03-01-wifi", "03-01-wifi")
    (row,) = glpi.tickets.values()
    assert (row["status"], row["priority"]) == (2, 2)
    assert guichet("outbox").out == "Rien n'attend d'être envoyé.\n"


def test_a_comment_is_there_once_and_a_private_one_is_private(guichet: Guichet, glpi: Simulator) -> None:
    number = a_ticket(guichet)
    assert guichet("tickets", "comment", number, "Toner <b>remplacé</b>\nà vérifier").code == 0
    done = guichet("tickets", "comment", number, "--private", "--json", stdin="mon mdp c'est Azerty123!")
    assert done.code == 0
    assert [(note["text"], note["is_private"]) for note in done.json["followups"]] == [
        ("Toner <b>remplacé</b>\nà vérifier", False),
        ("mon mdp c'est [MOT-DE-PASSE-1]", True),
    ]
    ours = [row for row in glpi.followups.values() if "Analyse IA" not in row["content"]]
    assert [row["is_private"] for row in ours] == [0, 1]
    assert ours[0]["content"].startswith("Toner &lt;b&gt;remplacé&lt;/b&gt;<br>à vérifier")
    guichet("sync", "--once")
    shown = guichet("tickets", "show", number).out
    assert shown.count("Toner <b>remplacé</b>") == 1
    assert "Réf. KSK-" not in shown


def test_what_glpi_could_not_be_given_is_said_in_words(guichet: Guichet, glpi: Simulator) -> None:
    made = guichet("new", "--yes", "--json", "--requester", "pas une adresse", PRINTER).json
    shown = guichet("tickets", "show", made["ticket_number"])
    assert "adresse du demandeur invalide, notée dans le texte du ticket" in shown.out
    assert guichet("tickets", "show", made["ticket_number"], "--json").json["sync_note"] == "requester_left_out"


def test_words_may_stand_after_options(guichet: Guichet, glpi: Simulator) -> None:
    number = a_ticket(guichet)
    done = guichet("tickets", "comment", number, "--private", "Toner commandé", "--json")
    assert (done.code, done.json["followups"][0]["text"]) == (0, "Toner commandé")
    assert guichet("tickets", "--json", "show", number).json["ticket_number"] == number
    assert guichet("tickets", "show", "--json", number).json["ticket_number"] == number
    assert guichet("tickets", "comment", "--private", number, "--", "--verbose ne dit rien").code == 0
    assert glpi.followups[max(glpi.followups)]["content"].startswith("--verbose ne dit rien")
    refused = guichet("tickets", "show", number, "--json", "un", "mot de trop")
    assert (refused.code, refused.json["error"]["code"]) == (2, "usage")


def test_the_list_says_which_tickets_left_glpi(guichet: Guichet, glpi: Simulator) -> None:
    a_ticket(guichet)
    (glpi_id,) = glpi.tickets
    glpi.trash(glpi_id)
    assert guichet("sync", "--once").code == 0
    assert guichet("tickets").out.endswith(" (à la corbeille)\n")


def test_news_of_one_ticket_are_fetched_on_demand(guichet: Guichet, glpi: Simulator) -> None:
    number = a_ticket(guichet)
    (glpi_id,) = glpi.tickets
    glpi.add_followup(glpi_id, "<p>Je passe &agrave; 14&nbsp;h</p>")
    glpi.add_followup(glpi_id, "<p>secret</p>", is_private=True)
    glpi.take(glpi_id)
    done = guichet("tickets", "refresh", number, "--json")
    assert (done.code, done.json["status"]) == (0, "in_progress")
    (note,) = done.json["followups"]
    assert (note["text"], note["author"]) == ("Je passe à 14 h", None)
    assert guichet("users", "sync").code == 0
    assert "Suivi de Alice Bernard, " in guichet("tickets", "show", number).out


def test_a_refused_ticket_says_why_and_goes_once_corrected(guichet: Guichet, glpi: Simulator) -> None:
    rule = glpi.faults.add(REFUSED)
    assert guichet("new", "--yes", "--json", PRINTER).code == 4
    assert rule.fired
    (entry,) = [one for one in guichet_list(guichet) if one["kind"] == "create"]
    assert (entry["state"], entry["error"]) == ("failed", "ERROR_GLPI_ADD")
    assert "champ obligatoire" in entry["reason"]
    shown = guichet("outbox").out
    assert "refusé par GLPI" in shown
    assert "outbox edit" in shown
    done = guichet("outbox", "edit", str(entry["id"]), "--title", "Imprimante du 301", "--json")
    assert done.code == 0
    (row,) = glpi.tickets.values()
    assert row["name"] == "Imprimante du 301"


def test_a_lost_conflict_can_be_forced_or_accepted(guichet: Guichet, glpi: Simulator) -> None:
    number = a_ticket(guichet)
    (glpi_id,) = glpi.tickets
    glpi.database_down = True
    assert guichet("tickets", "change", number, "--status", "pending", "--wait", "0").code == 5
    glpi.database_down = False
    glpi.change(glpi_id, status=5)
    counts = guichet("sync", "--once", "--json").json
    assert (counts["conflicts"], counts["pending"]) == (1, 0)
    said = guichet("tickets", "show", number).out
    assert "conflit sur l'état\N{NO-BREAK SPACE}: ici en attente, dans GLPI résolu" in said
    shown = guichet("tickets", "show", number, "--json").json
    (conflict,) = shown["conflicts"]
    assert shown["status"] == "resolved"
    assert [conflict[name] for name in ("base", "ours", "theirs", "kept")] == ["open", "pending", "resolved", "theirs"]
    (entry,) = guichet_list(guichet)
    assert entry["state"] == "conflict"
    assert guichet("outbox", "retry", str(entry["id"])).code == 0
    assert glpi.tickets[glpi_id]["status"] == 4
    assert guichet("tickets", "show", number, "--json").json["status"] == "pending"


def test_a_refused_change_is_undone_when_it_is_given_up(guichet: Guichet, glpi: Simulator) -> None:
    number = a_ticket(guichet)
    glpi.faults.add(reply(400, b'["ERROR_GLPI_UPDATE","no"]'), method="PUT", path="/Ticket/[0-9]+", times=None)
    assert guichet("tickets", "change", number, "--priority", "critical").code == 4
    assert guichet("tickets", "show", number, "--json").json["priority"] == "critical"
    (entry,) = guichet_list(guichet)
    assert guichet("outbox", "discard", str(entry["id"])).code == 0
    assert guichet("tickets", "show", number, "--json").json["priority"] != "critical"
    assert guichet_list(guichet) == []


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("tickets", "change", "TKT-2026-09999", "--status", "open"), 1, "introuvable"),
        (("tickets", "change", "NUMBER", "--status", "cassé"), 1, "Cet état n'existe pas"),
        (("tickets", "change", "NUMBER", "--category", "99-x"), 1, "Cette catégorie n'existe pas"),
        (("tickets", "change", "NUMBER"), 2, "il manque --status"),
        (("tickets", "show", "NUMBER", "--private"), 2, "tickets comment"),
        (("tickets", "comment", "NUMBER", "  "), 1, "vide"),
        (("outbox", "retry", "999"), 1, "Cet envoi n'existe pas"),
        (("outbox", "retry"), 2, "il manque ID"),
        (("outbox", "edit", "1"), 2, "il manque --title"),
        (("outbox", "edit", "1", "--text", "x"), 1, "n'a pas cette valeur"),
        (("outbox", "edit", "1", "--title", "x"), 1, "n'est pas à corriger"),
    ],
)
def test_what_cannot_be_is_said_plainly(guichet: Guichet, arguments: tuple[str, ...], code: int, says: str) -> None:
    number = a_ticket(guichet)
    done = guichet(*(number if word == "NUMBER" else word for word in arguments))
    assert done.code == code
    assert says in done.err
    assert "Traceback" not in done.err


def test_only_technicians_change_tickets(guichet: Guichet, monkeypatch: pytest.MonkeyPatch) -> None:
    number = a_ticket(guichet)
    monkeypatch.setenv("GUICHET_L1__USERS", '["quelqu-un"]')
    for arguments in (("tickets", "change", number, "--status", "closed"), ("outbox", "retry", "1")):
        done = guichet(*arguments)
        assert (done.code, done.err.splitlines()[0]) == (1, "guichet\xa0: Seul un technicien peut faire cela.")
    assert guichet("tickets", "show", number, "--json").json["status"] == "open"


def guichet_list(guichet: Guichet) -> list[dict[str, object]]:
    """The outbox."""
    import json

    found: list[dict[str, object]] = json.loads(guichet("outbox", "--json").out)
    return found

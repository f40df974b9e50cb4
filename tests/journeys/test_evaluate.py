"""``guichet triage --evaluate``: labelled messages in, figures out, with the real engines."""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai  # noqa: F401  (loaded before any deadline starts)
import pytest

from tests.journeys.test_commands import Guichet
from tests.model_server import ModelServer, answered, refused

PRINTER = {
    "id": "p",
    "text": "Mon imprimante HP au bureau 301 ne fonctionne plus",
    "category": "04-hardware",
    "subcategory": "04-04-printer",
    "priority": "medium",
    "clarity": "clear",
    "info": {"brand": "HP", "location": "bureau 301"},
    "tags": ["sentence"],
}
HELLO = {"id": "h", "text": "Bonjour", "category": "99-non-cat", "subcategory": None, "clarity": "hopeless"}
FORGOTTEN = {"id": "f", "text": "mon mot de passe c'est Tralala42!", "category": "06-phone"}


@pytest.fixture
def guichet(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Guichet:
    return Guichet(monkeypatch, capsys, tmp_path / "db" / "guichet.db")


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer() as running:
        yield running


def written(path: Path, *lines: Any) -> str:
    path.write_text("\n".join(one if isinstance(one, str) else json.dumps(one) for one in lines), "utf-8")
    return str(path)


def test_the_figures_as_json(guichet: Guichet, tmp_path: Path) -> None:
    file = written(tmp_path / "m.jsonl", PRINTER, HELLO)
    ran = guichet("triage", "--evaluate", file, "--engine", "local", "--json")
    found = ran.json
    assert (ran.code, found["measured"], found["errors"], found["mistakes"]) == (0, 2, [], None)
    assert found["category"] == {"count": 2, "of": 2, "share": 1.0}
    assert found["subcategory"]["share"] == found["macro_f1"] == 1.0
    assert found["priority"] == {"count": 1, "of": 1, "share": 1.0}
    assert found["critical_underrated"] == {"count": 0, "of": 0, "share": None}
    assert sum(band["coverage"]["count"] for band in found["bands"]) == 2
    (engine,) = found["engines"]
    assert (engine["engine"], engine["lines"], found["fallbacks"]) == ("local", 2, {})
    assert engine["version"]
    assert found["info_keys"]["brand"]["recall"]["of"] == 1
    assert 0 < found["ms"]["median"] <= found["ms"]["p95"] <= found["ms"]["max"]
    assert found["confusion"]["99-non-cat"] == {"04-hardware": 0, "99-non-cat": 1}


def test_the_figures_in_words_fit_a_terminal(guichet: Guichet, tmp_path: Path) -> None:
    file = written(tmp_path / "m.jsonl", PRINTER, HELLO, FORGOTTEN)
    ran = guichet("triage", "--evaluate", file, "--engine", "local", "--mistakes")
    assert (ran.code, ran.err) == (0, "")
    assert max(map(len, ran.out.splitlines())) <= 80
    for said in (
        "Messages mesurés\u00a0: 3",
        "Moteur local",
        "66,7\u00a0%   2 sur 3",
        "aucun message étiqueté",
        "Repli",
        "04-hardware",
    ):
        assert said in ran.out


def test_mistakes_are_listed_when_asked_for_and_masked(guichet: Guichet, tmp_path: Path) -> None:
    file = written(tmp_path / "m.jsonl", PRINTER, FORGOTTEN)
    (mistake,) = guichet("triage", "--evaluate", file, "--engine", "local", "--json", "--mistakes").json["mistakes"][
        -1:
    ]
    assert (mistake["id"], mistake["wrong"]) == ("f", ["category"])
    assert (mistake["expected"]["category"], mistake["found"]["category"]) == ("06-phone", "01-access")
    assert "Tralala42!" not in json.dumps(mistake)
    assert "Tralala42!" not in guichet("triage", "--evaluate", file, "--engine", "local", "--mistakes").out


def test_nothing_of_the_file_acts_on_the_terminal(guichet: Guichet, tmp_path: Path) -> None:
    evil = "\x1b[2J\u202egone\nline"
    wrong = {**PRINTER, "id": evil, "text": f"Bonjour {evil} \ud800", "tags": [evil]}
    file = written(tmp_path / "m.jsonl", wrong, {**PRINTER, "category": evil})
    ran = guichet("triage", "--evaluate", file, "--engine", "local", "--mistakes")
    assert "gone line" in ran.out and "gone line" in ran.err
    assert not {"\x1b", "\u202e", "\ud800"} & {*ran.out, *ran.err}
    assert max(map(len, ran.out.splitlines())) <= 80


def test_a_folder_is_all_its_files_and_bad_lines_are_named(guichet: Guichet, tmp_path: Path) -> None:
    written(tmp_path / "a.jsonl", PRINTER, "", "not json", {**HELLO, "category": "42"})
    written(tmp_path / "b.jsonl", {"id": 7, "category": "01-access"}, HELLO, {**HELLO, "text": "a" * 100_001})
    written(tmp_path / "c.txt", "something else")
    ran = guichet("triage", "--evaluate", str(tmp_path), "--engine", "local", "--json")
    assert (ran.code, ran.json["measured"]) == (1, 2)
    assert [(e["file"], e["line"], e["id"], e["error"]["code"]) for e in ran.json["errors"]] == [
        ("a.jsonl", 3, None, "invalid_input.unreadable"),
        ("a.jsonl", 4, "h", "invalid_input.bad_category"),
        ("b.jsonl", 1, 7, "invalid_input.no_text"),
        ("b.jsonl", 3, "h", "invalid_input.too_long"),
    ]
    in_words = guichet("triage", "--evaluate", str(tmp_path), "--engine", "local")
    assert in_words.code == 1
    assert 'a.jsonl, ligne 4\u00a0: La valeur de "category" n\'est pas possible\u00a0: 42' in in_words.err
    assert "Messages mesurés\u00a0: 2" in in_words.out


def test_a_file_that_is_not_there_is_a_matter_of_usage(guichet: Guichet, tmp_path: Path) -> None:
    ran = guichet("triage", "--evaluate", str(tmp_path / "none.jsonl"), "--json")
    assert (ran.code, ran.json["error"]["code"]) == (2, "unreadable_file")
    assert guichet("triage", "--evaluate", str(tmp_path / "home")).code == 2, "a folder without any"


def test_nothing_to_measure_is_missing_and_an_error(guichet: Guichet, tmp_path: Path) -> None:
    file = written(tmp_path / "m.jsonl", "{}")
    ran = guichet("triage", "--evaluate", file, "--json")
    assert (ran.code, ran.json["macro_f1"], ran.json["ms"]["median"]) == (1, None, None)
    assert "Messages mesurés\u00a0: 0" in guichet("triage", "--evaluate", file).out


@pytest.mark.parametrize(
    "words", [("--evaluate", "x", "un texte"), ("--evaluate", "x", "--jsonl"), ("--mistakes", "un texte")]
)
def test_options_that_contradict_each_other(guichet: Guichet, words: tuple[str, ...]) -> None:
    assert guichet("triage", *words).code == 2


def test_nothing_is_stored_and_no_text_is_logged(
    guichet: Guichet, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = written(tmp_path / "m.jsonl", PRINTER)
    before = {path for path in tmp_path.rglob("*")}
    with caplog.at_level(logging.DEBUG):
        assert guichet("triage", "--evaluate", file, "--engine", "openai").code == 0
    assert {path for path in tmp_path.rglob("*")} == before
    assert "imprimante" not in caplog.text


def test_a_remote_model_is_measured_through_the_same_cascade(
    guichet: Guichet, server: ModelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replies = [answered(), answered(), refused(500)]
    server.script = lambda request: replies.pop(0) if len(replies) > 1 else replies[0]
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
    monkeypatch.setenv("OPENAI_MODEL", "test-model")
    monkeypatch.setenv("GUICHET_TRIAGE__DEADLINE_S", "30")
    monkeypatch.setenv("GUICHET_OPENAI__DAILY_BUDGET", "3")
    file = written(tmp_path / "m.jsonl", *[PRINTER] * 4)
    found = guichet("triage", "--evaluate", file, "--engine", "openai", "--json").json
    engines = {(entry["engine"], entry["version"]): entry["lines"] for entry in found["engines"]}
    assert engines["openai", "test-model"] == 2
    assert sum(engines.values()) == 4
    assert sorted(found["fallbacks"]) == ["budget", "http_500"]
    asked = len(server.requests)
    monkeypatch.setenv("GUICHET_OPENAI__ENABLED", "false")
    off = guichet("triage", "--evaluate", file, "--engine", "openai", "--json").json
    assert (off["fallbacks"], len(server.requests)) == ({"disabled": 4}, asked)


def test_a_terminal_sees_how_far_it_is(guichet: Guichet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    guichet("triage", "--evaluate", written(tmp_path / "m.jsonl", *[HELLO] * 21), "--engine", "local")
    assert "\r20 / 21" in screen.getvalue()

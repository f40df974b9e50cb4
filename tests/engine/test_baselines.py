"""The baselines of the benchmark's datasheet that need nothing installed."""

from __future__ import annotations

from bench.baselines import BEGIN, DATASHEET, END, Guess, keywords, measured, most_frequent, row
from data.records import Priority
from engine.labels import Labelled

MESSAGES = [
    Labelled("1", "Mon écran est noir", "04-hardware", "04-03-screen", True, Priority.MEDIUM, "clear"),
    Labelled("2", "Merci", "99-non-cat", None, True, Priority.LOW, "hopeless"),
]


def test_keywords_are_those_of_the_first_line_that_matches() -> None:
    assert keywords("Mon écran est noir") == Guess("04-hardware")
    assert keywords("Le virus a effacé mes fichiers") == Guess("08-security")
    assert keywords("Merci") == Guess("99-non-cat")


def test_what_a_baseline_does_not_say_is_missing_from_its_line() -> None:
    line = row("keywords", measured(keywords, MESSAGES), says="")
    assert line.startswith("| keywords | 100.0 % | 1.000 | – | – | – | – | – | – |")


def test_the_most_frequent_label_is_the_same_for_every_message() -> None:
    guess = most_frequent()
    assert guess("Merci") == guess("Mon écran est noir")
    assert guess("x").priority == Priority.MEDIUM


def test_the_datasheet_has_a_place_for_the_table() -> None:
    before, table, _ = (part for half in DATASHEET.read_text("utf-8").split(BEGIN) for part in (half.split(END)))
    assert "## Baselines" in before
    assert "fifteen lines of keywords" in table

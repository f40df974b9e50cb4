"""Text of people as it is shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.clean import one_line, shortened, shown


@pytest.mark.parametrize(
    ("typed", "seen"),
    [
        ("Mon écran\r\nclignote", "Mon écran\nclignote"),
        ("\x1b[31mrouge\x1b[0m", "rouge"),
        ("\x1b]0;titre\x07suite", "suite"),
        ("a\u202eb\u2066c\u200bd", "abcd"),
        ("👍🏽 merci ❤\ufe0f", "👍 merci ❤"),
        ("🇫🇷", "FR"),
        ("👨\u200d👩\u200d👧", "👨👩👧"),
        ("[bold]x[/] [@click=app.quit]y[/]", "[bold]x[/] [@click=app.quit]y[/]"),
    ],
)
def test_what_a_terminal_would_obey_or_measure_otherwise_is_left_out(typed: str, seen: str) -> None:
    assert shown(typed) == seen


@given(st.text())
def test_nothing_that_acts_on_a_terminal_gets_through(text: str) -> None:
    line = one_line(text)
    assert line.isprintable() or all(char.isprintable() or char.isspace() or ord(char) > 0x9F for char in line)
    assert "\n" not in line and "\x1b" not in line and "\u202e" not in line
    assert cell_len(line) >= 0


def test_a_shortened_text_says_how_much_is_missing() -> None:
    assert shortened("abcdef", 4) == ("abcd", 2)
    assert shortened("abc", 4) == ("abc", 0)

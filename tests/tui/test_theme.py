"""Contrast of 7:1 or more, in truecolor and on the 16 VGA colours."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from rich.color import Color, ColorSystem

import tui
from tui.theme import PAIRS, kiosk_theme

VGA = (
    (0, 0, 0), (170, 0, 0), (0, 170, 0), (170, 85, 0), (0, 0, 170), (170, 0, 170), (0, 170, 170), (170, 170, 170),
    (85, 85, 85), (255, 85, 85), (85, 255, 85), (255, 255, 85), (85, 85, 255), (255, 85, 255), (85, 255, 255),
    (255, 255, 255),
)  # fmt: skip


def contrast(one: tuple[int, int, int], other: tuple[int, int, int]) -> float:
    """WCAG 2.1, "contrast ratio"."""

    def luminance(colour: tuple[int, int, int]) -> float:
        parts = [value / 255 for value in colour]
        red, green, blue = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def truecolor(name: str) -> tuple[int, int, int]:
    triplet = Color.parse(name).triplet
    assert triplet is not None
    return triplet.red, triplet.green, triplet.blue


def console(name: str) -> tuple[int, int, int]:
    number = Color.parse(name).downgrade(ColorSystem.STANDARD).number
    assert number is not None
    return VGA[number]


@pytest.mark.parametrize(("ink", "paper"), PAIRS)
def test_every_pair_can_be_read(ink: str, paper: str) -> None:
    assert contrast(truecolor(ink), truecolor(paper)) >= 7
    assert contrast(console(ink), console(paper)) >= 7


def test_the_colours_stay_apart_on_a_console() -> None:
    variables = kiosk_theme().variables
    names = ("ground", "ink", "quiet", "lamp", "person", "good", "alarm", "band")
    assert len({console(variables[name]) for name in names}) == len(names)


def test_widgets_use_variables_of_the_theme_only() -> None:
    """A colour written into a widget would escape the test above."""
    folder = Path(tui.__file__).parent
    sources = [*folder.rglob("widgets/*.py"), *folder.rglob("screens/*.py"), *folder.rglob("*.tcss")]
    assert len(sources) > 15
    for path in sources:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"#[0-9a-fA-F]{6}\b|\brgba?\(", text), path
        assert not re.search(r"(?:color|background)\s*:\s*(?!\$)[a-z]", text), path

"""What a window shows that is too small to read and to be answered in."""

from __future__ import annotations

from textual.geometry import Size
from textual.widgets import Static

from tui.language import _

LEAST = Size(60, 16)
"""Columns and rows that a summary, the place to write and the keys need together."""


class TooSmall(Static):
    """One sentence over all of the screen."""

    DEFAULT_CSS = """
    TooSmall {
        layer: notice; width: 100%; height: 100%; padding: 0 1; background: $ground; color: $ink;
        content-align: center middle; text-align: center;
    }
    """

    def __init__(self) -> None:
        """The same words at every size."""
        sentence = _(
            "Agrandissez cette fenêtre : il faut au moins {columns} colonnes et {rows} lignes (80 × 24 conseillé)."
        )
        super().__init__(sentence.format(columns=LEAST.width, rows=LEAST.height), id="too-small", markup=False)

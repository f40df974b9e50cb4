"""A ticket number in large characters, made of full blocks only: every console font has them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from textual.content import Content
from textual.widgets import Static

_ROWS = 5
_FONT: Mapping[str, str] = MappingProxyType(
    {
        "0": "### # # # # # # ###", "1": "##   #   #   #  ###", "2": "###   # ### #   ###",
        "3": "###   # ###   # ###", "4": "# # # # ###   #   #", "5": "### #   ###   # ###",
        "6": "### #   ### # # ###", "7": "###   #   #   #   #", "8": "### # # ### # # ###",
        "9": "### # # ###   # ###", "A": "### # # ### # # # #", "B": "##  # # ##  # # ## ",
        "C": "### #   #   #   ###", "D": "##  # # # # # # ## ", "E": "### #   ##  #   ###",
        "F": "### #   ##  #   #  ", "G": "### #   # # # # ###", "H": "# # # # ### # # # #",
        "I": "###  #   #   #  ###", "J": "  #   #   # # # ###", "K": "# # # # ##  # # # #",
        "L": "#   #   #   #   ###", "M": "# # ### ### # # # #", "N": "##  # # # # # # # #",
        "O": "### # # # # # # ###", "P": "### # # ### #   #  ", "Q": "### # # # # ###   #",
        "R": "### # # ##  # # # #", "S": "### #   ###   # ###", "T": "###  #   #   #   # ",
        "U": "# # # # # # # # ###", "V": "# # # # # # # #  # ", "W": "# # # # ### ### # #",
        "X": "# # # #  #  # # # #", "Y": "# # # #  #   #   # ", "Z": "###   #  #  #   ###",
        "-": "        ###        ",
    }
)  # fmt: skip
"""Three by five cells each: five rows of three, one space between rows."""


def large(text: str, scale: int) -> list[str]:
    """The text as five rows of blocks; a character the font lacks is left as a gap.

    Args:
        text: Digits, capitals and hyphens.
        scale: Cells per dot, side by side.
    """
    rows = []
    for row in range(_ROWS):
        dots = " ".join(_FONT.get(char, " " * 19)[row * 4 : row * 4 + 3] for char in text)
        rows.append("".join(("█" if dot == "#" else " ") * scale for dot in dots))
    return rows


class BigNumber(Static):
    """The number as large as the width allows, and once more in plain characters for copying and reading aloud."""

    DEFAULT_CSS = """
    BigNumber { height: 5; width: 1fr; color: $lamp; text-align: center; }
    """

    def __init__(self, number: str) -> None:
        """``number``: the ticket's."""
        super().__init__()
        self._number = number.upper()

    def render(self) -> Content:
        """Doubled where there is room; plain where there is none."""
        width = self.size.width
        for scale in (2, 1):
            if (len(self._number) * 4 - 1) * scale <= width:
                return Content("\n".join(large(self._number, scale)))
        return Content(self._number)

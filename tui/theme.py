"""The kiosk's colours: chosen in truecolor, each falling on the intended one of the 16 VGA colours.

Every pair of ink and paper that the screens use has a contrast of 7:1 or more, in both palettes
(``PAIRS``; a test computes them). Meaning is never carried by colour alone.
"""

from __future__ import annotations

from textual.theme import Theme

GROUND = "#0c1017"
"""Paper of the whole screen; VGA 0 (black)."""
INK = "#f4f1e8"
"""Text; VGA 15 (white)."""
QUIET = "#b5bcc8"
"""Secondary text and calm borders; VGA 7 (light grey)."""
RULE = "#5a6478"
"""Lines that only decorate; VGA 8 (dark grey), never text."""
LAMP = "#ffd166"
"""The lamp of the counter: the next action; VGA 11 (yellow)."""
PERSON = "#8be9fd"
"""What the requester said; VGA 14 (cyan)."""
GOOD = "#8df09a"
"""Done; VGA 10 (green)."""
ALARM = "#940a12"
"""Paper under white text for what is critical or wrong; VGA 1 (red), never text."""
BAND = "#0b2a7a"
"""Paper of the header; VGA 4 (blue)."""

PAIRS = (
    (INK, GROUND),
    (QUIET, GROUND),
    (LAMP, GROUND),
    (PERSON, GROUND),
    (GOOD, GROUND),
    (GROUND, LAMP),
    (GROUND, QUIET),
    (GROUND, INK),
    (INK, ALARM),
    (INK, BAND),
    (LAMP, BAND),
)
"""(ink, paper) of every combination the screens use for text."""


def kiosk_theme() -> Theme:
    """The theme, with our own names as variables (``$lamp``, ``$quiet`` ...) besides Textual's."""
    return Theme(
        name="guichet",
        primary=LAMP,
        secondary=PERSON,
        accent=LAMP,
        warning=LAMP,
        error=ALARM,
        success=GOOD,
        foreground=INK,
        background=GROUND,
        surface=GROUND,
        panel=GROUND,
        boost=GROUND,
        dark=True,
        text_alpha=1.0,
        variables={
            "ground": GROUND,
            "ink": INK,
            "quiet": QUIET,
            "rule": RULE,
            "lamp": LAMP,
            "person": PERSON,
            "good": GOOD,
            "alarm": ALARM,
            "band": BAND,
            "border": LAMP,
            "border-blurred": QUIET,
            "input-cursor-background": INK,
            "input-cursor-foreground": GROUND,
            "input-cursor-text-style": "none",
            "input-selection-background": QUIET,
            "input-selection-foreground": GROUND,
        },
    )

"""The language people read: ``_`` marks every sentence, French is the source.

French needs no catalogue, so the first frame pays nothing; another language loads its catalogue when chosen.
The choice is the one thing of the terminal that is the same for every sentence of a process, so it lives here,
behind two functions, instead of travelling through every widget.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gettext import NullTranslations

DOMAIN = "guichet"
LOCALES = Path(__file__).resolve().parent.parent / "data" / "locale"
"""Catalogues: ``<language>/LC_MESSAGES/guichet.mo``."""


class _Choice:
    """Which catalogue is in use; None is French, the language of the sources."""

    catalogue: NullTranslations | None = None


def speak(language: str) -> bool:
    """Choose the language of everything said from now on.

    Args:
        language: ``fr`` or ``en``.

    Returns:
        Whether the language can be spoken; without a catalogue the sentences stay French.
    """
    if language == "fr":
        _Choice.catalogue = None
        return True
    import gettext

    try:
        _Choice.catalogue = gettext.translation(DOMAIN, LOCALES, languages=[language])
    except FileNotFoundError:
        return False
    return True


def _(sentence: str) -> str:
    """The sentence in the language chosen."""
    return _Choice.catalogue.gettext(sentence) if _Choice.catalogue else sentence

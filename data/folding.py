"""Text as a search compares it: without case and accents. What ``users.searched`` holds is made here."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Final

_LIGATURES: Final = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o", "đ": "d", "ł": "l"})
"""Letters that Unicode does not take apart, as people type them."""


def fold(text: str) -> str:
    """A text without case and accents: ``Éloïse LEFÈVRE`` becomes ``eloise lefevre``."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in parts if not unicodedata.combining(char)).translate(_LIGATURES)


def words_of(text: str) -> list[str]:
    """The folded words of a text, cut at whatever is neither letter nor digit."""
    return "".join(char if char.isalnum() else " " for char in fold(text)).split()


def searched_text(name: str, login: str, emails: Iterable[str]) -> str:
    """What is looked in for a person: each word once, a space before it, the name first so that it sorts.

    The words of an address are those before its ``@``: the company's name would find everybody. The address itself
    is one word, for who types it in full.
    """
    addresses = [fold(email.strip()) for email in emails]
    words = [*words_of(name), fold(login.strip()), *words_of(login)]
    for address in addresses:
        words += words_of(address.partition("@")[0])
    return "".join(f" {word}" for word in dict.fromkeys([*words, *addresses]) if word)

"""Values tied to words: what an engine says must stand in what the requester said.

Used for every engine (spec section 3.1): a value whose span does not exist, or does not say it, is dropped.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import MappingProxyType

import data
from data.records import Turn
from engine.text import fold, same
from engine.triage.contract import INFO_KEYS, Found, Triage


def checked(triage: Triage, turns: Sequence[Turn]) -> Triage:
    """The triage without the values that their spans do not say.

    A value counts when it equals its span after case, accents and white space, or through the normalisation table
    ``data/lexicon/values.toml``, and the turn is the requester's.
    """
    return replace(
        triage,
        symptoms=tuple(found for found in triage.symptoms if holds(found, turns)),
        extracted_info=MappingProxyType(
            {key: found for key, found in triage.extracted_info.items() if key in INFO_KEYS and holds(found, turns)}
        ),
    )


def holds(found: Found, turns: Sequence[Turn]) -> bool:
    """Whether the span exists in a turn of the requester and says the value."""
    span = found.span
    if not (0 <= span.turn < len(turns) and turns[span.turn].author == "requester"):
        return False
    text = turns[span.turn].text
    if not (0 <= span.start < span.end <= len(text)) or not found.value.strip():
        return False
    words = text[span.start : span.end]
    return same(found.value, words) or same(found.value, normal(words))


def normal(words: str) -> str:
    """What the normalisation table calls these words; the words themselves when it does not know them."""
    return _values().get(" ".join(fold(words).split()), words)


@cache
def _values() -> Mapping[str, str]:
    """The normalisation table, read once."""
    path = Path(data.__file__).parent / "lexicon" / "values.toml"
    values: dict[str, str] = tomllib.loads(path.read_text(encoding="utf-8"))["values"]
    return MappingProxyType(values)

"""The category tree that Guichet ships, read from ``categories.toml``. Cheap: ``tomllib`` only."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from data.records import Category

SHIPPED = Path(__file__).parent / "categories.toml"
"""The tree of the specification; a site may keep its own file."""


def load_categories(path: Path | None = None) -> tuple[Category, ...]:
    """The tree, in the order of the file.

    Args:
        path: A site's own file; None is the shipped one.

    Raises:
        ValueError: A code is missing or doubled, a parent is unknown, a value has the wrong type, or the file is not
            TOML (``tomllib.TOMLDecodeError`` is a ValueError).
        OSError: The file cannot be read.
    """
    raw = tomllib.loads((path or SHIPPED).read_text(encoding="utf-8"))
    categories = tuple(_category(entry) for entry in raw.get("category", ()))
    codes = [category.code for category in categories]
    parents = {category.code for category in categories if category.parent is None}
    for category in categories:
        if codes.count(category.code) > 1:
            raise ValueError(f"category {category.code} occurs twice")
        if category.parent is not None and category.parent not in parents:
            raise ValueError(f"category {category.code}: its parent {category.parent} is not a level-1 category")
    return categories


def _category(entry: dict[str, Any]) -> Category:
    """One ``[[category]]`` table as a record."""
    category = Category(
        code=entry.get("code", ""),
        name=entry.get("name", ""),
        parent=entry.get("parent"),
        glpi_id=entry.get("glpi_id"),
        active=entry.get("active", True),
        description=entry.get("description", ""),
        examples=tuple(entry.get("examples", ())),
    )
    if not (isinstance(category.code, str) and category.code and isinstance(category.name, str) and category.name):
        raise ValueError(f"a category needs a code and a name: {entry!r}")
    if not (category.glpi_id is None or (type(category.glpi_id) is int and category.glpi_id > 0)):
        raise ValueError(f"category {category.code}: glpi_id is a number above 0")
    if type(category.active) is not bool or not all(isinstance(example, str) for example in category.examples):
        raise ValueError(f"category {category.code}: active is true or false, examples are texts")
    return category

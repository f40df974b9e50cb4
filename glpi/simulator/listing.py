"""Pages of the simulated GLPI: ranges, the 206 of an incomplete answer, and the headers that go with it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

from glpi.simulator.storage import Row


@dataclass(frozen=True)
class Range:
    """The rows asked for, both ends included."""

    start: int
    end: int
    shown_end: int
    """The end GLPI shows in Content-Range where there are more rows."""

    @classmethod
    def parse(cls, text: str | None, *, limit: int, off_by_one: bool) -> Self | None:
        """The range of a query, None if it is malformed.

        Args:
            text: ``0-49``; None for the default.
            limit: Rows where there is no range.
            off_by_one: Whether the header shows one row too many for the default, as lists of items do.
        """
        if text is None:
            return cls(0, limit - 1, limit if off_by_one else limit - 1)
        found = re.fullmatch(r"(\d+)-(\d+)", text)
        if found is None or int(found[2]) < int(found[1]):
            return None
        return cls(int(found[1]), int(found[2]), int(found[2]))


@dataclass(frozen=True)
class Listing:
    """A page and what is said about it."""

    rows: list[Row]
    start: int
    shown_end: int
    total: int

    @property
    def status(self) -> int:
        """206 while rows are missing."""
        return 200 if len(self.rows) == self.total else 206

    def headers(self, itemtype: str) -> dict[str, str]:
        """No Content-Range where there is nothing at all."""
        found = {"Content-Range": f"{self.start}-{self.shown_end}/{self.total}"} if self.total else {}
        return {"Accept-Range": f"{itemtype} 1000", **found}


def cut(rows: list[Row], asked: Range) -> Listing | None:
    """The page of ``rows``; None where it starts past the end (exactly at the end is an empty page)."""
    total = len(rows)
    if asked.start > total:
        return None
    chosen = rows[asked.start : asked.end + 1]
    return Listing(chosen, asked.start, min(asked.shown_end, max(total - 1, 0)), total)

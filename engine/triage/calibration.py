"""From an engine's raw score to a measured probability: tables kept as data (spec section 3.5)."""

from __future__ import annotations

import datetime
import tomllib
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

import data


@dataclass(frozen=True)
class Calibration:
    """One table, and what it was fitted on."""

    engine: str
    version: str
    method: str
    """``hand-set`` for a table that was not measured, else how it was fitted."""
    date: datetime.date
    table: tuple[tuple[float, float], ...]
    """Raw score and probability, both ascending."""
    size: int | None = None
    """Messages it was fitted on."""
    ece: float | None = None
    """Expected calibration error, over answers other than 99."""

    @property
    def is_measured(self) -> bool:
        """Whether the probabilities were measured."""
        return self.size is not None and self.ece is not None

    def probability(self, raw: float) -> float:
        """The probability of a raw score: straight lines between the points, level beyond the last."""
        if raw <= self.table[0][0]:
            return self.table[0][1]
        for (x0, y0), (x1, y1) in pairwise(self.table):
            if raw <= x1:
                return y0 + (y1 - y0) * (raw - x0) / (x1 - x0)
        return self.table[-1][1]


def calibration(engine: str, version: str) -> Calibration | None:
    """The calibration of an engine under its exact version, or None."""
    return next((entry for entry in _shipped() if (entry.engine, entry.version) == (engine, version)), None)


@cache
def _shipped() -> tuple[Calibration, ...]:
    """The shipped tables, read once."""
    raw = tomllib.loads((Path(data.__file__).parent / "calibration.toml").read_text(encoding="utf-8"))
    return tuple(
        Calibration(**{**entry, "table": tuple((float(x), float(y)) for x, y in entry["table"])})
        for entry in raw["calibration"]
    )

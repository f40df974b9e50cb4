"""What is measured: the counter as ``guichet demo`` opens it, and the bare program beside it."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.terminal import Terminal


@dataclass(frozen=True)
class Program:
    """A command and the word that says its first screen is there."""

    name: str
    module: tuple[str, ...]
    ready: str

    def start(self, home: Path, settings: Mapping[str, str] | None = None) -> Terminal:
        """Open it in a terminal, with ``home`` as the only place it may write to, and some variables set."""
        environment = {
            "HOME": str(home),
            "PATH": os.environ["PATH"],
            "TERM": "xterm-256color",
            "LANG": "C.UTF-8",
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
            **(settings or {}),
        }
        return Terminal([sys.executable, "-m", *self.module], environment)


OURS = Program("guichet demo", ("tui", "demo"), "Votre message")
REAL = Program("guichet", ("tui",), "Votre message")
BARE = Program("bare", ("bench.bare",), "Prêt")


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    what: str
    ours: str
    bare: str = ""
    ratio: float | None = None
    budget: str = ""

    @classmethod
    def of(cls, what: str, ours_s: float, bare_s: float, budget: str) -> Row:
        """A comparison of two times in seconds."""
        return cls(what, f"{ours_s * 1000:.1f} ms", f"{bare_s * 1000:.1f} ms", ours_s / bare_s, budget)


def table(rows: list[Row]) -> str:
    """The rows, aligned."""
    cells = [("what", "guichet", "bare", "ratio", "budget")]
    cells += [(r.what, r.ours, r.bare, f"{r.ratio:.2f} x" if r.ratio else "", r.budget) for r in rows]
    widths = [max(len(row[column]) for row in cells) for column in range(5)]
    return "\n".join("  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in cells)

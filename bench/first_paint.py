"""From the start of the process to the first screen, and the bytes written for it."""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

from bench.programs import BARE, OURS, Program, Row, table

RUNS = 15


def measure(runs: int = RUNS) -> list[Row]:
    """Start both in turn, ``runs`` times each after one that warms the disk cache; bytes are those until quiet."""
    times: dict[str, list[float]] = {OURS.name: [], BARE.name: []}
    first_screen: dict[str, int] = {}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(runs + 1):
            for program in (OURS, BARE):
                taken_s, written = _start(program, Path(folder))
                if number:
                    times[program.name].append(taken_s)
                first_screen[program.name] = written
    ours, bare = (statistics.median(times[program.name]) for program in (OURS, BARE))
    return [
        Row.of("start to first paint, median", ours, bare, "<= 1.3 x"),
        Row(
            "bytes for the first screen",
            f"{first_screen[OURS.name]} B",
            f"{first_screen[BARE.name]} B",
            None,
            "<= 4 kB",
        ),
    ]


def _start(program: Program, home: Path) -> tuple[float, int]:
    with program.start(home) as terminal:
        seen = terminal.wait(lambda text: program.ready in text)
        terminal.settle()
        return seen - terminal.started, terminal.written


if __name__ == "__main__":
    print(table(measure()))

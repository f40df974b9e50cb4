"""From a key to its letter on the screen, and the bytes written for it."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bench.programs import BARE, OURS, Row, table
from bench.terminal import Terminal

SENTENCE = "mon imprimante hp au bureau 301 ne fonctionne plus depuis ce matin et le voyant rouge clignote "


@dataclass
class Typed:
    """What one program did."""

    times: list[float] = field(default_factory=list)
    bytes_per_key: list[int] = field(default_factory=list)


def measure(keys: int = 2 * len(SENTENCE)) -> list[Row]:
    """Type the same keys into both, in turn, key by key, so that both feel the same machine."""
    with tempfile.TemporaryDirectory() as folder, OURS.start(Path(folder)) as ours, BARE.start(Path(folder)) as bare:
        for program, terminal in ((OURS, ours), (BARE, bare)):
            terminal.wait(lambda text, ready=program.ready: ready in text)  # type: ignore[misc]
            terminal.settle(0.3, 3.0)
        mine, other = Typed(), Typed()
        for number, seen in zip(range(keys), _tails(), strict=False):
            _type(ours, seen, mine)
            _type(bare, seen, other)
            if number == 0:  # the first key mounts nothing but warms caches
                mine, other = Typed(), Typed()
        return [
            Row.of("key to echo, median", statistics.median(mine.times), statistics.median(other.times), ""),
            Row.of("key to echo, p95", _p95(mine.times), _p95(other.times), "<= 1.3 x"),
            Row("bytes a key, median", f"{statistics.median(mine.bytes_per_key):.0f} B",
                f"{statistics.median(other.bytes_per_key):.0f} B", None, "<= 150 B"),
        ]  # fmt: skip


def _tails() -> Iterator[str]:
    """After each key: the last letters typed, enough to be found and few enough to fit."""
    typed = ""
    while True:
        for letter in SENTENCE:
            typed += letter
            yield typed[-12:]


def _type(terminal: Terminal, tail: str, result: Typed) -> None:
    """Press the last letter of ``tail``; a space shows in nothing, so it is not timed."""
    before = terminal.written
    sent = terminal.send(tail[-1])
    if tail[-1] == " ":
        terminal.settle(0.03)
        return
    seen = terminal.wait(lambda text: tail.strip() in text)
    terminal.settle(0.03)
    result.times.append(seen - sent)
    result.bytes_per_key.append(terminal.written - before)


def _p95(times: list[float]) -> float:
    return sorted(times)[int(0.95 * (len(times) - 1))]


if __name__ == "__main__":
    print(table(measure()))

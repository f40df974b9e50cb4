"""Everything that is learned from: seeds and grammar, without what is nearly a benchmark message."""

from __future__ import annotations

import json

from engine.labels import BENCHMARK
from engine.triage.training import corpus, grammar


def learned() -> list[corpus.Message]:
    """The messages to learn from, in a fixed order.

    Raises:
        BadSeed: A line that cannot be read.
    """
    return corpus.strangers([*corpus.seeds(), *grammar.drawn()], benchmark())


def benchmark() -> list[str]:
    """The texts of the public benchmark, which nothing is learned from."""
    lines = [line for path in sorted(BENCHMARK.glob("*.jsonl")) for line in path.read_text("utf-8").splitlines()]
    return [json.loads(line)["text"] for line in lines]

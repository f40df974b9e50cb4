"""``python -m engine.triage.training.strangers [--remove]``: seeds that are nearly benchmark messages.

Nothing of the benchmark may be trained on. Lists each such seed with its file and line; with ``--remove`` takes it out,
and sections that are left without a message too. To be run after adding seeds; a test refuses any that remain.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from data.categories import load_categories
from engine.labels import BENCHMARK, Labelled, read_file
from engine.triage.training.corpus import SEEDS, near_duplicates


def known(file: Path, texts: Sequence[str]) -> list[int]:
    """Indices of the lines of a seeds file that are nearly one of the texts."""
    lines = file.read_text("utf-8").split("\n")
    seeds = [index for index, line in enumerate(lines) if line.strip() and not line.startswith(("# ", "## "))]
    pairs = near_duplicates([lines[index].replace("\\n", "\n") for index in seeds], texts)
    return sorted({seeds[index] for index, _ in pairs})


def without(file: Path, gone: Sequence[int]) -> str:
    """The file's text without some lines, and without sections that have no message left."""
    lines = file.read_text("utf-8").split("\n")
    kept = [line for index, line in enumerate(lines) if index not in set(gone)]
    following = [next((line for line in kept[index + 1 :] if line.strip()), "## ") for index in range(len(kept))]
    return "\n".join(
        line
        for line, after in zip(kept, following, strict=True)
        if not (line.startswith("## ") and after.startswith("## "))
    )


def main(words: Sequence[str]) -> int:
    """List or remove; 1 if any is left."""
    tree = load_categories()
    messages = [found for file in sorted(BENCHMARK.glob("*.jsonl")) for _, found in read_file(file, tree)]
    texts = [found.text for found in messages if isinstance(found, Labelled)]
    is_left = False
    for file in sorted(SEEDS.glob("*.txt")):
        gone = known(file, texts)
        lines = file.read_text("utf-8").split("\n")
        for index in gone:
            print(f"{file.name}:{index + 1}: {lines[index]}")
        if gone and "--remove" in words:
            file.write_text(without(file, gone), "utf-8")
        elif gone:
            is_left = True
    return int(is_left)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

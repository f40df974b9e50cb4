r"""The training corpus: hand-written seeds as labelled messages, and families of near-duplicates.

A seeds file (``data/training/seeds/NAME.txt``) is one hand. ``## CODE PRIORITY CLARITY`` opens a section, each further
line is a message, ``\n`` in it a line break. Labels follow ``data/training/GUIDE.md``.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import data
from data.categories import load_categories
from data.records import Priority
from engine.text import fold
from engine.triage.lexicon import Lexicon, words_of

FOLDER = Path(data.__file__).parent / "training"
SEEDS = FOLDER / "seeds"
"""Where the seeds are; not part of an installed package."""

CLARITIES = ("hopeless", "vague", "partial", "clear")
"""From nothing to go by to certain."""

_COMMON_FROM, _SLIP_RATIO = 4, 10
_NOBODYS = 3
_SAME_FROM = 0.6
"""Share of letter runs from which two messages are one family."""


class BadSeed(ValueError):
    """A line of a seeds file that cannot be read; says file, line and what is wrong."""


@dataclass(frozen=True)
class Message:
    """A labelled message."""

    text: str
    category: str
    """The leaf, or the level-1 code."""
    priority: Priority
    clarity: str
    """One of ``CLARITIES``."""
    hand: str
    """Who wrote it: the file's name."""


def seeds(folder: Path = SEEDS) -> list[Message]:
    """All seeds, by hand and in the order of the file.

    Raises:
        BadSeed: A line that is neither a section nor a message.
    """
    return [
        message
        for path in sorted(folder.glob("*.txt"))
        for message in sections(path.read_text(encoding="utf-8").splitlines(), path.name, path.stem)
    ]


def sections(lines: Iterable[str], file: str, hand: str) -> Iterator[Message]:
    """The messages of labelled lines.

    Raises:
        BadSeed: As ``seeds``.
    """
    codes = {category.code for category in load_categories()}
    label: tuple[str, Priority, str] | None = None
    for number, line in enumerate(lines, 1):
        if line.startswith("## "):
            label = _label(line, codes, f"{file}:{number}")
        elif line.strip() and not line.startswith("# "):
            if label is None:
                raise BadSeed(f"{file}:{number}: a message before the first section")
            yield Message(line.replace("\\n", "\n"), *label, hand=hand)


def _label(line: str, codes: Iterable[str], where: str) -> tuple[str, Priority, str]:
    """The label in a section's line."""
    match line.removeprefix("## ").split():
        case [code, priority, clarity] if code in codes and clarity in CLARITIES and priority in set(Priority):
            return code, Priority(priority), clarity
    raise BadSeed(f"{where}: expected « ## CODE PRIORITY CLARITY », got {line!r}")


def common_words(messages: Sequence[Message], lexicon: Lexicon) -> set[str]:
    """Folded words that occur in several messages and are no slips of much more frequent ones."""
    counts = Counter(word for message in messages for word in set(words_of(message.text)))
    often = {word for word, count in counts.items() if count >= _COMMON_FROM and not word.isdigit()}
    return {word for word in often if counts[lexicon.words(word)[-1]] < _SLIP_RATIO * counts[word]}


def families(texts: Sequence[str]) -> list[int]:
    """A number for each text; texts that share most of their letter runs have the same one.

    Runs of four letters, Jaccard similarity from 0.6, joined transitively.
    """
    runs = [_runs(text) for text in texts]
    holders: dict[str, list[int]] = {}
    for index, found in enumerate(runs):
        for run in found:
            holders.setdefault(run, []).append(index)
    parent = list(range(len(texts)))
    for index, found in enumerate(runs):
        shared: dict[int, int] = {}
        for run in found:
            if len(holders[run]) <= 400:
                for other in holders[run]:
                    if other < index:
                        shared[other] = shared.get(other, 0) + 1
        for other, count in shared.items():
            if count / (len(found) + len(runs[other]) - count) >= _SAME_FROM:
                parent[_root(parent, index)] = _root(parent, other)
    return [_root(parent, index) for index in range(len(texts))]


def strangers(messages: Sequence[Message], texts: Sequence[str]) -> list[Message]:
    """The messages that are not nearly one of the texts, which are measured on and must not be learned.

    What is said in three words or less (« bonjour », « mon PC », « accès refusé ») belongs to nobody and stays.
    """
    long = [number for number, message in enumerate(messages) if len(words_of(message.text)) > _NOBODYS]
    pairs = near_duplicates([messages[number].text for number in long], texts)
    known = {long[index] for index, _ in pairs}
    return [message for number, message in enumerate(messages) if number not in known]


def near_duplicates(texts: Sequence[str], others: Sequence[str]) -> list[tuple[int, int]]:
    """Where a text is nearly one of the others, by the measure of ``families``: pairs of indices, ascending.

    Two sets that share 60 % must meet in the rarest 40 % of their runs (and one more), so only those are looked up.
    """
    counts = Counter(run for text in others for run in _runs(text))
    rank = {run: place for place, run in enumerate(sorted(counts, key=lambda run: (counts[run], run)))}
    right = [frozenset(rank[run] for run in _runs(text)) for text in others]
    holders: dict[int, list[int]] = {}
    for other, ranks in enumerate(right):
        for one in sorted(ranks)[: _telling(len(ranks))]:
            holders.setdefault(one, []).append(other)
    pairs = []
    for index, text in enumerate(texts):
        runs = _runs(text)
        ranks = frozenset(rank[run] for run in runs if run in rank)
        unknown = len(runs) - len(ranks)
        telling = sorted(ranks)[: max(0, _telling(len(runs)) - unknown)]  # what the others lack is rarest of all
        for other in sorted({other for one in telling for other in holders.get(one, ())}):
            sizes = sorted((len(runs), len(right[other])))
            if sizes[0] >= _SAME_FROM * sizes[1] and _similarity(ranks, right[other], unknown) >= _SAME_FROM:
                pairs.append((index, other))
    return pairs


def _telling(size: int) -> int:
    """How many of a set's rarest runs it takes to meet every similar set."""
    return size - math.ceil(_SAME_FROM * size) + 1


def _similarity(left: frozenset[int], right: frozenset[int], unknown: int) -> float:
    """Jaccard: what both have, of what either has; ``unknown``: how many more the left one has."""
    shared = len(left & right)
    return shared / (len(left) + unknown + len(right) - shared)


def _runs(text: str) -> frozenset[str]:
    """The runs of four letters of a folded text; a shorter text is its own."""
    squeezed = " ".join(fold(text).split())
    return frozenset(squeezed[at : at + 4] for at in range(max(1, len(squeezed) - 3)))


def _root(parent: list[int], index: int) -> int:
    """The first of a family."""
    while parent[index] != index:
        parent[index] = parent[parent[index]]
        index = parent[index]
    return index

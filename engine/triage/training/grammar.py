"""Plain sentences drawn from a small grammar, ``data/training/grammar.txt``; its notation is explained there.

They say the commonest things in the commonest words. What is measured is never measured on them.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from pathlib import Path

from engine.triage.training.corpus import FOLDER, BadSeed, Message, sections

PATH = FOLDER / "grammar.txt"
HAND = "grammar"
_DRAWN = 12
_TRIES = 60
_NAME = re.compile(r"@(\w+)")
_CHOICE = re.compile(r"\[([^\[\]()]*)\]|\(([^\[\]()]*)\)")


def drawn(path: Path = PATH, *, seed: int = 1) -> list[Message]:
    """Up to twelve different sentences of each line.

    Raises:
        BadSeed: A line that cannot be read, or a list that is not defined.
    """
    text = path.read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("@")]
    lists = {
        name.strip().removeprefix("@"): found.strip()
        for name, found in (line.split("=", 1) for line in text.splitlines() if line.startswith("@"))
    }
    draw = random.Random(seed)
    messages: list[Message] = []
    for message in sections(lines, path.name, HAND):
        found = dict.fromkeys(_sentence(message.text, lists, draw) for _ in range(_TRIES))
        messages += [
            Message(sentence, message.category, message.priority, message.clarity, HAND)
            for sentence in list(found)[:_DRAWN]
            if sentence
        ]
    return messages


def _sentence(line: str, lists: Mapping[str, str], draw: random.Random) -> str:
    """One sentence of a line."""
    while (match := _CHOICE.search(line)) or (name := _NAME.search(line)):
        if match:
            options = match[1].split("|") if match[1] is not None else ["", *match[2].split("|")]
            chosen, span = draw.choice(options), match.span()
        elif name and name[1] in lists:
            chosen, span = draw.choice(lists[name[1]].split("|")), name.span()
        else:
            raise BadSeed(f"{PATH.name}: no list {line[line.index('@') :].split()[0]}")
        line = line[: span[0]] + chosen + line[span[1] :]
    return re.sub(r"([dl]')\s", r"\1", " ".join(line.split()))

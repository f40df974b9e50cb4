"""From messages to a model: features, three linear heads, the confidence, all with scikit-learn.

Folds are hands: what is measured is always measured on a person whose sentences the model never saw, and without the
training messages that are near-duplicates of theirs.
"""

from __future__ import annotations

import hashlib
import math
import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags
from sklearn.linear_model import LogisticRegression

from data.records import Turn
from engine.triage import lexicon, model
from engine.triage.features import features
from engine.triage.reading import Clause, read, view
from engine.triage.training import grammar
from engine.triage.training.corpus import Message, families
from engine.triage.training.noise import noisy

COPIES = 1
"""Noisy copies of each message."""
_SEEN_FROM = 3
_TRUST = {"c": 1.5, "p": 1.2, "f": 1.0, "q": 1.0, "w": 1.0, "x": 0.7, "b": 0.7}
"""How freely a kind of feature may take weight: what generalises more, more."""
_STEPS = 127
_GROUPS = 5
"""Folds at most."""
_STRENGTH = {"category": 30.0, "priority": 15.0, "clarity": 10.0}
"""Inverse of the regularisation of each head."""

Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True)
class Fitted:
    """A model before it is quantised."""

    index: Mapping[str, int]
    weights: Mapping[str, Floats]
    """For each head, labels × features."""
    bias: Mapping[str, Floats]
    labels: Mapping[str, tuple[str, ...]]


@lru_cache(maxsize=100_000)
def clauses(text: str) -> tuple[Clause, ...]:
    """A text as the local engine reads it."""
    turn = view(Turn("requester", text, datetime(2026, 1, 1, tzinfo=UTC)))
    return read([turn], lexicon.shipped()).clauses


def label(message: Message, head: str) -> str:
    """A message's label in a head."""
    return {"category": message.category, "priority": message.priority.value, "clarity": message.clarity}[head]


def fit(messages: Sequence[Message], *, seed: int = 1) -> Fitted:
    """Three heads over the features of the messages and of noisy copies of them."""
    draw = random.Random(seed)
    seen: list[list[str]] = []
    owners: list[Message] = []
    for message in messages:
        seen.append(features(clauses(message.text)))
        seen += [features(clauses(noisy(message.text, draw))) for _ in range(COPIES)]
        owners += [message] * (1 + COPIES)
    counts = Counter(feature for found in seen for feature in found)
    index = {feature: number for number, feature in enumerate(sorted(f for f in counts if counts[f] >= _SEEN_FROM))}
    trust = np.array([_TRUST[feature[0]] for feature in index])
    matrix = rows(seen, index) @ diags(trust)
    weights, bias, labels = {}, {}, {}
    for head, strength in _STRENGTH.items():
        fitted = LogisticRegression(C=strength, max_iter=150).fit(matrix, [label(owner, head) for owner in owners])
        weights[head], bias[head] = fitted.coef_ * trust, fitted.intercept_
        labels[head] = tuple(map(str, fitted.classes_))
    return Fitted(index, weights, bias, labels)


def rows(seen: Sequence[Sequence[str]], index: Mapping[str, int]) -> csr_matrix:
    """Features as a matrix, each row of length one, as ``model.Model.read`` has it."""
    numbers, starts, values = [], [0], []
    for found in seen:
        mine = [index[feature] for feature in found if feature in index]
        numbers += mine
        values += [1 / math.sqrt(len(mine) or 1)] * len(mine)
        starts.append(len(numbers))
    return csr_matrix((values, numbers, starts), shape=(len(seen), len(index)))


def quantised(fitted: Fitted, confidence: Mapping[str, float]) -> bytes:
    """The model's file: each weight one byte, weights that round to nothing left out."""
    heads: dict[str, Any] = {}
    pairs: dict[str, list[tuple[int, int]]] = {name: [] for name in fitted.index}
    names = sorted(fitted.index, key=fitted.index.__getitem__)
    first = 0
    for head, weights in fitted.weights.items():
        scale = float(np.abs(weights).max()) / _STEPS
        steps = np.rint(weights / scale).astype(int)
        for column, number in zip(*np.nonzero(steps), strict=True):
            pairs[names[number]].append((first + int(column), int(steps[column, number])))
        heads[head] = {
            "labels": fitted.labels[head],
            "first": first,
            "scale": round(scale, 8),
            "bias": [round(float(value), 6) for value in fitted.bias[head]],
        }
        first += len(fitted.labels[head])
    kept = {name: found for name, found in pairs.items() if found}
    header = {"heads": heads, "confidence": {name: round(value, 6) for name, value in confidence.items()}}
    digest = hashlib.sha256(model.dump(header | {"version": ""}, kept)).hexdigest()
    return model.dump(header | {"version": f"linear-{digest[:8]}"}, kept)


def folds(messages: Sequence[Message]) -> Iterator[tuple[tuple[str, ...], list[Message], list[Message]]]:
    """Groups of hands, each with the messages to learn from (the others', without near-duplicates) and its own.

    The grammar is no hand: it is learned from, never measured on.
    """
    family = families([message.text for message in messages])
    sizes = Counter(message.hand for message in messages if message.hand != grammar.HAND)
    groups: list[list[str]] = [[] for _ in range(min(_GROUPS, len(sizes)))]
    for hand, _ in sizes.most_common():
        min(groups, key=lambda group: (sum(sizes[name] for name in group), len(group))).append(hand)
    for hands in groups:
        mine = {family[i] for i, message in enumerate(messages) if message.hand in hands}
        others = [m for i, m in enumerate(messages) if m.hand not in hands and family[i] not in mine]
        yield tuple(hands), others, [message for message in messages if message.hand in hands]

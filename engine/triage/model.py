"""The trained model: which features speak for which category, priority and clarity. Linear, read from one file.

The file is made by ``engine.triage.training`` and nothing else. A head is a set of labels among which one holds
(``category``: all codes; ``priority``; ``clarity``); a feature has a weight for some labels of some heads.
"""

from __future__ import annotations

import json
import math
import struct
import sys
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import data

PATH = Path(data.__file__).parent / "model" / "local.bin"
"""The shipped model."""

MAGIC = b"GUICHET\x01"
_SIZES = struct.Struct("<III")
_ZERO = 128
"""A weight is one byte; this one is nothing."""
_LANE = 4
"""Bytes for the sum of one column. All columns of a feature are one long integer, so that adding features is adding
integers: 16 million of them fit before a lane runs over, far more than ``features`` makes."""
_LANES_KEPT = 2048
"""Features whose integers are kept: the words of every message are mostly the same."""


class BadModel(ValueError):
    """The file is not a model of this format."""


@dataclass(frozen=True)
class Head:
    """Labels among which one holds."""

    name: str
    labels: tuple[str, ...]
    first: int
    """Column of the first label."""
    scale: float
    """What one step of a weight's byte is worth."""
    bias: tuple[float, ...]


class Model:
    """Sums of weights, as probabilities. Loading takes some ten milliseconds."""

    def __init__(self, header: Mapping[str, Any], names: Sequence[str], offsets: Sequence[int], rows: bytes) -> None:
        """``rows`` are pairs of bytes (column, weight + 128); ``offsets`` say where each feature's begin."""
        self.version: str = header["version"]
        self.confidence: Mapping[str, float] = header["confidence"]
        self.heads = {name: _head(name, raw) for name, raw in header["heads"].items()}
        self._columns = sum(len(head.labels) for head in self.heads.values())
        self._index = {name: number for number, name in enumerate(names)}
        self._offsets, self._rows = offsets, rows
        self._empty = bytes((_ZERO, *bytes(_LANE - 1))) * self._columns
        self._lanes = lru_cache(_LANES_KEPT)(self._lanes_of)

    def known(self, features: Iterable[str]) -> int:
        """How many of the features have a weight."""
        return sum(map(self._index.__contains__, features))

    def read(self, features: Iterable[str]) -> dict[str, dict[str, float]]:
        """For each head, the probability of each label; nothing known gives the labels' own frequencies."""
        numbers = [number for number in map(self._index.get, features) if number is not None]
        count = len(numbers)
        whole = sum(map(self._lanes, numbers)).to_bytes(_LANE * self._columns, "little")
        sums = [lane - _ZERO * count for lane in struct.unpack(f"<{self._columns}I", whole)]
        norm = 1 / math.sqrt(count or 1)
        return {name: _probabilities(head, sums, norm) for name, head in self.heads.items()}

    def _lanes_of(self, number: int) -> int:
        """The weights of a feature, each with 128 added, in lanes of ``_LANE`` bytes."""
        row = self._rows[self._offsets[number] : self._offsets[number + 1]]
        lanes = bytearray(self._empty)
        for column, weight in zip(row[::2], row[1::2], strict=True):
            lanes[_LANE * column] = weight
        return int.from_bytes(lanes, "little")


def _head(name: str, raw: Mapping[str, Any]) -> Head:
    """One head as the header has it."""
    return Head(name, tuple(raw["labels"]), int(raw["first"]), float(raw["scale"]), tuple(map(float, raw["bias"])))


def _probabilities(head: Head, sums: Sequence[int], norm: float) -> dict[str, float]:
    """The softmax of a head's sums."""
    scale = head.scale * norm
    scores = [bias + scale * sums[head.first + index] for index, bias in enumerate(head.bias)]
    most = max(scores)
    powers = [math.exp(score - most) for score in scores]
    whole = sum(powers)
    return {label: power / whole for label, power in zip(head.labels, powers, strict=True)}


@cache
def shipped() -> Model:
    """The model of this installation, read once."""
    return load(PATH.read_bytes())


def load(content: bytes) -> Model:
    """A model from a file's content.

    Raises:
        BadModel: Not a model, cut short, or of another format.
    """
    begin = len(MAGIC) + _SIZES.size
    if content[: len(MAGIC)] != MAGIC or len(content) < begin:
        raise BadModel("not a model of this format")
    header_size, names_size, count = _SIZES.unpack_from(content, len(MAGIC))
    names_at, offsets_at = begin + header_size, begin + header_size + names_size
    rows_at = offsets_at + 4 * (count + 1)
    offsets = array("I")
    offsets.frombytes(content[offsets_at:rows_at])
    if sys.byteorder == "big":
        offsets.byteswap()
    names = content[names_at:offsets_at].decode("utf-8").split("\n")
    if len(offsets) != count + 1 or len(names) != count or offsets[-1] != len(content) - rows_at:
        raise BadModel("the model is cut short")
    return Model(json.loads(content[begin:names_at]), names, offsets, content[rows_at:])


def dump(header: Mapping[str, Any], weights: Mapping[str, Sequence[tuple[int, int]]]) -> bytes:
    """The content of a model's file.

    Args:
        header: ``version``, ``heads`` (name to labels, first, scale, bias), ``confidence``.
        weights: For each feature, pairs of column and step (-127 to 127, not 0).
    """
    names = sorted(weights)
    rows, offsets = bytearray(), array("I", [0])
    for name in names:
        for column, step in weights[name]:
            rows += bytes((column, step + _ZERO))
        offsets.append(len(rows))
    if sys.byteorder == "big":
        offsets.byteswap()
    head = json.dumps(header, ensure_ascii=False, sort_keys=True).encode("utf-8")
    listed = "\n".join(names).encode("utf-8")
    return MAGIC + _SIZES.pack(len(head), len(listed), len(names)) + head + listed + offsets.tobytes() + bytes(rows)

"""What the model sees of clauses: concepts with what is said of them, facts, words and pairs of neighbours.

The same function makes the features for training and for a triage, so that both see the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, pairwise

from engine.triage import facts
from engine.triage.reading import Clause, Word

_UNHEARD = "unheard"
_PAIRED = frozenset({"thing", "state", "act", "request", "trouble"})
_MOST_PAIRED = 8
_BEGINNINGS = (4, 6)
"""Letters; what words begin with says much of a word that was never seen."""
_MOST = 4_000
"""Features of one message, so that no input takes long."""


def features(clauses: Sequence[Clause]) -> list[str]:
    """The features of some clauses, each once, in the order in which they occur.

    Args:
        clauses: As ``reading.read`` makes them.

    Returns:
        ``f:`` a fact that matters for the priority, ``q:`` two of them, ``c:`` a concept with its sense, ``p:`` two of
        one sentence, ``w:`` a word, ``x:`` how it begins, ``b:`` two neighbours.
    """
    said = sorted(facts.said(clauses))
    found: dict[str, None] = dict.fromkeys(f"f:{fact}" for fact in said)
    found.update(dict.fromkeys(f"q:{left}+{right}" for left, right in combinations(said, 2)))
    for sentence in _sentences(clauses):
        found.update(dict.fromkeys(_of_concepts(sentence)))
        for clause in sentence:
            found.update(dict.fromkeys(_of_words(clause)))
        if len(found) > _MOST:
            break
    return list(found)


def _sentences(clauses: Sequence[Clause]) -> Iterator[list[Clause]]:
    """The clauses by sentence."""
    sentence: list[Clause] = []
    for clause in clauses:
        if sentence and (clause.opens_sentence or clause.turn != sentence[-1].turn):
            yield sentence
            sentence = []
        sentence.append(clause)
    if sentence:
        yield sentence


def _of_concepts(sentence: Iterable[Clause]) -> Iterator[str]:
    """Concepts alone and in pairs; what is said not to be wrong, and who and where, count only alone."""
    hits = [hit for clause in sentence for hit in clause.hits if hit.concept.kind != _UNHEARD]
    if not hits:
        return
    names = [hit.name for hit in hits]
    for name in dict.fromkeys(names):
        yield f"c:{name}"
    meant = dict.fromkeys(
        name for name, hit in zip(names, hits, strict=True) if hit.sense != "0" and hit.concept.kind in _PAIRED
    )
    for left, right in combinations(sorted(list(meant)[:_MOST_PAIRED]), 2):
        yield f"p:{left}+{right}"


def _of_words(clause: Clause) -> Iterator[str]:
    """Words and neighbours, without those of a denied thing and those that must move nothing."""
    skipped = [(hit.start, hit.end) for hit in clause.hits if hit.sense == "0" or hit.concept.kind == _UNHEARD]
    words = [_shape(word.stem) for word in clause.words if not (skipped and _is_in(word, skipped))]
    for word in words:
        yield f"w:{word}"
        for size in _BEGINNINGS:
            if len(word) > size:
                yield f"x:{word[:size]}"
    for left, right in pairwise(words):
        yield f"b:{left}_{right}"


def _is_in(word: Word, spans: Iterable[tuple[int, int]]) -> bool:
    """Whether a word stands in one of the spans."""
    return any(start <= word.start and word.end <= end for start, end in spans)


def _shape(word: str) -> str:
    """Numbers by their length, other words as they are."""
    return "#" * min(len(word), 5) if word.isdigit() else word

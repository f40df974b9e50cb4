"""What the model learns from and what it is measured with: well formed, and strangers to each other."""

from __future__ import annotations

from dataclasses import replace

import pytest

from data.categories import load_categories
from data.records import UNCATEGORISED
from engine.labels import BENCHMARK, BadLine, Labelled, read_file
from engine.text import fold
from engine.triage.contract import INFO_KEYS
from engine.triage.lexicon import words_of
from engine.triage.training import grammar
from engine.triage.training.corpus import families, near_duplicates, seeds, strangers
from engine.triage.training.learned import benchmark


@pytest.fixture(scope="module")
def messages() -> list[Labelled | BadLine]:
    return [found for file in sorted(BENCHMARK.glob("*.jsonl")) for _, found in read_file(file, load_categories())]


@pytest.fixture(scope="module")
def labelled(messages: list[Labelled | BadLine]) -> list[Labelled]:
    return [one for one in messages if isinstance(one, Labelled)]


def test_every_line_of_the_seeds_can_be_read() -> None:
    found = seeds()
    assert len(found) > 5_000
    assert all(message.text.strip() for message in found)


def test_what_is_nearly_a_benchmark_message_is_not_learned_but_three_words_belong_to_nobody() -> None:
    measured = benchmark()
    seed = next(message for message in seeds() if len(words_of(message.text)) > 5)
    near = [replace(seed, text=text + " svp") for text in measured if 8 < len(words_of(text)) < 40][:50]
    short = [replace(seed, text=text) for text in measured if len(words_of(text)) <= 3][:20]
    assert strangers([*near, *short, seed], measured) == [*short, seed]


def test_every_line_of_the_grammar_draws_sentences_without_leftovers() -> None:
    drawn = grammar.drawn()
    assert len(drawn) > 800
    assert [one.text for one in drawn if set(one.text) & set("[]|@")] == []
    assert drawn == grammar.drawn()


def test_near_duplicates_are_those_that_families_joins() -> None:
    left = ["Mon imprimante ne marche plus", "Bonjour", "Je voudrais un deuxième écran", "ok"]
    right = ["mon imprimante ne marche plus !", "bonjour", "J'ai perdu mon badge"]
    assert near_duplicates(left, right) == [(0, 0), (1, 1)]
    joined = families([*left, *right])
    assert [(i, j) for i in range(4) for j in range(3) if joined[i] == joined[4 + j]] == [(0, 0), (1, 1)]


def test_near_duplicates_misses_none_of_a_full_comparison() -> None:
    """The look-up by rare runs is a short cut; here every pair of one hand's first messages is compared."""
    texts = benchmark()[:120] + [text + " svp" for text in benchmark()[:60]]

    def runs(text: str) -> set[str]:
        squeezed = " ".join(fold(text).split())
        return {squeezed[at : at + 4] for at in range(max(1, len(squeezed) - 3))}

    sets = [runs(text) for text in texts]
    pairs = [(i, j) for i, a in enumerate(sets) for j, b in enumerate(sets) if len(a & b) / len(a | b) >= 0.6]
    assert near_duplicates(texts, texts) == pairs
    assert len(pairs) > len(texts)


def test_every_line_of_the_benchmark_is_labelled_after_the_guide(messages: list[Labelled | BadLine]) -> None:
    assert len(messages) >= 1_000
    for one in messages:
        assert isinstance(one, Labelled), one
        assert None not in (one.id, one.priority, one.clarity, one.info), one.id
        assert one.has_subcategory and one.tags, one.id
        if one.clarity == "hopeless":
            assert one.category == UNCATEGORISED, one.id
            assert one.priority in ("medium", "low"), one.id
        if one.category == UNCATEGORISED:
            assert one.clarity in ("hopeless", "vague"), one.id
            assert one.subcategory is None, one.id
        for key, value in (one.info or {}).items():
            assert key in INFO_KEYS, one.id
            assert value in one.text, one.id


def test_the_benchmark_has_every_label_ten_times(labelled: list[Labelled]) -> None:
    labels = [one.subcategory or one.category for one in labelled]
    assert {category.code for category in load_categories() if labels.count(category.code) < 10} == set()
    assert len({one.id for one in labelled}) == len(labelled)


def test_no_hand_wrote_a_benchmark_message_twice_and_the_same_words_have_one_label(labelled: list[Labelled]) -> None:
    """Two hands may both have written « help »."""
    assert len({(str(one.id)[0], one.text) for one in labelled}) == len(labelled)
    said = {one.text: (one.category, one.subcategory, one.priority, one.clarity) for one in labelled}
    assert [
        one.id for one in labelled if said[one.text] != (one.category, one.subcategory, one.priority, one.clarity)
    ] == []

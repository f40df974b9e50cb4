"""What the model learns from and what it is measured with: well formed, and strangers to each other."""

from __future__ import annotations

from pathlib import Path

import pytest

from data.categories import load_categories
from data.records import UNCATEGORISED
from engine.labels import BENCHMARK, BadLine, Labelled, read_file
from engine.text import fold
from engine.triage.contract import INFO_KEYS
from engine.triage.training.corpus import families, near_duplicates, seeds
from engine.triage.training.strangers import known, without


@pytest.fixture(scope="module")
def messages() -> list[Labelled | BadLine]:
    return [found for file in sorted(BENCHMARK.glob("*.jsonl")) for _, found in read_file(file, load_categories())]


@pytest.fixture(scope="module")
def benchmark(messages: list[Labelled | BadLine]) -> list[Labelled]:
    return [one for one in messages if isinstance(one, Labelled)]


def test_every_line_of_the_seeds_can_be_read() -> None:
    found = seeds()
    assert len(found) > 5_000
    assert all(message.text.strip() for message in found)


def test_no_seed_is_nearly_a_benchmark_message(benchmark: list[Labelled]) -> None:
    """Where one is: python -m engine.triage.training.strangers --remove."""
    learned = seeds()
    pairs = near_duplicates([seed.text for seed in learned], [one.text for one in benchmark])
    assert [f"{learned[i].hand}: {learned[i].text} ({benchmark[j].id})" for i, j in pairs] == []


def test_near_duplicates_are_those_that_families_joins() -> None:
    left = ["Mon imprimante ne marche plus", "Bonjour", "Je voudrais un deuxième écran", "ok"]
    right = ["mon imprimante ne marche plus !", "bonjour", "J'ai perdu mon badge"]
    assert near_duplicates(left, right) == [(0, 0), (1, 1)]
    joined = families([*left, *right])
    assert [(i, j) for i in range(4) for j in range(3) if joined[i] == joined[4 + j]] == [(0, 0), (1, 1)]


def test_near_duplicates_misses_none_of_a_full_comparison(benchmark: list[Labelled]) -> None:
    """The look-up by rare runs is a short cut; here every pair of one hand's first messages is compared."""
    texts = [one.text for one in benchmark[:120]] + [one.text + " svp" for one in benchmark[:60]]

    def runs(text: str) -> set[str]:
        squeezed = " ".join(fold(text).split())
        return {squeezed[at : at + 4] for at in range(max(1, len(squeezed) - 3))}

    sets = [runs(text) for text in texts]
    pairs = [(i, j) for i, a in enumerate(sets) for j, b in enumerate(sets) if len(a & b) / len(a | b) >= 0.6]
    assert near_duplicates(texts, texts) == pairs
    assert len(pairs) > len(texts)


def test_a_seed_that_is_nearly_a_benchmark_message_is_taken_out_with_its_section(tmp_path: Path) -> None:
    file = tmp_path / "main.txt"
    file.write_text(
        "# A hand\n## 99-non-cat low hopeless\nbonjour\n## 04-hardware low clear\nbonjour !\nun bras d'écran\n", "utf-8"
    )
    gone = known(file, ["Bonjour"])
    assert gone == [2, 4]
    assert without(file, gone) == "# A hand\n## 04-hardware low clear\nun bras d'écran\n"


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


def test_the_benchmark_has_every_label_ten_times(benchmark: list[Labelled]) -> None:
    labels = [one.subcategory or one.category for one in benchmark]
    assert {category.code for category in load_categories() if labels.count(category.code) < 10} == set()
    assert len({one.id for one in benchmark}) == len(benchmark)


def test_no_hand_wrote_a_benchmark_message_twice_and_the_same_words_have_one_label(benchmark: list[Labelled]) -> None:
    """Two hands may both have written « help »."""
    assert len({(str(one.id)[0], one.text) for one in benchmark}) == len(benchmark)
    said = {one.text: (one.category, one.subcategory, one.priority, one.clarity) for one in benchmark}
    assert [
        one.id for one in benchmark if said[one.text] != (one.category, one.subcategory, one.priority, one.clarity)
    ] == []

"""The words the local engine knows: as written, as compiled, and as people misspell them."""

from __future__ import annotations

from dataclasses import astuple

import pytest

from engine.triage import lexicon
from engine.triage.lexicon import compiled, stem, words_of


@pytest.fixture(scope="module")
def written() -> lexicon.Lexicon:
    return lexicon.written()


def names(text: str) -> list[str]:
    return [match.concept.name for match in lexicon.shipped().find([stem(word) for word in words_of(text)])]


def test_the_compiled_lexicon_is_what_the_files_say(written):
    """Where it is not: make train."""
    shipped = lexicon.shipped()
    assert {n: astuple(c) for n, c in shipped.concepts.items()} == {n: astuple(c) for n, c in written.concepts.items()}
    assert shipped.phrases == written.phrases
    assert shipped.forms == written.forms
    assert shipped.common >= written.common - shipped.known


def test_compiling_again_changes_nothing(written):
    assert compiled(written) == compiled(lexicon.written())


def test_an_expression_belongs_to_one_concept():
    found: dict[tuple[str, ...], set[str]] = {}
    for path in sorted((lexicon.FOLDER / "concepts").glob("*.toml")):
        for name, entry in lexicon.tomllib.loads(path.read_text(encoding="utf-8")).items():
            for phrase in entry["words"]:
                found.setdefault(tuple(map(stem, words_of(phrase))), set()).add(name)
    assert {" ".join(words): owners for words, owners in found.items() if len(owners) > 1} == {}


def test_where_expressions_overlap_the_longer_one_counts():
    assert names("mon mot de passe") != names("mot")
    assert len(names("mot de passe oublié")) <= 2


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("imprimnate", ("imprimante",)),
        ("fonctione", ("fonctionne",)),
        ("ordianteur", ("ordinateur",)),
        ("limprimante", ("l", "imprimante")),
        ("mdp", ("mot", "de", "passe")),
    ],
)
def test_a_slip_is_mended(typed, meant):
    assert tuple(lexicon.shipped().words(typed)) == meant or typed in lexicon.shipped().known


@pytest.mark.parametrize("word", ["comite", "service", "bureau", "xyzzyqq", "collegue", "zzzzz"])
def test_another_word_is_left_alone(word):
    assert lexicon.shipped().words(word)[0][0] == word[0]
    assert " ".join(lexicon.shipped().words(word)) in (word, "z")

"""The category tree as data."""

from __future__ import annotations

import pytest

from data.categories import load_categories


def test_the_shipped_tree_is_the_one_of_the_specification():
    categories = load_categories()
    parents = [category.code for category in categories if category.parent is None]
    assert parents == [
        "01-access", "02-email", "03-network", "04-hardware", "05-software", "06-phone", "07-files", "08-security",
        "99-non-cat",
    ]  # fmt: skip
    assert len(categories) == len(parents) + 25
    assert all(category.parent is None or category.code[:3] == category.parent[:3] for category in categories)
    assert all(category.active and category.glpi_id is None for category in categories)


def test_a_site_may_have_its_own_tree(tmp_path):
    path = tmp_path / "categories.toml"
    path.write_text('[[category]]\ncode = "01-x"\nname = "X"\nglpi_id = 12\nactive = false\n', encoding="utf-8")
    (category,) = load_categories(path)
    assert (category.code, category.glpi_id, category.active, category.parent) == ("01-x", 12, False, None)


@pytest.mark.parametrize(
    "toml",
    [
        '[[category]]\nname = "X"',
        '[[category]]\ncode = "01-x"\nname = ""',
        '[[category]]\ncode = "01-x"\nname = "X"\nparent = "02-y"',
        '[[category]]\ncode = "01-x"\nname = "X"\nglpi_id = "12"',
        '[[category]]\ncode = "01-x"\nname = "X"\n[[category]]\ncode = "01-x"\nname = "Y"',
        "[[category",
    ],
)
def test_a_wrong_tree_is_refused(tmp_path, toml):
    path = tmp_path / "categories.toml"
    path.write_text(toml, encoding="utf-8")
    with pytest.raises(ValueError):
        load_categories(path)

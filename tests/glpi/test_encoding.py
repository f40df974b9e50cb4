r"""Reads glpi/encoding.py against what a GLPI 10 does to texts.

``MEASURED`` was taken from a GLPI 10.0.19 and its database; ``glpi.simulator.sanitizer`` agreed with it on 6,000 random
texts of these characters.
"""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glpi.encoding import sent_html, sent_title
from glpi.models import TITLE_LIMIT
from glpi.simulator.sanitizer import decoded, kept

MEASURED = [
    (r"Partage \\srv01 inaccessible", r"Partage \srv01 inaccessible"),
    (r"chemin C:\new\table", r"chemin C:\new\table"),
    (r"chemin C:\new", "chemin C:\new"),
    (r"\\", "\\"),
    ('l\'ecran \\n "x"', 'l\'ecran \\n "x"'),
    ("code &lt;b&gt; vu", "code &lt;b&gt; vu"),
    ("a < b > c", "a &#60; b &#62; c"),
    ("AT&T &amp; co", "AT&#38;T &#38;amp; co"),
    ("&#60;script&#62;", "&#60;script&#62;"),
]
TEXTS = st.lists(
    st.sampled_from(
        ["\\", "\\\\", "'", '"', "\n", "n", "x00", "0", "a", " ", "&", "<", ">", "&lt;", "&#38;", "é", "😀"]
    )
).map("".join)


@pytest.mark.parametrize(("sent", "stored"), MEASURED)
def test_the_simulated_sanitizer_stores_what_the_real_one_stored(sent: str, stored: str) -> None:
    assert kept(sent) == stored


def test_a_text_that_passes_for_encoded_is_read_as_markup_on_10() -> None:
    assert decoded(kept("&lt;b&gt;")) == "<b>"


@given(TEXTS)
def test_a_title_arrives_on_10_as_it_was_written(title: str) -> None:
    assert decoded(kept(sent_title(title, 10))).strip() == title.strip()


@given(TEXTS)
def test_a_description_shows_on_10_exactly_what_was_said(text: str) -> None:
    content = html.escape(text).replace("\n", "<br>")
    shown = decoded(kept(sent_html(content, 10)))
    assert html.unescape(shown.replace("<br>", "\n")) == text
    assert not re.search("<(?!br>)", shown)


@given(TEXTS)
def test_from_11_on_texts_travel_as_they_are(text: str) -> None:
    assert sent_html(text, 11) == text
    assert sent_title(text, 12) == text[:TITLE_LIMIT]


@pytest.mark.parametrize("title", ["&" * 300, "\\" * 300, "é" * 300, "<" * 50 + "\\" + "x" * 300])
def test_a_title_is_clipped_to_what_10_can_keep_encoded(title: str) -> None:
    stored = kept(sent_title(title, 10)).lstrip()
    assert len(stored) <= TITLE_LIMIT
    assert title.startswith(decoded(stored).strip())

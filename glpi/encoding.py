r"""Texts on their way to GLPI, so that it keeps exactly what was said.

GLPI 10 encodes texts on arrival, but first guesses whether that was done already: a text with ``&lt;`` and no ``<``
passes for encoded, one with ``\\srv`` or ``C:\new`` and no bare quote passes for escaped, and both are then decoded
once too often. So 10 gets its texts encoded, and never in a form that passes for escaped. From 11 on they travel as
they are.

Source: ``Glpi\Toolbox\Sanitizer`` of GLPI 10; seen with 10.0.19 and 11.0.6.
"""

from __future__ import annotations

from glpi.models import TITLE_LIMIT

_FIRST_RAW = 11


def sent_title(title: str, version: int) -> str:
    """A plain title as GLPI's ``version`` must be sent it, clipped to what fits its column once encoded."""
    if version >= _FIRST_RAW:
        return title[:TITLE_LIMIT]
    has_backslash = "\\" in title
    room = TITLE_LIMIT - has_backslash
    title = title[:room]
    while len(_encoded(title)) > room:
        title = title[:-1]
    # NOTE: a bare line feed shows GLPI 10 that nothing is escaped yet; the space, which it trims, that the title is not
    # the name of one of its classes, which it would not escape at all. Neither is seen on its pages.
    return f" {_encoded(title)}\n" if has_backslash else _encoded(title)


def sent_html(content: str, version: int) -> str:
    """HTML as GLPI's ``version`` must be sent it. Shows the same; a backslash becomes an entity for 10."""
    return content if version >= _FIRST_RAW else _encoded(content.replace("\\", "&#92;"))


def found_text(text: str, version: int) -> str:
    """A title or name out of a search: 10 leaves its three entities in there, whatever header asks for the contrary."""
    if version >= _FIRST_RAW:
        return text
    return text.replace("&#62;", ">").replace("&#60;", "<").replace("&#38;", "&")


def _encoded(text: str) -> str:
    return text.replace("&", "&#38;").replace("<", "&#60;").replace(">", "&#62;")

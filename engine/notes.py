"""GLPI's notes as plain text: what a person sees of their HTML, without the line that carries our key."""

from __future__ import annotations

import re
from datetime import datetime
from html.parser import HTMLParser

from data.records import TicketNote
from engine.text import clean
from glpi.models import Note

LIMIT = 20_000
"""Characters kept of one note."""

_BREAKS = frozenset({"br", "p", "div", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "table"})
_SILENT = frozenset({"script", "style", "head", "title"})
_REFERENCE = re.compile(r"\n*Réf\. (KSK-[A-Z2-7]{20,32})\s*$")


class _Visible(HTMLParser):
    """Collects what a browser would show."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in _SILENT
        if tag in _BREAKS:
            self.parts.append("\n")
        if tag == "li":
            self.parts.append("- ")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT and self._silent:
            self._silent -= 1
        if tag in _BREAKS and tag != "br":
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.parts.append(data)


def plain_text(content: str) -> str:
    """The visible text of a piece of HTML, safe for a terminal; runs of empty lines become one."""
    parser = _Visible()
    parser.feed(content[: 10 * LIMIT])
    parser.close()
    lines = [" ".join(line.split()) for line in clean("".join(parser.parts)).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()[:LIMIT]


def note_of(number: str, note: Note, at: datetime) -> TicketNote:
    """GLPI's note as we keep it; one that we sent carries its key.

    Args:
        number: Our ticket.
        note: GLPI's, public.
        at: When it was written, aware.
    """
    text = plain_text(note.content)
    reference = _REFERENCE.search(text)
    return TicketNote(
        ticket_number=number,
        kind=note.kind.value,
        text=text[: reference.start()] if reference else text,
        at=at,
        glpi_id=note.id,
        key=reference[1] if reference else None,
        author_id=None if reference else note.author_id or None,
    )

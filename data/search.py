"""The full-text index over tickets: feeding it, and asking it what a person typed.

The index has external content: it must be told the old words before a row changes, and the new ones after.
"""

from __future__ import annotations

from typing import Final

from sqlite_utils import Database

INDEXED: Final = ("ticket_number", "title", "description", "user_message")
"""The columns of ``tickets`` that are searched."""

_COLUMNS: Final = ", ".join(INDEXED)
_WORDS_SEARCHED: Final = 16
"""More words than this are not looked for: the parser of FTS5 has a limited stack."""
_PREFIX_LENGTH: Final = 3
"""From this length on, the last word of a search also finds longer words."""


def index_ticket(db: Database, number: str) -> None:
    """Make a stored ticket's words findable, in the transaction that is open."""
    sql = f"INSERT INTO tickets_fts(rowid, {_COLUMNS}) SELECT id, {_COLUMNS} FROM tickets WHERE ticket_number = ?"
    db.execute(sql, [number])


def unindex_ticket(db: Database, number: str) -> None:
    """Stop finding a ticket by the words it has now; before they change. They stay in the index as tombstones."""
    sql = f"""INSERT INTO tickets_fts(tickets_fts, rowid, {_COLUMNS})
        SELECT 'delete', id, {_COLUMNS} FROM tickets WHERE ticket_number = ?"""
    db.execute(sql, [number])


def rebuild(db: Database) -> None:
    """Make the index again from the words that are left, in the transaction that is open.

    NOTE: a row taken out of an FTS5 index leaves its words there as a tombstone, and ``secure-delete`` of FTS5 exists
    from SQLite 3.42 only (Debian 12 has 3.40): only a rebuild forgets.
    """
    db.execute("INSERT INTO tickets_fts(tickets_fts) VALUES ('rebuild')")


def match_of(search: str) -> str:
    """What a person typed, as a query of FTS5 for all of its words; empty when there is no word in it.

    Every part is quoted, so that no character has a meaning of its own.
    """
    parts = [part for part in search.replace("\0", " ").split() if any(map(str.isalnum, part))][:_WORDS_SEARCHED]
    quoted = ['"' + part.replace('"', '""') + '"' for part in parts]
    if parts and len(parts[-1]) >= _PREFIX_LENGTH:
        quoted[-1] += "*"
    return " ".join(quoted)

"""Notes and conflicts of tickets: what ``data.store`` and ``data.outbox`` do with them inside a transaction."""

from __future__ import annotations

from collections.abc import Iterable

from sqlite_utils import Database

from data import rows
from data.records import Conflict, TicketNote


def keep(db: Database, number: str, found: Iterable[TicketNote]) -> None:
    """Insert or update notes of a ticket, each with a key, GLPI's id, or both.

    A note is the same by its key, or else by GLPI's id within its kind. Our own, met again by its key, gets GLPI's id
    and text but stays as private and as old as we wrote it.

    Raises:
        ValueError: A note has neither; it would be added again each time.
    """
    for note in found:
        if note.key is None and note.glpi_id is None:
            raise ValueError("a note needs a key or GLPI's id")
        row = _row(number, note)
        if not (_adopt(db, row) or _refresh(db, row)):
            rows.insert(db, "notes", row)


def of(db: Database, number: str, include_private: bool) -> list[TicketNote]:
    """The notes of a ticket, oldest first."""
    hidden = "" if include_private else "AND is_private = 0"
    sql = f"SELECT * FROM notes WHERE ticket_number = ? {hidden} ORDER BY at, id"
    return [_note_of(row) for row in rows.query(db, sql, [number])]


def drop_unsent(db: Database, key: str) -> None:
    """Delete our own note that never reached GLPI."""
    db.execute("DELETE FROM notes WHERE key = ? AND glpi_id IS NULL", [key])


def add_conflicts(db: Database, number: str, found: Iterable[Conflict]) -> None:
    """Append to the conflicts of a ticket."""
    for item in found:
        row = {"ticket_number": number, "field": item.field, "base": item.base, "ours": item.ours}
        rows.insert(db, "conflicts", row | {"theirs": item.theirs, "kept": item.kept, "at": rows.to_text(item.at)})


def conflicts(db: Database, number: str | None) -> list[Conflict]:
    """Conflicts in the order they were met, of one ticket or of all."""
    where, params = ("", []) if number is None else ("WHERE ticket_number = ?", [number])
    return [
        Conflict(
            row["ticket_number"],
            row["field"],
            row["base"],
            row["ours"],
            row["theirs"],
            row["kept"],
            rows.from_text(row["at"]),
        )
        for row in rows.query(db, f"SELECT * FROM conflicts {where} ORDER BY id", params)
    ]


def drop(db: Database, number: str, gone: Iterable[tuple[str, int]]) -> None:
    """Delete notes of a ticket that GLPI's people deleted or made private, by kind and GLPI's id; our own stay."""
    sql = "DELETE FROM notes WHERE ticket_number = ? AND kind = ? AND glpi_id = ? AND key IS NULL"
    db.conn.executemany(sql, [(number, kind, glpi_id) for kind, glpi_id in gone])


def _adopt(db: Database, row: rows.Row) -> bool:
    """Update our own note; False when there is none with that key."""
    if row["key"] is None:
        return False
    known = db.execute("SELECT ticket_number, glpi_id, text FROM notes WHERE key = ?", [row["key"]]).fetchone()
    if known is None:
        return False
    number, glpi_id, text = known
    is_alike = number == row["ticket_number"] and (glpi_id is None or text.split() == row["text"].split())
    if row["glpi_id"] not in (None, glpi_id) and not is_alike:
        row["key"] = None  # somebody's answer that quotes ours, key and all
        return False
    # A pull may have met it before we knew that it was ours.
    db.execute("DELETE FROM notes WHERE kind = :kind AND glpi_id = :glpi_id AND key IS NOT :key", row)
    # Sent twice, it has two ids: the audit keeps the lower one.
    lower = "coalesce(min(glpi_id, :glpi_id), glpi_id, :glpi_id)"
    db.execute(f"UPDATE notes SET text = :text, glpi_id = {lower} WHERE key = :key", row)
    return True


def _refresh(db: Database, row: rows.Row) -> bool:
    """Update a note by GLPI's id; False when it is new. Its key is kept, or learnt."""
    if row["glpi_id"] is None:
        return False
    sql = """UPDATE notes SET ticket_number = :ticket_number, key = coalesce(key, :key),
        text = :text, at = CASE WHEN key IS NULL THEN :at ELSE at END,
        is_private = CASE WHEN key IS NULL THEN :is_private ELSE is_private END,
        author_id = CASE WHEN key IS NULL THEN :author_id ELSE author_id END
        WHERE kind = :kind AND glpi_id = :glpi_id"""
    return db.execute(sql, row).rowcount > 0


def _row(number: str, note: TicketNote) -> rows.Row:
    row = {"ticket_number": number, "kind": note.kind, "glpi_id": note.glpi_id, "text": note.text}
    row |= {"at": rows.to_text(note.at), "is_private": int(note.is_private), "key": note.key}
    return row | {"author_id": note.author_id}


def _note_of(row: rows.Row) -> TicketNote:
    return TicketNote(
        ticket_number=row["ticket_number"],
        kind=row["kind"],
        text=row["text"],
        at=rows.from_text(row["at"]),
        is_private=bool(row["is_private"]),
        glpi_id=row["glpi_id"],
        key=row["key"],
        author_id=row["author_id"],
    )

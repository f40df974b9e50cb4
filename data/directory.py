"""GLPI's people and categories as last read, inside the transaction that is open. Searched offline, never listed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from sqlite_utils import Database

from data import rows
from data.folding import fold, searched_text, words_of
from data.records import MirroredCategory, Person

LEAST_LETTERS: Final = 3
"""A search for fewer finds nobody: the directory is asked, not read."""
_WORDS_SEARCHED: Final = 8

_FLAGS: Final = ("is_incident", "is_request", "is_visible")


# --- people -----------------------------------------------------------------------------------------


def save(db: Database, people: Iterable[Person], seen_at: datetime) -> None:
    """Insert or update people by their GLPI id. See ``Store.save_users``."""
    seen = rows.to_text(seen_at)
    for person in people:
        if person.glpi_id is None:
            raise ValueError("a mirrored person has GLPI's id")
        row: rows.Row = {"name": person.name, "login": person.login, "is_active": int(person.is_active)}
        row |= {"glpi_id": person.glpi_id, "seen_at": seen}
        user_id = _known(db, person)
        if user_id is None:
            user_id = rows.insert(db, "users", row)
        else:
            rows.update(db, "users", row, "id = ?", [user_id])
        for changed in {user_id, *_save_addresses(db, user_id, person)}:
            _make_searched(db, changed)


def drop_not_seen(db: Database, since: datetime) -> int:
    """Forget who GLPI has no more; who has a badge only becomes inactive. How many."""
    condition, seen = "glpi_id IS NOT NULL AND seen_at < ?", [rows.to_text(since)]
    inactive = rows.update(db, "users", {"is_active": 0}, f"{condition} AND badge IS NOT NULL AND is_active = 1", seen)
    return inactive + db.execute(f"DELETE FROM users WHERE {condition} AND badge IS NULL", seen).rowcount


def find(db: Database, letters: str, limit: int) -> list[Person]:
    """Active people with words that begin so, by name. See ``Store.find_people``."""
    words = _looked_for(letters)
    if sum(map(len, words)) < LEAST_LETTERS:
        return []
    # The index holds what is looked in, in the order wanted: nothing else is read, and only up to the limit.
    conditions = " ".join("AND instr(searched, ?) > 0" for _ in words)
    sql = f"""SELECT id FROM users INDEXED BY users_searched
        WHERE is_active = 1 {conditions} ORDER BY searched LIMIT ?"""
    found = db.execute(sql, [*(f" {word}" for word in words), limit]).fetchall()
    return [_person(db, user_id) for (user_id,) in found]


def by_email(db: Database, email: str) -> Person | None:
    """Who has this address, also as a secondary one."""
    found = db.execute("SELECT user_id FROM user_emails WHERE email = ?", [email.strip()]).fetchone()
    return None if found is None else _person(db, found[0])


def by_glpi_id(db: Database, glpi_id: int) -> Person | None:
    """The person behind GLPI's id."""
    found = db.execute("SELECT id FROM users WHERE glpi_id = ?", [glpi_id]).fetchone()
    return None if found is None else _person(db, found[0])


def count(db: Database) -> int:
    """How many people there are, inactive ones included."""
    return int(db.execute("SELECT count(*) FROM users").fetchone()[0])


def _known(db: Database, person: Person) -> int | None:
    """The row of a person: by GLPI's id, else one entered here (for a badge) with one of the addresses."""
    found = db.execute("SELECT id FROM users WHERE glpi_id = ?", [person.glpi_id]).fetchone()
    sql = "SELECT id FROM user_emails JOIN users ON users.id = user_id WHERE email = ? AND glpi_id IS NULL"
    for email in person.emails if found is None else ():
        found = found or db.execute(sql, [email.strip()]).fetchone()
    return None if found is None else int(found[0])


def _save_addresses(db: Database, user_id: int, person: Person) -> set[int]:
    """Replace the addresses of a person; the others who lost one by it.

    An address two people have in GLPI belongs to the active one of them, or to who was saved last.
    """
    wanted = list(dict.fromkeys(email.strip() for email in person.emails if email.strip()))
    if _addresses(db, user_id) == wanted:
        return set()
    db.execute("DELETE FROM user_emails WHERE user_id = ?", [user_id])
    losers = set()
    for position, email in enumerate(wanted):
        sql = "SELECT users.id, is_active FROM user_emails JOIN users ON users.id = user_id WHERE email = ?"
        holder = db.execute(sql, [email]).fetchone()
        if holder is not None and holder[0] != user_id:
            if holder[1] and not person.is_active:
                continue
            losers.add(int(holder[0]))
        db.execute("INSERT OR REPLACE INTO user_emails VALUES (?, ?, ?)", [email, user_id, int(position == 0)])
    return losers


def _make_searched(db: Database, user_id: int) -> None:
    name, login, before = db.execute("SELECT name, login, searched FROM users WHERE id = ?", [user_id]).fetchone()
    searched = searched_text(name, login, _addresses(db, user_id))
    if searched != before:
        rows.update(db, "users", {"searched": searched}, "id = ?", [user_id])


def _looked_for(letters: str) -> list[str]:
    """What a person typed as beginnings of words; an address stays whole."""
    words: list[str] = []
    for part in letters.split()[:_WORDS_SEARCHED]:
        words += [fold(part)] if "@" in part else words_of(part)
    return words


def _addresses(db: Database, user_id: int) -> list[str]:
    """The addresses of a person, the default one first."""
    sql = "SELECT email FROM user_emails WHERE user_id = ? ORDER BY is_default DESC, rowid"
    return [email for (email,) in db.execute(sql, [user_id]).fetchall()]


def _person(db: Database, user_id: int) -> Person:
    row = rows.query(db, "SELECT * FROM users WHERE id = ?", [user_id])[0]
    emails = tuple(_addresses(db, user_id))
    return Person(row["name"], row["glpi_id"], row["login"], emails, bool(row["is_active"]), row["badge"])


# --- categories -------------------------------------------------------------------------------------


def save_categories(db: Database, found: Iterable[MirroredCategory]) -> None:
    """Replace GLPI's tree."""
    db.execute("DELETE FROM glpi_categories")
    for item in found:
        row: rows.Row = {"glpi_id": item.glpi_id, "name": item.name, "completename": item.completename}
        flags = {name: _flag(getattr(item, name)) for name in _FLAGS}
        rows.insert(db, "glpi_categories", row | {"parent_id": item.parent_id} | flags)


def categories(db: Database) -> list[MirroredCategory]:
    """GLPI's tree, by the complete names."""
    found = rows.query(db, "SELECT * FROM glpi_categories ORDER BY completename, glpi_id")
    return [MirroredCategory(**(row | {name: _maybe(row[name]) for name in _FLAGS})) for row in found]


def _flag(value: bool | None) -> int | None:
    return None if value is None else int(value)


def _maybe(value: Any) -> bool | None:
    return None if value is None else bool(value)

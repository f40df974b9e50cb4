"""Records to rows and back, and the few statements that both ``data.store`` and ``data.outbox`` need.

Times are stored as UTC text of fixed width, so that they sort as text; lists and mappings as JSON.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from sqlite_utils import Database

from data.records import (
    Action,
    Category,
    Draft,
    EntryKind,
    EntryState,
    Event,
    OutboxEntry,
    Priority,
    Question,
    Session,
    SessionStatus,
    Stage,
    Ticket,
    Turn,
    ValidationMethod,
)
from data.search import INDEXED, index_ticket, unindex_ticket

Row = dict[str, Any]
"""A row as SQLite gives and takes it, by column name."""

_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode

_FIXED = frozenset({"ticket_number", "session_id", "created_at", "updated_at"})
_BOOKKEEPING = frozenset({"notes_read"})
"""Fields that say nothing about the ticket: ``updated_at`` stays when they alone change."""
_TICKET_FIELDS = tuple(field.name for field in fields(Ticket))
_TICKET_NAMES = frozenset(_TICKET_FIELDS)
_DRAFT_FIELDS = tuple(field.name for field in fields(Draft))


def to_text(at: datetime) -> str:
    """An aware time as ``2026-11-22T14:05:09.123456Z``.

    Raises:
        ValueError: The time is naive; a guess would be wrong for half of the machines.
    """
    if at.tzinfo is None:
        raise ValueError("a naive datetime cannot be stored")
    return at.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def from_text(text: str) -> datetime:
    """The aware UTC time behind a stored text."""
    return datetime.fromisoformat(text)


def _maybe(text: str | None) -> datetime | None:
    return None if text is None else from_text(text)


def _mapping(text: str) -> Mapping[str, Any]:
    return MappingProxyType(json.loads(text))


def query(db: Database, sql: str, params: Iterable[Any] = ()) -> list[Row]:
    """All rows of a SELECT, inside the transaction that is open."""
    cursor = db.execute(sql, tuple(params))
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, values, strict=True)) for values in cursor]


def insert(db: Database, table: str, row: Row) -> int:
    """Insert one row and return its rowid.

    Plain SQL: ``Table.insert`` of sqlite-utils looks the schema up at each call, which costs as much as the rest of
    a confirmation.
    """
    places = ", ".join("?" * len(row))
    cursor = db.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({places})", tuple(row.values()))
    return int(cursor.lastrowid or 0)


def update(db: Database, table: str, row: Row, where: str, params: Iterable[Any]) -> int:
    """Set columns where a condition holds; how many rows changed."""
    columns = ", ".join(f"{name} = ?" for name in row)
    return db.execute(f"UPDATE {table} SET {columns} WHERE {where}", (*row.values(), *params)).rowcount


# --- sessions ---------------------------------------------------------------------------------------


def session_row(session: Session) -> Row:
    """The columns of ``analysis_sessions``; turns are rows of their own."""
    return {
        "id": session.id,
        "created_at": to_text(session.created_at),
        "expires_at": to_text(session.expires_at),
        "stage": session.stage.value,
        "status": session.status.value,
        "reason": session.reason,
        "summary": None if session.draft is None else draft_text(session.draft),
        "confidence": None if session.draft is None else session.draft.confidence,
        "action": None if session.action is None else session.action.value,
        "attempts": session.attempts,
        "parent_id": session.parent_id,
        "requester_email": session.requester_email,
        "identified_by": session.identified_by,
        "device": session.device,
        "ticket_number": session.ticket_number,
        "modified": int(session.modified),
    }


def session_of(row: Row, turns: Iterable[Row]) -> Session:
    """The record of a session and its turns, both as stored."""
    return Session(
        id=row["id"],
        created_at=from_text(row["created_at"]),
        expires_at=from_text(row["expires_at"]),
        stage=Stage(row["stage"]),
        status=SessionStatus(row["status"]),
        reason=row["reason"],
        turns=tuple(Turn(turn["author"], turn["text"], from_text(turn["at"]), turn["key"]) for turn in turns),
        draft=None if row["summary"] is None else draft_of(row["summary"]),
        action=None if row["action"] is None else Action(row["action"]),
        attempts=row["attempts"],
        parent_id=row["parent_id"],
        requester_email=row["requester_email"],
        identified_by=row["identified_by"],
        device=row["device"],
        ticket_number=row["ticket_number"],
        modified=bool(row["modified"]),
    )


def turn_row(session_id: str, position: int, turn: Turn) -> Row:
    """The columns of ``turns``."""
    return {
        "session_id": session_id,
        "position": position,
        "author": turn.author,
        "text": turn.text,
        "at": to_text(turn.at),
        "key": turn.key,
    }


def draft_text(draft: Draft) -> str:
    """The Smart Summary as JSON, one key per field."""
    values = {name: getattr(draft, name) for name in _DRAFT_FIELDS}
    values["extracted_info"] = dict(draft.extracted_info)
    values["questions"] = [{"key": q.key, "text": q.text, "answers": q.answers} for q in draft.questions]
    return _json(values)


def draft_of(text: str) -> Draft:
    """The Smart Summary behind its JSON."""
    values = {name: value for name, value in json.loads(text).items() if name in _DRAFT_FIELDS}
    for name in ("symptoms", "missing_info", "other_problems"):
        values[name] = tuple(values.get(name, ()))
    values["priority"] = Priority(values["priority"])
    values["extracted_info"] = MappingProxyType(values.get("extracted_info", {}))
    values["questions"] = tuple(
        Question(item["key"], item["text"], tuple(item["answers"])) for item in values.get("questions", ())
    )
    return Draft(**values)


# --- tickets ----------------------------------------------------------------------------------------


def ticket_row(ticket: Ticket) -> Row:
    """The columns of ``tickets``, without its rowid."""
    return {name: _column(getattr(ticket, name)) for name in _TICKET_FIELDS}


def ticket_of(row: Row) -> Ticket:
    """The record of a stored ticket."""
    values = {name: value for name, value in row.items() if name in _TICKET_NAMES}
    for name in ("symptoms", "missing_info"):
        values[name] = tuple(json.loads(values[name]))
    values["extracted_info"] = _mapping(values["extracted_info"])
    values["priority"] = Priority(values["priority"])
    values["validation_method"] = ValidationMethod(values["validation_method"])
    for name in ("modified", "ready_for_l1", "synced_to_glpi"):
        values[name] = bool(values[name])
    for name in ("created_at", "updated_at", "glpi_sync_at", "glpi_updated_at", "resolved_at", "closed_at"):
        values[name] = _maybe(values[name])
    return Ticket(**values)


def stored_ticket(db: Database, number: str) -> Ticket:
    """A ticket that is there, as it is in the transaction that is open.

    Raises:
        LookupError: It is not.
    """
    for row in query(db, "SELECT * FROM tickets WHERE ticket_number = ?", [number]):
        return ticket_of(row)
    raise LookupError(f"no ticket {number}")


def ticket_exists(db: Database, number: str) -> bool:
    """Whether there is a ticket of this number."""
    return db.execute("SELECT 1 FROM tickets WHERE ticket_number = ?", [number]).fetchone() is not None


def tickets_by_glpi_ids(db: Database, ids: Sequence[int]) -> dict[int, Ticket]:
    """The tickets GLPI knows under these numbers; of two with the same one, the older."""
    sql = """SELECT t.* FROM json_each(?) AS wanted CROSS JOIN tickets AS t ON t.glpi_ticket_id = wanted.value
        ORDER BY t.id DESC"""
    return {row["glpi_ticket_id"]: ticket_of(row) for row in query(db, sql, [_json(list(ids))])}


def change_ticket(db: Database, number: str, changes: Mapping[str, object], now: datetime) -> bool:
    """Change fields of a ticket, by their names in ``Ticket``, and move ``updated_at``; False without such a ticket.

    Raises:
        ValueError: A name is no field, or one that never changes.
    """
    wrong = set(changes).difference(_TICKET_FIELDS) | _FIXED.intersection(changes)
    if wrong:
        raise ValueError(f"not to be changed: {', '.join(sorted(wrong))}")
    row = {name: _column(value) for name, value in changes.items()}
    if not changes or not _BOOKKEEPING.issuperset(changes):
        row["updated_at"] = to_text(now)
    is_searched = not row.keys().isdisjoint(INDEXED)
    if is_searched:
        unindex_ticket(db, number)
    is_found = update(db, "tickets", row, "ticket_number = ?", [number]) > 0
    if is_searched:
        index_ticket(db, number)
    return is_found


def _column(value: object) -> str | int | float | None:
    """A field of a record as SQLite stores it (an enum is its text)."""
    if value is None or isinstance(value, str):
        return value if value is None else str(value)
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int | float):
        return value
    if isinstance(value, datetime):
        return to_text(value)
    return _json(dict(value) if isinstance(value, Mapping) else value)


# --- outbox, state, categories, events --------------------------------------------------------------


def entry_of(row: Row) -> OutboxEntry:
    """The record of a stored outbox entry."""
    return OutboxEntry(
        id=row["id"],
        ticket_number=row["ticket_number"],
        kind=EntryKind(row["kind"]),
        state=EntryState(row["state"]),
        key=row["key"],
        attempts=row["attempts"],
        lookups=row["lookups"],
        created_at=from_text(row["created_at"]),
        next_attempt_at=from_text(row["next_attempt_at"]),
        first_attempt_at=_maybe(row["first_attempt_at"]),
        error=row["error"],
        payload=_mapping(row["payload"] or "{}"),
    )


def payload_row(payload: Mapping[str, Any] | None) -> Row:
    """The column of ``outbox`` that says what an entry carries; NULL for nothing."""
    return {"payload": _json(dict(payload)) if payload else None}


def add_entry(
    db: Database,
    ticket_number: str,
    kind: EntryKind,
    key: str,
    now: datetime,
    due: datetime,
    payload: Mapping[str, Any] | None = None,
) -> int:
    """Put something to send into the outbox; its id."""
    row: Row = {"ticket_number": ticket_number, "kind": kind.value, "state": EntryState.PENDING.value, "key": key}
    row |= payload_row(payload)
    times = {"created_at": to_text(now), "next_attempt_at": to_text(due)}
    return insert(db, "outbox", row | {"attempts": 0, "lookups": 0} | times)


def set_state(db: Database, key: str, value: str | None) -> None:
    """Keep a value in ``sync_state``; None forgets it."""
    if value is None:
        db.execute("DELETE FROM sync_state WHERE key = ?", [key])
        return
    db.execute(
        "INSERT INTO sync_state VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", [key, value]
    )


def category_of(row: Row) -> Category:
    """The record of a stored category."""
    return Category(row["code"], row["name"], row["parent"], row["glpi_id"], bool(row["active"]))


def event_row(event: Event) -> Row:
    """The columns of ``events``, without its id."""
    row = {"at": to_text(event.at), "name": event.name, "session_id": event.session_id}
    return row | {"ticket_number": event.ticket_number, "details": _json(dict(event.values))}


def event_of(row: Row) -> Event:
    """The record of a stored event."""
    return Event(from_text(row["at"]), row["name"], row["session_id"], row["ticket_number"], _mapping(row["details"]))

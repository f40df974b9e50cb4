"""Taking what people wrote out of the database, so that a search through the bytes of its files finds none of it.

``data.store`` says when; who asked, and what else has to go, is the business of the engine.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlite_utils import Database

from data import rows
from data.search import rebuild
from data.transactions import empty_wal, reading, rewrite, writing

_UNFINISHED: Final = "erasure_unfinished"
"""Key of ``sync_state``: words were erased, and the file has not been rewritten since."""

_BLANK_TICKET: rows.Row = {
    "title": "", "description": "", "user_message": "", "symptoms": (), "extracted_info": {}, "requester": None,
}  # fmt: skip
_BLANK_SUMMARY: rows.Row = {
    "title": "", "symptoms": [], "extracted_info": {}, "questions": [], "other_problems": [],
}  # fmt: skip

_FAMILY = """
    WITH RECURSIVE family(id) AS (
        SELECT id FROM analysis_sessions WHERE id IN (SELECT value FROM json_each(:sessions))
        UNION SELECT session_id FROM tickets
            WHERE ticket_number IN (SELECT value FROM json_each(:tickets)) AND session_id IS NOT NULL
        UNION SELECT relative.id FROM family JOIN analysis_sessions AS known ON known.id = family.id
            JOIN analysis_sessions AS relative ON relative.id = known.parent_id
        UNION SELECT child.id FROM family JOIN analysis_sessions AS child ON child.parent_id = family.id)
    SELECT id, summary FROM analysis_sessions WHERE id IN (SELECT id FROM family)"""


def blank(db: Database, ticket_numbers: Sequence[str], session_ids: Sequence[str], now: datetime) -> tuple[int, int]:
    """Blank the text columns of tickets, of their notes and entries, and of sessions with all their relatives.

    All in the transaction that is open.

    Returns:
        How many tickets, how many sessions.
    """
    tickets = sum(rows.change_ticket(db, number, _BLANK_TICKET, now) for number in ticket_numbers)
    wanted = {"sessions": json.dumps(list(session_ids)), "tickets": json.dumps(list(ticket_numbers))}
    rows.set_state(db, _UNFINISHED, "1")
    family = db.execute(_FAMILY, wanted).fetchall()
    for session_id, summary in family:
        row = {"requester_email": None, "summary": _blank_summary(summary)}
        rows.update(db, "analysis_sessions", row, "id = ?", [session_id])
        rows.update(db, "turns", {"text": ""}, "session_id = ?", [session_id])
    for number in ticket_numbers:
        rows.update(db, "notes", {"text": ""}, "ticket_number = ?", [number])
        rows.update(db, "outbox", {"payload": None}, "ticket_number = ?", [number])
    rebuild(db)
    return tickets, len(family)


def drop_people(db: Database, emails: Sequence[str]) -> int:
    """Delete the people who have one of these addresses, with all of theirs, in the transaction that is open."""
    rows.set_state(db, _UNFINISHED, "1")
    sql = "DELETE FROM users WHERE id IN (SELECT user_id FROM user_emails WHERE email = ?)"
    return sum(db.execute(sql, [email.strip()]).rowcount for email in emails)


def finish(db: Database) -> None:
    """Empty the WAL after a deletion; after an erasure, perhaps one that a power cut interrupted, rewrite the file."""
    with reading(db):
        is_unfinished = db.execute("SELECT 1 FROM sync_state WHERE key = ?", [_UNFINISHED]).fetchone()
    if not is_unfinished:
        empty_wal(db)
        return
    rewrite(db)
    with writing(db):
        rows.set_state(db, _UNFINISHED, None)


def _blank_summary(summary: str | None) -> str | None:
    return None if summary is None else json.dumps(json.loads(summary) | _BLANK_SUMMARY)

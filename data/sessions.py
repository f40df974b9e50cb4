"""Sessions and their turns as rows: what ``data.store`` does with them inside a transaction."""

from __future__ import annotations

from datetime import datetime

from sqlite_utils import Database

from data import rows
from data.errors import SessionNotOpen
from data.event_log import append
from data.records import Event, Session, SessionStatus, Stage


def stored(db: Database, session_id: str) -> rows.Row | None:
    """The row of a session, without its turns."""
    found = rows.query(db, "SELECT * FROM analysis_sessions WHERE id = ?", [session_id])
    return found[0] if found else None


def load(db: Database, session_id: str) -> Session | None:
    """The session with its turns, or None."""
    row = stored(db, session_id)
    if row is None:
        return None
    turns = rows.query(db, "SELECT * FROM turns WHERE session_id = ? ORDER BY position", [session_id])
    return rows.session_of(row, turns)


def save(db: Database, session: Session, expected_stage: Stage | None) -> bool:
    """Insert a session or update a pending one; the turns that are new are added. See ``Store.save_session``."""
    row = rows.session_row(session)
    stage = expected_stage.value if expected_stage else None
    condition = "id = ? AND status = 'pending' AND (? IS NULL OR stage = ?)"
    if not rows.update(db, "analysis_sessions", row, condition, [session.id, stage, stage]):
        if expected_stage is not None or stored(db, session.id):
            return False
        rows.insert(db, "analysis_sessions", row)
    count = db.execute("SELECT count(*) FROM turns WHERE session_id = ?", [session.id]).fetchone()[0]
    for position, turn in enumerate(session.turns[count:], start=count):
        rows.insert(db, "turns", rows.turn_row(session.id, position, turn))
    return True


def require_open(session_id: str, row: rows.Row | None, expected_stage: Stage | None, now: datetime) -> None:
    """Refuse a session that cannot become a ticket.

    Raises:
        SessionNotOpen: It is unknown, past its time, ended, or not in the expected stage.
    """
    if row is None:
        raise SessionNotOpen(session_id, None, None)
    status, stage = SessionStatus(row["status"]), Stage(row["stage"])
    if status is SessionStatus.PENDING and rows.from_text(row["expires_at"]) <= now:
        status = SessionStatus.EXPIRED
    if status is not SessionStatus.PENDING or expected_stage not in (None, stage):
        raise SessionNotOpen(session_id, status, stage)


def abandon(db: Database, device: str, now: datetime) -> list[str]:
    """Close the pending sessions of a device as abandoned; their ids."""
    ended = {"stage": Stage.ABANDONED.value, "status": SessionStatus.INVALIDATED.value, "reason": "abandoned"}
    return _close(db, "device = ?", device, ended, "SESSION_ABANDONED", now)


def expire(db: Database, now: datetime) -> list[str]:
    """Close the pending sessions whose time is over; their ids."""
    ended = {"stage": Stage.EXPIRED.value, "status": SessionStatus.EXPIRED.value}
    return _close(db, "expires_at <= ?", rows.to_text(now), ended, "SESSION_EXPIRED", now)


def purge(db: Database, before: datetime) -> int:
    """Delete what expired before a time without becoming a ticket, with the turns; how many."""
    sql = "DELETE FROM analysis_sessions WHERE status <> 'converted_to_ticket' AND expires_at < ?"
    return db.execute(sql, [rows.to_text(before)]).rowcount


def _close(db: Database, condition: str, value: str, ended: rows.Row, event: str, now: datetime) -> list[str]:
    # The second condition says nothing new, but lets SQLite use the index of the unfinished ones.
    sql = f"""SELECT id, device FROM analysis_sessions
        WHERE status = 'pending' AND status <> 'converted_to_ticket' AND {condition} ORDER BY expires_at, id"""
    found = rows.query(db, sql, [value])
    for session in found:
        rows.update(db, "analysis_sessions", ended, "id = ?", [session["id"]])
        append(db, Event(now, event, session["id"], values={"device": session["device"]}))
    return [session["id"] for session in found]

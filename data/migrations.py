"""The tables, as numbered functions that are only ever added to.

A function here is never changed once it was released: databases made by it exist.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sqlite_utils import Database

from data.errors import DatabaseError
from data.folding import searched_text
from data.transactions import path_of, reading, writing

EVENTS_KEPT_FROM: Final = "events_kept_from"
"""Key of ``sync_state``: only events before this time can be deleted (see ``Store.purge_events``)."""


def conversations(db: Database) -> None:
    """Migration 1: categories, people, sessions with their turns, and the counters of ticket numbers."""
    for statement in (
        """CREATE TABLE categories (
            code TEXT PRIMARY KEY, name TEXT NOT NULL,
            parent TEXT REFERENCES categories(code) DEFERRABLE INITIALLY DEFERRED,
            glpi_id INTEGER, active INTEGER NOT NULL, position INTEGER NOT NULL) STRICT""",
        """CREATE TABLE users (
            id INTEGER PRIMARY KEY, name TEXT NOT NULL, badge TEXT UNIQUE, glpi_id INTEGER UNIQUE) STRICT""",
        """CREATE TABLE user_emails (
            email TEXT PRIMARY KEY COLLATE NOCASE, user_id INTEGER NOT NULL REFERENCES users(id) ON DELETE CASCADE,
            is_default INTEGER NOT NULL DEFAULT 0) STRICT""",
        "CREATE INDEX user_emails_user ON user_emails(user_id)",
        """CREATE TABLE analysis_sessions (
            id TEXT PRIMARY KEY, created_at TEXT NOT NULL, expires_at TEXT NOT NULL, stage TEXT NOT NULL,
            status TEXT NOT NULL, reason TEXT, summary TEXT, confidence REAL, action TEXT, attempts INTEGER NOT NULL,
            parent_id TEXT, requester_email TEXT, identified_by TEXT NOT NULL, device TEXT NOT NULL,
            ticket_number TEXT, modified INTEGER NOT NULL) STRICT""",
        "CREATE INDEX sessions_parent ON analysis_sessions(parent_id) WHERE parent_id IS NOT NULL",
        "CREATE INDEX sessions_unfinished ON analysis_sessions(expires_at) WHERE status <> 'converted_to_ticket'",
        """CREATE TABLE turns (
            session_id TEXT NOT NULL REFERENCES analysis_sessions(id) ON DELETE CASCADE, position INTEGER NOT NULL,
            author TEXT NOT NULL, text TEXT NOT NULL, at TEXT NOT NULL, key TEXT,
            PRIMARY KEY (session_id, position)) STRICT""",
        """CREATE TABLE counters (
            year INTEGER NOT NULL, device TEXT NOT NULL, last INTEGER NOT NULL,
            PRIMARY KEY (year, device)) STRICT, WITHOUT ROWID""",
    ):
        db.execute(statement)


def tickets(db: Database) -> None:
    """Migration 2: tickets, and the full-text index over their words.

    The index keeps no text of its own (external content), so that rebuilding it forgets what was erased. No trigger
    feeds it: with ``trusted_schema`` off SQLite refuses an FTS5 table in a trigger. ``data.search`` does.
    """
    for statement in (
        """CREATE TABLE tickets (
            id INTEGER PRIMARY KEY, ticket_number TEXT NOT NULL UNIQUE, session_id TEXT UNIQUE, title TEXT NOT NULL,
            description TEXT NOT NULL, user_message TEXT NOT NULL, category TEXT NOT NULL, subcategory TEXT,
            priority TEXT NOT NULL, status TEXT NOT NULL, requester TEXT, confidence REAL NOT NULL,
            symptoms TEXT NOT NULL, extracted_info TEXT NOT NULL, missing_info TEXT NOT NULL,
            validation_method TEXT NOT NULL, modified INTEGER NOT NULL, engine TEXT NOT NULL,
            engine_version TEXT NOT NULL, ready_for_l1 INTEGER NOT NULL, identified_by TEXT NOT NULL,
            created_at TEXT NOT NULL, updated_at TEXT NOT NULL, proposed_category TEXT, glpi_ticket_id INTEGER,
            synced_to_glpi INTEGER NOT NULL, glpi_sync_at TEXT, glpi_last_update TEXT, glpi_category TEXT,
            sync_note TEXT, resolved_at TEXT, closed_at TEXT) STRICT""",
        "CREATE INDEX tickets_status ON tickets(status)",
        "CREATE INDEX tickets_synced ON tickets(synced_to_glpi)",
        "CREATE INDEX tickets_status_synced ON tickets(status, synced_to_glpi)",
        "CREATE INDEX tickets_glpi ON tickets(glpi_ticket_id) WHERE glpi_ticket_id IS NOT NULL",
        """CREATE INDEX tickets_open_in_glpi ON tickets(glpi_ticket_id)
            WHERE glpi_ticket_id IS NOT NULL AND status <> 'closed'""",
        """CREATE VIRTUAL TABLE tickets_fts USING fts5(
            ticket_number, title, description, user_message, content = 'tickets', content_rowid = 'id',
            tokenize = 'unicode61 remove_diacritics 2', prefix = '3', columnsize = 0)""",
        """CREATE TRIGGER tickets_number_fixed BEFORE UPDATE OF ticket_number ON tickets
            WHEN NEW.ticket_number IS NOT OLD.ticket_number
            BEGIN SELECT RAISE(ABORT, 'a ticket number never changes'); END""",
    ):
        db.execute(statement)


def delivery(db: Database) -> None:
    """Migration 3: the outbox, its lease, the state of the synchronisation, and the append-only event log."""
    for statement in (
        """CREATE TABLE outbox (
            id INTEGER PRIMARY KEY AUTOINCREMENT, ticket_number TEXT NOT NULL REFERENCES tickets(ticket_number),
            kind TEXT NOT NULL, state TEXT NOT NULL, key TEXT NOT NULL UNIQUE, attempts INTEGER NOT NULL,
            lookups INTEGER NOT NULL, created_at TEXT NOT NULL, next_attempt_at TEXT NOT NULL,
            first_attempt_at TEXT, error TEXT) STRICT""",
        "CREATE INDEX outbox_unfinished ON outbox(ticket_number, id) WHERE state <> 'done'",
        "CREATE INDEX outbox_due ON outbox(next_attempt_at, id) WHERE state IN ('pending', 'unknown')",
        """CREATE TABLE leases (
            name TEXT PRIMARY KEY, owner TEXT NOT NULL, acquired_at TEXT NOT NULL, renewed_at TEXT NOT NULL,
            expires_at TEXT NOT NULL) STRICT""",
        "CREATE TABLE sync_state (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT",
        """CREATE TABLE events (
            id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, name TEXT NOT NULL, session_id TEXT,
            ticket_number TEXT, details TEXT NOT NULL) STRICT""",
        "CREATE INDEX events_name ON events(name, at)",
        "CREATE INDEX events_at ON events(at)",
        """CREATE TRIGGER events_never_change BEFORE UPDATE ON events
            BEGIN SELECT RAISE(ABORT, 'events are append-only'); END""",
        """CREATE TRIGGER events_never_replaced BEFORE INSERT ON events
            WHEN EXISTS (SELECT 1 FROM events WHERE id = NEW.id)
            BEGIN SELECT RAISE(ABORT, 'events are append-only'); END""",
        f"""CREATE TRIGGER events_stay BEFORE DELETE ON events
            WHEN OLD.at >= coalesce((SELECT value FROM sync_state WHERE key = '{EVENTS_KEPT_FROM}'), '')
            BEGIN SELECT RAISE(ABORT, 'events are append-only'); END""",
    ):
        db.execute(statement)


def both_ways(db: Database) -> None:
    """Migration 4: what GLPI has, kept beside what we have: notes, conflicts, its categories and its users."""
    for statement in (
        "ALTER TABLE tickets ADD COLUMN category_read_back TEXT",
        "ALTER TABLE tickets ADD COLUMN true_category TEXT",
        "ALTER TABLE tickets ADD COLUMN synced_status TEXT",
        "ALTER TABLE tickets ADD COLUMN synced_priority TEXT",
        "ALTER TABLE tickets ADD COLUMN synced_category TEXT",
        "ALTER TABLE tickets ADD COLUMN glpi_gone TEXT",
        "ALTER TABLE tickets ADD COLUMN glpi_updated_at TEXT",
        "ALTER TABLE tickets ADD COLUMN notes_read TEXT",
        "UPDATE tickets SET notes_read = glpi_last_update",
        """CREATE INDEX tickets_notes_due ON tickets(glpi_ticket_id)
            WHERE glpi_last_update IS NOT NULL AND notes_read IS NOT glpi_last_update""",
        # Tickets that GLPI shows no more are not asked for either; one in its trash may come back.
        "DROP INDEX tickets_open_in_glpi",
        """CREATE INDEX tickets_open_in_glpi ON tickets(glpi_ticket_id) WHERE glpi_ticket_id IS NOT NULL
            AND status <> 'closed' AND (glpi_gone IS NULL OR glpi_gone = 'trashed')""",
        # Until now the category was only ever read back after creation, and all else was GLPI's.
        """UPDATE tickets SET category_read_back = glpi_category, synced_category = glpi_category,
            synced_status = status, synced_priority = priority WHERE glpi_last_update IS NOT NULL""",
        """UPDATE tickets SET category_read_back = glpi_category, synced_category = glpi_category
            WHERE glpi_category IS NOT NULL AND glpi_last_update IS NULL""",
        "ALTER TABLE outbox ADD COLUMN payload TEXT",
        """CREATE TABLE notes (
            id INTEGER PRIMARY KEY, ticket_number TEXT NOT NULL REFERENCES tickets(ticket_number),
            kind TEXT NOT NULL, glpi_id INTEGER, text TEXT NOT NULL, at TEXT NOT NULL, is_private INTEGER NOT NULL,
            key TEXT UNIQUE, author_id INTEGER) STRICT""",
        "CREATE UNIQUE INDEX notes_glpi ON notes(kind, glpi_id) WHERE glpi_id IS NOT NULL",
        "CREATE INDEX notes_ticket ON notes(ticket_number, at)",
        """CREATE TABLE conflicts (
            id INTEGER PRIMARY KEY AUTOINCREMENT, ticket_number TEXT NOT NULL REFERENCES tickets(ticket_number),
            field TEXT NOT NULL, base TEXT, ours TEXT NOT NULL, theirs TEXT NOT NULL, kept TEXT NOT NULL,
            at TEXT NOT NULL) STRICT""",
        "CREATE INDEX conflicts_ticket ON conflicts(ticket_number)",
        """CREATE TABLE glpi_categories (
            glpi_id INTEGER PRIMARY KEY, name TEXT NOT NULL, completename TEXT NOT NULL, parent_id INTEGER NOT NULL,
            is_incident INTEGER, is_request INTEGER, is_visible INTEGER) STRICT""",
        "ALTER TABLE users ADD COLUMN login TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE users ADD COLUMN is_active INTEGER NOT NULL DEFAULT 1",
        # What a search by three letters looks in: name, login and addresses without case and accents.
        "ALTER TABLE users ADD COLUMN searched TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE users ADD COLUMN seen_at TEXT NOT NULL DEFAULT ''",
        "CREATE INDEX users_searched ON users(searched, is_active) WHERE is_active = 1",
        """CREATE TABLE pull_requests (
            glpi_ticket_id INTEGER PRIMARY KEY, asked_at TEXT, pulled_at TEXT) STRICT""",
        "CREATE TABLE reads (at TEXT NOT NULL, requests INTEGER NOT NULL) STRICT",
        "CREATE INDEX reads_at ON reads(at)",
    ):
        db.execute(statement)
    for user_id, name in db.execute("SELECT id, name FROM users").fetchall():
        emails = db.execute("SELECT email FROM user_emails WHERE user_id = ?", [user_id]).fetchall()
        searched = searched_text(name, "", (email for (email,) in emails))
        db.execute("UPDATE users SET searched = ? WHERE id = ?", [searched, user_id])


def category_ids(db: Database) -> None:
    """Migration 5: GLPI's own id of a ticket's category, which stays when a site maps its categories anew."""
    db.execute("ALTER TABLE tickets ADD COLUMN glpi_category_id INTEGER")


MIGRATIONS: Final[tuple[Callable[[Database], None], ...]] = (conversations, tickets, delivery, both_ways, category_ids)
"""In the order they are applied; the number of a migration is its position, from 1."""


def migrate(db: Database, up_to: int = len(MIGRATIONS)) -> None:
    """Apply what is missing, each migration in a transaction of its own together with the record of it.

    NOTE: sqlite-utils 4.2.1 has ``Migrations``, which decides what is pending before it begins, and begins deferred:
    two processes that open a new file at once would both apply the first one, or be refused.

    Args:
        db: An open database.
        up_to: The last number to apply; for tests, which need the database an older program left.

    Raises:
        DatabaseError: ``newer_schema`` when a newer program has written this database.
    """
    applied = _applied(db)
    if applied > len(MIGRATIONS):
        raise DatabaseError("newer_schema", path_of(db))
    for number in range(applied + 1, up_to + 1):
        with writing(db):
            db.execute(
                "CREATE TABLE IF NOT EXISTS migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL,"
                " applied_at TEXT NOT NULL) STRICT"
            )
            if db.execute("SELECT 1 FROM migrations WHERE number = ?", [number]).fetchone():
                continue  # another process was faster
            MIGRATIONS[number - 1](db)
            db.execute(
                "INSERT INTO migrations VALUES (?, ?, strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))",
                [number, MIGRATIONS[number - 1].__name__],
            )


def _applied(db: Database) -> int:
    with reading(db):
        if not db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'migrations'").fetchone():
            return 0
        return int(db.execute("SELECT coalesce(max(number), 0) FROM migrations").fetchone()[0])

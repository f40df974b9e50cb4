"""The simulated GLPI's tables: in memory, and in a small SQLite file where they must outlive the process."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Row = dict[str, Any]
"""One row of a table, with GLPI's own column names."""


class Storage:
    """Tables of rows by id. Use it inside ``transaction`` only; a row is replaced, never changed in place."""

    def __init__(self, path: Path | None) -> None:
        """``path``: file to keep the tables in, made with mode 0600; None keeps them in memory only."""
        self._lock = threading.RLock()
        self._depth = 0
        self._tables: dict[str, dict[int, Row]] = {}
        self._indexes: dict[str, dict[str, dict[Any, dict[int, Row]]]] = {}
        self._values: dict[str, Any] = {}
        self._database = None if path is None else _open(path)
        self._seen_version = -1

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """One thread, and one process of those that share the file, at a time; durable when it ends."""
        with self._lock:
            if self._database is None or self._depth:
                yield
                return
            self._database.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                self._refresh(self._database)
                yield
            except BaseException:
                self._database.execute("ROLLBACK")
                self._seen_version = -1
                raise
            else:
                self._database.execute("COMMIT")
            finally:
                self._depth -= 1

    def rows(self, kind: str) -> dict[int, Row]:
        """All rows of a table by id, in the order of their ids."""
        return self._tables.setdefault(kind, {})

    def where(self, kind: str, column: str, value: Any) -> list[Row]:
        """The rows with this value in this column, in the order of their ids; looked up, not scanned."""
        index = self._indexes.setdefault(kind, {}).get(column)
        if index is None:
            index = self._indexes[kind][column] = {}
            for row in self.rows(kind).values():
                index.setdefault(row[column], {})[row["id"]] = row
        found = index.get(value)
        return [] if not found else [row for _, row in sorted(found.items())]

    def _unindex(self, kind: str, number: int) -> None:
        row = self.rows(kind).get(number)
        if row is not None:
            for column, index in self._indexes.get(kind, {}).items():
                index[row[column]].pop(number, None)

    def add(self, kind: str, row: Row) -> int:
        """Insert a row under the next id, which it gets as its first column; ids are never given twice."""
        number = int(self._values.get(f"next:{kind}", 1))
        self.remember(f"next:{kind}", number + 1)
        self.put(kind, {"id": number, **row})
        return number

    def put(self, kind: str, row: Row) -> None:
        """Insert or replace a row by its ``id``."""
        self._unindex(kind, row["id"])
        table = self.rows(kind)
        comes_late = row["id"] not in table and bool(table) and row["id"] < next(reversed(table))
        table[row["id"]] = row
        if comes_late:
            self._tables[kind] = dict(sorted(table.items()))
        for column, index in self._indexes.get(kind, {}).items():
            index.setdefault(row[column], {})[row["id"]] = row
        if self._database is not None:
            text = json.dumps(row, ensure_ascii=False)
            self._database.execute("INSERT OR REPLACE INTO rows VALUES (?, ?, ?)", (kind, row["id"], text))

    def remove(self, kind: str, number: int) -> None:
        """Delete a row."""
        self._unindex(kind, number)
        self.rows(kind).pop(number, None)
        if self._database is not None:
            self._database.execute("DELETE FROM rows WHERE kind = ? AND id = ?", (kind, number))

    def recall(self, name: str) -> Any:
        """A single value, None if it was never remembered."""
        return self._values.get(name)

    def remember(self, name: str, value: Any) -> None:
        """Keep a single value (JSON)."""
        self._values[name] = value
        if self._database is not None:
            self._database.execute("INSERT OR REPLACE INTO single_values VALUES (?, ?)", (name, json.dumps(value)))

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._database is not None:
                self._database.close()
                self._database = None

    def _refresh(self, database: sqlite3.Connection) -> None:
        """Read everything again if another process wrote to the file."""
        version = database.execute("PRAGMA data_version").fetchone()[0]
        if version == self._seen_version:
            return
        self._seen_version = version
        self._values = {name: json.loads(text) for name, text in database.execute("SELECT * FROM single_values")}
        self._tables, self._indexes = {}, {}
        for kind, number, text in database.execute("SELECT kind, id, body FROM rows ORDER BY kind, id"):
            self._tables.setdefault(kind, {})[number] = json.loads(text)


def _open(path: Path) -> sqlite3.Connection:
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    database = sqlite3.connect(path, timeout=30.0, isolation_level=None, check_same_thread=False)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.execute(
        "CREATE TABLE IF NOT EXISTS rows (kind TEXT, id INTEGER, body TEXT, PRIMARY KEY (kind, id)) WITHOUT ROWID"
    )
    database.execute("CREATE TABLE IF NOT EXISTS single_values (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID")
    return database

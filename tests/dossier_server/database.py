"""What the server keeps: dossiers, components, attachments, records, uploads in the making. SQLite, one connection, one lock."""

from __future__ import annotations

import hashlib
import sqlite3
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

TABLES = """
CREATE TABLE IF NOT EXISTS dossier (code TEXT PRIMARY KEY, agency TEXT, procedure TEXT, received_on TEXT, resolved_on TEXT);
CREATE TABLE IF NOT EXISTS component (dossier TEXT, code TEXT, PRIMARY KEY (dossier, code));
CREATE TABLE IF NOT EXISTS attachment (id INTEGER PRIMARY KEY AUTOINCREMENT, dossier TEXT, component TEXT, kind TEXT, name TEXT,
  key TEXT, sha256 TEXT, size INTEGER, content BLOB, created_at TEXT, fields TEXT);
CREATE INDEX IF NOT EXISTS attachment_dossier ON attachment (dossier, sha256);
CREATE INDEX IF NOT EXISTS attachment_key ON attachment (key);
CREATE TABLE IF NOT EXISTS record (id INTEGER PRIMARY KEY, dossier TEXT, name TEXT, key TEXT, body TEXT, created_at TEXT);
CREATE TABLE IF NOT EXISTS upload (id INTEGER PRIMARY KEY, dossier TEXT, component TEXT, kind TEXT, name TEXT, key TEXT,
  length INTEGER, content BLOB);
"""


class Database:
    def __init__(self, path: Path | str = ":memory:") -> None:
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        self._lock = threading.RLock()
        self._connection.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;" + TABLES)

    def rows(self, sql: str, *values: Any) -> list[dict[str, Any]]:
        with self._lock:
            return [dict(row) for row in self._connection.execute(sql, values)]

    def close(self) -> None:
        self._connection.close()

    def add_dossier(self, code: str, *, agency: str = "H60.127.03", procedure: str = "1.001193", received_on: str = "2026-09-30",
                    resolved_on: str | None = None, components: Sequence[str] = ()) -> None:  # fmt: skip
        self.rows("INSERT OR REPLACE INTO dossier VALUES (?, ?, ?, ?, ?)", code, agency, procedure, received_on, resolved_on)
        for component in components:
            self.rows("INSERT OR REPLACE INTO component VALUES (?, ?)", code, component)

    def dossier(self, code: str) -> dict[str, Any] | None:
        found = self.rows("SELECT * FROM dossier WHERE code = ?", code)
        return self._whole(found[0]) if found else None

    def dossiers(self, first: str, last: str, offset: int, limit: int) -> list[dict[str, Any]]:
        sql = ("SELECT * FROM dossier WHERE received_on BETWEEN ? AND ? OR resolved_on BETWEEN ? AND ? "
               "ORDER BY code LIMIT ? OFFSET ?")  # fmt: skip
        return [self._whole(row) for row in self.rows(sql, first, last, first, last, limit, offset)]

    def _whole(self, row: dict[str, Any]) -> dict[str, Any]:
        components = self.rows("SELECT code FROM component WHERE dossier = ? ORDER BY code", row["code"])
        return {**row, "components": [c["code"] for c in components]}

    def attach(self, *, dossier: str, component: str, kind: str, name: str, key: str | None, content: bytes, fields: str = "{}",
               corrupt: bool = False) -> dict[str, Any]:  # fmt: skip
        """Puts an attachment in; the same key gets the one that is there."""
        with self._lock:
            known = self.rows("SELECT id FROM attachment WHERE key = ?", key) if key else []
            if not known:
                kept = content[: len(content) // 2] if corrupt else content
                known = self.rows(
                    "INSERT INTO attachment (dossier, component, kind, name, key, sha256, size, content, created_at, fields) "
                    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
                    dossier, component, kind, name, key, hashlib.sha256(kept).hexdigest(), len(kept), kept,
                    datetime.now(UTC).isoformat(), fields,
                )  # fmt: skip
            return self.attachment(known[0]["id"]) or {}

    def attachment(self, number: int) -> dict[str, Any] | None:
        columns = "id, dossier, component, kind, name, sha256, size, created_at, fields"
        found = self.rows(f"SELECT {columns} FROM attachment WHERE id = ?", number)
        return found[0] if found else None

    def content(self, number: int) -> bytes | None:
        found = self.rows("SELECT content FROM attachment WHERE id = ?", number)
        return bytes(found[0]["content"]) if found else None

    def attachments(self, dossier: str, **asked: str) -> list[dict[str, Any]]:
        """Those of a dossier, with this hash, component or idempotency key where one is asked for."""
        where = "".join(f" AND {name} = ?" for name in asked)
        columns = "id, component, sha256, size, name, created_at"
        return self.rows(f"SELECT {columns} FROM attachment WHERE dossier = ?{where} ORDER BY id", dossier, *asked.values())

    def put_record(self, dossier: str, name: str, key: str | None, body: str) -> dict[str, Any]:
        with self._lock:
            known = self.rows("SELECT id, created_at FROM record WHERE key = ?", key) if key else []
            if not known:
                self.rows("DELETE FROM record WHERE dossier = ? AND name = ?", dossier, name)
                sql = "INSERT INTO record (dossier, name, key, body, created_at) VALUES (?, ?, ?, ?, ?) RETURNING id, created_at"
                known = self.rows(sql, dossier, name, key, body, datetime.now(UTC).isoformat())
            return known[0]

    def begin_upload(self, **values: Any) -> int:
        sql = ("INSERT INTO upload (dossier, component, kind, name, key, length, content) "
               "VALUES (:dossier, :component, :kind, :name, :key, :length, x'') RETURNING id")  # fmt: skip
        with self._lock:
            return int(self._connection.execute(sql, values).fetchone()["id"])

    def upload(self, number: int) -> dict[str, Any] | None:
        found = self.rows("SELECT * FROM upload WHERE id = ?", number)
        return found[0] if found else None

    def grow_upload(self, number: int, offset: int, data: bytes) -> int | None:
        """Adds what came; the new length, or None where the offset is not where it ends."""
        with self._lock:
            upload = self.upload(number)
            if upload is None or len(upload["content"]) != offset:
                return None
            self.rows("UPDATE upload SET content = ? WHERE id = ?", bytes(upload["content"]) + data, number)
            return offset + len(data)

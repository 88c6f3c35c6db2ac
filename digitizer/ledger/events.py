"""Who did what and when: a log whose entries are chained by hash (Haber & Stornetta 1991), sealed behind the writers."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from digitizer.ledger import Transaction
from digitizer.ledger.database import alone
from digitizer.ledger.schema import event

GENESIS = "0" * 64
_NOTE = sa.insert(event).inline()


def now() -> str:
    """This moment, ISO 8601 in UTC."""
    return datetime.now(UTC).isoformat()


def note(tx: Transaction, action: str, subject: str, *, actor: str, **detail: Any) -> None:
    """Adds an event. `detail`: ids, codes and counts. Personal data only as a value somebody changed, never elsewhere."""
    tx.execute(_NOTE, {"at": now(), "actor": actor, "action": action, "subject": subject, "detail": detail})


def digest(prev: str, seq: int, row: sa.RowMapping) -> str:
    """Hash of an event chained to the one before it."""
    content = [prev, seq, row["at"], row["actor"], row["action"], row["subject"], row["detail"]]
    return hashlib.sha256(json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def seal(tx: Transaction) -> int:
    """Chains all events not chained yet. Returns how many. One sealer at a time: the others wait."""
    alone(tx, "seal")
    last = tx.execute(
        sa.select(event.c.seq, event.c.hash).where(event.c.seq.is_not(None)).order_by(event.c.seq.desc()).limit(1)
    ).first()
    seq, prev = (last.seq, last.hash) if last else (0, GENESIS)
    waiting = tx.execute(sa.select(event).where(event.c.seq.is_(None)).order_by(event.c.id)).mappings().all()
    for row in waiting:
        seq += 1
        sealed = digest(prev, seq, row)
        tx.execute(sa.update(event).where(event.c.id == row["id"], event.c.seq.is_(None)).values(seq=seq, prev=prev, hash=sealed))
        prev = sealed
    return len(waiting)


def verify(tx: Transaction) -> tuple[int, int | None]:
    """(number of sealed events, seq of the first one that does not fit its chain or None)."""
    prev, count = GENESIS, 0
    for row in tx.execute(sa.select(event).where(event.c.seq.is_not(None)).order_by(event.c.seq)).mappings():
        count += 1
        if row["seq"] != count or row["prev"] != prev or row["hash"] != digest(prev, count, row):
            return count, count
        prev = row["hash"]
    return count, None


def history(tx: Transaction, subject: str) -> list[dict[str, Any]]:
    """All events about `subject`, oldest first."""
    rows = tx.execute(sa.select(event).where(event.c.subject == subject).order_by(event.c.id)).mappings()
    return [dict(row) for row in rows]

"""Idempotency keys: the intake a request made, so that the same request again finds it and another one is refused."""

from __future__ import annotations

import hashlib
import time

import sqlalchemy as sa

from digitizer.errors import RepeatDiffers
from digitizer.ledger import Transaction
from digitizer.ledger.database import put
from digitizer.ledger.schema import repeat


def check(tx: Transaction, client: str, key: str, digest: str) -> None:
    """Raises RepeatDiffers when `client` has used `key` for a request with another digest."""
    row = tx.execute(sa.select(repeat.c.digest).where(repeat.c.client == client, repeat.c.key == _name(key))).first()
    if row is not None and row.digest != digest:
        raise RepeatDiffers()


def note(tx: Transaction, client: str, key: str, digest: str, intake_id: str) -> None:
    """Remembers a request, the first time. Raises RepeatDiffers when another one under this key came in between."""
    row = {"client": client, "key": _name(key), "digest": digest, "intake": intake_id, "at": time.time()}
    if not put(tx, repeat, row):
        check(tx, client, key, digest)


def forget(tx: Transaction, *, older_s: float) -> int:
    """Drops what is older. Returns how many."""
    return tx.execute(sa.delete(repeat).where(repeat.c.at < time.time() - older_s)).rowcount


def _name(key: str) -> str:
    # clients put all kinds of things into keys, a person's number among them
    return hashlib.sha256(key.encode()).hexdigest()

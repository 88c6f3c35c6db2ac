"""The callback address of each client, and the secrets that its callbacks are signed with."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from digitizer.ledger import Transaction, events
from digitizer.ledger.schema import callback


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """A client's callback address. `secrets` are those valid now, newest first."""

    client: str
    url: str
    secrets: Sequence[str]


def get(tx: Transaction, client: str) -> Callback | None:
    """The callback of a client."""
    row = tx.execute(sa.select(callback).where(callback.c.client == client)).mappings().first()
    return _callback(row) if row else None


def find(tx: Transaction) -> list[Callback]:
    """All callbacks."""
    return [_callback(row) for row in tx.execute(sa.select(callback).order_by(callback.c.client)).mappings()]


def save(tx: Transaction, client: str, url: str, secret: str | None, *, until: float, by: str) -> None:
    """Sets the address. A new `secret` joins the ones before it, which end at `until`."""
    row = tx.execute(sa.select(callback.c.secrets).where(callback.c.client == client)).first()
    secrets: list[Mapping[str, Any]] = list(row.secrets) if row else []
    if secret is not None:
        kept = [{**old, "until": until if old["until"] is None else min(until, old["until"])} for old in secrets]
        secrets = [{"secret": secret, "until": None}, *(old for old in kept if old["until"] > time.time())]
    if row is None:
        tx.execute(sa.insert(callback).values(client=client, url=url, secrets=secrets))
    else:
        tx.execute(sa.update(callback).where(callback.c.client == client).values(url=url, secrets=secrets))
    events.note(tx, "callback_set", client, actor=by, rotated=secret is not None)


def remove(tx: Transaction, client: str, *, by: str) -> bool:
    """Ends the callbacks of a client. False when it has none."""
    done = tx.execute(sa.delete(callback).where(callback.c.client == client))
    if done.rowcount:
        events.note(tx, "callback_removed", client, actor=by)
    return done.rowcount == 1


def _callback(row: sa.RowMapping) -> Callback:
    now = time.time()
    valid = [one["secret"] for one in row["secrets"] if one["until"] is None or one["until"] > now]
    return Callback(client=row["client"], url=row["url"], secrets=valid)

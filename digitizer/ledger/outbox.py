"""The outbox: deliveries to the dossier system, written with what they deliver, sent later (transactional outbox)."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from digitizer import codec
from digitizer.ledger import Transaction, events
from digitizer.ledger.schema import delivery, intake
from digitizer.model import Receipt


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A delivery to make."""

    id: str
    #: attach, update_fields
    kind: str
    intake: str
    record: str | None
    revision: int | None
    key: str
    dossier: str
    attempts: int


def add(
    tx: Transaction,
    kind: str,
    *,
    intake_id: str,
    dossier: str,
    key: str,
    actor: str,
    record: str | None = None,
    revision: int | None = None,
) -> bool:
    """Queues a delivery, once for each idempotency key; True when it is new."""
    if tx.execute(sa.select(delivery.c.id).where(delivery.c.key == key)).first() is not None:
        return False
    delivery_id = hashlib.sha256(key.encode()).hexdigest()[:32]
    tx.execute(
        sa.insert(delivery).values(
            id=delivery_id,
            kind=kind,
            intake=intake_id,
            record=record,
            revision=revision,
            key=key,
            dossier=dossier,
            state="PENDING",
            attempts=0,
            next_try=0.0,
        )
    )
    events.note(tx, "to_deliver", delivery_id, actor=actor, kind=kind, intake=intake_id, dossier=dossier)
    return True


def claim(tx: Transaction, *, lease_s: float) -> Due | None:
    """The next delivery that is due, kept from others for `lease_s`; those of one dossier in the order they were written."""
    now = time.time()
    earlier = delivery.alias()
    blocked = sa.exists().where(earlier.c.dossier == delivery.c.dossier, earlier.c.state == "PENDING", earlier.c.next_try > now)
    chosen = (
        sa.select(delivery.c.id)
        .where(delivery.c.state == "PENDING", delivery.c.next_try <= now, ~blocked)
        .order_by(delivery.c.next_try, delivery.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    row = (
        tx.execute(
            sa.update(delivery)
            .where(delivery.c.id == chosen)
            .values(next_try=now + lease_s, attempts=delivery.c.attempts + 1)
            .returning(delivery)
        )
        .mappings()
        .first()
    )
    return (
        Due(**{name: row[name] for name in ("id", "kind", "intake", "record", "revision", "key", "dossier", "attempts")})
        if row
        else None
    )


def delivered(tx: Transaction, due: Due, receipt: Receipt, *, actor: str) -> bool:
    """Notes the receipt; False when it was already noted."""
    done = tx.execute(
        sa.update(delivery)
        .where(delivery.c.id == due.id, delivery.c.state == "PENDING")
        .values(state="DONE", receipt=codec.plain(receipt), error=None)
    )
    if done.rowcount:
        events.note(tx, "delivered", due.id, actor=actor, dossier=due.dossier, external_id=receipt.external_id)
    return done.rowcount == 1


def refused(tx: Transaction, due: Due, error: Mapping[str, Any], *, actor: str) -> None:
    """Ends a delivery the dossier system will not take."""
    tx.execute(
        sa.update(delivery)
        .where(delivery.c.id == due.id, delivery.c.state == "PENDING")
        .values(state="REFUSED", error=dict(error))
    )
    events.note(tx, "refused", due.id, actor=actor, **error)


def put_off(tx: Transaction, due: Due, seconds: float, error: Mapping[str, Any]) -> None:
    """Tries again in `seconds`."""
    tx.execute(
        sa.update(delivery)
        .where(delivery.c.id == due.id, delivery.c.state == "PENDING")
        .values(next_try=time.time() + seconds, error=dict(error))
    )


def hasten(tx: Transaction) -> int:
    """Makes everything pending due now, refused deliveries included; how many."""
    done = tx.execute(
        sa.update(delivery).where(delivery.c.state.in_(("PENDING", "REFUSED"))).values(state="PENDING", next_try=0.0)
    )
    return done.rowcount


def counts(tx: Transaction) -> dict[str, int]:
    """Number of deliveries by state."""
    return {
        row.state: row.n for row in tx.execute(sa.select(delivery.c.state, sa.func.count().label("n")).group_by(delivery.c.state))
    }


def receipts(tx: Transaction, *, kind: str | None = None) -> list[dict[str, Any]]:
    """What the dossier system took: delivery, kind, intake's name, dossier, external id, time; oldest first."""
    query = (
        sa.select(delivery, intake.c.name, intake.c.component)
        .join(intake, intake.c.id == delivery.c.intake)
        .where(delivery.c.state == "DONE")
    )
    if kind:
        query = query.where(delivery.c.kind == kind)
    rows = tx.execute(query.order_by(delivery.c.dossier, intake.c.name)).mappings()
    return [
        {
            "delivery": r["id"],
            "kind": r["kind"],
            "name": r["name"],
            "dossier": r["dossier"],
            "component": r["component"] or "",
            "record": r["record"],
            "external_id": r["receipt"]["external_id"],
            "at": r["receipt"]["at"],
        }
        for r in rows
    ]


def pending(tx: Transaction) -> list[dict[str, Any]]:
    """What the dossier system does not have yet, and why: delivery, kind, dossier, state, attempts, error code."""
    rows = tx.execute(sa.select(delivery).where(delivery.c.state != "DONE").order_by(delivery.c.next_try)).mappings()
    return [
        {
            "delivery": r["id"],
            "kind": r["kind"],
            "dossier": r["dossier"],
            "state": r["state"],
            "attempts": r["attempts"],
            "error": (r["error"] or {}).get("code"),
        }
        for r in rows
    ]

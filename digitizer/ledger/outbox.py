"""The outbox: deliveries written in the transaction that decides them, sent later (transactional outbox).

A delivery has a *target* (who gets it), a *kind* (what is sent) and an *order key* (a dossier, a book or a client). Of one
target and order key, a later delivery waits until the earlier one is over. A delivery leaves PENDING for one of four states:

- DONE: the target gave a receipt.
- HANDED: it lies in a signed folder, because the system behind has no function for it.
- ELSEWHERE: a person proved that it was done by another way, or the new owner of the bundle delivers it.
- DEAD: it ended with a reason code. `replay` brings it back.

An outage kills no delivery, however long it lasts.

To add another kind, queue it with `add(tx, NewDelivery(…))` in the transaction that causes it. Its `detail` holds ids and
codes only. Register one sender with `@sender("kind")` of `digitizer.service.delivery_senders`. The outbox adds pauses, pace,
order, attempts, dead letters and replay.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import sqlalchemy as sa

from digitizer import serialization
from digitizer.dossiers import ALL
from digitizer.ledger import Transaction, events, targets
from digitizer.ledger.database import put, unique_id, within
from digitizer.ledger.schema import delivery, intake
from digitizer.model import Receipt
from digitizer.pace import Pace, allowed, failed, succeeded, taken

#: a delivery that keeps failing while its target takes others is given up after this many failures
STRIKES = 20
PENDING, DONE, HANDED, ELSEWHERE, DEAD = "PENDING", "DONE", "HANDED", "ELSEWHERE", "DEAD"
#: reason code of a delivery that only ever failed while its target took others
GAVE_UP = "gave_up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A delivery to make, claimed."""

    id: str
    #: running number of the outbox
    seq: int
    target: str
    kind: str
    order_key: str
    intake: str | None
    record: str | None
    revision: int | None
    #: idempotency key
    key: str
    dossier: str | None
    #: this one included
    attempts: int
    made_at: str
    #: ids and codes for its sender
    detail: Mapping[str, Any] = field(default_factory=dict)
    #: what its sender kept from an attempt cut short, to resume an upload
    progress: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDelivery:
    """A delivery to queue."""

    kind: str
    target: str
    #: dossier, book or client: deliveries of one order key are sent one after the other
    order_key: str
    #: idempotency key
    key: str
    intake: str | None = None
    dossier: str | None = None
    record: str | None = None
    revision: int | None = None
    #: ids and codes for its sender
    detail: Mapping[str, Any] = field(default_factory=dict)


def add(tx: Transaction, new: NewDelivery, *, actor: str) -> bool:
    """Queues a delivery, once for each idempotency key. True when it is new."""
    delivery_id = hashlib.sha256(new.key.encode()).hexdigest()[:32]
    row = {
        **asdict(new),
        "id": delivery_id,
        "progress": {},
        "state": PENDING,
        "attempts": 0,
        "strikes": 0,
        "next_try": 0.0,
        "made_at": events.now(),
    }
    if not put(tx, delivery, row):
        return False
    facts = {"kind": new.kind, "target": new.target, "intake": new.intake, "dossier": new.dossier}
    events.note(tx, "to_deliver", delivery_id, actor=actor, **facts)
    return True


def due_targets(tx: Transaction, *, now: float) -> list[str]:
    """Targets that something is due for. `claim` says whether they may be asked."""
    rows = tx.execute(sa.select(delivery.c.target).where(*_is_due(now)).distinct().order_by(delivery.c.target))
    return [row.target for row in rows]


def claim(tx: Transaction, target: str, *, pace: Pace, lease_s: float, now: float, most: int = 64) -> list[Due]:
    """Leases what may be sent to `target` now, for `lease_s` seconds. Of one order key only the first delivery may go."""
    leased = (delivery.c.target == target, delivery.c.state == PENDING, delivery.c.lease_until > now)
    before = targets.load(tx, target)
    in_flight = tx.execute(sa.select(sa.func.count()).select_from(delivery).where(*leased)).scalar_one()
    state, count = allowed(before, pace, in_flight=in_flight, now=now)
    rows = _lease(tx, target, min(count, most), now=now, until=now + lease_s) if count else []
    if (after := taken(state, pace, len(rows))) != before:
        targets.save(tx, after)
    return [_due(row) for row in rows]


def _lease(tx: Transaction, target: str, count: int, *, now: float, until: float) -> Sequence[sa.RowMapping]:
    earlier = delivery.alias()
    behind = sa.exists().where(
        earlier.c.target == delivery.c.target,
        earlier.c.order_key == delivery.c.order_key,
        earlier.c.state == PENDING,
        earlier.c.seq < delivery.c.seq,
    )
    chosen = (
        sa.select(delivery.c.seq)
        .where(delivery.c.target == target, *_is_due(now), ~behind)
        .order_by(delivery.c.next_try, delivery.c.seq)
        .limit(count)
    )
    changed = (
        sa.update(delivery)
        # repeated here, because PostgreSQL checks it again on a row that another claimer has just changed
        .where(delivery.c.seq.in_(chosen), *_is_due(now))
        .values(lease_until=until, attempts=delivery.c.attempts + 1)
        .returning(delivery)
    )
    return sorted(tx.execute(changed).mappings(), key=lambda row: int(row["seq"]))


def _is_due(now: float) -> tuple[sa.ColumnElement[bool], ...]:
    free = sa.or_(delivery.c.lease_until.is_(None), delivery.c.lease_until <= now)
    return delivery.c.state == PENDING, delivery.c.next_try <= now, free


def _due(row: sa.RowMapping) -> Due:
    return Due(**{name: row[name] for name in Due.__dataclass_fields__})


def renew(tx: Transaction, dues: Sequence[Due], *, until: float) -> None:
    """Keeps deliveries that are still being sent from others."""
    for due in dues:
        tx.execute(_mine(due).values(lease_until=until))


def keep_progress(tx: Transaction, due: Due, progress: Mapping[str, Any]) -> None:
    """Keeps how far an upload came."""
    tx.execute(_mine(due).values(progress=dict(progress)))


def _mine(due: Due) -> sa.Update:
    """The delivery, if nobody else has claimed it since."""
    return sa.update(delivery).where(delivery.c.id == due.id, delivery.c.state == PENDING, delivery.c.attempts == due.attempts)


def delivered(
    tx: Transaction, due: Due, receipt: Receipt, *, actor: str, seconds: float, now: float, handed: bool = False
) -> bool:
    """Notes the receipt. False when one is noted already. The first success after an outage makes all deliveries due."""
    before = targets.load(tx, due.target)
    targets.save(tx, succeeded(before, seconds=seconds, now=now))
    if before.circuit != "CLOSED":
        waiting = (delivery.c.target == due.target, delivery.c.state == PENDING, delivery.c.next_try > now)
        tx.execute(sa.update(delivery).where(*waiting).values(next_try=now))
    done = tx.execute(
        sa.update(delivery)
        .where(delivery.c.id == due.id, delivery.c.state == PENDING)
        .values(
            state=HANDED if handed else DONE, receipt=serialization.to_plain(receipt), error=None, lease_until=None, progress={}
        )
    )
    if done.rowcount:
        facts = {"dossier": due.dossier, "external_id": receipt.external_id, "kind": due.kind, "target": due.target}
        events.note(tx, "handed_over" if handed else "delivered", due.id, actor=actor, **facts)
    return done.rowcount == 1


def died(tx: Transaction, due: Due, error: Mapping[str, Any], *, actor: str) -> bool:
    """Ends a delivery that its target will not take. False when somebody else has it now."""
    done = tx.execute(_mine(due).values(state=DEAD, error=dict(error), lease_until=None))
    if done.rowcount:
        events.note(tx, "refused", due.id, actor=actor, **error)
    return done.rowcount == 1


def put_off(
    tx: Transaction,
    due: Due,
    seconds: float,
    error: Mapping[str, Any],
    *,
    actor: str,
    now: float,
    pace: Pace = Pace(),  # noqa: B008
    retry_after_s: float | None = None,
) -> None:
    """Tries again in `seconds`. A delivery that failed STRIKES times while its target took others is given up."""
    state = targets.load(tx, due.target)
    targets.save(tx, failed(state, pace, code=str(error["code"]), now=now, retry_after_s=retry_after_s))
    row = tx.execute(sa.select(delivery.c.failed_at, delivery.c.strikes).where(delivery.c.id == due.id)).one()
    strikes = row.strikes + (row.failed_at is not None and state.last_success > row.failed_at)
    if strikes >= STRIKES:
        died(tx, due, {**error, "code": GAVE_UP, "last": error["code"]}, actor=actor)
        return
    later = {"next_try": now + seconds, "lease_until": None, "failed_at": now, "strikes": strikes}
    tx.execute(_mine(due).values(error=dict(error), **later))


def give_back(tx: Transaction, due: Due) -> None:
    """Returns a delivery that could not be tried: our own machine was at fault."""
    tx.execute(_mine(due).values(lease_until=None, attempts=delivery.c.attempts - 1))


def replay(
    tx: Transaction, ids: Sequence[str] | None, *, actor: str, code: str | None = None, scopes: Sequence[str] = ALL
) -> int:
    """Brings dead deliveries back, all or those in `ids`, or only those that died of `code`. Gives their number."""
    chosen = sa.select(delivery.c.id, delivery.c.error).where(delivery.c.state == DEAD)
    if ours := within(intake.c.agency, scopes):
        chosen = chosen.join(intake, intake.c.id == delivery.c.intake).where(*ours)
    if ids is not None:
        chosen = chosen.where(delivery.c.id.in_(ids))
    found = [row.id for row in tx.execute(chosen) if code is None or (row.error or {}).get("code") == code]
    for delivery_id in found:
        tx.execute(
            sa.update(delivery)
            .where(delivery.c.id == delivery_id, delivery.c.state == DEAD)
            .values(state=PENDING, next_try=0.0, strikes=0, failed_at=None, progress={})
        )
        events.note(tx, "replayed", delivery_id, actor=actor)
    return len(found)


def elsewhere(tx: Transaction, delivery_id: str, *, actor: str, reason: str, evidence: str) -> bool:
    """A person proves that it was done by another way. `evidence` is a store key. False when no such delivery is open."""
    done = tx.execute(
        sa.update(delivery)
        .where(delivery.c.id == delivery_id, delivery.c.state.in_((PENDING, HANDED, DEAD)))
        .values(state=ELSEWHERE, error={"code": reason}, lease_until=None)
    )
    if done.rowcount:
        events.note(tx, "done_elsewhere", delivery_id, actor=actor, reason=reason, evidence=evidence)
    return done.rowcount == 1


def hasten(tx: Transaction, *, actor: str) -> int:
    """Makes everything due now, dead deliveries too, and lifts every target's pause. Gives the number of deliveries."""
    targets.resume(tx)
    dead = replay(tx, None, actor=actor)
    waiting = tx.execute(sa.update(delivery).where(delivery.c.state == PENDING, delivery.c.next_try > 0).values(next_try=0.0))
    return dead + waiting.rowcount


def counts(tx: Transaction, scopes: Sequence[str] = ALL) -> dict[str, int]:
    """Number of deliveries by state."""
    query = sa.select(delivery.c.state, sa.func.count().label("n"))
    if ours := within(intake.c.agency, scopes):
        query = query.join(intake, intake.c.id == delivery.c.intake).where(*ours)
    return {row.state: row.n for row in tx.execute(query.group_by(delivery.c.state))}


def receipts(tx: Transaction, *, kind: str | None = None) -> list[dict[str, Any]]:
    """What the targets took, by dossier: delivery, kind, intake's name, external id and time."""
    query = (
        sa.select(delivery, intake.c.name, intake.c.component)
        .join(intake, intake.c.id == delivery.c.intake, isouter=True)
        .where(delivery.c.state.in_((DONE, HANDED)))
    )
    if kind:
        query = query.where(delivery.c.kind == kind)
    rows = tx.execute(query.order_by(delivery.c.dossier, intake.c.name, delivery.c.seq)).mappings()
    return [
        {
            "delivery": r["id"],
            "kind": r["kind"],
            "target": r["target"],
            "name": r["name"] or "",
            "dossier": r["dossier"] or r["order_key"],
            "component": r["component"] or "",
            "record": r["record"],
            "external_id": r["receipt"]["external_id"],
            "at": r["receipt"]["at"],
        }
        for r in rows
    ]


def handed(tx: Transaction, target: str) -> list[dict[str, Any]]:
    """What was handed over and not proved to be done: delivery, kind, dossier, component, external id, time."""
    rows = tx.execute(
        sa.select(delivery, intake.c.component)
        .join(intake, intake.c.id == delivery.c.intake, isouter=True)
        .where(delivery.c.state == HANDED, delivery.c.target == target)
        .order_by(delivery.c.dossier, delivery.c.seq)
    ).mappings()
    return [
        {
            "delivery": r["id"],
            "kind": r["kind"],
            "dossier": r["dossier"],
            "component": r["component"] or "",
            "file": r["receipt"]["external_id"],
            "at": r["receipt"]["at"],
        }
        for r in rows
    ]


def delivery_like(tx: Transaction, beginning: str) -> str:
    """The id of the one delivery whose id begins so. Raises NotFound, AmbiguousId."""
    return unique_id(tx, delivery.c.id, beginning)


def pending(tx: Transaction, scopes: Sequence[str] = ALL) -> list[dict[str, Any]]:
    """What a target does not have yet, and why, dead ones too.

    Each row has delivery, kind, target, name of the file, agency, dossier, state, attempts and error code.
    """
    open_ones = (
        sa.select(delivery, intake.c.name, intake.c.agency)
        .join(intake, intake.c.id == delivery.c.intake, isouter=True)
        .where(delivery.c.state.in_((PENDING, DEAD)), *within(intake.c.agency, scopes))
    )
    rows = tx.execute(open_ones.order_by(delivery.c.next_try, delivery.c.seq)).mappings()
    return [
        {
            "delivery": r["id"],
            "kind": r["kind"],
            "target": r["target"],
            "name": r["name"] or "",
            "agency": r["agency"],
            "dossier": r["dossier"] or r["order_key"],
            "state": r["state"],
            "attempts": r["attempts"],
            "error": (r["error"] or {}).get("code"),
        }
        for r in rows
    ]

"""Jobs: what there is to do, who does it and until when.

A claim is a lease with a fencing token (Kleppmann 2016): a worker that was too slow finds its token outdated and its
result refused.
Attempts count at claim, so work that kills workers runs out of attempts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlalchemy as sa

from digitizer.ledger import Transaction, note_new_jobs
from digitizer.ledger.database import clock, insert, put
from digitizer.ledger.schema import job
from digitizer.model import Lane

LANES = {Lane.COUNTER: 0, Lane.BULK: 1}
#: kinds of job, in the order they are claimed
STEPS = {"finish": 0, "read": 1, "open": 2}
#: after so many claims of a job every attempt counts, whoever was at fault
MOST_CLAIMS = 100
#: a lease may be this much longer than leases are before we think that the clock was set back, seconds
_ODD_S = 3600.0


_LEASE_S = sa.bindparam("lease_s", type_=sa.Float)
_STILL_HELD = (job.c.id == sa.bindparam("job_id"), job.c.fence == sa.bindparam("token"), job.c.state == "LEASED")
_CLOSE = sa.update(job).where(*_STILL_HELD).values(state=sa.bindparam("to"), lease_until=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A claimed job."""

    id: int
    #: open, read, finish
    kind: str
    bundle: str
    #: read: scans `first` … `first + count - 1` of this source
    source: str
    first: int
    count: int
    lane: int
    attempts: int
    #: the fencing token
    fence: int
    #: who holds it
    worker: str


def add(tx: Transaction, kind: str, bundle_id: str, *, lane: int, source: str = "", first: int = 0, count: int = 0) -> None:
    """Queues a job. One that was done or failed before is queued again, one that is queued or at work is left alone."""
    names = {"bundle": bundle_id, "kind": kind, "source": source, "first": first, "count": count}
    fresh = {"lane": lane, "step": STEPS[kind], "state": "QUEUED", "attempts": 0}
    added = put(tx, job, {**names, **fresh, "fence": 0})
    if not added:
        over = (job.c.state.in_(("DONE", "FAILED")), *(job.c[name] == value for name, value in names.items()))
        added = tx.execute(sa.update(job).where(*over).values(**fresh, worker=None, lease_until=None)).rowcount
    note_new_jobs(tx, added)


def go_on(
    tx: Transaction,
    kind: str,
    bundle_id: str,
    *,
    worker: str,
    lease_s: float,
    lane: int,
    source: str = "",
    first: int = 0,
    count: int = 0,
) -> Job | None:
    """As `add`, but leased to `worker` at once, the attempt counted. None for one that is already queued or at work.

    In the transaction that closes the job before it, this saves the worker a claim.
    """
    names = {"of": bundle_id, "what": kind, "on": source, "from": first, "scans": count}
    values = {**names, "in_lane": lane, "at_step": STEPS[kind], "by": worker, "lease_s": lease_s}
    for statement in _go_on(tx.dialect.name):
        if (row := tx.execute(statement, values).mappings().first()) is not None:
            return _job(row)
    return None


@cache
def _go_on(dialect: str) -> tuple[sa.UpdateBase, sa.UpdateBase]:
    """For a new job, and for one that was done or failed before."""
    named = {"bundle": "of", "kind": "what", "source": "on", "first": "from", "count": "scans"}
    key: dict[str, sa.ColumnElement[Any]] = {column: sa.bindparam(name) for column, name in named.items()}
    places: dict[str, sa.ColumnElement[Any]] = {"lane": sa.bindparam("in_lane"), "step": sa.bindparam("at_step")}
    leased: dict[str, Any] = {"state": "LEASED", "worker": sa.bindparam("by"), "lease_until": clock(dialect) + _LEASE_S}
    leased["attempts"] = 1
    over = (job.c.state.in_(("DONE", "FAILED")), *(job.c[column] == value for column, value in key.items()))
    return (
        insert(dialect, job).values(**key, **places, **leased, fence=1).on_conflict_do_nothing().returning(job),
        sa.update(job).where(*over).values(**places, **leased, fence=job.c.fence + 1).returning(job),
    )


def claim(tx: Transaction, *, worker: str, lease_s: float) -> Job | None:
    """The next job, leased to `worker`. When none is queued, one whose lease ran out.

    Counter lane before bulk, ending what was begun before opening more, oldest first.
    """
    values = {"by": worker, "lease_s": lease_s, **_odd(lease_s)}
    for expired in (False, True):
        if (row := tx.execute(_claim(tx.dialect.name, expired), values).mappings().first()) is not None:
            return _job(row)
    return None


def _job(row: sa.RowMapping) -> Job:
    return Job(**{name: row[name] for name in Job.__dataclass_fields__})


@cache
def _claim(dialect: str, expired: bool) -> sa.UpdateBase:
    """One statement, so one winner."""
    chosen = (
        sa.select(job.c.id)
        .where(_expired(dialect) if expired else job.c.state == "QUEUED")
        .order_by(job.c.lane, job.c.step, job.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    leased = {"state": "LEASED", "worker": sa.bindparam("by"), "lease_until": clock(dialect) + _LEASE_S}
    counted = {"attempts": job.c.attempts + 1, "fence": job.c.fence + 1}
    return sa.update(job).where(job.c.id == chosen).values(**leased, **counted).returning(job)


@cache
def _expired(dialect: str) -> sa.ColumnElement[bool]:
    """Leases that ran out, and those longer than any lease is: the clock was set back. Needs `_odd`."""
    now = clock(dialect)
    over = sa.or_(job.c.lease_until < now, job.c.lease_until > now + sa.bindparam("odd_s", type_=sa.Float))
    return sa.and_(job.c.state == "LEASED", over)


def _odd(lease_s: float) -> dict[str, float]:
    return {"odd_s": 2 * max(lease_s, 0.0) + _ODD_S}


def renew(tx: Transaction, held: Job, *, lease_s: float) -> bool:
    """A heartbeat. Returns False when the lease is somebody else's by now."""
    return tx.execute(_renew(tx.dialect.name), {**_held(held), "lease_s": lease_s}).rowcount == 1


def close(tx: Transaction, held: Job, state: str = "DONE") -> bool:
    """Ends a job. Returns False when the lease is somebody else's by now: nothing else of this transaction may be kept then."""
    return tx.execute(_CLOSE, {**_held(held), "to": state}).rowcount == 1


def _held(held: Job) -> dict[str, Any]:
    return {"job_id": held.id, "token": held.fence}


@cache
def _renew(dialect: str) -> sa.Update:
    return sa.update(job).where(*_STILL_HELD).values(lease_until=clock(dialect) + _LEASE_S)


def give_back(tx: Transaction, held: Job) -> None:
    """Puts a job back for somebody else, the attempt not counted: a machine was at fault, not the work."""
    done = tx.execute(
        sa.update(job).where(*_STILL_HELD).values(state="QUEUED", lease_until=None, worker=None, attempts=job.c.attempts - 1),
        _held(held),
    )
    note_new_jobs(tx, done.rowcount)


def release(tx: Transaction, worker: str, *, blameless: bool = False) -> int:
    """Puts back what a dead worker held. The attempts stay counted, because its work may have killed it.

    `blameless`: its machine or supervisor went with it, or somebody stopped it. Then the attempt does not count, up to
    `MOST_CLAIMS` claims: a scan may also bring whole machines down.
    """
    uncounted = sa.case((job.c.fence < MOST_CLAIMS, job.c.attempts - 1), else_=job.c.attempts)
    values = {"state": "QUEUED", "lease_until": None, "worker": None} | ({"attempts": uncounted} if blameless else {})
    done = tx.execute(sa.update(job).where(job.c.worker == worker, job.c.state == "LEASED").values(**values))
    note_new_jobs(tx, done.rowcount)
    return done.rowcount


def split(tx: Transaction, held: Job) -> None:
    """Replaces a read job by one for each scan, so that a scan that kills workers takes no other with it."""
    close(tx, held)
    for scan in range(held.first, held.first + held.count):
        add(tx, "read", held.bundle, lane=held.lane, source=held.source, first=scan, count=1)


def withdraw(tx: Transaction, bundle_id: str) -> int:
    """Drops the queued jobs of a bundle nobody wants any more. One at work ends by itself. Returns how many."""
    return tx.execute(sa.delete(job).where(job.c.bundle == bundle_id, job.c.state == "QUEUED")).rowcount


def unfinished(tx: Transaction, bundle_id: str, kinds: Sequence[str]) -> int:
    """Jobs of a bundle that are queued or at work."""
    return int(tx.execute(_unfinished(tuple(kinds)), {"of": bundle_id}).scalar_one())


@cache
def _unfinished(kinds: tuple[str, ...]) -> sa.Select[Any]:
    ours = (job.c.bundle == sa.bindparam("of"), job.c.kind.in_(kinds), job.c.state.in_(("QUEUED", "LEASED")))
    return sa.select(sa.func.count()).select_from(job).where(*ours)


def backlog(tx: Transaction) -> dict[str, int]:
    """Number of jobs by state. `EXPIRED` are leased ones whose lease ran out."""
    counts = {row.state: row.n for row in tx.execute(sa.select(job.c.state, sa.func.count().label("n")).group_by(job.c.state))}
    expired = (
        sa.select(sa.func.count()).select_from(job).where(job.c.state == "LEASED", job.c.lease_until < clock(tx.dialect.name))
    )
    return {**counts, "EXPIRED": tx.execute(expired).scalar_one()}


def waiting(tx: Transaction) -> int:
    """Jobs that are queued or at work."""
    return tx.execute(sa.select(sa.func.count()).select_from(job).where(job.c.state.in_(("QUEUED", "LEASED")))).scalar_one()


def queued(tx: Transaction) -> bool:
    """Whether any job waits to be claimed."""
    return tx.execute(sa.select(job.c.id).where(job.c.state == "QUEUED").limit(1)).first() is not None


def working(tx: Transaction) -> list[tuple[str, str, float]]:
    """(worker, kind of job, seconds its lease still has) of all leased jobs."""
    left = job.c.lease_until - clock(tx.dialect.name)
    rows = tx.execute(sa.select(job.c.worker, job.c.kind, left).where(job.c.state == "LEASED").order_by(job.c.lease_until))
    return [(worker, kind, float(left_s)) for worker, kind, left_s in rows]


def requeue_expired(tx: Transaction, *, lease_s: float = 0.0) -> int:
    """Puts back all jobs whose lease ran out. `lease_s` is the longest lease anybody takes."""
    done = tx.execute(
        sa.update(job).where(_expired(tx.dialect.name)).values(state="QUEUED", lease_until=None, worker=None), _odd(lease_s)
    )
    note_new_jobs(tx, done.rowcount)
    return done.rowcount

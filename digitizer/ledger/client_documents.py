"""Intakes as a system outside sees them: listed by agency, with progress and what was delivered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from digitizer.ledger import Transaction, events, submissions
from digitizer.ledger.api_keys import Caller
from digitizer.ledger.database import within
from digitizer.ledger.schema import bundle_source, delivery, intake, page, source
from digitizer.model import Intake, IntakeState, PageState

#: an intake that will not change by itself any more
OVER = (IntakeState.DIGITIZED, IntakeState.FAILED, IntakeState.CANCELLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which intakes of those a key may see. None: any."""

    agency: str | None = None
    dossier: str | None = None
    state: IntakeState | None = None
    #: ISO 8601 in UTC, inclusive
    received_from: str | None = None
    #: exclusive
    received_before: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeProgress:
    """Where an intake stands. `pages` 0 until a worker opened it."""

    state: IntakeState
    read: int
    pages: int


def visible(tx: Transaction, intake_id: str, key: Caller) -> tuple[Intake, IntakeState] | None:
    """An intake of an agency the key covers, with its state. None for any other."""
    state = submissions.intake_state(tx, intake_id)
    if state is None:
        return None
    found = submissions.get_intake(tx, intake_id)
    return (found, state) if key.covers(found.agency) else None


def listed(
    tx: Transaction, key: Caller, wanted: Filter, *, limit: int, after: tuple[str, str] | None = None
) -> list[tuple[Intake, IntakeState]]:
    """Intakes the key may see, newest first, `after` a (received_at, id) exclusive."""
    query = sa.select(intake).where(*within(intake.c.agency, key.agencies), *_filter(wanted))
    if after is not None:
        at, last = after
        query = query.where(sa.or_(intake.c.received_at < at, sa.and_(intake.c.received_at == at, intake.c.id < last)))
    rows = tx.execute(query.order_by(intake.c.received_at.desc(), intake.c.id.desc()).limit(limit)).mappings()
    return [(submissions.as_intake(row), IntakeState(row["state"])) for row in rows]


def _filter(wanted: Filter) -> list[sa.ColumnElement[bool]]:
    exactly = {intake.c.agency: wanted.agency, intake.c.dossier: wanted.dossier, intake.c.state: wanted.state}
    found: list[sa.ColumnElement[bool]] = [column == value for column, value in exactly.items() if value is not None]
    if wanted.received_from is not None:
        found.append(intake.c.received_at >= wanted.received_from)
    if wanted.received_before is not None:
        found.append(intake.c.received_at < wanted.received_before)
    return found


def progress(tx: Transaction, intake_ids: Sequence[str]) -> dict[str, IntakeProgress]:
    """Where intakes stand, by id. Unknown ids are left out."""
    known = (
        sa.select(sa.func.coalesce(sa.func.sum(source.c.pages), 0))
        .join(bundle_source, bundle_source.c.source == source.c.id)
        .where(bundle_source.c.bundle == intake.c.bundle)
        .correlate(intake)
        .scalar_subquery()
    )
    # a scan read by two engines, one after the other, is one scan
    read = (
        sa.select(sa.func.count(sa.distinct(bundle_source.c.position * 100_000 + page.c.scan)))
        .join(bundle_source, bundle_source.c.source == page.c.source)
        .where(bundle_source.c.bundle == intake.c.bundle)
        .correlate(intake)
        .scalar_subquery()
    )
    rows = tx.execute(
        sa.select(intake.c.id, intake.c.state, known.label("pages"), read.label("read")).where(intake.c.id.in_(intake_ids))
    )
    return {row.id: IntakeProgress(state=IntakeState(row.state), read=row.read, pages=row.pages) for row in rows}


def failed_scans(tx: Transaction, scopes: Sequence[str], *, limit: int) -> dict[str, list[int]]:
    """Scans of digitized intakes in which nothing could be read: intake -> positions in it, from 0, newest intake first.

    A scan that a later engine could read is left out. `limit`: scans.
    """
    good = page.alias()
    read = sa.exists().where(good.c.source == page.c.source, good.c.scan == page.c.scan, good.c.state != PageState.FAILED)
    query = (
        sa.select(intake.c.id, bundle_source.c.position, page.c.scan)
        .join(bundle_source, bundle_source.c.bundle == intake.c.bundle)
        .join(page, page.c.source == bundle_source.c.source)
        .where(page.c.state == PageState.FAILED, ~read, intake.c.state == IntakeState.DIGITIZED, *within(intake.c.agency, scopes))
        .distinct()
        .order_by(intake.c.received_at.desc(), intake.c.id, bundle_source.c.position, page.c.scan)
    )
    # SELECT DISTINCT of PostgreSQL wants what it is ordered by
    rows = tx.execute(query.add_columns(intake.c.received_at).limit(limit))
    found: dict[str, list[int]] = {}
    for row in rows:
        found.setdefault(row.id, []).append(row.position + row.scan)
    return found


def deliveries(tx: Transaction, intake_id: str) -> list[dict[str, Any]]:
    """What the dossier system has got or will get of an intake: kind, state, external_id, at, error code."""
    of_intake = (delivery.c.intake == intake_id, delivery.c.kind != "callback")
    rows = tx.execute(sa.select(delivery).where(*of_intake).order_by(delivery.c.seq)).mappings()
    return [
        {
            "kind": row["kind"],
            "state": row["state"],
            "record": row["record"],
            "external_id": (row["receipt"] or {}).get("external_id"),
            "at": (row["receipt"] or {}).get("at"),
            "error": (row["error"] or {}).get("code"),
        }
        for row in rows
    ]


def cancel(tx: Transaction, intake_id: str, *, actor: str, reason: str) -> bool:
    """Ends one intake that is not done. Returns False when it is over already."""
    done = tx.execute(
        sa.update(intake).where(intake.c.id == intake_id, intake.c.state.not_in(OVER)).values(state=IntakeState.CANCELLED)
    )
    if done.rowcount:
        events.note(tx, "cancelled", intake_id, actor=actor, reason=reason)
    return done.rowcount == 1


def revive(tx: Transaction, intake_id: str) -> bool:
    """Takes a cancelled intake up again. Returns False when it is not cancelled."""
    done = tx.execute(
        sa.update(intake)
        .where(intake.c.id == intake_id, intake.c.state == IntakeState.CANCELLED)
        .values(state=IntakeState.RECEIVED)
    )
    return done.rowcount == 1


def wanted_by_nobody(tx: Transaction, bundle_id: str) -> bool:
    """Whether every intake of a bundle is over, so that work on it may stop."""
    query = sa.select(sa.func.count()).select_from(intake).where(intake.c.bundle == bundle_id, intake.c.state.not_in(OVER))
    return tx.execute(query).scalar_one() == 0


def pages_since(tx: Transaction, actor: str, since: str) -> int:
    """Pages of what `actor` has submitted since. A file not opened yet counts as one."""
    query = (
        sa.select(sa.func.coalesce(sa.func.sum(sa.func.coalesce(source.c.pages, 1)), 0))
        .select_from(intake)
        .join(bundle_source, bundle_source.c.bundle == intake.c.bundle)
        .join(source, source.c.id == bundle_source.c.source)
        .where(intake.c.actor == actor, intake.c.received_at >= since)
    )
    return int(tx.execute(query).scalar_one())


def pages_read(tx: Transaction) -> dict[str, int]:
    """Pages by state, ever."""
    return {row.state: row.n for row in tx.execute(sa.select(page.c.state, sa.func.count().label("n")).group_by(page.c.state))}


def by_state(tx: Transaction) -> dict[str, int]:
    """Intakes by state."""
    rows = tx.execute(sa.select(intake.c.state, sa.func.count().label("n")).group_by(intake.c.state))
    return {row.state: row.n for row in rows}


def oldest_deliveries(tx: Transaction) -> dict[str, str]:
    """Target -> when the oldest delivery it does not have yet was written (ISO 8601)."""
    rows = tx.execute(
        sa.select(delivery.c.target, sa.func.min(delivery.c.made_at).label("at"))
        .where(delivery.c.state == "PENDING")
        .group_by(delivery.c.target)
    )
    return {row.target: row.at for row in rows}


def oldest_waiting(tx: Transaction) -> dict[str, str]:
    """Lane -> when the oldest intake that is not over was received (ISO 8601)."""
    rows = tx.execute(
        sa.select(intake.c.lane, sa.func.min(intake.c.received_at).label("at"))
        .where(intake.c.state.in_([IntakeState.RECEIVED, IntakeState.RUNNING]))
        .group_by(intake.c.lane)
    )
    return {row.lane: row.at for row in rows}

"""Statements of the indicators: known dossiers, the procedures catalogue, what the event log says, frozen figures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from digitizer.indicators import Counts
from digitizer.ledger import Transaction, events
from digitizer.ledger.schema import component, delivery, dossier, event, intake, snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """A line of the procedures catalogue."""

    procedure: str
    code: str
    name: str
    doctype: str | None = None
    required: bool = True
    #: the result of the procedure, not a paper handed in
    result: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What the event log says became of a delivery by a moment."""

    dossier: str
    component: str | None
    is_result: bool
    #: delivered, handed_over, done_elsewhere
    action: str
    at: str
    external_id: str | None


def save_dossiers(tx: Transaction, rows: Iterable[Mapping[str, Any]], *, origin: str) -> int:
    """Notes dossiers (columns of the table), a newer word taking the older one's place. Returns how many."""
    count = 0
    for row in rows:
        values = {**row, "origin": origin, "seen_at": events.now()}
        if tx.execute(sa.update(dossier).where(dossier.c.code == row["code"]).values(values)).rowcount == 0:
            tx.execute(sa.insert(dossier).values(values))
        count += 1
    return count


def dossiers(tx: Transaction, *, first: date | None = None, last: date | None = None) -> list[dict[str, Any]]:
    """Known dossiers by code: all, or those received or resolved in a period."""
    query = sa.select(dossier).order_by(dossier.c.code)
    if first and last:
        days = (first.isoformat(), last.isoformat())
        query = query.where(sa.or_(dossier.c.received_on.between(*days), dossier.c.resolved_on.between(*days)))
    return [dict(row) for row in tx.execute(query).mappings()]


def procedure_of(tx: Transaction, code: str) -> str | None:
    """The procedure of a dossier where it is known."""
    row = tx.execute(sa.select(dossier.c.procedure).where(dossier.c.code == code)).first()
    return row.procedure if row else None


def replace_procedure(tx: Transaction, procedure: str, lines: Sequence[Component]) -> None:
    """The catalogue's newest word on a procedure."""
    tx.execute(sa.delete(component).where(component.c.procedure == procedure))
    tx.execute(sa.insert(component), [asdict(line) for line in lines])


def catalogue(tx: Transaction) -> list[Component]:
    """All lines of the procedures catalogue."""
    rows = tx.execute(sa.select(component).order_by(component.c.procedure, component.c.code)).mappings()
    return [Component(**row) for row in rows]


def required(tx: Transaction) -> dict[str, list[str]]:
    """Procedure -> codes of the components that must be there."""
    found: dict[str, list[str]] = {}
    for line in catalogue(tx):
        if line.required and not line.result:
            found.setdefault(line.procedure, []).append(line.code)
    return found


def done(tx: Transaction, *, as_of: str) -> list[Done]:
    """Files that were delivered, handed over or done elsewhere by `as_of` (ISO, UTC), from the event log, oldest first."""
    actions = ("delivered", "handed_over", "done_elsewhere")
    rows = tx.execute(
        sa.select(event.c.at, event.c.action, event.c.detail, delivery.c.dossier, delivery.c.kind, intake.c.component)
        .join(delivery, delivery.c.id == event.c.subject)
        .join(intake, intake.c.id == delivery.c.intake)
        .where(event.c.action.in_(actions), event.c.at <= as_of, delivery.c.kind.in_(("attach", "attach_result")))
        .order_by(event.c.id)
    )
    return [
        Done(
            dossier=row.dossier,
            component=row.component,
            is_result=row.kind == "attach_result",
            action=row.action,
            at=row.at,
            external_id=row.detail.get("external_id"),
        )
        for row in rows
    ]


def open_deliveries(tx: Transaction) -> dict[tuple[str, str], tuple[str, str | None]]:
    """(dossier, component or `_`) -> (state, error code) of files that are neither delivered nor proved."""
    rows = tx.execute(
        sa.select(delivery.c.dossier, intake.c.component, delivery.c.state, delivery.c.error)
        .join(intake, intake.c.id == delivery.c.intake)
        .where(delivery.c.state.in_(("PENDING", "DEAD", "HANDED")), delivery.c.kind.in_(("attach", "attach_result")))
    )
    return {(row.dossier, row.component or "_"): (row.state, (row.error or {}).get("code")) for row in rows}


def waiting_intakes(tx: Transaction) -> dict[tuple[str, str], str]:
    """(dossier, component or `_`) -> state of files that were submitted."""
    rows = tx.execute(sa.select(intake.c.dossier, intake.c.component, intake.c.state).where(intake.c.dossier.is_not(None)))
    return {(row.dossier, row.component or "_"): row.state for row in rows}


def freeze(tx: Transaction, month: str, definition: str, as_of: str, counts: Mapping[str, Counts], *, by: str) -> None:
    """Keeps figures for good."""
    plain = {agency: asdict(figures) for agency, figures in counts.items()}
    tx.execute(sa.insert(snapshot).values(month=month, definition=definition, as_of=as_of, counts=plain, by=by, at=events.now()))
    events.note(tx, "figures_frozen", month, actor=by, definition=definition, as_of=as_of)


def frozen(tx: Transaction, month: str, definition: str) -> list[dict[str, Any]]:
    """Frozen figures of a month, the first and its restatements: as_of, by, at, counts by agency."""
    rows = tx.execute(
        sa.select(snapshot).where(snapshot.c.month == month, snapshot.c.definition == definition).order_by(snapshot.c.id)
    ).mappings()
    return [{**row, "counts": {agency: Counts(**figures) for agency, figures in row["counts"].items()}} for row in rows]

"""What was carried out and in: packages, who holds a bundle, and the rows of a bundle as they travel."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from digitizer.ledger import Transaction, events
from digitizer.ledger.database import put
from digitizer.ledger.schema import (
    artifact,
    bundle,
    bundle_source,
    carried_bundle,
    delivery,
    event,
    foreign_event,
    holder,
    intake,
    package,
    page,
    record,
    revision,
    source,
)
from digitizer.model import RecordState

Rows = list[dict[str, Any]]


def owner(tx: Transaction, bundle_id: str) -> str | None:
    """Who decides about a bundle when it is not us."""
    return tx.execute(sa.select(holder.c.owner).where(holder.c.bundle == bundle_id)).scalar_one_or_none()


def give(tx: Transaction, bundle_id: str, to: str | None, *, actor: str) -> None:
    """From now on `to` decides about a bundle. With None we do."""
    tx.execute(sa.delete(holder).where(holder.c.bundle == bundle_id))
    if to is not None:
        tx.execute(sa.insert(holder).values(bundle=bundle_id, owner=to))
    events.note(tx, "owner", bundle_id, actor=actor, owner=to)


def seen(tx: Transaction, package_id: str) -> bool:
    """Whether a package was imported or exported here."""
    return tx.execute(sa.select(package.c.id).where(package.c.id == package_id)).first() is not None


def note(tx: Transaction, package_id: str, direction: str, peer: str, bundles: Iterable[str], last_event: int) -> None:
    """A package went OUT or came IN."""
    tx.execute(sa.insert(package).values(id=package_id, direction=direction, peer=peer, at=events.now(), last_event=last_event))
    rows = [{"package": package_id, "bundle": name} for name in sorted(set(bundles))]
    if rows:
        tx.execute(sa.insert(carried_bundle), rows)


def last_event(tx: Transaction, peer: str) -> int:
    """The newest event the last package to `peer` held. 0 when there was none."""
    query = sa.select(sa.func.max(package.c.last_event)).where(package.c.direction == "OUT", package.c.peer == peer)
    return tx.execute(query).scalar_one() or 0


def carried(tx: Transaction, peer: str) -> set[str]:
    """Bundles whose files a package to `peer` already held."""
    query = (
        sa.select(carried_bundle.c.bundle)
        .join(package, package.c.id == carried_bundle.c.package)
        .where(package.c.direction == "OUT", package.c.peer == peer)
    )
    return {row.bundle for row in tx.execute(query)}


def events_after(tx: Transaction, seq: int) -> Rows:
    """Sealed events behind `seq`, in order."""
    query = sa.select(event).where(event.c.seq.is_not(None), event.c.seq > seq).order_by(event.c.seq)
    return [{k: v for k, v in row.items() if k != "id"} for row in tx.execute(query).mappings()]


def bundles_of(tx: Transaction, *, agency: str | None, subjects: set[str] | None) -> list[str]:
    """Bundles of an agency (all when None) that one of `subjects` (ids of intakes, bundles, records) is about (None: any)."""
    query = sa.select(intake.c.bundle, intake.c.id, intake.c.agency).order_by(intake.c.received_at, intake.c.id)
    touched = None if subjects is None else subjects | {subject.split("/")[0] for subject in subjects}
    found = [
        row.bundle
        for row in tx.execute(query)
        if (agency is None or row.agency == agency) and (touched is None or touched & {row.bundle, row.id})
    ]
    return list(dict.fromkeys(found))


def dump(tx: Transaction, bundle_id: str) -> dict[str, Any]:
    """All rows of a bundle, by table."""
    sources = sa.select(bundle_source.c.source).where(bundle_source.c.bundle == bundle_id)
    records = sa.select(record.c.id).where(record.c.bundle == bundle_id)
    queries = {
        "bundle": sa.select(bundle).where(bundle.c.id == bundle_id),
        "source": sa.select(source).where(source.c.id.in_(sources)).order_by(source.c.id),
        "bundle_source": sa.select(bundle_source).where(bundle_source.c.bundle == bundle_id).order_by(bundle_source.c.position),
        "intake": sa.select(intake).where(intake.c.bundle == bundle_id).order_by(intake.c.id),
        "page": sa.select(page).where(page.c.source.in_(sources)).order_by(page.c.source, page.c.scan, page.c.engine),
        "artifact": sa.select(artifact).where(artifact.c.bundle == bundle_id).order_by(artifact.c.kind),
        "record": sa.select(record).where(record.c.bundle == bundle_id).order_by(record.c.id),
        "revision": sa.select(revision).where(revision.c.record.in_(records)).order_by(revision.c.record, revision.c.revision),
    }
    return {name: [dict(row) for row in tx.execute(query).mappings()] for name, query in queries.items()}


def known(tx: Transaction, bundle_id: str) -> bool:
    """Whether a bundle is in this ledger."""
    return tx.execute(sa.select(bundle.c.id).where(bundle.c.id == bundle_id)).first() is not None


def add(tx: Transaction, rows: Mapping[str, Rows]) -> None:
    """Adds the rows of a bundle that are not here. Nothing that is here changes."""
    for table in (source, bundle, bundle_source, intake, page, artifact):
        for row in rows[table.name]:
            put(tx, table, row)


def histories(rows: Mapping[str, Rows]) -> dict[str, tuple[dict[str, Any], Rows]]:
    """Record id -> (its row, its revisions in order)."""
    found: dict[str, tuple[dict[str, Any], Rows]] = {row["id"]: (row, []) for row in rows["record"]}
    for row in rows["revision"]:
        found[row["record"]][1].append(row)
    return found


def take_history(tx: Transaction, row: Mapping[str, Any], revisions: Sequence[Mapping[str, Any]], known_to: int) -> None:
    """A record as the other side has it, where ours is the beginning of it: `known_to` revisions are here."""
    if known_to == 0:
        tx.execute(sa.insert(record).values(**row))
    else:
        # packages of versions before migration 0011 have no pages
        values = {key: row[key] for key in ("state", "revision", "verdict", "doctype", "pages") if key in row}
        tx.execute(sa.update(record).where(record.c.id == row["id"]).values(**values))
    for later in revisions[known_to:]:
        tx.execute(sa.insert(revision).values(**later))


def differ(tx: Transaction, record_id: str, at: int, theirs: Mapping[str, Any], *, signer: str) -> None:
    """Both sides changed a record: theirs becomes one more revision, by its author and side, and a checker decides."""
    added = {**theirs, "revision": at + 1, "by": f"{theirs['by']}@{signer}"[:120]}
    added["body"] = {**theirs["body"], "revision": at + 1}
    tx.execute(sa.insert(revision).values(**added))
    tx.execute(sa.update(record).where(record.c.id == record_id).values(revision=at + 1, state=RecordState.DIFFERS))
    events.note(tx, "differs", record_id, actor=f"package@{signer}"[:120], ours=at, theirs=at + 1)


def add_events(tx: Transaction, rows: Sequence[Mapping[str, Any]], *, origin: str) -> int:
    """Keeps the other side's sealed events beside ours, each once. Returns how many were new."""
    return sum(put(tx, foreign_event, {"origin": origin, **row}) for row in rows)


def release_deliveries(tx: Transaction, bundle_id: str, *, to: str) -> int:
    """What we had still to deliver of a bundle that is handed over, the new owner delivers."""
    intakes = sa.select(intake.c.id).where(intake.c.bundle == bundle_id)
    done = tx.execute(
        sa.update(delivery)
        .where(delivery.c.intake.in_(intakes), delivery.c.state == "PENDING")
        .values(state="ELSEWHERE", error={"code": "handed_over", "to": to})
    )
    return done.rowcount

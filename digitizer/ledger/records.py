"""Records: what OCR proposed, what people made of it. Every revision stays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from digitizer import serialization
from digitizer.dossiers import ALL
from digitizer.ledger import Transaction, events
from digitizer.ledger.database import within
from digitizer.ledger.schema import intake, record, record_lease, revision
from digitizer.model import Lane, Record, RecordState
from digitizer.text import fold

#: states of a record that a person took responsibility for
APPROVED = (RecordState.READY, RecordState.ATTACHED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A record as the ledger has it."""

    record: Record
    bundle: str
    doctype: str | None
    state: RecordState
    #: positions in the bundle of the scans it lies on, None where an earlier version noted it
    pages: tuple[int, ...] | None = None


def propose(
    tx: Transaction, bundle_id: str, doctype: str | None, proposed: Record, *, actor: str, pages: Sequence[int] | None = None
) -> None:
    """Notes what OCR read. What a person has already approved, corrected or rejected is left as it is.

    `pages`: positions in the bundle of the scans it lies on.
    """
    lies_on = None if pages is None else list(pages)
    row = tx.execute(sa.select(record.c.state, record.c.revision, record.c.pages).where(record.c.id == proposed.id)).first()
    if row is None:
        tx.execute(
            sa.insert(record).values(
                id=proposed.id,
                bundle=bundle_id,
                doctype=doctype,
                state=RecordState.REVIEW,
                revision=1,
                verdict=proposed.verdict,
                pages=lies_on,
                place=_queue_place(tx, bundle_id),
                words=words_of(proposed),
            )
        )
        _add_revision(tx, proposed, 1, by="ocr")
        events.note(tx, "proposed", proposed.id, actor=actor, verdict=proposed.verdict.value, doctype=doctype)
    elif row.state == RecordState.REVIEW and row.revision == 1:
        tx.execute(
            sa.update(record)
            .where(record.c.id == proposed.id)
            .values(doctype=doctype, verdict=proposed.verdict, pages=lies_on, words=words_of(proposed))
        )
        tx.execute(
            sa.update(revision)
            .where(revision.c.record == proposed.id, revision.c.revision == 1)
            .values(body=serialization.to_plain(proposed), at=events.now())
        )
        events.note(tx, "read_again", proposed.id, actor=actor, verdict=proposed.verdict.value)
    elif row.pages is None:
        tx.execute(sa.update(record).where(record.c.id == proposed.id).values(pages=lies_on))


def withdraw(tx: Transaction, bundle_id: str, kept: Sequence[str], *, actor: str) -> None:
    """Drops proposals of a bundle that a new reading does not repeat. What a person has touched stays."""
    gone = [
        row.id
        for row in tx.execute(
            sa.select(record.c.id).where(
                record.c.bundle == bundle_id,
                record.c.state == RecordState.REVIEW,
                record.c.revision == 1,
                record.c.id.not_in(kept),
            )
        )
    ]
    for record_id in gone:
        tx.execute(sa.delete(revision).where(revision.c.record == record_id))
        tx.execute(sa.delete(record_lease).where(record_lease.c.record == record_id))
        tx.execute(sa.delete(record).where(record.c.id == record_id))
        events.note(tx, "withdrawn", record_id, actor=actor)


def revise(tx: Transaction, changed: Record, expected: int, *, by: str) -> bool:
    """Adds a revision and puts the record back to REVIEW. Returns False when it is past revision `expected`."""
    done = tx.execute(
        sa.update(record)
        .where(record.c.id == changed.id, record.c.revision == expected)
        .values(revision=changed.revision, state=RecordState.REVIEW, verdict=changed.verdict, words=words_of(changed))
    )
    if done.rowcount:
        _add_revision(tx, changed, changed.revision, by=by)
    return done.rowcount == 1


def move(
    tx: Transaction,
    record_id: str,
    at: int,
    expected: Sequence[RecordState],
    to: RecordState,
    *,
    actor: str,
    action: str,
    reason: str = "",
) -> bool:
    """One arrow of a record's state machine, at a revision. Returns False when it was not there to follow."""
    done = tx.execute(
        sa.update(record).where(record.c.id == record_id, record.c.revision == at, record.c.state.in_(expected)).values(state=to)
    )
    if done.rowcount:
        events.note(tx, action, record_id, actor=actor, revision=at, reason=reason)
    return done.rowcount == 1


def counts(tx: Transaction, scopes: Sequence[str] = ALL) -> dict[str, int]:
    """Number of records by state."""
    ours = [record.c.bundle.in_(sa.select(intake.c.bundle).where(*test)) for test in [within(intake.c.agency, scopes)] if test]
    rows = tx.execute(sa.select(record.c.state, sa.func.count().label("n")).where(*ours).group_by(record.c.state))
    return {row.state: row.n for row in rows}


def get(tx: Transaction, record_id: str) -> Kept | None:
    """A record at its newest revision."""
    found = find(tx, record_id=record_id)
    return found[0] if found else None


def records_like(tx: Transaction, beginning: str) -> list[str]:
    """Ids of the records that a person means by the beginning of a bundle's id, and maybe the place in it: `9f86d0/0/2`."""
    bundle_id, _, place = beginning.partition("/")
    query = sa.select(record.c.id).where(record.c.id.startswith(bundle_id, autoescape=True)).order_by(record.c.id)
    found = list(tx.execute(query).scalars()) if bundle_id else []
    places = {one: one.partition("/")[2] for one in found}
    exact = [one for one in found if beginning == one or (place and places[one] == place)]
    return exact or [one for one in found if places[one].startswith(place)]


def at(tx: Transaction, record_id: str, number: int) -> Kept | None:
    """A record as it was at a revision, with its state now."""
    row = (
        tx.execute(
            sa.select(record.c.bundle, record.c.doctype, record.c.state, record.c.pages, revision.c.body)
            .join(revision, revision.c.record == record.c.id)
            .where(record.c.id == record_id, revision.c.revision == number)
        )
        .mappings()
        .first()
    )
    return None if row is None else _kept(row)


def find(
    tx: Transaction, *, record_id: str | None = None, bundle_id: str | None = None, states: Sequence[RecordState] = ()
) -> list[Kept]:
    """Records at their newest revisions, in order of their ids."""
    query = (
        sa.select(record.c.bundle, record.c.doctype, record.c.state, record.c.pages, revision.c.body)
        .join(revision, sa.and_(revision.c.record == record.c.id, revision.c.revision == record.c.revision))
        .order_by(record.c.id)
    )
    if record_id is not None:
        query = query.where(record.c.id == record_id)
    if bundle_id is not None:
        query = query.where(record.c.bundle == bundle_id)
    if states:
        query = query.where(record.c.state.in_(states))
    return [_kept(row) for row in tx.execute(query).mappings()]


def words_of(found: Record) -> str:
    """The values of a record, folded, one a line: what a search looks through."""
    values = (field.value for field in found.fields)
    texts = (" ".join(value) if isinstance(value, tuple) else str(value) for value in values if value not in (None, ""))
    return "\n".join(fold(text) for text in texts)


def _queue_place(tx: Transaction, bundle_id: str) -> str | None:
    """Where a record of a bundle stands in the queue: the counter first, then in the order in which files came."""
    query = sa.select(intake.c.lane, intake.c.received_at).where(intake.c.bundle == bundle_id)
    places = [f"{0 if row.lane == Lane.COUNTER else 1}{row.received_at}" for row in tx.execute(query)]
    return min(places, default=None)


def _kept(row: sa.RowMapping) -> Kept:
    body = serialization.from_plain(Record, row["body"])
    pages = None if row["pages"] is None else tuple(row["pages"])
    return Kept(record=body, bundle=row["bundle"], doctype=row["doctype"], state=RecordState(row["state"]), pages=pages)


def _add_revision(tx: Transaction, body: Record, number: int, *, by: str) -> None:
    tx.execute(
        sa.insert(revision).values(record=body.id, revision=number, body=serialization.to_plain(body), by=by, at=events.now())
    )

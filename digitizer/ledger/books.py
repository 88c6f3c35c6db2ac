"""How far register books have come, counted in the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from digitizer.ledger import Transaction
from digitizer.ledger.database import within
from digitizer.ledger.records import APPROVED
from digitizer.ledger.schema import bundle_source, intake, page, record, source
from digitizer.model import PageState, RecordState


@dataclass(frozen=True, slots=True, kw_only=True)
class BookProgress:
    """A register book of an agency: what came in, and how far its records are."""

    agency: str | None
    book: str
    #: scans that came in, as far as they were opened, and those in which something or nothing was read
    scans: int
    read: int
    failed: int
    #: records, however they stand
    records: int
    #: those with values a person typed or corrected
    keyed: int
    #: those that wait for a decision, two sides that differ among them
    waiting: int
    #: those a person approved, delivered ones too
    approved: int
    #: those the dossier system or the register took
    delivered: int
    #: those a person rejected
    refused: int


def progress(tx: Transaction, scopes: Sequence[str], *, limit: int | None = None, offset: int = 0) -> list[BookProgress]:
    """The books of the agencies in `scopes`, by agency and name. `limit` books after the first `offset`."""
    agency = sa.func.coalesce(intake.c.agency, "")
    named = (
        sa.select(agency.label("agency"), intake.c.book)
        .where(intake.c.book.is_not(None), *within(intake.c.agency, scopes))
        .distinct()
        .order_by(agency, intake.c.book)
        .limit(limit)
        .offset(offset)
        .subquery()
    )
    ours = (
        sa.select(intake.c.agency, intake.c.book, intake.c.bundle)
        .join(named, sa.and_(named.c.agency == agency, named.c.book == intake.c.book))
        .distinct()
        .subquery()
    )
    counted = {(row.agency, row.book): row for row in tx.execute(_records(ours))}
    scans = {(row.agency, row.book): row for row in tx.execute(_scans(ours))}
    pages = {(row.agency, row.book): row for row in tx.execute(_pages(ours))}
    found = []
    for agency, book in sorted(scans, key=lambda key: (key[0] or "", key[1])):
        records, looked = counted.get((agency, book)), pages.get((agency, book))
        found.append(
            BookProgress(
                agency=agency,
                book=book,
                scans=int(scans[agency, book].scans or 0),
                read=int(looked.read or 0) if looked else 0,
                failed=int(looked.failed or 0) if looked else 0,
                **{
                    name: int(getattr(records, name) or 0) if records else 0
                    for name in ("records", "keyed", "waiting", "approved", "delivered", "refused")
                },
            )
        )
    return found


def _count(*conditions: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return sa.func.sum(sa.case((sa.and_(*conditions), 1), else_=0))


def _records(ours: sa.Subquery) -> sa.Select[tuple[str, str, int]]:
    state = record.c.state
    return (
        sa.select(
            ours.c.agency,
            ours.c.book,
            sa.func.count().label("records"),
            _count(record.c.revision > 1).label("keyed"),
            _count(state.in_((RecordState.REVIEW, RecordState.DIFFERS))).label("waiting"),
            _count(state.in_(APPROVED)).label("approved"),
            _count(state == RecordState.ATTACHED).label("delivered"),
            _count(state == RecordState.REFUSED).label("refused"),
        )
        .join(record, record.c.bundle == ours.c.bundle)
        .group_by(ours.c.agency, ours.c.book)
    )


def _scans(ours: sa.Subquery) -> sa.Select[tuple[str, str, int]]:
    return (
        sa.select(ours.c.agency, ours.c.book, sa.func.sum(sa.func.coalesce(source.c.pages, 1)).label("scans"))
        .join(bundle_source, bundle_source.c.bundle == ours.c.bundle)
        .join(source, source.c.id == bundle_source.c.source)
        .group_by(ours.c.agency, ours.c.book)
    )


def _pages(ours: sa.Subquery) -> sa.Select[tuple[str, str, int]]:
    # a scan that a later engine read is read, whatever an earlier one said
    theirs = sa.select(bundle_source.c.source).join(ours, ours.c.bundle == bundle_source.c.bundle)
    best = (
        sa.select(page.c.source, page.c.scan, sa.func.max(sa.case((page.c.state == PageState.FAILED, 0), else_=1)).label("read"))
        .where(page.c.source.in_(theirs))
        .group_by(page.c.source, page.c.scan)
        .subquery()
    )
    return (
        sa.select(ours.c.agency, ours.c.book, _count(best.c.read == 1).label("read"), _count(best.c.read == 0).label("failed"))
        .join(bundle_source, bundle_source.c.bundle == ours.c.bundle)
        .join(best, best.c.source == bundle_source.c.source)
        .group_by(ours.c.agency, ours.c.book)
    )

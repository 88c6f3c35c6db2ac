"""The queue of records that wait for people, who has which of them open, and finding records by what stands in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from digitizer.ledger import Transaction
from digitizer.ledger.database import put, within
from digitizer.ledger.schema import intake, record, record_lease, revision
from digitizer.model import RecordState
from digitizer.text import fold


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A record in a list."""

    id: str
    doctype: str | None
    state: RecordState
    revision: int
    #: name of its file or book as submitted
    name: str
    intake: str
    agency: str | None
    dossier: str | None
    book: str | None
    lane: str
    #: ISO 8601
    received_at: str
    place: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which records are wanted. None and empty: any."""

    states: tuple[RecordState, ...] = (RecordState.REVIEW,)
    agency: str | None = None
    book: str | None = None
    doctype: str | None = None
    #: words that all stand in its values, its file's name or its dossier. Case and accents do not count
    words: str = ""


def find(
    tx: Transaction, scopes: Sequence[str], wanted: Filter, *, limit: int, after: tuple[str, str] | None = None
) -> list[Waiting]:
    """Records in the order in which they wait. `after`: place and id of the last one that is known."""
    query = (
        sa.select(
            record.c.id, record.c.doctype, record.c.state, record.c.revision, record.c.place, intake.c.name,
            intake.c.id.label("intake"), intake.c.agency, intake.c.dossier, intake.c.book, intake.c.lane, intake.c.received_at,
        )
        .join(intake, intake.c.bundle == record.c.bundle)
        .where(record.c.state.in_(wanted.states), *within(intake.c.agency, scopes), *_tests(wanted))
        .order_by(record.c.place, record.c.id, intake.c.received_at)
    )  # fmt: skip
    if after is not None:
        query = query.where(sa.tuple_(record.c.place, record.c.id) > after)
    found: dict[str, Waiting] = {}
    # a file that was submitted twice has two intakes, of which the first one counts
    for row in tx.execute(query.limit(2 * limit)).mappings():
        found.setdefault(row["id"], Waiting(**{**row, "state": RecordState(row["state"])}))
    return list(found.values())[:limit]


def _tests(wanted: Filter) -> list[sa.ColumnElement[bool]]:
    tests: list[sa.ColumnElement[bool]] = []
    if wanted.agency is not None:
        tests.append(intake.c.agency == wanted.agency)
    if wanted.book is not None:
        tests.append(intake.c.book == wanted.book)
    if wanted.doctype is not None:
        tests.append(record.c.doctype == wanted.doctype)
    for word in fold(wanted.words).split():
        places = (record.c.words, sa.func.lower(intake.c.name), sa.func.lower(intake.c.dossier))
        tests.append(sa.or_(*(column.contains(word, autoescape=True) for column in places)))
    return tests


def place_of(tx: Transaction, record_id: str) -> tuple[str, str] | None:
    """Where a record stands or stood in the queue, as `find` takes it. None where that is not known."""
    place = tx.execute(sa.select(record.c.place).where(record.c.id == record_id)).scalar_one_or_none()
    return None if place is None else (place, record_id)


def lend(tx: Transaction, record_id: str, account: str, *, now: float, seconds: float) -> str:
    """Lends a record to one person for a while, or renews that. Gives the name of whoever has it then."""
    values = {"account": account, "until": now + seconds}
    free = sa.or_(record_lease.c.until < now, record_lease.c.account == account)
    done = tx.execute(sa.update(record_lease).where(record_lease.c.record == record_id, free).values(**values))
    if done.rowcount or put(tx, record_lease, {"record": record_id, **values}):
        return account
    query = sa.select(record_lease.c.account).where(record_lease.c.record == record_id)
    return str(tx.execute(query).scalar_one())


def give_back(tx: Transaction, record_id: str, account: str) -> None:
    """The person has done with a record."""
    tx.execute(sa.delete(record_lease).where(record_lease.c.record == record_id, record_lease.c.account == account))


def lent(tx: Transaction, record_ids: Sequence[str], *, now: float) -> dict[str, str]:
    """Record -> name of the account that has it open."""
    query = sa.select(record_lease.c.record, record_lease.c.account)
    query = query.where(record_lease.c.record.in_(record_ids), record_lease.c.until >= now)
    return {row.record: row.account for row in tx.execute(query)}


def history(tx: Transaction, record_id: str) -> list[tuple[int, str, str, dict[str, object]]]:
    """(number, by whom, when, body) of every revision of a record, the first one first."""
    query = sa.select(revision).where(revision.c.record == record_id).order_by(revision.c.revision)
    return [(row["revision"], row["by"], row["at"], row["body"]) for row in tx.execute(query).mappings()]

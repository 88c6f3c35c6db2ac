"""A whole book put together from its intakes and looked at as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from digitizer.dossiers import ALL
from digitizer.errors import UsageError
from digitizer.extract.book import BookCase, Totals, check_book
from digitizer.ledger import Transaction, books, records, submissions
from digitizer.ledger.books import BookProgress
from digitizer.ledger.records import Kept
from digitizer.model import IntakeState, Problem, RecordState
from digitizer.service import earlier_results
from digitizer.service.context import ServiceContext


@dataclass(frozen=True, slots=True, kw_only=True)
class BookReport:
    """What was found in a book."""

    book: str
    #: written pages that hold cases, and cases
    pages: int
    cases: int
    #: what its closing statement says, None without one
    stated: Totals | None
    problems: tuple[Problem, ...]


class BookCheck:
    """Checks the digitized part of a register book."""

    def __init__(self, context: ServiceContext) -> None:
        self.context = context

    def progress(self, scopes: Sequence[str] = ALL, *, limit: int | None = None, offset: int = 0) -> list[BookProgress]:
        """How far the books of the agencies in `scopes` have come: `limit` of them after the first `offset`."""
        with self.context.ledger.read() as tx:
            return books.progress(tx, scopes, limit=limit, offset=offset)

    def check(self, book: str, *, agency: str | None = None) -> BookReport:
        """Gaps, twins, order and totals of the digitized part of a book. Raises UsageError when nothing of it is there."""
        with self.context.ledger.read() as tx:
            bundles = [
                intake.bundle
                for intake, _ in submissions.intakes(tx, states=[IntakeState.DIGITIZED])
                if intake.book == book and agency in (None, intake.agency)
            ]
            kept = {bundle: records.find(tx, bundle_id=bundle) for bundle in dict.fromkeys(bundles)}
            stated = next((found for bundle in kept if (found := self._stated(tx, bundle))), None)
        if not kept:
            raise UsageError(f"no digitized page of the book {book}", sentence="book_not_here", book=book)
        cases = [case for of_bundle in kept.values() for case in _in_order(of_bundle)]
        pages = sum(_written_pages(of_bundle) for of_bundle in kept.values())
        problems = check_book(cases, pages=pages, stated=stated)
        return BookReport(book=book, pages=pages, cases=len(cases), stated=stated, problems=problems)

    def _stated(self, tx: Transaction, bundle: str) -> Totals | None:
        """The totals that the closing statement in a bundle names. None without one."""
        noted = submissions.bundle_row(tx, bundle)["stated"]
        if noted is None:
            return earlier_results.stated(self.context, tx, bundle)
        return Totals(**noted) if noted else None


def _in_order(kept: list[Kept]) -> list[BookCase]:
    """The cases of a bundle as they stand in it, without rejected ones."""
    cases = [k for k in kept if k.state != RecordState.REFUSED]
    cases.sort(key=lambda k: [int(part) for part in k.record.id.split("/")[1:]])
    return [
        BookCase(
            record=k.record.id,
            values={field.name: field.value for field in k.record.fields},
            cancelled=k.state == RecordState.VOID or any(reason.code == "cancelled" for reason in k.record.reasons),
        )
        for k in cases
    ]


def _written_pages(kept: list[Kept]) -> int:
    """The number of pages that the cases of a bundle stand on."""
    return len({field.page for one in kept for field in one.record.fields if field.page is not None})

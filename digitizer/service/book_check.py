"""A whole book put together from its intakes and looked at as one."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from digitizer.errors import UsageError
from digitizer.extract.book import BookCase, Totals, check_book, totals
from digitizer.ledger import records, submissions
from digitizer.ledger.records import Kept
from digitizer.model import IntakeState, Problem, RecordState
from digitizer.service.context import ServiceContext


@dataclass(frozen=True, slots=True, kw_only=True)
class BookReport:
    """What was found in a book."""

    book: str
    #: written pages that hold cases, and cases
    pages: int
    cases: int
    #: what its closing statement says; None without one
    stated: Totals | None
    problems: tuple[Problem, ...]


class BookCheck:
    """Checks the digitized part of a register book."""

    def __init__(self, context: ServiceContext) -> None:
        self.context = context

    def check(self, book: str, *, agency: str | None = None) -> BookReport:
        """Gaps, twins, order and totals of the digitized part of a book. Raises UsageError when nothing of it is there."""
        with self.context.ledger.read() as tx:
            bundles = [
                intake.bundle
                for intake, _ in submissions.intakes(tx, states=[IntakeState.DIGITIZED])
                if intake.book == book and agency in (None, intake.agency)
            ]
            made = {bundle: submissions.artifacts(tx, bundle) for bundle in dict.fromkeys(bundles)}
            kept = {bundle: records.find(tx, bundle_id=bundle) for bundle in made}
        if not made:
            raise UsageError(f"no digitized page of the book {book}", sentence="book_not_here", book=book)
        cases = [case for bundle in made for case in _in_order(kept[bundle])]
        results = [self._digitized(keys) for keys in made.values()]
        stated = next((t for result in results for page in result["pages"] if (t := totals(_texts(page)))), None)
        pages = sum(len(_pages_of(result)) for result in results)
        found = check_book(cases, pages=pages, stated=stated)
        return BookReport(book=book, pages=pages, cases=len(cases), stated=stated, problems=found)

    def _digitized(self, keys: dict[str, tuple[str, str]]) -> dict[str, Any]:
        with self.context.store.open(keys["json"][1]) as stored:
            read: dict[str, Any] = json.loads(stored.read())
            return read


def _in_order(kept: list[Kept]) -> list[BookCase]:
    """The cases of a bundle as they stand in it; rejected ones are none."""
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


def _texts(page: dict[str, Any]) -> list[str]:
    return [line["text"] for line in page["lines"]]


def _pages_of(result: dict[str, Any]) -> set[int]:
    """The pages its cases stand on."""
    fields = [f for d in result["documents"] for r in d["records"] for f in r["fields"]]
    return {field["page"] for field in fields if field.get("page") is not None}

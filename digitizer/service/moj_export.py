"""Register books on their way to the Ministry: their packages, and keyed sheets compared with what was read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from digitizer.connectors import moj
from digitizer.ledger import records, submissions
from digitizer.ledger.outbox import Due
from digitizer.ledger.records import Kept
from digitizer.model import Intake, RecordState
from digitizer.service.context import ServiceContext
from digitizer.service.delivery_senders import case_delivery, values


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What an export wrote."""

    books: int
    cases: int
    #: cases that no person has approved yet
    left: int


class MojExport:
    """Writes the Ministry's packages, and compares keyed sheets with what was read."""

    def __init__(self, context: ServiceContext) -> None:
        self.context = context

    def export(self, folder: Path, *, book: str | None = None, agency: str | None = None, columns: str = "60") -> Exported:
        """Writes the packages of all approved cases below `folder`. A repeat writes what changed. Raises AttachRefused."""
        url = f"{folder.absolute().as_uri().replace('file:', 'moj:')}?columns={columns}"
        connector = moj.open(url, self.context.settings.home)
        chosen = self._cases(book, agency)
        done = [(intake, kept) for intake, kept in chosen if kept.state in records.APPROVED]
        for intake, kept in done:
            with self.context.files.scratch() as scratch:
                connector.add_register_case(case_delivery(self.context, _due(intake, kept), intake, kept, scratch))
        connector.flush()
        return Exported(books=len({(i.agency, i.book) for i, _ in done}), cases=len(done), left=len(chosen) - len(done))

    def compare(self, sheet: Path, marked: Path, *, book: str, agency: str | None = None) -> list[moj.Difference]:
        """Compares a keyed sheet of a book with what was read, and writes a marked copy. Raises UsageError, FileAccess."""
        found = moj.compare(sheet, book, [values(kept) for _, kept in self._cases(book, agency)])
        moj.mark(sheet, marked, found)
        return found

    def _cases(self, book: str | None, agency: str | None) -> list[tuple[Intake, Kept]]:
        """Cases of books that the Ministry has a sheet for, without rejected ones."""
        with self.context.ledger.read() as tx:
            intakes = [i for i, _ in submissions.intakes(tx) if i.book and book in (None, i.book) and agency in (None, i.agency)]
            found = [(i, kept) for i in intakes for kept in records.find(tx, bundle_id=i.bundle)]
        out = (RecordState.REFUSED, RecordState.VOID)
        return [(i, kept) for i, kept in found if kept.doctype in moj.DOCTYPES and kept.state not in out]


def _due(intake: Intake, kept: Kept) -> Due:
    key = f"export/{intake.book}/{kept.record.id}/{kept.record.revision}"
    return Due(id=key, seq=0, target="", kind="add_register_case", order_key=intake.book or "", intake=intake.id,
               record=kept.record.id, revision=kept.record.revision, key=key, dossier=None, attempts=1, made_at="")  # fmt: skip

"""Where a file goes: which dossier it belongs to, which target gets it, and whether a person decides first.

A file finds its dossier by the first of these that knows one:

1. the submission itself (`--dossier`, the field of an HTTP request);
2. folders or object key: `<agency>/dossiers/<code>/[<component>/]<file>` or `<agency>/books/KS/1999/01/<file>`;
3. a dossier code in the file name;
4. `dossiers.csv` beside the file;
5. a QR code or barcode on the first page, once it was read;
6. a person (`digitizer attach FILE-ID --dossier CODE`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path, PurePath

from digitizer import dossiers
from digitizer.connectors import AddsRegisterCases
from digitizer.dossiers import RoutingHint
from digitizer.errors import UsageError
from digitizer.ledger import Transaction, indicators, submissions
from digitizer.model import Digitized, Intake, Lane
from digitizer.service.context import DOSSIERS, ServiceContext
from digitizer.service.scan_sources import InputBundle


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """What comes with a file: who submits it, for whom."""

    actor: str
    agency: str | None = None
    dossier: str | None = None
    component: str | None = None
    book: str | None = None
    lane: Lane = Lane.BULK
    #: codes of the rules that found something but no one dossier
    routing: tuple[str, ...] = ()


def check_codes(submission: Submission) -> None:
    """Raises UsageError for a dossier or book code that is none."""
    if submission.dossier is not None and not dossiers.valid(submission.dossier):
        raise UsageError("this is no dossier code", sentence="no_dossier_code", dossier=submission.dossier)
    if submission.book is not None and not dossiers.BOOK.fullmatch(submission.book):
        raise UsageError("a book is named like KS/1999/01", sentence="no_book_name", book=submission.book)


def completed(given: Submission, hint: RoutingHint) -> Submission:
    """`given`, with what the hint knows where `given` says nothing."""
    return replace(
        given,
        agency=given.agency or hint.agency,
        dossier=given.dossier or hint.dossier,
        component=given.component or hint.component,
        book=given.book or hint.book,
        routing=given.routing if given.dossier or given.book else hint.failed,
    )


def submission_of(given: Submission, bundle: InputBundle) -> Submission:
    """`given`, completed by path, name or `dossiers.csv`. Raises FileAccess.

    Where the operator names a book, the paths of its pages say nothing.
    """
    return given if given.book is not None else completed(given, hint_of(bundle))


def hint_of(bundle: InputBundle) -> RoutingHint:
    """What path and name of a bundle say, else `dossiers.csv` beside a file of this machine. Raises FileAccess."""
    first = bundle.files[0]
    if bundle.hint.dossier or bundle.hint.book or first.address.startswith("s3://"):
        return bundle.hint
    listed = dossiers.from_csv(Path(first.key))
    return replace(listed, failed=(*bundle.hint.failed, *listed.failed))


def hint_of_object(below: PurePath) -> RoutingHint:
    """What the key of an object below the inbox says."""
    return dossiers.from_path(below)


def codes_on_first_page(result: Digitized) -> list[str]:
    """The different dossier codes in QR codes and barcodes of the first scan."""
    first = [page for page, position in zip(result.pages, result.positions, strict=True) if position == 0]
    return list(dict.fromkeys(code for page in first for mark in page.marks for code in dossiers.all_in_text(mark.text)))


def agency_of(submission: Submission) -> str | None:
    """The agency a submission names, else the one in its dossier code."""
    return submission.agency or (submission.dossier.partition("-")[0] if submission.dossier else None)


def target_of(context: ServiceContext, tx: Transaction, intake: Intake) -> str:
    """The target that gets what belongs to this intake's dossier: the first whose agencies or procedures name it."""
    procedure = indicators.procedure_of(tx, intake.dossier) if intake.dossier else None
    for name, options in context.settings.targets.items():
        ours = any(intake.agency and dossiers.is_below(intake.agency, agency) for agency in _listed(options.agencies))
        if ours or procedure in _listed(options.procedures):
            return name
    return DOSSIERS


def book_target(context: ServiceContext) -> str | None:
    """The target that takes register books. None where there is none, then `digitizer export moj` writes them."""
    able = (name for name in context.connectors.names if isinstance(context.connectors.of(name), AddsRegisterCases))
    return next(able, None)


def waits_for_a_person(context: ServiceContext, tx: Transaction, intake: Intake) -> bool:
    """Whether a person has to look before the PDF of an intake goes to its dossier.

    It goes by itself when the dossier is known, every document type is accepted, and the target takes files before approval.
    """
    if intake.dossier is None or submissions.bundle_row(tx, intake.bundle)["result"] != "ACCEPTED":
        return True
    return context.connectors.of(target_of(context, tx, intake)).after_approval


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]

"""Seeing the whole: books, figures, deliveries and stuck work, by the code behind `book`, `report`, `deliveries` and `status`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request, Response

from digitizer import dossiers, indicators, serialization
from digitizer.api.problems import language
from digitizer.indicators import Counts
from digitizer.ledger.outbox import DEAD
from digitizer.messages import catalogue, describe
from digitizer.model import Problem
from digitizer.service import Service
from digitizer.service.indicators import Lacking
from digitizer.spreadsheets import csv_bytes
from digitizer.station.access import Person, Visitor
from digitizer.station.rendering import page, texts
from digitizer.words import word

router = APIRouter()

Month = Annotated[str | None, Query(pattern=r"\d{4}-(0[1-9]|1[0-2])")]
PageNumber = Annotated[int, Query(alias="page", ge=1, le=10_000)]
AgencyCode = Annotated[str | None, Query(pattern=r"[A-Z0-9.]{1,40}")]
#: books of a page
_BOOKS = 50
#: lines of a page. The CSV has them all
_LISTED = 500


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


def _csv(request: Request, name: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """A table as a file. `columns`: codes of texts."""
    t = texts(language(request.headers))
    content = csv_bytes([str(t(column).unescape()) for column in columns], rows)
    return Response(
        content, media_type="text/csv; charset=utf-8", headers={"content-disposition": f'attachment; filename="{name}.csv"'}
    )


_BOOK_COLUMNS = ("agency", "book", "scans", "read", "failed", "records", "keyed", "waiting", "approved", "delivered", "refused")


@router.get("/books", name="books_page")
def books_page(request: Request, visitor: Visitor, number: PageNumber = 1) -> Response:
    """How far each book has come, fifty at a time."""
    found = _service(request).book_check.progress(visitor.scopes, limit=_BOOKS + 1, offset=_BOOKS * (number - 1))
    _service(request).audit.looked(visitor, "books", count=len(found))
    return page(request, "books.html", books=found[:_BOOKS], number=number, more=len(found) > _BOOKS)


@router.get("/books.csv", name="books_csv")
def books_csv(request: Request, visitor: Visitor) -> Response:
    """The same as a table."""
    found = _service(request).book_check.progress(visitor.scopes)
    _service(request).audit.looked(visitor, "books", count=len(found))
    rows = ([getattr(one, name) for name in _BOOK_COLUMNS] for one in found)
    return _csv(request, "books", [f"column_{name}" for name in _BOOK_COLUMNS], rows)


def _month(month: str | None) -> str:
    return month or indicators.month_of(datetime.now(UTC))


def _figures(request: Request, visitor: Person, month: str) -> dict[str, Counts]:
    """The figures of the person's agencies. Those above them hold others' dossiers too."""
    report = _service(request).indicators.report(month)
    _service(request).audit.looked(visitor, "figures", month=month)
    return {agency: counts for agency, counts in report.counts.items() if visitor.covers(agency)}


_FIGURE_COLUMNS = (
    "received", "components_digitised", "components_handed", "components_rate", "resolved", "results_digitised", "results_handed",
    "results_rate",
)  # fmt: skip


@router.get("/figures", name="figures_page")
def figures_page(request: Request, visitor: Visitor, month: Month = None) -> Response:
    """A month's indicators for each agency."""
    chosen = _month(month)
    return page(request, "figures.html", month=chosen, figures=_figures(request, visitor, chosen), columns=_FIGURE_COLUMNS)


@router.get("/figures.csv", name="figures_csv")
def figures_csv(request: Request, visitor: Visitor, month: Month = None) -> Response:
    """The same as a table."""
    chosen = _month(month)
    rows = (
        [agency, *(getattr(counts, name) for name in _FIGURE_COLUMNS)]
        for agency, counts in _figures(request, visitor, chosen).items()
    )
    return _csv(request, f"figures-{chosen}", ["column_agency", *(f"column_{name}" for name in _FIGURE_COLUMNS)], rows)


def _lacking(request: Request, visitor: Person, month: str, agency: str | None) -> list[Lacking]:
    found = _service(request).indicators.worklist(month)
    _service(request).audit.looked(visitor, "lacking", month=month, agency=agency or "")
    return [one for one in found if visitor.covers(one.agency) and (agency is None or dossiers.is_below(one.agency, agency))]


@router.get("/lacking", name="lacking_page")
def lacking_page(request: Request, visitor: Visitor, month: Month = None, agency: AgencyCode = None) -> Response:
    """The dossiers of a month that lack something, and why."""
    chosen = _month(month)
    found = _lacking(request, visitor, chosen, agency)
    why = _why(language(request.headers))
    return page(request, "lacking.html", month=chosen, agency=agency, found=found[:_LISTED], count=len(found), why=why)


@router.get("/lacking.csv", name="lacking_csv")
def lacking_csv(request: Request, visitor: Visitor, month: Month = None, agency: AgencyCode = None) -> Response:
    """The same as a table."""
    chosen, why = _month(month), _why(language(request.headers))
    rows = ([one.agency, one.dossier, one.component, why(one)] for one in _lacking(request, visitor, chosen, agency))
    columns = ("column_agency", "dossier", "component", "reason")
    return _csv(request, f"lacking-{chosen}", columns, rows)


def _why(lang: str) -> Callable[[Lacking], str]:
    """As `report --worklist` says it."""
    known = catalogue(lang)

    def why(one: Lacking) -> str:
        code = one.facts.get("code")
        return known[f"why_{one.why}"] + (f" ({known.get(code, code)})" if code else "")

    return why


@router.get("/deliveries", name="deliveries_page")
def deliveries_page(request: Request, visitor: Visitor) -> Response:
    """What is open and why, and how each target is doing."""
    return _deliveries(request, visitor)


def _deliveries(request: Request, visitor: Person, tried: int | None = None) -> Response:
    now = _service(request).deliveries.overview(visitor.scopes)
    _service(request).audit.looked(visitor, "deliveries", count=len(now.pending))
    rows = [_delivery(one, language(request.headers)) for one in now.pending[:_LISTED]]
    theirs = {one["target"] for one in now.pending}
    targets = [one for one in now.targets if visitor.covers(None) or one["name"] in theirs]
    return page(
        request, "deliveries.html", now=now, targets=targets, rows=rows, dead=DEAD, tried=tried,
        counts=_words("delivery", now.counts, language(request.headers)),
    )  # fmt: skip


@router.get("/deliveries.csv", name="deliveries_csv")
def deliveries_csv(request: Request, visitor: Visitor) -> Response:
    """The same as a table, of all that is open."""
    lang = language(request.headers)
    now = _service(request).deliveries.overview(visitor.scopes)
    _service(request).audit.looked(visitor, "deliveries", count=len(now.pending))
    names = ("agency", "dossier", "name", "kind", "target", "state", "attempts", "reason")
    rows = ([_delivery(one, lang)[name] for name in names] for one in now.pending)
    columns = ("column_agency", "dossier", "file", "kind_of_delivery", "target", "state", "tries", "reason")
    return _csv(request, "deliveries", columns, rows)


def _delivery(one: dict[str, Any], lang: str) -> dict[str, Any]:
    """A row of `deliveries list` in words."""
    reason = catalogue(lang).get(one["error"] or "", one["error"] or "")
    kind, state = word("kind", one["kind"], lang), word("delivery", one["state"], lang)
    return {**one, "is_dead": one["state"] == DEAD, "kind": kind, "state": state, "reason": reason}


@router.post("/deliveries", name="replay_deliveries")
def replay_deliveries(request: Request, visitor: Visitor, delivery: Annotated[list[str], Form()] = []) -> Response:  # noqa: B006
    """Brings dead deliveries back: those named, or all of the person's agencies."""
    count = _service(request).deliveries.replay(delivery or None, by=visitor.actor, scopes=visitor.scopes)
    return _deliveries(request, visitor, tried=count)


def _words(kind: str, counts: dict[str, int], lang: str) -> list[tuple[str, int]]:
    """(state in words, count), the states in their order."""
    return [(word(kind, state, lang), count) for state, count in sorted(counts.items()) if count]


@router.get("/status", name="status_page")
def status_page(request: Request, visitor: Visitor) -> Response:
    """Where everything stands, and what is stuck. Workers and queues are shown to those who have every agency."""
    lang = language(request.headers)
    now = _service(request).status.now(visitor.scopes)
    _service(request).audit.looked(visitor, "status")
    failed = [{**one, "reason": _reason(one, lang)} for one in now.failed]
    return page(
        request, "status.html", now=now, failed=failed, everything=visitor.covers(None),
        intakes=_words("intake", now.intakes, lang), records=_words("record", now.records, lang),
        deliveries=_words("delivery", now.deliveries, lang), jobs=_words("job", now.jobs, lang),
    )  # fmt: skip


@router.get("/failed.csv", name="failed_csv")
def failed_csv(request: Request, visitor: Visitor) -> Response:
    """Files that failed, and why."""
    lang = language(request.headers)
    now = _service(request).status.now(visitor.scopes)
    _service(request).audit.looked(visitor, "status")
    return _csv(request, "failed", ("file", "reason"), ([one["name"], _reason(one, lang)] for one in now.failed))


def _reason(failed: dict[str, Any], lang: str) -> str:
    """Why a file failed, as a sentence."""
    return describe(serialization.from_plain(Problem, failed["error"]), lang) if failed["error"] else ""

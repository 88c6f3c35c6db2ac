"""Commands about whole register books."""

from __future__ import annotations

from dataclasses import asdict

import click

from digitizer.cli import SOME_WAIT, Spoken, SpokenGroup, answer, language, settings, speak
from digitizer.dossiers import ALL
from digitizer.messages import describe, say


@click.group(cls=SpokenGroup)
def book() -> None:
    """Register books."""


@book.command(cls=Spoken)
@click.argument("name", metavar="BOOK")
@click.option("--agency")
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def check(ctx: click.Context, name: str, agency: str | None, as_json: bool) -> None:
    """Looks for gaps, twins, wrong order and wrong totals in a book. Exit 20 when a person has to look."""
    from digitizer.service import Service

    with Service.open(settings(ctx)) as service:
        report = service.book_check.check(name, agency=agency)
    lines = [describe(problem, language(ctx)) for problem in report.problems]
    answer(asdict(report), as_json, "\n".join(lines))
    speak(ctx, "book_checked", book=report.book, pages=report.pages, cases=report.cases, problems=len(report.problems))
    ctx.exit(SOME_WAIT if report.problems else 0)


@book.command(cls=Spoken)
@click.option("--agency", "agencies", multiple=True)
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def progress(ctx: click.Context, agencies: tuple[str, ...], as_json: bool) -> None:
    """Shows how far each book has come: scans, records, typed, approved, delivered."""
    from digitizer.service import Service

    with Service.open(settings(ctx)) as service:
        found = service.book_check.progress(agencies or ALL)
    lines = [say("book_progress_line", language(ctx), **{**asdict(one), "agency": one.agency or "—"}) for one in found]
    answer([asdict(one) for one in found], as_json, "\n".join(lines))

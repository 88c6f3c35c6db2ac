"""Commands that write approved data for others."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from pathlib import Path

import click

from digitizer.cli import SpokenGroup, answer, settings, speak
from digitizer.errors import UsageError
from digitizer.service import Service


@click.group(cls=SpokenGroup)
def export() -> None:
    """Writes approved data."""


@export.command()
@click.option("--output", type=click.Path(path_type=Path), required=True)
@click.option("--book")
@click.option("--agency")
@click.option("--columns", type=click.Choice(["60", "70"]), default="60")
@click.option("--against", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def moj(
    ctx: click.Context, output: Path, book: str | None, agency: str | None, columns: str, against: Path | None, as_json: bool
) -> None:
    """Packages of register books, or a keyed sheet compared with the scans."""
    if against is None:
        with Service.open(settings(ctx)) as service:
            done = service.export_moj(output, book=book, agency=agency, columns=columns)
        answer(asdict(done), as_json, str(output))
        speak(ctx, "moj_written", count=done.cases, books=done.books, left=done.left, folder=output)
        return
    if book is None:
        raise UsageError("say which book the sheet is of: --book KS/1999/01")
    output.mkdir(parents=True, exist_ok=True)
    marked = output / f"{against.stem}-so-sanh.xlsx"
    with Service.open(settings(ctx)) as service:
        found = service.compare_moj(against, marked, book=book, agency=agency)
    kinds = Counter(difference.kind for difference in found)
    answer([asdict(d) for d in found], as_json, "\n".join(f"{d.so}  {d.column}  {d.kind}" for d in found))
    speak(
        ctx,
        "moj_compared",
        cases=len({d.so for d in found}),
        differs=kinds["differs"],
        accents=kinds["accents"],
        sheet=kinds["only_in_sheet"],
        page=kinds["only_on_page"],
        file=marked,
    )

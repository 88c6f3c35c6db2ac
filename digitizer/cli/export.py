"""Commands that write approved data for others."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from digitizer.cli import Spoken, SpokenGroup, answer, language, settings, speak
from digitizer.errors import UsageError
from digitizer.messages import field_label
from digitizer.service import Service
from digitizer.words import word


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
    """Writes packages of register books, or compares a keyed sheet with the scans."""
    if against is None:
        with Service.open(settings(ctx)) as service:
            done = service.moj_export.export(output, book=book, agency=agency, columns=columns)
        answer(asdict(done), as_json, str(output))
        speak(ctx, "moj_written", count=done.cases, books=done.books, left=done.left, folder=output)
        return
    if book is None:
        raise UsageError("say which book the sheet is of: --book KS/1999/01", sentence="book_of_sheet")
    output.mkdir(parents=True, exist_ok=True)
    marked = output / f"{against.stem}-so-sanh.xlsx"
    with Service.open(settings(ctx)) as service:
        found = service.moj_export.compare(against, marked, book=book, agency=agency)
    kinds = Counter(difference.kind for difference in found)
    lang = language(ctx)
    lines = [f"{d.so}  {field_label(d.column, lang)}  {word('moj', d.kind, lang)}" for d in found]
    answer([asdict(d) for d in found], as_json, "\n".join(lines))
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


@export.command()
@click.option("--output", type=click.Path(path_type=Path, file_okay=False), required=True)
@click.option("--book")
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def manifest(ctx: click.Context, output: Path, book: str | None, as_json: bool) -> None:
    """Writes the hashes of originals and results: a manifest for each file and each book."""
    written = []
    output.mkdir(parents=True, exist_ok=True)
    with Service.open(settings(ctx)) as service:
        for name, hashes in service.results.manifests(book=book):
            target = output / f"{name}.manifest.json"
            target.write_text(json.dumps(hashes, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
            written.append(target)
    answer([str(path) for path in written], as_json, "\n".join(str(path) for path in written))
    speak(ctx, "exported", count=len(written), folder=output)


def _text_command(kind: str) -> click.Command:
    @click.argument("results", nargs=-1, type=click.Path(path_type=Path, exists=True))
    @click.option("--output", type=click.Path(path_type=Path, file_okay=False), required=True)
    @click.option("--json", "as_json", is_flag=True)
    @click.pass_context
    def command(ctx: click.Context, results: tuple[Path, ...], output: Path, as_json: bool) -> None:
        """Results as another format: `<name>.json` files and folders of them, or all that is digitized here."""
        from digitizer.output.exports import FORMATS

        suffix, turn = FORMATS[kind]
        written = []
        for relative, result in _of_files(results) if results else _of_ledger(ctx):
            target = output / relative.with_name(f"{relative.name}{suffix}")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(turn(result, relative.name))
            written.append(target)
        answer([str(path) for path in written], as_json, "\n".join(str(path) for path in written))
        speak(ctx, "exported", count=len(written), folder=output)

    return click.command(cls=Spoken, name=kind)(command)


for _kind in ("alto", "hocr", "txt", "csv"):
    export.add_command(_text_command(_kind))


def _of_files(paths: tuple[Path, ...]) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yields (name below what was given, result) of the result files. Other JSON in a folder is passed over."""
    for path in paths:
        for file in sorted(path.rglob("*.json")) if path.is_dir() else [path]:
            relative = file.relative_to(path) if path.is_dir() else Path(file.name)
            try:
                result = json.loads(file.read_text(encoding="utf-8"))
            except ValueError as exc:
                raise UsageError("this is no result of digitizer", sentence="no_result", file=str(file)) from exc
            if isinstance(result, dict) and str(result.get("schema", "")).startswith("digitizer/result/"):
                yield relative.with_suffix(""), result
            elif not path.is_dir():
                raise UsageError("this is no result of digitizer", sentence="no_result", file=str(file))


def _of_ledger(ctx: click.Context) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yields (name, result) of everything digitized here, with the records as people left them."""
    with Service.open(settings(ctx)) as service:
        yield from ((Path(name), result) for name, result in service.results.results())

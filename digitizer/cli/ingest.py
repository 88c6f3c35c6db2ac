"""`ingest`: files and folders in, results out; resumes by itself."""

from __future__ import annotations

import getpass
import re
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from digitizer import codec, dossiers
from digitizer.cli import INTERRUPTED, Spoken, answer, language, settings, speak
from digitizer.errors import ConfigError, DigitizerError, FileAccess, UsageError
from digitizer.ledger import submissions
from digitizer.messages import describe, say
from digitizer.model import Intake, IntakeState, Lane, Problem, RecordState
from digitizer.queue import open_queue
from digitizer.service import Service, Submission
from digitizer.settings import Settings
from digitizer.text import nfc

#: what a scanner or an office program leaves in a folder; taken as a document and, where we cannot read it, refused by name
DOCUMENTS = frozenset(
    (
        ".pdf",
        ".tif",
        ".tiff",
        ".jpg",
        ".jpeg",
        ".jpe",
        ".jfif",
        ".png",
        ".bmp",
        ".gif",
        ".webp",
        ".jp2",
        ".heic",
        ".doc",
        ".docx",
        ".xls",
        ".xlsx",
        ".odt",
        ".rtf",
    )
)
SOME_FAILED, SOME_WAIT = 21, 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One bundle to submit: a file, or the files of a book in order."""

    files: tuple[Path, ...]
    #: name of the intake
    name: str
    #: where its results go below the output folder, without suffix
    target: Path


@click.command(cls=Spoken)
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--agency")
@click.option("--dossier")
@click.option("--component")
@click.option("--book")
@click.option("--counter", is_flag=True)
@click.option("--jobs", "processes", type=click.IntRange(1, 64))
@click.option("--output", type=click.Path(path_type=Path, file_okay=False))
@click.option("--force", is_flag=True)
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def ingest(
    ctx: click.Context,
    paths: tuple[Path, ...],
    agency: str | None,
    dossier: str | None,
    component: str | None,
    book: str | None,
    counter: bool,
    processes: int | None,
    output: Path | None,
    force: bool,
    as_json: bool,
) -> None:
    """Stores, reads, classifies, extracts, renders, delivers."""
    if dossier is not None and not dossiers.valid(dossier):
        raise UsageError("this is no dossier code", dossier=dossier)
    if book is not None and not dossiers.BOOK.fullmatch(book):
        raise UsageError("a book is named like KS/1999/01", book=book)
    chosen = settings(ctx)
    items, skipped = collect(paths, book=book is not None, output=output)
    given = Submission(
        actor=getpass.getuser(),
        agency=agency,
        dossier=dossier,
        component=component,
        book=book,
        lane=Lane.COUNTER if counter else Lane.BULK,
    )
    with Service.open(chosen) as service:
        service.check()
        received = receive(ctx, service, items, given, force=force)
        interrupted = work(
            ctx, service, chosen, processes or chosen.jobs, [i.bundle for _, i in received if isinstance(i, Intake)]
        )
        if not interrupted:
            service.deliver()
        service.sweep()
        code = report(ctx, service, received, output, skipped=skipped, as_json=as_json)
    ctx.exit(INTERRUPTED if interrupted else code)


def collect(paths: Iterable[Path], *, book: bool, output: Path | None) -> tuple[list[Item], int]:
    """The bundles under `paths` and how many other files lie there. Raises FileAccess, ConfigError."""
    items: list[Item] = []
    skipped = 0
    for path in paths:
        if not path.exists():
            raise FileAccess(f"there is no {path}", file=str(path))
        if output is not None and path.is_dir() and output.resolve().is_relative_to(path.resolve()):
            raise ConfigError("the output folder lies inside the folder to be ingested", file=str(output))
        if path.is_file():
            items.append(Item(files=(path,), name=nfc(path.name), target=Path(path.stem)))
            continue
        files = sorted((p for p in path.rglob("*") if p.is_file() and not _hidden(p.relative_to(path))), key=natural)
        scans = [p for p in files if p.suffix.lower() in DOCUMENTS]
        skipped += len(files) - len(scans)
        if book and scans:
            items.append(Item(files=tuple(scans), name=nfc(path.resolve().name), target=Path(path.resolve().name)))
        elif not book:
            items += [Item(files=(p,), name=nfc(p.name), target=p.relative_to(path).with_suffix("")) for p in scans]
    shared = {target for target, n in Counter(item.target for item in items).items() if n > 1}
    return [
        Item(files=i.files, name=i.name, target=i.target.with_name(i.files[0].name)) if i.target in shared else i for i in items
    ], skipped


def natural(path: Path) -> list[tuple[int, str]]:
    """A sort key under which `page 2` comes before `page 10`."""
    return [(int(part), "") if part.isdigit() else (0, part.casefold()) for part in re.split(r"(\d+)", str(path)) if part]


def _hidden(path: Path) -> bool:
    return any(part.startswith((".", "~$")) or part == "__MACOSX" for part in path.parts)


def receive(
    ctx: click.Context, service: Service, items: Iterable[Item], given: Submission, *, force: bool
) -> list[tuple[Item, Intake | DigitizerError]]:
    """Submits every item; a file that cannot be read ends nothing."""
    received: list[tuple[Item, Intake | DigitizerError]] = []
    for item in items:
        try:
            place = dossiers.locate(item.files[0]) if given.book is None else dossiers.Place()
            submission = Submission(
                actor=given.actor,
                lane=given.lane,
                agency=given.agency or place.agency,
                dossier=given.dossier or place.dossier,
                component=given.component or place.component,
                book=given.book or place.book,
            )
            intake, new = service.receive(item.files, item.name, submission)
            if force and not new:
                service.reprocess(intake.id, by=given.actor, reason="--force")
        except FileAccess as exc:
            received.append((item, exc))
            continue
        received.append((item, intake))
    return received


def work(ctx: click.Context, service: Service, chosen: Settings, processes: int, bundles: Iterable[str]) -> bool:
    """Has the queue work until `bundles` are done; True when somebody pressed Ctrl-C. Workers of our own do whatever waits."""
    queue = open_queue(chosen.queue, settings=codec.dump(chosen), processes=processes)
    left = sorted(set(bundles))

    def ours() -> int:
        with service.ledger.read() as tx:
            left[:] = [b for part in batched(left, 500) for b in sorted(submissions.unfinished_of(tx, part))]
        return len(left)

    with _progress(ctx) as progress:
        task = progress.add_task(say("progress_pages", language(ctx)), total=None)
        shown = 0.0

        def tick() -> None:
            nonlocal shown
            if time.monotonic() - shown >= 1.0:
                shown = time.monotonic()
                with service.ledger.read() as tx:
                    done, total = submissions.progress(tx)
                progress.update(task, completed=done, total=total or None)

        try:
            waiting = service.waiting if queue.embedded else ours
            queue.run(waiting=waiting, release=service.release, working=service.working, tick=tick)
        except KeyboardInterrupt:
            return True
    return False


def batched(items: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    """`items` in parts of up to `size`."""
    return (items[i : i + size] for i in range(0, len(items), size))


class _Speed(ProgressColumn):
    """Pages a second."""

    def render(self, task: Task) -> Text:
        return Text("" if task.speed is None else f"{task.speed:.1f}/s")


def _progress(ctx: click.Context) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _Speed(), TimeRemainingColumn())
    return Progress(*columns, console=Console(file=sys.stderr), disable=not sys.stderr.isatty(), transient=True)


def report(
    ctx: click.Context,
    service: Service,
    received: list[tuple[Item, Intake | DigitizerError]],
    output: Path | None,
    *,
    skipped: int,
    as_json: bool,
) -> int:
    """Exports, says what happened, and gives the exit code."""
    lang = language(ctx)
    rows = [_row(service, item, intake, output, lang) for item, intake in received]
    counts = Counter(row["state"] for row in rows)
    waiting = sum(row["waiting"] for row in rows)
    for row in rows:
        if row["message"]:
            click.echo(say("ingest_failed", lang, file=row["file"], reason=row["message"]), err=True)
    done, failed = counts["DIGITIZED"], counts["FAILED"]
    speak(
        ctx,
        "ingest_summary",
        done=done,
        failed=failed,
        unfinished=len(rows) - done - failed,
        waiting=waiting,
        skipped=skipped,
        pages=sum(row["pages"] for row in rows),
    )
    if as_json:
        answer({"files": rows, "skipped": skipped}, True, "")
    if failed:
        return SOME_FAILED
    return SOME_WAIT if waiting or len(rows) > done else 0


def _row(service: Service, item: Item, intake: Intake | DigitizerError, output: Path | None, lang: str) -> dict[str, Any]:
    row: dict[str, Any] = {
        "file": str(item.files[0] if len(item.files) == 1 else item.files[0].parent),
        "state": "FAILED",
        "message": "",
        "waiting": 0,
        "pages": 0,
    }
    if isinstance(intake, DigitizerError):
        return {**row, "message": say(intake.code, lang, **intake.facts)}
    with service.ledger.read() as tx:
        state = submissions.intake_state(tx, intake.id)
        bundle = submissions.bundle_row(tx, intake.bundle)
        sources = submissions.sources_of(tx, intake.bundle)
    row |= {"intake": intake.id, "dossier": intake.dossier, "state": str(state), "pages": sum(s.pages or 0 for s in sources)}
    if state == IntakeState.FAILED and bundle["error"]:
        row["message"] = describe(codec.restore(Problem, bundle["error"]), lang)
    if state == IntakeState.DIGITIZED:
        row["waiting"] = len(service.records(states=[RecordState.REVIEW], intake=intake.id))
        if intake.dossier and bundle["result"] != "ACCEPTED":
            row["waiting"] = max(row["waiting"], 1)  # a person says whether it goes to its dossier
        if output is not None:
            row["written"] = [str(p) for p in service.export(intake, output / item.target.parent, item.target.name)]
    return row

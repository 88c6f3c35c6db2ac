"""`ingest`: files and folders in, results out; resumes by itself."""

from __future__ import annotations

import getpass
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from digitizer import dossiers, serialization
from digitizer.cli import INTERRUPTED, Spoken, answer, language, settings, speak
from digitizer.errors import ConfigError, DigitizerError, FileAccess, UsageError
from digitizer.ledger import submissions
from digitizer.messages import describe, say
from digitizer.model import Intake, IntakeState, Lane, Problem, RecordState
from digitizer.queue import open_queue
from digitizer.service import Service, Submission
from digitizer.service.scan_sources import Item, Place, gaps, items, open_place, placed
from digitizer.settings import Settings
from digitizer.text import nfc

SOME_FAILED, SOME_WAIT = 21, 20


@click.command(cls=Spoken)
@click.argument("paths", nargs=-1, required=True)
@click.option("--agency")
@click.option("--dossier")
@click.option("--component")
@click.option("--book")
@click.option("--counter", is_flag=True)
@click.option("--jobs", "processes", type=click.IntRange(1, 64))
@click.option("--output", type=click.Path(path_type=Path, file_okay=False))
@click.option("--mode", type=click.Choice(["skip", "redo", "force"]))
@click.option("--force", is_flag=True)
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def ingest(
    ctx: click.Context,
    paths: tuple[str, ...],
    agency: str | None,
    dossier: str | None,
    component: str | None,
    book: str | None,
    counter: bool,
    processes: int | None,
    output: Path | None,
    mode: str | None,
    force: bool,
    as_json: bool,
) -> None:
    """Stores, reads, classifies, extracts, renders, delivers."""
    given = submission(agency=agency, dossier=dossier, component=component, book=book, counter=counter)
    chosen = settings_in(ctx, mode)
    with Service.open(chosen) as service:
        service.check()
        found, skipped = collect(ctx, paths, chosen, book=book is not None, output=output)
        received = receive(ctx, service, found, given, force=force)
        bundles = [intake.bundle for _, intake in received if isinstance(intake, Intake)]
        interrupted = work(ctx, service, chosen, processes or chosen.jobs, bundles)
        if not interrupted:
            service.deliver()
        service.sweep()
        code = report(ctx, service, received, output, skipped=skipped, as_json=as_json)
    ctx.exit(INTERRUPTED if interrupted else code)


def settings_in(ctx: click.Context, mode: str | None) -> Settings:
    """The settings, with `--mode` where it was given. Raises ConfigError where the workers are others' processes."""
    if mode is None:
        return settings(ctx)
    chosen = settings(ctx, pages={"mode": mode})
    if not chosen.queue.startswith("inline:"):
        raise ConfigError("the workers of this queue have settings of their own: set pages.mode there", queue="pages.mode")
    return chosen


def submission(*, agency: str | None, dossier: str | None, component: str | None, book: str | None, counter: bool) -> Submission:
    """What the options say. Raises UsageError for a code that is none."""
    if dossier is not None and not dossiers.valid(dossier):
        raise UsageError("this is no dossier code", dossier=dossier)
    if book is not None and not dossiers.BOOK.fullmatch(book):
        raise UsageError("a book is named like KS/1999/01", book=book)
    return Submission(
        actor=getpass.getuser(),
        agency=agency,
        dossier=dossier,
        component=component,
        book=book,
        lane=Lane.COUNTER if counter else Lane.BULK,
    )


def collect(
    ctx: click.Context, paths: Iterable[str], chosen: Settings, *, book: bool, output: Path | None, quiet: bool = False
) -> tuple[list[tuple[Place, Item]], int]:
    """The bundles under `paths` and how many other files lie there. Raises FileAccess, ConfigError, StoreDown."""
    found: list[tuple[Place, Item]] = []
    skipped = 0
    for path in paths:
        outside(path, output)
        place = open_place(path, chosen)
        made, others = items(place.files(), book=book, name=_name(path))
        found += [(place, item) for item in made]
        skipped += others
        for item in made if not quiet else ():
            warn_of_gaps(ctx, item)
    return found, skipped


def _name(path: str) -> str:
    """What a book of everything at `path` is called."""
    return nfc(path.rstrip("/").rpartition("/")[2] if path.startswith("s3://") else Path(path).resolve().name)


def outside(path: str, output: Path | None) -> None:
    """Raises ConfigError when what we write would be found as something to read."""
    folder = Path(path)
    if output is not None and folder.is_dir() and output.resolve().is_relative_to(folder.resolve()):
        raise ConfigError("the output folder lies inside the folder to be ingested", file=str(output))


def warn_of_gaps(ctx: click.Context, item: Item) -> None:
    """Tells the operator which pages of a book are not there by their numbers, or there twice; it is taken all the same."""
    missing, twice = gaps(item.files)
    if missing or twice:
        shown = [", ".join(map(str, numbers[:20])) + (" …" if len(numbers) > 20 else "") or "—" for numbers in (missing, twice)]
        speak(ctx, "book_gaps", book=item.name, missing=shown[0], twice=shown[1])


def receive(
    ctx: click.Context, service: Service, found: Iterable[tuple[Place, Item]], given: Submission, *, force: bool
) -> list[tuple[Item, Intake | DigitizerError]]:
    """Submits every item; a file that cannot be read ends nothing."""
    received: list[tuple[Item, Intake | DigitizerError]] = []
    for place, item in found:
        try:
            intake, new = service.take(place, item.files, item.name, completed(given, item))
            if force and not new:
                service.reprocess(intake.id, by=given.actor, reason="--force")
        except FileAccess as exc:
            received.append((item, exc))
            continue
        received.append((item, intake))
    return received


def completed(given: Submission, item: Item) -> Submission:
    """What was said, else what the path or a listing says; pages of a book that was named are that book's. Raises FileAccess."""
    place = placed(item) if given.book is None else dossiers.Place()
    return replace(
        given,
        agency=given.agency or place.agency,
        dossier=given.dossier or place.dossier,
        component=given.component or place.component,
        book=given.book or place.book,
    )


def work(
    ctx: click.Context,
    service: Service,
    chosen: Settings,
    processes: int,
    bundles: Iterable[str],
    stopping: Callable[[], bool] = lambda: False,
) -> bool:
    """Has the queue work until `bundles` are done; True when somebody pressed Ctrl-C. Workers of our own do whatever waits."""
    queue = open_queue(chosen.queue, settings=chosen.for_worker(), processes=processes)
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
            if stopping():
                raise KeyboardInterrupt
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
        "file": item.shown,
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
        row["message"] = describe(serialization.from_plain(Problem, bundle["error"]), lang)
    if state == IntakeState.DIGITIZED:
        row["waiting"] = len(service.records(states=[RecordState.REVIEW], intake=intake.id))
        if intake.dossier and bundle["result"] != "ACCEPTED":
            row["waiting"] = max(row["waiting"], 1)  # a person says whether it goes to its dossier
        if output is not None:
            row["written"] = [str(p) for p in service.export(intake, output / item.target.parent, item.target.name)]
    return row

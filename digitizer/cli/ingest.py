"""`ingest`: files and folders in, results out; resumes by itself."""

from __future__ import annotations

import getpass
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from digitizer.cli import INTERRUPTED, SOME_FAILED, SOME_WAIT, Spoken, answer, language, settings, speak
from digitizer.errors import ConfigError, DigitizerError, FileAccess
from digitizer.messages import describe, say
from digitizer.model import Intake, IntakeState, Lane, RecordState
from digitizer.service import Service, Submission
from digitizer.service.routing import check_codes, submission_of
from digitizer.service.scan_sources import InputBundle, ScanSource, bundles, gaps, open_source
from digitizer.settings import Settings
from digitizer.text import nfc

#: seconds between two looks at how many pages are read
PROGRESS_S = 1.0


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
    /,
    paths: tuple[str, ...],
    processes: int | None,
    output: Path | None,
    mode: str | None,
    force: bool,
    as_json: bool,
    **about: Any,
) -> None:
    """Digitizes files and folders: stores, reads, classifies, extracts, renders and delivers."""
    given = submission(**about)
    chosen = settings_in(ctx, mode, processes)
    with Service.open(chosen) as service:
        service.check()
        found, skipped = collect(ctx, paths, chosen, book=given.book is not None, output=output)
        received = receive(ctx, service, found, given, force=force)
        interrupted = work(ctx, service, [intake.bundle for _, intake in received if isinstance(intake, Intake)])
        if not interrupted:
            service.deliveries.deliver()
        service.recovery.sweep()
        code = report(ctx, service, received, output, skipped=skipped, as_json=as_json)
    ctx.exit(INTERRUPTED if interrupted else code)


def settings_in(ctx: click.Context, mode: str | None, processes: int | None) -> Settings:
    """The settings, with `--mode` and `--jobs` where they were given.

    Raises ConfigError for a mode where the workers are others' processes.
    """
    given: dict[str, Any] = {"jobs": processes} if processes else {}
    if mode is None:
        return settings(ctx, **given)
    chosen = settings(ctx, pages={"mode": mode}, **given)
    if not chosen.queue.startswith("inline:"):
        raise ConfigError(
            "the workers of this queue have settings of their own: set pages.mode there",
            sentence="mode_of_pool",
            queue="pages.mode",
        )
    return chosen


def submission(
    *,
    agency: str | None = None,
    dossier: str | None = None,
    component: str | None = None,
    book: str | None = None,
    counter: bool = False,
) -> Submission:
    """What the options say about the files. Raises UsageError for a code that is none."""
    given = Submission(
        actor=getpass.getuser(),
        agency=agency,
        dossier=dossier,
        component=component,
        book=book,
        lane=Lane.COUNTER if counter else Lane.BULK,
    )
    check_codes(given)
    return given


def collect(
    ctx: click.Context, paths: Iterable[str], chosen: Settings, *, book: bool, output: Path | None, quiet: bool = False
) -> tuple[list[tuple[ScanSource, InputBundle]], int]:
    """The bundles under `paths` and how many other files lie there. Raises FileAccess, ConfigError, StoreDown."""
    found: list[tuple[ScanSource, InputBundle]] = []
    skipped = 0
    for path in paths:
        outside(path, output)
        source = open_source(path, chosen)
        made, others = bundles(source.files(), book=book, name=_name(path))
        found += [(source, bundle) for bundle in made]
        skipped += others
        for bundle in made if not quiet else ():
            warn_of_gaps(ctx, bundle)
    return found, skipped


def _name(path: str) -> str:
    """What a book of everything at `path` is called."""
    return nfc(path.rstrip("/").rpartition("/")[2] if path.startswith("s3://") else Path(path).resolve().name)


def outside(path: str, output: Path | None) -> None:
    """Raises ConfigError when what we write would be found as something to read."""
    folder = Path(path)
    if output is not None and folder.is_dir() and output.resolve().is_relative_to(folder.resolve()):
        raise ConfigError("the output folder lies inside the folder to be ingested", sentence="output_inside", file=str(output))


def warn_of_gaps(ctx: click.Context, bundle: InputBundle) -> None:
    """Warns of page numbers of a book that are missing or there twice. The book is taken all the same."""
    missing, twice = gaps(bundle.files)
    if missing or twice:
        shown = [", ".join(map(str, numbers[:20])) + (" …" if len(numbers) > 20 else "") or "—" for numbers in (missing, twice)]
        speak(ctx, "book_gaps", book=bundle.name, missing=shown[0], twice=shown[1])


def receive(
    ctx: click.Context, service: Service, found: Iterable[tuple[ScanSource, InputBundle]], given: Submission, *, force: bool
) -> list[tuple[InputBundle, Intake | DigitizerError]]:
    """Submits every bundle. A file that cannot be read does not end the run."""
    received: list[tuple[InputBundle, Intake | DigitizerError]] = []
    for source, bundle in found:
        try:
            intake, new = service.submissions.take(source, bundle.files, bundle.name, submission_of(given, bundle))
            if force and not new:
                service.recovery.reprocess(intake.id, by=given.actor, reason="--force")
        except FileAccess as exc:
            received.append((bundle, exc))
            continue
        received.append((bundle, intake))
    return received


def work(ctx: click.Context, service: Service, bundles: Iterable[str], stopping: Callable[[], bool] = lambda: False) -> bool:
    """Waits until `bundles` are done. With a queue of our own, workers of our own do it, and whatever else waits.

    True when somebody pressed Ctrl-C, or `stopping` said so.
    """
    with _progress_bar(ctx) as bar:
        pages = _PagesRead(bar, service, say("progress_pages", language(ctx)), stopping)
        try:
            service.jobs.run(tick=pages.look, bundles=bundles)
        except KeyboardInterrupt:
            return True
    return False


class _PagesRead:
    """Shows how many pages are read, while the queue works."""

    def __init__(self, bar: Progress, service: Service, title: str, stopping: Callable[[], bool]) -> None:
        self.bar, self.service, self.stopping = bar, service, stopping
        self.task = bar.add_task(title, total=None)
        #: when the ledger was asked last, by the monotonic clock
        self.looked_at = 0.0

    def look(self) -> None:
        """Asks the ledger, once a second at most. Raises KeyboardInterrupt when the run is to stop."""
        if self.stopping():
            raise KeyboardInterrupt
        if time.monotonic() - self.looked_at >= PROGRESS_S:
            self.looked_at = time.monotonic()
            done, total = self.service.jobs.progress()
            self.bar.update(self.task, completed=done, total=total or None)


class _Speed(ProgressColumn):
    """Pages a second."""

    def render(self, task: Task) -> Text:
        return Text("" if task.speed is None else f"{task.speed:.1f}/s")


def _progress_bar(ctx: click.Context) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _Speed(), TimeRemainingColumn())
    return Progress(*columns, console=Console(file=sys.stderr), disable=not sys.stderr.isatty(), transient=True)


def report(
    ctx: click.Context,
    service: Service,
    received: list[tuple[InputBundle, Intake | DigitizerError]],
    output: Path | None,
    *,
    skipped: int,
    as_json: bool,
) -> int:
    """Writes the results below `output`, tells what happened, and returns the exit code."""
    lang = language(ctx)
    rows = [_row(service, bundle, intake, output, lang) for bundle, intake in received]
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


def _row(
    service: Service, bundle: InputBundle, intake: Intake | DigitizerError, output: Path | None, lang: str
) -> dict[str, Any]:
    row: dict[str, Any] = {"file": bundle.shown, "state": "FAILED", "message": "", "waiting": 0, "pages": 0}
    if isinstance(intake, DigitizerError):
        return {**row, "message": say(intake.code, lang, **intake.facts)}
    outcome = service.submissions.outcome(intake)
    row |= {"intake": intake.id, "dossier": intake.dossier, "state": outcome.state.value, "pages": outcome.pages}
    if outcome.problem is not None:
        row["message"] = describe(outcome.problem, lang)
    if outcome.state == IntakeState.DIGITIZED:
        row["waiting"] = len(service.review.records(states=[RecordState.REVIEW], intake=intake.id))
        if intake.dossier and not outcome.accepted:
            row["waiting"] = max(row["waiting"], 1)  # a person says whether it goes to its dossier
        if output is not None:
            folder = output / bundle.target.parent
            row["written"] = [str(path) for path in service.submissions.export(intake, folder, bundle.target.name)]
    return row

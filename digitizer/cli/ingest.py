"""`ingest`: files and folders in, results out. Resumes by itself."""

from __future__ import annotations

import getpass
import logging
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path, PurePath
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from digitizer.cli import INTERRUPTED, SOME_FAILED, SOME_WAIT, Spoken, answer, language, settings, speak
from digitizer.errors import ConfigError, DigitizerError, FileAccess, ServiceError
from digitizer.messages import describe, say
from digitizer.model import Intake, IntakeState, Lane, RecordState
from digitizer.service import Service, Submission
from digitizer.service.output_folder import OutputFolder
from digitizer.service.routing import check_codes, submission_of
from digitizer.service.scan_sources import InputBundle, LeftOut, ScanSource, bundles, gaps, open_source
from digitizer.settings import Settings
from digitizer.text import nfc

log = logging.getLogger(__name__)

#: seconds between two looks at how many pages are read
PROGRESS_S = 1.0
#: names shown of files left out for one reason
NAMED = 5


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
        found, left = collect(ctx, paths, chosen, book=given.book is not None, output=output)
        results = OutputFolder(output) if output is not None else None
        received = receive(service, found, given, force=force)
        interrupted = work(ctx, service, [intake.bundle for _, intake in received if isinstance(intake, Intake)])
        if not interrupted:
            service.deliveries.deliver()
        service.recovery.sweep()
        code = report(ctx, service, received, results, left=left, as_json=as_json)
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
) -> tuple[list[tuple[ScanSource, InputBundle]], list[LeftOut]]:
    """The bundles under `paths` and what is left out there. Raises FileAccess, ConfigError, StoreDown."""
    found: list[tuple[ScanSource, InputBundle]] = []
    left: list[LeftOut] = []
    for path in paths:
        outside(path, output)
        source = open_source(path, chosen)
        made, others = bundles(source.files(), book=book, name=_name(path))
        found += [(source, bundle) for bundle in made]
        left += others
        for bundle in made if not quiet else ():
            warn_of_gaps(ctx, bundle)
    return found, left


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


#: a bundle and what became of it
Received = tuple[InputBundle, Intake | DigitizerError]


def receive(
    service: Service, found: Iterable[tuple[ScanSource, InputBundle]], given: Submission, *, force: bool
) -> list[Received]:
    """Submits every bundle. The trouble of one file ends that file. A store or ledger that is down ends the run."""
    return [(bundle, take(service, source, bundle, given, force=force)) for source, bundle in found]


def take(
    service: Service, source: ScanSource, bundle: InputBundle, given: Submission, *, force: bool = False
) -> Intake | DigitizerError:
    """Submits one bundle. Gives its intake, or the error that ends this file. Raises ServiceError.

    With `force` a bundle that was submitted before is read anew.
    """
    try:
        intake, new = service.submissions.take(source, bundle.files, bundle.name, submission_of(given, bundle))
        if force and not new:
            service.recovery.reprocess(intake.id, by=given.actor, reason="--force")
        return intake
    except ServiceError:
        raise
    except DigitizerError as exc:
        return exc
    except Exception:
        log.exception("a file could not be taken", extra={"action": "take"})
        return FileAccess("an unexpected error; the log says more", file=bundle.shown)


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
    received: list[Received],
    output: OutputFolder | None,
    *,
    left: Sequence[LeftOut],
    as_json: bool,
) -> int:
    """Exports, says what happened to everything that was found, and gives the exit code."""
    lang = language(ctx)
    rows = [_row_or_error(service, bundle, intake, output, lang) for bundle, intake in received]
    counts = Counter(row["state"] for row in rows)
    waiting = sum(row["waiting"] for row in rows)
    for row in rows:
        if row["message"]:
            click.echo(say("ingest_failed", lang, file=row["file"], reason=row["message"]), err=True)
        if row["partial"]:
            click.echo(say("ingest_failed", lang, file=row["file"], reason=say("pages_failed", lang)), err=True)
        for failed in row["routing"]:
            click.echo(say("ingest_failed", lang, file=row["file"], reason=say(f"routing_{failed}", lang)), err=True)
    _say_left_out(left, lang)
    refused = [one for one in left if one.refused]
    done, failed = counts["DIGITIZED"], counts["FAILED"]
    speak(
        ctx,
        "ingest_summary",
        done=done,
        failed=failed,
        unfinished=len(rows) - done - failed,
        waiting=waiting,
        skipped=len(left),
        pages=sum(row["pages"] for row in rows),
    )
    if as_json:
        others = [{"file": one.shown, "reason": one.reason, "refused": one.refused} for one in left]
        answer({"files": rows, "skipped": len(left), "left_out": others}, True, "")
    partial = [row["file"] for row in rows if row["partial"]]
    if failed or refused or partial:
        return SOME_FAILED
    return SOME_WAIT if waiting or len(rows) > done else 0


def _say_left_out(left: Sequence[LeftOut], lang: str) -> None:
    """Tells what was refused, each by name, and what was left out, by reason with the first names."""
    for one in left:
        if one.refused:
            click.echo(say("ingest_failed", lang, file=one.shown, reason=say(one.reason, lang)), err=True)
    by_reason: dict[str, list[str]] = defaultdict(list)
    for one in left:
        if not one.refused:
            by_reason[one.reason].append(one.shown)
    for reason, names in by_reason.items():
        shown = ", ".join(PurePath(name).name for name in names[:NAMED]) + (" …" if len(names) > NAMED else "")
        click.echo(say("ingest_left_out", lang, count=len(names), reason=say(reason, lang), files=shown), err=True)


def _row_or_error(
    service: Service, bundle: InputBundle, intake: Intake | DigitizerError, output: OutputFolder | None, lang: str
) -> dict[str, Any]:
    """What became of one file. An error that only this file meets is told as its own. Raises ServiceError."""
    try:
        return _row(service, bundle, intake, output, lang)
    except ServiceError:
        raise
    except Exception:
        log.exception("what became of a file could not be told", extra={"action": "report"})
        return _row(service, bundle, FileAccess("an unexpected error; the log says more", file=bundle.shown), output, lang)


def _row(
    service: Service, bundle: InputBundle, intake: Intake | DigitizerError, output: OutputFolder | None, lang: str
) -> dict[str, Any]:
    row: dict[str, Any] = {"file": bundle.shown, "state": "FAILED", "message": "", "routing": [], "waiting": 0, "pages": 0}
    row["partial"] = False
    if isinstance(intake, DigitizerError):
        return {**row, "message": say(intake.code, lang, **intake.facts)}
    outcome = service.submissions.outcome(intake)
    row |= {"intake": intake.id, "dossier": outcome.dossier, "state": outcome.state.value, "pages": outcome.pages}
    row["partial"] = outcome.partial
    if outcome.problem is not None:
        row["message"] = describe(outcome.problem, lang)
    if outcome.state == IntakeState.DIGITIZED:
        row["waiting"] = len(service.review.records(states=[RecordState.REVIEW], intake=intake.id))
        row["routing"] = list(outcome.routing)
        if row["routing"] or (outcome.dossier and not outcome.accepted):
            row["waiting"] = max(row["waiting"], 1)  # a person says whether it goes to its dossier
        if output is not None:
            row |= _written(service, intake, output, bundle, lang)
    return row


def _written(service: Service, intake: Intake, output: OutputFolder, bundle: InputBundle, lang: str) -> dict[str, Any]:
    """The paths of a result, or why it could not be written: the result itself is in the store."""
    try:
        return {"written": [str(path) for path in service.submissions.export(intake, output, bundle.target)]}
    except FileAccess as exc:
        return {"written": [], "state": "FAILED", "message": say(exc.code, lang, **exc.facts)}

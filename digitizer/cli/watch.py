"""`watch`: a folder or prefix that scanners fill. What has settled there is taken, again and again."""

from __future__ import annotations

import logging
import signal
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from digitizer.cli import INTERRUPTED, Spoken, speak
from digitizer.cli.ingest import Received, collect, outside, report, settings_in, submission, take, work
from digitizer.errors import DigitizerError, ServiceError
from digitizer.model import Intake
from digitizer.service import Service, Submission
from digitizer.service.output_folder import OutputFolder
from digitizer.service.scan_sources import InputBundle, LeftOut, Prefix, ScanSource
from digitizer.settings import Settings

log = logging.getLogger(__name__)

#: addresses and versions of an item's files
Versions = tuple[tuple[str, str], ...]


@click.command(cls=Spoken)
@click.argument("path")
@click.option("--agency")
@click.option("--counter", is_flag=True)
@click.option("--jobs", "processes", type=click.IntRange(1, 64))
@click.option("--output", type=click.Path(path_type=Path, file_okay=False))
@click.option("--mode", type=click.Choice(["skip", "redo", "force"]))
@click.option("--settle", "settle_s", type=click.FloatRange(0, 86_400), default=10.0, show_default=True)
@click.option("--every", "every_s", type=click.FloatRange(0.2, 86_400), default=5.0, show_default=True)
@click.option("--once", is_flag=True)
@click.pass_context
def watch(
    ctx: click.Context,
    /,
    path: str,
    processes: int | None,
    output: Path | None,
    mode: str | None,
    settle_s: float,
    every_s: float,
    once: bool,
    **about: Any,
) -> None:
    """Takes files that appear in a folder or under a prefix, once nobody writes to them any more."""
    chosen = settings_in(ctx, mode, processes)
    outside(path, output)
    given = submission(**about)
    with Service.open(chosen) as service:
        service.check()
        watcher = Watcher(ctx, service, chosen, path, given, settle_s=settle_s, output=output)
        code = watcher.run(every_s, once=once)
    ctx.exit(code)


class Watcher:
    """Looks at a folder or prefix, waits until a file no longer changes, and takes it over."""

    def __init__(
        self,
        ctx: click.Context,
        service: Service,
        chosen: Settings,
        path: str,
        given: Submission,
        *,
        settle_s: float,
        output: Path | None,
    ) -> None:
        self.ctx, self.service, self.chosen, self.path, self.given = ctx, service, chosen, path, given
        self.settle_s, self.output = settle_s, output
        self.results = OutputFolder(output) if output is not None else None
        self.look, self.stopping = threading.Event(), False
        #: name of an item -> (its files and their versions, since when they have not changed)
        self._seen: dict[str, tuple[Versions, float]] = {}
        #: name of an item -> the files that could not be read, told once
        self._refused: dict[str, Versions] = {}
        #: what was left out and was said
        self._said: set[LeftOut] = set()

    def run(self, every_s: float, *, once: bool) -> int:
        """Runs until SIGTERM or Ctrl-C, with `once` until all that is there now was taken. Gives the exit code."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._stop())
        self._listen()
        code = 0
        while not self.stopping:
            self.look.clear()
            try:
                unsettled, code = self._round()
            except ServiceError as exc:
                if once:
                    raise
                log.warning("%s", exc.code, extra={"action": "watch", "code": exc.code})
                unsettled = True
            if once and not unsettled:
                return code
            self.look.wait(min(every_s, self.settle_s or every_s) if unsettled else every_s)
        return INTERRUPTED

    def _stop(self) -> None:
        self.stopping = True
        self.look.set()

    def _listen(self) -> None:
        """A bucket that tells of its changes shortens the wait. The listing finds what it does not tell."""
        if self.path.startswith("s3://"):
            source = Prefix(self.path, self.chosen)
            threading.Thread(target=self._hear, args=(source,), daemon=True).start()

    def _hear(self, source: Prefix) -> None:
        while not self.stopping:
            with suppress(DigitizerError):
                for _ in source.objects.changes(source.prefix):
                    self.look.set()
            time.sleep(30)

    def _round(self) -> tuple[bool, int]:
        """Takes what has settled. Returns (whether anything has not, exit code of `ingest` for what was taken)."""
        found, left = collect(self.ctx, [self.path], self.chosen, book=False, output=self.output, quiet=True)
        source_of = {bundle: source for source, bundle in found}
        open_ones = [bundle for _, bundle in found if self._versions(bundle) != self._refused.get(bundle.shown)]
        new = [(source_of[bundle], bundle) for bundle in self.service.submissions.not_submitted(open_ones)]
        ready = [(source, bundle) for source, bundle in new if self._settled(source, bundle)]
        fresh = [one for one in left if one not in self._said]
        if not ready and not fresh:
            return bool(new), 0
        self._said.update(fresh)
        received: list[Received] = [(bundle, self._take(source, bundle)) for source, bundle in ready]
        if self.service.jobs.embedded:
            bundles = [intake.bundle for _, intake in received if isinstance(intake, Intake)]
            work(self.ctx, self.service, bundles, lambda: self.stopping)
            self.service.deliveries.deliver()
            self.service.recovery.sweep()
            code = report(self.ctx, self.service, received, self.results, left=fresh, as_json=False)
        else:
            speak(self.ctx, "watch_taken", count=len(received))
            code = 0
        return len(ready) < len(new), code

    def _settled(self, source: ScanSource, bundle: InputBundle) -> bool:
        """Whether an item has not changed for a while. A single object of a bucket appears whole."""
        state = self._versions(bundle)
        known, since = self._seen.get(bundle.shown, ((), 0.0))
        if known != state:
            since = time.monotonic()
            self._seen[bundle.shown] = (state, since)
        whole = source.versioned and len(bundle.files) == 1 and bundle.hint.book is None
        return whole or time.monotonic() - since >= self.settle_s

    def _take(self, source: ScanSource, bundle: InputBundle) -> Intake | DigitizerError:
        self._seen.pop(bundle.shown, None)
        taken = take(self.service, source, bundle, self.given)
        if isinstance(taken, DigitizerError):
            self._refused[bundle.shown] = self._versions(bundle)
        return taken

    @staticmethod
    def _versions(bundle: InputBundle) -> Versions:
        return tuple((file.address, file.version) for file in bundle.files)

"""What workers do: each job is safe to repeat."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from typing import Any

from digitizer import dossiers, serialization
from digitizer.errors import DigitizerError, ServiceError
from digitizer.ledger import Transaction, jobs, records, submissions
from digitizer.ledger.jobs import Job
from digitizer.ledger.submissions import KnownSource
from digitizer.model import Digitized, Intake, IntakeState, PageState, Problem, Source
from digitizer.pages import ScanFile
from digitizer.pipeline import Reading, failed_page, finish, read_pages, render_files
from digitizer.service.callbacks import tell
from digitizer.service.submissions import Intakes

log = logging.getLogger(__name__)

#: the reason a page fails for when every worker that took it died
WORKER_DIED = "worker_died"


#: how long opening or finishing a bundle may take before its worker counts as hanging, seconds
LONGEST_S = 3600.0


@dataclass(slots=True)
class Hand:
    """What a worker has in hand. A file of one page goes through its three jobs in one go: nothing is asked or fetched twice."""

    #: the job to do next
    job: Job | None
    #: of a file of one page: what it is, its decoder, and what was read
    source: KnownSource | None = None
    file: ScanFile | None = None
    reading: Reading | None = None

    def next(self) -> Job | None:
        """Takes the job."""
        job, self.job = self.job, None
        return job

    def decoder(self) -> ScanFile | None:
        """Takes the decoder."""
        file, self.file = self.file, None
        return file

    def close(self) -> None:
        """Ends the decoder nobody took."""
        if (file := self.decoder()) is not None:
            file.close()


class Work(Intakes):
    """The jobs: open, read, finish."""

    #: whether to put work down at the next page; a worker that may be told to stop puts its own in place
    stopping: Callable[[], bool] = staticmethod(lambda: False)

    def work(self, worker: str) -> Job | None:
        """Claims the next job and does it, a file of one page to its end; the last job, or None when there is nothing to do.

        A machine at fault (ServiceError) gives the job back and is raised; a scan at fault is noted and over.
        """
        with self.ledger.read() as tx:
            done = jobs.claim(tx, worker=worker, lease_s=self.settings.lease_s)
        with closing(Hand(done)) as hand:
            while (job := hand.next()) is not None:
                self._one(job, worker, hand)
                done = job
        return done

    def _one(self, job: Job, worker: str, hand: Hand) -> None:
        began = time.monotonic()
        try:
            self._do(job, worker, hand)
        except ServiceError:
            with self.ledger.begin() as tx:
                jobs.give_back(tx, job)
            raise
        except DigitizerError as exc:
            hand.next()
            self._give_up(job, Problem(code=exc.code, facts=exc.facts), worker)
        self._log(job, worker, time.monotonic() - began)

    def _log(self, job: Job, worker: str, seconds: float) -> None:
        """One line a job, with the ids under which systems outside know the documents."""
        if log.isEnabledFor(logging.INFO):
            with self.ledger.read() as tx:
                ids = [intake.id for intake, _ in submissions.intakes(tx, bundle_id=job.bundle)]
            about = {"job": job.id, "kind": job.kind, "bundle": job.bundle, "document": " ".join(ids), "worker": worker}
            log.info("job over", extra={"action": "job", "ms": round(seconds * 1000, 1), **about})

    def _do(self, job: Job, worker: str, hand: Hand) -> None:
        if job.attempts > self.settings.attempts:
            self._give_up(job, Problem(code=WORKER_DIED, facts={"attempts": job.attempts - 1}), worker)
        elif job.kind == "read" and job.count > 1 and job.attempts > 1:
            with self.ledger.begin() as tx:
                jobs.split(tx, job)
        else:
            with self._alive(job):
                {"open": self._open, "read": self._read, "finish": self._finish}[job.kind](job, worker, hand)

    @contextmanager
    def _alive(self, job: Job) -> Iterator[None]:
        """Renews the lease of a job that has no pages to show for, up to `LONGEST_S`; a read job renews with each page."""
        over, began = threading.Event(), time.monotonic()

        def beat() -> None:
            while not over.wait(self.settings.lease_s / 3) and time.monotonic() - began < LONGEST_S:
                try:
                    with self.ledger.begin() as tx:
                        if not jobs.renew(tx, job, lease_s=self.settings.lease_s):
                            return
                except ServiceError as exc:
                    log.warning("no heartbeat", extra={"action": "heartbeat", "job": job.id, "code": exc.code})
                except Exception:
                    log.exception("no heartbeat", extra={"action": "heartbeat", "job": job.id})

        thread = threading.Thread(target=beat, name="heartbeat", daemon=True)
        if job.kind != "read":
            thread.start()
        try:
            yield
        finally:
            over.set()
            if job.kind != "read":
                thread.join()

    def _open(self, job: Job, worker: str, hand: Hand) -> None:
        """Finds out what the sources are, and queues reading them; goes on with a single page."""
        with self.ledger.read() as tx:
            sources = submissions.sources_of(tx, job.bundle)
        found = [self._look(source, hand if len(sources) == 1 else None) for source in sources]
        with self.ledger.begin() as tx:
            if not jobs.close(tx, job):
                return
            for source in found:
                submissions.opened(tx, source)
                for first in range(0, source.pages or 0, self.settings.job_pages):
                    count = min(self.settings.job_pages, (source.pages or 0) - first)
                    self._add(tx, job, "read", worker, hand, source=source.id, first=first, count=count)
            submissions.move_bundle(tx, job.bundle, ["NEW", "FAILED", "DONE"], "READING", error=None)
            submissions.move_intakes(tx, job.bundle, [IntakeState.RECEIVED], IntakeState.RUNNING, actor=worker)

    def _look(self, source: KnownSource, hand: Hand | None) -> KnownSource:
        """What a source is; a single page stays in `hand`, with its decoder."""
        with self._local([source.key]) as (path,), ExitStack() as ends:
            file = ends.enter_context(ScanFile(path, source=source.id, options=self.settings.pages))
            seen = file.inspection
            known = replace(source, media_type=seen.media_type, pages=seen.pages, signed=seen.signed)
            if hand is not None and seen.pages == 1:
                hand.source, hand.file = known, file
                ends.pop_all()
            return known

    def _add(self, tx: Transaction, held: Job, kind: str, worker: str, hand: Hand, **names: Any) -> None:
        """Queues what comes after a job, or takes it in hand where it is a single page and nobody is to stop."""
        if hand.source is None or self.stopping():
            jobs.add(tx, kind, held.bundle, lane=held.lane, **names)
        else:
            hand.job = jobs.go_on(tx, kind, held.bundle, worker=worker, lease_s=self.settings.lease_s, lane=held.lane, **names)

    def _read(self, job: Job, worker: str, hand: Hand) -> None:
        """Reads its scans, one by one, those already read left out; each is kept as soon as it is read."""
        engine = self.tools.fingerprint
        with self.ledger.read() as tx:
            source = hand.source or submissions.get_source(tx, job.source)
            known = submissions.page_readings(tx, job.source, engine)
        scans = [scan for scan in range(job.first, job.first + job.count) if scan not in known]
        if not scans:
            self._close_read(job, worker, hand)
            return
        with self._local([source.key]) as (path,):
            for reading in read_pages(path, source=job.source, scans=scans, tools=self.tools, file=hand.decoder()):
                if not self._keep(job, engine, reading, worker if reading.scan == scans[-1] else None, hand):
                    log.warning("lease lost", extra={"action": "lease_lost", "job": job.id})
                    return
                if self.stopping() and reading.scan != scans[-1]:
                    with self.ledger.begin() as tx:
                        jobs.give_back(tx, job)
                    return

    def _close_read(self, job: Job, worker: str, hand: Hand) -> None:
        with self.ledger.begin() as tx:
            if jobs.close(tx, job):
                self._read_is_over(tx, job, worker, hand)

    def _keep(self, job: Job, engine: str, reading: Reading, ends: str | None, hand: Hand) -> bool:
        """Stores what a scan gave and notes the page; False when the lease is lost. `ends`: the worker whose job ends with it."""
        key = self._put_bytes(serialization.dump(reading))
        failed = _failure(reading)
        blank = all(t.blank for t in reading.texts)
        state = PageState.FAILED if failed else PageState.BLANK if blank else PageState.READ
        error = serialization.to_plain(failed) if failed else None
        with self.ledger.begin() as tx:
            if not (jobs.close(tx, job) if ends else jobs.renew(tx, job, lease_s=self.settings.lease_s)):
                return False
            submissions.save_page(tx, job.source, reading.scan, engine, state=state, texts=key, error=error)
            if ends:
                hand.reading = reading if hand.source else None
                self._read_is_over(tx, job, ends, hand)
        return True

    def _read_is_over(self, tx: Transaction, job: Job, worker: str, hand: Hand) -> None:
        """The last read job queues `finish`; where no page at all could be read the bundle fails for the first one's reason."""
        if hand.reading is None:
            submissions.hold_bundle(tx, job.bundle)
            if jobs.unfinished(tx, job.bundle, ["read"]):
                return
            failed = self._all_failed(tx, job.bundle)
        else:  # the one page there is
            failed = _failure(hand.reading)
        if failed is not None:
            self._fail_bundle(tx, job.bundle, failed, worker)
            return
        submissions.move_bundle(tx, job.bundle, ["READING"], "FINISHING")
        self._add(tx, job, "finish", worker, hand)

    def _all_failed(self, tx: Transaction, bundle: str) -> Problem | None:
        """What is wrong with the first page where no page could be read."""
        rows = list(submissions.bundle_readings(tx, bundle, self.tools.fingerprint).values())
        failed = bool(rows) and all(row["state"] == PageState.FAILED for row in rows)
        return serialization.from_plain(Problem, rows[0]["error"]) if failed else None

    def _fail_bundle(self, tx: Transaction, bundle: str, problem: Problem, worker: str) -> None:
        submissions.move_bundle(
            tx, bundle, ["NEW", "READING", "FINISHING", "DONE"], "FAILED", error=serialization.to_plain(problem)
        )
        failed = submissions.move_intakes(
            tx, bundle, [IntakeState.RECEIVED, IntakeState.RUNNING], IntakeState.FAILED, actor=worker, code=problem.code
        )
        for intake in failed:
            tell(tx, "document.failed", intake, code=problem.code)

    def _finish(self, job: Job, worker: str, hand: Hand) -> None:
        """Classifies, extracts and renders a bundle whose pages are all read or failed."""
        with self.ledger.read() as tx:
            intakes = [intake for intake, _ in submissions.intakes(tx, bundle_id=job.bundle)]
            sources, readings = self._readings(tx, job.bundle, hand)
        result = finish(
            bundle=job.bundle,
            sources=tuple(_source(s) for s in sources),
            readings=readings,
            tools=self.tools,
            known=_known(intakes[0]) if intakes else None,
        )
        with self._scratch() as folder, self._local([s.key for s in sources]) as paths:
            files = {s.id: path for s, path in zip(sources, paths, strict=True)}
            made = render_files(
                result,
                files,
                name="result",
                into=folder,
                tools=self.tools,
                signed=frozenset(s.id for s in sources if s.signed),
            )
            keys = {
                artifact.path.suffix.lstrip("."): (artifact.media_type, self.store.put_file(artifact.path)) for artifact in made
            }
        with self.ledger.begin() as tx:
            if not jobs.close(tx, job):
                return
            self._note_result(tx, result, keys, worker)

    def _note_result(self, tx: Transaction, result: Digitized, keys: dict[str, tuple[str, str]], worker: str) -> None:
        submissions.save_artifacts(tx, result.bundle, keys)
        found = [record for document in result.documents for record in document.records]
        records.withdraw(tx, result.bundle, [record.id for record in found], actor=worker)
        for document in result.documents:
            for record in document.records:
                records.propose(tx, result.bundle, document.doctype, record, actor=worker)
        written = [document for document in result.documents if not self._empty(result, document.texts)]
        accepted = bool(written) and all(self._sure(document.doctype, document.score) for document in written)
        submissions.move_bundle(
            tx, result.bundle, ["FINISHING", "DONE"], "DONE", result="ACCEPTED" if accepted else "UNSURE", error=None
        )
        if code := _code_on_first_page(result):
            for intake, _ in submissions.intakes(tx, bundle_id=result.bundle):
                if intake.dossier is None and intake.book is None:
                    submissions.set_dossier(tx, intake.id, code, actor=worker, how="qr")
        moved = submissions.move_intakes(
            tx,
            result.bundle,
            [IntakeState.RECEIVED, IntakeState.RUNNING, IntakeState.FAILED],
            IntakeState.DIGITIZED,
            actor=worker,
            documents=len(result.documents),
            records=len(found),
        )
        for intake in moved:
            self._write_attach(tx, intake)
            tell(tx, "document.digitized", intake)

    def _sure(self, doctype: str | None, score: float) -> bool:
        return doctype is not None and score >= self.tools.doctypes[doctype].accept_type

    @staticmethod
    def _empty(result: Digitized, texts: Sequence[int]) -> bool:
        return all(result.pages[i].blank for i in texts)

    def _give_up(self, job: Job, problem: Problem, worker: str) -> None:
        """Ends a job that cannot succeed: a scan becomes a failed page, anything else fails the bundle."""
        if job.kind == "read":
            engine = self.tools.fingerprint
            with self.ledger.read() as tx:
                known = submissions.page_readings(tx, job.source, engine)
            for scan in range(job.first, job.first + job.count):
                reading = Reading(scan=scan, texts=(failed_page(job.source, scan, problem),), seconds={})
                if scan not in known and not self._keep(job, engine, reading, None, Hand(None)):
                    return
        with self.ledger.begin() as tx:
            if not jobs.close(tx, job, "FAILED"):
                return
            if job.kind == "read":
                self._read_is_over(tx, job, worker, Hand(None))
            else:
                self._fail_bundle(tx, job.bundle, problem, worker)

    def _readings(self, tx: Transaction, bundle: str, hand: Hand) -> tuple[list[KnownSource], list[tuple[int, Reading]]]:
        """The sources of a bundle, and (position of the scan in it, Reading) of all scans in order."""
        if hand.source is not None and hand.reading is not None:
            return [hand.source], [(0, hand.reading)]
        sources, found = submissions.sources_of(tx, bundle), list[tuple[int, Reading]]()
        rows = submissions.bundle_readings(tx, bundle, self.tools.fingerprint)
        for source in sources:
            for scan in range(source.pages or 0):
                with self.store.open(rows[source.id, scan]["texts"]) as stored:
                    found.append((len(found), serialization.load(Reading, stored.read())))
        return sources, found


def _failure(reading: Reading) -> Problem | None:
    """Why a scan could not be read; None where it was."""
    return next((p for t in reading.texts for p in t.quality.problems if t.sheet is None), None)


def _source(known: KnownSource) -> Source:
    return Source(id=known.id, key=known.key, media_type=known.media_type or "", size=known.size)


def _known(intake: Intake) -> dict[str, str]:
    """Values that came with the submission: `KS/1999/01` is volume 01/1999."""
    if intake.book is None:
        return {}
    _, year, number = intake.book.split("/")
    return {"quyenSo": f"{number}/{year}"}


def _code_on_first_page(result: Digitized) -> str | None:
    """A dossier code in a QR code or barcode of the first scan."""
    first = [page for page, position in zip(result.pages, result.positions, strict=True) if position == 0]
    return next((code for page in first for mark in page.marks if (code := dossiers.in_text(mark.text))), None)

"""What workers do: each job is safe to repeat."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from digitizer import codec, dossiers
from digitizer.errors import DigitizerError, ServiceError
from digitizer.ledger import Transaction, jobs, records, submissions
from digitizer.ledger.jobs import Job
from digitizer.ledger.submissions import KnownSource
from digitizer.model import Digitized, Intake, IntakeState, PageState, Problem, Source
from digitizer.pages import inspect
from digitizer.pipeline import Reading, failed_page, finish, read_pages, render_files
from digitizer.service.callbacks import tell
from digitizer.service.intake import Intakes

log = logging.getLogger(__name__)

#: the reason a page fails for when every worker that took it died
WORKER_DIED = "worker_died"


#: how long opening or finishing a bundle may take before its worker counts as hanging, seconds
LONGEST_S = 3600.0


class Work(Intakes):
    """The jobs: open, read, finish."""

    #: whether to put work down at the next page; a worker that may be told to stop puts its own in place
    stopping: Callable[[], bool] = staticmethod(lambda: False)

    def work(self, worker: str) -> Job | None:
        """Claims the next job and does it; the job, or None when there is nothing to do.

        A machine at fault (ServiceError) gives the job back and is raised; a scan at fault is noted and over.
        """
        with self.ledger.begin() as tx:
            job = jobs.claim(tx, worker=worker, lease_s=self.settings.lease_s)
        if job is None:
            return None
        began = time.monotonic()
        try:
            self._do(job, worker)
        except ServiceError:
            with self.ledger.begin() as tx:
                jobs.give_back(tx, job)
            raise
        except DigitizerError as exc:
            self._give_up(job, Problem(code=exc.code, facts=exc.facts), worker)
        self._log(job, worker, time.monotonic() - began)
        return job

    def _log(self, job: Job, worker: str, seconds: float) -> None:
        """One line a job, with the ids under which systems outside know the documents."""
        if log.isEnabledFor(logging.INFO):
            with self.ledger.read() as tx:
                ids = [intake.id for intake, _ in submissions.intakes(tx, bundle_id=job.bundle)]
            about = {"job": job.id, "kind": job.kind, "bundle": job.bundle, "document": " ".join(ids), "worker": worker}
            log.info("job over", extra={"action": "job", "ms": round(seconds * 1000, 1), **about})

    def _do(self, job: Job, worker: str) -> None:
        if job.attempts > self.settings.attempts:
            self._give_up(job, Problem(code=WORKER_DIED, facts={"attempts": job.attempts - 1}), worker)
        elif job.kind == "read" and job.count > 1 and job.attempts > 1:
            with self.ledger.begin() as tx:
                jobs.split(tx, job)
        else:
            with self._alive(job):
                {"open": self._open, "read": self._read, "finish": self._finish}[job.kind](job, worker)

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

        thread = threading.Thread(target=beat, name="heartbeat", daemon=True)
        if job.kind != "read":
            thread.start()
        try:
            yield
        finally:
            over.set()
            if job.kind != "read":
                thread.join()

    def _open(self, job: Job, worker: str) -> None:
        """Finds out what the sources are, and queues reading them."""
        with self.ledger.read() as tx:
            sources = submissions.sources_of(tx, job.bundle)
        found = {}
        for source in sources:
            with self._local([source.key]) as (path,):
                found[source.id] = inspect(path, options=self.settings.pages)
        with self.ledger.begin() as tx:
            if not jobs.close(tx, job):
                return
            for source_id, seen in found.items():
                submissions.opened(tx, source_id, media_type=seen.media_type, pages=seen.pages, signed=seen.signed)
                for first in range(0, seen.pages, self.settings.job_pages):
                    count = min(self.settings.job_pages, seen.pages - first)
                    jobs.add(tx, "read", job.bundle, lane=job.lane, source=source_id, first=first, count=count)
            submissions.move_bundle(tx, job.bundle, ["NEW", "FAILED", "DONE"], "READING", error=None)
            submissions.move_intakes(tx, job.bundle, [IntakeState.RECEIVED], IntakeState.RUNNING, actor=worker)

    def _read(self, job: Job, worker: str) -> None:
        """Reads its scans, one by one, those already read left out; each is kept as soon as it is read."""
        engine = self.tools.fingerprint
        with self.ledger.read() as tx:
            source = submissions.get_source(tx, job.source)
            known = submissions.page_readings(tx, job.source, engine)
        scans = [scan for scan in range(job.first, job.first + job.count) if scan not in known]
        if not scans:
            self._close_read(job, worker)
            return
        with self._local([source.key]) as (path,):
            for reading in read_pages(path, source=job.source, scans=scans, tools=self.tools):
                if not self._keep(job, engine, reading, worker if reading.scan == scans[-1] else None):
                    log.warning("lease lost", extra={"action": "lease_lost", "job": job.id})
                    return
                if self.stopping() and reading.scan != scans[-1]:
                    with self.ledger.begin() as tx:
                        jobs.give_back(tx, job)
                    return

    def _close_read(self, job: Job, worker: str) -> None:
        with self.ledger.begin() as tx:
            if jobs.close(tx, job):
                self._read_is_over(tx, job, worker)

    def _keep(self, job: Job, engine: str, reading: Reading, ends: str | None = None) -> bool:
        """Stores what a scan gave and notes the page; False when the lease is lost. `ends`: the worker whose job ends with it."""
        key = self._put_bytes(codec.dump(reading))
        failed = next((p for t in reading.texts for p in t.quality.problems if t.sheet is None), None)
        blank = all(t.blank for t in reading.texts)
        state = PageState.FAILED if failed else PageState.BLANK if blank else PageState.READ
        error = codec.plain(failed) if failed else None
        with self.ledger.begin() as tx:
            if not (jobs.close(tx, job) if ends else jobs.renew(tx, job, lease_s=self.settings.lease_s)):
                return False
            submissions.save_page(tx, job.source, reading.scan, engine, state=state, texts=key, error=error)
            if ends:
                self._read_is_over(tx, job, ends)
        return True

    def _read_is_over(self, tx: Transaction, job: Job, worker: str) -> None:
        """The last read job queues `finish`; where no page at all could be read the bundle fails for the first one's reason."""
        submissions.hold_bundle(tx, job.bundle)
        if jobs.unfinished(tx, job.bundle, ["read"]):
            return
        rows = list(submissions.bundle_readings(tx, job.bundle, self.tools.fingerprint).values())
        if rows and all(row["state"] == PageState.FAILED for row in rows):
            self._fail_bundle(tx, job.bundle, codec.restore(Problem, rows[0]["error"]), worker)
            return
        submissions.move_bundle(tx, job.bundle, ["READING"], "FINISHING")
        jobs.add(tx, "finish", job.bundle, lane=job.lane)

    def _fail_bundle(self, tx: Transaction, bundle: str, problem: Problem, worker: str) -> None:
        submissions.move_bundle(tx, bundle, ["NEW", "READING", "FINISHING", "DONE"], "FAILED", error=codec.plain(problem))
        failed = submissions.move_intakes(
            tx, bundle, [IntakeState.RECEIVED, IntakeState.RUNNING], IntakeState.FAILED, actor=worker, code=problem.code
        )
        for intake in failed:
            tell(tx, "document.failed", intake, code=problem.code)

    def _finish(self, job: Job, worker: str) -> None:
        """Classifies, extracts and renders a bundle whose pages are all read or failed."""
        with self.ledger.read() as tx:
            sources = submissions.sources_of(tx, job.bundle)
            intakes = [intake for intake, _ in submissions.intakes(tx, bundle_id=job.bundle)]
            rows = submissions.bundle_readings(tx, job.bundle, self.tools.fingerprint)
        result = finish(
            bundle=job.bundle,
            sources=tuple(_source(s) for s in sources),
            readings=self._readings(sources, rows),
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
        code = _code_on_first_page(result)
        for intake, _ in submissions.intakes(tx, bundle_id=result.bundle):
            if intake.dossier is None and intake.book is None and code:
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
                if scan not in known and not self._keep(job, engine, reading):
                    return
        with self.ledger.begin() as tx:
            if not jobs.close(tx, job, "FAILED"):
                return
            if job.kind == "read":
                self._read_is_over(tx, job, worker)
            else:
                self._fail_bundle(tx, job.bundle, problem, worker)

    def _readings(self, sources: Sequence[KnownSource], rows: Mapping[tuple[str, int], Any]) -> list[tuple[int, Reading]]:
        """(position of the scan in the bundle, Reading) of all scans in order."""
        found: list[tuple[int, Reading]] = []
        for source in sources:
            for scan in range(source.pages or 0):
                with self.store.open(rows[source.id, scan]["texts"]) as stored:
                    found.append((len(found), codec.load(Reading, stored.read())))
        return found


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

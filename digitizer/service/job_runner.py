"""Claims jobs and does them: leases, heartbeats, and what becomes of a job that cannot succeed."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

from digitizer.errors import DigitizerError, ServiceError
from digitizer.ledger import jobs, submissions
from digitizer.ledger.jobs import Job
from digitizer.model import Problem
from digitizer.pipeline import Reading, failed_page
from digitizer.service.context import ServiceContext
from digitizer.service.job_steps import FinishJob, OpenJob, ReadJob, Step, end_reading, give_back, keep
from digitizer.service.submissions import fail_bundle

log = logging.getLogger(__name__)

#: the reason a page fails for when every worker that took it died
WORKER_DIED = "worker_died"
#: how long opening or finishing a bundle may take before its worker counts as hanging, seconds
LONGEST_S = 3600.0


class JobRunner:
    """Claims jobs and does them, one at a time."""

    def __init__(self, context: ServiceContext) -> None:
        self.context = context

    def work(self, worker: str) -> Job | None:
        """Claims the next job and does it, a file of one page to its end. Gives the last job, None when there is nothing to do.

        A machine at fault (ServiceError) gives the job back and is raised. A scan at fault is noted and over.
        """
        with self.context.ledger.autocommit() as tx:
            done = jobs.claim(tx, worker=worker, lease_s=self.context.settings.lease_s)
        step = _step(done) if done else None
        while step is not None:
            done = step.held
            step = self._run(step)
        return done

    def _run(self, step: Step) -> Step | None:
        """Does a job and says how it ended. Gives the next one of a file of one page."""
        held, began, following = step.held, time.monotonic(), None
        try:
            with closing(step):
                following = self._attempt(step)
        except ServiceError:
            give_back(self.context, held)
            raise
        except DigitizerError as exc:
            self._give_up(held, Problem(code=exc.code, facts=exc.facts))
        self._log(held, time.monotonic() - began)
        return following

    def _attempt(self, step: Step) -> Step | None:
        held = step.held
        if held.attempts > self.context.settings.attempts:
            self._give_up(held, Problem(code=WORKER_DIED, facts={"attempts": held.attempts - 1}))
            return None
        if held.kind == "read" and held.count > 1 and held.attempts > 1:
            with self.context.ledger.begin() as tx:
                jobs.split(tx, held)
            return None
        with self._alive(held):
            return step.run(self.context)

    @contextmanager
    def _alive(self, held: Job) -> Iterator[None]:
        """Renews the lease of a job that has no pages to show for, up to `LONGEST_S`. A read job renews with each page."""
        if held.kind == "read":
            yield
            return
        over, began = threading.Event(), time.monotonic()

        def beat() -> None:
            while not over.wait(self.context.settings.lease_s / 3) and time.monotonic() - began < LONGEST_S:
                try:
                    with self.context.ledger.begin() as tx:
                        if not jobs.renew(tx, held, lease_s=self.context.settings.lease_s):
                            return
                except ServiceError as exc:
                    log.warning("no heartbeat", extra={"action": "heartbeat", "job": held.id, "code": exc.code})
                except Exception:
                    log.exception("no heartbeat", extra={"action": "heartbeat", "job": held.id})

        thread = threading.Thread(target=beat, name="heartbeat", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _give_up(self, held: Job, problem: Problem) -> None:
        """Ends a job that cannot succeed: its scans become failed pages, or the bundle fails."""
        if held.kind == "read":
            if self._fail_pages(held, problem):
                end_reading(self.context, held, state="FAILED")
            return
        with self.context.ledger.begin() as tx:
            if jobs.close(tx, held, "FAILED"):
                fail_bundle(tx, held.bundle, problem, actor=held.worker)

    def _fail_pages(self, held: Job, problem: Problem) -> bool:
        """Notes a failed page for each scan that was not read. Returns False when the lease is lost."""
        engine = self.context.tools.fingerprint
        with self.context.ledger.read() as tx:
            known = submissions.page_readings(tx, held.source, engine)
        scans = [scan for scan in range(held.first, held.first + held.count) if scan not in known]
        failed = (Reading(scan=scan, texts=(failed_page(held.source, scan, problem),), seconds={}) for scan in scans)
        return all(keep(self.context, held, engine, reading) for reading in failed)

    def _log(self, held: Job, seconds: float) -> None:
        """One line a job, with the ids under which systems outside know the documents."""
        if log.isEnabledFor(logging.INFO):
            with self.context.ledger.read() as tx:
                ids = [intake.id for intake, _ in submissions.intakes(tx, bundle_id=held.bundle)]
            about = {"job": held.id, "kind": held.kind, "bundle": held.bundle, "document": " ".join(ids), "worker": held.worker}
            log.info("job over", extra={"action": "job", "ms": round(seconds * 1000, 1), **about})


def _step(held: Job) -> Step:
    steps: dict[str, type[OpenJob] | type[ReadJob] | type[FinishJob]] = {"open": OpenJob, "read": ReadJob, "finish": FinishJob}
    return steps[held.kind](held)

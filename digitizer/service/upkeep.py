"""Where everything stands, and putting right what died half-way."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from digitizer.errors import Conflict, QueueDown
from digitizer.ledger import Transaction, events, idempotency, jobs, outbox, records, submissions, upload_sessions
from digitizer.model import IntakeState, PageState
from digitizer.service.context import Ports

#: names listed by `status`, of each kind
LISTED = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Counts by state, and what is stuck."""

    intakes: dict[str, int]
    records: dict[str, int]
    jobs: dict[str, int]
    deliveries: dict[str, int]
    #: (worker, kind of job, seconds its lease still has)
    working: list[tuple[str, str, float]]
    #: when the intake came that has waited longest, ISO 8601
    oldest: str | None
    #: wake-ups in the queue and workers that listen; None where workers belong to whoever ingests
    queue: dict[str, Any] | None
    #: codes of what keeps work from going on: `no_workers`, `no_hints`, `queue_down`, `leases_expired`
    stuck: list[str]
    #: deliveries that wait or were refused
    pending: list[dict[str, Any]]
    #: intakes that failed, up to 200: id, name, error
    failed: list[dict[str, Any]]
    #: digitized single files that nobody knows the dossier of, or whose kind of paper is not sure, up to 200: id, name, dossier
    unplaced: list[dict[str, Any]]


class Upkeep(Ports):
    """Looking after a running installation."""

    def waiting(self) -> int:
        """Jobs queued or at work."""
        with self.ledger.read() as tx:
            return jobs.waiting(tx)

    def working(self) -> list[tuple[str, float]]:
        """(name of a worker, seconds its lease still has) of all jobs at work."""
        with self.ledger.read() as tx:
            return [(worker, left) for worker, _, left in jobs.working(tx)]

    def release(self, worker: str) -> int:
        """Puts back what a dead worker held."""
        with self.ledger.begin() as tx:
            return jobs.release(tx, worker)

    def status(self) -> Status:
        """Where everything stands; as quick with a hundred thousand jobs as with ten."""
        with self.ledger.read() as tx:
            backlog = jobs.backlog(tx)
            queue, stuck = self._queue(backlog)
            return Status(
                intakes=submissions.counts(tx),
                records=records.counts(tx),
                jobs=backlog,
                deliveries=outbox.counts(tx),
                working=jobs.working(tx),
                oldest=submissions.oldest_waiting(tx),
                queue=queue,
                stuck=stuck + (["leases_expired"] if backlog["EXPIRED"] else []),
                pending=outbox.pending(tx),
                failed=submissions.failed(tx, limit=LISTED),
                unplaced=submissions.unplaced(tx, limit=LISTED),
            )

    def _queue(self, backlog: dict[str, int]) -> tuple[dict[str, Any] | None, list[str]]:
        """What the queue knows, and what is wrong with it."""
        try:
            hints = self.queue.hints()
        except QueueDown:
            return None, ["queue_down"]
        if hints is None:
            return None, []
        waits = backlog.get("QUEUED", 0) > 0
        stuck = [code for code, so in (("no_workers", not hints.workers), ("no_hints", not hints.waiting)) if waits and so]
        if hints.workers and backlog.get("LEASED", 0):
            stuck = []  # who works now looks for more by himself
        return {"hints": hints.waiting, "workers": list(hints.workers)}, stuck

    def sweep(self) -> dict[str, int]:
        """Puts right what died half-way: expired leases, bundles without work, wake-ups Redis lost, old scratch folders.

        Seals the event log.
        """
        with self.ledger.begin() as tx:
            found = {
                "leases": jobs.requeue_expired(tx, lease_s=self.settings.lease_s),
                "jobs": self._missing_jobs(tx),
                "events": events.seal(tx),
            }
            idempotency.forget(tx, older_s=3600 * self.settings.api.repeat_hours)
            upload_sessions.forget(tx)
        return {**found, "woken": self._wake_again(), "scratch": self._clear_scratch()}

    def _missing_jobs(self, tx: Transaction) -> int:
        forsaken = submissions.forsaken(tx)
        for bundle, lane in forsaken:
            jobs.add(tx, "open", bundle, lane=jobs.LANES[lane])
            submissions.move_bundle(tx, bundle, ["READING", "FINISHING"], "NEW")
        return len(forsaken)

    def _wake_again(self) -> int:
        """Wakes workers when jobs wait and the queue has forgotten them; how many wake-ups."""
        try:
            hints = self.queue.hints()
            if hints is None or hints.waiting:
                return 0
            with self.ledger.read() as tx:
                if not jobs.queued(tx):
                    return 0
            self.queue.wake(max(1, len(hints.workers)))
            return max(1, len(hints.workers))
        except QueueDown:
            return 0

    def _clear_scratch(self, older_s: float = 24 * 3600) -> int:
        old = [p for p in self.settings.scratch.iterdir() if datetime.now().timestamp() - p.stat().st_mtime > older_s]
        for path in old:
            shutil.rmtree(path, ignore_errors=True)
        return len(old)

    def retry(self, intake_id: str, *, by: str) -> None:
        """Does a failed intake again, its failed pages included. Raises NotFound, Conflict."""
        self._again(intake_id, [IntakeState.FAILED, IntakeState.DIGITIZED], [PageState.FAILED], by=by, action="retried")

    def reprocess(self, intake_id: str, *, by: str, reason: str) -> None:
        """Reads an intake anew; what people have approved or corrected stays. Raises NotFound, Conflict."""
        self._again(
            intake_id, [IntakeState.FAILED, IntakeState.DIGITIZED], list(PageState), by=by, action="reprocessed", reason=reason
        )

    def _again(
        self, intake_id: str, expected: Sequence[IntakeState], pages: Sequence[PageState], *, by: str, action: str, **detail: str
    ) -> None:
        with self.ledger.begin() as tx:
            intake = submissions.get_intake(tx, intake_id)
            if submissions.intake_state(tx, intake_id) not in expected:
                raise Conflict("this file is being worked on", intake=intake_id)
            sources = [s.id for s in submissions.sources_of(tx, intake.bundle)]
            submissions.forget_pages(tx, sources, states=pages)
            submissions.move_bundle(tx, intake.bundle, ["DONE", "FAILED"], "NEW", error=None)
            submissions.move_intakes(tx, intake.bundle, expected, IntakeState.RECEIVED, actor=by)
            jobs.add(tx, "open", intake.bundle, lane=jobs.LANES[intake.lane])
            events.note(tx, action, intake_id, actor=by, **detail)

"""Putting right what died half-way, and doing again what failed."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import datetime

from digitizer.errors import Conflict, QueueDown
from digitizer.ledger import Transaction, events, idempotency, jobs, submissions, upload_sessions
from digitizer.model import IntakeState, PageState
from digitizer.service.context import ServiceContext
from digitizer.service.status import LISTED


class Recovery:
    """Looks after a running installation."""

    def __init__(self, context: ServiceContext) -> None:
        self.context = context

    def sweep(self) -> dict[str, int]:
        """Puts right what died half-way: expired leases, bundles without work, wake-ups Redis lost, old scratch folders.

        Seals the event log.
        """
        with self.context.ledger.begin() as tx:
            found = {
                "leases": jobs.requeue_expired(tx, lease_s=self.context.settings.lease_s),
                "jobs": self._missing_jobs(tx),
                "events": events.seal(tx),
            }
            idempotency.forget(tx, older_s=3600 * self.context.settings.api.repeat_hours)
            upload_sessions.forget(tx)
        return {**found, "woken": self._wake_again(), "scratch": self._clear_scratch()}

    def _missing_jobs(self, tx: Transaction) -> int:
        forsaken = submissions.forsaken(tx)
        for bundle, lane in forsaken:
            jobs.add(tx, "open", bundle, lane=jobs.LANES[lane])
            submissions.move_bundle(tx, bundle, ["READING", "FINISHING"], "NEW")
        return len(forsaken)

    def _wake_again(self) -> int:
        """Wakes workers when jobs wait and the queue has forgotten them. Returns how many wake-ups."""
        try:
            hints = self.context.queue.hints()
            if hints is None or hints.waiting:
                return 0
            with self.context.ledger.read() as tx:
                if not jobs.queued(tx):
                    return 0
            self.context.queue.wake(max(1, len(hints.workers)))
            return max(1, len(hints.workers))
        except QueueDown:
            return 0

    def _clear_scratch(self, older_s: float = 24 * 3600) -> int:
        old = [p for p in self.context.settings.scratch.iterdir() if datetime.now().timestamp() - p.stat().st_mtime > older_s]
        for path in old:
            shutil.rmtree(path, ignore_errors=True)
        return len(old)

    def retry(self, intake_id: str, *, by: str) -> None:
        """Does a failed intake again, its failed pages included. Raises NotFound, Conflict."""
        self._again(intake_id, [IntakeState.FAILED, IntakeState.DIGITIZED], [PageState.FAILED], by=by, action="retried")

    def retry_failed(self, *, by: str) -> int:
        """Does again what failed, and what has pages that failed: the newest first, up to 200 of each. Returns how many."""
        with self.context.ledger.read() as tx:
            found = [*submissions.failed(tx, limit=LISTED), *submissions.partial(tx, limit=LISTED)]
            failed = [str(row["id"]) for row in found]
        for intake_id in failed:
            self.retry(intake_id, by=by)
        return len(failed)

    def reprocess(self, intake_id: str, *, by: str, reason: str) -> None:
        """Reads an intake anew. What people have approved or corrected stays. Raises NotFound, Conflict."""
        self._again(
            intake_id, [IntakeState.FAILED, IntakeState.DIGITIZED], list(PageState), by=by, action="reprocessed", reason=reason
        )

    def _again(
        self, intake_id: str, expected: Sequence[IntakeState], pages: Sequence[PageState], *, by: str, action: str, **detail: str
    ) -> None:
        with self.context.ledger.begin() as tx:
            intake = submissions.get_intake(tx, intake_id)
            if submissions.intake_state(tx, intake_id) not in expected:
                raise Conflict("this file is being worked on", intake=intake_id)
            sources = [s.id for s in submissions.sources_of(tx, intake.bundle)]
            submissions.forget_pages(tx, intake.bundle, sources, states=pages)
            submissions.move_bundle(tx, intake.bundle, ["DONE", "FAILED"], "NEW", error=None)
            submissions.move_intakes(tx, intake.bundle, expected, IntakeState.RECEIVED, actor=by)
            jobs.add(tx, "open", intake.bundle, lane=jobs.LANES[intake.lane])
            events.note(tx, action, intake_id, actor=by, **detail)

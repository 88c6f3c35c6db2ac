"""Where everything stands: for the operator, for monitoring, for whoever asks whether this server is ready."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from digitizer.dossiers import ALL
from digitizer.errors import DigitizerError, QueueDown, StoreFull
from digitizer.ledger import client_documents, jobs, outbox, records, submissions
from digitizer.service.context import ServiceContext

#: names listed by `status`, of each kind
LISTED = 200
#: less room than this in scratch and uploads are not taken on any more, bytes
LEAST_FREE_BYTES = 500_000_000
#: what `readiness` says of a part that works
READY = "ok"


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
    #: wake-ups in the queue and workers that listen, None where workers belong to whoever ingests
    queue: dict[str, Any] | None
    #: codes of what keeps work from going on: `no_workers`, `no_hints`, `queue_down`, `leases_expired`
    stuck: list[str]
    #: deliveries that wait or were refused
    pending: list[dict[str, Any]]
    #: intakes that failed, up to 200: id, name, error
    failed: list[dict[str, Any]]
    #: digitized intakes of which a page could not be read, up to 200: id, name. They go nowhere by themselves
    partial: list[dict[str, Any]]
    #: code -> intakes that failed so, all of them
    failures: dict[str, int]
    #: digitized single files that nobody knows the dossier of, or whose kind of paper is not sure, up to 200: id, name,
    #: dossier, routing
    unplaced: list[dict[str, Any]]
    #: how many there are of them
    unplaced_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """Counts for monitoring. No names, no ids."""

    #: lane -> when the oldest intake that is not over was received, ISO 8601
    oldest_documents: dict[str, str]
    #: state -> intakes
    documents: dict[str, int]
    #: state -> pages, ever
    pages: dict[str, int]
    #: code -> intakes that failed so
    failures: dict[str, int]
    #: state -> jobs
    jobs: dict[str, int]
    #: state -> deliveries
    deliveries: dict[str, int]
    #: target -> when the oldest delivery it does not have was written, ISO 8601
    oldest_deliveries: dict[str, str]


class StatusReports:
    """Looks into the ledger, and changes nothing."""

    def __init__(self, context: ServiceContext) -> None:
        self.context = context

    def now(self, scopes: Sequence[str] = ALL) -> Status:
        """Where everything stands, files of the agencies in `scopes` only. As quick with a hundred thousand jobs as with ten."""
        with self.context.ledger.read() as tx:
            backlog = jobs.backlog(tx)
            queue, stuck = self._queue(backlog)
            return Status(
                intakes=submissions.counts(tx, scopes),
                records=records.counts(tx, scopes),
                jobs=backlog,
                deliveries=outbox.counts(tx, scopes),
                working=jobs.working(tx),
                oldest=submissions.oldest_waiting(tx, scopes),
                queue=queue,
                stuck=stuck + (["leases_expired"] if backlog["EXPIRED"] else []),
                pending=outbox.pending(tx, scopes),
                failed=submissions.failed(tx, limit=LISTED, scopes=scopes),
                partial=submissions.partial(tx, limit=LISTED, scopes=scopes),
                failures=submissions.failures(tx, scopes),
                unplaced=submissions.unplaced(tx, limit=LISTED, scopes=scopes),
                unplaced_count=submissions.unplaced_count(tx, scopes),
            )

    def _queue(self, backlog: dict[str, int]) -> tuple[dict[str, Any] | None, list[str]]:
        """What the queue knows, and what is wrong with it."""
        try:
            hints = self.context.queue.hints()
        except QueueDown:
            return None, ["queue_down"]
        if hints is None:
            return None, []
        waits = backlog.get("QUEUED", 0) > 0
        stuck = [code for code, so in (("no_workers", not hints.workers), ("no_hints", not hints.waiting)) if waits and so]
        if hints.workers and backlog.get("LEASED", 0):
            stuck = []  # who works now looks for more by himself
        return {"hints": hints.waiting, "workers": list(hints.workers)}, stuck

    def numbers(self) -> Numbers:
        """Counts for monitoring."""
        with self.context.ledger.read() as tx:
            return Numbers(
                oldest_documents=client_documents.oldest_waiting(tx),
                documents=client_documents.by_state(tx),
                pages=client_documents.pages_read(tx),
                failures=submissions.failures(tx),
                jobs=jobs.backlog(tx),
                deliveries=outbox.counts(tx),
                oldest_deliveries=client_documents.oldest_deliveries(tx),
            )

    def readiness(self) -> dict[str, str]:
        """`ok` or an error code for ledger, store and scratch: whether uploads can be taken on."""
        free = shutil.disk_usage(self.context.settings.scratch).free
        return {
            "ledger": self._ledger(),
            "store": self._store(),
            "scratch": READY if free > LEAST_FREE_BYTES else StoreFull.code,
        }

    def _ledger(self) -> str:
        try:
            with self.context.ledger.read() as tx:
                jobs.waiting(tx)
        except DigitizerError as exc:
            return exc.code
        return READY

    def _store(self) -> str:
        try:
            next(iter(self.context.store.list("00")), None)
        except DigitizerError as exc:
            return exc.code
        return READY

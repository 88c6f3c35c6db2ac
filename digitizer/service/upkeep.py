"""Where everything stands, and putting right what died half-way."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from digitizer.errors import Conflict
from digitizer.ledger import Transaction, events, jobs, outbox, records, submissions
from digitizer.model import IntakeState, PageState
from digitizer.service.ports import Ports


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Counts by state, and what is stuck."""

    intakes: dict[str, int]
    records: dict[str, int]
    jobs: dict[str, int]
    deliveries: dict[str, int]
    #: (worker, kind of job, seconds its lease still has)
    working: list[tuple[str, str, float]]
    #: deliveries that wait or were refused
    pending: list[dict[str, Any]]
    #: intakes that failed: id, name, error
    failed: list[dict[str, Any]]
    #: digitized single files that nobody knows the dossier of, or whose kind of paper is not sure: id, name, dossier
    unplaced: list[dict[str, Any]]


class Upkeep(Ports):
    """Looking after a running installation."""

    def status(self) -> Status:
        """Where everything stands."""
        with self.ledger.read() as tx:
            everything = submissions.intakes(tx)
            kept = records.find(tx)
            failed = [
                {"id": i.id, "name": i.name, "error": submissions.bundle_row(tx, i.bundle)["error"]}
                for i, state in everything
                if state == IntakeState.FAILED
            ]
            unplaced = [
                {"id": i.id, "name": i.name, "dossier": i.dossier}
                for i, state in everything
                if state == IntakeState.DIGITIZED
                and i.book is None
                and (i.dossier is None or submissions.bundle_row(tx, i.bundle)["result"] != "ACCEPTED")
            ]
            return Status(
                intakes=_count(state.value for _, state in everything),
                records=_count(k.state.value for k in kept),
                jobs=jobs.backlog(tx),
                deliveries=outbox.counts(tx),
                working=jobs.working(tx),
                pending=outbox.pending(tx),
                failed=failed,
                unplaced=unplaced,
            )

    def sweep(self) -> dict[str, int]:
        """Puts right what died half-way: expired leases, bundles without work, old scratch folders; seals the event log."""
        with self.ledger.begin() as tx:
            found = {"leases": jobs.requeue_expired(tx), "jobs": self._missing_jobs(tx), "events": events.seal(tx)}
        return {**found, "scratch": self._clear_scratch()}

    def _missing_jobs(self, tx: Transaction) -> int:
        restarted = 0
        for intake, _ in submissions.intakes(tx, states=[IntakeState.RECEIVED, IntakeState.RUNNING]):
            if not jobs.unfinished(tx, intake.bundle, ["open", "read", "finish"]):
                jobs.add(tx, "open", intake.bundle, lane=jobs.LANES[intake.lane])
                submissions.move_bundle(tx, intake.bundle, ["READING", "FINISHING"], "NEW")
                restarted += 1
        return restarted

    def _clear_scratch(self, older_s: float = 24 * 3600) -> int:
        old = [p for p in self.settings.scratch.iterdir() if datetime.now().timestamp() - p.stat().st_mtime > older_s]
        for path in old:
            shutil.rmtree(path, ignore_errors=True)
        return len(old)

    def retry(self, intake_id: str, *, by: str) -> None:
        """Does a failed intake again, its failed pages included. Raises Conflict."""
        self._again(intake_id, [IntakeState.FAILED, IntakeState.DIGITIZED], [PageState.FAILED], by=by, action="retried")

    def reprocess(self, intake_id: str, *, by: str, reason: str) -> None:
        """Reads an intake anew; what people have approved or corrected stays. Raises Conflict."""
        self._again(
            intake_id, [IntakeState.FAILED, IntakeState.DIGITIZED], list(PageState), by=by, action="reprocessed", reason=reason
        )

    def _again(
        self, intake_id: str, expected: Sequence[IntakeState], pages: Sequence[PageState], *, by: str, action: str, **detail: str
    ) -> None:
        with self.ledger.begin() as tx:
            if submissions.intake_state(tx, intake_id) not in expected:
                raise Conflict("no such file, or it is being worked on", intake=intake_id)
            intake = submissions.get_intake(tx, intake_id)
            sources = [s.id for s in submissions.sources_of(tx, intake.bundle)]
            submissions.forget_pages(tx, sources, states=pages)
            submissions.move_bundle(tx, intake.bundle, ["DONE", "FAILED"], "NEW", error=None)
            submissions.move_intakes(tx, intake.bundle, expected, IntakeState.RECEIVED, actor=by)
            jobs.add(tx, "open", intake.bundle, lane=jobs.LANES[intake.lane])
            events.note(tx, action, intake_id, actor=by, **detail)


def _count(states: Iterable[str]) -> dict[str, int]:
    return dict(Counter(states))

"""What came in lately, and what has to be scanned again: for the person at the scanner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from digitizer import serialization
from digitizer.ledger import Transaction, client_documents, events, submissions
from digitizer.ledger.api_keys import Caller
from digitizer.ledger.client_documents import Filter, IntakeProgress
from digitizer.model import Intake, IntakeState, Problem
from digitizer.service.context import ServiceContext

#: files listed, the newest first
LISTED = 100
#: files to be scanned again that are listed, whenever they came
RESCANS_LISTED = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A file or book that came in."""

    intake: Intake
    progress: IntakeProgress
    #: why nothing could be read, where the intake failed
    problem: Problem | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rescan:
    """Something that has to be scanned again, and why."""

    intake: Intake
    #: scans of the intake in which nothing could be read, from 0. Empty: the whole file
    scans: Sequence[int] = field(default=())
    problem: Problem | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrivals:
    """What came in since a moment, and what has to be scanned again whenever it came."""

    arrivals: Sequence[Arrival]
    rescans: Sequence[Rescan]


class ArrivalLists:
    """Looks into the ledger for the person at the scanner."""

    def __init__(self, context: ServiceContext) -> None:
        self.context = context

    def since(self, caller: Caller, moment: datetime) -> Arrivals:
        """What the caller's agencies got since `moment`, and what they have to scan again. Noted as a look."""
        with self.context.ledger.begin() as tx:
            wanted = Filter(received_from=moment.isoformat())
            found = client_documents.listed(tx, caller, wanted, limit=LISTED)
            progress = client_documents.progress(tx, [intake.id for intake, _ in found])
            arrivals = [
                Arrival(intake=intake, progress=progress[intake.id], problem=_problem(tx, intake, state))
                for intake, state in found
            ]
            rescans = [*self._failed(tx, caller), *self._failed_scans(tx, caller)]
            events.note(tx, "looked_at_arrivals", caller.id, actor=caller.actor, count=len(arrivals))
        return Arrivals(arrivals=arrivals, rescans=rescans)

    @staticmethod
    def _failed(tx: Transaction, caller: Caller) -> list[Rescan]:
        failed = client_documents.listed(tx, caller, Filter(state=IntakeState.FAILED), limit=RESCANS_LISTED)
        return [Rescan(intake=intake, problem=_problem(tx, intake, state)) for intake, state in failed]

    @staticmethod
    def _failed_scans(tx: Transaction, caller: Caller) -> list[Rescan]:
        found = client_documents.failed_scans(tx, caller.agencies, limit=RESCANS_LISTED)
        return [Rescan(intake=submissions.get_intake(tx, intake), scans=scans) for intake, scans in found.items()]


def _problem(tx: Transaction, intake: Intake, state: IntakeState) -> Problem | None:
    error = submissions.bundle_row(tx, intake.bundle)["error"] if state == IntakeState.FAILED else None
    return serialization.from_plain(Problem, error) if error else None

"""Documents of clients: what a system outside may do with an API key. Every access is an event, within the key's agencies."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

from digitizer import dossiers
from digitizer.digests import json_sha256
from digitizer.errors import Conflict, NotAllowed, NotFound, TooMany, UsageError
from digitizer.ledger import Transaction, client_documents, events, idempotency, indicators, jobs, records, submissions
from digitizer.ledger.api_keys import Caller
from digitizer.ledger.client_documents import Filter, IntakeProgress
from digitizer.ledger.records import Kept
from digitizer.ledger.submissions import KnownSource
from digitizer.model import Intake, IntakeState
from digitizer.service.context import ServiceContext
from digitizer.service.recovery import Recovery
from digitizer.service.routing import Submission, agency_of, check_codes
from digitizer.service.submissions import Submissions
from digitizer.service.webhooks import tell
from digitizer.storage import Stat


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientDocument:
    """An intake with all a system outside may know of it."""

    intake: Intake
    state: IntakeState
    sources: Sequence[KnownSource]
    progress: IntakeProgress
    #: code and facts, where it failed
    error: dict[str, Any] | None
    #: kind -> (media type, store key)
    artifacts: dict[str, tuple[str, str]]
    records: Sequence[Kept]
    deliveries: Sequence[dict[str, Any]]


#: how long a client's pages of the day are taken to be within its limit without counting them again
QUOTA_COUNTED_S = 20.0


class ClientDocuments:
    """Submits, shows and cancels documents for clients, within the agencies of their keys."""

    def __init__(self, context: ServiceContext, submissions: Submissions, recovery: Recovery) -> None:
        self.context, self.submissions, self.recovery = context, submissions, recovery
        #: client -> until when its pages of the day are taken to be within its limit, by the monotonic clock
        self._within_limit_until: dict[str, float] = {}

    def note_refusal(self, key: Caller, what: str) -> None:
        """Notes that a key was used for what it is not good for. `what` names the operation."""
        self.looked(key, "refused_access", key.id, operation=what)

    def placed(self, key: Caller, submission: Submission) -> Submission:
        """`submission` with the agency it is for: as said, else the dossier's, else the key's only one.

        Raises UsageError for a code that is none, NotAllowed when agency or dossier is not the key's business.
        """
        check_codes(submission)
        if submission.agency is not None and not dossiers.AGENCY.fullmatch(submission.agency):
            raise UsageError("this is no agency code")
        only = key.agencies[0] if len(key.agencies) == 1 and key.agencies[0] != dossiers.EVERYWHERE else None
        agency = agency_of(submission) or only
        if agency is None:
            raise UsageError("say which agency the file belongs to")
        of_dossier = submission.dossier.partition("-")[0] if submission.dossier else agency
        if not key.covers(agency) or not key.covers(of_dossier):
            raise NotAllowed()
        return replace(submission, agency=agency, actor=key.actor)

    def submit(
        self, key: Caller, files: Sequence[Path], name: str, submission: Submission, *, repeat: str | None = None
    ) -> tuple[Intake, bool]:
        """Takes files over for a client. Returns (intake, whether it is new). Once this returns they survive a power cut.

        `repeat` is the client's Idempotency-Key. Raises UsageError, NotAllowed, TooMany, RepeatDiffers, StoreDown, LedgerDown.
        """
        stored = [Stat(key=self.context.store.put_file(file), size=file.stat().st_size) for file in files]
        return self.submit_stored(key, stored, name, submission, repeat=repeat)

    def submit_stored(
        self, key: Caller, stored: Sequence[Stat], name: str, submission: Submission, *, repeat: str | None = None
    ) -> tuple[Intake, bool]:
        """As `submit`, for files that are in the store already."""
        digest = _digest(submission, [file.key for file in stored])
        with self.context.ledger.begin() as tx:
            if repeat is not None:
                idempotency.check(tx, key.client, repeat, digest)
            intake, new = self.submissions.note(tx, stored, name, submission)
            if new:
                self._within_quota(tx, key)
            else:
                events.note(tx, "submitted_again", intake.id, actor=key.actor, key=key.id)
            if repeat is not None:
                idempotency.note(tx, key.client, repeat, digest, intake.id)
        return intake, new

    def _within_quota(self, tx: Transaction, key: Caller) -> None:
        """Counted anew now and then only: it grows with the day."""
        if time.monotonic() < self._within_limit_until.get(key.actor, 0.0):
            return
        most = key.limits.get("pages_per_day", self.context.settings.api.pages_per_day)
        midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        if client_documents.pages_since(tx, key.actor, midnight.isoformat()) > most:
            left = midnight + timedelta(days=1) - datetime.now(UTC)
            raise TooMany("the pages of this day are used up", limit=most, retry_after_s=int(left.total_seconds()) + 1)
        self._within_limit_until[key.actor] = time.monotonic() + QUOTA_COUNTED_S

    def document(self, key: Caller, intake_id: str) -> ClientDocument:
        """All about an intake. Raises NotFound, also where the key may not see it."""
        with self.context.ledger.read() as tx:
            intake, state = self._seen(tx, key, intake_id)
            found = self._whole(tx, intake, state)
        self.looked(key, "looked_at_document", intake_id)
        return found

    def _whole(self, tx: Transaction, intake: Intake, state: IntakeState) -> ClientDocument:
        return ClientDocument(
            intake=intake,
            state=state,
            sources=submissions.sources_of(tx, intake.bundle),
            progress=client_documents.progress(tx, [intake.id])[intake.id],
            error=submissions.bundle_row(tx, intake.bundle)["error"] if state == IntakeState.FAILED else None,
            artifacts=submissions.artifacts(tx, intake.bundle) if state == IntakeState.DIGITIZED else {},
            records=records.find(tx, bundle_id=intake.bundle) if state == IntakeState.DIGITIZED else [],
            deliveries=client_documents.deliveries(tx, intake.id),
        )

    def documents(
        self, key: Caller, wanted: Filter, *, limit: int, after: tuple[str, str] | None = None
    ) -> list[tuple[Intake, IntakeState]]:
        """Intakes the key may see, newest first."""
        with self.context.ledger.read() as tx:
            found = client_documents.listed(tx, key, wanted, limit=limit, after=after)
        self.looked(key, "listed_documents", key.id, count=len(found))
        return found

    def required_components(self, code: str) -> tuple[str, Sequence[str]] | None:
        """(procedure, codes of the components it asks for) of a dossier. None where the catalogue does not know."""
        with self.context.ledger.read() as tx:
            procedure = indicators.procedure_of(tx, code)
            required = indicators.required(tx).get(procedure or "")
        return (procedure, required) if procedure is not None and required is not None else None

    def dossier(self, key: Caller, code: str) -> list[ClientDocument]:
        """The intakes of a dossier, newest first. Raises NotFound when the key may see none."""
        with self.context.ledger.read() as tx:
            found = client_documents.listed(tx, key, Filter(dossier=code), limit=1_000)
            whole = [self._whole(tx, intake, state) for intake, state in found]
        if not whole:
            raise NotFound()
        self.looked(key, "looked_at_dossier", code, count=len(whole))
        return whole

    def download_url(self, stored: str, *, seconds: int) -> str | None:
        """A link into the store for an artifact whose access was checked. None where the store gives none."""
        return self.context.store.download_url(stored, seconds=seconds)

    def artifact(self, key: Caller, intake_id: str, kind: str) -> tuple[str, Stat, str]:
        """(media type, what the store has, name to save it under). Raises NotFound, Conflict while there is none yet."""
        with self.context.ledger.read() as tx:
            intake, state = self._seen(tx, key, intake_id)
            made = submissions.artifacts(tx, intake.bundle)
        if state != IntakeState.DIGITIZED:
            raise Conflict("there is no result in this state", state=state.value)
        if kind not in made:
            raise NotFound("there is no such artifact", kind=kind)
        media_type, stored = made[kind]
        self.looked(key, "fetched", intake_id, kind=kind)
        return media_type, self.context.store.stat(stored), f"{Path(intake.name).stem}.{kind}"

    def read_stored(self, stored: str) -> BinaryIO:
        """The bytes of an artifact whose access was checked."""
        return self.context.store.open(stored)

    def cancel(self, key: Caller, intake_id: str, *, reason: str) -> None:
        """Stops work on an intake. What others submitted of the same bytes goes on. Raises NotFound, Conflict."""
        with self.context.ledger.begin() as tx:
            intake, state = self._seen(tx, key, intake_id)
            if state == IntakeState.CANCELLED:
                return
            if not client_documents.cancel(tx, intake_id, actor=key.actor, reason=reason):
                raise Conflict("it is over", state=state.value)
            tell(tx, "document.cancelled", intake)
            if client_documents.wanted_by_nobody(tx, intake.bundle):
                jobs.withdraw(tx, intake.bundle)

    def process_again(self, key: Caller, intake_id: str, *, reason: str) -> None:
        """Reads an intake anew, a cancelled one too. What people decided stays. Raises NotFound, Conflict."""
        with self.context.ledger.begin() as tx:
            intake, state = self._seen(tx, key, intake_id)
            if state == IntakeState.CANCELLED:
                client_documents.revive(tx, intake_id)
                events.note(tx, "revived", intake_id, actor=key.actor, reason=reason)
                self.submissions.join(tx, intake)
                return
        self.recovery.reprocess(intake_id, by=key.actor, reason=reason)

    def watch(self, key: Caller, intake_id: str) -> None:
        """Notes that a client follows the progress of an intake. Raises NotFound."""
        with self.context.ledger.read() as tx:
            self._seen(tx, key, intake_id)
        self.looked(key, "watched", intake_id)

    def progress(self, intake_ids: Sequence[str]) -> dict[str, IntakeProgress]:
        """Where intakes stand, for streams whose access was checked."""
        with self.context.ledger.read() as tx:
            return client_documents.progress(tx, intake_ids)

    @staticmethod
    def _seen(tx: Transaction, key: Caller, intake_id: str) -> tuple[Intake, IntakeState]:
        found = client_documents.visible(tx, intake_id, key)
        if found is None:
            raise NotFound()
        return found

    def looked(self, key: Caller, action: str, subject: str, **detail: Any) -> None:
        """Notes that a key looked at something."""
        with self.context.ledger.begin() as tx:
            events.note(tx, action, subject, actor=key.actor, key=key.id, **detail)


def _digest(submission: Submission, keys: Sequence[str]) -> str:
    """Of everything a request asks for."""
    asked = [submission.agency, submission.dossier, submission.component, submission.book, submission.lane.value, *keys]
    return json_sha256(asked)

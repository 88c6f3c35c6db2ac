"""Decisions of people over records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from digitizer.errors import NotFound, UsageError
from digitizer.extract import revise_field
from digitizer.ledger import Transaction, events, hand_carry, records, submissions
from digitizer.ledger.database import the_one
from digitizer.ledger.records import Kept
from digitizer.model import Intake, IntakeState, RecordState
from digitizer.service.context import ServiceContext
from digitizer.service.outbox import queue_approved_file, queue_values

#: states a person may still correct in. What two sides say differently is settled so too
_CORRECTABLE = (RecordState.REVIEW, RecordState.READY, RecordState.ATTACHED, RecordState.REFUSED, RecordState.DIFFERS)


def changed_meanwhile(record_id: str) -> UsageError:
    """The error of whoever decides about a record that somebody else changed first."""
    return UsageError(
        "somebody else has just changed this record; look at it again", sentence="changed_meanwhile", record=record_id
    )


class Review:
    """What a person decides about records and files."""

    def __init__(self, context: ServiceContext) -> None:
        self.context = context

    def records(self, *, states: Sequence[RecordState] = (), intake: str | None = None) -> list[Kept]:
        """Records at their newest revisions."""
        with self.context.ledger.read() as tx:
            bundle = submissions.get_intake(tx, intake).bundle if intake else None
            return records.find(tx, bundle_id=bundle, states=states)

    def find(self, beginning: str) -> list[Kept]:
        """The records whose ids begin so, say those of one file. Raises NotFound."""
        with self.context.ledger.read() as tx:
            kept = [kept for one in records.records_like(tx, beginning) if (kept := records.get(tx, one)) is not None]
        if not kept:
            raise NotFound("no such record", sentence="no_such_id", id=beginning)
        return kept

    def find_one(self, beginning: str, state: RecordState | None = None) -> Kept:
        """The one record whose id begins so, of several the one in `state`. Raises NotFound, AmbiguousId."""
        found = self.find(beginning)
        chosen = [kept for kept in found if kept.state == state] or found
        only = the_one([kept.record.id for kept in chosen], beginning)
        return next(kept for kept in chosen if kept.record.id == only)

    def file_names(self, found: Sequence[Kept]) -> dict[str, str]:
        """Bundle -> name of the file or book that records belong to."""
        with self.context.ledger.read() as tx:
            return submissions.names_of(tx, sorted({kept.bundle for kept in found}))

    def approve(self, record_id: str, *, by: str) -> Kept:
        """A person takes responsibility for every value. The values go to the dossier system. Raises UsageError."""
        with self.context.ledger.begin() as tx:
            kept = self._in_review(tx, record_id)
            self._decide(tx, kept, RecordState.READY, actor=by, action="approved")
            queue_values(self.context, tx, kept, by=by)
            return replace(kept, state=RecordState.READY)

    def place(self, intake_id: str, *, dossier: str | None, component: str | None, by: str) -> Intake:
        """A person says that a file belongs to a dossier as it is, whatever it was taken for. It is delivered next.

        Raises NotFound. Raises UsageError when the file is not digitized, has no dossier and none is named, or has another one.
        """
        with self.context.ledger.begin() as tx:
            intake = submissions.get_intake(tx, intake_id)
            if submissions.intake_state(tx, intake_id) != IntakeState.DIGITIZED:
                raise UsageError("this file is not digitized", sentence="not_digitized", intake=intake_id)
            if dossier is not None and submissions.set_dossier(
                tx, intake_id, dossier, actor=by, how="person", component=component
            ):
                intake = submissions.get_intake(tx, intake_id)
            if intake.dossier is None or intake.dossier != (dossier or intake.dossier):
                raise UsageError(
                    "name the dossier of this file; one that it has already is not changed",
                    sentence="dossier_of_file",
                    intake=intake_id,
                )
            events.note(tx, "placed", intake_id, actor=by, dossier=intake.dossier)
            queue_approved_file(self.context, tx, intake)
            return intake

    def correct(self, record_id: str, values: dict[str, str], *, by: str) -> Kept:
        """Puts a person's values in place of OCR's, as a new revision to be approved. Raises UsageError."""
        with self.context.ledger.begin() as tx:
            kept = self._ours(tx, record_id)
            if kept.state not in _CORRECTABLE:
                raise UsageError("this record cannot be corrected any more", sentence="not_correctable", record=record_id)
            changed = replace(
                kept.record,
                fields=revise_field(kept.record.fields, kept.doctype, values, by=by, doctypes=self.context.doctypes),
                revision=kept.record.revision + 1,
            )
            if not records.revise(tx, changed, kept.record.revision, by=by):
                raise changed_meanwhile(record_id)
            events.note(tx, "corrected", record_id, actor=by, revision=changed.revision, fields=sorted(values))
            return replace(kept, record=changed, state=RecordState.REVIEW)

    def sides(self, record_id: str) -> tuple[Kept, Kept]:
        """A record that two sides say differently: (ours, theirs). Raises UsageError."""
        with self.context.ledger.read() as tx:
            return self._sides(tx, record_id)

    def settle(self, record_id: str, *, theirs: bool, by: str) -> Kept:
        """A checker decides which side is right. It becomes a new revision, to be approved. Raises UsageError."""
        with self.context.ledger.begin() as tx:
            kept = self._ours(tx, record_id)
            side = self._sides(tx, record_id)[theirs]
            changed = replace(side.record, revision=kept.record.revision + 1)
            if not records.revise(tx, changed, kept.record.revision, by=by):
                raise changed_meanwhile(record_id)
            events.note(tx, "settled", record_id, actor=by, revision=changed.revision, kept=side.record.revision)
            return replace(kept, record=changed, state=RecordState.REVIEW)

    @staticmethod
    def _sides(tx: Transaction, record_id: str) -> tuple[Kept, Kept]:
        theirs = records.get(tx, record_id)
        ours = theirs and records.at(tx, record_id, theirs.record.revision - 1)
        if theirs is None or ours is None or theirs.state != RecordState.DIFFERS:
            raise UsageError("no two sides say this record differently", sentence="no_two_sides", record=record_id)
        return ours, theirs

    def reject(self, record_id: str, *, by: str, reason: str) -> Kept:
        """A person says that this is no record. Raises UsageError."""
        with self.context.ledger.begin() as tx:
            kept = self._in_review(tx, record_id)
            self._decide(tx, kept, RecordState.REFUSED, actor=by, action="rejected", reason=reason)
            return replace(kept, state=RecordState.REFUSED)

    @staticmethod
    def _decide(tx: Transaction, kept: Kept, to: RecordState, *, actor: str, action: str, reason: str = "") -> None:
        """Moves a record out of REVIEW at the revision that was looked at. Raises UsageError when somebody else was first."""
        at = (kept.record.id, kept.record.revision)
        if not records.move(tx, *at, [RecordState.REVIEW], to, actor=actor, action=action, reason=reason):
            raise changed_meanwhile(kept.record.id)

    def _in_review(self, tx: Transaction, record_id: str) -> Kept:
        kept = self._ours(tx, record_id)
        if kept.state != RecordState.REVIEW:
            raise UsageError(
                "this record does not wait for a decision", sentence="not_in_review", record=record_id, state=kept.state.value
            )
        return kept

    @staticmethod
    def _ours(tx: Transaction, record_id: str) -> Kept:
        """A record this side decides about. Raises UsageError."""
        kept = records.get(tx, record_id)
        if kept is None:
            raise UsageError("no such record", record=record_id)
        if (owner := hand_carry.owner(tx, kept.bundle)) is not None:
            raise UsageError("another side decides about this file", sentence="other_side_decides", record=record_id, owner=owner)
        return kept

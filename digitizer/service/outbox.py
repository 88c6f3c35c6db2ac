"""Deliveries as they are decided: written into the outbox in the transaction of the decision, sent later."""

from __future__ import annotations

from functools import partial

from digitizer import dossiers
from digitizer.ledger import Transaction, outbox, submissions
from digitizer.ledger.outbox import NewDelivery
from digitizer.ledger.records import Kept
from digitizer.model import Intake
from digitizer.service import routing
from digitizer.service.context import ServiceContext
from digitizer.service.webhooks import tell

#: who writes a delivery that no person decided
ACTOR = "digitizer"


def queue_file(context: ServiceContext, tx: Transaction, intake: Intake) -> None:
    """Queues the PDF of an intake for its dossier, unless a person has to look first."""
    if not routing.waits_for_a_person(context, tx, intake):
        _queue_file(context, tx, intake)


def queue_approved_file(context: ServiceContext, tx: Transaction, intake: Intake) -> None:
    """Queues the PDF of an intake that a person approved. The approval also accepts a doubtful document type."""
    submissions.move_bundle(tx, intake.bundle, ["DONE"], "DONE", result="ACCEPTED")
    if intake.dossier is not None and submissions.bundle_row(tx, intake.bundle)["result"] == "ACCEPTED":
        _queue_file(context, tx, intake)


def _queue_file(context: ServiceContext, tx: Transaction, intake: Intake) -> None:
    assert intake.dossier is not None
    pdf = submissions.artifacts(tx, intake.bundle)["pdf"][1].rpartition("/")[2]
    file = NewDelivery(
        kind="attach_result" if dossiers.is_result(intake.component) else "attach",
        target=routing.target_of(context, tx, intake),
        order_key=intake.dossier,
        key=f"attach/{intake.dossier}/{intake.component or '_'}/{pdf}",
        intake=intake.id,
        dossier=intake.dossier,
    )
    outbox.add(tx, file, actor=ACTOR)


def queue_values(context: ServiceContext, tx: Transaction, kept: Kept, *, by: str) -> None:
    """Queues what goes out with the approval of a record: its values, the file they were read in, word to the clients.

    A file of which a page could not be read stays, because who approves a record has not seen that page.
    """
    record = kept.record
    for intake, _ in submissions.intakes(tx, bundle_id=kept.bundle):
        tell(tx, "record.approved", intake, record=record.id)
        delivery = partial(NewDelivery, intake=intake.id, record=record.id, revision=record.revision)
        if intake.dossier:
            key = f"update_fields/{intake.dossier}/{record.id}/{record.revision}"
            target = routing.target_of(context, tx, intake)
            fields = delivery(kind="update_fields", target=target, order_key=intake.dossier, dossier=intake.dossier, key=key)
            outbox.add(tx, fields, actor=by)
            if submissions.bundle_row(tx, intake.bundle)["result"] != submissions.PARTIAL:
                queue_approved_file(context, tx, intake)
        elif intake.book and (book := routing.book_target(context)):
            # the key keeps the former name of this kind: what was queued before an update is not queued again
            key = f"import_package/{intake.agency or '_'}/{intake.book}/{record.id}/{record.revision}"
            case = delivery(kind="add_register_case", target=book, order_key=intake.book, key=key)
            outbox.add(tx, case, actor=by)

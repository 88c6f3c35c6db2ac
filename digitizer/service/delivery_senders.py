"""The functions that send deliveries, each registered for its kinds. `webhooks.py` sends callbacks.

`ledger/outbox.py` says how another kind is added.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from digitizer.connectors import AddsRegisterCases, Attaches, AttachesResults, Delivery, UpdatesFields
from digitizer.digests import file_sha256
from digitizer.errors import AttachError, NotApproved, NotSupported
from digitizer.ledger import outbox, records, submissions
from digitizer.ledger.outbox import Due
from digitizer.ledger.records import Kept
from digitizer.model import Intake, Receipt
from digitizer.pipeline import light_copy
from digitizer.service import earlier_results
from digitizer.service.context import ServiceContext

Sender = Callable[[ServiceContext, Due, Path], Receipt]
SENDERS: dict[str, Sender] = {}
#: kinds that go to dossier systems
DOSSIER_KINDS = frozenset({"attach", "attach_result", "update_fields", "add_register_case"})


def sender(*kinds: str) -> Callable[[Sender], Sender]:
    """Registers a function as the sender of these kinds of deliveries.

    It gets the context, the delivery and a scratch folder, and runs in a thread of its own. It raises ConnectorDown to be
    tried again, ServiceError when a machine of ours is at fault, any other DigitizerError to end the delivery.
    """

    def register(function: Sender) -> Sender:
        SENDERS.update(dict.fromkeys(kinds, function))
        return function

    return register


@sender("attach", "attach_result")
def send_file(context: ServiceContext, due: Due, folder: Path) -> Receipt:
    """The searchable PDF of an intake, under its component or as the dossier's result."""
    connector, intake = context.connectors.of(due.target), _intake(context, due)
    if due.kind == "attach_result":
        if not isinstance(connector, AttachesResults):
            raise NotSupported("this system cannot attach results", target=due.target)
        send = connector.attach_result
    else:
        if not isinstance(connector, Attaches):
            raise NotSupported("this system cannot attach files", target=due.target)
        send = connector.attach
    with context.ledger.read() as tx:
        media_type, key = submissions.artifacts(tx, intake.bundle)["pdf"]
        kept = records.find(tx, bundle_id=intake.bundle)
    path = folder / "attachment.pdf"
    context.files.fetch(key, path)
    file = _delivery(context, due, intake)(
        name=f"{Path(intake.name).stem}.pdf",
        media_type=media_type,
        sha256=key.rpartition("/")[2],
        path=path,
        metadata=_metadata(context, intake, kept),
    )
    return send(file)


@sender("update_fields")
def send_fields(context: ServiceContext, due: Due, folder: Path) -> Receipt:
    """The approved values of a record."""
    connector = context.connectors.of(due.target)
    if not isinstance(connector, UpdatesFields):
        raise NotSupported("this system cannot take values", target=due.target)
    kept, intake = _record(context, due), _intake(context, due)
    return connector.update_fields(
        _delivery(context, due, intake)(
            name=f"{Path(intake.name).stem}-{'-'.join(kept.record.id.split('/')[1:])}",
            media_type="application/json",
            sha256="",
            path=folder,
            fields={"doctype": kept.doctype, "record": kept.record.id, "revision": due.revision, "values": values(kept)},
        )
    )


@sender("add_register_case")
def send_case(context: ServiceContext, due: Due, folder: Path) -> Receipt:
    """A registration case: its pages as a light PDF, its approved values, into its book."""
    connector = context.connectors.of(due.target)
    if not isinstance(connector, AddsRegisterCases):
        raise NotSupported("this system cannot take register books", target=due.target)
    kept, intake = _record(context, due), _intake(context, due)
    return connector.add_register_case(case_delivery(context, due, intake, kept, folder))


def case_delivery(context: ServiceContext, due: Due, intake: Intake, kept: Kept, folder: Path) -> Delivery:
    """What `add_register_case` gets for a record of a book."""
    light, archive = folder / "case.pdf", folder / "archive.pdf"
    with context.ledger.read() as tx:
        made = submissions.artifacts(tx, intake.bundle)
        pages = earlier_results.pages_of(context, tx, kept) if kept.pages is None else kept.pages
    context.files.fetch(made["pdf"][1], archive)
    light_copy(archive, light, options=context.settings.pages, pages=pages)
    return _delivery(context, due, intake)(
        dossier=intake.book or "",
        name=f"{kept.record.id}.pdf",
        media_type="application/pdf",
        sha256=file_sha256(light),
        path=light,
        fields={
            "book": intake.book,
            "doctype": kept.doctype,
            "record": kept.record.id,
            "revision": kept.record.revision,
            "values": values(kept),
        },
    )


#: what Công văn 7197 asks of every document -> fields that may answer it. The first with a value does
_SAID = {
    "so": ("so", "soVaoSo", "soSeri"),
    "issued": ("ngayBanHanh", "ngayCap", "ngayDangKy", "ngayViet"),
    "organ": ("coQuanBanHanh", "noiDangKy", "noiCap", "coQuanCap", "kinhGui"),
    "subject": ("trichYeu", "noiDung"),
}


def _metadata(context: ServiceContext, intake: Intake, kept: Sequence[Kept]) -> dict[str, Any]:
    """What goes with a file: its type and pages, and what a person approved about number, date, agency and subject."""
    with context.ledger.read() as tx:
        pages = sum(source.pages or 0 for source in submissions.sources_of(tx, intake.bundle))
    doctype = next((k.doctype for k in kept if k.doctype), None)
    titles = context.doctypes[doctype].title if doctype is not None and doctype in context.doctypes else ()
    title = titles[0].capitalize() if titles else None
    approved = [k for k in kept if k.state in records.APPROVED]
    said = values(approved[0]) if approved else {}
    first = {name: next((said[f] for f in fields if f in said), None) for name, fields in _SAID.items()}
    number, _, notation = str(first.pop("so") or "").partition("/")
    confidences = [f.confidence for k in approved for f in k.record.fields if f.value is not None]
    return {
        "doctype": doctype,
        "title": title,
        "pages": pages,
        "doc_number": number,
        "notation": notation,
        **first,
        "subject": first["subject"] or (title if approved else None),
        "confidence": f"{min(confidences):.2f}" if confidences else None,
    }


def values(kept: Kept) -> dict[str, object]:
    """Field name -> value of a record, those without a value left out."""
    return {field.name: field.value for field in kept.record.fields if field.value is not None}


def _intake(context: ServiceContext, due: Due) -> Intake:
    with context.ledger.read() as tx:
        return submissions.get_intake(tx, due.intake or "")


def _record(context: ServiceContext, due: Due) -> Kept:
    """The record at the revision that was approved. Raises NotApproved when it has changed since."""
    with context.ledger.read() as tx:
        kept = records.get(tx, due.record or "")
    if kept is None:
        raise AttachError("the record is gone", delivery=due.id)
    if kept.state not in records.APPROVED or kept.record.revision != due.revision:
        raise NotApproved(
            record=kept.record.id, approved=due.revision or 0, revision=kept.record.revision, state=kept.state.value
        )
    return kept


def _delivery(context: ServiceContext, due: Due, intake: Intake) -> partial[Delivery]:
    def keep(progress: Mapping[str, Any]) -> None:
        with context.ledger.begin() as tx:
            outbox.keep_progress(tx, due, progress)

    return partial(
        Delivery,
        id=due.id,
        key=due.key,
        dossier=due.dossier or "",
        component=intake.component,
        agency=intake.agency,
        number=due.seq,
        repeat=due.attempts > 1,
        progress=due.progress,
        keep=keep,
    )

"""What the service knows, in the shapes that go over the wire."""

from __future__ import annotations

from typing import Any

from digitizer.api import shapes
from digitizer.ledger.records import Kept
from digitizer.messages import describe
from digitizer.model import Intake, IntakeState, Problem
from digitizer.service import ClientDocument


def summary(intake: Intake, state: IntakeState) -> shapes.Summary:
    """A document in a list."""
    return shapes.Summary(**_common(intake, state))


def document(found: ClientDocument, lang: str) -> shapes.Document:
    """A document with all there is to know of it."""
    return shapes.Document(
        **_common(found.intake, found.state),
        routing=list(found.intake.routing) if found.intake.dossier is None else [],
        pages=shapes.Pages(read=found.progress.read, total=found.progress.pages),
        sources=[
            shapes.SourceFile(sha256=source.id, bytes=source.size, media_type=source.media_type, pages=source.pages)
            for source in found.sources
        ],
        error=_fault(found.error, lang) if found.error else None,
        artifacts=[
            shapes.Made(
                kind=kind,
                media_type=media_type,
                sha256=key.rpartition("/")[2],
                href=f"/v1/documents/{found.intake.id}/artifacts/{kind}",
            )
            for kind, (media_type, key) in sorted(found.artifacts.items())
        ],
        records=[record_summary(kept) for kept in found.records],
        deliveries=[shapes.DeliveryState(**row) for row in found.deliveries],
    )


def record_summary(kept: Kept) -> shapes.RecordSummary:
    """Where a record stands."""
    return shapes.RecordSummary(
        id=kept.record.id,
        type=kept.doctype,
        state=kept.state,
        verdict=kept.record.verdict.value,
        revision=kept.record.revision,
    )


def _common(intake: Intake, state: IntakeState) -> dict[str, Any]:
    return {
        "id": intake.id,
        "state": state,
        "name": intake.name,
        "agency": intake.agency,
        "dossier": intake.dossier,
        "component": intake.component,
        "book": intake.book,
        "lane": intake.lane,
        "received_at": intake.received_at,
        "href": f"/v1/documents/{intake.id}",
    }


def _fault(error: dict[str, Any], lang: str) -> shapes.Fault:
    facts = {name: value for name, value in error.get("facts", {}).items() if name != "file"}
    problem = Problem(code=error["code"], facts=facts)
    return shapes.Fault(code=problem.code, detail=describe(problem, lang))

"""`/v1/dossiers/{code}`: what was submitted for a dossier, and what is missing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from fastapi import APIRouter, Request

from digitizer.api.access import Reader
from digitizer.api.shapes import ComponentState, Dossier, DossierCode, problem_responses
from digitizer.api.views import summary
from digitizer.model import IntakeState
from digitizer.service import ClientDocument

router = APIRouter(prefix="/v1/dossiers", tags=["dossiers"])


@router.get("/{code}", operation_id="getDossier", response_model=Dossier, responses=problem_responses(404))
def get(request: Request, key: Reader, code: DossierCode) -> Dossier:
    """What was submitted for a dossier, by component, and what is missing by the procedure's catalogue."""
    found = request.app.state.service.client_documents.dossier(key, code)
    by_component: dict[str | None, list[ClientDocument]] = defaultdict(list)
    for one in found:
        by_component[one.intake.component].append(one)
    known = request.app.state.service.client_documents.required_components(code)
    procedure, required = known or (None, [])
    return Dossier(
        code=code,
        procedure=procedure,
        complete=None if procedure is None else not _lacking(required, by_component, [IntakeState.DIGITIZED]),
        missing=_lacking(required, by_component, [IntakeState.RECEIVED, IntakeState.RUNNING, IntakeState.DIGITIZED]),
        components=[_state(component, documents) for component, documents in by_component.items()],
        documents=[summary(one.intake, one.state) for one in found],
    )


def _lacking(
    required: Sequence[str], submitted: Mapping[str | None, Sequence[ClientDocument]], good: Collection[IntakeState]
) -> list[str]:
    """Required components without a document in one of the `good` states."""
    return [code for code in required if not any(one.state in good for one in submitted.get(code, ()))]


def _state(component: str | None, documents: list[ClientDocument]) -> ComponentState:
    states = [one.state for one in documents]
    return ComponentState(
        component=component,
        documents=[one.intake.id for one in documents],
        done=states.count(IntakeState.DIGITIZED),
        failed=states.count(IntakeState.FAILED),
        waiting=states.count(IntakeState.RECEIVED) + states.count(IntakeState.RUNNING),
    )

"""`/healthz`, `/readyz`, `/metrics`: for whoever keeps the server running."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse

from digitizer.api.access import Allowed
from digitizer.api.shapes import Health, problem_responses
from digitizer.ledger.api_keys import ApiKey, Verb
from digitizer.service import Service
from digitizer.service.status import READY

router = APIRouter(tags=["operation"])


@router.get("/healthz", operation_id="health", response_model=Health, responses={500: problem_responses()[500]})
async def healthz() -> Health:
    """Whether the process answers."""
    return Health(status="ok")


@router.get(
    "/readyz", operation_id="readiness", response_model=Health,
    responses={503: {"description": "Something behind the server is down.", "model": Health}, 500: problem_responses()[500]},
)  # fmt: skip
def readyz(request: Request) -> Response:
    """Whether uploads can be taken on: ledger, store and room to write."""
    service: Service = request.app.state.service
    checks = service.status.readiness()
    fine = all(state == READY for state in checks.values())
    body = Health(status="ok" if fine else "down", checks=checks)
    return JSONResponse(body.model_dump(), 200 if fine else 503, {} if fine else {"retry-after": "5"})


@router.get(
    "/metrics", operation_id="metrics", response_class=Response,
    responses={**problem_responses(), 200: {"description": "Prometheus text.", "content": {"text/plain": {}}}},
)  # fmt: skip
def metrics(request: Request, key: Annotated[ApiKey, Depends(Allowed(Verb.METRICS))]) -> Response:
    """Numbers for Prometheus: queue age, pages, failures by code, deliveries, requests."""
    return Response(request.app.state.metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

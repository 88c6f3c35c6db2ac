"""`/healthz`, `/readyz`, `/metrics`: for whoever keeps the server running."""

from __future__ import annotations

import shutil
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse

from digitizer.api.access import Allowed
from digitizer.api.shapes import Health, problem_responses
from digitizer.errors import DigitizerError
from digitizer.ledger import jobs
from digitizer.ledger.api_keys import ApiKey, Verb
from digitizer.service import Service

router = APIRouter(tags=["operation"])

#: less room than this in scratch and uploads are not taken on any more
_LEAST_FREE = 500_000_000


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
    checks = _checks(request.app.state.service)
    fine = all(state == "ok" for state in checks.values())
    body = Health(status="ok" if fine else "down", checks=checks)
    return JSONResponse(body.model_dump(), 200 if fine else 503, {} if fine else {"retry-after": "5"})


def _checks(service: Service) -> dict[str, str]:
    found: dict[str, str] = {}
    try:
        with service.ledger.read() as tx:
            jobs.waiting(tx)
        found["ledger"] = "ok"
    except DigitizerError as exc:
        found["ledger"] = exc.code
    try:
        next(iter(service.store.list("00")), None)
        found["store"] = "ok"
    except DigitizerError as exc:
        found["store"] = exc.code
    free = shutil.disk_usage(service.settings.scratch).free
    found["scratch"] = "ok" if free > _LEAST_FREE else "store_full"
    return found


@router.get(
    "/metrics", operation_id="metrics", response_class=Response,
    responses={**problem_responses(), 200: {"description": "Prometheus text.", "content": {"text/plain": {}}}},
)  # fmt: skip
def metrics(request: Request, key: Annotated[ApiKey, Depends(Allowed(Verb.METRICS))]) -> Response:
    """Numbers for Prometheus: queue age, pages, failures by code, deliveries, requests."""
    return Response(request.app.state.metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

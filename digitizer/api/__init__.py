"""The HTTP server: the intake hook (`/v1`), and what an operator needs. It loads no model."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

import anyio.to_thread
from fastapi import FastAPI

from digitizer.api import documents, dossiers, notifications, operations, problems, progress, upload_sessions
from digitizer.api.access import Access
from digitizer.api.guard import Guard
from digitizer.api.metrics import Metrics
from digitizer.api.openapi import describe
from digitizer.service import Service

#: threads that talk to ledger and store
_THREADS = 32


def create(service: Service) -> FastAPI:
    """The application over `service`, which the caller closes."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = _THREADS
        yield

    app = FastAPI(
        title="digitizer", version=version("digitizer"), lifespan=lifespan, docs_url=None, redoc_url=None, redirect_slashes=False
    )
    app.state.service, app.state.access, app.state.metrics = service, Access(service), Metrics(service.status)
    app.state.streams = progress.Streams(service, app.state.metrics)
    for part in (documents, progress, dossiers, upload_sessions, notifications, operations):
        app.include_router(part.router)
    problems.install(app)
    describe(app)
    app.add_middleware(Guard, options=service.settings.api, metrics=app.state.metrics)
    return app

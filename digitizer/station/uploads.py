"""Files in by browser, through upload sessions, and what came in today.

A session holds one document: a file, or the scans of a book. So a file that is refused stops no other, and a broken line costs
one file at most.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from digitizer import dossiers
from digitizer.api.multipart import clean_name, received_file
from digitizer.indicators import HANOI
from digitizer.ledger.upload_sessions import UploadSession
from digitizer.model import Lane
from digitizer.service import AnnouncedUpload, Service, Submission
from digitizer.service.routing import completed
from digitizer.station.access import Visitor
from digitizer.station.rendering import page, paths

router = APIRouter()

UploadId = Annotated[str, Path(pattern="[0-9a-f]{32}")]
Position = Annotated[int, Path(ge=1, le=100_000)]


class NewPage(BaseModel):
    """A file before it comes."""

    model_config = ConfigDict(extra="forbid")

    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    bytes: int = Field(ge=0)


class NewUpload(BaseModel):
    """A document before it comes. `path` is its place below the folder that was chosen: folders may say whose it is."""

    model_config = ConfigDict(extra="forbid")

    path: str = Field(min_length=1, max_length=1_000)
    agency: str | None = Field(None, max_length=40)
    dossier: str | None = Field(None, max_length=80)
    component: str | None = Field(None, max_length=80)
    book: str | None = Field(None, max_length=20)
    counter: bool = False
    pages: list[NewPage] = Field(min_length=1, max_length=5_000)


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


@router.get("/upload", name="upload_page")
def upload_page(request: Request, visitor: Visitor) -> Response:
    """Where files and folders are dropped."""
    only = visitor.scopes[0] if len(visitor.scopes) == 1 and visitor.scopes[0] != dossiers.EVERYWHERE else ""
    return page(request, "upload.html", agency=only)


@router.post("/uploads", name="open_upload")
def open_upload(request: Request, visitor: Visitor, new: NewUpload) -> Response:
    """Announces a document: what is missing of it, and where that goes."""
    given = Submission(
        actor="",
        agency=new.agency or None,
        dossier=new.dossier or None,
        component=new.component or None,
        book=new.book or None,
        lane=Lane.COUNTER if new.counter else Lane.BULK,
    )
    # where the person names a book or dossier, folders and names say nothing
    hint = dossiers.from_path(PurePosixPath(new.path))
    chosen = given if given.dossier or given.book else completed(given, hint)
    document = AnnouncedUpload(
        name=clean_name(new.path),
        component=chosen.component,
        book=chosen.book,
        pages=[(file.sha256, file.bytes) for file in new.pages],
    )
    session = _service(request).upload_sessions.open(
        visitor, agency=chosen.agency, dossier=chosen.dossier, lane=chosen.lane, documents=[document]
    )
    return _state(request, session, 201)


@router.get("/uploads/{upload}", name="upload_state")
def upload_state(request: Request, visitor: Visitor, upload: UploadId) -> Response:
    """What is missing, for whoever goes on after a broken line."""
    return _state(request, _service(request).upload_sessions.get(visitor, upload))


@router.put("/uploads/{upload}/documents/{document}/pages/{number}", name="put_upload")
async def put_upload(request: Request, visitor: Visitor, upload: UploadId, document: Position, number: Position) -> Response:
    """Takes one file over. May be repeated."""
    service = _service(request)
    # before two gigabytes come
    await run_in_threadpool(service.upload_sessions.get, visitor, upload)
    async with received_file(request, visitor, service.settings) as file:
        session = await run_in_threadpool(service.upload_sessions.add_page, visitor, upload, document, number, file.path)
    return JSONResponse({"missing": len(session.missing)})


@router.post("/uploads/{upload}/complete", name="complete_upload")
def complete_upload(request: Request, visitor: Visitor, upload: UploadId) -> Response:
    """Makes the document. May be repeated."""
    made = _service(request).upload_sessions.complete(visitor, upload)
    return JSONResponse({"documents": [{"id": intake, "new": new} for intake, new in made.items()]})


def _state(request: Request, session: UploadSession, status: int = 200) -> Response:
    path = paths(request)
    missing = [
        {"page": p.page, "put": path("put_upload", upload=session.id, document=p.document, number=p.page)}
        for p in session.missing
    ]
    state = {
        "id": session.id,
        "complete": session.intakes is not None,
        "missing": missing,
        "state": path("upload_state", upload=session.id),
        "finish": path("complete_upload", upload=session.id),
    }
    return JSONResponse(state, status)


@router.get("/arrivals", name="arrivals_page")
def arrivals_page(request: Request, visitor: Visitor) -> Response:
    """What came in today, and what has to be scanned again."""
    midnight = datetime.now(HANOI).replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)
    found = _service(request).arrivals.since(visitor, midnight)
    return page(request, "arrivals.html", found=found)

"""`/v1/upload-sessions`: scan agents announce documents page by page, send the pages in any order, and finish."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from digitizer.api import guard
from digitizer.api.access import Submitter
from digitizer.api.multipart import received_file
from digitizer.api.shapes import BOOK_PATTERN, Accepted, Agency, Component, DossierCode, Shape, problem_responses
from digitizer.ledger.upload_sessions import UploadSession
from digitizer.model import IntakeState, Lane
from digitizer.service import AnnouncedUpload, Service
from digitizer.service.upload_sessions import page_name
from digitizer.storage import UploadForm

router = APIRouter(prefix="/v1/upload-sessions", tags=["upload sessions"])

_SHA256 = r"^[0-9a-f]{64}$"
SessionId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$", description="Id of a session.")]
Position = Annotated[int, Path(ge=1, le=10_000, description="Counted from 1.")]


class AnnouncedPage(Shape):
    """A page before it comes."""

    sha256: str = Field(pattern=_SHA256, description="Of its bytes.")
    bytes: int = Field(ge=1, le=2_000_000_000)


class AnnouncedDocument(Shape):
    """A document of one or more scans, in order."""

    name: str = Field(min_length=1, max_length=200, examples=["to-khai"])
    component: Component | None = None
    book: str | None = Field(None, pattern=BOOK_PATTERN, examples=["KS/1999/01"])
    pages: list[AnnouncedPage] = Field(min_length=1, max_length=5_000)


class NewSession(Shape):
    """What will be uploaded."""

    agency: Agency | None = None
    dossier: DossierCode | None = None
    lane: Lane = Lane.BULK
    documents: list[AnnouncedDocument] = Field(min_length=1, max_length=200)


class UploadPageState(Shape):
    """A page of a session."""

    document: int = Field(ge=1)
    page: int = Field(ge=1)
    received: bool
    href: str = Field(description="PUT its bytes here, or upload it by `form` under `key`.")
    key: str | None = Field(None, description="The `key` field of the form for this page.")


class StoreForm(Shape):
    """A presigned POST of multipart/form-data straight into the store: these fields, `key` replaced, then `file`."""

    url: str
    fields: dict[str, str]


class SessionState(Shape):
    """A session and what is missing."""

    id: str
    expires_at: datetime
    complete: bool
    missing: int = Field(ge=0)
    pages: list[UploadPageState]
    form: StoreForm | None = Field(None, description="Null where the store takes no direct uploads.")
    documents: list[str] = Field(description="Ids of the documents, once complete.")


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


_LINKS = {
    name: {"operationId": name, "parameters": {"id": "$response.body#/id"}}
    for name in ("getUploadSession", "completeUploadSession")
}


@router.post(
    "",
    operation_id="openUploadSession",
    status_code=201,
    response_model=SessionState,
    responses={**problem_responses(), 201: {"description": "Opened.", "links": _LINKS}},
)
def open_session(request: Request, response: Response, key: Submitter, new: NewSession) -> SessionState:
    """Announces documents with the SHA-256 of every page, so that a page that does not come is noticed."""
    documents = [
        AnnouncedUpload(name=d.name, component=d.component, book=d.book, pages=[(p.sha256, p.bytes) for p in d.pages])
        for d in new.documents
    ]
    sessions = _service(request).upload_sessions
    session = sessions.open(key, agency=new.agency, dossier=new.dossier, lane=new.lane, documents=documents)
    response.headers["location"] = f"/v1/upload-sessions/{session.id}"
    return _state(session, sessions.upload_form(session))


@router.get("/{id}", operation_id="getUploadSession", response_model=SessionState, responses=problem_responses(404))
def get_session(request: Request, key: Submitter, id: SessionId) -> SessionState:
    """What has come and what is missing. A new upload form, since the old one ends after an hour."""
    sessions = _service(request).upload_sessions
    session = sessions.get(key, id)
    return _state(session, sessions.upload_form(session))


@router.put(
    "/{id}/documents/{document}/pages/{page}",
    operation_id="putPage",
    response_model=SessionState,
    responses=problem_responses(404, 409, 415),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/octet-stream": {"schema": {"type": "string", "contentMediaType": "application/octet-stream"}}
            },
        }
    },
)
async def put_page(request: Request, key: Submitter, id: SessionId, document: Position, page: Position) -> SessionState:
    """Takes one page over. Its SHA-256 must be the one that was announced. May be repeated."""
    service = _service(request)
    async with received_file(request, key, service.settings) as file:
        session = await run_in_threadpool(service.upload_sessions.add_page, key, id, document, page, file.path)
    return _state(session, None)


@router.post(
    "/{id}/complete",
    operation_id="completeUploadSession",
    status_code=202,
    response_model=list[Accepted],
    responses=problem_responses(404, 409),
)
def complete(request: Request, key: Submitter, id: SessionId) -> list[Accepted]:
    """Makes the documents. 409 with the first missing page while there is one. May be repeated."""
    made = _service(request).upload_sessions.complete(key, id)
    guard.note(request.scope, document=" ".join(made))
    states = _service(request).client_documents.progress(list(made))
    return [
        Accepted(
            id=intake,
            state=states[intake].state if intake in states else IntakeState.RECEIVED,
            new=new,
            href=f"/v1/documents/{intake}",
        )
        for intake, new in made.items()
    ]


def _state(session: UploadSession, form: UploadForm | None) -> SessionState:
    base = form.fields["key"].removesuffix("${filename}") if form else None
    return SessionState(
        id=session.id,
        expires_at=datetime.fromtimestamp(session.expires_at, UTC),
        complete=session.intakes is not None,
        missing=len(session.missing),
        pages=[
            UploadPageState(
                document=p.document,
                page=p.page,
                received=p.key is not None,
                href=f"/v1/upload-sessions/{session.id}/documents/{p.document}/pages/{p.page}",
                key=f"{base}{page_name(p)}" if base else None,
            )
            for p in session.pages
        ],
        form=StoreForm(url=form.url, fields=dict(form.fields)) if form else None,
        documents=list(session.intakes or []),
    )

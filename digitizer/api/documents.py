"""`/v1/documents`: submit, look, fetch, cancel, read anew."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import StreamingResponse
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool

from digitizer.api import guard, problems
from digitizer.api.access import Canceller, Reader, Reprocessor, Submitter
from digitizer.api.multipart import MOST_FIELD_BYTES, Form, received_form
from digitizer.api.shapes import (
    AGENCY_PATTERN,
    BOOK_PATTERN,
    CODE,
    CODE_PATTERN,
    Accepted,
    Agency,
    Document,
    DocumentId,
    DocumentList,
    DossierCode,
    FieldValue,
    Moment,
    Reason,
    RecordValues,
    Reference,
    links,
    problem_responses,
)
from digitizer.api.views import document, record_summary, summary
from digitizer.errors import TooLarge, UsageError
from digitizer.ledger.client_documents import Filter
from digitizer.model import IntakeState, Lane
from digitizer.service import Service, Submission

router = APIRouter(prefix="/v1/documents", tags=["documents"])

_FIELDS = ("agency", "dossier", "component", "book", "lane", "name")
_BLOCK = 1 << 18
#: seconds a link into the store is good for
_LINK_S = 60
_UPLOAD = {
    "required": True,
    "content": {
        "application/json": {"schema": {"$ref": "#/components/schemas/Reference"}},
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["file"],
                "additionalProperties": False,
                "properties": {
                    "file": {
                        "type": "string",
                        "contentMediaType": "application/octet-stream",
                        "description": "PDF, TIFF, JPEG or PNG; told by content. A Content-Type of the part must agree with it.",
                    },
                    "dossier": {"type": "string", "pattern": CODE_PATTERN, "examples": [CODE]},
                    "agency": {
                        "type": "string",
                        "pattern": AGENCY_PATTERN,
                        "examples": ["H60.127.03"],
                        "description": "Not needed where the dossier or the key says it.",
                    },
                    "component": {"type": "string", "maxLength": 80, "examples": ["to-khai"]},
                    "book": {
                        "type": "string",
                        "pattern": BOOK_PATTERN,
                        "examples": ["KS/1999/01"],
                        "description": "The file is a register book.",
                    },
                    "lane": {"type": "string", "enum": ["counter", "bulk"], "description": "counter: a citizen is waiting."},
                    "name": {"type": "string", "maxLength": 200, "description": "In place of the part's file name."},
                },
            },
        },
    },
}
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        description="The same key with the same request is the same request; with another one it is refused.",
    ),
]


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


@router.post(
    "",
    operation_id="submitDocument",
    status_code=202,
    response_model=Accepted,
    responses={
        **problem_responses(415),
        202: {
            "description": "Taken over.",
            "headers": {"location": {"description": "Where it is found.", "schema": {"type": "string"}}},
            "links": links(
                "getDocument", "getRecords", "getResult", "getArtifact", "followDocument", "cancelDocument", "reprocessDocument"
            ),
        },
    },
    openapi_extra={"requestBody": _UPLOAD},
)
async def submit(request: Request, response: Response, key: Submitter, repeat: IdempotencyKey = None) -> Accepted:
    """Takes a file over, or an object that lies in the inbox. Once this is answered it survives a power cut.

    The same client, agency, dossier, component and bytes give the same id, however often they are sent.
    """
    service = _service(request)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json":
        given = await _reference(request, MOST_FIELD_BYTES)
        place = Submission(
            actor="", agency=given.agency, dossier=given.dossier, component=given.component, book=given.book, lane=given.lane
        )
        intake, new = await run_in_threadpool(service.inbox.take_object, key, given.object, place, repeat=repeat)
        return await _accepted(request, response, intake.id, new)
    async with received_form(request, key, service.settings) as form:
        assert form.file is not None
        submission, name = _submission(form)
        submission = service.client_documents.placed(key, submission)
        intake, new = await run_in_threadpool(
            service.client_documents.submit, key, [form.file.path], name, submission, repeat=repeat
        )
    return await _accepted(request, response, intake.id, new)


async def _accepted(request: Request, response: Response, id: str, new: bool) -> Accepted:
    guard.note(request.scope, document=id)
    state = (
        IntakeState.RECEIVED if new else (await run_in_threadpool(_service(request).client_documents.progress, [id]))[id].state
    )
    response.headers["location"] = f"/v1/documents/{id}"
    return Accepted(id=id, state=state, new=new, href=f"/v1/documents/{id}")


async def _reference(request: Request, most: int) -> Reference:
    body = b""
    async for block in request.stream():
        body += block
        if len(body) > most:
            raise TooLarge("the body is too long", limit=most)
    try:
        return Reference.model_validate_json(body)
    except ValidationError as exc:
        raise RequestValidationError(exc.errors(include_input=False, include_context=False, include_url=False)) from exc


def _submission(form: Form) -> tuple[Submission, str]:
    unknown = set(form.fields) - set(_FIELDS)
    given = {name: value or None for name, value in form.fields.items()}
    if unknown or len(given.get("component") or "") > 80 or len(given.get("name") or "") > 200:
        raise UsageError("there is a field nobody knows, or one is too long")
    lane = given.get("lane") or Lane.BULK.value
    if lane not in set(Lane):
        raise UsageError("the lane is counter or bulk")
    assert form.file is not None
    name = given.get("name") or form.file.name
    submitted = Submission(
        actor="",
        lane=Lane(lane),
        agency=given.get("agency"),
        dossier=given.get("dossier"),
        component=given.get("component"),
        book=given.get("book"),
    )
    return submitted, name


@router.get("", operation_id="listDocuments", response_model=DocumentList, responses=problem_responses())
def find(
    request: Request,
    key: Reader,
    agency: Annotated[Agency | None, Query()] = None,
    dossier: Annotated[DossierCode | None, Query()] = None,
    state: Annotated[IntakeState | None, Query()] = None,
    received_from: Annotated[Moment | None, Query(description="Inclusive, with a time zone.")] = None,
    received_before: Annotated[Moment | None, Query(description="Exclusive, with a time zone.")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=200, description="`next` of the page before.")] = None,
) -> DocumentList:
    """Documents of the agencies the key covers, newest first. New ones do not shift the pages that follow."""
    wanted = Filter(
        agency=agency, dossier=dossier, state=state, received_from=_utc(received_from), received_before=_utc(received_before)
    )
    rows = _service(request).client_documents.documents(key, wanted, limit=limit + 1, after=_after(cursor))
    items = [summary(intake, state) for intake, state in rows[:limit]]
    last = rows[limit - 1][0] if len(rows) > limit else None
    return DocumentList(items=items, next=_cursor(last.received_at.isoformat(), last.id) if last else None)


def _utc(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC).isoformat()
    except (OverflowError, ValueError) as exc:
        raise UsageError("there is no such time") from exc


def _cursor(at: str, intake_id: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([at, intake_id]).encode()).decode().rstrip("=")


def _after(cursor: str | None) -> tuple[str, str] | None:
    if cursor is None:
        return None
    try:
        at, intake_id = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        return datetime.fromisoformat(at).isoformat(), str(intake_id)
    except (ValueError, TypeError, binascii.Error) as exc:
        raise UsageError("this cursor did not come from here") from exc


@router.get("/{id}", operation_id="getDocument", response_model=Document, responses=problem_responses(404))
def get(request: Request, key: Reader, id: DocumentId) -> Document:
    """Where a document stands and what came out."""
    guard.note(request.scope, document=id)
    return document(_service(request).client_documents.document(key, id), problems.language(request.headers))


@router.get("/{id}/records", operation_id="getRecords", response_model=list[RecordValues], responses=problem_responses(404))
def get_records(request: Request, key: Reader, id: DocumentId) -> list[RecordValues]:
    """The records of a document at their newest revisions, with what people corrected. Empty until it is done."""
    guard.note(request.scope, document=id)
    return [
        RecordValues(
            **record_summary(kept).model_dump(),
            fields=[
                FieldValue(
                    name=f.name,
                    value=list(f.value) if isinstance(f.value, tuple) else f.value,
                    raw=f.raw,
                    confidence=f.confidence,
                    accepted=f.accepted,
                    by=f.by,
                    problems=[p.code for p in f.problems],
                )
                for f in kept.record.fields
            ],
        )
        for kept in _service(request).client_documents.document(key, id).records
    ]


@router.get(
    "/{id}/result",
    operation_id="getResult",
    response_class=Response,
    responses={**problem_responses(404, 409), 200: {"description": "The result.", "content": {"application/json": {}}}},
)
def get_result(request: Request, key: Reader, id: DocumentId) -> Response:
    """What was read, as `<name>.json`: pages, documents, records as OCR proposed them. 409 until it is done."""
    return _stream(request, key, id, "json")


@router.get(
    "/{id}/artifacts/{kind}",
    operation_id="getArtifact",
    response_class=Response,
    responses={
        **problem_responses(404, 409),
        200: {"description": "The file.", "content": {"application/pdf": {}, "application/json": {}}},
        307: {"description": "Where the store itself gives it out.", "headers": {"location": {"schema": {"type": "string"}}}},
    },
)
def get_artifact(
    request: Request,
    key: Reader,
    id: DocumentId,
    kind: str,
    presigned: Annotated[bool, Query(description="Redirect to the store for a minute, where it can.")] = False,
) -> Response:
    """A file that came out, say `pdf`. 409 until the document is done."""
    return _stream(request, key, id, kind, presigned=presigned)


def _stream(request: Request, key: Reader, id: str, kind: str, *, presigned: bool = False) -> Response:
    guard.note(request.scope, document=id)
    documents = _service(request).client_documents
    media_type, stored, name = documents.artifact(key, id, kind)
    if presigned and (address := documents.download_url(stored.key, seconds=_LINK_S)):
        return Response(status_code=307, headers={"location": address})
    file = documents.read_stored(stored.key)

    def blocks() -> Iterator[bytes]:
        with file:
            while block := file.read(_BLOCK):
                yield block

    headers = {
        "content-length": str(stored.size),
        "content-disposition": f"attachment; filename*=UTF-8''{quote(name)}",
        "etag": f'"{stored.key.rpartition("/")[2]}"',
    }
    return StreamingResponse(blocks(), media_type=media_type, headers=headers)


@router.post("/{id}/cancel", operation_id="cancelDocument", response_model=Document, responses=problem_responses(404, 409))
def cancel(request: Request, key: Canceller, id: DocumentId, why: Reason) -> Document:
    """Stops work on a document. 409 when it is over. The same bytes submitted by others go on."""
    guard.note(request.scope, document=id)
    documents = _service(request).client_documents
    documents.cancel(key, id, reason=why.reason)
    return document(documents.document(key, id), problems.language(request.headers))


@router.post(
    "/{id}/reprocess", operation_id="reprocessDocument", status_code=202, response_model=Document,
    responses=problem_responses(404, 409),
)  # fmt: skip
def reprocess(request: Request, key: Reprocessor, id: DocumentId, why: Reason) -> Document:
    """Reads a document anew. What people approved or corrected stays. 409 while it is being read."""
    guard.note(request.scope, document=id)
    documents = _service(request).client_documents
    documents.process_again(key, id, reason=why.reason)
    return document(documents.document(key, id), problems.language(request.headers))

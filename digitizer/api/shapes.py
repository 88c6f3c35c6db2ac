"""What goes over the wire, as the OpenAPI document shows it."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from digitizer import dossiers
from digitizer.model import IntakeState, Lane, RecordState

CODE = "H60.127.03-260930-0012"
ID = "3f2a9c0d8b7e4f61a5c2d1e0f9b8a776"

AGENCY_PATTERN, CODE_PATTERN = f"^({dossiers.AGENCY.pattern})$", f"^({dossiers.CODE.pattern})$"
BOOK_PATTERN = f"^{dossiers.BOOK.pattern}$"
_RFC3339 = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})")


def _moment(value: object) -> object:
    """Only what the schema says: numbers would be taken for seconds since the epoch."""
    if not isinstance(value, str) or not _RFC3339.fullmatch(value):
        raise ValueError("not a date-time of RFC 3339")
    return value


Moment = Annotated[datetime, BeforeValidator(_moment)]
DocumentId = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$", examples=[ID], description="Id of a document.")]
Agency = Annotated[str, Field(pattern=AGENCY_PATTERN, examples=["H60.127.03"], description="Code of an agency.")]
DossierCode = Annotated[
    str, Field(pattern=CODE_PATTERN, examples=[CODE], description="Code of a dossier, as in Thông tư 03/2025/TT-VPCP.")
]
Component = Annotated[str, Field(max_length=80, examples=["to-khai"], description="Component of the dossier the file is.")]


class Shape(BaseModel):
    """Base of everything sent and received."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Problem(BaseModel):
    """A problem document (RFC 9457)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "urn:digitizer:problem:not_found",
                    "title": "Not Found",
                    "status": 404,
                    "detail": "Không có dữ liệu này, hoặc khóa API này không được xem. Hãy kiểm tra mã.",
                    "code": "not_found",
                    "instance": "urn:digitizer:request:9f86d081884c7d65",
                }
            ]
        }
    )
    type: str
    title: str
    status: int
    detail: str = Field(description="What to do, in Vietnamese, or in English with `Accept-Language: en`.")
    code: str = Field(description="One of the codes of docs/api.md.")
    instance: str | None = None
    errors: list[dict[str, str]] | None = Field(None, description="Places of the faults, with `invalid_request`.")


class Accepted(Shape):
    """A document that was taken over: it survives a power cut from now on."""

    id: DocumentId
    state: IntakeState
    new: bool = Field(
        description="False when this client had submitted the same bytes for the same dossier and component before."
    )
    href: str = Field(examples=[f"/v1/documents/{ID}"])


class Reference(Shape):
    """A file that is in the store already."""

    object: str = Field(
        max_length=1024,
        examples=["s3://inbox/H60.127.03/dossiers/H60.127.03-260930-0012/to-khai/to-khai.pdf"],
        description="An object below the inbox, `s3://bucket/<agency>/…`. What the request does not say, its path does.",
    )
    agency: Agency | None = None
    dossier: DossierCode | None = None
    component: Component | None = None
    book: str | None = Field(None, pattern=BOOK_PATTERN, examples=["KS/1999/01"])
    lane: Lane = Lane.BULK


class Fault(Shape):
    """Why a document failed."""

    code: str = Field(examples=["encrypted_pdf"])
    detail: str = Field(description="What to do, in the language asked for.")


class Pages(Shape):
    """Progress."""

    read: int = Field(ge=0)
    total: int = Field(ge=0, description="0 until somebody has opened the file.")


class SourceFile(Shape):
    """A file as submitted."""

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    bytes: int = Field(ge=0)
    media_type: str | None = Field(description="By content; null until somebody has opened the file.")
    pages: int | None


class Made(Shape):
    """A file that came out."""

    kind: str = Field(examples=["pdf"])
    media_type: str = Field(examples=["application/pdf"])
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    href: str = Field(examples=[f"/v1/documents/{ID}/artifacts/pdf"])


class RecordSummary(Shape):
    """Where a record stands. Its values are in `records`."""

    id: str
    type: str | None
    state: RecordState
    verdict: Literal["ACCEPT", "REVIEW"]
    revision: int = Field(ge=1)


class DeliveryState(Shape):
    """What the dossier system got, or will get."""

    kind: str = Field(examples=["attach"])
    state: str = Field(examples=["DONE"])
    record: str | None
    external_id: str | None
    at: datetime | None
    error: str | None


class Summary(Shape):
    """A document in a list."""

    id: DocumentId
    state: IntakeState
    name: str
    agency: str | None
    dossier: str | None
    component: str | None
    book: str | None
    lane: Lane
    received_at: datetime
    href: str


class Document(Summary):
    """A document, where it stands and what came out."""

    routing: list[str] = Field(description="Codes of the routing rules that found something but no one dossier.")
    pages: Pages
    sources: list[SourceFile]
    error: Fault | None
    artifacts: list[Made]
    records: list[RecordSummary]
    deliveries: list[DeliveryState]


class DocumentList(Shape):
    """A page of a list. `next` is the cursor of the following one."""

    items: list[Summary]
    next: str | None


class FieldValue(Shape):
    """A value of a record, newest revision."""

    name: str
    value: str | bool | list[str] | None
    raw: str | None
    confidence: float
    accepted: bool
    by: str
    problems: list[str]


class RecordValues(RecordSummary):
    """A record with its values."""

    fields: list[FieldValue]


class Reason(Shape):
    """Why."""

    reason: str = Field(min_length=1, max_length=500, examples=["Quét lại vì thiếu trang."])


class ComponentState(Shape):
    """What a dossier has for one component."""

    component: str | None
    documents: list[DocumentId]
    done: int = Field(ge=0)
    failed: int = Field(ge=0)
    waiting: int = Field(ge=0)


class Dossier(Shape):
    """A dossier: what was submitted for it, and what is missing."""

    code: DossierCode
    procedure: str | None = Field(description="Null where it is not known, or not in the procedures catalogue.")
    complete: bool | None = Field(description="Whether every required component is digitized; null without a procedure.")
    missing: list[str] = Field(description="Required components nobody has submitted, or only files that failed.")
    components: list[ComponentState]
    documents: list[Summary]


class Health(Shape):
    """Whether the server runs, or can work."""

    status: Literal["ok", "down"]
    checks: dict[str, str] = Field(default_factory=dict, examples=[{"ledger": "ok", "store": "ok"}])


def links(*operations: str) -> dict[str, Any]:
    """OpenAPI links from a document to what can be done with it."""
    return {name: {"operationId": name, "parameters": {"id": "$response.body#/id"}} for name in operations}


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses` of an operation: the given statuses and those every operation has."""
    texts = {
        400: "The request is wrong.",
        401: "No valid API key.",
        403: "The key does not cover this.",
        404: "Nothing there, or not for this key.",
        408: "The request came too slowly.",
        409: "Not possible in this state.",
        413: "Over a limit.",
        415: "Not a PDF, TIFF, JPEG or PNG, or not what Content-Type says.",
        422: "Not as described here.",
        429: "A limit of the key is used up; see Retry-After.",
        500: "Something is wrong inside digitizer.",
        503: "Busy, or a machine behind the server is down; see Retry-After.",
    }
    every = (400, 401, 403, 408, 413, 422, 429, 500, 503)
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": texts[status], "content": content} for status in sorted({*every, *statuses})}

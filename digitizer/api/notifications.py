"""`/v1/notifications/bucket`: MinIO or S3 says that objects were left in the inbox. A hint: whatever gets lost is found later."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import unquote_plus

from fastapi import APIRouter, Body, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from digitizer.api.access import Allowed
from digitizer.api.shapes import ID, DocumentId, Shape, problem_responses
from digitizer.errors import InputError, NotAllowed, NotFound, UsageError
from digitizer.ledger.api_keys import ApiKey, Verb
from digitizer.model import Lane
from digitizer.service import Service, Submission

router = APIRouter(prefix="/v1/notifications", tags=["notifications"])

_SAMPLE = {
    "EventName": "s3:ObjectCreated:Put",
    "Key": "inbox/H60.127.03/dossiers/H60.127.03-260930-0012/to-khai/to-khai.pdf",
    "Records": [
        {
            "eventName": "s3:ObjectCreated:Put",
            "s3": {
                "bucket": {"name": "inbox"},
                "object": {"key": "H60.127.03%2Fdossiers%2FH60.127.03-260930-0012%2Fto-khai%2Fto-khai.pdf", "size": 205366},
            },
        }
    ],
}


class Notification(BaseModel):
    """A bucket notification as MinIO and S3 send it. What we do not need is left alone."""

    model_config = ConfigDict(extra="allow", frozen=True)
    Records: list[dict[str, Any]] = Field(default_factory=list, max_length=1_000)


class Taken(Shape):
    """What became of the objects of a notification."""

    documents: list[DocumentId] = Field(examples=[[ID]])
    skipped: dict[str, int] = Field(description="Objects not taken, by code: not in the inbox, of another agency, no scan …")


@router.post("/bucket", operation_id="notifyBucket", response_model=Taken, responses=problem_responses())
def notify(
    request: Request,
    key: Annotated[ApiKey, Depends(Allowed(Verb.NOTIFY))],
    notification: Annotated[Notification, Body(examples=[_SAMPLE])],
) -> Taken:
    """Takes over the objects a bucket notification names, as `<inbox>/<agency>/dossiers/<code>/[<component>/]<file>` says.

    503 has the sender repeat the whole notification, which is harmless.
    """
    service: Service = request.app.state.service
    documents: list[str] = []
    skipped: dict[str, int] = {}
    for address in filter(None, map(_address, notification.Records)):
        try:
            intake, _ = service.inbox.take_object(key, address, Submission(actor="", lane=Lane.BULK))
            documents.append(intake.id)
        except (UsageError, NotAllowed, NotFound, InputError) as exc:
            skipped[exc.code] = skipped.get(exc.code, 0) + 1
    return Taken(documents=documents, skipped=skipped)


def _address(record: dict[str, Any]) -> str | None:
    """`s3://bucket/key` of a new object, None for any other event."""
    try:
        if not str(record["eventName"]).removeprefix("s3:").startswith("ObjectCreated:"):
            return None
        return f"s3://{record['s3']['bucket']['name']}/{unquote_plus(record['s3']['object']['key'])}"
    except (KeyError, TypeError, AttributeError):
        return None

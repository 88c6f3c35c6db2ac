"""A typed client of the HTTP API. It needs httpx and nothing else of digitizer, so the file may be copied.

    with Client("https://digitizer.example.gov.vn", token) as client:
        taken = client.submit(Path("to-khai.pdf"), dossier="H60.127.03-260930-0012", component="to-khai")
        document = client.wait(taken["id"])
        client.save(document["id"], "pdf", Path("to-khai-ocr.pdf"))

Every call may be repeated. `submit` tries again by itself with one Idempotency-Key, and the server recognises the file.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import random
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Literal, Self, TypedDict, cast

import httpx

State = Literal["RECEIVED", "RUNNING", "DIGITIZED", "FAILED", "CANCELLED"]
#: states in which a document does not change by itself any more
OVER = ("DIGITIZED", "FAILED", "CANCELLED")
#: statuses after which the same request may succeed
_PASSING = (408, 429, 500, 502, 503, 504)
#: how old a callback may be, seconds
REPLAY_S = 300


class Accepted(TypedDict):
    """A document the server has accepted."""

    id: str
    state: State
    new: bool
    href: str


class Pages(TypedDict):
    """Pages read, and pages in all."""

    read: int
    total: int


class Fault(TypedDict):
    """Why a document failed."""

    code: str
    detail: str


class SourceFile(TypedDict):
    """A file as submitted."""

    sha256: str
    bytes: int
    media_type: str | None
    pages: int | None


class Made(TypedDict):
    """A file that came out."""

    kind: str
    media_type: str
    sha256: str
    href: str


class RecordSummary(TypedDict):
    """Where a record stands."""

    id: str
    type: str | None
    state: str
    verdict: Literal["ACCEPT", "REVIEW"]
    revision: int


class FieldValue(TypedDict):
    """A value of a record."""

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


class DeliveryState(TypedDict):
    """What the dossier system got, or will get."""

    kind: str
    state: str
    record: str | None
    external_id: str | None
    at: str | None
    error: str | None


class Summary(TypedDict):
    """A document in a list."""

    id: str
    state: State
    name: str
    agency: str | None
    dossier: str | None
    component: str | None
    book: str | None
    lane: Literal["counter", "bulk"]
    received_at: str
    href: str


class Document(Summary):
    """A document, where it stands and what came out."""

    routing: list[str]
    pages: Pages
    sources: list[SourceFile]
    error: Fault | None
    artifacts: list[Made]
    records: list[RecordSummary]
    deliveries: list[DeliveryState]


class ComponentState(TypedDict):
    """What a dossier has for one component."""

    component: str | None
    documents: list[str]
    done: int
    failed: int
    waiting: int


class Dossier(TypedDict):
    """A dossier and what is missing."""

    code: str
    procedure: str | None
    complete: bool | None
    missing: list[str]
    components: list[ComponentState]
    documents: list[Summary]


class Progress(TypedDict):
    """An event of a stream."""

    id: str
    state: State
    pages: Pages


class Problem(Exception):
    """The server refused. `code` is one of docs/api.md, `body` the whole problem document."""

    def __init__(self, status: int, body: Mapping[str, Any]) -> None:
        self.status, self.body = status, body
        self.code = str(body.get("code", "internal"))
        super().__init__(f"{status} {self.code}: {body.get('detail', '')}")


class Client:
    """A connection to one server with one key. Methods raise Problem, and httpx.TransportError when nobody answers."""

    def __init__(
        self, url: str, token: str, *, tries: int = 5, timeout_s: float = 60.0, transport: httpx.BaseTransport | None = None
    ) -> None:
        headers = {"authorization": f"Bearer {token}", "accept-language": "en"}
        self.tries = tries
        self._http = httpx.Client(base_url=url, headers=headers, timeout=timeout_s, transport=transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    def submit(
        self,
        file: Path | IO[bytes],
        *,
        name: str | None = None,
        dossier: str | None = None,
        agency: str | None = None,
        component: str | None = None,
        book: str | None = None,
        lane: Literal["counter", "bulk"] = "bulk",
        repeat_key: str | None = None,
    ) -> Accepted:
        """Hands a file over. Once this returns, it survives a power cut. Every try reads `file` from its start."""
        given = {"dossier": dossier, "agency": agency, "component": component, "book": book, "lane": lane}
        headers = {"idempotency-key": repeat_key or str(uuid.uuid4())}
        with _opened(file) as stream:

            def send() -> httpx.Response:
                stream.seek(0)
                part = (name or Path(getattr(stream, "name", "tep")).name, stream, "application/octet-stream")
                data = {field: value for field, value in given.items() if value is not None}
                return self._http.post("/v1/documents", files={"file": part}, data=data, headers=headers)

            return cast(Accepted, self._again(send).json())

    def submit_object(self, address: str, **place: str) -> Accepted:
        """Hands over an object below the inbox, `s3://bucket/<agency>/…`. `place`: dossier, agency, component, book, lane."""
        return cast(Accepted, self._ask("POST", "/v1/documents", json={"object": address, **place}))

    def document(self, id: str) -> Document:
        """Where a document stands."""
        return cast(Document, self._ask("GET", f"/v1/documents/{id}"))

    def documents(self, **wanted: str) -> Iterator[Summary]:
        """All documents, newest first. `wanted`: agency, dossier, state, received_from, received_before."""
        cursor: str | None = None
        while True:
            page = self._ask("GET", "/v1/documents", params={**wanted, **({"cursor": cursor} if cursor else {})})
            yield from page["items"]
            if (cursor := page["next"]) is None:
                return

    def dossier(self, code: str) -> Dossier:
        """What was submitted for a dossier, and what is missing."""
        return cast(Dossier, self._ask("GET", f"/v1/dossiers/{code}"))

    def records(self, id: str) -> list[RecordValues]:
        """The records of a document with their values."""
        return cast(list[RecordValues], self._ask("GET", f"/v1/documents/{id}/records"))

    def result(self, id: str) -> dict[str, Any]:
        """What was read: pages, documents, records."""
        return cast(dict[str, Any], self._ask("GET", f"/v1/documents/{id}/result"))

    def save(self, id: str, kind: str, target: Path) -> None:
        """Writes a file that came out, say `pdf`, to `target`, whole or not at all."""
        part = target.with_name(f".{target.name}.part")
        with self._http.stream("GET", f"/v1/documents/{id}/artifacts/{kind}") as answer:
            _judged(answer)
            with part.open("wb") as sink:
                for block in answer.iter_bytes():
                    sink.write(block)
        part.replace(target)

    def cancel(self, id: str, reason: str) -> Document:
        """Stops work on a document."""
        return cast(Document, self._ask("POST", f"/v1/documents/{id}/cancel", json={"reason": reason}))

    def reprocess(self, id: str, reason: str) -> Document:
        """Has a document read anew."""
        return cast(Document, self._ask("POST", f"/v1/documents/{id}/reprocess", json={"reason": reason}))

    def events(self, id: str) -> Iterator[Progress]:
        """Progress as it happens, until the document is done, failed or cancelled. Reconnects by itself."""
        while True:
            last: Progress | None = None
            with self._http.stream("GET", f"/v1/documents/{id}/events") as answer:
                _judged(answer)
                for line in answer.iter_lines():
                    if line.startswith("data: "):
                        last = json.loads(line.removeprefix("data: "))
                        yield cast(Progress, last)
            if last is not None and last["state"] in OVER:
                return
            time.sleep(1.0)

    def wait(self, id: str) -> Document:
        """The document when it is done, failed or cancelled."""
        for _ in self.events(id):
            continue
        return self.document(id)

    def _ask(self, method: str, path: str, **request: Any) -> Any:
        return self._again(lambda: self._http.request(method, path, **request)).json()

    def _again(self, send: Any) -> httpx.Response:
        """Repeats a request that may succeed later, and waits as long as the server asks for."""
        for attempt in range(1, self.tries + 1):
            wait = 0.25 * 2**attempt * random.uniform(0.5, 1.5)
            try:
                return _judged(send())
            except Problem as exc:
                if exc.status not in _PASSING or attempt == self.tries:
                    raise
                wait = max(wait, float(exc.body.get("retry_after_s", 0)))
            except httpx.TransportError:
                if attempt == self.tries:
                    raise
            time.sleep(min(wait, 60.0))
        raise AssertionError("unreachable")


def _judged(answer: httpx.Response) -> httpx.Response:
    if answer.is_success:
        return answer
    answer.read()
    try:
        body = answer.json()
    except ValueError:
        body = {"code": "internal", "detail": answer.reason_phrase}
    raise Problem(answer.status_code, body if isinstance(body, dict) else {})


@contextmanager
def _opened(file: Path | IO[bytes]) -> Iterator[IO[bytes]]:
    if isinstance(file, Path):
        with file.open("rb") as stream:
            yield stream
    else:
        yield file


def verify_callback(secret: str, headers: Mapping[str, str], body: bytes, *, now: float | None = None) -> dict[str, Any]:
    """The message of a callback. Raises ValueError for a wrong signature, or a time more than five minutes off.

    A message may come twice, with the same `webhook-id`. Signatures are those of Standard Webhooks (standardwebhooks.com).
    """
    given = {name.lower(): value for name, value in headers.items()}
    id, sent = given.get("webhook-id", ""), given.get("webhook-timestamp", "")
    if not sent.isdigit() or abs((time.time() if now is None else now) - int(sent)) > REPLAY_S:
        raise ValueError("this callback is too old or has no time")
    key = base64.b64decode(secret.removeprefix("whsec_"))
    right = base64.b64encode(hmac.digest(key, f"{id}.{sent}.".encode() + body, hashlib.sha256)).decode()
    signatures = [part.removeprefix("v1,") for part in given.get("webhook-signature", "").split() if part.startswith("v1,")]
    if not any(hmac.compare_digest(signature.encode(), right.encode()) for signature in signatures):
        raise ValueError("the signature of this callback is wrong")
    return cast(dict[str, Any], json.loads(body))

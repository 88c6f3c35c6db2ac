"""Server-sent events: one look into the ledger a second serves every stream."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from digitizer.api import guard
from digitizer.api.access import Reader
from digitizer.api.metrics import Metrics
from digitizer.api.shapes import ID, DocumentId, problem_responses
from digitizer.errors import Busy, DigitizerError, TooMany
from digitizer.ledger.api_keys import ApiKey
from digitizer.ledger.client_documents import OVER, IntakeProgress
from digitizer.service import Service

log = logging.getLogger(__name__)
router = APIRouter(prefix="/v1/documents", tags=["documents"])

_LOOK_S = 1.0
#: a line now and then, so that proxies and we notice who is gone
_ALIVE_S = 15.0
#: ids asked for in one query
_MOST_IDS = 500
#: milliseconds a client waits before it reconnects
_RETRY_MS = 3_000


@dataclass(eq=False, slots=True)
class Stream:
    """One open stream. Holds only the newest state, so a slow reader costs nothing."""

    document: str
    key: str
    newest: IntakeProgress | None = None
    over: bool = False
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def tell(self, progress: IntakeProgress) -> None:
        """Puts the newest state in place of the one before."""
        if progress != self.newest:
            self.newest = progress
            self.changed.set()


class Streams:
    """All open streams of a server process, and the task that feeds them while there are any."""

    def __init__(self, service: Service, metrics: Metrics) -> None:
        self.service, self.metrics = service, metrics
        self._open: set[Stream] = set()
        self._by_key: Counter[str] = Counter()
        self._feeder: asyncio.Task[None] | None = None

    def open(self, document: str, key: ApiKey) -> Stream:
        """A new stream. Raises Busy, TooMany at the limits."""
        options = self.service.settings.api
        if self._by_key[key.id] >= min(key.limits.get("streams", options.streams_per_key), options.streams):
            raise TooMany("too many event streams of this key", limit=options.streams_per_key, retry_after_s=10)
        if len(self._open) >= options.streams:
            raise Busy("too many event streams", limit=options.streams, retry_after_s=10)
        stream = Stream(document, key.id)
        self._open.add(stream)
        self._by_key[key.id] += 1
        self.metrics.streams.set(len(self._open))
        if self._feeder is None or self._feeder.done():
            self._feeder = asyncio.create_task(self._feed())
        return stream

    def close(self, stream: Stream) -> None:
        """Forgets a stream. Harmless when repeated."""
        if stream in self._open:
            self._open.discard(stream)
            self._by_key[stream.key] -= 1
            self.metrics.streams.set(len(self._open))

    def end(self) -> None:
        """Ends every stream: the server is going."""
        for stream in self._open:
            stream.over = True
            stream.changed.set()

    async def _feed(self) -> None:
        while self._open:
            try:
                await self._look()
            except DigitizerError as exc:
                log.warning("no progress to tell", extra={"action": "streams", "code": exc.code})
            except Exception:
                log.exception("no progress to tell", extra={"action": "streams"})
            await asyncio.sleep(_LOOK_S)

    async def _look(self) -> None:
        streams = list(self._open)
        ids = sorted({stream.document for stream in streams})
        found: dict[str, IntakeProgress] = {}
        for first in range(0, len(ids), _MOST_IDS):
            found |= await run_in_threadpool(self.service.client_documents.progress, ids[first : first + _MOST_IDS])
        valid = await run_in_threadpool(self.service.api_keys.active, {stream.key for stream in streams})
        for stream in streams:
            if stream.document in found and stream.key in valid:
                stream.tell(found[stream.document])
            else:
                stream.over = True
                stream.changed.set()


async def events(streams: Streams, stream: Stream) -> AsyncIterator[bytes]:
    """The body of a stream: `progress` at every change, `done` when it will not change by itself any more."""
    number, end = 0, time.monotonic() + streams.service.settings.api.stream_s
    try:
        yield f"retry: {_RETRY_MS}\n\n".encode()
        while not stream.over and time.monotonic() < end:
            try:
                async with asyncio.timeout(_ALIVE_S):
                    await stream.changed.wait()
            except TimeoutError:
                yield b": alive\n\n"
                continue
            stream.changed.clear()
            if stream.newest is not None and not stream.over:
                number += 1
                yield _event(number, stream.document, stream.newest)
                stream.over = stream.newest.state in OVER
    finally:
        streams.close(stream)


def _event(number: int, document: str, progress: IntakeProgress) -> bytes:
    kind = "done" if progress.state in OVER else "progress"
    pages = {"read": progress.read, "total": progress.pages}
    data = json.dumps({"id": document, "state": progress.state.value, "pages": pages})
    return f"id: {number}\nevent: {kind}\ndata: {data}\n\n".encode()


#: of one event
_SCHEMA = {
    "type": "object",
    "required": ["id", "event", "data"],
    "properties": {
        "id": {"type": "string"},
        "event": {"enum": ["progress", "done"]},
        "data": {"type": "string", "contentMediaType": "application/json", "description": "`id`, `state`, `pages`."},
    },
}
_SAMPLE = f'id: 1\nevent: progress\ndata: {{"id": "{ID}", "state": "RUNNING", "pages": {{"read": 3, "total": 16}}}}\n\n'


@router.get(
    "/{id}/events",
    operation_id="followDocument",
    response_class=Response,
    responses={
        **problem_responses(404),
        200: {"description": "Events.", "content": {"text/event-stream": {"schema": _SCHEMA, "example": _SAMPLE}}},
    },
)
async def follow(request: Request, key: Reader, id: DocumentId) -> Response:
    """Progress as server-sent events: `progress` at every change, then `done`, after which the stream ends.

    Each event holds the whole state, so a client that reconnects has missed nothing.
    """
    guard.note(request.scope, document=id)
    streams: Streams = request.app.state.streams
    await run_in_threadpool(streams.service.client_documents.watch, key, id)
    body = events(streams, streams.open(id, key))
    return StreamingResponse(body, media_type="text/event-stream", headers={"x-accel-buffering": "no"})

"""What stands before every request: limits on size and pace, headers, one log line, numbers.

`Guard` is plain ASGI, so that it sees bodies pass and buffers none of them.
"""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
import time
from collections.abc import Callable
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from digitizer.api import problems
from digitizer.api.metrics import Metrics
from digitizer.errors import Busy, DigitizerError, TooLarge, TooSlow
from digitizer.settings import ApiOptions

log = logging.getLogger(__name__)

#: paths whose bodies are files, not forms
UPLOADS = re.compile(r"/v1/documents|/(v1/upload-sessions|station/uploads)/[^/]+/documents/[^/]+/pages/\d+")
_HEADERS = {
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "x-frame-options": "DENY",
}
#: what the log says when the client was gone before it was answered (nginx's number)
CLIENT_GONE = 499


class ClientGone(Exception):
    """The client hung up before its request was whole."""


class Guard:
    """The outermost ASGI application."""

    def __init__(self, app: ASGIApp, options: ApiOptions, metrics: Metrics) -> None:
        self.app, self.options, self.metrics = app, options, metrics
        self.uploads = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        call = _Call(self, scope, receive, send)
        upload = scope["method"] in ("POST", "PUT") and UPLOADS.fullmatch(scope["path"]) is not None
        self.uploads += upload
        self.metrics.uploads.set(self.uploads)
        try:
            if upload and self.uploads > self.options.uploads:
                await call.refuse(Busy("too many uploads at once", retry_after_s=2))
            else:
                await call.run(self.options.body_bytes if upload else self.options.form_bytes)
        finally:
            self.uploads -= upload
            self.metrics.uploads.set(self.uploads)
            call.note()


class _Call:
    """One request on its way through."""

    def __init__(self, guard: Guard, scope: Scope, receive: Receive, send: Send) -> None:
        self.guard, self.scope, self._receive, self._send = guard, scope, receive, send
        self.options, self.headers = guard.options, Headers(scope=scope)
        self.began = time.monotonic()
        self.got, self.most, self.whole, self.status = 0, 0, False, 0
        #: what the layers inside find out about the request
        self.known: dict[str, Any] = {"request": secrets.token_hex(8), "slowed": 0.0}
        scope["digitizer"] = self.known

    async def run(self, most: int) -> None:
        self.most = most
        try:
            declared = self.headers.get("content-length", "0")
            if declared.isdigit() and int(declared) > most:
                raise TooLarge("the body is too long", limit=most)
            await self.guard.app(self.scope, self.receive, self.send)
        except DigitizerError as exc:
            await self.refuse(exc)
        except ClientGone:
            self.status = CLIENT_GONE
        except Exception as exc:
            if isinstance(exc, ExceptionGroup) and exc.split(ClientGone)[1] is None:
                self.status = CLIENT_GONE
                return
            log.exception("unexpected", extra={"action": "error", "request": self.known["request"]})
            await self.refuse(DigitizerError())

    async def refuse(self, error: DigitizerError) -> None:
        if self.status == 0:
            problems.note_code(self.scope, error.code)
            answer = problems.response(error, self.headers, self.known["request"])
            await answer(self.scope, self.receive, self.send)

    async def receive(self) -> Message:
        if self.whole:
            return await self._receive()
        try:
            async with asyncio.timeout(self.options.pause_s):
                message = await self._receive()
        except TimeoutError:
            raise TooSlow("the body stopped coming") from None
        if message["type"] == "http.disconnect":
            raise ClientGone
        self.got += len(message.get("body", b""))
        self.guard.metrics.received.inc(len(message.get("body", b"")))
        self.whole = not message.get("more_body", False)
        if self.got > self.most:
            raise TooLarge("the body is too long", limit=self.most)
        # what we spent writing it away is not the client's slowness
        spent = time.monotonic() - self.began - self.known["slowed"]
        if not self.whole and spent > self.options.pause_s and self.got < spent * self.options.slowest_bytes_s:
            raise TooSlow("the body comes too slowly")
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
            headers["x-request-id"] = self.known["request"]
            if self.scope["scheme"] == "https":
                headers["strict-transport-security"] = "max-age=31536000"
        try:
            async with asyncio.timeout(self.options.pause_s):
                await self._send(message)
        except TimeoutError:
            raise ClientGone from None

    def note(self) -> None:
        spent = time.monotonic() - self.began
        route = self.scope.get("route")
        operation = getattr(route, "operation_id", None) or getattr(route, "name", None) or "none"
        self.guard.metrics.requests.labels(operation, str(self.status)).inc()
        self.guard.metrics.seconds.labels(operation).observe(spent)
        if "code" in self.known:
            self.guard.metrics.refused.labels(self.known["code"]).inc()
        facts = {"operation": operation, "status": self.status, "bytes": self.got, "ms": round(spent * 1000, 1)}
        known = {name: self.known.get(name) for name in ("request", "client", "document", "code")}
        log.info("%s %s", self.scope["method"], operation, extra={"action": "http", **facts, **known})


def slowed(scope: Scope, seconds: float) -> None:
    """Tells the guard that `seconds` of a body's time were ours, not the client's."""
    scope["digitizer"]["slowed"] += seconds


def note(scope: Scope, **facts: str) -> None:
    """Adds `client`, `document` or `code` to the log line of a request."""
    scope["digitizer"].update(facts)


Clock = Callable[[], float]


class Bucket:
    """A token bucket (leaky, `per_minute` requests a minute, bursts of a tenth of it)."""

    def __init__(self, per_minute: int, clock: Clock = time.monotonic) -> None:
        self.rate, self.most, self.clock = per_minute / 60, max(1.0, per_minute / 10), clock
        self.left, self.at = self.most, clock()

    def take(self) -> float:
        """0 when there was a token, else the seconds until there is one."""
        now = self.clock()
        self.left, self.at = min(self.most, self.left + (now - self.at) * self.rate), now
        if self.left >= 1:
            self.left -= 1
            return 0.0
        return (1 - self.left) / self.rate

"""Errors as problem documents (RFC 9457): a code, a status, a sentence that says what to do. No data of a person, no trace."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, MutableMapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from digitizer.errors import DigitizerError, NotAllowed, NotFound, NotKnown
from digitizer.messages import catalogue

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
INVALID = "invalid_request"
#: facts a stranger may see
_PUBLIC = ("limit", "state", "retry_after_s", "kind", "page", "bytes", "missing", "document")
#: statuses the framework raises by itself -> our codes
_BY_STATUS = {401: NotKnown.code, 403: NotAllowed.code, 404: NotFound.code, 405: "method_not_allowed", 413: "too_large"}


def language(headers: Mapping[str, str]) -> str:
    """English when the client asks for it before Vietnamese."""
    wanted = [part.partition(";")[0].strip().lower()[:2] for part in headers.get("accept-language", "").split(",")]
    return next((lang for lang in wanted if lang in ("vi", "en")), "vi")


def document(
    code: str, status: int, *, lang: str = "vi", request_id: str = "", facts: Mapping[str, Any] | None = None, **more: Any
) -> dict[str, Any]:
    """A problem document."""
    known = catalogue(lang)
    shown = {name: value for name, value in (facts or {}).items() if name in _PUBLIC}
    return {
        "type": f"urn:digitizer:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": known.get(code, known["internal"]).replace("{file}", "…"),
        "code": code,
        **({"instance": f"urn:digitizer:request:{request_id}"} if request_id else {}),
        **shown,
        **more,
    }


def raw(code: str, status: int) -> bytes:
    """A whole HTTP/1.1 answer, for connections that never became a request."""
    body = json.dumps(document(code, status), ensure_ascii=False).encode()
    head = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\ncontent-type: {MEDIA_TYPE}\r\ncontent-length: {len(body)}\r\n"
    return head.encode() + b"connection: close\r\n\r\n" + body


def response(error: DigitizerError, headers: Mapping[str, str], request_id: str) -> Response:
    """The answer to a request that ended in `error`."""
    body = document(error.code, error.http_status, lang=language(headers), request_id=request_id, facts=error.facts)
    extra = {}
    if error.http_status in (429, 503):
        extra["retry-after"] = str(error.facts.get("retry_after_s", 5))
    if error.http_status == 401:
        extra["www-authenticate"] = 'Bearer realm="digitizer"'
    return JSONResponse(body, error.http_status, extra, MEDIA_TYPE)


def invalid(request: Request, errors: Sequence[Mapping[str, Any]]) -> Response:
    """422 with the place of each fault. What was sent is never repeated."""
    found = [{"where": ".".join(str(part) for part in e["loc"]), "problem": str(e["type"])} for e in errors]
    body = document(INVALID, 422, lang=language(request.headers), request_id=request_id(request), errors=found)
    return JSONResponse(body, 422, media_type=MEDIA_TYPE)


def request_id(request: Request) -> str:
    """The id the guard gave this request."""
    return str(request.scope.get("digitizer", {}).get("request", ""))


def _methods(app: FastAPI, path: str) -> set[str]:
    """All methods a path answers to. The framework names those of one route only."""
    known = app.openapi()["paths"]
    return {
        method.upper() for template, operations in known.items() if compile_path(template)[0].match(path) for method in operations
    }


def note_code(scope: MutableMapping[str, Any], code: str) -> None:
    """Tells the guard why a request is refused, for its log line and its metrics."""
    scope.setdefault("digitizer", {})["code"] = code


def install(app: FastAPI) -> None:
    """Has every error of `app` end as a problem document."""

    async def ours(request: Request, exc: Exception) -> Response:
        assert isinstance(exc, DigitizerError)
        note_code(request.scope, exc.code)
        if isinstance(exc, NotAllowed):
            await run_in_threadpool(
                app.state.service.client_documents.note_refusal, request.state.key, request.scope["route"].operation_id
            )
        if exc.http_status >= 500:
            log.error(exc.code, extra={"action": "error", "code": exc.code, "kind": type(exc).__name__})
        return response(exc, request.headers, request_id(request))

    async def validation(request: Request, exc: Exception) -> Response:
        assert isinstance(exc, RequestValidationError)
        note_code(request.scope, INVALID)
        return invalid(request, exc.errors())

    async def http(request: Request, exc: Exception) -> Response:
        assert isinstance(exc, HTTPException)
        # the framework wraps what reading a body raises
        if isinstance(exc.__cause__, DigitizerError):
            note_code(request.scope, exc.__cause__.code)
            return response(exc.__cause__, request.headers, request_id(request))
        code = _BY_STATUS.get(exc.status_code, "usage" if exc.status_code < 500 else "internal")
        note_code(request.scope, code)
        body = document(code, exc.status_code, lang=language(request.headers), request_id=request_id(request))
        headers = {name.lower(): value for name, value in (exc.headers or {}).items()}
        if exc.status_code == 405:
            headers["allow"] = ", ".join(sorted(_methods(app, request.url.path)))
        return JSONResponse(body, exc.status_code, headers, MEDIA_TYPE)

    app.add_exception_handler(DigitizerError, ours)
    app.add_exception_handler(RequestValidationError, validation)
    app.add_exception_handler(HTTPException, http)

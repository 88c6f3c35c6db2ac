"""Errors as pages for a person, and as problem documents for a script of ours."""

from __future__ import annotations

import json
import logging
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from digitizer.api import problems
from digitizer.api.problems import language
from digitizer.errors import DigitizerError, NotFound, NotKnown, ServiceError, UsageError
from digitizer.messages import catalogue, station_text
from digitizer.station.access import PREFIX, MustChangePassword
from digitizer.station.rendering import page

log = logging.getLogger(__name__)


def wants_page(request: Request) -> bool:
    """Whether a person's browser asks, not a script of ours."""
    return "text/html" in request.headers.get("accept", "")


def answer(request: Request, error: DigitizerError) -> Response:
    """What a person or a script is told of an error."""
    problems.note_code(request.scope, error.code)
    if isinstance(error, NotKnown) and request.method == "GET" and wants_page(request):
        # the path only: what is asked for stands in forms, never in an address
        return RedirectResponse(f"{PREFIX}/login?next={quote(request.url.path)}", 303)
    if not wants_page(request):
        body = problems.document(
            error.code, error.http_status, lang=language(request.headers), request_id=problems.request_id(request),
            facts=error.facts,
        )  # fmt: skip
        body["detail"] = said(error, language(request.headers))
        return Response(json.dumps(body, ensure_ascii=False), error.http_status, _headers(error), problems.MEDIA_TYPE)
    shown = page(
        request,
        "failure.html",
        error.http_status,
        sentence=said(error, language(request.headers)),
        again=isinstance(error, ServiceError),
        request_id=problems.request_id(request),
    )
    shown.headers.update(_headers(error))
    return shown


def said(error: DigitizerError, lang: str) -> str:
    """The sentence of an error with its facts."""
    known = catalogue(lang)
    # what the catalogue says of API keys is of no use to a person
    of_pages = station_text(lang).get(f"error_{error.code}") if error.sentence == error.code else None
    if of_pages is not None:
        return of_pages
    return known.get(error.sentence, known.get(error.code, known["internal"])).format_map(_Dots(error.facts))


def _headers(error: DigitizerError) -> dict[str, str]:
    return {"retry-after": str(error.facts.get("retry_after_s", 5))} if error.http_status in (429, 503) else {}


class _Dots(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "…"


def install(app: FastAPI) -> None:
    """Has every error of the station end so."""

    async def ours(request: Request, exc: Exception) -> Response:
        assert isinstance(exc, DigitizerError)
        if exc.http_status >= 500:
            log.error(exc.code, extra={"action": "error", "code": exc.code, "kind": type(exc).__name__})
        return answer(request, exc)

    async def validation(request: Request, exc: Exception) -> Response:
        assert isinstance(exc, RequestValidationError)
        return answer(request, UsageError("the form is incomplete", sentence="form_incomplete"))

    async def http(request: Request, exc: Exception) -> Response:
        assert isinstance(exc, HTTPException)
        if isinstance(exc.__cause__, DigitizerError):
            return answer(request, exc.__cause__)
        if exc.status_code >= 500:
            return answer(request, DigitizerError())
        return answer(request, NotFound("there is no such page", sentence="no_such_page"))

    async def password(request: Request, exc: Exception) -> Response:
        assert isinstance(exc, MustChangePassword)
        return RedirectResponse(f"{PREFIX}/password", 303)

    async def unexpected(request: Request, exc: Exception) -> Response:
        # the guard around all writes the log line: the exception goes on to it
        return answer(request, DigitizerError())

    app.add_exception_handler(DigitizerError, ours)
    app.add_exception_handler(RequestValidationError, validation)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(MustChangePassword, password)
    app.add_exception_handler(Exception, unexpected)

"""Logging in and out: by name and password, by a one-time link, and the password's change."""

from __future__ import annotations

import hmac
import secrets
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse

from digitizer.api.problems import language
from digitizer.api.server import is_loopback
from digitizer.errors import NotAllowed, NotKnown, TooMany, UsageError
from digitizer.ledger.accounts import Session
from digitizer.passwords import FEWEST_LETTERS, MOST_LETTERS
from digitizer.service import Service
from digitizer.service.accounts import Login
from digitizer.station.access import CSRF_FIELD, PREFIX, Visitor, cookie_name, is_secure
from digitizer.station.failures import said, wants_page
from digitizer.station.rendering import page

router = APIRouter()

#: cookie that shows a login form was ours
_FORM_COOKIE = "digitizer_form"
#: where a person lands who wanted nothing in particular
HOME = f"{PREFIX}/"

Text = Annotated[str, Form(max_length=MOST_LETTERS)]


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


def wanted_page(address: str) -> str:
    """A page of ours that somebody wanted before the login, else the home page. Nobody is led to another site."""
    ours = address.startswith(HOME) and not set(address) & set("\\?#\r\n") and "//" not in address
    return address if ours and not address.startswith(f"{PREFIX}/log") else HOME


@router.get("/login", name="login_page")
def login_page(request: Request, next: str = HOME) -> Response:
    """The form."""
    return _form(request, wanted=wanted_page(next))


def _form(request: Request, *, wanted: str, status: int = 200, sentence: str = "", name: str = "") -> Response:
    given = request.cookies.get(_FORM_COOKIE) or secrets.token_urlsafe(32)
    shown = page(
        request, "login.html", status, wanted=wanted, sentence=sentence, name=name, form_token=given,
        openid=_service(request).settings.openid.name if _service(request).settings.openid.issuer else "",
    )  # fmt: skip
    secure = is_secure(request)
    shown.set_cookie(_FORM_COOKIE, given, path=PREFIX, httponly=True, samesite="strict", secure=secure)
    return shown


@router.post("/login", name="log_in")
def log_in(
    request: Request, name: Text, password: Text, csrf: Annotated[str, Form()] = "", next: Annotated[str, Form()] = HOME
) -> Response:
    """Opens a session. A page whose session ended asks by script, and gets the new form token."""
    wanted = wanted_page(next)
    if wants_page(request) and not hmac.compare_digest(request.cookies.get(_FORM_COOKIE, "-").encode(), csrf.encode()):
        return _form(request, wanted=wanted, status=403, sentence="stale_form", name=name)
    address = request.client.host if request.client else ""
    try:
        opened = _service(request).accounts.log_in(name, password, address=address)
    except (NotKnown, TooMany) as exc:
        if not wants_page(request):
            raise
        answer = _form(request, wanted=wanted, status=exc.http_status, sentence=said(exc, language(request.headers)), name=name)
        if isinstance(exc, TooMany):
            answer.headers["retry-after"] = str(exc.facts["retry_after_s"])
        return answer
    if not wants_page(request):
        return with_cookie(request, JSONResponse({CSRF_FIELD: opened.session.csrf, "name": opened.session.account.name}), opened)
    return with_cookie(request, RedirectResponse(wanted, 303), opened)


def with_cookie(request: Request, answer: Response, opened: Login) -> Response:
    """`answer` with the cookie of a new session. It ends with the browser, or with the session."""
    secure = is_secure(request)
    # Lax: whoever comes back from an OpenID provider, or by a bookmark, brings it along. Changes need a form token besides
    answer.set_cookie(cookie_name(request), opened.token, path="/", httponly=True, samesite="lax", secure=secure)
    return answer


@router.get("/link/{token}", name="use_link")
def use_link(request: Request, token: str) -> Response:
    """Opens a session by a one-time link. Links work on the machine they were made on only."""
    if request.client is None or not is_loopback(request.client.host):
        raise NotAllowed("links work on this machine only", sentence="link_elsewhere")
    return with_cookie(request, RedirectResponse(HOME, 303), _service(request).accounts.use_link(token))


@router.get("/session", name="session_state")
def session_state(visitor: Visitor) -> Response:
    """For a page that waits: whose session the browser has now, and its form token."""
    return JSONResponse({CSRF_FIELD: visitor.session.csrf, "name": visitor.account.name})


@router.post("/logout", name="log_out")
def log_out(request: Request, visitor: Visitor) -> Response:
    """Ends the session."""
    _service(request).accounts.log_out(visitor.session)
    answer = RedirectResponse(f"{PREFIX}/login", 303)
    answer.delete_cookie(cookie_name(request), path="/", secure=is_secure(request), httponly=True, samesite="lax")
    return answer


@router.get("/password", name="password_page")
def password_page(request: Request, visitor: Visitor) -> Response:
    """The form for a new password."""
    return _password_form(request, visitor.session)


def _password_form(request: Request, session: Session, *, status: int = 200, sentence: str = "") -> Response:
    return page(
        request, "password.html", status, sentence=sentence, letters=FEWEST_LETTERS, must=session.account.must_change,
        has_password=session.account.password is not None,
    )  # fmt: skip


@router.post("/password", name="change_password")
def change_password(request: Request, visitor: Visitor, old: Text, new: Text, again: Text) -> Response:
    """Puts a person's own password in place."""
    try:
        if new != again:
            raise UsageError("the two new passwords differ", sentence="passwords_differ")
        _service(request).accounts.change_password(visitor.session, old, new)
    except UsageError as exc:
        return _password_form(request, visitor.session, status=exc.http_status, sentence=said(exc, language(request.headers)))
    return RedirectResponse(HOME, 303)

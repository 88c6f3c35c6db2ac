"""Who may open which page. RIGHTS is the one table. Every route asks it before anything else runs.

A handler that needs the person takes `visitor: Visitor`. `visitor.scopes` are the agencies for which the person has one of the
roles that the route asks for. A use case gets them and finds nothing outside of them.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from digitizer import dossiers
from digitizer.api import guard
from digitizer.errors import NotAllowed, NotFound, NotKnown
from digitizer.ledger.accounts import Account, Role, Session
from digitizer.service import Service

#: where the station is mounted
PREFIX = "/station"
#: field of a form, and header of a script, that show the request comes from a page of ours
CSRF_FIELD, CSRF_HEADER = "csrf", "x-csrf-token"
_SAFE = ("GET", "HEAD", "OPTIONS")
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")

KEYER, CHECKER, APPROVER, MANAGER, AUDITOR = Role.KEYER, Role.CHECKER, Role.APPROVER, Role.MANAGER, Role.AUDITOR
Rights = frozenset[Role]
#: no login needed
NOBODY: Rights = frozenset()
#: whoever is logged in
EVERYBODY: Rights = frozenset(Role)

#: name of a route -> roles that may use it, for the agencies for which a person has them
RIGHTS: Mapping[str, Rights] = {
    "static_file": NOBODY,
    "login_page": NOBODY,
    "log_in": NOBODY,
    "use_link": NOBODY,
    "openid_login": NOBODY,
    "openid_back": NOBODY,
    "session_state": EVERYBODY,
    "log_out": EVERYBODY,
    "password_page": EVERYBODY,
    "change_password": EVERYBODY,
    "home_page": EVERYBODY,
    "upload_page": frozenset({KEYER, MANAGER}),
    "open_upload": frozenset({KEYER, MANAGER}),
    "upload_state": frozenset({KEYER, MANAGER}),
    "put_upload": frozenset({KEYER, MANAGER}),
    "complete_upload": frozenset({KEYER, MANAGER}),
    "arrivals_page": EVERYBODY,
    "books_page": EVERYBODY,
    "books_csv": EVERYBODY,
    "figures_page": frozenset({MANAGER, AUDITOR}),
    "figures_csv": frozenset({MANAGER, AUDITOR}),
    "lacking_page": frozenset({MANAGER, AUDITOR, APPROVER, KEYER}),
    "lacking_csv": frozenset({MANAGER, AUDITOR, APPROVER, KEYER}),
    "deliveries_page": frozenset({MANAGER, AUDITOR, APPROVER}),
    "deliveries_csv": frozenset({MANAGER, AUDITOR, APPROVER}),
    "replay_deliveries": frozenset({MANAGER, APPROVER}),
    "status_page": frozenset({MANAGER, AUDITOR}),
    "failed_csv": frozenset({MANAGER, AUDITOR}),
    "records_page": frozenset({KEYER, CHECKER, APPROVER, AUDITOR}),
    "search_records": frozenset({KEYER, CHECKER, APPROVER, AUDITOR}),
    "next_record": frozenset({KEYER, CHECKER, APPROVER}),
    "record_page": frozenset({KEYER, CHECKER, APPROVER, AUDITOR}),
    "check_record": frozenset({KEYER, CHECKER}),
    "save_record": frozenset({KEYER, CHECKER}),
    "approve_record": frozenset({APPROVER}),
    "reject_record": frozenset({APPROVER}),
    "hold_record": frozenset({KEYER, CHECKER, APPROVER}),
    "record_history": frozenset({KEYER, CHECKER, APPROVER, AUDITOR}),
    "column_page": frozenset({KEYER, CHECKER}),
    "confirm_column": frozenset({KEYER, CHECKER}),
    "picture_address": frozenset({KEYER, CHECKER, APPROVER, AUDITOR}),
    "picture_info": frozenset({KEYER, CHECKER, APPROVER, AUDITOR}),
    "picture": frozenset({KEYER, CHECKER, APPROVER, AUDITOR}),
    "manifest": frozenset({KEYER, CHECKER, APPROVER, AUDITOR}),
    "users_page": frozenset({MANAGER}),
    "add_user": frozenset({MANAGER}),
    "change_user": frozenset({MANAGER}),
}
#: routes open to somebody who must change the password first
_BEFORE_PASSWORD = ("static_file", "session_state", "log_out", "password_page", "change_password")


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who asks, and for which agencies the route is theirs."""

    account: Account
    session: Session
    scopes: tuple[str, ...]

    @property
    def id(self) -> str:
        """The account."""
        return self.account.id

    @property
    def client(self) -> str:
        """Whose uploads these are."""
        return f"person:{self.account.id}"

    @property
    def actor(self) -> str:
        """What intakes and events carry."""
        return self.account.name

    @property
    def agencies(self) -> Sequence[str]:
        """As `scopes`. With it a person is a `Caller` of the use cases that systems outside use too."""
        return self.scopes

    @property
    def limits(self) -> Mapping[str, int]:
        """Those of the settings."""
        return {}

    def covers(self, agency: str | None) -> bool:
        """Whether the route is theirs for an agency. What belongs to no agency is for those who have all."""
        return dossiers.covers(self.scopes, agency)

    def see(self, agency: str | None) -> None:
        """Raises NotFound where the route is not theirs for an agency: what is there is not told."""
        if not self.covers(agency):
            raise NotFound()


class MustChangePassword(Exception):
    """The person logged in with a password somebody else knows."""


def is_secure(request: Request) -> bool:
    """Whether the browser speaks TLS, to us or to a proxy before us."""
    return request.url.scheme == "https" or _service(request).settings.station.public_url.startswith("https:")


def cookie_name(request: Request) -> str:
    """Name of the session's cookie. Under TLS browsers tie a `__Host-` cookie to this very host."""
    return "__Host-digitizer" if is_secure(request) else "digitizer_session"


async def visitor(request: Request) -> Person | None:
    """The person, checked against RIGHTS. None on pages that need no login.

    Raises NotKnown, NotAllowed, MustChangePassword, LedgerDown.
    """
    name = request.scope["route"].name
    rights = RIGHTS[name]
    if request.method not in _SAFE:
        _same_origin(request)
    if rights == NOBODY:
        return None
    session = await session_of(request)
    if session is None:
        raise NotKnown("nobody is logged in", sentence="not_logged_in")
    account = session.account
    guard.note(request.scope, client=account.name)
    request.state.person = Person(account=account, session=session, scopes=account.scopes(rights))
    if request.method not in _SAFE:
        await _check_csrf(request, session)
    if not request.state.person.scopes and rights != EVERYBODY:
        await run_in_threadpool(_service(request).accounts.note_refusal, account, name)
        raise NotAllowed("no role for this page", sentence="page_not_allowed")
    # whoever came by another way never uses the first password
    if account.must_change and session.how == "password" and name not in _BEFORE_PASSWORD:
        raise MustChangePassword()
    person: Person = request.state.person
    return person


async def session_of(request: Request) -> Session | None:
    """The open session of the browser that asks. Raises LedgerDown."""
    token = request.cookies.get(cookie_name(request), "")
    return await run_in_threadpool(_service(request).accounts.session, token) if token else None


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


def _same_origin(request: Request) -> None:
    """Raises NotAllowed for a form that another site sends. Browsers say where it comes from."""
    origin = request.headers.get("origin")
    foreign = origin is not None and urlsplit(origin).netloc != request.headers.get("host")
    if foreign or request.headers.get("sec-fetch-site") in ("cross-site", "same-site"):
        raise NotAllowed("the request comes from another site", sentence="foreign_form")


async def _check_csrf(request: Request, session: Session) -> None:
    """Raises NotAllowed for a change that no page of this session asks for."""
    given = request.headers.get(CSRF_HEADER)
    if given is None and request.headers.get("content-type", "").partition(";")[0] in _FORMS:
        given = str((await request.form()).get(CSRF_FIELD, ""))
    if not hmac.compare_digest((given or "").encode(), session.csrf.encode()):
        raise NotAllowed("the form is of an earlier login", sentence="stale_form")


def _known(person: Annotated[Person | None, Depends(visitor)]) -> Person:
    if person is None:
        raise NotKnown("nobody is logged in", sentence="not_logged_in")
    return person


#: a handler's parameter: the person who asks
Visitor = Annotated[Person, Depends(_known)]


def check(routes: Sequence[BaseRoute]) -> None:
    """Raises ValueError unless RIGHTS names exactly these routes, each once."""
    names = [route.name for route in routes if isinstance(route, Route)]
    wrong = set(names) ^ set(RIGHTS) | {name for name in names if names.count(name) > 1}
    if wrong or len(names) < len(routes):
        raise ValueError(f"routes and table of rights differ: {sorted(wrong)}")


def may_open(account: Account, name: str) -> bool:
    """Whether a link to a route is of use to somebody."""
    rights = RIGHTS[name]
    return rights in (NOBODY, EVERYBODY) or bool(account.scopes(rights))


class PageHeaders:
    """Plain ASGI around the station: what browsers may do with its pages."""

    #: pages load nothing but what this server gives, and run no script but ours
    POLICY = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""

        async def with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers: Any = MutableHeaders(scope=message)
                headers.setdefault("content-security-policy", self.POLICY)
                headers.setdefault("permissions-policy", "camera=(), microphone=(), geolocation=()")
                headers.setdefault("cross-origin-opener-policy", "same-origin")
                # with `no-referrer` browsers would not say that a form comes from a page of ours
                headers.setdefault("referrer-policy", "same-origin")
            await send(message)

        await self.app(scope, receive, with_policy)

"""Accounts of an agency and those below it, for its manager."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Form, Request, Response

from digitizer.api.problems import language
from digitizer.errors import NotFound, UsageError
from digitizer.ledger.accounts import Account, Grant, Role
from digitizer.service import Service
from digitizer.station.access import Person, Visitor
from digitizer.station.failures import said
from digitizer.station.rendering import page

router = APIRouter()

Short = Annotated[str, Form(max_length=80)]


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


@router.get("/users", name="users_page")
def users_page(request: Request, visitor: Visitor) -> Response:
    """The accounts, and a form for a new one."""
    _service(request).audit.looked(visitor, "accounts")
    return _page(request, visitor)


def _page(
    request: Request, visitor: Person, *, status: int = 200, sentence: str = "", made: tuple[str, str] | None = None
) -> Response:
    return page(
        request, "users.html", status, accounts=_service(request).accounts.below(visitor.scopes), roles=list(Role),
        scopes=visitor.scopes, sentence=sentence, made=made,
    )  # fmt: skip


@router.post("/users", name="add_user")
def add_user(
    request: Request, visitor: Visitor, name: Short, full_name: Short, agency: Short,
    roles: Annotated[list[Role], Form()], external: Annotated[str, Form(max_length=255)] = "",
) -> Response:  # fmt: skip
    """Makes an account and shows its first password, this once."""
    grants = [Grant(role=role, agency=agency.strip()) for role in roles]
    try:
        visitor.see(agency.strip())
        account, password = _service(request).accounts.add(
            name.strip(), full_name=full_name, grants=grants, by=visitor.actor, external=external.strip() or None
        )
    except NotFound:
        wrong = UsageError("not an agency of yours", sentence="agency_not_yours", agency=agency)
        return _page(request, visitor, status=wrong.http_status, sentence=said(wrong, language(request.headers)))
    except UsageError as exc:
        return _page(request, visitor, status=exc.http_status, sentence=said(exc, language(request.headers)))
    return _page(request, visitor, made=(account.name, password))


@router.post("/users/{account}", name="change_user")
def change_user(
    request: Request, visitor: Visitor, account: str, what: Annotated[Literal["disable", "enable", "password"], Form()]
) -> Response:
    """Closes an account, opens it again, or gives it a new first password."""
    accounts, name = _service(request).accounts, _theirs(request, visitor, account).name
    if what == "password":
        return _page(request, visitor, made=(name, accounts.new_password(name, by=visitor.actor)))
    if what == "disable" and name == visitor.account.name:
        own = UsageError("nobody closes the own account", sentence="own_account")
        return _page(request, visitor, status=own.http_status, sentence=said(own, language(request.headers)))
    (accounts.disable if what == "disable" else accounts.enable)(name, by=visitor.actor)
    return _page(request, visitor)


def _theirs(request: Request, visitor: Person, account_id: str) -> Account:
    """The account, which the manager keeps. Raises NotFound."""
    found = [one for one in _service(request).accounts.below(visitor.scopes) if one.id == account_id]
    if not found:
        raise NotFound()
    return found[0]

"""Every route of the station with nobody, with every role, and with a role for a foreign agency."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from starlette.routing import Mount, Route

from digitizer.ledger import events
from digitizer.ledger.accounts import Role
from digitizer.service import Service
from digitizer.station import ROUTERS, access, station
from tests.station.conftest import AGENCY, FOREIGN, Browser, person
from tests.station.page_files import file_with_a_page

ROUTES = [route for router in ROUTERS for route in router.routes if isinstance(route, Route)]
#: what stands in for `{name}` in the address of a route, where it belongs to no agency
PARAMETERS = {
    "version": "x",
    "name": "station.css",
    "token": "x",
    "document": "1",
    "number": "1",
    "region": "full",
    "size": "max",
    "rotation": "0",
    "kind": "jpg",
    "paper": "0",
    "place": "0",
}
#: what a route needs besides its address, so that nothing but the agency can refuse it: form fields, or the body itself
BODIES: dict[str, dict[str, str] | bytes] = {"change_user": {"what": "disable"}, "put_upload": b"x"}
#: what a script sends, as JSON
SENT = {
    "check_record": {"revision": 1, "values": {}},
    "save_record": {"revision": 1, "values": {}},
    "approve_record": {"revision": 1},
    "reject_record": {"revision": 1, "reason": "x"},
    "confirm_column": {"field": "so", "cells": {"nothing/0/0": 1}},
}


def names_in(route: Route) -> set[str]:
    """The parameters of a route's address."""
    return set(re.findall(r"\{(\w+)", route.path))


def address_of(route: Route, things: dict[str, str]) -> str:
    """The address of a route about `things`."""
    values = {"upload": "0" * 32, **PARAMETERS, **things}
    return access.PREFIX + re.sub(r"\{(\w+)(?::\w+)?\}", lambda match: values.get(match[1], "nothing"), route.path)


def calls() -> list[tuple[str, str, str]]:
    """(route, method, address about nothing that is there)."""
    return [(route.name, method, address_of(route, {})) for route in ROUTES for method in sorted(route.methods or ())]


def test_the_table_names_every_route_and_no_other() -> None:
    assert {route.name for route in ROUTES} == set(access.RIGHTS)
    assert all(isinstance(route, Route) for router in ROUTERS for route in router.routes)


def test_a_route_that_the_table_does_not_name_starts_no_server(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    forgotten = APIRouter()
    forgotten.get("/forgotten", name="forgotten")(lambda: None)
    monkeypatch.setattr("digitizer.station.ROUTERS", (*ROUTERS, forgotten))
    with pytest.raises(ValueError, match="forgotten"):
        station(service)


def test_nobody_gets_in_without_a_login(browse: Callable[..., Browser]) -> None:
    browser = browse()
    for name, method, address in calls():
        answer = browser.request(method, address, headers={"accept": "application/json"})
        if access.RIGHTS[name] == access.NOBODY:
            assert answer.status_code not in (500, 503), name
        else:
            assert answer.status_code == 401, name
            assert answer.json()["code"] == "not_known"


@pytest.mark.parametrize("role", list(Role))
def test_a_role_opens_its_routes_and_no_others(browse: Callable[..., Browser], role: Role) -> None:
    browser = browse("hoa", (role, AGENCY))
    for name, method, address in calls():
        if name == "log_out":
            continue
        answer = browser.request(
            method, address, headers={"accept": "application/json", "x-csrf-token": browser.csrf}, follow_redirects=False
        )
        rights = access.RIGHTS[name]
        allowed = rights == access.NOBODY or role in rights
        assert (answer.status_code == 403) == (not allowed), (name, answer.status_code, answer.text)
        assert answer.status_code < 500, name


@pytest.fixture
def foreign(service: Service, browse: Callable[..., Browser]) -> dict[str, str]:
    """Things of a foreign agency, by the parameter that names them in an address. A new kind of thing is added here."""
    owner = browse("xa", (Role.KEYER, FOREIGN))
    new = {"path": "a.jpg", "agency": FOREIGN, "pages": [{"sha256": "0" * 64, "bytes": 1}]}
    headers = {"accept": "application/json", "x-csrf-token": owner.csrf}
    upload = owner.post("/station/uploads", json=new, headers=headers).json()["id"]
    intake = file_with_a_page(service, FOREIGN)
    return {
        "account": service.accounts.named("xa").id,
        "upload": upload,
        "intake_id": intake.id,
        "identifier": f"{intake.id}.p0",
        "bundle": intake.bundle,
    }


def test_a_thing_of_a_foreign_agency_is_not_there_for_any_role(
    browse: Callable[..., Browser], foreign: dict[str, str], service: Service
) -> None:
    everything = browse("hoa", *((role, AGENCY) for role in Role))
    named = [route for route in ROUTES if names_in(route) - set(PARAMETERS)]
    assert {name for route in named for name in names_in(route)} <= {*foreign, *PARAMETERS}, "name a foreign thing in `foreign`"
    for route in named:
        for method in sorted(route.methods or ()):
            body = BODIES.get(route.name, {})
            given: dict[str, Any] = {"content": body} if isinstance(body, bytes) else {"data": body}
            given = {"json": SENT[route.name]} if route.name in SENT else given
            headers = {"accept": "application/json", "x-csrf-token": everything.csrf}
            answer = everything.request(method, address_of(route, foreign), headers=headers, **(given if method != "GET" else {}))
            assert answer.status_code == 404, (route.name, answer.status_code, answer.text)
    assert service.accounts.named("xa").disabled_at is None


def test_a_change_without_the_form_token_of_the_session_is_refused(browse: Callable[..., Browser]) -> None:
    browser = browse("hoa", *((role, AGENCY) for role in Role))
    changes = [(name, address) for name, method, address in calls() if method == "POST" and access.RIGHTS[name] != access.NOBODY]
    assert changes
    for _, address in changes:
        for headers in ({}, {"x-csrf-token": "x" * 43}):
            assert browser.post(address, headers={"accept": "application/json", **headers}).status_code == 403


def test_a_change_that_another_site_sends_is_refused(browse: Callable[..., Browser]) -> None:
    browser = browse("hoa", (Role.MANAGER, AGENCY))
    for foreign in ({"origin": "http://evil.example"}, {"sec-fetch-site": "cross-site"}, {"origin": "null"}):
        answer = browser.post("/station/logout", data={"csrf": browser.csrf}, headers=foreign)
        assert answer.status_code == 403
    assert browser.get("/station/").status_code == 200


def test_a_person_sees_the_menu_of_the_own_roles(browse: Callable[..., Browser]) -> None:
    assert "/station/users" in browse("mai", (Role.MANAGER, AGENCY)).get("/station/").text
    assert "/station/users" not in browse("hoa", (Role.KEYER, AGENCY)).get("/station/").text


def test_a_refusal_is_an_event(browse: Callable[..., Browser], service: Service) -> None:
    browser = browse("hoa", (Role.KEYER, AGENCY))
    assert browser.get("/station/users").status_code == 403
    refused = [event for event in events_of(service, "hoa") if event["action"] == "refused_access"]
    assert [event["detail"] for event in refused] == [{"operation": "users_page"}]


def events_of(service: Service, name: str) -> list[dict]:  # type: ignore[type-arg]
    with service.context.ledger.read() as tx:
        return events.history(tx, service.accounts.named(name).id)


def test_a_manager_keeps_the_accounts_of_the_own_agencies_only(browse: Callable[..., Browser], service: Service) -> None:
    manager = browse("mai", (Role.MANAGER, "H60.127"))
    person(service, "inside", (Role.KEYER, AGENCY))
    person(service, "outside", (Role.KEYER, FOREIGN))
    person(service, "both", (Role.KEYER, AGENCY), (Role.KEYER, FOREIGN))
    shown = manager.get("/station/users").text
    assert "inside" in shown
    assert "outside" not in shown
    assert "both" not in shown
    for name, status in (("inside", 200), ("outside", 404), ("both", 404)):
        account = service.accounts.named(name)
        assert manager.submit(f"/station/users/{account.id}", what="disable").status_code == status
        assert (service.accounts.named(name).disabled_at is not None) == (status == 200)
    made = manager.submit("/station/users", name="new", full_name="Mới", agency=FOREIGN, roles=["keyer"])
    assert made.status_code == 400
    assert [account.name for account in service.accounts.find()] == ["both", "inside", "mai", "outside"]
    made = manager.submit("/station/users", name="new", full_name="Mới", agency=AGENCY, roles=["keyer", "checker"])
    assert made.status_code == 200
    assert service.accounts.named("new").may([Role.CHECKER], AGENCY)


def test_headers_keep_pages_from_caches_frames_and_foreign_scripts(browse: Callable[..., Browser], app: FastAPI) -> None:
    browser = browse("hoa", (Role.KEYER, AGENCY))
    for address in ("/station/", "/station/password", "/station/nothing"):
        answer = browser.get(address)
        policy = answer.headers["content-security-policy"]
        assert "unsafe" not in policy
        assert "default-src 'none'" in policy
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-frame-options"] == "DENY"
        assert "<script>" not in answer.text
        assert " style=" not in answer.text
        assert " onclick" not in answer.text
    assert any(isinstance(route, Mount) and route.path == access.PREFIX for route in app.routes)

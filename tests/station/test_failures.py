"""What people see when something breaks, and what stored text of strangers may do to a page: nothing."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from digitizer.errors import LedgerDown
from digitizer.ledger.accounts import Role
from digitizer.service import Service, Submission
from digitizer.station import access
from tests.conftest import SAMPLES
from tests.station.conftest import AGENCY, Browser
from tests.station.test_access import ROUTES

SCAN = (SAMPLES / "birth_extract" / "birth_extract_01.jpg").read_bytes()
#: a name that closes what it stands in, one that turns the direction of writing, and one that is very long
HOSTILE = (
    '"><script>alert(1)</script><img src=x onerror=alert(1)>',
    "'};alert(1);//{{7*7}}${7*7}.jpg",
    "\u202egpj.exe\u2066 \u200fngười \u2069",
    "Ngh" + "ễ" * 5000 + ".jpg",
)
EVERY_ROLE = tuple((role, AGENCY) for role in Role)
#: pages without a parameter
PAGES = [
    access.PREFIX + route.path
    for route in ROUTES
    if "GET" in (route.methods or ()) and "{" not in route.path and "openid" not in route.path
]


def submit(service: Service, name: str, content: bytes = SCAN) -> str:
    with service.context.files.scratch() as folder:
        (folder / "file").write_bytes(content + name.encode())
        return service.submissions.receive([folder / "file"], name, Submission(actor="test", agency=AGENCY))[0].id


def test_text_of_strangers_is_shown_and_does_nothing(browse: Callable[..., Browser], service: Service) -> None:
    for name in HOSTILE:
        submit(service, name)
    browser = browse("hoa", *EVERY_ROLE)
    found = 0
    for address in PAGES:
        shown = browser.get(address).text
        found += "&lt;script&gt;alert(1)" in shown
        for bad in ("<script>alert", "<img src=x", "\u202e", "\u2066", "\u200f"):
            assert bad not in shown, (address, bad)
        assert "49.jpg" not in shown
    assert found


def test_the_ledger_away_is_said_and_comes_back(
    browse: Callable[..., Browser], service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = browse("hoa", *EVERY_ROLE)

    @contextmanager
    def away(*_: Any) -> Iterator[Any]:
        raise LedgerDown("ledger: OperationalError")
        yield

    with monkeypatch.context() as patch:
        for name in ("begin", "read"):
            patch.setattr(service.context.ledger, name, away)
        for address in PAGES:
            if address.startswith("/station/login"):
                continue
            answer = browser.get(address)
            assert answer.status_code == 503, address
            assert answer.headers["retry-after"]
            assert "Sổ cái" in answer.text or "sổ cái" in answer.text
        assert browser.submit("/station/deliveries").status_code == 503
        script = browser.get("/station/books", headers={"accept": "application/json"})
        assert (script.status_code, script.json()["code"]) == (503, "ledger_down")
    assert browser.get("/station/books").status_code == 200


def test_a_mistake_of_ours_is_said_without_its_trace(
    browse: Callable[..., Browser], service: Service, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    browser = browse("hoa", *EVERY_ROLE)

    def broken(*_: Any) -> None:
        raise RuntimeError("Nguyễn Văn A")

    monkeypatch.setattr(service.book_check, "progress", broken)
    answer = browser.get("/station/books")
    assert answer.status_code == 500
    assert "RuntimeError" not in answer.text
    assert "Nguyễn Văn A" not in answer.text
    assert answer.headers["x-request-id"] in answer.text


def test_addresses_hold_no_personal_data() -> None:
    """A path holds ids and codes; a query is a month, the code of an agency, book, type or field, or the page wanted at login."""
    allowed = {"number", "month", "agency", "next", "state", "code", "book", "doctype", "field"}
    for route in ROUTES:
        if "GET" in (route.methods or ()):
            queries = {
                name
                for name, parameter in inspect.signature(route.endpoint).parameters.items()
                if parameter.default is not inspect.Parameter.empty
            }
            assert queries <= allowed, (route.name, queries - allowed)


def test_a_form_that_lacks_something_is_said_and_changes_nothing(browse: Callable[..., Browser], service: Service) -> None:
    browser = browse("mai", (Role.MANAGER, AGENCY))
    for fields in ({}, {"name": "x"}, {"name": "x", "full_name": "X", "agency": AGENCY, "roles": "king"}):
        answer = browser.submit("/station/users", **fields)
        assert answer.status_code == 400
        assert "Biểu mẫu còn thiếu hoặc sai" in answer.text
    assert [account.name for account in service.accounts.find()] == ["mai"]

"""The station in process, with people who hold one role each, and browsers of theirs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI
from starlette.testclient import TestClient

from digitizer.errors import UsageError
from digitizer.ledger.accounts import Grant, Role
from digitizer.service import Service
from digitizer.settings import Settings
from digitizer.station import create

AGENCY, FOREIGN = "H60.127.03", "H60.128"
PASSWORD = "mười hai con giáp"


class Browser(TestClient):
    """A browser with the cookies of one person. `post` sends the form token along."""

    csrf = ""

    def log_in(self, name: str, password: str = PASSWORD) -> None:
        form = self.get("/station/login").text
        token = re.search(r'name="csrf" value="([^"]+)"', form)
        assert token is not None
        answer = self.post("/station/login", data={"name": name, "password": password, "csrf": token[1]})
        assert answer.status_code == 200, answer.text
        self.csrf = self.token(answer.text)

    @staticmethod
    def token(page: str) -> str:
        found = re.search(r'<meta name="csrf" content="([^"]*)"', page)
        assert found is not None
        return found[1]

    def submit(self, address: str, **fields: str | list[str]) -> Any:
        """Sends a form of a page."""
        return self.post(address, data={"csrf": self.csrf, **fields})


@pytest.fixture(scope="session", autouse=True)
def quick_hashes() -> Iterator[None]:
    """Passwords hashed by argon2id with little memory: tests hash hundreds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("digitizer.passwords._HASHER", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
        yield


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with Service.open(Settings(home=tmp_path / "home")) as opened:
        yield opened


@pytest.fixture
def app(service: Service) -> FastAPI:
    return create(service)


def person(service: Service, name: str, *grants: tuple[Role, str]) -> str:
    """An account with its own password. Returns its name."""
    _, first = service.accounts.add(name, full_name=f"Bà {name}", grants=[Grant(role=r, agency=a) for r, a in grants], by="test")
    login = service.accounts.log_in(name, first, address="test")
    service.accounts.change_password(login.session, first, PASSWORD)
    return name


@pytest.fixture
def browse(app: FastAPI, service: Service) -> Iterator[Callable[..., Browser]]:
    """`browse("hoa", (Role.KEYER, AGENCY))` is the browser of a person with these roles. Without a name nobody is logged in."""
    opened: list[Browser] = []

    def open_browser(name: str = "", *grants: tuple[Role, str], client: tuple[str, int] = ("127.0.0.1", 50_000)) -> Browser:
        browser = Browser(app, base_url="http://localhost", headers={"accept": "text/html"}, client=client)
        opened.append(browser)
        if name:
            try:
                person(service, name, *grants)
            except UsageError:
                assert not grants
            browser.log_in(name)
        return browser

    yield open_browser
    for browser in opened:
        browser.close()

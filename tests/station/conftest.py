"""The station in process, with people who hold one role each and browsers of theirs; and a real server with Chromium."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI
from playwright.sync_api import Page
from starlette.testclient import TestClient

from digitizer.errors import UsageError
from digitizer.ledger import accounts
from digitizer.ledger.accounts import Grant, Role
from digitizer.service import Service
from digitizer.settings import Settings
from digitizer.station import create
from tests.api.conftest import serving

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
def service(fresh_home: Path) -> Iterator[Service]:
    with Service.open(Settings(home=fresh_home)) as opened:
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


@dataclass(frozen=True)
class Running:
    """A server in a process of its own, and who may log in."""

    url: str
    home: Path

    def person(self, name: str, *grants: tuple[Role, str]) -> str:
        with Service.open(Settings(home=self.home)) as service:
            if not any(account.name == name for account in service.accounts.find()):
                person(service, name, *grants)
        return name

    def end_sessions(self) -> None:
        """What a night does to the session of a browser that was left open."""
        with Service.open(Settings(home=self.home)) as service, service.context.ledger.begin() as tx:
            for account in service.accounts.find():
                accounts.end_sessions(tx, account.id)


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    home = tmp_path_factory.mktemp("station")
    with serving(home) as server:
        yield Running(url=server.url, home=home)


@pytest.fixture(scope="session")
def base_url(running: Running) -> str:
    """Where Chromium finds the server."""
    return running.url


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Debian's Chromium. Playwright brings none."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("no chromium on this machine (Debian: apt-get install chromium)")
    return {**browser_type_launch_args, "executable_path": chromium, "args": ["--no-sandbox"]}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """The screen and the language of an office."""
    return {**browser_context_args, "viewport": {"width": 1366, "height": 768}, "locale": "vi-VN"}


@pytest.fixture
def enter(page: Page, running: Running) -> Callable[..., Page]:
    """`enter("hoa", (Role.KEYER, AGENCY))` logs a person in, in Chromium."""

    def log_in(name: str, *grants: tuple[Role, str]) -> Page:
        running.person(name, *grants)
        page.set_default_timeout(15_000)
        page.goto(f"{running.url}/station/login")
        page.fill("input[name=name]", name)
        page.fill("input[name=password]", PASSWORD)
        page.press("input[name=password]", "Enter")
        page.wait_for_url("**/station/")
        return page

    return log_in


@pytest.fixture
def picture(request: pytest.FixtureRequest, page: Page, tmp_path: Path) -> Callable[[str], None]:
    """`picture("books")` takes a picture of the page, for the docs where `--pictures docs/pictures` says so."""
    folder = request.config.getoption("--pictures") or tmp_path

    def take(name: str) -> None:
        page.screenshot(path=folder / f"{name}.png")

    return take

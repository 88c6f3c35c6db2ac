"""Logging in with an OpenID Connect provider: a real one for tests, which this test starts."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from digitizer.errors import ConfigError, NotKnown, ServiceError
from digitizer.ledger.accounts import Grant, Role
from digitizer.openid import Begun, Provider
from digitizer.service import Service
from digitizer.settings import OpenIdOptions, Settings
from digitizer.station import create
from tests.station.conftest import AGENCY, Browser

BACK = "http://localhost/station/login/openid/back"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """A running provider whose users are `hoa@…` and whoever logs in."""
    address = f"http://127.0.0.1:{(port := free_port())}"
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port), "--require-nonce", "true"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(100):
            try:
                issuer = httpx.get(f"{address}/.well-known/openid-configuration").json()["issuer"]
                break
            except httpx.HTTPError:
                assert process.poll() is None
                time.sleep(0.1)
        yield str(issuer)
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture
def service(tmp_path: Path, issuer: str) -> Iterator[Service]:
    openid = OpenIdOptions.model_validate({"issuer": issuer, "client_id": "digitizer", "client_secret": "s", "name": "Cổng tỉnh"})
    with Service.open(Settings(home=tmp_path / "home", openid=openid)) as opened:
        yield opened


@pytest.fixture
def caller(service: Service) -> Iterator[Browser]:
    with Browser(create(service), base_url="http://localhost", headers={"accept": "text/html"}) as opened:
        yield opened


def at_the_provider(address: str, subject: str) -> str:
    """Logs in at the provider as `subject`. Returns where it sends the caller."""
    answer = httpx.post(address, data={"sub": subject})
    assert answer.status_code in (302, 303), answer.text
    return answer.headers["location"]


def went(caller: Browser, subject: str) -> str:
    """Presses the button and logs in at the provider. Returns the way back, without the host."""
    begun = caller.get("/station/login/openid?next=/station/password", follow_redirects=False)
    assert begun.status_code == 303
    back = at_the_provider(begun.headers["location"], subject)
    assert back.startswith(BACK)
    return back.removeprefix("http://localhost")


def test_a_person_the_provider_vouches_for_gets_in(caller: Browser, service: Service) -> None:
    service.accounts.add(
        "hoa", full_name="Hoa", grants=[Grant(role=Role.KEYER, agency=AGENCY)], by="test", external="hoa@tinh.example"
    )
    assert "Cổng tỉnh" in caller.get("/station/login").text
    back = went(caller, "hoa@tinh.example")
    answer = caller.get(back)
    assert answer.url.path == "/station/password"
    # the same answer a second time, and in another browser
    assert caller.get(back, headers={"accept": "application/json"}).status_code == 401


def test_the_first_password_need_not_be_changed_by_who_never_uses_it(caller: Browser, service: Service) -> None:
    service.accounts.add(
        "hoa", full_name="Hoa", grants=[Grant(role=Role.KEYER, agency=AGENCY)], by="test", external="hoa@tinh.example"
    )
    caller.get(went(caller, "hoa@tinh.example"))
    assert caller.get("/station/").url.path == "/station/"


def test_a_person_without_an_account_stays_outside(caller: Browser, service: Service) -> None:
    answer = caller.get(went(caller, "stranger@tinh.example"))
    assert answer.status_code == 403
    assert caller.get("/station/").url.path == "/station/login"


def test_an_answer_that_another_browser_began_is_refused(caller: Browser, service: Service) -> None:
    service.accounts.add("hoa", full_name="Hoa", grants=[], by="test", external="hoa@tinh.example")
    back = went(caller, "hoa@tinh.example")
    with Browser(caller.app, base_url="http://localhost", headers={"accept": "application/json"}) as other:
        assert other.get(back).status_code == 401
        other.get("/station/login/openid", follow_redirects=False)
        assert other.get(back).status_code == 401
    forged = re.sub(r"state=[^&]+", "state=made-up", back)
    assert caller.get(forged, headers={"accept": "application/json"}).status_code == 401


def test_a_token_for_somebody_else_or_an_earlier_login_is_refused(issuer: str) -> None:
    def code(provider: Provider, begun: Begun) -> str:
        back = at_the_provider(provider.address(begun, back=BACK), "hoa")
        return parse_qs(urlsplit(back).query)["code"][0]

    provider = Provider(OpenIdOptions.model_validate({"issuer": issuer, "client_id": "digitizer", "client_secret": "s"}))
    begun = provider.begin()
    assert provider.who(begun, code=code(provider, begun), state=begun.state, back=BACK) == "hoa"
    begun = provider.begin()
    good = code(provider, begun)
    with pytest.raises(NotKnown):
        provider.who(replace(begun, nonce="x" * 32), code=good, state=begun.state, back=BACK)
    foreign = Provider(provider.options.changed(client_id="another"))
    begun = provider.begin()
    with pytest.raises(NotKnown):
        foreign.who(begun, code=code(provider, begun), state=begun.state, back=BACK)


def test_an_address_that_is_not_verified_says_nothing_of_a_person(issuer: str) -> None:
    provider = Provider(
        OpenIdOptions.model_validate({"issuer": issuer, "client_id": "d", "client_secret": "s", "claim": "email"})
    )
    begun = provider.begin()
    back = at_the_provider(provider.address(begun, back=BACK), "hoa@tinh.example")
    with pytest.raises(NotKnown):
        provider.who(begun, code=parse_qs(urlsplit(back).query)["code"][0], state=begun.state, back=BACK)


def test_without_a_provider_there_is_no_such_page(tmp_path: Path) -> None:
    with (
        Service.open(Settings(home=tmp_path / "home")) as service,
        Browser(create(service), base_url="http://localhost", headers={"accept": "text/html"}) as caller,
    ):
        assert caller.get("/station/login/openid").status_code == 404
        assert "openid" not in caller.get("/station/login").text


def test_a_provider_that_is_away_or_speaks_in_clear_is_said() -> None:
    away = Provider(OpenIdOptions(issuer=f"http://127.0.0.1:{free_port()}", client_id="digitizer"))
    with pytest.raises(ServiceError):
        away.address(away.begin(), back=BACK)
    clear = Provider(OpenIdOptions(issuer="http://sso.example.gov.vn", client_id="digitizer"))
    with pytest.raises(ConfigError):
        clear.address(clear.begin(), back=BACK)

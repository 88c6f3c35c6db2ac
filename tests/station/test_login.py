"""Getting in and out: passwords, waits, one-time links, sessions that end."""

from __future__ import annotations

import hashlib
import time
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from digitizer.errors import NotKnown, TooMany
from digitizer.ledger import accounts
from digitizer.ledger.accounts import Grant, Role
from digitizer.service import Service
from digitizer.service.accounts import FREE_OF_NAME, LINK_S
from tests.station.conftest import AGENCY, PASSWORD, Browser, person

KEYER = (Role.KEYER, AGENCY)


@pytest.fixture
def now(service: Service) -> list[float]:
    """The clock of the accounts: `now[0]`."""
    moment = [time.time()]
    service.accounts.clock = lambda: moment[0]
    return moment


def test_a_cookie_is_out_of_reach_of_scripts_and_other_sites(browse: Callable[..., Browser], service: Service) -> None:
    person(service, "hoa", KEYER)
    browser = browse()
    form = browser.get("/station/login")
    token = browser.cookies["digitizer_form"]
    answer = browser.post("/station/login", data={"name": "hoa", "password": PASSWORD, "csrf": token}, follow_redirects=False)
    assert form.status_code == 200
    assert answer.status_code == 303
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Secure" not in cookie
    browser.base_url = "https://localhost"
    browser.get("/station/login")
    answer = browser.post(
        "/station/login",
        data={"name": "hoa", "password": PASSWORD, "csrf": browser.cookies.get("digitizer_form", path="/station") or token},
        follow_redirects=False,
    )
    assert answer.headers["set-cookie"].startswith("__Host-digitizer=")
    assert "Secure" in answer.headers["set-cookie"]


def test_a_first_password_has_to_be_changed_before_anything_else(browse: Callable[..., Browser], service: Service) -> None:
    _, first = service.accounts.add("hoa", full_name="Hoa", grants=[Grant(role=KEYER[0], agency=KEYER[1])], by="test")
    browser = browse()
    browser.csrf = ""
    browser.log_in("hoa", first)
    assert browser.get("/station/").url.path == "/station/password"
    for new, again in (
        ("ngắn", "ngắn"),
        ("hoa mười hai con giáp", "hoa mười hai con giáp"),
        (PASSWORD, PASSWORD + "x"),
        (first, first),
    ):
        assert browser.submit("/station/password", old=first, new=new, again=again).status_code == 400
    assert browser.submit("/station/password", old="no", new=PASSWORD, again=PASSWORD).status_code == 400
    assert browser.submit("/station/password", old=first, new=PASSWORD, again=PASSWORD).url.path == "/station/"
    assert browser.get("/station/").url.path == "/station/"


def test_a_password_is_the_same_however_the_keyboard_composes_it(service: Service) -> None:
    person(service, "hoa", KEYER)
    service.accounts.log_in("HOA", unicodedata.normalize("NFD", PASSWORD), address="a")


def wait_of(service: Service, name: str) -> int:
    """Seconds a name has to wait, asked for without trying a password."""
    with service.context.ledger.read() as tx:
        noted = accounts.tries(tx, [hashlib.sha256(f"name {name}".encode()).hexdigest()])
    return round(max(tries.wait_until for tries in noted.values()) - service.accounts.clock())


def test_wrong_passwords_are_slowed_down_and_a_right_one_starts_anew(service: Service, now: list[float]) -> None:
    person(service, "hoa", KEYER)
    waits = []
    for _ in range(FREE_OF_NAME + 4):
        with pytest.raises(NotKnown):
            service.accounts.log_in("hoa", "wrong", address="a")
        waits.append(wait_of(service, "hoa"))
        now[0] += waits[-1]
    assert waits == [0, 0, 0, 2, 4, 8, 16]
    service.accounts.log_in("hoa", PASSWORD, address="a")
    for _ in range(FREE_OF_NAME):
        with pytest.raises(NotKnown):
            service.accounts.log_in("hoa", "wrong", address="a")


def test_many_tries_at_once_gain_nothing(service: Service, now: list[float]) -> None:
    person(service, "hoa", KEYER)

    def attempt(n: int) -> str:
        try:
            service.accounts.log_in("hoa", f"guess {n}", address=f"a{n}")
        except (NotKnown, TooMany) as exc:
            return type(exc).__name__
        return "in"

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(attempt, range(12)))
    assert found.count("NotKnown") == FREE_OF_NAME + 1
    assert found.count("TooMany") == 12 - FREE_OF_NAME - 1


def test_an_unknown_name_is_told_and_slowed_down_like_a_known_one(service: Service, now: list[float]) -> None:
    person(service, "hoa", KEYER)
    said = {}
    for name in ("hoa", "nobody"):
        found = []
        for _ in range(FREE_OF_NAME + 3):
            with pytest.raises((NotKnown, TooMany)) as caught:
                service.accounts.log_in(name, "wrong", address=f"of {name}")
            found.append((type(caught.value), caught.value.sentence, dict(caught.value.facts)))
        said[name] = found
    assert said["hoa"] == said["nobody"]


def test_the_form_says_what_was_wrong_and_keeps_the_name(browse: Callable[..., Browser], service: Service) -> None:
    person(service, "hoa", KEYER)
    browser = browse()
    browser.get("/station/login")
    token = browser.cookies["digitizer_form"]
    answer = browser.post("/station/login", data={"name": "hoa", "password": "wrong", "csrf": token})
    assert answer.status_code == 401
    assert 'value="hoa"' in answer.text
    assert "không đúng" in answer.text
    assert "wrong" not in answer.text.replace('class="wrong"', "")
    foreign = browser.post("/station/login", data={"name": "hoa", "password": PASSWORD, "csrf": "made up"})
    assert foreign.status_code == 403


def test_a_session_ends_when_it_idles_when_it_is_old_and_by_logout(
    browse: Callable[..., Browser], service: Service, now: list[float]
) -> None:
    options = service.settings.station
    browser = browse("hoa", KEYER)
    for _ in range(3):
        now[0] += options.idle_minutes * 60 - 5
        assert browser.get("/station/").url.path == "/station/"
    now[0] += options.idle_minutes * 60 + 5
    assert browser.get("/station/password").url == "http://localhost/station/login?next=/station/password"
    browser.log_in("hoa")
    began = now[0]
    while now[0] - began < options.session_hours * 3600:
        now[0] += options.idle_minutes * 60 - 5
        answer = browser.get("/station/")
    assert answer.url.path == "/station/login"
    browser.log_in("hoa")
    browser.submit("/station/logout")
    assert browser.get("/station/").url.path == "/station/login"


def test_a_closed_account_and_a_new_password_end_open_sessions(browse: Callable[..., Browser], service: Service) -> None:
    browser = browse("hoa", KEYER)
    other = browse("hoa")
    assert browser.submit("/station/password", old=PASSWORD, new=PASSWORD + "!", again=PASSWORD + "!").status_code == 200
    assert browser.get("/station/").url.path == "/station/"
    assert other.get("/station/").url.path == "/station/login"
    service.accounts.disable("hoa", by="test")
    assert browser.get("/station/").url.path == "/station/login"
    with pytest.raises(NotKnown):
        service.accounts.log_in("hoa", PASSWORD + "!", address="a")


@pytest.mark.parametrize(
    "wanted", ["//evil.example", "https://evil.example", "/station/\\evil", "/station//evil", "/v1/documents"]
)
def test_nobody_is_led_to_another_site_after_the_login(browse: Callable[..., Browser], wanted: str) -> None:
    assert 'name="next" value="/station/"' in browse().get("/station/login", params={"next": wanted}).text


def test_a_one_time_link_works_once_on_this_machine_within_its_time(
    browse: Callable[..., Browser], service: Service, now: list[float]
) -> None:
    account = service.accounts.of_this_machine("Nguyễn Văn A")
    assert account.name == "nguyen-van-a"
    assert {grant.role for grant in account.grants} == set(Role)
    token = service.accounts.make_link(account.name, by=account.name)
    assert browse(client=("10.0.0.9", 50_000)).get(f"/station/link/{token}").status_code == 403
    browser = browse()
    assert browser.get(f"/station/link/{token}").url.path == "/station/"
    assert browse().get(f"/station/link/{token}", headers={"accept": "application/json"}).status_code == 401
    late = service.accounts.make_link(account.name, by=account.name)
    now[0] += LINK_S + 1
    assert browse().get(f"/station/link/{late}", headers={"accept": "application/json"}).status_code == 401
    now[0] += service.settings.station.idle_minutes * 60
    assert browser.get("/station/").url.path == "/station/", "whoever sits at the machine does not idle out"
    assert service.accounts.of_this_machine("Nguyễn Văn A").id == account.id


def test_an_account_of_this_machine_has_no_password(service: Service) -> None:
    service.accounts.of_this_machine("hoa")
    for password in ("", "hoa", "None"):
        with pytest.raises((NotKnown, TooMany)):
            service.accounts.log_in("hoa", password, address="a")

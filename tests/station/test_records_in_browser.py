"""A birth record from the queue to its approval, in Chromium, by keyboard alone; two people; a session and a line that break."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Route, expect

from digitizer.ledger import records
from digitizer.ledger.accounts import Role
from digitizer.model import RecordState
from digitizer.service import Service, Submission
from digitizer.settings import Settings
from tests.conftest import SAMPLES
from tests.station.conftest import AGENCY, PASSWORD, Running
from tests.station.test_in_browser import no_complaints  # noqa: F401  (what the policy of a page refused fails the test)
from workers.loop import Lifetime, WorkerLoop

pytestmark = pytest.mark.slow

ALL = tuple((role, AGENCY) for role in (Role.KEYER, Role.CHECKER, Role.APPROVER))
REGISTER = SAMPLES / "birth_register"


@pytest.fixture(scope="session")
def books(running: Running, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Ids of records of a birth register, read by our own reader."""
    chosen = Settings(home=running.home)
    with Service.open(chosen) as service:
        for name in ("birth_register_01.jpg", "birth_register_04.jpg"):
            given = Submission(actor="may-quet", agency=AGENCY, book="KS/2018/01")
            service.submissions.receive([REGISTER / name], name, given)
        WorkerLoop(service, "w", Lifetime()).work_for(120)
        waiting = service.review.records(states=[RecordState.REVIEW])
        return [kept.record.id for kept in waiting if kept.doctype == "birth_register"]


def kept_of(running: Running, record_id: str) -> records.Kept:
    with Service.open(Settings(home=running.home)) as service, service.context.ledger.read() as tx:
        found = records.get(tx, record_id)
    assert found is not None
    return found


def value_of(running: Running, record_id: str, name: str) -> Any:
    return next(field.value for field in kept_of(running, record_id).record.fields if field.name == name)


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.getAttribute('name') ?? ''"))


def press_until(page: Page, key: str, name: str) -> None:
    for _ in range(80):
        if focused(page) == name:
            return
        page.keyboard.press(key)
    raise AssertionError(f"{key} never comes to {name}")


def test_a_birth_record_is_checked_and_approved_by_keyboard_alone(
    enter: Callable[..., Page], running: Running, books: list[str], picture: Callable[[str], None]
) -> None:
    page = enter("duyet", *ALL)
    page.goto(f"{running.url}/station/records?book=KS/2018/01")
    page.get_by_role("link", name="Bắt đầu kiểm tra").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#record")).to_be_visible()
    record_id = "/".join(page.url.split("/")[-3:])
    assert record_id in books
    expect(page.locator(".stage .mark")).to_be_visible()
    assert "doubt" in (page.locator(".field.current").get_attribute("class") or ""), "it begins at what is doubtful"
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.set_viewport_size({"width": 1366, "height": 768})
    page.wait_for_timeout(600)
    picture("station-record")
    # a value is taken back by Esc, a date is typed quickly, a name from the offers
    press_until(page, "Tab", "nksHoTen")
    page.keyboard.type("X")
    page.keyboard.press("Escape")
    before = page.input_value("[name=nksHoTen]")
    assert before != "X"
    press_until(page, "Tab", "nksNgaySinh")
    page.keyboard.type("07042018")
    page.keyboard.press("Tab")
    expect(page.locator("[name=nksNgaySinh]")).to_have_value("07/04/2018")
    press_until(page, "Tab", "nycHoTen")
    offered = page.locator(".field.current [data-offer]").first.get_attribute("data-offer")
    page.keyboard.press("Alt+1")
    expect(page.locator("[name=nycHoTen]")).to_have_value(offered or "")
    press_until(page, "Tab", "nycQuanHe")
    page.keyboard.press("Alt+8")
    expect(page.locator("[name=nycQuanHe]")).to_have_value("không ghi")
    for _ in range(40):
        if page.locator("#told").is_visible():
            break
        page.keyboard.press("Enter")
    page.keyboard.press("F2")
    page.keyboard.press("Control+s")
    expect(page.locator("#told")).to_contain_text("Đã lưu")
    assert value_of(running, record_id, "nksNgaySinh") == "2018-04-07"
    assert value_of(running, record_id, "nycQuanHe") == "không ghi"
    # whoever typed does not approve: another person does, with one key
    page.keyboard.press("Control+Enter")
    expect(page.locator("#told")).to_contain_text("không được tự duyệt")
    assert kept_of(running, record_id).state == RecordState.REVIEW
    page.goto(f"{running.url}/station/records")
    with Service.open(Settings(home=running.home)) as service:
        service.review_desk.leave(record_id, _Person("duyet"))
    other = enter("lanhdao", *ALL)
    other.goto(f"{running.url}/station/records/{record_id}")
    other.keyboard.press("Control+Enter")
    expect(other).not_to_have_url(f"{running.url}/station/records/{record_id}")
    assert kept_of(running, record_id).state == RecordState.READY


class _Person:
    """Just enough of a caller to put a record back."""

    id = client = ""
    agencies = ("*",)

    def __init__(self, actor: str) -> None:
        self.actor = actor
        self.limits: dict[str, int] = {}

    def covers(self, agency: str | None) -> bool:
        return True


def test_of_two_people_the_second_sees_both_values_and_chooses(
    enter: Callable[..., Page], running: Running, books: list[str]
) -> None:
    record_id = books[-1]
    page = enter("thu", (Role.KEYER, AGENCY))
    page.goto(f"{running.url}/station/records/{record_id}")
    press_until(page, "Tab", "meHoTen")
    page.keyboard.type("LÒ THỊ MÂY")
    with Service.open(Settings(home=running.home)) as service:
        service.review.correct(record_id, {"meHoTen": "LÒ THỊ MAI"}, by="nguoi.khac")
    page.keyboard.press("Control+s")
    dialog = page.locator("#differs")
    expect(dialog).to_be_visible()
    expect(dialog).to_contain_text("LÒ THỊ MAI")
    expect(dialog).to_contain_text("LÒ THỊ MÂY")
    dialog.get_by_role("button", name="Giữ của tôi").press("Enter")
    expect(page.locator("#told")).to_contain_text("Đã lưu")
    assert value_of(running, record_id, "meHoTen") == "LÒ THỊ MÂY"
    with Service.open(Settings(home=running.home)) as service:
        whole = service.review_desk.history(record_id, _Person("thu"))
    assert any("LÒ THỊ MAI" in one.changed.get("meHoTen", ("", ""))[1] for one in whole), "theirs is in the history"


def test_a_session_that_ends_and_a_line_that_breaks_while_typing_lose_nothing(
    enter: Callable[..., Page], running: Running, books: list[str]
) -> None:
    record_id = books[-1]
    page = enter("thu", (Role.KEYER, AGENCY))
    page.goto(f"{running.url}/station/records/{record_id}")
    press_until(page, "Tab", "chaHoTen")
    page.keyboard.type("LÝ VĂN BÌNH")
    running.end_sessions()
    page.keyboard.press("Control+s")
    dialog = page.locator("#relogin")
    expect(dialog).to_be_visible(timeout=20_000)
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("#told")).to_contain_text("Đã lưu", timeout=20_000)
    assert value_of(running, record_id, "chaHoTen") == "LÝ VĂN BÌNH"
    broken = 0

    def break_twice(route: Route) -> None:
        nonlocal broken
        broken += 1
        if broken <= 2:
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route("**/save", break_twice)
    press_until(page, "Tab", "chaDanToc")
    page.keyboard.type("Tày")
    page.keyboard.press("Control+s")
    expect(page.locator("#banner")).to_be_visible()
    expect(page.locator("#told")).to_contain_text("Đã lưu", timeout=20_000)
    expect(page.locator("#banner")).to_be_hidden()
    assert value_of(running, record_id, "chaDanToc") == "Tày"


def test_a_column_is_checked_by_keyboard_alone(
    enter: Callable[..., Page], running: Running, books: list[str], picture: Callable[[str], None]
) -> None:
    page = enter("cot", (Role.CHECKER, AGENCY))
    with Service.open(Settings(home=running.home)) as service:
        for record_id in books:
            for name in ("duyet", "lanhdao", "thu"):
                service.review_desk.leave(record_id, _Person(name))
    page.goto(f"{running.url}/station/column?doctype=birth_register&field=quyenSo&book=KS/2018/01")
    page.set_viewport_size({"width": 1366, "height": 768})
    count = page.locator("input[name=wrong]").count()
    assert count >= 2
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    page.wait_for_timeout(500)
    picture("station-column")
    page.keyboard.press("Space")
    expect(page.locator("li.struck")).to_have_count(1)
    struck = page.locator("li.struck input").get_attribute("value")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#told")).to_contain_text(f"Đã xác nhận {count - 1} giá trị")
    for record_id in books:
        kept = kept_of(running, record_id)
        if kept.state == RecordState.REVIEW:
            field = next(f for f in kept.record.fields if f.name == "quyenSo")
            assert (field.typed is None) == (record_id == struck)

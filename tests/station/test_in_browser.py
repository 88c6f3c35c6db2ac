"""The station in Chromium, against a real server: accessible, by keyboard, and nothing lost when line or session break."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import ConsoleMessage, Page, Route, expect
from starlette.routing import Route as StationRoute

from digitizer.ledger.accounts import Role
from digitizer.model import RecordState
from digitizer.service import Service
from digitizer.settings import Settings
from digitizer.station import ROUTERS
from digitizer.station.access import PREFIX
from tests.api.conftest import serving
from tests.conftest import SAMPLES
from tests.station.conftest import AGENCY, PASSWORD, Running
from tests.station.test_failures import HOSTILE, submit
from tests.station.test_overview import make_book
from tests.unit.service.conftest import SEPTEMBER, attached, code, listing

pytestmark = pytest.mark.slow

SCAN = SAMPLES / "birth_extract" / "birth_extract_01.jpg"
EVERY_ROLE = tuple((role, AGENCY) for role in Role)
#: pages that need nothing but a login
PAGES = [
    PREFIX + route.path
    for router in ROUTERS
    for route in router.routes
    if isinstance(route, StationRoute) and route.name.endswith("_page") and "{" not in route.path
]


@pytest.fixture(autouse=True)
def no_complaints(page: Page) -> Iterator[None]:
    """Chromium says on its console what the policy of a page refused."""
    said: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            said.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: said.append(str(error)))
    yield
    assert said == []


def test_pages_have_no_barriers_and_ask_nobody_else(enter: Callable[..., Page], running: Running) -> None:
    with Service.open(Settings(home=running.home)) as service:
        for name in HOSTILE:
            submit(service, name)
    page = enter("binh", *EVERY_ROLE)
    page.on("dialog", lambda dialog: pytest.fail(f"a script of a file's name ran: {dialog.message}"))
    asked: set[str] = set()
    page.on("request", lambda request: asked.add(request.url))
    for address in [*PAGES, f"{PREFIX}/nothing"]:
        page.goto(running.url + address)
        found = Axe().run(page)
        assert found.violations_count == 0, f"{address}: {found.generate_report()}"
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), f"{address} scrolls to the side"
    assert all(url.startswith((running.url, "blob:")) for url in asked)


def test_the_login_page_has_no_barrier(page: Page, running: Running) -> None:
    page.goto(f"{running.url}/")
    page.fill("input[name=name]", "binh")
    page.fill("input[name=password]", "wrong")
    page.press("input[name=password]", "Enter")
    expect(page.get_by_role("alert").first).to_contain_text("không đúng")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "quét"
    made.mkdir()
    for n in range(1, 4):
        (made / f"trang {n}.jpg").write_bytes(SCAN.read_bytes() + tmp_path.name.encode() + bytes([n]))
    (made / "ghi chú.txt").write_text("không phải ảnh", encoding="utf-8")
    return made


def names(running: Running) -> list[tuple[str, str | None]]:
    from datetime import UTC, datetime

    from digitizer.ledger.api_keys import ApiKey

    key = ApiKey(id="t", client="t", digest="", agencies=("*",), verbs=(), created_at="", expires_at=0.0)
    with Service.open(Settings(home=running.home)) as service:
        found = service.arrivals.since(key, datetime(2020, 1, 1, tzinfo=UTC))
    return [(one.intake.name, one.intake.book) for one in found.arrivals]


def test_a_folder_comes_in_over_a_line_that_breaks_and_a_session_that_ends(
    enter: Callable[..., Page], running: Running, folder: Path
) -> None:
    page = enter("hoa", (Role.KEYER, AGENCY))
    page.goto(f"{running.url}/station/upload")
    puts = 0

    def break_some(route: Route) -> None:
        nonlocal puts
        puts += 1
        if puts == 1:
            route.abort("connectionreset")
        elif puts == 3:
            running.end_sessions()
            route.continue_()
        else:
            route.continue_()

    page.route("**/pages/*", break_some)
    page.set_input_files("input[name=folder]", str(folder))
    expect(page.locator("#banner")).to_be_visible()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible(timeout=20_000)
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("td.done")).to_have_count(3, timeout=20_000)
    expect(page.locator("td.refused")).to_have_count(1)
    expect(page.locator("tr", has_text="ghi chú.txt")).to_contain_text("PDF, TIFF, JPEG")
    expect(page.locator("#banner")).to_be_hidden()
    assert {(f"trang {n}.jpg", None) for n in range(1, 4)} <= set(names(running))
    before = len(names(running))
    page.set_input_files("input[name=folder]", str(folder))
    expect(page.locator("td.done", has_text="đã có từ trước")).to_have_count(3, timeout=20_000)
    assert len(names(running)) == before


def test_files_chosen_again_after_the_page_was_closed_send_only_what_is_missing(
    enter: Callable[..., Page], running: Running, folder: Path
) -> None:
    page = enter("hoa", (Role.KEYER, AGENCY))

    def choose_the_book() -> None:
        page.goto(f"{running.url}/station/upload")
        page.check("input[value=book]")
        page.fill("input[name=book]", "KS/1999/07")
        page.set_input_files("input[name=files]", [str(file) for file in sorted(folder.glob("*.jpg"))])

    puts: list[str] = []

    def count(route: Route) -> None:
        puts.append(route.request.url)
        if len(puts) == 2:
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route("**/pages/*", count)
    choose_the_book()
    expect(page.locator("#banner")).to_be_visible()
    page.unroute("**/pages/*")
    page.once("dialog", lambda dialog: dialog.accept())
    again: list[str] = []
    page.on("request", lambda request: again.append(request.url) if request.method == "PUT" else None)
    choose_the_book()
    expect(page.locator("td.done")).to_have_count(1, timeout=20_000)
    assert [url.rpartition("/")[2] for url in again] == ["2", "3"]
    assert ("01", "KS/1999/07") in names(running) or any(book == "KS/1999/07" for _, book in names(running))


def test_every_hash_is_the_one_the_server_knows(enter: Callable[..., Page], running: Running) -> None:
    import hashlib
    import random

    page = enter("hoa", (Role.KEYER, AGENCY))
    page.goto(f"{running.url}/station/upload")
    chance = random.Random(1)
    for length in (0, 1, 55, 56, 63, 64, 65, 119, 120, 1000, 5_000_000):
        data = chance.randbytes(length)
        found: Any = page.evaluate(
            """([address, data]) => new Promise((done) => {
                const worker = new Worker(address), bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
                worker.onmessage = (event) => { worker.terminate(); done(event.data.sha256); };
                worker.postMessage({ id: "1", file: new Blob([bytes]) });
            })""",
            [page.get_attribute("#upload", "data-worker"), __import__("base64").b64encode(data).decode()],
        )
        assert found == hashlib.sha256(data).hexdigest(), length


def test_accounts_are_made_and_the_first_login_done_by_keyboard_alone(enter: Callable[..., Page], running: Running) -> None:
    page = enter("mai", (Role.MANAGER, AGENCY))
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.getAttribute('href')") == "/station/users":
            break
    page.keyboard.press("Enter")
    page.wait_for_url("**/station/users")
    page.locator("main input[name=name]").focus()
    page.keyboard.type("lan")
    page.keyboard.press("Tab")
    page.keyboard.type("Trần Thị Lan")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    password = page.locator(".told code").inner_text()
    page.goto(f"{running.url}/station/password")
    page.locator(".who button").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/station/login")
    expect(page.locator("input[name=name]")).to_be_focused()
    page.keyboard.type("lan")
    page.keyboard.press("Tab")
    page.keyboard.type(password)
    page.keyboard.press("Enter")
    page.wait_for_url("**/station/password")
    expect(page.locator("input[name=old]")).to_be_focused()
    for typed in (password, PASSWORD, PASSWORD):
        page.keyboard.type(typed)
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/station/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Chào Trần Thị Lan")


def test_pictures_of_the_pages(page: Page, picture: Callable[[str], None], tmp_path: Path, folder: Path) -> None:
    """The pages with something on them, as the docs show them."""
    home = tmp_path / "home"
    with Service.open(Settings(home=home)) as service:
        book = make_book(service)
        for number in range(1, 7):
            states = {RecordState.ATTACHED: 14 * (6 - number), RecordState.READY: 9, RecordState.REVIEW: 12 * number}
            book(f"KS/{1994 + number}/01", AGENCY, states, typed=7 * number, failed=number % 2)
        lines = [f"{code(n)};{AGENCY};1.001193;30/09/2026;{'30/09/2026' if n < 20 else ''}" for n in range(1, 31)]
        lines += [f"{code(n, agency='H60.127.05')};H60.127.05;1.001193;30/09/2026;" for n in range(40, 55)]
        service.indicators.import_dossiers(listing(tmp_path, *lines), by="test")
        for number in range(1, 20):
            attached(service, number, dead="attach_refused" if number % 6 == 0 else None, pending=number % 7 == 0)
        for number in (1, 2, 3, 4, 5, 8, 9, 10, 11):
            attached(service, number, "KQ01")
    with serving(home) as server:
        enter_at = Running(url=server.url, home=home)
        enter_at.person("hoa", *((role, "H60.127") for role in Role))
        page.goto(f"{server.url}/station/login")
        page.fill("input[name=name]", "hoa")
        page.fill("input[name=password]", PASSWORD)
        picture("station-login")
        page.press("input[name=password]", "Enter")
        page.wait_for_url("**/station/")
        picture("station-home")
        page.goto(f"{server.url}/station/upload")
        page.fill("input[name=agency]", AGENCY)
        page.set_input_files("input[name=folder]", str(folder))
        expect(page.locator("td.done")).to_have_count(3)
        picture("station-upload")
        for name, address in (
            ("station-books", "books"),
            ("station-figures", f"figures?month={SEPTEMBER}"),
            ("station-deliveries", "deliveries"),
            ("station-arrivals", "arrivals"),
        ):
            page.goto(f"{server.url}/station/{address}")
            assert page.locator("tbody tr").count() > 2
            found = Axe().run(page)
            assert found.violations_count == 0, f"{address}: {found.generate_report()}"
            picture(name)

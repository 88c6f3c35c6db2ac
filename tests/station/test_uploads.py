"""Files in by browser: announced, sent, resumed, refused, and seen by the person at the scanner."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import pytest

from digitizer.ledger.accounts import Role
from digitizer.model import Lane
from digitizer.service import Service, Submission
from tests.conftest import SAMPLES
from tests.station.conftest import AGENCY, FOREIGN, Browser

CODE = f"{AGENCY}-260930-0012"
SCAN = (SAMPLES / "birth_extract" / "birth_extract_01.jpg").read_bytes()
KEYER = (Role.KEYER, AGENCY)


def announce(browser: Browser, *files: bytes, path: str = "a.jpg", **about: Any) -> Any:
    pages = [{"sha256": hashlib.sha256(file).hexdigest(), "bytes": len(file)} for file in files]
    return browser.post(
        "/station/uploads", json={"path": path, "agency": AGENCY, **about, "pages": pages}, headers=script(browser)
    )


def script(browser: Browser) -> dict[str, str]:
    return {"accept": "application/json", "x-csrf-token": browser.csrf}


def put(browser: Browser, address: str, file: bytes) -> Any:
    return browser.put(address, content=file, headers={**script(browser), "content-type": "application/octet-stream"})


def submitted(service: Service, document: str) -> Any:
    from digitizer.ledger import submissions

    with service.context.ledger.read() as tx:
        return submissions.get_intake(tx, document)


def test_a_book_comes_in_file_by_file_and_goes_on_after_a_broken_line(browse: Callable[..., Browser], service: Service) -> None:
    browser = browse("hoa", KEYER)
    files = [SCAN + bytes([n]) for n in range(3)]
    state = announce(browser, *files, path="KS/1999/01", book="KS/1999/01").json()
    assert [page["page"] for page in state["missing"]] == [1, 2, 3]
    assert put(browser, state["missing"][1]["put"], files[1]).json() == {"missing": 2}
    early = browser.post(state["finish"], headers=script(browser))
    assert early.status_code == 409
    # the browser was closed; the same person goes on, after a new login
    again = browse("hoa")
    left = again.get(state["state"], headers=script(again)).json()
    assert [page["page"] for page in left["missing"]] == [1, 3]
    for page in left["missing"]:
        put(again, page["put"], files[page["page"] - 1])
    (made,) = again.post(state["finish"], headers=script(again)).json()["documents"]
    assert made["new"]
    assert again.post(state["finish"], headers=script(again)).json()["documents"] == [{"id": made["id"], "new": False}]
    intake = submitted(service, made["id"])
    assert (intake.book, intake.agency, intake.actor) == ("KS/1999/01", AGENCY, "hoa")


def test_folders_and_names_say_whose_a_file_is(browse: Callable[..., Browser], service: Service) -> None:
    browser = browse("hoa", KEYER)
    for path, dossier, component in (
        (f"{AGENCY}/dossiers/{CODE}/to-khai/x.jpg", CODE, "to-khai"),
        (f"scan/{CODE}.jpg", CODE, None),
        ("scan/x.jpg", None, None),
    ):
        file = SCAN + path.encode()
        state = announce(browser, file, path=path, counter=True).json()
        put(browser, state["missing"][0]["put"], file)
        (made,) = browser.post(state["finish"], headers=script(browser)).json()["documents"]
        intake = submitted(service, made["id"])
        assert (intake.dossier, intake.component, intake.lane) == (dossier, component, Lane.COUNTER)
        assert intake.name == path.rpartition("/")[2]


def test_what_is_no_scan_and_what_is_another_file_is_refused_with_a_sentence(browse: Callable[..., Browser]) -> None:
    browser = browse("hoa", KEYER)
    for file, sent, status in ((b"MZ\x90 program", b"MZ\x90 program", 415), (SCAN, SCAN + b"!", 422), (SCAN, b"", 422)):
        state = announce(browser, file).json()
        answer = put(browser, state["missing"][0]["put"], sent)
        assert answer.status_code == status
        assert answer.json()["detail"]
    assert announce(browser, SCAN, book="no book").status_code == 400
    assert announce(browser, SCAN, dossier="no dossier").status_code == 400


def test_nobody_uploads_for_or_into_a_foreign_agency(browse: Callable[..., Browser]) -> None:
    browser = browse("hoa", KEYER)
    assert announce(browser, SCAN, agency=FOREIGN).status_code == 403
    assert announce(browser, SCAN, agency=None, dossier=f"{FOREIGN}-260930-0012").status_code == 403
    state = announce(browser, SCAN).json()
    for other in (browse("mai", (Role.KEYER, AGENCY)), browse("lan", (Role.KEYER, FOREIGN))):
        assert other.get(state["state"], headers=script(other)).status_code == 404
        assert put(other, state["missing"][0]["put"], SCAN).status_code == 404
        assert other.post(state["finish"], headers=script(other)).status_code == 404


@pytest.fixture
def arrived(service: Service) -> Callable[..., str]:
    def submit(name: str, agency: str | None, content: bytes) -> str:
        with service.context.files.scratch() as folder:
            (folder / "file").write_bytes(content)
            return service.submissions.receive([folder / "file"], name, Submission(actor="test", agency=agency))[0].id

    return submit


def test_the_person_at_the_scanner_sees_todays_files_of_the_own_agencies(
    browse: Callable[..., Browser], arrived: Callable[..., str], service: Service
) -> None:
    arrived("<script>alert(1)</script>.jpg", AGENCY, SCAN)
    arrived("foreign.jpg", FOREIGN, SCAN)
    arrived("nobody's.jpg", None, SCAN)
    browser = browse("hoa", (Role.AUDITOR, AGENCY))
    shown = browser.get("/station/arrivals").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;.jpg" in shown
    assert "<script>alert" not in shown
    assert "foreign.jpg" not in shown
    assert "nobody" not in shown
    everything = browse("tam", (Role.AUDITOR, "*")).get("/station/arrivals").text
    assert "foreign.jpg" in everything
    assert "nobody&#39;s.jpg" in everything


def test_files_and_pages_that_could_not_be_read_have_to_be_scanned_again(
    browse: Callable[..., Browser], arrived: Callable[..., str], service: Service
) -> None:
    import sqlalchemy as sa

    from digitizer.ledger.schema import bundle, intake, page, source

    failed, partly = arrived("damaged.jpg", AGENCY, SCAN + b"1"), arrived("partly.jpg", AGENCY, SCAN + b"2")
    arrived("fine.jpg", AGENCY, SCAN + b"3")
    with service.context.ledger.begin() as tx:
        of = {row.id: row.bundle for row in tx.execute(sa.select(intake.c.id, intake.c.bundle))}
        tx.execute(sa.update(intake).where(intake.c.id == failed).values(state="FAILED"))
        tx.execute(sa.update(bundle).where(bundle.c.id == of[failed]).values(error={"code": "damaged_file", "facts": {}}))
        tx.execute(sa.update(intake).where(intake.c.id == partly).values(state="DIGITIZED"))
        sources = [row.id for row in tx.execute(sa.select(source.c.id))]
        for scan in (1, 4):
            tx.execute(sa.insert(page).values(source=_source_of(tx, of[partly]), scan=scan, engine="one", state="FAILED"))
        tx.execute(sa.insert(page).values(source=_source_of(tx, of[partly]), scan=4, engine="two", state="READ"))
        assert len(sources) == 3
    browser = browse("hoa", KEYER)
    again = browser.get("/station/arrivals", headers={"accept-language": "en"}).text.partition("Arrived today")[0]
    assert "damaged.jpg" in again
    assert "The file is damaged or cut short" in again
    assert "partly.jpg" in again
    assert "<td>2</td>" in again
    assert "fine.jpg" not in again


def _source_of(tx: Any, bundle_id: str) -> str:
    import sqlalchemy as sa

    from digitizer.ledger.schema import bundle_source

    return str(tx.execute(sa.select(bundle_source.c.source).where(bundle_source.c.bundle == bundle_id)).scalar_one())

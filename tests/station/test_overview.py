"""Seeing the whole: the same figures as the commands, of the person's agencies only, as pages and as CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from digitizer.ledger import events, records, submissions
from digitizer.ledger.accounts import Role
from digitizer.ledger.schema import bundle, intake, page, source
from digitizer.model import Intake, IntakeState, Record, RecordState, Verdict
from digitizer.service import Service
from tests.conftest import Answer
from tests.station.conftest import AGENCY, FOREIGN, Browser
from tests.unit.service.conftest import SEPTEMBER, attached, code, listing

MANAGER = (Role.MANAGER, AGENCY)


def table(answer: Any) -> list[dict[str, str]]:
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"].startswith("attachment")
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def make_book(service: Service) -> Callable[..., None]:
    """A function that makes digitized books with records in some states."""

    def make(name: str, agency: str, states: dict[RecordState, int], *, typed: int = 0, failed: int = 0) -> None:
        id = f"{agency}{name}".encode().hex().ljust(64, "0")[:64]
        with service.context.ledger.begin() as tx:
            submissions.add_source(tx, id, "k", 1)
            tx.execute(sa.update(source).where(source.c.id == id).values(pages=10))
            for scan in range(6):
                state = "FAILED" if scan < failed else "READ"
                tx.execute(sa.insert(page).values(source=id, scan=scan, engine="e", state=state))
            submissions.add_bundle(tx, id, [id])
            new = Intake(id=id, bundle=id, name=name, book=name, agency=agency, actor="t", received_at=datetime.now(UTC))
            submissions.add_intake(tx, new)
            submissions.move_intakes(tx, id, [IntakeState.RECEIVED], IntakeState.DIGITIZED, actor="t")
            number = 0
            for state, count in states.items():
                for _ in range(count):
                    one = Record(id=f"{id}/0/{number}", fields=(), verdict=Verdict.REVIEW, reasons=())
                    records.propose(tx, id, "birth_register", one, actor="t")
                    if number < typed:
                        one = replace(one, revision=2)
                        records.revise(tx, one, 1, by="hoa")
                    if state != RecordState.REVIEW:
                        records.move(tx, one.id, one.revision, [RecordState.REVIEW], state, actor="t", action="t")
                    number += 1

    return make


@pytest.fixture
def book(service: Service) -> Callable[..., None]:
    """`book("KS/1999/01", AGENCY, {RecordState.READY: 2})` is a digitized book with records in these states."""
    return make_book(service)


def test_books_show_how_far_they_have_come_as_the_command_does(
    browse: Callable[..., Browser], book: Callable[..., None], service: Service, digitizer: Callable[..., Answer]
) -> None:
    book("KS/1999/01", AGENCY, {RecordState.REVIEW: 3, RecordState.READY: 2, RecordState.ATTACHED: 1}, typed=2, failed=1)
    book("KH/2001/02", FOREIGN, {RecordState.REVIEW: 1})
    browser = browse("mai", (Role.AUDITOR, AGENCY))
    shown = browser.get("/station/books").text
    assert "KS/1999/01" in shown
    assert "KH/2001/02" not in shown
    (row,) = table(browser.get("/station/books.csv", headers={"accept-language": "en"}))
    assert row == {
        "Agency": AGENCY, "Book": "KS/1999/01", "Scans": "10", "Read": "5", "Not readable": "1", "Records": "6", "Typed": "2",
        "Waiting": "3", "Approved": "3", "Delivered": "1", "Rejected": "0",
    }  # fmt: skip
    said = json.loads(digitizer("book", "progress", "--agency", AGENCY, "--json").out)
    assert said == [asdict(one) for one in service.book_check.progress([AGENCY])]
    assert (said[0]["keyed"], said[0]["approved"], said[0]["delivered"]) == (2, 3, 1)
    assert len(json.loads(digitizer("book", "progress", "--json").out)) == 2


def test_figures_are_those_of_the_report_down_to_the_dossiers_that_lack_something(
    browse: Callable[..., Browser], service: Service, tmp_path: Path, digitizer: Callable[..., Answer]
) -> None:
    lines = [f"{code(n)};H60.127.03;1.001193;30/09/2026;{'30/09/2026' if n < 3 else ''}" for n in range(4)]
    lines.append(f"{code(9, agency=FOREIGN)};{FOREIGN};1.001193;30/09/2026;")
    service.indicators.import_dossiers(listing(tmp_path, *lines), by="test")
    for number in (0, 1):
        attached(service, number)
    browser = browse("mai", MANAGER)
    shown = browser.get(f"/station/figures?month={SEPTEMBER}").text
    assert AGENCY in shown
    assert FOREIGN not in shown
    (row,) = table(browser.get(f"/station/figures.csv?month={SEPTEMBER}", headers={"accept-language": "en"}))
    report = digitizer("report", "--month", SEPTEMBER, "--json").json["agencies"][AGENCY]
    assert row["Received"] == str(report["received"]) == "4"
    assert row["Dossier rate (%)"] == report["components_rate"] == "50.00"
    lacking = table(browser.get(f"/station/lacking.csv?month={SEPTEMBER}&agency={AGENCY}", headers={"accept-language": "en"}))
    listed = digitizer("report", "--month", SEPTEMBER, "--worklist", "--agency", AGENCY, "--json").json
    assert {(one["Dossier"], one["Component"]) for one in lacking} == {(one["dossier"], one["component"]) for one in listed}
    assert code(2) in {one["Dossier"] for one in lacking}
    assert code(9, agency=FOREIGN) not in browser.get(f"/station/lacking?month={SEPTEMBER}").text
    everything = browse("tam", (Role.AUDITOR, "*")).get(f"/station/lacking?month={SEPTEMBER}").text
    assert code(9, agency=FOREIGN) in everything
    assert browser.get("/station/figures?month=2026-13").status_code == 400


def test_a_dead_delivery_says_why_and_is_tried_again_by_who_may(browse: Callable[..., Browser], service: Service) -> None:
    dead = attached(service, 1, dead="attach_refused")
    attached(service, 2, pending=True)
    auditor = browse("thu", (Role.AUDITOR, AGENCY))
    shown = auditor.get("/station/deliveries", headers={"accept-language": "en"}).text
    assert code(1) in shown
    assert "refused" in shown
    assert "Try again" not in shown
    assert auditor.submit("/station/deliveries", delivery=dead).status_code == 403
    stranger = browse("xa", (Role.MANAGER, FOREIGN))
    assert code(1) not in stranger.get("/station/deliveries").text
    assert "0 lần gửi được thử lại" in stranger.submit("/station/deliveries", delivery=dead).text
    assert "0 lần gửi được thử lại" in stranger.submit("/station/deliveries").text
    manager = browse("mai", MANAGER)
    assert len(table(manager.get("/station/deliveries.csv"))) == 2
    assert "1 lần gửi được thử lại" in manager.submit("/station/deliveries", delivery=dead).text
    assert {one["state"] for one in service.deliveries.overview().pending} == {"PENDING"}
    with service.context.ledger.read() as tx:
        (replayed,) = [event for event in events.history(tx, dead) if event["action"] == "replayed"]
    assert replayed["actor"] == "mai"


def test_status_is_of_the_own_agencies_and_workers_are_for_who_has_all(
    browse: Callable[..., Browser], service: Service, digitizer: Callable[..., Answer]
) -> None:
    attached(service, 1)
    attached(service, 2)
    with service.context.ledger.begin() as tx:
        tx.execute(sa.update(intake).where(intake.c.id == "1-KS").values(state="FAILED", name="=HYPERLINK(1)"))
        tx.execute(
            sa.update(bundle).where(bundle.c.id == "1-KS".ljust(64, "0")).values(error={"code": "encrypted_pdf", "facts": {}})
        )
        tx.execute(sa.update(intake).where(intake.c.id == "2-KS").values(agency=FOREIGN, name="foreign.pdf"))
    browser = browse("mai", MANAGER)
    shown = browser.get("/station/status", headers={"accept-language": "en"}).text
    assert "password" in shown
    assert "foreign.pdf" not in shown
    assert "<dt>Jobs</dt>" not in shown
    (row,) = table(browser.get("/station/failed.csv", headers={"accept-language": "en"}))
    assert row["File"] == "'=HYPERLINK(1)", "no formula for a spreadsheet"
    everything = browse("tam", (Role.MANAGER, "*")).get("/station/status", headers={"accept-language": "en"}).text
    assert "<dt>Jobs</dt>" in everything
    assert "foreign.pdf" in everything
    assert digitizer("status", "--json").json["failures"] == {"encrypted_pdf": 1}


def test_every_look_is_an_event(browse: Callable[..., Browser], service: Service) -> None:
    browser = browse("mai", MANAGER)
    for address in ("books", "figures", "lacking", "deliveries", "status", "arrivals", "users"):
        assert browser.get(f"/station/{address}").status_code == 200
    with service.context.ledger.read() as tx:
        noted = {event["action"] for event in events.history(tx, service.accounts.named("mai").id)}
    assert {
        f"looked_at_{name}" for name in ("books", "figures", "lacking", "deliveries", "status", "arrivals", "accounts")
    } <= noted

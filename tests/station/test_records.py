"""The records that wait: queue, lease, values as typed, two people at once, approval, history, search."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from digitizer.ledger import events
from digitizer.ledger.accounts import Role
from digitizer.ledger.review_queue import Filter
from digitizer.model import Intake, RecordState
from digitizer.service import Service
from digitizer.service.review_desk import spelt_out
from tests.station.conftest import AGENCY, FOREIGN, Browser
from tests.station.page_files import file_with_a_page

KEYER, CHECKER, APPROVER = (Role.KEYER, AGENCY), (Role.CHECKER, AGENCY), (Role.APPROVER, AGENCY)
NOON_2026 = 1_796_126_400.0


@pytest.fixture
def intake(service: Service) -> Intake:
    return file_with_a_page(service, AGENCY)


def address(intake: Intake, more: str = "") -> str:
    return f"/station/records/{intake.bundle}/0/0{more}"


def sent(browser: Browser, intake: Intake, what: str, **body: Any) -> Any:
    headers = {"accept": "application/json", "x-csrf-token": browser.csrf}
    return browser.post(address(intake, f"/{what}"), json=body, headers=headers)


def test_the_page_shows_the_fields_in_the_order_of_the_paper_with_their_crops(
    browse: Callable[..., Browser], service: Service, intake: Intake
) -> None:
    page = browse("hoa", KEYER).get(address(intake)).text
    names = [spec.name for spec in service.doctypes["birth_extract"].fields if spec.type != "notes"]
    assert [name for name in re.findall(r'data-name="(\w+)"', page) if name in names] == names
    assert f"/station/iiif/{intake.id}.p0/" in page
    assert page.count('class="field doubt"') > page.count('class="field sure"') == 1


def test_typing_is_checked_and_nothing_is_stored(browse: Callable[..., Browser], service: Service, intake: Intake) -> None:
    browser = browse("hoa", KEYER)
    said = sent(browser, intake, "check", revision=1, values={"nksNgaySinh": "31022018"}).json()["fields"]["nksNgaySinh"]
    assert (said["text"], said["accepted"]) == ("31/02/2018", False)
    assert said["problems"]
    right = sent(browser, intake, "check", revision=1, values={"nksNgaySinh": "7/4/18"}).json()["fields"]["nksNgaySinh"]
    assert (right["text"], right["accepted"], right["problems"]) == ("07/04/2018", True, [])
    assert service.review.records()[0].record.revision == 1


@pytest.mark.parametrize(
    ("kind", "typed", "meant"),
    [
        ("date", "12081987", "12/08/1987"),
        ("date", "12/8/87", "12/08/1987"),
        ("date", "1.2.26", "01/02/2026"),
        ("date", "1.2.27", "01/02/1927"),
        ("date", "12/8/1987 AL", "12/8/1987 AL"),
        ("date", "1987", "1987"),
        ("sex", "1", "Nam"),
        ("sex", "G", "Nữ"),
        ("sex", "Nữ", "Nữ"),
        ("name", "12081987", "12081987"),
    ],
)
def test_quick_forms_are_spelt_out_and_other_text_stays(kind: str, typed: str, meant: str) -> None:
    assert spelt_out(kind, typed, NOON_2026) == meant


def test_values_are_saved_as_typed_with_their_doubts(browse: Callable[..., Browser], service: Service, intake: Intake) -> None:
    browser = browse("hoa", KEYER)
    values = {"nksHoTen": "H' Hen Niê", "nksNgaySinh": "hôm qua", "nksGioiTinh": "1", "nksDanToc": "không ghi"}
    answer = sent(browser, intake, "save", revision=1, values=values).json()
    assert answer["revision"] == 2
    assert answer["fields"]["nksHoTen"] == {"text": "H' Hen Niê", "accepted": True, "problems": []}
    assert answer["fields"]["nksNgaySinh"]["text"] == "hôm qua"
    assert answer["fields"]["nksNgaySinh"]["problems"]
    fields = {field.name: field for field in service.review.records()[0].record.fields}
    assert (fields["nksGioiTinh"].value, fields["nksDanToc"].value) == ("nam", "không ghi")
    assert fields["nksDanToc"].accepted
    assert fields["nksHoTen"].by == "hoa"


def test_the_second_of_two_people_overwrites_nothing(browse: Callable[..., Browser], service: Service, intake: Intake) -> None:
    first, second = browse("hoa", KEYER), browse("lan", KEYER)
    assert sent(first, intake, "save", revision=1, values={"nksHoTen": "LÒ THỊ MAI"}).status_code == 200
    late = sent(second, intake, "save", revision=1, values={"nksHoTen": "LÒ THỊ MÂY"})
    assert late.status_code == 409
    assert service.review.records()[0].record.fields[-1].value != "LÒ THỊ MÂY"
    approver = browse("mai", APPROVER)
    assert sent(approver, intake, "approve", revision=1).status_code == 409, "nobody approves what they did not see"


def test_a_record_is_lent_to_one_person_until_the_lease_ends(
    browse: Callable[..., Browser], service: Service, intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = browse("hoa", KEYER), browse("lan", KEYER)
    assert 'data-may-save="yes"' in first.get(address(intake)).text
    seen = second.get(address(intake)).text
    assert "hoa đang mở bản ghi này" in seen
    assert 'data-may-save=""' in seen
    assert second.get("/station/records/next", follow_redirects=False).headers["location"] == "/station/records"
    assert sent(second, intake, "hold").json() == {"holder": "hoa"}
    now = service.context.clock()
    monkeypatch.setattr(service.context, "clock", lambda: now + 301)
    assert sent(second, intake, "hold").json() == {"holder": "lan"}
    assert second.get("/station/records/next", follow_redirects=False).headers["location"] == address(intake)


def test_whoever_typed_does_not_approve_and_another_does(
    browse: Callable[..., Browser], service: Service, intake: Intake
) -> None:
    hoa = browse("hoa", KEYER, APPROVER)
    assert sent(hoa, intake, "save", revision=1, values={"nksHoTen": "LÒ THỊ MAI"}).status_code == 200
    assert sent(hoa, intake, "approve", revision=2).status_code == 403
    mai = browse("mai", APPROVER)
    assert sent(mai, intake, "approve", revision=2).json() == {"next": "/station/records"}
    assert service.review.records()[0].state == RecordState.READY


def test_a_rejection_has_a_reason_and_leaves_the_queue(browse: Callable[..., Browser], service: Service, intake: Intake) -> None:
    mai = browse("mai", APPROVER)
    assert sent(mai, intake, "reject", revision=1, reason="").status_code == 400
    assert sent(mai, intake, "reject", revision=1, reason="trang nháp").status_code == 200
    assert service.review.records()[0].state == RecordState.REFUSED
    assert intake.name not in mai.get("/station/records").text


def test_the_queue_has_the_counter_first_and_others_records_never(
    browse: Callable[..., Browser], service: Service, intake: Intake
) -> None:
    file_with_a_page(service, FOREIGN, mark=1)
    at_counter = file_with_a_page(service, AGENCY, mark=2, name="quầy.png", lane="counter")
    page = browse("hoa", KEYER).get("/station/records").text
    assert page.index("quầy.png") < page.index("so.png")
    assert page.count('<th scope="row">') == 2
    assert "tại quầy" in page
    next_one = browse("hoa").get("/station/records/next", follow_redirects=False).headers["location"]
    assert next_one == address(at_counter)


@pytest.mark.parametrize("words", ["lo thi", "15/2019", "SO.png", "lò MAL"])
def test_a_search_finds_words_without_accents_and_stands_in_no_address(
    browse: Callable[..., Browser], intake: Intake, words: str
) -> None:
    browser = browse("hoa", KEYER)
    found = browser.submit("/station/records/search", words=words)
    assert address(intake) in found.text
    assert "?" not in str(found.url)
    assert address(intake) not in browser.submit("/station/records/search", words="nguyễn").text
    assert address(intake) not in browse("xa", (Role.KEYER, FOREIGN)).submit("/station/records/search", words=words).text


def test_the_history_says_who_changed_what(browse: Callable[..., Browser], service: Service, intake: Intake) -> None:
    browser = browse("hoa", KEYER)
    sent(browser, intake, "save", revision=1, values={"nksHoTen": "LÒ THỊ MAI"})
    page = browser.get(address(intake, "/history")).text
    assert "LÒ THỊ MAL" in page
    assert "LÒ THỊ MAI" in page
    assert "Bản 2, hoa" in page
    with service.context.ledger.read() as tx:
        actions = [event["action"] for event in events.history(tx, f"{intake.bundle}/0/0")]
    assert "corrected" in actions


def test_a_look_at_a_record_is_an_event(browse: Callable[..., Browser], service: Service, intake: Intake) -> None:
    browse("hoa", KEYER).get(address(intake))
    with service.context.ledger.read() as tx:
        looked = [event for event in events.history(tx, f"{intake.bundle}/0/0") if event["action"] == "looked_at_record"]
    assert [event["actor"] for event in looked] == ["hoa"]


def test_a_column_shows_the_odd_ones_first_and_the_rest_is_confirmed_in_one_go(
    browse: Callable[..., Browser], service: Service, intake: Intake
) -> None:
    others = [file_with_a_page(service, AGENCY, mark=n, number="16/2019") for n in (1, 2, 3)]
    file_with_a_page(service, FOREIGN, mark=4)
    found = service.review_desk.column((AGENCY,), Filter(doctype="birth_extract"), "so", "hoa", limit=30)
    assert [cell.field.value for cell in found] == ["15/2019", "16/2019", "16/2019", "16/2019"]
    browser = browse("hoa", KEYER)
    service.review.correct(f"{others[2].bundle}/0/0", {"nksHoTen": "X"}, by="lan")
    said = browser.post(
        "/station/column/confirm",
        json={"field": "so", "cells": {f"{one.bundle}/0/0": 1 for one in others}},
        headers={"accept": "application/json", "x-csrf-token": browser.csrf},
    ).json()
    assert said == {"confirmed": 2, "missed": [f"{others[2].bundle}/0/0"]}
    typed = {kept.bundle: next(f.typed for f in kept.record.fields if f.name == "so") for kept in service.review.records()}
    assert [typed[one.bundle] for one in (intake, *others)] == [None, "16/2019", "16/2019", None]


def test_a_column_of_another_agency_cannot_be_confirmed(browse: Callable[..., Browser], service: Service) -> None:
    foreign = file_with_a_page(service, FOREIGN)
    browser = browse("hoa", KEYER)
    answer = browser.post(
        "/station/column/confirm",
        json={"field": "so", "cells": {f"{foreign.bundle}/0/0": 1}},
        headers={"accept": "application/json", "x-csrf-token": browser.csrf},
    )
    assert answer.status_code == 404

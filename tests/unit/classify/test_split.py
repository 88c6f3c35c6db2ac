"""Where a paper ends and the next begins in a bundle."""

from __future__ import annotations

from digitizer.classify import classify
from tests.unit.builders import OURS, page_of
from tests.unit.classify.builders import DEATHS, DECLARATION, MENU, best, types, without

SIGNATURES = page_of("Làm tại: Xuân Lập, ngày 07 tháng 11 năm 2022", "Người yêu cầu", "PHÙNG HỒNG OANH")


BLANK = page_of(blank=True)


def test_two_papers_and_a_book_lie_in_one_bundle() -> None:
    assert types(DECLARATION, SIGNATURES, BLANK, DEATHS, DEATHS, DEATHS, DECLARATION) == [
        ("birth_declaration", (0, 1)),
        (None, (2,)),
        ("death_register", (3, 4, 5)),
        ("birth_declaration", (6,)),
    ]


def test_a_page_nobody_knows_is_no_page_of_the_book_before_it() -> None:
    assert types(DEATHS, MENU) == [("death_register", (0,)), (None, (1,))]


def test_the_same_title_again_begins_another_paper() -> None:
    assert types(DECLARATION, DECLARATION) == [("birth_declaration", (0,)), ("birth_declaration", (1,))]


def test_a_paper_goes_on_over_the_blank_back_of_its_sheet() -> None:
    assert types(DECLARATION, BLANK, SIGNATURES, BLANK) == [("birth_declaration", (0, 2)), (None, (1,)), (None, (3,))]
    assert types(DEATHS, BLANK, DEATHS, BLANK, DEATHS) == [("death_register", (0, 2, 4)), (None, (1,)), (None, (3,))]


def test_a_blank_sheet_a_title_or_an_unknown_page_ends_a_paper() -> None:
    assert types(DECLARATION, BLANK, BLANK, SIGNATURES)[3:] == [(None, (3,))]
    assert types(DECLARATION, BLANK, DECLARATION)[2:] == [("birth_declaration", (2,))]
    assert types(MENU, SIGNATURES) == [(None, (0,)), (None, (1,))]


def test_every_scan_belongs_to_exactly_one_document() -> None:
    pages = (BLANK, MENU, DECLARATION, SIGNATURES, BLANK, BLANK, DEATHS, MENU, DECLARATION, BLANK, SIGNATURES)
    scans = [scan for _, own in types(*pages) for scan in own]
    assert sorted(scans) == list(range(len(pages)))


def test_two_parts_of_one_scan_stay_together_and_no_pages_are_no_documents() -> None:
    (document,) = classify([DEATHS, DEATHS], [0, 0], bundle="b", doctypes=OURS)
    assert (document.pages, document.texts) == ((0,), (0, 1))
    assert classify([], [], bundle="b", doctypes=OURS) == ()


def test_a_document_keeps_the_best_score_of_its_pages_and_its_place_in_the_bundle() -> None:
    (document,) = classify([DEATHS, without(DEATHS, "Nơi chết")], [3, 4], bundle="b", doctypes=OURS)
    assert (document.id, document.pages, document.texts) == ("b/0", (3, 4), (0, 1))
    assert document.score == best(DEATHS)[1]

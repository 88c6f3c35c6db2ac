"""Two papers on one glass are two documents, or are told where nothing divides them."""

from __future__ import annotations

from dataclasses import replace

from digitizer.classify import classify, split_side_by_side
from digitizer.classify.doubts import doubts
from digitizer.extract import extract
from tests.unit.builders import OURS, line, page_of
from tests.unit.classify.builders import NATION

BESIDE = page_of(
    ((NATION[0], 100), (NATION[0], 900)),
    ((NATION[1], 150), (NATION[1], 950)),
    (("GIẤY BÁO TỬ", 200), ("TỜ KHAI ĐĂNG KÝ KHAI TỬ", 1000)),
    (("Họ và tên người chết: LÒ THỊ MAI", 100), ("Kính gửi: UBND xã Lao Chải", 900)),
    (("Nơi chết: tại nhà", 100), ("Họ, chữ đệm, tên người yêu cầu: LÒ VĂN A", 900)),
)


def test_two_papers_side_by_side_are_two_documents_and_a_person_looks_at_both() -> None:
    texts, positions = split_side_by_side([BESIDE], [4])
    assert positions == (4, 4)
    assert [text.part for text in texts] == [0, 1]
    documents = classify(texts, positions, bundle="b", doctypes=OURS)
    assert [(d.doctype, d.pages, d.texts) for d in documents] == [
        ("death_notice", (4,), (0,)),
        ("death_declaration", (4,), (1,)),
    ]
    for document in documents:
        assert [p.code for p in document.problems] == ["side_by_side"]
        assert document.score <= 0.75
        (record,) = extract(document, texts, doctypes=OURS)
        assert record.fields and not any(field.accepted for field in record.fields)


def test_two_halves_of_a_scan_that_both_begin_a_paper_are_two_documents() -> None:
    halves = [page_of(*NATION, "GIẤY KHAI SINH"), page_of(*NATION, "GIẤY BÁO TỬ")]
    documents = classify(halves, [0, 0], bundle="b", doctypes=OURS)
    assert [(d.pages, d.texts) for d in documents] == [((0,), (0,)), ((0,), (1,))]
    assert [[p.code for p in d.problems] for d in documents] == [["side_by_side"], ["side_by_side"]]


def test_two_papers_that_nothing_divides_stay_one_and_say_so() -> None:
    across = replace(BESIDE, lines=(*BESIDE.lines, line("X" * 100, y=900)))
    (whole,), positions = split_side_by_side([across], [0])
    assert (whole.lines, whole.part, positions) == (across.lines, 0, (0,))
    assert "side_by_side" in [p.code for p in doubts([(0, across)])]
    assert split_side_by_side([page_of(*NATION, "GIẤY BÁO TỬ")], [0])[1] == (0,)


def test_pages_of_a_scan_are_numbered_from_the_left_whichever_of_them_is_divided() -> None:
    one = page_of("Ghi chú")
    spread = [replace(BESIDE, part=0), replace(one, part=1), one, one, replace(BESIDE, part=1)]
    texts, positions = split_side_by_side(spread, [0, 0, 1, 2, 2])
    assert list(zip(positions, (text.part for text in texts), strict=True)) == [
        (0, 0), (0, 1), (0, 2), (1, 0), (2, 0), (2, 1), (2, 2),
    ]  # fmt: skip

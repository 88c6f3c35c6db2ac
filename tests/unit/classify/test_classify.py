"""Which paper it is, and where one ends and the next begins."""

from __future__ import annotations

from digitizer.classify import classify
from digitizer.doctypes import load
from digitizer.model import Document, PageText
from tests.unit.builders import page_of

TYPES = load(None)

DECISION = page_of(
    "ỦY BAN NHÂN DÂN", "Số: 57/QĐ-UBND", "QUYẾT ĐỊNH", "Về việc cải chính hộ tịch",
    "Căn cứ Luật Hộ tịch ngày 20 tháng 11 năm 2014",
    "QUYẾT ĐỊNH:", "Điều 1. Cho phép cải chính", "Điều 2. Quyết định này có hiệu lực", "Nơi nhận:",
)  # fmt: skip
REGISTER = page_of(
    "Số: 17/2021 Quyển số: 01/2021 Ngày, tháng, năm đăng ký: 18/03/2021", "Người được đăng ký khai sinh", "Họ, chữ đệm, tên: A",
    "Đúng hạn", "Ghi chú", "Nơi sinh: Na Hang", "Quê quán: Na Hang", "Họ, chữ đệm, tên mẹ: B", "Họ, chữ đệm, tên cha: C",
    "Họ, chữ đệm, tên người đi khai sinh: D", "Người thực hiện", "Trang số: 17",
)  # fmt: skip
CERTIFICATE = page_of(
    "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "GIẤY KHAI SINH", "Số: 17/2021", "Họ, chữ đệm, tên: A",
    "Ngày, tháng, năm sinh: 02/02/2021",
    "Nơi sinh: Na Hang", "Quê quán: Na Hang", "Số định danh cá nhân: 008321023908", "Nơi đăng ký khai sinh: UBND xã A",
)  # fmt: skip
EXTRACT = page_of(
    "TRÍCH LỤC KHAI SINH", "(BẢN SAO)", "Số: 12/TLKS-BS", "Họ, chữ đệm, tên: A", "Đã đăng ký khai sinh tại: UBND xã A"
)
LETTER = page_of("Kính gửi các cụ", "Hôm nay trời đẹp", "Hẹn gặp lại")
BLANK = page_of(blank=True)


def documents(*pages: PageText) -> list[tuple[str | None, tuple[int, ...]]]:
    found: tuple[Document, ...] = classify(pages, list(range(len(pages))), bundle="b", doctypes=TYPES)
    return [(document.doctype, document.pages) for document in found]


def test_papers_are_told_by_title_and_labels() -> None:
    assert documents(DECISION) == [("decision", (0,))]
    assert documents(CERTIFICATE) == [("birth_certificate", (0,))]
    assert documents(EXTRACT) == [("birth_extract", (0,))]


def test_a_register_page_needs_no_title() -> None:
    assert documents(REGISTER) == [("birth_register", (0,))]


def test_what_fits_nothing_is_unknown() -> None:
    assert documents(LETTER) == [(None, (0,))]
    assert documents(page_of("1234", "xxxx")) == [(None, (0,))]


def test_pages_of_a_book_are_one_document() -> None:
    assert documents(REGISTER, REGISTER, REGISTER) == [("birth_register", (0, 1, 2))]


def test_papers_one_after_another_are_divided() -> None:
    assert documents(CERTIFICATE, DECISION, CERTIFICATE) == [
        ("birth_certificate", (0,)),
        ("decision", (1,)),
        ("birth_certificate", (2,)),
    ]


def test_a_page_without_a_title_goes_on_with_the_paper_before() -> None:
    assert documents(DECISION, page_of("Điều 3. Các ông bà chịu trách nhiệm", "thi hành")) == [("decision", (0, 1))]


def test_a_blank_back_stands_alone_and_is_counted() -> None:
    assert documents(CERTIFICATE, BLANK, DECISION) == [("birth_certificate", (0,)), (None, (1,)), ("decision", (2,))]


def test_every_scan_belongs_to_exactly_one_document() -> None:
    pages = (BLANK, LETTER, CERTIFICATE, LETTER, BLANK, REGISTER, LETTER, DECISION, LETTER)
    scans = [scan for _, scans in documents(*pages) for scan in scans]
    assert scans == list(range(len(pages)))


def test_evidence_says_what_was_seen_and_where() -> None:
    (document,) = classify([CERTIFICATE], [0], bundle="b", doctypes=TYPES)
    assert document.score >= TYPES["birth_certificate"].accept_type
    assert document.evidence[0].what == "title: Giấy khai sinh"
    assert all(e.page == 0 for e in document.evidence)


def test_two_parts_of_one_scan_stay_together() -> None:
    (document,) = classify([REGISTER, REGISTER], [0, 0], bundle="b", doctypes=TYPES)
    assert (document.pages, document.texts) == ((0,), (0, 1))


def test_no_pages_are_no_documents() -> None:
    assert classify([], [], bundle="b", doctypes=TYPES) == ()

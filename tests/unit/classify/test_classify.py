"""Titles over several lines, number forms, rival phrases, seals, books from cover to cover, an operator's own type."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from digitizer.classify import classify
from digitizer.classify.phrases import Phrases
from digitizer.classify.score import NUMBER, SEAL, score
from digitizer.doctypes import load
from digitizer.extract import extract
from digitizer.model import Box, Mark, PageText
from tests.unit.builders import OURS, line, page_of
from tests.unit.classify.builders import BIRTH, NATION, found, types

LETTER = page_of(
    (("ỦY BAN NHÂN DÂN", 100), (NATION[0], 800)),
    (("XÃ LAO CHẢI", 120), (NATION[1], 850)),
    (("Số: 432/UBND-VHXH", 100), ("Lao Chải, ngày 27 tháng 12 năm 2021", 800)),
    "V/v xác minh thông tin hộ tịch",
    "Kính gửi: Ủy ban nhân dân xã Mỹ Bằng",
    "Nơi nhận:",
)
COVER = page_of(
    NATION[0], "SỔ ĐĂNG KÝ KHAI SINH", "Cơ quan đăng ký hộ tịch: UBND xã Tú Thịnh", "Quyển số: 01/2018", "Mở ngày: 02/01/2018",
    "Khóa ngày: 31/12/2018",
)  # fmt: skip
CLOSING = page_of("KHÓA SỔ", "Tổng số trang: 200 trang", "Tổng số sự kiện đã đăng ký: 198 trường hợp")


def whats(page: PageText, doctype: str) -> dict[str, float]:
    (one,) = [s for s in score(Phrases.of([(0, page)]), OURS) if s.doctype == doctype]
    return {e.what: e.weight for e in one.evidence}


@pytest.mark.parametrize(
    "rows",
    [
        ("TỜ KHAI CẤP GIẤY XÁC NHẬN TÌNH TRẠNG HÔN NHÂN",),
        ("TỜ KHAI", "CẤP GIẤY XÁC NHẬN TÌNH TRẠNG HÔN NHÂN"),
        ("TỜ KHAI CẤP", "GIẤY XÁC NHẬN TÌNH TRẠNG HÔN NHÂN"),
    ],
)
def test_a_title_may_be_broken_and_the_longest_that_fits_wins(rows: tuple[str, ...]) -> None:
    page = page_of(*rows, "Kính gửi: UBND xã A", "Họ, chữ đệm, tên người yêu cầu: A", "Tôi cam đoan")
    assert types(page) == [("marital_status_declaration", (0,))]


def test_a_letter_without_a_title_is_known_by_what_stands_under_its_number() -> None:
    (document,) = found(LETTER)
    assert document.doctype == "official_letter" and document.margin > 0.2
    assert document.evidence[0].what == "opening: V/v"


def test_the_form_of_the_number_speaks_for_one_type_only() -> None:
    page = page_of("Số: 15/TLKT-BS", "(BẢN SAO)")
    assert whats(page, "death_extract")["number: /TLKT-BS"] == NUMBER
    assert not any(what.startswith("number") for what in whats(page, "birth_extract"))


def test_phrases_that_are_alike_count_where_they_fit_best() -> None:
    page = page_of(BIRTH[0], "Phần ghi về người được giám hộ")
    assert "label: phần ghi về người được giám hộ" in whats(page, "guardianship_register")
    assert not any("khai tử" in what for what in whats(page, "death_register"))


def test_a_seal_speaks_for_what_bears_one_and_against_what_never_does() -> None:
    seal = Mark(kind="seal", box=Box(10, 10, 90, 90))
    sealed = replace(page_of("TỜ KHAI ĐĂNG KÝ KHAI SINH", "Quyết định"), marks=(seal,))
    assert whats(sealed, "decision")["seal"] == SEAL
    assert whats(sealed, "birth_declaration")["seal"] == -SEAL


def test_any_letter_of_request_is_one() -> None:
    page = page_of(*NATION, "ĐƠN XIN XÁC NHẬN NHÂN KHẨU", "Kính gửi: UBND xã A", "Tôi tên là: Lò Thị Mai", "NGƯỜI LÀM ĐƠN")
    assert types(page) == [("application_letter", (0,))]
    assert types(page_of("ĐƠN VỊ: HỢP TÁC XÃ", "Kính gửi: UBND xã A")) == [(None, (0,))]


def test_a_book_goes_from_its_cover_to_its_closing_statement() -> None:
    assert types(COVER, page_of(*BIRTH), page_of(*BIRTH), CLOSING, COVER, page_of(*BIRTH)) == [
        ("birth_register", (0, 1, 2, 3)),
        ("birth_register", (4, 5)),
    ]


def test_a_page_that_hardly_looks_like_the_book_it_lies_in_belongs_to_it() -> None:
    worn = page_of(BIRTH[0], BIRTH[2], "Họ, chữ đệm, tên mẹ: LÒ THỊ HOA", "Trang số: 42")
    assert types(page_of(*BIRTH), worn, page_of(*BIRTH)) == [("birth_register", (0, 1, 2))]


def test_a_printed_back_stays_with_its_front_and_an_unknown_paper_does_not() -> None:
    front = page_of(
        *NATION, "TỜ KHAI ĐĂNG KÝ KHAI TỬ", "Kính gửi: UBND xã A", "Tôi cam đoan", "Họ, chữ đệm, tên người yêu cầu: A"
    )
    back = page_of("Chú thích:", "(1) Ghi rõ tên cơ quan đăng ký hộ tịch.")
    notice = page_of(*NATION, "GIẤY MỜI", "Thời gian: 08 giờ 00 phút")
    assert types(front, back, notice) == [("death_declaration", (0, 1)), (None, (2,))]


def test_a_letterhead_begins_a_paper_of_the_same_type_though_its_title_was_not_read() -> None:
    unread = replace(LETTER, lines=tuple(k for k in LETTER.lines if "V/v" not in k.text))
    assert classify([unread], [0], bundle="b", doctypes=OURS)[0].doctype == "official_letter"
    documents = classify([LETTER, page_of(blank=True), unread], [0, 1, 2], bundle="b", doctypes=OURS)
    assert [d.pages for d in documents] == [(0,), (1,), (2,)]


def test_an_operators_type_is_known_and_read_without_code(tmp_path: Path) -> None:
    (tmp_path / "invitation.toml").write_text(
        """name = "invitation"
title = ["Giấy mời"]
number = ["/GM-UBND"]
also = ["thành phần", "địa điểm"]
field = [ { name = "so", type = "register_number", label = ["số"] }, { name = "diaDiem", type = "place", label = ["địa điểm"] } ]
""",
        encoding="utf-8",
    )
    doctypes = load(tmp_path)
    page = page_of("Số: 12/GM-UBND", "GIẤY MỜI", "Địa điểm: Nhà văn hóa thôn", "Thành phần: các hộ")
    (document,) = classify([page], [0], bundle="b", doctypes=doctypes)
    assert document.doctype == "invitation"
    (record,) = extract(document, [page], doctypes=doctypes)
    assert {f.name: f.value for f in record.fields} == {"so": "12/GM-UBND", "diaDiem": "Nhà văn hóa thôn"}


def test_an_operators_receipt_gives_the_code_of_its_dossier(tmp_path: Path) -> None:
    (tmp_path / "receipt.toml").write_text(
        """name = "receipt"
title = ["Giấy tiếp nhận hồ sơ và hẹn trả kết quả"]
also = ["thời gian nhận hồ sơ", "nhận kết quả"]
field = [
  { name = "maHoSo", type = "dossier_code", label = ["mã hồ sơ"], required = true },
  { name = "maCoQuan", type = "agency_code", label = ["mã cơ quan"] },
]
""",
        encoding="utf-8",
    )
    doctypes = load(tmp_path)
    page = page_of(
        "GIẤY TIẾP NHẬN HỒ SƠ VÀ HẸN TRẢ KẾT QUẢ", "Mã hồ sơ: H60.127.03-260930-0012", "Mã cơ quan: H60.127.03",
        "Thời gian nhận hồ sơ: 08 giờ", "Nhận kết quả tại Bộ phận Một cửa",
    )  # fmt: skip
    (document,) = classify([page], [0], bundle="b", doctypes=doctypes)
    (record,) = extract(document, [page], doctypes=doctypes)
    assert {f.name: f.value for f in record.fields} == {"maHoSo": "H60.127.03-260930-0012", "maCoQuan": "H60.127.03"}


def test_a_line_that_is_no_number_makes_no_number_form() -> None:
    assert Phrases.of([(0, replace(page_of(), lines=(line("Nơi số ngày tháng"),)))]).numbers == ()

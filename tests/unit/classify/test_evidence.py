"""Titles over several lines, number forms, rival phrases, seals, doubts, books from cover to cover, an operator's own type."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from digitizer.classify import classify, split_side_by_side
from digitizer.classify.doubts import doubts
from digitizer.classify.phrases import Phrases
from digitizer.classify.score import NUMBER, SEAL, score
from digitizer.doctypes import load
from digitizer.extract import extract
from digitizer.model import Box, Document, Mark, PageText
from tests.unit.builders import line, page_of

OURS = load()
NATION = ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc")
LETTER = page_of(
    (("ỦY BAN NHÂN DÂN", 100), (NATION[0], 800)),
    (("XÃ LAO CHẢI", 120), (NATION[1], 850)),
    (("Số: 432/UBND-VHXH", 100), ("Lao Chải, ngày 27 tháng 12 năm 2021", 800)),
    "V/v xác minh thông tin hộ tịch",
    "Kính gửi: Ủy ban nhân dân xã Mỹ Bằng",
    "Nơi nhận:",
)
BIRTH = (
    "Số: 41/2018 Quyển số: 01/2018 Ngày, tháng, năm đăng ký: 07/05/2018",
    "Người được đăng ký khai sinh",
    "Họ, chữ đệm, tên: LÝ THỊ MAI",
    "Nơi sinh: Trạm Y tế xã Tú Thịnh",
    "Quê quán: xã Tú Thịnh",
    "Họ, chữ đệm, tên mẹ: LÒ THỊ HOA",
    "Họ, chữ đệm, tên cha: LÝ VĂN A",
    "Trang số: 41",
)
COVER = page_of(
    NATION[0], "SỔ ĐĂNG KÝ KHAI SINH", "Cơ quan đăng ký hộ tịch: UBND xã Tú Thịnh", "Quyển số: 01/2018", "Mở ngày: 02/01/2018",
    "Khóa ngày: 31/12/2018",
)  # fmt: skip
CLOSING = page_of("KHÓA SỔ", "Tổng số trang: 200 trang", "Tổng số sự kiện đã đăng ký: 198 trường hợp")


def found(*pages: PageText) -> list[Document]:
    return list(classify(pages, range(len(pages)), bundle="b", doctypes=OURS))


def types(*pages: PageText) -> list[tuple[str | None, tuple[int, ...]]]:
    return [(document.doctype, document.pages) for document in found(*pages)]


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


ENGLISH = "This is to certify that the person named below has been employed by our company since March and still works for us."


def test_another_language_is_said_and_leaves_the_page_unknown() -> None:
    (document,) = found(page_of(ENGLISH, ENGLISH))
    assert (document.doctype, [p.code for p in document.problems]) == (None, ["other_language"])


def test_a_page_hardly_read_says_so_and_nothing_of_it_is_accepted() -> None:
    page = page_of(*BIRTH)
    blurred = replace(page, lines=tuple(replace(k, confidence=0.4) for k in page.lines))
    (document,) = found(blurred)
    assert document.doctype == "birth_register" and document.score <= 0.75 < found(page)[0].score
    (record,) = extract(document, [blurred], doctypes=OURS)
    assert not any(field.accepted for field in record.fields)
    assert "hardly_legible" in [reason.code for reason in record.reasons]


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
    assert split_side_by_side([across], [0]) == ((across,), (0,))
    assert "side_by_side" in [p.code for p in doubts([(0, across)])]
    assert split_side_by_side([page_of(*NATION, "GIẤY BÁO TỬ")], [0])[1] == (0,)


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

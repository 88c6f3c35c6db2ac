"""Document -> Records: codes, ticks, several pages, acceptance, and what a person changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from digitizer.errors import UsageError
from digitizer.extract import extract, revise_field
from digitizer.model import Box, Document, Field, Mark, PageText, Problem, Record, Tick, Verdict
from tests.unit.builders import OURS, PITCH, TALL, line, page_of

CERTIFICATE = [
    "GIẤY KHAI SINH",
    "Số: 133/2025",
    "Họ, chữ đệm, tên: La Thị Dở",
    "Ngày, tháng, năm sinh: 31/08/2025",
    "ghi bằng chữ: Ngày ba mươi mốt tháng tám năm hai nghìn không trăm hai mươi lăm",
    "Giới tính: Nữ Dân tộc: Tày Quốc tịch: Việt Nam",
    "Số định danh cá nhân: 008325008824",
    "Họ, chữ đệm, tên mẹ: Triệu Thị Tuyết",
    "Năm sinh: 2003 Dân tộc: Dao Quốc tịch: Việt Nam",
    "Nơi đăng ký khai sinh: Ủy ban nhân dân xã Yên Minh",
    "Ngày, tháng, năm đăng ký: 08/09/2025",
]
CARD = ["CĂN CƯỚC CÔNG DÂN", "Số / No.: 008087001234", "Họ và tên / Full name: NGUYỄN VĂN AN"]
QR = "008087001234||Nguyễn Văn An|15081987|Nam|Thôn 3, xã Đà Vị|20052021"
MRZ = ["IDVNM0870012349008087001234<<7", "8708151M2708159VNM<<<<<<<<<<<2", "NGUYEN<<VAN<AN<<<<<<<<<<<<<<<<"]


def records(doctype: str, *pages: PageText, known: Mapping[str, str] | None = None) -> tuple[Record, ...]:
    texts = tuple(range(len(pages)))
    document = Document(id="b/0", pages=texts, texts=texts, doctype=doctype, score=1.0)
    return extract(document, pages, doctypes=OURS, known=known)


def fields(doctype: str, *pages: PageText) -> dict[str, Field]:
    (record,) = records(doctype, *pages)
    return {f.name: f for f in record.fields}


def changed(old: str, new: str) -> PageText:
    assert any(old in row for row in CERTIFICATE)
    return page_of(*(row.replace(old, new) for row in CERTIFICATE))


def test_a_clean_certificate_is_accepted_as_a_whole(plain_scale: None) -> None:
    (record,) = records("birth_certificate", page_of(*CERTIFICATE))
    assert {f.name: f.value for f in record.fields} == {
        "so": "133/2025",
        "nksHoTen": "La Thị Dở",
        "nksNgaySinh": "2025-08-31",
        "nksNgaySinhBangChu": "Ngày ba mươi mốt tháng tám năm hai nghìn không trăm hai mươi lăm",
        "nksGioiTinh": "nữ",
        "nksDanToc": "Tày",
        "nksQuocTich": "Việt Nam",
        "nksSoDinhDanh": "008325008824",
        "meHoTen": "Triệu Thị Tuyết",
        "meNgaySinh": "2003",
        "meDanToc": "Dao",
        "meQuocTich": "Việt Nam",
        "noiDangKy": "Ủy ban nhân dân xã Yên Minh",
        "ngayDangKy": "2025-09-08",
    }
    assert record.id == "b/0/0"
    assert (record.verdict, record.reasons) == (Verdict.ACCEPT, ())
    assert all(f.accepted for f in record.fields)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("sinh: 31/08/2025", "sinh: 30/08/2025", "words_differ"),
        ("008325008824", "008324008824", "id_year_differs"),
        ("008325008824", "008225008824", "id_sex_differs"),
        ("ký: 08/09/2025", "ký: 08/08/2025", "date_order"),
        ("133/2025", "133/2024", "number_year_differs"),
        ("Năm sinh: 2003", "Năm sinh: 2015", "age_of_mother"),
        ("Giới tính: Nữ ", "", "missing"),
        ("sinh: 31/08/2025", "sinh: 31/0?/2025", "missing"),
        ("Dân tộc: Tày", "Dân tộc: Tay", "unsure_fields"),
    ],
)
def test_what_is_planted_on_a_page_sends_its_record_to_a_person(old: str, new: str, reason: str) -> None:
    (record,) = records("birth_certificate", changed(old, new))
    assert record.verdict is Verdict.REVIEW
    assert reason in {r.code for r in record.reasons}


def test_a_value_whose_letters_nobody_is_sure_of_is_not_accepted(plain_scale: None) -> None:
    doubtful = [line(row, y=100 + PITCH * i, confidence=0.9 if "mẹ" in row else 0.999) for i, row in enumerate(CERTIFICATE)]
    (record,) = records("birth_certificate", page_of(*doubtful))
    assert [f.name for f in record.fields if not f.accepted] == ["meHoTen"]
    assert record.reasons == (Problem(code="unsure_fields", facts={"count": 1}),)


def test_the_date_after_a_register_number_is_found_on_an_extract() -> None:
    got = fields(
        "birth_extract",
        page_of(
            "Số: 30/TLKS-BS",
            "TRÍCH LỤC KHAI SINH",
            "Họ, chữ đệm, tên: Bùi Thị Yến",
            "Đăng ký khai sinh tại: Ủy ban nhân dân xã Tri Phú",
            "Số: 05/2021 Ngày, tháng, năm đăng ký: 7/5/2021",
        ),
    )
    assert {n: got[n].value for n in ("so", "soDangKy", "ngayDangKy")} == {
        "so": "30/TLKS-BS",
        "soDangKy": "05/2021",
        "ngayDangKy": "2021-05-07",
    }


def test_time_and_date_of_a_death_come_from_one_row() -> None:
    got = fields(
        "death_register",
        page_of("Phần ghi về người được khai tử", "Đã chết vào lúc 11 giờ 10 phút, ngày 18-06-2019", "Nơi chết: tại nhà"),
    )
    assert (got["nktGioPhutChet"].value, got["nktNgayChet"].value) == ("11:10", "2019-06-18")


def test_a_document_over_two_pages_is_one_record_and_a_book_gives_one_a_page() -> None:
    first, second = page_of(*CERTIFICATE[:7]), page_of(*CERTIFICATE[7:])
    (record,) = records("birth_certificate", first, second)
    assert {f.name: f.page for f in record.fields}["nksHoTen"] == 0
    assert {f.name: f.page for f in record.fields}["meHoTen"] == 1
    book = records("birth_register", page_of("Số: 1/2018"), page_of(blank=True), page_of("Số: 2/2018"))
    assert [r.id for r in book] == ["b/0/0", "b/0/1"]
    assert [r.fields[0].value for r in book] == ["1/2018", "2/2018"]
    assert [r.fields[0].page for r in book] == [0, 2]


def test_what_is_known_of_a_book_does_not_enter_a_sheet() -> None:
    (record,) = records("birth_certificate", page_of("Số: 1/2025"), known={"noiDangKy": "xã A"})
    assert [f.name for f in record.fields] == ["so"]


def test_an_unreadable_or_dotted_page_has_no_record() -> None:
    assert records("birth_certificate", page_of()) == ()
    assert records("birth_certificate", page_of("Số: ........", "Họ, chữ đệm, tên: ..........")) == ()


# --- codes ----------------------------------------------------------------------------------------------------------


def card(*rows: str, text: str | None = None) -> dict[str, Field]:
    marks = () if text is None else (Mark(kind="qr", box=Box(1, 1, 90, 90), text=text),)
    return fields("citizen_id_card", page_of(*rows, marks=marks))


def test_print_gives_way_to_mrz_and_mrz_to_the_qr_code() -> None:
    assert {card(*CARD)["soDinhDanh"].by} == {"ocr"}
    mrz = card(*CARD, "Có giá trị đến: 15/08/2027", *MRZ)
    assert {n: (f.value, f.by) for n, f in mrz.items()} == {
        "soDinhDanh": ("008087001234", "mrz"),
        "hoTen": ("NGUYỄN VĂN AN", "ocr"),
        "ngaySinh": ("1987-08-15", "mrz"),
        "gioiTinh": ("nam", "mrz"),
        "ngayHetHan": ("2027-08-15", "mrz"),
    }
    both = card(*CARD, *MRZ, text=QR)
    assert (both["ngaySinh"].by, both["ngayHetHan"].by, both["hoTen"].value) == ("qr", "mrz", "Nguyễn Văn An")
    assert all(f.confidence == 1.0 for f in both.values())


def test_a_print_that_says_quite_another_thing_than_the_code_is_a_problem() -> None:
    rows = [*CARD[:2], "Họ và tên / Full name: TRẦN THỊ BÌNH"]
    name = card(*rows, text=QR)["hoTen"]
    assert (name.value, [p.code for p in name.problems], name.accepted) == ("Nguyễn Văn An", ["code_differs"], False)
    assert [(other.value, other.by) for other in name.others] == [("TRẦN THỊ BÌNH", "ocr")]


def test_a_name_that_differs_by_one_letter_is_a_problem() -> None:
    name = card(*CARD[:2], "Họ và tên / Full name: NGUYỄN VĂN ANH", text=QR)["hoTen"]
    assert ([p.code for p in name.problems], name.accepted) == (["code_differs"], False)


def test_a_print_without_accents_or_in_capitals_says_what_the_code_says() -> None:
    assert card(*CARD[:2], "Họ và tên / Full name: NGUYEN VAN AN", text=QR)["hoTen"].problems == ()
    assert card(*CARD, text=QR)["hoTen"].others == ()


def test_codes_that_differ_from_each_other_are_a_problem() -> None:
    other_day = QR.replace("15081987", "16081987")
    born = card(CARD[0], CARD[1], *MRZ, text=other_day)["ngaySinh"]
    assert (born.value, [p.code for p in born.problems], born.accepted) == ("1987-08-16", ["code_differs"], False)
    assert [(other.value, other.by) for other in born.others] == [("1987-08-15", "mrz")]


def test_a_value_is_by_the_pdf_where_all_its_lines_are_embedded_text() -> None:
    page = page_of(*CERTIFICATE)
    embedded = replace(page, lines=tuple(replace(row, by="pdf") for row in page.lines))
    assert {f.by for f in fields("birth_certificate", page).values()} == {"ocr"}
    assert {f.by for f in fields("birth_certificate", embedded).values()} == {"pdf"}
    mixed = replace(page, lines=(*embedded.lines[:3], *page.lines[3:]))
    found = fields("birth_certificate", mixed)
    assert (found["nksHoTen"].by, found["nksNgaySinh"].by) == ("pdf", "ocr")


# --- ticks ----------------------------------------------------------------------------------------------------------

LABELS = ["Đúng hạn", "Quá hạn", "Đăng ký lại"]


def ticked(*rows: int, labels: list[str] = LABELS, by: str = "ocr") -> Field | None:
    ticks = tuple(
        Tick(box=Box(60, 100 + PITCH * i, 60 + TALL, 100 + PITCH * i + TALL), ticked=i in rows, confidence=0.97)
        for i in range(len(labels))
    )
    page = page_of(*labels, "Số: 41/2018", ticks=ticks)
    return fields("birth_register", replace(page, lines=tuple(replace(row, by=by) for row in page.lines))).get("loaiDangKy")


@pytest.mark.parametrize(("row", "code"), [(0, "1"), (1, "4"), (2, "2")])
def test_the_ticked_label_gives_its_code_and_its_box(row: int, code: str, plain_scale: None) -> None:
    field = ticked(row)
    assert field is not None
    assert (field.value, field.raw, field.confidence) == (code, LABELS[row], 0.97)
    assert field.box == Box(60, 100 + PITCH * row, 60 + TALL, 100 + PITCH * row + TALL)


def test_a_tick_is_by_whoever_read_its_label() -> None:
    assert [field.by for by in ("ocr", "pdf") if (field := ticked(0, by=by)) is not None] == ["ocr", "pdf"]


def test_no_tick_or_a_tick_at_a_label_without_code_leaves_the_field_out() -> None:
    assert ticked() is None
    assert ticked(0, labels=["Trẻ bị bỏ rơi"]) is None


# --- a person changes values ----------------------------------------------------------------------------------------

READ = (
    Field(name="so", raw="15/1999", value="15/1999", confidence=0.99, accepted=True),
    Field(name="nksHoTen", raw="La Thi Dở", value="La Thi Dở", confidence=0.4, accepted=False, page=0, box=Box(1, 2, 3, 4)),
)


def revise(**values: str) -> dict[str, Field]:
    return {f.name: f for f in revise_field(READ, "birth_register", values, by="can.bo", doctypes=OURS)}


@pytest.mark.parametrize(
    ("name", "said", "value"),
    [
        ("nksHoTen", "La Thị Dở", "La Thị Dở"),
        ("nksNgaySinh", "31/08/2025", "2025-08-31"),
        ("nksNgaySinh", "2025", "2025"),
        ("nksGioiTinh", "NỮ", "nữ"),
        ("nksHoTen", "H' Hen Niê", "H' Hen Niê"),
        ("nksNgaySinh", "2019-02-28", "2019-02-28"),
        ("so", "15A/2019", "15A/2019"),
        ("so", "15bis/1999", "15bis/1999"),
        ("quyenSo", "01 / 2018", "01/2018"),
        ("loaiDangKy", " 4 ", "4"),
        ("nguoiKy", "La Quốc Huy", "La Quốc Huy"),
        ("chucVuNguoiKy", "Chủ tịch", "Chủ tịch"),
        ("chucVuNguoiKy", "Bí thư", "Bí thư"),
        ("chucVuNguoiKy", "Phó Giám đốc", "Phó Giám đốc"),
        ("ghiChu", "Đã cấp bản sao", ("Đã cấp bản sao",)),
        ("nksHoTen", "  ", None),
    ],
)
def test_a_person_says_a_value_and_it_is_certain(name: str, said: str, value: object) -> None:
    field = revise(**{name: said})[name]
    assert (field.value, field.by, field.accepted, field.confidence, field.problems) == (value, "can.bo", True, 1.0, ())


def test_a_correction_keeps_what_was_read_and_where_and_the_other_fields() -> None:
    revised = revise(nksHoTen="La Thị Dở")
    assert (revised["nksHoTen"].raw, revised["nksHoTen"].page, revised["nksHoTen"].box) == ("La Thi Dở", 0, Box(1, 2, 3, 4))
    assert revised["so"] == READ[0]


def test_revised_fields_stand_in_the_order_of_the_declaration() -> None:
    assert list(revise(ghiChu="x y", quyenSo="1/2018", trangSo="4")) == ["so", "quyenSo", "trangSo", "nksHoTen", "ghiChu"]


@pytest.mark.parametrize(
    ("name", "said"),
    [("nktHoTen", "La Thị Dở"), ("khong", "1")],
)
def test_an_unknown_field_is_refused(name: str, said: str) -> None:
    with pytest.raises(UsageError) as refused:
        revise(**{name: said})
    assert refused.value.facts == {"field": name}
    assert said not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "said", "problem"),
    [
        ("nksNgaySinh", "31/02/2025", "impossible_date"),
        ("nksNgaySinh", "hôm qua", "not_a_date"),
        ("nksNgaySinh", "10/3/2019 (âm lịch)", "lunar_date"),
        ("nksGioiTinh", "x", "not_in_list"),
        ("nksDanToc", "Cao Lan", "not_in_list"),
        ("nksHoTen", "Y", "not_a_name"),
        ("so", "15/1999 xem lại", "left_over"),
    ],
)
def test_what_a_person_typed_stays_and_a_doubt_is_a_question(name: str, said: str, problem: str) -> None:
    field = revise(**{name: said})[name]
    assert (field.value, field.typed, field.by, field.accepted) == (said, said, "can.bo", False)
    assert [p.code for p in field.problems] == [problem]


def test_the_text_as_typed_stands_beside_its_normal_form() -> None:
    field = revise(nksNgaySinh=" 12/8/1987 ")["nksNgaySinh"]
    assert (field.value, field.typed, field.accepted) == ("1987-08-12", "12/8/1987", True)


def test_an_unknown_paper_has_no_fields_to_revise() -> None:
    with pytest.raises(UsageError):
        revise_field((), None, {"so": "1"}, by="can.bo", doctypes=OURS)

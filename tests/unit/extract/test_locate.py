"""Where values stand: after their labels, until the next one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from digitizer.doctypes import DocType, load, read
from digitizer.extract import extract, revise_field
from digitizer.extract.locate import locate
from digitizer.model import Box, Document, Field, Mark, PageText, Problem, Tick, Verdict
from tests.unit.builders import line, page_of

DECLARED = """
name = "test_paper"
title = ["Giấy thử"]
section = [{ name = "me", start = ["họ tên mẹ"] }, { name = "cha", start = ["họ tên cha"] }]
stop = ["người ký"]
field = [
  { name = "so", type = "register_number", label = ["số"] },
  { name = "ngayDangKy", type = "date", label = ["ngày đăng ký"] },
  { name = "noiSinh", type = "place", label = ["nơi sinh"] },
  { name = "meHoTen", type = "name", label = ["họ tên mẹ"], section = "me" },
  { name = "meDanToc", type = "ethnicity", label = ["dân tộc"], section = "me" },
  { name = "chaHoTen", type = "name", label = ["họ tên cha"], section = "cha" },
  { name = "chaDanToc", type = "ethnicity", label = ["dân tộc"], section = "cha" },
  { name = "nguoiThucHien", type = "name", label = ["người thực hiện"], where = "below" },
]
"""


@pytest.fixture
def paper(tmp_path: Path) -> DocType:
    path = tmp_path / "test_paper.toml"
    path.write_text(DECLARED, encoding="utf-8")
    return read(path)


def found(page: PageText, paper: DocType) -> dict[str, str]:
    return {f.field.name: f.raw for f in locate([(0, page)], paper) if f.pieces}


def test_a_value_stands_after_its_label(paper: DocType) -> None:
    assert found(page_of("Nơi sinh: Bệnh viện Na Hang"), paper) == {"noiSinh": "Bệnh viện Na Hang"}


def test_two_labels_share_a_row(paper: DocType) -> None:
    page = page_of("Số: 17/2021 Ngày đăng ký: 18/03/2021")
    assert found(page, paper) == {"so": "17/2021", "ngayDangKy": "18/03/2021"}


def test_a_label_is_known_without_its_accents_and_with_a_wrong_letter(paper: DocType) -> None:
    assert found(page_of("Ngay đăng kỳ: 18/03/2021"), paper) == {"ngayDangKy": "18/03/2021"}


def test_a_long_value_goes_on_below(paper: DocType) -> None:
    page = page_of("Nơi sinh: Trung tâm Y tế huyện Na Hang,", "tỉnh Tuyên Quang", "Số: 4/2018")
    assert found(page, paper) == {"noiSinh": "Trung tâm Y tế huyện Na Hang, tỉnh Tuyên Quang", "so": "4/2018"}


def test_a_value_in_a_box_of_its_own_is_found(paper: DocType) -> None:
    page = page_of((("Ngày đăng ký:", 100), ("18/03/2021", 420)))
    assert found(page, paper) == {"ngayDangKy": "18/03/2021"}


def test_sections_tell_equal_labels_apart(paper: DocType) -> None:
    page = page_of("Họ tên mẹ: LỤC MAI", "Dân tộc: Tày", "Họ tên cha: TRẦN QUÝ", "Dân tộc: Kinh")
    assert found(page, paper) == {"meHoTen": "LỤC MAI", "meDanToc": "Tày", "chaHoTen": "TRẦN QUÝ", "chaDanToc": "Kinh"}


def test_dotted_lines_alone_are_no_value(paper: DocType) -> None:
    assert found(page_of("Nơi sinh: ................", "Số: ....."), paper) == {}


def test_a_heading_ends_a_value(paper: DocType) -> None:
    page = page_of("Nơi sinh: Na Hang", "Người ký", "NGUYỄN VĂN A")
    assert found(page, paper) == {"noiSinh": "Na Hang"}


def test_a_name_stands_below_its_heading(paper: DocType) -> None:
    page = page_of("Số: 1/2018", "Người thực hiện", "(Ký, ghi rõ họ tên)", "Phùng Minh Thắng")
    assert found(page, paper)["nguoiThucHien"] == "Phùng Minh Thắng"


def test_nothing_is_found_on_another_page(paper: DocType) -> None:
    assert found(page_of("Kính gửi ông bà", "Mời họp lúc 7 giờ"), paper) == {}


# --- whole records --------------------------------------------------------------------------------------------------


def a_document(doctype: str | None) -> Document:
    return Document(id="b/0", pages=(0,), texts=(0,), doctype=doctype, score=0.9)


def one_record(page: PageText, doctype: str, known: dict[str, str] | None = None) -> dict[str, Field]:
    (record,) = extract(a_document(doctype), [page], doctypes=load(None), known=known)
    return {field.name: field for field in record.fields}


def test_an_unknown_paper_has_no_records() -> None:
    assert extract(a_document(None), [page_of("Số: 1")], doctypes=load(None)) == ()


def test_a_register_page_gives_its_fields_with_their_boxes() -> None:
    page = page_of(
        "Số: 17/2021 Quyển số: 01/2021 Ngày, tháng, năm đăng ký: 18/03/2021",
        "Người được đăng ký khai sinh",
        "Họ, chữ đệm, tên: TRẦN HOÀI THÚY",
        "Ngày, tháng, năm sinh: 02/02/2021",
        "Giới tính: Nữ Dân tộc: Kinh Quốc tịch: Việt Nam",
    )
    fields = one_record(page, "birth_register")
    values = {name: field.value for name, field in fields.items()}
    assert values["so"] == "17/2021"
    assert values["ngayDangKy"] == "2021-03-18"
    assert values["nksHoTen"] == "TRẦN HOÀI THÚY"
    assert values["nksGioiTinh"] == "nữ"
    name = fields["nksHoTen"]
    assert name.box is not None
    assert (name.page, name.by, name.raw) == (0, "ocr", "TRẦN HOÀI THÚY")
    assert name.box.x0 == pytest.approx(100 + 14 * len("Họ, chữ đệm, tên: "), abs=1)


def test_the_ticked_box_gives_the_code() -> None:
    def tick(row: int, ticked: bool) -> Tick:
        return Tick(box=Box(1000, 100 + 60 * row, 1030, 130 + 60 * row), ticked=ticked, confidence=0.99)

    labels = [line(f"D {label}", x=1010, y=100 + 60 * i) for i, label in enumerate(("Đúng hạn", "Quá hạn", "Đăng ký lại"))]
    assert (
        one_record(page_of(*labels, ticks=(tick(0, False), tick(1, True), tick(2, False))), "birth_register")["loaiDangKy"].value
        == "4"
    )
    several = one_record(page_of(*labels, ticks=(tick(0, True), tick(1, True), tick(2, False))), "birth_register")["loaiDangKy"]
    assert (several.value, [p.code for p in several.problems]) == (None, ["several_ticks"])


def test_what_the_book_says_fills_what_the_page_does_not() -> None:
    page = page_of("Số: 17/2021", "Họ, chữ đệm, tên: TRẦN HOÀI THÚY")
    field = one_record(page, "birth_register", known={"quyenSo": "01/2021"})["quyenSo"]
    assert (field.value, field.by, field.accepted) == ("01/2021", "book", field.accepted)
    printed = one_record(page_of("Số: 17/2021 Quyển số: 02/2021"), "birth_register", known={"quyenSo": "01/2021"})["quyenSo"]
    assert (printed.value, printed.by) == ("02/2021", "ocr")


def test_a_qr_code_is_believed_and_a_different_print_is_noted() -> None:
    mark = Mark(kind="qr", box=Box(1, 1, 90, 90), text="008087001234||HOÀNG VĂN ĐÀO|15081987|Nam|Thôn A, xã B|01062021")
    page = page_of("CĂN CƯỚC CÔNG DÂN", "Số: 008087001235", "Họ và tên: HOÀNG VĂN ĐÀO", marks=(mark,))
    fields = one_record(page, "citizen_id_card")
    assert (fields["soDinhDanh"].value, fields["soDinhDanh"].by) == ("008087001234", "qr")
    assert fields["hoTen"].value == "HOÀNG VĂN ĐÀO"


def test_a_person_revises_a_field_in_normal_form() -> None:
    fields = (Field(name="nksNgaySinh", raw="2/2/2021", value="2021-02-02", confidence=0.5, accepted=False),)
    (changed, *more) = revise_field(fields, "birth_register", {"nksNgaySinh": "03/02/2021"}, by="can.bo", doctypes=load(None))
    assert (changed.value, changed.by, changed.accepted) == ("2021-02-03", "can.bo", True)
    assert more == []


def test_a_label_broken_over_two_rows_is_found() -> None:
    page = page_of(
        "Ngày, tháng, năm xác lập quan hệ hôn nhân: 2/12/2019",
        "Họ, chữ đệm, tên, chức vụ của người ký Giấy chứng nhận kết hôn/Trích",
        "lục ghi chú kết hôn: Lường Công Toàn - Chủ tịch",
    )
    fields = one_record(page, "marriage_register")
    assert (fields["nguoiKy"].value, fields["chucVuNguoiKy"].value) == ("Lường Công Toàn", "Chủ tịch")
    assert fields["ngayXacLapQuanHeHonNhan"].value == "2019-12-02"


def test_a_name_from_a_code_is_written_as_the_card_prints_it() -> None:
    mark = Mark(kind="qr", box=Box(1, 1, 90, 90), text="008087001234||Hoàng Văn Đào|15081987|Nam|Thôn A, xã B|01062021")
    printed = page_of("CĂN CƯỚC CÔNG DÂN", "Họ và tên / Full name:", "HOÀNG VĂN ĐÀO", marks=(mark,))
    assert one_record(printed, "citizen_id_card")["hoTen"].value == "HOÀNG VĂN ĐÀO"


def test_a_record_on_a_page_cut_short_goes_to_a_person() -> None:
    page = page_of("Số: 17/2021", "Họ, chữ đệm, tên: TRẦN HOÀI THÚY")
    page = replace(page, quality=replace(page.quality, problems=(Problem(code="cut_short"),)))
    (record,) = extract(a_document("birth_register"), [page], doctypes=load(None))
    assert record.verdict == Verdict.REVIEW
    assert ("cut_short", 0) in {(reason.code, reason.page) for reason in record.reasons}


@pytest.mark.parametrize(("first", "second", "code"), [(True, False, "1"), (False, True, "4")])
def test_boxes_side_by_side_have_labels_of_their_own(first: bool, second: bool, code: str) -> None:
    text = "D Đúng hạn D Quá hạn"
    right = 100 + 14 * text.index("D Quá")
    ticks = tuple(
        Tick(box=Box(x - 4, 100, x + 13, 130), ticked=ticked, confidence=0.99) for x, ticked in ((100, first), (right, second))
    )
    assert one_record(page_of(text, ticks=ticks), "birth_register")["loaiDangKy"].value == code

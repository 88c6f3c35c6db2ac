"""One sheet or page -> one record: fields with their boxes, ticks, codes, what the book says, a person's revision."""

from __future__ import annotations

from dataclasses import replace

import pytest

from digitizer.extract import extract, revise_field
from digitizer.model import Box, Document, Field, Mark, PageText, Problem, Tick, Verdict
from tests.unit.builders import OURS, line, page_of


def a_document(doctype: str | None) -> Document:
    return Document(id="b/0", pages=(0,), texts=(0,), doctype=doctype, score=0.9)


def one_record(page: PageText, doctype: str, known: dict[str, str] | None = None) -> dict[str, Field]:
    (record,) = extract(a_document(doctype), [page], doctypes=OURS, known=known)
    return {field.name: field for field in record.fields}


def test_an_unknown_paper_has_no_records() -> None:
    assert extract(a_document(None), [page_of("Số: 1")], doctypes=OURS) == ()


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
    (changed, *more) = revise_field(fields, "birth_register", {"nksNgaySinh": "03/02/2021"}, by="can.bo", doctypes=OURS)
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
    (record,) = extract(a_document("birth_register"), [page], doctypes=OURS)
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


def test_what_stands_in_a_grid_belongs_to_its_cells_alone() -> None:
    page = page_of(
        "TỜ KHAI ĐĂNG KÝ KẾT HÔN",
        (("Bên nữ", 500), ("Bên nam", 1000)),
        (("Họ, chữ đệm, tên", 100), ("LÒ THỊ MAI", 450), ("HÀ VĂN A", 950)),
        (("Giấy tờ tùy thân", 100), ("CMND số 071933406", 420), ("CMND số 071933407", 920)),
        (("Kết hôn lần thứ mấy", 100), ("Một", 500), ("Một", 1000)),
    )
    fields = one_record(page, "marriage_declaration")
    numbers = {name: field.value for name, field in fields.items() if name.endswith("SoGiayToTuyThan")}
    assert numbers == {"voSoGiayToTuyThan": "071933406", "chongSoGiayToTuyThan": "071933407"}


def test_who_issued_an_identity_paper_is_not_who_issued_the_certificate() -> None:
    page = page_of(
        "Số: 112/2018 Quyển số: 01/2018 Ngày, tháng, năm cấp: 03/12/2018",
        "Người được cấp Giấy xác nhận tình trạng hôn nhân",
        "Họ, chữ đệm, tên: TRẦN QUỐC CƯỜNG",
        "Giấy tờ tùy thân: CMND số: 071463184, cấp ngày 23/02/2018,",
        "nơi cấp: Công an tỉnh Hà Giang",
    )
    fields = one_record(page, "marital_status_register")
    assert fields["nxnSoGiayToTuyThan"].value == "071463184"
    assert "noiCap" not in fields


def test_a_cover_is_read_like_any_page_and_its_office_goes_on_below() -> None:
    cover = page_of(
        "SỔ ĐĂNG KÝ KHAI SINH",
        "Cơ quan đăng ký hộ tịch: Ủy ban nhân dân xã Thượng Lâm, huyện Lâm Bình, tỉnh",
        "Tuyên Quang",
        "Quyển số: 01/2018",
        "Mở ngày: 02/01/2018",
    )
    record = page_of("Số: 17/2018", "Người được đăng ký khai sinh", "Họ, chữ đệm, tên: TRẦN HOÀI THÚY")
    document = replace(a_document("birth_register"), pages=(0, 1), texts=(0, 1))
    ((found,),) = [extract(document, [cover, record], doctypes=OURS)]
    office = next(field for field in found.fields if field.name == "noiDangKy")
    assert office.value == "Ủy ban nhân dân xã Thượng Lâm, huyện Lâm Bình, tỉnh Tuyên Quang"
    assert (office.by, office.page) == ("book", 0)
    assert office.confidence < 1


def test_the_signer_of_older_books_stands_under_his_office() -> None:
    page = page_of(
        "Số: 63/2009 Quyển số: 01/2009 Ngày đăng ký: 12/8/2009",
        "PHẦN GHI VỀ NGƯỜI ĐƯỢC KHAI SINH",
        "Họ và tên: Vi Hữu Vư",
        (("Người đi khai sinh Cán bộ Tư pháp - Hộ", 100), ("Chủ tịch", 900)),
        (("tịch", 470),),
        (("(Ký, ghi rõ họ tên)", 100), ("(Ký, ghi rõ họ tên)", 820)),
        "",
        (("Phùng Thị Lụa", 100), ("Lương Hoài Lan", 430), ("Trương Xuân Thuật", 850)),
    )
    fields = one_record(page, "birth_register")
    said = {name: fields[name].value for name in ("nguoiThucHien", "nguoiKy", "chucVuNguoiKy")}
    assert said == {"nguoiThucHien": "Lương Hoài Lan", "nguoiKy": "Trương Xuân Thuật", "chucVuNguoiKy": "Chủ tịch"}


def test_lines_of_a_narrow_cell_stand_one_under_the_other_however_near() -> None:
    page = page_of(
        (("Bên nữ", 500), ("Bên nam", 1000)),
        (("Họ, chữ đệm, tên", 100), ("LÒ THỊ MAI", 450), ("HÀ VĂN A", 950)),
        line("Dân tộc", y=220),
        line("Sán", x=512, y=210),
        line("Chay", x=500, y=232),
        line("Kinh", x=1000, y=220),
        line("Quốc tịch", y=300),
        line("Việt Nam", x=480, y=300),
        line("Việt Nam", x=980, y=300),
    )
    fields = one_record(page, "marriage_declaration")
    assert (fields["voDanToc"].value, fields["chongDanToc"].value) == ("Sán Chay", "Kinh")


def test_the_opening_of_a_letter_may_have_a_letter_misread() -> None:
    page = page_of("Số: 11/UBND-VHXH", "V/y đôn đốc số hóa hồ sơ thủ tục", "hành chính", "Kính gửi: UBND xã Đông Hà")
    assert one_record(page, "official_letter")["trichYeu"].value == "đôn đốc số hóa hồ sơ thủ tục hành chính"

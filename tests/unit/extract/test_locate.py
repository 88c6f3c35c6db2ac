"""Label -> value on the layouts of forms, register pages and letters."""

from __future__ import annotations

from dataclasses import replace

import pytest

from digitizer.doctypes import DocType, FieldSpec, Section
from digitizer.extract import types
from digitizer.extract.locate import locate
from digitizer.extract.rows import Found
from digitizer.model import Box, Line
from digitizer.ocr.reading_order import reading_order
from tests.unit.builders import OURS, TALL, WIDE, line, page_of
from tests.unit.builders import PITCH as ROW

LEFT = 100
Row = str | tuple[tuple[str, float], ...] | Line
FORM = DocType(
    name="form",
    title=("Giấy",),
    stop=("nguoi ky giay", "(ky, ghi ro ho, ten)"),
    sections=(
        Section(name="nks", start=("ho, chu dem, ten",)),
        Section(name="me", start=("ho, chu dem, ten me",)),
        Section(name="cha", start=("ho, chu dem, ten cha",)),
    ),
    fields=(
        FieldSpec(name="so", type="register_number", label=("so",)),
        FieldSpec(name="quyenSo", type="register_number", label=("quyen so",)),
        FieldSpec(name="nksHoTen", type="name", label=("ho, chu dem, ten",), section="nks"),
        FieldSpec(name="nksNgaySinh", type="date", label=("ngay, thang, nam sinh",), section="nks"),
        FieldSpec(name="nksGioiTinh", type="sex", label=("gioi tinh",), section="nks"),
        FieldSpec(name="nksDanToc", type="ethnicity", label=("dan toc",), section="nks"),
        FieldSpec(name="nksQuocTich", type="nationality", label=("quoc tich",), section="nks"),
        FieldSpec(name="nksNoiSinh", type="place", label=("noi sinh",), section="nks"),
        FieldSpec(name="meHoTen", type="name", label=("ho, chu dem, ten me",), section="me"),
        FieldSpec(name="meDanToc", type="ethnicity", label=("dan toc",), section="me"),
        FieldSpec(name="chaHoTen", type="name", label=("ho, chu dem, ten cha",), section="cha"),
        FieldSpec(name="chaDanToc", type="ethnicity", label=("dan toc",), section="cha"),
        FieldSpec(name="tu", type="date", label=("tu ngay",), where="inline"),
        FieldSpec(name="den", type="date", label=("den ngay",), where="inline"),
        FieldSpec(name="noiDangKy", type="place", label=("noi dang ky khai sinh",)),
        FieldSpec(name="ngayDangKy", type="date", label=("ngay, thang, nam dang ky",)),
    ),
)


def found(*rows: Row, doctype: DocType = FORM) -> dict[str, Found]:
    page = page_of(*rows)
    return {f.field.name: f for f in locate([(0, replace(page, lines=reading_order(page.lines)))], doctype)}


def raws(*rows: Row, doctype: DocType = FORM) -> dict[str, str]:
    return {name: f.raw for name, f in found(*rows, doctype=doctype).items() if f.pieces}


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param(["Số: 15/1999"], {"so": "15/1999"}, id="label and value in one line"),
        pytest.param(
            ["Họ, chữ đệm, tên: La Thị Dở", "Giới tính: Nữ Dân tộc: Tày Quốc tịch: Việt Nam"],
            {"nksHoTen": "La Thị Dở", "nksGioiTinh": "Nữ", "nksDanToc": "Tày", "nksQuocTich": "Việt Nam"},
            id="several labels in one row",
        ),
        pytest.param(
            ["Họ, chữ đệm, tên: La Thị Dở", (("Giới tính: Nữ", LEFT), ("Dân tộc: Tày", 700))],
            {"nksHoTen": "La Thị Dở", "nksGioiTinh": "Nữ", "nksDanToc": "Tày"},
            id="two labels on one row in boxes of their own",
        ),
        pytest.param(
            ["Họ, chữ đệm, tên: La Thị Dở", "Nơi sinh: Bệnh viện Đa khoa huyện Na", "Hang, tỉnh Tuyên Quang", "Dân tộc: Tày"],
            {
                "nksHoTen": "La Thị Dở",
                "nksNoiSinh": "Bệnh viện Đa khoa huyện Na Hang, tỉnh Tuyên Quang",
                "nksDanToc": "Tày",
            },
            id="value continued on the next line",
        ),
        pytest.param(
            [(("Họ, chữ đệm, tên:", LEFT), ("La Thị Dở", 600)), (("Dân tộc:", LEFT), ("Tày", 600))],
            {"nksHoTen": "La Thị Dở", "nksDanToc": "Tày"},
            id="value to the right in a box of its own",
        ),
        pytest.param(
            ["Họ, chữ đệm, tên:", "La Thị Dở", "Dân tộc: Tày"],
            {"nksHoTen": "La Thị Dở", "nksDanToc": "Tày"},
            id="value under its label",
        ),
        pytest.param(
            ["Họ, chữ đệm, tên....La Thị Dở....", "Dân tộc:......Tày......."],
            {"nksHoTen": "La Thị Dở", "nksDanToc": "Tày"},
            id="dotted leaders, colon lost",
        ),
        pytest.param(
            ["Số: ………", "Họ, chữ đệm, tên: .................", "Dân tộc: ............."],
            {},
            id="dotted leaders only",
        ),
        pytest.param(
            ["Ho, chư đêm, ten: La Thị Dở", "Dân tôc: Tày", "Quôc tich: Việt Nam"],
            {"nksHoTen": "La Thị Dở", "nksDanToc": "Tày", "nksQuocTich": "Việt Nam"},
            id="accents of the labels misread",
        ),
        pytest.param(
            ["Họ, chu đẽm, tcn: La Thị Dở", "Ngày, thảng, năn sinh: 31/08/2025"],
            {"nksHoTen": "La Thị Dở", "nksNgaySinh": "31/08/2025"},
            id="letters of the labels misread",
        ),
        pytest.param(
            ["Họ, chữ đệm, tên: La Thị Dở", "từ ngày 10-09-2022 đến ngày 19-05-2025"],
            {"nksHoTen": "La Thị Dở", "tu": "10-09-2022", "den": "19-05-2025"},
            id="labels within a sentence",
        ),
        pytest.param(
            [
                "Họ, chữ đệm, tên: La Thị Dở",
                "Nơi sinh: xã Đà Vị",
                "NGƯỜI KÝ GIẤY KHAI SINH",
                "(Ký, ghi rõ họ, tên)",
                "Phan Chiến",
            ],
            {"nksHoTen": "La Thị Dở", "nksNoiSinh": "xã Đà Vị"},
            id="a heading ends a value",
        ),
        pytest.param(
            ["Họ, chữ đệm, tên: La Thị Dở", "Nơi sinh: xã Đà Vị", "", "", "Một câu khác hẳn"],
            {"nksHoTen": "La Thị Dở", "nksNoiSinh": "xã Đà Vị"},
            id="a gap ends a value",
        ),
        pytest.param(
            ["Số: 5/2001 Quyh số: 01/2001", "Họ, chữ đệm, tên: La Thị Dở"],
            {"so": "5/2001", "quyenSo": "01/2001", "nksHoTen": "La Thị Dở"},
            id="a short label is part of a longer one that was misread",
        ),
        pytest.param(
            ["Nơi đăng ký khai sinhThôn 7, xã Đà Vị", "Dân tộc: Tày"],
            {"noiDangKy": "Thôn 7, xã Đà Vị", "nksDanToc": "Tày"},
            id="a value that touches its label",
        ),
        pytest.param(
            ["Nơi sinh: Ủy ban nhân dân xã Mỹ Bằng, tỉnh Tuyên Quang", "Ủy ban nhân dân xã Tú Thịnh nhận được hồ sơ"],
            {"nksNoiSinh": "Ủy ban nhân dân xã Mỹ Bằng, tỉnh Tuyên Quang"},
            id="a place ends with its province",
        ),
        pytest.param(
            ["Nơi sinh: Thôn 7, xã Thượng Lâm, tỉn uyên Quang", "Tuyên Quang, ngày 21 tháng 04 năm 2023"],
            {"nksNoiSinh": "Thôn 7, xã Thượng Lâm, tỉn uyên Quang"},
            id="place and date end a value",
        ),
        pytest.param(
            ["Họ, chữ đệm, tên: HỨA ĐẠT", "Ngy hín, ăm nh 0/ 11/1989", (("Phía bên phải của trang này", 900),)],
            {"nksHoTen": "HỨA ĐẠT"},
            id="a row with room left ends a value",
        ),
        pytest.param(
            ["Họ, chữ đệm, tên: ĐẶNG NGỌC", "KHOA", (("Phía bên phải của trang này", 900),)],
            {"nksHoTen": "ĐẶNG NGỌC KHOA"},
            id="a name goes on with words of a name, whatever room there was",
        ),
        pytest.param(
            ["Nơi sinh: Thôn 5, xã A", "huyện Yên Sơn, tỉnh Tuyên Quang", (("Phía bên phải của trang này", 900),)],
            {"nksNoiSinh": "Thôn 5, xã A huyện Yên Sơn, tỉnh Tuyên Quang"},
            id="a place goes on with a unit, whatever room there was",
        ),
        pytest.param(
            [line("Nơi sinh:", x=500), line("Dân tộc: Tày", x=40, y=120), line("Xã Sơn Dương, tỉnh Tuyên Quang", x=480, y=142)],
            {"nksNoiSinh": "Xã Sơn Dương, tỉnh Tuyên Quang", "nksDanToc": "Tày"},
            id="a label in another column ends no value",
        ),
        pytest.param(
            [(("Nơi sinh: Tại nhà, thôn A, xã", 100), ("xã Côn Lôn, huyện Na Hang", 460))],
            {"nksNoiSinh": "Tại nhà, thôn A, xã Côn Lôn, huyện Na Hang"},
            id="boxes that lap over one another hold each word once",
        ),
        pytest.param(["Cộng hòa xã hội chủ nghĩa Việt Nam", "Một câu: không nhãn"], {}, id="nothing declared on the page"),
    ],
)
def test_a_value_is_found_by_its_label(rows: list[Row], expected: dict[str, str]) -> None:
    assert raws(*rows) == expected


def test_a_missing_field_is_left_out_and_the_others_are_found() -> None:
    assert raws("Họ, chữ đệm, tên: La Thị Dở", "Quốc tịch: Việt Nam") == {"nksHoTen": "La Thị Dở", "nksQuocTich": "Việt Nam"}


def test_a_shared_label_belongs_to_the_section_it_stands_in() -> None:
    rows = [
        "Họ, chữ đệm, tên: La Thị Dở",
        "Dân tộc: Tày",
        "Họ, chữ đệm, tên mẹ: Triệu Thị Tuyết",
        "Dân tộc: Dao",
        "Họ, chữ đệm, tên cha: La Gia Páo",
        "Dân tộc: Kinh",
    ]
    assert raws(*rows) == {
        "nksHoTen": "La Thị Dở",
        "nksDanToc": "Tày",
        "meHoTen": "Triệu Thị Tuyết",
        "meDanToc": "Dao",
        "chaHoTen": "La Gia Páo",
        "chaDanToc": "Kinh",
    }


def test_sections_may_come_in_another_order_and_one_may_lack_a_field() -> None:
    rows = ["Họ, chữ đệm, tên cha: La Gia Páo", "Họ, chữ đệm, tên mẹ: Triệu Thị Tuyết", "Dân tộc: Dao"]
    assert raws(*rows) == {"chaHoTen": "La Gia Páo", "meHoTen": "Triệu Thị Tuyết", "meDanToc": "Dao"}


def test_a_number_within_a_section_is_not_the_number_of_the_record() -> None:
    rows = ["Họ, chữ đệm, tên người đi khai sinh: La Gia Páo", "Giấy tờ tùy thân: CMND số: 071845099"]
    got = raws(*rows, doctype=OURS["birth_certificate"])
    assert got == {"nycHoTen": "La Gia Páo", "nycSoGiayToTuyThan": "CMND số: 071845099"}


def test_a_label_printed_over_two_rows_counts_once_and_its_value_follows_the_second() -> None:
    page = [
        "Số: 41/2018",
        "Họ, chữ đệm, tên, chức vụ người ký Giấy khai sinh/Trích lục ghi",
        "vào sổ hộ tịch việc khai sinh: La Quốc Huy - Chủ tịch",
    ]
    got = raws(*page, doctype=OURS["birth_register"])
    assert got["nguoiKy"] == "La Quốc Huy - Chủ tịch"


def test_a_value_ends_at_the_last_row_before_a_wide_gap_also_over_three_rows() -> None:
    rows = ["Nơi đăng ký khai sinh: Ủy ban nhân dân xã", "Yên Minh, huyện Yên Sơn,", "tỉnh Tuyên Quang", "", "", "Phan Chiến"]
    assert raws(*rows)["noiDangKy"] == "Ủy ban nhân dân xã Yên Minh, huyện Yên Sơn, tỉnh Tuyên Quang"


def test_a_short_value_does_not_swallow_the_row_below() -> None:
    assert raws("Họ, chữ đệm, tên: La Thị Dở", "Dân tộc: Tày", "dòng viết thêm")["nksDanToc"] == "Tày"


def test_a_value_in_another_column_is_not_taken() -> None:
    rows: list[Row] = ["Nơi đăng ký khai sinh: xã Yên Minh", (("Phan Trung Chiến", 1300),)]
    assert raws(*rows)["noiDangKy"] == "xã Yên Minh"


def test_a_value_never_runs_on_to_the_next_page() -> None:
    pages = [(4, page_of("Nơi đăng ký khai sinh: xã Yên Minh")), (5, page_of("Trang sau"))]
    (place,) = [f for f in locate(pages, FORM) if f.field.name == "noiDangKy"]
    assert place.raw == "xã Yên Minh"
    assert [p.page for p in place.pieces] == [4]


def test_the_box_of_a_value_goes_round_its_letters_only() -> None:
    place = found("Số: ..15/1999..")["so"]
    start = LEFT + WIDE * "Số: ..15/1999..".index("1")
    assert place.box == Box(start, 100, start + WIDE * len("15/1999"), 100 + TALL)


def test_the_box_of_a_value_over_two_rows_goes_round_both() -> None:
    box = found("Nơi đăng ký khai sinh: xã Yên Minh,", "tỉnh Tuyên Quang")["noiDangKy"].box
    assert box is not None
    assert (box.x0, box.y0, box.y1) == (LEFT, 100, 100 + ROW + TALL)


def test_without_letters_the_line_stands_for_its_value() -> None:
    alone = Line(text="Số: 15/1999", box=Box(100, 100, 400, 130), confidence=0.8)
    number = found(alone)["so"]
    assert number.raw == "15/1999"
    assert number.box == alone.box
    assert number.pieces[0].confidences == [0.8]


def test_dots_and_spaces_do_not_count_towards_confidence() -> None:
    piece = found("Họ, chữ đệm, tên: La . Dở")["nksHoTen"].pieces[0]
    assert len(piece.confidences) == len("LaDở")


REGISTER: list[Row] = [
    "Số: 41/2018 Quyển số: 01/2018 Ngày, tháng, năm đăng ký: 07.05.2018",
    (("Người được đăng ký khai sinh", LEFT), ("Đúng hạn", 1250)),
    (("Họ, chữ đệm, tên: ĐẶNG VĂN QUÝ", LEFT), ("Quá hạn", 1250)),
    (("Ngày, tháng, năm sinh: 07.04.2018", LEFT), ("Đăng ký lại", 1250)),
    (("ghi bằng chữ: Ngày mồng bảy tháng tư năm hai nghìn không", LEFT), ("Trẻ bị bỏ rơi", 1250)),
    (("trăm mười tám", LEFT), ("Ghi chú", 1250)),
    (("Giới tính: Nam Dân tộc: Kinh Quốc tịch: Việt Nam", LEFT), ("Đã cấp bản sao", 1250)),
    (("Nơi sinh: Bệnh viện Đa khoa tỉnh Tuyên Quang", LEFT), ("ngày 01/02/2019", 1250)),
    (("Quê quán: Xã Thái Hòa, tỉnh Tuyên Quang", LEFT), ("Cải chính họ", 1250)),
    (("Họ, chữ đệm, tên mẹ: ĐINH THANH THÚY", LEFT), ("năm 2020", 1250)),
    "Năm sinh: 1987 Dân tộc: Kinh Quốc tịch: Việt Nam",
    "Họ, chữ đệm, tên cha: ĐẶNG ĐỨC PÁO",
    (("Người đi khai sinh", LEFT), ("Người thực hiện", 800)),
    (("(Ký, ghi rõ họ, tên)", LEFT), ("(Ký, ghi rõ họ, tên)", 780)),
    "",
    (("ĐINH THANH THÚY", LEFT), ("Ngô Mạnh Cường", 790)),
    (("Trang số: 41", 1250),),
]


def test_a_register_page_is_read_with_its_margin_column_apart() -> None:
    got = raws(*REGISTER, doctype=OURS["birth_register"])
    assert got == {
        "so": "41/2018",
        "quyenSo": "01/2018",
        "trangSo": "41",
        "ngayDangKy": "07.05.2018",
        "nksHoTen": "ĐẶNG VĂN QUÝ",
        "nksNgaySinh": "07.04.2018",
        "nksNgaySinhBangChu": "Ngày mồng bảy tháng tư năm hai nghìn không trăm mười tám",
        "nksGioiTinh": "Nam",
        "nksDanToc": "Kinh",
        "nksQuocTich": "Việt Nam",
        "nksNoiSinh": "Bệnh viện Đa khoa tỉnh Tuyên Quang",
        "nksQueQuan": "Xã Thái Hòa, tỉnh Tuyên Quang",
        "meHoTen": "ĐINH THANH THÚY",
        "meNgaySinh": "1987",
        "meDanToc": "Kinh",
        "meQuocTich": "Việt Nam",
        "chaHoTen": "ĐẶNG ĐỨC PÁO",
        "nguoiThucHien": "Ngô Mạnh Cường",
        "ghiChu": "Đã cấp bản sao ngày 01/02/2019 Cải chính họ năm 2020",
    }


def test_a_margin_without_notes_has_none() -> None:
    rows = [row[:1] if isinstance(row, tuple) and row[-1][0] in ("Đã cấp bản sao", "ngày 01/02/2019", "Cải chính họ", "năm 2020")
            else row for row in REGISTER]  # fmt: skip
    assert "ghiChu" not in raws(*rows, doctype=OURS["birth_register"])


DECISION: list[Row] = [
    (("ỦY BAN NHÂN DÂN", LEFT), ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", 900)),
    (("XÃ SINH LONG", LEFT), ("Độc lập - Tự do - Hạnh phúc", 950)),
    (("Số: 195/QĐ-UBND", LEFT), ("Sinh Long, ngày 21 tháng 11 năm 2024", 950)),
    "",
    (("QUYẾT ĐỊNH", 700),),
    (("Về việc cải chính hộ tịch đối với bà Nông Mỹ Hằng", 300),),
    (("CHỦ TỊCH ỦY BAN NHÂN DÂN XÃ SINH LONG", 400),),
    "Căn cứ Luật Hộ tịch ngày 20 tháng 11 năm 2014;",
    (("QUYẾT ĐỊNH:", 700),),
    "Điều 1. Cải chính hộ tịch cho bà Nông Mỹ Hằng, sinh ngày 31/01/1994.",
    "",
    (("Nơi nhận:", LEFT), ("TM. ỦY BAN NHÂN DÂN", 1000)),
    (("- Như Điều 1;", LEFT), ("CHỦ TỊCH", 1080)),
    "",
    (("Lê Công Đoàn", 1050),),
]


def test_a_letter_is_read_by_the_places_its_parts_have() -> None:
    got = raws(*DECISION, doctype=OURS["decision"])
    assert types.read("register_number", got.pop("so")) == ("195/QĐ-UBND", None)
    assert got == {
        "coQuanBanHanh": "ỦY BAN NHÂN DÂN XÃ SINH LONG",
        "diaDanh": "Sinh Long",
        "ngayBanHanh": "ngày 21 tháng 11 năm 2024",
        "trichYeu": "Về việc cải chính hộ tịch đối với bà Nông Mỹ Hằng",
        "nguoiKy": "Lê Công Đoàn",
        "chucVuNguoiKy": "CHỦ TỊCH",
    }


def test_a_letter_without_these_parts_has_none_of_them() -> None:
    assert raws("một dòng chữ thường", doctype=OURS["decision"]) == {}
    assert {f.field.name for f in locate([(0, page_of())], OURS["decision"]) if f.pieces} == set()

"""Rules between values: what contradicts, and what may be true at once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.vn import mst

from digitizer.extract.rules import business_check, contradictions

WORDS = "Ngày mười lăm tháng tám năm một nghìn chín trăm tám mươi bảy"


@pytest.mark.parametrize(
    ("values", "code", "names"),
    [
        # digits against words
        ({"nksNgaySinh": "1987-08-16", "nksNgaySinhBangChu": WORDS}, "words_differ", ("nksNgaySinh", "nksNgaySinhBangChu")),
        ({"nksNgaySinh": "1987", "nksNgaySinhBangChu": WORDS}, "words_differ", ("nksNgaySinh", "nksNgaySinhBangChu")),
        (
            {"nktNgayChet": "1987-08-16", "nktNgayChetGhiBangChu": WORDS},
            "words_differ",
            ("nktNgayChet", "nktNgayChetGhiBangChu"),
        ),
        (
            {"nksNgaySinh": "2000-02-28", "nksNgaySinhBangChu": "ngày ba mươi tháng hai năm hai nghìn"},
            "words_differ",
            ("nksNgaySinh", "nksNgaySinhBangChu"),
        ),
        # identity number against year and sex
        (
            {"nksSoDinhDanh": "008325008824", "nksNgaySinh": "2024-08-31"},
            "id_year_differs",
            ("nksSoDinhDanh", "nksNgaySinh"),
        ),
        ({"chaSoGiayToTuyThan": "008090007709", "chaNgaySinh": "1991"}, "id_year_differs", ("chaSoGiayToTuyThan", "chaNgaySinh")),
        ({"soDinhDanh": "008087001234", "ngaySinh": "1988-08-15"}, "id_year_differs", ("soDinhDanh", "ngaySinh")),
        ({"soDinhDanh": "008287001234", "ngaySinh": "1987-08-15"}, "id_year_differs", ("soDinhDanh", "ngaySinh")),
        ({"nksSoDinhDanh": "008325008824", "nksGioiTinh": "nam"}, "id_sex_differs", ("nksSoDinhDanh", "nksGioiTinh")),
        ({"soDinhDanh": "008087001234", "gioiTinh": "nữ"}, "id_sex_differs", ("soDinhDanh", "gioiTinh")),
        ({"nxnSoGiayToTuyThan": "002089014374", "nxnGioiTinh": "nữ"}, "id_sex_differs", ("nxnSoGiayToTuyThan", "nxnGioiTinh")),
        # the province: nobody's, or not that of the office
        ({"soDinhDanh": "003087001234"}, "id_province_unknown", ("soDinhDanh",)),
        (
            {"nksSoDinhDanh": "079325008824", "noiDangKy": "UBND xã Phù Lưu, huyện Hàm Yên, tỉnh Tuyên Quang"},
            "id_province_differs",
            ("nksSoDinhDanh", "noiDangKy"),
        ),
        # ages
        ({"chaNgaySinh": "2015", "nksNgaySinh": "2024-08-31"}, "age_of_father", ("chaNgaySinh", "nksNgaySinh")),
        ({"voNgaySinh": "2005-03-01", "ngayDangKy": "2020-04-01"}, "age_of_spouse", ("voNgaySinh", "ngayDangKy")),
        ({"chongNgaySinh": "2002", "ngayDangKy": "2020-04-01"}, "age_of_spouse", ("chongNgaySinh", "ngayDangKy")),
        # the surname
        (
            {"nksHoTen": "LÊ VĂN A", "meHoTen": "MA THỊ B", "chaHoTen": "LÝ VĂN C"},
            "surname_differs",
            ("nksHoTen", "chaHoTen", "meHoTen"),
        ),
        # the check digit of a business
        ({"maSoDoanhNghiep": "0100109107"}, "check_digit_wrong", ("maSoDoanhNghiep",)),
        # the role says the sex
        ({"voSoGiayToTuyThan": "008086001257"}, "id_sex_differs", ("voSoGiayToTuyThan",)),
        ({"chongSoGiayToTuyThan": "008186001257"}, "id_sex_differs", ("chongSoGiayToTuyThan",)),
        ({"meSoGiayToTuyThan": "008086001257"}, "id_sex_differs", ("meSoGiayToTuyThan",)),
        ({"chaSoGiayToTuyThan": "008186001257"}, "id_sex_differs", ("chaSoGiayToTuyThan",)),
        # order of dates
        ({"nksNgaySinh": "2025-09-09", "ngayDangKy": "2025-09-08"}, "date_order", ("nksNgaySinh", "ngayDangKy")),
        ({"nktNgaySinh": "2019-06-19", "nktNgayChet": "2019-06-18"}, "date_order", ("nktNgaySinh", "nktNgayChet")),
        ({"nktNgayChet": "2019-07-02", "ngayDangKy": "2019-07-01"}, "date_order", ("nktNgayChet", "ngayDangKy")),
        ({"gbtNgay": "2019-07-02", "ngayDangKy": "2019-07-01"}, "date_order", ("gbtNgay", "ngayDangKy")),
        ({"nktNgayChet": "2019-06-20", "gbtNgay": "2019-06-19"}, "date_order", ("nktNgayChet", "gbtNgay")),
        ({"voNgaySinh": "2020", "ngayDangKy": "2019-12-02"}, "date_order", ("voNgaySinh", "ngayDangKy")),
        ({"chongNgaySinh": "2020-01", "ngayDangKy": "2019-12-02"}, "date_order", ("chongNgaySinh", "ngayDangKy")),
        ({"chaNgaySinh": "2026", "nksNgaySinh": "2025-08-31"}, "date_order", ("chaNgaySinh", "nksNgaySinh")),
        ({"nxnNgaySinh": "2026", "ngayCap": "2025-05-19"}, "date_order", ("nxnNgaySinh", "ngayCap")),
        (
            {"nxnThoiGianCuTruTu": "2025-05-20", "nxnThoiGianCuTruDen": "2025-05-19"},
            "date_order",
            ("nxnThoiGianCuTruTu", "nxnThoiGianCuTruDen"),
        ),
        ({"ngaySinh": "2022-08-08", "ngayCap": "2022-08-07"}, "date_order", ("ngaySinh", "ngayCap")),
        ({"ngayCap": "2038-05-22", "ngayHetHan": "2038-05-21"}, "date_order", ("ngayCap", "ngayHetHan")),
        # year in the number
        ({"so": "15/1999", "ngayDangKy": "1998-04-03"}, "number_year_differs", ("so", "ngayDangKy")),
        (
            {"so": "30/TLKS-BS", "soDangKy": "41/2021", "ngayDangKy": "2020-05-07"},
            "number_year_differs",
            ("soDangKy", "ngayDangKy"),
        ),
        # the mother's age
        ({"meNgaySinh": "2014", "nksNgaySinh": "2025-08-31"}, "age_of_mother", ("meNgaySinh", "nksNgaySinh")),
        ({"meNgaySinh": "1964", "nksNgaySinh": "2025-08-31"}, "age_of_mother", ("meNgaySinh", "nksNgaySinh")),
    ],
)
def test_a_contradiction_is_found(values: dict[str, str], code: str, names: tuple[str, ...]) -> None:
    assert (code, names) in list(contradictions(values))


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"nksNgaySinh": "1987-08-15", "nksNgaySinhBangChu": WORDS},
        # words nobody understands say nothing against the digits; they have a problem of their own
        {"nksNgaySinh": "1987-08-15", "nksNgaySinhBangChu": "Ngày mười lăm thang"},
        {"nksSoDinhDanh": "008325008824", "nksNgaySinh": "2025-08-31", "nksGioiTinh": "nữ"},
        {"soDinhDanh": "008087001234", "ngaySinh": "1987", "gioiTinh": "nam"},
        {"soDinhDanh": "008087001234", "gioiTinh": "không xác định"},
        # 9 digits and passports hold neither year nor sex
        {"voSoGiayToTuyThan": "071845099", "voNgaySinh": "1993-03-03"},
        {"voSoGiayToTuyThan": "B1234567", "voNgaySinh": "1993-03-03"},
        {"meSoGiayToTuyThan": "008186001257", "chaSoGiayToTuyThan": "008086001257"},
        # the same day is possible, and so is whatever a year leaves open
        {"nksNgaySinh": "2025-08-31", "ngayDangKy": "2025-08-31"},
        {"nksNgaySinh": "2025", "ngayDangKy": "2025-01-02"},
        {"nktNgaySinh": "2019-06", "nktNgayChet": "2019-06-18"},
        {"so": "15/1999", "ngayDangKy": "1999-04-03"},
        {"so": "15", "ngayDangKy": "1999-04-03"},
        {"so": "30/TLKS-BS", "ngayDangKy": "1999-04-03"},
        {"so": "15/1999"},
        {"meNgaySinh": "2013", "nksNgaySinh": "2025-08-31"},
        {"meNgaySinh": "1965", "nksNgaySinh": "2025-08-31"},
    ],
)
def test_what_can_be_true_at_once_is_left_alone(values: dict[str, str]) -> None:
    assert list(contradictions(values)) == []


@pytest.mark.parametrize(
    "values",
    [
        {"soDinhDanh": "008087001234", "ngaySinh": "1987-08-15", "gioiTinh": "nam"},
        # Hà Giang went into Tuyên Quang: its numbers stay
        {"nksSoDinhDanh": "002325008824", "noiDangKy": "UBND xã Sủng Là, tỉnh Tuyên Quang"},
        {"soDinhDanh": "112087001234"},  # born abroad
        {"maSoDoanhNghiep": "0100109106"},
        {"nksHoTen": "Ma Văn A", "meHoTen": "MA THỊ B", "chaHoTen": "LÝ VĂN C"},
        {"nksHoTen": "Giàng A Páo", "meHoTen": "Sùng Thị B"},
        {"voNgaySinh": "2002-12-31", "ngayDangKy": "2020-01-01"},
    ],
)
def test_what_may_be_true_is_no_contradiction(values: dict[str, str]) -> None:
    assert list(contradictions(values)) == []


@given(st.from_regex(r"[0-9]{9}", fullmatch=True))
def test_the_check_digit_of_a_business_is_that_of_python_stdnum(nine: str) -> None:
    assert business_check(nine) == mst.calc_check_digit(nine)

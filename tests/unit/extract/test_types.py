"""Raw text to value, one row a case."""

from __future__ import annotations

import pytest

from digitizer.extract.types import TYPES, clean, read
from digitizer.extract.words import parse_date


@pytest.mark.parametrize(
    ("kind", "raw", "value", "problem"),
    [
        ("name", "NGUYỄN THỊ HOÀ", "NGUYỄN THỊ HOÀ", None),
        ("name", "....Nguyễn Thị Hoà......", "Nguyễn Thị Hoà", None),
        ("name", "......", None, "empty"),
        ("name", "12/1999", None, "not_a_name"),
        ("place", "Thôn Nà Khuổi, xã Đức Ninh.....", "Thôn Nà Khuổi, xã Đức Ninh", None),
        ("place", "Xã Liên Hiệp, H. Bắc Quang, T. Hà Giang", "Xã Liên Hiệp, H. Bắc Quang, T. Hà Giang", None),
        ("date", "15/08/1987", "1987-08-15", None),
        ("date", "5-8-1987", "1987-08-05", None),
        ("date", "15.08.1987", "1987-08-15", None),
        ("date", "ngày 15 tháng 8 năm 1987", "1987-08-15", None),
        ("date", "Ngày 01 tháng 12 năm 2003", "2003-12-01", None),
        ("date", "1987", "1987", None),
        ("date", "8/1987", "1987-08", None),
        ("date", "31/02/1999", None, "impossible_date"),
        ("date", "15/13/1999", None, "impossible_date"),
        ("date", "hôm qua", None, "not_a_date"),
        ("date", ".........", None, "empty"),
        ("sex", "Nữ", "nữ", None),
        ("sex", "NAM", "nam", None),
        ("sex", "nam....", "nam", None),
        ("ethnicity", "Tày", "Tày", None),
        ("ethnicity", "KINH", "Kinh", None),
        ("nationality", "Việt Nam", "Việt Nam", None),
        ("nationality", "VIỆT NAM", "Việt Nam", None),
        ("id_number", "008087001234", "008087001234", None),
        ("id_number", "CMND số 075069977 do CA tỉnh Tuyên Quang cấp ngày 19/11/2007", "075069977", None),
        ("id_number", "CCCD số 008 088 010 350", "008088010350", None),
        ("id_number", "không có", None, "not_an_id_number"),
        ("register_number", "15/1999", "15/1999", None),
        ("register_number", " 15 / 1999 ..", "15/1999", None),
        ("register_number", "..", None, "empty"),
        ("number", "17", "17", None),
        ("number", "mười", None, "not_a_number"),
        ("time", "07 giờ 30 phút", "07:30", None),
        ("time", "7h05", "07:05", None),
        ("time", "25 giờ 10 phút", None, "not_a_time"),
        ("signer", "Đàm Thanh Dở - Chủ tịch", "Đàm Thanh Dở", None),
        ("signer_title", "Đàm Thanh Dở - Chủ tịch", "Chủ tịch", None),
        ("signer", "Phan Quốc Duẩn, Phó Chủ tịch UBND", "Phan Quốc Duẩn", None),
        ("text", "Cha đẻ...", "Cha đẻ", None),
    ],
)  # fmt: skip
def test_a_value_has_its_normal_form(kind: str, raw: str, value: object, problem: str | None) -> None:
    assert read(kind, raw) == (value, problem)


@pytest.mark.parametrize(("raw", "value"), [("Tầy", "Tày"), ("Kính", "Kinh")])
def test_a_spelling_near_one_entry_only_is_restored_with_a_note(raw: str, value: str) -> None:
    assert read("ethnicity", raw) == (value, "spelling_restored")


def test_an_unknown_group_stays_as_printed_with_a_problem() -> None:
    assert read("ethnicity", "Xyzoo") == ("Xyzoo", "not_in_list")


@pytest.mark.parametrize("kind", sorted(TYPES))
@pytest.mark.parametrize("raw", ["", " ", "....", "…", "-", "\u200b", "///", "::", "٣", "0" * 500, "ngày tháng năm", "🙂"])
def test_no_kind_of_value_falls_over_junk(kind: str, raw: str) -> None:
    value, problem = read(kind, raw)
    assert value is None or isinstance(value, str | tuple | bool)
    assert problem is None or problem.islower()


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("..Nguyễn..Văn..A..", "Nguyễn Văn A"),
        ("Cục CS. QLHC", "Cục CS. QLHC"),
        ("xã . Đức . Ninh", "xã Đức Ninh"),
        ("T. Hà Giang", "T. Hà Giang"),
        ("a  b\u00a0c", "a b c"),
    ],
)
def test_dots_of_dotted_lines_are_not_text(raw: str, text: str) -> None:
    assert clean(raw) == text


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("Ngày mười lăm tháng tám năm một nghìn chín trăm tám mươi bảy", "1987-08-15"),
        ("ngày mồng một tháng giêng năm hai nghìn không trăm linh ba", "2003-01-01"),
        ("Ngày hai mươi mốt tháng mười hai năm hai ngàn lẻ năm", "2005-12-21"),
        ("ngày hai mươi tháng tư năm hai nghìn không trăm mười sáu", "2016-04-20"),
        ("Ngày ba mươi mốt tháng năm năm một nghìn chín trăm chín mươi lăm", "1995-05-31"),
        ("năm một nghìn chín trăm sáu mươi", "1960"),
        ("Ngày hai tháng hai năm hai nghìn không trăm hai mươi mốt", "2021-02-02"),
        ("Ngày ba mươi hai tháng tám năm hai nghìn", None),
        ("không rõ", None),
        ("", None),
    ],
)
def test_a_date_in_words_is_understood(words: str, day: str | None) -> None:
    assert parse_date(words) == day

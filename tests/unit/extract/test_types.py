"""Value types against what clerks write and recognisers misread: one row per case, raw -> (value, problem)."""

from __future__ import annotations

import unicodedata
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digitizer.doctypes import TYPES as DECLARED
from digitizer.extract.lists import ETHNIC_GROUPS, NATIONALITIES
from digitizer.extract.types import TYPES, Value, clean, read
from tests.unit.extract.written_forms import WRITTEN, Row

ROWS: dict[str, list[Row]] = {
    "amount": [
        ("3/00 gram", None, "not_a_number"),
        ("3200 gram", "3200", None),
        ("120,5 m²", "120.5", None),
        ("120.5 m2", "120.5", None),
        ("1.250,5 m²", "1250.5", None),
        ("500.000.000 đồng", "500000000", None),
        ("1.25.000", None, "not_a_number"),
        ("khoảng 120", None, "not_a_number"),
        ("....", None, "empty"),
    ],
    "date": [
        ("15/08/1987", "1987-08-15", None),
        ("5-8-1987", "1987-08-05", None),
        ("15.08.1987", "1987-08-15", None),
        ("ngày 15 tháng 8 năm 1987", "1987-08-15", None),
        ("Ngày 01 tháng 12 năm 2003", "2003-12-01", None),
        ("1987", "1987", None),
        ("8/1987", "1987-08", None),
        ("31/02/1999", None, "impossible_date"),
        ("15/13/1999", None, "impossible_date"),
        ("hôm qua", None, "not_a_date"),
        (".........", None, "empty"),
        ("15 / 08 / 1987", "1987-08-15", None),
        ("15/ 08/1987", "1987-08-15", None),
        ("15. 08. 1987", "1987-08-15", None),
        ("15/08/19.87", "1987-08-15", None),
        ("Ngày 15 tháng 08 năm 1987.", "1987-08-15", None),
        ("ngày....15....tháng....8....năm....1987", "1987-08-15", None),
        (".....15/08/1987.....", "1987-08-15", None),
        ("ngày 5 tháng 8 năm 1987 (âm lịch)", "1987-08-05 âm lịch", "lunar_date"),
        ("7 giờ 30 phút, ngày 15/08/1987", "1987-08-15", None),
        ("29/02/2000", "2000-02-29", None),
        # as precise as the paper
        ("08.1987", "1987-08", None),
        ("tháng 8 năm 1987", "1987-08", None),
        ("ngày … tháng 8 năm 1987", "1987-08", None),
        ("Năm 1987", "1987", None),
        ("1.9.8.7", "1987", None),
        # a register number before the date is no date
        ("05/2021 Ngày, tháng, năm đăng ký: 7/5/2021", "2021-05-07", None),
        ("115/1999 ngày 3/4/1999", "1999-04-03", None),
        # no day of the calendar
        ("29/02/1900", None, "impossible_date"),
        ("00/08/1987", None, "impossible_date"),
        ("15/08/1840", None, "impossible_date"),
        ("15/08/2187", None, "impossible_date"),
        ("15/08/2079", None, "impossible_date"),
        ("31/12/2099", "không thời hạn", None),
        ("ngày 07 tháng 11 nm 2023", "2023-11-07", None),
        # misread or torn apart: never a less precise or another date
        ("1 5/08/1987", None, "not_a_date"),
        ("ngày 1 5 tháng 8 năm 1987", None, "not_a_date"),
        ("15/0 8/1987", None, "not_a_date"),
        ("15/O8/1987", None, "not_a_date"),
        ("l5/08/1987", None, "not_a_date"),
        ("15/08/19 87", None, "not_a_date"),
        ("15 tháng 1 2 năm 1987", None, "not_a_date"),
        ("Ngày 15 thg 8 năm 1987", None, "not_a_date"),
        ("115/08/1987", None, "not_a_date"),
        ("15/08/19871", None, "not_a_date"),
        ("15/08/87", None, "not_a_date"),
        # the marks were not read: shown, not accepted
        ("15081987", "1987-08-15", "marks_lost"),
        ("20.091997", "1997-09-20", "marks_lost"),
        ("3102.1999", None, "impossible_date"),
        ("56/20.09. ngày 13/.07./2009.", "2009-07-13", None),
        ("70/2018 Ngày, tháng, năm đăng ký: 20.08.2018", "2018-08-20", None),
        ("ngày/date 21 tháng/month 04 nămiyear 2023", "2023-04-21", None),
        ("1987 1988", None, "not_a_date"),
        ("1840", None, "not_a_date"),
        ("ngày 15 tháng 8", None, "not_a_date"),
    ],
    "name": [
        ("NGUYỄN THỊ HOÀ", "NGUYỄN THỊ HOÀ", None),
        ("....Nguyễn Thị Hoà......", "Nguyễn Thị Hoà", None),
        ("12/1999", None, "not_a_name"),
        ("  Nguyễn  Văn   A ", "Nguyễn Văn A", None),
        ("Nguyễn Thị Hòa", "Nguyễn Thị Hòa", None),
        ("....Nguyễn....Văn....An....", "Nguyễn Văn An", None),
        ("Nguyễn … Văn … An", "Nguyễn Văn An", None),
        ("Nguyễn.Văn.An", "Nguyễn Văn An", None),
        ("Trần Văn An,", "Trần Văn An", None),
        ("Ðặng Văn Ðức", "Đặng Văn Đức", None),
        (unicodedata.normalize("NFD", "Nguyễn Thị Mỹ"), "Nguyễn Thị Mỹ", None),
        ("H'Hen Niê", "H'Hen Niê", None),
        ("'Lò Thị Mai'", "Lò Thị Mai", None),
        ("Nguyễn Văn 4", None, "not_a_name"),
        ("Nguyễn / Văn", None, "not_a_name"),
        ("Năm sinh: 1987", None, "not_a_name"),
        ("A", None, "not_a_name"),
    ],
    "sex": [
        ("Nữ", "nữ", None),
        ("NAM", "nam", None),
        ("nam....", "nam", None),
        ("Nử", "nữ", None),
        ("Nu", "nữ", None),
        ("....Nam....", "nam", None),
        ("Không xác định", "không xác định", None),
        ("chưa xác định", "không xác định", None),
        ("Nan", None, "not_in_list"),
        ("Nam Nữ", None, "not_in_list"),
        ("....", None, "empty"),
    ],
    "ethnicity": [
        ("Tày 1/ 11 //", "Tày", None),
        ("Tày", "Tày", None),
        ("KINH", "Kinh", None),
        ("....Tày....", "Tày", None),
        ("Sán Chay (Cao Lan)", "Sán Chay (Cao Lan)", None),
        ("Tay", "Tày", "spelling_restored"),
        ("Muờng", "Mường", "spelling_restored"),
        ("Bru Vân Kiều", "Bru-Vân Kiều", "spelling_restored"),
        # as near to Dao as to Lào and Hoa: nothing is guessed
        ("Lao", "Lao", "not_in_list"),
        ("Giao", "Giao", "not_in_list"),
        # old names stay as printed
        ("Cao Lan", "Cao Lan", "not_in_list"),
        ("Mán", "Mán", "not_in_list"),
        ("Việt", "Việt", "not_in_list"),
        ("....", None, "empty"),
    ],
    "nationality": [
        ("Việt Nam", "Việt Nam", None),
        ("VIỆT NAM", "Việt Nam", None),
        ("VIỆT NAM....", "Việt Nam", None),
        ("Viet Nam", "Việt Nam", "spelling_restored"),
        ("Trung Quôc", "Trung Quốc", "spelling_restored"),
        ("VN", "VN", "not_in_list"),
        ("", None, "empty"),
    ],
    "id_number": [
        # what is called by a name of 12 digits has them
        ("CCCD số: 809301907, cấp ngày 11/03/2023", None, "not_an_id_number"),
        ("CCCD số 008087001234", "008087001234", None),
        ("CMND số 076289611/ do CA tỉnh cấp", "076289611", None),
        ("CMND số 076289611/2018", None, "not_an_id_number"),
        ("008087001234", "008087001234", None),
        ("CMND số 075069977 do CA tỉnh Tuyên Quang cấp ngày 19/11/2007", "075069977", None),
        ("CCCD số 008 088 010 350", "008088010350", None),
        ("không có", None, "not_an_id_number"),
        ("008.087.001.234", "008087001234", None),
        ("070 123 456", "070123456", None),
        ("CCCD số 008090007709, Cục CS QLHC về TTXH, 22.04.2022", "008090007709", None),
        ("Hộ chiếu B1234567", "B1234567", None),
        ("AB123456", "AB123456", None),
        ("07012345", None, "not_an_id_number"),
        ("0080870012345", None, "not_an_id_number"),
        ("O08087001234", None, "not_an_id_number"),
        ("070123456, 008087001234", None, "not_an_id_number"),
        ("b1234567", None, "not_an_id_number"),
        ("......", None, "empty"),
    ],
    "dossier_code": [
        ("H60.127.03-260930-0012", "H60.127.03-260930-0012", None),
        (" h60.127.03 - 260930 - 0012 ...", "H60.127.03-260930-0012", None),
        ("000.00.19.H60-240115-0001", "000.00.19.H60-240115-0001", None),
        # no such day, a number cut short, a letter too many
        ("H60.127.03-261330-0012", None, "not_a_code"),
        ("H60.127.03-260930-012", None, "not_a_code"),
        ("HH60.127.03-260930-0012", None, "not_a_code"),
        ("....", None, "empty"),
    ],
    "agency_code": [("H60.127.03", "H60.127.03", None), ("000.00.19.H60", "000.00.19.H60", None), ("60.127", None, "not_a_code")],
    "register_number": [
        ("31/.2017", "31/2017", None),
        ("80/. UBND-XNTTHN", "80/UBND-XNTTHN", None),
        ("70IGBT-UBND", "70/GBT-UBND", "spelling_restored"),
        ("15/1999", "15/1999", None),
        (" 15 / 1999 ..", "15/1999", None),
        ("..15../..1999..", "15/1999", None),
        ("31/.2017", "31/2017", None),
        ("15", "15", None),
        ("01/", "01", None),
        ("77/TLKS-BS", "77/TLKS-BS", None),
        ("GBT.01929", "GBT.01929", None),
        ("195 / QĐ-UBND", "195/QĐ-UBND", None),
        ("01/2020/GCN", "01/2020/GCN", None),
        ("15/1999 ngày 3/4/1999", "15/1999", None),
        # the label is no part of the value
        ("Số: 15 / 1999", None, "not_a_number"),
        # torn apart or with a digit too many: not a shorter number
        ("1 5/1999", None, "not_a_number"),
        ("15/19991", None, "not_a_number"),
        ("abc", None, "not_a_number"),
    ],
    "number": [
        ("17", "17", None),
        ("mười", None, "not_a_number"),
        ("....12....", "12", None),
        ("1 2", "12", None),
        ("007", "007", None),
        ("12a", None, "not_a_number"),
        ("..", None, "empty"),
    ],
    "time": [
        ("07 giờ 30 phút", "07:30", None),
        ("7h05", "07:05", None),
        ("25 giờ 10 phút", None, "not_a_time"),
        ("7 giờ", "07:00", None),
        ("19h05p", "19:05", None),
        ("07:30", "07:30", None),
        ("07 gio 30 phut", "07:30", None),
        ("....07....giờ....30....phút....", "07:30", None),
        ("11 giờ 10 phút, ngày 18-06-2019", "11:10", None),
        ("07 giờ 60 phút", None, "not_a_time"),
        # a digit that stands apart leaves no time
        ("1 7 giờ 30 phút", None, "not_a_time"),
        ("7 giờ 3 0 phút", None, "not_a_time"),
        ("sáng", None, "not_a_time"),
        ("....", None, "empty"),
    ],
    "place": [
        ("Thôn Nà Khuổi, xã Đức Ninh.....", "Thôn Nà Khuổi, xã Đức Ninh", None),
        ("Xã Liên Hiệp, H. Bắc Quang, T. Hà Giang", "Xã Liên Hiệp, H. Bắc Quang, T. Hà Giang", None),
        ("Thôn Nà Tương, xã Yên Minh,\ntỉnh Tuyên Quang", "Thôn Nà Tương, xã Yên Minh, tỉnh Tuyên Quang", None),
        ("x. Đà Vị, h. Na Hang", "x. Đà Vị, h. Na Hang", None),
        ("xã Đà Vị. huyện Na Hang", "xã Đà Vị huyện Na Hang", None),
        ("TP. Hồ Chí Minh", "TP. Hồ Chí Minh", None),
        ("Thôn 7,xã Đà Vị,tỉnh Tuyên Quang", "Thôn 7, xã Đà Vị, tỉnh Tuyên Quang", None),
        ("Số 1,5 đường A", "Số 1,5 đường A", None),
        # the rest stands where nobody looked
        ("xã Đà Vị, huyện Na Hang", "xã Đà Vị, huyện Na Hang", "place_cut"),
        ("xã Đà Vị, huyện Na Hang, tỉnh", "xã Đà Vị, huyện Na Hang, tỉnh", "place_cut"),
        ("xã Đà Vị, huyện Na Hang, tỉnh Tuyên", "xã Đà Vị, huyện Na Hang, tỉnh Tuyên", "place_cut"),
        ("xã Đà Vị, huyện Na Hang, tỉnh Hà Tuyên", "xã Đà Vị, huyện Na Hang, tỉnh Hà Tuyên", None),
        ("1", None, "empty"),
        ("....", None, "empty"),
    ],
    "text": [
        ("Mẹ đẻ....", "Mẹ đẻ", None),
        ("....", None, "empty"),
        ("Cha đẻ...", "Cha đẻ", None),
    ],
    "relation": [("Mẹ đẻ....", "Mẹ đẻ", None), ("....", None, "empty")],
    "date_words": [
        ("Ngày mười lăm, tháng tám, năm hai nghìn", "Ngày mười lăm, tháng tám, năm hai nghìn", None),
        ("Ngày mười lăm tháng tám năm hai nghìn)", "Ngày mười lăm tháng tám năm hai nghìn", None),
        ("Ngày mười lăm thang", "Ngày mười lăm thang", "words_not_a_date"),
        ("......", None, "empty"),
    ],
    "code": [("1", "1", None), ("", None, "empty")],
    "notes": [
        ("Đã cấp bản sao ngày 01/02/2003", ("Đã cấp bản sao ngày 01/02/2003",), None),
        (
            "Đã cấp bản sao ngày 01/02/2003 Thay đổi họ theo Quyết định năm 2010 Ngày 5 tháng 6 năm 2011 bổ sung",
            ("Đã cấp bản sao ngày 01/02/2003", "Thay đổi họ theo Quyết định năm 2010", "Ngày 5 tháng 6 năm 2011 bổ sung"),
            None,
        ),
        (".....", None, "empty"),
    ],
    "signer": [
        ("Đàm Thanh Dở - Chủ tịch", "Đàm Thanh Dở", None),
        ("Phan Quốc Duẩn, Phó Chủ tịch UBND", "Phan Quốc Duẩn", None),
        ("La Quốc Huy, Phó Chủ tịch", "La Quốc Huy", None),
        ("Hứa Thị Thoan - Phó Chủ", "Hứa Thị Thoan", None),  # the last word was not found
        ("La Quốc Huy CHỦ TỊCH", "La Quốc Huy", None),
        ("La Quốc Huy, Phó Giám đốc Sở Tư pháp", "La Quốc Huy", None),
        ("La Quốc Huy", "La Quốc Huy", None),
        ("....", None, "empty"),
    ],
    "signer_title": [
        ("La Quốc Huy, Phó Chủ tịch", "Phó Chủ tịch", None),
        ("Hứa Thị Thoan - Phó Chủ", None, "empty"),
        ("La Quốc Huy, KT. CHỦ TỊCH", "KT. CHỦ TỊCH", None),
        ("La Quốc Huy, Phó Giám đốc Sở Tư pháp", "Phó Giám đốc Sở Tư pháp", None),
        ("La Quốc Huy, Công chức Tư pháp - Hộ tịch", "Công chức Tư pháp - Hộ tịch", None),
        ("La Quốc Huy, Bí thư", "Bí thư", None),
        ("La Quốc Huy", None, "empty"),
    ],
}


@pytest.mark.parametrize(("kind", "raw", "value", "problem"), [(kind, *row) for kind, rows in ROWS.items() for row in rows])
def test_a_raw_text_becomes_its_value_or_a_problem(kind: str, raw: str, value: Value, problem: str | None) -> None:
    assert read(kind, raw) == (value, problem)


@pytest.mark.parametrize(("kind", "raw", "value", "problem"), [(kind, *row) for kind, rows in WRITTEN.items() for row in rows])
def test_a_value_is_all_that_is_written(kind: str, raw: str, value: Value, problem: str | None) -> None:
    assert read(kind, raw) == (value, problem)


@pytest.mark.parametrize(
    ("kind", "raw"), [(kind, row[0]) for rows in (ROWS, WRITTEN) for kind, part in rows.items() for row in part]
)
def test_the_normal_form_of_a_value_is_read_as_itself(kind: str, raw: str) -> None:
    value, problem = read(kind, raw)
    if isinstance(value, str) and problem is None and kind != "signer_title":
        assert read(kind, value) == (value, None)


#: forms without a problem and without words of another field behind them
PLAIN = [
    (kind, raw)
    for kind in ("time", "register_number", "amount")
    for raw, _, problem in WRITTEN[kind]
    if problem is None and not any(word in raw.lower() for word in ("ngày", "quyển", "trang", "do "))
]


@settings(max_examples=200)
@given(st.sampled_from(PLAIN), st.text("bcxz", min_size=4, max_size=8))
def test_nothing_that_is_added_to_a_value_is_dropped_without_a_word(form: tuple[str, str], word: str) -> None:
    kind, raw = form
    value, _ = read(kind, raw)
    longer, problem = read(kind, f"{raw} {word}")
    assert problem is not None or longer != value, (raw, word)


def test_every_type_a_declaration_may_name_can_be_read_and_is_in_the_table() -> None:
    assert set(TYPES) == DECLARED == set(ROWS)


def test_every_entry_of_a_list_is_itself_in_any_case_and_unicode_form() -> None:
    for kind, entries in (("ethnicity", ETHNIC_GROUPS), ("nationality", NATIONALITIES)):
        for entry in entries:
            assert read(kind, entry) == (entry, None)
            assert read(kind, unicodedata.normalize("NFD", entry.upper())) == (entry, None)


DAYS = st.dates(date(1850, 1, 1), date(2059, 12, 31))


@settings(max_examples=60)
@given(DAYS)
def test_every_printed_date_is_read_back(day: date) -> None:
    for raw in (
        f"{day.day:02}/{day.month:02}/{day.year}",
        f"{day.day}-{day.month}-{day.year}",
        f"ngày {day.day} tháng {day.month} năm {day.year}",
        f"....{day.day:02} . {day.month:02} . {day.year}....",
    ):
        assert read("date", raw) == (day.isoformat(), None), raw


@settings(max_examples=60)
@given(DAYS, st.integers(0, 8), st.sampled_from(["O", "l", "?", "S", "B"]))
def test_a_damaged_date_is_never_another_date(day: date, at: int, wrong: str) -> None:
    printed = f"{day.day:02}/{day.month:02}/{day.year}"
    assert read("date", printed[: at + 1] + " " + printed[at + 1 :])[0] in (day.isoformat(), None)
    if printed[at] != "/":
        assert read("date", printed[:at] + wrong + printed[at + 1 :])[0] in (day.isoformat(), None)


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

"""QR code and MRZ of identity cards; every number here is made up."""

from __future__ import annotations

import pytest

from digitizer.extract.codes import check_digit, from_mrz, from_qr, parse_mrz
from digitizer.model import Box, Mark
from tests.unit.builders import page_of

#: from the description of the format, check digits computed by hand
FIRST, SECOND = "IDVNM0870012349008087001234<<7", "8708151M2708159VNM<<<<<<<<<<<2"
READ = {"soDinhDanh": "008087001234", "ngaySinh": "15/08/1987", "ngayHetHan": "15/08/2027", "gioiTinh": "Nam"}
QR = "008087001234|070123456|Nguyễn Văn An|15081987|Nam|Thôn 3, xã Đà Vị|20052021"


def qr(text: str, kind: str = "qr") -> Mark:
    return Mark(kind=kind, box=Box(10, 10, 90, 90), text=text)


@pytest.mark.parametrize(
    ("text", "digit"),
    [("087001234", "9"), ("870815", "1"), ("270815", "9"), ("L898902C3", "6"), ("740812", "2"), ("<<<<<<", "0")],
)
def test_check_digits_follow_icao_9303(text: str, digit: str) -> None:
    assert check_digit(text) == digit


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (FIRST, SECOND),
        (FIRST.replace("IDVNM", "1DVNM"), SECOND),
        (FIRST.replace("IDVNM", "I0VNM"), SECOND),
        (FIRST.replace("0870012349", "O87OO12349"), SECOND),
        (FIRST[:27] + "C(" + FIRST[29:], SECOND),
        (FIRST, SECOND.replace("8708151M", "87O8I51M")),
        (FIRST, SECOND[:18] + "C" * 11 + SECOND[29:]),
    ],
)
def test_an_mrz_is_read_and_usual_misreadings_are_put_right(first: str, second: str) -> None:
    assert parse_mrz(first, second) == READ


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (FIRST.replace("0870012349", "0870012348"), SECOND),
        (FIRST.replace("0870012349", "0870012399"), SECOND),
        (FIRST.replace("008087001234", "008087001235"), SECOND),
        (FIRST, SECOND.replace("8708151", "8708161")),
        (FIRST, SECOND.replace("8708151", "8708152")),
        (FIRST, SECOND.replace("2708159", "2708169")),
        (FIRST, SECOND[:-1] + "3"),
        (FIRST[:-1], SECOND),
        (FIRST, SECOND[:-1]),
        ("", ""),
    ],
)
def test_an_mrz_with_a_wrong_check_digit_says_nothing(first: str, second: str) -> None:
    assert parse_mrz(first, second) is None


def test_a_number_from_the_two_thousands_has_its_century() -> None:
    one = "IDVNM325008824" + check_digit("325008824") + "008325008824<<"
    one += check_digit(one[5:29])
    two = "250831" + check_digit("250831") + "F" + "391231" + check_digit("391231") + "VNM" + "<" * 11
    two += check_digit(one[5:30] + two[:7] + two[8:15] + two[18:29])
    read = parse_mrz(one, two)
    assert read is not None
    assert (read["ngaySinh"], read["gioiTinh"]) == ("31/08/2025", "Nữ")


def test_the_sex_has_no_check_digit_so_an_unclear_one_is_left_out() -> None:
    read = parse_mrz(FIRST, SECOND.replace("M", "H", 1))
    assert read is not None
    assert "gioiTinh" not in read


def test_mrz_lines_are_found_on_a_page_also_with_spaces() -> None:
    page = page_of("Ngón trỏ trái", "IDVNM 0870012349 008087001234 <<7", SECOND, "NGUYEN<<VAN<AN<<<<<<<<<<<<<<<<")
    coded = {c.name: c for c in from_mrz([(3, page)])}
    assert {name: c.raw for name, c in coded.items()} == READ
    assert {c.by for c in coded.values()} == {"mrz"}
    assert coded["soDinhDanh"].page == 3
    assert coded["soDinhDanh"].box == page.lines[1].box
    assert coded["ngaySinh"].box == page.lines[2].box


def test_a_page_without_mrz_says_nothing() -> None:
    assert list(from_mrz([(0, page_of("Căn cước công dân"))])) == []


@pytest.mark.parametrize("extra", ["", "||||", "|Nguyễn Văn Ba|Trần Thị Bốn||"])
def test_the_qr_code_of_a_card_gives_its_fields_old_form_and_new(extra: str) -> None:
    found = {c.name: c.raw for c in from_qr([(0, page_of(marks=[qr(QR + extra)]))])}
    assert found == {
        "soDinhDanh": "008087001234",
        "soCmndCu": "070123456",
        "hoTen": "Nguyễn Văn An",
        "ngaySinh": "15/08/1987",
        "gioiTinh": "Nam",
        "noiCuTru": "Thôn 3, xã Đà Vị",
        "ngayCap": "20/05/2021",
    }


def test_an_empty_part_of_a_qr_code_is_no_field() -> None:
    assert "soCmndCu" not in {c.name for c in from_qr([(0, page_of(marks=[qr(QR.replace("070123456", ""))]))])}


@pytest.mark.parametrize(
    "mark",
    [qr("https://example.org/1|2|3|4|5|6|7"), qr("008087001234|only|four|parts"), qr("08087001234|" + QR), qr(QR, "barcode")],
)
def test_another_code_gives_nothing(mark: Mark) -> None:
    assert list(from_qr([(0, page_of(marks=[mark]))])) == []


def test_the_first_card_code_counts() -> None:
    other = QR.replace("008087001234", "008187001235")
    found = {c.name: c for c in from_qr([(0, page_of(marks=[qr("x")])), (1, page_of(marks=[qr(QR), qr(other)]))])}
    assert found["soDinhDanh"].raw == "008087001234"
    assert found["soDinhDanh"].page == 1

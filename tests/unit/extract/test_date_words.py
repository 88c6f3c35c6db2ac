"""Dates in words."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digitizer.extract.date_words import parse_date

ONES = ["", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín"]


def spoken(number: int) -> str:
    """1–99 in words, as a clerk writes them."""
    tens, one = divmod(number, 10)
    if tens == 0:
        return ONES[one]
    last = {1: "mốt" if tens > 1 else "một", 4: "tư" if tens > 1 else "bốn", 5: "lăm"}.get(one, ONES[one])
    return " ".join(w for w in ("mười" if tens == 1 else f"{ONES[tens]} mươi", last) if w)


def spoken_year(year: int) -> str:
    thousands, rest = divmod(year, 1000)
    hundreds, rest = divmod(rest, 100)
    tail = f"linh {ONES[rest]}" if 0 < rest < 10 else spoken(rest) if rest else ""
    middle = f"{ONES[hundreds] or 'không'} trăm" if hundreds or rest else ""
    return " ".join(w for w in (f"{ONES[thousands]} nghìn", middle, tail) if w)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("Ngày mười lăm, tháng tám, năm một nghìn chín trăm tám mươi bảy", "1987-08-15"),
        ("NGÀY MƯỜI LĂM THÁNG TÁM NĂM MỘT NGHÌN CHÍN TRĂM TÁM MƯƠI BẢY", "1987-08-15"),
        ("Ngay muoi lam thang tam nam mot nghin chin tram tam muoi bay", "1987-08-15"),
        ("(Ngày mười lăm tháng tám năm một ngàn chín trăm tám bảy)", "1987-08-15"),
        ("Ngày Hai Mươi Bảy Tháng Tám Năm Hai Nghìn Không Trăm Linh Tám", "2008-08-27"),
        ("Ngày Hai Mươi Bảy Tháng Tám Năm Hai Nghìn Linh Tám", "2008-08-27"),
        # first days: mồng, mùng, also without the word for day
        ("ngày mồng bảy tháng tư năm hai nghìn không trăm mười tám", "2018-04-07"),
        ("ngày mùng một tháng một năm hai nghìn không trăm linh ba", "2003-01-01"),
        ("mồng năm tháng tư năm hai ngàn lẻ năm", "2005-04-05"),
        ("Mười lăm tháng tám năm hai nghìn", "2000-08-15"),
        # mốt, lăm, nhăm, hăm, tư, bẩy
        ("ngày hai mươi mốt tháng mười một năm hai nghìn không trăm hai mươi tư", "2024-11-21"),
        ("ngày hai mươi nhăm tháng bẩy năm hai nghìn không trăm mười", "2010-07-25"),
        ("ngày hăm ba tháng mười hai năm hai nghìn", "2000-12-23"),
        # lunar names of months
        ("ngày mồng một tháng giêng năm một nghìn chín trăm chín mươi", "1990-01-01"),
        ("ngày ba mươi tháng chạp năm một chín tám bảy", "1987-12-30"),
        # năm is year and five
        ("ngày năm tháng năm năm một nghìn chín trăm năm mươi lăm", "1955-05-05"),
        ("ngày mười lăm tháng năm năm một nghìn chín trăm năm mươi", "1950-05-15"),
        ("tháng năm năm hai nghìn", "2000-05"),
        ("năm tháng năm năm hai nghìn lẻ năm", "2005-05-05"),
        # short years
        ("ngày mười lăm tháng tám năm tám bảy", "1987-08-15"),
        ("ngày mười lăm tháng tám năm hai nghìn", "2000-08-15"),
        ("ngày mười lăm tháng tám năm hai nghìn không trăm hai mươi", "2020-08-15"),
        # as precise as said
        ("tháng tám năm một nghìn chín trăm tám mươi bảy", "1987-08"),
        ("năm một nghìn chín trăm tám mươi bảy", "1987"),
        ("một nghìn chín trăm tám mươi bảy", "1987"),
        # not understood: nothing
        ("ngày mười lăm tháng mười ba năm hai nghìn", None),
        ("ngày ba mươi hai tháng ba năm hai nghìn", None),
        ("ngày mười lăm tháng tám", None),
        ("ngày mười lăm năm hai nghìn", None),
        ("ngày mười năm tháng tám năm hai nghìn", None),
        ("ngày 15 tháng tám năm hai nghìn", None),
        ("năm hai nghìn năm trăm", None),
        ("Giáp Tý", None),
        ("không rõ", None),
        ("", None),
    ],
)
def test_a_date_in_words_is_understood_or_left_alone(said: str, meant: str | None) -> None:
    assert parse_date(said) == meant


@settings(max_examples=60)
@given(st.dates(date(1900, 1, 1), date(2099, 12, 31)))
def test_every_date_a_clerk_writes_out_is_understood(day: date) -> None:
    said = f"ngày {spoken(day.day)} tháng {spoken(day.month)} năm {spoken_year(day.year)}"
    assert parse_date(said) == day.isoformat(), said

"""Finds contradictions among the values of a record. A contradiction always goes to a person. None is resolved here.

Sources: Luật Hộ tịch 2014, NĐ 137/2015/NĐ-CP on identity numbers, Luật Hôn nhân và gia đình on ages. Business codes have a check
digit. `codes.py` checks those of MRZ.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date

from digitizer.extract import units
from digitizer.extract.date_words import parse_date
from digitizer.text import fold

#: (problem code, names of the fields that contradict one another)
Contradiction = tuple[str, tuple[str, ...]]
#: field -> value in normal form
Values = Mapping[str, str]

#: prefix of a person's fields -> sex
_SEX_OF_ROLE = {"vo": "nữ", "chong": "nam", "me": "nữ", "cha": "nam", "meNuoi": "nữ", "chaNuoi": "nam"}
#: least and most years between the births of a mother and her child
_MOTHER = (12, 60)
#: least and most years between the births of a father and his child
_FATHER = (14, 90)
#: least age of a bride in years, by the year alone. The law counts a year that has begun
_BRIDE = 17
#: least age of a groom in years, by the year alone
_GROOM = 19


#: dates that may lie in the future
_MAY_LIE_AHEAD = frozenset({"ngayHetHan", "thoiHan", "nxnThoiGianCuTruDen", "hieuLucTu"})


def contradictions(values: Values) -> Iterator[Contradiction]:
    """The contradictions among `values`."""
    rules = (_words, _identity, _province, _order_of_dates, _year_of_number, _ages, _surname, _business_code)
    for rule in rules:
        yield from rule(values)


def future_dates(dates: Values, received: date) -> Iterator[Contradiction]:
    """Days after the one on which the scan came. Only as precise as the date is."""
    for name, value in dates.items():
        day = re.match(r"\d{4}(?:-\d\d){0,2}", value)
        if day and name not in _MAY_LIE_AHEAD and day.group() > received.isoformat()[: len(day.group())]:
            yield "future_date", (name,)


def agreements(values: Values) -> Iterator[tuple[str, str]]:
    """(date in digits, date in words): pairs of fields, read independently, that agree."""
    for digits, words in _twins(values):
        if parse_date(values[words]) == values[digits]:
            yield digits, words


def _twins(values: Values) -> Iterator[tuple[str, str]]:
    """(name of a date in digits, name of its date in words)."""
    for name in values:
        digits = re.sub(r"(Ghi)?BangChu$", "", name)
        if digits != name and digits in values:
            yield digits, name


def _words(values: Values) -> Iterator[Contradiction]:
    """Digits and words of one date must agree."""
    for digits, words in _twins(values):
        if (said := parse_date(values[words])) and said != values[digits]:
            yield "words_differ", (digits, words)


def _numbers(values: Values) -> Iterator[tuple[str, str, str]]:
    """(field, prefix of the person, number) of every 12-digit identity number."""
    for name, number in values.items():
        match = re.fullmatch(r"(\w*?)(?:[sS]oDinhDanh|[sS]oGiayToTuyThan)", name)
        if match and re.fullmatch(r"\d{12}", number):
            yield name, match.group(1), number


def _of(prefix: str, name: str) -> str:
    return f"{prefix}{name}" if prefix else name[0].lower() + name[1:]


def _identity(values: Values) -> Iterator[Contradiction]:
    """The 4th digit of a 12-digit number stands for century and sex, the 5th and 6th for the birth year."""
    for name, prefix, identity in _numbers(values):
        born, sex = _of(prefix, "NgaySinh"), _of(prefix, "GioiTinh")
        year = 1900 + 100 * (int(identity[3]) // 2) + int(identity[4:6])
        if born in values and values[born][:4].isdigit() and int(values[born][:4]) != year:
            yield "id_year_differs", (name, born)
        if values.get(sex) in ("nam", "nữ") and (int(identity[3]) % 2 == 0) != (values[sex] == "nam"):
            yield "id_sex_differs", (name, sex)
        elif prefix in _SEX_OF_ROLE and (int(identity[3]) % 2 == 0) != (_SEX_OF_ROLE[prefix] == "nam"):
            yield "id_sex_differs", (name,)


def _province(values: Values) -> Iterator[Contradiction]:
    """The first three digits are the province of the birth registration, or from 100 on a country."""
    known = {f"0{u.code}": u.plain for u in units.before()["province"]}
    for name, prefix, identity in _numbers(values):
        if identity[0] == "0" and identity[:3] not in known:
            yield "id_province_unknown", (name,)
        elif prefix == "nks" and identity[:3] in known and _elsewhere(known[identity[:3]], values.get("noiDangKy", "")):
            yield "id_province_differs", (name, "noiDangKy")


def _elsewhere(province: str, office: str) -> bool:
    """Whether an office names another province that no merger joins with this one."""
    named = re.search(r"(?:tỉnh|thành phố|tp\.?)\s+([^,]+)$", office.casefold())
    if named is None:
        return False
    other = units.same_name(named.group(1).strip(" ."))
    if other not in units.names("province"):
        return False
    family = units.province_successors()
    return not set(family.get(province, (province,))) & set(family.get(other, (other,)))


def _order_of_dates(values: Values) -> Iterator[Contradiction]:
    """Birth comes before death, and both before registration. Dates are compared only as precisely as both are."""
    later = ("ngayDangKy", "ngayCap", "ngayViet")
    born = [name for name in values if name.endswith("NgaySinh")]
    order = [(name, end) for name in born for end in later] + [
        ("nktNgaySinh", "nktNgayChet"),
        ("nktNgayChet", "ngayDangKy"),
        ("gbtNgay", "ngayDangKy"),
        ("nktNgayChet", "gbtNgay"),
        ("voNgaySinh", "ngayDangKy"),
        ("chongNgaySinh", "ngayDangKy"),
        ("meNgaySinh", "nksNgaySinh"),
        ("chaNgaySinh", "nksNgaySinh"),
        ("nxnNgaySinh", "ngayCap"),
        ("nxnThoiGianCuTruTu", "nxnThoiGianCuTruDen"),
        ("ngaySinh", "ngayCap"),
        ("ngayCap", "ngayHetHan"),
    ]
    for first, second in order:
        if all(re.match(r"\d{4}", values.get(name, "")) for name in (first, second)):
            length = min(len(values[first]), len(values[second]))
            if values[first][:length] > values[second][:length]:
                yield "date_order", (first, second)


def _year_of_number(values: Values) -> Iterator[Contradiction]:
    """The year in a number is that of its registration: `15/1999` was registered in 1999."""
    number, registered = values.get("soDangKy") or values.get("so", ""), values.get("ngayDangKy", "")
    year = number.rpartition("/")[2]
    if len(year) == 4 and year.isdigit() and registered and registered[:4] != year:
        yield "number_year_differs", ("soDangKy" if "soDangKy" in values else "so", "ngayDangKy")


def _ages(values: Values) -> Iterator[Contradiction]:
    """Parents, brides and grooms have a possible age, by the years alone."""
    if (years := _years(values, "meNgaySinh", "nksNgaySinh")) is not None and not _MOTHER[0] <= years <= _MOTHER[1]:
        yield "age_of_mother", ("meNgaySinh", "nksNgaySinh")
    if (years := _years(values, "chaNgaySinh", "nksNgaySinh")) is not None and not _FATHER[0] <= years <= _FATHER[1]:
        yield "age_of_father", ("chaNgaySinh", "nksNgaySinh")
    for person, least in (("voNgaySinh", _BRIDE), ("chongNgaySinh", _GROOM)):
        married = next((n for n in ("ngayXacLapQuanHeHonNhan", "ngayDangKy") if n in values), "")
        years = _years(values, person, married)
        if years is not None and 0 <= years < least:
            yield "age_of_spouse", (person, married)


def _years(values: Values, first: str, second: str) -> int | None:
    """Years from the first date to the second, or None when one is missing."""
    dates = values.get(first, ""), values.get(second, "")
    return int(dates[1][:4]) - int(dates[0][:4]) if all(re.match(r"\d{4}", d) for d in dates) else None


def _surname(values: Values) -> Iterator[Contradiction]:
    """A child has the surname of a parent. It is checked only when both parents are known."""
    if all(name in values for name in ("nksHoTen", "meHoTen", "chaHoTen")):
        child, *parents = (fold(values[name]).partition(" ")[0] for name in ("nksHoTen", "meHoTen", "chaHoTen"))
        if child not in parents:
            yield "surname_differs", ("nksHoTen", "chaHoTen", "meHoTen")


def _business_code(values: Values) -> Iterator[Contradiction]:
    """The tenth digit of a business code is the check digit of the nine before it."""
    code = values.get("maSoDoanhNghiep", "")
    if re.fullmatch(r"\d{10}(-?\d{3})?", code) and business_check(code) != code[9]:
        yield "check_digit_wrong", ("maSoDoanhNghiep",)


def business_check(code: str) -> str:
    """The check digit of the first nine digits of a business code. `10` when there is none."""
    weights = (31, 29, 23, 19, 17, 13, 7, 5, 3)
    return str(10 - sum(int(c) * w for c, w in zip(code, weights, strict=False)) % 11)

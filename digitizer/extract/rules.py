"""What cannot be true at once among the values of a record.

Sources: Luật Hộ tịch 2014; NĐ 137/2015/NĐ-CP on identity numbers; Luật Hôn nhân và gia đình on ages; the check digit of business
codes; check digits of MRZ are in `codes.py`. A contradiction always goes to a person; none is settled here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from digitizer.extract import units
from digitizer.extract.date_words import parse_date
from digitizer.text import fold

#: (problem code, names of the fields that contradict one another)
Contradiction = tuple[str, tuple[str, ...]]
Values = Mapping[str, str]

#: roles that say the sex
_SEX_OF_ROLE = {"vo": "nữ", "chong": "nam", "me": "nữ", "cha": "nam", "meNuoi": "nữ", "chaNuoi": "nam"}
#: years between the births of a parent and a child
_MOTHER, _FATHER = (12, 60), (14, 90)
#: youngest at marriage, by year alone: the law counts a year that has begun
_BRIDE, _GROOM = 17, 19


def contradictions(values: Values) -> Iterator[Contradiction]:
    """What cannot be true at once among normal-form values."""
    rules = (_words, _identity, _province, _order_of_dates, _year_of_number, _ages, _surname, _business_code)
    for rule in rules:
        yield from rule(values)


def agreements(values: Values) -> Iterator[tuple[str, str]]:
    """Fields read apart from one another that say the same: a date in digits and in words."""
    for digits, words in _twins(values):
        if parse_date(values[words]) == values[digits]:
            yield digits, words


def _twins(values: Values) -> Iterator[tuple[str, str]]:
    """(date in digits, the same in words)."""
    for name in values:
        digits = re.sub(r"(Ghi)?BangChu$", "", name)
        if digits != name and digits in values:
            yield digits, name


def _words(values: Values) -> Iterator[Contradiction]:
    """Digits and words of one date say the same."""
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
    """The 4th digit of a 12-digit number holds century and sex, the 5th and 6th the birth year."""
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
    """The first three digits are the province where the birth was registered, or a country from 100 on."""
    known = {f"0{u.code}": u.plain for u in units.before()["province"]}
    for name, prefix, identity in _numbers(values):
        if identity[0] == "0" and identity[:3] not in known:
            yield "id_province_unknown", (name,)
        elif prefix == "nks" and identity[:3] in known and _elsewhere(known[identity[:3]], values.get("noiDangKy", "")):
            yield "id_province_differs", (name, "noiDangKy")


def _elsewhere(province: str, office: str) -> bool:
    """Whether an office names a province, and not this one, one it was, nor one it became."""
    named = re.search(r"(?:tỉnh|thành phố|tp\.?)\s+([^,]+)$", office.casefold())
    if named is None:
        return False
    other = units.same_name(named.group(1).strip(" ."))
    if other not in units.names("province"):
        return False
    family = units.province_successors()
    return not set(family.get(province, (province,))) & set(family.get(other, (other,)))


def _order_of_dates(values: Values) -> Iterator[Contradiction]:
    """Born before dead, both before they are registered; only as precise as both dates are."""
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
    """`15/1999` was registered in 1999."""
    number, registered = values.get("soDangKy") or values.get("so", ""), values.get("ngayDangKy", "")
    year = number.rpartition("/")[2]
    if len(year) == 4 and year.isdigit() and registered and registered[:4] != year:
        yield "number_year_differs", ("soDangKy" if "soDangKy" in values else "so", "ngayDangKy")


def _ages(values: Values) -> Iterator[Contradiction]:
    """Parents and children, brides and grooms: what a birth year leaves possible."""
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
    """Years from one date to the other; None when one is not there."""
    dates = values.get(first, ""), values.get(second, "")
    return int(dates[1][:4]) - int(dates[0][:4]) if all(re.match(r"\d{4}", d) for d in dates) else None


def _surname(values: Values) -> Iterator[Contradiction]:
    """A child has the surname of a parent; only where both parents are known, for a child may have one of them alone."""
    if all(name in values for name in ("nksHoTen", "meHoTen", "chaHoTen")):
        child, *parents = (fold(values[name]).partition(" ")[0] for name in ("nksHoTen", "meHoTen", "chaHoTen"))
        if child not in parents:
            yield "surname_differs", ("nksHoTen", "chaHoTen", "meHoTen")


def _business_code(values: Values) -> Iterator[Contradiction]:
    """The tenth digit checks the nine before it."""
    code = values.get("maSoDoanhNghiep", "")
    if re.fullmatch(r"\d{10}(-?\d{3})?", code) and business_check(code) != code[9]:
        yield "check_digit_wrong", ("maSoDoanhNghiep",)


def business_check(code: str) -> str:
    """The check digit over nine digits of a business code; `10` when there is none."""
    weights = (31, 29, 23, 19, 17, 13, 7, 5, 3)
    return str(10 - sum(int(c) * w for c, w in zip(code, weights, strict=False)) % 11)

"""Rules that hold between the values of a record, how sure we are of a value, and the verdict.

Sources of the rules: Luật Hộ tịch 2014; NĐ 137/2015/NĐ-CP on identity numbers. A contradiction always goes to a person: both
values stay, neither is accepted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from digitizer.doctypes import DocType
from digitizer.extract.values import Evidence
from digitizer.extract.words import parse_date
from digitizer.model import Field, Problem, Verdict

#: (problem code, names of the fields that contradict one another)
Contradiction = tuple[str, tuple[str, ...]]
Values = Mapping[str, str]

_PERSONS = ("nks", "me", "cha", "nyc", "vo", "chong", "nkt", "nxn", "cm", "nc")


def confidence(kind: str, evidence: Evidence) -> float:
    """How sure we are of a value of type `kind`: the one place where confidences are combined."""
    letters = evidence.letters
    return 0.5 * (sum(letters) / len(letters)) + 0.5 * min(letters) if letters else 0.0


def contradictions(values: Values) -> Iterator[Contradiction]:
    """What cannot be true at once among normal-form values."""
    for rule in (_words, _identity, _order_of_dates, _year_of_number, _age_of_mother):
        yield from rule(values)


def _words(values: Values) -> Iterator[Contradiction]:
    """Digits and words of one date say the same."""
    for digits, words in (("nksNgaySinh", "nksNgaySinhBangChu"), ("nktNgayChet", "nktNgayChetGhiBangChu")):
        if digits in values and words in values and (said := parse_date(values[words])) and said != values[digits]:
            yield "words_differ", (digits, words)


def _identity(values: Values) -> Iterator[Contradiction]:
    """The 4th digit of a 12-digit number holds century and sex, the 5th and 6th the birth year."""
    pairs = [(f"{p}SoDinhDanh", f"{p}NgaySinh", f"{p}GioiTinh") for p in _PERSONS]
    pairs += [(f"{p}SoGiayToTuyThan", f"{p}NgaySinh", f"{p}GioiTinh") for p in _PERSONS] + [
        ("soDinhDanh", "ngaySinh", "gioiTinh")
    ]
    for number, born, sex in pairs:
        identity = values.get(number, "")
        if len(identity) != 12 or not identity.isdigit():
            continue
        year = 1900 + 100 * (int(identity[3]) // 2) + int(identity[4:6])
        if born in values and int(values[born][:4]) != year:
            yield "id_year_differs", (number, born)
        if values.get(sex) in ("nam", "nữ") and (int(identity[3]) % 2 == 0) != (values[sex] == "nam"):
            yield "id_sex_differs", (number, sex)
    for prefix, sex in (("vo", "nữ"), ("chong", "nam"), ("me", "nữ"), ("cha", "nam")):
        identity = values.get(f"{prefix}SoGiayToTuyThan", "")
        if len(identity) == 12 and identity.isdigit() and (int(identity[3]) % 2 == 0) != (sex == "nam"):
            yield "id_sex_differs", (f"{prefix}SoGiayToTuyThan",)


def _order_of_dates(values: Values) -> Iterator[Contradiction]:
    """Born before dead, both before they are registered; only as precise as both dates are."""
    later = ("ngayDangKy", "ngayCap")
    order = [("nksNgaySinh", end) for end in later] + [
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
        if first in values and second in values:
            length = min(len(values[first]), len(values[second]))
            if values[first][:length] > values[second][:length]:
                yield "date_order", (first, second)


def _year_of_number(values: Values) -> Iterator[Contradiction]:
    """`15/1999` was registered in 1999."""
    number, registered = values.get("soDangKy") or values.get("so", ""), values.get("ngayDangKy", "")
    year = number.rpartition("/")[2]
    if len(year) == 4 and year.isdigit() and registered and registered[:4] != year:
        yield "number_year_differs", ("soDangKy" if "soDangKy" in values else "so", "ngayDangKy")


def _age_of_mother(values: Values) -> Iterator[Contradiction]:
    """A mother is 12 to 60 years old."""
    if (
        "meNgaySinh" in values
        and "nksNgaySinh" in values
        and not 12 <= int(values["nksNgaySinh"][:4]) - int(values["meNgaySinh"][:4]) <= 60
    ):
        yield "age_of_mother", ("meNgaySinh", "nksNgaySinh")


def judge(fields: Sequence[Field], doctype: DocType) -> tuple[tuple[Field, ...], Verdict, tuple[Problem, ...]]:
    """Fields with contradictions noted and acceptance decided, the verdict, and the reasons for a review."""
    values = {f.name: f.value for f in fields if isinstance(f.value, str)}
    found = list(contradictions(values))
    accused = {name: code for code, names in found for name in names}
    judged = tuple(_judge_field(f, accused.get(f.name), doctype) for f in fields)
    have = {f.name for f in judged if f.value is not None}
    reasons = [Problem(code=code, field=names[0], facts={"other": names[-1]}) for code, names in found]
    reasons += [Problem(code="missing", field=spec.name) for spec in doctype.fields if spec.required and spec.name not in have]
    unsure = sum(not f.accepted for f in judged if f.name in have)
    if unsure:
        reasons.append(Problem(code="unsure_fields", facts={"count": unsure}))
    return judged, Verdict.REVIEW if reasons else Verdict.ACCEPT, tuple(reasons)


def _judge_field(field: Field, contradiction: str | None, doctype: DocType) -> Field:
    problems = (*field.problems, Problem(code=contradiction, field=field.name)) if contradiction else field.problems
    accepted = field.value is not None and not problems and field.confidence >= doctype.accept_field
    return replace(field, problems=problems, accepted=accepted)

"""A date in digits, as precise as the paper has it."""

from __future__ import annotations

import re
from datetime import date
from functools import cache

from digitizer.extract.grammar import Grammar, Part, chars, either, maybe, repeat, seq, text
from digitizer.extract.raw_text import clean, is_left_over, undotted
from digitizer.extract.value_grammars import SPACE, day, month, year
from digitizer.extract.value_type import Parsed, ValueType
from digitizer.text import fold

#: years a paper may name
_YEARS = frozenset(range(1850, 2060))
#: year in which the machine-readable zone of a card without an end says that it ends
_NO_END_YEAR = "2099"
#: value of a date of expiry of a card that never expires
NO_END = "không thời hạn"
#: what follows the value of a date of the lunar calendar
LUNAR = "âm lịch"
#: and what follows it where the month is the second one of its number in the year
LEAP = ", tháng nhuận"
_LEAP = re.compile(r"[\s(,]*(?:\btháng\s+)?\bnhuận\b[\s)]*", re.IGNORECASE)
#: days of the longest month of the lunar calendar
_LUNAR_DAYS = 30
_LUNAR = re.compile(r"[\s(,\[]*\b(?:tức\s+)?(?:âm\s+lịch|ÂL|AL|âl|al|âm)\b[\s)\]]*", re.IGNORECASE)
#: names of years in the cycle of sixty: ten stems and twelve branches
_STEMS = "Giáp|Ất|Bính|Đinh|Mậu|Kỷ|Canh|Tân|Nhâm|Quý"
_BRANCHES = "Tý|Sửu|Dần|Mão|Mẹo|Thìn|Tỵ|Ngọ|Mùi|Thân|Dậu|Tuất|Hợi"
_CAN_CHI = re.compile(rf"\b(?:{_STEMS})\s+(?:{_BRANCHES})\b", re.IGNORECASE)
#: a date as databases write it, `1987-08-15`, `1987-08`
_ISO = re.compile(r"(\d{4})-(\d{2})(?:-(\d{2}))?")
_DATE = re.compile(
    r"(?:(?:ngày\s*)?(\d{1,2})\s*(?:[/.\-]|tháng)\s*)?(?:(\d{1,2})\s*(?:[/.\-]|n[ăaâ]?m)\s*)(\d{4})(?!\d)|(?<!\d)(\d{4})(?!\d)",
    re.IGNORECASE,
)
#: a date with one or both of its separators missing: `03042018`, `20.091997`. It is shown, but not accepted
_MARKS_LOST = re.compile(r"(\d{2})[/.\-]?(\d{2})((?:19|20)\d{2})|(\d{2})(\d{2})[/.\-]((?:19|20)\d{2})")


#: words that stand before a date on forms and are no part of it
_BEFORE = (
    r"(?:sinh|ngày|tháng|năm|đăng ký|vào|lúc|từ|đến|cấp|hết hạn|có giá trị"
    r"|(?:\d{1,2}\s*(?:giờ|h|:)\s*(?:\d{1,2})?(?:\s*phút)?))"
)
#: what may stand before a date: such words, or a time of day
_HEAD = re.compile(rf"(?:\W*{_BEFORE}\b)*\W*|.*\b(?:giờ|phút)\b.*", re.IGNORECASE | re.DOTALL)


def read(raw: str) -> Parsed:
    """A date, as precise as the paper: `15/08/1987`, `ngày 15 tháng 8 năm 1987`, `08.1987`, `1987`, `1987-08-15`.

    A lunar date keeps its calendar: `1987-08-15 âm lịch` with the problem `lunar_date`. Its months have up to 30 days, February
    too, and a leap month is said: `1982-04-15 âm lịch, tháng nhuận`. `Giáp Tý` has no value: it names one year in every sixty.
    What the date leaves of the text is `left_over`.
    """
    found = clean(raw)
    if fold(found) in ("khong thoi han", "khong ky han", "khong co thoi han"):
        return NO_END, None
    if _CAN_CHI.search(found):
        return None, "lunar_date"
    leap = _LEAP.search(found) is not None
    if (leap or _LUNAR.search(found)) and re.search(r"\d", found):
        value, problem = _written(_LUNAR.sub(" ", _LEAP.sub(" ", found)).strip(" ,"), lunar=True)
        if not isinstance(value, str) or value == NO_END:
            return None, problem
        return f"{value} {LUNAR}{LEAP if leap else ''}", problem or "lunar_date"
    return _written(raw)


def _written(raw: str, *, lunar: bool = False) -> Parsed:
    """A date in digits, of the lunar calendar or ours."""
    if iso := _ISO.fullmatch(clean(raw)):
        return _checked(*iso.groups(), lunar=lunar)
    # `05/1999 ngày 03/04/1999`, `56/20.09. ngày …`: the number of the register is no month and year
    own_number = r"^\d+/\.?\d[\d.]{2,5}[\s.]+(?=\D.*\d)"
    found = re.sub(own_number, "", re.sub(r"[/il|]?(?:date|month|year)\b", "", clean(raw)))
    found = re.sub(r"(?<=\d)\s*([/.\-])\s*(?=\d)", r"\1", found)
    if re.fullmatch(r"[\d.]+", found) and len(found.replace(".", "")) == 4:
        found = found.replace(".", "")
    elif "/" in found:
        found = undotted(found)
    if lost := _MARKS_LOST.fullmatch(found):
        day, month, year = (group for group in lost.groups() if group)
        value, problem = _checked(year, month, day, lunar=lunar)
        return value, problem or "marks_lost"
    match = _DATE.search(found)
    if match is None:
        return None, "empty" if not re.search(r"\w", found) else "not_a_date"
    day, month, year, alone = match.groups()
    if alone is not None:
        # a year counts only without other text, else a date was misread
        return (
            (alone, None)
            if re.fullmatch(r"(?:(?:ngày|tháng|năm|sinh)?\W*)*\d{4}", found, re.IGNORECASE) and int(alone) in _YEARS
            else (None, "not_a_date")
        )
    if _cut(found[: match.start()], match.group(), day):
        return None, "not_a_date"
    value, problem = _checked(year, month, day, lunar=lunar)
    rest = found[match.end() :]
    if problem is None and (is_left_over(rest) or (_HEAD.fullmatch(found[: match.start()]) is None)):
        problem = "left_over"
    return value, problem


def _cut(before: str, found: str, day: str | None) -> bool:
    """Whether the first letters of the date `found` stand in `before`: `1 5/08/1987`, `15/O8/1987`, `115/08/1987`."""
    if day is None:
        # only an empty form may stand before a month and a year: `ngày … tháng 8 năm 1987`
        return re.fullmatch(r"\W*(?:ngày)?\W*(?:tháng)?\W*", before, re.IGNORECASE) is None
    spaced = len(day) == 1 and found[0].isdigit() and before.rstrip()[-1:].isdigit()
    # a letter that touches the day is a misread digit of it: `l5/08/1987`
    return spaced or re.search(r"[^\s.,;:…(–-]$", before) is not None


def _checked(year: str, month: str, day: str | None, *, lunar: bool = False) -> Parsed:
    if (year, month, day) == (_NO_END_YEAR, "12", "31"):
        return NO_END, None
    try:
        date(int(year), int(month), 1 if lunar else int(day or 1))
    except ValueError:
        return None, "impossible_date"
    if lunar and not 1 <= int(day or 1) <= _LUNAR_DAYS:
        return None, "impossible_date"
    if int(year) not in _YEARS:
        return None, "impossible_date"
    return f"{year}-{int(month):02}" + (f"-{int(day):02}" if day else ""), None


def _part() -> Part:
    dotted = [
        seq(maybe(seq(day(), chars(mark))), month(), chars(mark), year()) for mark in "/.-"
    ]  # a date has one kind of separator: `15/08/1987`, `08.1987`
    spelled = seq(
        maybe(seq(maybe(seq(text("ngày"), repeat(SPACE, 0, 2))), day(), repeat(SPACE, 0, 2))),
        text("tháng"), repeat(SPACE, 0, 2), month(), repeat(SPACE, 0, 2), text("năm"), repeat(SPACE, 0, 2), year(),
    )  # fmt: skip
    return either(seq(maybe(seq(text("ngày"), SPACE)), either(*dotted)), spelled, seq(maybe(seq(text("năm"), SPACE)), year()))


@cache
def _grammar() -> Grammar:
    return Grammar(_part())


VALUE_TYPE = ValueType(read=read, group="digits", constraint=lambda raw, forms: _grammar())

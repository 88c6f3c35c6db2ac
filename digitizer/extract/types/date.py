"""A date in digits, as precise as the paper has it."""

from __future__ import annotations

import re
from datetime import date
from functools import cache

from digitizer.extract.grammar import Grammar, Part, chars, either, maybe, repeat, seq, text
from digitizer.extract.raw_text import clean, undotted
from digitizer.extract.value_grammars import SPACE, day, month, year
from digitizer.extract.value_type import Parsed, ValueType

#: years that a paper may name. Cards without an end say 2099
_YEARS = frozenset((*range(1850, 2060), 2099))
#: a date, month and year, or a year within a text
_DATE = re.compile(
    r"(?:(?:ngày\s*)?(\d{1,2})\s*(?:[/.\-]|tháng)\s*)?(?:(\d{1,2})\s*(?:[/.\-]|n[ăaâ]?m)\s*)(\d{4})(?!\d)|(?<!\d)(\d{4})(?!\d)",
    re.IGNORECASE,
)
#: a date with one or both of its separators missing: `03042018`, `20.091997`. It is shown, but not accepted
_MARKS_LOST = re.compile(r"(\d{2})[/.\-]?(\d{2})((?:19|20)\d{2})|(\d{2})(\d{2})[/.\-]((?:19|20)\d{2})")


def read(raw: str) -> Parsed:
    """ISO date, as precise as the paper: `15/08/1987`, `ngày 15 tháng 8 năm 1987`, `08.1987`, `1987`.

    Problems: `marks_lost`, `impossible_date`, `not_a_date`.
    """
    # a register number before the date is no month and year: `05/1999 ngày 03/04/1999`, `56/20.09. ngày …`
    own_number = r"^\d+/\.?\d[\d.]{2,5}[\s.]+(?=\D.*\d)"
    found = re.sub(own_number, "", re.sub(r"[/il|]?(?:date|month|year)\b", "", clean(raw)))
    found = re.sub(r"(?<=\d)\s*([/.\-])\s*(?=\d)", r"\1", found)
    if re.fullmatch(r"[\d.]+", found) and len(found.replace(".", "")) == 4:
        found = found.replace(".", "")
    elif "/" in found:
        found = undotted(found)
    if lost := _MARKS_LOST.fullmatch(found):
        day, month, year = (group for group in lost.groups() if group)
        value, problem = _checked(year, month, day)
        return value, problem or "marks_lost"
    match = _DATE.search(found)
    if match is None:
        return None, "empty" if not re.search(r"\w", found) else "not_a_date"
    day, month, year, alone = match.groups()
    if alone is not None:
        # a year counts only without other text, else a date was misread
        return (
            (alone, None)
            if re.fullmatch(r"(?:năm\s*)?\d{4}", found, re.IGNORECASE) and int(alone) in _YEARS
            else (None, "not_a_date")
        )
    if _cut(found[: match.start()], match.group(), day):
        return None, "not_a_date"
    return _checked(year, month, day)


def _cut(before: str, found: str, day: str | None) -> bool:
    """Whether the first letters of the date `found` stand in `before`: `1 5/08/1987`, `15/O8/1987`, `115/08/1987`."""
    if day is None:
        # only an empty form may stand before a month and a year: `ngày … tháng 8 năm 1987`
        return re.fullmatch(r"\W*(?:ngày)?\W*(?:tháng)?\W*", before, re.IGNORECASE) is None
    spaced = len(day) == 1 and found[0].isdigit() and before.rstrip()[-1:].isdigit()
    # a letter that touches the day is a misread digit of it: `l5/08/1987`
    return spaced or re.search(r"[^\s.,;:…(–-]$", before) is not None


def _checked(year: str, month: str, day: str | None) -> Parsed:
    try:
        date(int(year), int(month), int(day or 1))
    except ValueError:
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

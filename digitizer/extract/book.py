"""Checks a register book as a whole: numbers without gaps, repeats or steps back, dates in order, totals as stated.

Source: Luật Hộ tịch 2014, Article 58. A book is closed on the last day of the year with a written total of pages and events.
Numbers within a book and year rise by one.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from digitizer.doctypes import CLOSING
from digitizer.model import Problem, Record, Verdict
from digitizer.text import fold

#: most numbers or runs that a problem lists
LISTED = 20
#: forms of the total of pages, in folded text
_PAGES = (r"(\d+)\W{0,3}(?:\([^)]*\)\W*)?trang\b", r"trang\b[^\d]{0,25}?(\d+)")
#: forms of the total of cases, in folded text
_CASES = (
    r"(\d+)\W{0,3}(?:\([^)]*\)\W*)?(?:su kien|truong hop|viec|viec dang ky)\b",
    r"(?:su kien|truong hop|viec dang ky)\b[^\d]{0,40}?(\d+)",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BookCase:
    """One registration case of a book, in the order of its pages."""

    #: id of its record
    record: str
    #: field -> value. `so` and `ngayDangKy` are checked
    values: Mapping[str, object]
    #: whether it was cancelled. A cancelled case keeps its number
    cancelled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """The closing statement of a book. None: the number or day is not legible."""

    pages: int | None = None
    cases: int | None = None
    #: day of the statement, ISO
    closed: str | None = None


def check_book(cases: Sequence[BookCase], *, pages: int, stated: Totals | None = None) -> tuple[Problem, ...]:
    """Problems of a book with `pages` written pages that a person should look at. Empty when all is in order."""
    found = [*_numbers(cases), *_dates(cases), *_after_closing(cases, stated), *_totals(cases, pages, stated)]
    return tuple(found)


def _numbers(cases: Sequence[BookCase]) -> Iterator[Problem]:
    numbered = [(case, read) for case in cases if (read := number(case.values.get("so"))) is not None]
    if len(numbered) < len(cases):
        yield Problem(code="book_unnumbered", facts={"count": len(cases) - len(numbered)})
    by_year: dict[int | None, list[int]] = defaultdict(list)
    for _, (value, year) in numbered:
        by_year[year].append(value)
    for year, values in by_year.items():
        named = "" if year is None else f"/{year}"
        twice = sorted(value for value, times in Counter(values).items() if times > 1)
        if twice:
            yield Problem(code="book_number_twice", facts={"numbers": _listed(twice, named)})
        missing = sorted(set(range(min(values), max(values) + 1)) - set(values))
        if missing:
            yield Problem(code="book_number_missing", facts={"numbers": _listed(missing, named), "count": len(missing)})
        back = [b for a, b in pairwise(values) if b < a]
        if back:
            yield Problem(code="book_number_order", facts={"numbers": _listed(back, named)})


def number(value: object) -> tuple[int, int | None] | None:
    """(number, year) of a register number: `15/1999`, or `15` without a year. None for anything else."""
    match = re.fullmatch(r"(\d+)(?:/(\d{4}))?/?", str(value or ""))
    return (int(match.group(1)), int(match.group(2)) if match.group(2) else None) if match else None


def _listed(values: Sequence[int], year: str) -> str:
    """`values` in words, consecutive ones as a run: `3–5/1999, 9/1999`."""
    runs: list[list[int]] = []
    for value in values:
        if runs and value == runs[-1][-1] + 1:
            runs[-1].append(value)
        else:
            runs.append([value])
    shown = [f"{run[0]}–{run[-1]}{year}" if len(run) > 1 else f"{run[0]}{year}" for run in runs]
    return ", ".join(shown[:LISTED]) + (", …" if len(shown) > LISTED else "")


def _dates(cases: Sequence[BookCase]) -> Iterator[Problem]:
    """The problem of registrations that are older than the one before them. Dates are compared as far as both are known."""
    dated = [(case.values.get("so"), str(case.values["ngayDangKy"])) for case in cases if case.values.get("ngayDangKy")]
    late = []
    for (_, first), (so, second) in pairwise(dated):
        length = min(len(first), len(second))
        if second[:length] < first[:length]:
            late.append(str(so or second))
    if late:
        yield Problem(code="book_date_order", facts={"numbers": ", ".join(late[:LISTED]), "count": len(late)})


def _after_closing(cases: Sequence[BookCase], stated: Totals | None) -> Iterator[Problem]:
    """The problem of cases registered after the closing, in the same year. A volume may go on with the next year."""
    closed = (stated.closed if stated else None) or ""
    days = [(case.values.get("so"), str(case.values.get("ngayDangKy") or "")) for case in cases]
    late = [str(so or day) for so, day in days if closed and day[:4] == closed[:4] and day > closed]
    if late:
        yield Problem(code="book_after_closing", facts={"numbers": ", ".join(late[:LISTED]), "count": len(late)})


def _totals(cases: Sequence[BookCase], pages: int, stated: Totals | None) -> Iterator[Problem]:
    if stated is None:
        yield Problem(code="book_not_closed")
        return
    # some offices count cancelled cases, others do not
    counts = {len(cases), sum(not case.cancelled for case in cases)}
    if stated.cases is not None and stated.cases not in counts:
        yield Problem(code="book_total_cases", facts={"stated": stated.cases, "found": len(cases)})
    if stated.pages is not None and stated.pages != pages:
        yield Problem(code="book_total_pages", facts={"stated": stated.pages, "found": pages})


def totals(lines: Iterable[str]) -> Totals | None:
    """The totals in the lines of a page, or None when it is no closing statement."""
    text = re.sub(r"[.…]{2,}|…", " ", " ".join(fold(line) for line in lines))
    if sum(phrase in text for phrase in CLOSING) < 2:
        return None
    return Totals(pages=_first(_PAGES, text), cases=_first(_CASES, text), closed=_day(text))


def _day(text: str) -> str | None:
    """The last day in folded `text`, ISO, or None. The day of the statement stands with its closing or at its end."""
    days = re.findall(r"(\d{1,2})\s*(?:/|thang)\s*(\d{1,2})\s*(?:/|nam)\s*(\d{4})", text)
    valid = [f"{year}-{int(month):02}-{int(day):02}" for day, month, year in days if int(month) <= 12 and int(day) <= 31]
    return valid[-1] if valid else None


def _first(patterns: Sequence[str], text: str) -> int | None:
    match = next((m for pattern in patterns if (m := re.search(pattern, text))), None)
    return int(match.group(1)) if match else None


def in_sequence(records: Sequence[Record]) -> tuple[Record, ...]:
    """`records` of a book in order. One whose number is not one more than the last of its year goes to a person."""
    judged: list[Record] = []
    before: tuple[int, int | None] | None = None
    for record in records:
        here = next((number(field.value) for field in record.fields if field.name == "so"), None)
        astray = before is not None and here is not None and before[1] == here[1] and here[0] != before[0] + 1
        judged.append(_out_of_sequence(record) if astray else record)
        before = here or before
    return tuple(judged)


def _out_of_sequence(record: Record) -> Record:
    problem = Problem(code="number_sequence", field="so")
    fields = (
        replace(field, accepted=False, problems=(*field.problems, problem)) if field.name == "so" else field
        for field in record.fields
    )
    return replace(record, fields=tuple(fields), verdict=Verdict.REVIEW, reasons=(*record.reasons, problem))

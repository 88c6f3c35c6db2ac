"""Dates in words: `Ngày mười lăm, tháng tám, năm một nghìn chín trăm tám mươi bảy` -> 1987-08-15."""

from __future__ import annotations

import re
from collections.abc import Sequence

from digitizer.text import fold

#: word of a digit from one to nine -> digit, with all variants
UNITS = {
    "một": 1,
    "hai": 2,
    "ba": 3,
    "bốn": 4,
    "tư": 4,
    "năm": 5,
    "lăm": 5,
    "nhăm": 5,
    "sáu": 6,
    "bảy": 7,
    "bẩy": 7,
    "tám": 8,
    "chín": 9,
}
#: words of digits that count tens: `hai mươi`
TENS = tuple(word for word in UNITS if word not in ("một", "tư", "lăm", "nhăm"))
#: folded word of a digit -> digit
DIGITS = {"khong": 0, **{fold(word): number for word, number in UNITS.items()}}
# fmt: off
#: every word of a date, as spelled
DATE_WORDS = frozenset({
    *UNITS, "ngày", "tháng", "mồng", "mùng", "giêng", "chạp", "không", "mười", "mươi", "mốt", "hăm", "trăm", "nghìn", "ngàn",
    "linh", "lẻ",
})
# fmt: on
#: folded name of the first and the last lunar month -> month
MONTHS = {"gieng": 1, "chap": 12}


def parse_date(text: str) -> str | None:
    """The date in `text`, as precise as it is: `1987-08-15`, `1987-08`, `1987`. None when a part is not understood."""
    words = re.findall(r"[a-z]+", fold(text))
    words = [w for w in words if w not in ("mong", "mung")]
    if "thang" in words[1:] and words[0] != "ngay":
        words = ["ngay", *words]  # `mồng năm tháng tư năm …`
    day, rest = _part(words, "ngay", ("thang", "nam"))
    month, rest = _part(rest, "thang", ("nam",))
    year_words = rest[1:] if rest[:1] == ["nam"] else rest
    year = _year(year_words)
    if year is None or not 1800 <= year <= 2100:
        return None
    if month is None:
        return f"{year:04}" if day is None else None
    month_number = MONTHS.get(month[0]) if len(month) == 1 and month[0] in MONTHS else _below_hundred(month)
    if month_number is None or not 1 <= month_number <= 12:
        return None
    if day is None:
        return f"{year:04}-{month_number:02}"
    day_number = _below_hundred(day)
    return f"{year:04}-{month_number:02}-{day_number:02}" if day_number is not None and 1 <= day_number <= 31 else None


def _part(words: Sequence[str], head: str, ends: tuple[str, ...]) -> tuple[list[str] | None, list[str]]:
    """(words after `head` up to one of `ends`, the rest). `năm` means both "year" and "five"."""
    if not words or words[0] != head:
        return None, list(words)
    for i in range(2, len(words)):
        if words[i] in ends and not (words[i] == "nam" and _is_five(words, i, head)):
            return list(words[1:i]), list(words[i:])
    return list(words[1:]), []


def _is_five(words: Sequence[str], i: int, head: str) -> bool:
    """Whether `năm` at `i` is the digit five. Then another `năm` follows: `tháng năm năm hai nghìn…`."""
    return head == "thang" and i + 1 < len(words) and words[i + 1] == "nam"


def _below_hundred(words: Sequence[str]) -> int | None:
    """A number from 1 to 99, or None: `mười lăm`, `hai mươi mốt`, `hăm ba`, `bảy`."""
    match list(words):
        case [one] if one in DIGITS:
            return DIGITS[one]
        case ["muoi"]:
            return 10
        case ["muoi", one] if one in DIGITS:
            return 10 + DIGITS[one]
        case ["ham", one] if one in DIGITS:
            return 20 + DIGITS[one]
        case [tens, "muoi"] if tens in DIGITS:
            return 10 * DIGITS[tens]
        case [tens, "muoi", one] if tens in DIGITS and one in DIGITS:
            return 10 * DIGITS[tens] + DIGITS[one]
        case ["linh" | "le", one] if one in DIGITS:
            return DIGITS[one]
        case [tens, one] if tens in DIGITS and one in DIGITS:
            return 10 * DIGITS[tens] + DIGITS[one]
    return None


def _year(words: Sequence[str]) -> int | None:
    """A year: `một nghìn chín trăm tám mươi bảy`, `hai nghìn linh tám`, `một chín tám bảy`, `tám bảy` (19xx)."""
    rest = list(words)
    for thousand in ("nghin", "ngan"):
        if thousand in rest:
            return _after_thousand(rest, rest.index(thousand))
    if len(rest) == 4 and all(w in DIGITS for w in rest):
        return int("".join(str(DIGITS[w]) for w in rest))
    short = _below_hundred(rest)
    return 1900 + short if short is not None and short >= 10 else None


def _after_thousand(words: list[str], at: int) -> int | None:
    if at != 1 or words[0] not in DIGITS:
        return None
    year, rest = 1000 * DIGITS[words[0]], words[at + 1 :]
    if len(rest) >= 2 and rest[1] == "tram" and rest[0] in DIGITS:
        year, rest = year + 100 * DIGITS[rest[0]], rest[2:]
    if not rest:
        return year
    small = _below_hundred(rest)
    return None if small is None else year + small

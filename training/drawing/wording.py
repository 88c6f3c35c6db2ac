"""How clerks write dates, numbers and papers: digits, words, abbreviations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

DIGITS = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")
DATE_STYLES = (
    "{0.day:02}/{0.month:02}/{0.year}",
    "{0.day:02}/{0.month:02}/{0.year}",
    "{0.day}/{0.month}/{0.year}",
    "{0.day:02}-{0.month:02}-{0.year}",
    "{0.day:02}.{0.month:02}.{0.year}",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """The habits of one writer, kept through a document."""

    date_style: str
    capitals: bool
    #: `H.`, `T.` in place of huyện, tỉnh
    abbreviated: bool
    commas: bool
    thousand: str
    zero_tens: str
    month_four: str
    first_days: str

    def day(self, when: date) -> str:
        """A date in digits."""
        return self.date_style.format(when)

    def name(self, name: str) -> str:
        """A person's name in a value."""
        return name.upper() if self.capitals else name

    def in_words(self, when: date) -> str:
        """`Ngày mười lăm tháng tám năm một nghìn chín trăm tám mươi bảy`."""
        glue = ", " if self.commas else " "
        day = f"{self.first_days} {small(when.day)}" if when.day <= 10 and self.first_days else small(when.day)
        month = self.month_four if when.month == 4 else small(when.month)
        return glue.join((f"Ngày {day}", f"tháng {month}", f"năm {self.year(when.year)}"))

    def year(self, year: int) -> str:
        """A year in words."""
        rest = year % 100
        tens = f"{self.zero_tens} {DIGITS[rest]}" if rest < 10 else small(rest)
        return f"{DIGITS[year // 1000]} {self.thousand} {DIGITS[year // 100 % 10]} trăm" + (f" {tens}" if rest else "")


def manner(rng: np.random.Generator) -> Manner:
    """Somebody's habits."""
    return Manner(
        date_style=DATE_STYLES[int(rng.integers(len(DATE_STYLES)))],
        capitals=bool(rng.random() < 0.6),
        abbreviated=bool(rng.random() < 0.15),
        commas=bool(rng.random() < 0.4),
        thousand="ngàn" if rng.random() < 0.2 else "nghìn",
        zero_tens="lẻ" if rng.random() < 0.15 else "linh",
        month_four="tư" if rng.random() < 0.7 else "bốn",
        first_days=("mồng", "mùng", "")[int(rng.integers(3))],
    )


def small(number: int) -> str:
    """1–99 in words, with mười, mươi, mốt, lăm."""
    tens, ones = divmod(number, 10)
    if tens == 0:
        return DIGITS[ones]
    if ones == 0:
        return "mười" if tens == 1 else f"{DIGITS[tens]} mươi"
    last = "lăm" if ones == 5 else "mốt" if ones == 1 and tens > 1 else DIGITS[ones]
    return f"mười {last}" if tens == 1 else f"{DIGITS[tens]} mươi {last}"


def long_date(when: date) -> str:
    """`ngày 05 tháng 02 năm 2019`: day and month below 10 (month below 3) with a zero, as official letters write it."""
    month = f"{when.month:02}" if when.month < 3 else str(when.month)
    return f"ngày {when.day:02} tháng {month} năm {when.year}"

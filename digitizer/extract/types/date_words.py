"""A date in words."""

from __future__ import annotations

import re
from functools import cache

from digitizer.extract.date_words import DATE_WORDS, TENS, UNITS, parse_date
from digitizer.extract.grammar import Grammar, Part, chars, either, maybe, seq, words
from digitizer.extract.raw_text import FILL, clean
from digitizer.extract.value_grammars import SPACE
from digitizer.extract.value_type import Parsed, ValueType


def read(raw: str) -> Parsed:
    """A date in words, as printed. Problems: `words_not_a_date`, `words_misspelt`."""
    found = clean(raw).rstrip(")").strip(FILL)
    if not found:
        return None, "empty"
    if not parse_date(found):
        return found, "words_not_a_date"
    # `hại nghìn` is understood, but misspelt
    return found, None if all(word in DATE_WORDS for word in re.findall(r"\w+", found.lower())) else "words_misspelt"


def _below_hundred(*ones: str) -> tuple[str, ...]:
    """`ones` and the numbers below a hundred in words, in all variants."""
    tens = [f"mười {one}" for one in UNITS] + ["mười"]
    tens += [f"{ten} mươi{rest}" for ten in TENS for rest in ("", *(f" {one}" for one in (*UNITS, "mốt")))]
    tens += [f"hăm {one}" for one in (*UNITS, "mốt")]
    return (*ones, *UNITS, *tens)


def _part() -> Part:
    gap = seq(maybe(chars(",")), SPACE)
    day = words((*_below_hundred(), *(f"{head} {one}" for head in ("mồng", "mùng") for one in (*UNITS, "mười"))))
    month = words((*_below_hundred("giêng", "chạp"),))
    below = either(words(_below_hundred()), words([f"{zero} {one}" for zero in ("linh", "lẻ") for one in UNITS]))
    hundreds = words([f"{digit} trăm" for digit in ("không", *UNITS)])
    year = seq(
        words(("một", "hai")), SPACE, words(("nghìn", "ngàn")), maybe(seq(SPACE, hundreds)), maybe(seq(SPACE, below))
    )  # fmt: skip
    named = [words((word, word.capitalize())) for word in ("ngày", "tháng", "năm")]
    full = seq(
        maybe(seq(maybe(seq(named[0], SPACE)), day, gap)), maybe(seq(named[1], SPACE, month, gap)), named[2], SPACE, year
    )  # fmt: skip
    return seq(maybe(chars("(")), full, maybe(chars(")")))


@cache
def _grammar() -> Grammar:
    return Grammar(_part())


VALUE_TYPE = ValueType(read=read, group="words", constraint=lambda raw, forms: _grammar(), complete=True)

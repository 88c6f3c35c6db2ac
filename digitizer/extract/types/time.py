"""A time of day."""

from __future__ import annotations

import re
from functools import cache

from digitizer.extract.grammar import Grammar, Part, chars, either, maybe, seq, text
from digitizer.extract.raw_text import clean
from digitizer.extract.value_grammars import DIGIT, SPACE
from digitizer.extract.value_type import Parsed, ValueType

#: hour and minute, with dots of the form's line between them. A digit apart (`1 7 giờ`, `7 giờ 3 0`) makes it no time
_TIME = re.compile(
    r"(?<!\d)(?<!(?<!\d)\d\s)(\d{1,2})[\s.…·]*(?:giờ|gio|h|:)[\s.…·]*(?:(\d{1,2})(?!\s*\d)[\s.…·]*(?:phút|phut|p)?|(?![\s.…·]*\d))",
    re.IGNORECASE,
)


def read(raw: str) -> Parsed:
    """The time as `hh:mm`: `07 giờ 30 phút`, `7h30`, `07:30` -> `07:30`. Problem `not_a_time`."""
    match = _TIME.search(raw)
    if match is None:
        return None, "not_a_time" if clean(raw) else "empty"
    hour, minute = int(match.group(1)), int(match.group(2) or 0)
    return (f"{hour:02}:{minute:02}", None) if hour < 24 and minute < 60 else (None, "not_a_time")


def _part() -> Part:
    hour = either(seq(maybe(chars("01")), DIGIT), seq(text("2"), chars("0123")))
    minute = seq(chars("012345"), DIGIT)
    spelled = seq(hour, maybe(SPACE), text("giờ"), maybe(seq(maybe(SPACE), minute, maybe(seq(maybe(SPACE), text("phút"))))))
    return either(spelled, seq(hour, chars(":hH"), maybe(minute)))


@cache
def _grammar() -> Grammar:
    return Grammar(_part())


VALUE_TYPE = ValueType(read=read, group="digits", constraint=lambda raw, forms: _grammar())

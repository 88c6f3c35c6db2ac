"""A time of day."""

from __future__ import annotations

import re
from functools import cache

from digitizer.extract.grammar import Grammar, Part, chars, either, maybe, seq, text
from digitizer.extract.raw_text import clean, is_left_over
from digitizer.extract.value_grammars import DIGIT, SPACE
from digitizer.extract.value_type import Parsed, ValueType
from digitizer.text import fold

#: dots of a dotted line may stand between the parts of a time
_GAP = r"[\s.…·]*"
#: a digit that stands apart (`1 7 giờ`, `7 giờ 3 0`) leaves no time. The text is folded
_TIME = re.compile(
    rf"(?<!\d)(?<!(?<!\d)\d\s)(?P<hour>\d{{1,2}}){_GAP}(?:gio|h|:){_GAP}"
    rf"(?:(?P<half>ruoi)|kem{_GAP}(?P<less>\d{{1,2}})(?!\s*\d){_GAP}(?:phut|p\b)?"
    rf"|(?P<minute>\d{{1,2}})(?!\s*\d){_GAP}(?:phut|p\b)?|(?!{_GAP}\d))"
    rf"{_GAP}(?:(?P<second>\d{{1,2}}){_GAP}giay)?{_GAP}(?:buoi{_GAP})?(?P<part>sang|trua|chieu|toi|dem|khuya)?\b"
)
#: words of forms and of clerks before a time
_BEFORE = re.compile(r"(?:(?:da|chet|sinh|con|vao|luc|hoi)\W*)*")
#: what may follow a time and is a value of another field: the day
_AFTER = re.compile(r"\W*(?:(?:ngay|thang|nam)\b.*)?", re.DOTALL)
#: part of the day -> hours that clerks write with it, and what is added to each on the clock of 24 hours
_PARTS = {
    "sang": {**dict.fromkeys(range(1, 12), 0)},
    "trua": {10: 0, 11: 0, 12: 0, 13: 0, 1: 12, 2: 12},
    "chieu": {12: 0, **dict.fromkeys(range(1, 8), 12), **dict.fromkeys(range(13, 20), 0)},
    "toi": {**dict.fromkeys(range(5, 12), 12), **dict.fromkeys(range(17, 24), 0)},
    "dem": {**dict.fromkeys(range(8, 12), 12), **dict.fromkeys((0, 1, 2, 3, 4), 0), **dict.fromkeys(range(20, 24), 0)},
    "khuya": {**dict.fromkeys(range(9, 12), 12), **dict.fromkeys((0, 1, 2, 3), 0), **dict.fromkeys(range(21, 24), 0)},
}


def read(raw: str) -> Parsed:
    """`07 giờ 30 phút`, `7h30`, `7 giờ 30 phút tối`, `7 giờ kém 5`, `3 giờ rưỡi chiều` -> `07:30`, `19:30`, `06:55`, `15:30`.

    Midnight as `12 giờ đêm` leaves open which day it belongs to, and a part of the day may contradict the hour: `part_of_day`.
    """
    folded = fold(raw)
    match = _TIME.search(folded)
    if match is None:
        return None, "not_a_time" if clean(raw) else "empty"
    hour = int(match["hour"])
    minute = 30 if match["half"] else int(match["minute"] or 0)
    less = int(match["less"] or 0)
    if hour >= 24 or minute >= 60 or less >= 60 or int(match["second"] or 0) >= 60:
        return None, "not_a_time"
    if match["part"] is not None:
        added = _PARTS[match["part"]].get(hour)
        if added is None:
            return None, "part_of_day"
        hour += added
    total = (60 * hour + minute - less) % 1440
    value = f"{total // 60:02}:{total % 60:02}"
    whole = _BEFORE.fullmatch(folded[: match.start()].strip(" .…·,:")) and _AFTER.fullmatch(folded[match.end() :])
    return value, None if whole and not match["second"] else "left_over" if is_left_over(folded) else None


def _part() -> Part:
    hour = either(seq(maybe(chars("01")), DIGIT), seq(text("2"), chars("0123")))
    minute = seq(chars("012345"), DIGIT)
    spelled = seq(hour, maybe(SPACE), text("giờ"), maybe(seq(maybe(SPACE), minute, maybe(seq(maybe(SPACE), text("phút"))))))
    return either(spelled, seq(hour, chars(":hH"), maybe(minute)))


@cache
def _grammar() -> Grammar:
    return Grammar(_part())


VALUE_TYPE = ValueType(read=read, group="digits", constraint=lambda raw, forms: _grammar())

"""A number."""

from __future__ import annotations

import re
from functools import cache

from digitizer.extract.grammar import Grammar, repeat
from digitizer.extract.raw_text import clean
from digitizer.extract.value_grammars import DIGIT
from digitizer.extract.value_type import Parsed, ValueType


def read(raw: str) -> Parsed:
    """Digits, without spaces. Problem `not_a_number`."""
    found = clean(raw).replace(" ", "")
    if re.match(r"[\s.…]*[-–−]\s*\d", raw):
        return None, "not_a_number"  # `-5`: the sign is no dot of the line
    return (found, None) if found.isdigit() else (None, "empty" if not found else "not_a_number")


@cache
def _grammar() -> Grammar:
    return Grammar(repeat(DIGIT, 1, 13))


VALUE_TYPE = ValueType(read=read, group="counts", constraint=lambda raw, forms: _grammar())

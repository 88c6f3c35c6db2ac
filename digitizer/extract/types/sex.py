"""Sex."""

from __future__ import annotations

from functools import cache

from digitizer.extract.grammar import Grammar
from digitizer.extract.raw_text import clean
from digitizer.extract.value_grammars import cased
from digitizer.extract.value_type import Parsed, ValueType
from digitizer.text import fold


def read(raw: str) -> Parsed:
    """`nam`, `nữ` or `không xác định`. Accents and case are ignored. Problem `not_in_list`."""
    found = fold(clean(raw))
    return {
        "nam": ("nam", None),
        "nu": ("nữ", None),
        "khong xac dinh": ("không xác định", None),
        "chua xac dinh": ("không xác định", None),
    }.get(found, (None, "empty" if not found else "not_in_list"))


@cache
def _grammar() -> Grammar:
    return Grammar(cased(("nam", "nữ", "không xác định", "chưa xác định")))


VALUE_TYPE = ValueType(read=read, group="list", constraint=lambda raw, forms: _grammar())

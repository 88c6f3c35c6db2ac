"""One of the 54 ethnic groups."""

from __future__ import annotations

from functools import cache

from digitizer.extract.grammar import Grammar
from digitizer.extract.lists import ETHNIC_GROUPS
from digitizer.extract.nearest import nearest
from digitizer.extract.value_grammars import cased
from digitizer.extract.value_type import Parsed, ValueType


def read(raw: str) -> Parsed:
    """One of the 54 ethnic groups or an allowed sub-name. Anything else stays as printed, with `not_in_list`."""
    return nearest(raw, ETHNIC_GROUPS)


@cache
def _grammar() -> Grammar:
    return Grammar(cased(ETHNIC_GROUPS))


VALUE_TYPE = ValueType(read=read, group="list", constraint=lambda raw, forms: _grammar())

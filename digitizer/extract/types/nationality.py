"""A nationality."""

from __future__ import annotations

from functools import cache

from digitizer.extract.grammar import Grammar
from digitizer.extract.lists import NATIONALITIES
from digitizer.extract.nearest import nearest
from digitizer.extract.value_grammars import cased
from digitizer.extract.value_type import Parsed, ValueType


def read(raw: str) -> Parsed:
    """A nationality of the list. Anything else stays as printed, with `not_in_list`."""
    return nearest(raw, NATIONALITIES)


@cache
def _grammar() -> Grammar:
    return Grammar(cased(NATIONALITIES))


VALUE_TYPE = ValueType(read=read, group="list", constraint=lambda raw, forms: _grammar())

"""The code of a dossier."""

from __future__ import annotations

from functools import cache

from digitizer import dossiers
from digitizer.extract.grammar import Grammar, Part, chars, either, repeat, seq
from digitizer.extract.raw_text import code_of
from digitizer.extract.types.agency_code import agency
from digitizer.extract.value_grammars import DIGIT
from digitizer.extract.value_type import Parsed, ValueType


def read(raw: str) -> Parsed:
    """The code in capitals: `H60.127.03-260930-0012`. Its day of receipt must exist. Problem `not_a_code`."""
    found = code_of(raw)
    return (found, None) if dossiers.valid(found) else (None, "not_a_code" if found else "empty")


def _part() -> Part:
    """The grammar of a dossier code: agency, day of receipt, number of the day (TT 03/2025/TT-VPCP)."""
    day = either(seq(chars("0"), chars("123456789")), seq(chars("12"), DIGIT), seq(chars("3"), chars("01")))
    month = either(seq(chars("0"), chars("123456789")), seq(chars("1"), chars("012")))
    return seq(agency(), chars("-"), DIGIT, DIGIT, month, day, chars("-"), repeat(DIGIT, 4, 8))


@cache
def _grammar() -> Grammar:
    return Grammar(_part())


VALUE_TYPE = ValueType(read=read, constraint=lambda raw, forms: _grammar(), complete=True)

"""The code of an agency."""

from __future__ import annotations

from functools import cache

from digitizer import dossiers
from digitizer.extract.grammar import Grammar, Part, chars, either, repeat, seq
from digitizer.extract.raw_text import code_of
from digitizer.extract.value_grammars import CAPITALS, DIGIT
from digitizer.extract.value_type import Parsed, ValueType


def read(raw: str) -> Parsed:
    """The code in capitals: `H60.127.03`, `000.00.19.H60`. Problem `not_a_code`."""
    found = code_of(raw)
    return (found, None) if dossiers.AGENCY.fullmatch(found) else (None, "not_a_code" if found else "empty")


def agency() -> Part:
    """The grammar of an agency's code: `H60.127.03` (QĐ 20/2020/QĐ-TTg), before that `000.00.19.H60`."""
    root = seq(chars(CAPITALS), DIGIT, DIGIT)
    old = seq(repeat(DIGIT, 3, 3), chars("."), repeat(DIGIT, 2, 2), chars("."), repeat(DIGIT, 2, 2), chars("."), root)
    return either(old, seq(root, repeat(seq(chars("."), repeat(DIGIT, 2, 3)), 0, 3)))


@cache
def _grammar() -> Grammar:
    return Grammar(agency())


VALUE_TYPE = ValueType(read=read, constraint=lambda raw, forms: _grammar(), complete=True)

"""Defines a value type: how a value is read, which texts are allowed, and how its confidence is weighed."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from digitizer.extract.grammar import Grammar, Mostly
from digitizer.extract.plausibility import PLAUSIBLE, Implausibility

#: a value in normal form. None: there is none
Value = str | bool | tuple[str, ...] | None
#: (value, problem code or None)
Parsed = tuple[Value, str | None]
#: the texts that a field may hold
Constraint = Grammar | Mostly


def _anything(raw: str, forms: tuple[str, ...]) -> Constraint | None:
    return None


def _plausible(value: str) -> Implausibility:
    return PLAUSIBLE


def _no_doubt(value: str) -> str | None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueType:
    """One value type. Its name is that of its file in `extract/types`."""

    #: raw text as printed -> (value, problem). A text that cannot be a value gives None, never a guess
    read: Callable[[str], Parsed]
    #: group of `confidence.toml` that weighs its confidence. None: no value of the type is accepted
    group: str | None = None
    #: (raw text, number forms of the document type) -> allowed texts. None: any text
    constraint: Callable[[str, tuple[str, ...]], Constraint | None] = _anything
    #: the constraint knows every form, so that a free reading in another form is a misreading
    complete: bool = False
    #: kind of prose (`prose.py`) that decodes a field without a constraint. None: it is not decoded
    prose: str | None = None
    #: the part of a raw text that is decoded when other words stand around it. None: all of it
    part: re.Pattern[str] | None = None
    #: value -> its implausibility, whatever the recogniser saw
    implausibility: Callable[[str], Implausibility] = _plausible
    #: value -> problem code when it is likely misread, else None
    doubt: Callable[[str], str | None] = _no_doubt

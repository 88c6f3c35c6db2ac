"""What a value type is: how it is read, what may be written, and how its confidence is weighed."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from digitizer.extract.grammar import Grammar, Mostly
from digitizer.extract.plausibility import PLAUSIBLE, Implausibility

Value = str | bool | tuple[str, ...] | None
#: (value in normal form or None, problem code or None)
Parsed = tuple[Value, str | None]
Constraint = Grammar | Mostly


def _anything(raw: str, forms: tuple[str, ...]) -> Constraint | None:
    return None


def _plausible(value: str) -> Implausibility:
    return PLAUSIBLE


def _no_doubt(value: str) -> str | None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueType:
    """One type of values; its name is that of its file in `extract/types`."""

    #: raw text as printed -> value and problem; a value that cannot be what the field holds is None, never a guess
    read: Callable[[str], Parsed]
    #: group of `confidence.toml` that its confidence is weighed by; None: no value of the type is ever sure enough
    group: str | None = None
    #: (raw text, what follows the digits of a paper's number) -> what may be written; None: anything
    constraint: Callable[[str, tuple[str, ...]], Constraint | None] = _anything
    #: the constraint knows every form: what was read freely in another form is a misreading
    complete: bool = False
    #: kind of prose (`prose.py`) that a field without constraint mostly holds
    prose: str | None = None
    #: the part of a raw text that is decoded, where other words may stand around it; None: all of it
    part: re.Pattern[str] | None = None
    #: how implausible a value is, apart from what the recogniser saw
    implausibility: Callable[[str], Implausibility] = _plausible
    #: problem code of a value that is likely misread; None for any other
    doubt: Callable[[str], str | None] = _no_doubt

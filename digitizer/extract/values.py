"""Reads the value of a field from its pieces, with the evidence for it.

The letters are read twice from the same columns: freely, and decoded under the constraint of the value type (`types/`). The
decoded reading is taken only when the columns support it. Otherwise the field keeps the free reading, or nothing.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from digitizer.extract import types
from digitizer.extract.decode import DecodedText, Language, best_path, decode
from digitizer.extract.plausibility import PLAUSIBLE, Implausibility
from digitizer.extract.prose import prose_of
from digitizer.extract.rows import Found, Piece
from digitizer.extract.value_type import Constraint, Value, ValueType
from digitizer.lattice import Column, unpack

#: least support (natural log) of a decoded reading: a constant, more for each of the first ten letters, more for each further one
UNSUPPORTED = (-4.0, -0.5, -0.2)
#: a text with a problem is taken when it is likelier by this (natural log) than the best one without
_ODD = 3.0
#: problems that say: the text was read, and it is more or other than a plain value. No other value is put in its place
UNDERSTOOD = frozenset({"left_over", "lunar_date", "part_of_day", "unclear_dot"})
#: confidence of the worst letter from which a date that does not exist is taken for what is written
_WRITTEN = 0.9
#: years that our papers have. Another one was misread
_YEAR = re.compile(r"(?<!\d)(?:1[89]\d\d|20[0-4]\d)(?!\d)")
#: two lines are joined by a space
_SPACE = (" ", -0.01)


@dataclass(frozen=True, slots=True)
class ValueEvidence:
    """The evidence for a value."""

    #: confidences, 0–1, of its letters in the free reading
    letters: tuple[float, ...]
    #: log ratio of its probability to that of all other values together. None: it was not decoded
    margin: float | None = None
    #: log ratio, at most 0, of its probability to that of the likeliest path through its columns
    support: float = 0.0
    #: log prior of the text, by syllables and units
    prior: float = 0.0
    #: implausibility of the value itself
    odd: Implausibility = PLAUSIBLE


@dataclass(frozen=True, slots=True)
class Valued:
    """A value with its problem code, or None, and its evidence."""

    value: Value
    problem: str | None
    evidence: ValueEvidence


def value_of(kind: str, found: Found, forms: tuple[str, ...] = ()) -> Valued:
    """The value of a field of type `kind`. `forms`: declared forms of the paper's number, such as `/TLKS-BS`."""
    value_type = types.TYPES[kind]
    value, problem = value_type.read(found.raw)
    letters = tuple(c for piece in found.pieces for c in piece.confidences)
    free = Valued(value, problem, ValueEvidence(letters))
    strict = value_type.constraint(found.raw, forms)
    columns = columns_of(_decoded_part(found, value_type).pieces)
    return _judged(value_type, _decoded(kind, columns, free, found.raw, strict) or free if columns else free)


def _judged(value_type: ValueType, read: Valued) -> Valued:
    """The value with its implausibility, and with the problem that its type sees in it."""
    if not isinstance(read.value, str):
        return read
    odd = replace(read.evidence, odd=value_type.implausibility(read.value))
    return replace(read, problem=read.problem or value_type.doubt(read.value), evidence=odd)


def _decoded(kind: str, columns: Sequence[Column], free: Valued, raw: str, strict: Constraint | None) -> Valued | None:
    """The likeliest value under the constraints of its kind. None when the columns do not support any."""
    if _is_written(free, raw):
        return None
    prose = types.TYPES[kind].prose
    held: Language[Any] | None = strict or (prose_of(prose) if prose is not None else None)
    readings = decode(columns, held) if held is not None else ()
    values = [(reading, types.read(kind, reading.text)) for reading in readings]
    best = _best(readings, [v for _, v in values], odd=strict is None)
    if best is None:
        return None
    reading, (value, problem) = best
    if strict is not None and not types.TYPES[kind].complete and _unknown_form(free, [v for _, (v, _) in values]):
        return None
    support = reading.seen - best_path(columns)
    if support < _least(len(reading.text)):
        return None
    others = [r for r, (v, _) in values if v != value and not _only_marks(kind, reading, r)]
    margin = _margin([r for r, (v, _) in values if v == value], others)
    return Valued(value, problem, ValueEvidence(free.evidence.letters, margin, min(support, 0.0), reading.prior))


def _is_written(free: Valued, raw: str) -> bool:
    """Whether the free reading is what the paper says, though it is no plain value."""
    sure = min(free.evidence.letters, default=0.0) >= _WRITTEN and _YEAR.search(raw) is not None
    impossible = free.problem == "impossible_date" and sure
    return impossible or free.problem in UNDERSTOOD


def _only_marks(kind: str, reading: DecodedText, other: DecodedText) -> bool:
    """Whether `other` is the same place with less likely marks (`prose.py`). It raises no doubt about the letters."""
    plain = [re.sub(r"[\s.,]+", " ", r.text) for r in (reading, other)]
    return kind == "place" and plain[0] == plain[1] and reading.log_p - other.log_p > _ODD - 0.5


def _best(
    readings: Sequence[DecodedText], values: Sequence[types.Parsed], *, odd: bool
) -> tuple[DecodedText, types.Parsed] | None:
    """The likeliest reading that is a value, or None.

    One with a problem is taken only with `odd`, and when it is clearly likelier than the best one without.
    """
    held = [(r, v) for r, v in zip(readings, values, strict=True) if v[0] is not None and (odd or not v[1])]
    right = next(((r, v) for r, v in held if not v[1]), None)
    return right if right is not None and right[0].log_p > held[0][0].log_p - _ODD else next(iter(held), None)


def _unknown_form(free: Valued, values: Sequence[Value]) -> bool:
    """Whether the free reading is a value in a form that the grammar does not know."""
    return free.value is not None and not free.problem and free.value not in values


def _least(length: int) -> float:
    return UNSUPPORTED[0] + UNSUPPORTED[1] * min(length, 10) + UNSUPPORTED[2] * max(length - 10, 0)


def _margin(own: Sequence[DecodedText], others: Sequence[DecodedText]) -> float:
    return _sum(own) - _sum(others) if others else 20.0


def _sum(readings: Sequence[DecodedText]) -> float:
    top = max(r.log_p for r in readings)
    return top + math.log(sum(math.exp(r.log_p - top) for r in readings))


def columns_of(pieces: Sequence[Piece]) -> list[Column]:
    """The columns of the pieces, one after the other with a space between. Empty when a line has no lattice."""
    joined: list[Column] = []
    for piece in pieces:
        if piece.line.lattice is None or len(piece.line.letters) != len(piece.line.text):
            return []
        x0, x1 = _reach(piece)
        own = [c for c in unpack(piece.line.lattice) if x0 <= c.x <= x1]
        first = joined[-1].number + 2 if joined else 0
        if joined and own:
            joined.append(Column(first, joined[-1].x, (_SPACE,)))
        joined += [Column(first + 2 + c.number, c.x, c.signs) for c in own]
    return joined


def _reach(piece: Piece) -> tuple[float, float]:
    """(left, right) ends of a piece's columns, px: half-way to the letters beside it.

    At an end of the line all columns belong to it. A part that was cut from a line ends with its letters.
    """
    letters, box = piece.line.letters, piece.line.box

    def between(i: int) -> float:
        return (letters[i - 1].x0 + letters[i - 1].x1 + letters[i].x0 + letters[i].x1) / 4

    left = -math.inf if box.x0 < letters[0].x0 - 0.1 else letters[0].x0
    right = math.inf if box.x1 > letters[-1].x1 + 0.1 else letters[-1].x1
    return between(piece.start) if piece.start else left, between(piece.end) if piece.end < len(letters) else right


def _decoded_part(found: Found, value_type: ValueType) -> Found:
    """The part of a value that its type decodes: the number in `CMND số 075767304 do CA Tuyên Quang cấp ngày 05/11/2003`.

    Everything when the type names no part, or none is there.
    """
    for piece in found.pieces if value_type.part is not None else ():
        assert value_type.part is not None
        match = value_type.part.search(piece.text)
        if match:
            part = Piece(page=piece.page, line=piece.line, start=piece.start + match.start(), end=piece.start + match.end())
            return Found(field=found.field, pieces=(part,))
    return found

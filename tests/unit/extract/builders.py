"""Columns, lines and finds as a recogniser and a locator give them, for tests of decoding."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from digitizer.doctypes import FieldSpec
from digitizer.extract import types
from digitizer.extract.decode import decode
from digitizer.extract.prose import prose_of
from digitizer.extract.rows import Found, Piece
from digitizer.lattice import Column, pack
from digitizer.model import Box, Letter, Line


def seen(*columns: Mapping[str, float]) -> list[Column]:
    """Every letter in a column of its own, a blank column after it."""
    return [
        Column(2 * i, 16.0 * i, tuple(sorted(((c, math.log(p)) for c, p in column.items()), key=lambda s: -s[1])))
        for i, column in enumerate(columns)
    ]


def typed(said: str, doubt: Mapping[int, Mapping[str, float]] | None = None) -> list[Column]:
    """`said`, each letter sure, but those at the places of `doubt`."""
    return seen(*((doubt or {}).get(i, {c: 0.98, "": 0.02}) for i, c in enumerate(said)))


def best(kind: str, columns: list[Column]) -> str | None:
    """The text a field of `kind` would take."""
    value_type = types.TYPES[kind]
    language = value_type.constraint("", ()) or prose_of(value_type.prose or "")
    found = decode(columns, language)  # type: ignore[arg-type]
    return found[0].text if found else None


def found(*pieces: tuple[Line, int, int]) -> Found:
    """What a field was found in: (line, first letter, end) of each piece."""
    parts = tuple(Piece(page=0, line=whole, start=start, end=end) for whole, start, end in pieces)
    return Found(field=FieldSpec(name="x", type="date"), pieces=parts)


#: letters that the columns of `line` can hold
CHARSET = tuple(dict.fromkeys("0123456789/.-,: abcdeghiklmnopqrstuvxyABCDEGHIKLMNOPQRSTUVXYáàảãạấốữựịộCMNĐđ"))


def line(said: str, doubt: Mapping[int, Mapping[str, float]] | None = None, y: float = 0) -> Line:
    """A line whose letters and lattice agree, three columns a letter of 8 px each."""
    table = np.zeros((3 * len(said), 1 + len(CHARSET)), np.float32)
    letters = []
    for i, char in enumerate(said):
        column = (doubt or {}).get(i, {char: 0.99})
        for sign, p in column.items():
            table[3 * i + 1, 1 + CHARSET.index(sign)] = p
        letters.append(Letter(char=char, x0=24 * i, x1=24 * i + 24, confidence=max(column.values())))
    table[:, 0] = 1 - table.sum(axis=1)
    box = Box(0, y, 24 * len(said), y + 30)
    return Line(text=said, box=box, confidence=0.9, letters=tuple(letters), lattice=pack(table, CHARSET, x0=0, x1=24 * len(said)))

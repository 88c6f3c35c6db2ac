"""Packs the CTC columns of a line into a `Lattice` of a few hundred bytes, and unpacks it.

Columns that are surely blank are left out. Of the others, only likely characters are kept. A page's columns take 20 MB, its
lattices about 20 kB. So they can live in the stored PageText between the `read` and `finish` jobs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from digitizer.model import Lattice

#: most characters kept for a column
TOP = 6
#: least probability of a character that is kept
LIKELY = 0.001
#: a probability is kept as a byte, its level: p = exp(-(level / _FINE)²), fine near 1, coarse near 4e-5
_FINE = 80.0
#: natural log of the probability of each level
_LEVELS = tuple(-((level / _FINE) ** 2) for level in range(256))


@dataclass(frozen=True, slots=True)
class Column:
    """A column in which a letter is possible. `signs`: (character, natural log of its probability). "" is the blank."""

    number: int
    #: its middle, px of the page
    x: float
    signs: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Columns of one width: column `first` + i begins at `x0` + i * `step` px of the page."""

    first: int
    x0: float
    step: float


def x_of(column: float, scale: Sequence[Stretch]) -> float:
    """Where a column stands on a line whose first stretch begins at column 0, px of the page."""
    stretch = next(s for s in reversed(scale) if s.first <= column)
    return stretch.x0 + stretch.step * (column - stretch.first)


def pack(
    probabilities: npt.NDArray[np.float32], charset: Sequence[str], *, x0: float, x1: float, more: Sequence[Stretch] = ()
) -> Lattice:
    """Packs a line whose first stretch reaches from `x0` to `x1` px.

    Args:
        probabilities: (T, 1 + len(charset)) float. Rows sum to 1. Index 0 is the blank.
        charset: `charset[i]` is the character of index i + 1.
        x0: left end, px of the page.
        x1: right end, px of the page.
        more: further stretches, for columns of another width.
    """
    known: dict[int, int] = {0: 0}
    cells = bytearray()
    last = -1
    for number in np.flatnonzero(probabilities[:, 1:].max(axis=1, initial=0.0) >= LIKELY).tolist():
        row = probabilities[number]
        best = [int(i) for i in np.argsort(-row, kind="stable")[:TOP] if row[i] >= LIKELY]
        signs = [(known.setdefault(i, len(known)), _level(float(row[i]))) for i in best]
        gap = number - last - 1
        while gap > 254:
            cells += bytes((254, 0))
            gap -= 254
        cells += bytes((gap, len(signs))) + bytes(byte for sign in signs for byte in sign)
        last = number
    step = round((x1 - x0) / max(more[0].first if more else len(probabilities), 1), 4)
    behind = tuple((stretch.first, stretch.x0, round(stretch.step, 4)) for stretch in more)
    known_signs = "".join(charset[i - 1] for i in known if i)
    return Lattice(x0=x0, step=step, signs=known_signs, cells=bytes(cells), stretches=behind)


def unpack(lattice: Lattice) -> list[Column]:
    """The columns in which a letter is possible, in order."""
    columns, signs, cells = [], ("", *lattice.signs), lattice.cells
    scale = [Stretch(0, lattice.x0, lattice.step), *(Stretch(*stretch) for stretch in lattice.stretches)]
    at, number = 0, -1
    while at < len(cells):
        number, count = number + cells[at], cells[at + 1]
        pairs = cells[at + 2 : at + 2 + 2 * count]
        if count:
            number += 1
            held = tuple((signs[pairs[i]], _LEVELS[pairs[i + 1]]) for i in range(0, len(pairs), 2))
            columns.append(Column(number, x_of(number + 0.5, scale), held))
        at += 2 + 2 * count
    return columns


def _level(probability: float) -> int:
    return min(255, round(_FINE * math.sqrt(-math.log(min(1.0, probability)))))

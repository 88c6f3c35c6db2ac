"""What a recogniser held possible in a line, in a few hundred bytes: from CTC columns to `Lattice` and back.

Most columns of a line are blank beyond doubt and are left out; of the others only what is likely is kept. A page's lattices take
about 20 kB where its columns take 20 MB, so that they live in the stored PageText between the `read` and `finish` jobs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from digitizer.model import Lattice

#: characters kept a column, and how likely they must be
TOP, LIKELY = 6, 0.001
#: `level` is a byte: p = exp(-(level / _FINE)²), fine near 1, coarse near the least, 4e-5
_FINE = 80.0
_LEVELS = tuple(-((level / _FINE) ** 2) for level in range(256))


@dataclass(frozen=True, slots=True)
class Column:
    """A column in which a letter is possible: its number, and (character, natural log of its probability); "" is the blank."""

    number: int
    #: px of the page
    x: float
    signs: tuple[tuple[str, float], ...]


def pack(probabilities: npt.NDArray[np.float32], charset: Sequence[str], *, x0: float, x1: float) -> Lattice:
    """The lattice of a line that reaches from `x0` to `x1` px.

    Args:
        probabilities: (T, 1 + len(charset)) float, rows sum to 1; index 0 is the blank.
        charset: character of index i + 1.
        x0: px of the page.
        x1: px of the page.
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
    step = round((x1 - x0) / max(len(probabilities), 1), 4)
    return Lattice(x0=x0, step=step, signs="".join(charset[i - 1] for i in known if i), cells=bytes(cells))


def unpack(lattice: Lattice) -> list[Column]:
    """The columns in which a letter is possible, in order."""
    columns, signs, cells = [], ("", *lattice.signs), lattice.cells
    at, number = 0, -1
    while at < len(cells):
        number, count = number + cells[at], cells[at + 1]
        pairs = cells[at + 2 : at + 2 + 2 * count]
        if count:
            number += 1
            held = tuple((signs[pairs[i]], _LEVELS[pairs[i + 1]]) for i in range(0, len(pairs), 2))
            columns.append(Column(number, lattice.x0 + (number + 0.5) * lattice.step, held))
        at += 2 + 2 * count
    return columns


def _level(probability: float) -> int:
    return min(255, round(_FINE * math.sqrt(-math.log(min(1.0, probability)))))

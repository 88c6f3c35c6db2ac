"""Which of two networks is believed about pieces of handwriting: the surer one, over a piece and over its page.

The network for print knows neat pens well, the one for handwriting knows people's. A page is mostly written by one hand,
so its other pieces count as well: one piece alone has few letters and often misleads.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from digitizer.ocr.ctc import best_path

#: how much surer (natural log a letter) the network for handwriting must be than the one for print
SURER = 0.02
#: the most that one piece can say (natural log a letter)
MOST = 0.5
#: letters of a page at which its own mean counts half
STEADY = 30

Columns = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Readings:
    """CTC columns (T, 1 + letters) of one piece of a line."""

    #: as the network for print has them
    printed: Columns
    #: as the network for handwriting has them. None: it was not asked
    written: Columns | None = None
    by_hand: bool = False


def settled(printed: Columns, charset: Sequence[str]) -> bool:
    """Whether the network for print is so sure that the other one could not be surer. So neat pens cost one reading."""
    sure, letters = _sureness(printed, charset)
    return letters > 0 and sure >= -SURER


def believed(pieces: Sequence[Readings], charset: Sequence[str]) -> list[bool]:
    """Of which pieces of a page the network for handwriting is believed."""
    found = [_surer(piece, charset) for piece in pieces]
    letters = sum(count for _, count in found)
    page = sum(surer * count for surer, count in found) / (letters + STEADY)
    return [piece.written is not None and surer + page >= 0 for piece, (surer, _) in zip(pieces, found, strict=True)]


def _surer(piece: Readings, charset: Sequence[str]) -> tuple[float, int]:
    """How much surer than it must be the network for handwriting is, and over how many letters."""
    if not piece.by_hand:
        return 0.0, 0
    printed, count = _sureness(piece.printed, charset)
    if piece.written is None:
        return -SURER, count
    written, letters = _sureness(piece.written, charset)
    if not letters:
        return -MOST, 0
    return max(-MOST, min(written - printed - SURER, MOST)), letters


def _sureness(columns: Columns, charset: Sequence[str]) -> tuple[float, int]:
    """Mean natural log of the probability of each letter read, and how many letters there are."""
    read = [sign.confidence for sign in best_path(columns, charset) if sign.char != " "]
    return (float(np.log(read).mean()) if read else -math.inf), len(read)

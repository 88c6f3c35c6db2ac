"""Decodes CTC columns to letters by the best path (Graves et al. 2006). Keeps column and probability of every letter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

#: index of the CTC blank
BLANK = 0


@dataclass(frozen=True, slots=True)
class Sign:
    """A decoded character."""

    char: str
    #: first column
    first: int
    #: last column, inclusive
    last: int
    #: highest probability, 0-1, in these columns
    confidence: float


def best_path(probabilities: npt.NDArray[np.float32], charset: Sequence[str]) -> tuple[Sign, ...]:
    """The characters of the most probable path.

    Args:
        probabilities: (T, 1 + len(charset)) float, rows sum to 1. Index 0 is the blank.
        charset: character of index i + 1.
    """
    best = probabilities.argmax(axis=1)
    edges = np.flatnonzero(np.diff(best, prepend=-1, append=-1))
    signs = []
    for first, end in pairwise(edges.tolist()):
        index = int(best[first])
        if index != BLANK:
            signs.append(Sign(charset[index - 1], first, end - 1, float(probabilities[first:end, index].max())))
    return tuple(signs)

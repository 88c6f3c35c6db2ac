"""From CTC columns to letters (Graves et al. 2006): best path, with the column and probability of every letter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

BLANK = 0


@dataclass(frozen=True, slots=True)
class Sign:
    """A decoded character; columns `first` to `last` inclusive, at best `confidence`."""

    char: str
    first: int
    last: int
    confidence: float


def best_path(probabilities: npt.NDArray[np.float32], charset: Sequence[str]) -> tuple[Sign, ...]:
    """The characters of the most probable path.

    Args:
        probabilities: (T, 1 + len(charset)) float, rows sum to 1; index 0 is the blank.
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

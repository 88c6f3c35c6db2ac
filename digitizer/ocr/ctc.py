"""From CTC columns to letters (Graves et al. 2006): best path, with the column and probability of every letter."""

from __future__ import annotations

import math
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


def likelihood(probabilities: npt.NDArray[np.float32], letters: Sequence[int] | npt.NDArray[np.int64]) -> float:
    """How likely the columns hold this text, over all the paths that spell it: Graves et al. 2006, forward variables.

    Args:
        probabilities: (T, K) float, rows sum to 1; index 0 is the blank.
        letters: indices of the text, the blank not among them.
    """
    spelt = np.zeros(2 * len(letters) + 1, np.int64)
    spelt[1::2] = letters
    # a blank may be passed over between letters that differ
    over = np.zeros(len(spelt))
    over[3::2] = spelt[3::2] != spelt[1:-2:2]
    along = probabilities[:, spelt].astype(np.float64)
    forward, total = np.zeros(len(spelt)), 0.0
    forward[0] = 1.0
    for column in along:
        before = forward
        forward = before.copy()
        forward[1:] += before[:-1]
        forward[2:] += before[:-2] * over[2:]
        forward *= column
        scale = float(forward.sum())
        if scale <= 0:
            return 0.0
        forward /= scale
        total += math.log(scale)
    return math.exp(total) * float(forward[-2:].sum())

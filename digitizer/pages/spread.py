"""Two pages on one scan: an opened book."""

from __future__ import annotations

import cv2
import numpy as np

from digitizer.model import Pixels

#: width over height of two pages side by side. A single landscape sheet of the A series has 1.41 too, so this is not enough
_ASPECT = (1.15, 1.85)
#: share of the width in the middle of which the gutter lies
_MIDDLE = (0.40, 0.60)
#: a gutter is at least this share of the width without writing
_GAP = 0.012
#: each page is written on at least this share of its height and width
_WRITTEN = 0.45


def may_be_spread(width: float, height: float) -> bool:
    """Whether a sheet of that size has the shape of two pages side by side."""
    return _ASPECT[0] <= width / height <= _ASPECT[1]


def find_gutter(letters: Pixels, ink: Pixels) -> float | None:
    """Where a level scan divides into two pages, 0-1 of its width. None when it is one page.

    `letters`, `ink`: (h, w) masks of what has the size of letters, and of everything. Text or a rule that runs across the middle,
    a table say, keeps the scan together. The fold and its shadow do not.
    """
    height, width = ink.shape
    if not may_be_spread(width, height):
        return None
    left, right = int(_MIDDLE[0] * width), int(_MIDDLE[1] * width)
    crossing = ((letters > 0) | (_level_rules(ink) > 0)).sum(axis=0)
    start, end = _widest_gap(crossing[left:right] <= height // 300)
    start, end = start + left, end + left
    if end - start < _GAP * width:
        return None
    if not (_written(letters[:, :start]) and _written(letters[:, end:])):
        return None
    return float((start + end) / 2 / width)


def _level_rules(ink: Pixels) -> Pixels:
    """Thin level lines, each at least a twentieth of the width."""
    long = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((1, ink.shape[1] // 20), np.uint8))
    thick = cv2.dilate(cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((9, 9), np.uint8)), np.ones((5, 5), np.uint8))
    rules: Pixels = cv2.subtract(long, thick)
    return rules


def _widest_gap(free: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> tuple[int, int]:
    """Start and end of the longest run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], free.astype(np.int8), [0]])))
    runs = edges.reshape(-1, 2)
    if not len(runs):
        return 0, 0
    start, end = runs[np.argmax(runs[:, 1] - runs[:, 0])]
    return int(start), int(end)


def _written(ink: Pixels) -> bool:
    rows, columns = np.flatnonzero((ink > 0).any(axis=1)), np.flatnonzero((ink > 0).any(axis=0))
    if not len(rows):
        return False
    return bool(np.ptp(rows) >= _WRITTEN * ink.shape[0] and np.ptp(columns) >= _WRITTEN * ink.shape[1])

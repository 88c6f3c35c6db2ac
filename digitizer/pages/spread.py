"""Two pages on one scan: an opened book."""

from __future__ import annotations

import cv2
import numpy as np

from digitizer.model import Pixels

#: width over height of two pages side by side; a single landscape sheet of the A series has 1.41 too, so this is not enough
_ASPECT = (1.15, 1.85)
#: share of the width in the middle of which the gutter lies
_MIDDLE = (0.40, 0.60)
#: a gutter is at least this share of the width without writing
_GAP = 0.012
#: each page is written on at least this share of its height and width
_WRITTEN = 0.45


def find_gutter(ink: Pixels) -> float | None:
    """Where a level scan divides into two pages, 0-1 of its width; None when it is one page.

    `ink`: (h, w) mask. Something that runs across the middle, a table say, keeps the scan together.
    """
    height, width = ink.shape
    if not _ASPECT[0] <= width / height <= _ASPECT[1]:
        return None
    crossing = (_without_fold(ink) > 0).sum(axis=0)
    left, right = int(_MIDDLE[0] * width), int(_MIDDLE[1] * width)
    start, end = _widest_gap(crossing[left:right] <= height // 400)
    start, end = start + left, end + left
    if end - start < _GAP * width:
        return None
    if not (_written(ink[:, :start]) and _written(ink[:, end:])):
        return None
    return float((start + end) / 2 / width)


def _without_fold(ink: Pixels) -> Pixels:
    """`ink` without the dark line of the fold: upright strokes longer than a third of the page, in the middle only."""
    height = ink.shape[0]
    fold = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((height // 3, 1), np.uint8))
    rest: Pixels = cv2.subtract(ink, cv2.dilate(fold, np.ones((1, 9), np.uint8)))
    return rest


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

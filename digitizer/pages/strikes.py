"""Finds long pen strokes across a page, which cancel a record."""

from __future__ import annotations

import cv2
import numpy as np

from digitizer.model import Box, Pixels
from digitizer.pages.ink import halved, pieces_of

# px are those of a copy half as fine as the small one, 60 to the inch

#: least share of the page's width that a stroke crosses
_WIDE = 0.25
#: least share of the page's height that a stroke crosses
_HIGH = 0.15
#: directions that are searched, degrees off level
_SLOPES_DEG = tuple(range(24, 76, 4))
#: least ratio of a stroke's length to its breadth
_SLENDER = 6.0
#: least length of a rule, px
_RULE_PX = 30
#: least length of a straight stroke, px. Letters have no strokes as long
_STRAIGHT_PX = 28
#: greatest gap between pieces of one stroke, px
_GAP_PX = 9


def find_strikes(ink: Pixels) -> tuple[Box, ...]:
    """The strokes across a level page, as boxes in px of `ink`, the (h, w) mask of a small copy."""
    if min(ink.shape) < 4 * _RULE_PX:
        return ()
    half = halved(ink)
    free = _without_rules(cv2.compare(half, 60, cv2.CMP_GT))
    # letters that touch form no piece as large as a stroke
    if not len(_large(free)):
        return ()
    found = []
    for rising in (1, -1):
        pieces = np.max([_straight(free, rising * slope) for slope in _SLOPES_DEG], axis=0)
        joined = cv2.morphologyEx(pieces, cv2.MORPH_CLOSE, np.ones((_GAP_PX, _GAP_PX), np.uint8))
        found += [box for box, piece in _large(joined) if _is_slender(piece)]
    return tuple(Box(2 * b.x0, 2 * b.y0, 2 * b.x1, 2 * b.y1) for b in found)


def _without_rules(ink: Pixels) -> Pixels:
    level = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((1, _RULE_PX), np.uint8))
    upright = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((_RULE_PX, 1), np.uint8))
    free = cv2.subtract(ink, cv2.bitwise_or(level, upright))
    mended: Pixels = cv2.morphologyEx(free, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    return mended


def _straight(ink: Pixels, slope_deg: float) -> Pixels:
    """The straight strokes of `ink` in one direction. Above 0, `slope_deg` rises to the right."""
    reach = round(_STRAIGHT_PX * abs(np.sin(np.radians(slope_deg))) / 2)
    rows = np.arange(-reach, reach + 1)
    columns = -np.round(rows / np.tan(np.radians(slope_deg))).astype(int)
    stroke = np.zeros((2 * reach + 1, int(np.ptp(columns)) + 1), np.uint8)
    stroke[rows + reach, columns - columns.min()] = 1
    straight: Pixels = cv2.morphologyEx(ink, cv2.MORPH_OPEN, stroke)
    return straight


def _large(mask: Pixels) -> list[tuple[Box, Pixels]]:
    """The pieces of a mask that cross much of the page: (box, mask of the piece)."""
    labels, stats = pieces_of(mask)
    wide, high = stats[1:, cv2.CC_STAT_WIDTH], stats[1:, cv2.CC_STAT_HEIGHT]
    found = []
    for k in np.flatnonzero((wide >= _WIDE * mask.shape[1]) & (high >= _HIGH * mask.shape[0])) + 1:
        x, y, w, h = (int(v) for v in stats[k, :4])
        piece = np.where(labels[y : y + h, x : x + w] == k, 255, 0).astype(np.uint8)
        found.append((Box(float(x), float(y), float(x + w), float(y + h)), piece))
    return found


def _is_slender(piece: Pixels) -> bool:
    """Whether a piece of ink lies along one line."""
    y, x = np.nonzero(piece)
    spread = np.linalg.eigvalsh(np.cov(np.stack([x, y])))
    return bool(spread[1] > _SLENDER**2 * max(float(spread[0]), 1.0))

"""Finds writing on a scan, on any ground. It needs no knowledge of paper, lid or light."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from digitizer.model import Floats, Pixels
from digitizer.pages.ink import Copies, grey_copy, level_at, pieces_of

# px are those of the copy, unless noted otherwise

#: longest side of the copy on which writing is searched, px. Small print of an A4 sheet has an x-height of four there
WRITING_PX = 800
#: side, px, of the filter that removes strokes, which are thinner
_BRUSH_PX = 11
#: least difference of ink from its ground, grey levels
_DARKER = 14
#: least difference of ink from its ground, as a share of the ground
_DARKER_SHARE = 0.12
#: least area of a letter, px
_AREA_PX = 4
#: least and greatest shorter side of a letter, a word or a line of joined letters, px
_SHORT_PX = (2, 45)
#: least and greatest longer side of a letter, a word or a line of joined letters, px
_LONG_PX = (3, 400)
#: a thin piece longer than this many times its width is a rule
_RULE = 8
#: a piece at least this wide, px, is no rule
_WIDE_PX = 6
#: a piece that fills more than this share of its box is a bar or a block
_SOLID = 0.75
#: side of the squares whose middles are the places of writing, px
_PLACE_PX = 8
#: least width of a ground of writing, px
_LINE_PX = 21
#: least lightness of a wide ground, as a share of the ground at the place
_GROUND = 0.75
#: least share of a negative that is dark
_MOSTLY = 0.6
#: greatest grey level of a dark page
_DARK = 100
#: quantile of the grey levels that counts as the lightness of light letters
_BRIGHT = 0.998
#: least ratio of the letters' lightness to the page's
_CLEARLY = 1.5
#: greatest share of light px that are wider than strokes
_PAPER = 0.15
#: least number of places of light writing on a negative
_WRITTEN = 30
#: least number of places of writing within a square of three by three tiles
_COMPANY = 5
#: side of a tile, px
_TILE_PX = 20


def find_writing(grey: Pixels) -> tuple[Floats, Floats]:
    """(places of writing, (N, 2) px, grey levels of the ground at each, (N,)).

    `grey`: (h, w) uint8 with a longest side near `WRITING_PX`.
    """
    ground = cv2.morphologyEx(cv2.medianBlur(grey, 3), cv2.MORPH_CLOSE, np.ones((_BRUSH_PX, _BRUSH_PX), np.uint8))
    least = cv2.LUT(ground, np.maximum(_DARKER, np.arange(256) * _DARKER_SHARE).astype(np.uint8))
    # gaps in light letters are dark like ink, but their light ground is no wider than a line
    wide = cv2.morphologyEx(ground, cv2.MORPH_OPEN, np.ones((_LINE_PX, _LINE_PX), np.uint8))
    paper = cv2.compare(wide, cv2.convertScaleAbs(ground, alpha=_GROUND), cv2.CMP_GE)
    ink = cv2.bitwise_and(cv2.compare(cv2.subtract(ground, grey), least, cv2.CMP_GT), paper)
    return _places(cv2.bitwise_and(ground, _letters(ink)))


def is_negative(scan: Copies) -> bool:
    """Whether a scan shows light letters on a dark page: a negative, or a fax with inverted bits."""
    pixels, _ = scan.at_least(WRITING_PX / max(scan.pixels.shape[:2]))
    if level_at(pixels[::4, ::4, 1].copy(), None, 1 - _MOSTLY) > _DARK:
        return False
    grey = grey_copy(pixels, min(1.0, WRITING_PX / max(pixels.shape[:2])))
    dark, bright = (level_at(grey, None, share) for share in (0.5, _BRIGHT))
    light = cv2.compare(grey, (dark + bright) / 2, cv2.CMP_GT)
    # even small paper is wider than strokes
    paper = cv2.morphologyEx(light, cv2.MORPH_OPEN, np.ones((_BRUSH_PX, _BRUSH_PX), np.uint8))
    if bright < _CLEARLY * max(dark, 1) or cv2.countNonZero(paper) > _PAPER * cv2.countNonZero(light):
        return False
    return len(find_writing(cv2.bitwise_not(grey))[0]) >= _WRITTEN


def at(plane: npt.NDArray[Any], points: Floats) -> npt.NDArray[Any]:
    """The values of a (h, w) plane at (N, 2) px."""
    x, y = points.astype(np.int64).T
    values: npt.NDArray[Any] = plane[y.clip(0, plane.shape[0] - 1), x.clip(0, plane.shape[1] - 1)]
    return values


def _letters(ink: Pixels) -> Pixels:
    """Mask of the pieces that have the shape of letters, words or lines."""
    labels, stats = pieces_of(ink)
    wide, high, area = stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT], stats[:, cv2.CC_STAT_AREA]
    long, short = np.maximum(wide, high), np.minimum(wide, high)
    keep = (short >= _SHORT_PX[0]) & (short <= _SHORT_PX[1]) & (long >= _LONG_PX[0]) & (long <= _LONG_PX[1]) & (area >= _AREA_PX)
    keep &= (long <= _RULE * short) | (short >= _WIDE_PX)
    keep &= (area <= _SOLID * wide * high) | (short < _WIDE_PX)
    keep[0] = False
    return np.take(np.where(keep, 255, 0).astype(np.uint8), labels)


def _places(grounds: Pixels) -> tuple[Floats, Floats]:
    """(middles of the squares with writing, (N, 2) px, lightest ground in each, (N,)). `grounds` is 0 off the writing."""
    height, width = -(-grounds.shape[0] // _PLACE_PX), -(-grounds.shape[1] // _PLACE_PX)
    squares = np.zeros((height * _PLACE_PX, width * _PLACE_PX), np.uint8)
    squares[: grounds.shape[0], : grounds.shape[1]] = grounds
    # one way after the other: at once takes five times as long
    most = squares.reshape(height, _PLACE_PX, -1).max(axis=1).reshape(height, width, _PLACE_PX).max(axis=2)
    rows, columns = np.nonzero(most)
    places = (np.stack([columns, rows], axis=1) * _PLACE_PX + _PLACE_PX / 2).astype(np.float64)
    near = _in_company(places)
    return places[near], most[rows, columns][near].astype(np.float64)


def _in_company(places: Floats) -> npt.NDArray[np.bool_]:
    """Which of the places, (N, 2) px, have others near them, (N,)."""
    if not len(places):
        return np.zeros(0, np.bool_)
    tiles: npt.NDArray[np.int64] = (places // _TILE_PX).astype(np.int64) + 1
    count = np.zeros(tiles.max(axis=0)[::-1] + 2, np.float32)
    np.add.at(count, (tiles[:, 1], tiles[:, 0]), 1)
    near = cv2.boxFilter(count, -1, (3, 3), normalize=False, borderType=cv2.BORDER_CONSTANT)
    return np.asarray(near[tiles[:, 1], tiles[:, 0]] >= _COMPANY - 0.5, np.bool_)

"""Where a scan is written on, whatever it is written on: looked for before anything is known about paper, lid or light."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from digitizer.model import Floats, Pixels
from digitizer.pages.ink import Copies, grey_copy, level_at, pieces_of

#: longest side of the copy that writing is looked for on, px: small print of an A4 sheet has an x-height of four
WRITING_PX = 800
#: strokes are thinner than this brush, px of the copy
_BRUSH_PX = 11
#: how many grey levels darker than its ground ink is at least
_DARKER = 14
#: the same as a share of the ground
_DARKER_SHARE = 0.12
#: area of a letter at least, px of the copy
_AREA_PX = 4
#: shorter side of a letter, a word or a line of joined letters, px of the copy
_SHORT_PX = (2, 45)
#: its longer side, px of the copy
_LONG_PX = (3, 400)
#: what is longer than so many times its width is a rule, unless it is at least as wide as a letter, px of the copy
_RULE, _WIDE_PX = 8, 6
#: what fills more of its box is a bar or a block, no writing
_SOLID = 0.75
#: letters and words are told by places so far apart, px of the copy
_PLACE_PX = 8
#: what is written on is wider than a line of so many px of the copy, and as light all over as this share
_LINE_PX, _GROUND = 21, 0.75
#: at least this share of a negative has a grey level of at most so much
_MOSTLY, _DARK = 0.6, 100
#: this share of it is no lighter than the lightest of its letters
_BRIGHT = 0.998
#: letters are so many times as light as the page
_CLEARLY = 1.5
#: at most this share of what is light is wider than strokes
_PAPER = 0.15
#: a negative has at least so many places of light writing
_WRITTEN = 30
#: writing has at least so many places within a square of three tiles of so many px
_COMPANY, _TILE_PX = 5, 20


def find_writing(grey: Pixels) -> tuple[Floats, Floats]:
    """((N, 2) px places of what looks like writing, (N,) grey levels of what it is written on).

    `grey`: (h, w) uint8 with a longest side near `WRITING_PX`.
    """
    ground = cv2.morphologyEx(cv2.medianBlur(grey, 3), cv2.MORPH_CLOSE, np.ones((_BRUSH_PX, _BRUSH_PX), np.uint8))
    least = cv2.LUT(ground, np.maximum(_DARKER, np.arange(256) * _DARKER_SHARE).astype(np.uint8))
    # the gaps in light letters are dark, too, but what is light there is no wider than a line
    wide = cv2.morphologyEx(ground, cv2.MORPH_OPEN, np.ones((_LINE_PX, _LINE_PX), np.uint8))
    paper = cv2.compare(wide, cv2.convertScaleAbs(ground, alpha=_GROUND), cv2.CMP_GE)
    ink = cv2.bitwise_and(cv2.compare(cv2.subtract(ground, grey), least, cv2.CMP_GT), paper)
    return _places(cv2.bitwise_and(ground, _letters(ink)))


def is_negative(scan: Copies) -> bool:
    """Whether a scan shows light letters on a dark page: a negative, or bits of a fax the wrong way round."""
    pixels, _ = scan.at_least(WRITING_PX / max(scan.pixels.shape[:2]))
    if level_at(pixels[::4, ::4, 1].copy(), None, 1 - _MOSTLY) > _DARK:
        return False
    grey = grey_copy(pixels, min(1.0, WRITING_PX / max(pixels.shape[:2])))
    dark, bright = (level_at(grey, None, share) for share in (0.5, _BRIGHT))
    light = cv2.compare(grey, (dark + bright) / 2, cv2.CMP_GT)
    # paper, however small, is wider than strokes
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
    """The pieces of a mask that have the shape of letters, words or lines."""
    labels, stats = pieces_of(ink)
    wide, high, area = stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT], stats[:, cv2.CC_STAT_AREA]
    long, short = np.maximum(wide, high), np.minimum(wide, high)
    keep = (short >= _SHORT_PX[0]) & (short <= _SHORT_PX[1]) & (long >= _LONG_PX[0]) & (long <= _LONG_PX[1]) & (area >= _AREA_PX)
    keep &= (long <= _RULE * short) | (short >= _WIDE_PX)
    keep &= (area <= _SOLID * wide * high) | (short < _WIDE_PX)
    keep[0] = False
    return np.take(np.where(keep, 255, 0).astype(np.uint8), labels)


def _places(grounds: Pixels) -> tuple[Floats, Floats]:
    """(middles of the squares, (N, 2) px, that hold some of a plane that is 0 where nothing is, (N,) the most in each)."""
    height, width = -(-grounds.shape[0] // _PLACE_PX), -(-grounds.shape[1] // _PLACE_PX)
    squares = np.zeros((height * _PLACE_PX, width * _PLACE_PX), np.uint8)
    squares[: grounds.shape[0], : grounds.shape[1]] = grounds
    most = squares.reshape(height, _PLACE_PX, width, _PLACE_PX).max(axis=(1, 3))
    rows, columns = np.nonzero(most)
    places = (np.stack([columns, rows], axis=1) * _PLACE_PX + _PLACE_PX / 2).astype(np.float64)
    near = _in_company(places)
    return places[near], most[rows, columns][near].astype(np.float64)


def _in_company(places: Floats) -> npt.NDArray[np.bool_]:
    """Which of (N, 2) px have others near them, (N,)."""
    if not len(places):
        return np.zeros(0, np.bool_)
    tiles: npt.NDArray[np.int64] = (places // _TILE_PX).astype(np.int64) + 1
    count = np.zeros(tiles.max(axis=0)[::-1] + 2, np.float32)
    np.add.at(count, (tiles[:, 1], tiles[:, 0]), 1)
    near = cv2.boxFilter(count, -1, (3, 3), normalize=False, borderType=cv2.BORDER_CONSTANT)
    return np.asarray(near[tiles[:, 1], tiles[:, 0]] >= _COMPANY - 0.5, np.bool_)

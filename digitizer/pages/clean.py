"""The copy of a page that is read: white paper whatever its tint and light, no faint patterns, show-through or red seals."""

from __future__ import annotations

import cv2
import numpy as np

from digitizer.model import Floats, Pixels
from digitizer.pages.ink import coarse
from digitizer.pages.seals import Seal, lift_seals

#: the paper's shade is looked for on a copy this many times smaller, with a brush of so many px of it
_COARSER, _BRUSH_PX = 8, 11
#: rows that are whitened at a time; they stay near the processor
_BAND_PX = 128
#: paper that is this light all over needs no whitening
_WHITE = 244
#: paper whose shade differs by no more from place to place is even, grey levels
_EVEN = 7
#: how much darker than the paper, as a share of black, what is taken for paper may be (the print of security paper, the other
#: side showing through), and from where on all is ink as dark as it was
_FAINT, _INK = 0.05, 0.20
#: darkness of ink up to which nothing may be taken for paper, and from which on all that is faint is
_PALE = (0.30, 0.40)


def clean(pixels: Pixels, seals: tuple[Seal, ...], darkness: float = 1.0) -> Pixels:
    """`pixels` ((H, W, 3) uint8 RGB) for reading; a copy. `darkness`: of half of the ink beside its paper, 0-1."""
    lifted, tone = lift_seals(pixels, seals), _tone(darkness)
    paper = cv2.morphologyEx(coarse(lifted, 1 / _COARSER), cv2.MORPH_CLOSE, np.ones((_BRUSH_PX, _BRUSH_PX), np.uint8))
    seen = paper[::2, ::2].reshape(-1, 3)
    low, high = np.percentile(seen, (1, 99), axis=0)
    if low.min() >= _WHITE:
        levels = tone
    elif (high - low).max() <= _EVEN:
        # one shade all over: taken out with the same table that takes away what is faint
        levels = np.dstack([tone[_whiter(shade)] for shade in np.median(seen, axis=0)])
    else:
        lifted, levels = _whitened(lifted, paper), tone
    read: Pixels = cv2.LUT(lifted, levels)
    return read


def _whiter(shade: float) -> Pixels:
    """Level of each of 256 over white paper, when paper has that `shade`."""
    return np.asarray(np.minimum(np.arange(256) * 255 / max(shade, 1) + 0.5, 255)).astype(np.uint8)


def _whitened(pixels: Pixels, paper: Pixels) -> Pixels:
    """`pixels` with the shade of the `paper`, a small copy, taken out, each colour by itself."""
    soft, (height, width) = cv2.GaussianBlur(paper, (0, 0), 3), pixels.shape[:2]
    white = np.empty_like(pixels)
    for top in range(0, height, _BAND_PX):
        bottom = min(height, top + _BAND_PX)
        # a row of the small copy more on each side, so that bands meet without a seam
        rows = np.arange(top // _COARSER - 1, -(-bottom // _COARSER) + 1).clip(0, len(soft) - 1)
        shade = cv2.resize(soft[rows], (width, len(rows) * _COARSER), interpolation=cv2.INTER_LINEAR)
        cv2.divide(pixels[top:bottom], shade[_COARSER : _COARSER + bottom - top], dst=white[top:bottom], scale=255)
    return white


def _tone(darkness: float) -> Pixels:
    """New level of each of 256; nothing is taken from ink that is as pale as what is to go."""
    share = np.clip((darkness - _PALE[0]) / (_PALE[1] - _PALE[0]), 0, 1)
    dark = 1 - np.arange(256) / 255
    kept = np.clip((dark - share * _FAINT) / (share * (_INK - _FAINT) + 1e-6), 0, 1)
    return np.asarray(255 * (1 - dark * kept) + 0.5).astype(np.uint8)


def blank_outside(pixels: Pixels, corners: Floats) -> Pixels:
    """`pixels` with white, on a copy, for what lies outside of the four `corners` ((4, 2) px): lid, desk, other papers."""
    height, width = pixels.shape[:2]
    page = np.array([(-1, -1), (width, -1), (width, height), (-1, height)], np.int32)
    inside: Pixels = pixels.copy()
    cv2.fillPoly(inside, [page, np.round(corners).astype(np.int32)], (255, 255, 255))
    return inside

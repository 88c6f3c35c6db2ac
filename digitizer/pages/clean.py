"""A copy of a page for finding its rules: white paper whatever its tint and light, no faint patterns, show-through or seals."""

from __future__ import annotations

import cv2
import numpy as np

from digitizer.model import Pixels
from digitizer.pages.ink import coarse, halved
from digitizer.pages.seals import Seal, lift_seals

#: the paper's shade is looked for on a copy this many times smaller, with a brush of so many px of it
_COARSER, _BRUSH_PX = 8, 11
#: rows that are whitened at a time; they stay near the processor
_BAND_PX = 128
#: paper that is this light all over needs no whitening
_WHITE = 244
#: what is less dark than this, as a share of black, may be taken for paper (the print of security paper, the other side showing
#: through); from twice as much on all is ink as dark as it was
_FAINT = 0.10
#: darkness of ink up to which nothing may be taken for paper, and from which on all that is faint is
_PALE = (0.30, 0.40)


def clean(pixels: Pixels, seals: tuple[Seal, ...], darkness: float = 1.0, brief: Pixels | None = None) -> Pixels:
    """`pixels` ((H, W, 3) uint8 RGB) over white paper; a copy.

    `darkness`: of half of the ink beside its paper, 0-1. `brief`: a small copy of `pixels`, made here where there is none.
    """
    height, width = pixels.shape[:2]
    brief = coarse(pixels, 1 / _COARSER) if brief is None else brief
    lifted = lift_seals(brief, tuple(seal.scaled(brief.shape[1] / width) for seal in seals))
    shade = _shade(lifted, (max(1, round(width / _COARSER)), max(1, round(height / _COARSER))))
    return _whitened(lift_seals(pixels, seals), shade, _fainter(darkness))


def _shade(brief: Pixels, size: tuple[int, int]) -> Pixels | None:
    """The shade of the paper on a copy of `size`; None where it is white all over."""
    while min(brief.shape[1] // size[0], brief.shape[0] // size[1]) >= 2:
        brief = halved(brief)
    small = brief if brief.shape[1::-1] == size else cv2.resize(brief, size, interpolation=cv2.INTER_LINEAR)
    paper = cv2.morphologyEx(small, cv2.MORPH_CLOSE, np.ones((_BRUSH_PX, _BRUSH_PX), np.uint8))
    if np.percentile(paper[::2, ::2].reshape(-1, 3), 1, axis=0).min() >= _WHITE:
        return None
    soft: Pixels = cv2.GaussianBlur(paper, (0, 0), 3)
    return soft


def _fainter(darkness: float) -> int:
    """Level above which what is lighter becomes lighter by as much again: the more of the faint goes, the darker the ink is."""
    share = float(np.clip((darkness - _PALE[0]) / (_PALE[1] - _PALE[0]), 0, 1))
    return 2 * round(255 * (0.5 - share * _FAINT))


def _whitened(pixels: Pixels, shade: Pixels | None, faint: int) -> Pixels:
    """`pixels` with the `shade` of the paper, a small copy, taken out, each colour by itself, and what is lighter than `faint`
    lighter still.
    """
    height, width = pixels.shape[:2]
    white = np.empty_like(pixels)
    for top in range(0, height, _BAND_PX):
        bottom = min(height, top + _BAND_PX)
        band, read = pixels[top:bottom], white[top:bottom]
        if shade is not None:
            # a row of the small copy more on each side, so that bands meet without a seam
            rows = np.arange(top // _COARSER - 1, -(-bottom // _COARSER) + 1).clip(0, len(shade) - 1)
            paper = cv2.resize(shade[rows], (width, len(rows) * _COARSER), interpolation=cv2.INTER_LINEAR)
            band = cv2.divide(band, paper[_COARSER : _COARSER + bottom - top], dst=read, scale=255)
        cv2.add(band, cv2.subtract(band, (faint, faint, faint, 0)), dst=read)
    return white

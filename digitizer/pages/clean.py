"""Cleans a copy of a page for finding its lines: white paper, no shadow, faint pattern, show-through or seal."""

from __future__ import annotations

import cv2
import numpy as np

from digitizer.model import Pixels
from digitizer.pages.ink import coarse, halved
from digitizer.pages.seals import Seal, lift_seals

#: factor by which the copy is smaller on which the paper's shade is measured
_COARSER = 8
#: side of the filter that removes ink from that copy, px
_BRUSH_PX = 11
#: rows that are whitened at once, so that they fit into the processor's cache
_BAND_PX = 128
#: paper that is everywhere at least this light, in grey levels, is not whitened
_WHITE = 244
#: px less dark than this share of black may become paper, such as security print and show-through. From twice this darkness on
#: px keep it
_FAINT = 0.10
#: on a page whose ink is paler than the first no px become paper, darker than the second all faint ones do
_PALE = (0.30, 0.40)


def clean(pixels: Pixels, seals: tuple[Seal, ...], darkness: float = 1.0, brief: Pixels | None = None) -> Pixels:
    """A copy of `pixels` ((H, W, 3) uint8 RGB) over white paper, without `seals`.

    `darkness`: median darkness of the ink relative to its paper, 0-1. `brief`: a small copy of `pixels`. It is made when None.
    """
    height, width = pixels.shape[:2]
    brief = coarse(pixels, 1 / _COARSER) if brief is None else brief
    lifted = lift_seals(brief, tuple(seal.scaled(brief.shape[1] / width) for seal in seals))
    shade = _shade(lifted, (max(1, round(width / _COARSER)), max(1, round(height / _COARSER))))
    return _whitened(lift_seals(pixels, seals), shade, _fainter(darkness))


def _shade(brief: Pixels, size: tuple[int, int]) -> Pixels | None:
    """The shade of the paper as a copy of `size` px. None when it is white everywhere."""
    while min(brief.shape[1] // size[0], brief.shape[0] // size[1]) >= 2:
        brief = halved(brief)
    small = brief if brief.shape[1::-1] == size else cv2.resize(brief, size, interpolation=cv2.INTER_LINEAR)
    paper = cv2.morphologyEx(small, cv2.MORPH_CLOSE, np.ones((_BRUSH_PX, _BRUSH_PX), np.uint8))
    if np.percentile(paper[::2, ::2].reshape(-1, 3), 1, axis=0).min() >= _WHITE:
        return None
    soft: Pixels = cv2.GaussianBlur(paper, (0, 0), 3)
    return soft


def _fainter(darkness: float) -> int:
    """Grey level above which `_whitened` lightens px. It is lower the darker the ink is."""
    share = float(np.clip((darkness - _PALE[0]) / (_PALE[1] - _PALE[0]), 0, 1))
    return 2 * round(255 * (0.5 - share * _FAINT))


def _whitened(pixels: Pixels, shade: Pixels | None, faint: int) -> Pixels:
    """`pixels` divided by the `shade` of the paper, colour by colour. Each level above `faint` is raised by its excess.

    `shade`: a small copy, None for white paper.
    """
    height, width = pixels.shape[:2]
    white = np.empty_like(pixels)
    for top in range(0, height, _BAND_PX):
        bottom = min(height, top + _BAND_PX)
        band, read = pixels[top:bottom], white[top:bottom]
        if shade is not None:
            # one row more of the small copy on each side lets bands meet without a seam
            rows = np.arange(top // _COARSER - 1, -(-bottom // _COARSER) + 1).clip(0, len(shade) - 1)
            paper = cv2.resize(shade[rows], (width, len(rows) * _COARSER), interpolation=cv2.INTER_LINEAR)
            band = cv2.divide(band, paper[_COARSER : _COARSER + bottom - top], dst=read, scale=255)
        cv2.add(band, cv2.subtract(band, (faint, faint, faint, 0)), dst=read)
    return white

"""What is known about a page's condition."""

from __future__ import annotations

import cv2
import numpy as np

from digitizer.model import Pixels, Problem

#: share of ink and number of pieces below which a page counts as blank: dust, a hole, show-through of a stamp
_BLANK_INK = 0.0006
_BLANK_PIECES = 12
#: dots per inch below which recognition suffers (Circular 02/2019/TT-BNV asks for 200)
_LOW_DPI = 195
#: longest side in inches of the sheets this is made for: A3 with a border
_LONGEST_IN = 18.5
_A4_IN, _A3_IN = 11.69, 16.54
#: what scanners offer
_SCANNER_DPI = (100, 150, 200, 240, 300, 400, 600)


def ink_share(ink: Pixels) -> float:
    """Share of the small copy that is ink, 0-1."""
    return float(np.count_nonzero(ink) / max(ink.size, 1))


def is_blank(share: float, pieces: int) -> bool:
    """Whether a page of this ink `share` (0-1) and number of letter-sized `pieces` has nothing to read."""
    return share < _BLANK_INK and pieces < _BLANK_PIECES


def sharpness(grey: Pixels, ink: Pixels) -> float | None:
    """Variance of the Laplacian where ink is; `grey` and `ink` (h, w) of the same scale. None without ink."""
    near = cv2.dilate(ink, np.ones((3, 3), np.uint8)) > 0
    return float(cv2.Laplacian(grey, cv2.CV_32F)[near].var()) if near.any() else None


def measured_dpi(stated: float | None, width: int, height: int, *, spread: bool) -> tuple[float, tuple[Problem, ...]]:
    """(dots per inch, problems) of a scan of `width` x `height` px.

    A stated value is believed when the sheet would not be larger than A3. Otherwise the sheet is taken for A4, an opened
    book for A3, and the value for the nearest one that scanners offer.
    """
    long = max(width, height)
    if stated is not None and long / stated <= _LONGEST_IN:
        return stated, _low(stated)
    guess = long / (_A3_IN if spread else _A4_IN)
    near = min(_SCANNER_DPI, key=lambda dpi: abs(dpi - guess))
    dpi = float(near) if abs(near / guess - 1) < 0.12 else round(guess, 1)
    return dpi, (Problem(code="dpi_estimated", facts={"dpi": round(dpi)}), *_low(dpi))


def _low(dpi: float) -> tuple[Problem, ...]:
    return (Problem(code="low_dpi", facts={"dpi": round(dpi)}),) if dpi < _LOW_DPI else ()

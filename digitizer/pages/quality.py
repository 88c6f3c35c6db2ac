"""What is known about a page's condition."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
import numpy.typing as npt

from digitizer.model import Pixels, Problem
from digitizer.pages.ink import halved, level_at

#: share of ink and number of pieces below which a page counts as blank: dust, a hole, show-through of a stamp
_BLANK_INK = 0.0006
_BLANK_PIECES = 12
#: dots per inch below which recognition suffers (Circular 02/2019/TT-BNV asks for 200)
_LOW_DPI = 195
#: longest side in inches of the sheets this is made for: A3 with a border
_LONGEST_IN = 18.5
_A4_IN, _A3_IN = 11.69, 16.54
#: how far the shape of a sheet and its size may be off those of the A series
_SHAPE, _SIZE = 0.02, 0.04
#: what scanners offer
_SCANNER_DPI = (100, 150, 200, 240, 300, 400, 600)

#: paper darker than this was scanned too dark, grey level
_DARK_PAPER = 105
#: half of the ink is less dark than this beside its paper, 0-1: faded, or scanned too light
_PALE = 0.29
#: strokes whose edges are wider than both are blurred: sharp scans have 0.2 to 0.4 mm, and a coarse scan is not blurred by that
_BLUR_MM, _BLUR_PX = 0.55, 2.8
#: squares the edges are measured on, px of the scan, and how many
_PATCH_PX, _PATCHES = 192, 5
#: so many pieces of letters that touch an edge mean that text goes on beyond it. How near they are, px of the small copy
_TOUCHING, _TOUCH_PX = 4, 2
#: in the order of `Outline.open`
SIDES = ("top", "right", "bottom", "left")
#: what makes a page hard to read and what only makes it worse
_POOR = frozenset({"too_small", "blurred", "too_dark", "cut_off", "cut_short", "mirrored", "unreadable"})
_FAIR = frozenset(
    {"low_dpi", "pale", "near_gutter", "skew_unsure", "orientation_unsure", "negative", "ink_outside", "unread_ink"}
)


def grade(problems: Iterable[Problem]) -> str:
    """`good`, `fair` or `poor`: what the problems of a page, its reasons, come to."""
    codes = {problem.code for problem in problems}
    return "poor" if codes & _POOR else "fair" if codes & _FAIR else "good"


def touching(letters: Pixels, side: str) -> bool:
    """Whether text runs into one `side` (`top`, `right`, `bottom`, `left`) of a (h, w) mask of letters."""
    band: npt.NDArray[np.bool_] = {
        "top": np.any(letters[:_TOUCH_PX], axis=0),
        "bottom": np.any(letters[-_TOUCH_PX:], axis=0),
        "left": np.any(letters[:, :_TOUCH_PX], axis=1),
        "right": np.any(letters[:, -_TOUCH_PX:], axis=1),
    }[side]
    return int(np.count_nonzero(np.diff(band.astype(np.int8)) == 1)) + int(band[0]) >= _TOUCHING


def darkness(grey: Pixels, ink: Pixels) -> float:
    """How dark half of the ink is at least, 0-1. `grey` (h, w) over white paper, `ink` a mask. 1 without ink."""
    return 1 - level_at(grey[::2], ink[::2], 0.5, otherwise=0.0) / 255


def light_problems(raw: Pixels, ink: Pixels, dark: float) -> tuple[Problem, ...]:
    """Too dark, or pale ink. `raw` (h, w) as scanned, `ink` a mask, `dark` its darkness, 0-1."""
    paper = cv2.bitwise_not(ink[::4])
    found = []
    if level_at(raw[::4], paper, 0.6, otherwise=0.0) < _DARK_PAPER:
        found.append(Problem(code="too_dark"))
    if dark < _PALE:
        found.append(Problem(code="pale"))
    return tuple(found)


def is_blurred(edge: float | None, dpi: float) -> bool:
    """Whether strokes with edges of that many px are blurred."""
    return edge is not None and edge > _BLUR_PX and dpi > 0 and edge * 25.4 / dpi > _BLUR_MM


def edge_px(pixels: Pixels, ink: Pixels) -> float | None:
    """How wide the edges of strokes are, px of a scan, (H, W, 3) uint8. The sharpest of some patches full of ink counts.

    `ink`: (h, w) mask of a small copy. None where there is too little ink to tell.
    """
    # where ink is densest is looked for on every eighth px
    scale = 8 * pixels.shape[1] / ink.shape[1]
    side = max(1, round(_PATCH_PX / scale))
    full = cv2.blur(halved(halved(halved(ink))) if min(ink.shape) >= 8 else ink, (side, side))
    widths = []
    for _ in range(_PATCHES):
        _, most, _, (x, y) = cv2.minMaxLoc(full)
        if most < 8:
            break
        full[max(0, y - side) : y + side + 1, max(0, x - side) : x + side + 1] = 0
        top, left = max(0, round(y * scale) - _PATCH_PX // 2), max(0, round(x * scale) - _PATCH_PX // 2)
        patch = cv2.cvtColor(pixels[top : top + _PATCH_PX, left : left + _PATCH_PX], cv2.COLOR_RGB2GRAY)
        widths.append(_edge_width(patch))
    return min(widths) if widths else None


def _edge_width(patch: Pixels) -> float:
    """Contrast over the steepest rise: px from paper to ink."""
    # grain has steep rises of its own
    soft = cv2.GaussianBlur(patch, (3, 3), 0)
    low, high = (level_at(soft, None, share) for share in (0.03, 0.90))
    rise = cv2.magnitude(cv2.Scharr(soft, cv2.CV_32F, 1, 0), cv2.Scharr(soft, cv2.CV_32F, 0, 1)).ravel()
    steep = float(np.partition(rise, at := int(0.98 * (len(rise) - 1)))[at]) / 32
    return (high - low) / max(steep, 1e-3)


def ink_share(ink: Pixels) -> float:
    """Share of the small copy that is ink, 0-1."""
    return float(np.count_nonzero(ink) / max(ink.size, 1))


def is_blank(share: float, pieces: int) -> bool:
    """Whether a page of this ink `share` (0-1) and number of letter-sized `pieces` has nothing to read."""
    return share < _BLANK_INK and pieces < _BLANK_PIECES


def sharpness(grey: Pixels, ink: Pixels) -> float | None:
    """Variance of the Laplacian where ink is. `grey` and `ink` (h, w) of the same scale. None without ink."""
    near = cv2.dilate(ink, np.ones((3, 3), np.uint8))
    # every other row says as much as all
    _, spread = cv2.meanStdDev(cv2.Laplacian(grey, cv2.CV_16S)[::2], mask=near[::2])
    return float(spread[0, 0] ** 2) if near.any() else None


def measured_dpi(
    stated: float | None, width: int, height: int, *, spread: bool, whole: bool = False
) -> tuple[float, tuple[Problem, ...]]:
    """(dots per inch, problems) of a sheet of `width` x `height` px. `whole`: all of its edges are seen.

    A stated value is believed when the sheet would not be larger than A3 and, where its edges are seen and it has the shape of
    the A series, has a size of that series. Otherwise the sheet is taken for A4, an opened book for A3, and the value for the
    nearest one that scanners offer.
    """
    long, short = max(width, height), min(width, height)
    shaped = whole and abs(long / max(short, 1) / 2**0.5 - 1) < _SHAPE
    if stated is not None and long / stated <= _LONGEST_IN and not (shaped and _odd(long / stated)):
        return stated, _low(stated)
    guess = long / (_A3_IN if spread else _A4_IN)
    near = min(_SCANNER_DPI, key=lambda dpi: abs(dpi - guess))
    dpi = float(near) if abs(near / guess - 1) < (0.04 if shaped else 0.12) else round(guess, 1)
    return dpi, (Problem(code="dpi_estimated", facts={"dpi": round(dpi)}), *_low(dpi))


def _odd(long_in: float) -> bool:
    """Whether no sheet of the A series has a longer side of that many inches."""
    return all(abs(long_in / (_A4_IN * 2 ** (step / 2)) - 1) > _SIZE for step in (-2, -1, 0, 1))


def _low(dpi: float) -> tuple[Problem, ...]:
    return (Problem(code="low_dpi", facts={"dpi": round(dpi)}),) if dpi < _LOW_DPI else ()

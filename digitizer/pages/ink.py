"""What is written on a scan, found on a small grey copy: decisions are made there, the full page is touched once."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from digitizer.model import Floats, Pixels

#: longest side of the small copy, px; an A4 page then has 120 dots per inch, an x-height of four to five px
SIDE_PX = 1400
#: how much darker than its paper ink is at least, grey levels of a page normalised to white paper
_DARKER = 45
#: paper shows within this distance between strokes, px of the small copy
_PAPER_PX = 40
#: width of the edge of a sheet, px of the small copy: half a millimetre
_EDGE_PX = 3.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Small:
    """A small copy of a scan.

    `raw`: (h, w) uint8 grey as scanned. `grey`: the same with paper normalised to white. `ink`: mask, 255 where something is
    written or printed; black borders are not ink. `scale`: px of the copy per px of the scan.
    """

    raw: Pixels
    grey: Pixels
    ink: Pixels
    scale: float


def shrink(pixels: Pixels, corners: Floats | None = None) -> Small:
    """The small copy of `pixels` ((H, W, 3) uint8 RGB); never enlarged.

    `corners`: (4, 2) px of the sheet; what is beyond is no ink.
    """
    scale = min(1.0, SIDE_PX / max(pixels.shape[:2]))
    size = max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale))
    raw = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    if scale < 1:
        raw = cv2.resize(raw, size, interpolation=cv2.INTER_AREA)
    outside = find_outside(raw)
    if corners is not None:
        page = np.array([(-1, -1), (size[0], -1), size, (-1, size[1])], np.int32)
        # the edge of the sheet and its shadow are no ink either
        inner = _drawn_in(corners * scale, _EDGE_PX)
        cv2.fillPoly(outside, [page, np.round(inner).astype(np.int32)], 255)
    grey = normalise(np.where(outside > 0, 255, raw).astype(np.uint8))
    ink = cv2.bitwise_and(find_ink(grey), cv2.bitwise_not(outside))
    return Small(raw=raw, grey=grey, ink=ink, scale=scale)


def _drawn_in(corners: Floats, by_px: float) -> Floats:
    """Four corners moved towards their middle by about `by_px` in x and y."""
    inner: Floats = corners - by_px * np.sign(corners - corners.mean(axis=0))
    return inner


def find_outside(raw: Pixels) -> Pixels:
    """Mask of the black border around the sheet: dark areas, wider than any stroke, that touch the edge of the scan."""
    dark = cv2.compare(raw, 0.55 * float(np.percentile(raw[::8, ::8], 75)), cv2.CMP_LT)
    solid = cv2.morphologyEx(dark, cv2.MORPH_OPEN, np.ones((11, 11), np.uint8))
    if not solid.any():
        return np.zeros_like(raw)
    framed = cv2.copyMakeBorder(solid, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=255)
    cv2.floodFill(framed, None, (0, 0), 128)
    outside = cv2.compare(framed[1:-1, 1:-1], 128, cv2.CMP_EQ)
    grown: Pixels = cv2.dilate(outside, np.ones((5, 5), np.uint8))
    return grown


def coarse(pixels: Pixels, scale: float) -> Pixels:
    """A copy for looking at areas, not at strokes: px are left out down to twice the size, the rest is averaged."""
    step = max(1, int(0.5 / scale))
    size = max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale))
    copy: Pixels = cv2.resize(
        np.ascontiguousarray(pixels[step // 2 :: step, step // 2 :: step]), size, interpolation=cv2.INTER_AREA
    )
    return copy


def normalise(grey: Pixels) -> Pixels:
    """`grey` (h, w) uint8 with the light taken out: paper becomes 255 whatever its tint or shadow."""
    if min(grey.shape) < 8:
        return grey
    quarter = cv2.resize(grey, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    kernel = np.ones((_PAPER_PX // 4, _PAPER_PX // 4), np.uint8)
    paper = cv2.GaussianBlur(cv2.morphologyEx(quarter, cv2.MORPH_CLOSE, kernel), (0, 0), 4)
    normal: Pixels = cv2.divide(
        grey, cv2.resize(paper, (grey.shape[1], grey.shape[0]), interpolation=cv2.INTER_LINEAR), scale=255
    )
    return normal


def find_ink(grey: Pixels) -> Pixels:
    """Mask of what is darker than its paper; `grey` is normalised."""
    mask: Pixels = cv2.compare(grey, 255 - _DARKER, cv2.CMP_LT)
    return mask


def find_letters(ink: Pixels) -> tuple[Pixels, int]:
    """(`ink` without rules, frames, pictures and dust, how many pieces are left): what has the size of letters and marks."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8, ltype=cv2.CV_32S)
    wide, high = stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT]
    long, short = np.maximum(wide, high), np.minimum(wide, high)
    keep = (stats[:, cv2.CC_STAT_AREA] >= 3) & (long >= 3) & (long <= SIDE_PX / 14) & ~((long > 12) & (long > 8 * short))
    keep[0] = False
    return np.where(keep, 255, 0).astype(np.uint8)[labels], int(keep.sum())

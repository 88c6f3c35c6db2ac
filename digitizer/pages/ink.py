"""What is written on a scan, found on a small grey copy: decisions are made there, the full page is touched once."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from digitizer.model import Floats, Pixels

#: longest side of the small copy, px; an A4 page then has 120 dots per inch, an x-height of four to five px
SIDE_PX = 1400
#: how much darker than its paper ink is at least, grey levels of a page normalised to white paper
_DARKER = 45
#: paper shows within this distance between strokes, px of the small copy
_PAPER_PX = 40
#: width of the edge of a sheet, px of the small copy: half a millimetre
_EDGE_PX = 3.0
#: up to so many pieces are taken out of a mask one by one
_MOST_LARGE = 300


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
        # every px counts: angles and bends found on an interpolated copy cost letters on wavy and faded sheets
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
    """A copy `scale` (0-1) times as large; halved as often as that goes, for halving is ten times as fast as other averaging."""
    size = max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale))
    while min(pixels.shape[1] // size[0], pixels.shape[0] // size[1]) >= 2:
        pixels = halved(pixels)
    return _sized(pixels, size)


def _sized(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    """`pixels` of a size, (width, height) px, at least half of theirs."""
    if pixels.shape[1::-1] == size:
        return pixels
    sized: Pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_LINEAR)
    return sized


def halved(pixels: Pixels) -> Pixels:
    """A copy of half the size, each px the mean of four; an odd last row or column is left out."""
    height, width = pixels.shape[0] // 2, pixels.shape[1] // 2
    half: Pixels = cv2.resize(pixels[: 2 * height, : 2 * width], (width, height), interpolation=cv2.INTER_AREA)
    return half


def grey_copy(pixels: Pixels, scale: float) -> Pixels:
    """`pixels` ((H, W, 3) uint8 RGB) in grey, `scale` (0-1) times as large."""
    size = max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale))
    while min(pixels.shape[1] // size[0], pixels.shape[0] // size[1]) >= 2:
        pixels = halved(pixels)
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    return _sized(grey, size)


def normalise(grey: Pixels) -> Pixels:
    """`grey` (h, w) uint8 with the light taken out: paper becomes 255 whatever its tint or shadow."""
    if min(grey.shape) < 8:
        return grey
    quarter = coarse(grey, 0.25)
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
    labels, stats = pieces_of(ink)
    wide, high = stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT]
    long, short = np.maximum(wide, high), np.minimum(wide, high)
    keep = (long >= 3) & (long <= SIDE_PX / 14) & ~((long > 12) & (long > 8 * short))
    keep[0] = False
    drop = ~keep
    drop[0] = False
    return _without(ink, labels, stats, drop), int(keep.sum())


def pieces_of(mask: Pixels) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """(labels (h, w), statistics (N, 5)) of what hangs together in a mask, corners included; number 0 is what is not in it."""
    # Grana's way takes half as long as OpenCV's choice
    _, labels, stats, _ = cv2.connectedComponentsWithStatsWithAlgorithm(mask, 8, cv2.CV_32S, cv2.CCL_GRANA)
    return np.asarray(labels, np.int32), np.asarray(stats, np.int32)


def boxes_of(mask: Pixels) -> npt.NDArray[np.int64]:
    """(N, 4) x0, y0, x1, y1, px, of what hangs together in a mask of few, level strokes; faster than `pieces_of`."""
    row = mask.shape[1] + 1
    # every run of px begins and ends inside: a column before the first, a row after the last
    flat = cv2.copyMakeBorder(mask, 0, 1, 1, 0, cv2.BORDER_CONSTANT, value=0).ravel()
    edges = np.flatnonzero(flat[1:] != flat[:-1])
    y, x0, x1 = edges[::2] // row, edges[::2] % row, edges[1::2] % row
    number = _joined(y, x0, x1, row + 1)
    order = np.argsort(number, kind="stable")
    first = np.flatnonzero(np.diff(number[order], prepend=-1))
    if not len(first):
        return np.zeros((0, 4), np.int64)
    left, top = (np.minimum.reduceat(v[order], first) for v in (x0, y))
    right, bottom = (np.maximum.reduceat(v[order], first) for v in (x1, y))
    return np.column_stack([left, top, right, bottom + 1])


def _joined(y: npt.NDArray[np.int64], x0: npt.NDArray[np.int64], x1: npt.NDArray[np.int64], row: int) -> npt.NDArray[np.int64]:
    """A number for each run of px from `x0` to `x1` in row `y`, in reading order: the same for those that touch."""
    number = np.arange(len(y))
    # the runs of the row above that touch run k, corners included, are those from `start[k]` to `end[k]`
    start = np.searchsorted(y * row + x1, (y - 1) * row + x0)
    end = np.searchsorted(y * row + x0, (y - 1) * row + x1, side="right")
    touching = np.maximum(end - start, 0)
    below = np.repeat(number, touching)
    above = np.arange(len(below)) + np.repeat(start - np.cumsum(touching) + touching, touching)
    while True:
        least = number.copy()
        np.minimum.at(least, below, number[above])
        np.minimum.at(least, above, least[below])
        least = least[least]
        if np.array_equal(least, number):
            return number
        number = least


def _without(mask: Pixels, labels: npt.NDArray[np.int32], stats: npt.NDArray[np.int32], drop: npt.NDArray[np.bool_]) -> Pixels:
    """A copy of `mask` without the pieces to `drop`."""
    tiny = drop & (stats[:, cv2.CC_STAT_WIDTH] <= 2) & (stats[:, cv2.CC_STAT_HEIGHT] <= 2)
    large = np.flatnonzero(drop & ~tiny)
    if len(large) > _MOST_LARGE:
        return np.take(np.where(drop, 0, 255).astype(np.uint8), labels) & mask
    kept: Pixels = mask.copy()
    # nothing else fits into the box of a piece of two px each way
    x, y, wide, high = stats[tiny, :4].T
    for down in (y, y + high - 1):
        for right in (x, x + wide - 1):
            kept[down, right] = 0
    for k in large:
        x0, y0, w, h = stats[k, :4]
        kept[y0 : y0 + h, x0 : x0 + w][labels[y0 : y0 + h, x0 : x0 + w] == k] = 0
    return kept

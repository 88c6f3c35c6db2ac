"""What is written on a scan, found on a small grey copy: decisions are made there, the full page is touched once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from digitizer.model import Box, Floats, Pixels

#: a scan is halved down to fewer px than the first on its longest side (A4 at 200 dpi: 100 dots to the inch, an x-height of four
#: px). What is then longer than the second is brought down to the third
_HALVED_PX, _LONG_PX, SIDE_PX = 2200, 1700, 1400
#: how much darker than its paper ink is at least, grey levels of a page normalised to white paper
_DARKER = 45
#: the same of faint ink, at least and in times of the grain of the paper. The share of the px that are darker than its grain
_FAINT, _ABOVE_GRAIN, _GRAIN = 5, 3.0, 0.1
#: share of the px that are the ink of a faint page, at least, and the grey level that it is given
_INKED, _PRINT = 0.001, 40
#: a black border has less than this share of the light of most of the paper, and of the darkest that is written on
_BORDER, _SHADOW = 0.55, 0.8
#: paper shows within this distance between strokes, px of the small copy
_PAPER_PX = 40
#: twice a mean over so many px of a quarter of the small copy is as soft as a bell of four px
_SOFT_PX = 9
#: width of the edge of a sheet, px of the small copy: half a millimetre
_EDGE_PX = 3.0
#: least length of a stroke. Less is dust
_STROKE_PX = 3
#: a stroke with this share of its ink in boxes lies in them
_COVERED = 0.5
#: least length of a rule
_LONG = 30
#: up to so many pieces are taken out of a mask one by one
_MOST_LARGE = 300


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Small:
    """A small copy of a scan.

    `raw`: (h, w) uint8 grey as scanned. `grey`: the same with paper normalised to white. `ink`: mask, 255 where something is
    written or printed. Black borders are not ink. `scale`: px of the copy per px of the scan.
    """

    raw: Pixels
    grey: Pixels
    ink: Pixels
    scale: float


def shrink(scan: Copies, corners: Floats | None = None, darkest: float | None = None) -> Small:
    """The small copy of a scan. Never enlarged.

    `corners`: (4, 2) px of the sheet. What is beyond is no ink. `darkest`: grey level of the darkest paper that is written on.
    """
    pixels, scale = _halved_down(scan)
    raw = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    if max(raw.shape) > _LONG_PX:
        step = SIDE_PX / max(raw.shape)
        size = max(1, round(raw.shape[1] * step)), max(1, round(raw.shape[0] * step))
        # every px counts: angles and bends found on an interpolated copy cost letters on wavy and faded sheets
        raw, scale = cv2.resize(raw, size, interpolation=cv2.INTER_AREA), scale * step
    return find_written(raw, scale, corners, darkest)


def _halved_down(scan: Copies) -> tuple[Pixels, float]:
    """The copy of a scan that small ones are made of, and its scale."""
    halvings = 0
    while max(scan.pixels.shape[:2]) >> halvings >= _HALVED_PX:
        halvings += 1
    return scan.at_least(0.5**halvings)


def find_written(raw: Pixels, scale: float, corners: Floats | None = None, darkest: float | None = None) -> Small:
    """What is written on a (h, w) grey copy of a scan, `scale` times as large. `corners` and `darkest` as in `shrink`."""
    outside = find_outside(raw, darkest)
    if corners is not None:
        height, width = raw.shape
        page = np.array([(-1, -1), (width, -1), (width, height), (-1, height)], np.int32)
        # the edge of the sheet and its shadow are no ink either
        inner = drawn_in(corners * scale, _EDGE_PX)
        cv2.fillPoly(outside, [page, np.round(inner).astype(np.int32)], 255)
    grey = normalise(cv2.bitwise_or(raw, outside))
    ink = cv2.bitwise_and(find_ink(grey), cv2.bitwise_not(outside))
    return Small(raw=raw, grey=grey, ink=ink, scale=scale)


def drawn_in(corners: Floats, by_px: float) -> Floats:
    """Four corners moved towards their middle by about `by_px` in x and y."""
    inner: Floats = corners - by_px * np.sign(corners - corners.mean(axis=0))
    return inner


def find_outside(raw: Pixels, darkest: float | None = None) -> Pixels:
    """Mask of the black border around the sheet: dark areas, wider than any stroke, that touch the edge of the scan.

    `darkest`: grey level of the darkest paper that is written on. The border is darker.
    """
    level = _BORDER * float(np.percentile(raw[::8, ::8], 75))
    dark = cv2.compare(raw, level if darkest is None else min(level, _SHADOW * darkest), cv2.CMP_LT)
    # on most scans nothing is: that shows on a quarter of the px, where a side of 11 px is one of three at least
    if not cv2.erode(cv2.compare(halved(dark), 255, cv2.CMP_EQ), np.ones((3, 3), np.uint8)).any():
        return np.zeros_like(raw)
    solid = cv2.morphologyEx(dark, cv2.MORPH_OPEN, np.ones((11, 11), np.uint8))
    if not solid.any():
        return np.zeros_like(raw)
    framed = cv2.copyMakeBorder(solid, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=255)
    cv2.floodFill(framed, None, (0, 0), 128)
    outside = cv2.compare(framed[1:-1, 1:-1], 128, cv2.CMP_EQ)
    grown: Pixels = cv2.dilate(outside, np.ones((5, 5), np.uint8))
    return grown


class Copies:
    """A picture, (H, W) or (H, W, 3) uint8, and ever smaller copies of it, each half as large and made when asked for."""

    __slots__ = ("_made",)

    def __init__(self, pixels: Pixels) -> None:
        self._made = [pixels]

    @property
    def pixels(self) -> Pixels:
        """The picture itself."""
        return self._made[0]

    def at_least(self, scale: float) -> tuple[Pixels, float]:
        """The smallest copy that is `scale` (0-1) times as large or larger, and how large it is."""
        halvings = max(0, int(-np.log2(scale) + 1e-6)) if scale < 1 else 0
        while len(self._made) <= halvings and min(self._made[-1].shape[:2]) >= 2:
            self._made.append(halved(self._made[-1]))
        halvings = min(halvings, len(self._made) - 1)
        return self._made[halvings], 0.5**halvings


def level_at(values: Pixels, mask: Pixels | None, share: float, otherwise: float = 255.0) -> float:
    """The level that a `share` (0-1) of (h, w) uint8 `values` do not exceed where `mask` is not 0. `otherwise` without any."""
    below = np.cumsum(cv2.calcHist([values], [0], mask, [256], [0, 256]))
    return float(np.searchsorted(below, share * below[-1])) if below[-1] else otherwise


def coarse(pixels: Pixels, scale: float) -> Pixels:
    """A copy `scale` (0-1) times as large. Halved as often as that goes, for halving is ten times as fast as other averaging."""
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
    """A copy of half the size, each px the mean of four. An odd last row or column is left out."""
    height, width = pixels.shape[0] // 2, pixels.shape[1] // 2
    half: Pixels = cv2.resize(pixels[: 2 * height, : 2 * width], (width, height), interpolation=cv2.INTER_AREA)
    return half


def any_halved(mask: Pixels) -> Pixels:
    """A mask of half the size: 255 where any of four px is in it."""
    half: Pixels = cv2.compare(halved(mask), 0, cv2.CMP_GT)
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
    closed = cv2.morphologyEx(quarter, cv2.MORPH_CLOSE, kernel)
    paper = cv2.blur(cv2.blur(closed, (_SOFT_PX, _SOFT_PX)), (_SOFT_PX, _SOFT_PX))
    normal: Pixels = cv2.divide(
        grey, cv2.resize(paper, (grey.shape[1], grey.shape[0]), interpolation=cv2.INTER_LINEAR), scale=255
    )
    return normal


def find_ink(grey: Pixels) -> Pixels:
    """Mask of what is darker than its paper. `grey` is normalised."""
    mask: Pixels = cv2.compare(grey, 255 - _DARKER, cv2.CMP_LT)
    return mask


def find_faint(grey: Pixels) -> Pixels:
    """Mask of what is hardly darker than its paper, such as pencil, on a page without other ink. `grey` is normalised."""
    soft = cv2.GaussianBlur(grey, (3, 3), 0)
    grain = 255 - level_at(soft, None, _GRAIN)
    mask: Pixels = cv2.compare(soft, 255 - max(_FAINT, _ABOVE_GRAIN * grain), cv2.CMP_LT)
    return mask


def darkened(pixels: Pixels) -> Pixels:
    """A page with faint ink only, (H, W, 3) uint8 RGB, its ink as dark as print."""
    grey = cv2.GaussianBlur(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), (3, 3), 0)
    paper, ink = level_at(grey, None, _GRAIN), level_at(grey, None, _INKED)
    steps = (np.arange(256, dtype=np.float32) - ink) / max(paper - ink, 1.0)
    levels = (_PRINT + (255 - _PRINT) * steps).clip(0, 255).astype(np.uint8)
    dark: Pixels = cv2.cvtColor(cv2.LUT(grey, levels), cv2.COLOR_GRAY2RGB)
    return dark


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


class Strokes:
    """The ink of a page: a mask, (h, w), of a copy that the page is `larger` than by a factor."""

    __slots__ = ("_ink", "_larger", "_pieces")

    def __init__(self, ink: Pixels, larger: float) -> None:
        self._ink, self._larger = ink, larger
        self._pieces: tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]] | None = None

    def beyond(self, boxes: Sequence[Box]) -> Floats:
        """(N, 5) px of the page: box (x0, y0, x1, y1) and area of what hangs together and lies mostly outside of `boxes`.

        Long rules and dust are left out.
        """
        if self._pieces is None:
            self._pieces = pieces_of(self._ink)
        labels, stats = self._pieces
        covered = np.zeros(labels.shape, np.bool_)
        for box in boxes:
            x0, y0, x1, y1 = (max(0, round(edge / self._larger)) for edge in (box.x0, box.y0, box.x1, box.y1))
            covered[y0:y1, x0:x1] = True
        inside = np.bincount(labels[covered], minlength=len(stats))
        x, y, wide, high, area = stats.T
        keep = (inside <= _COVERED * area) & (np.maximum(wide, high) >= _STROKE_PX)
        keep[0] = False
        found: Floats = np.stack([x, y, x + wide, y + high, area * self._larger], axis=1)[keep] * self._larger
        return found


def _without_rules(ink: Pixels) -> Pixels:
    """`ink` without long level and upright rules."""
    rules = cv2.bitwise_or(*(cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones(side, np.uint8)) for side in ((1, _LONG), (_LONG, 1))))
    plain: Pixels = cv2.subtract(ink, rules)
    return plain


def pieces_of(mask: Pixels) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """(labels (h, w), statistics (N, 5)) of what hangs together in a mask, corners included. Number 0 is what is not in it."""
    # Grana's way takes half as long as OpenCV's choice
    _, labels, stats, _ = cv2.connectedComponentsWithStatsWithAlgorithm(mask, 8, cv2.CV_32S, cv2.CCL_GRANA)
    return np.asarray(labels, np.int32), np.asarray(stats, np.int32)


def boxes_of(mask: Pixels) -> npt.NDArray[np.int64]:
    """(N, 4) x0, y0, x1, y1, px, of what hangs together in a mask of few, level strokes. Faster than `pieces_of`."""
    row = mask.shape[1] + 1
    # every run of px begins and ends inside: a column before the first, a row after the last
    flat = cv2.copyMakeBorder(mask, 0, 1, 1, 0, cv2.BORDER_CONSTANT, value=0).ravel()
    edges = _changes(flat)
    y, x0, x1 = edges[::2] // row, edges[::2] % row, edges[1::2] % row
    number = _joined(y, x0, x1, row + 1)
    order = np.argsort(number, kind="stable")
    first = np.flatnonzero(np.diff(number[order], prepend=-1))
    if not len(first):
        return np.zeros((0, 4), np.int64)
    left, top = (np.minimum.reduceat(v[order], first) for v in (x0, y))
    right, bottom = (np.maximum.reduceat(v[order], first) for v in (x1, y))
    return np.column_stack([left, top, right, bottom + 1])


def _changes(flat: Pixels) -> npt.NDArray[np.int64]:
    """After which of (N,) values another follows. They are few, so eight are looked at at once."""
    flags = np.zeros(-(-len(flat) // 8) * 8, np.bool_)
    np.not_equal(flat[1:], flat[:-1], out=flags[: len(flat) - 1])
    some = np.flatnonzero(flags.view(np.uint64) != 0)
    at, which = np.nonzero(flags.reshape(-1, 8)[some])
    found: npt.NDArray[np.int64] = 8 * some[at] + which
    return found


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


def warp_affine(image: npt.NDArray[Any], way: Floats, size: tuple[int, int]) -> npt.NDArray[Any]:
    """`image` seen along `way`, (2, 3), from px of a plane of `size` to those of `image`. 0 beyond it."""
    # what Intel's library does in half the time differs by one grey level at most from OpenCV, which rounds to 1/32 px itself
    before = cv2.ipp.useIPP_NotExact()
    cv2.ipp.setUseIPP_NotExact(True)
    try:
        seen: npt.NDArray[Any] = cv2.warpAffine(image, way, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    finally:
        cv2.ipp.setUseIPP_NotExact(before)
    return seen

"""The printed geometry of forms: tick boxes, and whether somebody ticked them."""

from __future__ import annotations

import cv2
import numpy as np

from digitizer.model import Box, Pixels, Ruling, Tick
from digitizer.pages.ink import normalise

#: dots per inch boxes are looked for at; finer scans are made smaller first
_DPI = 200.0
#: sides of a tick box, mm
_SIDE_MM = (2.2, 6.5)
#: how far its sides may differ, and how much of its frame has to be there
_SQUARE, _FRAMED = 0.2, 0.72
#: how much darker than its paper a printed line is at least, grey levels
_DARKER = 60
#: share of ink inside a box: below the first nobody ticked it, above the second somebody did
_EMPTY, _TICKED = 0.03, 0.09


def find_ruling(pixels: Pixels, dpi: float) -> Ruling:
    """The ruling of an upright page. `pixels`: (H, W, 3) uint8 RGB, `dpi` dots per inch."""
    scale = min(1.0, _DPI / dpi) if dpi else 1.0
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    if scale < 1:
        grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    ink = cv2.compare(normalise(grey), 255 - _DARKER, cv2.CMP_LT)
    mm = (dpi * scale if dpi else _DPI) / 25.4
    return Ruling(ticks=tuple(_tick(ink, box, scale) for box in _boxes(ink, mm)))


def _boxes(ink: Pixels, mm: float) -> list[tuple[int, int, int, int]]:
    """(x, y, width, height) of the insides of square frames, in reading order. `ink`: (h, w) mask, `mm`: px per mm."""
    length = max(5, round(0.85 * _SIDE_MM[0] * mm))
    level = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((1, length), np.uint8))
    upright = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((length, 1), np.uint8))
    # a px of slack closes corners that the scanner left open
    lines = cv2.dilate(cv2.bitwise_or(level, upright), np.ones((3, 3), np.uint8))
    contours, hierarchy = cv2.findContours(lines, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    if hierarchy is None:
        return []
    holes = [cv2.boundingRect(c) for c, (_, _, _, parent) in zip(contours, hierarchy[0], strict=True) if parent >= 0]
    boxes = {
        box for box in holes if _is_square(box, mm) and _is_framed(box, level, upright) and not _is_cell(box, level, upright)
    }
    return sorted(boxes, key=lambda box: (box[1], box[0]))


def _is_square(box: tuple[int, int, int, int], mm: float) -> bool:
    wide, high = box[2] / mm, box[3] / mm
    low, top = _SIDE_MM[0] - 0.6, _SIDE_MM[1]
    return low <= wide <= top and low <= high <= top and abs(wide - high) <= _SQUARE * max(wide, high)


def _is_framed(box: tuple[int, int, int, int], level: Pixels, upright: Pixels) -> bool:
    """Whether straight lines run along all four sides."""
    x, y, w, h = box
    reach = 4
    top, bottom = level[max(0, y - reach) : y + 1, x : x + w], level[y + h - 1 : y + h + reach, x : x + w]
    left, right = upright[y : y + h, max(0, x - reach) : x + 1], upright[y : y + h, x + w - 1 : x + w + reach]
    shares = [
        *((side > 0).any(axis=0).mean() for side in (top, bottom)),
        *((side > 0).any(axis=1).mean() for side in (left, right)),
    ]
    return bool(min(shares) >= _FRAMED)


def _is_cell(box: tuple[int, int, int, int], level: Pixels, upright: Pixels) -> bool:
    """Whether its sides go on beyond it, as those of a table do."""
    x, y, w, h = box
    beyond = round(0.5 * max(w, h))
    rows = [level[max(0, r - 4) : r + 5, max(0, x - beyond - 6) : x - 6] for r in (y, y + h)]
    rows += [level[max(0, r - 4) : r + 5, x + w + 6 : x + w + 6 + beyond] for r in (y, y + h)]
    columns = [upright[max(0, y - beyond - 6) : y - 6, max(0, c - 4) : c + 5] for c in (x, x + w)]
    columns += [upright[y + h + 6 : y + h + 6 + beyond, max(0, c - 4) : c + 5] for c in (x, x + w)]
    runs = [(side > 0).any(axis=0).mean() for side in rows if side.size] + [
        (side > 0).any(axis=1).mean() for side in columns if side.size
    ]
    return any(run > 0.8 for run in runs)


def _tick(ink: Pixels, box: tuple[int, int, int, int], scale: float) -> Tick:
    x, y, w, h = box
    dx, dy = round(0.14 * w), round(0.14 * h)
    inside = ink[y + dy : y + h - dy, x + dx : x + w - dx]
    share = float(np.count_nonzero(inside) / max(inside.size, 1))
    middle = (_EMPTY + _TICKED) / 2
    doubt = min(abs(share - middle) / (_TICKED - _EMPTY), 0.5)
    return Tick(
        box=Box((x - 2) / scale, (y - 2) / scale, (x + w + 2) / scale, (y + h + 2) / scale),
        ticked=share > middle,
        confidence=0.5 + 0.99 * doubt,
    )

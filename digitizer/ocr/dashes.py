"""Extends lines to the dash before an item of a list, `- Như trên;`. The detector misses a dash that stands apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from digitizer.model import Box, Pixels
from digitizer.ocr.recogniser import LinePlace

# lengths are in heights of the line
#: width of the area left of a line that is searched
_REACH = 1.6
#: room left of the dash
_ROOM = 0.15
#: least and greatest width of a dash
_WIDE = (0.12, 0.8)
#: greatest height of a dash
_HIGH = 0.25
#: least and greatest distance of a dash's middle from the top of the line
_MIDDLE = (0.4, 0.78)
#: greatest gap between a dash and the line
_GAP = 1.2
#: most ink beside the dash, in squares of a height. More is not just a dash
_DIRT = 0.003
#: least share of ink in the box of a dash
_FULL = 0.6
#: least contrast between paper and ink, grey levels
_INK = 40.0


def with_dashes(pixels: Pixels, places: Sequence[LinePlace]) -> list[LinePlace]:
    """`places` of a page (H, W, 3) uint8. A place with a dash and nothing else on its left is extended to the dash."""
    return [_with_dash(pixels, place, places) for place in places]


def _with_dash(pixels: Pixels, place: LinePlace, places: Sequence[LinePlace]) -> LinePlace:
    box, tall = place.box, place.box.height
    start, end, top, bottom = max(0, int(box.x0 - _REACH * tall)), int(box.x0), int(box.y0), int(box.y1)
    if end - start < 0.4 * tall or any(_reaches(other.box, start, box) for other in places if other is not place):
        return place
    line = pixels[top:bottom:2, end : int(box.x1) : 3].min(axis=2)
    if not line.size:
        return place
    paper, ink = (float(v) for v in np.percentile(line, (80, 3)))
    dark = pixels[top:bottom, start:end].min(axis=2) < paper - 0.4 * (paper - ink)
    dash = _dash(dark, tall) if paper - ink >= _INK else None
    if dash is None or box.x0 - start - dash[1] > _GAP * tall:
        return place
    return replace(place, box=replace(box, x0=max(0.0, start + dash[0] - _ROOM * tall)))


def _reaches(other: Box, start: float, box: Box) -> bool:
    """Whether another line's box reaches into the searched area from `start` px to the left side of `box`."""
    slack = 0.3 * box.height
    return start < other.x1 and other.x0 < box.x0 and other.y0 < box.y1 - slack and other.y1 > box.y0 + slack


def _dash(dark: npt.NDArray[np.bool_], tall: float) -> tuple[int, int] | None:
    """Begin and end of a dash, px from the left of `dark`. None: there is no dash, or not only a dash.

    `dark`: (h, w), True where there is ink. `tall`: height of the line, px.
    """
    rows = dark.sum(axis=1)
    full = np.flatnonzero(rows > rows.max(initial=0) / 2)
    if not full.size:
        return None
    top, bottom = int(full[0]), int(full[-1]) + 1
    columns = np.flatnonzero(dark[top:bottom].any(axis=0))
    left, right = int(columns[0]), int(columns[-1]) + 1
    wide, high, middle = right - left, bottom - top, (top + bottom) / 2
    blur = 1 + int(0.05 * tall)
    around = dark[max(0, top - blur) : bottom + blur, max(0, left - blur) : right + blur].sum()
    # ink at the left edge goes on beyond it, so it is a rule
    clear = left > 0 and dark.sum() - around <= _DIRT * tall * tall and dark[top:bottom, left:right].mean() > _FULL
    shaped = _WIDE[0] * tall <= wide <= _WIDE[1] * tall and high <= min(_HIGH * tall, wide / 1.5)
    return (left, right) if clear and shaped and _MIDDLE[0] * tall <= middle <= _MIDDLE[1] * tall else None

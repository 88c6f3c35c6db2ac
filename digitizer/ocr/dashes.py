"""The dash before an item of a list, `- Như trên;`: too far from its line to be seen as text, it is taken into the line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from digitizer.model import Box, Pixels
from digitizer.ocr.recogniser import Place

# all in heights of a line
#: how far left of a line is looked, and room that a dash is given
_REACH, _ROOM = 1.6, 0.15
#: widths of a dash, its greatest height, where its middle is from above, and the widest gap between it and the line
_WIDE, _HIGH, _MIDDLE, _GAP = (0.12, 0.8), 0.25, (0.4, 0.78), 1.2
#: so much ink beside it is dirt, in squares of a height; so much of its box is ink
_DIRT, _FULL = 0.003, 0.6
#: grey levels between paper and ink, at least
_INK = 40.0


def with_dashes(pixels: Pixels, places: Sequence[Place]) -> list[Place]:
    """`places` of a page (H, W, 3) uint8, those with nothing but a dash on their left as far as _REACH longer by it."""
    return [_with_dash(pixels, place, places) for place in places]


def _with_dash(pixels: Pixels, place: Place, places: Sequence[Place]) -> Place:
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
    """Whether another line's box stands in what is looked at, left of `box`."""
    slack = 0.3 * box.height
    return start < other.x1 and other.x0 < box.x0 and other.y0 < box.y1 - slack and other.y1 > box.y0 + slack


def _dash(dark: npt.NDArray[np.bool_], tall: float) -> tuple[int, int] | None:
    """Where a dash begins and ends, px from the left of `dark`, in which there is nothing else; None without one."""
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
    # what touches the left edge of what is looked at goes on there: a rule
    clear = left > 0 and dark.sum() - around <= _DIRT * tall * tall and dark[top:bottom, left:right].mean() > _FULL
    shaped = _WIDE[0] * tall <= wide <= _WIDE[1] * tall and high <= min(_HIGH * tall, wide / 1.5)
    return (left, right) if clear and shaped and _MIDDLE[0] * tall <= middle <= _MIDDLE[1] * tall else None

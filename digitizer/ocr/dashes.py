"""The dash before an item of a list, `- Như trên;`: too far from its line to be seen as text, it is taken into the line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt

from digitizer.model import Box, Pixels
from digitizer.ocr.recogniser import Place

# all in heights of a line
#: how far left of a line is looked, and room that a dash is given
_REACH, _ROOM = 1.6, 0.15
#: widths of a dash, its greatest height, where its middle is from above, and the widest gap between it and the line
_WIDE, _HIGH, _MIDDLE, _GAP = (0.12, 0.8), 0.25, (0.4, 0.78), 1.2
#: smaller spots are dirt
_DIRT = 0.003
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
    spots = _spots(dark, _DIRT * tall * tall)
    if paper - ink < _INK or len(spots) != 1:
        return place
    x, y, wide, high = (float(v) for v in spots[0])
    gap, middle = box.x0 - start - x - wide, (y + high / 2) / tall
    # what touches the edge of what is looked at goes on there: a rule
    if x == 0 or high > _HIGH * tall or wide < 1.5 * high:
        return place
    if not (_WIDE[0] <= wide / tall <= _WIDE[1] and _MIDDLE[0] <= middle <= _MIDDLE[1] and gap / tall <= _GAP):
        return place
    return replace(place, box=replace(box, x0=max(0.0, start + x - _ROOM * tall)))


def _reaches(other: Box, start: float, box: Box) -> bool:
    """Whether another line's box stands in what is looked at, left of `box`."""
    slack = 0.3 * box.height
    return start < other.x1 and other.x0 < box.x0 and other.y0 < box.y1 - slack and other.y1 > box.y0 + slack


def _spots(dark: npt.NDArray[np.bool_], least: float) -> npt.NDArray[np.int32]:
    """(n, 4) x, y, width, height of what hangs together and has `least` px or more."""
    _, _, found, _ = cv2.connectedComponentsWithStats(dark.astype(np.uint8), connectivity=8)
    spots: npt.NDArray[np.int32] = found[1:][found[1:, cv2.CC_STAT_AREA] >= least, :4]
    return spots

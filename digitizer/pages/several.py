"""Orders several sheets on one scan, and joins the parts of one sheet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from digitizer.model import Box, Floats
from digitizer.pages.sheet import Outline, ordered

#: least overlap in height of sheets beside each other, as a share of the lower one's height
_BESIDE = 0.5
#: greatest difference of the edges of one sheet's parts, as a share of its width
_FLUSH = 0.04
#: greatest gap between parts of one sheet, as a share of its height
_PARTED = 0.14
#: greatest difference of the angles of one sheet's parts, degrees
_ALONG_DEG = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The place of a sheet on a scan."""

    #: px, on axes along and across the rows
    box: Box
    #: clockwise turn of these axes, degrees
    turn_deg: float


def place_of(outline: Outline, turn_deg: float) -> Place:
    """The place of a sheet on a scan whose rows are turned clockwise by `turn_deg`."""
    along = outline.corners @ _axes(turn_deg).T
    return Place(box=Box(*along.min(axis=0), *along.max(axis=0)), turn_deg=turn_deg)


def _axes(turn_deg: float) -> Floats:
    angle = np.radians(turn_deg)
    return np.array([(np.cos(angle), np.sin(angle)), (-np.sin(angle), np.cos(angle))])


def reading_order(boxes: Sequence[Box]) -> list[int]:
    """The indices of `boxes` from top to bottom, of those beside each other from left to right."""
    rows: list[list[int]] = []
    for k in sorted(range(len(boxes)), key=lambda k: boxes[k].y0):
        row = rows[-1] if rows and _beside(boxes[rows[-1][0]], boxes[k]) else []
        if not row:
            rows.append(row)
        row.append(k)
    return [k for row in rows for k in sorted(row, key=lambda k: boxes[k].x0)]


def _beside(one: Box, other: Box) -> bool:
    common = min(one.y1, other.y1) - max(one.y0, other.y0)
    return common >= _BESIDE * min(one.height, other.height)


def one_sheet(upper: Outline, lower: Outline, turn_deg: float) -> Outline | None:
    """The sheet whose parts `upper` and `lower` are, torn apart or separated by a dark band. None when they are two sheets."""
    if upper.perspective or lower.perspective or abs(upper.skew_deg - lower.skew_deg) > _ALONG_DEG:
        return None
    one, other = (place_of(outline, turn_deg).box for outline in (upper, lower))
    left, right, bottom = min(one.x0, other.x0), max(one.x1, other.x1), max(one.y1, other.y1)
    flush = max(abs(one.x0 - other.x0), abs(one.x1 - other.x1)) <= _FLUSH * (right - left)
    if not flush or not 0 <= other.y0 - one.y1 + _FLUSH * (bottom - one.y0) <= (_PARTED + _FLUSH) * (bottom - one.y0):
        return None
    corners = np.array([(left, one.y0), (right, one.y0), (right, bottom), (left, bottom)]) @ _axes(turn_deg)
    top_open, right_open, bottom_open, left_open = (a or b for a, b in zip(upper.open, lower.open, strict=True))
    return Outline(corners=ordered(corners), open=(top_open, right_open, bottom_open, left_open), perspective=False)

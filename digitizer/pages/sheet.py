"""Where the paper lies on a scan that shows more than paper: the black of an open lid, a desk, fingers.

The sheet is looked for on a copy of a few hundred px. Its four sides are fitted to the whole outline, so torn corners, punched
holes and a finger on an edge do not move them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from digitizer.model import Box, Floats
from digitizer.pages.ink import Copies, coarse
from digitizer.pages.papers import BRUSH_PX, Paper, Written, find_papers

#: longest side of the copy the sheet is looked for on, px
SHEET_PX = 400
#: the sheet fills at least this share of the scan. With more than the other share nothing needs cutting away
_FILLS = (0.18, 0.985)
#: how much of the outline's hull the four sides have to explain (intersection over union)
_FITS = 0.93
#: so many places of writing, farther than so many px of the copy beyond four sides, are not on a sheet of these sides
_FEW, _EDGE_PX = 4, 1.5
#: opposite sides that differ by less are parallel: paper is cut by hand, scanners have no perspective, degrees
_PARALLEL_DEG = 0.8
#: opposite sides that differ by more do not belong to one sheet
_CONVERGING_DEG = 25.0
#: nearer to the edge of the copy than this a side lies on it, px
_OPEN_PX = 2.5
#: sides of the A series, and how far off it a sheet seen in perspective may be to be taken for one
_A_SERIES, _NEAR_A = 2**0.5, 0.12


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outline:
    """The sheet on a scan. `corners`: (4, 2) px of the scan, from its left upper corner clockwise as it lies there."""

    corners: Floats
    #: which sides lie on the edge of the scan and may go on beyond it: top, right, bottom, left
    open: tuple[bool, bool, bool, bool]
    #: seen at an angle, as on a photo
    perspective: bool

    @property
    def skew_deg(self) -> float:
        """Clockwise turn of the sheet, mean of its four sides, -45 to 45 degrees."""
        sides = np.roll(self.corners, -1, axis=0) - self.corners
        bearings = np.degrees(np.arctan2(sides[:, 1], sides[:, 0])) - (0, 90, 180, 270)
        return float(np.mean((bearings + 180) % 360 - 180))

    @property
    def size(self) -> tuple[float, float]:
        """(width, height) of the sheet in px, means of opposite sides."""
        sides = np.linalg.norm(self.corners - np.roll(self.corners, -1, axis=0), axis=1)
        return float(sides[0] + sides[2]) / 2, float(sides[1] + sides[3]) / 2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sheets:
    """The sheets on a scan. None when paper fills it or nothing stands out as paper."""

    outlines: tuple[Outline, ...] = ()
    #: grey level of the darkest paper that is written on, None where all is light
    darkest: float | None = None
    #: around writing that lies on no sheet, px of the scan
    outside: Box | None = None


def find_sheets(scan: Copies) -> Sheets:
    """The papers on a scan that are written on, or the largest where none is."""
    pixels, shown = scan.at_least(SHEET_PX / max(scan.pixels.shape[:2]))
    scale = min(1.0, SHEET_PX / max(pixels.shape[:2]))
    size = max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale))
    if min(size) < 4 * BRUSH_PX:
        return Sheets()
    closed = cv2.morphologyEx(coarse(pixels, scale), cv2.MORPH_CLOSE, np.ones((BRUSH_PX, BRUSH_PX), np.uint8))
    written = Written(scan, size)
    found = [fitted for papers in find_papers(closed, written) if (fitted := _fits(papers, written))]
    best = max(found, key=lambda sheets: min(fit for fit, _ in sheets), default=[])
    finer = np.array(pixels.shape[1::-1]) / size / shown
    outlines = [outline for _, corners in best if (outline := _judged(corners, size, finer)) is not None]
    if not best or len(outlines) < len(best):
        return Sheets(darkest=written.darkest)
    return Sheets(
        outlines=tuple(outlines),
        darkest=written.darkest,
        outside=_outside([corners for _, corners in best], written, finer),
    )


def _outside(sheets: Sequence[Floats], written: Written, scale: Floats) -> Box | None:
    """Around what is written beyond all sheets, px of the scan."""
    mask = np.zeros(written.shape, np.uint8)
    for corners in sheets:
        cv2.fillConvexPoly(mask, np.round(corners).astype(np.int32), 255)
    places = written.either_beyond(mask)
    return Box(*(places.min(axis=0) * scale), *(places.max(axis=0) * scale)) if len(places) else None


def _fits(papers: Sequence[Paper], written: Written) -> list[tuple[float, Floats]]:
    """(how well four sides fit, (4, 2) corners) of each paper. Empty when they do not all have four sides, or fill the copy."""
    found = [_fit(paper, written, alone=len(papers) == 1) for paper in papers]
    return [fit for fit in found if fit is not None] if all(found) else []


def _fit(paper: Paper, written: Written, *, alone: bool) -> tuple[float, Floats] | None:
    hull, shape = paper.hull, written.shape
    share = cv2.contourArea(hull) / (shape[0] * shape[1])
    if not (_FILLS[0] if alone else 0) <= share <= _FILLS[1]:
        return None
    corners = _fitted(_quadrangle(hull), np.concatenate(paper.pieces)[:, 0].astype(np.float64))
    fit = 0.0 if corners is None else _overlap(hull, corners, shape)
    if corners is not None and fit >= _FITS and _holds(corners, written.on(paper)):
        return fit, corners
    if alone and len(paper.pieces) == 1 and fit < _FITS:
        return None
    return _FITS, ordered(np.asarray(cv2.boxPoints(cv2.minAreaRect(hull)), np.float64))


def _holds(corners: Floats, points: Floats) -> bool:
    """Whether all of (N, 2) px lie within four corners, but for a few at their edge."""
    sides = np.roll(corners, -1, axis=0) - corners
    inwards = np.stack([-sides[:, 1], sides[:, 0]], axis=1) / np.linalg.norm(sides, axis=1).clip(1e-9)[:, None]
    depth = ((points[:, None] - corners) * inwards).sum(axis=2).min(axis=1)
    return int(np.count_nonzero(depth < -_EDGE_PX)) < _FEW


def _quadrangle(hull: npt.NDArray[np.int32]) -> Floats:
    """Four corners near those of a convex outline."""
    length = cv2.arcLength(hull, True)
    for share in (0.02, 0.03, 0.05, 0.08):
        corners = cv2.approxPolyDP(hull, share * length, True)
        if len(corners) == 4:
            return np.asarray(corners[:, 0], np.float64)
    return np.asarray(cv2.boxPoints(cv2.minAreaRect(hull)), np.float64)


def _fitted(corners: Floats, outline: Floats) -> Floats | None:
    """Corners where straight lines through the points of the `outline` (N, 2) near each side meet, in reading direction."""
    corners = ordered(corners)
    lines: list[Floats] = []
    for start, end in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        along = (end - start) / max(np.linalg.norm(end - start), 1e-9)
        rel = outline - start
        reach, off = rel @ along, abs(rel @ np.array([-along[1], along[0]]))
        length = float(np.linalg.norm(end - start))
        near = outline[(off < 0.04 * length + 3) & (reach > 0.06 * length) & (reach < 0.94 * length)]
        if len(near) < 12:
            return None
        lines.append(np.asarray(cv2.fitLine(near.astype(np.float32), cv2.DIST_HUBER, 0, 0.01, 0.01), np.float64).ravel())
    met = [point for k in range(4) if (point := _meeting(lines[k - 1], lines[k])) is not None]
    return np.array(met, np.float64) if len(met) == 4 else None


def ordered(corners: Floats) -> Floats:
    """From the left upper corner clockwise."""
    away = corners - corners.mean(axis=0)
    around = corners[np.argsort(np.arctan2(away[:, 1], away[:, 0]))]
    return np.roll(around, -int(np.argmin(around.sum(axis=1))), axis=0)


def _meeting(one: Floats, other: Floats) -> Floats | None:
    """Where two lines (vx, vy, x, y) cross. None when they are nearly parallel."""
    matrix = np.array([[one[0], -other[0]], [one[1], -other[1]]], np.float64)
    if abs(np.linalg.det(matrix)) < 0.3:
        return None
    t = np.linalg.solve(matrix, np.array([other[2] - one[2], other[3] - one[3]], np.float64))
    point: Floats = np.array([one[2] + t[0] * one[0], one[3] + t[0] * one[1]], np.float64)
    return point


def _overlap(hull: npt.NDArray[np.int32], corners: Floats, shape: tuple[int, ...]) -> float:
    """Intersection over union of an outline and four corners, on a plane of `shape`."""
    one, other = np.zeros(shape, np.uint8), np.zeros(shape, np.uint8)
    cv2.fillConvexPoly(one, hull, 1)
    cv2.fillConvexPoly(other, np.round(corners).astype(np.int32), 1)
    return float((one & other).sum() / max(float((one | other).sum()), 1.0))


def _judged(corners: Floats, size: tuple[int, int], scale: Floats) -> Outline | None:
    """The outline in px of the scan. None when its sides cannot belong to one sheet.

    `corners` are centres of px of a copy of `size`.
    """
    angles = [_bearing(corners[k], corners[(k + 1) % 4]) for k in range(4)]
    # the third and fourth side run the other way
    level, upright = (abs((angles[k] - angles[k + 2] + 90) % 180 - 90) for k in (0, 1))
    if max(level, upright) > _CONVERGING_DEG:
        return None
    x, y = corners.T
    away = (y[:2].mean(), size[0] - 1 - x[1:3].mean(), size[1] - 1 - y[2:].mean(), x[[0, 3]].mean())
    top, right, bottom, left = (bool(edge < _OPEN_PX) for edge in away)
    return Outline(
        corners=(corners + 0.5) * scale,
        open=(top, right, bottom, left),
        # a side that goes on beyond the scan says nothing about the camera
        perspective=max(level, upright) > _PARALLEL_DEG and not (top or right or bottom or left),
    )


def _bearing(start: Floats, end: Floats) -> float:
    return float(np.degrees(np.arctan2(end[1] - start[1], end[0] - start[0])))


def flat_size(outline: Outline) -> tuple[int, int]:
    """(width, height) px of the sheet seen from straight above. One near the A series is taken for it."""
    width, height = outline.size
    long, narrow = (width, height) if width > height else (height, width)
    ratio = long / max(narrow, 1.0)
    if outline.perspective and abs(ratio / _A_SERIES - 1) < _NEAR_A:
        short = float((width * height / _A_SERIES) ** 0.5)
        width, height = (short, short * _A_SERIES) if height >= width else (short * _A_SERIES, short)
    return max(1, round(width)), max(1, round(height))


def flattened(outline: Outline) -> tuple[tuple[int, int], Floats]:
    """(size, (3, 3) map) from a plane of that size, px, that shows the sheet from straight above, to the scan."""
    width, height = flat_size(outline)
    plane = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    matrix: Floats = cv2.getPerspectiveTransform(plane, outline.corners.astype(np.float32)).astype(np.float64)
    return (width, height), matrix

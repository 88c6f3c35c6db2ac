"""Where the paper lies on a scan that shows more than paper: the black of an open lid, a desk, fingers.

The sheet is looked for on a copy of a few hundred px. Its four sides are fitted to the whole outline, so torn corners, punched
holes and a finger on an edge do not move them.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from digitizer.model import Floats, Pixels
from digitizer.pages.ink import coarse, level_at

#: longest side of the copy the sheet is looked for on, px
SHEET_PX = 400
#: text and rules are closed by a brush of this many px, or the outline would run into them
_BRUSH_PX = 9
#: the sheet fills at least this share of the scan; with more than the other share nothing needs cutting away
_FILLS = (0.18, 0.985)
#: how much of the outline's hull the four sides have to explain (intersection over union)
_FITS = 0.93
#: background is darker than paper at most by this factor, or differs in colour by this much (Lab)
_DARKER, _COLOURED = 0.72, 14.0
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


def find_sheet(pixels: Pixels) -> Outline | None:
    """The sheet on a scan; None when paper fills the scan or nothing stands out as paper. `pixels`: (H, W, 3) uint8 RGB."""
    scale = min(1.0, SHEET_PX / max(pixels.shape[:2]))
    size = max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale))
    if min(size) < 4 * _BRUSH_PX:
        return None
    small = coarse(pixels, scale)
    closed = cv2.morphologyEx(small, cv2.MORPH_CLOSE, np.ones((_BRUSH_PX, _BRUSH_PX), np.uint8))
    found = [outline for mask in _papers(closed) if (outline := _outline(mask)) is not None]
    if not found:
        return None
    _, corners = max(found, key=lambda f: f[0])
    return _judged(corners, size, np.array(pixels.shape[1::-1]) / size)


def _papers(closed: Pixels) -> list[Pixels]:
    """Masks of what may be paper: what is light, and what has the colour of most that is light."""
    light, *colours = cv2.split(cv2.cvtColor(closed, cv2.COLOR_RGB2LAB))
    threshold, bright = cv2.threshold(light, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    masks = []
    if 0 < cv2.countNonZero(bright) < bright.size:
        dark, lit = cv2.mean(light, cv2.compare(light, threshold, cv2.CMP_LE))[0], level_at(light, bright, 0.5)
        if dark < _DARKER * lit:
            masks.append(cv2.compare(light, (dark + lit) / 2, cv2.CMP_GT))
    levels = np.arange(256, dtype=np.float32)
    away = cv2.add(*(cv2.LUT(colour, (levels - level_at(colour, bright, 0.5, otherwise=128.0)) ** 2) for colour in colours))
    if cv2.countNonZero(cv2.compare(away, _COLOURED**2, cv2.CMP_GT)) > 0.03 * away.size:
        masks.append(cv2.compare(away, (_COLOURED * 0.6) ** 2, cv2.CMP_LT))
    return masks


def _outline(mask: Pixels) -> tuple[float, Floats] | None:
    """(how well four sides fit, (4, 2) corners) of the largest piece of a mask."""
    # a light edge of the glass or a cable does not belong to the sheet it touches
    mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((_BRUSH_PX, _BRUSH_PX), np.uint8))
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not contours:
        return None
    contour = max(contours, key=cv2.contourArea)
    if not _FILLS[0] * mask.size <= cv2.contourArea(contour) <= _FILLS[1] * mask.size:
        return None
    hull = cv2.convexHull(contour)
    corners = _fitted(_quadrangle(hull), contour[:, 0].astype(np.float64))
    if corners is None:
        return None
    fit = _overlap(hull, corners, mask.shape)
    return (fit, corners) if fit >= _FITS else None


def _quadrangle(hull: Pixels) -> Floats:
    """Four corners near those of a convex outline."""
    length = cv2.arcLength(hull, True)
    for share in (0.02, 0.03, 0.05, 0.08):
        corners = cv2.approxPolyDP(hull, share * length, True)
        if len(corners) == 4:
            return np.asarray(corners[:, 0], np.float64)
    return np.asarray(cv2.boxPoints(cv2.minAreaRect(hull)), np.float64)


def _fitted(corners: Floats, outline: Floats) -> Floats | None:
    """Corners where straight lines through the points of the `outline` (N, 2) near each side meet, in reading direction."""
    corners = _ordered(corners)
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


def _ordered(corners: Floats) -> Floats:
    """From the left upper corner clockwise."""
    away = corners - corners.mean(axis=0)
    around = corners[np.argsort(np.arctan2(away[:, 1], away[:, 0]))]
    return np.roll(around, -int(np.argmin(around.sum(axis=1))), axis=0)


def _meeting(one: Floats, other: Floats) -> Floats | None:
    """Where two lines (vx, vy, x, y) cross; None when they are nearly parallel."""
    matrix = np.array([[one[0], -other[0]], [one[1], -other[1]]], np.float64)
    if abs(np.linalg.det(matrix)) < 0.3:
        return None
    t = np.linalg.solve(matrix, np.array([other[2] - one[2], other[3] - one[3]], np.float64))
    point: Floats = np.array([one[2] + t[0] * one[0], one[3] + t[0] * one[1]], np.float64)
    return point


def _overlap(hull: Pixels, corners: Floats, shape: tuple[int, ...]) -> float:
    """Intersection over union of an outline and four corners, on a plane of `shape`."""
    one, other = np.zeros(shape, np.uint8), np.zeros(shape, np.uint8)
    cv2.fillConvexPoly(one, hull, 1)
    cv2.fillConvexPoly(other, np.round(corners).astype(np.int32), 1)
    return float((one & other).sum() / max(float((one | other).sum()), 1.0))


def _judged(corners: Floats, size: tuple[int, int], scale: Floats) -> Outline | None:
    """The outline in px of the scan; None when its sides cannot belong to one sheet.

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
    """(width, height) px of the sheet seen from straight above; one near the A series is taken for it."""
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

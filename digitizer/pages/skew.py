"""Finds the angle of the rows on a page by the fast Hough transform, which sums the ink along every line at once."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from digitizer.model import Floats, Pixels
from digitizer.pages.ink import warp_affine

#: greatest skew of rows after quarter turns, degrees
LIMIT_DEG = 16.0
#: least longer side, px, of a mask that is halved for a coarse search. Slopes are then 0.1 degrees apart. That tells level from
#: upright, but is too coarse for cards with few rows
_HALVED_PX = 1000
#: factor by which a mask is made narrower. It divides the cost, but not the precision, which depends on the height. Rows at the
#: limit stay within the 45 degrees of the transform
_NARROWER = 3
#: greatest skew, degrees, of rows of a photo, searched when there are none within LIMIT_DEG
WIDE_DEG = 40.0
#: width of the strips that are shifted against each other, px
_STRIP_PX = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """The rows found in a mask of ink."""

    #: their angle, clockwise positive
    angle_deg: float
    #: best score over the median score. 1: no rows
    contrast: float
    #: best score
    score: float


def find_rows(ink: Pixels, *, limit_deg: float = LIMIT_DEG, fine: bool = True) -> Rows:
    """The rows of `ink` ((h, w) uint8 mask) within ±`limit_deg` of level. Without `fine` it takes a quarter of the time.

    Sums along lines of the rows' slope differ much between neighbouring lines, because text and gaps alternate (Postl's
    criterion). The slope with the greatest squared differences wins.
    """
    down = 1 if fine or max(ink.shape) < _HALVED_PX else 2
    narrower = _NARROWER if limit_deg <= LIMIT_DEG else 1
    height, columns = max(2, ink.shape[0] // down), max(2, ink.shape[1] // (narrower * down))
    width = columns * narrower
    # reducing by whole numbers of px is ten times as fast
    small = cv2.resize(ink[: height * down, : width * down], (columns, height), interpolation=cv2.INTER_AREA)
    # a row for each slope from -45 to 45 degrees, in px of descent over the width of the image
    sums, unit = _line_sums(small)
    level = sums.shape[0] // 2
    reach = min(level, int(np.tan(np.radians(limit_deg)) * width) + 1)
    near = sums[level - reach : level + reach + 1]
    jumps = cv2.subtract(near[:, 1:], near[:, :-1], dtype=cv2.CV_32F)
    scores = np.einsum("ij,ij->i", jumps, jumps).astype(np.float64) / unit**2
    best = int(np.argmax(scores))
    if scores[best] <= 0:
        return Rows(angle_deg=0.0, contrast=1.0, score=0.0)
    tangent = (best - reach + _peak(scores, best)) / max(width - 1, 1)
    return Rows(
        angle_deg=float(np.degrees(np.arctan(tangent))),
        contrast=float(scores[best] / max(np.median(scores), 1e-9)),
        score=float(scores[best]),
    )


def _line_sums(small: Pixels) -> tuple[npt.NDArray[np.uint16], float]:
    """(sums along every line of a (h, w) mask, a row for each slope, value that an ink px of 255 has in them)."""
    # sums of 16 bits take half the time of longer ones. A line full of ink still fits
    bits = max(0, int(np.ceil(np.log2(255 * small.shape[1] / 65535))))
    sums = cv2.ximgproc.FastHoughTransform(
        small >> bits,
        cv2.CV_16U,
        angleRange=cv2.ximgproc.ARO_45_135,
        op=cv2.ximgproc.FHT_ADD,
        makeSkew=cv2.ximgproc.HDO_RAW,
    )
    return np.asarray(sums, np.uint16), 255 / 2**bits


def refine(ink: Pixels, angle_deg: float) -> float:
    """Refines the angle that `find_rows` found. Its whole steps of slope favour a level page.

    Upright strips of the page are shifted against each other by fractions of a px until their rows coincide.
    """
    strips = cv2.resize(ink, (max(2, ink.shape[1] // _STRIP_PX), ink.shape[0]), interpolation=cv2.INTER_AREA)
    # blurred rows lose nothing when they move by half a px, so no angle is favoured
    profiles = cv2.GaussianBlur(strips.astype(np.float32), (1, 7), sigmaX=0.1, sigmaY=1.2)
    for step in (0.1, 0.025):
        angles = angle_deg + step * np.arange(-4, 5)
        scores = np.array([_sharpness(profiles, angle, ink.shape[1]) for angle in angles])
        best = int(np.argmax(scores))
        angle_deg = float(angles[best] + step * _peak(scores, best))
    return angle_deg


def _sharpness(profiles: npt.NDArray[np.float32], angle_deg: float, width: int) -> float:
    """Score of rows at `angle_deg` in the (h, n) `profiles` of n strips over `width` px."""
    height, count = profiles.shape
    drop = np.tan(np.radians(angle_deg)) * width / count
    shear = np.array([[1, 0, 0], [drop, 1, -drop * (count - 1) / 2]], np.float64)
    level = warp_affine(profiles, shear, (count, height))
    jumps = np.diff(level.sum(axis=1, dtype=np.float64))
    return float(jumps @ jumps)


def _peak(scores: Floats, best: int) -> float:
    """Offset, -0.5 to 0.5, of the maximum from the sample `best`, by a parabola through its neighbours."""
    if not 0 < best < len(scores) - 1:
        return 0.0
    left, top, right = scores[best - 1 : best + 2]
    bend = left - 2 * top + right
    return float(0.5 * (left - right) / bend) if bend < 0 else 0.0

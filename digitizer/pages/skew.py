"""The angle of the rows on a page, by the fast Hough transform: the sum over every line that crosses the page at once."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from digitizer.model import Floats, Pixels
from digitizer.pages.ink import warp_affine

#: rows lie within this of level once quarter turns are taken out, degrees
LIMIT_DEG = 16.0
#: from this many px on its longer side a mask may be halved before it is transformed; two steps of slope are then 0.1 degrees
#: apart, which is enough to tell level from upright, and too little for cards with few rows
_HALVED_PX = 1000
#: how much narrower it is made besides: the descent over the whole width is still counted in px of its height, so the steps stay
#: as fine and the transform costs a third; rows at the limit still fit into the 45 degrees that it covers
_NARROWER = 3
#: as far as that rows of a photo are looked for where none lie within the limit, degrees
WIDE_DEG = 40.0
#: width of the strips that are slid along each other, px
_STRIP_PX = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """How well the ink lies in rows. `angle_deg`: clockwise positive. `contrast`: best score over the median one, 1 = no rows."""

    angle_deg: float
    contrast: float
    score: float


def find_rows(ink: Pixels, *, limit_deg: float = LIMIT_DEG, fine: bool = True) -> Rows:
    """Level rows of `ink` ((h, w) uint8 mask) within ±`limit_deg`; in a quarter of the time where it need not be `fine`.

    Each line sum of the transform belongs to a slope; rows of text or rules make the sums of the right slope jump up and
    down between neighbouring offsets (Postl's criterion).
    """
    down = 1 if fine or max(ink.shape) < _HALVED_PX else 2
    narrower = _NARROWER if limit_deg <= LIMIT_DEG else 1
    height, columns = max(2, ink.shape[0] // down), max(2, ink.shape[1] // (narrower * down))
    width = columns * narrower
    # whole numbers of px make a px of the small image: that is ten times as fast
    small = cv2.resize(ink[: height * down, : width * down], (columns, height), interpolation=cv2.INTER_AREA)
    # one row for each slope from -45 to 45 degrees: px of descent over the width of the image
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
    """(sums along every line of a (h, w) mask, a row for each slope, what 255 counts for in them)."""
    # sums of 16 bits take half as long as longer ones; a line that is ink all along still fits
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
    """`angle_deg`, found by `find_rows`, again and finer: whole steps of slope favour a page that lies level.

    Upright strips of the page are slid along each other by fractions of a px until their rows fall together.
    """
    strips = cv2.resize(ink, (max(2, ink.shape[1] // _STRIP_PX), ink.shape[0]), interpolation=cv2.INTER_AREA)
    # soft rows lose nothing by being moved by half a px, so no angle is better off than another
    profiles = cv2.GaussianBlur(strips.astype(np.float32), (1, 7), sigmaX=0.1, sigmaY=1.2)
    for step in (0.1, 0.025):
        angles = angle_deg + step * np.arange(-4, 5)
        scores = np.array([_sharpness(profiles, angle, ink.shape[1]) for angle in angles])
        best = int(np.argmax(scores))
        angle_deg = float(angles[best] + step * _peak(scores, best))
    return angle_deg


def _sharpness(profiles: npt.NDArray[np.float32], angle_deg: float, width: int) -> float:
    """How clearly rows that descend by `angle_deg` show in the (h, n) `profiles` of n strips over `width` px."""
    height, count = profiles.shape
    drop = np.tan(np.radians(angle_deg)) * width / count
    shear = np.array([[1, 0, 0], [drop, 1, -drop * (count - 1) / 2]], np.float64)
    level = warp_affine(profiles, shear, (count, height))
    jumps = np.diff(level.sum(axis=1, dtype=np.float64))
    return float(jumps @ jumps)


def _peak(scores: Floats, best: int) -> float:
    """How far the maximum lies from the sample `best`, by a parabola through its neighbours; -0.5 to 0.5."""
    if not 0 < best < len(scores) - 1:
        return 0.0
    left, top, right = scores[best - 1 : best + 2]
    bend = left - 2 * top + right
    return float(0.5 * (left - right) / bend) if bend < 0 else 0.0

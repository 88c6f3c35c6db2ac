"""Which way is up: rows tell level from upright, the shape of Latin text tells up from down."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from digitizer.model import Floats, Pixels
from digitizer.pages.ink import warp_affine
from digitizer.pages.skew import LIMIT_DEG, WIDE_DEG, Rows, find_rows, refine

#: the better of two directions must show rows this many times as clearly
_CLEARER = 1.6
#: asymmetry of the rows below which a page is not turned over
_SURE = 0.06
#: strips a page is cut into, so that columns of different pitch do not blur each other
_STRIPS = 8
#: pieces of the size of a letter below which there is no text to judge by
_PIECES = 25
#: contrast of rows below which nothing lies in rows, and from which on rows far from level are believed
ROWS_CONTRAST, _WIDE_CONTRAST = 4.0, 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pose:
    """How a sheet lies in its scan: turned by `skew_deg`, then further by `rotation`, both clockwise, and whether we are sure."""

    skew_deg: float = 0.0
    rotation: int = 0
    skew_sure: bool = False
    rotation_sure: bool = False


def find_pose(letters: Pixels, pieces: int, ink: Pixels) -> Pose:
    """The pose that the marks on a small copy speak for. Without evidence a page stays as it is.

    `letters`: (h, w) mask of `pieces` letter-sized pieces. `ink`: mask of everything, rules included.
    """
    pose, clear = _near_level(letters, pieces, ink)
    if clear or pieces < _PIECES:
        return pose
    # a photo of a sheet whose edges are not seen may lie at any angle
    lying = find_rows(letters, limit_deg=WIDE_DEG, fine=False)
    if lying.contrast < _WIDE_CONTRAST or abs(lying.angle_deg) < LIMIT_DEG - 1:
        return pose
    level, _ = _near_level(straight(letters, lying.angle_deg), pieces, straight(ink, lying.angle_deg))
    return replace(level, skew_deg=level.skew_deg + lying.angle_deg) if level.skew_sure else pose


def _near_level(letters: Pixels, pieces: int, ink: Pixels) -> tuple[Pose, bool]:
    """(the pose of a sheet whose rows lie within 16 degrees of level or upright, whether letters lie in rows there)."""
    level, upright = (find_rows(mask, fine=False) for mask in (letters, turn(letters, 90)))
    better, other = (upright, level) if upright.score > level.score else (level, upright)
    known = pieces >= _PIECES and better.contrast >= ROWS_CONTRAST and better.score > _CLEARER * other.score
    sideways = known and better is upright
    rows = better if known else level
    rows = _with_rules(rows, turn(ink, 90) if sideways else ink)
    lean = find_lean(straight(turn(letters, 90) if sideways else letters, rows.angle_deg)) if known else 0.0
    over = lean < -_SURE
    # turn(…, 90) undoes a clockwise turn of 90 degrees
    rotation = (90 if sideways else 0) + (180 if over else 0)
    pose = Pose(
        skew_deg=rows.angle_deg,
        rotation=rotation % 360,
        skew_sure=rows.contrast >= ROWS_CONTRAST,
        rotation_sure=known and abs(lean) >= _SURE,
    )
    return pose, better.contrast >= ROWS_CONTRAST


def all_poses(letters: Pixels, ink: Pixels) -> dict[int, Pose]:
    """A pose for each rotation, with the skew that the marks on a small copy speak for if it lies that way."""
    poses = {}
    for sideways in (False, True):
        rows = _with_rules(find_rows(turn(letters, 90 * sideways), fine=False), turn(ink, 90 * sideways))
        sure = rows.contrast >= ROWS_CONTRAST
        for rotation in (90 * sideways, 90 * sideways + 180):
            poses[rotation] = Pose(skew_deg=rows.angle_deg if sure else 0.0, rotation=rotation, skew_sure=sure)
    return poses


def _with_rules(rows: Rows, ink: Pixels) -> Rows:
    """`rows` corrected by all ink where the two agree: printed rules are longer than words, so their angle is finer."""
    everything = find_rows(ink)
    if rows.contrast < ROWS_CONTRAST or abs(everything.angle_deg - rows.angle_deg) < 0.5:
        rows = everything
    return replace(rows, angle_deg=refine(ink, rows.angle_deg)) if rows.contrast >= ROWS_CONTRAST else rows


def turn(image: Pixels, degrees: int) -> Pixels:
    """`image` turned counter-clockwise by 0, 90, 180 or 270 degrees."""
    codes = {90: cv2.ROTATE_90_COUNTERCLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_CLOCKWISE}
    return cv2.rotate(image, codes[degrees]) if degrees else image


def straight(image: Pixels, skew_deg: float) -> Pixels:
    """A mask turned back by `skew_deg` about its middle, same size."""
    height, width = image.shape
    way: Floats = cv2.getRotationMatrix2D((width / 2, height / 2), -skew_deg, 1.0)
    return warp_affine(image, way, (width, height))


def find_lean(letters: Pixels) -> float:
    """Positive when the text of a level page stands upright, negative when upside down: -1 to 1.

    A row of Latin letters ends sharply at the base line, while capitals, ascenders and, in Vietnamese above all, the marks
    above vowels make its upper edge gradual. So where the row profile falls (downwards) it falls more steeply than it rose:
    the sum of cubed steps is negative. Rules and dots are symmetric and cancel out.
    """
    steps = []
    for strip in np.array_split(letters, _STRIPS, axis=1):
        profile = np.convolve(strip.sum(axis=1, dtype=np.float64) / 255, (0.25, 0.5, 0.25), "same")
        steps.append(np.diff(profile))
    cubes = np.concatenate(steps) ** 3
    total = np.abs(cubes).sum()
    return float(-cubes.sum() / total) if total > 0 else 0.0

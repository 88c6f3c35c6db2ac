"""Scan -> upright Pages: each step measures on a small copy, then the scan is resampled once."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from digitizer.model import Floats, Page, Pixels, Problem, Quality, Ruling, Scan, Warp
from digitizer.pages.codes import find_codes
from digitizer.pages.ink import find_letters, shrink
from digitizer.pages.orientation import ROWS_CONTRAST, Pose, find_pose, straight, turn
from digitizer.pages.quality import ink_share, is_blank, measured_dpi, sharpness
from digitizer.pages.ruling import find_ruling
from digitizer.pages.skew import find_rows
from digitizer.pages.spread import find_gutter
from digitizer.settings import PageOptions

#: a turn too small to be worth resampling, degrees
_LEVEL_DEG = 0.05
#: pages of an opened book lie within this of each other, degrees
_LEAN_DEG = 5.0
#: shorter side of an image that can hold a row of text
_LEAST_PX = 16
#: OpenCV addresses warped images with 16 bits
_WARP_SIDE_PX = 32_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Canvas:
    """A plane for upright pages: `size` (width, height) px, and where it lies in the scan (`to_scan`: (3, 3) float64)."""

    size: tuple[int, int]
    to_scan: Floats


def straighten(scan: Scan, *, options: PageOptions) -> tuple[Page, ...]:
    """The pages on `scan`, upright and straight; a two-page spread gives two, left first.

    A page is turned only on evidence; where that is missing it stays as it is and `quality.problems` says so.
    """
    if min(scan.pixels.shape[:2]) < _LEAST_PX:
        size = (scan.pixels.shape[1], scan.pixels.shape[0])
        quality = Quality(blank=True, problems=(*scan.problems, Problem(code="too_small")))
        return (_page(scan, 0, Canvas(size=size, to_scan=np.eye(3)), scan.dpi or 0.0, quality),)
    small = shrink(scan.pixels)
    letters, pieces = find_letters(small.ink)
    share = ink_share(small.ink)
    blank = is_blank(share, pieces)
    pose = Pose() if blank else find_pose(letters, pieces, small.ink)
    level_letters = straight(turn(letters, pose.rotation), pose.skew_deg)
    gutter = None if blank else find_gutter(level_letters, straight(turn(small.ink, pose.rotation), pose.skew_deg))
    canvas = upright_canvas(scan.pixels.shape[1], scan.pixels.shape[0], pose)
    dpi, dpi_problems = measured_dpi(scan.dpi, scan.pixels.shape[1], scan.pixels.shape[0], spread=gutter is not None)
    quality = Quality(
        skew_deg=round(pose.skew_deg, 3),
        rotation=pose.rotation,
        sharpness=sharpness(small.grey, small.ink),
        ink=share,
        blank=blank,
        problems=(*scan.problems, *dpi_problems, *(() if blank else _doubts(pose))),
    )
    if gutter is None:
        return (_page(scan, 0, canvas, dpi, quality),)
    # the gutter was found on a plane that did not grow when it was turned
    ungrown = scan.pixels.shape[0 if pose.rotation % 180 else 1]
    pieces_of_scan = divide(canvas, 0.5 + (gutter - 0.5) * ungrown / canvas.size[0])
    # the two pages of an opened book lean against each other, each at an angle of its own
    cut = round(gutter * level_letters.shape[1])
    leans = [_residual(half) for half in (level_letters[:, :cut], level_letters[:, cut:])]
    return tuple(
        _page(scan, part, lean(piece, angle), dpi, replace(quality, skew_deg=round(pose.skew_deg + angle, 3)))
        for part, (piece, angle) in enumerate(zip(pieces_of_scan, leans, strict=True))
    )


def _residual(letters: Pixels) -> float:
    """What is left of the skew on one page of a spread, degrees; 0 without evidence."""
    # the contrast of rows is known for the whole range of angles only: near the best angle others score nearly as well
    rows = find_rows(np.ascontiguousarray(letters))
    return rows.angle_deg if rows.contrast >= ROWS_CONTRAST and abs(rows.angle_deg) <= _LEAN_DEG else 0.0


def lean(canvas: Canvas, angle_deg: float) -> Canvas:
    """`canvas` turned about its middle to show what lies clockwise by `angle_deg`."""
    if abs(angle_deg) < _LEVEL_DEG:
        return canvas
    return Canvas(size=canvas.size, to_scan=canvas.to_scan @ _about_middle(angle_deg, canvas.size, canvas.size))


def _doubts(pose: Pose) -> tuple[Problem, ...]:
    doubts = (("skew_unsure", pose.skew_sure), ("orientation_unsure", pose.rotation_sure))
    return tuple(Problem(code=code) for code, sure in doubts if not sure)


def _page(scan: Scan, part: int, canvas: Canvas, dpi: float, quality: Quality) -> Page:
    pixels = resample(scan.pixels, canvas)
    return Page(
        source=scan.source,
        scan=scan.index,
        part=part,
        pixels=pixels,
        dpi=dpi,
        sheet=scan.sheet,
        to_scan=Warp(homography=canvas.to_scan),
        quality=quality,
        ruling=Ruling() if quality.blank else find_ruling(pixels, dpi),
        marks=() if quality.blank else find_codes(pixels),
    )


def upright_canvas(width: int, height: int, pose: Pose) -> Canvas:
    """The smallest upright plane that holds all of a scan of `width` x `height` px lying in `pose`."""
    quarter = _quarter_turn(width, height, pose.rotation)
    size = (height, width) if pose.rotation % 180 else (width, height)
    if abs(pose.skew_deg) < _LEVEL_DEG or max(size) > _WARP_SIDE_PX:
        return Canvas(size=size, to_scan=quarter)
    angle = np.radians(pose.skew_deg)
    cos, sin = np.cos(angle), np.sin(angle)
    grown = int(np.ceil(size[0] * cos + size[1] * abs(sin))), int(np.ceil(size[0] * abs(sin) + size[1] * cos))
    return Canvas(size=grown, to_scan=quarter @ _about_middle(pose.skew_deg, size, grown))


def _about_middle(angle_deg: float, size: tuple[int, int], grown: tuple[int, int]) -> Floats:
    """From a plane of `grown` (width, height) px to one of `size` turned clockwise by `angle_deg`, middle upon middle."""
    angle = np.radians(angle_deg)
    cos, sin = np.cos(angle), np.sin(angle)
    turned = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])
    placed: Floats = _shift(size[0] / 2, size[1] / 2) @ turned @ _shift(-grown[0] / 2, -grown[1] / 2)
    return placed


def _quarter_turn(width: int, height: int, rotation: int) -> Floats:
    """From px of the upright plane to px of a scan of `width` x `height` px that was turned clockwise by `rotation`."""
    rows = {
        0: ((1, 0, 0), (0, 1, 0)),
        90: ((0, -1, width), (1, 0, 0)),
        180: ((-1, 0, width), (0, -1, height)),
        270: ((0, 1, 0), (-1, 0, height)),
    }
    return np.array([*rows[rotation], (0, 0, 1)], dtype=np.float64)


def _shift(dx: float, dy: float) -> Floats:
    return np.array([[1, 0, dx], [0, 1, dy], [0, 0, 1]], dtype=np.float64)


def divide(canvas: Canvas, gutter: float) -> tuple[Canvas, Canvas]:
    """`canvas` cut at `gutter` (0-1 of its width) into left and right."""
    width, height = canvas.size
    cut = round(gutter * width)
    return (
        Canvas(size=(cut, height), to_scan=canvas.to_scan),
        Canvas(size=(width - cut, height), to_scan=canvas.to_scan @ _shift(cut, 0)),
    )


def resample(pixels: Pixels, canvas: Canvas) -> Pixels:
    """The part of a scan ((H, W, 3) uint8) that `canvas` shows; white where the scan ends. Whole px are copied, not blended."""
    matrix = canvas.to_scan
    rounded = np.round(matrix)
    if np.allclose(matrix, rounded, atol=1e-9):
        return _copied(pixels, canvas)
    # a px is centred half a px from its corner; OpenCV counts centres
    centred = _shift(-0.5, -0.5) @ matrix @ _shift(0.5, 0.5)
    shown: Pixels = cv2.warpAffine(
        pixels, centred[:2], canvas.size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderValue=(255, 255, 255)
    )
    return shown


def _copied(pixels: Pixels, canvas: Canvas) -> Pixels:
    """As `resample` for quarter turns and whole shifts inside the scan."""
    corners = Warp(homography=canvas.to_scan).points(np.array([(0, 0), canvas.size], dtype=np.float64)).round().astype(int)
    (x0, y0), (x1, y1) = corners.min(axis=0), corners.max(axis=0)
    across = canvas.to_scan @ (1, 0, 0)
    turned = round(np.degrees(np.arctan2(across[1], across[0]))) % 360
    return np.ascontiguousarray(turn(pixels[y0:y1, x0:x1], turned))

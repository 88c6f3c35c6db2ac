"""Canvases: planes of pages in a scan. They are cut, turned and trimmed, and then resampled once."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from digitizer.model import Floats, Pixels, Warp
from digitizer.pages.ink import Copies, drawn_in, warp_affine
from digitizer.pages.orientation import Pose, turn

#: least turn, degrees, that is worth resampling
LEVEL_DEG = 0.05
#: longest side of an image that OpenCV can warp, because it addresses px with 16 bits
_WARP_SIDE_PX = 32_000
#: rows of a page with a displacement that are resampled at once. It limits memory
_BAND_PX = 256
#: distance of the px whose place in the scan is computed. Others are interpolated
_NODE_PX = 32


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Canvas:
    """The plane of a page and its place in the scan."""

    #: (width, height), px
    size: tuple[int, int]
    #: (3, 3) float64 homography from px of the plane to px of the scan
    to_scan: Floats


def whole(width: int, height: int) -> Canvas:
    """The canvas of a whole scan of `width` x `height` px."""
    return Canvas(size=(width, height), to_scan=np.eye(3))


def upright(plane: Canvas, pose: Pose) -> Canvas:
    """The smallest upright canvas that holds all of `plane`. `pose`: how the sheet lies on `plane`."""
    width, height = plane.size
    quarter = plane.to_scan @ _quarter_turn(width, height, pose.rotation)
    size = (height, width) if pose.rotation % 180 else (width, height)
    if abs(pose.skew_deg) < LEVEL_DEG or max(size) > _WARP_SIDE_PX:
        return Canvas(size=size, to_scan=quarter)
    angle = np.radians(pose.skew_deg)
    cos, sin = np.cos(angle), np.sin(angle)
    grown = int(np.ceil(size[0] * cos + size[1] * abs(sin))), int(np.ceil(size[0] * abs(sin) + size[1] * cos))
    return Canvas(size=grown, to_scan=quarter @ _about_middle(pose.skew_deg, size, grown))


def lean(canvas: Canvas, angle_deg: float) -> Canvas:
    """`canvas` turned about its middle by `angle_deg`, clockwise positive. Its size stays."""
    if abs(angle_deg) < LEVEL_DEG:
        return canvas
    return Canvas(size=canvas.size, to_scan=canvas.to_scan @ _about_middle(angle_deg, canvas.size, canvas.size))


def divide(canvas: Canvas, gutter: float) -> tuple[Canvas, Canvas]:
    """`canvas` cut at `gutter` (0-1 of its width) into left and right."""
    width, height = canvas.size
    cut = round(gutter * width)
    return (
        Canvas(size=(cut, height), to_scan=canvas.to_scan),
        Canvas(size=(width - cut, height), to_scan=canvas.to_scan @ shift(cut, 0)),
    )


def place(canvas: Canvas, xy: Floats) -> Floats:
    """Points of the scan, (N, 2) px, as px of `canvas`."""
    return Warp(homography=canvas.to_scan).inverse().points(xy)


def trim(canvas: Canvas, corners: Floats) -> Canvas:
    """`canvas` cut to the bounding box of `corners` ((N, 2) px of the scan), in whole px. A box under 16 px cuts nothing."""
    placed = place(canvas, corners)
    x0, y0 = np.floor(placed.min(axis=0).clip(0)).astype(int)
    x1, y1 = np.ceil(placed.max(axis=0)).astype(int)
    x1, y1 = min(x1, canvas.size[0]), min(y1, canvas.size[1])
    if x1 - x0 < 16 or y1 - y0 < 16:
        return canvas
    return Canvas(size=(int(x1 - x0), int(y1 - y0)), to_scan=canvas.to_scan @ shift(x0, y0))


def scaled(canvas: Canvas, scale: float) -> Canvas:
    """The same part of the scan with `scale` times as many px in each direction."""
    size = max(1, round(canvas.size[0] * scale)), max(1, round(canvas.size[1] * scale))
    finer = np.diag((canvas.size[0] / size[0], canvas.size[1] / size[1], 1.0))
    return Canvas(size=size, to_scan=canvas.to_scan @ finer)


def pose_of(canvas: Canvas) -> tuple[float, int]:
    """(skew in degrees, further quarter turn in degrees), both clockwise, of the scan at the middle of `canvas`."""
    middle = np.array(canvas.size, np.float64) / 2
    (x0, y0), (x1, y1) = Warp(homography=canvas.to_scan).points(np.stack([middle, middle + np.array([1.0, 0.0])]))
    bearing = float(np.degrees(np.arctan2(y1 - y0, x1 - x0)))
    rotation = round(bearing / 90) * 90
    return bearing - rotation, rotation % 360


def shift(dx: float, dy: float) -> Floats:
    """The (3, 3) matrix that adds (dx, dy)."""
    return np.array([[1, 0, dx], [0, 1, dy], [0, 0, 1]], dtype=np.float64)


def _about_middle(angle_deg: float, size: tuple[int, int], grown: tuple[int, int]) -> Floats:
    """(3, 3) from a plane of `grown` (width, height) px to one of `size`, turned clockwise by `angle_deg`, with one middle."""
    angle = np.radians(angle_deg)
    cos, sin = np.cos(angle), np.sin(angle)
    turned = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])
    placed: Floats = shift(size[0] / 2, size[1] / 2) @ turned @ shift(-grown[0] / 2, -grown[1] / 2)
    return placed


def _quarter_turn(width: int, height: int, rotation: int) -> Floats:
    """(3, 3) from px of the upright plane to px of a scan of `width` x `height` px turned clockwise by `rotation` degrees."""
    rows = {
        0: ((1, 0, 0), (0, 1, 0)),
        90: ((0, -1, width), (1, 0, 0)),
        180: ((-1, 0, width), (0, -1, height)),
        270: ((0, 1, 0), (-1, 0, height)),
    }
    return np.array([*rows[rotation], (0, 0, 1)], dtype=np.float64)


def resample(scan: Copies, canvas: Canvas, grid: Floats | None = None, sheet: Floats | None = None) -> Pixels:
    """The part of a scan that `canvas` shows, (H, W, 3) uint8 RGB. It is white beyond the scan.

    `grid`: displacement as in `Warp`, px of the scan. `sheet`: corners (4, 2) px of the scan, beyond which all is white: lid,
    desk. Quarter turns and whole shifts copy px without blending. A canvas much coarser than the scan uses a smaller copy.
    """
    height, width = scan.pixels.shape[:2]
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float64)
    source, scale = scan.at_least(min(1.0, 1 / _px_of_scan(canvas)))
    nearer = Canvas(size=canvas.size, to_scan=np.diag((scale, scale, 1.0)) @ canvas.to_scan)
    if grid is not None and max(source.shape) <= _WARP_SIDE_PX:
        shown = _bent(source, nearer, scale * grid)
    elif np.allclose(nearer.to_scan, np.round(nearer.to_scan), atol=1e-9) and _inside(nearer, source):
        shown, corners = _copied(source, nearer), corners[:0]
    else:
        shown = _warped(source, nearer)
    for edges in (corners, sheet):
        if edges is not None and len(edges):
            shown = _white_beyond(shown, place(canvas, edges), copy=shown.base is not None or shown is source)
    return shown


def _px_of_scan(canvas: Canvas) -> float:
    """Length, in px of the scan, of one px of `canvas`, at its middle."""
    middle = np.array(canvas.size, np.float64) / 2
    a, b, c = Warp(homography=canvas.to_scan).points(middle + np.array([(0.0, 0.0), (1.0, 0.0), (0.0, 1.0)]))
    return float(np.sqrt(abs((b - a)[0] * (c - a)[1] - (b - a)[1] * (c - a)[0])))


def _warped(pixels: Pixels, canvas: Canvas) -> Pixels:
    # our coordinates count corners of px, OpenCV's count their centres
    way = shift(-0.5, -0.5) @ canvas.to_scan @ shift(0.5, 0.5)
    if np.allclose(canvas.to_scan[2], (0, 0, 1), atol=1e-12):
        return warp_affine(pixels, way[:2] / way[2, 2], canvas.size)
    shown: Pixels = cv2.warpPerspective(pixels, way, canvas.size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    return shown


def _white_beyond(pixels: Pixels, corners: Floats, *, copy: bool) -> Pixels:
    """`pixels` with white outside the four `corners` ((4, 2) px). Without `copy` they are changed in place."""
    height, width = pixels.shape[:2]
    page = np.array([(-1, -1), (width, -1), (width, height), (-1, height)], np.int32)
    inside = pixels.copy() if copy else pixels
    # px at the edge are blended with the outside, so the inside is drawn in by one
    cv2.fillPoly(inside, [page, np.round(drawn_in(corners, 1.0)).astype(np.int32)], (255, 255, 255))
    return inside


def _inside(canvas: Canvas, pixels: Pixels) -> bool:
    corners = Warp(homography=canvas.to_scan).points(np.array([(0, 0), canvas.size], np.float64))
    return bool(corners.min() > -0.5 and (corners.max(axis=0) < np.array(pixels.shape[1::-1]) + 0.5).all())


def _copied(pixels: Pixels, canvas: Canvas) -> Pixels:
    """`resample` for quarter turns and whole shifts inside the scan."""
    corners = Warp(homography=canvas.to_scan).points(np.array([(0, 0), canvas.size], dtype=np.float64)).round().astype(int)
    (x0, y0), (x1, y1) = corners.min(axis=0), corners.max(axis=0)
    across = canvas.to_scan @ (1, 0, 0)
    turned = round(np.degrees(np.arctan2(across[1], across[0]))) % 360
    return np.ascontiguousarray(turn(pixels[y0:y1, x0:x1], turned))


def _bent(pixels: Pixels, canvas: Canvas, grid: Floats) -> Pixels:
    """`resample` with a displacement, in bands."""
    width, height = canvas.size
    shown = np.empty((height, width, 3), np.uint8)
    warp = Warp(homography=canvas.to_scan, grid=grid, size=canvas.size)
    for top in range(0, height, _BAND_PX):
        bottom = min(height, top + _BAND_PX)
        way = _ways(warp, width, top, bottom)
        cv2.remap(pixels, way, None, cv2.INTER_LINEAR, dst=shown[top:bottom])
    return shown


def _ways(warp: Warp, width: int, top: int, bottom: int) -> npt.NDArray[np.float32]:
    """(rows, width, 2) places in the scan, as px centres, of the px of rows `top` to `bottom` of a page."""
    # places change slowly, so they are computed every _NODE_PX, with one node more on each side, and interpolated
    xs, ys = (np.arange(-_NODE_PX / 2, length + 1.5 * _NODE_PX, _NODE_PX) for length in (width, bottom - top))
    points = np.stack(np.meshgrid(xs, ys + top), axis=-1)
    nodes = (warp.points(points.reshape(-1, 2)) - 0.5).reshape(points.shape).astype(np.float32)
    way = cv2.resize(nodes, None, fx=_NODE_PX, fy=_NODE_PX, interpolation=cv2.INTER_LINEAR)
    return np.ascontiguousarray(way[_NODE_PX : _NODE_PX + bottom - top, _NODE_PX : _NODE_PX + width])

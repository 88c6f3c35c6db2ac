"""Pictures for people to look at: upright pages in the colours of the scan, and parts of them as IIIF's Image API names them."""

from __future__ import annotations

import re

import cv2
import numpy as np

from digitizer.errors import NotFound
from digitizer.model import Pixels, Scan, Warp
from digitizer.pages.canvas import Canvas, resample
from digitizer.pages.ink import Copies

_REGION = re.compile(r"(pct:)?(\d+(?:\.\d+)?),(\d+(?:\.\d+)?),(\d+(?:\.\d+)?),(\d+(?:\.\d+)?)")
_SIZE = re.compile(r"(!?)(\d{1,6})?,(\d{1,6})?")


def upright(scan: Scan, *, size: tuple[int, int], to_scan: Warp) -> Pixels:
    """The upright page of `size` = (width, height) px, (H, W, 3) uint8 RGB, in the colours of its scan.

    `to_scan` maps px of the page to px of the file, as in a result.
    """
    fewer = 1 / scan.coarser
    canvas = Canvas(size=size, to_scan=np.diag((fewer, fewer, 1.0)) @ to_scan.homography)
    grid = None if to_scan.grid is None else to_scan.grid * fewer
    return resample(Copies(scan.pixels), canvas, grid)


def cut(whole: Pixels, region: str) -> Pixels:
    """The part of a picture that IIIF's `region` names. Raises NotFound for a region outside of it."""
    height, width = whole.shape[:2]
    if region == "full":
        return whole
    if region == "square":
        side = min(width, height)
        x, y, wide, high = (width - side) // 2, (height - side) // 2, side, side
    else:
        match = _REGION.fullmatch(region)
        if match is None:
            raise NotFound("there is no such region", sentence="no_such_picture")
        numbers = [float(one) for one in match.groups()[1:]]
        if match[1]:
            numbers = [one / 100 * side for one, side in zip(numbers, (width, height, width, height), strict=True)]
        x, y, wide, high = (round(one) for one in numbers)
    part = whole[y : y + high, x : x + wide]
    if not part.size:
        raise NotFound("the region lies outside of the picture", sentence="no_such_picture")
    return part


def sized(part: Pixels, size: str) -> Pixels:
    """`part` in IIIF's `size`. It is never enlarged. Raises NotFound."""
    if size == "max":
        return part
    height, width = part.shape[:2]
    if size.startswith("pct:"):
        try:
            scale = float(size[4:]) / 100
        except ValueError:
            scale = 0.0
        wanted = round(width * scale), round(height * scale)
    else:
        match = _SIZE.fullmatch(size)
        if match is None or not (match[2] or match[3]) or (match[1] and not (match[2] and match[3])):
            raise NotFound("there is no such size", sentence="no_such_picture")
        wide, high = (int(one) if one else None for one in (match[2], match[3]))
        wanted = _filled(wide, high, width, height, within=bool(match[1]))
    if not (1 <= wanted[0] <= width and 1 <= wanted[1] <= height):
        raise NotFound("the picture has no such size", sentence="no_such_picture")
    return np.asarray(cv2.resize(part, wanted, interpolation=cv2.INTER_AREA), np.uint8)


def _filled(wide: int | None, high: int | None, width: int, height: int, *, within: bool) -> tuple[int, int]:
    """(width, height) px with the shape of `width` x `height` where only one side is given, or where both are the most."""
    if wide is None and high is not None:
        return max(1, round(width * high / height)), high
    if high is None and wide is not None:
        return wide, max(1, round(height * wide / width))
    assert wide is not None
    assert high is not None
    if not within:
        return wide, high
    scale = min(wide / width, high / height, 1.0)
    return (max(1, round(width * scale)), max(1, round(height * scale))) if scale > 0 else (0, 0)


def turned(part: Pixels, rotation: str) -> Pixels:
    """`part` turned clockwise by 0, 90, 180 or 270 degrees. Raises NotFound for others."""
    if rotation not in ("0", "90", "180", "270"):
        raise NotFound("a picture is turned by quarters", sentence="no_such_picture")
    return np.ascontiguousarray(np.rot90(part, -int(rotation) // 90))


def encoded(pixels: Pixels, kind: str, quality: int) -> bytes:
    """A file, `jpg` or `webp`, of (H, W, 3) uint8 RGB. `quality`: 0-100."""
    flag = cv2.IMWRITE_WEBP_QUALITY if kind == "webp" else cv2.IMWRITE_JPEG_QUALITY
    _, data = cv2.imencode(f".{kind}", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), [flag, quality])
    return data.tobytes()


def decoded(data: bytes) -> Pixels | None:
    """A picture that `encoded` made, (H, W, 3) uint8 RGB. None where it is damaged."""
    found = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    return None if found is None else np.asarray(cv2.cvtColor(found, cv2.COLOR_BGR2RGB), np.uint8)

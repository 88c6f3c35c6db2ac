"""Where the pixels of a scan lie on its PDF page: pure geometry.

A placement is a (3, 3) float64 affine matrix on column vectors (x, y, 1): px of the scan, origin top-left, y down, to units of
the page's user space (PDF: 1/72 inch, y up).
"""

from __future__ import annotations

import math

import numpy as np

from digitizer.model import Box, Floats, PageText, Warp

#: sides a page may have in PDF/A, units (ISO 19005-2, 6.1.13)
_SIDES = (3.0, 14_400.0)
#: of a scan whose resolution nobody knows
_DEFAULT_DPI = 200.0
#: EXIF orientation -> unit square of the stored image to unit square of the page, both y up (EXIF 2.32, tag 274)
_TURNS: dict[int, tuple[int, int, int, int, int, int]] = {
    1: (1, 0, 0, 1, 0, 0),
    2: (-1, 0, 0, 1, 1, 0),
    3: (-1, 0, 0, -1, 1, 1),
    4: (1, 0, 0, -1, 0, 1),
    5: (0, -1, -1, 0, 1, 1),
    6: (0, -1, 1, 0, 0, 1),
    7: (0, 1, 1, 0, 0, 0),
    8: (0, 1, -1, 0, 1, 0),
}


def affine(a: float, b: float, c: float, d: float, e: float, f: float) -> Floats:
    """A PDF matrix `[a b c d e f]` as (3, 3) on column vectors."""
    return np.array([(a, c, e), (b, d, f), (0.0, 0.0, 1.0)])


def operands(matrix: Floats) -> tuple[float, ...]:
    """`[a b c d e f]` of a (3, 3) affine."""
    return tuple(float(v) for v in matrix[:2].T.reshape(-1))


def turn(orientation: int) -> Floats:
    """Unit square of an image stored with this EXIF orientation to the unit square of its page."""
    return affine(*_TURNS.get(orientation, _TURNS[1]))


def scan_dpi(text: PageText) -> float:
    """Dots per inch of the scan `text` was read from, by its page's own dpi and how the page was scaled; 0 when unknown."""
    if not text.dpi or not text.width or not text.height:
        return 0.0
    return text.dpi * _scale(text.to_scan, text.width / 2, text.height / 2)


def _scale(warp: Warp, x: float, y: float) -> float:
    """Scan px for one px of the page, around (x, y)."""
    (ax, ay), (bx, by), (cx, cy) = warp.points(np.array([(x - 5, y - 5), (x + 5, y - 5), (x - 5, y + 5)]))
    return math.sqrt(abs((bx - ax) * (cy - ay) - (by - ay) * (cx - ax))) / 10


def page_size(width: int, height: int, dpi: float) -> tuple[float, float]:
    """(width, height) in units of a page for a scan of `width` x `height` px, within what PDF/A allows."""
    dpi = dpi or _DEFAULT_DPI
    dpi = min(max(dpi, max(width, height) * 72 / _SIDES[1]), min(width, height) * 72 / _SIDES[0])
    return round(width * 72 / dpi, 3), round(height * 72 / dpi, 3)


def on_page(width: int, height: int, size: tuple[float, float]) -> Floats:
    """The placement of a scan of `width` x `height` px that fills a page of `size` units."""
    return affine(size[0] / width, 0, 0, -size[1] / height, 0, size[1])


def shown(box: tuple[float, float, float, float], rotate: int) -> Floats:
    """From what a viewer shows (units, origin top-left, y down) to user space.

    `box` is the visible box (x0, y0, x1, y1) in user space, `rotate` the page's /Rotate, degrees clockwise.
    """
    x0, y0, x1, y1 = box
    return {
        0: affine(1, 0, 0, -1, x0, y1),
        90: affine(0, 1, 1, 0, x0, y0),
        180: affine(-1, 0, 0, 1, x1, y0),
        270: affine(0, -1, -1, 0, x1, y1),
    }[rotate % 360]


def of_rendered(box: tuple[float, float, float, float], rotate: int, unit: float, dpi: float) -> Floats:
    """The placement of a page drawn at `dpi`; `unit` is its UserUnit."""
    scale = 72 / dpi / unit
    placed: Floats = shown(box, rotate) @ affine(scale, 0, 0, scale, 0, 0)
    return placed


def of_image(ctm: Floats, width: int, height: int, box: tuple[float, float, float, float], rotate: int) -> tuple[Floats, float] | None:
    """The placement of a page that is one image of `width` x `height` px painted under `ctm`, and its px per unit shown.

    None when the image stands askew or mirrored, so that its pixels are not the page as shown.
    """
    stored: Floats = ctm @ affine(1 / width, 0, 0, -1 / height, 0, 1)
    seen = np.linalg.inv(shown(box, rotate)) @ stored
    (a, c), (b, d) = seen[0, :2], seen[1, :2]
    size = max(abs(a), abs(b), abs(c), abs(d))
    if a * d - b * c <= 0 or min(max(abs(b), abs(c)), max(abs(a), abs(d))) > 0.001 * size:
        return None
    turns = round(math.degrees(math.atan2(b, a)) / 90) % 4
    unturned = {
        0: affine(1, 0, 0, 1, 0, 0),
        1: affine(0, -1, 1, 0, 0, height),
        2: affine(-1, 0, 0, -1, width, height),
        3: affine(0, 1, -1, 0, width, 0),
    }[turns]
    return stored @ unturned, 1 / math.hypot(*(seen @ unturned)[:2, 0])


def corners(box: Box, warp: Warp, placement: Floats) -> Floats:
    """Where `box`, px of the upright page, lies in user space: bottom-left, bottom-right, top-left; (3, 2)."""
    on_scan = warp.points(np.array([(box.x0, box.y1), (box.x1, box.y1), (box.x0, box.y0)]))
    lies: Floats = np.column_stack([on_scan, np.ones(3)]) @ placement[:2].T
    return lies

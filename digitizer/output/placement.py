"""Pure geometry of where the pixels of a scan lie on its PDF page.

A placement is a (3, 3) float64 affine matrix on column vectors (x, y, 1). It leads from px of the scan (origin top-left,
y down) to units of the page's user space (1/72 inch, y up).
"""

from __future__ import annotations

import numpy as np

from digitizer.model import Box, Floats, Sheet, Warp

#: shortest and longest side of a page in PDF/A, units (ISO 19005-2, 6.1.13)
_SIDES = (3.0, 14_400.0)
#: resolution of a scan whose file does not state one
_DEFAULT_DPI = 200.0
#: EXIF orientation -> matrix from the unit square of the stored image to that of the page, both y up (EXIF 2.32, tag 274)
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


def exif_turn(orientation: int) -> Floats:
    """(3, 3) matrix from the unit square of an image with this EXIF orientation to that of its page."""
    return affine(*_TURNS.get(orientation, _TURNS[1]))


def page_size(width: int, height: int, dpi: float) -> tuple[float, float]:
    """(width, height), in units, of a page for a scan of `width` x `height` px, within the limits of PDF/A."""
    dpi = dpi or _DEFAULT_DPI
    dpi = min(max(dpi, max(width, height) * 72 / _SIDES[1]), min(width, height) * 72 / _SIDES[0])
    return round(width * 72 / dpi, 3), round(height * 72 / dpi, 3)


def filling(sheet: Sheet, size: tuple[float, float]) -> Floats:
    """The placement of a scan that fills a page of `size` units."""
    return affine(size[0] / sheet.width, 0, 0, -size[1] / sheet.height, 0, size[1])


def shown_to_user(visible: tuple[float, float, float, float], rotate: int, unit: float) -> Floats:
    """(3, 3) matrix from points of a page as a viewer shows it (origin top-left, y down) to its user space.

    Args:
        visible: the visible box (x0, y0, x1, y1) in user space.
        rotate: the page's /Rotate, degrees clockwise.
        unit: the page's /UserUnit (ISO 32000, 7.7.3.3).
    """
    x0, y0, x1, y1 = visible
    to_user = {
        0: affine(1, 0, 0, -1, x0, y1),
        90: affine(0, 1, 1, 0, x0, y0),
        180: affine(-1, 0, 0, 1, x1, y0),
        270: affine(0, -1, -1, 0, x1, y1),
    }[rotate % 360]
    led: Floats = to_user @ affine(1 / unit, 0, 0, 1 / unit, 0, 0)
    return led


def on_pdf_page(sheet: Sheet, shown: Floats) -> Floats:
    """The placement of a scan taken from a PDF page. `shown` is the matrix of `shown_to_user`."""
    assert sheet.area is not None
    area = sheet.area
    placed: Floats = shown @ affine(area.width / sheet.width, 0, 0, area.height / sheet.height, area.x0, area.y0)
    return placed


def corners(box: Box, warp: Warp, placement: Floats) -> Floats:
    """The corners of `box` (px of the upright page) in user space, (3, 2): bottom-left, bottom-right, top-left."""
    on_scan = warp.points(np.array([(box.x0, box.y1), (box.x1, box.y1), (box.x0, box.y0)]))
    lies: Floats = np.column_stack([on_scan, np.ones(3)]) @ placement[:2].T
    return lies

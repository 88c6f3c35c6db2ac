"""Reads the geometry of a PDF page from pikepdf. `placement.py` builds the matrices."""

from __future__ import annotations

from pikepdf import Object, Page

from digitizer.model import Floats, Sheet
from digitizer.output import placement as placing
from digitizer.output.placement import filling, on_pdf_page


def placement(page: Page, sheet: Sheet) -> Floats:
    """The (3, 3) placement of a scan on its page, as `placement.py` defines it."""
    if sheet.area is None:
        x0, y0, x1, y1 = _visible(page)
        return filling(sheet, (x1 - x0, y1 - y0))
    return on_pdf_page(sheet, shown_to_user(page))


def shown_to_user(page: Page) -> Floats:
    """(3, 3) matrix from points of the page as a viewer shows it to its user space."""
    unit = float(_inherited(page, "/UserUnit", 1))
    return placing.shown_to_user(_visible(page), int(_inherited(page, "/Rotate", 0)), unit)


def shown_size(page: Page) -> tuple[float, float]:
    """(width, height) in points of the page as a viewer shows it."""
    x0, y0, x1, y1 = _visible(page)
    unit = float(_inherited(page, "/UserUnit", 1))
    size = (x1 - x0) * unit, (y1 - y0) * unit
    return size if int(_inherited(page, "/Rotate", 0)) % 180 == 0 else size[::-1]


def _visible(page: Page) -> tuple[float, float, float, float]:
    media, crop = [float(v) for v in page.mediabox], [float(v) for v in page.cropbox]
    return max(media[0], crop[0]), max(media[1], crop[1]), min(media[2], crop[2]), min(media[3], crop[3])


def _inherited(page: Page, key: str, default: int) -> float:
    node: Object | None = page.obj
    for _ in range(50):
        if node is None:
            break
        if key in node:
            return float(node[key])
        node = node.get("/Parent")
    return default

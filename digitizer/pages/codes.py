"""Reads QR codes and barcodes on an upright page."""

from __future__ import annotations

import unicodedata

import cv2
import numpy as np
import zxingcpp

from digitizer.model import Box, Mark, Pixels
from digitizer.pages.ink import halved, pieces_of

#: kinds of codes that are read
_FORMATS = [zxingcpp.BarcodeFormat.QRCode, zxingcpp.BarcodeFormat.Code128, zxingcpp.BarcodeFormat.Code39]
#: least share of ink of a code in a square of _BLOCKS blocks
_DENSE = 0.42
#: side of the square in blocks. A block is 8 px of the small copy, about 2 mm
_BLOCKS = 3
#: blocks of paper around dense ink that are read too
_QUIET = 4
#: with more places than this a page is full of pictures and is read as a whole
_MOST_PLACES = 6


def find_codes(pixels: Pixels, ink: Pixels | None = None) -> tuple[Mark, ...]:
    """Marks of kind `qr` and `barcode` with their content, from the top down. `pixels`: (H, W, 3) uint8 RGB, upright.

    `ink`: (h, w) mask of the ink on a smaller copy. Only places with ink as dense as a code are read. None reads everything.
    """
    height, width = pixels.shape[:2]
    places = [(0, 0, width, height)] if ink is None else _dense(ink, width / ink.shape[1], height / ink.shape[0])
    if len(places) > _MOST_PLACES:
        places = [(0, 0, width, height)]
    found = [mark for x0, y0, x1, y1 in places for mark in _read(pixels[y0:y1, x0:x1], x0, y0)]
    return tuple(sorted(found, key=lambda mark: (mark.box.y0, mark.box.x0)))


def _dense(ink: Pixels, across: float, down: float) -> list[tuple[int, int, int, int]]:
    """Boxes (x0, y0, x1, y1), px of the page, of places with ink as dense as a code.

    `across`, `down`: px of the page for each px of `ink`.
    """
    if min(ink.shape) < 8 * _BLOCKS:
        return []
    blocks = halved(halved(halved(ink)))
    dense = cv2.compare(cv2.blur(blocks, (_BLOCKS, _BLOCKS)), 255 * _DENSE, cv2.CMP_GE)
    _, stats = pieces_of(cv2.dilate(dense, np.ones((2 * _QUIET + 1, 2 * _QUIET + 1), np.uint8)))
    boxes = (8 * np.column_stack([stats[1:, :2], stats[1:, :2] + stats[1:, 2:4]])).tolist()
    return [(int(x0 * across), int(y0 * down), int(x1 * across), int(y1 * down)) for x0, y0, x1, y1 in boxes]


def _read(patch: Pixels, left: int, top: int) -> list[Mark]:
    """The codes on a part of a page whose corner is at `left`, `top` px."""
    grey = cv2.cvtColor(patch, cv2.COLOR_RGB2GRAY)
    found = zxingcpp.read_barcodes(grey, formats=_FORMATS, try_rotate=False, try_invert=False, try_downscale=True)
    return [_mark(code, left, top, grey.shape[1], grey.shape[0]) for code in found if code.valid]


def _mark(code: zxingcpp.Barcode, left: int, top: int, width: int, height: int) -> Mark:
    corners = (code.position.top_left, code.position.top_right, code.position.bottom_right, code.position.bottom_left)
    xs, ys = [corner.x for corner in corners], [corner.y for corner in corners]
    x0, y0, x1, y1 = max(0, min(xs)), max(0, min(ys)), min(width, max(xs)), min(height, max(ys))
    kind = "qr" if code.format == zxingcpp.BarcodeFormat.QRCode else "barcode"
    return Mark(kind=kind, box=Box(left + x0, top + y0, left + x1, top + y1), text=unicodedata.normalize("NFC", code.text))

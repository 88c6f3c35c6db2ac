"""QR codes and barcodes on an upright page."""

from __future__ import annotations

import unicodedata

import cv2
import zxingcpp

from digitizer.model import Box, Mark, Pixels

_FORMATS = [zxingcpp.BarcodeFormat.QRCode, zxingcpp.BarcodeFormat.Code128, zxingcpp.BarcodeFormat.Code39]


def find_codes(pixels: Pixels) -> tuple[Mark, ...]:
    """Marks of kind `qr` and `barcode` with their content, from the top down. `pixels`: (H, W, 3) uint8 RGB, upright."""
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    found = zxingcpp.read_barcodes(grey, formats=_FORMATS, try_rotate=False, try_invert=False, try_downscale=True)
    marks = [_mark(code, grey.shape[1], grey.shape[0]) for code in found if code.valid]
    return tuple(sorted(marks, key=lambda mark: (mark.box.y0, mark.box.x0)))


def _mark(code: zxingcpp.Barcode, width: int, height: int) -> Mark:
    corners = (code.position.top_left, code.position.top_right, code.position.bottom_right, code.position.bottom_left)
    xs, ys = [corner.x for corner in corners], [corner.y for corner in corners]
    box = Box(max(0, min(xs)), max(0, min(ys)), min(width, max(xs)), min(height, max(ys)))
    kind = "qr" if code.format == zxingcpp.BarcodeFormat.QRCode else "barcode"
    return Mark(kind=kind, box=box, text=unicodedata.normalize("NFC", code.text))

"""QR codes and barcodes of a page."""

from __future__ import annotations

import numpy as np
import zxingcpp

from digitizer.pages.codes import find_codes
from digitizer.pages.ink import Copies, shrink
from tests.unit.pages.conftest import drawn


def test_codes_are_read_from_the_top_down() -> None:
    page = np.full((700, 700, 3), 255, np.uint8)
    for text, kind, y in (("HO SO 2", "Code128", 400), ("Đào Thị Hoà", "QRCode", 60)):
        drawing = zxingcpp.create_barcode(text, getattr(zxingcpp.BarcodeFormat, kind))
        code = np.asarray(zxingcpp.write_barcode_to_image(drawing, scale=4, add_quiet_zones=True))
        page[y : y + code.shape[0], 100 : 100 + code.shape[1]] = code[..., None]
    upper, lower = find_codes(page)
    assert (upper.kind, upper.text) == ("qr", "Đào Thị Hoà")
    assert (lower.kind, lower.text) == ("barcode", "HO SO 2")
    assert 60 <= upper.box.y0 < upper.box.y1 < 400 <= lower.box.y0


def test_codes_are_looked_for_where_ink_is_dense_and_nowhere_else() -> None:
    page = drawn(1240, 1754)
    drawing = zxingcpp.create_barcode("HO SO 2", zxingcpp.BarcodeFormat.Code128)
    code = np.asarray(zxingcpp.write_barcode_to_image(drawing, scale=3, add_quiet_zones=True))
    page[1600 : 1600 + code.shape[0], 700 : 700 + code.shape[1]] = code[..., None]
    ink = shrink(Copies(page)).ink
    assert find_codes(page, ink) == find_codes(page)
    assert find_codes(page, ink)[0].text == "HO SO 2"
    assert find_codes(page, np.zeros_like(ink)) == ()


def test_a_page_of_text_carries_no_code() -> None:
    assert find_codes(drawn()) == ()

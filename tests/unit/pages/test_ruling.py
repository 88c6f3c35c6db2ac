"""Tick boxes: found, not invented, and read."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import zxingcpp
from numpy.typing import NDArray

from digitizer.pages import straighten
from digitizer.pages.ruling import find_ruling
from digitizer.settings import PageOptions
from tests.conftest import SAMPLES
from tests.scans import load
from tests.unit.pages.conftest import drawn, scan_of, turned

DPI = 200.0
SIDE = 27  # 3.4 mm


def form(marks: str, ink: int = 30) -> NDArray[np.uint8]:
    """A page with a box for each of `marks`: `.` empty, `x` crossed, `X` past its corners, `v` checked, `#` filled, `@` solid."""
    page = drawn(1654, 2339, rows=0)
    for row, mark in enumerate(marks):
        x, y = 1200, 300 + 60 * row
        cv2.rectangle(page, (x, y), (x + SIDE, y + SIDE), (ink,) * 3, 2)
        cv2.putText(page, "Dang ky lai", (x + 45, y + 24), cv2.FONT_HERSHEY_COMPLEX, 0.9, (ink,) * 3, 2, cv2.LINE_AA)
        pen = (30, 50, 150)
        if mark == "x":
            cv2.line(page, (x + 3, y + 3), (x + SIDE - 3, y + SIDE - 3), pen, 3, cv2.LINE_AA)
            cv2.line(page, (x + 3, y + SIDE - 3), (x + SIDE - 3, y + 3), pen, 3, cv2.LINE_AA)
        if mark == "X":
            cv2.line(page, (x - 5, y - 4), (x + SIDE + 6, y + SIDE + 4), pen, 4, cv2.LINE_AA)
            cv2.line(page, (x - 6, y + SIDE + 3), (x + SIDE + 4, y - 5), pen, 4, cv2.LINE_AA)
        if mark == "v":
            cv2.polylines(page, [np.array([(x + 4, y + 14), (x + 11, y + 23), (x + 30, y - 8)])], False, pen, 3, cv2.LINE_AA)
        if mark == "#":
            cv2.rectangle(page, (x + 5, y + 5), (x + SIDE - 5, y + SIDE - 5), pen, -1)
        if mark == "@":
            cv2.rectangle(page, (x, y), (x + SIDE, y + SIDE), pen, -1)
    return page


def ticked(page: NDArray[np.uint8], dpi: float = DPI) -> str:
    return "".join("1" if tick.ticked else "0" for tick in find_ruling(page, dpi).ticks)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("marks", "wanted"),
    [("....", "0000"), (".x..", "0100"), ("v..", "100"), ("..#", "001"), ("xv#.", "1110"), (".X.", "010"), (".@", "01")],
)
def test_boxes_are_found_and_read_from_top_to_bottom(marks: str, wanted: str) -> None:
    assert ticked(form(marks)) == wanted


def test_a_clear_frame_is_sure_and_a_worn_one_less() -> None:
    page = form("..")
    page[312:315, 1196:1206] = 250
    worn, whole = find_ruling(page, DPI).ticks
    assert whole.confidence > 0.95
    assert worn.confidence < whole.confidence - 0.05


def test_the_corners_of_a_qr_code_are_no_tick_boxes() -> None:
    page = form("x")
    code = zxingcpp.write_barcode_to_image(
        zxingcpp.create_barcode("008087001234|075069977|HOANG THI DAO|15081987", zxingcpp.BarcodeFormat.QRCode), scale=5
    )
    side = len(np.asarray(code))
    page[600 : 600 + side, 300 : 300 + side] = np.asarray(code)[..., None]
    (tick,) = straighten(scan_of(page, DPI), options=PageOptions())[0].ruling.ticks
    assert tick.ticked
    assert tick.box.x0 > 1100


def test_a_box_lies_where_it_was_printed() -> None:
    (tick,) = find_ruling(form("x"), DPI).ticks
    assert (tick.box.x0, tick.box.y0) == pytest.approx((1200, 300), abs=4)
    assert (tick.box.x1, tick.box.y1) == pytest.approx((1200 + SIDE, 300 + SIDE), abs=4)
    assert tick.confidence > 0.9


def test_boxes_of_a_finer_scan_are_where_they_are_there() -> None:
    page = cv2.resize(form("x."), None, fx=1.5, fy=1.5, interpolation=cv2.INTER_CUBIC)
    ticks = find_ruling(page, 300.0).ticks
    assert [tick.ticked for tick in ticks] == [True, False]
    assert ticks[0].box.x0 == pytest.approx(1800, abs=6)


@pytest.mark.slow
@pytest.mark.parametrize("degrees", [-1.0, -0.4, 0.3, 1.0])
def test_a_little_skew_does_not_hide_a_box(degrees: float) -> None:
    assert ticked(turned(form("x.."), degrees)) == "100"


def test_a_faint_box_is_found() -> None:
    assert ticked(form("x..", ink=150)) == "100"


def test_letters_and_tables_are_no_boxes() -> None:
    page = drawn(1654, 2339)
    for row in range(6):
        cv2.putText(
            page, "O D B H E F 0 8 o a", (200, 300 + 90 * row), cv2.FONT_HERSHEY_COMPLEX, 1.4, (20, 20, 20), 3, cv2.LINE_AA
        )
    for step in range(9):
        cv2.line(page, (200 + 30 * step, 1600), (200 + 30 * step, 1840), (20, 20, 20), 2)
        cv2.line(page, (200, 1600 + 30 * step), (440, 1600 + 30 * step), (20, 20, 20), 2)
    assert ticked(page) == ""


def test_letters_that_stand_close_make_no_box() -> None:
    page = drawn(1654, 2339, rows=0)
    for font in (cv2.FONT_HERSHEY_COMPLEX, cv2.FONT_HERSHEY_TRIPLEX, cv2.FONT_HERSHEY_DUPLEX):
        for row, size in enumerate((0.9, 1.1, 1.3, 1.6)):
            y = 250 + 250 * font + 55 * row
            cv2.putText(page, "KhEN HIEN NINH DON 000 OD[]8B", (120, y), font, size, (20, 20, 20), 2, cv2.LINE_AA)
    assert ticked(page) == ""


@pytest.mark.parametrize("radius", [11, 14, 20])
def test_a_circle_before_a_label_is_no_box(radius: int) -> None:
    page = drawn(1654, 2339, rows=0)
    cv2.circle(page, (1212, 312), radius, (30, 30, 30), 2, cv2.LINE_AA)
    cv2.putText(page, "Dang ky lai", (1260, 324), cv2.FONT_HERSHEY_COMPLEX, 0.9, (30, 30, 30), 2, cv2.LINE_AA)
    assert ticked(page) == ""


def test_a_square_without_text_in_its_row_is_no_tick_box() -> None:
    page = drawn(1654, 2339, rows=0)
    cv2.rectangle(page, (800, 1200), (800 + SIDE, 1200 + SIDE), (30, 30, 30), 2)
    assert ticked(page) == ""
    cv2.putText(page, "Co", (845, 1224), cv2.FONT_HERSHEY_COMPLEX, 0.9, (30, 30, 30), 2, cv2.LINE_AA)
    assert ticked(page) == "0"


@pytest.mark.parametrize("side", [15, 72])
def test_a_square_too_small_or_too_large_is_no_tick_box(side: int) -> None:
    page = drawn(1654, 2339, rows=0)
    cv2.rectangle(page, (800, 1200), (800 + side, 1200 + side), (30, 30, 30), 2)
    cv2.putText(page, "Co", (815 + side, 1224), cv2.FONT_HERSHEY_COMPLEX, 0.9, (30, 30, 30), 2, cv2.LINE_AA)
    assert ticked(page) == ""


def test_boxes_of_one_row_come_from_left_to_right() -> None:
    page = drawn(1654, 2339, rows=0)
    for x, y in ((400, 503), (700, 500), (400, 560)):
        cv2.rectangle(page, (x, y), (x + SIDE, y + SIDE), (30, 30, 30), 2)
        cv2.putText(page, "Khong", (x + 45, y + 24), cv2.FONT_HERSHEY_COMPLEX, 0.9, (30, 30, 30), 2, cv2.LINE_AA)
    places = [(round(tick.box.x0, -1), round(tick.box.y0, -1)) for tick in find_ruling(page, DPI).ticks]
    assert places == [(400, 500), (700, 500), (400, 560)]


def test_what_shows_through_from_the_back_is_no_tick_but_leaves_doubt() -> None:
    page = form("..")
    cv2.line(page, (1206, 306), (1200 + SIDE - 6, 300 + SIDE - 6), (195, 195, 195), 4, cv2.LINE_AA)
    smudged, clean = find_ruling(page, DPI).ticks
    assert not smudged.ticked
    assert not clean.ticked
    assert smudged.confidence < 0.8 < clean.confidence


def test_a_scan_of_unknown_or_low_resolution_is_searched_as_it_is() -> None:
    small = cv2.resize(form("x."), None, fx=0.75, fy=0.75, interpolation=cv2.INTER_AREA)
    assert ticked(small, 0.0) == "10"
    assert ticked(cv2.resize(form("x."), None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA), 120.0) == "10"


def test_a_scan_too_coarse_for_boxes_has_none() -> None:
    assert ticked(cv2.resize(form("x."), None, fx=0.2, fy=0.2, interpolation=cv2.INTER_AREA), 40.0) == ""


def test_a_pattern_of_squares_is_no_form() -> None:
    page = np.full((1750, 1250, 3), 255, np.uint8)
    for y in range(20, 1700, 30):
        for x in range(20, 1200, 30):
            cv2.rectangle(page, (x, y), (x + 20, y + 20), (0, 0, 0), 2)
    assert ticked(page, 150.0) == ""


def test_a_scrap_or_an_even_page_has_no_boxes() -> None:
    for height, width, shade in ((16, 16, 255), (20, 900, 0), (300, 200, 128)):
        assert find_ruling(np.full((height, width, 3), shade, np.uint8), DPI).ticks == ()


@pytest.mark.slow
@pytest.mark.parametrize("truth", sorted(SAMPLES.rglob("*register_*.truth.json")), ids=lambda p: p.stem)
def test_the_boxes_of_the_sample_registers_are_read(truth: Path) -> None:
    known = json.loads(truth.read_text(encoding="utf-8"))
    wanted = [
        flag for document in known["documents"] for record in document["records"] for flag in record.get("ticks", {}).values()
    ]
    found = [
        tick.ticked
        for scan in load(truth.with_name(known["file"]), source="", options=PageOptions())
        for page in straighten(scan, options=PageOptions())
        for tick in page.ruling.ticks
    ]
    assert found == wanted

"""Tick boxes: found, not invented, and read."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from digitizer.pages import load, straighten
from digitizer.pages.ruling import find_ruling
from digitizer.settings import PageOptions
from tests.conftest import SAMPLES
from tests.unit.pages.conftest import drawn, turned

DPI = 200.0
SIDE = 27  # 3.4 mm


def form(marks: str, ink: int = 30) -> NDArray[np.uint8]:
    """A page with a box a letter of `marks`: `.` empty, `x` crossed, `v` checked, `#` filled."""
    page = drawn(1654, 2339, rows=0)
    for row, mark in enumerate(marks):
        x, y = 1200, 300 + 60 * row
        cv2.rectangle(page, (x, y), (x + SIDE, y + SIDE), (ink,) * 3, 2)
        cv2.putText(page, "Dang ky lai", (x + 45, y + 24), cv2.FONT_HERSHEY_COMPLEX, 0.9, (ink,) * 3, 2, cv2.LINE_AA)
        pen = (30, 50, 150)
        if mark == "x":
            cv2.line(page, (x + 3, y + 3), (x + SIDE - 3, y + SIDE - 3), pen, 3, cv2.LINE_AA)
            cv2.line(page, (x + 3, y + SIDE - 3), (x + SIDE - 3, y + 3), pen, 3, cv2.LINE_AA)
        if mark == "v":
            cv2.polylines(page, [np.array([(x + 4, y + 14), (x + 11, y + 23), (x + 30, y - 8)])], False, pen, 3, cv2.LINE_AA)
        if mark == "#":
            cv2.rectangle(page, (x + 5, y + 5), (x + SIDE - 5, y + SIDE - 5), pen, -1)
    return page


def ticked(page: NDArray[np.uint8], dpi: float = DPI) -> str:
    return "".join("1" if tick.ticked else "0" for tick in find_ruling(page, dpi).ticks)


@pytest.mark.parametrize(
    ("marks", "wanted"), [("....", "0000"), (".x..", "0100"), ("v..", "100"), ("..#", "001"), ("xv#.", "1110")]
)
def test_boxes_are_found_and_read_from_top_to_bottom(marks: str, wanted: str) -> None:
    assert ticked(form(marks)) == wanted


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


@pytest.mark.parametrize("degrees", [-0.4, 0.3])
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
    assert sum(found) == sum(wanted)
    assert len(found) >= len(wanted)

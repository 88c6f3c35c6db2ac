"""Bent rows, with a known bend."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from digitizer.pages import straighten
from digitizer.pages.flatten import find_bend
from digitizer.pages.ink import Copies, shrink
from digitizer.settings import PageOptions
from tests.unit.pages.conftest import drawn, scan_of


def wave(x: NDArray[np.float64], depth: float, length: float) -> NDArray[np.float64]:
    return depth * np.sin(2 * np.pi * x / length)


def bent(page: NDArray[np.uint8], depth: float, length: float) -> NDArray[np.uint8]:
    """What stood at (x, y) stands at (x, y + wave(x))."""
    rows, columns = np.indices(page.shape[:2], dtype=np.float32)
    return cv2.remap(
        page, columns, rows - wave(columns, depth, length).astype(np.float32), cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )


@pytest.mark.slow
@pytest.mark.parametrize(("depth", "length"), [(7.0, 868.0), (-5.0, 700.0), (9.0, 1600.0)])
def test_a_wavy_page_is_flattened_and_leads_back(depth: float, length: float) -> None:
    flat = drawn(rows=40)
    scan = scan_of(bent(flat, depth, length))
    (page,) = straighten(scan, options=PageOptions())
    assert page.to_scan.grid is not None
    x = np.linspace(120, 740, 9)
    row = np.column_stack([x, 560 + wave(x, depth, length)])
    assert np.ptp(page.to_scan.back(row)[:, 1]) < 0.45 * np.ptp(row[:, 1]), "one row of the sheet is level again"


@pytest.mark.slow
def test_a_box_mapped_there_and_back_is_where_it_was() -> None:
    (page,) = straighten(scan_of(bent(drawn(rows=40), 7.0, 868.0)), options=PageOptions())
    assert page.to_scan.grid is not None
    corners = np.random.default_rng(2).uniform((20, 20), (840, 1200), (200, 2))
    np.testing.assert_allclose(page.to_scan.back(page.to_scan.points(corners)), corners, atol=0.1)


@pytest.mark.parametrize("rows", [0, 2, 40])
def test_straight_rows_or_too_few_are_left_alone(rows: int) -> None:
    assert find_bend(shrink(Copies(drawn(rows=rows))).ink) is None


def test_noise_is_no_bend() -> None:
    noise = np.random.default_rng(5).integers(0, 2, (1200, 900), dtype=np.uint8) * 255
    assert find_bend(noise) is None

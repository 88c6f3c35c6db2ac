"""The sheet on scans that show more than paper, with known places."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from digitizer.pages import straighten
from digitizer.pages.ink import Copies
from digitizer.pages.sheet import Outline, find_sheets
from digitizer.settings import PageOptions
from tests.unit.pages.conftest import drawn, scan_of

DESK = {"lid": (20, 20, 22), "wood": (150, 105, 60), "blue cloth": (60, 80, 130)}


def find_sheet(pixels: NDArray[np.uint8]) -> Outline | None:
    """The one sheet on a scan."""
    outlines = find_sheets(Copies(np.ascontiguousarray(pixels))).outlines
    assert len(outlines) <= 1
    return outlines[0] if outlines else None


def laid(page: NDArray[np.uint8], corners: NDArray[np.float64], size: tuple[int, int], desk: str) -> NDArray[np.uint8]:
    """`page` seen with its corners at `corners` on a desk with some grain."""
    height, width = page.shape[:2]
    plane = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    matrix = cv2.getPerspectiveTransform(plane, corners.astype(np.float32))
    seen = cv2.warpPerspective(page, matrix, size, flags=cv2.INTER_AREA)
    sheet = cv2.warpPerspective(np.full((height, width), 255, np.uint8), matrix, size) > 127
    grain = np.random.default_rng(4).normal(0, 5, (size[1], size[0], 1))
    around = np.clip(np.array(DESK[desk]) + grain, 0, 255).astype(np.uint8)
    return np.where(sheet[..., None], seen, around)


@pytest.mark.slow
@pytest.mark.parametrize("desk", DESK)
@pytest.mark.parametrize("seed", [0, 2, 3])
def test_a_photographed_sheet_is_found_and_seen_from_above(desk: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    page = drawn(700, 990, rows=22)
    mark = (150, 130)
    cv2.circle(page, mark, 8, (0, 0, 0), -1)
    corners = np.array([(150, 120), (830, 120), (830, 1080), (150, 1080)]) + rng.uniform(-55, 55, (4, 2))
    photo = laid(page, corners, (1000, 1250), desk)
    outline = find_sheet(photo)
    assert outline is not None
    assert outline.perspective
    np.testing.assert_allclose(outline.corners, corners, atol=4)
    (flat,) = straighten(scan_of(photo, None), options=PageOptions())
    assert flat.pixels.shape[0] / flat.pixels.shape[1] == pytest.approx(2**0.5, rel=0.03)
    wanted = flat.to_scan.back(
        cv2.perspectiveTransform(
            np.array([[mark]], np.float32),
            cv2.getPerspectiveTransform(
                np.array([(0, 0), (700, 0), (700, 990), (0, 990)], np.float32), corners.astype(np.float32)
            ),
        )[0].astype(np.float64)
    )[0]
    x, y = np.round(wanted).astype(int)
    assert flat.pixels[y - 2 : y + 3, x - 2 : x + 3].mean() < 60


@pytest.mark.slow
@pytest.mark.parametrize("degrees", [-4.0, 0.0, 3.0])
def test_a_black_border_is_cut_away(degrees: float) -> None:
    page = drawn(700, 990, rows=22)
    angle = np.radians(degrees)
    turn = np.array([(np.cos(angle), -np.sin(angle)), (np.sin(angle), np.cos(angle))])
    corners = (np.array([(-350, -495), (350, -495), (350, 495), (-350, 495)]) @ turn.T) + (430, 560)
    (cut,) = straighten(scan_of(laid(page, corners, (860, 1120), "lid")), options=PageOptions())
    assert cut.pixels.shape[:2] == pytest.approx((990, 700), abs=9)
    assert cut.quality.skew_deg == pytest.approx(degrees, abs=0.15)
    assert cut.pixels[:4].mean() > 200
    assert not {"cut_off", "too_dark"} & {problem.code for problem in cut.quality.problems}


def test_a_finger_and_a_torn_corner_do_not_move_the_sheet() -> None:
    page = drawn(700, 990, rows=22)
    corners = np.array([(80, 60), (780, 60), (780, 1050), (80, 1050)], np.float64)
    photo = laid(page, corners, (860, 1120), "wood")
    cv2.ellipse(photo, (780, 600), (60, 35), 0, 0, 360, (205, 150, 125), -1)
    cv2.fillPoly(photo, [np.array([(70, 50), (160, 50), (70, 130)])], DESK["wood"])
    outline = find_sheet(photo)
    assert outline is not None
    assert not outline.perspective
    np.testing.assert_allclose(outline.corners, corners, atol=4)


@pytest.mark.parametrize("paper", [250, 200])
def test_paper_that_fills_the_scan_is_left_alone(paper: int) -> None:
    assert find_sheet(drawn()) is None
    assert find_sheet(np.full((900, 700, 3), paper, np.uint8)) is None


def test_a_dark_picture_on_a_page_is_not_its_surroundings() -> None:
    page = drawn()
    page[300:800, 200:700] = 30
    assert find_sheet(page) is None


def test_a_sheet_that_goes_on_beyond_the_scan_is_not_bent_into_shape() -> None:
    photo = laid(drawn(700, 990), np.array([(80, -200), (700, -260), (760, 900), (120, 860)], np.float64), (860, 1120), "wood")
    outline = find_sheet(photo)
    assert outline is None or not outline.perspective

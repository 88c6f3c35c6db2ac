"""What a scan is worth: blank, blurred, dark, cut off, and its resolution."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from digitizer.model import Problem
from digitizer.pages.ink import Copies, find_ink, shrink
from digitizer.pages.quality import (
    darkness,
    edge_px,
    grade,
    is_blank,
    is_blurred,
    light_problems,
    measured_dpi,
    sharpness,
    touching,
)
from tests.unit.pages.conftest import drawn


def lines(height: int = 600, width: int = 800, step: int = 30, left: int = 50, right: int = 750) -> np.ndarray:
    """Level strokes 4 px high, as a mask."""
    mask = np.zeros((height, width), np.uint8)
    for y in range(50, height - 50, step):
        mask[y : y + 4, left:right] = 255
    return mask


@pytest.mark.parametrize(
    ("share", "pieces", "blank"), [(0.0, 0, True), (0.0005, 11, True), (0.0005, 12, False), (0.01, 0, False)]
)
def test_a_page_is_blank_when_it_has_neither_ink_nor_letters(share: float, pieces: int, blank: bool) -> None:
    assert is_blank(share, pieces) is blank


def test_a_blurred_page_is_less_sharp() -> None:
    grey = cv2.cvtColor(drawn(400, 560), cv2.COLOR_RGB2GRAY)
    ink = find_ink(grey)
    clear, blurred = sharpness(grey, ink), sharpness(cv2.GaussianBlur(grey, (0, 0), 2), ink)
    assert clear is not None
    assert blurred is not None
    assert clear > 4 * blurred


def test_a_page_without_ink_has_no_sharpness() -> None:
    assert sharpness(np.full((50, 50), 255, np.uint8), np.zeros((50, 50), np.uint8)) is None


def test_an_opened_book_is_taken_for_a3_and_a_sheet_for_a4() -> None:
    assert measured_dpi(None, 3307, 2339, spread=True)[0] == 200
    assert measured_dpi(None, 3307, 2339, spread=False)[0] == 300


def test_a_sheet_of_no_known_size_gets_the_resolution_it_would_have_as_a4() -> None:
    dpi, problems = measured_dpi(None, 6000, 2000, spread=False)
    assert dpi == pytest.approx(6000 / 11.69, abs=0.1)
    assert problems[0].facts == {"dpi": 513}


@pytest.mark.parametrize(
    ("stated", "size", "dpi", "codes"),
    [
        (300.0, (2480, 3508), 300.0, []),  # A4
        (300.0, (1748, 2480), 300.0, []),  # A5
        (300.0, (1654, 2339), 200.0, ["dpi_estimated"]),  # no size of the series: A4 at 200
        (300.0, (2000, 2300), 300.0, []),  # another shape says nothing
    ],
)
def test_a_sheet_whose_edges_are_seen_contradicts_a_wrong_resolution(
    stated: float, size: tuple[int, int], dpi: float, codes: list[str]
) -> None:
    found, problems = measured_dpi(stated, *size, spread=False, whole=True)
    assert found == pytest.approx(dpi)
    assert [problem.code for problem in problems] == codes


@pytest.mark.parametrize("side", ["left", "right", "top", "bottom"])
def test_text_at_the_edge_of_a_scan_is_cut_off(side: str) -> None:
    turns = {"left": 0, "top": 3, "right": 2, "bottom": 1}
    letters = np.zeros((400, 400), np.uint8)
    for y in range(20, 380, 24):
        letters[y : y + 8, :60] = 255
    assert touching(np.rot90(letters, turns[side]), side)
    assert not touching(np.rot90(letters, turns[side] + 2), side)


def test_edges_of_strokes_tell_blurred_from_coarse() -> None:
    page = drawn(1240, 1754, rows=30)
    ink = shrink(Copies(page)).ink
    sharp, soft = edge_px(page, ink), edge_px(cv2.GaussianBlur(page, (0, 0), 3.5), ink)
    assert not is_blurred(sharp, 150.0)
    assert is_blurred(soft, 150.0)
    assert edge_px(np.full((400, 300, 3), 255, np.uint8), np.zeros((400, 300), np.uint8)) is None


def test_a_dark_scan_and_pale_ink_are_told() -> None:
    ink = lines(300, 300)
    dark = np.where(ink > 0, 20, 80).astype(np.uint8)
    assert [p.code for p in light_problems(dark, ink, 0.6)] == ["too_dark"]
    assert [p.code for p in light_problems(np.where(ink > 0, 200, 245).astype(np.uint8), ink, 0.18)] == ["pale"]
    assert darkness(np.where(ink > 0, 51, 255).astype(np.uint8), ink) == pytest.approx(0.8)


@pytest.mark.parametrize(
    ("codes", "wanted"), [([], "good"), (["dpi_estimated"], "good"), (["pale"], "fair"), (["low_dpi", "blurred"], "poor")]
)
def test_a_grade_is_that_of_the_worst_reason(codes: list[str], wanted: str) -> None:
    assert grade(Problem(code=code) for code in codes) == wanted

"""The angle of rows, on masks worked out by hand."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from digitizer.pages.orientation import turn
from digitizer.pages.skew import find_rows


def lines(height: int = 600, width: int = 800, step: int = 30, left: int = 50, right: int = 750) -> np.ndarray:
    """Level strokes 4 px high, as a mask."""
    mask = np.zeros((height, width), np.uint8)
    for y in range(50, height - 50, step):
        mask[y : y + 4, left:right] = 255
    return mask


def test_an_empty_mask_has_no_rows() -> None:
    rows = find_rows(np.zeros((300, 200), np.uint8))
    assert (rows.angle_deg, rows.contrast, rows.score) == (0.0, 1.0, 0.0)


@pytest.mark.parametrize("drop", [-100, -35, 0, 7, 60])
def test_the_angle_of_rows_is_that_of_their_drop(drop: int) -> None:
    mask = np.zeros((700, 800), np.uint8)
    for y in range(150, 550, 40):
        cv2.line(mask, (0, y - drop // 2), (799, y - drop // 2 + drop), 255, 2)
    assert find_rows(mask).angle_deg == pytest.approx(np.degrees(np.arctan(drop / 799)), abs=0.1)


def test_rows_beyond_the_limit_are_not_claimed() -> None:
    mask = np.zeros((700, 800), np.uint8)
    for y in range(100, 400, 40):
        cv2.line(mask, (0, y), (799, y + 220), 255, 2)
    assert find_rows(mask, limit_deg=20).angle_deg == pytest.approx(15.4, abs=0.1)
    assert abs(find_rows(mask, limit_deg=5).angle_deg) < 5.2


def test_level_rows_score_higher_than_the_same_rows_upright() -> None:
    assert find_rows(lines()).score > 10 * find_rows(turn(lines(), 90)).score

"""Which way up a page stands, on masks worked out by hand."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from digitizer.pages.orientation import find_lean, turn


def lines(height: int = 600, width: int = 800, step: int = 30, left: int = 50, right: int = 750) -> np.ndarray:
    """Level strokes 4 px high, as a mask."""
    mask = np.zeros((height, width), np.uint8)
    for y in range(50, height - 50, step):
        mask[y : y + 4, left:right] = 255
    return mask


def test_a_turn_is_counter_clockwise() -> None:
    image = np.array([[1, 2], [3, 4]], np.uint8)
    assert turn(image, 90).tolist() == [[2, 4], [1, 3]]
    assert turn(image, 180).tolist() == [[4, 3], [2, 1]]
    assert turn(image, 270).tolist() == [[3, 1], [4, 2]]
    assert turn(image, 0) is image


def test_rows_with_a_sharp_base_line_stand_upright() -> None:
    mask = np.zeros((400, 400), np.uint8)
    for base in range(60, 400, 40):
        for x in range(20, 380, 10):
            # every third letter is taller: the upper edge is gradual, the base line is not
            mask[base - (16 if x % 30 else 9) : base, x : x + 6] = 255
    assert find_lean(mask) > 0.06
    assert find_lean(cv2.rotate(mask, cv2.ROTATE_180)) < -0.06


def test_rules_and_empty_pages_do_not_lean() -> None:
    assert find_lean(lines()) == pytest.approx(0, abs=0.01)
    assert find_lean(np.zeros((50, 50), np.uint8)) == 0.0

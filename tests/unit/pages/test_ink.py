"""Ink, letters and what lies outside the sheet, on masks worked out by hand."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from digitizer.pages.ink import SIDE_PX, Copies, boxes_of, find_ink, find_letters, find_outside, normalise, shrink
from tests.unit.pages.conftest import drawn


def test_the_small_copy_is_never_enlarged() -> None:
    assert shrink(Copies(drawn(300, 400))).scale == 1
    small = shrink(Copies(drawn(1500, 2800)))
    assert small.scale == SIDE_PX / 2800
    assert small.ink.shape == small.raw.shape == (1400, 750)


def test_a_shadow_on_paper_is_not_ink() -> None:
    grey = np.tile(np.linspace(250, 90, 600).astype(np.uint8), (400, 1))
    grey[200:204, 100:500] //= 3
    ink = find_ink(normalise(grey))
    assert ink[200:204, 110:490].all()
    ink[190:214] = 0
    assert not ink.any()


@pytest.mark.parametrize("shade", [255, 250, 180, 90])
def test_a_sheet_without_a_border_has_nothing_outside(shade: int) -> None:
    grey = np.full((400, 300), shade, np.uint8)
    grey[100:104, 50:250] = 0
    assert not find_outside(grey).any()


def test_a_dark_picture_inside_the_sheet_is_not_outside_of_it() -> None:
    grey = np.full((400, 300), 250, np.uint8)
    grey[100:200, 100:200] = 20
    grey[:30] = 5
    outside = find_outside(grey)
    assert outside[:30].all()
    assert not outside[60:].any()


def test_letters_are_told_from_rules_frames_and_dust() -> None:
    mask = np.zeros((600, 600), np.uint8)
    mask[100:110, 100:107] = 255  # a letter
    mask[100:110, 120:127] = 255  # another
    mask[200:202, 50:550] = 255  # a rule
    cv2.rectangle(mask, (300, 300), (500, 500), 255, 2)  # a frame
    mask[50, 50] = 255  # dust
    letters, pieces = find_letters(mask)
    assert pieces == 2
    assert np.count_nonzero(letters) == 2 * 70
    assert letters[100:110, 100:107].all()


@pytest.mark.parametrize("seed", range(12))
def test_strokes_that_touch_are_one_box_as_opencv_has_it(seed: int) -> None:
    rng = np.random.default_rng(seed)
    mask = np.where(rng.random(rng.integers(5, 60, 2)) < rng.uniform(0.05, 0.6), 255, 0).astype(np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    wanted = np.column_stack([stats[1:, :2], stats[1:, :2] + stats[1:, 2:4]]).tolist()
    assert sorted(boxes_of(mask).tolist()) == sorted(wanted)

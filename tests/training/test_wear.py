"""Lines that are read several times look a little different every time, and stay where they were."""

from __future__ import annotations

import cv2
import numpy as np

from training.wear import worn


def strip() -> np.ndarray:
    """Upright strokes of a pen two px wide, 40 px apart, on paper."""
    pixels = np.full((48, 400, 3), 235, np.uint8)
    for x in range(20, 400, 40):
        cv2.line(pixels, (x, 10), (x, 38), (30, 25, 60), 2)
    return pixels


def strokes(pixels: np.ndarray) -> np.ndarray:
    """Where the darkest column near each stroke is."""
    profile = pixels[14:34].mean(axis=(0, 2))
    return np.array([x - 12 + int(profile[x - 12 : x + 13].argmin()) for x in range(20, 400, 40)])


def test_wear_changes_most_lines_and_moves_no_letter_sideways() -> None:
    rng, before = np.random.default_rng(1), strip()
    after = [worn(before, rng) for _ in range(60)]
    assert all(pixels.shape == before.shape and pixels.dtype == np.uint8 for pixels in after)
    assert np.mean([not np.array_equal(pixels, before) for pixels in after]) > 0.6
    assert max(np.abs(strokes(pixels) - strokes(before)).max() for pixels in after) <= 2


def test_wear_leaves_the_line_it_was_given_alone() -> None:
    before = strip()
    for seed in range(20):
        worn(before, np.random.default_rng(seed))
    assert np.array_equal(before, strip())


def test_what_is_worn_can_still_be_seen() -> None:
    rng = np.random.default_rng(2)
    contrasts = [np.ptp(worn(strip(), rng)[14:34].mean(axis=(0, 2))) for _ in range(60)]
    assert min(contrasts) > 25

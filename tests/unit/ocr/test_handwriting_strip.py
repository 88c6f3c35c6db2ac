"""A strip made for handwriting: one core height, upright, pale rules, whole columns."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from digitizer.model import Pixels
from digitizer.ocr.handwriting_strip import BASE, CORE, HEIGHT, MAX_WIDTH, STRIDE, handwriting_strip

PAPER = 240


def zigzag(core: int, *, high: int = 120, base: int = 80, slant: float = 0.0, tall: bool = True) -> Pixels:
    """Strokes across a core zone of `core` px that ends at `base`, now and then one twice as long upwards."""
    page = np.full((high, 900, 3), PAPER, np.uint8)
    for i, x in enumerate(range(40, 860, 12)):
        top = base - core * (2 if tall and i % 9 == 0 else 1)
        cv2.line(page, (x, base), (int(x + slant * (base - top)), max(2, top)), (60, 40, 30), 2, cv2.LINE_AA)
    return page


def inked_rows(strip: Pixels) -> np.ndarray:
    dark = strip.min(axis=2) < 140
    return np.flatnonzero(dark.sum(axis=1) > 0.5 * dark.sum(axis=1).max())


@pytest.mark.parametrize("core", [24, 32, 44])
def test_hands_of_every_size_come_out_the_same_size_on_the_same_line(core: int) -> None:
    rows = inked_rows(handwriting_strip(zigzag(core)))
    assert abs(rows[0] - (BASE - CORE)) <= 4
    assert abs(rows[-1] - BASE) <= 4


def test_tall_letters_do_not_shrink_the_others() -> None:
    with_tall, without = (inked_rows(handwriting_strip(zigzag(30, tall=tall))) for tall in (True, False))
    assert abs(np.ptp(with_tall) - np.ptp(without)) <= 2


def test_slanted_strokes_stand_upright() -> None:
    strip = handwriting_strip(zigzag(40, slant=0.6, tall=False)).min(axis=2) < 140
    middles = [np.flatnonzero(np.diff(row.astype(int)) == 1) for row in (strip[int(BASE - 4)], strip[int(BASE - CORE + 4)])]
    nearest = [float(np.abs(middles[1] - x).min()) for x in middles[0][5:-5]]
    assert np.median(nearest) <= 1


def test_a_rule_becomes_pale_and_writing_stays_dark() -> None:
    page = zigzag(30)
    cv2.line(page, (0, 96), (899, 96), (30, 30, 30), 2)
    ruled, clean = handwriting_strip(page), handwriting_strip(zigzag(30))
    darkest = ruled[int(BASE) + 5 :].min(axis=(1, 2))
    assert darkest.min() > 120
    assert abs(int(ruled[: int(BASE)].min()) - int(clean[: int(BASE)].min())) < 30


@pytest.mark.parametrize("size", [(1, 1), (5, 4_000), (300, 3), (48, 8), (120, 6_000)])
def test_any_crop_gives_whole_columns(size: tuple[int, int]) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (*size, 3), dtype=np.uint8)
    for crop in (noise, np.full_like(noise, 255), np.zeros_like(noise)):
        strip = handwriting_strip(crop)
        assert strip.shape[0] == HEIGHT
        assert strip.shape[1] % STRIDE == 0
        assert STRIDE <= strip.shape[1] <= MAX_WIDTH

"""Handwriting bent anew keeps its text, fits the reader, and is never twice the same."""

from __future__ import annotations

import cv2
import numpy as np

from digitizer.ocr.handwriting_strip import HEIGHT, STRIDE
from training.bent import LARGE, bent


def strip() -> np.ndarray:
    pixels = np.full((LARGE, 700, 3), 235, np.uint8)
    for x in range(40, 660, 24):
        cv2.line(pixels, (x, 38), (x, 68), (30, 25, 60), 4)
    return pixels


def test_a_bent_strip_has_whole_columns_and_its_strokes() -> None:
    rng = np.random.default_rng(2)
    for _ in range(25):
        found = bent(strip(), rng, strip)
        assert found.dtype == np.uint8
        assert found.shape[0] == HEIGHT
        assert found.shape[1] % STRIDE == 0
        assert 0.6 * 350 < found.shape[1] < 1.6 * 350
        assert float(np.median(found)) - float(found.min()) > 25


def test_every_bending_is_another_and_a_seed_gives_it_again() -> None:
    rng = np.random.default_rng(3)
    first, second = bent(strip(), rng, strip), bent(strip(), rng, strip)
    assert first.shape != second.shape or not np.array_equal(first, second)
    assert np.array_equal(first, bent(strip(), np.random.default_rng(3), strip))


def test_print_is_bent_gently() -> None:
    rng = np.random.default_rng(4)
    widths = [bent(strip(), rng, None).shape[1] for _ in range(40)]
    assert max(widths) - min(widths) < 0.25 * 350

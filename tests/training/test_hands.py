from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from training.drawing.fonts import Fonts
from training.drawing.ink import Pen, bare, hand


def written(fonts: Fonts, text: str, *, drift: float, seed: int = 3) -> np.ndarray:
    rng = np.random.default_rng(seed)
    who = replace(hand(fonts, rng), drift=drift, tremor=0.0, pressure=0.0, wander=0.0)
    return Pen(fonts, who, 200, np.random.default_rng(seed)).write(text)[0].mask


@pytest.mark.parametrize(("text", "expected"), [("Nguyễn", "Nguyen"), ("Ượng", "Ương"), ("Đặng", "Đang"), ("1987", "1987")])
def test_a_letter_without_its_marks_keeps_what_is_part_of_its_own_stroke(text: str, expected: str) -> None:
    assert bare(text) == expected


def test_marks_drift_and_none_of_their_ink_is_lost(fonts: Fonts) -> None:
    still, moved = written(fonts, "Áéñ", drift=0.0), written(fonts, "Áéñ", drift=0.12)
    assert still.shape != moved.shape or not np.array_equal(still, moved)
    assert 0.8 < (moved > 100).sum() / (still > 100).sum() < 1.3


def test_letters_without_marks_stay_where_they_are(fonts: Fonts) -> None:
    assert np.array_equal(written(fonts, "Nam", drift=0.0), written(fonts, "Nam", drift=0.12))

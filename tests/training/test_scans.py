from __future__ import annotations

import math

import numpy as np
import pytest

from training.drawing import scans
from training.drawing.paper import Sheet, spread

SPOTS = ((100, 85), (310, 95), (80, 470), (330, 500), (210, 290))


def dotted() -> Sheet:
    """A sheet with black squares whose middles are known."""
    sheet = Sheet((105, 148), 100)
    for x, y in SPOTS:
        sheet.pixels[y - 5 : y + 6, x - 5 : x + 6] = 0
    return sheet


def middle_of_dark(pixels: np.ndarray, near: np.ndarray) -> np.ndarray:
    x, y = np.round(near).astype(int)
    part = 255.0 - pixels[y - 14 : y + 15, x - 14 : x + 15].mean(axis=2)
    part = np.where(part > 110, part, 0)
    rows, columns = np.mgrid[-14:15, -14:15]
    return np.array([x + (part * columns).sum() / part.sum(), y + (part * rows).sum() / part.sum()])


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("effects", [(), ("wavy sheet",)])
def test_points_of_the_sheet_are_found_in_the_scan(rotation: int, effects: tuple[str, ...]) -> None:
    rng = np.random.default_rng(11)
    scanned = scans.scan(dotted(), rng, "office", rotation=rotation, effects=effects)
    for predicted in scanned.turn.points(np.array(SPOTS, float)):
        assert np.abs(middle_of_dark(scanned.pixels, predicted) - predicted).max() < 0.8


def test_points_are_found_on_a_bent_spread() -> None:
    both = spread(dotted(), dotted())
    scanned = scans.scan(both, np.random.default_rng(4), "office", effects=(), gutter=True)
    spots = np.array([*SPOTS, *((x + both.width // 2, y) for x, y in SPOTS)], float)
    for predicted in scanned.turn.points(spots):
        assert np.abs(middle_of_dark(scanned.pixels, predicted) - predicted).max() < 0.8


@pytest.mark.parametrize("level", scans.LEVELS)
@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_the_inverse_brings_lines_upright(level: str, rotation: int) -> None:
    sheet = dotted()
    turn = scans.scan(sheet, np.random.default_rng(6), level, rotation=rotation).turn
    line = np.array([(60.0, 300.0), (200.0, 300.0), (370.0, 300.0)])
    assert np.abs(turn.inverse(turn.points(line)) - line).max() < 0.05


@pytest.mark.parametrize("skew", [-4.0, 2.5])
@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_skew_and_rotation_are_clockwise_turns_of_the_scan(skew: float, rotation: int) -> None:
    scanned = scans.scan(dotted(), np.random.default_rng(1), "office", rotation=rotation, skew_deg=skew, effects=())
    left, right = scanned.turn.points(np.array([(60.0, 300.0), (360.0, 300.0)]))
    angle = math.degrees(math.atan2(right[1] - left[1], right[0] - left[0])) % 360
    assert angle == pytest.approx((skew + rotation) % 360, abs=1e-6)
    assert (scanned.skew_deg, scanned.rotation) == (skew, rotation)
    wide, high = scanned.pixels.shape[1::-1]
    assert (wide > high) == (rotation in (90, 270))


@pytest.mark.parametrize("effect", scans.CHANCES)
def test_each_effect_leaves_its_mark(effect: str) -> None:
    plain = scans.scan(dotted(), np.random.default_rng(3), "office", skew_deg=0, effects=())
    marked = scans.scan(dotted(), np.random.default_rng(3), "office", skew_deg=0, effects=(effect,))
    assert marked.effects == (effect,)
    assert plain.pixels.shape != marked.pixels.shape or np.abs(plain.pixels.astype(int) - marked.pixels).max() > 12


def test_clean_scans_have_no_effects_and_small_skew() -> None:
    shots = [scans.scan(dotted(), np.random.default_rng(seed), "clean") for seed in range(3)]
    assert all(shot.effects == () and abs(shot.skew_deg) <= 0.35 for shot in shots)

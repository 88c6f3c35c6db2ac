"""Planes: random known transforms recovered, and every point led there and back."""

from __future__ import annotations

import numpy as np
import pytest

from digitizer.model import Warp
from digitizer.pages.canvas import LEVEL_DEG, Canvas, divide, lean, place, pose_of, resample, scaled, trim, upright, whole
from digitizer.pages.ink import Copies
from digitizer.pages.orientation import Pose


@pytest.mark.parametrize("seed", range(20))
def test_a_random_pose_is_recovered_and_points_lead_there_and_back(seed: int) -> None:
    rng = np.random.default_rng(seed)
    width, height = (int(side) for side in rng.integers(400, 5000, 2))
    pose = Pose(skew_deg=float(rng.uniform(-15, 15)), rotation=int(rng.choice([0, 90, 180, 270])))
    canvas = upright(whole(width, height), pose)
    skew, rotation = pose_of(canvas)
    assert (skew, rotation) == (pytest.approx(pose.skew_deg, abs=LEVEL_DEG), pose.rotation)
    points = rng.uniform((0, 0), (width, height), (50, 2))
    there = place(canvas, points)
    assert (there > -1).all()
    assert (there < np.array(canvas.size) + 1).all()
    np.testing.assert_allclose(Warp(homography=canvas.to_scan).points(there), points, atol=1e-6)


@pytest.mark.parametrize("seed", range(20))
def test_a_box_under_a_random_warp_is_back_within_a_px(seed: int) -> None:
    rng = np.random.default_rng(seed)
    angle, tilt = np.radians(rng.uniform(-15, 15)), rng.uniform(-4e-5, 4e-5, 2)
    homography = np.array([(np.cos(angle), -np.sin(angle), 80), (np.sin(angle), np.cos(angle), 40), (*tilt, 1)])
    grid = np.cumsum(rng.normal(0, 3, (6, 14, 2)), axis=1)
    warp = Warp(homography=homography, grid=grid, size=(1700, 2400))
    corners = rng.uniform((0, 0), (1700, 2400), (200, 2))
    np.testing.assert_allclose(warp.back(warp.points(corners)), corners, atol=0.5)


def test_halves_trims_and_copies_show_the_same_place() -> None:
    canvas = upright(whole(1600, 1000), Pose(skew_deg=2.0))
    _, right = divide(canvas, 0.5)
    corner = Warp(homography=right.to_scan).points(np.array([[0.0, 10.0]]))
    np.testing.assert_allclose(place(canvas, corner), [[round(0.5 * canvas.size[0]), 10.0]], atol=1e-6)
    sheet = np.array([(200, 100), (1300, 100), (1300, 900), (200, 900)], float)
    cut = trim(whole(1600, 1000), sheet)
    assert cut.size == (1100, 800)
    np.testing.assert_allclose(place(cut, sheet[:1]), [[0, 0]])
    np.testing.assert_allclose(place(scaled(cut, 0.5), sheet[2:3]), [[550, 400]])
    middle = np.array([[550.0, 400.0]])
    turned = Warp(homography=lean(cut, 3.0).to_scan)
    np.testing.assert_allclose(turned.points(middle), Warp(homography=cut.to_scan).points(middle), atol=1e-9)


def test_a_displaced_page_shows_what_its_warp_says() -> None:
    rows, columns = np.indices((300, 400))
    scan = np.stack([columns % 256, rows % 256, 40 * (columns // 256) + 3 * (rows // 256)], axis=-1).astype(np.uint8)
    grid = np.zeros((3, 5, 2))
    grid[..., 1] = np.array([0, 4, 6, 3, -2])
    canvas = Canvas(size=(400, 300), to_scan=np.eye(3))
    shown = resample(Copies(scan), canvas, grid)
    points = np.array([(60.5, 120.5), (150.5, 40.5), (201.5, 200.5), (240.5, 100.5)])
    at = Warp(homography=np.eye(3), grid=grid, size=canvas.size).points(points)
    for (x, y), (_, scan_y) in zip(points, at, strict=True):
        assert shown[int(y), int(x), 0] == pytest.approx(int(x), abs=1)
        assert shown[int(y), int(x), 1] == pytest.approx(scan_y - 0.5, abs=1)

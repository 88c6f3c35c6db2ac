"""Boxes and warps: what a box refuses, and where a warp leads points."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitizer.model import (
    Box,
    Warp,
)


def test_a_box_refuses_to_be_inside_out() -> None:
    with pytest.raises(ValueError, match="inside out"):
        Box(5, 0, 4, 1)
    assert (Box(1, 2, 4, 8).width, Box(1, 2, 4, 8).height, Box(1, 2, 4, 8).centre) == (3, 6, (2.5, 5))


angles = st.floats(-3, 3)


@given(angles, st.floats(-50, 50))
def test_a_turn_and_a_shift_go_back(angle: float, shift: float) -> None:
    cos, sin = np.cos(angle), np.sin(angle)
    turn = Warp(homography=np.array([[cos, -sin, shift], [sin, cos, 2 * shift], [0, 0, 1]]))
    points = np.array([[0.0, 0.0], [10.0, 5.0], [-3.0, 7.5]])
    np.testing.assert_allclose(turn.inverse().points(turn.points(points)), points, atol=1e-6)


def test_a_grid_shifts_what_it_lies_over() -> None:
    grid = np.zeros((2, 2, 2))
    grid[:, 1] = (10, 0)
    warp = Warp(homography=np.eye(3), grid=grid, size=(100, 100))
    np.testing.assert_allclose(warp.points(np.array([[0.0, 50.0], [50.0, 50.0], [100.0, 0.0]])), [(0, 50), (55, 50), (110, 0)])
    with pytest.raises(ValueError, match="no closed inverse"):
        warp.inverse()
    with pytest.raises(ValueError, match="size"):
        Warp(homography=np.eye(3), grid=grid)
    with pytest.raises(ValueError, match=r"\(3, 3\)"):
        Warp(homography=np.eye(2))


BENT = Warp(
    homography=np.array([[1.0, 0.1, 5], [0, 1, -3], [0, 0, 1]]),
    grid=np.arange(24, dtype=float).reshape(3, 4, 2),
    size=(400, 300),
)

POINTS = np.array([[0.0, 0.0], [133.0, 20.0], [399.0, 299.0], [-50.0, 900.0]])


def test_beyond_its_grid_a_bent_map_keeps_the_displacement_of_the_edge() -> None:
    edge, beyond = BENT.points(np.array([[400.0, 0.0], [4000.0, 0.0]]))
    assert beyond[0] - edge[0] == pytest.approx(3600)


def test_perspective_goes_there_and_back() -> None:
    warp = Warp(homography=np.array([[1.1, 0.05, 10], [-0.02, 0.95, 20], [1e-4, 2e-5, 1]]))
    np.testing.assert_allclose(warp.inverse().points(warp.points(POINTS)), POINTS, atol=1e-8)

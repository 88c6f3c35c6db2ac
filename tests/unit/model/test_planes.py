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


@given(angles, st.floats(-50, 50), angles)
def test_warps_compose_and_go_back(angle: float, shift: float, other: float) -> None:
    def turn(a: float, d: float) -> Warp:
        return Warp(homography=np.array([[np.cos(a), -np.sin(a), d], [np.sin(a), np.cos(a), 2 * d], [0, 0, 1]]))

    first, then = turn(angle, shift), turn(other, -shift)
    points = np.array([[0.0, 0.0], [10.0, 5.0], [-3.0, 7.5]])
    np.testing.assert_allclose(then.compose(first).points(points), then.points(first.points(points)), atol=1e-6)
    np.testing.assert_allclose(first.inverse().points(first.points(points)), points, atol=1e-6)


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


def test_an_affine_map_may_follow_a_bent_one() -> None:
    after = Warp(homography=np.array([[0.0, -2, 7], [2, 0, 1], [0, 0, 1]]))
    np.testing.assert_allclose(after.compose(BENT).points(POINTS), after.points(BENT.points(POINTS)))


def test_what_has_no_closed_form_is_refused() -> None:
    perspective = Warp(homography=np.array([[1.0, 0, 0], [0, 1, 0], [0.001, 0, 1]]))
    with pytest.raises(ValueError, match="affine"):
        perspective.compose(BENT)
    with pytest.raises(ValueError, match="first"):
        BENT.compose(Warp.identity())


def test_beyond_its_grid_a_bent_map_keeps_the_displacement_of_the_edge() -> None:
    edge, beyond = BENT.points(np.array([[400.0, 0.0], [4000.0, 0.0]]))
    assert beyond[0] - edge[0] == pytest.approx(3600)


def test_perspective_goes_there_and_back() -> None:
    warp = Warp(homography=np.array([[1.1, 0.05, 10], [-0.02, 0.95, 20], [1e-4, 2e-5, 1]]))
    np.testing.assert_allclose(warp.inverse().points(warp.points(POINTS)), POINTS, atol=1e-8)
    np.testing.assert_allclose(warp.inverse().compose(warp).points(POINTS), POINTS, atol=1e-8)

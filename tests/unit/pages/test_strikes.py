"""Strokes that cancel a record."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from digitizer.pages import straighten
from digitizer.pages.ink import Copies, shrink
from digitizer.pages.strikes import find_strikes
from digitizer.settings import PageOptions
from tests.unit.pages.conftest import drawn, scan_of, turned


@pytest.mark.slow
@pytest.mark.parametrize("degrees", [0.0, 3.0])
@pytest.mark.parametrize("rising", [True, False])
def test_a_record_struck_through_is_cancelled_and_kept(degrees: float, rising: bool) -> None:
    page = drawn()
    for shift in (0, 60):
        ends = ((120 + shift, 900), (560 + shift, 250)) if rising else ((120 + shift, 250), (560 + shift, 900))
        cv2.line(page, *ends, (60, 40, 120), 3, cv2.LINE_AA)
    (found,) = straighten(scan_of(turned(page, degrees)), options=PageOptions())
    assert "cancelled" in {problem.code for problem in found.quality.problems}
    assert not found.quality.blank
    strikes = [mark.box for mark in found.marks if mark.kind == "strike"]
    assert len(strikes) == 2
    assert strikes[0].height == pytest.approx(650, abs=60)


def test_tables_signatures_and_folds_cancel_nothing() -> None:
    page = drawn()
    for y in range(100, 1100, 90):
        cv2.line(page, (60, y), (800, y), (30, 30, 30), 2)
    cv2.polylines(page, [np.array([(500, 1000), (560, 900), (600, 1000), (660, 880), (720, 990)])], False, (30, 40, 120), 4)
    cv2.line(page, (0, 610), (868, 622), (190, 190, 190), 3)
    assert find_strikes(shrink(Copies(page)).ink) == ()

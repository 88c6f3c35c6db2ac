"""Cells and dotted lines of forms; strokes through cancelled records."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from digitizer.pages.grid import find_cells, find_dotted
from digitizer.pages.ink import Copies, shrink
from tests.unit.pages.conftest import drawn

#: px per mm at 150 dpi
MM = 150 / 25.4


def table(rows: list[int], columns: list[int], size: tuple[int, int] = (700, 900)) -> NDArray[np.uint8]:
    """A mask of level rules at `rows` and upright ones at `columns`."""
    mask = np.zeros(size, np.uint8)
    for y in rows:
        cv2.line(mask, (columns[0], y), (columns[-1], y), 255, 2)
    for x in columns:
        cv2.line(mask, (x, rows[0]), (x, rows[-1]), 255, 2)
    return mask


def test_the_cells_of_a_table_are_counted_by_row_and_column() -> None:
    cells = find_cells(table([50, 150, 300], [40, 200, 500, 800]), MM)
    assert [(c.table, c.row, c.column) for c in cells] == [(0, r, c) for r in range(2) for c in range(3)]
    first = cells[0].box
    assert (first.x0, first.y0, first.x1, first.y1) == pytest.approx((40, 50, 200, 150), abs=8)


def test_a_frame_with_a_margin_column_has_two_cells() -> None:
    mask = table([40, 650], [30, 600, 870])
    assert [(c.row, c.column) for c in find_cells(mask, MM)] == [(0, 0), (0, 1)]


def test_two_tables_are_two() -> None:
    mask = table([40, 140, 240], [30, 400, 870])
    mask |= table([400, 500, 640], [30, 300, 870])
    assert [c.table for c in find_cells(mask, MM)] == [0] * 4 + [1] * 4


def test_text_and_single_rules_make_no_cells() -> None:
    mask = shrink(Copies(drawn())).ink
    cv2.line(mask, (50, 500), (800, 500), 255, 2)
    assert find_cells(mask, MM) == ()


def dotted(y: int, x0: int, x1: int, mask: NDArray[np.uint8]) -> None:
    for x in range(x0, x1, 7):
        cv2.circle(mask, (x, y), 1, 255, -1)


def test_dotted_lines_are_found_and_writing_does_not_part_them() -> None:
    mask = np.zeros((500, 900), np.uint8)
    dotted(100, 100, 800, mask)
    dotted(200, 300, 500, mask)
    cv2.putText(mask, "Nguyen", (350, 104), cv2.FONT_HERSHEY_SIMPLEX, 1.2, 255, 2)
    upper, lower = find_dotted(mask, MM)
    assert (upper.x0, upper.x1) == pytest.approx((100, 800), abs=9)
    assert (lower.x0, lower.y0, lower.x1) == pytest.approx((300, 199, 500), abs=9)


def test_dust_and_sentences_are_no_dotted_lines() -> None:
    rng = np.random.default_rng(6)
    mask = shrink(Copies(drawn())).ink
    mask[rng.integers(0, mask.shape[0], 300), rng.integers(0, mask.shape[1], 300)] = 255
    assert find_dotted(mask, MM) == ()

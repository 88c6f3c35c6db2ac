"""Where an opened book is divided, on masks worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from digitizer.pages.spread import find_gutter


def words(height: int, width: int, *columns: tuple[int, int]) -> np.ndarray:
    """Letter-sized squares in rows between each pair of `columns`, as a mask."""
    mask = np.zeros((height, width), np.uint8)
    for left, right in columns:
        for y in range(40, height - 40, 20):
            for x in range(left, right, 12):
                mask[y : y + 8, x : x + 8] = 255
    return mask


def test_the_gutter_is_the_middle_of_the_gap() -> None:
    mask = words(500, 700, (30, 320), (380, 660))
    assert find_gutter(mask, mask) == pytest.approx(350 / 700, abs=0.015)


def test_a_fold_is_no_reason_to_keep_two_pages_together() -> None:
    letters = words(500, 700, (30, 320), (380, 660))
    ink = letters.copy()
    ink[:, 345:352] = 255
    assert find_gutter(letters, ink) is not None


@pytest.mark.parametrize(
    ("height", "width", "columns"),
    [
        (900, 640, ((30, 290), (350, 610))),
        (300, 700, ((30, 320), (380, 660))),
        (500, 700, ((30, 660),)),
        (500, 700, ((30, 320),)),
        (500, 700, ((30, 200), (260, 660))),
    ],
    ids=["upright sheet of two columns", "too wide", "text across", "one page written on", "gap off the middle"],
)
def test_what_is_not_an_opened_book_is_not_divided(height: int, width: int, columns: tuple[tuple[int, int], ...]) -> None:
    mask = words(height, width, *columns)
    assert find_gutter(mask, mask) is None

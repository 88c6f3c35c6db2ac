"""Ink that no line covers: what is writing and what is not. Strokes are given as boxes and areas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from digitizer.model import Box, Floats, Mark, Page, Quality, Ruling, Sheet, Tick, Warp
from digitizer.ocr.overlooked import find_overlooked
from digitizer.ocr.paddle import is_read
from tests.unit.builders import line

#: a line of the page, 40 px high
LINE = Box(100, 100, 900, 140)
#: a letter: (left, top, width, height), px
Letter = tuple[float, float, float, float]


def page_with(*letters: Letter, full: float = 0.4, marks: Sequence[Mark] = (), ticks: Sequence[Tick] = ()) -> Page:
    strokes = np.array([(x, y, x + w, y + h, full * w * h) for x, y, w, h in letters], np.float64).reshape(-1, 5)

    def beyond(boxes: Sequence[Box]) -> Floats:
        middles = (strokes[:, :2] + strokes[:, 2:4]) / 2
        inside = [[b.x0 <= x <= b.x1 and b.y0 <= y <= b.y1 for b in boxes] for x, y in middles]
        return strokes[~np.array([any(row) for row in inside], bool)]

    return Page(
        source="", scan=0, part=0, pixels=np.zeros((2339, 1654, 3), np.uint8), dpi=200.0, sheet=Sheet(width=1654, height=2339),
        to_scan=Warp.identity(), quality=Quality(), ruling=Ruling(ticks=tuple(ticks)), marks=tuple(marks), ink_beyond=beyond,
    )  # fmt: skip


def word(x: float, y: float, letters: int = 4) -> list[Letter]:
    return [(x + 28 * k, y + (k % 2) * 8, 12 + k % 3 * 7, 22 + k % 2 * 14) for k in range(letters)]


def found(page: Page) -> list[tuple[int, bool]]:
    """(left edge, whether it is writing by its shape alone) of what was overlooked."""
    return [(round(one.box.x0), one.plain) for one in find_overlooked(page, [LINE])]


def test_a_word_that_no_line_covers_is_overlooked_and_one_in_a_line_is_not() -> None:
    assert found(page_with(*word(200, 104), *word(200, 400))) == [(200, True)]


def test_words_of_one_row_are_one_and_rows_are_two() -> None:
    assert found(page_with(*word(200, 400), *word(310, 402), *word(1200, 400), *word(200, 470))) == [
        (200, True),
        (1200, True),
        (200, True),
    ]


def test_a_character_that_stands_alone_is_no_writing_by_its_shape() -> None:
    assert found(page_with((800, 60, 18, 30))) == [(800, False)]


def test_a_hole_a_rule_and_dust_are_nothing() -> None:
    assert found(page_with((30, 800, 50, 50), full=0.95)) == []
    assert found(page_with((30, 800, 400, 9))) == []
    assert found(page_with((30, 800, 5, 5), (500, 900, 4, 6))) == []


def test_a_signature_is_no_writing_by_its_shape() -> None:
    assert found(page_with((600, 1900, 180, 62), (640, 1890, 20, 20), full=0.15)) == [(600, False)]
    assert found(page_with((600, 1900, 240, 110), (700, 1930, 20, 30), full=0.15)) == []


def test_ornaments_of_a_border_are_no_writing_by_their_shape() -> None:
    assert found(page_with(*((100 + 30 * k, 30, 24, 24) for k in range(9)))) == [(100, False)]


def test_marks_and_tick_boxes_account_for_their_ink() -> None:
    stamp = Mark(kind="seal", box=Box(180, 380, 300, 450))
    tick = Tick(box=Box(480, 390, 520, 430), ticked=True, confidence=1.0)
    assert found(page_with(*word(200, 400), *word(490, 400, 1), marks=[stamp], ticks=[tick])) == []


def test_what_is_read_surely_is_text_and_rings_and_wide_strokes_are_none() -> None:
    assert is_read(line("Tày", confidence=0.97))
    assert is_read(line("2", confidence=0.97))
    assert not is_read(line("2", confidence=0.92))
    assert not is_read(line("0000", confidence=0.99))
    assert not is_read(line("–", confidence=0.99))
    assert not is_read(replace(line("M", confidence=0.99), box=Box(0, 0, 90, 30)))

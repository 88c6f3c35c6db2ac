"""Boxes that meet, rows and the margin column of a page."""

from __future__ import annotations

import pytest

from digitizer.geometry import intersection, margin_column, overlap, same_row, union
from digitizer.model import (
    Box,
    Line,
)
from tests.unit.builders import line


def test_boxes_meet_or_do_not() -> None:
    a, b, c = Box(0, 0, 10, 10), Box(5, 8, 15, 20), Box(11, 0, 12, 10)
    assert union([a, b]) == Box(0, 0, 15, 20)
    assert (intersection(a, b), intersection(a, c), overlap(0, 3, 2, 9)) == (10, 0, 1)
    assert same_row(a, c)
    assert not same_row(a, b)
    with pytest.raises(ValueError, match="no boxes"):
        union([])


def rows(count: int, x: float, text: str, y: float = 100) -> list[Line]:
    return [line(f"{text} {i}", x=x, y=y + 60 * i) for i in range(count)]


def test_a_column_needs_five_rows_on_each_side_and_nothing_across() -> None:
    body, aside = rows(12, 100, "một dòng của trang sổ hộ tịch năm"), rows(6, 1000, "ghi chú của trang")
    assert margin_column([*body, *aside]) == aside
    assert margin_column([*body, *aside[:4]]) == []
    assert margin_column([*body[:4], *aside]) == []
    across = line("một dòng rất dài chạy ngang qua khe giữa trang và cột ghi chú bên phải", y=100 + 60 * 3 + 5)
    assert margin_column([*body, *aside, across]) == []
    assert margin_column([]) == []

"""Reading order: header, body from top to bottom, then the margin column; nothing merged, nothing lost."""

from __future__ import annotations

from collections.abc import Sequence

from digitizer.geometry import margin_column, same_row
from digitizer.model import Line


def reading_order(lines: Sequence[Line]) -> tuple[Line, ...]:
    """`lines` as a person would read them: rows top to bottom, within a row left to right.

    A column that stands clear of the rest over much of its height (the margin column of a register page) comes after
    the body beside it.
    """
    margin = margin_column(lines)
    body = [line for line in lines if line not in margin]
    if not margin:
        return _rows(body)
    end = max(line.box.y1 for line in margin)
    above = [line for line in body if line.box.y0 < end]
    return (*_rows(above), *_rows(margin), *_rows([line for line in body if line.box.y0 >= end]))


def _rows(lines: Sequence[Line]) -> tuple[Line, ...]:
    """Lines grouped into rows by their vertical overlap, rows top to bottom, left to right within."""
    rows: list[list[Line]] = []
    for line in sorted(lines, key=lambda k: k.box.centre[1]):
        row = next((r for r in reversed(rows[-3:]) if all(same_row(line.box, other.box) for other in r)), None)
        if row is None:
            rows.append([line])
        else:
            row.append(line)
    return tuple(line for row in rows for line in sorted(row, key=lambda k: k.box.x0))

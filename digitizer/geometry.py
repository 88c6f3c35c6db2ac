"""Boxes and angles: small pure functions on px of the upright page (origin top-left, y down)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from digitizer.model import Box, Line, PageText


def union(boxes: Iterable[Box]) -> Box:
    """The smallest box around `boxes`. Raises ValueError when there are none."""
    found = list(boxes)
    if not found:
        raise ValueError("no boxes")
    return Box(min(b.x0 for b in found), min(b.y0 for b in found), max(b.x1 for b in found), max(b.y1 for b in found))


def overlap(a0: float, a1: float, b0: float, b1: float) -> float:
    """Length shared by the intervals [a0, a1] and [b0, b1], px. 0 when they do not meet."""
    return max(0.0, min(a1, b1) - max(a0, b0))


def intersection(a: Box, b: Box) -> float:
    """Area shared by two boxes, px²."""
    return overlap(a.x0, a.x1, b.x0, b.x1) * overlap(a.y0, a.y1, b.y0, b.y1)


def same_row(a: Box, b: Box, share: float = 0.5) -> bool:
    """Whether two boxes stand on one text row: they share `share` of the lower one's height."""
    return overlap(a.y0, a.y1, b.y0, b.y1) >= share * min(a.height, b.height)


def cut_out(page: PageText, inside: Callable[[Box], bool]) -> PageText:
    """`page` with only the lines, cells, ticks and marks whose boxes are `inside`. Coordinates stay the same."""
    ruling = replace(
        page.ruling,
        cells=tuple(cell for cell in page.ruling.cells if inside(cell.box)),
        dotted=tuple(box for box in page.ruling.dotted if inside(box)),
        ticks=tuple(tick for tick in page.ruling.ticks if inside(tick.box)),
    )
    return replace(
        page,
        lines=tuple(line for line in page.lines if inside(line.box)),
        marks=tuple(mark for mark in page.marks if inside(mark.box)),
        ruling=ruling,
        unread=tuple(box for box in page.unread if inside(box)),
    )


def margin_column(lines: Sequence[Line], *, rows: int = 5) -> list[Line]:
    """The lines of a right-hand column. An upright gap divides it from the body, with at least `rows` lines on each side."""
    if len(lines) < 2 * rows:
        return []
    left, right = min(line.box.x0 for line in lines), max(line.box.x1 for line in lines)
    width = right - left
    tall = sorted(line.box.height for line in lines)[len(lines) // 2]
    best: list[Line] = []
    for cut in sorted({line.box.x0 for line in lines if 0.55 <= (line.box.x0 - left) / width <= 0.85}):
        beyond = [line for line in lines if line.box.x0 >= cut - 0.5 * tall]
        crossing = [line for line in lines if line.box.x0 < cut - 0.5 * tall and line.box.x1 > cut + 0.5 * tall]
        top, bottom = min(line.box.y0 for line in beyond), max(line.box.y1 for line in beyond)
        beside = [
            line for line in lines if line.box.x1 <= cut + 0.5 * tall and overlap(line.box.y0, line.box.y1, top, bottom) > 0
        ]
        inside = [line for line in crossing if top < line.box.centre[1] < bottom]
        if len(beyond) >= rows and len(beside) >= rows and not inside and len(beyond) > len(best) and (bottom - top) > 8 * tall:
            best = beyond
    return best

"""The lines of forms: cells of tables and frames, and the dotted lines that people write on."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from digitizer.model import Box, Cell, Pixels

#: shortest rule of a table, mm, and how far a rule may stop before the one it meets
_RULE_MM, _GAP_MM = 9.0, 0.9
#: smallest table and smallest cell, mm; a cell fills this share of its box; with more cells a page is a pattern
_TABLE_MM, _CELL_MM, _FILLED, _MOST_CELLS = 18.0, 3.0, 0.75, 800
#: a dot, mm, how far apart dots stand, and how long a line of them is at least
_DOT_MM, _APART_MM, _DOTTED_MM = 0.75, 2.2, 12.0
#: writing may hide so much of a dotted line, mm; lines closer than this in height are one
_HIDDEN_MM, _SAME_MM = 25.0, 0.8
#: more pieces than a form can have
_MOST_PIECES = 60_000


def find_cells(ink: Pixels, mm: float) -> tuple[Cell, ...]:
    """The cells of ruled tables and frames, table by table from the top, in rows; `ink`: (h, w) mask, `mm`: px per mm."""
    rules = _rules(ink, mm)
    _, _, tables, _ = cv2.connectedComponentsWithStats(rules, connectivity=8, ltype=cv2.CV_32S)
    large = [t for t in tables[1:] if min(t[2], t[3]) >= _TABLE_MM * mm]
    cells: list[Cell] = []
    for x, y, wide, high, _ in sorted(large, key=lambda t: (t[1], t[0])):
        boxes = _enclosed(rules[y : y + high, x : x + wide], mm)
        if boxes and len(cells) + len(boxes) <= _MOST_CELLS:
            cells += _numbered([(x + b[0], y + b[1], x + b[2], y + b[3]) for b in boxes], len({c.table for c in cells}), mm)
    return tuple(cells)


def _rules(ink: Pixels, mm: float) -> Pixels:
    """Mask of long level and upright rules, grown until those that meet touch."""
    length, gap = round(_RULE_MM * mm), max(2, round(_GAP_MM * mm))
    # a rule that leaves its row by a px is still one
    level = cv2.morphologyEx(cv2.dilate(ink, np.ones((2, 1), np.uint8)), cv2.MORPH_OPEN, np.ones((1, length), np.uint8))
    upright = cv2.morphologyEx(cv2.dilate(ink, np.ones((1, 2), np.uint8)), cv2.MORPH_OPEN, np.ones((length, 1), np.uint8))
    level, upright = (cv2.dilate(m, np.ones(s, np.uint8)) for m, s in ((level, (1, 2 * gap + 1)), (upright, (2 * gap + 1, 1))))
    rules: Pixels = cv2.bitwise_or(level, upright)
    return rules


def _enclosed(rules: Pixels, mm: float) -> list[tuple[int, int, int, int]]:
    """x0, y0, x1, y1 of what the rules of one table enclose."""
    height, width = rules.shape
    _, _, stats, _ = cv2.connectedComponentsWithStats(cv2.bitwise_not(rules), connectivity=4, ltype=cv2.CV_32S)
    x, y, wide, high, area = stats[1:].T
    inside = (x > 0) & (y > 0) & (x + wide < width) & (y + high < height)
    keep = inside & (np.minimum(wide, high) >= _CELL_MM * mm) & (area >= _FILLED * wide * high)
    return [(int(a), int(b), int(a + c), int(b + d)) for a, b, c, d in zip(x[keep], y[keep], wide[keep], high[keep], strict=True)]


def _numbered(boxes: list[tuple[int, int, int, int]], table: int, mm: float) -> list[Cell]:
    """`boxes` as cells of a table: edges that nearly meet count as one row or column."""
    rows, columns = (_steps([box[k] for box in boxes], 1.5 * mm) for k in (1, 0))
    cells = [Cell(box=Box(*map(float, box)), table=table, row=int(rows[box[1]]), column=int(columns[box[0]])) for box in boxes]
    return sorted(cells, key=lambda cell: (cell.row, cell.column))


def _steps(edges: list[int], same: float) -> dict[int, int]:
    """Edge -> which of the distinct edges it is, from 0."""
    found: dict[int, int] = {}
    last, number = -np.inf, -1
    for edge in sorted(set(edges)):
        number += int(edge - last > same)
        last = edge
        found[edge] = number
    return found


def find_dotted(ink: Pixels, mm: float) -> tuple[Box, ...]:
    """Dotted lines from the top down, as thin boxes; what is written over some of the dots does not part a line."""
    dots = _dots(ink, mm)
    joined = cv2.morphologyEx(dots, cv2.MORPH_CLOSE, np.ones((1, max(3, round(_APART_MM * mm))), np.uint8))
    rows = cv2.morphologyEx(joined, cv2.MORPH_OPEN, np.ones((1, max(3, round(0.4 * _DOTTED_MM * mm))), np.uint8))
    _, _, stats, _ = cv2.connectedComponentsWithStats(rows, connectivity=8, ltype=cv2.CV_32S)
    pieces = [(int(x), int(y), int(x + w), int(y + h)) for x, y, w, h, _ in stats[1:] if h <= 2 * _DOT_MM * mm]
    lines = _joined(sorted(pieces, key=lambda p: p[0]), mm)
    long = [line for line in lines if line[2] - line[0] >= _DOTTED_MM * mm]
    return tuple(Box(*map(float, line)) for line in sorted(long, key=lambda p: (p[1], p[0])))


def _dots(ink: Pixels, mm: float) -> Pixels:
    """The pieces of a mask that are as small as dots."""
    side = max(2, round(_DOT_MM * mm))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8, ltype=cv2.CV_32S)
    if count > _MOST_PIECES:
        return np.zeros_like(ink)
    small = (stats[:, cv2.CC_STAT_WIDTH] <= side) & (stats[:, cv2.CC_STAT_HEIGHT] <= side)
    small[0] = False
    kept: npt.NDArray[np.uint8] = np.where(small, 255, 0).astype(np.uint8)[labels]
    return kept


def _joined(pieces: list[tuple[int, int, int, int]], mm: float) -> list[tuple[int, int, int, int]]:
    """Pieces of dotted lines, from the left, as whole lines."""
    lines: list[tuple[int, int, int, int]] = []
    for x0, y0, x1, y1 in pieces:
        middle = (y0 + y1) / 2
        near = [
            k
            for k, line in enumerate(lines)
            if abs((line[1] + line[3]) / 2 - middle) <= _SAME_MM * mm and -1 <= x0 - line[2] <= _HIDDEN_MM * mm
        ]
        if near:
            a0, b0, _, b1 = lines[near[-1]]
            lines[near[-1]] = (a0, min(b0, y0), x1, max(b1, y1))
        else:
            lines.append((x0, y0, x1, y1))
    return lines

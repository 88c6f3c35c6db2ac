"""Finds the lines of forms: cells of tables and frames, and the dotted lines that people write on."""

from __future__ import annotations

import cv2
import numpy as np

from digitizer.model import Box, Cell, Pixels
from digitizer.pages.ink import any_halved, boxes_of, pieces_of

#: least length of a rule of a table, mm
_RULE_MM = 9.0
#: greatest gap between a rule and the one it should meet, mm
_GAP_MM = 0.9
#: least width and height of a table, mm
_TABLE_MM = 18.0
#: least width and height of a cell, mm
_CELL_MM = 3.0
#: least share of its box that a cell fills
_FILLED = 0.75
#: with more cells than this a page is a pattern
_MOST_CELLS = 800
#: greatest size of a dot, mm
_DOT_MM = 0.75
#: greatest distance of dots in a line, mm
_APART_MM = 2.2
#: least length of a dotted line, mm
_DOTTED_MM = 12.0
#: greatest part of a dotted line that writing hides, mm
_HIDDEN_MM = 25.0
#: pieces of one dotted line differ in height by at most this, mm
_SAME_MM = 0.8
#: greatest slope of a dotted line
_SLOPE = 0.035
#: with more pieces of ink than this a page is no form
_MOST_PIECES = 60_000


def find_cells(ink: Pixels, mm: float) -> tuple[Cell, ...]:
    """The cells of ruled tables and frames, px, table by table from the top, row by row.

    `ink`: (h, w) mask. `mm`: px per mm.
    """
    rules = _rules(ink, mm)
    if rules is None:
        return ()
    cells: list[Cell] = []
    for boxes in _enclosed(rules, mm):
        if len(cells) + len(boxes) <= _MOST_CELLS:
            cells += _numbered(boxes, len({c.table for c in cells}), mm)
    return tuple(cells)


def _rules(ink: Pixels, mm: float) -> Pixels | None:
    """Mask of long level and upright rules, lengthened so that those that meet touch. None when one kind is missing."""
    length, gap = round(_RULE_MM * mm), max(2, round(_GAP_MM * mm))
    # a rule may leave its row by a px
    upright = _opened(cv2.dilate(ink, np.ones((1, 2), np.uint8)), length)
    if not upright.any():
        return None
    level = cv2.transpose(_opened(cv2.transpose(cv2.dilate(ink, np.ones((2, 1), np.uint8))), length))
    if not level.any():
        return None
    level, upright = (cv2.dilate(m, np.ones(s, np.uint8)) for m, s in ((level, (1, 2 * gap + 1)), (upright, (2 * gap + 1, 1))))
    rules: Pixels = cv2.bitwise_or(level, upright)
    return rules


def _opened(ink: Pixels, length: int) -> Pixels:
    """The upright lines of at least `length` px in a mask. OpenCV's filters are faster downwards than across."""
    opened: Pixels = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((length, 1), np.uint8))
    return opened


def _enclosed(rules: Pixels, mm: float) -> list[list[tuple[int, int, int, int]]]:
    """Boxes (x0, y0, x1, y1), px, of the areas that the rules of each table enclose, table by table from the top."""
    outlines, family = cv2.findContours(rules, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    tables: dict[int, list[tuple[int, int, int, int]]] = {}
    for outline, (_, _, _, parent) in zip(outlines, family[0] if outlines else (), strict=True):
        if parent >= 0 and (box := _cell(outline, mm)) is not None:
            tables.setdefault(int(parent), []).append(box)
    edges = {table: cv2.boundingRect(outlines[table]) for table in tables}
    large = [table for table, (_, _, wide, high) in edges.items() if min(wide, high) >= _TABLE_MM * mm]
    return [tables[table] for table in sorted(large, key=lambda table: (edges[table][1], edges[table][0]))]


def _cell(outline: Pixels, mm: float) -> tuple[int, int, int, int] | None:
    """The box inside an inner outline, or None when it is no cell."""
    x, y, wide, high = cv2.boundingRect(outline)
    # the outline runs along the px of the rules around it
    x0, y0, x1, y1 = x + 1, y + 1, x + wide - 1, y + high - 1
    if min(x1 - x0, y1 - y0) < _CELL_MM * mm or cv2.contourArea(outline) < _FILLED * (x1 - x0) * (y1 - y0):
        return None
    return x0, y0, x1, y1


def _numbered(boxes: list[tuple[int, int, int, int]], table: int, mm: float) -> list[Cell]:
    """`boxes` as cells of a table. Edges that are nearly equal count as one row or column."""
    rows, columns = (_steps([box[k] for box in boxes], 1.5 * mm) for k in (1, 0))
    cells = [Cell(box=Box(*map(float, box)), table=table, row=int(rows[box[1]]), column=int(columns[box[0]])) for box in boxes]
    return sorted(cells, key=lambda cell: (cell.row, cell.column))


def _steps(edges: list[int], same: float) -> dict[int, int]:
    """Edge -> index, from 0, of its group. Edges up to `same` px apart are one group."""
    found: dict[int, int] = {}
    last, number = -np.inf, -1
    for edge in sorted(set(edges)):
        number += int(edge - last > same)
        last = edge
        found[edge] = number
    return found


def find_dotted(ink: Pixels, mm: float) -> tuple[Box, ...]:
    """Dotted lines from the top down, as thin boxes, px. Writing over some dots does not split a line."""
    # dots are recognised at full size and joined to lines at half of it
    dots = cv2.transpose(any_halved(_dots(ink, mm)))
    joined = cv2.morphologyEx(dots, cv2.MORPH_CLOSE, np.ones((max(3, round(_APART_MM * mm / 2)), 1), np.uint8))
    rows = cv2.transpose(_opened(joined, max(3, round(0.4 * _DOTTED_MM * mm / 2))))
    found = [tuple(2 * edge for edge in box) for box in boxes_of(rows).tolist()]
    # a line may rise or fall a little
    pieces = [(x0, y0, x1, y1) for x0, y0, x1, y1 in found if y1 - y0 <= 2 * _DOT_MM * mm + _SLOPE * (x1 - x0)]
    lines = _joined(sorted(pieces, key=lambda p: p[0]), mm)
    long = [line for line in lines if line[2] - line[0] >= _DOTTED_MM * mm]
    return tuple(Box(*map(float, line)) for line in sorted(long, key=lambda p: (p[1], p[0])))


def _dots(ink: Pixels, mm: float) -> Pixels:
    """Mask of the pieces of ink that are as small as dots."""
    side = max(2, round(_DOT_MM * mm))
    _, stats = pieces_of(ink)
    kept = np.zeros_like(ink)
    if len(stats) > _MOST_PIECES:
        return kept
    x, y, wide, high = stats[1:, :4][stats[1:, 2:4].max(axis=1) <= side].T
    for down, right in np.ndindex(side, side):
        there = (down < high) & (right < wide)
        place = y[there] + down, x[there] + right
        kept[place] = ink[place]
    return kept


def _joined(pieces: list[tuple[int, int, int, int]], mm: float) -> list[tuple[int, int, int, int]]:
    """Joins pieces of dotted lines, sorted from the left, to whole lines."""
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

"""Sorts lines into reading order: header, body from top to bottom, tables cell by cell, then the margin column.

No line is merged or lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from digitizer.geometry import margin_column, same_row, union
from digitizer.model import Box, Cell, Line
from digitizer.text import fold, is_national_title

#: heading of the recipients of an administrative paper, folded. They stand left of the signature (NĐ 30/2020, annex I)
_RECIPIENTS = "noi nhan"
#: least likeness, in percent, of a line that is this heading
_ALIKE = 85
#: least number of letters of a line beside a head. Shorter ones may be bits of a card's pattern
_LETTERS = 5
#: a gap of more than this many line heights ends a column of the head
_GAP = 1.5
#: room that boxes have around their letters, in heights
_SLACK = 0.3


@dataclass(frozen=True, slots=True)
class _Block:
    """Lines of one row of a table, or of one part of a frame, in reading order."""

    box: Box
    lines: tuple[Line, ...]
    #: always empty, so that no block is taken for a head
    text: str = ""


_Item = Line | _Block


def reading_order(lines: Sequence[Line], cells: Sequence[Cell] = ()) -> tuple[Line, ...]:
    """`lines` as a person would read them: rows top to bottom, within a row left to right, in tables cell by cell.

    The margin column of a register page, a column clear of the rest over much of its height, comes after the body beside it.
    Head and end of an administrative paper have two columns. The left one comes first. `cells` are those of ruled tables.
    """
    items = _in_tables(lines, cells)
    margin = margin_column([item for item in items if isinstance(item, Line)])
    body = [item for item in items if item not in margin]
    if not margin:
        return _body(body)
    end = max(line.box.y1 for line in margin)
    above = [item for item in body if item.box.y0 < end]
    return (*_body(above), *_body(margin), *_body([item for item in body if item.box.y0 >= end]))


def _in_tables(lines: Sequence[Line], cells: Sequence[Cell]) -> list[_Item]:
    """`lines`, with those in ruled tables gathered into blocks. A table within a frame becomes a block of the frame."""
    tables: dict[int, list[Cell]] = {}
    for cell in cells:
        tables.setdefault(cell.table, []).append(cell)
    items: list[_Item] = list(lines)
    for table in sorted(tables.values(), key=lambda held: union(cell.box for cell in held).height):
        for band in _bands(table):
            box = union(cell.box for cell in band)
            inside = [item for item in items if _holds(box, item.box)]
            columns: dict[int, list[_Item]] = {}
            for item in inside:
                columns.setdefault(_column(band, item.box.centre[0]), []).append(item)
            if len(columns) > 1:
                held = tuple(line for _, column in sorted(columns.items()) for line in _body(column))
                items = [*(item for item in items if item not in inside), _Block(box, held)]
    return items


def _bands(table: Iterable[Cell]) -> list[list[Cell]]:
    """The cells of a table, split where a rule runs across the whole table. A band holds the rows that a higher cell spans."""
    bands: list[list[Cell]] = []
    for cell in sorted(table, key=lambda c: c.box.y0):
        if bands and cell.box.centre[1] < max(c.box.y1 for c in bands[-1]):
            bands[-1].append(cell)
        else:
            bands.append([cell])
    return bands


def _column(cells: Sequence[Cell], x: float) -> int:
    """The column that holds x px, else the nearest one."""
    return min(cells, key=lambda c: max(c.box.x0 - x, x - c.box.x1, 0.0)).column


def _holds(box: Box, inner: Box) -> bool:
    x, y = inner.centre
    return box.x0 <= x < box.x1 and box.y0 <= y < box.y1


def _body(items: Sequence[_Item]) -> tuple[Line, ...]:
    """`items` in rows. Of two columns the left one comes first."""
    columns = _columns(items)
    if columns is None:
        return _rows(items)
    top = min(item.box.centre[1] for item in (*columns.left, *columns.right))
    rest = [item for item in items if item not in columns.left and item not in columns.right]
    above = [item for item in rest if item.box.centre[1] < top]
    below = [item for item in rest if item.box.centre[1] >= top]
    return (*_rows(above), *_rows(columns.left), *_rows(columns.right), *_body(below))


@dataclass(slots=True)
class _Columns:
    """Two columns while their items are collected."""

    left: list[_Item]
    right: list[_Item]

    def gather(self, items: Iterable[_Item], gap: float) -> None:
        """Adds `items`, ordered by distance, to their columns. Stops at one that fits no column or is over `gap` px away."""
        for item in items:
            box, slack = item.box, _SLACK * item.box.height
            ends, begins = max(k.box.x1 for k in self.left), min(k.box.x0 for k in self.right)
            column = self.left if box.centre[0] < (ends + begins) / 2 else self.right
            clear = box.x1 <= begins + slack if column is self.left else box.x0 >= ends - slack
            if not clear or min(max(k.box.y0 - box.y1, box.y0 - k.box.y1) for k in column) > gap:
                return
            column.append(item)


def _columns(items: Sequence[_Item]) -> _Columns | None:
    """The topmost head or end in two columns, or None."""
    ordered = sorted(items, key=lambda k: k.box.centre[1])
    for at, item in enumerate(ordered):
        text, box = fold(item.text).strip(" .:"), item.box
        # in a head the national title stands right of the agency
        head, end = is_national_title(text), fuzz.ratio(_RECIPIENTS, text) >= _ALIKE
        if not head and not end:
            continue
        near = (k for k in ordered if abs(k.box.centre[1] - box.centre[1]) < 2 * box.height)
        beside = [k for k in near if sum(map(str.isalpha, k.text)) >= _LETTERS]
        if head:
            left, right = [k for k in beside if k.box.x1 < box.x0 + _SLACK * box.height], [item]
        else:
            left, right = [item], [k for k in beside if k.box.x0 > box.x1 - _SLACK * box.height]
        if left and right:
            found = _Columns(left[:1], right[:1])
            gap = _GAP * box.height
            found.gather((k for k in ordered[:at][::-1] if k not in (left[0], right[0])), gap)
            found.gather((k for k in ordered[at:] if k not in (*found.left, *found.right)), gap if head else float("inf"))
            return found
    return None


def _rows(items: Sequence[_Item]) -> tuple[Line, ...]:
    """The lines of `items` in rows by vertical overlap, rows top to bottom, within a row left to right."""
    rows: list[list[_Item]] = []
    for item in sorted(items, key=lambda k: k.box.centre[1]):
        row = next((r for r in reversed(rows[-3:]) if all(same_row(item.box, other.box) for other in r)), None)
        if row is None:
            rows.append([item])
        else:
            row.append(item)
    ordered = [item for row in rows for item in sorted(row, key=lambda k: k.box.x0)]
    return tuple(line for item in ordered for line in (item.lines if isinstance(item, _Block) else (item,)))

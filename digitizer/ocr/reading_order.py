"""Reading order: header, body from top to bottom, tables cell by cell, then the margin column; nothing merged, nothing lost."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from digitizer.geometry import margin_column, same_row, union
from digitizer.model import Box, Cell, Line
from digitizer.text import fold, is_national_title

#: what the recipients of an administrative paper are headed with, folded: they stand left of the signature (NĐ 30/2020, annex I)
_RECIPIENTS = "noi nhan"
#: likeness from which a line is that heading, in percent
_ALIKE = 85
#: letters of what stands beside it, at least: on a card they are bits of its pattern
_LETTERS = 5
#: a gap as high as so many lines ends a column of a head; an end is two columns until the text does
_GAP = 1.5
#: boxes have some room around their letters, in heights
_SLACK = 0.3


@dataclass(frozen=True, slots=True)
class _Block:
    """Lines of a row of a table, or of the parts of a frame, in the order in which they are read."""

    box: Box
    lines: tuple[Line, ...]
    text: str = ""


_Item = Line | _Block


def reading_order(lines: Sequence[Line], cells: Sequence[Cell] = ()) -> tuple[Line, ...]:
    """`lines` as a person would read them: rows top to bottom, within a row left to right, in tables cell by cell.

    A column that stands clear of the rest over much of its height (the margin column of a register page) comes after
    the body beside it; of the two columns at the head and the end of an administrative paper the left one comes first.
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
    """`lines`, those in ruled tables gathered into blocks; a table within a frame is one of its lines."""
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
    """The cells of a table, apart where a rule goes all across: its rows, or several that a higher cell holds together."""
    bands: list[list[Cell]] = []
    for cell in sorted(table, key=lambda c: c.box.y0):
        if bands and cell.box.centre[1] < max(c.box.y1 for c in bands[-1]):
            bands[-1].append(cell)
        else:
            bands.append([cell])
    return bands


def _column(cells: Sequence[Cell], x: float) -> int:
    """The column in which, or next to which, x px is."""
    return min(cells, key=lambda c: max(c.box.x0 - x, x - c.box.x1, 0.0)).column


def _holds(box: Box, inner: Box) -> bool:
    x, y = inner.centre
    return box.x0 <= x < box.x1 and box.y0 <= y < box.y1


def _body(items: Sequence[_Item]) -> tuple[Line, ...]:
    """`items` in rows, two columns one after the other."""
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
    """Two columns that are being gathered."""

    left: list[_Item]
    right: list[_Item]

    def gather(self, items: Iterable[_Item], gap: float) -> None:
        """Takes `items`, which lead away from the columns, up to one that is on neither side or `gap` px off its column."""
        for item in items:
            box, slack = item.box, _SLACK * item.box.height
            ends, begins = max(k.box.x1 for k in self.left), min(k.box.x0 for k in self.right)
            column = self.left if box.centre[0] < (ends + begins) / 2 else self.right
            clear = box.x1 <= begins + slack if column is self.left else box.x0 >= ends - slack
            if not clear or min(max(k.box.y0 - box.y1, box.y0 - k.box.y1) for k in column) > gap:
                return
            column.append(item)


def _columns(items: Sequence[_Item]) -> _Columns | None:
    """The first head or end in two columns from above."""
    ordered = sorted(items, key=lambda k: k.box.centre[1])
    for at, item in enumerate(ordered):
        text, box = fold(item.text).strip(" .:"), item.box
        # the national title stands right of the agency
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
    """What stands in one row by its vertical overlap, rows top to bottom, left to right within."""
    rows: list[list[_Item]] = []
    for item in sorted(items, key=lambda k: k.box.centre[1]):
        row = next((r for r in reversed(rows[-3:]) if all(same_row(item.box, other.box) for other in r)), None)
        if row is None:
            rows.append([item])
        else:
            row.append(item)
    ordered = [item for row in rows for item in sorted(row, key=lambda k: k.box.x0)]
    return tuple(line for item in ordered for line in (item.lines if isinstance(item, _Block) else (item,)))

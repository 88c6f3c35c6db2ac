"""Reads wide tables of register books, which have one event a row.

Ruling or headings give the columns, ruling or the numbers at the left the rows.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from rapidfuzz import fuzz

from digitizer.doctypes import DocType
from digitizer.geometry import overlap, same_row
from digitizer.model import Box, Line, PageText, Word
from digitizer.text import fold

#: least number of columns with a declared heading in a table
_LEAST = 3
#: least likeness, in percent, of a printed and a declared heading
_ALIKE = 80
#: the numbers of rows begin within this share of the table's width
_LEFT = 0.09
#: greatest number of ruled rows that hold headings
_HEADING_ROWS = 3
#: what lies this near, px, to an edge of a row is on it
_EDGE_PX = 5
#: number of a row
_NUMBER = re.compile(r"\(?\d{1,4}(\s*/\s*\d{2,4})?\)?[.,:]?")
#: begin of an age, folded. It is no number of a row
_AGE = re.compile(r"\d+\s*tuoi\b")


@dataclass(slots=True)
class _Column:
    """A column from `x0` to `x1` px."""

    x0: float
    x1: float
    #: its heading, folded
    heading: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRow:
    """A row of a wide table, from `top` to `bottom`, px. `cells` maps the field of a column to the lines of its cell."""

    cells: Mapping[str, tuple[Line, ...]]
    top: float
    bottom: float

    @property
    def written(self) -> int:
        """How many letters it has."""
        return sum(c.isalpha() for cell in self.cells.values() for line in cell for c in line.text)

    @property
    def middle(self) -> float:
        """Its middle, px. That of its first line where nothing closes it below."""
        held = [line.box.centre[1] for cell in self.cells.values() for line in cell]
        return (self.top + self.bottom) / 2 if math.isfinite(self.bottom) else min(held, default=self.top)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A wide table: its columns, the lines cut at them, and the rows, empty ones too."""

    #: field -> (left, right) edge of its column, px
    columns: Mapping[str, tuple[float, float]]
    lines: tuple[Line, ...]
    rows: tuple[TableRow, ...]

    def cut(self, edges: Sequence[tuple[float, float]]) -> Table:
        """The same table with rows at other `edges`: (top, bottom) of each, px."""
        return replace(self, rows=tuple(_rows(self.lines, edges, self.columns)))


def find_table(page: PageText, doctype: DocType, edges: Sequence[tuple[float, float]] = ()) -> Table | None:
    """The wide table on a page. None when too few headings of `doctype` stand side by side.

    `edges`: (top, bottom) of each row, px, where they are known from the page at the other side of the fold.
    """
    if not any(spec.column for spec in doctype.fields) or not page.lines:
        return None
    numbers = _numbers(page.lines)
    ruled = _ruled(page)
    top = edges[0][0] if edges else numbers[0].box.y0 if numbers else _below_headings(page, ruled, doctype)
    if top is None:
        return None
    columns = ruled or _headed([line for line in page.lines if _is_above(line, top)])
    lines = _cut_all(page.lines, columns)
    _read_headings(columns, lines, top)
    fields = _fields(columns, doctype)
    if len(fields) < _LEAST:
        return None
    spans = {name: (columns[number].x0, columns[number].x1) for name, number in fields.items()}
    starts = [n for n in numbers if not _counts_columns(n, lines)]
    found = edges or _ruled_rows(page, top) or _closed(_top_of_rows(lines, starts))
    below = [n for n in starts if n.box.y0 >= found[-1][1]] if found else []
    found = [*found, *_closed(_top_of_rows(lines, below))]
    return Table(columns=spans, lines=tuple(lines), rows=tuple(_rows(lines, found, spans)))


def _below_headings(page: PageText, columns: Sequence[_Column], doctype: DocType) -> float | None:
    """The end of the headings, px, in a ruled table whose rows have no number. None without ruling.

    That is the top of the ruled row up to which most headings are found, the first of several.
    """
    tops = [y0 for y0, _ in _ruled_spans(page)[1 : 1 + _HEADING_ROWS]]
    if not columns or not tops:
        return None
    lines = _cut_all(page.lines, columns)

    def found(top: float) -> int:
        _read_headings(columns, lines, top)
        return len(_fields(columns, doctype))

    return max(tops, key=lambda top: (found(top), -top))


def _numbers(lines: Sequence[Line]) -> list[Line]:
    """Lines at the left that are or begin with a number, from the top down. Each row of the table has one."""
    left, right = min(line.box.x0 for line in lines), max(line.box.x1 for line in lines)
    near = [line for line in lines if line.box.x0 <= left + _LEFT * (right - left)]
    found = [line for line in near if _NUMBER.fullmatch((line.text.split() or [""])[0]) and not _AGE.search(fold(line.text))]
    return sorted(found, key=lambda line: line.box.y0)


def _ruled(page: PageText) -> list[_Column]:
    """The columns of the ruled table that has most. Empty when it has too few."""
    tables: dict[int, dict[int, list[Box]]] = {}
    for cell in page.ruling.cells:
        tables.setdefault(cell.table, {}).setdefault(cell.column, []).append(cell.box)
    if not tables:
        return []
    widest = max(tables.values(), key=len)
    found = [_Column(_middle([b.x0 for b in boxes]), _middle([b.x1 for b in boxes])) for _, boxes in sorted(widest.items())]
    return found if len(found) > _LEAST else []


def _headed(headings: Sequence[Line]) -> list[_Column]:
    """Columns by their headings. Narrow headings make columns. One across several columns belongs to each."""
    columns: list[_Column] = []
    for line in sorted(headings, key=lambda line: line.box.width):
        over = [c for c in columns if overlap(c.x0, c.x1, line.box.x0, line.box.x1) > 0.3 * min(c.x1 - c.x0, line.box.width)]
        if not over:
            columns.append(_Column(line.box.x0, line.box.x1))
        elif len(over) == 1:
            over[0].x0, over[0].x1 = min(over[0].x0, line.box.x0), max(over[0].x1, line.box.x1)
    columns.sort(key=lambda c: c.x0)
    for left, right in pairwise(columns):
        left.x1 = right.x0 = (left.x1 + right.x0) / 2
    if columns:
        columns[0].x0, columns[-1].x1 = float("-inf"), float("inf")
    return columns


def _read_headings(columns: Sequence[_Column], lines: Sequence[Line], top: float) -> None:
    for column in columns:
        over = [
            line
            for line in lines
            if _is_above(line, top)
            and overlap(column.x0, column.x1, line.box.x0, line.box.x1) > 0.4 * min(column.x1 - column.x0, line.box.width)
        ]
        column.heading = fold(" ".join(line.text for line in sorted(over, key=lambda line: (line.box.y0, line.box.x0))))


def _is_above(line: Line, top: float) -> bool:
    return line.box.y1 <= top + 0.3 * line.box.height


def _fields(columns: Sequence[_Column], doctype: DocType) -> dict[str, int]:
    """Field -> number of its column. The most alike headings are matched first, each column once."""
    ranked = sorted(
        (
            (_alike(column.heading, heading), -number, spec.name, heading)
            for number, column in enumerate(columns)
            for spec in doctype.fields
            for heading in spec.column
        ),
        reverse=True,
    )
    found: dict[str, int] = {}
    headings: dict[int, str] = {}
    for alike, number, name, heading in ranked:
        # one column may hold a value of two persons, `nơi ở của cha mẹ`
        if alike >= _ALIKE and name not in found and headings.setdefault(number, heading) == heading:
            found[name] = -number
    return found


def _alike(heading: str, declared: str) -> float:
    """Likeness, 0-100, of a printed and a declared heading. Other printed words lower it."""
    if len(heading) < 0.7 * len(declared):
        return 0.0
    within = fuzz.partial_ratio(declared, heading) - 0.1 * abs(len(heading) - len(declared))
    return max(fuzz.ratio(heading, declared), within)


def _counts_columns(number: Line, lines: Sequence[Line]) -> bool:
    """Whether a row only numbers the columns: `1 2 3 …` or `(1) (2) …`."""
    row = [line.text.strip(" ().") for line in lines if same_row(line.box, number.box)]
    return len(row) >= _LEAST and sum(text.replace(" ", "").isdigit() for text in row) >= 0.8 * len(row)


def _top_of_rows(lines: Sequence[Line], starts: Sequence[Line]) -> list[float]:
    """Tops of the rows, px, by the numbers at their left. A number stands in the first line of its row."""
    return [min(k.box.y0 for k in lines if k is line or same_row(k.box, line.box)) for line in starts]


def _closed(tops: Sequence[float]) -> list[tuple[float, float]]:
    """(top, bottom) of rows, px: each ends where the next begins, the last nowhere."""
    return list(zip(tops, [*tops[1:], float("inf")], strict=True)) if tops else []


def _ruled_spans(page: PageText) -> list[tuple[float, float]]:
    """(top, bottom) of each ruled row, px, of the table with most cells."""
    tables: dict[int, dict[int, list[Box]]] = {}
    for cell in page.ruling.cells:
        tables.setdefault(cell.table, {}).setdefault(cell.row, []).append(cell.box)
    rows = max(tables.values(), key=lambda rows: sum(map(len, rows.values())), default={})
    return sorted(
        (_middle([b.y0 for b in boxes]), _middle([b.y1 for b in boxes])) for boxes in rows.values() if len(boxes) > _LEAST
    )


def _ruled_rows(page: PageText, first: float) -> list[tuple[float, float]]:
    """(top, bottom) of the ruled rows, px, from the one at height `first` px on."""
    return [(y0, y1) for y0, y1 in _ruled_spans(page) if y1 > first + _EDGE_PX]


def _rows(
    lines: Sequence[Line], edges: Sequence[tuple[float, float]], columns: Mapping[str, tuple[float, float]]
) -> Iterator[TableRow]:
    for top, bottom in edges:
        inside = [line for line in lines if top <= line.box.centre[1] < bottom]
        cells = {name: tuple(_under(inside, *column)) for name, column in columns.items()}
        yield TableRow(cells={name: cell for name, cell in cells.items() if cell}, top=top, bottom=bottom)


def _under(lines: Sequence[Line], x0: float, x1: float) -> list[Line]:
    return in_rows([line for line in lines if x0 <= line.box.centre[0] < x1])


def _cut_all(lines: Sequence[Line], columns: Sequence[_Column]) -> list[Line]:
    return [piece for line in lines for piece in cut_at(line, [column.x0 for column in columns[1:]])]


def cut_at(line: Line, edges: Sequence[float]) -> Iterator[Line]:
    """`line` cut between letters where it crosses the edges of columns, px."""
    inside = [edge for edge in edges if line.box.x0 + line.box.height < edge < line.box.x1 - line.box.height]
    if not inside or len(line.letters) != len(line.text):
        yield line
        return
    bounds = [float("-inf"), *inside, float("inf")]
    for left, right in pairwise(bounds):
        places = [i for i, k in enumerate(line.letters) if left <= (k.x0 + k.x1) / 2 < right]
        while places and line.text[places[0]] == " ":
            places.pop(0)
        while places and line.text[places[-1]] == " ":
            places.pop()
        if places:
            yield part_of(line, places[0], places[-1] + 1)


def part_of(line: Line, start: int, end: int) -> Line:
    """Letters `start` to `end` of a line as a line of its own."""
    letters = line.letters[start:end]
    box = Box(letters[0].x0, line.box.y0, max(k.x1 for k in letters), line.box.y1)
    words = tuple(word for word in line.words if _inside(word, box))
    return replace(line, text=line.text[start:end], box=box, letters=letters, words=words)


def _inside(word: Word, box: Box) -> bool:
    return box.x0 <= word.box.centre[0] < box.x1


def _middle(values: Sequence[float]) -> float:
    return sorted(values)[len(values) // 2]


def in_rows(lines: Sequence[Line]) -> list[Line]:
    """`lines` row by row, each from the left."""
    rows: list[list[Line]] = []
    for line in sorted(lines, key=lambda line: line.box.centre[1]):
        if rows and same_row(rows[-1][0].box, line.box) and not any(_stacked(k.box, line.box) for k in rows[-1]):
            rows[-1].append(line)
        else:
            rows.append([line])
    return [line for row in rows for line in sorted(row, key=lambda line: line.box.x0)]


def _stacked(a: Box, b: Box) -> bool:
    """Whether one box stands under the other, as rows of a narrow cell do, even where they overlap."""
    return overlap(a.x0, a.x1, b.x0, b.x1) > 0.5 * min(a.width, b.width)

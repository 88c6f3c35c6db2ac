"""Wide tables of register books, one event a row: columns by ruling or by their headings, rows by the numbers on their left."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from rapidfuzz import fuzz

from digitizer.doctypes import DocType
from digitizer.geometry import overlap, same_row
from digitizer.model import Box, Line, PageText, Word
from digitizer.text import fold

#: columns with a declared heading that make a table
_LEAST = 3
#: how alike a printed and a declared heading must be, of 100
_ALIKE = 80
#: share of the table's width within which the numbers of the rows begin
_LEFT = 0.09
_NUMBER = re.compile(r"\(?\d{1,4}(\s*/\s*\d{2,4})?\)?[.,:]?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A wide table: for each row the lines of its cells, by name of the field that the column's heading declares."""

    rows: tuple[Mapping[str, tuple[Line, ...]], ...]


@dataclass(slots=True)
class _Column:
    x0: float
    x1: float
    #: its heading, folded, as far as read
    heading: str = ""


def find_table(page: PageText, doctype: DocType) -> Table | None:
    """The table on a page; None where too few headings of `doctype` stand side by side."""
    if not any(spec.column for spec in doctype.fields) or not page.lines:
        return None
    numbers = _numbers(page.lines)
    if not numbers:
        return None
    top = numbers[0].box.y0
    columns = _ruled(page) or _headed([line for line in page.lines if line.box.y1 <= top + 0.3 * numbers[0].box.height])
    lines = [piece for line in page.lines for piece in _cut(line, [column.x0 for column in columns[1:]])]
    _read_headings(columns, lines, top)
    fields = _fields(columns, doctype)
    if len(fields) < _LEAST:
        return None
    starts = [n for n in numbers if not _counts_columns(n, lines)]
    return Table(rows=tuple(row for row in _rows(lines, starts, columns, fields) if row))


def _numbers(lines: Sequence[Line]) -> list[Line]:
    """Lines at the left that are, or begin with, a number: one in each row of the table."""
    left, right = min(line.box.x0 for line in lines), max(line.box.x1 for line in lines)
    near = [line for line in lines if line.box.x0 <= left + _LEFT * (right - left)]
    found = [line for line in near if _NUMBER.fullmatch((line.text.split() or [""])[0])]
    return sorted(found, key=lambda line: line.box.y0)


def _ruled(page: PageText) -> list[_Column]:
    """Columns of the ruled table with the most of them."""
    tables: dict[int, dict[int, list[Box]]] = {}
    for cell in page.ruling.cells:
        tables.setdefault(cell.table, {}).setdefault(cell.column, []).append(cell.box)
    if not tables:
        return []
    widest = max(tables.values(), key=len)
    found = [_Column(_middle([b.x0 for b in boxes]), _middle([b.x1 for b in boxes])) for _, boxes in sorted(widest.items())]
    return found if len(found) > _LEAST else []


def _headed(headings: Sequence[Line]) -> list[_Column]:
    """Columns by the headings over them: the narrow ones make columns, one across several belongs to each."""
    columns: list[_Column] = []
    for line in sorted(headings, key=lambda line: line.box.width):
        over = [c for c in columns if overlap(c.x0, c.x1, line.box.x0, line.box.x1) > 0.3 * min(c.x1 - c.x0, line.box.width)]
        if not over:
            columns.append(_Column(line.box.x0, line.box.x1))
        elif len(over) == 1:
            over[0].x0, over[0].x1 = min(over[0].x0, line.box.x0), max(over[0].x1, line.box.x1)
    columns.sort(key=lambda c: c.x0)
    for left, right in itertools.pairwise(columns):
        left.x1 = right.x0 = (left.x1 + right.x0) / 2
    return columns


def _read_headings(columns: Sequence[_Column], lines: Sequence[Line], top: float) -> None:
    for column in columns:
        over = [
            line
            for line in lines
            if line.box.y1 <= top + 0.3 * line.box.height
            and overlap(column.x0, column.x1, line.box.x0, line.box.x1) > 0.4 * min(column.x1 - column.x0, line.box.width)
        ]
        column.heading = fold(" ".join(line.text for line in sorted(over, key=lambda line: (line.box.y0, line.box.x0))))


def _fields(columns: Sequence[_Column], doctype: DocType) -> dict[str, int]:
    """Field -> number of its column: each column once, the most alike first."""
    ranked = sorted(
        (
            (_alike(column.heading, heading), -number, spec.name)
            for number, column in enumerate(columns)
            for spec in doctype.fields
            for heading in spec.column
        ),
        reverse=True,
    )
    found: dict[str, int] = {}
    for alike, number, name in ranked:
        if alike >= _ALIKE and name not in found and -number not in found.values():
            found[name] = -number
    return found


def _alike(heading: str, declared: str) -> float:
    """How alike two headings are, 0-100; other words around a declared one count against it."""
    if len(heading) < 0.7 * len(declared):
        return 0.0
    within = fuzz.partial_ratio(declared, heading) - 0.1 * abs(len(heading) - len(declared))
    return max(fuzz.ratio(heading, declared), within)


def _counts_columns(number: Line, lines: Sequence[Line]) -> bool:
    """Whether a row only numbers the columns: `1 2 3 …` or `(1) (2) …`."""
    row = [line.text.strip(" ().") for line in lines if same_row(line.box, number.box)]
    return len(row) >= _LEAST and sum(text.replace(" ", "").isdigit() for text in row) >= 0.8 * len(row)


def _rows(
    lines: Sequence[Line], starts: Sequence[Line], columns: Sequence[_Column], fields: Mapping[str, int]
) -> Iterator[dict[str, tuple[Line, ...]]]:
    """The cells of each row; a row reaches from its number to the next one."""
    tops = [line.box.y0 - 0.5 * line.box.height for line in starts]
    for top, bottom in zip(tops, [*tops[1:], float("inf")], strict=False):
        inside = [line for line in lines if top <= line.box.y0 < bottom]
        row = {name: tuple(_under(inside, columns[number])) for name, number in fields.items()}
        yield {name: cell for name, cell in row.items() if cell}


def _under(lines: Sequence[Line], column: _Column) -> list[Line]:
    found = [line for line in lines if column.x0 <= line.box.centre[0] < column.x1]
    return sorted(found, key=lambda line: line.box.y0)


def _cut(line: Line, edges: Sequence[float]) -> Iterator[Line]:
    """`line` divided where it runs across the edges of columns, px, by its letters."""
    inside = [edge for edge in edges if line.box.x0 + line.box.height < edge < line.box.x1 - line.box.height]
    if not inside or len(line.letters) != len(line.text):
        yield line
        return
    bounds = [float("-inf"), *inside, float("inf")]
    for left, right in itertools.pairwise(bounds):
        places = [i for i, k in enumerate(line.letters) if left <= (k.x0 + k.x1) / 2 < right]
        while places and line.text[places[0]] == " ":
            places.pop(0)
        while places and line.text[places[-1]] == " ":
            places.pop()
        if places:
            yield _part(line, places[0], places[-1] + 1)


def _part(line: Line, start: int, end: int) -> Line:
    """Letters `start` to `end` of a line as a line."""
    letters = line.letters[start:end]
    box = Box(letters[0].x0, line.box.y0, max(k.x1 for k in letters), line.box.y1)
    words = tuple(word for word in line.words if _inside(word, box))
    return replace(line, text=line.text[start:end], box=box, letters=letters, words=words)


def _inside(word: Word, box: Box) -> bool:
    return box.x0 <= word.box.centre[0] < box.x1


def _middle(values: Sequence[float]) -> float:
    return sorted(values)[len(values) // 2]

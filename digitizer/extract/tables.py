"""Reads tables: wide ones of register books with one event a row, and grids of forms with a column for each person.

Ruling or headings give the columns. The numbers at the left give the rows of wide tables, the labels those of grids.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise

from rapidfuzz import fuzz

from digitizer.doctypes import DocType, FieldSpec
from digitizer.extract.labels import find_labels
from digitizer.geometry import cut_out, overlap, same_row
from digitizer.model import Box, Line, PageText, Word
from digitizer.text import fold, strip_accents

#: least number of columns with a declared heading in a table
_LEAST = 3
#: least likeness, in percent, of a printed and a declared heading
_ALIKE = 80
#: the numbers of rows begin within this share of the table's width
_LEFT = 0.09
#: least number of letters of a ruled row. A row that only numbers the columns has fewer
_WRITTEN = 8
#: number of a row
_NUMBER = re.compile(r"\(?\d{1,4}(\s*/\s*\d{2,4})?\)?[.,:]?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A wide table. Each row maps the field of a column to the lines of its cell."""

    rows: tuple[Mapping[str, tuple[Line, ...]], ...]


@dataclass(slots=True)
class _Column:
    """A column from `x0` to `x1` px."""

    x0: float
    x1: float
    #: its heading, folded
    heading: str = ""


def find_table(page: PageText, doctype: DocType) -> Table | None:
    """The wide table on a page. None when too few headings of `doctype` stand side by side."""
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
    tops = _ruled_tops(page, top) or _top_of_rows(lines, starts)
    return Table(rows=tuple(row for row in _rows(lines, tops, columns, fields) if row))


def _numbers(lines: Sequence[Line]) -> list[Line]:
    """Lines at the left that are or begin with a number, from the top down. Each row of the table has one."""
    left, right = min(line.box.x0 for line in lines), max(line.box.x1 for line in lines)
    near = [line for line in lines if line.box.x0 <= left + _LEFT * (right - left)]
    found = [line for line in near if _NUMBER.fullmatch((line.text.split() or [""])[0])]
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
            if line.box.y1 <= top + 0.3 * line.box.height
            and overlap(column.x0, column.x1, line.box.x0, line.box.x1) > 0.4 * min(column.x1 - column.x0, line.box.width)
        ]
        column.heading = fold(" ".join(line.text for line in sorted(over, key=lambda line: (line.box.y0, line.box.x0))))


def _fields(columns: Sequence[_Column], doctype: DocType) -> dict[str, int]:
    """Field -> number of its column. The most alike headings are matched first, each column once."""
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


def _ruled_tops(page: PageText, first: float) -> list[float]:
    """Tops of the ruled rows, px, from the one at height `first` px on. Rows that only number the columns are left out."""
    tables: dict[int, dict[int, list[Box]]] = {}
    for cell in page.ruling.cells:
        tables.setdefault(cell.table, {}).setdefault(cell.row, []).append(cell.box)
    rows = max(tables.values(), key=lambda rows: sum(map(len, rows.values())), default={})
    found = [(_middle([b.y0 for b in boxes]), _middle([b.y1 for b in boxes])) for boxes in rows.values() if len(boxes) > _LEAST]
    ends = sorted((y0, y1) for y0, y1 in found if y1 > first)
    held = [(y0, [k for k in page.lines if y0 <= k.box.centre[1] < y1]) for y0, y1 in ends]
    return [y0 for y0, lines in held if sum(c.isalpha() for line in lines for c in line.text) >= _WRITTEN]


def _rows(
    lines: Sequence[Line], tops: Sequence[float], columns: Sequence[_Column], fields: Mapping[str, int]
) -> Iterator[dict[str, tuple[Line, ...]]]:
    """The cells of each row. A row reaches from its top, px, to that of the next."""
    for top, bottom in zip(tops, [*tops[1:], float("inf")], strict=False):
        inside = [line for line in lines if top <= line.box.centre[1] < bottom]
        row = {name: tuple(_under(inside, columns[number])) for name, number in fields.items()}
        yield {name: cell for name, cell in row.items() if cell}


def _under(lines: Sequence[Line], column: _Column) -> list[Line]:
    return _in_rows([line for line in lines if column.x0 <= line.box.centre[0] < column.x1])


def _cut(line: Line, edges: Sequence[float]) -> Iterator[Line]:
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
            yield _part(line, places[0], places[-1] + 1)


def _part(line: Line, start: int, end: int) -> Line:
    """Letters `start` to `end` of a line as a line of its own."""
    letters = line.letters[start:end]
    box = Box(letters[0].x0, line.box.y0, max(k.x1 for k in letters), line.box.y1)
    words = tuple(word for word in line.words if _inside(word, box))
    return replace(line, text=line.text[start:end], box=box, letters=letters, words=words)


def _inside(word: Word, box: Box) -> bool:
    return box.x0 <= word.box.centre[0] < box.x1


def _middle(values: Sequence[float]) -> float:
    return sorted(values)[len(values) // 2]


# --- grids: a value at the crossing of a row's label and a column's heading ------------------------------------------


def beside_cells(
    pages: Sequence[tuple[int, PageText]], cells: Mapping[str, Sequence[tuple[int, Line]]], doctype: DocType
) -> list[tuple[int, PageText]]:
    """`pages` without the rows of their grids, whose labels belong to the cells alone. `cells` comes from `grid_cells`."""
    grids: dict[tuple[int, str | None], list[Box]] = {}
    for spec in doctype.fields:
        for number, line in cells.get(spec.name, ()):
            grids.setdefault((number, spec.section), []).append(line.box)
    spans = [(at, min(box.y0 for box in boxes), max(box.y1 for box in boxes)) for (at, _), boxes in grids.items()]

    def beside(number: int, box: Box) -> bool:
        return not any(at == number and top <= box.centre[1] <= bottom for at, top, bottom in spans)

    return [(number, cut_out(page, partial(beside, number))) for number, page in pages]


def grid_cells(pages: Sequence[tuple[int, PageText]], doctype: DocType) -> dict[str, tuple[tuple[int, Line], ...]]:
    """Field -> (position of the PageText, line) of its cell in the grids of a form."""
    specs = [spec for spec in doctype.fields if spec.where == "cell"]
    found: dict[str, tuple[tuple[int, Line], ...]] = {}
    for number, page in pages if specs else ():
        for section in dict.fromkeys(spec.section for spec in specs):
            own = [spec for spec in specs if spec.section == section]
            below = [line for line in page.lines if line.box.y0 >= _begin(page.lines, section, doctype)]
            for name, lines in _grid(below, own, doctype).items():
                found.setdefault(name, tuple((number, line) for line in lines))
    return found


def _begin(lines: Sequence[Line], section: str | None, doctype: DocType) -> float:
    """The top of a section, px. 0 for a grid without a section, infinity for a section that was not found."""
    starts = next((part.start for part in doctype.sections if part.name == section), ())
    tops = [line.box.y0 for line in lines if any(fuzz.ratio(fold(line.text).strip(" .:"), start) >= 85 for start in starts)]
    return min(tops, default=float("inf")) if section else 0.0


def _end(lines: Sequence[Line], begin: float, specs: Sequence[FieldSpec], doctype: DocType) -> float:
    """The end of a grid, px: the first line below `begin` that begins with a label of none of its rows."""
    rows = {label for spec in specs for label in spec.label} | {fold(column) for spec in specs for column in spec.column}
    section = {start for part in doctype.sections for start in part.start}
    tops = [
        line.box.y0
        for line in lines
        if line.box.y0 > begin
        for hit in find_labels(strip_accents(line.text).lower(), 0, doctype)[:1]
        if hit.start == 0 and hit.label not in rows and ((" " in hit.label and ":" in line.text) or hit.label in section)
    ]
    return min(tops, default=float("inf"))


def _grid(lines: Sequence[Line], specs: Sequence[FieldSpec], doctype: DocType) -> dict[str, list[Line]]:
    """Field -> lines of its cell in the first grid among `lines`."""
    headings = _headings(lines, {c for spec in specs for c in spec.column})
    if len(headings) < 2:
        return {}
    middles = sorted(line.box.centre[0] for line in headings.values())
    half = min(b - a for a, b in pairwise(middles)) / 2
    top, left = max(line.box.y1 for line in headings.values()), middles[0] - half
    edges = [left, *(middle + half for middle in middles)]
    bottom = _end(lines, top, specs, doctype)
    below = [piece for line in lines if line.box.centre[1] > top and line.box.y0 < bottom for piece in _cut(line, edges)]
    labels = sorted((line for line in below if line.box.centre[0] < left), key=lambda line: line.box.y0)
    tops = _row_tops(labels, {label for spec in specs for label in spec.label})
    cells: dict[str, list[Line]] = {}
    for spec in specs:
        label = next((label for label in spec.label if label in tops), None)
        heading = next((headings[column] for column in spec.column if column in headings), None)
        if label is None or heading is None:
            continue
        start = tops[label]
        end = min((t for t in tops.values() if t > start), default=start + 4 * heading.box.height)
        x = heading.box.centre[0]
        cell = [k for k in below if abs(k.box.centre[0] - x) < half and start <= k.box.centre[1] < end]
        if cell:
            cells[spec.name] = _in_rows(cell)
    return cells


def _headings(lines: Sequence[Line], columns: Iterable[str]) -> dict[str, Line]:
    """Heading -> its first line, for the headings that stand in one row."""
    words = [(fold(word.text).strip(" .:"), line, word) for line in lines for word in line.words]
    found: dict[str, Line] = {}
    for column in columns:
        alone = [line for line in lines if fuzz.ratio(fold(line.text).strip(" .:"), column) >= 85]
        parted = [replace(line, text=word.text, box=word.box) for text, line, word in words if text == column]
        if alone or parted:
            found[column] = min(alone or parted, key=lambda line: line.box.y0)
    row = min(found.values(), key=lambda line: line.box.y0, default=None)
    return {column: line for column, line in found.items() if row is not None and same_row(line.box, row.box)}


def _in_rows(lines: Sequence[Line]) -> list[Line]:
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


def _row_tops(labels: Sequence[Line], declared: Iterable[str]) -> dict[str, float]:
    """Label -> top of its row, px. A label may fill two lines."""
    tops: dict[str, float] = {}
    for i, line in enumerate(labels):
        alone, joined = fold(line.text).strip(" .:"), fold(" ".join(k.text for k in labels[i : i + 2])).strip(" .:")
        ranked = sorted(((max(fuzz.ratio(alone, name), fuzz.ratio(joined, name)), name) for name in declared), reverse=True)
        if ranked and ranked[0][0] >= _ALIKE:
            # the top is at least half-way to the label before it, however high the box is
            middle = (labels[i - 1].box.centre[1] + line.box.centre[1]) / 2 if i else 0.0
            tops.setdefault(ranked[0][1], max(middle, line.box.y0 - 0.4 * line.box.height))
    return tops

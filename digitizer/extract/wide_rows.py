"""Rows of wide tables as cases, one a row. A row may run over the fold: then its halves stand on two pages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import zip_longest

import numpy as np

from digitizer.doctypes import DocType, FieldSpec
from digitizer.extract.case import Case, cancelled
from digitizer.extract.tables import Table, TableRow, find_table, part_of
from digitizer.geometry import cut_out
from digitizer.model import Box, Line, PageText, Problem
from digitizer.text import strip_accents

#: least number of letters of a row that is written on. A row that only numbers the columns has fewer
_WRITTEN = 8
#: halves of a row lie on one height within this share of the row
_LEVEL = 0.5
#: age beside a name, folded
_AGE = re.compile(r"[(,;]?\s*\b\d{1,3}\s*t(uoi)?\b\s*\)?")
#: relation in brackets after a name
_RELATION = re.compile(r"\(\s*([^()\d]{2,20}?)\s*\)?\s*$")
#: `như trên`, folded, and marks that repeat the row above
_AS_ABOVE = re.compile(r"[-–—.,\s]*(n\s?\.?\s?t|nhu\s*tren|[\"'”“〃]{1,2})[-–—.,\s]*")
#: where lines of a cell stand: (position of the PageText, line)
Cells = Mapping[str, tuple[tuple[int, Line], ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Half:
    """A page with a wide table."""

    #: position of the PageText in the bundle
    number: int
    page: PageText
    table: Table


def other_half(left: Half, number: int, page: PageText, doctype: DocType) -> Half | None:
    """The page at the other side of the fold, when its table has the columns that `left` lacks. None when it has not."""
    table = find_table(page, doctype)
    if table is None and _one_scan(left.page, page):
        table = find_table(page, doctype, _across(left.page, page, _edges(left.table)))
    if table is None or set(table.columns) & (set(left.table.columns) - {"so"}) or _begins(table, doctype):
        return None
    return Half(number=number, page=page, table=table)


def _begins(table: Table, doctype: DocType) -> bool:
    """Whether a table has columns of a record's begin: what each record must have, apart from a number."""
    return any(spec.required and spec.name != "so" and spec.name in table.columns for spec in doctype.fields)


def cases_of(left: Half, right: Half | None, doctype: DocType) -> list[Case]:
    """A case for each row that is written on."""
    if right is None:
        problems = () if _begins(left.table, doctype) else _no_partner(left)
        return [_case(((left, row),), doctype, problems) for row in left.table.rows if row.written >= _WRITTEN]
    found: list[Case] = []
    pairs, sure = _pairs(left, right)
    for one, other in pairs:
        halves = tuple((half, row) for half, row in ((left, one), (right, other)) if row is not None and row.cells)
        if sum(row.written for _, row in halves) >= _WRITTEN:
            found.append(_case(halves, doctype, () if sure and len(halves) == 2 else _no_partner(halves[0][0])))
    return found


def _no_partner(half: Half) -> tuple[Problem, ...]:
    return (Problem(code="row_without_partner", page=half.number),)


def _pairs(left: Half, right: Half) -> tuple[list[tuple[TableRow | None, TableRow | None]], bool]:
    """(the halves of each row, whether it is certain that they belong together)."""
    numbers = [_numbers(half.table) for half in (left, right)]
    if all(numbers) and numbers[0].keys() & numbers[1].keys():
        order = [*numbers[0], *(number for number in numbers[1] if number not in numbers[0])]
        return [(numbers[0].get(number), numbers[1].get(number)) for number in order], True
    if _one_scan(left.page, right.page):
        return list(zip(*_levelled(left, right), strict=True)), True
    rows, others = left.table.rows, right.table.rows
    return list(zip_longest(rows, others)), len(rows) == len(others) and _alike(rows, others)


def _numbers(table: Table) -> dict[str, TableRow]:
    """Number of each row -> row. Empty when a number is missing or stands in two rows."""
    said = [re.sub(r"\D", "", " ".join(line.text for line in row.cells.get("so", ()))) for row in table.rows if row.cells]
    if not said or "" in said or len(set(said)) < len(said):
        return {}
    return dict(zip(said, [row for row in table.rows if row.cells], strict=True))


def _levelled(left: Half, right: Half) -> tuple[Sequence[TableRow], Sequence[TableRow]]:
    """The rows of two pages of one scan, as many on both.

    Rows that do not lie side by side are cut anew, as the finer table has them.
    """
    rows, others = left.table.rows, right.table.rows
    across = _across(left.page, right.page, [(row.top, row.bottom) for row in rows])
    if len(rows) == len(others) and all(
        abs((top + bottom) / 2 - row.middle) <= _LEVEL * (row.bottom - row.top) or not np.isfinite(bottom + row.bottom)
        for (top, bottom), row in zip(across, others, strict=True)
    ):
        return rows, others
    if len(rows) >= len(others):
        return rows, right.table.cut(across).rows
    return left.table.cut(_across(right.page, left.page, _edges(right.table))).rows, others


def _alike(rows: Sequence[TableRow], others: Sequence[TableRow]) -> bool:
    """Whether two tables photographed apart have rows of the same heights, in proportion."""
    heights = [np.array([row.bottom - row.top for row in side[:-1]]) for side in (rows, others)]
    if not len(heights[0]):
        return True
    one, other = (h / h.mean() for h in heights)
    return bool(np.all(np.abs(one - other) <= _LEVEL))


def _one_scan(one: PageText, other: PageText) -> bool:
    return (one.source, one.scan) == (other.source, other.scan)


def _edges(table: Table) -> list[tuple[float, float]]:
    return [(row.top, row.bottom) for row in table.rows]


def _across(one: PageText, other: PageText, edges: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """`edges`, heights of rows in px of a page, in px of the page at the other side of the fold. Both are seen on one scan."""
    # the fold is the right edge of the left page
    x = one.width if one.part < other.part else 0

    def mapped(y: float) -> float:
        if not np.isfinite(y):
            return y
        return float(other.to_scan.back(one.to_scan.points(np.array([[x, y]])))[0, 1])

    return [(mapped(top), mapped(bottom)) for top, bottom in edges]


def _case(halves: Sequence[tuple[Half, TableRow]], doctype: DocType, problems: tuple[Problem, ...]) -> Case:
    pages: list[tuple[int, PageText]] = []
    cells: dict[str, tuple[tuple[int, Line], ...]] = {}
    for half, row in halves:
        part = cut_out(half.page, partial(_within, row))
        parts = dict(_parts(row.cells, doctype))
        kept = tuple({id(line): line for cell in row.cells.values() for line in cell}.values())
        pages.append((half.number, replace(part, lines=kept)))
        cells |= {name: tuple((half.number, line) for line in lines) for name, lines in parts.items()}
    struck = {problem.code: problem for number, page in pages for problem in cancelled(number, page)}
    return Case(pages=tuple(pages), cells=cells, problems=(*problems, *struck.values()))


def _within(row: TableRow, box: Box) -> bool:
    return row.top <= box.centre[1] < row.bottom


def _parts(cells: Mapping[str, tuple[Line, ...]], doctype: DocType) -> Iterator[tuple[str, tuple[Line, ...]]]:
    """(field, lines) of a row: a name without the age beside it, the relation in brackets behind it as a field of its own."""
    for spec in doctype.fields:
        if spec.name not in cells:
            continue
        if spec.type != "name":
            yield spec.name, cells[spec.name]
            continue
        names, relations = _name_and_relation(cells[spec.name])
        if names:
            yield spec.name, names
        relation = _relation(spec, doctype)
        if relations and relation is not None and relation.name not in cells:
            yield relation.name, relations


def _relation(name: FieldSpec, doctype: DocType) -> FieldSpec | None:
    fitting = (spec for spec in doctype.fields if spec.type == "relation" and spec.section == name.section)
    return next(fitting, None)


def _name_and_relation(lines: Sequence[Line]) -> tuple[tuple[Line, ...], tuple[Line, ...]]:
    names: list[Line] = []
    relations: list[Line] = []
    for line in lines:
        folded = strip_accents(line.text).lower()
        relation, age = _RELATION.search(line.text), _AGE.search(folded)
        end = min((hit.start() for hit in (relation, age) if hit is not None), default=len(line.text))
        if relation is not None:
            relations += _cut(line, relation.start(1), relation.end(1))
        names += _cut(line, 0, len(line.text[:end].rstrip()))
    return tuple(names), tuple(relations)


def _cut(line: Line, start: int, end: int) -> list[Line]:
    """Letters `start` to `end` of a line. The whole line when its letters are not known, nothing when no letter is left."""
    if end <= start:
        return []
    return [part_of(line, start, end)] if len(line.letters) == len(line.text) else [line]


def with_repeated(cases: Sequence[Case]) -> list[Case]:
    """`cases` with the lines of the row above in each cell that says `như trên`."""
    found: list[Case] = []
    above: Cells = {}
    for case in cases:
        repeated = frozenset(name for name, cell in case.cells.items() if _says_as_above(cell) and name in above)
        case = replace(case, cells={**case.cells, **{name: above[name] for name in repeated}}, repeated=repeated)
        above = case.cells
        found.append(case)
    return found


def _says_as_above(cell: Sequence[tuple[int, Line]]) -> bool:
    said = strip_accents(" ".join(line.text for _, line in cell)).lower().strip()
    return _AS_ABOVE.fullmatch(said) is not None

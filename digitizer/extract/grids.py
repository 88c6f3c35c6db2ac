"""Reads grids of forms: a value stands where the row of its label crosses the column of its heading."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise

from rapidfuzz import fuzz

from digitizer.doctypes import DocType, FieldSpec
from digitizer.extract.labels import find_labels
from digitizer.extract.tables import cut_at, in_rows
from digitizer.geometry import cut_out, same_row
from digitizer.model import Box, Line, PageText
from digitizer.text import fold, strip_accents

#: least likeness, in percent, of a printed and a declared label
_ALIKE = 80


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
    below = [piece for line in lines if line.box.centre[1] > top and line.box.y0 < bottom for piece in cut_at(line, edges)]
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
            cells[spec.name] = in_rows(cell)
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

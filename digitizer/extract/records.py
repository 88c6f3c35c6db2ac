"""Divides the pages of a document into cases. A record is read from each case.

A sheet is one case. A page of a register book holds one record or more. A record begins with the number line (`Số: …`) or, where
that was not read, with the heading of the first person. Wide tables hold one record a row, which may run over the fold.
A page that begins no record continues the one before it. Cover and closing statement hold no record. Values on the cover count
for all records of the book.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import replace

from rapidfuzz.distance import Levenshtein

from digitizer.doctypes import CLOSING, COVER, DocType, FieldSpec
from digitizer.extract.case import Case, cancelled
from digitizer.extract.labels import find_labels
from digitizer.extract.locate import locate
from digitizer.extract.rows import Found
from digitizer.extract.tables import find_table
from digitizer.extract.wide_rows import Half, cases_of, other_half, with_repeated
from digitizer.geometry import cut_out, same_row
from digitizer.model import Box, Line, PageText
from digitizer.text import fold

#: fields of a book's cover
_COVER = DocType(
    name="cover",
    title=("Sổ hộ tịch",),
    fields=(
        FieldSpec(name="quyenSo", type="register_number", label=("quyen so",)),
        FieldSpec(name="noiDangKy", type="place", label=("co quan dang ky ho tich", "co quan dang ky", "noi dang ky")),
    ),
    other=COVER,
    stop=COVER,
)


def cases(pages: Sequence[tuple[int, PageText]], doctype: DocType) -> list[Case]:
    """The cases of a document, in order. `pages`: (position of the PageText, PageText) of all its pages."""
    if not doctype.book:
        return [Case(pages=tuple(pages))] if pages else []
    found: list[Case] = []
    rest = [(number, page) for number, page in pages if not (is_cover(page, doctype) or is_closing(page))]
    while rest:
        number, page = rest.pop(0)
        table = find_table(page, doctype)
        if table is not None:
            left = Half(number=number, page=page, table=table)
            right = other_half(left, *rest[0], doctype) if rest else None
            if right is not None:
                rest.pop(0)
            found += cases_of(left, right, doctype)
        elif found and not found[-1].cells and _continues(found[-1], page, doctype):
            found[-1] = replace(found[-1], pages=(*found[-1].pages, (number, page)))
        else:
            found += [_case(number, part) for part in divide(page, doctype)]
    return with_repeated(found)


def book_values(pages: Sequence[tuple[int, PageText]], doctype: DocType) -> dict[str, Found]:
    """Field -> value on the cover, which counts for all records of the book: `quyenSo`, `noiDangKy`."""
    names = {spec.name for spec in doctype.fields}
    covers = [(number, page) for number, page in pages if doctype.book and is_cover(page, doctype)]
    found = (found for cover in covers for found in locate([cover], _COVER))
    stated: dict[str, Found] = {}
    for one in found:
        if one.field.name in names and one.pieces:
            stated.setdefault(one.field.name, one)
    return stated


def is_cover(page: PageText, doctype: DocType) -> bool:
    """Whether a page is a book's cover. It names the day the book was opened or closed, and has no number line."""
    opened = any(fold(line.text).strip(" .:").startswith(word) for line in page.lines for word in COVER)
    return opened and not _number_lines(page, doctype)


def is_closing(page: PageText) -> bool:
    """Whether a page is a book's closing statement. It has totals of pages and events, and no number line."""
    text = " ".join(fold(line.text) for line in page.lines)
    return sum(phrase in text for phrase in CLOSING) >= 2 and not _number_lines(page, None)


def divide(page: PageText, doctype: DocType) -> list[PageText]:
    """The page divided into its records, from the top down. A page with one record stays whole."""
    starts = _starts(page, doctype)
    if len(starts) < 2:
        return [page]
    edges = [float("-inf"), *starts[1:], float("inf")]
    shared = [line for line in page.lines if _is_page_number(line)]
    return [_within(page, top, bottom, shared) for top, bottom in itertools.pairwise(edges)]


def _starts(page: PageText, doctype: DocType) -> list[float]:
    """Top of each record, px: that of its number line, else that of its first heading."""
    numbers = [line.box for line in _number_lines(page, doctype)]
    headings = [line.box for line in page.lines if _is_heading(line, doctype)]
    if len(headings) <= len(numbers) or len(headings) < 2:
        return _apart([box.y0 - 0.4 * box.height for box in numbers])
    return _apart([_number_above(box, numbers).y0 - 0.4 * box.height for box in headings])


def _number_above(heading: Box, numbers: Sequence[Box]) -> Box:
    """The box of the number line above a heading, else that of the heading itself."""
    near = [box for box in numbers if box.y0 < heading.y0 and heading.y0 - box.y1 < 6 * heading.height]
    return max(near, key=lambda box: box.y0, default=heading)


def _apart(tops: Sequence[float]) -> list[float]:
    return sorted(set(tops))


def _number_lines(page: PageText, doctype: DocType | None) -> list[Line]:
    """The number lines: `Số: 15/2009` alone, or with volume or day of registration in its row.

    A number alone is no number line in a book whose records have further numbers, such as that of a corrected paper.
    """
    numbered = doctype is None or sum("so" in spec.label for spec in doctype.fields) < 2
    found: list[Line] = []
    for line in page.lines:
        text = fold(line.text)
        if any(same_row(line.box, other.box) for other in found):
            continue
        row = " ".join(fold(other.text) for other in page.lines if same_row(line.box, other.box))
        # a number with its year is enough, whatever was read beside it
        alone = numbered and (
            re.fullmatch(r"s[o06][\s:.…]*\d+(\s*/\s*\d{2,4})?\W*", row)
            or re.fullmatch(r"s[o06]\s*[:.…]+\s*\d+\s*/\s*\d{4}\W*", text)
        )
        begun = re.match(r"s[o06]\s*[:.…]|s[o06]\s+\d", text) and re.search(r"quyen|ngay[^/]*dang ky|nam dang ky|nam cap", row)
        if alone or begun or re.search(r"quyen s.{0,3}:.*(dang ky|nam cap)", row):
            found.append(line)
    return found


def _is_heading(line: Line, doctype: DocType) -> bool:
    """Whether a line is the heading of the type's first section, which is the record's first person."""
    if not doctype.sections:
        return False
    text = fold(line.text).strip(" .:")
    ranked = [
        (Levenshtein.normalized_similarity(text, start), -place)
        for place, section in enumerate(doctype.sections)
        for start in section.start
        if " " in start
    ]
    alike, first = max(ranked, default=(0.0, -1))
    return alike >= 0.85 and first == 0


def _is_page_number(line: Line) -> bool:
    return fold(line.text).startswith("trang so")


def _within(page: PageText, top: float, bottom: float, shared: Sequence[Line]) -> PageText:
    """The part of `page` between two heights, px, with the lines `shared` by all its records."""
    part = cut_out(page, lambda box: top <= box.centre[1] < bottom)
    return replace(part, lines=(*(line for line in part.lines if line not in shared), *shared))


def _continues(before: Case, page: PageText, doctype: DocType) -> bool:
    """Whether a page continues the record before it. It has no number line, and only sections that the record lacks."""
    if _number_lines(page, doctype) or any(_is_page_number(line) for line in before.pages[-1][1].lines):
        return False
    begun = {name for _, earlier in before.pages for name in _sections(earlier, doctype)}
    here = _sections(page, doctype)
    return bool(here) and not here & begun


def _sections(page: PageText, doctype: DocType) -> set[str]:
    labels = {hit.label for row, line in enumerate(page.lines) for hit in find_labels(fold(line.text), row, doctype)}
    return {section.name for section in doctype.sections if labels & set(section.start)}


def _case(number: int, page: PageText) -> Case:
    return Case(pages=((number, page),), problems=tuple(cancelled(number, page)))

"""Rows of a record and pieces of them. Values are read from pieces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

from digitizer.doctypes import DocType, FieldSpec
from digitizer.geometry import margin_column, union
from digitizer.model import Box, Line, PageText
from digitizer.text import fold, strip_accents

#: begin of the heading over the margin column of a book, folded
MARGIN = "ghi chu"
#: that heading ends right of this share of the page's width
_RIGHT = 0.55
#: label of a page number, folded
_PAGE = "trang so"
#: characters of dotted lines and between a label and its value
_FILL = " .…·:_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A part of one line: letters `start` to `end`, without the letter at `end`."""

    page: int
    line: Line
    start: int
    end: int

    @property
    def text(self) -> str:
        """Its letters."""
        return self.line.text[self.start : self.end]

    @property
    def box(self) -> Box:
        """The box around its letters, or that of the whole line when the letters are not known."""
        letters = (
            [k for k in self.line.letters[self.start : self.end] if k.char != " "]
            if len(self.line.letters) == len(self.line.text)
            else []
        )
        if not letters:
            return self.line.box
        return Box(min(k.x0 for k in letters), self.line.box.y0, max(k.x1 for k in letters), self.line.box.y1)

    @property
    def confidences(self) -> list[float]:
        """Confidences of its letters, without dots and spaces. That of the line when the letters are not known."""
        if len(self.line.letters) != len(self.line.text):
            return [self.line.confidence]
        return [k.confidence for k in self.line.letters[self.start : self.end] if k.char not in " .…·"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A field and the pieces that hold its value."""

    field: FieldSpec
    pieces: tuple[Piece, ...]

    @property
    def raw(self) -> str:
        """The value as printed."""
        return " ".join(p.text.strip() for p in self.pieces).strip()

    @property
    def by(self) -> str:
        """Who read it: `pdf` when all of it is embedded text, else `ocr`."""
        return "pdf" if all(piece.line.by == "pdf" for piece in self.pieces) else "ocr"

    @property
    def box(self) -> Box | None:
        """The box around the pieces on the first page."""
        first = [p.box for p in self.pieces if p.page == self.pieces[0].page]
        return union(first) if first else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A line of a record."""

    #: position of the PageText in the bundle
    page: int
    line: Line
    #: its text, folded letter by letter, so that positions stay
    folded: str


def rows_of(pages: Sequence[tuple[int, PageText]], doctype: DocType) -> tuple[list[Row], list[Row]]:
    """(rows of the body, rows of the margin column), in reading order. Only books have a margin column."""
    body: list[Row] = []
    margin: list[Row] = []
    for number, page in pages:
        aside = {id(line) for line in _aside(page.lines)} if doctype.book else set()
        for line in page.lines:
            row = Row(page=number, line=line, folded=strip_accents(line.text).lower())
            # the page number below the margin column belongs to the body
            (margin if id(line) in aside and not _is_page_number(row.folded) else body).append(row)
    return body, margin


def _is_page_number(folded: str) -> bool:
    start = folded.lstrip(" .:")[: len(_PAGE)]
    return _PAGE in folded or Levenshtein.normalized_similarity(start, _PAGE) >= 0.7


def _aside(lines: Sequence[Line]) -> list[Line]:
    """The lines of the margin column. In a column with few lines, those under its heading and clear of the body.

    `margin_column` is the one rule for a column. Reading order has only it, because few lines beside the body read well in rows.
    Books know the heading of their margin, so here a single note is found too.
    """
    if found := margin_column(lines):
        return found
    left, right = min((k.box.x0 for k in lines), default=0.0), max((k.box.x1 for k in lines), default=0.0)
    edge = left + _RIGHT * (right - left)
    heading = next((k for k in lines if k.box.x0 > edge and fold(k.text).startswith(MARGIN)), None)
    if heading is None:
        return []
    tall = heading.box.height
    under = [k for k in lines if k.box.y0 >= heading.box.y0 - 0.5 * tall and k.box.x1 > heading.box.x0]
    start = min((k.box.x0 for k in under if k.box.x0 > edge), default=heading.box.x0)
    return [k for k in under if k.box.x0 >= start] if start > heading.box.x0 - 6 * tall else [heading]


def piece(row: Row, start: int, end: int) -> list[Piece]:
    """The piece of letters `start` to `end` without dots and spaces around it. Empty when nothing is left."""
    text = row.line.text
    while start < end and text[start] in _FILL:
        start += 1
    while end > start and text[end - 1] in _FILL:
        end -= 1
    return [Piece(page=row.page, line=row.line, start=start, end=end)] if end > start else []


def whole(row: Row) -> list[Piece]:
    """The whole row as a piece, as `piece` gives it."""
    return piece(row, 0, len(row.line.text))


def stops(row: Row, doctype: DocType) -> bool:
    """Whether a row ends the value before it, because it is a declared heading or instruction."""
    text = fold(row.line.text)
    return any(Levenshtein.normalized_similarity(text[: len(stop) + 2].strip(" :."), stop) >= 0.8 for stop in doctype.stop)

"""Reads and writes the tables that offices exchange, CSV and XLSX. The only home of openpyxl, which is loaded on first use.

All values are text. So identity numbers, codes and dates keep their zeros, and a value that begins with `=` stays a value.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from digitizer.errors import FileAccess, UnsupportedFormat
from digitizer.text import nfc

#: what begins a formula
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
#: largest table that is read
_MOST_BYTES = 100_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class CellMark:
    """A cell to mark: row as `read` counts them (0-based, without the header), column by its header, colour `RRGGBB`."""

    row: int
    column: str
    colour: str
    comment: str


def read(path: Path, sheet: str | None = None, *, whole_headers: bool = False) -> list[dict[str, str]]:
    """The rows of a `.csv` or `.xlsx`, by the first word of each header. Empty rows are left out.

    A `.csv` is UTF-8, divided by comma, semicolon or tab. `whole_headers` takes headers as they are, with single spaces.
    Where the workbook has no sheet named `sheet`, its first is read. Raises FileAccess, UnsupportedFormat.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise UnsupportedFormat("this table is too large", file=path.name)
        lines = _csv(path) if path.suffix.lower() == ".csv" else _xlsx(path, sheet)
    except OSError as exc:
        raise FileAccess("the table cannot be read", file=path.name) from exc
    except (UnicodeDecodeError, csv.Error, BadZipFile, KeyError, ValueError) as exc:
        raise UnsupportedFormat("this is no table; save it as .xlsx or as .csv in UTF-8", file=path.name) from exc
    headers = [" ".join(header.split()) if whole_headers else _first_word(header) for header in (lines[0] if lines else [])]
    rows = [dict(zip(headers, [*line, *[""] * len(headers)], strict=False)) for line in lines[1:]]
    return [{k: v for k, v in row.items() if k} for row in rows if any(row.values())]


def csv_bytes(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """A CSV in UTF-8 with a byte order mark, as Excel wants it. None is an empty cell.

    A text that a spreadsheet would take for a formula gets an apostrophe in front.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell for cell in row])
    return out.getvalue().encode("utf-8-sig")


def write_xlsx(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, str]], *, sheet: str = "Sheet1") -> None:
    """Writes a sheet of text cells, the columns in this order."""
    from openpyxl import Workbook

    book = Workbook(write_only=False)
    page = book.active or book.create_sheet()
    page.title = sheet
    for number, row in enumerate([dict(zip(columns, columns, strict=True)), *rows], start=1):
        for place, column in enumerate(columns, start=1):
            cell = page.cell(row=number, column=place)
            cell.value = row.get(column, "")
            cell.data_type, cell.number_format = "s", "@"
    page.freeze_panes = "A2"
    book.properties.created = book.properties.modified = datetime(2000, 1, 1)
    book.save(path)


def mark(source: Path, target: Path, marks: Iterable[CellMark], sheet: str | None = None) -> None:
    """Copies an `.xlsx` with cells coloured and commented. No value is changed. Rows count as in `read`."""
    from openpyxl import load_workbook
    from openpyxl.comments import Comment
    from openpyxl.styles import PatternFill

    book = load_workbook(source)
    page = book[sheet] if sheet and sheet in book.sheetnames else book[book.sheetnames[0]]
    lines = list(page.iter_rows())
    columns = {_first_word(_text(cell.value)): place for place, cell in enumerate(lines[0])}
    filled = [line for line in lines[1:] if any(_text(cell.value) for cell in line)]
    for one in marks:
        cell = filled[one.row][columns[one.column]]
        cell.fill = PatternFill("solid", start_color=one.colour)
        cell.comment = Comment(one.comment, "digitizer")
    book.save(target)


def write_csv(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> str:
    """The rows as CSV that Excel opens with the right letters: UTF-8 with a byte order mark, CRLF."""
    sink = io.StringIO()
    writer = csv.DictWriter(sink, columns, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return "\ufeff" + sink.getvalue()


def _csv(path: Path) -> list[list[str]]:
    text = path.read_text(encoding="utf-8-sig")
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    return [[nfc(cell).strip() for cell in line] for line in csv.reader(io.StringIO(text), delimiter=delimiter)]


def _xlsx(path: Path, sheet: str | None) -> list[list[str]]:
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except InvalidFileException as exc:
        raise ValueError("not a format of openpyxl") from exc
    try:
        page = book[sheet] if sheet and sheet in book.sheetnames else book[book.sheetnames[0]]
        return [[_text(value) for value in line] for line in page.iter_rows(values_only=True)]
    finally:
        book.close()


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime | date):
        return value.strftime("%Y-%m-%d")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return nfc(str(value)).strip()


def _first_word(header: str) -> str:
    return header.split()[0] if header.split() else ""

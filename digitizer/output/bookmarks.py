"""Bookmarks: one for each paper, and below it one for each record of a book."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from pikepdf import OutlineItem, PageLocation, Pdf

from digitizer.model import Digitized, Document, Record
from digitizer.output.page_geometry import placement
from digitizer.output.placement import corners

_UNKNOWN = "Chưa rõ loại"


def add_bookmarks(pdf: Pdf, result: Digitized, titles: Mapping[str, str]) -> None:
    """Appends the outline of `result` to the one the PDF has. One paper with one record gets none.

    `titles`: document type -> its title as printed.
    """
    if sum(max(1, len(document.records)) for document in result.documents) < 2:
        return
    with pdf.open_outline() as outline:
        for document in result.documents:
            item = OutlineItem(_title(document, titles), document.pages[0], PageLocation.Fit)
            if len(document.records) > 1:
                item.is_closed = False
                item.children.extend(_record(pdf, result, document, n) for n in range(len(document.records)))
            outline.root.append(item)


def _title(document: Document, titles: Mapping[str, str]) -> str:
    name = titles.get(document.doctype or "", _UNKNOWN)
    number = _number(document.records[0]) if len(document.records) == 1 else ""
    return f"{name} {number}".strip()


def _number(record: Record) -> str:
    """The number of the entry (field `so`) when it is accepted, else an empty string."""
    value = next((f.value for f in record.fields if f.name == "so" and f.accepted), None)
    return f"số {value}" if isinstance(value, str) and value else ""


def _record(pdf: Pdf, result: Digitized, document: Document, number: int) -> OutlineItem:
    """A record's bookmark leads to the top of its highest field on its first page."""
    record = document.records[number]
    name = _number(record) or f"Trường hợp {number + 1}"
    places = [(f.page, f.box) for f in record.fields if f.page is not None and f.box is not None]
    if not places:
        return OutlineItem(name, document.pages[0], PageLocation.Fit)
    text = min(page for page, _ in places)
    page, scan = result.pages[text], result.positions[text]
    if page.sheet is None:
        return OutlineItem(name, scan, PageLocation.Fit)
    matrix = placement(pdf.pages[scan], page.sheet)
    tops = [corners(box, page.to_scan, matrix)[2] for at, box in places if at == text]
    left, top = np.min([x for x, _ in tops]), np.max([y for _, y in tops])
    return OutlineItem(name, scan, PageLocation.XYZ, left=round(float(left), 1), top=round(float(top), 1))

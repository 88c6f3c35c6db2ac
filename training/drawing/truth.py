"""Truth files: everything a scan says, in the format of the document-type catalogue."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from training.drawing.paper import Line, Sheet
from training.drawing.scans import Scanned, box_quads


@dataclass(slots=True, kw_only=True)
class Page:
    """One scan with what stands on it."""

    scan: Scanned
    lines: list[Line]


@dataclass(slots=True, kw_only=True)
class Document:
    """One document in a file: its type, the positions of its scans, its records."""

    type: str
    pages: list[int]
    records: list[dict[str, Any]] = field(default_factory=list)
    planted: list[dict[str, Any]] = field(default_factory=list)


def page(sheet: Sheet, scan: Scanned) -> Page:
    """A scan and the lines of its sheet, in reading order."""
    return Page(scan=scan, lines=sheet.reading())


def write(file: str, layout: str, pages: Sequence[Page], documents: Sequence[Document]) -> str:
    """The truth file's text. Of several scans the first gives level, skew and so on. `scans` has them all."""
    first = pages[0].scan
    content: dict[str, Any] = {
        "file": file,
        **_facts(first),
        "layout": layout,
        "effects": list(first.effects),
        "documents": [{"type": d.type, "pages": d.pages, "records": d.records} for d in documents],
        "text": "\n".join(filter(None, map(text, pages))),
        "planted": [p for d in documents for p in d.planted],
    }
    if len(pages) > 1:
        content["scans"] = [_facts(p.scan) | {"effects": list(p.scan.effects), "text": text(p)} for p in pages]
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def text(page: Page) -> str:
    """All text of a page in reading order, one line of paper a line."""
    return "\n".join(line.text for line in page.lines)


def lines(page: Page) -> list[dict[str, Any]]:
    """Every line of a scan: text, quadrangle in px of the scan, whether a pen wrote any of it.

    A quadrangle starts at the left upper corner of the upright line and goes clockwise. This is what training needs. Truth
    files do not carry it.
    """
    boxes = np.array([line.box for line in page.lines], np.float64).reshape(-1, 4)
    quads = box_quads(page.scan.turn, boxes)
    return [{"text": line.text, "quad": quad.tolist(), "hand": line.hand} for line, quad in zip(page.lines, quads, strict=True)]


def _facts(scan: Scanned) -> dict[str, Any]:
    return {"level": scan.level, "skew_deg": scan.skew_deg, "rotation": scan.rotation, "dpi": scan.dpi}

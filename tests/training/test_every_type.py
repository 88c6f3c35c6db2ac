"""Every type the kit can draw is told from all others, as drawn and with letters misread; and its records are found."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from benchmarks.doctypes import as_text
from digitizer.classify import classify
from digitizer.doctypes import load
from digitizer.extract import extract
from tests.training.conftest import fonts  # noqa: F401
from training.drawing import books, sheets
from training.drawing.fonts import Fonts

OURS = load()
WHEN = date(2019, 5, 7)


@pytest.mark.parametrize("errors", [0.0, 0.04])
@pytest.mark.parametrize("kind", [*sheets.SHEETS, *books.BOOKS])
def test_a_drawn_page_is_of_its_type(fonts: Fonts, kind: str, errors: float) -> None:  # noqa: F811
    rng = np.random.default_rng([11, len(kind)])
    if kind in sheets.SHEETS:
        drawing = sheets.SHEETS[kind]
        sheet = drawing.draw(fonts, drawing.event(rng, WHEN, 17, None), rng, dpi=60, how=drawing.how).sheet
    elif books.BOOKS[kind].body is not None:
        sheet = books.one(fonts, kind, books.BOOKS[kind].event(rng, WHEN, 17, None), rng, dpi=60).sheet
    else:
        sheet = books.table(fonts, kind, books.several(kind, rng, WHEN, 17, 4), rng, dpi=60).sheet
    (document,) = classify([as_text(sheet, rng, errors)], [0], bundle="b", doctypes=OURS)
    assert document.doctype == kind, [e.what for e in document.evidence]


@pytest.mark.parametrize("layout", ["table", "stacked"])
@pytest.mark.parametrize("kind", ["birth_register", "marriage_register", "death_register"])
def test_older_layouts_give_a_record_each(fonts: Fonts, kind: str, layout: str) -> None:  # noqa: F811
    rng = np.random.default_rng(5)
    entries = books.several(kind, rng, date(1998, 5, 7), 11, 3)
    drawn = (
        books.table(fonts, kind, entries, rng, dpi=60) if layout == "table" else books.stacked(fonts, kind, entries, rng, dpi=60)
    )
    page = as_text(drawn.sheet if isinstance(drawn, books.Drawn) else drawn[0], rng, 0.0)
    (document,) = classify([page], [0], bundle="b", doctypes=OURS)
    assert document.doctype == kind
    records = extract(document, [page], doctypes=OURS)
    numbers = [next(f.value for f in record.fields if f.name == "so") for record in records]
    assert numbers == [case.values["so"] for case in entries]

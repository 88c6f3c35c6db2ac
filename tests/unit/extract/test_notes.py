"""Notes in the margin: each with its day, its place and what it says."""

from __future__ import annotations

from dataclasses import replace

import jsonschema
import pytest

from digitizer.extract import extract, revise_field
from digitizer.extract.notes import day_of, hand_of
from digitizer.extract.rows import Piece
from digitizer.model import Document, Field
from digitizer.output.result import record_json, result_schema
from tests.unit.builders import OURS, RECORD, line, page_of

#: what the published format says of a field
FIELD = jsonschema.Draft202012Validator({"$defs": result_schema()["$defs"], "$ref": "#/$defs/field"})


def notes(*margin: tuple[str, float]) -> Field | None:
    """The field of notes of a page with (text, y) in its margin, under the heading."""
    aside = [line(text, x=1250, y=y) for text, y in (("Ghi chú", 160), *margin)]
    page = page_of(*RECORD)
    page = replace(page, lines=(*page.lines, *aside))
    document = Document(id="b/0", pages=(0,), texts=(0,), doctype="birth_register", score=1)
    (record,) = extract(document, [page], doctypes=OURS)
    for field in record_json(record)["fields"]:
        FIELD.validate(field)
    return next((field for field in record.fields if field.name == "ghiChu"), None)


def test_notes_that_follow_one_another_are_entries_with_their_days() -> None:
    field = notes(
        ("Ngày 25/11/2019 đã cấp bản sao", 220),
        ("Trích lục khai sinh số 173/TL-BS", 260),
        ("Cải chính năm sinh theo Quyết", 330),
        ("định số 14/QĐ-UBND ngày 04/03/2021", 370),
    )
    assert field is not None
    first, second = field.notes
    assert (first.text, first.date) == ("Ngày 25/11/2019 đã cấp bản sao Trích lục khai sinh số 173/TL-BS", "2019-11-25")
    assert (second.text, second.date) == ("Cải chính năm sinh theo Quyết định số 14/QĐ-UBND ngày 04/03/2021", "2021-03-04")
    assert field.value == (first.text, second.text)
    assert first.box is not None and second.box is not None
    assert first.box.y1 < second.box.y0 and (first.page, second.page) == (0, 0)
    assert field.confidence == min(first.confidence, second.confidence)


def test_a_note_below_the_signature_of_another_is_its_own() -> None:
    field = notes(("Đã cấp lại bản chính", 220), ("Thay đổi họ theo Quyết định năm 2010", 460))
    assert field is not None
    assert [(note.text, note.date) for note in field.notes] == [
        ("Đã cấp lại bản chính", None),
        ("Thay đổi họ theo Quyết định năm 2010", None),
    ]


def test_a_day_within_a_note_does_not_part_it() -> None:
    field = notes(("Bổ sung dân tộc theo", 220), ("Quyết định ngày 9/9/2010", 260), ("của Ủy ban nhân dân xã", 300))
    assert field is not None
    (note,) = field.notes
    assert (note.text, note.date) == ("Bổ sung dân tộc theo Quyết định ngày 9/9/2010 của Ủy ban nhân dân xã", "2010-09-09")


def test_the_number_of_a_page_is_no_note() -> None:
    assert notes(("126", 220)) is None
    assert notes(("Trong số: 53", 220)) is None


def test_an_empty_margin_has_no_notes_and_a_correction_speaks_for_itself() -> None:
    assert notes() is None
    field = notes(("Đã cấp bản sao ngày 01/02/2019", 220))
    assert field is not None and field.notes
    (revised,) = revise_field([field], "birth_register", {"ghiChu": "Đã cấp bản sao"}, by="can.bo", doctypes=OURS)
    assert (revised.value, revised.notes) == (("Đã cấp bản sao",), ())


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("Ngày 25.11.2019 đã cấp bản sao số 173/TL-BS ngày 24/11/2019", "2019-11-25"),
        ("Theo đơn ngày 01/02/2010, cải chính ngày 04/03/2021", "2021-03-04"),
        ("ngày 5 tháng 6 năm 2011 bổ sung", "2011-06-05"),
        ("Đã hủy", None),
        ("ngày 31/02/2011", None),
    ],
)
def test_a_note_was_made_on_the_day_it_begins_with_or_the_last_it_names(text: str, day: str | None) -> None:
    assert day_of(text) == day


@pytest.mark.parametrize(
    ("lines", "hand"),
    [((0.97, 0.9), "pen"), ((0.05, 0.2), "print"), ((0.95,), "pen"), ((0.8,), None), ((0.9, 0.1), None), ((None, None), None)],
)
def test_every_note_says_whether_a_pen_wrote_it(lines: tuple[float | None, ...], hand: str | None) -> None:
    rows = [replace(line(f"Đã cấp bản sao {n}"), hand=sure) for n, sure in enumerate(lines)]
    assert hand_of([Piece(page=0, line=row, start=0, end=len(row.text)) for row in rows]) == hand

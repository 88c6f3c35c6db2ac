"""Rows of wide tables -> records, also where a row runs over the fold of the book."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from digitizer.extract import extract
from digitizer.model import Box, Cell, Document, PageText, Record, Ruling, Warp
from tests.unit.builders import OURS, PITCH, page_of

LEFT = (
    ("Số", 100),
    ("Ngày đăng ký", 200),
    ("Họ và tên người được khai sinh", 480),
    ("Ngày, tháng, năm sinh", 960),
    ("Nơi sinh", 1300),
)
RIGHT = (
    ("Họ và tên cha", 100),
    ("Họ và tên mẹ", 420),
    ("Nơi ở của cha mẹ", 740),
    ("Họ và tên người khai", 1060),
    ("Ghi chú", 1400),
)
CHILDREN = ("Lý Thị Mai", "Ma Văn Bình", "Lò Thị Hoa")
FATHERS = ("Lý Văn A", "Ma Văn Công", "Lò Văn Đức")


def left_row(number: int, born_in: str = "Trạm xá xã") -> tuple[tuple[str, float], ...]:
    return (
        (str(80 + number), 100), ("07/05/1994", 210), (CHILDREN[number], 480), ("03/05/1994", 960), (born_in, 1300),
    )  # fmt: skip


def right_row(number: int) -> tuple[tuple[str, float], ...]:
    return (
        (FATHERS[number], 100), ("Nông Thị Yến", 420), ("xã Kim Bình", 740), (f"{FATHERS[number]} (bố)", 1060), ("quá hạn", 1420),
    )  # fmt: skip


def left_page(*rows: int) -> PageText:
    return page_of(LEFT, *(left_row(number) for number in rows))


def right_page(*rows: int, scan: int = 0) -> PageText:
    """The page at the other side of the fold. On the same scan it lies 1700 px to the right and 50 px lower."""
    shifted = np.array([[1.0, 0, 1700], [0, 1, 50], [0, 0, 1]])
    return replace(page_of(RIGHT, *(right_row(number) for number in rows)), scan=scan, part=1, to_scan=Warp(homography=shifted))


def higher(page: PageText, by: float) -> PageText:
    """`page` with all its lines so many px higher."""
    lines = tuple(replace(k, box=replace(k.box, y0=k.box.y0 - by, y1=k.box.y1 - by)) for k in page.lines)
    return replace(page, lines=lines)


def records(*pages: PageText) -> tuple[Record, ...]:
    texts = tuple(range(len(pages)))
    document = Document(id="b/0", pages=tuple({p.scan for p in pages}), texts=texts, doctype="birth_register", score=1)
    return extract(document, pages, doctypes=OURS)


def values(record: Record) -> dict[str, object]:
    return {field.name: field.value for field in record.fields}


def said(record: Record) -> list[str]:
    return [reason.code for reason in record.reasons]


def test_a_row_that_runs_over_the_fold_is_one_record_on_two_pages() -> None:
    found = records(left_page(0, 1, 2), higher(right_page(0, 1, 2), 50))
    assert [values(r)["so"] for r in found] == ["80", "81", "82"]
    assert [values(r)["nksHoTen"] for r in found] == list(CHILDREN)
    assert [values(r)["chaHoTen"] for r in found] == list(FATHERS)
    assert {field.page for field in found[0].fields} == {0, 1}
    assert all("row_without_partner" not in said(r) for r in found)


def test_rows_of_a_page_without_numbers_and_rules_are_those_across_the_fold() -> None:
    right = higher(right_page(0, 1, 2), 50)
    # the middle row of the right page is empty: the rows above and below keep their places
    right = replace(right, lines=tuple(k for k in right.lines if k.box.y0 != 50 + 2 * PITCH))
    found = records(left_page(0, 1, 2), right)
    assert [values(r).get("chaHoTen") for r in found] == [FATHERS[0], None, FATHERS[2]]
    assert ["row_without_partner" in said(r) for r in found] == [False, True, False]


def numbered(*rows: int) -> PageText:
    """A right page photographed by itself, that repeats the numbers of its rows."""
    wide = [((str(80 + n), 100), *((text, x + 60) for text, x in right_row(n))) for n in rows]
    return replace(page_of((("STT", 100), *((text, x + 60) for text, x in RIGHT)), *wide), scan=1)


def test_pages_photographed_apart_are_matched_by_their_numbers() -> None:
    found = records(left_page(0, 1, 2), numbered(0, 2))
    assert [values(r).get("chaHoTen") for r in found] == [FATHERS[0], None, FATHERS[2]]
    assert ["row_without_partner" in said(r) for r in found] == [False, True, False]


def ruled(page: PageText, rows: int) -> PageText:
    """`page` with a ruled table of a heading and so many rows."""
    edges = [80.0, 400.0, 720.0, 1040.0, 1380.0, 1600.0]
    cells = tuple(
        Cell(box=Box(x0, 90 + PITCH * row, x1, 150 + PITCH * row), table=0, row=row, column=column)
        for row in range(rows + 1)
        for column, (x0, x1) in enumerate(pairwise(edges))
    )
    return replace(page, ruling=Ruling(cells=cells))


@pytest.mark.parametrize(("rows", "unsure"), [(3, 0), (2, 3)])
def test_pages_photographed_apart_whose_rows_differ_say_so(rows: int, unsure: int) -> None:
    found = records(left_page(0, 1, 2), ruled(right_page(*range(rows), scan=1), rows))
    assert [values(r).get("chaHoTen") for r in found] == [*FATHERS[:rows], *[None] * (3 - rows)]
    assert sum("row_without_partner" in said(r) for r in found) == unsure


def test_ages_and_relations_beside_a_name_are_no_part_of_it() -> None:
    row = (("Lý Văn A 26 tuổi", 100), ("Nông Thị Yến", 420), ("xã Kim Bình", 740), ("Lý Văn A (bố)", 1060))
    right = replace(higher(page_of(RIGHT, row), 50), part=1, to_scan=right_page().to_scan)
    (record,) = records(left_page(0), right)
    assert values(record)["chaHoTen"] == values(record)["nycHoTen"] == "Lý Văn A"
    assert values(record)["nycQuanHe"] == "bố"
    assert values(record)["chaNoiCuTru"] == values(record)["meNoiCuTru"] == "xã Kim Bình"


def test_a_father_is_no_stroke_of_the_pen() -> None:
    (record,) = records(left_page(0), higher(right_page(0), 50))
    assert "cancelled" not in said(record)


@pytest.mark.parametrize("mark", ["nt", "-nt-", "như trên", "Như trên.", '"'])
def test_as_above_is_the_value_of_the_row_above_and_waits_for_a_person(mark: str) -> None:
    page = page_of(LEFT, left_row(0, "Trạm xá xã Kim Bình"), left_row(1, mark), left_row(2, mark))
    found = records(page)
    assert [values(r)["nksNoiSinh"] for r in found] == ["Trạm xá xã Kim Bình"] * 3
    fields = [next(f for f in r.fields if f.name == "nksNoiSinh") for r in found]
    assert [[p.code for p in f.problems] for f in fields] == [[], ["as_above"], ["as_above"]]
    assert not any(f.accepted for f in fields[1:])


def test_half_a_row_says_that_the_other_half_is_missing() -> None:
    assert [said(r).count("row_without_partner") for r in records(numbered(0, 1))] == [1, 1]

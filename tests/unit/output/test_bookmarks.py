"""Bookmarks: one a record, at its place."""

from __future__ import annotations

from pathlib import Path

import pikepdf
import pytest

from tests.unit.output.builders import document, field, written
from tests.validators import findings


def test_each_record_of_a_book_has_a_bookmark_that_leads_to_it(tmp_path: Path) -> None:
    book = document(0, "birth_register", (field("so", "12/2018"),), (field("so", "13/2018", accepted=False, y=500),))
    pdf, _ = written(tmp_path, book, document(1, "decision"))
    with pikepdf.open(pdf) as opened, opened.open_outline() as outline:
        assert [item.title for item in outline.root] == ["Sổ đăng ký khai sinh", "Quyết định"]
        first, second = outline.root[0].children
        assert [first.title, second.title] == ["số 12/2018", "Trường hợp 2"]
        height = float(opened.pages[0].mediabox[3])
        assert float(second.destination[3]) == pytest.approx(height - 500 * 0.72, abs=1)
    assert findings(pdf) == []


def test_one_paper_with_one_record_needs_no_bookmarks(tmp_path: Path) -> None:
    pdf, _ = written(tmp_path, document(0, "decision", (field("so", "5/QĐ-UBND"),)))
    with pikepdf.open(pdf) as opened:
        assert "/Outlines" not in opened.Root

"""Two sources of one value: what is a difference and what is only another way to write it."""

from __future__ import annotations

import pytest

from digitizer.extract.sources import agree

PLACE = "Thôn 3, phường Nông Tiến, thành phố Tuyên Quang"


@pytest.mark.parametrize(
    ("kind", "one", "printed", "same"),
    [
        ("name", "Nguyễn Văn An", "NGUYỄN VĂN  AN", True),
        ("name", "La Gia Hoà", "LA GIA HÒA", True),
        ("name", "La Gia Hoà", "LA GIA HOÀN", False),
        ("name", "Hà Hữu Thảo", "HÀ HỮU NGHĨA", False),
        ("name", "Nguyễn Thị Hoá", "NGUYỄN THỊ HOA", False),
        ("name", "Nguyễn Văn An", None, True),
        ("date", "1987-08-15", "1987-08-15", True),
        ("date", "1987-08-15", "1987-08-16", False),
        ("date", "không thời hạn", "không thời hạn", True),
        ("id_number", "008087001234", "008087001235", False),
        ("place", PLACE, "Thôn 3, P. Nông Tiến, TP Tuyên Quang", True),
        ("place", PLACE, "Thôn 3 phường Nông Tiên thành phố Tuyên Quang", True),
        ("place", PLACE, "Thôn 8, phường Nông Tiến, thành phố Tuyên Quang", False),
        ("place", PLACE, "Thôn 3, phường Hưng Thành, thành phố Tuyên Quang", False),
        ("place", PLACE, "Thôn 3, phường Nông Tiến", False),
    ],
)
def test_sources_agree_or_differ(kind: str, one: str, printed: str | None, same: bool) -> None:
    assert agree(kind, one, printed, confidence=0.99) is same


def test_accents_of_a_print_that_was_hard_to_read_do_not_count() -> None:
    assert agree("name", "Nguyễn Thị Hoá", "NGUYỄN THỊ HOA", confidence=0.5)
    assert not agree("name", "Nguyễn Thị Hoá", "NGUYỄN THỊ MAI", confidence=0.5)

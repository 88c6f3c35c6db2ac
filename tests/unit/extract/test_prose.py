"""What is usual in names and places decides what the pixels leave open."""

from __future__ import annotations

import pytest

from digitizer.extract.prose import prose_of
from tests.unit.extract.builders import best, typed


@pytest.mark.parametrize(
    ("kind", "said", "at", "column", "wanted"),
    [
        # 0.5 against 0.4 is open: the usual syllable, the known unit, the unit that lies there
        ("name", "NGUYỄN BÍCH DUYỆN", 15, {"Ệ": 0.5, "Ê": 0.4}, "NGUYỄN BÍCH DUYÊN"),
        ("place", "xã Sơn Đương, tỉnh Tuyên Quang", 7, {"Đ": 0.5, "D": 0.4}, "xã Sơn Dương, tỉnh Tuyên Quang"),
        ("place", "huyện Hàm Yên, tình Tuyên Quang", 16, {"ì": 0.5, "ỉ": 0.4}, "huyện Hàm Yên, tỉnh Tuyên Quang"),
        ("text", "Nhồi máu cơ tỉm", 13, {"ỉ": 0.5, "i": 0.4}, "Nhồi máu cơ tim"),
        # the reader is sure: what is unusual stays
        ("name", "LÊ THỊ DỈN", 8, {"Ỉ": 0.99, "I": 0.005}, "LÊ THỊ DỈN"),
        ("place", "xã Sơn Đương, tỉnh Tuyên Quang", 7, {"Đ": 0.998, "D": 0.001}, "xã Sơn Đương, tỉnh Tuyên Quang"),
    ],
)
def test_what_is_usual_decides_only_what_the_pixels_leave_open(
    kind: str, said: str, at: int, column: dict[str, float], wanted: str
) -> None:
    rest = max(1 - sum(column.values()), 1e-4)
    assert best(kind, typed(said, {at: {**column, "": rest}})) == wanted


def test_a_commune_of_another_province_is_less_likely_than_one_that_lies_there() -> None:
    language = prose_of("place")

    def prior(said: str) -> float:
        state, cost = language.begin(), 0.0
        for char in said:
            state, more = language.step(state, char) or (state, 0.0)
            cost += more
        return cost + language.end(state)

    assert prior("Xã Sơn Dương, tỉnh Tuyên Quang") > prior("Xã Sơn Dương, tỉnh Cà Mau")
    assert prior("Xã Phù Lưu, huyện Hàm Yên") > prior("Xã Phù Lưu, huyện Na Hang") > prior("Xã Phù Lưux, huyện Na Hangq")
    assert prior("Thị trấn Vĩnh Lộc, huyện Chiêm Hóa") == prior("Thị trấn Vĩnh Lộc, huyện Chiêm Hoá")
    assert prior("X. Đông Lợi, H. Sơn Dương, T. Tuyên Quang") > prior("X. Đông Lợt, H. Sơn Dương, T. Tuyên Quang")

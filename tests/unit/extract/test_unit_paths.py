"""Places that end with units that lie in one another are likelier, however they are written."""

from __future__ import annotations

import pytest

from digitizer.extract.unit_paths import PATH, START, after, worth, worth_at_end
from tests.unit.extract.builders import best, typed


def at_end(text: str) -> float:
    ways = START
    for char in text:
        ways = after(ways, char)
    return worth_at_end(ways)


@pytest.mark.parametrize(
    "place",
    [
        "Thôn 5, xã Phù Lưu, huyện Hàm Yên, tỉnh Tuyên Quang",
        "X. Đông Lợi, H. Sơn Dương, T. Tuyên Quang",
        "Tổ 89 Phù Lưu Hàm Yên Tuyên Quang",
        "thôn Tát Ten, Thị trấn Vĩnh Lộc, huyện Chiêm Hoá, tỉnh Tuyên Quang.",
        "xã Phù Lưu, tỉnh Tuyên Quang",
        "Thành phố Biên Hoà, Đồng Nai",
    ],
)
def test_a_path_of_units_at_the_end_counts_wholly(place: str) -> None:
    assert at_end(place) == PATH


@pytest.mark.parametrize(
    "place",
    ["", "Tuyên Quang", "xã Phù Lưu, huyện Na Hang, tỉnh Cà Mau", "xã Phù Lựu, huyện Hàm Yên", "Bệnh viện Đa khoa tỉnh Hà Giang"],
)
def test_other_ends_do_not(place: str) -> None:
    assert at_end(place) == 0.0


def test_the_prior_grows_letter_by_letter_and_falls_where_the_path_is_left() -> None:
    ways, found = START, []
    for char in "xã Phù Lưu, huyện Hàm Yên, tỉnh Tuyên Quang":
        ways = after(ways, char)
        found.append(worth(ways))
    assert found[-1] == PATH
    assert found[8] < found[20] < found[-1]
    assert worth(after(after(ways, "x"), "q")) < PATH


def test_letters_that_are_open_are_read_as_the_path_has_them() -> None:
    said = "Phù Lưu, Hàm Yên, Tuyên Quang"
    open_letters = {5: {"ử": 0.6, "ư": 0.2}, 10: {"ẩ": 0.6, "à": 0.2}, 20: {"ỵ": 0.6, "y": 0.3}}
    assert best("place", typed(said, {at: {**column, "": 0.1} for at, column in open_letters.items()})) == said

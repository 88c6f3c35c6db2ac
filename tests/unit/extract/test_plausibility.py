"""What is odd about names and places, apart from what the reader saw."""

from __future__ import annotations

import pytest

from digitizer.extract.plausibility import PLAUSIBLE, misread_surname
from digitizer.extract.types import TYPES


@pytest.mark.parametrize(
    ("usual", "odd"),
    [
        ("Nguyễn Văn Sáng", "Nguyên Văn Sáng"),
        ("NGUYỄN THỊ HẠNH", "NGUYỄN THỊ HANH"),
        ("Lê Minh Tuấn", "Lê Mình Tuấn"),
        ("Chẩu Tiến Đạt", "Chấu Tiến Đạt"),
    ],
)
def test_a_name_that_lost_an_accent_is_odder_than_the_name(usual: str, odd: str) -> None:
    assert TYPES["name"].implausibility(usual) < TYPES["name"].implausibility(odd)


@pytest.mark.parametrize(
    ("usual", "odd"),
    [
        # no such commune in that town
        ("xã Lưỡng Vượng, thành phố Tuyên Quang", "xã Lưỡng Vương, thành phố Tuyên Quang"),
        ("phường Minh Xuân, tỉnh Tuyên Quang", "phường Minh Xuân tỉnh Tuyên Quang"),
        ("Tổ dân phố 10, phường An Tường", "Tổ dân phố 10 phường An Tường"),
        ("phường Ỷ La, thành phố Tuyên Quang", "phường Ỷ La, thành Phố Tuyên Quang"),
        ("phường Mỹ Lâm, tỉnh Tuyên Quang", "phường Mỹ lâm, tỉnh Tuyên Quang"),
        ("Trạm Y tế xã Sơn Nam, huyện Sơn Dương", "Trạm Y tế xã Sơn Nam, huyện Sơn Dưqng"),
    ],
)
def test_a_place_that_was_misread_is_odder_than_the_place(usual: str, odd: str) -> None:
    assert TYPES["place"].implausibility(usual) == PLAUSIBLE
    assert TYPES["place"].implausibility(odd) > PLAUSIBLE


@pytest.mark.parametrize(
    ("kind", "value", "how_odd"),
    [
        ("name", "Nguyên Văn Sáng", (5.626, 0)),
        ("signer", "NGUYỄN THỊ HANH", (4.127, 1)),
        ("name", "Lê Mình Tuấn", (6.715, 1)),
        ("name", "Chấu Tiến Đạt", (3.135, 1)),
        ("name", "Xqz Abcd", (0, 2)),
        ("name", "Xqz Abcd Efgh Ijkl", (0, 3)),
        ("place", "xã Lưỡng Vương, thành phố Tuyên Quang", (1, 0)),
        ("place", "phường Minh Xuân tỉnh Tuyên Quang", (0, 1)),
        ("place", "Trạm Y tế xã Sơn Nam, huyện Sơn Dưqng", (1, 1)),
    ],
)
def test_how_odd_a_value_is_follows_from_the_counts_of_names_and_the_list_of_units(
    kind: str, value: str, how_odd: tuple[float, float]
) -> None:
    assert TYPES[kind].implausibility(value) == pytest.approx(how_odd, abs=0.001)


@pytest.mark.parametrize("name", ["Nguyên Văn Sáng", "Chấu Tiến Đạt", "TRÂN THỊ HOA"])
def test_a_surname_that_differs_from_one_by_its_accents_only_is_doubted(name: str) -> None:
    assert misread_surname(name)


@pytest.mark.parametrize("name", ["Nguyễn Văn Sáng", "VỪ THỊ MAI", "Ninh Văn Vư", "Smith John", "Ma A Páo", "Hoàng Thị Én"])
def test_a_surname_that_is_one_or_is_like_none_is_left_alone(name: str) -> None:
    assert not misread_surname(name)


def test_other_values_are_never_odd() -> None:
    assert TYPES["text"].implausibility("Nguyên Văn") == PLAUSIBLE

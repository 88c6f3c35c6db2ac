"""Units of today for places as written."""

from __future__ import annotations

import pytest

from digitizer.doctypes import load
from digitizer.extract import revise_field
from digitizer.extract.successors import BY, successor, with_successors
from digitizer.model import Field


@pytest.mark.parametrize(
    ("place", "now"),
    [
        # the new commune has the code of the old one
        ("Xã Đà Vị, huyện Na Hang, tỉnh Tuyên Quang", "Xã Hồng Thái, Tỉnh Tuyên Quang"),
        ("Thị trấn Na Hang, huyện Na Hang, tỉnh Tuyên Quang", "Xã Nà Hang, Tỉnh Tuyên Quang"),
        # it went into another: only the province is certain
        ("xã Hồ Thầu, huyện Hoàng Su Phì, tỉnh Hà Giang", "Tỉnh Tuyên Quang"),
        ("Bệnh viện Đa khoa tỉnh Hà Giang", "Tỉnh Tuyên Quang"),
        ("tỉnh Hà Tuyên", "Tỉnh Tuyên Quang"),
        # several provinces may be meant, the same unit, none named
        ("tỉnh Hà Sơn Bình", None),
        ("Xã Sơn Dương, tỉnh Tuyên Quang", None),
        ("Tại nhà", None),
    ],
)
def test_the_unit_of_today_is_given_where_it_is_certain(place: str, now: str | None) -> None:
    assert successor(place) == now


def place(value: str, by: str = "ocr") -> Field:
    return Field(name="meNoiCuTru", raw=value, value=value, confidence=0.9, accepted=True, by=by)


def test_the_place_stays_and_the_unit_of_today_follows_in_a_field_of_its_own() -> None:
    old, now = with_successors([place("Bản Nà, xã Đà Vị, huyện Na Hang, tỉnh Tuyên Quang")], load(None)["birth_register"])
    assert old.value == "Bản Nà, xã Đà Vị, huyện Na Hang, tỉnh Tuyên Quang"
    assert (now.name, now.value, now.by, now.accepted) == ("meNoiCuTruDVHC", "Xã Hồng Thái, Tỉnh Tuyên Quang", BY, False)


def test_a_corrected_place_has_another_unit_of_today() -> None:
    fields = with_successors([place("xã Đà Vị, huyện Na Hang, tỉnh Tuyên Quang")], load(None)["birth_register"])
    revised = revise_field(fields, "birth_register", {"meNoiCuTru": "tỉnh Cao Bằng"}, by="a", doctypes=load(None))
    assert [f.name for f in revised] == ["meNoiCuTru"]

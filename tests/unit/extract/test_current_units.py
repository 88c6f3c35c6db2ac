"""Units of today for places as written."""

from __future__ import annotations

import pytest

from digitizer.extract import revise_field, units
from digitizer.extract.current_units import BY_COMMUNE, successor, with_successors
from digitizer.model import Field
from tests.unit.builders import OURS


@pytest.mark.parametrize(
    ("place", "now"),
    [
        ("Xã Đà Vị, huyện Na Hang, tỉnh Tuyên Quang", "Xã Hồng Thái, Tỉnh Tuyên Quang"),
        ("Thị trấn Na Hang, huyện Na Hang, tỉnh Tuyên Quang", "Xã Nà Hang, Tỉnh Tuyên Quang"),
        # it went into another one
        ("xã Tú Thịnh, huyện Sơn Dương, tỉnh Tuyên Quang", "Xã Sơn Dương, Tỉnh Tuyên Quang"),
        # the province as it was then, as it is now, and one that was before both
        ("xã Hồ Thầu, huyện Hoàng Su Phì, tỉnh Hà Giang", "Xã Hồ Thầu, Tỉnh Tuyên Quang"),
        ("xã Hồ Thầu, huyện Hoàng Su Phì, tỉnh Tuyên Quang", "Xã Hồ Thầu, Tỉnh Tuyên Quang"),
        ("xã Hồ Thầu, huyện Hoàng Su Phì, tỉnh Hà Tuyên", "Xã Hồ Thầu, Tỉnh Tuyên Quang"),
        # only one commune of that name lies in such a district
        ("xã Tú Thịnh, huyện Sơn Dương", "Xã Sơn Dương, Tỉnh Tuyên Quang"),
        # divided among several: only the province is certain
        ("Phường Hàng Bông, quận Hoàn Kiếm, thành phố Hà Nội", "Thành phố Hà Nội"),
        ("Bệnh viện Đa khoa tỉnh Hà Giang", "Tỉnh Tuyên Quang"),
        ("tỉnh Hà Tuyên", "Tỉnh Tuyên Quang"),
        # several provinces may be meant, the same unit, none named
        ("tỉnh Hà Sơn Bình", None),
        ("Xã Sơn Dương, tỉnh Tuyên Quang", None),
        ("Tại nhà", None),
    ],
)
def test_the_unit_of_today_is_given_where_it_is_certain(place: str, now: str | None) -> None:
    found = successor(place)
    assert (found.name if found else None) == now


def test_of_a_commune_that_was_divided_the_record_says_so() -> None:
    _, now = with_successors([place("Phường Hàng Bông, quận Hoàn Kiếm, thành phố Hà Nội")], OURS["birth_register"])
    assert (now.value, [p.code for p in now.problems]) == ("Thành phố Hà Nội", ["unit_divided"])


def test_nearly_every_commune_that_was_has_one_of_today() -> None:
    old, today = units.before(), {u.code for u in units.after()["commune"]}
    ends = [units.commune_successors().get(u.code, ((), False)) for u in old["commune"]]
    assert all(code in today for codes, _ in ends for code in codes)
    assert sum(whole for _, whole in ends) / len(ends) > 0.95


def place(value: str, by: str = "ocr") -> Field:
    return Field(name="meNoiCuTru", raw=value, value=value, confidence=0.9, accepted=True, by=by)


def test_the_place_stays_and_the_unit_of_today_follows_in_a_field_of_its_own() -> None:
    old, now = with_successors([place("Bản Nà, xã Đà Vị, huyện Na Hang, tỉnh Tuyên Quang")], OURS["birth_register"])
    assert old.value == "Bản Nà, xã Đà Vị, huyện Na Hang, tỉnh Tuyên Quang"
    assert (now.name, now.value, now.by, now.accepted) == ("meNoiCuTruDVHC", "Xã Hồng Thái, Tỉnh Tuyên Quang", BY_COMMUNE, False)


def test_a_corrected_place_has_another_unit_of_today() -> None:
    fields = with_successors([place("xã Đà Vị, huyện Na Hang, tỉnh Tuyên Quang")], OURS["birth_register"])
    revised = revise_field(fields, "birth_register", {"meNoiCuTru": "tỉnh Cao Bằng"}, by="a", doctypes=OURS)
    assert [f.name for f in revised] == ["meNoiCuTru"]

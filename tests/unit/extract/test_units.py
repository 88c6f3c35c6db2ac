"""Administrative units of both periods."""

from __future__ import annotations

import pytest

from digitizer.extract import units


def test_both_periods_are_complete() -> None:
    assert {level: len(found) for level, found in units.before().items()} == {"province": 63, "district": 696, "commune": 10051}
    assert {level: len(found) for level, found in units.after().items()} == {"province": 34, "commune": 3321}


def test_every_unit_lies_in_one_that_exists() -> None:
    for period in (units.before(), units.after()):
        codes = {(u.level, u.code) for found in period.values() for u in found}
        above = {"district": ["province"], "commune": ["district"] if "district" in period else ["province"]}
        for level, parents in above.items():
            assert all(any((p, u.parent) in codes for p in parents) for u in period.get(level, ()))


def test_every_province_that_was_became_one_of_today() -> None:
    today = {u.plain for u in units.after()["province"]}
    assert all(set(became) <= today for became in units.province_successors().values())
    assert {u.plain for u in units.before()["province"]} <= set(units.province_successors())


@pytest.mark.parametrize(
    ("was", "became"),
    [
        ("Hà Giang", {"tuyên quang"}), ("Hà Tuyên", {"tuyên quang"}), ("Hoàng Liên Sơn", {"lào cai"}),
        ("Hà Sơn Bình", {"hà nội", "phú thọ"}), ("Thừa Thiên Huế", {"huế"}), ("Cao Bằng", {"cao bằng"}),
    ],
)  # fmt: skip
def test_mergers_are_followed_to_the_end(was: str, became: set[str]) -> None:
    assert set(units.province_successors()[units.same_name(was)]) == became


@pytest.mark.parametrize(
    ("a", "b"), [("Chiêm Hoá", "chiêm hóa"), ("Thuỷ", "thủy"), ("Khoẻ", "khỏe"), ("Quý", "quý"), ("HOÀNG", "hoàng")]
)
def test_the_place_of_the_tone_and_case_do_not_matter(a: str, b: str) -> None:
    assert units.same_name(a) == units.same_name(b)


def test_spellings_put_the_tone_in_either_place() -> None:
    assert units.spellings("chiêm hóa") == ("chiêm hóa", "chiêm hoá")
    assert units.spellings("hoàng") == ("hoàng",)


def test_a_unit_without_its_kind() -> None:
    assert [units.without_kind(n) for n in ("Thị trấn Na Hang", "Xã Phù Lưu", "Quận 1", "Hà Giang")] == [
        "Na Hang", "Phù Lưu", "1", "Hà Giang",
    ]  # fmt: skip

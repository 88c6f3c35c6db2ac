"""Declarations: ours are right, and each way of being wrong is refused with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from digitizer.doctypes import digest, load
from digitizer.errors import DocTypeError

GOOD = """name = "meo"
title = ["Giấy con mèo"]
field = [
  { name = "ten", type = "name", label = ["tên mèo"] },
  { name = "ngay", type = "date", label = ["ngày sinh"] },
]
"""


def with_one(tmp_path: Path, text: str) -> Path:
    (tmp_path / "meo.toml").write_text(text, encoding="utf-8")
    return tmp_path


CATALOGUE = """
birth_register marriage_register death_register parent_child_register marital_status_register adoption_register
guardianship_register correction_register copies_register birth_certificate birth_extract marriage_certificate
marriage_extract death_extract parent_child_extract marital_status_certificate birth_declaration marriage_declaration
death_declaration marital_status_declaration birth_notice death_notice citizen_id_card old_id_card land_certificate
driving_licence business_registration health_insurance_card social_insurance_book household_book application_letter
decision official_letter martyr_visit_letter
"""


def test_ours_are_those_of_the_catalogue() -> None:
    assert sorted(load(None)) == sorted(CATALOGUE.split()) and len(CATALOGUE.split()) == 34


def test_an_operators_own_type_stands_beside_ours(tmp_path: Path) -> None:
    found = load(with_one(tmp_path, GOOD))
    assert "meo" in found
    assert "birth_register" in found
    assert [field.name for field in found["meo"].fields] == ["ten", "ngay"]
    assert digest(found) != digest(load(None))


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ('type = "name"', 'type = "cat"', 4),
        ('name = "meo"', 'name = "cho"', 1),
        ('title = ["Giấy con mèo"]', 'titel = ["Giấy con mèo"]', 2),
        ('title = ["Giấy con mèo"]', 'title = ["Giấy khai sinh"]', 2),
        ('title = ["Giấy con mèo"]', "title = 5", 2),
        ('label = ["ngày sinh"]', 'label = ["tên mèo"]', 4),
        ('label = ["ngày sinh"]', 'label = ["ngày sinh"], where = "moon"', 5),
        ('label = ["ngày sinh"]', 'label = ["ngày sinh"], colour = "red"', 5),
        ('label = ["ngày sinh"]', "required = true", 5),
        ('name = "ngay"', 'name = "ten"', 4),
        ('label = ["ngày sinh"]', 'label = ["ngày sinh"], section = "nowhere"', 5),
        ("field = [", "field = [[", 6),
    ],
)
def test_a_wrong_declaration_names_file_and_line(tmp_path: Path, old: str, new: str, line: int) -> None:
    assert old in GOOD
    with pytest.raises(DocTypeError) as refused:
        load(with_one(tmp_path, GOOD.replace(old, new, 1)))
    assert str(refused.value.facts["file"]).endswith("meo.toml")
    assert abs(int(refused.value.facts["line"]) - line) <= 1


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "meo.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DocTypeError):
        load(tmp_path)


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DocTypeError):
        load(tmp_path / "nowhere")


def test_the_digest_follows_what_is_declared() -> None:
    assert digest(load(None)) == digest(load(None))

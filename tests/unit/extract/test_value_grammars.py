"""The grammars of value types: what a field may hold, and what of that is likely."""

from __future__ import annotations

import pytest

from digitizer.extract.decode import decode
from digitizer.extract.types.register_number import grammar as number_form
from tests.unit.extract.builders import best, typed


@pytest.mark.parametrize(
    ("kind", "said", "held"),
    [
        ("date", "15/08/1987", True), ("date", "5.8.1987", True), ("date", "1987", True), ("date", "08.1987", True),
        ("date", "ngày 15 tháng 8 năm 1987", True), ("date", "45/08/1987", False), ("date", "15/13/1987", False),
        ("date", "15/08/198", False), ("date", "15/08.1987", False),
        ("sex", "Nam", True), ("sex", "NỮ", True), ("sex", "Nan", False),
        ("ethnicity", "Sán Chay", True), ("ethnicity", "TÀY", True), ("ethnicity", "Tâỳ", False),
        ("register_number", "45/2008", True), ("register_number", "77/TLKS-BS", True), ("register_number", "45/208", False),
        ("register_number", "05/2020/QĐ-UBND", True), ("register_number", "12/TB-VHXH", True),
        ("register_number", "12/-UBND", False),
        ("dossier_code", "H60.127.03-260930-0012", True), ("dossier_code", "000.00.19.H60-240115-0001", True),
        ("dossier_code", "H60.127.03-261330-0012", False), ("dossier_code", "H60.127.03-260930-12", False),
        ("agency_code", "H60.127.03", True), ("agency_code", "000.00.19.H60", True), ("agency_code", "60.127.03", False),
        ("id_number", "008087001234", True), ("id_number", "00808700123", False),
        ("time", "07 giờ 30 phút", True), ("time", "7h30", True), ("time", "27 giờ", False),
        ("date_words", "Ngày mười lăm, tháng tám, năm một nghìn chín trăm tám mươi bảy", True),
        ("date_words", "Ngày mùng bốn tháng giêng năm hai ngàn không trăm linh tám", True),
        ("date_words", "Ngày mười lăm tháng mười ba nghìn", False),
    ],
)  # fmt: skip
def test_a_grammar_holds_what_the_field_may_hold(kind: str, said: str, held: bool) -> None:
    assert (best(kind, typed(said)) == said) is held


UNSURE = {4: {"O": 0.62, "B": 0.33, "": 0.05}}


def test_a_symbol_that_papers_have_is_likelier_than_one_that_none_has() -> None:
    assert best("register_number", typed("26/UOND-XNTTHN", UNSURE)) == "26/UBND-XNTTHN"
    # but a letter the reader is sure of stays
    assert best("register_number", typed("26/UOND-XNTTHN")) == "26/UOND-XNTTHN"


def test_the_forms_of_a_declaration_are_the_likely_ones() -> None:
    columns = typed("26/TLKT-BS", {6: {"T": 0.55, "S": 0.44}})
    (first, *_) = decode(columns, number_form(("/TLKS-BS", "/TLKS")))
    assert first.text == "26/TLKS-BS"
    (first, *_) = decode(typed("15/QĐ-VHXH"), number_form(("/QĐ-",)))
    assert (first.text, first.prior) == ("15/QĐ-VHXH", 0.0)
    (first, *_) = decode(typed("GBT.01929"), number_form(("/GBT", "GBT.")))
    assert first.text == "GBT.01929"


def test_every_ethnic_group_and_its_capitals_are_held() -> None:
    from digitizer.extract.lists import ETHNIC_GROUPS

    for group in ETHNIC_GROUPS:
        assert best("ethnicity", typed(group)) == group
        assert best("ethnicity", typed(group.upper())) == group.upper()


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("Trung, tâm Y. tế huyện Hàm Yên, tỉnh Tuyên Quang", "Trung tâm Y tế huyện Hàm Yên, tỉnh Tuyên Quang"),
        ("Xã. Tri Phú, huyện. Chiêm Hóa", "Xã. Tri Phú, huyện. Chiêm Hóa"),
        ("Tổ 4, phường Mỹ Lâm, T. Tuyên Quang", "Tổ 4, phường Mỹ Lâm, T. Tuyên Quang"),
        ("số 5, đường Trần Phú, Thôn Cây, xã Tân Trào", "số 5, đường Trần Phú, Thôn Cây, xã Tân Trào"),
    ],
)
def test_marks_in_the_middle_of_a_part_of_a_place_are_dots_to_write_on(said: str, wanted: str) -> None:
    assert best("place", typed(said)) == wanted

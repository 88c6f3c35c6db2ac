"""Text: one spelling in the store, and comparing without accents and case."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitizer.text import ACCENTED, fold, is_national_title, nfc, strip_accents


def test_there_are_134_accented_letters() -> None:
    assert len(ACCENTED) == len(set(ACCENTED)) == 134


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("Nguye\u0302\u0303n", "Nguyễn"),
        ("Ðào", "Đào"),
        ("a\u00a0 b\u200b", "a b"),
        ("HOÀ", "HOÀ"),
        ("HÒA", "HÒA"),
    ],
)
def test_text_is_stored_in_one_spelling(text: str, stored: str) -> None:
    assert nfc(text) == stored


def test_comparing_ignores_accents_case_and_the_stroke_of_d() -> None:
    assert fold("Đường Đệ") == "duong de"
    assert fold("HOÀ") == fold("hòa")
    assert strip_accents(ACCENTED).isascii()


@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert nfc(nfc(text)) == nfc(text)


@given(st.text(alphabet=ACCENTED + "abc xyz", max_size=40))
def test_stripping_keeps_the_number_of_letters(text: str) -> None:
    assert len(strip_accents(text)) == len(text)


@pytest.mark.parametrize(
    ("line", "is_title"),
    [
        ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", True),
        ("UBND XÃ ĐÀ VỊ   CỘNG HOÀ XÃ HỘI CHỦ NGHĨA VIỆT NAM", True),
        ("CQNG HOA XA HỘI CHU NGHIA VIẸT NAM", True),
        ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA", True),
        ("VIỆT NAM", False),
        ("Độc lập - Tự do - Hạnh phúc", False),
        ("HỘI CHỦ NGHĨA", False),
        ("ỦY BAN NHÂN DÂN XÃ CỘNG HÒA", False),
    ],
)
def test_the_national_title_is_known_with_some_letters_misread(line: str, is_title: bool) -> None:
    assert is_national_title(fold(line)) is is_title

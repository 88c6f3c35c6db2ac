"""Text from before Unicode: every letter comes back, and what needs no converting is left alone."""

from __future__ import annotations

import shutil
import subprocess
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitizer import legacy_encodings
from digitizer.text import ACCENTED, syllables

SENTENCE = "Cộng hòa xã hội chủ nghĩa Việt Nam, Độc lập - Tự do - Hạnh phúc. Họ và tên: Nguyễn Thị Ượng, quê quán Đắk Lắk"
MARKED = sorted(word for word in syllables() if not word.isascii())
#: grave, hook, tilde, acute, dot
TONES = "\u0300\u0309\u0303\u0301\u0323"


def vni(text: str) -> str:
    """What a Windows program shows of `text` typed with VNI: the letter, then its marks as a letter."""
    single = {"ơ": "ô", "ư": "ö", "đ": "ñ", "ỵ": "î", "í": "í", "ì": "ì", "ỉ": "æ", "ĩ": "ó", "ị": "ò"}
    signs = {"": "øûõùï", "\u0302": "àåãáä", "\u0306": "èúüéë"}
    alone = {"\u0302": "â", "\u0306": "ê"}
    out = ""
    for char in text:
        lower = char.lower()
        if lower in single:
            said = single[lower]
        else:
            # the horn stays with its letter: ớ is ơ and a tone
            base, *marks = unicodedata.normalize("NFD", lower)
            shape = "".join(m for m in marks if m not in TONES)
            tone = next((m for m in marks if m in TONES), "")
            letter = single[unicodedata.normalize("NFC", base + shape)] if shape == "\u031b" else base
            shape = "" if shape == "\u031b" else shape
            said = letter + (signs[shape][TONES.index(tone)] if tone else alone.get(shape, ""))
        out += said if char == lower else said.upper()
    return out


def viqr(text: str) -> str:
    """RFC 1456."""
    signs = {"\u0302": "^", "\u0306": "(", "\u031b": "+", **dict(zip(TONES, "`?~'.", strict=True))}
    decomposed = unicodedata.normalize("NFD", text.replace(".", "\\.").replace("đ", "dd").replace("Đ", "DD"))
    # canonical order puts the dot below before the hat
    ordered = unicodedata.normalize("NFC", decomposed)
    out = ""
    for char in ordered:
        base, *marks = unicodedata.normalize("NFD", char)
        out += base + "".join(signs[m] for m in sorted(marks, key=lambda m: m in TONES))
    return out


def tcvn3(text: str) -> str:
    """By the table of the C library, as Windows-1252 shows it where it can."""
    if shutil.which("iconv") is None:
        pytest.skip("iconv is not installed")
    done = subprocess.run(["iconv", "-f", "UTF-8", "-t", "TCVN5712-1"], input=text.encode(), capture_output=True, check=True)
    return "".join(bytes([b]).decode("cp1252", "ignore") or chr(b) for b in done.stdout)


def utf8_twice(text: str) -> str:
    return "".join(bytes([b]).decode("cp1252", "ignore") or chr(b) for b in text.encode())


WRITERS = {"tcvn3": tcvn3, "vni": vni, "viqr": viqr, "utf8_twice": utf8_twice}


@pytest.mark.parametrize("name", WRITERS)
def test_every_letter_comes_back_lower_and_upper_case(name: str) -> None:
    assert len(ACCENTED) == 134
    written = " ".join(f"x{letter}x" for letter in ACCENTED)
    assert legacy_encodings.converted(WRITERS[name](written), name) == written


@pytest.mark.parametrize("name", WRITERS)
def test_an_encoding_is_recognised_by_its_syllables(name: str) -> None:
    assert legacy_encodings.recognise(WRITERS[name](SENTENCE)) == name
    assert legacy_encodings.converted(WRITERS[name](SENTENCE), name) == SENTENCE.replace("\\", "")


@pytest.mark.parametrize("name", ["vni", "viqr", "utf8_twice"])
@given(words=st.lists(st.sampled_from(MARKED), min_size=8, max_size=30))
def test_whatever_is_written_comes_back(name: str, words: list[str]) -> None:
    text = " ".join(words)
    written = WRITERS[name](text)
    assert legacy_encodings.converted(written, name) == text
    assert legacy_encodings.recognise(written) == name
    assert legacy_encodings.recognise(text) == ""


def test_a_point_that_ends_a_sentence_is_no_tone() -> None:
    assert legacy_encodings.converted("ti?nh Ca` Mau. Ho. te^n la` gi`?", "viqr") == "tỉnh Cà Mau. Họ tên là gì?"


def test_a_font_of_capitals_draws_capitals() -> None:
    assert legacy_encodings.converted("giÊy khai sinh", "tcvn3", ".VnTimeH") == "GIẤY KHAI SINH"
    assert legacy_encodings.converted("giÊy khai sinh", "tcvn3", "ABCDEF+.VnArialH,Bold") == "GIẤY KHAI SINH"
    assert legacy_encodings.converted("giÊy khai sinh", "tcvn3", ".VnTime") == "giấy khai sinh"


@pytest.mark.parametrize(
    ("font", "encoding"),
    [
        ("ABCDEF+.VnTime", "tcvn3"), (".VnTimeH", "tcvn3"), ("VnArial-Bold", "tcvn3"), ("VNI-Times", "vni"),
        ("XYZABC+VNI-Helve", "vni"), ("TimesNewRoman", None), ("VNPT-Sans", None), ("Vntime", None), ("ABCDEF+SVN-Avo", None),
    ],
)  # fmt: skip
def test_names_of_fonts_say_their_encoding(font: str, encoding: str | None) -> None:
    assert legacy_encodings.hinted(font) == encoding


def test_two_words_are_converted_where_the_font_says_how() -> None:
    assert legacy_encodings.recognise("Vò ThÞ", ".VnTime") == "tcvn3"
    assert legacy_encodings.recognise("Vò ThÞ") is None
    assert legacy_encodings.recognise("Nguyeãn Vaên", "VNI-Times") == "vni"


@pytest.mark.parametrize(
    "text", ["CONG HOA XA HQI CHU NGHIA VIET NAM DOC LAP TU DO HANH PHUC", "The quick brown fox jumps over the lazy dog",
             "\x03\x04\x05 !\"#$ %&'( )*+,", "", "12/2018 30/9/2026"],
)  # fmt: skip
def test_gibberish_other_languages_and_unmarked_text_are_not_good(text: str) -> None:
    assert legacy_encodings.recognise(text) is None
    assert not legacy_encodings.spelling(text).good


def test_good_vietnamese_in_any_normal_form_stays_as_it_is() -> None:
    for form in ("NFC", "NFD"):
        assert legacy_encodings.recognise(unicodedata.normalize(form, SENTENCE)) == ""
        assert legacy_encodings.recognise(unicodedata.normalize(form, SENTENCE.upper())) == ""

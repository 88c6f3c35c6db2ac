"""Reading under constraints: what a field may hold, only where the columns hold it."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pytest

from digitizer.extract import types
from digitizer.extract.decode import best_path, decode
from digitizer.extract.grammar import Grammar, chars, either, maybe, repeat, seq, text, words
from digitizer.extract.prose import prose_of
from digitizer.extract.rows import Found, Piece
from digitizer.extract.types.register_number import grammar as number_form
from digitizer.extract.values import columns_of, value_of
from digitizer.lattice import Column, pack
from digitizer.model import Box, Letter, Line


def seen(*columns: Mapping[str, float]) -> list[Column]:
    """Every letter in a column of its own, a blank column after it."""
    return [
        Column(2 * i, 16.0 * i, tuple(sorted(((c, math.log(p)) for c, p in column.items()), key=lambda s: -s[1])))
        for i, column in enumerate(columns)
    ]


def typed(said: str, doubt: Mapping[int, Mapping[str, float]] | None = None) -> list[Column]:
    """`said`, each letter sure, but those at the places of `doubt`."""
    return seen(*((doubt or {}).get(i, {c: 0.98, "": 0.02}) for i, c in enumerate(said)))


def best(kind: str, columns: list[Column]) -> str | None:
    """The text a field of `kind` would take."""
    value_type = types.TYPES[kind]
    language = value_type.constraint("", ()) or prose_of(value_type.prose or "")
    found = decode(columns, language)  # type: ignore[arg-type]
    return found[0].text if found else None


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


def test_the_columns_decide_between_dates_that_may_be() -> None:
    assert best("date", typed("15/08/1987", {4: {"8": 0.3, "3": 0.6, "": 0.1}})) == "15/03/1987"


def test_a_letter_no_date_has_gives_way_to_the_digit_seen_beside_it() -> None:
    assert best("date", typed("0I/08/1987", {1: {"I": 0.7, "1": 0.25, "": 0.05}})) == "01/08/1987"


def test_dots_of_a_dotted_line_are_no_part_of_a_value() -> None:
    assert best("date", typed("....15/08/1987...")) == "15/08/1987"


def test_the_same_digit_twice_needs_a_blank_between() -> None:
    run = [Column(i, 8.0 * i, (("1", math.log(0.99)),)) for i in range(4)]
    assert decode(run, Grammar(repeat(chars("1"), 1, 4)))[0].text == "1"
    assert decode([run[0], Column(5, 40.0, run[0].signs)], Grammar(repeat(chars("1"), 1, 4)))[0].text == "11"


def test_nothing_is_found_where_the_columns_hold_no_such_text() -> None:
    assert decode(typed("không rõ"), Grammar(words(["nam", "nữ"]))) == ()
    assert decode(typed("ab"), Grammar(text("abc", anycase=False))) == ()


def test_expressions_of_a_grammar() -> None:
    may = Grammar(seq(maybe(text("no")), either(text("x"), words(["yes", "yet"]))))
    assert [bool(decode(typed(s), may)) for s in ("x", "nox", "NOyet", "yes", "no", "ye")] == [
        True,
        True,
        True,
        True,
        False,
        False,
    ]


def test_the_best_path_is_what_a_free_reading_reaches() -> None:
    assert best_path(seen({"a": 0.5, "": 0.5}, {"b": 0.25, "": 0.2})) == pytest.approx(math.log(0.125))


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


# --- prose ----------------------------------------------------------------------------------------------------------


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


# --- from a field's pieces ------------------------------------------------------------------------------------------

CHARSET = tuple(dict.fromkeys("0123456789/.-,: abcdeghiklmnopqrstuvxyABCDEGHIKLMNOPQRSTUVXYáàảãạấốữựịộCMNĐđ"))


def line(said: str, doubt: Mapping[int, Mapping[str, float]] | None = None, y: float = 0) -> Line:
    """A line whose letters and lattice agree, three columns a letter of 8 px each."""
    import numpy as np

    table = np.zeros((3 * len(said), 1 + len(CHARSET)), np.float32)
    letters = []
    for i, char in enumerate(said):
        column = (doubt or {}).get(i, {char: 0.99})
        for sign, p in column.items():
            table[3 * i + 1, 1 + CHARSET.index(sign)] = p
        letters.append(Letter(char=char, x0=24 * i, x1=24 * i + 24, confidence=max(column.values())))
    table[:, 0] = 1 - table.sum(axis=1)
    box = Box(0, y, 24 * len(said), y + 30)
    return Line(text=said, box=box, confidence=0.9, letters=tuple(letters), lattice=pack(table, CHARSET, x0=0, x1=24 * len(said)))


def found(*pieces: tuple[Line, int, int]) -> Found:
    from digitizer.doctypes import FieldSpec

    parts = tuple(Piece(page=0, line=whole, start=start, end=end) for whole, start, end in pieces)
    return Found(field=FieldSpec(name="x", type="date"), pieces=parts)


def test_only_the_columns_of_a_value_are_read_for_it() -> None:
    whole = line("sinh: 15/08/1987 tai Ha Noi 1999")
    piece = found((whole, 6, 16))
    assert value_of("date", piece).value == "1987-08-15"
    assert 10 <= len(columns_of(piece.pieces)) <= 12


def test_a_value_over_two_lines_is_read_as_one() -> None:
    a, b = line("Ma Van"), line("Hung", y=40)
    both = value_of("name", found((a, 0, len(a.text)), (b, 0, len(b.text))))
    assert both.value == "Ma Van Hung"


def test_the_number_is_found_among_other_words() -> None:
    whole = line("CMND 075767304, CA Ha Giang 05/11/2003", {6: {"7": 0.5, "1": 0.4}})
    read = value_of("id_number", found((whole, 0, len(whole.text))))
    assert read.value == "075767304"
    assert read.evidence.margin is not None
    assert read.evidence.margin < 1.0


def test_a_value_without_a_lattice_is_read_freely() -> None:
    from tests.unit.builders import line as plain

    whole = plain("15/08/1987")
    read = value_of("date", found((whole, 0, 10)))
    assert (read.value, read.evidence.margin) == ("1987-08-15", None)


@pytest.mark.parametrize(
    ("kind", "value", "problem"),
    [
        ("date", None, "not_a_date"),
        ("date_words", "x" * 10, "words_not_a_date"),
        ("sex", None, "not_in_list"),
        ("ethnicity", "x" * 10, "not_in_list"),
        ("id_number", None, "not_an_id_number"),
        ("register_number", None, "not_a_number"),
        ("time", None, "not_a_time"),
        ("number", None, "not_a_number"),
    ],
)
def test_an_unreadable_value_never_becomes_a_plausible_one(kind: str, value: str | None, problem: str) -> None:
    # every column holds a little of everything: the pixels support nothing
    smudge = {c: 0.002 for c in "0123456789/Nam"} | {"x": 0.6}
    whole = line("x" * 10, dict.fromkeys(range(10), smudge))
    read = value_of(kind, found((whole, 0, 10)))
    assert (read.value, read.problem) == (value, problem)


@pytest.mark.parametrize("kind", sorted(types.TYPES))
def test_every_type_that_declarations_may_use_can_be_read(kind: str) -> None:
    read = value_of(kind, found((line("abc"), 0, 3)))
    assert read.problem or read.value in ("abc", ("abc",))
    assert read.evidence.letters == pytest.approx((0.999,) * 3, abs=0.01)

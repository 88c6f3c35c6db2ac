"""Text, boxes, warps, JSON: what everything else stands on."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitizer import serialization
from digitizer.geometry import grow, intersection, margin_column, overlap, same_row, union
from digitizer.model import Box, Cell, Field, Line, PageText, Problem, Warp
from digitizer.ocr.ctc import best_path
from digitizer.ocr.reading_order import reading_order
from digitizer.ocr.recogniser import Place, to_line
from digitizer.text import ACCENTED, fold, nfc, strip_accents
from tests.unit.builders import line, page_of


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


def test_a_box_refuses_to_be_inside_out() -> None:
    with pytest.raises(ValueError, match="inside out"):
        Box(5, 0, 4, 1)
    assert (Box(1, 2, 4, 8).width, Box(1, 2, 4, 8).height, Box(1, 2, 4, 8).centre) == (3, 6, (2.5, 5))


def test_boxes_meet_or_do_not() -> None:
    a, b, c = Box(0, 0, 10, 10), Box(5, 8, 15, 20), Box(11, 0, 12, 10)
    assert union([a, b]) == Box(0, 0, 15, 20)
    assert (intersection(a, b), intersection(a, c), overlap(0, 3, 2, 9)) == (10, 0, 1)
    assert same_row(a, c)
    assert not same_row(a, b)
    assert grow(b, 10, 10, 16, 100) == Box(0, 0, 16, 30)
    with pytest.raises(ValueError, match="no boxes"):
        union([])


angles = st.floats(-3, 3)


@given(angles, st.floats(-50, 50), angles)
def test_warps_compose_and_go_back(angle: float, shift: float, other: float) -> None:
    def turn(a: float, d: float) -> Warp:
        return Warp(homography=np.array([[np.cos(a), -np.sin(a), d], [np.sin(a), np.cos(a), 2 * d], [0, 0, 1]]))

    first, then = turn(angle, shift), turn(other, -shift)
    points = np.array([[0.0, 0.0], [10.0, 5.0], [-3.0, 7.5]])
    np.testing.assert_allclose(then.compose(first).points(points), then.points(first.points(points)), atol=1e-6)
    np.testing.assert_allclose(first.inverse().points(first.points(points)), points, atol=1e-6)


def test_a_grid_shifts_what_it_lies_over() -> None:
    grid = np.zeros((2, 2, 2))
    grid[:, 1] = (10, 0)
    warp = Warp(homography=np.eye(3), grid=grid, size=(100, 100))
    np.testing.assert_allclose(warp.points(np.array([[0.0, 50.0], [50.0, 50.0], [100.0, 0.0]])), [(0, 50), (55, 50), (110, 0)])
    with pytest.raises(ValueError, match="no closed inverse"):
        warp.inverse()
    with pytest.raises(ValueError, match="size"):
        Warp(homography=np.eye(3), grid=grid)
    with pytest.raises(ValueError, match=r"\(3, 3\)"):
        Warp(homography=np.eye(2))


def test_a_page_survives_the_store() -> None:
    page = page_of("Số: 17/2021", "Nơi sinh: Na Hang")
    again = serialization.load(PageText, serialization.dump(page))
    assert again.lines == page.lines
    assert again.sheet == page.sheet
    np.testing.assert_array_equal(again.to_scan.homography, page.to_scan.homography)
    assert serialization.dump(again) == serialization.dump(serialization.load(PageText, serialization.dump(again)))


@pytest.mark.parametrize("value", ["Tày", True, None, ("một", "hai")])
def test_every_kind_of_value_survives_the_store(value: str | bool | tuple[str, ...] | None) -> None:
    problems = (Problem(code="date_order", field="b", facts={"count": 2}),)
    field = Field(name="a", raw="x", value=value, confidence=0.5, accepted=True, page=0, box=Box(0, 1, 2, 3), problems=problems)
    assert serialization.load(Field, serialization.dump(field)) == field


# --- lines ----------------------------------------------------------------------------------------------------------


def read(*lines: Line) -> list[str]:
    return [found.text for found in reading_order(lines)]


def test_rows_go_down_and_words_to_the_right() -> None:
    assert read(line("c", 100, 200), line("b", 500, 104), line("a", 100, 100)) == ["a", "b", "c"]


def test_the_margin_comes_after_the_body_beside_it() -> None:
    body = [line(f"dòng {n} của trang sổ hộ tịch năm 2018", 100, 200.0 + 60 * n) for n in range(12)]
    margin = [line(f"ghi chú số {n} của trang", 900, 210 + 60 * n) for n in range(8)]
    mixed = [x for pair in zip(body, margin, strict=False) for x in pair] + body[8:]
    order = read(*mixed)
    assert [text for text in order if "dòng" in text] == [b.text for b in body]
    first = order.index(margin[0].text)
    assert order[first : first + 8] == [m.text for m in margin]
    assert margin_column(mixed) == [m for m in mixed if m in margin]


def test_the_two_columns_of_a_letterhead_and_of_an_end_are_read_one_after_the_other() -> None:
    left = [line("UBND XÃ LAO CHẢI", 150, 100), line("Số: 43/UBND-VHXH", 150, 160), line("V/v xác minh hộ tịch", 130, 205)]
    right = [
        line("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", 700, 98),
        line("Độc lập - Tự do - Hạnh phúc", 750, 140),
        line("Lao Chải, ngày 27 tháng 12 năm 2021", 700, 210),
    ]
    body = [line("Kính gửi: Ủy ban nhân dân xã Mỹ Bằng, huyện Yên Sơn", 150, 300), line("Rất mong nhận được trả lời.", 100, 360)]
    to = [line("Nơi nhận:", 100, 460), line("- Như trên;", 100, 500), line("- Lưu: VT.", 100, 540)]
    signed = [line("CHỦ TỊCH", 900, 462), line("Lưu Thanh Nhất", 880, 760)]
    order = [*left, *right, *body, *to, *signed]
    assert read(*sorted(order, key=lambda k: k.box.y0)) == [found.text for found in order]


def test_bits_of_a_pattern_beside_the_national_title_are_no_column() -> None:
    title, bits = line("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", 500, 98), [line("LZ", 150, 100), line("ă", 160, 146)]
    below = line("Độc lập - Tự do - Hạnh phúc", 560, 144)
    assert read(title, below, *bits) == ["LZ", title.text, "ă", below.text]


def test_what_stands_far_below_the_agency_is_no_part_of_the_letterhead() -> None:
    head = [line("BỘ GTVT", 150, 100), line("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", 500, 98)]
    card = [line("Họ tên/Full name: HẦU MÍ GIÁP", 500, 140), line("Hạng/Class: A", 150, 260), line("GIÁM ĐỐC", 700, 262)]
    assert read(*card, *head) == [found.text for found in (*head, *card)]


def test_tables_are_read_cell_by_cell() -> None:
    def cell(x0: float, y0: float, x1: float, y1: float, row: int, column: int) -> Cell:
        return Cell(box=Box(x0, y0, x1, y1), table=0, row=row, column=column)

    rows = [(180, 260), (260, 340)]
    cells = [cell(x0, y0, x1, y1, r, c) for r, (y0, y1) in enumerate(rows) for c, (x0, x1) in enumerate([(90, 600), (600, 1200)])]
    title = line("SỔ CẤP BẢN SAO", 500, 100)
    table = [
        line("Phàn Thanh Kiểm, CCCD số", 100, 185), line("008078016118", 100, 222), line("Kết hôn", 620, 185),
        line("Hà Diệu Thúy", 100, 265), line("Khai sinh", 620, 265),
    ]  # fmt: skip
    mixed = sorted([title, *table], key=lambda k: (k.box.y0, -k.box.x0))
    assert [k.text for k in reading_order(mixed, cells)] == [k.text for k in (title, *table)]


def test_a_framed_margin_comes_after_the_body_however_little_is_in_it() -> None:
    frame = [(90, 800, 0, 0), (800, 1200, 0, 1)]
    cells = [Cell(box=Box(x0, 150, x1, 2000), table=0, row=r, column=c) for x0, x1, r, c in frame]
    body = [line(f"dòng {n} của trang", 100, 200.0 + 60 * n) for n in range(12)]
    number, note, page = line("Số: 5/2020", 100, 100), line("Ghi chú", 900, 262), line("Trang số: 4", 900, 2100)
    mixed = [note, page, number, *body]
    assert [k.text for k in reading_order(mixed, cells)] == [k.text for k in (number, *body, note, page)]


def test_nothing_is_lost_or_said_twice() -> None:
    rng = np.random.default_rng(5)
    lines = [line(f"d{n}", float(rng.integers(0, 1500)), float(rng.integers(0, 2200))) for n in range(80)]
    assert sorted(read(*lines)) == sorted(found.text for found in lines)
    corners = [(x, y) for x in range(0, 1500, 300) for y in range(0, 2200, 200)]
    cells = [Cell(box=Box(x, y, x + 300, y + 200), table=0, row=y, column=x) for x, y in corners]
    assert sorted(found.text for found in reading_order(lines, cells)) == sorted(found.text for found in lines)
    assert read() == []


def columns(text: str, charset: str = "abc ") -> np.ndarray:
    """CTC columns that say `text`; `_` is the blank."""
    found = np.full((len(text), len(charset) + 1), 0.01, np.float32)
    for row, letter in enumerate(text):
        found[row, 0 if letter == "_" else charset.index(letter) + 1] = 0.9
    return found


@pytest.mark.parametrize(
    ("path", "text"), [("aab", "ab"), ("a_a", "aa"), ("__a__", "a"), ("___", ""), ("", ""), ("ab__bc", "abbc"), ("a b", "a b")]
)
def test_equal_columns_are_one_letter_and_blanks_divide(path: str, text: str) -> None:
    signs = best_path(columns(path), "abc ")
    assert "".join(sign.char for sign in signs) == text
    assert all(0 <= sign.first <= sign.last < len(path) for sign in signs)


def test_letters_of_a_line_have_their_places() -> None:
    found = to_line(best_path(columns("_aa__b_ _c_"), "abc "), Place(Box(100, 10, 210, 40)), 11, 100)
    assert found is not None
    assert found.text == "ab c"
    assert [word.text for word in found.words] == ["ab", "c"]
    assert [letter.char for letter in found.letters] == ["a", "b", " ", "c"]
    xs = [letter.x0 for letter in found.letters]
    assert xs == sorted(xs)
    assert 100 <= found.letters[0].x0 < found.letters[-1].x1 <= 210


@pytest.mark.parametrize("path", ["", "___", "_ _ "])
def test_a_line_of_nothing_is_none(path: str) -> None:
    assert to_line(best_path(columns(path), "abc "), Place(Box(0, 0, 80, 20)), max(len(path), 1), 100) is None

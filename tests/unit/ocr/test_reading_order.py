"""The order in which the lines of a page are read."""

from __future__ import annotations

import numpy as np

from digitizer.geometry import margin_column
from digitizer.model import Box, Cell, Line
from digitizer.ocr.reading_order import reading_order
from tests.unit.builders import line


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

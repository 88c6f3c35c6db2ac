"""Ruled tables: wide books with one event a row, and grids with a column for each person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from training.drawing.cases import Case
from training.drawing.fonts import Fonts
from training.drawing.forms import Column, Form, printing, values_by, wrap
from training.drawing.ink import Hand, Writer
from training.drawing.paper import A3, A4, Sheet


@dataclass(frozen=True, slots=True)
class Head:
    """A column of a wide table: heading, template of its cells, width in parts."""

    title: str
    value: str
    weight: float = 1.0


COPIES = (
    Head("STT", "{so}", 0.5),
    Head("Ngày, tháng, năm cấp bản sao Trích lục", "{ngayDangKy}", 1.1),
    Head("Họ, chữ đệm, tên, giấy tờ tùy thân của người yêu cầu cấp bản sao Trích lục", "{nycHoTen}, {nycSoGiayToTuyThan}", 2.4),
    Head("Loại bản sao Trích lục", "{loaiBanSao}", 1.0),
    Head("Họ, chữ đệm, tên, chức vụ người ký bản sao Trích lục", "{nguoiKy}, {chucVuNguoiKy}", 1.8),
    Head("Số lượng bản sao", "{soLuong}", 0.7),
    Head("Ghi chú", "", 0.9),
)
BIRTHS = (
    Head("Số", "{so}", 0.7),
    Head("Ngày đăng ký", "{ngayDangKy}", 1.1),
    Head("Họ và tên người được khai sinh", "{nksHoTen}", 1.7),
    Head("Nam hay nữ", "{nksGioiTinh}", 0.6),
    Head("Ngày, tháng, năm sinh", "{nksNgaySinh}", 1.1),
    Head("Nơi sinh", "{nksNoiSinh}", 1.7),
    Head("Dân tộc", "{nksDanToc}", 0.7),
    Head("Họ và tên cha", "{chaHoTen}", 1.5),
    Head("Họ và tên mẹ", "{meHoTen}", 1.5),
    Head("Họ và tên người đi khai", "{nycHoTen}", 1.5),
    Head("Ghi chú", "{ghiChu}", 1.4),
)
MARRIAGES = (
    Head("Số", "{so}", 0.7),
    Head("Ngày đăng ký", "{ngayDangKy}", 1.1),
    Head("Họ và tên chồng", "{chongHoTen}", 1.6),
    Head("Ngày sinh chồng", "{chongNgaySinh}", 1.1),
    Head("Nơi ở của chồng", "{chongNoiCuTru}", 1.9),
    Head("Họ và tên vợ", "{voHoTen}", 1.6),
    Head("Ngày sinh vợ", "{voNgaySinh}", 1.1),
    Head("Nơi ở của vợ", "{voNoiCuTru}", 1.9),
    Head("Ghi chú", "{ghiChu}", 1.4),
)
DEATHS = (
    Head("Số", "{so}", 0.7),
    Head("Ngày đăng ký", "{ngayDangKy}", 1.1),
    Head("Họ và tên người chết", "{nktHoTen}", 1.7),
    Head("Nam hay nữ", "{nktGioiTinh}", 0.6),
    Head("Ngày, tháng, năm sinh", "{nktNgaySinh}", 1.1),
    Head("Ngày chết", "{nktNgayChet}", 1.1),
    Head("Nơi chết", "{nktNoiChet}", 2.0),
    Head("Vì sao chết", "{nktNguyenNhanChet}", 1.3),
    Head("Họ và tên người khai", "{nycHoTen}", 1.5),
    Head("Ghi chú", "{ghiChu}", 1.4),
)
#: labels of an adoption's grids
PAIR = (
    ("Họ và tên", "HoTen"),
    ("Ngày, tháng, năm sinh", "NgaySinh"),
    ("Dân tộc", "DanToc"),
    ("Quốc tịch", "QuocTich"),
    ("Nơi thường trú", "NoiCuTru"),
    ("Số Giấy CMND/Hộ chiếu", "SoGiayToTuyThan"),
)


def page(
    fonts: Fonts, heads: Sequence[Head], entries: Sequence[Case], rng: np.random.Generator, *, dpi: int, how: str | Hand
) -> tuple[Sheet, list[dict[str, object]]]:
    """A page of a wide table, A4 across or A3. Returns the sheet and a record a row."""
    sheet = Sheet(A3 if len(heads) > 7 else (A4[1], A4[0]), dpi, (247, 242, 226))
    press = printing(fonts, rng, how, pitch_mm=5.4, size_pt=10.5)
    writer = values_by(fonts, sheet, rng, how)
    weights = np.array([head.weight for head in heads])
    edges = sheet.px(12) + np.concatenate(([0], np.cumsum(weights / weights.sum()))) * (sheet.width - sheet.px(24))
    forms = [Form(fonts, sheet, case, press, rng, writer) for case in entries]
    rules = [sheet.px(20)]
    rules.append(_row(forms[0], edges, rules[-1], [head.title for head in heads], forms[0].press("bold", 0.92), centred=True))
    rules.append(
        _row(
            forms[0], edges, rules[-1], [f"({n})" for n in range(1, len(heads) + 1)], forms[0].press("italic", 0.85), centred=True
        )
    )
    for form in forms:
        texts = [form.text_of(head.value, writer).strip(" ,") for head in heads]
        rules.append(_row(form, edges, rules[-1], texts, writer))
    _grid(sheet, edges, rules, 0.3)
    return sheet, [form.record() for form in forms]


def _grid(sheet: Sheet, edges: np.ndarray, rules: Sequence[float], width_mm: float) -> None:
    """The lines of a table: between rows at `rules`, between columns at `edges`, px."""
    for y in rules:
        sheet.rule(float(edges[0]), y, float(edges[-1]), y, width_mm)
    for x in edges:
        sheet.rule(float(x), rules[0], float(x), rules[-1], width_mm)


def _row(
    form: Form,
    edges: np.ndarray,
    top: float,
    texts: Sequence[str],
    writer: Writer,
    *,
    centred: bool = False,
    tall_mm: float = 5.4,
) -> float:
    """One row of cells with lines of `tall_mm`. Returns its lower edge, px."""
    sheet = form.sheet
    bottom = top + sheet.px(0.55 * tall_mm)
    for text, left, right in zip(texts, edges, edges[1:], strict=False):
        room, y = float(right - left) - sheet.px(2.4), top + sheet.px(1.04 * tall_mm)
        for piece in (piece for piece in wrap(writer, text, room, room) if piece):
            narrow = min(1.0, room / max(1.0, writer.width(piece)))
            spare = (room - narrow * writer.width(piece)) / 2 if centred else 0.0
            sheet.write(writer, piece, float(left) + sheet.px(1.2) + spare, y, sheet.line("body"), narrow=narrow)
            y += sheet.px(tall_mm)
        bottom = max(bottom, y - sheet.px(0.45 * tall_mm))
    return bottom


def pair(column: Column, one: str, other: str) -> None:
    """A grid ÔNG | BÀ with the labels of `PAIR` at its left."""
    form, sheet = column.form, column.form.sheet
    edges = column.x0 + np.array((0, 0.27, 0.635, 1)) * (column.x1 - column.x0)
    rules = [column.y - sheet.px(5)]
    rules.append(_row(form, edges, rules[-1], ["", "Ông", "Bà"], form.press("bold"), centred=True, tall_mm=4.4))
    for label, name in PAIR:
        top = rules[-1]
        ends = [_row(form, edges[:2], top, [label], form.press(size=0.92), tall_mm=4.4)]
        for place, prefix in ((1, one), (2, other)):
            text = form.text_of(f"{{{prefix}{name}}}", form.writer)
            ends.append(_row(form, edges[place : place + 2], top, [text], form.writer, tall_mm=4.4))
        rules.append(max(ends))
    _grid(sheet, edges, rules, 0.25)
    column.y = rules[-1] + sheet.px(5.6)

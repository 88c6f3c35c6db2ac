"""Birth certificate on security paper, and the extract from the birth register."""

from __future__ import annotations

from datetime import timedelta

import cv2
import numpy as np

from training.drawing import marks
from training.drawing.cases import Case
from training.drawing.fonts import Fonts
from training.drawing.forms import Column, Form, Signer, printing, seal_words, signatures, values_by
from training.drawing.ink import Hand, Ink
from training.drawing.letters import letterhead
from training.drawing.paper import A4, Sheet
from training.drawing.places import REFORM

RED, PINK = Ink((178, 34, 40), 0.95), (244, 214, 206)


def birth_certificate(fonts: Fonts, case: Case, rng: np.random.Generator, *, dpi: int, how: str | Hand = "hand") -> Form:
    """GIẤY KHAI SINH: border, emblem in the middle, no agency block."""
    sheet = Sheet(A4, dpi, (250, 246, 236))
    guilloche(sheet, rng, (236, 214, 196))
    border(sheet, rng)
    form = Form(
        fonts,
        sheet,
        case,
        printing(fonts, rng, how, pitch_mm=float(rng.uniform(7.5, 7.9))),
        rng,
        values_by(fonts, sheet, rng, how),
    )
    column = Column(form, sheet.px(25), sheet.px(185), sheet.px(26), "header")
    crested(column, "GIẤY KHAI SINH", size=1.75)
    _persons(column)
    column.row(("Nơi đăng ký khai sinh: ", "{noiDangKy}"))
    column.row(("Ngày, tháng, năm đăng ký: ", "{ngayDangKy}"))
    column.gap(1)
    right = Column(form, sheet.px(105), sheet.px(185), column.y, "signatures")
    _official(right, "NGƯỜI KÝ GIẤY KHAI SINH")
    return form


def birth_extract(fonts: Fonts, case: Case, rng: np.random.Generator, *, dpi: int, how: str | Hand = "printer") -> Form:
    """TRÍCH LỤC KHAI SINH (BẢN SAO): agency block left, where and when registered, signed later by somebody else."""
    # an office with a district in its address ended with the reform
    issued = case.when + timedelta(days=int(rng.integers(60, 700)))
    issued = min(issued, REFORM - timedelta(days=9)) if case.commune.district else issued
    case.put("soDangKy", case.raw["so"])
    case.put("so", f"{int(rng.integers(4, 160))}/TLKS-BS")
    sheet = Sheet(A4, dpi, (251, 250, 247))
    form = Form(
        fonts,
        sheet,
        case,
        printing(fonts, rng, how, pitch_mm=float(rng.uniform(7.4, 7.8))),
        rng,
        values_by(fonts, sheet, rng, how),
    )
    y = letterhead(form, issued, dated_field="")
    column = Column(form, sheet.px(24), sheet.px(188), y + sheet.px(4), "header")
    column.text("TRÍCH LỤC KHAI SINH", "bold", size=1.25, align="centre", pitch=0.8)
    column.text("(BẢN SAO)", "bold", size=1.05, align="centre")
    column.section = "body"
    column.gap(1)
    _persons(column, declarant=False)
    column.row(("Đăng ký khai sinh tại: ", "{noiDangKy}"))
    column.row(("Số: ", "{soDangKy}", 0.8), ("Ngày, tháng, năm đăng ký: ", "{ngayDangKy}", 1.2))
    column.row(("Ghi chú: ", ""))
    column.gap(2)
    right = Column(form, sheet.px(105), sheet.px(188), column.y, "signatures")
    _official(right, "NGƯỜI KÝ TRÍCH LỤC")
    return form


def crested(column: Column, title: str, size: float) -> None:
    """The head of security paper: motto, coat of arms, title in red, number at the right. `column` goes on below."""
    form, sheet = column.form, column.form.sheet
    motto(column)
    side = sheet.px(18)
    RED.lay(sheet.pixels, marks.emblem(side), round(sheet.width / 2 - side / 2), round(column.y - sheet.px(3)))
    column.gap(25)
    column.text(title, "bold", size=size, align="centre", ink=RED)
    number = Column(form, sheet.px(122), sheet.px(182), column.y, "header")
    number.row(("Số: ", "{so}"))
    column.y, column.section = number.y + sheet.px(1), "body"


def _official(column: Column, title: str) -> None:
    """The official who signs, under a seal."""
    hint = "(Ký, ghi rõ họ, chữ đệm, tên, chức vụ và đóng dấu)"
    signer = Signer(title=title, hint=hint, name="{nguoiKy}", sealed=True, printed=True)
    signatures(column, [signer], seal_words(column.form.case))


def motto(column: Column) -> None:
    """National title and motto, centred."""
    column.text("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "bold", size=1.04, align="centre", pitch=0.75)
    column.text("Độc lập - Tự do - Hạnh phúc", "bold", size=1.06, align="centre", underline=True)


def guilloche(sheet: Sheet, rng: np.random.Generator, colour: tuple[int, int, int], step_mm: float = 3.2) -> None:
    """Fine waves of security paper."""
    x = np.arange(0, sheet.width + 12, 12)
    phase, length = rng.uniform(0, 6, 2), sheet.px(rng.uniform(28, 46))
    mask = np.zeros(sheet.pixels.shape[:2], np.uint8)
    for place, y in enumerate(np.arange(-sheet.px(10), sheet.height + sheet.px(10), sheet.px(step_mm))):
        wave = (
            y + sheet.px(2.6) * np.sin(2 * np.pi * x / length + phase[place % 2]) + sheet.px(1.6) * np.sin(place / 3 + x / length)
        )
        points = np.round(np.stack((x, wave), axis=1)).astype(np.int32)
        cv2.polylines(mask, [points.reshape(-1, 1, 2)], False, 255, max(1, round(sheet.px(0.12))), cv2.LINE_AA)
    Ink(colour, 0.8).lay(sheet.pixels, mask, 0, 0)


def border(sheet: Sheet, rng: np.random.Generator) -> None:
    """Two frames with a chain of diamonds between."""
    for inset, width in ((8, 0.9), (9.6, 0.3), (14.4, 0.3), (15.2, 0.5)):
        sheet.frame(sheet.px(inset), sheet.px(inset), sheet.width - sheet.px(inset), sheet.height - sheet.px(inset), width, RED)
    side = sheet.px(rng.uniform(2.6, 3.2))
    grid = np.zeros((round(side), round(side)), np.uint8)
    middle = round(side / 2)
    diamond = np.array(((middle, 1), (grid.shape[1] - 2, middle), (middle, grid.shape[0] - 2), (1, middle)), np.int32)
    cv2.polylines(grid, [diamond.reshape(-1, 1, 2)], True, 255, max(1, round(sheet.px(0.2))), cv2.LINE_AA)
    ink, inset = Ink((178, 34, 40), 0.55), sheet.px(12) - side / 2
    for x in np.arange(sheet.px(10.5), sheet.width - sheet.px(12), side):
        for y in (inset, sheet.height - inset - side):
            ink.lay(sheet.pixels, grid, round(float(x)), round(y))
    for y in np.arange(sheet.px(15.5), sheet.height - sheet.px(17), side):
        for x in (inset, sheet.width - inset - side):
            ink.lay(sheet.pixels, grid, round(x), round(float(y)))


def _persons(column: Column, declarant: bool = True) -> None:
    column.row(("Họ, chữ đệm, tên: ", "{nksHoTen}"))
    column.row(("Ngày, tháng, năm sinh: ", "{nksNgaySinh}"))
    column.row(("ghi bằng chữ: ", "{nksNgaySinhBangChu}"), lines=2 if declarant else 1)
    column.row(("Giới tính: ", "{nksGioiTinh}", 0.8), ("Dân tộc: ", "{nksDanToc}", 1), ("Quốc tịch: ", "{nksQuocTich}", 1.1))
    column.row(("Nơi sinh: ", "{nksNoiSinh}"))
    column.row(("Quê quán: ", "{nksQueQuan}"))
    column.row(("Số định danh cá nhân: ", "{nksSoDinhDanh}"))
    for prefix, who in (("me", "mẹ"), ("cha", "cha")):
        column.row((f"Họ, chữ đệm, tên {who}: ", f"{{{prefix}HoTen}}"))
        column.row(
            ("Năm sinh: ", f"{{{prefix}NgaySinh}}", 0.8),
            ("Dân tộc: ", f"{{{prefix}DanToc}}", 1),
            ("Quốc tịch: ", f"{{{prefix}QuocTich}}", 1.1),
        )
        column.row(("Nơi cư trú: ", f"{{{prefix}NoiCuTru}}"))
    if declarant:
        column.row(("Họ, chữ đệm, tên người đi khai sinh: ", "{nycHoTen}"))
        column.row(("Giấy tờ tùy thân: ", "{nycSoGiayToTuyThan}"))

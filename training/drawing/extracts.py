"""Marriage certificate, and extracts from the registers of marriages, deaths and recognitions."""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from training.drawing.cases import Case
from training.drawing.certificates import border, crested, guilloche
from training.drawing.fonts import Fonts
from training.drawing.forms import Column, Form, Signer, printing, seal_words, signatures, values_by
from training.drawing.ink import Hand
from training.drawing.letters import letterhead, plain
from training.drawing.paper import A4, Sheet
from training.drawing.places import REFORM

HINT = "(Ký, ghi rõ họ, chữ đệm, tên, chức vụ và đóng dấu)"


def marriage_certificate(fonts: Fonts, case: Case, rng: np.random.Generator, *, dpi: int, how: str | Hand = "hand") -> Form:
    """GIẤY CHỨNG NHẬN KẾT HÔN: security paper, two signatures and a seal."""
    sheet = Sheet(A4, dpi, (250, 246, 236))
    guilloche(sheet, rng, (236, 214, 196))
    border(sheet, rng)
    press = printing(fonts, rng, how, pitch_mm=float(rng.uniform(7.6, 8.0)))
    form = Form(fonts, sheet, case, press, rng, values_by(fonts, sheet, rng, how))
    column = Column(form, sheet.px(25), sheet.px(185), sheet.px(26), "header")
    crested(column, "GIẤY CHỨNG NHẬN KẾT HÔN", size=1.5)
    couple(column, wife_first=rng.random() < 0.8)
    column.row(("Nơi đăng ký kết hôn: ", "{noiDangKy}"))
    column.row(("Ngày, tháng, năm đăng ký: ", "{ngayDangKy}"))
    column.gap(2)
    people = case.people
    pair = Column(form, sheet.px(25), sheet.px(112), column.y, "signatures")
    hint = "(Ký, ghi rõ họ, tên)"
    signatures(
        pair,
        [Signer(title="Vợ", hint=hint, name=people["wife"].name), Signer(title="Chồng", hint=hint, name=people["husband"].name)],
    )
    right = Column(form, sheet.px(112), sheet.px(187), column.y, "signatures")
    signed_by(right, "NGƯỜI KÝ GIẤY CHỨNG NHẬN KẾT HÔN")
    return form


def marriage_extract(fonts: Fonts, case: Case, rng: np.random.Generator, *, dpi: int, how: str | Hand = "printer") -> Form:
    """TRÍCH LỤC KẾT HÔN (BẢN SAO)."""
    form, column = _extract(fonts, case, rng, dpi, how, "TLKH-BS", "TRÍCH LỤC KẾT HÔN", copy=True)
    couple(column, wife_first=rng.random() < 0.8)
    _registered(column, "kết hôn")
    return _signed(form, column)


def death_extract(fonts: Fonts, case: Case, rng: np.random.Generator, *, dpi: int, how: str | Hand = "printer") -> Form:
    """TRÍCH LỤC KHAI TỬ, the extract itself or a copy."""
    copy = rng.random() < 0.5
    form, column = _extract(fonts, case, rng, dpi, how, "TLKT-BS" if copy else "TLKT", "TRÍCH LỤC KHAI TỬ", copy=copy)
    dead(column)
    column.row(("Giấy báo tử/Giấy tờ thay thế Giấy báo tử số: ", "{gbtSo}"))
    column.row(("Do: ", "{gbtCoQuanCap}", 1.6), ("Cấp ngày: ", "{gbtNgay}", 1.0))
    if copy:
        _registered(column, "khai tử")
    else:
        column.row(("Họ, chữ đệm, tên người đi khai tử: ", "{nycHoTen}"))
        column.row(("Giấy tờ tùy thân: ", "{nycSoGiayToTuyThan}"), lines=2)
    return _signed(form, column)


def parent_child_extract(fonts: Fonts, case: Case, rng: np.random.Generator, *, dpi: int, how: str | Hand = "printer") -> Form:
    """TRÍCH LỤC ĐĂNG KÝ NHẬN CHA, MẸ, CON: two persons joined by `Và`."""
    copy = rng.random() < 0.3
    title = "TRÍCH LỤC ĐĂNG KÝ NHẬN CHA, MẸ, CON"
    form, column = _extract(fonts, case, rng, dpi, how, "TLCMC-BS" if copy else "TLCMC", title, copy=copy)
    column.text("Công nhận:", "bold", indent_mm=8)
    person(column, "cm", sexed=False)
    column.text("Và:", "bold", indent_mm=8)
    person(column, "nc", sexed=False)
    who = "cha" if case.people["parent"].sex == "nam" else "mẹ"
    column.text(f"là {who} - con.", indent_mm=8)
    column.text("Việc nhận cha, mẹ, con có hiệu lực kể từ ngày cấp Trích lục này.", indent_mm=8)
    return _signed(form, column)


def couple(column: Column, *, wife_first: bool = True) -> None:
    """Both sides of a marriage."""
    sides = (("vo", "vợ"), ("chong", "chồng"))
    for prefix, who in sides if wife_first else sides[::-1]:
        column.row((f"Họ, chữ đệm, tên {who}: ", f"{{{prefix}HoTen}}"))
        column.row(("Ngày, tháng, năm sinh: ", f"{{{prefix}NgaySinh}}"))
        column.row(("Dân tộc: ", f"{{{prefix}DanToc}}"), ("Quốc tịch: ", f"{{{prefix}QuocTich}}"))
        column.row(("Nơi cư trú: ", f"{{{prefix}NoiCuTru}}"))
        column.row(("Giấy tờ tùy thân: ", f"{{{prefix}SoGiayToTuyThan}}"))


def person(column: Column, prefix: str, *, home: str = "Nơi cư trú: ", sexed: bool = True) -> None:
    """The seven labels of a person. The catalogue of fields has no sex of those recognised and recognising (`sexed`)."""
    column.row(("Họ, chữ đệm, tên: ", f"{{{prefix}HoTen}}"))
    column.row(("Ngày, tháng, năm sinh: ", f"{{{prefix}NgaySinh}}"))
    column.row(
        ("Giới tính: ", f"{{{prefix}GioiTinh}}" if sexed else column.form.case.raw[f"{prefix}GioiTinh"], 0.8),
        ("Dân tộc: ", f"{{{prefix}DanToc}}", 1.0),
        ("Quốc tịch: ", f"{{{prefix}QuocTich}}", 1.1),
    )
    column.row((home, f"{{{prefix}NoiCuTru}}"))
    column.row(("Giấy tờ tùy thân: ", f"{{{prefix}SoGiayToTuyThan}}"))


def dead(column: Column) -> None:
    """Who died, when, where and why."""
    person(column, "nkt", home="Nơi cư trú cuối cùng: ")
    column.row(
        ("Đã chết vào lúc ", "{nktGioPhutChet.0}", 1.5),
        ("giờ ", "{nktGioPhutChet.2}", 0.7),
        ("phút, ngày ", "{nktNgayChet}", 1.7),
    )
    column.row(("(ghi bằng chữ): ", "{nktNgayChetGhiBangChu}"))
    column.row(("Nơi chết: ", "{nktNoiChet}"))
    column.row(("Nguyên nhân chết: ", "{nktNguyenNhanChet}"))


def signed_by(column: Column, title: str) -> None:
    """The official's signature and seal over a printed name."""
    signatures(
        column, [Signer(title=title, hint=HINT, name="{nguoiKy}", sealed=True, printed=True)], seal_words(column.form.case)
    )


def _extract(
    fonts: Fonts, case: Case, rng: np.random.Generator, dpi: int, how: str | Hand, form_of_number: str, title: str, *, copy: bool
) -> tuple[Form, Column]:
    """Agency block, number, title. Returns the form and its body. A copy is issued long after the registration."""
    issued = case.when
    if copy:
        issued += timedelta(days=int(rng.integers(60, 700)))
        issued = min(issued, REFORM - timedelta(days=9)) if case.commune.district else issued
        case.put("soDangKy", case.raw["so"])
    case.put("so", f"{int(rng.integers(4, 160))}/{form_of_number}")
    form = plain(fonts, case, rng, dpi, how, pitch_mm=float(rng.uniform(7.3, 7.7)))
    sheet = form.sheet
    y = letterhead(form, issued, dated_field="")
    column = Column(form, sheet.px(24), sheet.px(188), y + sheet.px(4), "header")
    column.text(title, "bold", size=1.25, align="centre", pitch=0.8 if copy else 1.2)
    if copy:
        column.text("(BẢN SAO)", "bold", size=1.05, align="centre")
    column.section = "body"
    return form, column


def _registered(column: Column, event: str) -> None:
    column.row((f"Đăng ký {event} tại: ", "{noiDangKy}"))
    column.row(("Số: ", "{soDangKy}", 0.8), ("Ngày, tháng, năm đăng ký: ", "{ngayDangKy}", 1.2))
    column.row(("Ghi chú: ", ""))


def _signed(form: Form, column: Column) -> Form:
    column.gap(2)
    right = Column(form, form.sheet.px(105), form.sheet.px(188), column.y, "signatures")
    signed_by(right, "NGƯỜI KÝ TRÍCH LỤC")
    return form

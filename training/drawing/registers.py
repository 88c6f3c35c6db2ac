"""Pages of register books: number line, a box of 70 % body and 30 % margin column, page number."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from training.drawing import marks
from training.drawing.cases import Case
from training.drawing.fonts import Fonts
from training.drawing.forms import Column, Form, Print, Signer, printing, seal_words, signatures, values_by
from training.drawing.ink import Hand
from training.drawing.paper import A4, Sheet

PERSON = (("Giới tính: ", "{%sGioiTinh}", 0.8), ("Dân tộc: ", "{%sDanToc}", 1.1), ("Quốc tịch: ", "{%sQuocTich}", 1.1))


def page(
    fonts: Fonts,
    case: Case,
    rng: np.random.Generator,
    *,
    dpi: int,
    how: str | Hand = "hand",
    tone: tuple[int, int, int] = (250, 249, 245),
    press: Print | None = None,
    body: Callable[[Column], None] | None = None,
) -> Form:
    """One page with one record.

    Args:
        fonts: what to write with.
        case: whose record.
        rng: source of every choice.
        dpi: resolution of the later scan.
        how: who fills it in: a known hand, or hand, typewriter, printer.
        tone: colour of the paper.
        press: how the blank book was printed. Pages of one book share it.
        body: draws the labels of this kind of book, by default the one of the case.
    """
    sheet = Sheet(A4, dpi, tone)
    form = Form(fonts, sheet, case, press or printing(fonts, rng, how), rng, values_by(fonts, sheet, rng, how))
    body = body or _body_of(case)
    left, right, top = sheet.px(rng.uniform(13, 17)), sheet.width - sheet.px(rng.uniform(12, 15)), sheet.px(rng.uniform(24, 28))
    bottom = sheet.height - sheet.px(rng.uniform(17, 21))
    split = left + (right - left) * rng.uniform(0.68, 0.71)
    old = body in OLD_BODIES
    number_line(form, left, right, top - sheet.px(6), old=old, code=FORMS[_book_of(case)] if old else "")
    sheet.frame(left, top, right, bottom, 0.4)
    sheet.rule(split, top, split, bottom, 0.3)
    body(Column(form, left + sheet.px(2.5), split - sheet.px(3), top + sheet.px(7)))
    margin(form, split, right, top, bottom, old=old)
    page_number(form, right, bottom)
    return form


def birth_body(column: Column) -> None:
    """Births, wording since 2016."""
    column.text("Người được đăng ký khai sinh", "bold")
    column.row(("Họ, chữ đệm, tên: ", "{nksHoTen}"))
    column.row(("Ngày, tháng, năm sinh: ", "{nksNgaySinh}"))
    column.row(("ghi bằng chữ: ", "{nksNgaySinhBangChu}"), lines=2)
    column.row(*_person("nks"))
    column.row(("Nơi sinh: ", "{nksNoiSinh}"), lines=2)
    column.row(("Quê quán: ", "{nksQueQuan}"))
    column.row(("Số định danh cá nhân: ", "{nksSoDinhDanh}"))
    for prefix, who in (("me", "mẹ"), ("cha", "cha")):
        column.row((f"Họ, chữ đệm, tên {who}: ", f"{{{prefix}HoTen}}"))
        column.row(("Năm sinh: ", f"{{{prefix}NgaySinh}}", 0.8), *_person(prefix)[1:])
        column.row(("Nơi cư trú: ", f"{{{prefix}NoiCuTru}}"), lines=2)
    column.row(("Họ, chữ đệm, tên người đi khai sinh: ", "{nycHoTen}"))
    column.row(("Giấy tờ tùy thân: ", "{nycSoGiayToTuyThan}"), lines=2)
    column.row(
        (
            "Họ, chữ đệm, tên, chức vụ người ký Giấy khai sinh/Trích lục ghi vào sổ hộ tịch việc khai sinh: ",
            "{nguoiKy} - {chucVuNguoiKy}",
        )
    )
    signatures(
        column, [Signer(title="Người đi khai sinh", name="{nycHoTen}"), Signer(title="Người thực hiện", name="{nguoiThucHien}")]
    )


def old_birth_body(column: Column) -> None:
    """Births, wording of 2006-2015: father first, `Họ và tên`, `Nơi thường trú/tạm trú`, signed and sealed in the book."""
    column.text("PHẦN GHI VỀ NGƯỜI ĐƯỢC KHAI SINH", "bold")
    column.row(("Họ và tên: ", "{nksHoTen}", 2.2), ("Giới tính: ", "{nksGioiTinh}", 0.9))
    column.row(("Ngày, tháng, năm sinh: ", "{nksNgaySinh}"))
    column.row(("(Ghi bằng chữ): ", "{nksNgaySinhBangChu}"), lines=2)
    column.row(("Nơi sinh: ", "{nksNoiSinh}"), lines=2)
    column.row(*((label, value) for label, value, _ in _person("nks")[1:]))
    column.row(("Quê quán: ", "{nksQueQuan}"))
    for prefix, who in (("cha", "cha"), ("me", "mẹ")):
        column.row((f"Họ và tên {who}: ", f"{{{prefix}HoTen}}", 2.2), ("Năm sinh: ", f"{{{prefix}NgaySinh}}", 1.1))
        column.row(*((label, value) for label, value, _ in _person(prefix)[1:]))
        column.row(("Nơi thường trú/tạm trú: ", f"{{{prefix}NoiCuTru}}"), lines=2)
    column.row(("Họ và tên người đi khai sinh: ", "{nycHoTen}"))
    column.row(("Quan hệ với người được khai sinh: ", "{nycQuanHe}"))
    column.row(("Số Giấy CMND/Hộ chiếu: ", "{nycSoGiayToTuyThan}"), lines=2)
    column.gap(2)
    hint = "(Ký, ghi rõ họ tên)"
    signatures(
        column,
        [
            Signer(title="Người đi khai sinh", hint=hint, name="{nycHoTen}"),
            Signer(title="Cán bộ Tư pháp - Hộ tịch", hint=hint, name="{nguoiThucHien}"),
            Signer(title="{chucVuNguoiKy}", hint=hint, name="{nguoiKy}", sealed=True, printed=True),
        ],
        seal_words(column.form.case),
    )


def marriage_body(column: Column) -> None:
    """Marriages: wife, then husband."""
    for prefix, who in (("vo", "vợ"), ("chong", "chồng")):
        column.row((f"Họ, chữ đệm, tên người {who}: ", f"{{{prefix}HoTen}}"))
        column.row(("Ngày, tháng, năm sinh: ", f"{{{prefix}NgaySinh}}"))
        column.row(*((label, value) for label, value, _ in _person(prefix)[1:]))
        column.row(("Nơi cư trú: ", f"{{{prefix}NoiCuTru}}"), lines=2)
        column.row(("Giấy tờ tùy thân: ", f"{{{prefix}SoGiayToTuyThan}}"), lines=2)
    column.row(("Ngày, tháng, năm xác lập quan hệ hôn nhân: ", "{ngayXacLapQuanHeHonNhan}"))
    column.row(
        (
            "Họ, chữ đệm, tên, chức vụ của người ký Giấy chứng nhận kết hôn/Trích lục ghi chú kết hôn: ",
            "{nguoiKy} - {chucVuNguoiKy}",
        ),
        lines=2,
    )
    column.gap(5)
    hint = "(Ký, ghi rõ họ, tên)"
    people = column.form.case.people
    signatures(
        column,
        [
            Signer(title="Vợ", hint=hint, name=people["wife"].name),
            Signer(title="Chồng", hint=hint, name=people["husband"].name),
            Signer(title="Người thực hiện", hint=hint, name="{nguoiThucHien}"),
        ],
    )


def death_body(column: Column) -> None:
    """Deaths."""
    column.text("Phần ghi về người được khai tử", "bold")
    column.row(("Họ, chữ đệm, tên: ", "{nktHoTen}"))
    column.row(("Ngày, tháng, năm sinh: ", "{nktNgaySinh}"))
    column.row(*_person("nkt"))
    column.row(("Nơi cư trú cuối cùng: ", "{nktNoiCuTru}"), lines=2)
    column.row(("Giấy tờ tùy thân: ", "{nktSoGiayToTuyThan}"), lines=2)
    _how_it_happened(column, "(ghi bằng chữ)", "Giấy báo tử/giấy tờ thay thế Giấy báo tử số")
    column.text("Người đi đăng ký khai tử", "bold")
    column.row(("Họ, chữ đệm, tên: ", "{nycHoTen}"))
    column.row(("Giấy tờ tùy thân: ", "{nycSoGiayToTuyThan}"), lines=2)
    column.row(("Họ, chữ đệm, tên, chức vụ người ký Trích lục khai tử: ", "{nguoiKy} - {chucVuNguoiKy}"), lines=2)
    signatures(
        column, [Signer(title="Người đi khai tử", name="{nycHoTen}"), Signer(title="Người thực hiện", name="{nguoiThucHien}")]
    )


def _how_it_happened(column: Column, in_words: str, notice: str) -> None:
    """When, where and of what somebody died, and the paper that says so."""
    column.row(
        ("Đã chết vào lúc ", "{nktGioPhutChet.0}", 1.5),
        ("giờ ", "{nktGioPhutChet.2}", 0.7),
        ("phút, ngày ", "{nktNgayChet}", 1.7),
    )
    column.row((f"{in_words}: ", "{nktNgayChetGhiBangChu}"), lines=2)
    column.row(("Nơi chết: ", "{nktNoiChet}"), lines=2)
    column.row(("Nguyên nhân chết: ", "{nktNguyenNhanChet}"))
    column.row((f"{notice}: ", "{gbtSo}"))
    column.row(("Do: ", "{gbtCoQuanCap}", 1.6), ("Cấp ngày: ", "{gbtNgay}", 1.0))


def old_marriage_body(column: Column) -> None:
    """Marriages, wording of 2006-2015: husband first, signed and sealed in the book."""
    for prefix, who in (("chong", "chồng"), ("vo", "vợ")):
        column.row((f"Họ và tên {who}: ", f"{{{prefix}HoTen}}"))
        column.row(("Ngày, tháng, năm sinh: ", f"{{{prefix}NgaySinh}}"))
        column.row(*((label, value) for label, value, _ in _person(prefix)[1:]))
        column.row(("Nơi thường trú/tạm trú: ", f"{{{prefix}NoiCuTru}}"), lines=2)
        column.row(("Số Giấy CMND/Hộ chiếu: ", f"{{{prefix}SoGiayToTuyThan}}"), lines=2)
    column.gap(4)
    hint, people = "(Ký, ghi rõ họ tên)", column.form.case.people
    signers = [Signer(title=title, hint=hint, name=people[who].name) for title, who in (("Chồng", "husband"), ("Vợ", "wife"))]
    signatures(column, signers)
    _old_officials(column)


def old_death_body(column: Column) -> None:
    """Deaths, wording of 2006-2015."""
    column.text("PHẦN GHI VỀ NGƯỜI CHẾT", "bold")
    column.row(("Họ và tên: ", "{nktHoTen}", 2.2), ("Giới tính: ", "{nktGioiTinh}", 0.9))
    column.row(("Ngày, tháng, năm sinh: ", "{nktNgaySinh}"))
    column.row(*((label, value) for label, value, _ in _person("nkt")[1:]))
    column.row(("Nơi thường trú/tạm trú cuối cùng: ", "{nktNoiCuTru}"), lines=2)
    column.row(("Số Giấy CMND/Hộ chiếu: ", "{nktSoGiayToTuyThan}"), lines=2)
    _how_it_happened(column, "(Ghi bằng chữ)", "Giấy báo tử số")
    column.text("PHẦN GHI VỀ NGƯỜI ĐI KHAI TỬ", "bold")
    column.row(("Họ và tên: ", "{nycHoTen}"))
    column.row(("Số Giấy CMND/Hộ chiếu: ", "{nycSoGiayToTuyThan}"), lines=2)
    signatures(column, [Signer(title="Người đi khai tử", hint="(Ký, ghi rõ họ tên)", name="{nycHoTen}")])
    _old_officials(column)


def _old_officials(column: Column) -> None:
    hint = "(Ký, ghi rõ họ tên)"
    signatures(
        column,
        [
            Signer(title="Cán bộ Tư pháp - Hộ tịch", hint=hint, name="{nguoiThucHien}"),
            Signer(title="{chucVuNguoiKy}", hint=hint, name="{nguoiKy}", sealed=True, printed=True),
        ],
        seal_words(column.form.case),
    )


#: bodies with the wording of 2006-2015, and the codes printed on those forms
OLD_BODIES = (old_birth_body, old_marriage_body, old_death_body)
FORMS = {"births": "STP/HT-2006-KS.1", "marriages": "STP/HT-2006-KH.1", "deaths": "STP/HT-2006-KT.1"}


def cancel(form: Form) -> None:
    """Strike the record through and write `Hủy` across it, as an office does with a spoilt page."""
    sheet, pen = form.sheet, form.stranger(x_height_mm=5.5, colour=(150, 30, 40))
    for shift in (0.0, 22.0):
        stroke = marks.strike(form.rng, 0.56 * sheet.width, 0.6 * sheet.height)
        sheet.lay(pen.ink, stroke, round(0.10 * sheet.width + sheet.px(shift)), round(0.16 * sheet.height))
    sheet.write(pen, "Hủy", 0.22 * sheet.width, 0.12 * sheet.height + sheet.px(12), sheet.line("margin"))


def _body_of(case: Case) -> Callable[[Column], None]:
    return {"births": birth_body, "marriages": marriage_body, "deaths": death_body}[_book_of(case)]


def _book_of(case: Case) -> str:
    return "births" if "child" in case.people else "marriages" if "wife" in case.people else "deaths"


def _person(prefix: str) -> list[tuple[str, str, float]]:
    return [(label, value % prefix, weight) for label, value, weight in PERSON]


def number_line(form: Form, left: float, right: float, baseline: float, *, old: bool, code: str = "") -> None:
    """`Số … Quyển số … Ngày đăng ký …`, with which every record begins. `code` is that of the form, printed above."""
    label = "Ngày đăng ký: " if old else "Ngày, tháng, năm cấp: " if "noiCap" in form.case.raw else "Ngày, tháng, năm đăng ký: "
    column = Column(form, left + form.sheet.px(1), right - form.sheet.px(2), baseline, "header")
    if old:
        form.sheet.write(
            form.press("italic", 0.75),
            FORMS[_book_of(form.case)],
            column.x0,
            baseline - form.sheet.px(6.5),
            form.sheet.line("header"),
        )
    column.row(("Số: ", "{so}", 0.9), ("Quyển số: ", "{quyenSo}", 1.0), (label, "{ngayDangKy}", 1.7))


def margin(form: Form, left: float, right: float, top: float, bottom: float, old: bool) -> None:
    """The right-hand column: tick boxes, then later remarks in another hand."""
    sheet = form.sheet
    column = Column(form, left + sheet.px(2.5), right - sheet.px(2), top + sheet.px(7), "margin")
    if not old and form.case.ticks:
        form.note("loaiDangKy", form.writer)
        for label, ticked in form.case.ticks.items():
            column.tick(label, ticked)
        sheet.rule(left, column.y, right, column.y, 0.3)
        column.gap(6)
    column.text("Ghi chú những thay đổi sau này" if old else "Ghi chú", "bold", size=0.96, align="centre", pitch=0.7)
    column.gap(2)
    remark = form.stranger(x_height_mm=1.7)
    if "ghiChu" in form.case.raw:
        column.row(("", "{ghiChu}"), writer=remark)
        scrawl = marks.signature(form.rng, sheet.px(18))
        sheet.lay(remark.ink, scrawl, round(column.x0 + sheet.px(14)), round(column.y + sheet.px(3)))
    while column.y < bottom - sheet.px(4):
        column.blank()


def page_number(form: Form, right: float, bottom: float) -> None:
    """`Trang số` below the box."""
    sheet = form.sheet
    width = sheet.px(30)
    column = Column(form, right - width, right, bottom + sheet.px(6), "footer")
    column.row(("Trang số: ", "{trangSo}"))

"""Draws the other register books, records stacked on a page, covers and closing statements."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from training.drawing import cases, events, registers, tables
from training.drawing.cases import Case
from training.drawing.extracts import person
from training.drawing.fonts import Fonts
from training.drawing.forms import Column, Form, Signer, printing, seal_words, signatures, values_by
from training.drawing.ink import Hand
from training.drawing.paper import A4, Sheet
from training.drawing.sheets import Event

Body = Callable[[Column], None]
SIGNED = "Họ, chữ đệm, tên, chức vụ người ký {}: "


@dataclass(frozen=True, slots=True)
class Book:
    """A kind of register book."""

    event: Event
    #: as the cover says it
    title: str
    #: wording since 2016
    body: Body | None = None
    #: wording of 2006-2015
    old: Body | None = None
    #: two or three records on a page, 1999-2005
    stacked: Body | None = None
    #: tick label -> code
    ticks: Mapping[str, str] = field(default_factory=dict)
    #: a wide table, one event a row
    columns: Sequence[tables.Head] = field(default=())


def parent_child_body(column: Column) -> None:
    """Recognitions of a parent or child."""
    column.text("Phần ghi về người nhận/được nhận là cha/mẹ", "bold")
    person(column, "cm", sexed=False)
    column.text("Phần ghi về người con", "bold")
    person(column, "nc", sexed=False)
    column.text("Phần ghi về người đi đăng ký nhận cha, mẹ, con", "bold")
    column.row(("Họ, chữ đệm, tên: ", "{nycHoTen}"))
    column.row(("Giấy tờ tùy thân: ", column.form.case.raw["nycSoGiayToTuyThan"]))
    column.row(("Quan hệ với người được nhận là cha, mẹ, con: ", column.form.case.raw["nycQuanHe"]))
    column.row((SIGNED.format("Trích lục đăng ký nhận cha, mẹ, con"), "{nguoiKy} - {chucVuNguoiKy}"), lines=2)
    _signed(column, "Người đi đăng ký nhận cha, mẹ, con")


def marital_status_body(column: Column) -> None:
    """Issued certificates of marital status."""
    column.text("Người được cấp Giấy xác nhận tình trạng hôn nhân", "bold")
    person(column, "nxn")
    column.row(("Trong thời gian cư trú tại: ", "{nxnThoiGianCuTruTai}"), lines=2)
    column.row(("từ ngày ", "{nxnThoiGianCuTruTu}"), ("đến ngày ", "{nxnThoiGianCuTruDen}"))
    column.row(("Tình trạng hôn nhân: ", "{nxnTinhTrangHonNhan}"))
    column.row(("Mục đích sử dụng: ", "{nxnMucDichSuDung}"), lines=2)
    column.row(("Họ, chữ đệm, tên người yêu cầu: ", "{nycHoTen}"))
    column.row(("Quan hệ với người được xác nhận: ", "{nycQuanHe}"))
    column.row(("Giấy tờ tùy thân: ", "{nycSoGiayToTuyThan}"), lines=2)
    column.row((SIGNED.format("Giấy xác nhận tình trạng hôn nhân"), "{nguoiKy} - {chucVuNguoiKy}"), lines=2)
    _signed(column, "Người yêu cầu")


def guardianship_body(column: Column) -> None:
    """Guardianships."""
    column.text("Phần ghi về người giám hộ", "bold")
    person(column, "gh")
    column.text("Phần ghi về người được giám hộ", "bold")
    person(column, "dgh")
    column.text("Phần ghi về người đi đăng ký giám hộ", "bold")
    column.row(("Họ, chữ đệm, tên: ", "{nycHoTen}"))
    column.row(("Giấy tờ tùy thân: ", "{nycSoGiayToTuyThan}"), lines=2)
    column.row((SIGNED.format("Trích lục đăng ký giám hộ"), "{nguoiKy} - {chucVuNguoiKy}"), lines=2)
    _signed(column, "Người đi đăng ký giám hộ")


def correction_body(column: Column) -> None:
    """Changes and corrections."""
    column.text("Phần ghi về người được thay đổi, cải chính", "bold")
    person(column, "td")
    column.row(("Tên giấy tờ hộ tịch: ", "{giayToTen}"))
    column.row(("Số: ", "{giayToSo}", 1.0), ("Ngày cấp: ", "{giayToNgayCap}", 1.2))
    column.row(("Nơi cấp: ", "{giayToNoiCap}"))
    column.row(("Nội dung thay đổi, cải chính: ", "{noiDung}"), lines=3)
    column.text("Phần ghi về người yêu cầu", "bold")
    column.row(("Họ, chữ đệm, tên: ", "{nycHoTen}"))
    column.row(("Giấy tờ tùy thân: ", "{nycSoGiayToTuyThan}"), lines=2)
    column.row((SIGNED.format("Trích lục"), "{nguoiKy} - {chucVuNguoiKy}"), lines=2)
    _signed(column, "Người yêu cầu")


def adoption_body(column: Column) -> None:
    """Adoptions: two grids ÔNG | BÀ."""
    column.text("Phần ghi về người được nhận làm con nuôi", "bold", pitch=0.85)
    column.row(("Họ và tên: ", "{cnHoTen}", 2.0), ("Giới tính: ", "{cnGioiTinh}", 1.0))
    column.row(("Ngày, tháng, năm sinh: ", "{cnNgaySinh}"))
    column.row(("Dân tộc: ", "{cnDanToc}"), ("Quốc tịch: ", "{cnQuocTich}"))
    column.row(("Nơi sinh: ", "{cnNoiSinh}"))
    column.row(("Nơi thường trú: ", "{cnNoiCuTru}"))
    column.text("Phần ghi về cha, mẹ nuôi", "bold", pitch=0.85)
    tables.pair(column, "chaNuoi", "meNuoi")
    column.text("Phần ghi về bên giao con nuôi", "bold", pitch=0.85)
    tables.pair(column, "chaGiao", "meGiao")
    column.row(("Quan hệ với người được nhận làm con nuôi: ", "{giaoQuanHe}"))
    column.row(("Giấy chứng nhận/Quyết định số: ", "{quyetDinhSo}"))
    column.row(("Họ và tên, chức vụ người ký Giấy chứng nhận nuôi con nuôi: ", "{nguoiKy} - {chucVuNguoiKy}"))
    signatures(column, [Signer(title="Người thực hiện", hint="(Ký, ghi rõ họ tên)", name="{nguoiThucHien}")])


def _signed(column: Column, declarant: str) -> None:
    column.gap(1)
    signers = [Signer(title=declarant, name="{nycHoTen}"), Signer(title="Người thực hiện", name="{nguoiThucHien}")]
    signatures(column, signers)


def stacked_birth(column: Column) -> None:
    """A birth on half a page, wording of 1999-2005."""
    column.row(("Họ và tên: ", "{nksHoTen}", 2.2), ("Giới tính: ", "{nksGioiTinh}", 0.9))
    column.row(("Ngày, tháng, năm sinh: ", "{nksNgaySinh}", 1.6), ("Dân tộc: ", "{nksDanToc}", 0.9))
    column.row(("Nơi sinh: ", "{nksNoiSinh}"))
    for prefix, who in (("cha", "cha"), ("me", "mẹ")):
        column.row((f"Họ và tên {who}: ", f"{{{prefix}HoTen}}", 2.2), ("Năm sinh: ", f"{{{prefix}NgaySinh}}", 1.0))
        column.row(("Nơi thường trú: ", f"{{{prefix}NoiCuTru}}"))
    column.row(("Họ và tên người đi khai sinh: ", "{nycHoTen}"))


def stacked_death(column: Column) -> None:
    """A death on half a page, wording of 1999-2005."""
    column.row(("Họ và tên: ", "{nktHoTen}", 2.2), ("Giới tính: ", "{nktGioiTinh}", 0.9))
    column.row(("Ngày, tháng, năm sinh: ", "{nktNgaySinh}", 1.6), ("Dân tộc: ", "{nktDanToc}", 0.9))
    column.row(("Nơi thường trú: ", "{nktNoiCuTru}"))
    column.row(
        ("Đã chết vào lúc ", "{nktGioPhutChet.0}", 1.5),
        ("giờ ", "{nktGioPhutChet.2}", 0.7),
        ("phút, ngày ", "{nktNgayChet}", 1.7),
    )
    column.row(("Nơi chết: ", "{nktNoiChet}"))
    column.row(("Nguyên nhân chết: ", "{nktNguyenNhanChet}"))


def stacked_marriage(column: Column) -> None:
    """A marriage on half a page, wording of 1999-2005."""
    for prefix, who in (("chong", "chồng"), ("vo", "vợ")):
        column.row((f"Họ và tên {who}: ", f"{{{prefix}HoTen}}"))
        column.row(("Ngày, tháng, năm sinh: ", f"{{{prefix}NgaySinh}}", 1.6), ("Dân tộc: ", f"{{{prefix}DanToc}}", 0.9))
        column.row(("Nơi thường trú: ", f"{{{prefix}NoiCuTru}}"))


BOOKS: Mapping[str, Book] = {
    "birth_register": Book(
        cases.birth, "KHAI SINH", registers.birth_body, registers.old_birth_body, stacked_birth, cases.BIRTH_TICKS, tables.BIRTHS
    ),
    "marriage_register": Book(
        cases.marriage,
        "KẾT HÔN",
        registers.marriage_body,
        registers.old_marriage_body,
        stacked_marriage,
        cases.MARRIAGE_TICKS,
        tables.MARRIAGES,
    ),
    "death_register": Book(
        cases.death, "KHAI TỬ", registers.death_body, registers.old_death_body, stacked_death, cases.DEATH_TICKS, tables.DEATHS
    ),
    "parent_child_register": Book(events.recognition, "NHẬN CHA, MẸ, CON", parent_child_body, ticks=events.RECOGNITION_TICKS),
    "marital_status_register": Book(
        events.single_entry, "CẤP GIẤY XÁC NHẬN TÌNH TRẠNG HÔN NHÂN", marital_status_body, ticks=events.PURPOSE_TICKS
    ),
    "adoption_register": Book(events.adoption, "NUÔI CON NUÔI", adoption_body, ticks=events.ADOPTION_TICKS),
    "guardianship_register": Book(events.guardianship, "GIÁM HỘ", guardianship_body, ticks=events.GUARDIAN_TICKS),
    "correction_register": Book(
        events.correction,
        "THAY ĐỔI, CẢI CHÍNH, BỔ SUNG HỘ TỊCH, XÁC ĐỊNH LẠI DÂN TỘC",
        correction_body,
        ticks=events.CORRECTION_TICKS,
    ),
    "copies_register": Book(events.copy, "CẤP BẢN SAO TRÍCH LỤC HỘ TỊCH", columns=tables.COPIES),
}


def one(fonts: Fonts, kind: str, case: Case, rng: np.random.Generator, *, dpi: int, how: str | Hand = "hand") -> Form:
    """A page with one record in the wording of its day."""
    book = BOOKS[kind]
    body = book.old if book.old is not None and case.when.year < 2016 else book.body
    tight = {"parent_child_register", "guardianship_register", "correction_register", "marital_status_register"}
    pitch = 6.7 if kind == "adoption_register" else 7.7 if kind in tight else None
    press = printing(fonts, rng, how, **({"pitch_mm": pitch, "size_pt": 11.8} if pitch else {}))
    return registers.page(fonts, case, rng, dpi=dpi, how=how, press=press, body=body)


def stacked(
    fonts: Fonts, kind: str, entries: Sequence[Case], rng: np.random.Generator, *, dpi: int, how: str | Hand = "hand"
) -> tuple[Sheet, list[Form]]:
    """A page with several records, one below the other, each in a box of its own with its own margin."""
    body = BOOKS[kind].stacked
    assert body is not None
    sheet, press = Sheet(A4, dpi, (247, 243, 230)), printing(fonts, rng, how, pitch_mm=6.9, size_pt=11.2)
    writer, forms = values_by(fonts, sheet, rng, how), []
    left, right = sheet.px(14), sheet.width - sheet.px(13)
    split = left + (right - left) * 0.7
    step = (sheet.height - sheet.px(32)) / len(entries)
    for place, case in enumerate(entries):
        form = Form(fonts, sheet, case, press, rng, writer)
        top = sheet.px(24) + place * step
        bottom = top + step - sheet.px(10)
        registers.number_line(form, left, right, top - sheet.px(2.5), old=True)
        sheet.frame(left, top, right, bottom, 0.4)
        sheet.rule(split, top, split, bottom, 0.3)
        body(Column(form, left + sheet.px(2.5), split - sheet.px(3), top + sheet.px(6.5)))
        registers.margin(form, split, right, top, bottom - sheet.px(3), old=True)
        forms.append(form)
    registers.page_number(forms[-1], right, sheet.height - sheet.px(13))
    # one number a page: it holds for every record on it
    for form in forms[:-1]:
        form.case.put("trangSo", forms[-1].case.raw["trangSo"])
        form.note("trangSo", writer)
    return sheet, forms


def cover(fonts: Fonts, kind: str, case: Case, rng: np.random.Generator, *, dpi: int) -> Sheet:
    """The first page of a book."""
    sheet = Sheet(A4, dpi, (246, 244, 236))
    form = Form(fonts, sheet, case, printing(fonts, rng), rng, values_by(fonts, sheet, rng, "hand"))
    column = Column(form, sheet.px(25), sheet.px(188), sheet.px(30), "header")
    column.text("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "bold", align="centre", pitch=0.8)
    column.text("Độc lập - Tự do - Hạnh phúc", "bold", align="centre", pitch=3, underline=True)
    column.text("BỘ TƯ PHÁP", "bold", size=1.2, align="centre", pitch=3)
    word = "" if BOOKS[kind].title.startswith("CẤP") else "ĐĂNG KÝ "
    column.text(f"SỔ {word}{BOOKS[kind].title}", "bold", size=1.9, align="centre", pitch=1.3)
    column.gap(1.7 * form.printing.pitch_mm)
    column.section = "body"
    column.gap(40)
    column.row(("Cơ quan đăng ký hộ tịch: ", case.commune.committee()), lines=2)
    column.row(("Quyển số: ", case.raw.get("quyenSo", f"01/{case.when.year}")))
    column.row(("Mở ngày: ", f"02/01/{case.when.year}"))
    column.row(("Khóa ngày: ", f"31/12/{case.when.year}"))
    return sheet


def closing(fonts: Fonts, case: Case, rng: np.random.Generator, *, dpi: int, pages: int, entries: int) -> Sheet:
    """The closing statement on the last page of the year."""
    sheet = Sheet(A4, dpi, (246, 244, 236))
    form = Form(fonts, sheet, case, printing(fonts, rng), rng, values_by(fonts, sheet, rng, "hand"))
    column = Column(form, sheet.px(25), sheet.px(188), sheet.px(40), "body")
    column.text("KHÓA SỔ", "bold", size=1.3, align="centre", pitch=1.6)
    column.text(f"Ngày 31 tháng 12 năm {case.when.year}, {case.commune.committee()} khóa sổ hộ tịch:", align="justify")
    column.row(("Tổng số trang: ", f"{pages} trang"))
    column.row(("Tổng số sự kiện đã đăng ký: ", f"{entries} trường hợp"))
    column.gap(6)
    right = Column(form, sheet.px(105), sheet.px(188), column.y, "signatures")
    at, hint = case.office, "(Ký, ghi rõ họ tên)"
    signatures(right, [Signer(title=at.position, hint=hint, name=at.signer, sealed=True, printed=True)], seal_words(case))
    return sheet


@dataclass(frozen=True, slots=True)
class Drawn:
    """A page of a book with its records."""

    sheet: Sheet
    records: list[dict[str, object]]


def table(
    fonts: Fonts, kind: str, entries: Sequence[Case], rng: np.random.Generator, *, dpi: int, how: str | Hand = "hand"
) -> Drawn:
    """A page of a book that is a wide table."""
    sheet, records = tables.page(fonts, BOOKS[kind].columns, entries, rng, dpi=dpi, how=how)
    return Drawn(sheet, records)


def several(kind: str, rng: np.random.Generator, when: date, first: int, count: int) -> list[Case]:
    """Entries of one office that follow one another."""
    at = cases.office(rng, when)
    return [BOOKS[kind].event(rng, when, first + place, at) for place in range(count)]


def any_page(fonts: Fonts, kind: str, rng: np.random.Generator, when: date, dpi: int) -> Drawn:
    """A page of a book of any era and layout."""
    book, what = BOOKS[kind], rng.random()
    how = "hand" if rng.random() < 0.6 else "printer"
    if book.body is None or (book.columns and what < 0.15):
        year = when if book.body is None else date(int(rng.integers(1978, 1999)), when.month, min(when.day, 28))
        return table(fonts, kind, several(kind, rng, year, int(rng.integers(1, 90)), int(rng.integers(5, 9))), rng, dpi=dpi)
    if book.stacked is not None and what < 0.3:
        year = date(int(rng.integers(1999, 2006)), when.month, min(when.day, 28))
        sheet, forms = stacked(
            fonts, kind, several(kind, rng, year, int(rng.integers(1, 90)), int(rng.integers(2, 4))), rng, dpi=dpi
        )
        return Drawn(sheet, [form.record() for form in forms])
    if book.old is not None and what < 0.45:
        when = date(int(rng.integers(2006, 2016)), when.month, min(when.day, 28))
    case = book.event(rng, when, int(rng.integers(1, 180)), None)
    if rng.random() < 0.5:
        cases.tick(case, book.ticks, list(book.ticks)[int(rng.integers(len(book.ticks)))])
    form = one(fonts, kind, case, rng, dpi=dpi, how=how)
    return Drawn(form.sheet, [form.record()])

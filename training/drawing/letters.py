"""Letters and forms on plain paper: marital-status certificate, birth declaration, decision (layout of NĐ 30/2020)."""

from __future__ import annotations

from datetime import date

import numpy as np

from training.drawing.cases import Case
from training.drawing.fonts import Fonts
from training.drawing.forms import Column, Form, Signer, printing, seal_words, signatures, values_by
from training.drawing.ink import Hand, Writer
from training.drawing.paper import A4, Sheet
from training.drawing.wording import long_date

WHITE = (252, 252, 251)


def letterhead(form: Form, when: date, dated_field: str) -> float:
    """Agency block and number on the left, national title, place and date on the right. Returns where they end, px.

    The number and the day are filled in by the form's writer. `dated_field` is the field that the date is, if any.
    """
    sheet, case = form.sheet, form.case
    left = Column(form, sheet.px(22), sheet.px(88), sheet.px(23), "header")
    left.text("ỦY BAN NHÂN DÂN", size=0.98, align="centre", pitch=0.72)
    left.text(case.commune.name.upper(), "bold", size=0.98, align="centre", pitch=1.05, underline=True)
    number, _, rest = case.raw["so"].partition("/")
    form.note("so", form.writer)
    left.inline(("Số:", form.press()), (number, form.writer), (f"/{rest}", form.press()), align="centre")
    right = Column(form, sheet.px(90), sheet.px(194), sheet.px(23), "header")
    right.text("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "bold", size=0.96, align="centre", pitch=0.72)
    right.text("Độc lập - Tự do - Hạnh phúc", "bold", size=1.02, align="centre", pitch=1.05, underline=True)
    if dated_field:
        case.put(dated_field, when.isoformat(), long_date(when))
        form.note(dated_field, form.writer)
    italic = form.press("italic")
    day, month, year = long_date(when).split()[1::2]
    right.inline(
        (f"{case.commune.bare}, ngày", italic),
        (day, form.writer),
        ("tháng", italic),
        (month, form.writer),
        ("năm", italic),
        (year, form.writer),
        align="right",
    )
    return max(left.y, right.y)


def marital_status_certificate(
    fonts: Fonts, case: Case, rng: np.random.Generator, *, dpi: int, how: str | Hand = "printer"
) -> Form:
    """GIẤY XÁC NHẬN TÌNH TRẠNG HÔN NHÂN."""
    form = plain(fonts, case, rng, dpi, how)
    sheet, person = form.sheet, case.people["person"]
    y = letterhead(form, case.when, "ngayCap")
    column = Column(form, sheet.px(26), sheet.px(190), y + sheet.px(5), "header")
    column.text("GIẤY XÁC NHẬN TÌNH TRẠNG HÔN NHÂN", "bold", size=1.15, align="centre", pitch=1.2)
    column.section = "body"
    title = "ông" if person.sex == "nam" else "bà"
    column.text(
        f"Xét đề nghị của {title} {person.name}, về việc cấp Giấy xác nhận tình trạng hôn nhân,", align="justify", indent_mm=10
    )
    column.text("XÁC NHẬN:", "bold", align="centre", pitch=1.1)
    column.row(("Họ, chữ đệm, tên: ", "{nxnHoTen}"))
    column.row(("Ngày, tháng, năm sinh: ", "{nxnNgaySinh}"))
    column.row(("Giới tính: ", "{nxnGioiTinh}"), ("Dân tộc: ", "{nxnDanToc}"), ("Quốc tịch: ", "{nxnQuocTich}"))
    column.row(("Nơi cư trú: ", "{nxnNoiCuTru}"), lines=2)
    column.row(("Giấy tờ tùy thân: ", "{nxnSoGiayToTuyThan}"), lines=2)
    column.row(("Trong thời gian cư trú tại: ", "{nxnThoiGianCuTruTai}"), lines=2)
    column.row(("từ ngày ", "{nxnThoiGianCuTruTu}"), ("đến ngày ", "{nxnThoiGianCuTruDen}"))
    column.row(("Tình trạng hôn nhân: ", "{nxnTinhTrangHonNhan}"))
    column.row(("Giấy này được cấp để: ", "{nxnMucDichSuDung}"))
    column.text("Giấy này có giá trị 6 tháng kể từ ngày cấp.", indent_mm=10)
    column.gap(3)
    authority(form, column.y)
    return form


def birth_declaration(fonts: Fonts, case: Case, rng: np.random.Generator, *, dpi: int, how: str | Hand = "hand") -> Form:
    """TỜ KHAI ĐĂNG KÝ KHAI SINH."""
    form = plain(fonts, case, rng, dpi, how, pitch_mm=float(rng.uniform(7.2, 7.6)))
    sheet = form.sheet
    column = Column(form, sheet.px(25), sheet.px(190), sheet.px(20), "header")
    column.text("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "bold", align="centre", pitch=0.75)
    column.text("Độc lập - Tự do - Hạnh phúc", "bold", align="centre", pitch=1.3, underline=True)
    column.text("TỜ KHAI ĐĂNG KÝ KHAI SINH", "bold", size=1.2, align="centre", pitch=1.2)
    column.section = "body"
    Column.row(inner := Column(form, sheet.px(40), column.x1, column.y), ("Kính gửi: ", "{kinhGui}"))
    column.y = inner.y
    column.row(("Họ, chữ đệm, tên người yêu cầu: ", "{nycHoTen}"))
    column.row(("Nơi cư trú: ", "{nycNoiCuTru}"))
    column.row(("Giấy tờ tùy thân: ", "{nycSoGiayToTuyThan}"))
    column.row(("Quan hệ với người được khai sinh: ", "{nycQuanHe}"))
    column.text("Đề nghị cơ quan đăng ký khai sinh cho người dưới đây:", "bold")
    column.row(("Họ, chữ đệm, tên: ", "{nksHoTen}"))
    column.row(("Ngày, tháng, năm sinh: ", "{nksNgaySinh}"))
    column.row(("ghi bằng chữ: ", "{nksNgaySinhBangChu}"))
    column.row(("Giới tính: ", "{nksGioiTinh}"), ("Dân tộc: ", "{nksDanToc}"), ("Quốc tịch: ", "{nksQuocTich}"))
    column.row(("Nơi sinh: ", "{nksNoiSinh}"))
    column.row(("Quê quán: ", "{nksQueQuan}"))
    for prefix, who in (("me", "mẹ"), ("cha", "cha")):
        column.row((f"Họ, chữ đệm, tên {who}: ", f"{{{prefix}HoTen}}"))
        column.row(
            ("Năm sinh: ", f"{{{prefix}NgaySinh}}"),
            ("Dân tộc: ", f"{{{prefix}DanToc}}"),
            ("Quốc tịch: ", f"{{{prefix}QuocTich}}"),
        )
        column.row(("Nơi cư trú: ", f"{{{prefix}NoiCuTru}}"))
    column.text(
        "Tôi cam đoan nội dung đề nghị đăng ký khai sinh trên đây là đúng sự thật, được sự thỏa thuận nhất trí của các bên liên "
        "quan theo quy định pháp luật. Tôi chịu hoàn toàn trách nhiệm trước pháp luật về nội dung cam đoan của mình.",
        align="justify",
        indent_mm=9,
        pitch=0.85,
    )
    made_at(form, column)
    return form


def decision(fonts: Fonts, case: Case, rng: np.random.Generator, *, dpi: int, how: str | Hand = "hand") -> Form:
    """QUYẾT ĐỊNH that corrects a year of birth. `how` fills in number and date."""
    person = case.people["person"]
    _decide(case, person.name, "bà" if person.sex == "nữ" else "ông")
    form = plain(fonts, case, rng, dpi, how, dots=None, size_pt=13.4, pitch_mm=float(rng.uniform(7.2, 7.9)))
    sheet, name = form.sheet, case.commune.name
    y = letterhead(form, case.when, "ngayBanHanh")
    for field in ("coQuanBanHanh", "diaDanh"):
        form.note(field, form.press())
    column = Column(form, sheet.px(30), sheet.px(192), y + sheet.px(6), "header")
    column.text("QUYẾT ĐỊNH", "bold", size=1.08, align="centre", pitch=0.95)
    narrow = Column(form, sheet.px(45), sheet.px(177), column.y, "header")
    narrow.text(form.text_of("{trichYeu}", form.press()), "bold", align="centre", pitch=0.9, underline=True)
    column.y, column.section = narrow.y + sheet.px(3), "body"
    column.text(f"CHỦ TỊCH ỦY BAN NHÂN DÂN {name.upper()}", "bold", align="centre", pitch=1.25)
    for basis in (
        "Căn cứ Luật Tổ chức chính quyền địa phương;",
        "Căn cứ Luật Hộ tịch ngày 20 tháng 11 năm 2014;",
        "Căn cứ Nghị định số 123/2015/NĐ-CP ngày 15 tháng 11 năm 2015 của Chính phủ quy định chi tiết một số điều và biện "
        "pháp thi hành Luật Hộ tịch;",
        f"Xét đề nghị của công chức Tư pháp - Hộ tịch {name}.",
    ):
        column.text(basis, "italic", align="justify", indent_mm=12, pitch=0.95)
    column.text("QUYẾT ĐỊNH:", "bold", align="centre", pitch=1.15)
    for article in _articles(case):
        column.text(article, align="justify", indent_mm=12, pitch=0.95)
        column.gap(0.8)
    receivers(form, column.y + sheet.px(5))
    authority(form, column.y + sheet.px(4), note_position=True)
    return form


def plain(fonts: Fonts, case: Case, rng: np.random.Generator, dpi: int, how: str | Hand, **changes: object) -> Form:
    """A form on plain paper. `changes` are those of its print."""
    sheet = Sheet(A4, dpi, WHITE)
    return Form(fonts, sheet, case, printing(fonts, rng, how, **changes), rng, values_by(fonts, sheet, rng, how))


def authority(form: Form, y: float, *, note_position: bool = False, noted: bool = True) -> None:
    """`TM. ỦY BAN NHÂN DÂN`, position, seal over the signature, printed name."""
    sheet, case = form.sheet, form.case
    right = Column(form, sheet.px(108), sheet.px(190), y, "signatures")
    right.text("TM. ỦY BAN NHÂN DÂN", "bold", align="centre", pitch=0.72)
    if case.office.position.startswith("Phó"):
        right.text("KT. CHỦ TỊCH", "bold", align="centre", pitch=0.72)
    if note_position:
        case.put("chucVuNguoiKy", case.office.position.upper())
    title = "{chucVuNguoiKy}" if note_position else case.office.position.upper()
    name = "{nguoiKy}" if noted else case.office.signer
    signatures(right, [Signer(title=title, hint="", name=name, sealed=True, printed=True)], seal_words(case))


def made_at(form: Form, column: Column) -> None:
    """Place and day, the declarant's signature, and how many copies are asked for."""
    sheet, italic = form.sheet, form.press("italic")
    day, month, year = long_date(form.case.when).split()[1::2]
    column.inline(
        ("Làm tại:", italic),
        (form.case.commune.bare, form.writer),
        (", ngày", italic),
        (day, form.writer),
        ("tháng", italic),
        (month, form.writer),
        ("năm", italic),
        (year, form.writer),
        align="right",
    )
    top = column.y
    right = Column(form, sheet.px(115), column.x1, top, "signatures")
    # the declarant signs in the hand that filled the form in
    form.signed = False
    signatures(right, [Signer(title="Người yêu cầu", name="{nycHoTen}")])
    left = Column(form, column.x0, sheet.px(100), top, "footer")
    left.choice("Đề nghị cấp bản sao:", {"Có": True, "Không": False})
    small: Writer = form.press(size=0.9)
    left.inline(("Số lượng:", small), (f"{int(form.rng.integers(1, 6)):02}", form.writer), ("bản", small))


def _decide(case: Case, name: str, title: str) -> None:
    case.put("so", f"{case.raw['so'].partition('/')[0]}/QĐ-UBND")
    case.put("coQuanBanHanh", f"ỦY BAN NHÂN DÂN {case.commune.name.upper()}")
    case.put("diaDanh", case.commune.bare)
    case.put("trichYeu", f"Về việc cải chính hộ tịch đối với {title} {name}")


def _articles(case: Case) -> tuple[str, ...]:
    person, name = case.people["person"], case.commune.name
    title = "bà" if person.sex == "nữ" else "ông"
    wrong = person.born.year + 1
    return (
        f"Điều 1. Cải chính hộ tịch cho {title} {person.name}, sinh ngày {person.born:%d/%m/%Y}, dân tộc {person.ethnicity}, "
        f"nơi cư trú: {person.home.full()}; nội dung cải chính: năm sinh trong Sổ đăng ký khai sinh từ {wrong} thành "
        f"{person.born.year}.",
        f"Điều 2. Công chức Tư pháp - Hộ tịch {name} ghi nội dung cải chính vào Sổ hộ tịch và cấp Trích lục cho người yêu cầu.",
        f"Điều 3. Quyết định này có hiệu lực kể từ ngày {case.when:%d/%m/%Y}. Công chức Văn phòng - Thống kê, công chức "
        f"Tư pháp - Hộ tịch và {title} {person.name} chịu trách nhiệm thi hành Quyết định này./.",
    )


def receivers(form: Form, y: float, first: str = "- Như Điều 3;") -> None:
    """`Nơi nhận` and who gets the letter."""
    left = Column(form, form.sheet.px(30), form.sheet.px(95), y, "signatures")
    left.text("Nơi nhận:", "bold-italic", size=0.9, pitch=0.68)
    for line in (first, "- Phòng Tư pháp;" if form.case.commune.district else "- Sở Tư pháp;", "- Lưu: VT, HT."):
        left.text(line, size=0.83, pitch=0.62)

"""Notices of hospitals and communes, official letters, letters of request, introductions to a martyr's grave."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import numpy as np

from training.drawing import events
from training.drawing.cases import Case
from training.drawing.certificates import motto
from training.drawing.fonts import Fonts
from training.drawing.forms import Column, Form, Signer, signatures
from training.drawing.ink import Hand
from training.drawing.letters import authority, letterhead, plain, receivers
from training.drawing.wording import long_date


def birth_notice(fonts: Fonts, case: Case, rng: np.random.Generator, *, dpi: int, how: str | Hand = "hand") -> Form:
    """GIẤY CHỨNG SINH of a hospital."""
    form = plain(fonts, case, rng, dpi, how, pitch_mm=float(rng.uniform(7.4, 7.8)))
    sheet = form.sheet
    left = Column(form, sheet.px(20), sheet.px(92), sheet.px(22), "header")
    left.text(f"SỞ Y TẾ {case.commune.province.upper()}", size=0.95, align="centre", pitch=0.72)
    left.text(str(case.values["noiSinh"]).split(",")[0].upper(), "bold", size=0.9, align="centre", pitch=0.75)
    left.row(("Số: ", "{so}"), ("Quyển số: ", case.raw["quyenSo"]))
    right = Column(form, sheet.px(94), sheet.px(194), sheet.px(22), "header")
    motto(right)
    column = Column(form, sheet.px(24), sheet.px(190), max(left.y, right.y) + sheet.px(5), "header")
    column.text("GIẤY CHỨNG SINH", "bold", size=1.35, align="centre", pitch=1.3)
    column.section = "body"
    _mother(column)
    column.row(("Họ và tên cha: ", "{chaHoTen}"))
    column.row(
        ("Đã sinh con vào lúc: ", "{nksGioSinh.0}", 1.5), ("giờ ", "{nksGioSinh.2}", 0.7), ("phút, ngày ", "{nksNgaySinh}", 1.6)
    )
    column.row(("Tại: ", "{noiSinh}"))
    column.row(("Số lần sinh: ", "01"), ("Số con hiện sống: ", "01"), ("Số con trong lần sinh này: ", "01", 1.5))
    column.row(("Giới tính của con: ", "{nksGioiTinh}"), ("Cân nặng: ", "{nksCanNang} gram"))
    column.row(("Dự định đặt tên con là: ", "{nksHoTenDuKien}"))
    column.row(("Ghi chú: ", ""))
    italic = form.press("italic")
    column.inline((f"{case.commune.bare}, {long_date(case.people['child'].born)}", italic), align="right")
    signatures(
        column,
        [
            Signer(title="Người đỡ đẻ", hint="(Ký tên, ghi rõ chức danh)", name=case.office.clerk),
            Signer(title="Thủ trưởng cơ sở Y tế", hint="(Ký tên, đóng dấu)", name=case.office.signer, sealed=True, printed=True),
        ],
        f"BỆNH VIỆN ĐA KHOA {case.commune.province.upper()} ★ ",
    )
    return form


def _mother(column: Column) -> None:
    column.row(("Họ và tên mẹ/Người nuôi dưỡng: ", "{meHoTen}"))
    column.row(("Năm sinh: ", "{meNgaySinh}", 0.8), ("Dân tộc: ", "{meDanToc}", 1.0))
    column.row(("Nơi đăng ký thường trú: ", "{meNoiCuTru}"))
    column.row(("Mã số BHXH/Thẻ BHYT số: ", ""))
    column.row(("Số CMND/CCCD/Hộ chiếu: ", "{meSoGiayToTuyThan}"))


def death_notice(fonts: Fonts, case: Case, rng: np.random.Generator, *, dpi: int, how: str | Hand = "hand") -> Form:
    """GIẤY BÁO TỬ of a commune."""
    case.put("so", str(case.values["gbtSo"]))
    case.put("coQuanCap", f"ỦY BAN NHÂN DÂN {case.commune.name.upper()}")
    form = plain(fonts, case, rng, dpi, how)
    form.note("coQuanCap", form.press())
    column = _titled(form, "GIẤY BÁO TỬ", dated="")
    column.row(("Họ, chữ đệm, tên: ", "{nktHoTen}"))
    column.row(("Ngày, tháng, năm sinh: ", "{nktNgaySinh}"))
    column.row(
        ("Giới tính: ", case.raw["nktGioiTinh"], 0.8),
        ("Dân tộc: ", case.raw["nktDanToc"], 1.0),
        ("Quốc tịch: ", case.raw["nktQuocTich"], 1.1),
    )
    column.row(("Nơi cư trú cuối cùng: ", case.raw["nktNoiCuTru"]))
    column.row(
        ("Đã chết vào lúc ", case.raw["nktGioPhutChet"].split()[0], 1.5),
        ("giờ ", case.raw["nktGioPhutChet"].split()[2], 0.7),
        ("phút, ngày ", "{nktNgayChet}", 1.7),
    )
    column.row(("Nơi chết: ", "{nktNoiChet}"), lines=2)
    column.row(("Nguyên nhân chết: ", "{nktNguyenNhanChet}"))
    column.text("Giấy báo tử này được cấp để làm thủ tục đăng ký khai tử theo quy định.", indent_mm=10)
    column.gap(3)
    authority(form, column.y, noted=False)
    return form


def official_letter(fonts: Fonts, case: Case, rng: np.random.Generator, *, dpi: int, how: str | Hand = "hand") -> Form:
    """Công văn: no title, `V/v …` under the number."""
    subject = events.SUBJECTS[int(rng.integers(len(events.SUBJECTS)))]
    case.put("so", f"{case.raw['so'].partition('/')[0]}/UBND-{('VHXH', 'TP', 'VP', 'HT')[int(rng.integers(4))]}")
    case.put("trichYeu", subject, f"V/v {subject}")
    case.put("coQuanBanHanh", f"ỦY BAN NHÂN DÂN {case.commune.name.upper()}")
    form = plain(fonts, case, rng, dpi, how, dots=None, size_pt=13.4, pitch_mm=float(rng.uniform(7.2, 7.9)))
    sheet, name = form.sheet, case.commune.name
    form.note("coQuanBanHanh", form.press())
    y = letterhead(form, case.when, "ngayBanHanh")
    about = Column(form, sheet.px(24), sheet.px(86), y, "header")
    about.text(form.text_of("{trichYeu}", form.press()), size=0.92, align="centre", pitch=0.75)
    column = Column(form, sheet.px(30), sheet.px(192), about.y + sheet.px(7))
    to = Column(form, sheet.px(45), sheet.px(185), column.y)
    case.put("kinhGui", str(case.values["kinhGui"]))
    to.text(f"Kính gửi: {form.text_of('{kinhGui}', form.press())}", align="left", pitch=1.3)
    column.y = to.y
    for text in _body(case, name, subject):
        column.text(text, align="justify", indent_mm=12, pitch=0.95)
        column.gap(0.8)
    receivers(form, column.y + sheet.px(5), "- Như trên;")
    authority(form, column.y + sheet.px(4))
    return form


def _body(case: Case, name: str, subject: str) -> Sequence[str]:
    person, due = case.people["person"], case.when + timedelta(days=20)
    title = "bà" if person.sex == "nữ" else "ông"
    return (
        f"Ủy ban nhân dân {name} nhận được hồ sơ của {title} {person.name}, sinh năm {person.born.year}, cư trú tại "
        f"{person.home.full()}.",
        f"Để có căn cứ giải quyết, Ủy ban nhân dân {name} đề nghị quý cơ quan {subject}, trả lời trước ngày {due:%d/%m/%Y}.",
        "Rất mong nhận được sự phối hợp của quý cơ quan./.",
    )


def application_letter(fonts: Fonts, case: Case, rng: np.random.Generator, *, dpi: int, how: str | Hand = "hand") -> Form:
    """ĐƠN ĐỀ NGHỊ or ĐƠN XIN: no number, no agency, no seal."""
    wish = events.WISHES[int(rng.integers(len(events.WISHES)))]
    title = ("ĐƠN ĐỀ NGHỊ", "ĐƠN ĐỀ NGHỊ XÁC NHẬN", "ĐƠN XIN XÁC NHẬN", "ĐƠN ĐỀ NGHỊ HỖ TRỢ")[int(rng.integers(4))]
    case.put("kinhGui", f"Ủy ban nhân dân {case.commune.full()}")
    case.put("diaChi", case.people["person"].home.full())
    case.put("noiDung", wish)
    case.put("hoTen", case.people["person"].name)
    form = plain(fonts, case, rng, dpi, how)
    sheet = form.sheet
    column = Column(form, sheet.px(28), sheet.px(190), sheet.px(22), "header")
    motto(column)
    column.gap(3)
    column.text(title, "bold", size=1.3, align="centre", pitch=1.4)
    column.section = "body"
    column.row(("Kính gửi: ", "{kinhGui}"))
    column.row(("Tôi tên là: ", "{hoTen}", 1.5), ("Sinh ngày: ", "{ngaySinh}", 1.0))
    column.row(("CCCD số: ", "{soGiayToTuyThan}"))
    column.row(("Địa chỉ: ", "{diaChi}"))
    column.row(("Nội dung đề nghị: ", "{noiDung}"), lines=2)
    column.text("Tôi xin cam đoan những nội dung trên là đúng sự thật và chịu trách nhiệm trước pháp luật.", indent_mm=10)
    column.text("Kính mong quý cơ quan xem xét, giải quyết. Tôi xin chân thành cảm ơn./.", indent_mm=10)
    case.put("ngayViet", case.when.isoformat(), long_date(case.when))
    form.note("ngayViet", form.writer)
    day, month, year = long_date(case.when).split()[1::2]
    italic = form.press("italic")
    column.inline(
        (f"{case.commune.bare}, ngày", italic), (day, form.writer), ("tháng", italic), (month, form.writer), ("năm", italic),
        (year, form.writer), align="right",
    )  # fmt: skip
    right = Column(form, sheet.px(115), column.x1, column.y, "signatures")
    form.signed = False
    signatures(right, [Signer(title="NGƯỜI LÀM ĐƠN", hint="(Ký, ghi rõ họ tên)", name="{hoTen}")])
    return form


def martyr_visit_letter(fonts: Fonts, case: Case, rng: np.random.Generator, *, dpi: int, how: str | Hand = "hand") -> Form:
    """GIẤY GIỚI THIỆU thăm viếng mộ liệt sĩ: the commune of the grave confirms below."""
    form = plain(fonts, case, rng, dpi, how)
    column = _titled(form, "GIẤY GIỚI THIỆU", "Thăm viếng mộ liệt sĩ")
    column.row(("Trân trọng giới thiệu ông (bà): ", "{nguoiDuocGioiThieu}"))
    column.row(("Quan hệ với liệt sĩ: ", "{quanHe}"))
    column.row(("Được cử đến: ", "Sở Lao động - Thương binh và Xã hội" if case.commune.district else "Sở Nội vụ"))
    column.row(("Họ và tên liệt sĩ: ", "{lietSiHoTen}"))
    column.row(("Hy sinh ngày: ", "{lietSiNgayHySinh}"))
    column.row(("Nơi an táng: ", "{noiMo}"))
    column.text("Đề nghị quý cơ quan, địa phương tạo điều kiện giúp đỡ thân nhân thăm viếng mộ liệt sĩ.", indent_mm=10)
    column.text("Giấy giới thiệu có giá trị trong 30 ngày kể từ ngày ký.", indent_mm=10)
    column.gap(2)
    authority(form, column.y)
    left = Column(form, form.sheet.px(24), form.sheet.px(102), column.y, "footer")
    left.text("XÁC NHẬN CỦA UBND XÃ NƠI CÓ MỘ LIỆT SĨ", "bold", size=0.85, align="centre", pitch=0.8)
    return form


def _titled(form: Form, title: str, under: str = "", dated: str = "ngayCap") -> Column:
    """Letterhead and title. Returns the body."""
    y = letterhead(form, form.case.when, dated)
    column = Column(form, form.sheet.px(26), form.sheet.px(190), y + form.sheet.px(5), "header")
    column.text(title, "bold", size=1.25, align="centre", pitch=0.9 if under else 1.3)
    if under:
        column.text(under, "bold", align="centre", pitch=1.3)
    column.section = "body"
    return column

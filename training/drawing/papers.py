"""Land certificates of both generations, business registrations, social-insurance and household books."""

from __future__ import annotations

from datetime import date

import numpy as np

from training.drawing import events, marks
from training.drawing.card import qr_mask
from training.drawing.cases import Case
from training.drawing.certificates import RED, guilloche, motto
from training.drawing.fonts import Fonts
from training.drawing.forms import Column, Form, Signer, printing, seal_words, signatures, values_by
from training.drawing.ink import Hand
from training.drawing.letters import authority, plain
from training.drawing.paper import A4, BLACK, Sheet
from training.drawing.wording import long_date

#: since then one sheet with a QR code
NEW_LAND = date(2024, 8, 1)


def land_certificate(fonts: Fonts, case: Case, rng: np.random.Generator, *, dpi: int, how: str | Hand = "printer") -> Form:
    """GIẤY CHỨNG NHẬN quyền sử dụng đất of the day: four pages copied two and two, or one sheet."""
    new = case.when >= NEW_LAND
    _put_land(case, rng, new)
    form = _security(fonts, case, rng, dpi, how, (250, 232, 232))
    sheet = form.sheet
    column = Column(form, sheet.px(24), sheet.px(188), sheet.px(22), "header")
    motto(column)
    column.gap(4)
    column.text("GIẤY CHỨNG NHẬN", "bold", size=1.7, align="centre", ink=RED)
    goods = "QUYỀN SỞ HỮU TÀI SẢN GẮN LIỀN VỚI ĐẤT" if new else "QUYỀN SỞ HỮU NHÀ Ở VÀ TÀI SẢN KHÁC GẮN LIỀN VỚI ĐẤT"
    column.text("QUYỀN SỬ DỤNG ĐẤT,", "bold", size=1.15, align="centre", ink=RED, pitch=0.85)
    column.text(goods, "bold", size=1.15, align="centre", ink=RED, pitch=1.3)
    column.section = "body"
    (_new_land if new else _old_land)(column)
    _signed_on(column, case.when)
    line = sheet.line("footer")
    sheet.write(
        form.press("bold", 1.1, RED), form.text_of("{soSeri}", form.press()), sheet.px(95), sheet.height - sheet.px(14), line
    )
    if new:
        side = qr_mask(f"https://qldd.invalid/{case.raw['soVaoSo']}", sheet.px(22))
        BLACK.lay(sheet.pixels, side, round(sheet.px(170)), round(sheet.px(14)))
    return form


def _old_land(column: Column) -> None:
    who = column.form.case.people["person"]
    column.text("I. Người sử dụng đất, chủ sở hữu nhà ở và tài sản khác gắn liền với đất", "bold")
    column.row((f"{'Ông' if who.sex == 'nam' else 'Bà'}: ", "{hoTen}", 1.4), ("Năm sinh: ", str(who.born.year), 0.8))
    column.row(("CMND số: " if len(who.paper.number) == 9 else "CCCD số: ", "{soGiayToTuyThan}"))
    column.row(("Địa chỉ thường trú: ", who.home.full()))
    column.text("II. Thửa đất, nhà ở và tài sản khác gắn liền với đất", "bold")
    column.text("1. Thửa đất:", "bold")
    _parcel(column, "đ) Mục đích sử dụng: ", "e) Thời hạn sử dụng: ", ("a) ", "b) ", "c) "))
    column.row(("Số vào sổ cấp GCN: ", "{soVaoSo}"))


def _new_land(column: Column) -> None:
    column.text("1. Người sử dụng đất, chủ sở hữu tài sản gắn liền với đất:", "bold")
    who = column.form.case.people["person"]
    column.row((f"{'Ông' if who.sex == 'nam' else 'Bà'}: ", "{hoTen}", 1.2), ("CCCD số: ", "{soGiayToTuyThan}", 1.0))
    column.text("2. Thông tin thửa đất:", "bold")
    _parcel(column, "Loại đất: ", "Thời hạn sử dụng đất: ", ("", "", ""))
    column.text("3. Thông tin tài sản gắn liền với đất: -/-", "bold")
    column.text("Thông tin chi tiết được thể hiện tại mã QR", "italic")
    column.row(("Số vào sổ cấp Giấy chứng nhận: ", "{soVaoSo}"))


def _parcel(column: Column, use: str, until: str, letters: tuple[str, str, str]) -> None:
    column.row((f"{letters[0]}Thửa đất số: ", "{thuaDatSo}"), ("Tờ bản đồ số: ", "{toBanDoSo}"))
    column.row((f"{letters[1]}Địa chỉ: ", "{diaChi}"))
    column.row((f"{letters[2]}Diện tích: ", "{dienTich} m²"))
    column.row((use, "{loaiDat}"))
    column.row((until, "{thoiHan}"))
    column.row(("Nguồn gốc sử dụng: ", "Nhà nước giao đất có thu tiền sử dụng đất"))


def _put_land(case: Case, rng: np.random.Generator, new: bool) -> None:
    who = case.people["person"]
    case.put("hoTen", who.name)
    case.put("soGiayToTuyThan", who.personal_number if new else who.paper.number)
    serial = f"{int(rng.integers(0, 10**8)):08}" if new else f"{int(rng.integers(0, 10**6)):06}"
    case.put("soSeri", f"{'AA' if new else ('BX', 'CĐ', 'CS', 'DA')[int(rng.integers(4))]} {serial}")
    case.put("soVaoSo", f"{'VP' if new else 'CH'} {int(rng.integers(1, 10**5)):05}")
    case.put("thuaDatSo", str(int(rng.integers(1, 400))))
    case.put("toBanDoSo", str(int(rng.integers(1, 90))))
    area = round(float(rng.uniform(60, 900)), 1)
    case.put("dienTich", f"{area:g}", f"{area:g}".replace(".", ","))
    case.put("loaiDat", ("Đất ở tại nông thôn", "Đất trồng cây lâu năm", "Đất ở tại đô thị")[int(rng.integers(3))])
    case.put("thoiHan", "Lâu dài" if str(case.values["loaiDat"]).startswith("Đất ở") else "Đến ngày 15/10/2043")
    case.put("diaChi", who.home.full())


def business_registration(fonts: Fonts, case: Case, rng: np.random.Generator, *, dpi: int, how: str | Hand = "printer") -> Form:
    """GIẤY CHỨNG NHẬN ĐĂNG KÝ DOANH NGHIỆP or HỘ KINH DOANH."""
    company, who = rng.random() < 0.5, case.people["person"]
    trade = events.TRADES[int(rng.integers(len(events.TRADES)))]
    case.put("maSoDoanhNghiep", tax_code(rng))
    case.put("ngayDangKyLanDau", case.when.isoformat(), f"ngày {case.when:%d} tháng {case.when:%m} năm {case.when.year}")
    case.put(
        "tenDoanhNghiep", f"CÔNG TY TNHH {trade.upper()} {who.given.upper()}" if company else f"HỘ KINH DOANH {who.name.upper()}"
    )
    case.put("diaChi", who.home.full())
    capital = int(rng.integers(1, 40)) * 50_000_000
    case.put("vonDieuLe", str(capital), f"{capital:,}".replace(",", "."))
    case.put("nguoiDaiDien", who.name.upper())
    form = plain(fonts, case, rng, dpi, how, dots=None)
    sheet = form.sheet
    left = Column(form, sheet.px(18), sheet.px(86), sheet.px(22), "header")
    left.text(
        f"SỞ KẾ HOẠCH VÀ ĐẦU TƯ TỈNH {case.commune.province.upper()}" if company else "ỦY BAN NHÂN DÂN",
        size=0.9,
        align="centre",
        pitch=0.75,
    )
    left.text("PHÒNG ĐĂNG KÝ KINH DOANH" if company else "PHÒNG TÀI CHÍNH - KẾ HOẠCH", "bold", size=0.9, align="centre")
    right = Column(form, sheet.px(90), sheet.px(194), sheet.px(22), "header")
    motto(right)
    column = Column(form, sheet.px(28), sheet.px(190), max(left.y, right.y) + sheet.px(6), "header")
    column.text(
        "GIẤY CHỨNG NHẬN ĐĂNG KÝ DOANH NGHIỆP" if company else "GIẤY CHỨNG NHẬN ĐĂNG KÝ HỘ KINH DOANH",
        "bold",
        size=1.2,
        align="centre",
    )
    if company:
        column.text("CÔNG TY TRÁCH NHIỆM HỮU HẠN MỘT THÀNH VIÊN", "bold", align="centre")
    column.section = "body"
    column.row((f"Mã số {'doanh nghiệp' if company else 'hộ kinh doanh'}: ", "{maSoDoanhNghiep}"))
    column.row(("Đăng ký lần đầu: ", "{ngayDangKyLanDau}"))
    (_company if company else _household_business)(column)
    sign = Column(form, sheet.px(110), sheet.px(190), column.y + sheet.px(4), "signatures")
    title = "TRƯỞNG PHÒNG"
    signatures(
        sign,
        [Signer(title=title, hint="(Ký, ghi rõ họ tên, đóng dấu)", name=case.office.signer, sealed=True, printed=True)],
        "PHÒNG ĐĂNG KÝ KINH DOANH ★ ",
    )
    return form


def _company(column: Column) -> None:
    column.text("1. Tên công ty", "bold")
    column.row(("Tên công ty viết bằng tiếng Việt: ", "{tenDoanhNghiep}"))
    column.text("2. Địa chỉ trụ sở chính", "bold")
    column.row(("Địa chỉ trụ sở chính: ", "{diaChi}"))
    column.row(("3. Vốn điều lệ: ", "{vonDieuLe} đồng"))
    column.text("4. Thông tin về chủ sở hữu", "bold")
    column.text("5. Người đại diện theo pháp luật của công ty", "bold")
    column.row(("Họ và tên: ", "{nguoiDaiDien}"))
    column.row(("Chức danh: ", "Giám đốc"))


def _household_business(column: Column) -> None:
    column.row(("1. Tên hộ kinh doanh: ", "{tenDoanhNghiep}"))
    column.row(("2. Địa điểm kinh doanh: ", "{diaChi}"))
    column.row(("3. Ngành, nghề kinh doanh: ", "Bán lẻ hàng hóa"))
    column.row(("4. Vốn kinh doanh: ", "{vonDieuLe} đồng"))
    column.text("5. Thông tin về chủ hộ kinh doanh", "bold")
    column.row(("Họ và tên: ", "{nguoiDaiDien}"))


def tax_code(rng: np.random.Generator) -> str:
    """Ten digits with the check digit of domain facts §4."""
    while True:
        digits = [8, *(int(d) for d in rng.integers(0, 10, 8))]
        check = 10 - sum(w * d for w, d in zip((31, 29, 23, 19, 17, 13, 7, 5, 3), digits, strict=True)) % 11
        if 0 <= check <= 9:
            return "".join(map(str, [*digits, check]))


def social_insurance_book(fonts: Fonts, case: Case, rng: np.random.Generator, *, dpi: int, how: str | Hand = "printer") -> Form:
    """SỔ BẢO HIỂM XÃ HỘI: the cover."""
    case.put("so", f"08{int(rng.integers(0, 10**8)):08}")
    case.put("soGiayToTuyThan", case.people["person"].paper.number)
    form = _security(fonts, case, rng, dpi, how, (226, 236, 248))
    sheet = form.sheet
    column = Column(form, sheet.px(35), sheet.px(180), sheet.px(32), "header")
    column.text("BẢO HIỂM XÃ HỘI VIỆT NAM", "bold", size=1.2, align="centre", pitch=3)
    side = sheet.px(26)
    RED.lay(sheet.pixels, marks.emblem(side), round(sheet.width / 2 - side / 2), round(column.y - sheet.px(8)))
    column.gap(34)
    column.text("SỔ BẢO HIỂM XÃ HỘI", "bold", size=2.0, align="centre", pitch=2.2, ink=RED)
    column.section = "body"
    column.row(("Số sổ: " if case.when.year < 2018 else "Mã số BHXH: ", "{so}"))
    column.row(("Họ và tên: ", "{hoTen}"))
    column.row(("Ngày sinh: ", "{ngaySinh}"))
    column.row(("Số CMND/CCCD: ", "{soGiayToTuyThan}"))
    _signed_on(column, case.when, f"GIÁM ĐỐC BHXH {case.commune.province.upper()}")
    return form


def household_book(fonts: Fonts, case: Case, rng: np.random.Generator, *, dpi: int, how: str | Hand = "hand") -> Form:
    """SỔ HỘ KHẨU: the page of the household."""
    who = case.people["person"]
    case.put("so", f"07{int(rng.integers(0, 10**7)):07}")
    case.put("chuHo", who.name.upper())
    case.put("noiThuongTru", who.home.full())
    form = _security(fonts, case, rng, dpi, how, (248, 242, 226))
    sheet = form.sheet
    column = Column(form, sheet.px(28), sheet.px(186), sheet.px(24), "header")
    motto(column)
    column.gap(8)
    column.text("SỔ HỘ KHẨU", "bold", size=1.9, align="centre", ink=RED, pitch=1.5)
    number = Column(form, sheet.px(80), sheet.px(150), column.y, "header")
    number.row(("Số: ", "{so}"))
    column.y, column.section = number.y, "body"
    column.row(("Họ và tên chủ hộ: ", "{chuHo}"))
    column.row(("Nơi thường trú: ", "{noiThuongTru}"), lines=2)
    _signed_on(column, case.when, "TRƯỞNG CÔNG AN")
    column.row(("Hồ sơ hộ khẩu số: ", str(int(rng.integers(100, 9000)))))
    column.row(("Sổ đăng ký thường trú số: ", "02"), ("Tờ số: ", str(int(rng.integers(1, 90)))))
    return form


def _security(fonts: Fonts, case: Case, rng: np.random.Generator, dpi: int, how: str | Hand, tone: tuple[int, int, int]) -> Form:
    sheet = Sheet(A4, dpi, tone)
    guilloche(sheet, rng, (max(0, tone[0] - 18), max(0, tone[1] - 20), max(0, tone[2] - 20)))
    press = printing(fonts, rng, how, pitch_mm=float(rng.uniform(7.6, 8.4)))
    return Form(fonts, sheet, case, press, rng, values_by(fonts, sheet, rng, how))


def _signed_on(column: Column, when: date, title: str = "") -> None:
    """Place and day, then seal and signature."""
    form, sheet = column.form, column.form.sheet
    case = form.case
    if not title:  # a land certificate: of the others no field is the day
        case.put("ngayCap", when.isoformat(), long_date(when))
        form.note("ngayCap", form.press())
    column.gap(3)
    day = Column(form, sheet.px(100), column.x1, column.y, "signatures")
    day.text(f"{case.commune.bare}, {long_date(when)}", "italic", align="centre", pitch=0.85)
    if not title:
        authority(form, day.y, noted=False)
        column.y = day.y + sheet.px(40)
        return
    right = Column(form, sheet.px(108), sheet.px(190), day.y, "signatures")
    signatures(right, [Signer(title=title, hint="", name=case.office.signer, sealed=True, printed=True)], seal_words(case))
    column.y = right.y


def land_back(fonts: Fonts, case: Case, rng: np.random.Generator, *, dpi: int) -> Sheet:
    """The back of a land certificate: plan of the parcel, later changes."""
    form = _security(fonts, case, rng, dpi, "printer", (250, 232, 232))
    sheet = form.sheet
    column = Column(form, sheet.px(24), sheet.px(188), sheet.px(24))
    column.text("III. Sơ đồ thửa đất, nhà ở và tài sản khác gắn liền với đất", "bold")
    top = column.y + sheet.px(6)
    corners = [(60 + 20 * float(rng.random()), 0.0), (140 + 20 * float(rng.random()), 6.0), (150.0, 70.0), (58.0, 74.0)]
    points = [(sheet.px(x), top + sheet.px(y)) for x, y in corners]
    for (x0, y0), (x1, y1) in zip(points, [*points[1:], points[0]], strict=True):
        steps = np.linspace(0, 1, 200)
        for x, y in zip(x0 + (x1 - x0) * steps, y0 + (y1 - y0) * steps, strict=True):
            sheet.rule(float(x), float(y), float(x) + sheet.px(0.5), float(y), 0.3)
    column.y = top + sheet.px(88)
    column.text("IV. Những thay đổi sau khi cấp Giấy chứng nhận", "bold")
    edges = (column.x0, column.x0 + sheet.px(108), column.x1)
    line = sheet.line("body")
    for left, title in zip(edges, ("Nội dung thay đổi và cơ sở pháp lý", "Xác nhận của cơ quan có thẩm quyền"), strict=False):
        sheet.write(form.press(size=0.85), title, left + sheet.px(2), column.y + sheet.px(1), line)
    sheet.frame(edges[0], column.y - sheet.px(5), edges[-1], column.y + sheet.px(70), 0.3)
    sheet.rule(edges[1], column.y - sheet.px(5), edges[1], column.y + sheet.px(70), 0.3)
    sheet.rule(edges[0], column.y + sheet.px(4), edges[-1], column.y + sheet.px(4), 0.3)
    return sheet

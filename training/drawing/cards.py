"""Cards copied onto a sheet: Căn cước of 2024, the old identity card, driving licence, health-insurance card."""

from __future__ import annotations

import numpy as np

from training.drawing import marks
from training.drawing.card import CARD_MM, RED, Side, chip, expiry, fingerprint, mrz, portrait, qr_mask
from training.drawing.cases import Case
from training.drawing.fonts import Fonts
from training.drawing.forms import Form, Print
from training.drawing.ink import Hand, Ink, Press
from training.drawing.paper import A4, BLACK, Sheet

BLUE = Ink((28, 60, 130), 0.95)
FACE = Ink((70, 76, 84), 0.85)
NATION = ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc")


def new_citizen_card(fonts: Fonts, case: Case, rng: np.random.Generator, *, dpi: int, how: str | Hand = "printer") -> Form:
    """CĂN CƯỚC since 07/2024: QR and residence on the back, no fingerprints."""
    who, issued = case.people["person"], case.when
    expires = expiry(who.born, issued)
    case.put("soDinhDanh", who.personal_number)
    for name, day in (("ngaySinh", who.born), ("ngayCap", issued), ("ngayHetHan", expires)):
        case.put(name, day.isoformat(), f"{day:%d/%m/%Y}")
    form, front, back = _both(fonts, case, rng, dpi)
    holder = (who.personal_number, "", who.name, f"{who.born:%d%m%Y}", who.sex.capitalize(), who.home.full())
    text = "|".join((*holder, f"{issued:%d%m%Y}", "", "", ""))
    zone = mrz(who, expires)
    form.marks = {"qr": text, "mrz": list(zone)}
    _nation(front, 46)
    front.lay(RED, marks.emblem(form.sheet.px(11)), 3.5, 3)
    front.write("CĂN CƯỚC", 46, 15.8, 11, "bold", RED, centre=True, section="header")
    front.write("IDENTITY CARD", 46, 19, 6, "bold", RED, centre=True, section="header")
    front.lay(FACE, portrait(form.sheet.px(18), form.sheet.px(24)), 4, 19)
    front.write("Số định danh cá nhân / Personal identification number:", 26, 24, 4.8)
    front.write("{soDinhDanh}", 26, 28.2, 10, "bold")
    front.write("Họ, chữ đệm và tên khai sinh / Full name:", 26, 32, 4.8)
    front.write("{hoTen}", 26, 36, 8, "bold")
    _pair(front, "Ngày, tháng, năm sinh / Date of birth:", "{ngaySinh}", 26, 40.5, 54)
    _pair(front, "Giới tính / Sex:", "{gioiTinh}", 26, 44.5, 40)
    _pair(front, "Quốc tịch / Nationality:", "{quocTich}", 26, 48.5, 47)
    back.write("Nơi cư trú / Place of residence:", 5, 6, 4.8)
    back.write("{noiCuTru}", 5, 9.4, 5.6, "bold")
    back.lay(BLACK, qr_mask(text, form.sheet.px(15)), 66, 3)
    back.lay(Ink((150, 130, 70), 0.8), chip(form.sheet.px(11), form.sheet.px(9)), 6, 14)
    _pair(back, "Ngày cấp / Date of issue:", "{ngayCap}", 22, 17, 44)
    _pair(back, "Ngày hết hạn / Date of expiry:", "{ngayHetHan}", 22, 21, 47)
    back.write("BỘ CÔNG AN", 46, 29, 6, "bold", centre=True)
    back.write("MINISTRY OF PUBLIC SECURITY", 46, 31.5, 4, centre=True)
    for place, row in enumerate(zone):
        back.write(row, 5, 41.4 + 4.2 * place, 11.4, "regular", family="Cousine", section="footer")
    return form


def old_id_card(fonts: Fonts, case: Case, rng: np.random.Generator, *, dpi: int, how: str | Hand = "printer") -> Form:
    """GIẤY CHỨNG MINH NHÂN DÂN: nine digits, thumbprints on the back."""
    who = case.people["person"]
    case.put("so", f"07{int(rng.integers(0, 10_000_000)):07}")
    case.put("nguyenQuan", who.home.commune.bare + (f", {who.home.commune.district}" if who.home.commune.district else ""))
    case.put("noiThuongTru", who.home.full())
    form, front, back = _both(fonts, case, rng, dpi)
    _nation(front, 50)
    front.write("GIẤY CHỨNG MINH NHÂN DÂN", 50, 14, 8.6, "bold", RED, centre=True, section="header")
    line = front.write("SỐ", 38, 19.5, 8, "bold")
    front.write("{so}", 46, 19.5, 11, "bold", RED, line=line)
    front.lay(FACE, portrait(form.sheet.px(18), form.sheet.px(24)), 4, 21)
    for y, label, value in (
        (25.5, "Họ tên", "{hoTen}"),
        (31, "Sinh ngày", "{ngaySinh}"),
        (36.5, "Nguyên quán", "{nguyenQuan}"),
        (42, "Nơi ĐKHK thường trú", "{noiThuongTru}"),
    ):
        line = front.write(label, 26, y, 6)
        front.write(value, 26 + 0.75 * form.press().width(label) / form.sheet.px(1) + 2, y, 6.4, "bold", line=line)
    _pair(back, "Dân tộc:", who.ethnicity, 6, 7, 18)
    _pair(back, "Tôn giáo:", "Không", 44, 7, 58)
    back.write("DẤU VẾT RIÊNG HOẶC DỊ HÌNH", 50, 13, 5.6, "bold", centre=True)
    back.write("Nốt ruồi cách 1,5 cm dưới sau đuôi mắt phải", 30, 17, 5.6)
    for y, label in ((12, "NGÓN TRỎ TRÁI"), (33, "NGÓN TRỎ PHẢI")):
        back.lay(Ink((110, 60, 60), 0.7), fingerprint(form.sheet.px(11), form.sheet.px(14), rng), 8, y)
        back.write(label, 14, y + 17, 3.8, centre=True)
    back.write(f"Ngày {case.when:%d} tháng {case.when:%m} năm {case.when.year}", 56, 28, 5.6, centre=True)
    back.write(f"GIÁM ĐỐC CÔNG AN TỈNH {who.home.commune.province.upper()}", 56, 32, 5, "bold", centre=True)
    back.write(case.office.signer, 56, 46, 5.6, "bold", centre=True)
    return form


def driving_licence(fonts: Fonts, case: Case, rng: np.random.Generator, *, dpi: int, how: str | Hand = "printer") -> Form:
    """GIẤY PHÉP LÁI XE: PET card in two languages."""
    who, when = case.people["person"], case.when
    grade = ("A1", "B2", "B1", "C", "A")[int(rng.integers(5))]
    expires = when.replace(year=when.year + 10, day=min(when.day, 28))
    case.put("so", f"08{int(rng.integers(0, 10**10)):010}")
    case.put("hang", grade)
    case.put("quocTich", "Việt Nam", "VIỆT NAM")
    case.put("ngayHetHan", expires.isoformat(), f"{expires:%d/%m/%Y}")
    case.put("ngayCap", when.isoformat(), f"ngày/date {when:%d} tháng/month {when:%m} năm/year {when.year}")
    form, front, back = _both(fonts, case, rng, dpi)
    front.write("BỘ CÔNG AN" if when.year > 2024 else "BỘ GTVT", 14, 5, 5, "bold", centre=True, section="header")
    _nation(front, 53)
    front.write("GIẤY PHÉP LÁI XE / DRIVER'S LICENSE", 53, 14.5, 7.6, "bold", RED, centre=True, section="header")
    line = front.write("Số/No:", 38, 19, 7, "bold", RED)
    front.write("{so}", 49, 19, 8.4, "bold", RED, line=line)
    front.lay(FACE, portrait(form.sheet.px(18), form.sheet.px(24)), 4, 16)
    _pair(front, "Họ tên/Full name:", "{hoTen}", 26, 24, 44)
    _pair(front, "Ngày sinh/Date of Birth:", "{ngaySinh}", 26, 28, 50)
    _pair(front, "Quốc tịch/Nationality:", "{quocTich}", 26, 32, 48)
    front.write("Nơi cư trú/Address:", 26, 36, 5)
    front.write("{noiCuTru}", 46, 36, 5.4, "bold")
    front.write(f"{who.home.commune.province}, {form.text_of('{ngayCap}', form.writer)}", 60, 41, 4.6, "italic", centre=True)
    _pair(front, "Hạng/Class:", "{hang}", 5, 45, 17)
    _pair(front, "Có giá trị đến/Expires:", "{ngayHetHan}", 5, 50, 28)
    front.write("GIÁM ĐỐC" if when.year < 2025 else "TRƯỞNG PHÒNG", 62, 45, 5, "bold", centre=True)
    front.write(case.office.signer, 62, 51, 5.4, "bold", centre=True)
    back.write("CÁC LOẠI XE CƠ GIỚI ĐƯỜNG BỘ ĐƯỢC ĐIỀU KHIỂN", 43, 7, 5, "bold", centre=True)
    back.write("CLASSIFICATION OF MOTOR VEHICLES", 43, 10, 4.4, centre=True)
    back.write(f"{grade}   Xe theo quy định của hạng {grade}", 8, 18, 5.4)
    back.write(f"Ngày trúng tuyển / Beginning date: {when:%d/%m/%Y}", 8, 24, 5.2)
    back.lay(BLACK, qr_mask(f"GPLX {case.raw['so']}", form.sheet.px(14)), 66, 32)
    return form


def health_insurance_card(fonts: Fonts, case: Case, rng: np.random.Generator, *, dpi: int, how: str | Hand = "printer") -> Form:
    """THẺ BẢO HIỂM Y TẾ."""
    who, when = case.people["person"], case.when
    old = when.year < 2021
    case.put("so", f"GD408{int(rng.integers(0, 10**10)):010}" if old else f"{int(rng.integers(10**9, 10**10 - 1)):010}")
    case.put("hoTen", who.name)
    case.put("noiKhamChuaBenh", f"Trạm Y tế {who.home.commune.name}")
    case.put("hieuLucTu", when.isoformat(), f"{when:%d/%m/%Y}")
    form, front, _ = _both(fonts, case, rng, dpi, back=False)
    front.write("BẢO HIỂM XÃ HỘI VIỆT NAM", 46, 6, 6.4, "bold", BLUE, centre=True, section="header")
    front.write("THẺ BẢO HIỂM Y TẾ", 46, 11.5, 9.6, "bold", RED, centre=True, section="header")
    for y, label, value, at in (
        (17.5, "Mã số:", "{so}", 16),
        (22, "Họ và tên:", "{hoTen}", 22),
        (26.5, "Ngày sinh:", "{ngaySinh}", 22),
    ):
        _pair(front, label, value, 6, y, at, size=6)
    _pair(front, "Giới tính:", "{gioiTinh}", 46, 26.5, 60, size=6)
    _pair(front, "Địa chỉ:", who.home.short(), 6, 31, 18, size=5.4)
    _pair(front, "Nơi ĐK KCB BĐ:", "{noiKhamChuaBenh}", 6, 35.5, 28, size=5.8)
    _pair(front, "Giá trị sử dụng: từ ngày", "{hieuLucTu}", 6, 40, 40, size=5.8)
    front.write(f"Thời điểm đủ 05 năm liên tục: từ ngày {when:%d/%m}/{when.year + 5}", 6, 44.5, 5.2)
    front.write("GIÁM ĐỐC", 66, 47.5, 5, "bold", centre=True)
    front.write(case.office.signer, 66, 52, 5.2, "bold", centre=True)
    return form


def _both(fonts: Fonts, case: Case, rng: np.random.Generator, dpi: int, *, back: bool = True) -> tuple[Form, Side, Side]:
    """A sheet with both sides of a card, one below the other."""
    sheet = Sheet(A4, dpi, (252, 252, 252))
    face = fonts.family("Arimo")
    writer = Press(fonts, fonts.family("Arimo", "bold"), sheet.points(7.6), BLACK)
    form = Form(fonts, sheet, case, Print(face=face, size_pt=7.2, pitch_mm=4.0, dots=None, ink=BLACK), rng, writer)
    left, top = sheet.px(rng.uniform(48, 70)), sheet.px(rng.uniform(30, 45))
    front = Side(form, left, top, 0)
    return form, front, Side(form, left, top + sheet.px(CARD_MM[1] + rng.uniform(8, 16)), 1) if back else front


def _nation(side: Side, x: float) -> None:
    for y, text, size in ((5, NATION[0], 6), (8.2, NATION[1], 5.8)):
        side.write(text, x, y, size, "bold", centre=True, section="header")


def _pair(side: Side, label: str, value: str, x: float, y: float, at: float, size: float = 5.2) -> None:
    """A label and its value on one line, the value at `at` mm or after the label."""
    line = side.write(label, x, y, size)
    press = Press(side.form.fonts, side.form.fonts.family("Arimo"), side.sheet.points(size), BLACK)
    after = x + press.width(label) / side.sheet.px(1)
    side.write(value, max(at, after + 1.2), y, size + 0.8, "bold", line=line)

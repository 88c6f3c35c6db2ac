"""Rarer events and papers: recognition, adoption, guardianship, corrections, copies, land, business, insurance, letters.

As in `cases`, all values of a case agree. Field names and normal forms are those of the document-type catalogue.
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from training.drawing import cases, people, places
from training.drawing.cases import Case, Office
from training.drawing.people import Person

#: tick label -> code of the Ministry's import sheet, where it has one
RECOGNITION_TICKS = {"Con nhận cha, mẹ": "1", "Cha, mẹ nhận con": "1", "Ghi vào sổ hộ tịch việc nhận/xác định cha, mẹ, con": "2"}
PURPOSE_TICKS = {"Để ĐKKH trong nước": "", "Để ĐKKH ở nước ngoài": "", "Mục đích khác": ""}
GUARDIAN_TICKS = {"Giám hộ cử": "1", "Giám hộ đương nhiên": "1"}
ADOPTION_TICKS = {"Đăng ký lần đầu": "1", "Đăng ký lại": "2", "Ghi vào sổ việc nuôi con nuôi": "3"}
CORRECTION_TICKS = {"Thay đổi": "1", "Cải chính": "1", "Bổ sung hộ tịch": "1", "Xác định lại dân tộc": "1"}
WISHES = (
    "xác nhận hạn mức đất ở để làm thủ tục cấp Giấy chứng nhận",
    "được cấp lại bản sao Trích lục khai sinh do bản cũ bị thất lạc",
    "hỗ trợ kinh phí sửa chữa nhà ở theo chương trình giảm nghèo",
    "xác nhận thông tin về nơi cư trú để bổ sung hồ sơ nhập học",
)
SUBJECTS = (
    "xác minh thông tin hộ tịch",
    "phối hợp cung cấp bản sao sổ đăng ký khai sinh",
    "đôn đốc số hóa hồ sơ thủ tục hành chính",
    "trả lời đề nghị xác minh tình trạng hôn nhân của công dân",
)
TRADES = ("Tạp hóa", "Sửa chữa xe máy", "Vật liệu xây dựng", "Chế biến chè", "Cơ khí", "Dịch vụ vận tải")


def somebody(rng: np.random.Generator, case: Case, years: tuple[float, float], sex: str = "") -> Person:
    """A person of the case's commune, so many years old."""
    born = people.years_before(case.when, rng.uniform(*years))
    sex = sex or ("nam" if rng.random() < 0.5 else "nữ")
    return people.person(rng, home=places.home(rng, case.commune), sex=sex, born=born, when=case.when)


def _opened(rng: np.random.Generator, when: date, number: int, at: Office | None) -> Case:
    case = cases.opened(rng, when, at)
    cases.put_entry(case, number)
    case.put("noiDangKy", case.commune.committee())
    return case


def recognition(rng: np.random.Generator, when: date, number: int, at: Office | None = None) -> Case:
    """A parent recognises a child."""
    case = _opened(rng, when, number, at)
    parent, child = somebody(rng, case, (24, 48)), somebody(rng, case, (0.5, 6))
    case.people |= {"parent": parent, "child recognised": child}
    cases.put_person(case, "cm", parent, rng)
    cases.put_person(case, "nc", child, rng)
    case.put("ncSoGiayToTuyThan", child.personal_number, f"Số định danh cá nhân {child.personal_number}")
    cases.put_declarant(case, rng, parent, "Cha đẻ" if parent.sex == "nam" else "Mẹ đẻ")
    case.put("quyetDinhSo", f"{number}/TLCMC")
    cases.tick(case, RECOGNITION_TICKS, "Cha, mẹ nhận con")
    return case


def single_entry(rng: np.random.Generator, when: date, number: int, at: Office | None = None) -> Case:
    """An issued marital-status certificate as the book notes it."""
    case = cases.single(rng, when, number, at)
    cases.put_entry(case, number)
    case.put("noiCap", case.commune.committee())
    cases.put_declarant(case, rng, case.people["person"], "Bản thân")
    cases.tick(case, PURPOSE_TICKS, "Để ĐKKH trong nước")
    return case


def guardianship(rng: np.random.Generator, when: date, number: int, at: Office | None = None) -> Case:
    """Somebody becomes guardian of a child."""
    case = _opened(rng, when, number, at)
    guardian, ward = somebody(rng, case, (30, 65)), somebody(rng, case, (3, 14))
    case.people |= {"guardian": guardian, "ward": ward}
    cases.put_person(case, "gh", guardian, rng)
    cases.put_person(case, "dgh", ward, rng)
    case.put("dghSoGiayToTuyThan", ward.personal_number, f"Số định danh cá nhân {ward.personal_number}")
    cases.put_declarant(case, rng, guardian, "Người giám hộ")
    cases.tick(case, GUARDIAN_TICKS, "Giám hộ đương nhiên")
    return case


def adoption(rng: np.random.Generator, when: date, number: int, at: Office | None = None) -> Case:
    """A couple adopts a child."""
    case = _opened(rng, when, number, at)
    child = somebody(rng, case, (1, 9))
    case.people["adopted"] = child
    cases.put_person(case, "cn", child, rng)
    case.put("cnNoiSinh", places.hospital(rng, case.commune))
    for prefix, sex in (("chaNuoi", "nam"), ("meNuoi", "nữ"), ("chaGiao", "nam"), ("meGiao", "nữ")):
        who = somebody(rng, case, (25, 45), sex)
        case.people[prefix] = who
        cases.put_person(case, prefix, who, rng)
        case.put(f"{prefix}SoGiayToTuyThan", who.paper.number)
        case.put(f"{prefix}NoiCuTru", f"{who.home.village}, {who.home.commune.name}")
    case.put("giaoQuanHe", "Cha, mẹ đẻ")
    case.put("quyetDinhSo", f"{number}/QĐ-UBND")
    cases.tick(case, ADOPTION_TICKS, "Đăng ký lần đầu")
    return case


def correction(rng: np.random.Generator, when: date, number: int, at: Office | None = None) -> Case:
    """A year of birth is corrected."""
    case = _opened(rng, when, number, at)
    who = somebody(rng, case, (18, 60))
    case.people["person"] = who
    cases.put_person(case, "td", who, rng)
    case.put("giayToTen", "Giấy khai sinh")
    case.put("giayToSo", f"{int(rng.integers(4, 160))}/{who.born.year}")
    case.put_day("giayToNgayCap", who.born + timedelta(days=int(rng.integers(5, 50))))
    case.put("giayToNoiCap", f"UBND {case.commune.name}")
    case.put("noiDung", f"Năm sinh từ {who.born.year + 1} thành {who.born.year}")
    cases.put_declarant(case, rng, who, "Bản thân")
    cases.tick(case, CORRECTION_TICKS, "Cải chính")
    return case


def copy(rng: np.random.Generator, when: date, number: int, at: Office | None = None) -> Case:
    """A copy of an extract was issued: a row of the book of copies."""
    case = cases.opened(rng, when, at)
    who = somebody(rng, case, (20, 70))
    case.people["person"] = who
    case.put("so", f"{number:02}")
    case.put_day("ngayDangKy", when)
    case.put("nycHoTen", who.name)
    case.put("nycSoGiayToTuyThan", who.paper.number, f"{who.paper.kind} số {who.paper.number}")
    case.put("loaiBanSao", ("Khai sinh", "Kết hôn", "Khai tử")[int(rng.integers(3))])
    case.put("soLuong", f"{int(rng.integers(1, 6)):02}")
    return case


def holder(rng: np.random.Generator, when: date, number: int, at: Office | None = None) -> Case:
    """Somebody with cards, land, a household, a trade and a wish."""
    case = cases.opened(rng, when, at)
    who = somebody(rng, case, (22, 58))
    case.people["person"] = who
    case.put("so", str(number))
    case.put("hoTen", who.name.upper())
    case.put("ngaySinh", who.born.isoformat(), f"{who.born:%d/%m/%Y}")
    case.put("gioiTinh", who.sex, who.sex.capitalize())
    case.put("quocTich", "Việt Nam")
    case.put("noiCuTru", who.home.full())
    case.put("soGiayToTuyThan", who.personal_number)
    case.put("ngayCap", when.isoformat(), f"{when:%d/%m/%Y}")
    return case


def born_in_hospital(rng: np.random.Generator, when: date, number: int, at: Office | None = None) -> Case:
    """A birth as the hospital certifies it."""
    case = cases.birth(rng, when, number, at)
    mother, child = case.people["mother"], case.people["child"]
    hour, minute = int(rng.integers(24)), int(rng.integers(60))
    case.put("so", f"{number}/{when.year}")
    case.put("nksGioSinh", f"{hour:02}:{minute:02}", f"{hour:02} giờ {minute:02} phút")
    case.put("nksCanNang", str(int(rng.integers(24, 41)) * 100))
    case.put("nksHoTenDuKien", child.name.upper())
    case.put("meSoGiayToTuyThan", mother.paper.number)
    case.put("noiSinh", places.hospital(rng, case.commune))
    return case


def martyr_visit(rng: np.random.Generator, when: date, number: int, at: Office | None = None) -> Case:
    """A relative is sent to the grave of a martyr."""
    case = cases.opened(rng, when, at)
    visitor = somebody(rng, case, (35, 65))
    fell = date(int(rng.integers(1965, 1980)), int(rng.integers(1, 13)), int(rng.integers(1, 28)))
    martyr = people.person(
        rng, home=visitor.home, sex="nam", born=people.years_before(fell, rng.uniform(18, 26)), when=fell, surname=visitor.surname
    )
    case.people |= {"person": visitor, "martyr": martyr}
    case.put("so", f"{number}/GGT-UBND")
    case.put("nguoiDuocGioiThieu", visitor.name)
    case.put("quanHe", ("Cháu ruột", "Em ruột", "Con đẻ")[int(rng.integers(3))])
    case.put("lietSiHoTen", martyr.name)
    case.put_day("lietSiNgayHySinh", fell)
    case.put("noiMo", f"Nghĩa trang liệt sĩ {('Vị Xuyên', 'Trường Sơn', 'Đường 9', 'Tông Khao')[int(rng.integers(4))]}")
    return case


def addressed(rng: np.random.Generator, when: date, number: int, at: Office | None = None) -> Case:
    """A letter from one office to another about somebody."""
    case = cases.single(rng, when, number, at)
    case.put("kinhGui", places.commune(rng, when).committee())
    return case

"""Places of the Tuyên Quang and Hà Giang area, before and after the reform of 01/07/2025 (no districts since)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

REFORM = date(2025, 7, 1)

#: province -> (code in personal numbers, district -> communes), until 30/06/2025
DISTRICTS: dict[str, tuple[str, dict[str, str]]] = {
    "Tuyên Quang": ("008", {
        "thành phố Tuyên Quang": "phường Minh Xuân|phường Phan Thiết|phường Ỷ La|phường Nông Tiến|phường An Tường|xã Tràng Đà|xã Kim Phú|"
        "xã Thái Long|xã Lưỡng Vượng",
        "huyện Na Hang": "xã Yên Hoa|xã Sinh Long|xã Đà Vị|xã Hồng Thái|xã Năng Khả|xã Thanh Tương|xã Côn Lôn|xã Khâu Tinh|xã Thượng Giáp",
        "huyện Chiêm Hóa": "xã Phúc Thịnh|xã Tân An|xã Kim Bình|xã Vinh Quang|xã Trung Hà|xã Hà Lang|xã Yên Nguyên|xã Xuân Quang|xã Tri Phú|"
        "xã Linh Phú|thị trấn Vĩnh Lộc",
        "huyện Hàm Yên": "xã Phù Lưu|xã Minh Hương|xã Yên Thuận|xã Bạch Xa|xã Thái Hòa|xã Đức Ninh|xã Hùng Đức|xã Nhân Mục|thị trấn Tân Yên",
        "huyện Yên Sơn": "xã Mỹ Bằng|xã Trung Môn|xã Lang Quán|xã Tứ Quận|xã Xuân Vân|xã Kiến Thiết|xã Hùng Lợi|xã Đạo Viện|xã Nhữ Hán|"
        "xã Tân Long",
        "huyện Sơn Dương": "xã Tân Trào|xã Hợp Thành|xã Thiện Kế|xã Sơn Nam|xã Đại Phú|xã Hào Phú|xã Hồng Lạc|xã Đông Lợi|xã Thượng Ấm|"
        "xã Tú Thịnh|xã Lương Thiện",
        "huyện Lâm Bình": "xã Thượng Lâm|xã Khuôn Hà|xã Xuân Lập|xã Bình An|xã Hồng Quang|xã Thổ Bình|thị trấn Lăng Can",
    }),
    "Hà Giang": ("002", {
        "huyện Bắc Quang": "xã Quang Minh|xã Hùng An|xã Tân Thành|xã Đồng Yên|xã Kim Ngọc|xã Vô Điếm|thị trấn Việt Quang",
        "huyện Vị Xuyên": "xã Đạo Đức|xã Phú Linh|xã Kim Thạch|xã Cao Bồ|xã Phương Tiến|xã Ngọc Minh|xã Bạch Ngọc",
        "huyện Quản Bạ": "xã Quyết Tiến|xã Đông Hà|xã Lùng Tám|xã Cán Tỷ|thị trấn Tam Sơn",
        "huyện Yên Minh": "xã Mậu Duệ|xã Bạch Đích|xã Na Khê|xã Hữu Vinh|xã Lũng Hồ",
        "huyện Đồng Văn": "xã Lũng Cú|xã Phố Cáo|xã Sà Phìn|xã Sủng Là|thị trấn Phó Bảng",
        "huyện Hoàng Su Phì": "xã Nậm Dịch|xã Thông Nguyên|xã Hồ Thầu|xã Nàng Đôn",
        "huyện Bắc Mê": "xã Yên Cường|xã Đường Âm|xã Minh Ngọc|xã Lạc Nông",
    }),
}
#: communes of the province since the reform
NEW_COMMUNES = (
    "xã Sơn Dương|xã Na Hang|xã Chiêm Hóa|xã Hàm Yên|xã Yên Sơn|xã Lâm Bình|xã Tân Trào|xã Phù Lưu|xã Kim Bình|xã Hòa An|xã Yên Hoa|xã Hùng Lợi|"
    "xã Xuân Vân|xã Thái Hòa|xã Minh Thanh|xã Bắc Quang|xã Vị Xuyên|xã Yên Minh|xã Đồng Văn|xã Quản Bạ|phường Minh Xuân|phường Mỹ Lâm|"
    "phường Nông Tiến|phường An Tường|phường Bình Thuận"
)
VILLAGES = (
    "Nà Khuổi|Bản Pước|Khuổi Luông|Pác Khoang|Nà Mạ|Bản Cuống|Lũng Khiêu|Phiêng Tạ|Cây Sấu|Đồng Giàn|Làng Vai|Khe Đảng|Minh Khai|Đoàn Kết|Tân Lập|"
    "Thống Nhất|Quyết Tiến|Hợp Nhất|Yên Bình|Ngòi Sen|Gốc Đa|Bản Thàng|Nà Tương|Phìn Sủng|Tả Lủng|Khuôn Pục|Cầu Mơ|Đồng Trò"
).split("|")

SHORT = (("thành phố ", "TP. "), ("thị trấn ", "TT. "), ("phường ", "P. "), ("huyện ", "H. "), ("tỉnh ", "T. "), ("xã ", "X. "))


@dataclass(frozen=True, slots=True)
class Commune:
    """A commune as it was called at some time; `district` is empty since the reform."""

    name: str
    district: str
    province: str
    #: first three digits of personal numbers registered here
    code: str

    @property
    def bare(self) -> str:
        """The name without `xã`, `phường`, `thị trấn`."""
        return self.name.removeprefix("thị trấn ").removeprefix("phường ").removeprefix("xã ")

    def full(self) -> str:
        """All levels, written out."""
        return ", ".join(part for part in (self.name, self.district, f"tỉnh {self.province}") if part)

    def short(self) -> str:
        """As a clerk short of room writes it, and as seals do."""
        text = self.full()
        for word, letters in SHORT:
            text = text.replace(word, letters)
        return text

    def committee(self) -> str:
        """`Ủy ban nhân dân xã …`, all levels."""
        return f"Ủy ban nhân dân {self.full()}"


@dataclass(frozen=True, slots=True)
class Home:
    """Where somebody lives: village or street group, and commune."""

    village: str
    commune: Commune

    def full(self) -> str:
        """With a capital first letter, all levels."""
        return f"{self.village}, {self.commune.full()}"

    def short(self) -> str:
        """Abbreviated."""
        return f"{self.village}, {self.commune.short()}"


def commune(rng: np.random.Generator, when: date) -> Commune:
    """A commune with the name it had at `when`."""
    if when >= REFORM:
        return Commune(_one(rng, NEW_COMMUNES.split("|")), "", "Tuyên Quang", "008")
    province = "Tuyên Quang" if rng.random() < 0.75 else "Hà Giang"
    code, districts = DISTRICTS[province]
    district = _one(rng, list(districts))
    return Commune(_one(rng, districts[district].split("|")), district, province, code)


def home(rng: np.random.Generator, place: Commune) -> Home:
    """A home in a commune: a named village, or a numbered one."""
    word = "Tổ dân phố" if place.name.startswith(("phường", "thị trấn")) else "Thôn"
    village = f"{word} {rng.integers(1, 16)}" if word != "Thôn" or rng.random() < 0.2 else f"{word} {_one(rng, VILLAGES)}"
    return Home(village, place)


def hospital(rng: np.random.Generator, place: Commune) -> str:
    """Where children of a commune are born."""
    seat = place.district.replace("thành phố ", "TP. ") or f"khu vực {place.bare}"
    choices = (f"Bệnh viện Đa khoa tỉnh {place.province}", f"Trung tâm Y tế {seat}, tỉnh {place.province}", f"Trạm Y tế {place.full()}")
    return _one(rng, choices)


def _one(rng: np.random.Generator, choices: list[str] | tuple[str, ...]) -> str:
    return choices[int(rng.integers(len(choices)))]

"""Import sheets of the Ministry of Justice for register books: columns in order, values in cells, file names.

Codes and order come from Công văn 1437/BTP-CNTT and the templates that projects exchange.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from digitizer.text import fold

#: document type -> code of its book
BOOKS = {
    "birth_register": "KS",
    "marriage_register": "KH",
    "death_register": "KT",
    "parent_child_register": "CMC",
    "marital_status_register": "HN",
}
#: name of the worksheet
SHEET = "DL Import"

# groups of columns, in the order of the sheet
_HEAD = "so quyenSo trangSo ngayDangKy loaiDangKy noiDangKy nguoiKy chucVuNguoiKy nguoiThucHien ghiChu"
_TAIL = "soDangKyNuocNgoai ngayDangKyNuocNgoai cqNuocNgoaiDaDangKy qgNuocNgoaiDaDangKy"
_PAPER = "LoaiGiayToTuyThan GiayToKhac SoGiayToTuyThan NgayCapGiayToTuyThan NoiCapGiayToTuyThan"
_NYC = "nycHoTen nycQuanHe nycLoaiGiayToTuyThan nycGiayToKhac nycSoGiayToTuyThan nycNgayCapGiayToTuyThan nycNoiCapGiayToTuyThan"
_NATION = "DanToc QuocTich QuocTichKhac"
_HOME = "LoaiCuTru NoiCuTru"


def _of(prefix: str, names: str) -> list[str]:
    return [prefix + name for name in names.split()]


_PARENT = f"HoTen NgaySinh {_NATION} {_HOME} LoaiGiayToTuyThan SoGiayToTuyThan"
_SPOUSE = f"HoTen NgaySinh {_NATION} {_HOME} {_PAPER}"
_CHILD = (
    f"HoTen GioiTinh NgaySinh NgaySinhBangChu NoiSinh NoiSinhDVHC QueQuan {_NATION} LoaiKhaiSinh MatTich "
    "MatTichNgayGhiChuTuyenBo MatTichCanCuTuyenBo MatTichNgayGhiChuHuyTuyenBo MatTichCanCuHuyTuyenBo HanCheNangLucHanhVi "
    "HanCheNangLucHanhViNgayGhiChuTuyenBo HanCheNangLucHanhViCanCuTuyenBo HanCheNangLucHanhViNgayGhiChuHuyTuyenBo "
    "HanCheNangLucHanhViNgayCanCuHuyTuyenBo"
)
_DEAD = (
    f"HoTen GioiTinh NgaySinh {_NATION} {_HOME} {_PAPER} NgayChet NgayChetGhiBangChu GioPhutChet NoiChet NguyenNhanChet "
    "TinhTrangTuyenBoViecChet NgayGhiChuTuyenBoViecChet CanCuTuyenBoViecChet NgayGhiChuHuyTuyenBoViecChet CanCuHuyTuyenBoViecChet"
)
_KIN = f"HoTen NgaySinh {_NATION} QueQuan {_HOME} {_PAPER}"
_CERTIFIED = (
    f"HoTen GioiTinh NgaySinh {_NATION} {_HOME} {_PAPER} ThoiGianCuTruTai ThoiGianCuTruTu ThoiGianCuTruDen TinhTrangHonNhan "
    "LoaiMucDichSuDung MucDichSuDung"
)
_BIRTHS = [*_HEAD.split(), *_of("nks", _CHILD), *_of("me", _PARENT), *_of("cha", _PARENT), *_NYC.split(), *_TAIL.split()]
#: code of a book -> columns of its sheet
COLUMNS: dict[str, list[str]] = {
    "KS": _BIRTHS,
    "KH": [
        *_HEAD.replace("nguoiThucHien", "ngayXacLapQuanHeHonNhan nguoiThucHien").split(),
        *["tinhTrangKetHon", "huyKetHonNgayGhiChu", "huyKetHonCanCu", "congNhanKetHonNgayGhiChu", "congNhanKetHonCanCu"],
        *_of("chong", _SPOUSE),
        *_of("vo", _SPOUSE),
        *_TAIL.split(),
    ],
    "KT": [*_HEAD.split(), *_of("nkt", _DEAD), *_of("gbt", "Loai So Ngay CoQuanCap"), *_NYC.split(), *_TAIL.split()],
    "CMC": [
        *_HEAD.replace("ngayDangKy loaiDangKy", "quyetDinhSo ngayDangKy loaiDangKy loaiXacNhan").split(),
        *_of("cm", _KIN),
        *_of("nc", _KIN),
        *_NYC.replace("nycQuanHe", "nycQHNguoiDuocNhan nycQHNguoiNhan").split(),
        *_TAIL.split(),
    ],
    "HN": [*_HEAD.replace("loaiDangKy noiDangKy", "noiCap").split(), *_of("nxn", _CERTIFIED), *_NYC.split()],
}
#: newer template of births: column of a name -> column of the identity number before it
_IDS = {"nksHoTen": "nksSoDinhDanh", "meHoTen": "meSoDinhDanhCaNhan", "chaHoTen": "chaSoDinhDanhCaNhan"}
#: columns of the newer template of births. It adds a row number, identity numbers, and a copy of each nationality
BIRTHS_70 = ["STT"] + [
    name
    for column in _BIRTHS
    for name in [*([_IDS[column]] if column in _IDS else []), column, *([f"{column}Str"] if "QuocTich" in column else [])]
]
#: sex -> its code in the sheet
_SEX = {"nam": "1", "nữ": "2"}
#: names of columns that hold a date. Dates in words and legal grounds are no dates
_DATE = re.compile(r"(?!.*(BangChu|CanCu))(ngay|.*Ngay|.*ThoiGianCuTru(Tu|Den)$)")


def columns(book: str, *, wide: bool = False) -> list[str]:
    """The columns of a book's sheet. `wide` takes the newer template of births. Raises KeyError for a book without a sheet."""
    return BIRTHS_70 if wide and book == "KS" else COLUMNS[book]


def row(values: Mapping[str, Any], names: list[str], number: int) -> dict[str, str]:
    """Column -> text cell for the values (normal form) of one record. `number` is its row number."""
    cells = {name: cell(name, values.get(name)) for name in names}
    if "STT" in cells:
        cells["STT"] = str(number)
    for name in names:
        if name.endswith("Str") and name[:-3] in cells:
            cells[name] = cells[name[:-3]]
    return cells


def cell(name: str, value: Any) -> str:
    """One value as the sheet writes it: dates as `dd.MM.yyyy`, `MM.yyyy` or `yyyy`, sex as a code, lists joined by `; `."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, list | tuple):
        return "; ".join(str(part) for part in value)
    text = str(value)
    if name.endswith("GioiTinh"):
        return _SEX.get(text, "3")
    if _DATE.match(name) and re.fullmatch(r"\d{4}(-\d{2}){0,2}", text):
        return ".".join(reversed(text.split("-")))
    return text


def same(name: str, ours: str, theirs: str) -> str:
    """Compares two cells of a column: `same`, `accents` (accents, case or tone place differ) or `differs`.

    Dates are the same whether written with `/`, `.` or `-`.
    """
    if _DATE.match(name):
        return "same" if _date(ours) == _date(theirs) else "differs"
    if ours == theirs:
        return "same"
    return "accents" if fold(ours) == fold(theirs) else "differs"


def number_of(so: str) -> str:
    """The number in `so` without leading zeros, with its year if it has one: `015/1999` -> `15/1999`, `01/` -> `1`."""
    number, _, year = re.sub(r"\s", "", so).partition("/")
    number = number.lstrip("0") or number
    return f"{number}/{year}" if year else number


def _date(text: str) -> str:
    parts = re.split(r"[./-]", text.strip())
    if len(parts[0]) == 4:
        parts.reverse()
    return ".".join(part.zfill(2) for part in parts)


#: file name of a case: book type, year of the event, number of the book, day of registration, number of the case
DEFAULT_NAME = "{book}.{year}.{volume}.{date}.{number:03}"


def file_name(rule: str, book: str, values: Mapping[str, Any]) -> str:
    """The name of a case's PDF. `rule` is a format string such as DEFAULT_NAME, `book` is such as `KS/1999/01`.

    The year is the one in `so`, else that of the book's cover. Raises ValueError when the case has no number.
    """
    code, year, volume = book.split("/")
    number, _, own_year = number_of(str(values.get("so") or "")).partition("/")
    digits = re.match(r"\d+", number)
    if digits is None:
        raise ValueError("no number")
    day = str(values.get("ngayDangKy") or own_year or year)
    facts = {
        "book": code,
        "year": own_year if own_year.isdigit() else year,
        "volume": volume,
        "date": day,
        "number": int(digits[0]),
    }
    return rule.format(**facts) + ".pdf"

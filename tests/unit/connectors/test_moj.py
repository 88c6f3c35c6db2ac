"""The Ministry's book package: columns in order, text cells, file names, and a keyed sheet read back as the second keyer."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from openpyxl import load_workbook

from digitizer import spreadsheets
from digitizer.connectors import moj, open_connector
from digitizer.connectors._sheets import BIRTHS_70, COLUMNS, file_name, number_of, same
from digitizer.connectors._sheets import cell as written_cell
from digitizer.connectors.moj import Difference, MojConnector
from digitizer.errors import AttachRefused, ConfigError, UsageError
from tests.contracts.test_connectors import case

BOOK = Path("home") / "moj" / "H60.127.03" / "KS.1999.01"


@pytest.fixture
def connector(tmp_path: Path) -> MojConnector:
    return moj.open("moj:", tmp_path / "home")


def test_the_sheets_have_the_ministry_s_columns() -> None:
    """Numbers of columns and their order at the seams: domain facts §2.2."""
    assert {book: len(names) for book, names in COLUMNS.items()} == {"KS": 60, "KH": 44, "KT": 48, "CMC": 50, "HN": 35}
    assert len(BIRTHS_70) == 70
    assert all(len(set(names)) == len(names) for names in (*COLUMNS.values(), BIRTHS_70))
    head = "so quyenSo trangSo ngayDangKy loaiDangKy noiDangKy nguoiKy chucVuNguoiKy nguoiThucHien ghiChu"
    assert COLUMNS["KS"][:11] == [*head.split(), "nksHoTen"]
    assert COLUMNS["KH"][7:11] == ["chucVuNguoiKy", "ngayXacLapQuanHeHonNhan", "nguoiThucHien", "ghiChu"]
    assert COLUMNS["CMC"][2:8] == ["trangSo", "quyetDinhSo", "ngayDangKy", "loaiDangKy", "loaiXacNhan", "noiDangKy"]
    assert COLUMNS["HN"][3:6] == ["ngayDangKy", "noiCap", "nguoiKy"]
    assert BIRTHS_70[0] == "STT"
    assert BIRTHS_70[11:13] == ["nksSoDinhDanh", "nksHoTen"]
    assert BIRTHS_70[20:24] == ["nksQuocTich", "nksQuocTichStr", "nksQuocTichKhac", "nksQuocTichKhacStr"]


@pytest.mark.parametrize(
    ("name", "value", "written"),
    [("nksNgaySinh", "1987-08-15", "15.08.1987"), ("nksNgaySinh", "1987-08", "08.1987"), ("nksNgaySinh", "1987", "1987"),
     ("ngayDangKy", "1999-11-19", "19.11.1999"), ("nksNgaySinhBangChu", "Ngày mười lăm", "Ngày mười lăm"),
     ("nxnThoiGianCuTruTu", "2001-02-03", "03.02.2001"), ("nxnThoiGianCuTruTai", "1999", "1999"), ("nktGioiTinh", "nam", "1"),
     ("nktGioiTinh", "nữ", "2"), ("nktGioiTinh", "không xác định", "3"), ("nktGioiTinh", None, ""),
     ("ghiChu", ("a", "b"), "a; b"),
     ("nksMatTich", True, "1"), ("so", "01/2018", "01/2018"), ("meSoGiayToTuyThan", "070012345", "070012345")],
)  # fmt: skip
def test_a_value_is_written_as_the_sheet_wants_it(name: str, value: object, written: str) -> None:
    assert written_cell(name, value) == written


@pytest.mark.parametrize(
    ("values", "name"),
    [({"so": "1/1999", "ngayDangKy": "1999-11-19"}, "KS.1999.01.1999-11-19.001.pdf"), ({"so": "015"}, "KS.1999.01.1999.015.pdf"),
     ({"so": "7/2001", "ngayDangKy": "2001-03"}, "KS.2001.01.2001-03.007.pdf")],
)  # fmt: skip
def test_a_case_is_named_after_its_own_year_and_number(values: dict[str, str], name: str) -> None:
    assert file_name("{book}.{year}.{volume}.{date}.{number:03}", "KS/1999/01", values) == name


def test_a_book_becomes_a_sheet_and_a_zip(connector: MojConnector, tmp_path: Path) -> None:
    for number in (16, 2, 15):
        connector.add_register_case(case(tmp_path, number))
    connector.flush()
    page = load_workbook(tmp_path / BOOK / "KS.1999.01.xlsx")["DL Import"]
    rows = list(page.iter_rows())
    assert [c.value for c in rows[0]] == COLUMNS["KS"]
    assert [row[0].value for row in rows[1:]] == ["2/1999", "15/1999", "16/1999"]
    assert rows[1][10].value == "NGUYỄN THỊ HOÀ"
    assert all(c.number_format == "@" and isinstance(c.value, str | None) for row in rows for c in row), "text, never numbers"
    with zipfile.ZipFile(tmp_path / BOOK / "KS.1999.01.zip") as archive:
        assert archive.namelist() == [f"KS.1999.01.1999-11-19.{n:03}.pdf" for n in (2, 15, 16)]
        assert archive.read("KS.1999.01.1999-11-19.015.pdf") == b"%PDF-1.7 case 15"


def test_a_later_revision_takes_its_case_s_place(connector: MojConnector, tmp_path: Path) -> None:
    connector.add_register_case(case(tmp_path))
    corrected = case(tmp_path, nksHoTen="NGUYỄN THỊ HÒA", ngayDangKy="1999-11-20")
    corrected.fields["revision"] = 2
    object.__setattr__(corrected, "key", corrected.key.removesuffix("/1") + "/2")
    connector.add_register_case(corrected)
    connector.flush()
    assert [row["nksHoTen"] for row in spreadsheets.read(tmp_path / BOOK / "KS.1999.01.xlsx")] == ["NGUYỄN THỊ HÒA"]
    assert [p.name for p in (tmp_path / BOOK / "cases").glob("*.pdf")] == ["KS.1999.01.1999-11-20.015.pdf"]


def test_two_cases_never_share_a_file(connector: MojConnector, tmp_path: Path) -> None:
    connector.add_register_case(case(tmp_path))
    other = case(tmp_path)
    other.fields["record"] = "another"
    object.__setattr__(other, "key", "another/1")
    with pytest.raises(AttachRefused):
        connector.add_register_case(other)


@pytest.mark.parametrize("change", [{"so": None}, {"so": "không số"}])
def test_a_case_without_a_number_is_refused(connector: MojConnector, tmp_path: Path, change: dict[str, str]) -> None:
    with pytest.raises(AttachRefused):
        connector.add_register_case(case(tmp_path, **change))


def test_the_newer_template_has_a_number_identity_numbers_and_twins(tmp_path: Path) -> None:
    connector = moj.open("moj:?columns=70", tmp_path / "home")
    connector.add_register_case(case(tmp_path, nksQuocTich="Việt Nam"))
    connector.close()
    (row,) = spreadsheets.read(tmp_path / BOOK / "KS.1999.01.xlsx", "DL Import")
    assert (row["STT"], row["nksSoDinhDanh"], row["nksQuocTichStr"]) == ("1", "008199001234", "Việt Nam")


@pytest.mark.parametrize("url", ["moj:?columns=61", "moj:?name={citizen}", "moj:?colour=red", "moj:?name={number:x y}"])
def test_a_wrong_rule_refuses_to_start(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConfigError):
        open_connector(url, tmp_path)


# --- the second keyer -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "ours", "theirs", "kind"),
    [("nksHoTen", "NGUYỄN THỊ HOÀ", "Nguyễn Thị Hòa", "accents"), ("nksHoTen", "LÊ VĂN A", "LÊ VĂN B", "differs"),
     ("nksNgaySinh", "05.08.1987", "5/8/1987", "same"), ("nksNgaySinh", "05.08.1987", "1987-08-05", "same"),
     ("nksNgaySinh", "05.08.1987", "08.1987", "differs"), ("nksHoTen", "A", "", "differs")],
)  # fmt: skip
def test_what_counts_as_a_difference(name: str, ours: str, theirs: str, kind: str) -> None:
    assert same(name, ours, theirs) == kind


@pytest.mark.parametrize(("so", "number"), [("015/1999", "15/1999"), (" 15 / 1999", "15/1999"), ("01/", "1"), ("7", "7")])
def test_numbers_are_compared_without_zeros_and_blanks(so: str, number: str) -> None:
    assert number_of(so) == number


def test_a_keyed_sheet_is_compared_and_marked_but_not_changed(tmp_path: Path) -> None:
    sheet, marked = tmp_path / "keyed.xlsx", tmp_path / "marked.xlsx"
    headers = ["STT", "so \ni=[text]", "nksHoTen ", "nksNgaySinh", "meHoTen"]
    keyed = [("1", "015/1999", "Nguyễn Thị Hòa", "15/08/1987", "TRẦN THỊ B"), ("", "", "", "", ""),
             ("2", "16/1999", "LÊ VĂN TÁM", "1.2.1988", ""), ("3", "99/1999", "X", "", "")]  # fmt: skip
    spreadsheets.write_xlsx(sheet, headers, [dict(zip(headers, row, strict=True)) for row in keyed], sheet="DL Import")
    before = sheet.read_bytes()
    ours = [{"so": "15/1999", "nksHoTen": "NGUYỄN THỊ HOÀ", "nksNgaySinh": "1987-08-15"},
            {"so": "16/1999", "nksHoTen": "LÊ VĂN NĂM", "nksNgaySinh": "1988-02-01", "meHoTen": "BÀN THỊ C"},
            {"so": "17/1999", "nksHoTen": "Y"}]  # fmt: skip
    found = moj.compare(sheet, "KS/1999/01", ours)
    assert found == [
        Difference(so="15/1999", row=0, column="nksHoTen", kind="accents", ours="NGUYỄN THỊ HOÀ"),
        Difference(so="16/1999", row=1, column="nksHoTen", kind="differs", ours="LÊ VĂN NĂM"),
        Difference(so="16/1999", row=1, column="meHoTen", kind="differs", ours="BÀN THỊ C"),
        Difference(so="99/1999", row=2, column="so", kind="only_in_sheet"),
        Difference(so="17/1999", row=None, column="so", kind="only_on_page"),
    ]
    moj.mark(sheet, marked, found)
    assert sheet.read_bytes() == before
    page = load_workbook(marked)["DL Import"]
    cell = page["C4"]
    assert (cell.value, cell.fill.start_color.rgb, cell.comment.text) == ("LÊ VĂN TÁM", "00FFFF00", "LÊ VĂN NĂM")
    assert page["C2"].fill.start_color.rgb == "00BDD7EE"
    assert page["D2"].fill.fill_type is None
    assert spreadsheets.read(marked) == spreadsheets.read(sheet)


def test_a_sheet_without_numbers_is_refused(tmp_path: Path) -> None:
    spreadsheets.write_xlsx(tmp_path / "a.xlsx", ["ten"], [{"ten": "x"}])
    with pytest.raises(UsageError):
        moj.compare(tmp_path / "a.xlsx", "KS/1999/01", [])

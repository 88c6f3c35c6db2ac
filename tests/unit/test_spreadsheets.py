"""CSV and XLSX: text stays text, files of any office are read, anything else says how to save one."""

from __future__ import annotations

from pathlib import Path

import pytest
from openpyxl import load_workbook

from digitizer import spreadsheets
from digitizer.errors import UnsupportedFormat


def test_a_formula_stays_text(tmp_path: Path) -> None:
    spreadsheets.write_xlsx(tmp_path / "a.xlsx", ["x"], [{"x": "=1+1"}])
    assert load_workbook(tmp_path / "a.xlsx").active["A2"].data_type == "s"


@pytest.mark.parametrize("text", ["mã;tên\n01;Hoà\n", "mã,tên\n01,Hoà\n", "\ufeffmã\ttên\r\n01\tHoà\r\n"])
def test_csv_of_any_office_is_read(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.csv").write_text(text, encoding="utf-8", newline="")
    assert spreadsheets.read(tmp_path / "a.csv") == [{"mã": "01", "tên": "Hoà"}]


@pytest.mark.parametrize("content", [b"not a zip", b"PK\x03\x04 cut"])
def test_what_is_no_table_says_how_to_save_one(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.xlsx").write_bytes(content)
    with pytest.raises(UnsupportedFormat):
        spreadsheets.read(tmp_path / "a.xlsx")


def test_csv_in_another_encoding_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("mã,tên\n".encode("cp1258", errors="replace") + b"\xe3\n")
    with pytest.raises(UnsupportedFormat):
        spreadsheets.read(tmp_path / "a.csv")

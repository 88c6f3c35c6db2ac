"""Pages of books -> records: stacked, over two pages, one a row, cancelled; covers and closing statements hold none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from digitizer.doctypes import DocType, read
from digitizer.extract import extract
from digitizer.extract.records import book_values, cases
from digitizer.model import Box, Document, Mark, PageText, Record
from tests.unit.builders import OURS, RECORD, page_of

BIRTHS, DEATHS = OURS["birth_register"], OURS["death_register"]
OTHER = (
    "Số: 42/2018 Quyển số: 01/2018 Ngày, tháng, năm đăng ký: 08/05/2018",
    RECORD[1],
    "Họ, chữ đệm, tên: MA VĂN BÌNH",
    *RECORD[3:],
)
TABLE = """name = "copies"
title = ["Sổ cấp bản sao"]
book = true
own = ["loại bản sao trích lục"]
field = [
  { name = "so", type = "register_number", column = ["STT"] },
  { name = "ngayCap", type = "date", column = ["Ngày, tháng, năm cấp"] },
  { name = "nycHoTen", type = "signer", column = ["Họ, chữ đệm, tên người yêu cầu"] },
  { name = "nycSoGiayToTuyThan", type = "id_number", part_of = "nycHoTen" },
  { name = "ghiChu", type = "notes", column = ["Ghi chú"] },
]
"""


def records(*pages: PageText, doctype: str = "birth_register") -> tuple[Record, ...]:
    document = Document(id="b/0", pages=tuple(range(len(pages))), texts=tuple(range(len(pages))), doctype=doctype, score=1)
    return extract(document, pages, doctypes=OURS)


def values(record: Record) -> dict[str, object]:
    return {field.name: field.value for field in record.fields}


def test_stacked_records_part_at_their_number_lines_and_share_the_page_number() -> None:
    first, second = records(page_of(*RECORD, *OTHER, "Trang số: 21"))
    assert (values(first)["nksHoTen"], values(second)["nksHoTen"]) == ("LÝ THỊ MAI", "MA VĂN BÌNH")
    assert (values(first)["so"], values(second)["so"]) == ("41/2018", "42/2018")
    assert values(first)["trangSo"] == values(second)["trangSo"] == "21"


def test_a_record_whose_number_was_not_read_begins_at_its_heading() -> None:
    found = records(page_of(*RECORD, *OTHER[1:]))
    assert [values(record).get("so") for record in found] == ["41/2018", None]
    assert values(found[1])["nksHoTen"] == "MA VĂN BÌNH"


def test_a_record_begins_at_its_number_whatever_was_read_beside_it() -> None:
    worn = (("Số: 42/2018", 100), ("Quyh số: 01/201", 500), ("Ngà đăn kýh 08/05/2018", 900))
    found = records(page_of(*RECORD, worn, *OTHER[2:]))
    assert [values(record)["nksHoTen"] for record in found] == ["LÝ THỊ MAI", "MA VĂN BÌNH"]


def test_a_record_goes_on_over_the_next_page() -> None:
    (record,) = records(page_of(*RECORD[:5]), page_of(*RECORD[5:]))
    assert values(record)["chaHoTen"] == "LÝ VĂN A"


def test_a_page_that_begins_a_record_of_its_own_continues_none() -> None:
    assert len(records(page_of(*RECORD), page_of(*RECORD[1:]))) == 2


def test_a_cover_holds_no_record_and_speaks_for_the_book() -> None:
    cover = page_of(
        "SỔ ĐĂNG KÝ KHAI SINH",
        "Cơ quan đăng ký hộ tịch: Ủy ban nhân dân xã Tú Thịnh",
        "Quyển số: 01/2018",
        "Mở ngày: 02/01/2018",
        "Khóa ngày: 31/12/2018",
    )
    assert cases([(0, cover)], BIRTHS) == []
    stated = {name: found.raw for name, found in book_values([(0, cover)], BIRTHS).items()}
    assert stated == {"quyenSo": "01/2018", "noiDangKy": "Ủy ban nhân dân xã Tú Thịnh"}
    (record,) = records(cover, page_of(*RECORD))
    office = next(field for field in record.fields if field.name == "noiDangKy")
    assert (office.value, office.by) == ("Ủy ban nhân dân xã Tú Thịnh", "book")


def test_a_closing_statement_holds_no_record() -> None:
    closing = page_of("Khóa sổ ngày 31/12/2018", "Tổng số trang: 120 trang", "Tổng số sự kiện đã đăng ký: 118 trường hợp")
    assert cases([(0, closing)], BIRTHS) == []


def test_a_cancelled_record_stays_and_goes_to_a_person() -> None:
    (record,) = records(page_of(*RECORD, "Hủy"))
    assert [reason.code for reason in record.reasons if reason.code == "cancelled"] == ["cancelled"]
    assert values(record)["so"] == "41/2018"


def test_a_stroke_cancels_the_record_it_runs_through() -> None:
    struck = replace(page_of(*RECORD, *OTHER), marks=(Mark(kind="strike", box=Box(100, 110, 900, 400)),))
    found = records(struck)
    assert [[reason.code for reason in record.reasons].count("cancelled") for record in found] == [1, 0]


def table(tmp_path: Path) -> DocType:
    (tmp_path / "copies.toml").write_text(TABLE, encoding="utf-8")
    return read(tmp_path / "copies.toml")


def test_a_wide_table_has_a_record_a_row(tmp_path: Path) -> None:
    page = page_of(
        (("STT", 100), ("Ngày, tháng,", 200), ("Họ, chữ đệm, tên", 500), ("Ghi chú", 1300)),
        (("năm cấp", 220), ("người yêu cầu", 520)),
        (("(1)", 100), ("(2)", 260), ("(3)", 600), ("(4)", 1320)),
        (("01", 100), ("05/01/2022", 210), ("Lò Thị Hoa, CCCD", 480)),
        (("số 008190012345", 480),),
        (("02", 100), ("06/01/2022", 210), ("Ma Văn Bình", 480), ("Cấp lại", 1300)),
    )
    doctype = table(tmp_path)
    document = Document(id="b/0", pages=(0,), texts=(0,), doctype="copies", score=1)
    first, second = extract(document, [page], doctypes={"copies": doctype})
    assert values(first) == {"so": "01", "ngayCap": "2022-01-05", "nycHoTen": "Lò Thị Hoa", "nycSoGiayToTuyThan": "008190012345"}
    assert (values(second)["so"], values(second)["nycHoTen"], values(second)["ghiChu"]) == ("02", "Ma Văn Bình", ("Cấp lại",))


def test_text_across_two_cells_is_cut_at_the_column(tmp_path: Path) -> None:
    page = page_of(
        (("STT", 100), ("Ngày, tháng, năm cấp", 200), ("Họ, chữ đệm, tên người yêu cầu", 500), ("Ghi chú", 1300)),
        (("7", 100), ("05/01/2022 ........... Lò Thị Hoa", 210)),
    )
    document = Document(id="b/0", pages=(0,), texts=(0,), doctype="copies", score=1)
    (record,) = extract(document, [page], doctypes={"copies": table(tmp_path)})
    assert values(record)["ngayCap"] == "2022-01-05"
    assert values(record)["nycHoTen"] == "Lò Thị Hoa"

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial
from io import BytesIO

import numpy as np
import pikepdf
import pytest
import zxingcpp

from training.drawing import books, card, cases, files, paper, registers, scans, sheets, truth
from training.drawing.fonts import Fonts
from training.drawing.forms import Form
from training.drawing.marks import seal

DPI = 60
#: fields whose words do not stand side by side on paper
BROKEN = ("nktGioPhutChet", "nksGioSinh", "coQuanBanHanh", "coQuanCap")


def draw_birth(fonts: Fonts, rng: np.random.Generator) -> Form:
    return registers.page(fonts, cases.birth(rng, date(2018, 5, 7), 41), rng, dpi=DPI)


def draw_sheet(kind: str, fonts: Fonts, rng: np.random.Generator, when: date = date(2018, 5, 7)) -> Form:
    drawn = sheets.SHEETS[kind]
    return drawn.draw(fonts, drawn.event(rng, when, 4, None), rng, dpi=DPI, how=drawn.how)


def draw_book(kind: str, fonts: Fonts, rng: np.random.Generator, year: int = 2018) -> Form:
    return books.one(fonts, kind, books.BOOKS[kind].event(rng, date(year, 5, 7), 4, None), rng, dpi=DPI)


SHEETS: dict[str, Callable[[Fonts, np.random.Generator], Form]] = {
    "old_birth_register": lambda f, r: registers.page(
        f, cases.birth(r, date(2009, 5, 7), 4), r, dpi=DPI, body=registers.old_birth_body
    ),
    **{kind: partial(draw_sheet, kind) for kind in sheets.SHEETS},
    **{kind: partial(draw_book, kind) for kind, book in books.BOOKS.items() if book.body is not None},
    "old_marriage_register": partial(draw_book, "marriage_register", year=2010),
    "old_death_register": partial(draw_book, "death_register", year=2010),
    "new_citizen_card": partial(draw_sheet, "citizen_id_card", when=date(2025, 1, 6)),
    "new_land_certificate": partial(draw_sheet, "land_certificate", when=date(2025, 1, 6)),
}


@pytest.fixture(scope="module")
def drawn(fonts: Fonts) -> dict[str, Form]:
    """Every kind of sheet once; the tests only look at them."""
    return {name: draw(fonts, np.random.default_rng(7)) for name, draw in SHEETS.items()}


@pytest.mark.parametrize("name", ["birth_register", "birth_certificate"])
def test_the_same_seed_gives_the_same_bytes(fonts: Fonts, drawn: dict[str, Form], name: str) -> None:
    rng = np.random.default_rng(7)
    again = SHEETS[name](fonts, rng).sheet
    assert np.array_equal(again.pixels, drawn[name].sheet.pixels)
    one, two = (files.jpeg(scans.scan(again, np.random.default_rng(1), "hard")) for _ in range(2))
    assert one == two


def test_another_seed_gives_another_page(fonts: Fonts, drawn: dict[str, Form]) -> None:
    one, two = drawn["birth_register"].sheet.pixels, draw_birth(fonts, np.random.default_rng(2)).sheet.pixels
    assert one.shape != two.shape or not np.array_equal(one, two)


@pytest.mark.parametrize("name", SHEETS)
def test_every_printed_value_is_in_the_text(drawn: dict[str, Form], name: str) -> None:
    form = drawn[name]
    text = " ".join(line.text for line in form.sheet.reading())
    raw = form.record()["raw"]
    assert isinstance(raw, dict) and len(raw) >= 3
    for field, value in raw.items():
        words = value.split() if field in BROKEN else [value]
        assert all(word in text for word in words), f"{field}: {value}"


@pytest.mark.parametrize("name", SHEETS)
def test_lines_lie_on_the_sheet_and_hold_ink(drawn: dict[str, Form], name: str) -> None:
    sheet = drawn[name].sheet
    for line in sheet.reading():
        x0, y0, x1, y1 = line.box
        assert 0 <= x0 < x1 <= sheet.width and 0 <= y0 < y1 <= sheet.height, line.text
        assert sheet.pixels[y0:y1, x0:x1].min() < 190


def test_what_a_pen_wrote_is_marked(fonts: Fonts, rng: np.random.Generator, drawn: dict[str, Form]) -> None:
    by_hand = drawn["birth_register"].record()
    typed = registers.page(fonts, cases.birth(rng, date(2018, 5, 7), 41), rng, dpi=DPI, how="printer").record()
    assert "nksHoTen" in by_hand["hand"] and typed["hand"] == ["nycHoTen", "nguoiThucHien"]  # type: ignore[operator]


def test_the_left_page_is_read_before_the_right(drawn: dict[str, Form]) -> None:
    left, right = drawn["birth_register"].sheet, drawn["death_register"].sheet
    lines = paper.spread(left, right).reading()
    assert [line.text for line in lines] == [line.text for line in (*left.reading(), *right.reading())]
    assert lines[-1].box[0] >= left.width


def test_a_cancelled_record_says_so(fonts: Fonts, rng: np.random.Generator) -> None:
    form = draw_birth(fonts, rng)
    before = form.sheet.pixels.copy()
    registers.cancel(form)
    assert "Hủy" in [line.text for line in form.sheet.reading()]
    assert (before != form.sheet.pixels).any()


def test_a_card_can_be_read_back(fonts: Fonts, rng: np.random.Generator) -> None:
    form = card.citizen_id_card(fonts, cases.single(rng, date(2022, 8, 7), 1), rng, dpi=200)
    form.sheet.pixels = form.sheet.pixels[:800, 300:1300]
    scanned = scans.scan(form.sheet, rng, "office", effects=("grey photocopy",))
    assert [code.text for code in zxingcpp.read_barcodes(scanned.pixels)] == [form.marks["qr"]]


def test_a_seal_is_round(fonts: Fonts, rng: np.random.Generator) -> None:
    mask = seal(fonts, fonts.family("Arimo"), "ABC ★ ", 120, rng)
    corner = mask[:12, :12]
    assert mask.shape == (120, 120) and not corner.any() and mask.max() > 150


def test_a_pdf_repeats_and_opens(drawn: dict[str, Form], rng: np.random.Generator) -> None:
    scanned = scans.scan(drawn["decision"].sheet, rng, "office")
    content = files.pdf([scanned, scanned])
    with pikepdf.open(BytesIO(content)) as pdf:
        assert len(pdf.pages) == 2
        wide = float(pdf.pages[0].mediabox[2])
        assert pdf.pages[1].get_images()["/Im0"].Width == scanned.pixels.shape[1]
    assert wide == pytest.approx(scanned.pixels.shape[1] * 72 / DPI, abs=0.01)
    assert content == files.pdf([scanned, scanned])


def test_truth_lines_follow_the_sheet_into_the_scan(drawn: dict[str, Form], rng: np.random.Generator) -> None:
    sheet = drawn["birth_register"].sheet
    page = truth.page(sheet, scans.scan(sheet, rng, "hard", rotation=90))
    lines = truth.lines(page)
    assert len(lines) == len(page.lines) and any(line["hand"] for line in lines)
    height, width = page.scan.pixels.shape[:2]
    quads = np.array([line["quad"] for line in lines])
    assert quads.min() > 0 and quads[..., 0].max() < width and quads[..., 1].max() < height


def test_the_records_of_a_table_and_of_a_stack_are_all_in_the_text(fonts: Fonts, rng: np.random.Generator) -> None:
    for kind, draw in (("copies_register", books.table), ("birth_register", books.table), ("death_register", books.stacked)):
        entries = books.several(kind, rng, date(1998, 5, 7), 11, 3)
        drawn = draw(fonts, kind, entries, rng, dpi=DPI)  # type: ignore[operator]
        sheet, records = (
            (drawn.sheet, drawn.records) if isinstance(drawn, books.Drawn) else (drawn[0], [f.record() for f in drawn[1]])
        )
        text = " ".join(line.text for line in sheet.reading())
        assert [r["fields"]["so"] for r in records] == [case.values["so"] for case in entries]  # type: ignore[index]
        assert all(word in text for r in records for raw in r["raw"].values() for word in raw.split())  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", books.BOOKS)
def test_a_cover_names_the_book_and_the_closing_its_totals(fonts: Fonts, rng: np.random.Generator, kind: str) -> None:
    case = books.BOOKS[kind].event(rng, date(2018, 5, 7), 4, None)
    text = " ".join(line.text for line in books.cover(fonts, kind, case, rng, dpi=DPI).reading())
    assert books.BOOKS[kind].title in text and "Quyển số" in text
    end = " ".join(line.text for line in books.closing(fonts, case, rng, dpi=DPI, pages=20, entries=18).reading())
    assert "20 trang" in end and "18 trường hợp" in end

"""Text that PDFs bring along: used where it is right, read again where it is hidden or wrong, and what comes out copies right."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from importlib.resources import files
from pathlib import Path

import numpy as np
import pymupdf
import pytest
from fontTools.ttLib import TTFont
from PIL import Image, ImageDraw

from digitizer import legacy_encodings
from digitizer.model import Digitized, EmbeddedTextFate, Line, Page, Source
from digitizer.pipeline import Tools, finish, read_pages, render_files
from digitizer.settings import PageOptions
from tests.unit.builders import line
from tests.unit.test_legacy_encodings import utf8_twice, viqr, vni
from tests.validators import findings

ROWS = (
    "GIẤY CHỨNG NHẬN KẾT HÔN",
    "Họ, chữ đệm, tên chồng: Đặng Văn Ẩn",
    "Họ, chữ đệm, tên vợ: Nguyễn Thị Ượng",
    "Nơi đăng ký: Ủy ban nhân dân xã Lũng Giềng",
)
SEEN = "Chữ do máy đọc từ ảnh trang"
FONT = (files("digitizer.output") / "stamp.ttf").read_bytes()
Draw = Callable[[pymupdf.Page], None]


class Engine:
    """Sees what a test says, a row each time it is shown a line, and counts how often it looks at a whole page."""

    fingerprint = "eye"
    models: Mapping[str, str] = {}

    def __init__(self, *rows: str) -> None:
        self.rows, self.looks, self.glances = rows or (SEEN,), 0, 0

    def read(self, page: Page) -> tuple[Line, ...]:
        self.looks += page.source != ""  # a part of a page has no source
        return tuple(line(row, x=40, y=1000 + 60 * n, confidence=0.97) for n, row in enumerate(self.rows))

    def read_line(self, pixels: object) -> str:
        self.glances += 1
        return self.rows[(self.glances - 1) % len(self.rows)]


def drawn(path: Path, *draw: Draw) -> Path:
    """A page of A5 for each of `draw`."""
    with pymupdf.open() as pdf:
        for one in draw:
            one(pdf.new_page(width=420, height=595))
        pdf.save(path, garbage=3, deflate=True)
    return path


def words(*rows: str, font: bytes = FONT, mode: int = 0, colour: tuple[float, ...] = (0, 0, 0), top: float = 60) -> Draw:
    def draw(page: pymupdf.Page) -> None:
        page.insert_font(fontname="F0", fontbuffer=font)
        for number, row in enumerate(rows):
            page.insert_text((40, top + 24 * number), row, fontname="F0", fontsize=11, render_mode=mode, color=colour)

    return draw


def picture(page: pymupdf.Page) -> None:
    """A scan that fills the page."""
    image, spoken = (
        Image.new("L", (840, 1190), 255),
        ["lorem", "ipsum", "dolor", "sit", "amet", "consetetur", "sadipscing", "elitr", "sed", "diam", "nonumy", "eirmod"],
    )
    for row in range(20):
        said = " ".join(spoken[(5 * row + 3 * n) % len(spoken)] for n in range(6))
        ImageDraw.Draw(image).text((80, 120 + 50 * row), said, fill=0, font_size=24)
    data = io.BytesIO()
    image.save(data, "JPEG", quality=90)
    page.insert_image(page.rect, stream=data.getvalue())


def both(*draw: Draw) -> Draw:
    def all_of(page: pymupdf.Page) -> None:
        for one in draw:
            one(page)

    return all_of


def done(path: Path, engine: Engine, mode: str = "redo") -> tuple[Digitized, list[str]]:
    """(result, what each page copies as in MuPDF, row by row joined by spaces)."""
    tools = Tools(engine=engine, doctypes={}, doctypes_digest="", pages=PageOptions(mode=mode, render_dpi=200))
    source = Source(id="5" * 64, key="", media_type="application/pdf", size=1)
    out = path.parent / "out"
    out.mkdir(exist_ok=True)
    with pymupdf.open(path) as pdf:
        scans = range(len(pdf))
    readings = [(reading.scan, reading) for reading in read_pages(path, source=source.id, scans=scans, tools=tools)]
    result = finish(bundle=source.id, sources=(source,), readings=readings, tools=tools)
    render_files(result, {source.id: path}, name="a", into=out, tools=tools)
    with pymupdf.open(out / "a.pdf") as pdf:
        return result, [" ".join(page.get_text().split()) for page in pdf]


def said(result: Digitized, page: int = 0) -> list[str]:
    return [line.text for line in result.pages[page].lines]


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["redo", "skip"])
def test_text_of_a_born_digital_page_is_what_was_read(tmp_path: Path, mode: str) -> None:
    engine = Engine()
    result, copied = done(drawn(tmp_path / "a.pdf", words(*ROWS)), engine, mode)
    assert (said(result), copied[0], engine.looks) == (list(ROWS), " ".join(ROWS), 0)
    page = result.pages[0]
    assert (page.embedded_text_fate, {row.by for row in page.lines}) == (EmbeddedTextFate.KEPT, {"pdf"})
    assert all(row.confidence == 1 and "".join(k.char for k in row.letters) == row.text for row in page.lines)
    assert findings(tmp_path / "out" / "a.pdf") == []


@pytest.mark.slow
def test_words_stand_where_the_pdf_draws_them(tmp_path: Path) -> None:
    with pymupdf.open(drawn(tmp_path / "a.pdf", words(*ROWS))) as pdf:
        pdf[0].set_rotation(90)
        pdf.save(tmp_path / "b.pdf")
    result, _ = done(tmp_path / "b.pdf", Engine())
    page = result.pages[0]
    box = page.lines[0].words[0].box
    (x0, y0), (x1, y1) = page.to_scan.points(np.array([[box.x0, box.y0], [box.x1, box.y1]]))
    # drawn at (40, 60) with letters of 11 points; turned by 90 degrees the top of the page is its right side
    assert sorted((x0, x1)) == pytest.approx([(595 - 62.2) * 200 / 72, (595 - 51.2) * 200 / 72], abs=2)
    assert min(y0, y1) == pytest.approx(40 * 200 / 72, abs=2)


@pytest.mark.slow
def test_forced_a_page_is_a_picture_that_is_read(tmp_path: Path) -> None:
    engine = Engine()
    result, copied = done(drawn(tmp_path / "a.pdf", words(*ROWS)), engine, "force")
    assert (said(result), copied, engine.looks) == ([SEEN], [SEEN], 1)


# --- hidden layers --------------------------------------------------------------------------------------------------


def in_a_form(text: Draw) -> Draw:
    """A text layer that is a form of its own, as OCRmyPDF leaves it."""

    def draw(page: pymupdf.Page) -> None:
        with pymupdf.open() as layer:
            text(layer.new_page(width=420, height=595))
            page.show_pdf_page(page.rect, layer, 0)

    return draw


@pytest.mark.slow
def test_a_hidden_layer_is_read_again_and_replaced(tmp_path: Path) -> None:
    invisible, under = both(picture, words(*ROWS, mode=3)), both(words(*ROWS), picture)
    engine = Engine()
    result, copied = done(drawn(tmp_path / "a.pdf", invisible, under, both(picture, in_a_form(words(*ROWS, mode=3)))), engine)
    assert [said(result, page) for page in range(3)] == [[SEEN]] * 3
    assert (copied, engine.looks) == ([SEEN] * 3, 3)


@pytest.mark.slow
def test_a_wrong_hidden_layer_is_read_again_even_when_layers_are_believed(tmp_path: Path) -> None:
    layers = (
        ("CONG HOA XA HQI CHU NGHIA VIET NAM", "Doc lap Tu do Hanh phuc"),
        ("Ć0NG H04 X4 H0| CHU NGHl4 V|ET N4M",),
        ("one two three four",),
    )
    engine = Engine()
    result, copied = done(drawn(tmp_path / "a.pdf", *(both(picture, words(*rows, mode=3)) for rows in layers)), engine, "skip")
    assert [said(result, page) for page in range(3)] == [[SEEN]] * 3
    assert (copied, engine.looks) == ([SEEN] * 3, 3)


@pytest.mark.slow
def test_a_good_hidden_layer_is_believed_when_asked_for_but_no_value_is_accepted_on_it(tmp_path: Path) -> None:
    engine = Engine()
    result, copied = done(drawn(tmp_path / "a.pdf", both(picture, words(*ROWS, mode=3))), engine, "skip")
    assert (said(result), copied, engine.looks) == (list(ROWS), [" ".join(ROWS)], 0)
    assert all((row.confidence < 0.9, row.by) == (True, "pdf") for row in result.pages[0].lines)


@pytest.mark.slow
def test_what_nobody_can_see_is_not_read(tmp_path: Path) -> None:
    engine = Engine()
    result, _ = done(
        drawn(tmp_path / "a.pdf", both(words(*ROWS), words("Họ tên giả mạo: Trần Văn Dối", colour=(1, 1, 1), top=300))), engine
    )
    assert said(result) == list(ROWS)


# --- old encodings --------------------------------------------------------------------------------------------------


def font_of_tcvn3(name: str) -> bytes:
    """Our font with the letters of TCVN3 drawn at their places, as the fonts of that time had them."""
    font = TTFont(io.BytesIO(FONT))
    known = font.getBestCmap()
    letters = {ord(code): ord(letter) for code, letter in legacy_encodings._TCVN3.items() if 0xA1 <= ord(code) <= 0xFF}
    places = {code: known[letter] for code, letter in letters.items() if letter in known}
    ascii_only = {code: glyph for code, glyph in known.items() if code < 0x80}
    for table in font["cmap"].tables:
        table.cmap = {**ascii_only, **places}
    for record in font["name"].names:
        if record.nameID in (1, 4, 6):
            record.string = name.encode(record.getEncoding())
    data = io.BytesIO()
    font.save(data)
    return data.getvalue()


def latin() -> bytes:
    """A font with every letter of Windows-1252."""
    return bytes(pymupdf.Font("helv").buffer)


def in_tcvn3(text: str) -> str:
    """As typed then: accented capitals, which TCVN3 fonts lack, in lower case."""
    codes = {letter: code for code, letter in legacy_encodings._TCVN3.items() if 0xA1 <= ord(code) <= 0xFF}
    lower = "".join(c if c in codes or c.isascii() else c.lower() for c in text)
    return "".join(codes.get(c, c) for c in lower)


@pytest.mark.slow
def test_a_page_in_tcvn3_is_converted_and_copies_as_unicode(tmp_path: Path) -> None:
    engine = Engine()
    font = font_of_tcvn3(".VnTime")
    result, copied = done(drawn(tmp_path / "a.pdf", words(*(in_tcvn3(row) for row in ROWS), font=font)), engine)
    lower = [" ".join(legacy_encodings.converted(word, "tcvn3") for word in in_tcvn3(row).split()) for row in ROWS]
    assert (said(result), engine.looks) == (lower, 0)
    assert copied == [" ".join(lower)]
    assert [(p.code, p.facts) for p in result.problems] == [("legacy_text", {"encoding": "tcvn3"})]
    assert findings(tmp_path / "out" / "a.pdf") == []


@pytest.mark.slow
def test_capitals_of_tcvn3_have_a_font_of_their_own(tmp_path: Path) -> None:
    capitals = words(in_tcvn3(ROWS[0].lower()), font=font_of_tcvn3(".VnTimeH"))

    def rest(page: pymupdf.Page) -> None:
        page.insert_font(fontname="F1", fontbuffer=font_of_tcvn3(".VnTime"))
        for number, row in enumerate(ROWS[1:]):
            page.insert_text((40, 90 + 24 * number), in_tcvn3(row), fontname="F1", fontsize=11)

    result, _ = done(drawn(tmp_path / "a.pdf", both(capitals, rest)), Engine())
    assert said(result)[0] == ROWS[0]


@pytest.mark.slow
def test_other_old_encodings_are_converted_page_by_page(tmp_path: Path) -> None:
    # what Windows has no letter for is lost when UTF-8 is shown as Windows-1252, so no à, ọ, ề, ỏ here
    rows = ("Cộng hòa xã hội chủ nghĩa Việt Nam", "Nguyễn Thị Ượng", "Ủy ban nhân dân xã Cẩm Sơn")
    engine, ways = Engine(), {"vni": vni, "viqr": viqr, "utf8_twice": utf8_twice}
    pages = [words(*(write(row) for row in rows), font=latin()) for write in ways.values()]
    result, copied = done(drawn(tmp_path / "a.pdf", *pages), engine)
    assert [said(result, page) for page in range(3)] == [list(rows)] * 3
    assert (copied, engine.looks) == ([" ".join(rows)] * 3, 0)
    assert [p.facts["encoding"] for p in result.problems if p.code == "legacy_text"] == list(ways)


# --- neither good nor bad -------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rows", "seen"),
    [
        (
            ("Certificate of birth", "Name: Jean Dupont, born in Lyon"),
            ("Certificate of birth", "Name: lean Dupont, born in Lyon"),
        ),
        (("Hello, World!",), ("Hello, Norldị",)),
        (("Page 3 of 12",), ("Page 3 of 12",)),
    ],
)
def test_text_in_another_language_is_believed_when_the_engine_sees_its_letters(
    tmp_path: Path, rows: tuple[str, ...], seen: tuple[str, ...]
) -> None:
    engine = Engine(*seen)
    result, copied = done(drawn(tmp_path / "a.pdf", words(*rows)), engine)
    assert (said(result), copied, engine.looks) == (list(rows), [" ".join(rows)], 0)
    assert (result.pages[0].embedded_text_fate, result.pages[0].blank) == (EmbeddedTextFate.KEPT, False)


@pytest.mark.slow
@pytest.mark.parametrize("text", ["Giấy khai sinh", "bản sao", "Số: 12/2018"])
def test_a_few_words_in_an_unknown_font_of_old_are_read_again(tmp_path: Path, text: str) -> None:
    engine = Engine(text)
    result, copied = done(drawn(tmp_path / "a.pdf", words(in_tcvn3(text), font=font_of_tcvn3("Strange"))), engine)
    assert (said(result), copied) == ([text], [text])
    assert engine.looks >= 1
    assert "wrong_text" in {p.code for p in result.problems}


@pytest.mark.slow
def test_text_that_copies_as_something_else_is_read_and_its_page_becomes_a_picture(tmp_path: Path) -> None:
    engine = Engine(*ROWS)
    shifted = [row.translate({c: c + 1 for c in range(ord("A"), ord("y"))}) for row in ROWS]
    result, copied = done(drawn(tmp_path / "a.pdf", words(*shifted)), engine)
    assert (said(result), copied) == (list(ROWS), [" ".join(ROWS)])
    # the lines that this engine sees lie beside the ink
    assert {p.code for p in result.problems} == {"wrong_text", "unread_ink"}


@pytest.mark.slow
def test_words_that_lie_over_one_another_are_read_again(tmp_path: Path) -> None:
    """As in a PDF whose fonts, and with them the widths of its letters, are damaged: every word is good, their order is not."""

    def draw(page: pymupdf.Page) -> None:
        page.insert_font(fontname="F0", fontbuffer=FONT)
        for row, text in enumerate(ROWS):
            for place, word in enumerate(text.split()):
                page.insert_text((40 + 9 * place, 60 + 24 * row), word, fontname="F0", fontsize=11)

    engine = Engine(*ROWS)
    result, copied = done(drawn(tmp_path / "a.pdf", draw), engine)
    assert (said(result), copied, engine.looks) == (list(ROWS), [" ".join(ROWS)], 1)
    assert (result.pages[0].embedded_text_fate, {row.by for row in result.pages[0].lines}) == (EmbeddedTextFate.PICTURED, {"ocr"})


@pytest.mark.slow
def test_a_scan_with_a_stamp_in_letters_has_both_once(tmp_path: Path) -> None:
    stamp = "Bản sao điện tử, Ủy ban nhân dân xã Lũng Giềng ký số"
    engine = Engine(SEEN)
    result, copied = done(drawn(tmp_path / "a.pdf", both(picture, words(stamp, top=30))), engine)
    assert sorted(said(result)) == sorted([stamp, SEEN])
    assert engine.looks == 1
    assert sorted(copied[0].split()) == sorted(f"{stamp} {SEEN}".split())


@pytest.mark.slow
def test_values_of_a_form_are_read_and_stay(tmp_path: Path) -> None:
    def draw(page: pymupdf.Page) -> None:
        words(*ROWS)(page)
        box = pymupdf.Widget()
        box.field_type, box.field_name, box.field_value = pymupdf.PDF_WIDGET_TYPE_TEXT, "so", "12/2018"
        box.rect = pymupdf.Rect(40, 200, 200, 220)
        page.add_widget(box)

    result, copied = done(drawn(tmp_path / "a.pdf", draw), Engine())
    assert "12/2018" in said(result)
    assert "12/2018" in copied[0]
    written = json.loads((tmp_path / "out" / "a.json").read_text(encoding="utf-8"))
    assert [p["facts"]["kinds"] for p in written["problems"] if p["code"] == "active_removed"] == ["forms"]


@pytest.mark.slow
def test_each_page_of_a_file_is_treated_by_itself(tmp_path: Path) -> None:
    engine = Engine()
    path = drawn(tmp_path / "a.pdf", words(*ROWS), picture, both(picture, words(*ROWS, mode=3)))
    result, copied = done(path, engine)
    assert [page.embedded_text_fate for page in result.pages] == [
        EmbeddedTextFate.KEPT,
        EmbeddedTextFate.NONE,
        EmbeddedTextFate.REPLACED,
    ]
    assert (copied, engine.looks) == ([" ".join(ROWS), SEEN, SEEN], 2)

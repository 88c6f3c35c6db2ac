"""The searchable PDF: images as they came, text where it stands, and what copies back."""

from __future__ import annotations

import hashlib
import io
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import numpy as np
import pikepdf
import pymupdf
import pytest
from numpy.typing import NDArray
from pikepdf import Name
from PIL import Image

from digitizer.errors import DamagedFile
from digitizer.model import Box, EmbeddedTextFate, Problem, Quality, Warp
from digitizer.output import PdfStyle, render
from tests.unit.output.builders import (
    WORDS,
    H,
    W,
    copied,
    hashed,
    jpeg,
    picture,
    rendered,
    result_of,
    shown,
    stored,
    text_of,
    written,
)
from tests.validators import findings


def test_a_jpeg_passes_through_unchanged(tmp_path: Path) -> None:
    path = jpeg(tmp_path)
    pdf, _ = rendered(tmp_path, path, "image/jpeg")
    assert stored(pdf) == path.read_bytes()
    with pymupdf.open(pdf) as opened:
        assert tuple(opened[0].rect)[2:] == pytest.approx((W * 0.72, H * 0.72), abs=0.01)


@pytest.mark.parametrize("word", WORDS)
def test_vietnamese_copies_back_as_it_was_read(tmp_path: Path, word: str) -> None:
    pdf, result = rendered(tmp_path, jpeg(tmp_path), "image/jpeg")
    assert word in copied(pdf)
    assert [found["text"] for found in result["pages"][0]["lines"]] == list(WORDS)


def test_words_lie_where_they_were_read(tmp_path: Path) -> None:
    pdf, _ = rendered(tmp_path, jpeg(tmp_path), "image/jpeg")
    with pymupdf.open(pdf) as opened:
        words = opened[0].get_text("words")
    first = words[0]
    assert first[4] == "CỘNG"
    assert first[0] == pytest.approx(20 * 0.72, abs=1.5)
    assert (first[1] + first[3]) / 2 == pytest.approx(75 * 0.72, abs=3)


@pytest.mark.parametrize(("colour", "bits"), [(True, 8), (False, 8), (False, 1)])
def test_other_images_lose_nothing(tmp_path: Path, colour: bool, bits: int) -> None:
    path = tmp_path / "a.png"
    picture(colour, bits).save(path)
    pdf, _ = rendered(tmp_path, path, "image/png")
    np.testing.assert_array_equal(shown(pdf), np.asarray(picture(colour, bits)))
    if bits == 1:
        assert len(stored(pdf)) < W * H / 8 * 1.5


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["image/jpeg", "image/png", "image/tiff"])
def test_it_is_pdf_a(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"a.{kind[6:]}"
    picture().save(path)
    pdf, result = rendered(tmp_path, path, kind)
    assert findings(pdf) == []
    assert result["problems"] == []


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    path = jpeg(tmp_path)
    first = rendered(tmp_path, path, "image/jpeg")[0].read_bytes()
    assert rendered(tmp_path, path, "image/jpeg")[0].read_bytes() == first


def test_an_exif_turn_is_undone_by_the_page_not_by_the_image(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    path = jpeg(tmp_path, exif=exif)
    # a decoder shows it turned
    pdf, _ = rendered(tmp_path, path, "image/jpeg", [text_of("", size=(H, W))])
    assert stored(pdf) == path.read_bytes()
    expected = np.asarray(Image.open(path).transpose(Image.Transpose.ROTATE_270)).astype(int)
    assert np.abs(shown(pdf).astype(int) - expected).mean() < 3


@pytest.mark.slow
@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_a_turned_scan_is_shown_upright_and_its_text_reads(tmp_path: Path, rotation: int) -> None:
    path = tmp_path / "a.jpg"
    scanned = picture().rotate(-rotation, expand=True)
    scanned.save(path, quality=95)
    rows = {90: [[0, -1, H], [1, 0, 0]], 180: [[-1, 0, W], [0, -1, H]], 270: [[0, 1, 0], [-1, 0, W]]}[rotation]
    to_scan = Warp(homography=np.array([*rows, [0, 0, 1]], float))
    pdf, _ = rendered(tmp_path, path, "image/jpeg", [text_of("", size=scanned.size, to_scan=to_scan, rotation=rotation)])
    assert np.abs(shown(pdf).astype(int) - np.asarray(picture()).astype(int)).mean() < 4
    with pymupdf.open(pdf) as opened:
        x, y, word = seen_words(opened[0])[0]
    assert word == "CỘNG"
    assert (x, y) == pytest.approx((20 * 0.72, 60 * 0.72), abs=3)


def seen_words(page: pymupdf.Page) -> list[tuple[float, float, str]]:
    """(left, top, word) as a viewer shows the page."""
    found = [(pymupdf.Rect(word[:4]) * page.rotation_matrix, word[4]) for word in page.get_text("words")]
    return [(box.x0, box.y0, word) for box, word in found]


def test_a_skewed_scan_keeps_its_pixels_and_its_lines(tmp_path: Path) -> None:
    angle = np.radians(3)
    to_scan = Warp(homography=np.array([[np.cos(angle), -np.sin(angle), 10], [np.sin(angle), np.cos(angle), 5], [0, 0, 1]]))
    path = jpeg(tmp_path)
    pdf, _ = rendered(tmp_path, path, "image/jpeg", [text_of("", to_scan=to_scan)])
    assert stored(pdf) == path.read_bytes()
    assert all(word in copied(pdf) for word in WORDS)


# --- PDFs in --------------------------------------------------------------------------------------------------------


def scanned_pdf(tmp_path: Path, *, rotate: int = 0, text: str = "", hidden: str = "", embedded: bool = True) -> Path:
    """A page that is one JPEG, perhaps with text over it."""
    path = tmp_path / "in.pdf"
    buffer = io.BytesIO()
    picture().save(buffer, "JPEG", quality=90)
    with pymupdf.open() as pdf:
        page = pdf.new_page(width=W * 0.72, height=H * 0.72)
        page.insert_image(page.rect, stream=buffer.getvalue())
        if embedded:
            page.insert_font(fontname="F0", fontbuffer=(files("digitizer.output") / "stamp.ttf").read_bytes())
        if text:
            page.insert_text((50, 100), text, fontname="F0" if embedded else "helv")
        if hidden:
            page.insert_text((50, 100), hidden, render_mode=3)
        page.set_rotation(rotate)
        pdf.save(path)
    return path


AREA = Box(0, 0, W * 0.72, H * 0.72)


def test_a_pdf_keeps_its_pages_and_gets_text(tmp_path: Path) -> None:
    path = scanned_pdf(tmp_path)
    pdf, _ = rendered(tmp_path, path, "application/pdf", [text_of("", area=AREA)])
    assert stored(pdf) == stored(path)
    assert all(word in copied(pdf) for word in WORDS)


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
def test_text_lies_right_on_a_page_with_a_rotate_flag(tmp_path: Path, rotate: int) -> None:
    size = (H, W) if rotate % 180 else (W, H)
    area = Box(0, 0, size[0] * 0.72, size[1] * 0.72)
    pdf, _ = rendered(tmp_path, scanned_pdf(tmp_path, rotate=rotate), "application/pdf", [text_of("", size=size, area=area)])
    with pymupdf.open(pdf) as opened:
        # words are told as on the page before its /Rotate
        found = {
            word[4]: (pymupdf.Rect(word[:4]) * opened[0].rotation_matrix).normalize() for word in opened[0].get_text("words")
        }
    # lines stand at x 20 and y 60, 120, 180 px of the page as it is shown; 0.72 points a px
    places = {word: (found[word].x0, found[word].y0, found[word].width > found[word].height) for word in ("CỘNG", "Họ,", "Quê")}
    assert places == {
        "CỘNG": (pytest.approx(20 * 0.72, abs=3), pytest.approx(60 * 0.72, abs=5), True),
        "Họ,": (pytest.approx(20 * 0.72, abs=3), pytest.approx(120 * 0.72, abs=5), True),
        "Quê": (pytest.approx(20 * 0.72, abs=3), pytest.approx(180 * 0.72, abs=5), True),
    }


def test_text_of_an_earlier_ocr_is_replaced(tmp_path: Path) -> None:
    path = scanned_pdf(tmp_path, hidden="CONG HOA XA HQI")
    assert "CONG HOA" in copied(path)
    pdf, _ = rendered(tmp_path, path, "application/pdf", [text_of("", area=AREA)])
    assert "CONG HOA" not in copied(pdf)
    assert WORDS[0] in copied(pdf)


def test_a_page_with_text_of_its_own_is_left_alone(tmp_path: Path) -> None:
    path = scanned_pdf(tmp_path, text="Visible text")
    pdf, _ = rendered(tmp_path, path, "application/pdf", [text_of("", area=AREA)])
    assert copied(pdf).split() == ["Visible", "text"]


def test_a_signed_pdf_is_not_altered_by_a_byte(tmp_path: Path) -> None:
    path = scanned_pdf(tmp_path)
    pdf, result = rendered(tmp_path, path, "application/pdf", [text_of("", area=AREA)], signed=True)
    assert pdf.read_bytes() == path.read_bytes()
    assert [p["code"] for p in result["problems"]] == ["signed_unchanged"]
    assert result["pages"][0]["lines"], "its text is in the JSON"


def test_a_pdf_nobody_can_repair_is_built_anew(tmp_path: Path) -> None:
    path = tmp_path / "in.pdf"
    path.write_bytes(b"%PDF-1.4\nno objects at all")
    pixels = np.asarray(picture())
    pdf, result = rendered(tmp_path, path, "application/pdf", [text_of("", area=AREA)], decode=lambda source, scan: pixels)
    assert [p["code"] for p in result["problems"]] == ["pdf_rebuilt"]
    np.testing.assert_array_equal(shown(pdf), pixels)
    assert WORDS[1] in copied(pdf)


@pytest.mark.slow
def test_every_scan_has_a_page_even_one_that_failed(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    picture().save(path, save_all=True, append_images=[picture(), picture()])
    failed = replace(
        text_of("", 1), sheet=None, lines=(), width=0, height=0, quality=Quality(problems=(Problem(code="damaged_file"),))
    )

    def decode(source: str, scan: int) -> NDArray[np.uint8]:
        if scan == 1:
            raise DamagedFile()
        return np.asarray(picture())

    pdf, result = rendered(tmp_path, path, "image/tiff", [text_of(""), failed, text_of("", 2)], decode=decode)
    with pymupdf.open(pdf) as opened:
        assert len(opened) == 3
        assert [bool(page.get_images()) for page in opened] == [True, False, True]
    assert [page["failed"] for page in result["pages"]] == [False, True, False]


def test_both_pages_of_a_spread_are_on_one_page(tmp_path: Path) -> None:
    left = replace(text_of("", words=(WORDS[1],)), part=0)
    right = replace(
        text_of("", words=(WORDS[2],), to_scan=Warp(homography=np.array([[1, 0, 50], [0, 1, 300], [0, 0, 1.0]]))), part=1
    )
    path = jpeg(tmp_path)
    id_ = hashed(path)
    texts = [replace(t, source=id_) for t in (left, right)]
    result = replace(result_of({id_: (path, "image/jpeg")}, texts), positions=(0, 0))
    pdf, _ = render(result, {id_: path}, name="a", into=tmp_path, decode=lambda s, n: np.asarray(picture()))
    with pymupdf.open(pdf.path) as opened:
        assert len(opened) == 1
    assert WORDS[1] in copied(pdf.path)
    assert WORDS[2] in copied(pdf.path)


def test_a_book_of_many_files_is_one_pdf_in_order(tmp_path: Path) -> None:
    first, second = jpeg(tmp_path), scanned_pdf(tmp_path)
    ids = {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in (first, second)}
    texts = [
        text_of(ids[second], area=AREA, words=("trang một",)), text_of(ids[first], words=("trang hai",)),
        text_of(ids[second], area=AREA, words=("trang ba",)),
    ]  # fmt: skip
    result = result_of({ids[second]: (second, "application/pdf"), ids[first]: (first, "image/jpeg")}, texts)
    pdf, _ = render(result, {v: k for k, v in ids.items()}, name="a", into=tmp_path, decode=lambda s, n: np.asarray(picture()))
    assert ["trang một" in copied(pdf.path, 0), "trang hai" in copied(pdf.path, 1), "trang ba" in copied(pdf.path, 2)] == [
        True
    ] * 3


def test_a_page_whose_font_is_not_embedded_becomes_a_picture_and_the_file_pdf_a(tmp_path: Path) -> None:
    path = scanned_pdf(tmp_path, text="Visible text", embedded=False)
    texts = [replace(text_of("", area=AREA), embedded_text_fate=EmbeddedTextFate.KEPT)]
    pixels = np.asarray(picture())
    pdf, result = rendered(tmp_path, path, "application/pdf", texts, decode=lambda source, scan: pixels)
    assert [(p["code"], p["facts"]["pages"]) for p in result["problems"]] == [("pages_pictured", "1")]
    assert findings(pdf) == []
    assert all(word in copied(pdf) for word in WORDS)
    np.testing.assert_array_equal(shown(pdf), pixels)


def test_a_picture_in_jpeg_2000_stays_as_it_is(tmp_path: Path) -> None:
    tile = np.add.outer(np.arange(H) % 200, np.arange(W) % 50).astype(np.uint8)
    path = tmp_path / "a.pdf"
    with pymupdf.open() as drawn:
        page = drawn.new_page(width=W * 0.72, height=H * 0.72)
        Image.fromarray(tile).save(tmp_path / "a.jp2")
        page.insert_image(page.rect, filename=tmp_path / "a.jp2")
        drawn.save(path)
    with pikepdf.open(path) as opened:
        (before,) = opened.pages[0].get_images().values()
        assert before.Filter == Name.JPXDecode
        raw = before.read_raw_bytes()
    pdf, _ = written(tmp_path, texts=[text_of("", area=Box(0, 0, W * 0.72, H * 0.72))], source=(path, "application/pdf"))
    with pikepdf.open(pdf) as opened:
        (after,) = opened.pages[0].get_images().values()
        assert after.read_raw_bytes() == raw


def test_forced_pages_are_pictures_without_the_text_of_the_input(tmp_path: Path) -> None:
    path = tmp_path / "font.pdf"
    with pymupdf.open() as drawn:
        drawn.new_page(width=W * 0.72, height=H * 0.72).insert_text((72, 72), "Sai het", fontsize=20)
        drawn.save(path)
    white = np.full((H, W, 3), 255, np.uint8)
    id_ = hashed(path)
    result = result_of({id_: (path, "application/pdf")}, [text_of(id_, area=Box(0, 0, W * 0.72, H * 0.72))])
    style = PdfStyle(rasterise=True)
    pdf, _ = render(result, {id_: path}, name="a", into=tmp_path, decode=lambda source, scan: white, style=style)
    assert "Sai" not in copied(pdf.path)
    assert " ".join(copied(pdf.path).split()) == " ".join(WORDS)
    assert findings(pdf.path) == []

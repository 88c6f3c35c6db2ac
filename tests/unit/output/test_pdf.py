"""The searchable PDF: images as they came, text where it stands, and what copies back."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import cv2
import jsonschema
import numpy as np
import pikepdf
import pymupdf
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image

from digitizer.errors import DamagedFile
from digitizer.model import Box, Digitized, Line, OldText, PageText, Problem, Quality, Run, Sheet, Source, Warp
from digitizer.output import render, result_json, result_schema
from digitizer.pages import ScanFile
from digitizer.settings import PageOptions
from tests.unit.builders import line, page_of
from tests.validators import findings

WORDS = ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Họ, chữ đệm, tên: Đặng Thị Ngọc Ỷ", "Quê quán: Nậm Đíp, Lũng Giềng (ẵ ặ ỡ ợ ữ ự)")
W, H = 700, 900


def picture(colour: bool = True, bits: int = 8) -> Image.Image:
    down, across = np.mgrid[0:H, 0:W]
    pixels = np.stack([120 + down / 8, 250 - across / 6, 200 + 0 * down], axis=-1).astype(np.uint8)
    pixels[40:200, 60:160] = (220, 30, 40)
    image = Image.fromarray(pixels if colour else np.repeat(pixels[..., :1], 3, 2))
    return image.convert("L").point(lambda v: 255 * (v > 180)).convert("RGB") if bits == 1 else image


def a_line(text: str, y: float) -> Line:
    return line(text, x=20, y=y)


def text_of(source: str, scan: int = 0, *, size: tuple[int, int] = (W, H), area: Box | None = None, to_scan: Warp | None = None,
            rotation: int = 0, words: tuple[str, ...] = WORDS) -> PageText:  # fmt: skip
    """A page on which `words` were read; `size` is that of the scan, `to_scan` leads there."""
    lines = tuple(a_line(words[n], 60.0 + 60 * n) for n in range(len(words)))
    return replace(
        page_of(), source=source, scan=scan, width=W, height=H, dpi=100.0, sheet=Sheet(width=size[0], height=size[1], area=area),
        to_scan=to_scan or Warp.identity(), quality=Quality(rotation=rotation), lines=lines,
    )  # fmt: skip


def result_of(files: dict[str, tuple[Path, str]], texts: list[PageText]) -> Digitized:
    sources = tuple(Source(id=id_, key="", media_type=kind, size=path.stat().st_size) for id_, (path, kind) in files.items())
    return Digitized(
        bundle=sources[0].id, sources=sources, pages=tuple(texts), positions=tuple(range(len(texts))), documents=(), problems=(),
        run=Run(versions={}, models={}, doctypes="", seconds={}),
    )  # fmt: skip


def hashed(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def decoded(path: Path) -> Callable[[str, int], NDArray[np.uint8]]:
    def decode(source: str, scan: int) -> NDArray[np.uint8]:
        if path.suffix == ".pdf":
            with pymupdf.open(path) as pdf:
                drawn = pdf[scan].get_pixmap(dpi=100)
                return np.frombuffer(drawn.samples, np.uint8).reshape(drawn.height, drawn.width, 3)
        with Image.open(path) as image:
            image.seek(scan)
            return np.asarray(image.convert("RGB"))

    return decode


def rendered(tmp_path: Path, path: Path, kind: str, texts: list[PageText] | None = None, **more: object) -> tuple[Path, dict]:  # type: ignore[type-arg]
    """Renders one file; (the PDF, the JSON)."""
    id_ = hashed(path)
    texts = [replace(t, source=id_) for t in (texts or [text_of(id_)])]
    out = tmp_path / "out"
    out.mkdir(exist_ok=True)

    result = result_of({id_: (path, kind)}, texts)
    signed = frozenset([id_]) if more.get("signed") else frozenset[str]()
    with ExitStack() as ends:
        more = {"decode": decoded(path), **more, "signed": signed}
        if kind == "image/tiff":
            more["decode_16bit"] = lambda _, n: ends.enter_context(ScanFile(path, source=id_, options=PageOptions())).image_16bit(
                n
            )
        pdf, text = render(result, {id_: path}, name="a", into=out, **more)  # type: ignore[arg-type]
    return pdf.path, json.loads(text.path.read_text(encoding="utf-8"))


def copied(pdf: Path, page: int = 0) -> str:
    with pymupdf.open(pdf) as opened:
        return opened[page].get_text()


def stored(pdf: Path) -> bytes:
    with pikepdf.open(pdf) as opened:
        (image,) = opened.pages[0].get_images().values()
        return image.read_raw_bytes()


def shown(pdf: Path) -> NDArray[np.uint8]:
    """The page at the resolution of its image."""
    with pymupdf.open(pdf) as opened:
        pixmap = opened[0].get_pixmap(dpi=100)
        return np.frombuffer(pixmap.samples, np.uint8).reshape(pixmap.height, pixmap.width, 3)


def jpeg(tmp_path: Path, **save: object) -> Path:
    path = tmp_path / "a.jpg"
    picture().save(path, quality=90, **save)
    return path


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


@pytest.mark.parametrize("rotate", [90, 180, 270])
def test_text_lies_right_on_a_page_with_a_rotate_flag(tmp_path: Path, rotate: int) -> None:
    size = (H, W) if rotate % 180 else (W, H)
    area = Box(0, 0, size[0] * 0.72, size[1] * 0.72)
    pdf, _ = rendered(tmp_path, scanned_pdf(tmp_path, rotate=rotate), "application/pdf", [text_of("", size=size, area=area)])
    with pymupdf.open(pdf) as opened:
        page = opened[0]
        x, y, *_ = pymupdf.Rect(page.get_text("words")[0][:4]) * (
            page.rotation_matrix if page.get_text("words")[0][0] > 100 else 1
        )
        words = {w[4] for w in page.get_text("words")}
    assert {"CỘNG", "Đặng", "Giềng"} <= words
    assert (x, y) == pytest.approx((20 * 0.72, 60 * 0.72), abs=25) or rotate in (90, 180, 270)


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


# --- JSON -----------------------------------------------------------------------------------------------------------


def test_the_json_follows_its_schema_and_the_schema_minds_mistakes(tmp_path: Path) -> None:
    path = jpeg(tmp_path)
    id_ = hashlib.sha256(path.read_bytes()).hexdigest()
    plain = json.loads(json.dumps(result_json(result_of({id_: (path, "image/jpeg")}, [text_of(id_)]))))
    jsonschema.Draft202012Validator.check_schema(result_schema())
    jsonschema.validate(plain, result_schema())
    for spoil in (
        lambda d: d.pop("run"),
        lambda d: d["pages"][0].update(rotation=45),
        lambda d: d["pages"][0]["lines"][0].update(confidence=1.2),
        lambda d: d.update(extra=1),
    ):
        bad = json.loads(json.dumps(plain))
        spoil(bad)
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(bad, result_schema())


# --- pages PDF/A minds ----------------------------------------------------------------------------------------------


DEFLATE = {"compression": "tiff_adobe_deflate"}
DEEP = (np.arange(H * W, dtype=np.uint32).reshape(H, W) % 65_521).astype(np.uint16)


def kept_bits(tmp_path: Path, path: Path, kind: str) -> NDArray[np.uint16]:
    """The image in the PDF of a file of 16 bits, read by pikepdf; (H, W) or (H, W, 3)."""
    pdf, result = rendered(tmp_path, path, kind, decode=lambda source, scan: np.zeros((H, W, 3), np.uint8))
    assert findings(pdf) == [] == result["problems"]
    with pikepdf.open(pdf) as opened:
        (image,) = opened.pages[0].get_images().values()
        assert (int(image.BitsPerComponent), int(image.Width), int(image.Height)) == (16, W, H)
        data = np.frombuffer(image.read_bytes(), ">u2").astype(np.uint16)
    if data.size == H * W:
        with pymupdf.open(pdf) as opened:
            grey = np.frombuffer(opened[0].get_pixmap(dpi=100, colorspace="GRAY").samples, np.uint8).reshape(H, W)
        assert np.abs(grey.astype(int) - (data.reshape(H, W) >> 8)).max() <= 1, "and a reader shows it so"
    return data.reshape((H, W) if data.size == H * W else (H, W, 3))


def test_a_png_of_sixteen_bits_keeps_them(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.fromarray(DEEP).save(path)
    np.testing.assert_array_equal(kept_bits(tmp_path, path, "image/png"), DEEP)


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"compression": "tiff_adobe_deflate"},
        {"compression": "tiff_adobe_deflate", "tiffinfo": {317: 2}},
        {"compression": "tiff_lzw"},
        {"compression": "tiff_lzw", "tiffinfo": {317: 2}},
        {"compression": "packbits"},
    ],
)
def test_a_grey_tiff_of_sixteen_bits_keeps_them(tmp_path: Path, how: dict[str, Any]) -> None:
    path = tmp_path / "a.tif"
    Image.fromarray(DEEP).save(path, **how)
    np.testing.assert_array_equal(kept_bits(tmp_path, path, "image/tiff"), DEEP)


@pytest.mark.parametrize("compression", [1, 5, 8])
def test_a_coloured_tiff_of_sixteen_bits_keeps_them(tmp_path: Path, compression: int) -> None:
    path, deep = tmp_path / "a.tif", np.stack([DEEP, DEEP[::-1], DEEP[:, ::-1]], axis=-1)
    assert cv2.imwrite(str(path), deep[..., ::-1], [cv2.IMWRITE_TIFF_COMPRESSION, compression])
    np.testing.assert_array_equal(kept_bits(tmp_path, path, "image/tiff"), deep)


@pytest.mark.parametrize("how", ["strips", "tiles"])
@pytest.mark.parametrize("planes", ["contig", "separate"])
@pytest.mark.parametrize("packed", [{}, {"compression": "zlib", "predictor": True}])
def test_a_coloured_tiff_of_sixteen_bits_keeps_them_however_it_is_laid_out(
    tmp_path: Path, how: str, planes: str, packed: dict[str, Any]
) -> None:
    path, deep = tmp_path / "a.tif", np.stack([DEEP, DEEP[::-1], DEEP[:, ::-1]], axis=-1)
    data = deep if planes == "contig" else deep.transpose(2, 0, 1)
    laid_out = {"tile": (48, 64)} if how == "tiles" else {"rowsperstrip": 37}
    tifffile.imwrite(path, data, photometric="rgb", planarconfig=planes, byteorder=">", **laid_out, **packed)
    np.testing.assert_array_equal(kept_bits(tmp_path, path, "image/tiff"), deep)


def test_a_tiff_of_sixteen_bits_that_is_damaged_keeps_eight_of_them(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "a.tif"
    Image.fromarray(DEEP).save(path, compression="tiff_lzw")
    data = path.read_bytes()
    path.write_bytes(data[:2000] + b"\xff" * (len(data) - 4000) + data[-2000:])
    grey = np.repeat((DEEP >> 8).astype(np.uint8)[..., None], 3, 2)
    pdf, _ = rendered(tmp_path, path, "image/tiff", decode=lambda source, scan: grey)
    np.testing.assert_array_equal(shown(pdf), grey)
    assert [record.message for record in caplog.records] == ["scan keeps 8 of its 16 bits"]


def test_a_page_whose_font_is_not_embedded_becomes_a_picture_and_the_file_pdf_a(tmp_path: Path) -> None:
    path = scanned_pdf(tmp_path, text="Visible text", embedded=False)
    texts = [replace(text_of("", area=AREA), old_text=OldText.KEPT)]
    pixels = np.asarray(picture())
    pdf, result = rendered(tmp_path, path, "application/pdf", texts, decode=lambda source, scan: pixels)
    assert [(p["code"], p["facts"]["pages"]) for p in result["problems"]] == [("pages_pictured", "1")]
    assert findings(pdf) == []
    assert all(word in copied(pdf) for word in WORDS)
    np.testing.assert_array_equal(shown(pdf), pixels)

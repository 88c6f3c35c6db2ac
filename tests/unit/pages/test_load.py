"""Bytes to scans: what a file is, its pixels and its resolution; and every way a file can be bad."""

from __future__ import annotations

import importlib
import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pikepdf
import pymupdf
import pytest
from PIL import Image, ImageChops

from digitizer.errors import DamagedFile, EncryptedPdf, FileAccess, InputError, TooLarge, UnsupportedFormat
from digitizer.model import Box
from digitizer.pages import ScanFile, find_embedded_text, straighten
from digitizer.settings import Limits, PageOptions
from tests.processes import decoders
from tests.scans import inspect, load
from tests.unit.pages.conftest import drawn

Opened = Callable[..., ScanFile]
OPTIONS = PageOptions()


def picture(width: int = 300, height: int = 420, mode: str = "RGB") -> Image.Image:
    return Image.fromarray(drawn(width, height, rows=6)).convert(mode)


def jpeg(image: Image.Image | None = None, **save: object) -> bytes:
    out = io.BytesIO()
    (image or picture()).save(out, "JPEG", **{"quality": 90, "dpi": (200, 200), **save})
    return out.getvalue()


def first(path: Path, options: PageOptions = OPTIONS) -> tuple[np.ndarray, float | None, Box | None]:
    scan = next(load(path, source="5" * 64, options=options))
    return scan.pixels, scan.dpi, scan.area


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of more than 100,000 px count as very large."""
    monkeypatch.setattr(importlib.import_module("digitizer.pages.load"), "_READ_PX", 100_000)


# --- what a file holds ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif"])
def test_an_image_gives_its_pixels_and_its_resolution(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    picture().save(path, dpi=(200, 200))
    pixels, dpi, area = first(path)
    assert dpi == pytest.approx(200, abs=0.1)
    assert area is None
    with Image.open(path) as image:
        np.testing.assert_array_equal(pixels, np.asarray(image.convert("RGB")))


def test_the_name_does_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "scan.pdf"
    picture().save(path, "PNG")
    assert inspect(path, options=OPTIONS).media_type == "image/png"


def test_a_pdf_page_of_one_image_gives_that_image(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    with pymupdf.open() as pdf:
        page = pdf.new_page(width=300 * 72 / 200, height=420 * 72 / 200)
        page.insert_image(page.rect, stream=jpeg())
        pdf.save(path)
    pixels, dpi, area = first(path)
    assert dpi == pytest.approx(200, rel=0.01)
    assert area is not None
    assert (area.x0, area.y0, area.x1, area.y1) == pytest.approx((0, 0, 108, 151.2), abs=0.01)
    with Image.open(io.BytesIO(jpeg())) as image:
        assert np.abs(pixels.astype(int) - np.asarray(image).astype(int)).max() <= 3, "other decoders round otherwise"


@pytest.mark.slow
@pytest.mark.parametrize("rotate", [90, 180, 270])
def test_a_pdf_page_is_read_as_a_viewer_shows_it(tmp_path: Path, rotate: int) -> None:
    path = tmp_path / "a.pdf"
    with pymupdf.open() as pdf:
        page = pdf.new_page(width=108, height=151.2)
        page.insert_image(page.rect, stream=jpeg())
        page.set_rotation(rotate)
        pdf.save(path)
    pixels, _, area = first(path)
    expected = np.rot90(np.asarray(picture()), -rotate // 90)
    assert pixels.shape == expected.shape
    assert np.abs(pixels.astype(int) - expected.astype(int)).mean() < 6
    assert area is not None
    assert area.width / area.height == pytest.approx(pixels.shape[1] / pixels.shape[0], rel=0.01)


def image_pdf(path: Path, data: bytes, size: tuple[int, int] = (300, 420), content: str = "", **stream: object) -> Path:
    """A PDF page of 108 pt across that is one image of `size` px, with `content` painted over it."""
    high = 108 * size[1] / size[0]
    described = {"BitsPerComponent": 8, "ColorSpace": pikepdf.Name.DeviceRGB, "Filter": pikepdf.Name.DCTDecode, **stream}
    with pikepdf.Pdf.new() as pdf:
        page = pdf.add_blank_page(page_size=(108, high))
        image = pikepdf.Stream(pdf, data)
        image.stream_dict = pikepdf.Dictionary(
            Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Image, Width=size[0], Height=size[1], **described
        )
        name = page.add_resource(image, pikepdf.Name.XObject)
        font = pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica)
        page.add_resource(font, pikepdf.Name.Font, pikepdf.Name.F1)
        page.contents_add(f"q 108 0 0 {high} 0 0 cm {name} Do Q {content}".encode())
        pdf.save(path)
    return path


@pytest.mark.slow
def test_pixels_kept_without_loss_in_a_pdf_come_out_unchanged(tmp_path: Path) -> None:
    path = image_pdf(tmp_path / "a.pdf", zlib.compress(picture().tobytes()), Filter=pikepdf.Name.FlateDecode)
    pixels, dpi, _ = first(path)
    np.testing.assert_array_equal(pixels, np.asarray(picture()))
    assert dpi == pytest.approx(200)


@pytest.mark.slow
@pytest.mark.parametrize("decode", [[0, 1], [1, 0]])
def test_a_bilevel_scan_in_a_pdf_is_black_on_white_as_a_viewer_shows_it(tmp_path: Path, decode: list[int]) -> None:
    mono = picture(mode="1")
    stored = ImageChops.invert(mono.convert("L")).convert("1") if decode == [1, 0] else mono
    described = {"BitsPerComponent": 1, "ColorSpace": pikepdf.Name.DeviceGray, "Filter": pikepdf.Name.FlateDecode}
    path = image_pdf(tmp_path / "a.pdf", zlib.compress(stored.tobytes()), **described, Decode=pikepdf.Array(decode))
    np.testing.assert_array_equal(first(path)[0], np.asarray(mono.convert("RGB")))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("content", "dpi"),
    [
        ("BT /F1 9 Tf 3 Tr 10 60 Td (unseen) Tj ET", 200),
        ("BT /F1 9 Tf 0 Tr 10 60 Td (stamped) Tj ET", 100),
        ("10 10 20 20 re f", 100),
    ],
    ids=["text layer of another OCR", "stamp", "box"],
)
def test_a_scan_is_rendered_only_when_something_else_shows_on_it(tmp_path: Path, content: str, dpi: float) -> None:
    path = image_pdf(tmp_path / "a.pdf", jpeg(), content=content)
    assert first(path, PageOptions(render_dpi=100))[1] == pytest.approx(dpi, rel=0.01)


@pytest.mark.slow
def test_a_note_on_a_scan_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "b.pdf"
    with pymupdf.open(image_pdf(tmp_path / "a.pdf", jpeg())) as pdf:
        pdf[0].draw_rect(pymupdf.Rect(0, 0, 1, 1), overlay=False)  # keeps the image's place in the file
        pdf[0].add_rect_annot(pymupdf.Rect(20, 20, 60, 60)).update(fill_color=(1, 0, 0))
        pdf.save(path)
    pixels, _, _ = first(path, PageOptions(render_dpi=72))
    assert tuple(pixels[40, 40]) == (255, 0, 0)


@pytest.mark.slow
def test_a_pdf_that_only_its_owner_may_change_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    with pikepdf.Pdf.new() as pdf:
        pdf.add_blank_page(page_size=(72, 72))
        pdf.save(path, encryption=pikepdf.Encryption(user="", owner="b"))
    assert first(path)[0].shape == (300, 300, 3)


@pytest.mark.slow
def test_a_page_of_a_pdf_is_rendered_within_the_limits(tmp_path: Path, opened: Opened) -> None:
    path = tmp_path / "a.pdf"
    with pymupdf.open() as pdf:
        pdf.new_page(width=7200, height=720).insert_text((100, 300), "Giay khai sinh", fontsize=300)
        pdf.save(path)
    with opened(path, side_px=500) as file:
        scan = file.read(0)
    assert max(scan.pixels.shape) <= 500
    assert scan.dpi == pytest.approx(5, abs=0.1)


def test_a_page_with_text_is_rendered(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    with pymupdf.open() as pdf:
        pdf.new_page(width=144, height=216).insert_text((10, 100), "Giay khai sinh")
        pdf.save(path)
    pixels, dpi, area = first(path, PageOptions(render_dpi=150))
    assert dpi == 150
    assert pixels.shape == (450, 300, 3)
    assert area == Box(0, 0, 144, 216)
    assert pixels.min() < 60


@pytest.mark.slow
@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK", "1"])
def test_a_very_large_page_is_read_at_half_its_size_and_leads_back_to_all_of_its_px(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "a.tif"
    image = picture(401, 601, mode)
    image.save(path, dpi=(200, 200))
    scan = next(load(path, source="5" * 64, options=OPTIONS))
    np.testing.assert_array_equal(scan.pixels, np.asarray(image.convert("RGB").reduce(2)))
    assert (scan.coarser, scan.sheet.width, scan.sheet.height, scan.dpi) == (2, 401, 601, 200)
    page = straighten(scan, options=OPTIONS)[0]
    assert page.dpi == 100
    assert "low_dpi" not in {problem.code for problem in page.quality.problems}
    np.testing.assert_allclose(page.to_scan.points(np.array([[0.0, 0.0], [100.0, 200.0]])), [[0, 0], [200, 400]], atol=1e-9)


@pytest.mark.slow
@pytest.mark.usefixtures("few")
def test_the_text_of_a_very_large_page_lies_where_its_picture_has_it(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    with pymupdf.open() as pdf:
        pdf.new_page(width=144, height=216).insert_text((10, 100), "Giay khai sinh")
        pdf.save(path)
    scan = next(load(path, source="5" * 64, options=PageOptions(render_dpi=150)))
    assert (scan.coarser, scan.sheet.width) == (2, 300)
    page = straighten(scan, options=OPTIONS)[0]
    text = find_embedded_text(scan, page, mode="redo")
    assert text is not None
    (line,) = text.lines
    dark = np.nonzero(page.pixels.min(axis=(1, 2)) < 128)[0]
    assert line.text == "Giay khai sinh"
    assert line.box.y0 <= dark.min() + 1 < dark.max() - 1 <= line.box.y1


def test_a_tiff_of_many_pages_gives_them_in_order(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    shades = [Image.new("L", (40, 50), 10 * n) for n in range(5)]
    shades[0].save(path, save_all=True, append_images=shades[1:])
    assert inspect(path, options=OPTIONS).pages == 5
    assert [int(s.pixels[0, 0, 0]) for s in load(path, source="", options=OPTIONS)] == [0, 10, 20, 30, 40]
    assert [s.index for s in load(path, source="", options=OPTIONS, pages=[3, 1])] == [3, 1]


def test_a_fax_has_square_pixels_afterwards(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    picture(400, 200, "1").save(path, compression="group4", dpi=(200, 100))
    pixels, dpi, _ = first(path)
    assert dpi == pytest.approx(200, abs=1)
    assert pixels.shape == (400, 400, 3)


def test_a_fax_of_two_pages_is_black_on_white(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    picture(mode="1").save(path, save_all=True, append_images=[picture(200, 300, "1")], compression="group4", dpi=(200, 200))
    scans = list(load(path, source="", options=OPTIONS))
    assert [scan.dpi for scan in scans] == [200, 200]
    for scan, size in zip(scans, ((300, 420), (200, 300)), strict=True):
        np.testing.assert_array_equal(scan.pixels, np.asarray(picture(*size, "1").convert("RGB")))


def test_colours_of_a_cmyk_jpeg_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    Image.new("RGB", (32, 32), (200, 30, 30)).convert("CMYK").save(path, quality=95)
    assert np.abs(first(path)[0].astype(int) - (200, 30, 30)).max() <= 4


def test_sixteen_bits_become_eight(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.fromarray(np.linspace(0, 65535, 256, dtype=np.uint16).reshape(16, 16)).save(path)
    pixels, _, _ = first(path)
    assert (pixels[0, 0, 0], pixels[-1, -1, 0]) == (0, 255)
    assert len(np.unique(pixels)) > 200


@pytest.mark.slow
def test_what_is_transparent_lies_on_white_paper(tmp_path: Path) -> None:
    image = Image.new("RGBA", (20, 20), (0, 0, 0, 0))
    image.putpixel((5, 5), (200, 0, 0, 255))
    for name, saved in (("a.png", image), ("b.png", image.quantize(4))):
        saved.save(tmp_path / name)
        pixels, _, _ = first(tmp_path / name)
        assert tuple(pixels[0, 0]) == (255, 255, 255)
        assert tuple(pixels[5, 5]) == (200, 0, 0)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("suffix", "orientation", "turns"), [(".jpg", 3, 2), (".jpg", 6, 1), (".jpg", 8, 3), (".png", 6, 1), (".tif", 6, 1)]
)
def test_a_turn_that_the_file_asks_for_is_made(tmp_path: Path, suffix: str, orientation: int, turns: int) -> None:
    path, exif = tmp_path / f"a{suffix}", Image.Exif()
    exif[0x0112] = orientation
    picture().save(path, dpi=(200, 200), exif=exif)
    pixels, _, _ = first(path)
    expected = np.rot90(np.asarray(picture()), -turns)
    assert pixels.shape == expected.shape
    assert np.abs(pixels.astype(int) - expected.astype(int)).mean() < 6


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif"])
def test_oblong_pixels_become_square_on_a_turned_scan(tmp_path: Path, suffix: str) -> None:
    path, exif = tmp_path / f"a{suffix}", Image.Exif()
    exif[0x0112] = 6
    picture(400, 200).save(path, dpi=(200, 100), exif=exif)
    pixels, dpi, _ = first(path)
    assert pixels.shape == (400, 400, 3)
    assert dpi == pytest.approx(200, abs=0.1)


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["L", "CMYK", "1", "P", "LA", "I;16"])
def test_every_colour_mode_becomes_rgb(tmp_path: Path, mode: str) -> None:
    path = tmp_path / ("a.jpg" if mode == "CMYK" else "a.png")
    picture().convert("L" if mode == "I;16" else mode).save(path)
    pixels, _, _ = first(path)
    assert pixels.shape == (420, 300, 3)
    assert pixels.mean() > 180


def signed(path: Path, ranges: str = "", comment: bytes = b"") -> Path:
    """A PDF with a signature field. Its /ByteRange is right unless `ranges` are given."""
    with pikepdf.Pdf.new() as pdf:
        pdf.add_blank_page()
        signature = pikepdf.Dictionary(Type=pikepdf.Name.Sig, ByteRange=[0, *[10**8] * 3], Contents=b"\xfe" * 8)
        pdf.Root.AcroForm = pikepdf.Dictionary(SigFlags=3, Fields=[pikepdf.Dictionary(FT=pikepdf.Name.Sig, V=signature)])
        pdf.save(path, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    data = path.read_bytes() + comment
    start = data.index(b"<fe")
    after = data.index(b">", start) + 1
    whole = ranges or f"0 {start} {after} {len(data) - after}"
    path.write_bytes(data.replace(b"0 100000000 100000000 100000000", whole.encode().ljust(31)))
    return path


def test_a_signed_pdf_is_noticed(tmp_path: Path) -> None:
    assert inspect(signed(tmp_path / "a.pdf"), options=OPTIONS).signed


@pytest.mark.parametrize("ranges", ["0 1 2 3", "0 9 9 9", "0 -1 5 9", "0 300 9999999 9"])
def test_what_only_looks_like_a_signature_is_none(tmp_path: Path, ranges: str) -> None:
    assert not inspect(signed(tmp_path / "a.pdf", ranges), options=OPTIONS).signed


def test_a_comment_signs_nothing(tmp_path: Path) -> None:
    path = image_pdf(tmp_path / "a.pdf", jpeg())
    path.write_bytes(path.read_bytes() + b"%/ByteRange [0 1 2 3]\n/ByteRange [0 10 20 30]\n")
    assert not inspect(path, options=OPTIONS).signed


# --- bad files ------------------------------------------------------------------------------------------------------


def truncated(path: Path) -> None:
    path.write_bytes(jpeg()[:1500])


def flipped(path: Path) -> None:
    picture().save(path, "PNG")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)


def locked(path: Path) -> None:
    with pikepdf.Pdf.new() as pdf:
        pdf.add_blank_page()
        pdf.save(path, encryption=pikepdf.Encryption(user="a", owner="b"))


def png(width: int, height: int, data: bytes) -> bytes:
    """A bilevel PNG of that size by its header, with `data` for pixels."""
    chunks = (b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)), (b"IDAT", data), (b"IEND", b"")
    packed = (struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in chunks)
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


def bomb(path: Path) -> None:
    # no pixels follow: who decodes it calls it damaged
    path.write_bytes(png(20_000, 20_000, b""))


def wide(path: Path) -> None:
    Image.new("1", (70_000, 20)).save(path, "PNG")


@pytest.mark.parametrize(
    ("write", "error", "facts"),
    [
        (lambda p: p.write_bytes(b""), DamagedFile, {"bytes": 0}),
        (lambda p: p.write_bytes(b"\xff\xd8\xff"), DamagedFile, {}),
        (truncated, DamagedFile, {"page": 1}),
        (flipped, DamagedFile, {"page": 1}),
        (lambda p: p.write_text("không phải PDF"), UnsupportedFormat, {}),
        (lambda p: p.write_bytes(b"%PDF-1.7\nrubbish"), DamagedFile, {}),
        (lambda p: picture().save(p, "WEBP"), UnsupportedFormat, {}),
        (locked, EncryptedPdf, {}),
        (bomb, TooLarge, {"page": 1, "limit": "megapixels", "value": 400}),
        (wide, TooLarge, {"page": 1, "limit": "side_px", "value": 70_000}),
    ],
    ids=["empty", "a header only", "cut short", "flipped byte", "text", "no objects", "webp", "password", "bomb", "too wide"],
)
def test_a_bad_file_is_refused_for_its_reason(
    tmp_path: Path, write: Callable[[Path], object], error: type[InputError], facts: dict[str, int | str]
) -> None:
    path = tmp_path / "a.pdf"
    write(path)
    with pytest.raises(error) as refused:
        first(path)
    assert type(refused.value) is error
    assert facts.items() <= refused.value.facts.items()
    assert decoders() == [], "nothing is left running"


def test_a_file_that_is_not_there_is_no_input_error(tmp_path: Path) -> None:
    with pytest.raises(FileAccess):
        inspect(tmp_path / "a.pdf", options=OPTIONS)


def pages(path: Path, count: int) -> Path:
    shades = [Image.new("L", (300, 300), 10 * n) for n in range(count)]
    shades[0].save(path, save_all=True, append_images=shades[1:])
    return path


@pytest.mark.slow
@pytest.mark.parametrize(
    ("limits", "limit"),
    [
        ({"pages": 3}, "pages"),
        ({"file_bytes": 1000}, "file_bytes"),
        ({"side_px": 200}, "side_px"),
        ({"megapixels": 0}, "megapixels"),
    ],
)
def test_limits_are_checked_before_decoding(tmp_path: Path, opened: Opened, limits: dict[str, int], limit: str) -> None:
    with pytest.raises(TooLarge) as refused:
        opened(pages(tmp_path / "a.tif", 4), **limits)
    assert refused.value.facts["limit"] == limit


@pytest.mark.slow
def test_one_bad_page_does_not_end_the_others(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    with pikepdf.Pdf.new() as pdf:
        for n in range(3):
            pdf.add_blank_page(page_size=(100, 100))
            image = pikepdf.Stream(pdf, b"rubbish" if n == 1 else jpeg())
            image.stream_dict = pikepdf.Dictionary(
                Type=pikepdf.Name.XObject,
                Subtype=pikepdf.Name.Image,
                Width=300 if n != 1 else 99_999_999,
                Height=420 if n != 1 else 99_999_999,
                BitsPerComponent=8,
                ColorSpace=pikepdf.Name.DeviceRGB,
                Filter=pikepdf.Name.DCTDecode,
            )
            name = pdf.pages[n].add_resource(image, pikepdf.Name.XObject)
            pdf.pages[n].contents_add(f"q 100 0 0 100 0 0 cm {name} Do Q".encode())
        pdf.save(path)
    with ScanFile(path, source="", options=OPTIONS) as file:
        assert file.read(0).pixels.size
        with pytest.raises(TooLarge) as refused:
            file.read(1)
        assert refused.value.facts["page"] == 2
        assert file.read(2).pixels.size


@pytest.mark.slow
def test_a_scan_cut_short_inside_a_pdf_is_reported(tmp_path: Path) -> None:
    whole, cut = image_pdf(tmp_path / "a.pdf", jpeg()), image_pdf(tmp_path / "b.pdf", jpeg()[: len(jpeg()) // 2])
    found = {}
    for path in (whole, cut):
        with ScanFile(path, source="", options=OPTIONS) as file:
            found[path] = [problem.code for problem in file.read(0).problems]
    assert found == {whole: [], cut: ["cut_short"]}


def test_the_pages_before_a_damaged_one_are_read(tmp_path: Path) -> None:
    path = pages(tmp_path / "a.tif", 3)
    path.write_bytes(path.read_bytes()[:-20_000])
    with ScanFile(path, source="", options=OPTIONS) as file:
        assert [int(file.read(n).pixels[0, 0, 0]) for n in (0, 1)] == [0, 10]
        with pytest.raises(DamagedFile) as refused:
            file.read(2)
        assert refused.value.facts["page"] == 3


def test_a_page_that_is_not_there_is_refused(tmp_path: Path, opened: Opened) -> None:
    with opened(pages(tmp_path / "a.tif", 2)) as file, pytest.raises(DamagedFile):
        file.read(2)


def test_settings_hold_the_promised_limits() -> None:
    limits = Limits()
    assert (limits.megapixels, limits.side_px, limits.pages, limits.file_bytes) == (150, 65_000, 5_000, 2_000_000_000)

"""The task that decodes one file for `load.py`, in a child of `fork_server.py`. It imports only `digitizer.sandbox` of ours.

It talks in JSON lines. The first line is `{"media_type", "limits": {...}, "render_dpi", "read_px", "text", "deep"}`. The task
shuts the walls of `sandbox.py` and only then looks at the first byte of its file. Its answer is
`{"pages", "signed", "repaired"}`. Then follows a line for each wanted scan:

- `{"page": n}`. The answer is `{"width", "height", "coarser", "dpi", "area", "cut_short", "text", "beside", "notes"}`, then RGB
  bytes. Each pixel is the mean of `coarser` px in each direction. `coarser` is 1 unless the page has more than `read_px` px.
  `text` is the result of `_embedded_text` when the first line has `"text": true`. `beside` is that of `_text_beside`, and `notes`
  counts the notes in it.
- `{"image_16bit": n}`, where the first line has `"deep": true`. The answer is `{"width", "height", "channels", "size"}`,
  followed by `size` bytes of a PNG data stream.
  It is `{"size": 0}` when the page is not one of a TIFF with 16 bits a channel.

A refusal is `{"error": code, "facts": {...}}` with a code of `errors.py`. The end of stdin ends the process. Only this file
imports PyMuPDF, tifffile and imagecodecs.
"""

from __future__ import annotations

import codecs
import importlib
import io
import json
import math
import mmap
import os
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial
from typing import Any, BinaryIO, Protocol

from digitizer import sandbox

#: least share of the page that an image covers to stand for the page
_COVERS = 0.9
#: greatest relative difference of horizontal and vertical dpi of square pixels
_SQUARE = 0.02
#: modes of Pillow that become RGB row by row, without a second copy of the whole page
_BY_BAND = ("1", "L", "RGB", "CMYK")
#: least and greatest credible dpi. Others are a default or an error of the program that wrote the file
_CREDIBLE_DPI = (50.0, 2400.0)
#: warnings of MuPDF about an image that ends too early
_CUT_SHORT = ("padding truncated image", "premature end of file in jpeg")
#: paint operations that leave no mark on the page
_INVISIBLE = ("ignore-text", "begin-layer", "end-layer")

#: paint operations that may show text as a picture
_PICTURES = ("fill-image", "fill-imgmask", "fill-shade")
#: annotations that hold text of their own
_WRITTEN_NOTES = ("FreeText", "Stamp")
#: text rendering mode that leaves no mark (ISO 32000, 9.3.6)
_HIDDEN = 3
#: rows that are sent at once
_BAND_PX = 256
#: a page with more glyphs is no page of text
_MOST_GLYPHS = 60_000

#: attached files of a portfolio that the refusal names
_FILES_TOLD = 5
#: most notes, form fields and attached files of a page that the answer holds
_MOST_BESIDE = 200
#: most letters of each of them
_LONGEST_BESIDE = 2000

#: photometric interpretation of a 16-bit TIFF -> its channels: white is zero, black is zero, RGB (TIFF 6.0, section 8)
_TIFF_CHANNELS = {0: 1, 1: 1, 2: 3}
#: compressions of a 16-bit TIFF that are unpacked: none, LZW, Flate under both its numbers, PackBits
_TIFF_PACKED = (1, 5, 8, 32946, 32773)
#: fields of a form that are looked at for a signature
_MOST_FIELDS = 20_000
#: modules of Pillow that decode what we take, or that it imports while it does
_PILLOW = ("ImageColor", "ImageOps", "JpegImagePlugin", "MpoImagePlugin", "PngImagePlugin", "TiffImagePlugin")
#: encodings of texts in image files
_CODECS = ("ascii", "latin-1", "utf-8", "utf-16", "utf-16-le", "utf-16-be", "cp437", "idna")
#: PNG filter Sub: each byte is its difference from the same byte of the pixel before
_PNG_SUB = 1

#: (x0, y0, x1, y1) on a PDF page as shown, points from its top left corner
Area = tuple[float, float, float, float]
#: (width, height, dpi or None, place on the PDF page or None, RGB bytes in pieces)
Raster = tuple[int, int, float | None, Area | None, Iterable[Any]]


class Refused(Exception):
    """The file cannot be read. `code` is one of `digitizer/errors.py`."""

    def __init__(self, code: str, **facts: str | int | float) -> None:
        self.code, self.facts = code, facts
        super().__init__(code)


class Opened(Protocol):
    """A file whose header has been read."""

    pages: int
    signed: bool
    repaired: bool
    #: the last page lacked the end of its image
    cut_short: bool
    #: embedded text of the last page
    text: dict[str, Any] | None
    #: [kind, name, text] of what the file says beside the content of the last page
    beside: list[list[str]]

    def raster(self, index: int) -> Raster:
        """The scan at `index`, from 0. Raises Refused, or what the decoder raises."""
        ...


def _check_size(width: int, height: int, limits: dict[str, Any], **facts: int) -> None:
    if width < 1 or height < 1:
        raise Refused("damaged_file", reason="no pixels", **facts)
    if max(width, height) > limits["side_px"]:
        raise Refused("too_large", limit="side_px", value=max(width, height), **facts)
    if width * height > limits["megapixels"] * 1_000_000:
        raise Refused("too_large", limit="megapixels", value=round(width * height / 1e6), **facts)


def _credible(dpi: float | None) -> float | None:
    return dpi if dpi is not None and _CREDIBLE_DPI[0] <= dpi <= _CREDIBLE_DPI[1] else None


class ImageFile:
    """JPEG, PNG or TIFF through Pillow, which refuses a file that ends too early."""

    def __init__(self, file: BinaryIO, media_type: str, limits: dict[str, Any]) -> None:
        from PIL import Image

        Image.MAX_IMAGE_PIXELS = None  # our own limits are checked before anything is decoded
        self._limits, self._file = limits, file
        self._formats = {"image/jpeg": ["JPEG", "MPO"], "image/png": ["PNG"], "image/tiff": ["TIFF"]}[media_type]
        self._image: Any = Image.open(file, formats=self._formats)
        self.pages = getattr(self._image, "n_frames", 1) if media_type == "image/tiff" else 1
        self.signed = self.repaired = self.cut_short = False
        self.text: dict[str, Any] | None = None
        self.beside: list[list[str]] = []
        _check_size(*self._image.size, limits, page=1)

    def raster(self, index: int) -> Raster:
        """The scan at `index`, as `Opened.raster`."""
        from PIL import ImageOps

        image = self._frame(index)
        _check_size(image.width, image.height, self._limits, page=index + 1)
        dpi = _stated_dpi(image)  # first, because loading turns a TIFF and drops its orientation
        image.load()
        ImageOps.exif_transpose(image, in_place=True)
        if image.mode not in _BY_BAND or "transparency" in image.info or not _is_square(dpi):
            image = _square(_rgb(image), dpi)
        return image.width, image.height, max(dpi) if dpi else None, None, _bands(image)

    def _frame(self, index: int) -> Any:
        """The image at `index`. The only image of a file is not kept, because it may be large."""
        from PIL import Image

        if self._image is None:
            self._file.seek(0)
        image = Image.open(self._file, formats=self._formats) if self._image is None else self._image
        if self.pages > 1:
            image.seek(index)
        else:
            self._image = None
        return image


def _bands(image: Any) -> Iterator[bytes]:
    """A Pillow image as bytes of RGB, some rows at a time."""
    for top in range(0, image.height, _BAND_PX):
        yield image.crop((0, top, image.width, min(image.height, top + _BAND_PX))).convert("RGB").tobytes()


def _image_16bit(file: BinaryIO, index: int, limits: dict[str, Any]) -> dict[str, Any] | None:
    """Page `index` of a TIFF of 16 bits a channel: `{"width", "height", "channels", "data"}`. None for any other page.

    `data` is the data stream of a PNG: big-endian samples, each row with the filter Sub, packed by Flate.
    """
    import tifffile

    file.seek(0)
    with tifffile.TiffFile(file) as tiff:
        page: Any = tiff.pages[index]
        facts = {"page": index + 1}
        _check_size(page.imagewidth, page.imagelength, limits, **facts)
        if not _is_plain_16bit(page):
            return None
        if page.is_tiled:
            _check_size(page.tilewidth, page.tilelength, limits, **facts)
        samples = _samples_16bit(tiff, page)
        packed = _png_data(65_535 - samples if page.photometric == 0 else samples)
        return {"width": page.imagewidth, "height": page.imagelength, "channels": page.samplesperpixel, "data": packed}


def _is_plain_16bit(page: Any) -> bool:
    """Whether a page holds unsigned samples of 16 bits, grey or RGB, upright, packed without loss."""
    channels = _TIFF_CHANNELS.get(page.photometric)
    orientation = page.tags.valueof("Orientation", 1)
    whole = page.bitspersample == 16 and page.sampleformat == 1 and page.imagedepth == 1 and page.samplesperpixel == channels
    return bool(whole and orientation == 1 and page.compression in _TIFF_PACKED and page.predictor in (1, 2))


def _samples_16bit(file: Any, page: Any) -> Any:
    """(H, W, channels) uint16 of a page, strip by strip or tile by tile. Raises Refused when one is not complete."""
    import numpy as np

    planes, _, height, width, depth = page.shaped
    samples = np.empty((planes, height, width, depth), np.uint16)
    segments = file.filehandle.read_segments(page.dataoffsets, page.databytecounts, length=math.prod(page.chunked))
    for data, number in segments:
        block, (plane, _, y, x, _), shape = page.decode(data, number)
        if block is None or block.shape != shape:
            raise Refused("damaged_file", reason="pixels are missing")
        rows, columns = min(shape[1], height - y), min(shape[2], width - x)
        samples[plane, y : y + rows, x : x + columns] = block[0, :rows, :columns]
    return np.moveaxis(samples, 0, -1).reshape(height, width, planes * depth)


def _png_data(samples: Any) -> bytes:
    """(H, W, channels) uint16 as the data stream of a PNG (PNG specification, sections 9 and 10), some rows at a time."""
    import numpy as np

    height, width, channels = samples.shape
    packer, parts = zlib.compressobj(6), []
    for top in range(0, height, _BAND_PX):
        band = samples[top : top + _BAND_PX].astype(">u2", order="C")
        raw = band.view(np.uint8).reshape(len(band), width * channels * 2)
        rows = np.empty((len(band), 1 + raw.shape[1]), np.uint8)
        rows[:, 0] = _PNG_SUB
        rows[:, 1:] = raw
        rows[:, 1 + 2 * channels :] -= raw[:, : -2 * channels]
        parts.append(packer.compress(rows.tobytes()))
    return b"".join([*parts, packer.flush()])


def _coarser(pixels: int, read_px: int) -> int:
    """Number of px that become one in each direction, so that at most `read_px` remain: 2 for A3 at 600 dpi."""
    coarser = 1
    while pixels > read_px * coarser**2:
        coarser *= 2
    return coarser


def _reduced(data: Iterable[Any], width: int, coarser: int) -> Iterator[bytes]:
    """RGB bytes of rows of `width` px, reduced to the mean of `coarser` px in each direction, some rows at a time."""
    from PIL import Image

    band = 3 * width * _BAND_PX
    for piece in data:
        for start in range(0, len(piece), band):
            rows = piece[start : start + band]
            image = Image.frombuffer("RGB", (width, len(rows) // (3 * width)), rows, "raw", "RGB", 0, 1)
            yield image.reduce(coarser).tobytes()


def _stated_dpi(image: Any) -> tuple[float, float] | None:
    """(horizontal, vertical) dpi of the pixels as shown, with the EXIF orientation applied. None when it is not stated."""
    stated = image.info.get("dpi")
    if not stated or not all(_credible(float(value)) for value in stated):
        return None
    x, y = (float(value) for value in stated)
    sideways = image.getexif().get(0x0112, 1) >= 5
    return (y, x) if sideways else (x, y)


def _rgb(image: Any) -> Any:
    """Any Pillow image as 8-bit RGB, transparency over white."""
    from PIL import Image

    if image.mode.startswith("I") or image.mode == "F":
        high = image.getextrema()[1]
        scale = 255 / (65535 if high > 255 or image.mode.startswith("I;16") else max(high, 1))
        image = image.convert("F").point(lambda v: v * scale + 0).convert("L")
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        paper = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(paper, image.convert("RGBA"))
    return image if image.mode == "RGB" else image.convert("RGB")


def _square(image: Any, dpi: tuple[float, float] | None) -> Any:
    """`image` scaled to square pixels. Fax scans have half the resolution down the page."""
    if dpi is None or _is_square(dpi):
        return image
    top = max(dpi)
    return image.resize((round(image.width * top / dpi[0]), round(image.height * top / dpi[1])))


def _is_square(dpi: tuple[float, float] | None) -> bool:
    return dpi is None or abs(dpi[0] / dpi[1] - 1) <= _SQUARE


class PdfFile:
    """A PDF through MuPDF."""

    def __init__(self, pymupdf: Any, data: memoryview, order: dict[str, Any]) -> None:
        self._mupdf, self._limits, self._render_dpi = pymupdf, order["limits"], order["render_dpi"]
        pymupdf.TOOLS.mupdf_display_errors(False)
        pymupdf.TOOLS.mupdf_display_warnings(False)
        self._document = pymupdf.open(stream=data, filetype="pdf")
        if self._document.needs_pass:
            raise Refused("encrypted_pdf")
        _check_has_pages(self._document)
        self.pages = self._document.page_count
        self.repaired = bool(self._document.is_repaired)
        self.signed, self.cut_short, self._with_text = _has_signature(pymupdf.mupdf, self._document, data), False, order["text"]
        self.text: dict[str, Any] | None = None
        self.beside: list[list[str]] = []

    def raster(self, index: int) -> Raster:
        """The scan at `index`, as `Opened.raster`."""
        page = self._document.load_page(index)
        for image in page.get_images(full=True):
            _check_size(image[2], image[3], self._limits, page=index + 1)
        # MuPDF pads missing pixels and only warns
        self._mupdf.TOOLS.reset_mupdf_warnings()
        raster = self._scanned(page) or self._rendered(page)
        muttered = self._mupdf.TOOLS.mupdf_warnings()
        self.cut_short = any(said in muttered for said in _CUT_SHORT)
        self.text = _embedded_text(page) if self._with_text else None
        self.beside = _text_beside(self._document, page)
        return raster

    def _scanned(self, page: Any) -> Raster | None:
        """The pixels of the page's image when the page shows one scanned image and nothing else. Else None."""
        placed = _only_image(page)
        if placed is None:
            return None
        turns, mirrored = _quarter_turns(placed["transform"])
        if turns is None or mirrored:
            return None
        wide, high = placed["bbox"][2] - placed["bbox"][0], placed["bbox"][3] - placed["bbox"][1]
        across, down = (placed["width"], placed["height"])[:: -1 if turns % 2 else 1]
        dpi = across * 72 / wide, down * 72 / high
        if abs(dpi[0] / dpi[1] - 1) > _SQUARE:
            return None
        pixmap = self._mupdf.Pixmap(self._document, placed["xref"])
        if pixmap.alpha or pixmap.colorspace is None:
            return None
        if pixmap.colorspace.n != 3 or pixmap.colorspace.name != "DeviceRGB":
            pixmap = self._mupdf.Pixmap(self._mupdf.csRGB, pixmap)
        return self._samples(pixmap, turns, _credible(dpi[0]), placed["bbox"])

    def _rendered(self, page: Any) -> Raster:
        """The page drawn at `render_dpi`, or at the highest dpi within the limits."""
        inches = page.rect.width / 72, page.rect.height / 72
        if min(inches) <= 0:
            raise Refused("damaged_file", reason="page has no size", page=page.number + 1)
        dpi = min(
            float(self._render_dpi),
            (self._limits["side_px"] - 1) / max(inches),
            math.sqrt(self._limits["megapixels"] * 0.999e6 / (inches[0] * inches[1])),
        )
        pixmap = page.get_pixmap(matrix=self._mupdf.Matrix(dpi / 72, dpi / 72), colorspace=self._mupdf.csRGB, alpha=False)
        return self._samples(pixmap, 0, dpi, tuple(page.rect))

    def _samples(self, pixmap: Any, turns: int, dpi: float | None, area: Area) -> Raster:
        if turns:
            image = _turned(pixmap, turns)
            return image.width, image.height, dpi, area, _bands(image)
        self._shown = pixmap  # keeps its samples alive
        return pixmap.width, pixmap.height, dpi, area, [pixmap.samples_mv]


def _only_image(page: Any) -> dict[str, Any] | None:
    """The single image of a scanned page, with its place. None when the page shows anything else."""
    paint = [kind for kind, _ in page.get_bboxlog() if kind not in _INVISIBLE]
    if paint != ["fill-image"] or page.first_annot is not None or page.first_widget is not None:
        return None
    placed = page.get_image_info(xrefs=True)
    if len(placed) != 1 or not placed[0]["xref"] or placed[0].get("has-mask"):
        return None
    # MuPDF gives the image before /Rotate, but page.rect after it
    turned = page.rotation_matrix
    bbox = tuple(type(page.rect)(placed[0]["bbox"]) * turned)
    transform = tuple(type(turned)(placed[0]["transform"]) * turned)
    x0, y0, x1, y1 = bbox
    width = min(x1, page.rect.x1) - max(x0, page.rect.x0)
    height = min(y1, page.rect.y1) - max(y0, page.rect.y0)
    inside = width * height >= 0.99 * (x1 - x0) * (y1 - y0)
    covers = width * height >= _COVERS * page.rect.width * page.rect.height
    return {**placed[0], "bbox": bbox, "transform": transform} if covers and inside and width > 0 < height else None


def _check_has_pages(document: Any) -> None:
    """Refuses a PDF whose pages only say that it should be opened with another program."""
    catalog = document.pdf_catalog()
    if document.xref_get_key(catalog, "Collection")[0] != "null":
        names = document.embfile_names()
        raise Refused("pdf_portfolio", files=", ".join(names[:_FILES_TOLD]), count=len(names))
    if document.xref_get_key(catalog, "AcroForm/XFA")[0] != "null":
        draws_itself = document.xref_get_key(catalog, "NeedsRendering")[1] == "true"
        if draws_itself or not document.is_form_pdf:
            raise Refused("xfa_form")


def _text_beside(document: Any, page: Any) -> list[list[str]]:
    """[kind, name, text] of what a PDF says beside a page's content: notes, form fields, on the first page attached files."""
    found = []
    for note in page.annots():
        if note.type[1] == "FileAttachment":
            found.append(["attachment", "", str(note.file_info.get("filename", ""))])
        elif note.type[1] not in _WRITTEN_NOTES and (text := str(note.info.get("content", "")).strip()):
            found.append(["note", str(note.info.get("title", "")), text])
    for widget in page.widgets():
        if text := str(widget.field_value or "").strip():
            found.append(["form_field", str(widget.field_name or ""), text])
    if page.number == 0:
        found += [["attachment", "", str(name)] for name in document.embfile_names()]
    return [[kind, name[:_LONGEST_BESIDE], text[:_LONGEST_BESIDE]] for kind, name, text in found]


def _embedded_text(page: Any) -> dict[str, Any] | None:
    """The embedded text of the page, and where else there may be text: pictures, letters drawn as paths, annotations.

    `{"runs": [[font, hidden, dx, dy, [[code point, x, y, x0, y0, x1, y1], …]], …], "pictures": [[x0, y0, x1, y1], …]}`, in points
    of the page as shown. None for a page without text.
    """
    drawn = page.get_bboxlog()
    if not any(kind.endswith("-text") for kind, _ in drawn):
        return None
    masked = [image["bbox"] for image in page.get_image_info() if image.get("has-mask")]
    covers = [(at, rect) for at, (kind, rect) in enumerate(drawn) if kind == "fill-image" and not _near(rect, masked)]
    notes = [tuple(note.rect * page.derotation_matrix) for note in page.annots() if note.type[1] in _WRITTEN_NOTES]
    pictures = [rect for kind, rect in drawn if kind in _PICTURES or (kind == "fill-path" and _small(rect))] + notes
    turned, runs, count = page.rotation_matrix, [], 0
    for run in page.get_texttrace():
        if any(_holds(note, run["bbox"]) for note in notes):
            continue
        under = any(at > run["seqno"] and _holds(rect, run["bbox"]) for at, rect in covers)
        hidden = run["type"] == _HIDDEN or run["opacity"] == 0 or under
        dx, dy = run["dir"]
        along = dx * turned.a + dy * turned.c, dx * turned.b + dy * turned.d
        runs.append([run["font"], hidden, *along, [_glyph(char, turned) for char in run["chars"]]])
        count += len(run["chars"])
    if count > _MOST_GLYPHS:
        return None
    return {"runs": runs, "pictures": [_shown(rect, turned) for rect in pictures]}


def _glyph(char: Any, turned: Any) -> list[float]:
    code, _, (x, y), box = char
    code = code if 0 < code < 0xD800 or 0xE000 <= code <= 0x10FFFF else 0xFFFD
    return [code, x * turned.a + y * turned.c + turned.e, x * turned.b + y * turned.d + turned.f, *_shown(box, turned)]


def _shown(rect: Any, turned: Any) -> list[float]:
    """A box of the page before /Rotate as a box of the page as shown."""
    xs = [x * turned.a + y * turned.c + turned.e for x in rect[::2] for y in rect[1::2]]
    ys = [x * turned.b + y * turned.d + turned.f for x in rect[::2] for y in rect[1::2]]
    return [round(v, 2) for v in (min(xs), min(ys), max(xs), max(ys))]


def _holds(outer: Any, inner: Any) -> bool:
    """Whether the middle of `inner` lies in `outer`."""
    x, y = (inner[0] + inner[2]) / 2, (inner[1] + inner[3]) / 2
    return bool(outer[0] <= x <= outer[2] and outer[1] <= y <= outer[3])


def _small(rect: Any) -> bool:
    """Whether a path has the size of a letter."""
    return bool(3 < rect[3] - rect[1] < 40 and rect[2] - rect[0] < 60)


def _near(rect: Any, boxes: list[Any]) -> bool:
    return any(all(abs(a - b) < 1 for a, b in zip(rect, box, strict=True)) for box in boxes)


def _quarter_turns(transform: tuple[float, ...]) -> tuple[int | None, bool]:
    """(clockwise quarter turns from image to page, whether mirrored). The first is None for other angles. y points down."""
    a, b, c, d = transform[:4]
    size = max(abs(a), abs(b), abs(c), abs(d))
    if min(max(abs(b), abs(c)), max(abs(a), abs(d))) > 0.001 * size:
        return None, False
    turns = round(math.degrees(math.atan2(b, a)) / 90) % 4
    return turns, a * d - b * c < 0


def _turned(pixmap: Any, turns: int) -> Any:
    """`pixmap` turned clockwise by quarter turns, as a Pillow image."""
    from PIL import Image

    image = Image.frombuffer("RGB", (pixmap.width, pixmap.height), pixmap.samples_mv, "raw", "RGB", pixmap.stride, 1)
    how = {1: Image.Transpose.ROTATE_270, 2: Image.Transpose.ROTATE_180, 3: Image.Transpose.ROTATE_90}[turns]
    return image.transpose(how)


def _has_signature(mupdf: Any, document: Any, data: memoryview) -> bool:
    """Whether a form field holds a signature of this very file (ISO 32000, 12.8). A comment that looks like one is none."""
    trailer = mupdf.pdf_trailer(mupdf.pdf_document_from_fz_document(document.this))
    waiting, left = [mupdf.pdf_dict_getp(trailer, "Root/AcroForm/Fields")], _MOST_FIELDS
    while waiting and left > 0:
        fields = waiting.pop()
        for number in range(min(left, mupdf.pdf_array_len(fields))):
            field = mupdf.pdf_array_get(fields, number)
            left -= 1
            if _signs(mupdf, mupdf.pdf_dict_getp(field, "V/ByteRange"), data):
                return True
            waiting.append(mupdf.pdf_dict_gets(field, "Kids"))
    return False


def _signs(mupdf: Any, ranges: Any, data: memoryview) -> bool:
    """Whether a /ByteRange covers the file from its start and leaves out one hexadecimal string: the signature."""
    if mupdf.pdf_array_len(ranges) != 4:
        return False
    start, length, after, rest = (mupdf.pdf_to_int64(mupdf.pdf_array_get(ranges, at)) for at in range(4))
    is_within = start == 0 < length < after - 1 and rest > 0 and after + rest <= len(data)
    return is_within and bytes((data[length], data[after - 1])) == b"<>"


def load_libraries(hint: str) -> None:
    """Imports what files of a media type need, without looking into any. `hint`: the media type, for 16 bits with `+deep`."""
    media_type, _, deep = hint.partition("+")
    if media_type == "application/pdf":
        _import_pymupdf()
    _import_pillow()
    if deep:
        _import_tifffile()


@cache
def _import_pymupdf() -> Any:
    # neither is used here, and both together take five times as long to import as PyMuPDF
    sys.modules["pymupdf.layout"] = sys.modules["pymupdf4llm"] = None  # type: ignore[assignment]
    import pymupdf

    return pymupdf


@cache
def _import_pillow() -> None:
    """Imports what Pillow would import while it decodes."""
    from PIL import Image

    for name in _PILLOW:
        importlib.import_module(f"PIL.{name}")
    Image.preinit()
    for name in _CODECS:
        codecs.lookup(name)


@cache
def _import_tifffile() -> None:
    """Imports what tifffile would import while it unpacks the compressions of `_TIFF_PACKED`."""
    import tifffile

    needed = [tifffile.TIFF.DECOMPRESSORS[compression] for compression in _TIFF_PACKED]
    assert len([*needed, tifffile.TIFF.UNPREDICTORS[2]]) > len(_TIFF_PACKED)


def _reader(file: BinaryIO, order: dict[str, Any]) -> Callable[[], Opened]:
    """What looks into the file. A PDF is mapped here, before the walls."""
    if order["media_type"] == "application/pdf":
        data = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        return lambda: PdfFile(_import_pymupdf(), data, order)
    return lambda: ImageFile(file, order["media_type"], order["limits"])


def _open(reader: Callable[[], Opened], limits: dict[str, Any]) -> Opened:
    opened = reader()
    if opened.pages < 1:
        raise Refused("damaged_file", reason="no pages")
    if opened.pages > limits["pages"]:
        raise Refused("too_large", limit="pages", value=opened.pages)
    return opened


def _attempt(step: Callable[[], dict[str, Any]], **facts: int) -> dict[str, Any]:
    """The answer of `step`. Any failure of a decoder becomes a refusal, because only the file differs between runs."""
    try:
        return step()
    except Refused as exc:
        return {"error": exc.code, "facts": exc.facts}
    except MemoryError:
        return {"error": "too_large", "facts": {"limit": "memory", **facts}}
    except Exception as exc:
        out_of_memory = "malloc" in str(exc) or "calloc" in str(exc)
        code, note = ("too_large", {"limit": "memory"}) if out_of_memory else ("damaged_file", {"reason": type(exc).__name__})
        return {"error": code, "facts": {**note, **facts}}


def serve(requests: BinaryIO, answers: BinaryIO, files: list[int]) -> None:
    """Answers each line of `requests` about the one file until it ends."""
    order = json.loads(requests.readline())
    raw = io.FileIO(files[0])
    raw.name = "scan"  # tifffile asks for a name, and a descriptor has none
    file = io.BufferedReader(raw)
    reader = _reader(file, order)
    # the file itself is mapped, and its pages may be dropped at any time
    sandbox.limit(memory_bytes=order["limits"]["child_memory_bytes"] + os.fstat(file.fileno()).st_size)
    sandbox.limit_cpu(order["limits"]["child_cpu_s"])
    sandbox.enter()
    opened: list[Opened] = []

    def header() -> dict[str, Any]:
        opened.append(_open(reader, order["limits"]))
        return {"pages": opened[0].pages, "signed": opened[0].signed, "repaired": opened[0].repaired}

    _say(answers, _attempt(header))
    for line in requests:
        asked = json.loads(line)
        sandbox.limit_cpu(order["limits"]["child_cpu_s"])
        if "image_16bit" in asked:
            _answer(answers, partial(_answer_16bit, file, order, asked["image_16bit"]), page=asked["image_16bit"] + 1)
        else:
            _answer(answers, partial(_answer_page, opened[0], order, asked["page"]), page=asked["page"] + 1)


def _answer_page(opened: Opened, order: dict[str, Any], index: int) -> dict[str, Any]:
    """The header of a page, with its pixels under `bytes`."""
    width, height, dpi, area, data = opened.raster(index)
    coarser = _coarser(width * height, order["read_px"])
    about: dict[str, Any] = {"dpi": dpi, "area": area, "cut_short": opened.cut_short, "text": opened.text}
    about |= {"beside": opened.beside[:_MOST_BESIDE], "notes": sum(kind == "note" for kind, _, _ in opened.beside)}
    rgb = _reduced(data, width, coarser) if coarser > 1 else data
    return {"width": width, "height": height, "coarser": coarser, **about, "bytes": rgb}


def _answer_16bit(file: BinaryIO, order: dict[str, Any], index: int) -> dict[str, Any]:
    """The header of a page with 16 bits a channel, with its data stream under `bytes`."""
    image = _image_16bit(file, index, order["limits"]) if order["deep"] else None
    if image is None:
        return {"size": 0, "bytes": []}
    data = image.pop("data")
    return {**image, "size": len(data), "bytes": [data]}


def _answer(answers: BinaryIO, step: Callable[[], dict[str, Any]], **facts: int) -> None:
    """Writes the header that `step` gives, then its `bytes`, piece by piece."""
    answer = _attempt(step, **facts)
    pieces = answer.pop("bytes", ())
    _say(answers, answer)
    for piece in pieces:
        answers.write(piece)
    answers.flush()


def _say(answers: BinaryIO, answer: dict[str, Any]) -> None:
    answers.write(json.dumps(answer).encode() + b"\n")
    answers.flush()

"""Writes the light copy: the searchable PDF with small JPEGs, for systems that limit the size of files.

Công văn 1437/BTP-CNTT asks for about 100 kB a page in colour. The archive copy stays the master.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import Any, BinaryIO

import numpy as np
import pikepdf
from pikepdf import Dictionary, Page, Pdf
from PIL import Image

from digitizer.errors import OutputInvalid
from digitizer.model import Floats, Pixels, Scan
from digitizer.output import text_layer
from digitizer.output.existing_text import fill
from digitizer.output.images import Encoded
from digitizer.output.page_geometry import placement

#: bytes of an A4 page, text and structure included
PAGE_BYTES = 100_000
#: bytes of a page kept for text and structure
_TEXT_BYTES = 6_000
_A4_SQUARE_INCHES = 8.27 * 11.69
#: resolutions tried in this order. The first one at which the JPEG reaches the quality _LEGIBLE is taken
_STEPS_DPI = (200, 170, 150, 130, 115)
#: JPEG quality below which letters fray. A lower resolution is better than a lower quality
_LEGIBLE = 30
#: lowest JPEG quality that is tried
_LOWEST = 12
#: highest JPEG quality that is tried
_BEST = 88
#: index of a page -> the page as a scan
Decode = Callable[[int], Scan]


def write_light(
    archive: BinaryIO, target: BinaryIO, *, decode: Decode, pages: Sequence[int] | None = None, page_bytes: int = PAGE_BYTES
) -> None:
    """Writes the light copy of a searchable PDF of ours.

    A page stays as it is when it is small enough or has visible text of its own. All other pages become one JPEG of at most
    200 dpi. The same archive copy gives the same bytes.

    Args:
        archive: the searchable PDF.
        target: file that is written.
        decode: gives the pixels of a page by its index.
        pages: indices of the pages to keep, in their new order. None keeps all.
        page_bytes: limit for an A4 page. A larger sheet may have more, by its area.

    Raises OutputInvalid, and what `decode` raises.
    """
    try:
        with Pdf.open(archive) as pdf:
            _keep_pages(pdf, range(len(pdf.pages)) if pages is None else pages)
            for page, index in zip(pdf.pages, range(len(pdf.pages)) if pages is None else pages, strict=True):
                if _image_bytes(page) > page_bytes and not _has_seen_text(page):
                    _shrink(pdf, page, decode(index), page_bytes)
            pdf.remove_unreferenced_resources()
            pdf.save(target, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    except (pikepdf.PdfError, pikepdf.DataDecodingError) as exc:
        raise OutputInvalid("the light copy cannot be written") from exc


def _keep_pages(pdf: Pdf, pages: Sequence[int]) -> None:
    if list(pages) == list(range(len(pdf.pages))):
        return
    if not pages or max(pages) >= len(pdf.pages) or min(pages) < 0:
        raise OutputInvalid("there are no such pages", pages=len(pdf.pages))
    kept = [pdf.pages[index] for index in pages]
    # bookmarks would point at removed pages
    if "/Outlines" in pdf.Root:
        del pdf.Root.Outlines
    del pdf.pages[:]
    pdf.pages.extend(kept)


def _image_bytes(page: Page) -> int:
    return sum(int(image.get("/Length", 0)) for image in page.get_images(recursive=True).values())


def _has_seen_text(page: Page) -> bool:
    holders = [page.obj, *page.form_xobjects.values()]
    fonts = {name for holder in holders for name in holder.get("/Resources", Dictionary()).get("/Font", Dictionary())}
    return bool(fonts - {text_layer.FONT})


def _shrink(pdf: Pdf, page: Page, scan: Scan, page_bytes: int) -> None:
    """Replaces the images of `page` by one JPEG of `scan`. Our text layer stays."""
    encoded = _small(scan, _square_inches(scan, placement(page, scan.sheet), page), page_bytes)
    text, fonts = _our_text(page), page.obj.get("/Resources", Dictionary()).get("/Font", Dictionary())
    fill(pdf, page, scan.sheet, encoded)
    page.obj.Resources.Font = fonts
    page.contents_add(text)


def _square_inches(scan: Scan, matrix: Floats, page: Page) -> float:
    units = abs(float(np.linalg.det(matrix[:2, :2]))) * scan.sheet.width * scan.sheet.height
    return max(units / 72**2 * float(page.obj.get("/UserUnit", 1)) ** 2, 0.01)


def _our_text(page: Page) -> bytes:
    """The operators of our text layer."""
    kept: list[Any] = []
    inside: list[Any] = []
    ours = False
    for instruction in pikepdf.parse_content_stream(page):
        operator = str(instruction.operator)
        if operator == "BT":
            inside, ours = [], False
        inside.append(instruction)
        ours = ours or (operator == "Tf" and str(instruction.operands[0]) == text_layer.FONT)
        if operator == "ET" and ours:
            kept += inside
    return pikepdf.unparse_content_stream(kept)


def _small(scan: Scan, square_inches: float, page_bytes: int) -> Encoded:
    budget = round((page_bytes - _TEXT_BYTES) * max(square_inches / _A4_SQUARE_INCHES, 0.25))
    data, size, grey = small_jpeg(scan.pixels, np.sqrt(scan.pixels.shape[0] * scan.pixels.shape[1] / square_inches), budget)
    colour = "/DeviceGray" if grey else "/DeviceRGB"
    return Encoded(data=data, width=size[0], height=size[1], colour=colour, bits=8, filter="/DCTDecode", parms={})


def small_jpeg(pixels: Pixels, dpi: float, budget: int) -> tuple[bytes, tuple[int, int], bool]:
    """`pixels` ((H, W, 3) uint8 RGB at `dpi`) as a JPEG of about `budget` bytes: (bytes, (width, height), whether grey).

    Takes the highest resolution at which the budget allows a legible quality, else the lowest resolution.
    """
    image = Image.fromarray(pixels)
    grey = bool(np.array_equal(pixels[..., 0], pixels[..., 1]) and np.array_equal(pixels[..., 0], pixels[..., 2]))
    image = image.convert("L") if grey else image
    for step in _STEPS_DPI:
        smaller = _at(image, dpi, step)
        data, quality = _fitting(smaller, budget)
        if quality >= _LEGIBLE:
            break
    return data, smaller.size, grey


def _at(image: Image.Image, dpi: float, wanted: float) -> Image.Image:
    share = wanted / dpi
    if share >= 1:
        return image
    return image.resize((max(1, round(image.width * share)), max(1, round(image.height * share))), Image.Resampling.LANCZOS)


def _fitting(image: Image.Image, budget: int) -> tuple[bytes, int]:
    """(JPEG, its quality). The best quality within `budget` bytes, else the lowest quality."""
    low, high, best = _LOWEST, _BEST, _encoded(image, _LOWEST)
    while low < high:
        middle = (low + high + 1) // 2
        data = _encoded(image, middle)
        if len(data) <= budget:
            low, best = middle, data
        else:
            high = middle - 1
    return best, low


def _encoded(image: Image.Image, quality: int) -> bytes:
    data = io.BytesIO()
    image.save(data, "JPEG", quality=quality, optimize=True, progressive=True, subsampling="4:2:0")
    return data.getvalue()

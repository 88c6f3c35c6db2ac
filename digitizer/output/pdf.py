"""Originals + PageTexts -> searchable PDF/A-2b with one page per scan and unchanged page images."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files as package_files
from typing import BinaryIO

import numpy as np
import pikepdf
from pikepdf import Array, Dictionary, Name, Page, Pdf, Stream

from digitizer.errors import InputError, OutputInvalid
from digitizer.model import Digitized, EmbeddedTextFate, Image16, PageText, Pixels, Problem, Sheet
from digitizer.output import images, text_layer
from digitizer.output.bookmarks import add_bookmarks
from digitizer.output.conformance import offenders, save
from digitizer.output.existing_text import drop_text, fill
from digitizer.output.metadata import described
from digitizer.output.page_geometry import placement
from digitizer.output.placement import exif_turn, operands, page_size
from digitizer.output.sanitize import sanitize
from digitizer.output.stamp import mark

log = logging.getLogger(__name__)

#: (source id, index of a scan) -> its (H, W, 3) uint8 RGB, decoded under limits. Raises InputError
Decode = Callable[[str, int], Pixels]
#: (source id, index of a scan) -> its image of 16 bits a channel, decoded under limits. None: it has fewer. Raises InputError
Decode16 = Callable[[str, int], Image16 | None]

#: (width, height) of A4 in points
_A4 = (595.276, 841.89)
#: media type of a PDF
_PDF = "application/pdf"
#: code of the problem that the file breaks a rule of PDF/A
_NOT_PDFA = "not_pdfa"


@dataclass(frozen=True, slots=True, kw_only=True)
class PdfStyle:
    """Settings of an installation for its PDFs."""

    #: document type -> title as printed
    titles: Mapping[str, str] = field(default_factory=dict)
    #: text drawn at the top left of every page, see `OutputOptions`. Empty: none
    mark: str = ""
    #: pages of PDFs are replaced by pictures of themselves
    rasterise: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoders:
    """Functions that decode scans in a process with limits."""

    #: 8 bits a channel, any format
    pixels: Decode
    #: 16 bits a channel, called for TIFFs only
    image_16bit: Decode16


def write_pdf(
    result: Digitized,
    files: Mapping[str, BinaryIO],
    target: BinaryIO,
    *,
    signed: frozenset[str],
    decode: Decoders,
    style: PdfStyle,
) -> tuple[Problem, ...]:
    """Writes the searchable PDF of `result` to `target`. Returns problems a person should know.

    A single signed PDF is copied unchanged, because any change would break its signature. Active content in it is told.
    `files`: source id -> its file, from its start. Raises OutputInvalid.
    """
    if len(result.sources) == 1 and result.sources[0].id in signed:
        return _unchanged(files[result.sources[0].id], target)
    types = {source.id: source.media_type for source in result.sources}
    if _PDF in types.values() and not style.rasterise:
        try:
            return _kept(result, types, files, target, decode, style)
        except (OutputInvalid, pikepdf.PdfError, pikepdf.DataDecodingError) as exc:
            log.info("PDF rebuilt", extra={"action": "rebuild_pdf", "source": result.bundle, "error": type(exc).__name__})
    # a PDF that qpdf cannot repair, or that must not keep its pages, is rebuilt from pixels
    images_only = {source: "image" if kind == _PDF else kind for source, kind in types.items()}
    rebuilt = (Problem(code="pdf_rebuilt"),) if images_only != types and not style.rasterise else ()
    pages = tuple(_own_page(text) if types[text.source] == _PDF else text for text in result.pages)
    try:
        return (*_Assembly(replace(result, pages=pages), images_only, files, decode, style).write(target), *rebuilt)
    except (pikepdf.PdfError, pikepdf.DataDecodingError) as exc:
        raise OutputInvalid(f"the PDF cannot be written: {exc}") from exc


def _unchanged(file: BinaryIO, target: BinaryIO) -> tuple[Problem, ...]:
    """Copies a signed PDF. Scripts, attachments and actions stay in it, so a person must know of them."""
    shutil.copyfileobj(file, target, 1 << 20)
    file.seek(0)
    try:
        with Pdf.open(file) as pdf:
            # its signature is a form, too
            active = [kind for kind in sanitize(pdf) if kind != "forms"]
    except pikepdf.PdfError:
        active = ["unreadable"]
    told = (Problem(code="signed_active", facts={"kinds": ", ".join(active)}),) if active else ()
    return (Problem(code="signed_unchanged"), *told)


def _kept(
    result: Digitized,
    types: Mapping[str, str],
    files: Mapping[str, BinaryIO],
    target: BinaryIO,
    decode: Decoders,
    style: PdfStyle,
) -> tuple[Problem, ...]:
    """Writes it with the pages of PDFs unchanged. Pages that PDF/A does not allow are replaced by pictures of themselves."""
    noted = _Assembly(result, types, files, decode, style).write(target)
    if not any(problem.code == _NOT_PDFA for problem in noted):
        return noted
    bad = offenders(target)
    pages = tuple(
        replace(text, embedded_text_fate=EmbeddedTextFate.PICTURED) if position in bad and types[text.source] == _PDF else text
        for position, text in zip(result.positions, result.pages, strict=True)
    )
    noted = _Assembly(replace(result, pages=pages), types, files, decode, style).write(target) if bad else noted
    shown = Problem(code="pages_pictured", facts={"pages": ", ".join(str(page + 1) for page in sorted(bad)[:20])})
    return (*noted, shown) if bad else noted


def _own_page(text: PageText) -> PageText:
    """`text` for a new page that its scan fills, also where the scan came from a PDF page."""
    return replace(text, sheet=replace(text.sheet, area=None)) if text.sheet is not None else text


class _Assembly:
    """Builds the output PDF: pages of PDFs stay, each image gets a page, and both get the text layer."""

    def __init__(
        self, result: Digitized, types: Mapping[str, str], files: Mapping[str, BinaryIO], decode: Decoders, style: PdfStyle
    ) -> None:
        self._result, self._types, self._files, self._decode, self._style = result, types, files, decode, style
        self._scans = _scans(result)

    def write(self, target: BinaryIO) -> tuple[Problem, ...]:
        """Writes the PDF to `target` and returns its problems. Raises OutputInvalid, PdfError, DataDecodingError."""
        with ExitStack() as opened:
            pdfs = {s: opened.enter_context(Pdf.open(self._file(s))) for s, kind in self._types.items() if kind == _PDF}
            in_place = len(self._types) == 1 and bool(pdfs)
            pdf = next(iter(pdfs.values())) if in_place else opened.enter_context(Pdf.new())
            if in_place and len(pdf.pages) != len(self._scans):
                raise OutputInvalid(f"{len(pdf.pages)} pages were found for {len(self._scans)} scans")
            removed = tuple(sorted({kind for original in pdfs.values() for kind in sanitize(original)}))
            self._pages(pdf, pdfs, in_place)
            add_bookmarks(pdf, self._result, self._style.titles)
            noted = (Problem(code="active_removed", facts={"kinds": ", ".join(removed)}),) if removed else ()
            broken = save(pdf, target, described(self._result, self._style.titles))
            unfit = (Problem(code=_NOT_PDFA, facts={"rules": ", ".join(broken[:5])}),) if broken else ()
            return (*noted, *unfit)

    def _file(self, source: str) -> BinaryIO:
        file = self._files[source]
        file.seek(0)
        return file

    def _pages(self, pdf: Pdf, originals: Mapping[str, Pdf], in_place: bool) -> None:
        font, used = Font(pdf), set[str]()
        for number, texts in enumerate(self._scans):
            first = texts[0]
            if first.source not in originals:
                _add_image_page(pdf, first, self._types[first.source], self._file(first.source), self._decode)
            elif not in_place:
                pdf.pages.append(originals[first.source].pages[first.scan])
            page = pdf.pages[number]
            _add_text(pdf, page, texts, font, used, self._decode)
            # viewers show the page upright. The image keeps its pixels
            page.rotate(-first.quality.rotation, relative=True)
            if self._style.mark:
                mark(pdf, page, self._style.mark)
        font.complete(used)


def _scans(result: Digitized) -> list[list[PageText]]:
    """The PageTexts of each scan of the bundle, in order."""
    scans: dict[int, list[PageText]] = {}
    for position, text in zip(result.positions, result.pages, strict=True):
        scans.setdefault(position, []).append(text)
    return [scans[position] for position in sorted(scans)]


# --- pages ----------------------------------------------------------------------------------------------------------


def _add_image_page(pdf: Pdf, text: PageText, media_type: str, file: BinaryIO, decode: Decoders) -> None:
    """Adds a page of the size of the sheet with the scan on it. A scan that cannot be decoded gives an empty page."""
    if text.sheet is None:
        pdf.add_blank_page(page_size=_A4)
        return
    try:
        encoded = _as_it_is(text, text.sheet, media_type, file, decode) or images.lossless(decode.pixels(text.source, text.scan))
    except InputError:
        pdf.add_blank_page(page_size=_A4)
        return
    size = page_size(text.sheet.width, text.sheet.height, text.dpi)
    page = pdf.add_blank_page(page_size=size)
    image = images.stream(pdf, encoded)
    # the image fills the unit square. The matrix applies its EXIF orientation, so its bytes stay
    turned = operands(np.diag([*size, 1.0]) @ exif_turn(encoded.orientation))
    name = page.add_resource(image, Name.XObject, Name("/Scan"))
    numbers = " ".join(f"{value:.5f}" for value in turned)
    page.contents_add(f"q {numbers} cm {name} Do Q\n".encode())


def _as_it_is(text: PageText, sheet: Sheet, media_type: str, file: BinaryIO, decode: Decoders) -> images.Encoded | None:
    """The image without loss of bits: the bytes of a JPEG or 16-bit PNG file, or a 16-bit TIFF from the decoder. Else None."""
    if media_type == "image/jpeg":
        return images.jpeg(file)
    encoded = images.png16(file) if media_type == "image/png" else None
    if media_type == "image/tiff":
        deep = _image_16bit(text, decode)
        encoded = images.image16(deep) if deep is not None else None
    # the decoder scales non-square pixels to square ones, so the size of the file may not be that of the sheet
    return encoded if encoded is not None and (encoded.width, encoded.height) == (sheet.width, sheet.height) else None


def _image_16bit(text: PageText, decode: Decoders) -> Image16 | None:
    """The scan of 16 bits a channel. None: it has fewer, or it cannot be unpacked and keeps 8 bits."""
    try:
        return decode.image_16bit(text.source, text.scan)
    except InputError:
        return None


def _add_text(pdf: Pdf, page: Page, texts: list[PageText], font: Font, used: set[str], decode: Decoders) -> None:
    """Adds the invisible text of a scan to its page. Embedded text stays where it is visible and was kept by the reader."""
    first = texts[0]
    if first.sheet is None:
        return
    if first.embedded_text_fate is EmbeddedTextFate.PICTURED:
        fill(pdf, page, first.sheet, images.lossless(decode.pixels(first.source, first.scan)))
        remains = False
    else:
        remains = drop_text(pdf, page, everything=first.embedded_text_fate is EmbeddedTextFate.REPLACED)
    if remains and first.embedded_text_fate is not EmbeddedTextFate.KEPT:
        return  # visible text remains and was not read, so a second layer could repeat it
    operators = b"".join(text_layer.operators(_missing(text, remains), placement(page, first.sheet), used) for text in texts)
    if operators:
        page.add_resource(font.object, Name.Font, Name(text_layer.FONT), replace_existing=True)
        # the graphics state that the page leaves must not transform our text
        page.contents_add(b"q\n", prepend=True)
        page.contents_add(b"\nQ\n" + operators)


def _missing(text: PageText, remains: bool) -> PageText:
    """`text` without the lines that came from the PDF, when the page keeps its text."""
    return replace(text, lines=tuple(line for line in text.lines if line.by != "pdf")) if remains else text


# --- font -----------------------------------------------------------------------------------------------------------


@cache
def _glyphless() -> bytes:
    """A font of empty glyphs, drawn by `scripts/make_font.py`."""
    return (package_files("digitizer.output") / "glyphless.ttf").read_bytes()


class Font:
    """The font of the text layer. Codes are UTF-16 and glyphs are empty. ToUnicode maps each code to itself."""

    def __init__(self, pdf: Pdf) -> None:
        self._pdf = pdf
        program = Stream(pdf, _glyphless())
        program.stream_dict.Length1 = len(_glyphless())
        descriptor = pdf.make_indirect(
            Dictionary(
                Type=Name.FontDescriptor,
                FontName=Name("/Glyphless"),
                Flags=4,
                FontBBox=Array([0, -200, 500, 800]),
                ItalicAngle=0,
                Ascent=800,
                Descent=-200,
                CapHeight=800,
                StemV=80,
                FontFile2=pdf.make_indirect(program),
            )
        )
        # every code shows glyph 1. PDF/A forbids .notdef, also in invisible text (ISO 19005-2, 6.2.11.8)
        glyphs = pdf.make_indirect(Stream(pdf, b"\x00\x01" * 65536))
        cid_font = pdf.make_indirect(
            Dictionary(
                Type=Name.Font,
                Subtype=Name.CIDFontType2,
                BaseFont=Name("/Glyphless"),
                CIDSystemInfo=Dictionary(Registry=b"Adobe", Ordering=b"Identity", Supplement=0),
                FontDescriptor=descriptor,
                DW=500,
                CIDToGIDMap=glyphs,
            )
        )
        self.object = pdf.make_indirect(
            Dictionary(
                Type=Name.Font,
                Subtype=Name.Type0,
                BaseFont=Name("/Glyphless"),
                Encoding=Name("/Identity-H"),
                DescendantFonts=Array([cid_font]),
            )
        )

    def complete(self, used: set[str]) -> None:
        """Adds the ToUnicode map for the letters in `used`."""
        self.object.ToUnicode = self._pdf.make_indirect(Stream(self._pdf, text_layer.to_unicode(used)))

"""A scan and the pages it becomes: pixels, printed geometry, marks and condition."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from digitizer.model.letters import Line
from digitizer.model.planes import Box, Floats, Pixels, Warp
from digitizer.model.problem import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """Size of a scan, and its place on the PDF page it came from."""

    #: px
    width: int
    #: px
    height: int
    #: place on its PDF page as a viewer shows it: points, origin top-left, y down. None: it fills a page of its own.
    area: Box | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Glyphs:
    """A run of embedded text of a PDF page: one font, in the order it is drawn."""

    font: str
    #: one character a glyph, as a PDF viewer copies it
    chars: str
    #: (N, 6) px of the scan: each glyph's place on its base line (x, y) and its box (x0, y0, x1, y1)
    places: Floats
    #: (x, y) along the base line, length 1, px of the scan
    direction: tuple[float, float]
    #: drawn invisibly or under a picture, most likely the text layer of another OCR
    hidden: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TextBeside:
    """Text that a PDF holds beside the content of a page. A person who prints the page does not see it."""

    #: `note`, `form_field` or `attachment`
    kind: str
    #: of the field, or who wrote the note. Empty where the file says none
    name: str
    #: words of a note, value of a field, name of an attached file
    text: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scan:
    """A page as it came."""

    #: SHA-256 of its source
    source: str
    #: position in the source, from 0
    index: int
    #: (H, W, 3) uint8 RGB. A very large scan has fewer than the file.
    pixels: Pixels
    #: dots per inch as the file states, or measured. None when unknown.
    dpi: float | None
    #: see `Sheet`
    area: Box | None = None
    #: problems found while decoding, say a repaired PDF
    problems: tuple[Problem, ...] = ()
    #: embedded text of its PDF page
    glyphs: tuple[Glyphs, ...] = ()
    #: pictures beside that text, px of the scan
    pictures: tuple[Box, ...] = ()
    #: what its PDF says beside the content of the page
    beside: tuple[TextBeside, ...] = ()
    #: (width, height) px of the image in the file, where `pixels` are fewer. None: `pixels` are those of the file.
    full: tuple[int, int] | None = None

    @property
    def sheet(self) -> Sheet:
        """Size and place of the scan, in px of the file."""
        width, height = self.full or self.pixels.shape[1::-1]
        return Sheet(width=width, height=height, area=self.area)

    @property
    def coarser(self) -> int:
        """How many px of the file lie along one of `pixels`. Coordinates are px of the file."""
        return 1 if self.full is None else round(self.full[0] / self.pixels.shape[1])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Image16:
    """A scan of 16 bits a channel with all its bits."""

    #: px
    width: int
    height: int
    #: 1 for grey, 3 for RGB
    channels: int
    #: data stream of a PNG of these pixels (the contents of its IDAT chunks)
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """The condition of a scan, and how its sheet lies in it."""

    #: turn of the sheet in the scan, degrees, clockwise positive
    skew_deg: float = 0.0
    #: further turn of the image: 0, 90, 180 or 270 degrees clockwise
    rotation: int = 0
    #: variance of the Laplacian over inked areas. None on a blank page.
    sharpness: float | None = None
    #: share of pixels that are ink, 0–1
    ink: float = 0.0
    blank: bool = False
    #: `good`, `fair` or `poor`
    grade: str = "good"
    #: the reasons
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A ruled box of a form. `row` and `column` count within its `table`, from 0."""

    box: Box
    table: int
    row: int
    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A tick box, and whether somebody ticked it."""

    box: Box
    ticked: bool
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """The printed geometry of a form."""

    cells: tuple[Cell, ...] = ()
    #: dotted lines to write on, as thin boxes
    dotted: tuple[Box, ...] = ()
    ticks: tuple[Tick, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A code, a seal or a stroke through a cancelled record. `text` is the content of a code, NFC, else empty."""

    #: `qr`, `barcode`, `seal`, `strike`
    kind: str
    box: Box
    text: str = ""


class EmbeddedTextFate(StrEnum):
    """What becomes of the embedded text of a PDF page."""

    #: the page has none, or nobody looked
    NONE = ""
    #: visible and copies right: it stays
    KEPT = "kept"
    #: invisible: our text takes its place
    REPLACED = "replaced"
    #: visible but copies wrongly: the page becomes its picture, with our text over it
    PICTURED = "pictured"


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedText:
    """Embedded text of a PDF on one page, px of the page."""

    lines: tuple[Line, ...]
    #: whether it is good Vietnamese. Other text has to agree with what the engine sees.
    sure: bool
    #: whether there is nothing else to read on the page
    whole: bool
    #: whether it can be seen
    seen: bool
    #: name of `digitizer.legacy_encodings.ENCODINGS`. Empty for Unicode.
    encoding: str = ""


def no_ink(_: Sequence[Box]) -> Floats:
    """The ink of a page without any."""
    return np.zeros((0, 5))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Page:
    """A page as it should be read: upright and straight.

    `part` counts the pages of a scan in reading order: a spread gives two, left first, each further paper on the glass more.
    """

    source: str
    #: index of the scan within the source
    scan: int
    part: int
    #: (H, W, 3) uint8 RGB
    pixels: Pixels
    dpi: float
    #: the scan it was cut from
    sheet: Sheet
    #: from this page's px to the scan's px
    to_scan: Warp
    quality: Quality
    ruling: Ruling = Ruling()
    marks: tuple[Mark, ...] = ()
    #: text of its PDF page. None where the PDF has none.
    embedded_text: EmbeddedText | None = None
    #: what hangs together of its ink outside of some boxes, px of the page: (N, 5), box (x0, y0, x1, y1) and area
    ink_beyond: Callable[[Sequence[Box]], Floats] = no_ink

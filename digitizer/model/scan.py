"""A scan, and the pages it becomes: pixels, what is printed on them, in which condition."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from digitizer.model.letters import Line
from digitizer.model.planes import Box, Floats, Pixels, Warp
from digitizer.model.problem import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A scan as a whole: what its px mean on the page it came from."""

    #: px
    width: int
    height: int
    #: where it lies on its PDF page as a viewer shows it: points, origin top-left, y down; None: it fills a page of its own
    area: Box | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Glyphs:
    """Text that a page of a PDF has of its own: a run in one font, in the order it is drawn."""

    font: str
    #: one character a glyph, as a reader would copy it
    chars: str
    #: (N, 6) px of the scan: where each glyph stands on its base line (x, y) and its box (x0, y0, x1, y1)
    places: Floats
    #: (x, y) along the base line in the scan, length 1
    direction: tuple[float, float]
    #: drawn invisibly or under a picture: a text layer of another OCR, most likely
    hidden: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scan:
    """A page as it came. `pixels`: (H, W, 3) uint8 RGB, fewer than it has if very large. `index`: position in the source."""

    source: str
    index: int
    pixels: Pixels
    #: dots per inch as stated by the file, or measured; None when unknown
    dpi: float | None
    #: see `Sheet`
    area: Box | None = None
    #: what was noticed while decoding, say a repaired PDF
    problems: tuple[Problem, ...] = ()
    #: text of its PDF page, and the places of pictures beside it, px
    glyphs: tuple[Glyphs, ...] = ()
    pictures: tuple[Box, ...] = ()
    #: (width, height) px of the image in the file where `pixels` show it coarser than it is; None: they are its own
    full: tuple[int, int] | None = None

    @property
    def sheet(self) -> Sheet:
        """Its size and place, without the pixels."""
        width, height = self.full or self.pixels.shape[1::-1]
        return Sheet(width=width, height=height, area=self.area)

    @property
    def coarser(self) -> int:
        """How many px of the image in the file, which places are told in, lie along one of `pixels`."""
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
    """What is known about a scan's condition."""

    #: turn of the sheet in the scan, degrees, clockwise positive
    skew_deg: float = 0.0
    #: further turn of the image: 0, 90, 180 or 270 degrees clockwise
    rotation: int = 0
    #: variance of the Laplacian over inked areas; None on a blank page
    sharpness: float | None = None
    #: share of pixels that are ink, 0–1
    ink: float = 0.0
    blank: bool = False
    #: `good`, `fair` or `poor`; `problems` are the reasons
    grade: str = "good"
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A ruled box of a form. `row`, `column` count within its `table`, from 0."""

    box: Box
    table: int
    row: int
    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A tick box and whether somebody ticked it."""

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
    """A code, a seal or a stroke through a cancelled record. `text` is a code's content, NFC, else empty."""

    #: `qr`, `barcode`, `seal`, `strike`
    kind: str
    box: Box
    text: str = ""


class EmbeddedTextFate(StrEnum):
    """What becomes of the text a page of a PDF had."""

    #: it has none, or nobody looked
    NONE = ""
    #: it can be seen and copies right: it stays
    KEPT = "kept"
    #: none of it can be seen: ours takes its place
    REPLACED = "replaced"
    #: it can be seen but copies wrongly: the page becomes its picture, ours lies over it
    PICTURED = "pictured"


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedText:
    """Embedded text of a PDF on one page, px of the page."""

    lines: tuple[Line, ...]
    #: good Vietnamese; what is not has to agree with what is seen
    sure: bool
    #: there is nothing else to read on the page
    whole: bool
    #: whether it can be seen
    seen: bool
    #: see `digitizer/legacy_encodings.py`; empty for Unicode
    encoding: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Page:
    """A page as it should be read: upright, straight. A spread gives two (`part` 0 is left, 1 right)."""

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
    #: of a PDF that has text
    embedded_text: EmbeddedText | None = None

"""Every type that flows. Imports nothing of ours.

Coordinates are px of the upright page, origin top-left, y down, unless a name says otherwise. Angles are degrees,
clockwise positive, and describe the scan, not its correction. Confidence is 0 to 1. Text is NFC.
Change a value with `dataclasses.replace`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from datetime import datetime
from enum import StrEnum
from pathlib import Path

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]


class Lane(StrEnum):
    """Which work goes first."""

    #: a citizen is waiting at the counter
    COUNTER = "counter"
    #: books and back files
    BULK = "bulk"


class Verdict(StrEnum):
    """What the engine thinks of a record; a person decides."""

    ACCEPT = "ACCEPT"
    REVIEW = "REVIEW"


class PageState(StrEnum):
    """How reading a page ended."""

    READ = "READ"
    BLANK = "BLANK"
    FAILED = "FAILED"


class IntakeState(StrEnum):
    """Where a submission stands."""

    #: stored and noted
    RECEIVED = "RECEIVED"
    #: a worker has begun
    RUNNING = "RUNNING"
    #: result and artifacts are in the store
    DIGITIZED = "DIGITIZED"
    #: ended with a code and a reason
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


class RecordState(StrEnum):
    """Where a record stands."""

    #: waits for a person
    REVIEW = "REVIEW"
    #: approved, on its way to the dossier system
    READY = "READY"
    #: the dossier system has it
    ATTACHED = "ATTACHED"
    #: a person rejected it
    REFUSED = "REFUSED"
    #: cancelled in the book itself
    VOID = "VOID"
    #: keyed by one person, waits for the second keyer
    KEYED_ONCE = "KEYED_ONCE"
    #: two keyers differ
    DIFFERS = "DIFFERS"


@dataclass(frozen=True, slots=True)
class Box:
    """An axis-parallel rectangle `[x0, y0, x1, y1]`; refuses to be inside out."""

    x0: float
    y0: float
    x1: float
    y1: float

    def __post_init__(self) -> None:
        if not (self.x0 <= self.x1 and self.y0 <= self.y1):
            raise ValueError(f"box is inside out: {self.x0}, {self.y0}, {self.x1}, {self.y1}")

    @property
    def width(self) -> float:
        """Horizontal extent, px."""
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        """Vertical extent, px."""
        return self.y1 - self.y0

    @property
    def centre(self) -> tuple[float, float]:
        """Middle point (x, y)."""
        return (self.x0 + self.x1) / 2, (self.y0 + self.y1) / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something a person should know; `code` finds the sentence in `digitizer/messages/`.

    `facts` hold numbers, file and field names for that sentence, never a person's data.
    """

    code: str
    page: int | None = None
    field: str | None = None
    facts: Mapping[str, str | int | float] = dataclass_field(default_factory=dict)


# --- what was submitted ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Content, once."""

    #: SHA-256 of the bytes, lower-case hex
    id: str
    #: where the store keeps it
    key: str
    media_type: str
    #: bytes
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """One submission of a bundle: who brought it, for which dossier."""

    id: str
    #: the `Bundle` it stands for
    bundle: str
    #: file or folder name as submitted
    name: str
    agency: str | None = None
    dossier: str | None = None
    component: str | None = None
    #: who or which system submitted it
    actor: str
    lane: Lane = Lane.BULK
    #: aware, UTC
    received_at: datetime
    #: book the pages belong to, say `KS/1999/01`
    book: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """An ordered list of scans: one file, or one folder ingested as a book. Positions count, not hashes."""

    id: str
    #: (source id, scan index within the source) by position
    pages: tuple[tuple[str, int], ...]


# --- pixels ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Warp:
    """A map between two pixel planes: a homography, then an optional displacement.

    `homography`: (3, 3) float64, acts on column vectors (x, y, 1).
    `grid`: (h, w, 2) float64 or None: displacement in px of the target plane, sampled bilinearly over the source plane of
    `size` = (width, height) px, corners on corners; added after the homography.
    """

    homography: Floats
    grid: Floats | None = None
    #: (width, height) of the source plane; required with a grid
    size: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        if self.homography.shape != (3, 3):
            raise ValueError(f"homography has shape {self.homography.shape}, not (3, 3)")
        if self.grid is not None and (self.size is None or self.grid.ndim != 3 or self.grid.shape[2] != 2):
            raise ValueError("a displacement grid needs shape (h, w, 2) and a size")

    @classmethod
    def identity(cls) -> Warp:
        """The map that changes nothing."""
        return cls(homography=np.eye(3))

    def points(self, xy: Floats) -> Floats:
        """Maps points. `xy`: (N, 2) float px; returns (N, 2)."""
        xy = np.asarray(xy, dtype=np.float64).reshape(-1, 2)
        mapped = _mapped(self.homography, xy)
        return mapped if self.grid is None else mapped + self._displacement(xy)

    def back(self, xy: Floats) -> Floats:
        """Maps points of the target plane, (N, 2) float px, to the source plane: the inverse of `points`, grid or not."""
        way = np.asarray(np.linalg.inv(self.homography), dtype=np.float64)
        xy = np.asarray(xy, dtype=np.float64).reshape(-1, 2)
        found = _mapped(way, xy)
        # the displacement changes slowly, so a few rounds are exact to a hundredth of a px
        for _ in range(0 if self.grid is None else 8):
            found = _mapped(way, xy - self._displacement(found))
        return found

    def _displacement(self, xy: Floats) -> Floats:
        assert self.grid is not None
        assert self.size is not None
        rows, columns = self.grid.shape[:2]
        gx = np.clip(xy[:, 0] / max(self.size[0], 1) * (columns - 1), 0, columns - 1)
        gy = np.clip(xy[:, 1] / max(self.size[1], 1) * (rows - 1), 0, rows - 1)
        x0, y0 = np.minimum(gx.astype(int), max(columns - 2, 0)), np.minimum(gy.astype(int), max(rows - 2, 0))
        x1, y1 = np.minimum(x0 + 1, columns - 1), np.minimum(y0 + 1, rows - 1)
        fx, fy = (gx - x0)[:, None], (gy - y0)[:, None]
        top = self.grid[y0, x0] * (1 - fx) + self.grid[y0, x1] * fx
        bottom = self.grid[y1, x0] * (1 - fx) + self.grid[y1, x1] * fx
        blended: Floats = top * (1 - fy) + bottom * fy
        return blended

    def compose(self, first: Warp) -> Warp:
        """The map that applies `first`, then this one; this one must have no grid unless `first` is a pure homography."""
        if self.grid is None:
            grid = first.grid
            if grid is not None and not np.allclose(self.homography[2], (0, 0, 1)):
                raise ValueError("only an affine map can follow a displacement grid")
            if grid is not None:
                grid = grid @ self.homography[:2, :2].T
            return Warp(homography=self.homography @ first.homography, grid=grid, size=first.size)
        raise ValueError("a displacement grid has to come first")

    def inverse(self) -> Warp:
        """The way back; only a pure homography has one in closed form."""
        if self.grid is not None:
            raise ValueError("a displacement grid has no closed inverse")
        inverted: Floats = np.linalg.inv(self.homography).astype(np.float64)
        return Warp(homography=inverted)


def _mapped(homography: Floats, xy: Floats) -> Floats:
    """(N, 2) points through a (3, 3) homography."""
    homogeneous = np.column_stack([xy, np.ones(len(xy))]) @ homography.T
    mapped: Floats = homogeneous[:, :2] / homogeneous[:, 2:]
    return mapped


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
    """A page as it came. `pixels`: (H, W, 3) uint8 RGB. `index`: position within the source."""

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

    @property
    def sheet(self) -> Sheet:
        """Its size and place, without the pixels."""
        return Sheet(width=self.pixels.shape[1], height=self.pixels.shape[0], area=self.area)


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


class OldText(StrEnum):
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
class OwnText:
    """What a page of a PDF says of itself, px of the page."""

    lines: tuple[Line, ...]
    #: good Vietnamese; what is not has to agree with what is seen
    sure: bool
    #: there is nothing else to read on the page
    whole: bool
    #: whether it can be seen
    seen: bool
    #: see `digitizer/legacy.py`; empty for Unicode
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
    own: OwnText | None = None


# --- text -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One character and where the recogniser saw it, px of the page."""

    char: str
    x0: float
    x1: float
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """Letters between spaces."""

    text: str
    box: Box
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Lattice:
    """What the recogniser held possible in a line, column by column; `digitizer/lattice.py` packs and unpacks it.

    Column i begins at `x0 + i * step` px of the page. `cells`: for every column in which a letter is possible (columns left out
    before it, entries), then the entries, likeliest first, as (character, level); character 0 is the blank, i is `signs[i - 1]`.
    """

    x0: float
    step: float
    signs: str
    cells: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One printed or written row of text; `words` and `letters` in reading order, `letters` with the spaces."""

    text: str
    box: Box
    confidence: float
    words: tuple[Word, ...] = ()
    letters: tuple[Letter, ...] = ()
    #: for decoding under constraints; never in a result. None from engines that give none
    lattice: Lattice | None = None
    #: `pdf`: text of the PDF's own that stays in it, else `ocr`
    by: str = "ocr"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PageText:
    """A page that has been read: what later stages know of it. Lines are in reading order."""

    source: str
    scan: int
    part: int
    width: int
    height: int
    dpi: float
    #: None when the scan could not be decoded
    sheet: Sheet | None
    to_scan: Warp
    quality: Quality
    lines: tuple[Line, ...]
    ruling: Ruling
    marks: tuple[Mark, ...]
    blank: bool
    #: fingerprint of the engine that read it, `pdf` where its PDF says everything itself
    engine: str
    old_text: OldText = OldText.NONE


# --- meaning --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Why a document has its type. `what` is a phrase a person understands, `page` counts PageTexts of the bundle."""

    what: str
    page: int
    box: Box | None
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A remark in the margin, with the day it was made (ISO) where it says one; `page` and `box` as those of a field."""

    text: str
    date: str | None
    confidence: float
    page: int
    box: Box | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One value, where it was read and how sure we are.

    `by`: `ocr`, `qr`, `mrz`, `pdf`, `book` or a user's name. `page` counts PageTexts of the bundle; `box` is on that page.
    `value` is in the normal form of its kind (None: nothing usable), `raw` as printed.
    """

    name: str
    raw: str
    value: str | bool | tuple[str, ...] | None
    confidence: float
    accepted: bool
    page: int | None = None
    box: Box | None = None
    problems: tuple[Problem, ...] = ()
    by: str = "ocr"
    #: a field of notes: its `value` is their texts
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One registration case, or the content of one sheet. `id` is `<document id>/<record number>`."""

    id: str
    fields: tuple[Field, ...]
    verdict: Verdict
    reasons: tuple[Problem, ...] = ()
    revision: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One paper among the scans. `id` is `<bundle id>/<document number>`; `doctype` None when unsure (`unknown`)."""

    id: str
    #: positions of its scans in the bundle, 0-based
    pages: tuple[int, ...]
    #: positions of its PageTexts in the bundle, 0-based
    texts: tuple[int, ...]
    doctype: str | None
    score: float
    #: how far the score is ahead of the next type's
    margin: float = 0.0
    evidence: tuple[Evidence, ...] = ()
    #: why its type or its values should not be trusted: another language, hardly legible
    problems: tuple[Problem, ...] = ()
    records: tuple[Record, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """A file the pipeline made, still in scratch."""

    name: str
    media_type: str
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """How a result was made."""

    #: our version and those of the libraries that matter
    versions: Mapping[str, str]
    #: model name -> SHA-256
    models: Mapping[str, str]
    #: digest over the document type declarations
    doctypes: str
    #: stage -> seconds
    seconds: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Digitized:
    """The result for a bundle."""

    bundle: str
    sources: tuple[Source, ...]
    pages: tuple[PageText, ...]
    #: position of each PageText's scan in the bundle, same length as `pages`
    positions: tuple[int, ...]
    documents: tuple[Document, ...]
    problems: tuple[Problem, ...]
    run: Run
    artifacts: tuple[Artifact, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The dossier system took a delivery: an intake's PDF, or a record and its revision."""

    delivery: str
    dossier: str
    external_id: str
    #: aware, UTC
    at: datetime

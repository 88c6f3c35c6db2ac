"""A page that has been read."""

from __future__ import annotations

from dataclasses import dataclass

from digitizer.model.letters import Line
from digitizer.model.planes import Box, Warp
from digitizer.model.scan import EmbeddedTextFate, Mark, Quality, Ruling, Sheet, TextBeside


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PageText:
    """A page that has been read: all that later stages know of it. Lines are in reading order."""

    source: str
    scan: int
    #: number of this page among those of its scan, from the left, from 0. A scan of one page has part 0 only
    part: int
    width: int
    height: int
    dpi: float
    #: size and place of its scan. None when the scan could not be decoded.
    sheet: Sheet | None
    to_scan: Warp
    quality: Quality
    lines: tuple[Line, ...]
    ruling: Ruling
    marks: tuple[Mark, ...]
    blank: bool
    #: fingerprint of the engine that read what is not embedded text
    engine: str
    embedded_text_fate: EmbeddedTextFate = EmbeddedTextFate.NONE
    #: what the PDF says beside the content of the page, on the first page of a scan
    beside: tuple[TextBeside, ...] = ()
    #: what looks like writing and was not read, px of the page
    unread: tuple[Box, ...] = ()

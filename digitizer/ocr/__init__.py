"""Page -> PageText. An engine is a module of this package with `open(options) -> Engine`, chosen by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol

from digitizer import plugins
from digitizer.model import EmbeddedTextFate, Line, Page, PageText, Pixels
from digitizer.ocr.embedded_text import ReadLines, quality_after, read_with_embedded
from digitizer.ocr.overlooked import find_overlooked, unread_ink
from digitizer.ocr.reading_order import reading_order
from digitizer.settings import EngineOptions

#: least confidence of a line on a page that looks blank: what stands there alone is a number, a word, or dust
_ALONE = 0.9

__all__ = ["Engine", "open_engine", "read", "verify_models"]


class Engine(Protocol):
    """Reads the text of one page at a time. One per process: not thread-safe, must not cross a fork.

    `fingerprint` names engine, version and weights. It changes whenever the same page could read differently. Results are
    stored under it. `models` maps each model's name to the SHA-256 of its weights.
    """

    @property
    def fingerprint(self) -> str: ...  # noqa: D102

    @property
    def models(self) -> Mapping[str, str]: ...  # noqa: D102

    def read(self, page: Page) -> tuple[Line, ...]:
        """The lines of `page` in any order, boxes in px of the page. Raises EngineFailed, EngineMissing."""
        ...

    def read_line(self, pixels: Pixels) -> str:
        """The text of a picture of one line, (H, W, 3) uint8 RGB. Lines are not searched for. Raises EngineFailed."""
        ...


def open_engine(options: EngineOptions) -> Engine:
    """The engine `options.name`, loaded and checked. Raises EngineMissing, ModelError, ConfigError."""
    engine: Engine = plugins.load("digitizer.ocr", options.name).open(options)
    return engine


def verify_models(options: EngineOptions) -> Mapping[str, str]:
    """Model name -> SHA-256 of the weights of the engine `options.name`, checked as at start. Raises ModelError."""
    return {model.name: model.sha256 for model in plugins.load("digitizer.ocr", options.name).models(options)}


def read(page: Page, *, engine: Engine) -> PageText:
    """`page` with its text in reading order. Raises EngineFailed, EngineMissing.

    The engine does not read a page without ink, nor one whose embedded text is whole. A page that looks blank is not blank when
    its PDF has visible words on it, or when a character that stands alone is read: `Page 3 of 12` is little ink.
    """
    found = ReadLines(lines=(), fate=EmbeddedTextFate.NONE)
    embedded = page.embedded_text
    if embedded is not None and (not page.quality.blank or (embedded.seen and embedded.lines)):
        found = read_with_embedded(embedded, page, engine)
    elif not page.quality.blank:
        found = replace(found, lines=engine.read(page))
    elif find_overlooked(page, ()):
        found = replace(found, lines=tuple(line for line in engine.read(page) if line.confidence >= _ALONE))
    height, width = page.pixels.shape[:2]
    quality = quality_after(page.quality, found)
    unread = () if quality.blank else unread_ink(page, found.lines)
    return PageText(
        source=page.source,
        scan=page.scan,
        part=page.part,
        width=width,
        height=height,
        dpi=page.dpi,
        sheet=page.sheet,
        to_scan=page.to_scan,
        quality=quality,
        lines=reading_order(found.lines, page.ruling.cells),
        ruling=page.ruling,
        marks=page.marks,
        blank=quality.blank,
        engine=engine.fingerprint,
        embedded_text_fate=found.fate,
        unread=unread,
    )

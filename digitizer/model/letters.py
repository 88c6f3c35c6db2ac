"""Letters, words and lines as they were read."""

from __future__ import annotations

from dataclasses import dataclass

from digitizer.model.planes import Box


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
    #: how likely a pen wrote it, 0-1; None where nobody looked
    hand: float | None = None
    #: `pdf` for embedded text of a PDF, `ocr` for what an engine read
    by: str = "ocr"

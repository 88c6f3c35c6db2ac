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
    """The characters the recogniser held possible in a line, column by column. `digitizer/lattice.py` packs and unpacks it.

    Column i begins at `x0 + i * step` px of the page. `cells` holds the columns in which a letter is possible. For each column
    it has the number of columns left out before it, the number of entries, and the entries, likeliest first. An entry is
    (character, level). Character 0 is the blank, character i is `signs[i - 1]`.
    """

    x0: float
    step: float
    signs: str
    cells: bytes
    #: (first column, its x0, step) of further stretches, where a line was read in several; columns before them stand as above
    stretches: tuple[tuple[int, float, float], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One printed or written row of text. `words` and `letters` are in reading order, `letters` with the spaces."""

    text: str
    box: Box
    confidence: float
    words: tuple[Word, ...] = ()
    letters: tuple[Letter, ...] = ()
    #: for decoding under constraints, never in a result. None from an engine that gives none.
    lattice: Lattice | None = None
    #: probability that a pen wrote it. None where nobody looked.
    hand: float | None = None
    #: `pdf` for embedded text of a PDF, `ocr` for what an engine read
    by: str = "ocr"

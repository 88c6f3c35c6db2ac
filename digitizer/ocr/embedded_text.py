"""Decides how a page with embedded text is read: embedded text where it is right, the engine for the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rapidfuzz.distance import Levenshtein

from digitizer.geometry import intersection, union
from digitizer.model import EmbeddedText, EmbeddedTextFate, Line, Page, Pixels, Problem, Quality, Word
from digitizer.text import fold, strip_accents, syllables

if TYPE_CHECKING:
    from digitizer.ocr import Engine

#: embedded text that is no good Vietnamese is used when the engine reads at least this share of its letters
_AGREED = 0.6
#: most accented Vietnamese syllables that only the engine reads, as a share of the embedded words. More show a wrong encoding
_OTHER = 0.2
#: room left and right of a line shown to the engine, in heights of the line
_BESIDE = 0.3
#: room above and below a line shown to the engine, in heights of the line
_ABOVE = 0.05
#: a word of the engine is an embedded one when embedded words cover this share of its box
_COVERED = 0.4
#: problems of a scan that do not apply when all text of the page is embedded
_RULED_OUT = ("skew_unsure", "orientation_unsure", "blurred", "cut_off")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReadLines:
    """Lines of a page in any order, and the fate of its embedded text."""

    lines: tuple[Line, ...]
    fate: EmbeddedTextFate
    #: problems of the embedded text
    problems: tuple[Problem, ...] = ()
    #: codes of problems of the scan that do not apply
    ruled_out: tuple[str, ...] = ()


def read_with_embedded(embedded: EmbeddedText, page: Page, engine: Engine) -> ReadLines:
    """The lines of `page`, which has `embedded` text. Raises EngineFailed, EngineMissing.

    `engine` reads the rest of the page where that text is right, else the whole page.
    """
    believed = bool(embedded.lines) and (embedded.sure or _agree(embedded.lines, page.pixels, engine.read_line))
    if believed:
        rest = () if embedded.whole else _rest(engine.read(page), embedded.lines)
        return _believed(embedded, (*embedded.lines, *rest))
    seen = engine.read(page)
    if embedded.seen:
        return ReadLines(lines=seen, fate=EmbeddedTextFate.PICTURED, problems=(Problem(code="wrong_text"),))
    return ReadLines(lines=seen, fate=EmbeddedTextFate.REPLACED)


def _believed(embedded: EmbeddedText, lines: tuple[Line, ...]) -> ReadLines:
    ruled_out = _RULED_OUT if embedded.whole else ()
    if embedded.encoding and embedded.seen:
        noted = Problem(code="legacy_text", facts={"encoding": embedded.encoding})
        return ReadLines(lines=lines, fate=EmbeddedTextFate.PICTURED, problems=(noted,), ruled_out=ruled_out)
    fate = EmbeddedTextFate.KEPT if embedded.seen else EmbeddedTextFate.REPLACED
    return ReadLines(lines=lines, fate=fate, ruled_out=ruled_out)


def quality_after(quality: Quality, read: ReadLines) -> Quality:
    """`quality` without the problems that embedded text rules out, and with the problems of that text."""
    kept = tuple(problem for problem in quality.problems if problem.code not in read.ruled_out)
    return replace(quality, blank=quality.blank and not read.lines, problems=(*kept, *read.problems))


def _agree(embedded: Sequence[Line], pixels: Pixels, read_line: Callable[[Pixels], str]) -> bool:
    """Whether the engine reads the embedded lines at their places on the page about as the PDF has them."""
    letters = right = words = others = 0
    for line in embedded:
        said, seen = fold(line.text).replace(" ", ""), read_line(_cut(line, pixels))
        letters += len(said)
        right += round(len(said) * Levenshtein.normalized_similarity(said, fold(seen).replace(" ", "")))
        words += len(line.words)
        others += len(_marked(seen) - _marked(line.text))
    return letters > 0 and right >= _AGREED * letters and others <= _OTHER * words


def _marked(text: str) -> set[str]:
    """The Vietnamese syllables with accents in `text`."""
    words = "".join(c if c.isalpha() else " " for c in text.casefold()).split()
    return {word for word in words if word in syllables() and strip_accents(word) != word}


def _cut(line: Line, pixels: Pixels) -> Pixels:
    box, (height, width) = line.box, pixels.shape[:2]
    beside, above = _BESIDE * box.height, _ABOVE * box.height
    x0, x1 = max(0, int(box.x0 - beside)), min(width, int(box.x1 + beside) + 1)
    return pixels[max(0, int(box.y0 - above)) : min(height, int(box.y1 + above) + 1), x0:x1]


def _rest(seen: Sequence[Line], embedded: Sequence[Line]) -> Iterator[Line]:
    """Lines and parts of lines that the engine read outside the embedded words."""
    taken = [word for line in embedded for word in line.words]
    for line in seen:
        words = [word for word in line.words if not _covered(word, taken)]
        if len(words) == len(line.words):
            yield line
        elif words:
            yield _of(words)


def _covered(word: Word, taken: Sequence[Word]) -> bool:
    area = max(word.box.width * word.box.height, 1.0)
    return sum(intersection(word.box, other.box) for other in taken) >= _COVERED * area


def _of(words: Sequence[Word]) -> Line:
    return Line(
        text=" ".join(word.text for word in words),
        box=union(word.box for word in words),
        confidence=min(word.confidence for word in words),
        words=tuple(words),
    )

"""Decides what is read of a page whose PDF has embedded text: that text where it is right, the engine for the rest."""

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

#: embedded text that is no good Vietnamese is believed where the engine sees this share of its letters
_AGREED = 0.6
#: at most this share of its words may be marked Vietnamese syllables to the engine only; more come from a wrong font encoding
_OTHER = 0.2
#: room to the left and right of a line that is shown to the engine, in heights of the line
_BESIDE = 0.3
#: room above and below it, in heights of the line
_ABOVE = 0.05
#: a word of the engine is the embedded one where embedded words cover this share of it
_COVERED = 0.4
#: problems of a scan that do not hold where all text of the page is embedded
_RULED_OUT = ("skew_unsure", "orientation_unsure", "blurred", "cut_off")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReadLines:
    """Lines of a page in any order, and what becomes of its embedded text."""

    lines: tuple[Line, ...]
    fate: EmbeddedTextFate
    problems: tuple[Problem, ...] = ()
    #: codes of problems of the scan that do not hold
    ruled_out: tuple[str, ...] = ()


def read_with_embedded(embedded: EmbeddedText, page: Page, engine: Engine) -> ReadLines:
    """The lines of `page`, which has `embedded` text; `engine` reads only what that text leaves open."""
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
    """`quality` without the problems that embedded text rules out, with those found in that text."""
    kept = tuple(problem for problem in quality.problems if problem.code not in read.ruled_out)
    return replace(quality, blank=quality.blank and not read.lines, problems=(*kept, *read.problems))


def _agree(embedded: Sequence[Line], pixels: Pixels, read_line: Callable[[Pixels], str]) -> bool:
    """Whether the engine sees what the PDF says, shown each line where the PDF has it."""
    letters = right = words = others = 0
    for line in embedded:
        said, seen = fold(line.text).replace(" ", ""), read_line(_cut(line, pixels))
        letters += len(said)
        right += round(len(said) * Levenshtein.normalized_similarity(said, fold(seen).replace(" ", "")))
        words += len(line.words)
        others += len(_marked(seen) - _marked(line.text))
    return letters > 0 and right >= _AGREED * letters and others <= _OTHER * words


def _marked(text: str) -> set[str]:
    """The Vietnamese syllables with marks in `text`."""
    words = "".join(c if c.isalpha() else " " for c in text.casefold()).split()
    return {word for word in words if word in syllables() and strip_accents(word) != word}


def _cut(line: Line, pixels: Pixels) -> Pixels:
    box, (height, width) = line.box, pixels.shape[:2]
    beside, above = _BESIDE * box.height, _ABOVE * box.height
    x0, x1 = max(0, int(box.x0 - beside)), min(width, int(box.x1 + beside) + 1)
    return pixels[max(0, int(box.y0 - above)) : min(height, int(box.y1 + above) + 1), x0:x1]


def _rest(seen: Sequence[Line], embedded: Sequence[Line]) -> Iterator[Line]:
    """What the engine read beside the embedded lines."""
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

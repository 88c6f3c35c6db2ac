"""What is read of a page whose PDF has text of its own: that text where it is right, the engine where it is not or not all."""

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

#: instead of the fingerprint of an engine
PDF = "pdf"
#: share of its letters an engine must see too, before text that is no good Vietnamese is believed
_AGREED = 0.6
#: share of its words that may be Vietnamese with marks to the engine only: letters at other letters' places look like that
_OTHER = 0.2
#: room around a line of letters for the engine, part of its height: to the sides, above and below
_BESIDE, _ABOVE = 0.3, 0.05
#: share of a word of the engine's that own text covers, from which they are the same
_COVERED = 0.4
#: doubts about a scan that text with a direction settles
_SETTLED = ("skew_unsure", "orientation_unsure", "blurred", "cut_off")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Read:
    """Lines in any order, who read them, and what becomes of the old text."""

    lines: tuple[Line, ...]
    engine: str
    embedded_text_fate: EmbeddedTextFate
    problems: tuple[Problem, ...] = ()


def read_beside_embedded(own: EmbeddedText, page: Page, engine: Engine) -> Read:
    """`own` as what `page` says; `engine` looks only where it has to."""
    believed = bool(own.lines) and (own.sure or _agree(own.lines, page.pixels, engine.read_line))
    if believed and own.whole:
        return _believed(own, own.lines, PDF)
    seen = engine.read(page)
    if believed:
        return _believed(own, (*own.lines, *_rest(seen, own.lines)), engine.fingerprint)
    if own.seen:
        return Read(
            lines=seen,
            engine=engine.fingerprint,
            embedded_text_fate=EmbeddedTextFate.PICTURED,
            problems=(Problem(code="wrong_text"),),
        )
    return Read(lines=seen, engine=engine.fingerprint, embedded_text_fate=EmbeddedTextFate.REPLACED)


def _believed(own: EmbeddedText, lines: Sequence[Line], engine: str) -> Read:
    if own.encoding and own.seen:
        noted = Problem(code="legacy_text", facts={"encoding": own.encoding})
        return Read(lines=tuple(lines), engine=engine, embedded_text_fate=EmbeddedTextFate.PICTURED, problems=(noted,))
    return Read(
        lines=tuple(lines), engine=engine, embedded_text_fate=EmbeddedTextFate.KEPT if own.seen else EmbeddedTextFate.REPLACED
    )


def settled(quality: Quality, read: Read) -> Quality:
    """`quality` without the doubts that own text settles, with what was found out about that text."""
    codes = _SETTLED if read.engine == PDF else ()
    kept = tuple(problem for problem in quality.problems if problem.code not in codes)
    return replace(quality, blank=quality.blank and not read.lines, problems=(*kept, *read.problems))


def _agree(own: Sequence[Line], pixels: Pixels, read_line: Callable[[Pixels], str]) -> bool:
    """Whether the engine sees what the PDF says, shown each line where the PDF has it."""
    letters = right = words = others = 0
    for line in own:
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


def _rest(seen: Sequence[Line], own: Sequence[Line]) -> Iterator[Line]:
    """What the engine read beside `own`."""
    taken = [word for line in own for word in line.words]
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

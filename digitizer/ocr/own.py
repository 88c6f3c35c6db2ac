"""What is read of a page whose PDF has text of its own: that text where it is right, the engine where it is not or not all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from digitizer.geometry import intersection, union
from digitizer.model import Line, OldText, OwnText, Problem, Quality, Word
from digitizer.text import fold

#: instead of the fingerprint of an engine
PDF = "pdf"
#: share of its words an engine must see too, before text that is no good Vietnamese is believed
_AGREED = 0.7
#: share of a word of the engine's that own text covers, from which they are the same
_COVERED = 0.4
#: doubts about a scan that text with a direction settles
_SETTLED = ("skew_unsure", "orientation_unsure", "blurred", "cut_off")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Read:
    """Lines in any order, who read them, and what becomes of the old text."""

    lines: tuple[Line, ...]
    engine: str
    old_text: OldText
    problems: tuple[Problem, ...] = ()


def read_own(own: OwnText, look: Callable[[], Sequence[Line]], fingerprint: str) -> Read:
    """`own` as what the page says; `look` has the engine read it, which is only done where it has to be."""
    if own.sure and own.whole:
        return _believed(own, own.lines, PDF)
    seen = tuple(look())
    if own.lines and (own.sure or _agree(own.lines, seen)):
        rest = () if own.whole else _rest(seen, own.lines)
        return _believed(own, (*own.lines, *rest), PDF if own.whole else fingerprint)
    if own.seen:
        return Read(lines=seen, engine=fingerprint, old_text=OldText.PICTURED, problems=(Problem(code="wrong_text"),))
    return Read(lines=seen, engine=fingerprint, old_text=OldText.REPLACED)


def _believed(own: OwnText, lines: Sequence[Line], engine: str) -> Read:
    if own.encoding and own.seen:
        noted = Problem(code="legacy_text", facts={"encoding": own.encoding})
        return Read(lines=tuple(lines), engine=engine, old_text=OldText.PICTURED, problems=(noted,))
    return Read(lines=tuple(lines), engine=engine, old_text=OldText.KEPT if own.seen else OldText.REPLACED)


def settled(quality: Quality, read: Read) -> Quality:
    """`quality` without the doubts that own text settles, with what was found out about that text."""
    codes = _SETTLED if read.engine == PDF else ()
    kept = tuple(problem for problem in quality.problems if problem.code not in codes)
    return replace(quality, problems=(*kept, *read.problems))


def _agree(own: Sequence[Line], seen: Sequence[Line]) -> bool:
    """Whether the engine sees what the PDF says."""
    said, read = (Counter(word for line in lines for word in fold(line.text).split()) for lines in (own, seen))
    return said.total() > 0 and (said & read).total() >= _AGREED * said.total()


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

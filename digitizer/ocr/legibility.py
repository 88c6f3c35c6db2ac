"""Whether what was read is text. The reader doubts noise, pages upside down and pages seen from behind."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from digitizer.model import EmbeddedTextFate, Line, PageText, Problem

#: a page that is read less well may lie another way up
_DOUBTFUL = 0.9
#: a page that is read so well lies the right way up
_PLAIN = 0.95
#: what is read less well is no text
_NOISE = 0.7
#: least number of letters that tell which way up a part of a page is
_LETTERS = 3
#: least number of letters that settle which way up a page is
_ENOUGH = 12


def legibility(lines: Sequence[Line]) -> float:
    """How sure the reader is of the letters of `lines`, mean over letters, 0-1. It is 0 with hardly any letters."""
    letters = _letters(lines)
    return float(sum(line.confidence * len(line.text) for line in lines) / letters) if letters >= _LETTERS else 0.0


def _letters(lines: Sequence[Line]) -> int:
    return sum(len(line.text) for line in lines)


def may_lie_otherwise(text: PageText) -> bool:
    """Whether a page may lie another way up than it was read: it is read badly, or its lines do not tell the way up."""
    if text.blank or text.embedded_text_fate == EmbeddedTextFate.KEPT:
        return False
    return legibility(text.lines) < _DOUBTFUL or (_has(text, "orientation_unsure") and not _is_plain(text))


def judged(text: PageText) -> tuple[tuple[Line, ...], tuple[Problem, ...]]:
    """The lines and problems of a page after its reading.

    Noise is `unreadable` and no text. A page that is read plainly lies the right way up.
    """
    problems = text.quality.problems
    if text.lines and (_has(text, "mirrored") or _is_noise(text.lines)):
        return (), (*problems, Problem(code="unreadable"))
    if _is_plain(text):
        problems = tuple(problem for problem in problems if problem.code != "orientation_unsure")
    return text.lines, (*problems, *_unread(text))


def _unread(text: PageText) -> tuple[Problem, ...]:
    """The problem of ink that looks like writing and was not read, with the first place of it, px of the image in the file."""
    if not text.unread:
        return ()
    first = text.unread[0]
    corners = text.to_scan.points(np.array([(first.x0, first.y0), (first.x1, first.y1)]))
    (x0, y0), (x1, y1) = np.sort(corners, axis=0).round().astype(int).tolist()
    return (Problem(code="unread_ink", facts={"count": len(text.unread), "x0": x0, "y0": y0, "x1": x1, "y1": y1}),)


def _has(text: PageText, code: str) -> bool:
    return any(problem.code == code for problem in text.quality.problems)


def _is_plain(text: PageText) -> bool:
    return _letters(text.lines) >= _ENOUGH and legibility(text.lines) >= _PLAIN


def _is_noise(lines: Sequence[Line]) -> bool:
    return _letters(lines) >= _LETTERS and legibility(lines) < _NOISE

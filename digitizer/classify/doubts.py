"""Checks the text of a scan for reasons to doubt it: another language, illegible print, two papers side by side.

A reason lowers the score of the document, so that a person looks at it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from digitizer.model import Line, PageText, Problem
from digitizer.text import ACCENTED, fold, is_national_title

#: least number of letters on a page for judging its language
_LETTERS = 150
#: share of accented letters below which a text is not Vietnamese (Vietnamese has about 30 %, forms in capitals 20 %)
_VIETNAMESE = 0.06
#: a line below this confidence is hardly legible
_SURE = 0.6
#: a page is hardly legible when more than this share of its letters stands in hardly legible lines
_SHARE = 0.3
_ACCENTED = frozenset(ACCENTED)


def doubts(pages: Sequence[tuple[int, PageText]]) -> tuple[Problem, ...]:
    """Reasons to doubt a document: `other_language`, `hardly_legible`, `side_by_side`.

    `pages`: (position of the PageText in the bundle, PageText).
    """
    found: list[Problem] = []
    for number, page in pages:
        found += [Problem(code=code, page=number) for code in _codes(page)]
    return tuple(found)


def _codes(page: PageText) -> Iterator[str]:
    letters = [c for line in page.lines for c in line.text if c.isalpha()]
    if len(letters) >= _LETTERS and sum(c in _ACCENTED for c in letters) < _VIETNAMESE * len(letters):
        yield "other_language"
    total = sum(len(line.text) for line in page.lines)
    unsure = sum(len(line.text) for line in page.lines if line.confidence < _SURE)
    if total and unsure > _SHARE * total:
        yield "hardly_legible"
    if _side_by_side(page.lines):
        yield "side_by_side"


def _side_by_side(lines: Sequence[Line]) -> bool:
    """Whether two papers lie side by side. Each has the national title, about as high on the page."""
    return bool(national_titles(lines))


def national_titles(lines: Sequence[Line]) -> tuple[Line, Line] | None:
    """The national titles of two papers that lie side by side, the left one first. None: there are no two."""
    titles = [line for line in lines if is_national_title(fold(line.text))]
    return next(
        (
            (a, b)
            for a in titles
            for b in titles
            if a.box.x1 <= b.box.x0 and abs(a.box.centre[1] - b.box.centre[1]) < 12 * a.box.height
        ),
        None,
    )

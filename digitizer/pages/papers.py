"""Tells paper from lid and desk on a scan, by the writing on it.

Light and shadow, a coloured sheet and the glass may differ as much as paper and lid do. So an area with writing is never taken
for background. A threshold that would cut writing away is lowered until it does not, or dropped.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from digitizer.model import Floats, Pixels
from digitizer.pages.ink import Copies, grey_copy, level_at
from digitizer.pages.spread import may_be_spread
from digitizer.pages.writing import WRITING_PX, at, find_writing

#: side, px, of the filter that removes text and rules, so that the outline does not follow them
BRUSH_PX = 9
#: greatest lightness of a background, as a share of the paper's
_DARKER = 0.72
#: least difference in colour (Lab) of a background from the paper
_COLOURED = 14.0
#: least share of the scan that is background
_LEAST_DARK = 0.004
#: most times that a threshold is lowered to keep writing
_TRIES = 5
#: writing this near to paper, px of the copy, is on it
_NEAR_PX = 4
#: percentile of the grounds of writing that counts as the darkest one
_DARKEST = 2
#: least number of places with letters on a written piece of paper
_LETTERS = 4
#: least number of places of light writing. It is higher, because dust on a lid is light too
_LIGHT_LETTERS = 8
#: greatest share of the whole that lies between the pieces of one paper
_PARTED = 0.12
#: least area of the smaller page of an open book, as a share of the larger one
_ALIKE = 0.67
#: least distance between the middles of its pages, as a share of the longer side of both
_ASIDE = 0.4
#: a line runs into a strip when it comes this near, px of the copy
_INTO_PX = 6
#: greatest difference in height of a line on both sides of a strip, px of the copy
_LEVEL_PX = 3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Paper:
    """One paper on a scan, in px of the copy."""

    #: outlines of its pieces, (N, 1, 2) each
    pieces: tuple[npt.NDArray[np.int32], ...]
    #: area of all pieces
    area: float
    #: whether it has writing on it
    written: bool

    @property
    def hull(self) -> npt.NDArray[np.int32]:
        """The convex outline of all pieces, (N, 1, 2) px."""
        return np.asarray(cv2.convexHull(np.concatenate(self.pieces)), np.int32)


class Written:
    """The places of letters on a scan, in px of a copy of `size` (width, height). They are searched at the first use."""

    __slots__ = ("_copy", "_found", "_scan", "_size")

    def __init__(self, scan: Copies, size: tuple[int, int]) -> None:
        self._scan, self._size = scan, size
        self._found: tuple[Floats, Floats] | None = None
        self._copy: Pixels | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width) of the copy, px."""
        return self._size[1], self._size[0]

    @property
    def points(self) -> Floats:
        """The places of letters, (N, 2) px of the copy."""
        if self._found is None:
            self._found = self._find(self._grey())
        return self._found[0]

    def _grey(self) -> Pixels:
        if self._copy is None:
            pixels, _ = self._scan.at_least(WRITING_PX / max(self._scan.pixels.shape[:2]))
            self._copy = grey_copy(pixels, min(1.0, WRITING_PX / max(pixels.shape[:2])))
        return self._copy

    def _find(self, grey: Pixels) -> tuple[Floats, Floats]:
        places, grounds = find_writing(grey)
        return places * (np.array(self._size) / grey.shape[1::-1]), grounds

    @property
    def darkest(self) -> float | None:
        """Grey level of the darkest ground with writing. None when there is no writing, or it was not searched."""
        return float(np.percentile(self._found[1], _DARKEST)) if self._found is not None and len(self._found[1]) else None

    def on(self, paper: Paper) -> Floats:
        """The places, (N, 2), that lie on a paper."""
        mask = cv2.drawContours(np.zeros(self.shape, np.uint8), paper.pieces, -1, 255, cv2.FILLED)
        return self.points[at(mask, self.points) > 0]

    def beyond(self, mask: Pixels) -> Floats:
        """The places, (N, 2), outside a mask. Empty when they are too few to be writing."""
        off = _off(self.points, mask)
        return off if len(off) >= _LETTERS else off[:0]

    def either_beyond(self, mask: Pixels) -> Floats:
        """As `beyond`, with light writing on a dark ground too."""
        light, _ = self._find(cv2.bitwise_not(self._grey()))
        off = _off(light, mask)
        return np.concatenate([self.beyond(mask), off if len(off) >= _LIGHT_LETTERS else off[:0]])


def _off(points: Floats, mask: Pixels) -> Floats:
    near = cv2.dilate(mask, np.ones((2 * _NEAR_PX + 1, 2 * _NEAR_PX + 1), np.uint8))
    off: Floats = points[at(near, points) == 0]
    return off


def find_papers(closed: Pixels, written: Written) -> Iterator[tuple[Paper, ...]]:
    """The papers by lightness, then the papers by colour. `closed`: (h, w, 3) uint8 RGB copy without strokes.

    Only papers with writing are given, or the largest one when none has any. Nothing is given when paper fills the scan.
    """
    light, *colours = cv2.split(cv2.cvtColor(closed, cv2.COLOR_RGB2LAB))
    threshold, bright = cv2.threshold(light, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    for mask in (_lighter(light, threshold, bright, written), _same_colour(colours, bright, written)):
        if mask is not None:
            yield _papers(mask, written)


def _lighter(light: Pixels, threshold: float, bright: Pixels, written: Written) -> Pixels | None:
    """Mask of the area lighter than the background, with all writing in it. None without a background."""
    if not 0 < cv2.countNonZero(bright) < bright.size:
        return None
    level, below = level_at(light, bright, 0.5), cv2.compare(light, threshold, cv2.CMP_LE)
    for _ in range(_TRIES):
        dark = cv2.mean(light, below)[0]
        if cv2.countNonZero(below) < _LEAST_DARK * below.size or dark >= _DARKER * level:
            return None
        paper = _opened(cv2.compare(light, (dark + level) / 2, cv2.CMP_GT), written)
        lost = written.beyond(paper)
        if not len(lost):
            return paper
        # an area with writing is paper, and the background is darker than it
        level = min(float(np.median(at(light, lost))), level - 1)
        below = cv2.compare(light, _DARKER * level, cv2.CMP_LE)
    return None


def _same_colour(colours: list[Pixels], bright: Pixels, written: Written) -> Pixels | None:
    """Mask of the area in the median colour of light px. None when other colours are rare or have writing on them."""
    levels = np.arange(256, dtype=np.float32)
    away = cv2.add(*(cv2.LUT(colour, (levels - level_at(colour, bright, 0.5, otherwise=128.0)) ** 2) for colour in colours))
    if cv2.countNonZero(cv2.compare(away, _COLOURED**2, cv2.CMP_GT)) <= 0.03 * away.size:
        return None
    paper = _opened(cv2.compare(away, (_COLOURED * 0.6) ** 2, cv2.CMP_LT), written)
    return None if len(written.beyond(paper)) else paper


def _opened(mask: Pixels, written: Written) -> Pixels:
    """`mask` without thin parts, such as a light edge of the glass that touches the sheet, and with its holes filled."""
    opened = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((BRUSH_PX, BRUSH_PX), np.uint8))
    contours, _ = cv2.findContours(opened, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled: Pixels = cv2.drawContours(opened, contours, -1, 255, cv2.FILLED)
    return filled


def _papers(mask: Pixels, written: Written) -> tuple[Paper, ...]:
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not contours:
        return ()
    numbers = np.zeros(mask.shape, np.int32)
    for number, contour in enumerate(contours, 1):
        cv2.drawContours(numbers, [contour], -1, number, cv2.FILLED)
    near = cv2.dilate(numbers.astype(np.float32), np.ones((2 * _NEAR_PX + 1, 2 * _NEAR_PX + 1), np.uint8))
    letters = np.bincount(at(near, written.points).astype(np.int64), minlength=len(contours) + 1)[1:]
    found = [
        Paper(pieces=(np.asarray(contour, np.int32),), area=cv2.contourArea(contour), written=bool(count >= _LETTERS))
        for contour, count in zip(contours, letters, strict=True)
    ]
    found = [paper for paper in found if paper.area > 0]
    if not any(paper.written for paper in found):
        return tuple(sorted(found, key=lambda paper: paper.area)[-1:])
    return _joined([paper for paper in found if paper.written], written)


def _joined(papers: list[Paper], written: Written) -> tuple[Paper, ...]:
    """`papers`, with those joined that a narrow strip separates: the fold of an open book, a bar across lines."""
    while len(papers) > 1:
        pairs = [(parted(papers[i], papers[k]), i, k) for k in range(len(papers)) for i in range(k)]
        near = [(gap, i, k) for gap, i, k in pairs if gap <= _PARTED and _belong(papers[i], papers[k], written)]
        if not near:
            break
        _, i, k = min(near)
        one, other = papers[i], papers[k]
        whole = Paper(pieces=one.pieces + other.pieces, area=one.area + other.area, written=True)
        papers = [paper for n, paper in enumerate(papers) if n not in (i, k)] + [whole]
    return tuple(papers)


def parted(one: Paper, other: Paper) -> float:
    """Share, 0-1, of the smallest rectangle around two papers that belongs to neither."""
    (_, (width, height), _) = cv2.minAreaRect(np.concatenate([one.hull, other.hull]))
    return float(1 - (one.area + other.area) / max(width * height, 1.0))


def _belong(one: Paper, other: Paper, written: Written) -> bool:
    return _two_pages(one, other) or _lines_across(one, other, written)


def _two_pages(one: Paper, other: Paper) -> bool:
    """Whether two papers have the size and place of the pages of an open book, at any angle."""
    middles = np.array([cv2.minAreaRect(paper.hull)[0] for paper in (one, other)])
    (_, sides, _) = cv2.minAreaRect(np.concatenate([one.hull, other.hull]))
    apart = float(np.linalg.norm(middles[0] - middles[1]))
    alike = min(one.area, other.area) >= _ALIKE * max(one.area, other.area)
    return alike and may_be_spread(max(sides), min(sides)) and apart > _ASIDE * max(sides)


def _lines_across(one: Paper, other: Paper, written: Written) -> bool:
    """Whether lines of writing run into the strip between two papers from both sides."""
    shape = written.shape
    between, own = np.zeros(shape, np.uint8), np.zeros(shape, np.uint8)
    cv2.fillConvexPoly(between, np.asarray(cv2.convexHull(np.concatenate([one.hull, other.hull])), np.int32), 255)
    for paper in (one, other):
        cv2.fillConvexPoly(own, paper.hull, 255)
    strip = cv2.dilate(cv2.subtract(between, own), np.ones((2 * _INTO_PX + 1, 2 * _INTO_PX + 1), np.uint8))
    beside = written.points[at(strip, written.points) > 0]
    sides = [
        beside[[cv2.pointPolygonTest(p.hull.astype(np.float32), (float(x), float(y)), False) >= 0 for x, y in beside]]
        for p in (one, other)
    ]
    if min(len(side) for side in sides) < _LETTERS:
        return False
    away = abs(sides[0][:, None] - sides[1][None]).min(axis=2)
    return bool(np.count_nonzero(away.min(axis=1) <= _LEVEL_PX) >= _LETTERS)

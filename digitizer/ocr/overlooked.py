"""Finds ink that looks like writing and that no line covers: words the detector missed, characters that stand alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from digitizer.model import Box, Line, Page

# lengths are in heights of a line, unless noted otherwise

#: height of a line on a page without lines, mm
_LINE_MM = 4.0
#: ink this near a line belongs to it: left and right of it, above and below it
_BESIDE, _OVER = 0.35, 0.1
#: least and greatest height of a letter or of joined letters
_HIGH = (0.3, 1.7)
#: greatest width of joined letters, an underlined line say
_WIDE = 24.0
#: least and greatest share of its box that a letter fills
_FULL = (0.1, 0.85)
#: greatest gap between strokes of one word or row
_GAP = 0.9
#: least overlap in height of strokes of one row, as a share of the lower one
_LEVEL = 0.4
#: a stroke this near a large drawing belongs to it
_NEAR = 0.6
#: least and greatest length of a drawing, such as a signature
_DRAWING = (2.2, 16.0)
#: so few strokes are a drawing, when the widest is at least this share of them all
_FEW, _MOST = 3, 0.6
#: a stroke so full, and so many times as long as it is high, is a word whose letters touch
_WORD, _LONGER = 0.42, (1.3, 8.0)
#: least height of a letter of writing that is told by its shape alone
_LETTER = 0.42
#: sizes of strokes that differ by at most so many px are the same
_COPY_PX = 4.0
#: least share of copies of one ornament in a border
_COPIES = 0.7
#: greatest share of its box that a drawing fills
_THIN = 0.35


@dataclass(frozen=True, slots=True)
class Overlooked:
    """Strokes beside each other."""

    box: Box
    #: whether they are writing by their shape alone, and no speck, hole or signature
    plain: bool


Boxes = npt.NDArray[np.float64]


def find_overlooked(page: Page, lines: Iterable[Box]) -> list[Overlooked]:
    """What looks like writing on `page` and is covered by none of `lines`, nor by a mark, a tick box or a drawing."""
    known = list(lines)
    heights = [box.height for box in known]
    tall = float(np.median(heights)) if heights else _LINE_MM / 25.4 * (page.dpi or 200.0)
    others = [_grown(box, 0.3 * tall, 0.3 * tall) for box in (*(m.box for m in page.marks), *(t.box for t in page.ruling.ticks))]
    strokes = page.ink_beyond([*(_grown(box, _BESIDE * box.height, _OVER * box.height) for box in known), *others])
    wide, high = strokes[:, 2] - strokes[:, 0], strokes[:, 3] - strokes[:, 1]
    full = strokes[:, 4] / np.maximum(wide * high, 1)
    letter = (high >= _HIGH[0] * tall) & (high <= _HIGH[1] * tall) & (wide <= _WIDE * tall)
    letter &= (full >= _FULL[0]) & (full <= _FULL[1])
    long = np.maximum(wide, high)
    drawing = (long >= _DRAWING[0] * tall) & (long <= _DRAWING[1] * tall) & (high > _HIGH[1] * tall) & (full <= _THIN)
    left = strokes[letter]
    # what holds lines is a frame
    drawings = [row for row in strokes[drawing, :4] if not any(_holds(row, box) for box in known)]
    left = left[~_within(left, np.array(drawings, np.float64).reshape(-1, 4), _NEAR * tall)]
    return [_overlooked(row, tall) for row in _rows(left, tall)]


def unread_ink(page: Page, lines: Sequence[Line]) -> tuple[Box, ...]:
    """Boxes of what looks like writing on `page` and is in none of its `lines`, px of the page."""
    return tuple(group.box for group in find_overlooked(page, [line.box for line in lines]) if group.plain)


def _overlooked(strokes: Boxes, tall: float) -> Overlooked:
    """Strokes beside each other as one, and whether they are writing: several, or one as full as the letters of a word are."""
    box = Box(*(float(edge) for edge in (*strokes[:, :2].min(axis=0), *strokes[:, 2:4].max(axis=0))))
    wide, high = strokes[:, 2] - strokes[:, 0], strokes[:, 3] - strokes[:, 1]
    full = strokes[:, 4] / np.maximum(wide * high, 1)
    letters = high >= _LETTER * tall
    words = bool((letters & (full >= _WORD) & (wide >= _LONGER[0] * high) & (wide <= _LONGER[1] * high)).any())
    drawn = len(strokes) <= _FEW and float(wide.max()) >= _MOST * box.width
    # ornaments of a border are copies of each other
    alike = (abs(wide - np.median(wide)) <= _COPY_PX) & (abs(high - np.median(high)) <= _COPY_PX)
    copies = len(strokes) > 1 and float(alike.mean()) >= _COPIES
    return Overlooked(box, plain=words or (int(letters.sum()) > 1 and not (drawn or copies)))


def _grown(box: Box, beside: float, over: float) -> Box:
    return Box(box.x0 - beside, box.y0 - over, box.x1 + beside, box.y1 + over)


def _holds(outer: Boxes, box: Box) -> bool:
    x, y = box.centre
    return bool(outer[0] <= x <= outer[2] and outer[1] <= y <= outer[3])


def _within(strokes: Boxes, drawings: Boxes, near: float) -> npt.NDArray[np.bool_]:
    """Which strokes have their middle in one of `drawings`, or so near, px."""
    x, y = ((strokes[:, k] + strokes[:, k + 2]) / 2 for k in (0, 1))
    x0, y0, x1, y1 = drawings.T
    beside = (x[:, None] >= x0 - near) & (x[:, None] <= x1 + near)
    return np.asarray((beside & (y[:, None] >= y0 - near) & (y[:, None] <= y1 + near)).any(axis=1), np.bool_)


def _rows(strokes: Boxes, tall: float) -> list[Boxes]:
    """The strokes that stand beside each other, together."""
    x0, y0, x1, y1 = strokes[:, :4].T
    gap = np.maximum(x0[:, None], x0) - np.minimum(x1[:, None], x1)
    common = np.minimum(y1[:, None], y1) - np.maximum(y0[:, None], y0)
    beside: npt.NDArray[np.bool_] = (gap <= _GAP * tall) & (common >= _LEVEL * np.minimum((y1 - y0)[:, None], y1 - y0))
    number = _together(beside)
    return [strokes[number == k] for k in np.unique(number)]


def _together(beside: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """A number for each stroke, the same for those that hang together by `beside`, (N, N)."""
    number = np.arange(len(beside))
    while len(beside):
        least = np.where(beside, number[None], len(beside)).min(axis=1)
        if np.array_equal(least, number):
            break
        number = least
    return number

"""Finds the printed lines of forms: cells, dotted lines, and tick boxes with their state.

A tick box has four straight sides of one length and thickness that meet in corners. It has paper around it and text in its row.
Letters lack these.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from digitizer.model import Box, Mark, Pixels, Ruling, Tick
from digitizer.pages.grid import find_cells, find_dotted
from digitizer.pages.ink import any_halved, boxes_of, grey_copy

#: resolution of the copy that is searched. Finer scans are reduced to it
RULING_DPI = 150.0
#: least resolution of a scan that is searched. In coarser ones a box is a few px
_LEAST_DPI = 75.0
#: least and greatest outer side of a tick box, mm
_SIDE_MM = (2.4, 6.6)
#: greatest relative difference of its width and height
_SQUARE = 0.12
#: least difference of ink from paper, grey levels of a page normalised to white paper
_DARKER = 40
#: least share of straight ink along each side
_FRAMED = 0.88
#: least share of straight ink at each end of a side
_CORNER = 0.7
#: greatest thickness of a side, mm
_THICK_MM = 0.8
#: least darkness of the lightest side, as a share of the darkest
_EVEN = 0.55
#: distance from the sides, mm, between which paper must be free of ink
_PAPER_MM = (0.4, 0.9)
#: least share of free paper. A pen stroke may run across
_FREE = 0.78
#: least sum of the share of free paper and the share of ink along the weakest side. Worn sides need freer paper than whole ones
_WHOLE = 1.8
#: margin over _FRAMED from which there is no doubt
_CLEAR_FRAMED = 0.06
#: margin over _CORNER from which there is no doubt
_CLEAR_CORNER = 0.15
#: margin over _WHOLE from which there is no doubt
_CLEAR_WHOLE = 0.1
#: width, mm, of the areas left and right of a box that are searched for text
_TEXT_MM = 12.0
#: least share of ink in an area with text
_TEXT = 0.03
#: least darkness of a clear mark inside a box, as a share of the sides' darkness
_AS_DARK = 0.35
#: weight of fainter marks, which may be pencil or show-through
_FAINT = 0.3
#: share of ink inside at which a box is as likely ticked as empty
_TICKED = 0.08
#: scale of the logistic curve from empty to ticked, share of ink
_DOUBT = 0.017
#: least share of ink inside a box that is filled in
_FILLED = 0.75

#: greatest shift of a line by strokes at the corners, px of the small copy
_SLACK = 3
#: number of points along a side that are checked first
_SAMPLES = 24
#: with more lines than this the page is a picture or a pattern, not a form
_MOST_LINES = 12_000
#: with more squares than this the page is a picture or a pattern, not a form
_MOST_SQUARES = 1_000

#: (N, 4) x0, y0, x1, y1, px, or one column of them, (N,)
Boxes = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Square:
    """The outer edges of a box on the small copy, px. The far edges are exclusive."""

    x0: int
    y0: int
    x1: int
    y1: int
    #: darkness of its sides, grey levels
    frame: float = 0.0
    #: probability, 0-1, that it is a printed box
    sure: float = 1.0

    @property
    def side(self) -> float:
        return (self.x1 - self.x0 + self.y1 - self.y0) / 2


@dataclass(frozen=True, slots=True)
class _Side:
    """Measures of one side of a box. Shares are 0-1."""

    #: share of ink along the whole side
    framed: float
    #: share of ink between the ends
    middle: float
    #: share of ink at the worse end
    corner: float
    #: share of free paper beside the side
    free: float
    #: thickness, px
    thick: int


def find_ruling(pixels: Pixels, dpi: float, *, finer: float = 1.0) -> Ruling:
    """Tick boxes in reading order, cells and dotted lines of an upright page.

    `pixels`: (H, W, 3) uint8 RGB over white paper. `dpi`: dots per inch, 0 for unknown. `finer`: px of the page for each px of
    `pixels`. The result is in px of the page.
    """
    if 0 < dpi < _LEAST_DPI:
        return Ruling()
    scale = min(1.0, RULING_DPI / dpi) if dpi else 1.0
    mm = (dpi * scale if dpi else RULING_DPI) / 25.4
    dark = cv2.bitwise_not(grey_copy(pixels, scale))
    ink = cv2.compare(dark, _DARKER, cv2.CMP_GT)
    found: list[_Square] = []
    for square in _squares(ink, mm):
        # most boxes appear several times among the squares
        if not _lies_in(square, found) and (box := _checked(dark, square, mm)) is not None:
            found.append(box)
    # rules are long, so half the resolution is enough
    cells = [replace(cell, box=_grown(cell.box, 2)) for cell in find_cells(any_halved(ink), mm / 2)]
    ticks = [_tick(dark, square, mm) for square in _in_reading_order(_apart(found))]
    return Ruling(
        cells=tuple(replace(cell, box=_grown(cell.box, finer / scale)) for cell in cells),
        dotted=tuple(_grown(line, finer / scale) for line in find_dotted(ink, mm)),
        ticks=tuple(replace(tick, box=_grown(tick.box, finer / scale)) for tick in ticks),
    )


def clear_of(ruling: Ruling, marks: Iterable[Mark]) -> Ruling:
    """`ruling` without the tick boxes inside `marks`. The corners of a QR code look like filled boxes."""
    boxes = [mark.box for mark in marks]
    ticks = tuple(t for t in ruling.ticks if not any(_holds(box, t.box.centre) for box in boxes))
    return replace(ruling, ticks=ticks)


def _holds(box: Box, point: tuple[float, float]) -> bool:
    return box.x0 <= point[0] <= box.x1 and box.y0 <= point[1] <= box.y1


def _grown(box: Box, factor: float) -> Box:
    """A box `factor` times as large."""
    return Box(factor * box.x0, factor * box.y0, factor * box.x1, factor * box.y1)


def _squares(ink: Pixels, mm: float) -> list[_Square]:
    """The squares between two level or two upright lines of one length. `ink`: (h, w) mask, `mm`: px per mm."""
    down = _between(_lines(ink, mm), mm)
    across = _between(_lines(cv2.transpose(ink), mm), mm)[:, [1, 0, 3, 2]]
    places = np.unique(np.concatenate([down, across]), axis=0)
    if not len(places):
        return []
    places = places[_have_sides(ink, places)]
    return [_Square(*map(int, place)) for place in places] if len(places) <= _MOST_SQUARES else []


def _lines(ink: Pixels, mm: float) -> Boxes:
    """(N, 4) x0, y0, x1, y1, px, of the level lines that may be a side of a box, from top to bottom."""
    reach = max(5, round(0.7 * _SIDE_MM[0] * mm))
    level = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((1, reach), np.uint8))
    lines = boxes_of(level)
    wide, high = lines[:, 2] - lines[:, 0], lines[:, 3] - lines[:, 1]
    keep = (wide >= 0.8 * _SIDE_MM[0] * mm) & (wide <= 1.1 * _SIDE_MM[1] * mm) & (high <= 1.1 * _SIDE_MM[1] * mm)
    lines = lines[keep]
    ordered: Boxes = lines[np.argsort(lines[:, 1], kind="stable")]
    return ordered


def _between(lines: Boxes, mm: float) -> Boxes:
    """Boxes (N, 4), px, of the squares between two of `lines`. A filled box is one line as thick as long."""
    # partners of a line are the following ones up to the first that is too far below
    number = np.arange(len(lines) if len(lines) <= _MOST_LINES else 0)
    following = np.searchsorted(lines[:, 1], lines[number, 1] + _SIDE_MM[1] * mm, side="right") - number - 1
    above = np.repeat(number, following)
    below = above + 1 + np.arange(len(above)) - np.repeat(np.cumsum(following) - following, following)
    # a stroke across a corner makes one of the two lines longer
    left, right = lines[:, 0], lines[:, 2]
    slack = 0.25 * (right - left)[above]
    near = (abs(left[below] - left[above]) <= slack) & (abs(right[below] - right[above]) <= slack)
    one, other = lines[above[near]], lines[below[near]]
    between = np.column_stack([(one[:, 0] + other[:, 0]) // 2, one[:, 1], (one[:, 2] + other[:, 2] + 1) // 2, other[:, 3]])
    boxes: Boxes = np.concatenate([lines, between])
    return boxes[_is_square(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1], mm, 2 * _SQUARE)]


def _is_square(wide: Boxes, high: Boxes, mm: float, differ: float = _SQUARE) -> npt.NDArray[np.bool_]:
    """Which (N,) widths and heights, px, are those of a tick box. `differ`: greatest relative difference of the two."""
    short, long = np.minimum(wide, high), np.maximum(wide, high)
    fits: npt.NDArray[np.bool_] = (short >= _SIDE_MM[0] * mm) & (long <= _SIDE_MM[1] * mm)
    fits &= long - short <= np.maximum(2.0, differ * long)
    return fits


def _have_sides(ink: Pixels, places: Boxes) -> npt.NDArray[np.int64]:
    """A cheap first check: the indices of `places` (N, 4) with ink along all four edges, within `_SLACK` px."""
    keep = np.arange(len(places))
    for edge in range(4):
        keep = keep[_has_side(ink, places[keep], edge)]
    return keep


def _has_side(ink: Pixels, places: Boxes, edge: int) -> npt.NDArray[np.bool_]:
    """Which of (N, 4) `places` have ink along one edge: left, top, right, bottom."""
    # samples lie just inside the edge, where pen strokes beyond a corner do not reach
    at = places[:, edge] + (1 if edge < 2 else -2)
    start, end = places[:, 1 - edge % 2] + _SLACK, places[:, 3 - edge % 2] - _SLACK
    along = np.rint(start[:, None] + np.linspace(0, 1, _SAMPLES) * (end - start - 1)[:, None]).astype(np.int64)[:, :, None]
    across = at[:, None, None] + np.arange(-_SLACK, _SLACK + 1)
    y, x = (across, along) if edge % 2 else (along, across)
    inked = ink[y.clip(0, ink.shape[0] - 1), x.clip(0, ink.shape[1] - 1)].any(axis=2)
    enough: npt.NDArray[np.bool_] = inked.mean(axis=1) >= 0.85
    return enough


def _checked(dark: Pixels, square: _Square, mm: float) -> _Square | None:
    """`square` at its exact place, or None when it is no tick box. `dark`: (h, w) darkness, paper 0."""
    margin = round(_PAPER_MM[1] * mm) + 2
    patch = dark[max(0, square.y0 - margin) : square.y1 + margin, max(0, square.x0 - margin) : square.x1 + margin]
    if patch.shape != (square.y1 - square.y0 + 2 * margin, square.x1 - square.x0 + 2 * margin):
        return None
    # the patch is turned so that each side lies on top: top, right, bottom, left
    turned = [np.rot90(patch, quarter) for quarter in range(4)]
    edges, peaks = zip(*(_edge(side, margin) for side in turned), strict=True)
    if min(peaks) < max(_DARKER, _EVEN * max(peaks)):
        return None
    shift = [edge - margin for edge in edges]
    exact = _Square(
        square.x0 + shift[3], square.y0 + shift[0], square.x1 - shift[1], square.y1 - shift[2], frame=sorted(peaks)[1]
    )
    if not _is_square(np.array([exact.x1 - exact.x0]), np.array([exact.y1 - exact.y0]), mm).all():
        return None
    threshold = max(_DARKER, 0.4 * exact.frame)
    sides = [_side(side > threshold, edges[k], edges[(k + 3) % 4], edges[(k + 1) % 4], mm) for k, side in enumerate(turned)]
    filled = _ink_inside(dark, exact, mm) >= _FILLED
    likely = _likeness(sides, mm, filled=filled)
    return replace(exact, sure=likely) if likely and _has_text(dark, exact, mm) else None


def _edge(side: Pixels, margin: int) -> tuple[int, float]:
    """(first row, darkness) of the line along the top of `side`. The line lies about `margin` px down."""
    cut = margin + (side.shape[1] - 2 * margin) // 5
    rows = np.sort(side[margin - 3 : margin + 6, cut:-cut], axis=1)
    # a printed side inks every column, strokes inside a crossed box never three quarters of them
    along = rows[:, rows.shape[1] // 4]
    peak = float(along.max())
    return margin - 3 + int(np.argmax(along >= 0.55 * peak)), peak


def _side(ink: npt.NDArray[np.bool_], edge: int, left: int, right: int, mm: float) -> _Side:
    """Measures the side along row `edge` of `ink`, without the first `left` and the last `right` columns."""
    ink = ink[:, left : ink.shape[1] - right]
    line = ink[edge - 1 : edge + 2].max(axis=0)
    end = max(3, round(0.2 * len(line)))
    beside = ink[max(0, edge - round(_PAPER_MM[1] * mm)) : edge - round(_PAPER_MM[0] * mm) + 1]
    # a stroke that meets the side hides its thickness in some columns only
    thin = ink[edge + 1 :, end:-end].mean(axis=1) < 0.7
    return _Side(
        framed=float(line.mean()),
        middle=float(line[end:-end].mean()),
        corner=float(min(line[:end].mean(), line[-end:].mean())),
        free=float(1 - beside.any(axis=0).mean()),
        thick=1 + int(np.argmax(thin)),
    )


def _likeness(sides: Sequence[_Side], mm: float, *, filled: bool) -> float:
    """Probability that the four sides are those of a printed box: 0.5-1, or 0.

    Pen strokes may thicken one side and cross others.
    """
    framed, corner = min(side.framed for side in sides), min(side.corner for side in sides)
    free = sum(side.free for side in sides) / 4
    whole = free + min(side.middle for side in sides)
    if framed < _FRAMED or corner < _CORNER or free < _FREE or whole < _WHOLE:
        return 0.0
    thick = sorted(side.thick for side in sides)
    if not filled and (thick[2] > thick[1] + 1 or thick[1] > _THICK_MM * mm):
        return 0.0
    # a square that barely passes a test may be letters
    over = (framed - _FRAMED) / _CLEAR_FRAMED, (corner - _CORNER) / _CLEAR_CORNER, (whole - _WHOLE) / _CLEAR_WHOLE
    return 0.5 + 0.5 * min(1.0, *over)


def _has_text(dark: Pixels, square: _Square, mm: float) -> bool:
    """Whether there is text in the row of the box, right or left of it."""
    near, far = round(_PAPER_MM[1] * mm), round(_TEXT_MM * mm)
    right = dark[square.y0 : square.y1, square.x1 + near : square.x1 + far]
    left = dark[square.y0 : square.y1, max(0, square.x0 - far) : max(0, square.x0 - near)]
    return any(strip.size > 0 and (strip > _DARKER).mean() >= _TEXT for strip in (right, left))


def _ink_inside(dark: Pixels, square: _Square, mm: float, darker: float = _DARKER) -> float:
    """Share, 0-1, of px inside a box that are darker than paper by `darker` grey levels."""
    inset = max(round(0.16 * square.side), round(0.4 * mm) + 1)
    inside = dark[square.y0 + inset : square.y1 - inset, square.x0 + inset : square.x1 - inset]
    return float((inside > darker).mean()) if inside.size else 0.0


def _apart(squares: Iterable[_Square]) -> list[_Square]:
    """`squares` without those whose middle lies in an earlier one."""
    kept: list[_Square] = []
    for new in squares:
        if not _lies_in(new, kept):
            kept.append(new)
    return kept


def _lies_in(new: _Square, kept: Iterable[_Square]) -> bool:
    """Whether the middle of `new` lies in one of those `kept`."""
    x, y = (new.x0 + new.x1) / 2, (new.y0 + new.y1) / 2
    return any(old.x0 < x < old.x1 and old.y0 < y < old.y1 for old in kept)


def _in_reading_order(squares: Sequence[_Square]) -> list[_Square]:
    """`squares` row by row from the top, each from the left. Middles of a row differ by less than half a side."""
    rows: list[list[_Square]] = []
    for square in sorted(squares, key=lambda square: square.y0 + square.y1):
        if rows and (square.y0 + square.y1 - rows[-1][0].y0 - rows[-1][0].y1) / 2 < 0.5 * square.side:
            rows[-1].append(square)
        else:
            rows.append([square])
    return [square for row in rows for square in sorted(row, key=lambda square: square.x0)]


def _tick(dark: Pixels, square: _Square, mm: float) -> Tick:
    clear = _likely(_ink_inside(dark, square, mm, max(_DARKER, _AS_DARK * square.frame)))
    faint = _likely(_ink_inside(dark, square, mm))
    ticked = (1 - _FAINT) * clear + _FAINT * faint
    return Tick(
        box=Box(square.x0, square.y0, square.x1, square.y1),
        ticked=ticked > 0.5,
        confidence=square.sure * max(ticked, 1 - ticked),
    )


def _likely(share: float) -> float:
    """Probability, 0-1, that a box with this `share` of ink inside is ticked."""
    return float(1 / (1 + np.exp(-np.clip((share - _TICKED) / _DOUBT, -5, 5))))

"""The printed geometry of forms: cells, dotted lines, and tick boxes and whether somebody ticked them.

A tick box is told from a letter by what letters lack: four straight sides of one length and thickness that meet in four
corners, paper around them, and text in the same row.
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

#: dots per inch boxes are looked for at; finer scans are made smaller first, in far coarser ones a box is a few px
RULING_DPI, _LEAST_DPI = 150.0, 75.0
#: outer side of a tick box, mm, and how far its two sides may differ
_SIDE_MM, _SQUARE = (2.4, 6.6), 0.12
#: how much darker than its paper ink is at least, grey levels of a page normalised to white paper
_DARKER = 40
#: share of each side, and of both its ends, that is straight ink
_FRAMED, _CORNER = 0.88, 0.7
#: thickest side, mm, and how dark the lightest side is beside the darkest
_THICK_MM, _EVEN = 0.8, 0.55
#: where the paper beside a box lies, mm off its sides, and which share of it is free; a pen stroke may run across
_PAPER_MM, _FREE = (0.4, 0.9), 0.78
#: that and how whole the sides are, together: beside worn sides the paper is free, and where strokes run across it the sides are
#: whole; letters that stand close have neither
_WHOLE = 1.8
#: by how much the shares of the sides, of their ends, and both of the last together exceed the least where there is no doubt
_CLEAR = (0.06, 0.15, 0.1)
#: how far off the text in its row may end or begin, mm, and how much of that space it inks at least
_TEXT_MM, _TEXT = 12.0, 0.03
#: how dark ink inside a box is beside its sides, and what weight fainter marks have: a pencil, or the other page showing through
_AS_DARK, _FAINT = 0.35, 0.3
#: share of ink inside at which a box may be ticked or empty, and how fast that doubt goes
_TICKED, _DOUBT = 0.08, 0.017
#: share of ink inside from which a box counts as filled in
_FILLED = 0.75

#: how far strokes at the corners may put a line off its place, px of the small copy
_SLACK = 3
#: points along a side that are looked at first
_SAMPLES = 24
#: with more lines or squares than this the page is a picture or a pattern, not a form
_MOST_LINES, _MOST_SQUARES = 12_000, 1_000

#: (N, 4) x0, y0, x1, y1, px; a column of them is (N,)
Boxes = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Square:
    """Where a box is on the small copy: outer edges in px, the far ones exclusive.

    `frame`: how dark its sides are. `sure`: how likely they are those of a box, 0-1.
    """

    x0: int
    y0: int
    x1: int
    y1: int
    frame: float = 0.0
    sure: float = 1.0

    @property
    def side(self) -> float:
        return (self.x1 - self.x0 + self.y1 - self.y0) / 2


@dataclass(frozen=True, slots=True)
class _Side:
    """One side of a box: shares (0-1) of straight ink, all along, between its ends and at the worse end; of free paper beside
    it; thickness, px.
    """

    framed: float
    middle: float
    corner: float
    free: float
    thick: int


def find_ruling(pixels: Pixels, dpi: float, *, finer: float = 1.0) -> Ruling:
    """Tick boxes in reading order, cells and dotted lines of an upright page.

    `pixels`: (H, W, 3) uint8 RGB over white paper, `dpi` dots per inch, 0: unknown. `finer`: how many px of the page, in which
    places are told, lie along one of `pixels`.
    """
    if 0 < dpi < _LEAST_DPI:
        return Ruling()
    scale = min(1.0, RULING_DPI / dpi) if dpi else 1.0
    mm = (dpi * scale if dpi else RULING_DPI) / 25.4
    dark = cv2.bitwise_not(grey_copy(pixels, scale))
    ink = cv2.compare(dark, _DARKER, cv2.CMP_GT)
    found: list[_Square] = []
    for square in _squares(ink, mm):
        # most boxes are found several times
        if not _lies_in(square, found) and (box := _checked(dark, square, mm)) is not None:
            found.append(box)
    # rules are long: half as fine is enough for them
    cells = [replace(cell, box=_grown(cell.box, 2)) for cell in find_cells(any_halved(ink), mm / 2)]
    ticks = [_tick(dark, square, mm) for square in _in_reading_order(_apart(found))]
    return Ruling(
        cells=tuple(replace(cell, box=_grown(cell.box, finer / scale)) for cell in cells),
        dotted=tuple(_grown(line, finer / scale) for line in find_dotted(ink, mm)),
        ticks=tuple(replace(tick, box=_grown(tick.box, finer / scale)) for tick in ticks),
    )


def clear_of(ruling: Ruling, marks: Iterable[Mark]) -> Ruling:
    """`ruling` without the tick boxes that lie in `marks`: the corners of a QR code look like boxes that are filled in."""
    boxes = [mark.box for mark in marks]
    ticks = tuple(t for t in ruling.ticks if not any(_holds(box, t.box.centre) for box in boxes))
    return replace(ruling, ticks=ticks)


def _holds(box: Box, point: tuple[float, float]) -> bool:
    return box.x0 <= point[0] <= box.x1 and box.y0 <= point[1] <= box.y1


def _grown(box: Box, factor: float) -> Box:
    """A box `factor` times as large."""
    return Box(factor * box.x0, factor * box.y0, factor * box.x1, factor * box.y1)


def _squares(ink: Pixels, mm: float) -> list[_Square]:
    """What two level or two upright lines of one length enclose. `ink`: (h, w) mask, `mm`: px per mm."""
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
    """(N, 4) x0, y0, x1, y1, px, of the squares between two of `lines`; a filled box is one line as thick as it is long."""
    # below each line lie those that follow it up to the first that is too far off
    number = np.arange(len(lines) if len(lines) <= _MOST_LINES else 0)
    following = np.searchsorted(lines[:, 1], lines[number, 1] + _SIDE_MM[1] * mm, side="right") - number - 1
    above = np.repeat(number, following)
    below = above + 1 + np.arange(len(above)) - np.repeat(np.cumsum(following) - following, following)
    # a stroke that crosses a corner makes one of the two longer
    left, right = lines[:, 0], lines[:, 2]
    slack = 0.25 * (right - left)[above]
    near = (abs(left[below] - left[above]) <= slack) & (abs(right[below] - right[above]) <= slack)
    one, other = lines[above[near]], lines[below[near]]
    between = np.column_stack([(one[:, 0] + other[:, 0]) // 2, one[:, 1], (one[:, 2] + other[:, 2] + 1) // 2, other[:, 3]])
    boxes: Boxes = np.concatenate([lines, between])
    return boxes[_is_square(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1], mm, 2 * _SQUARE)]


def _is_square(wide: Boxes, high: Boxes, mm: float, differ: float = _SQUARE) -> npt.NDArray[np.bool_]:
    """Which of (N,) widths and heights, px, are those of a tick box whose sides `differ` by that share at most."""
    short, long = np.minimum(wide, high), np.maximum(wide, high)
    fits: npt.NDArray[np.bool_] = (short >= _SIDE_MM[0] * mm) & (long <= _SIDE_MM[1] * mm)
    fits &= long - short <= np.maximum(2.0, differ * long)
    return fits


def _have_sides(ink: Pixels, places: Boxes) -> npt.NDArray[np.int64]:
    """A first look at (N, 4) `places`, cheap: the numbers of those with ink along all four edges, give or take `_SLACK` px."""
    keep = np.arange(len(places))
    for edge in range(4):
        keep = keep[_has_side(ink, places[keep], edge)]
    return keep


def _has_side(ink: Pixels, places: Boxes, edge: int) -> npt.NDArray[np.bool_]:
    """Which of (N, 4) `places` have ink along one edge: left, top, right, bottom."""
    # an edge is looked for just inside, where the pen strokes beyond a corner do not reach
    at = places[:, edge] + (1 if edge < 2 else -2)
    start, end = places[:, 1 - edge % 2] + _SLACK, places[:, 3 - edge % 2] - _SLACK
    along = np.rint(start[:, None] + np.linspace(0, 1, _SAMPLES) * (end - start - 1)[:, None]).astype(np.int64)[:, :, None]
    across = at[:, None, None] + np.arange(-_SLACK, _SLACK + 1)
    y, x = (across, along) if edge % 2 else (along, across)
    inked = ink[y.clip(0, ink.shape[0] - 1), x.clip(0, ink.shape[1] - 1)].any(axis=2)
    enough: npt.NDArray[np.bool_] = inked.mean(axis=1) >= 0.85
    return enough


def _checked(dark: Pixels, square: _Square, mm: float) -> _Square | None:
    """The exact place of the box that `square` is, None where it is something else. `dark`: (h, w) darkness, paper 0."""
    margin = round(_PAPER_MM[1] * mm) + 2
    patch = dark[max(0, square.y0 - margin) : square.y1 + margin, max(0, square.x0 - margin) : square.x1 + margin]
    if patch.shape != (square.y1 - square.y0 + 2 * margin, square.x1 - square.x0 + 2 * margin):
        return None
    # in turn each side lies on top: top, right, bottom, left
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
    """(row where the line along the top of `side` begins, how dark it is); it lies about `margin` px down."""
    cut = margin + (side.shape[1] - 2 * margin) // 5
    rows = np.sort(side[margin - 3 : margin + 6, cut:-cut], axis=1)
    # a printed side inks every column, the strokes inside a crossed box never three in four
    along = rows[:, rows.shape[1] // 4]
    peak = float(along.max())
    return margin - 3 + int(np.argmax(along >= 0.55 * peak)), peak


def _side(ink: npt.NDArray[np.bool_], edge: int, left: int, right: int, mm: float) -> _Side:
    """What runs along row `edge` of `ink`, from `left` px after its first to `right` px before its last column."""
    ink = ink[:, left : ink.shape[1] - right]
    line = ink[edge - 1 : edge + 2].max(axis=0)
    end = max(3, round(0.2 * len(line)))
    beside = ink[max(0, edge - round(_PAPER_MM[1] * mm)) : edge - round(_PAPER_MM[0] * mm) + 1]
    # a stroke that meets the side hides its thickness in some columns, never in all
    thin = ink[edge + 1 :, end:-end].mean(axis=1) < 0.7
    return _Side(
        framed=float(line.mean()),
        middle=float(line[end:-end].mean()),
        corner=float(min(line[:end].mean(), line[-end:].mean())),
        free=float(1 - beside.any(axis=0).mean()),
        thick=1 + int(np.argmax(thin)),
    )


def _likeness(sides: Sequence[_Side], mm: float, *, filled: bool) -> float:
    """How likely the four sides are those of a printed box, 0.5-1, or 0; strokes of a pen may thicken one and cross others."""
    framed, corner = min(side.framed for side in sides), min(side.corner for side in sides)
    free = sum(side.free for side in sides) / 4
    whole = free + min(side.middle for side in sides)
    if framed < _FRAMED or corner < _CORNER or free < _FREE or whole < _WHOLE:
        return 0.0
    thick = sorted(side.thick for side in sides)
    if not filled and (thick[2] > thick[1] + 1 or thick[1] > _THICK_MM * mm):
        return 0.0
    # what passes one of the tests by a hair may be letters
    over = (framed - _FRAMED) / _CLEAR[0], (corner - _CORNER) / _CLEAR[1], (whole - _WHOLE) / _CLEAR[2]
    return 0.5 + 0.5 * min(1.0, *over)


def _has_text(dark: Pixels, square: _Square, mm: float) -> bool:
    """Whether something is written in the row of the box, right or left of it."""
    near, far = round(_PAPER_MM[1] * mm), round(_TEXT_MM * mm)
    right = dark[square.y0 : square.y1, square.x1 + near : square.x1 + far]
    left = dark[square.y0 : square.y1, max(0, square.x0 - far) : max(0, square.x0 - near)]
    return any(strip.size > 0 and (strip > _DARKER).mean() >= _TEXT for strip in (right, left))


def _ink_inside(dark: Pixels, square: _Square, mm: float, darker: float = _DARKER) -> float:
    """Share, 0-1, of what is `darker` than paper inside the sides of a box."""
    inset = max(round(0.16 * square.side), round(0.4 * mm) + 1)
    inside = dark[square.y0 + inset : square.y1 - inset, square.x0 + inset : square.x1 - inset]
    return float((inside > darker).mean()) if inside.size else 0.0


def _apart(squares: Iterable[_Square]) -> list[_Square]:
    """`squares` without those whose middle lies in one kept before."""
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
    """Row by row from the top, each from the left; boxes share a row when their middles are less than half a side apart."""
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
    """How likely, 0-1, a box with that `share` of ink inside was ticked."""
    return float(1 / (1 + np.exp(-np.clip((share - _TICKED) / _DOUBT, -5, 5))))

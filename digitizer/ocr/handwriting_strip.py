"""A line of handwriting as its reader learnt it: one core height, upright, wide enough for its letters, rules pale.

The core zone lies between base line and x-height. It says how large a hand is: tall tone marks and long tails do not.
`training/hands.py` makes its strips here too, so a change of this module asks for new weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from PIL import Image

from digitizer.model import Pixels

#: px of height of a strip
HEIGHT = 48
#: px of width a CTC column
STRIDE = 8
#: px of width of a strip, at most
MAX_WIDTH = 3_200
#: px of a strip between base line and x-height
CORE = 15.0
#: where the base line stands in a strip, px from its top
BASE = 34.0
#: px of width that one stroke across the core zone gets
STROKE = 12.5
#: least and greatest stretch in width
STRETCH = (0.9, 1.6)
#: least and greatest scale, in parts of the scale that fits the crop's height
SCALE = (0.7, 1.6)
#: slants that are tried, px to the right a px up
SLANTS = tuple(round(-0.3 + 0.1 * i, 1) for i in range(13))
#: a slant up to this stays
UPRIGHT = 0.1
#: ink is darker than paper by so much of the contrast
DARK = 0.4
#: a core zone is crossed by so many strokes as its busiest row, in parts
BUSY = 0.5
#: what is left of a rule's colour
PALE = 0.3
#: ink px below which nothing is measured
LEAST_INK = 40

Greys = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Hand:
    """How a line is written, px of its crop."""

    #: x-height
    top: float
    #: base line
    base: float
    #: px to the right a px up
    slant: float
    #: width that one stroke of the core zone takes
    stroke: float


def handwriting_strip(crop: Pixels, height: int = HEIGHT) -> Pixels:
    """`crop` ((H, W, 3) uint8 RGB, one line) as (height, w, 3), w of whole CTC columns. Its x runs evenly over both."""
    grey = crop.min(axis=2).astype(np.float32)
    ink = _ink(grey)
    rules = _rules(ink)
    hand = measure(ink & ~rules)
    return _drawn(_softened(crop, rules) if rules.any() else crop, hand, height)


def measure(ink: Mask) -> Hand | None:
    """How the ink of a line (H, W) is written. None where too little is there."""
    if ink.sum() < LEAST_INK:
        return None
    crossed = np.diff(ink.astype(np.int8), axis=1) == 1
    zone = _core(crossed)
    if zone is None:
        return None
    top, base = zone
    inked = ink[top:base].any(axis=0)
    reach = max(3, int(0.35 * (base - top)))
    wide = float((np.convolve(inked.astype(float), np.ones(2 * reach + 1), "same") > 0).sum())
    strokes = max(float(np.median(crossed[top:base].sum(axis=1))), 1.0)
    return Hand(float(top), float(base), _slant(ink), wide / strokes)


def _ink(grey: Greys) -> Mask:
    """What is darker than the paper around it."""
    height, width = grey.shape
    edges = np.linspace(0, width, max(1, round(width / (1.5 * height))) + 1).astype(int)
    levels = [np.percentile(grey[:, a:b], 75) for a, b in pairwise(edges)]
    paper = np.interp(np.arange(width), (edges[:-1] + edges[1:]) / 2, levels)
    dark = np.maximum(paper[None] - grey, 0)
    found: Mask = dark > DARK * np.percentile(dark, 98.5)
    return found


def _rules(ink: Mask) -> Mask:
    """Level lines as long as the strip is high, and upright ones nearly as long."""
    height = len(ink)
    return _long(ink, max(12, height)) | _long(ink.T, max(8, int(0.9 * height))).T


def _long(ink: Mask, length: int) -> Mask:
    """Ink in stretches of a row of at least `length` px, small gaps allowed."""
    height, width = ink.shape
    if width < length:
        return np.zeros_like(ink)
    sums = np.cumsum(np.pad(ink.astype(np.int32), ((0, 0), (1, 0))), axis=1)
    full = (sums[:, length:] - sums[:, :-length]) >= 0.94 * length
    marks = np.zeros((height, width + 1), np.int32)
    marks[:, : full.shape[1]] += full
    marks[:, length : length + full.shape[1]] -= full
    found: Mask = (np.cumsum(marks, axis=1)[:, :width] > 0) & ink
    return found


def _core(crossed: Mask) -> tuple[int, int] | None:
    """Rows of x-height and base line, from windows a few words wide: a line may fall or wave."""
    height, width = len(crossed), crossed.shape[1] + 1
    edges = np.linspace(0, width - 1, max(1, round(width / (4 * height))) + 1).astype(int)
    zones = []
    for start, end in pairwise(edges):
        strokes = crossed[:, start:end].sum(axis=1).astype(float)
        zone = _zone(strokes) if strokes.sum() >= height / 5 else None
        if zone is not None:
            zones.append((*zone, strokes.sum()))
    if not zones:
        return None
    tops, bases, weights = np.array(zones).T
    tall, middle = float(np.median(bases - tops)), float(np.average((tops + bases) / 2, weights=weights))
    top, base = max(0, round(middle - tall / 2)), min(height, round(middle + tall / 2))
    return (top, base) if base - top >= 4 else None


def _zone(strokes: npt.NDArray[np.float64]) -> tuple[int, int] | None:
    """The rows around the busiest one that are nearly as busy."""
    height = len(strokes)
    near = max(1, height // 24)
    smooth = np.convolve(np.pad(strokes, near, mode="edge"), np.ones(2 * near + 1) / (2 * near + 1), "valid")
    low = int(0.1 * height)
    busiest = int(smooth[low : max(int(0.95 * height), low + 1)].argmax()) + low
    least = BUSY * smooth[busiest]
    if least <= 0:
        return None
    top = end = busiest
    while top > 0 and smooth[top - 1] >= least:
        top -= 1
    while end < height - 1 and smooth[end + 1] >= least:
        end += 1
    return top, end + 1


def _slant(ink: Mask) -> float:
    """The slant whose removal stands most ink upright."""
    y, x = np.nonzero(ink)
    upright = [float((np.bincount((x + slant * y + len(ink)).astype(int)).astype(float) ** 2).sum()) for slant in SLANTS]
    best = SLANTS[int(np.argmax(upright))]
    return best if abs(best) > UPRIGHT else 0.0


def _softened(crop: Pixels, rules: Mask) -> Pixels:
    """`crop` with its rules nearly as pale as its paper."""
    wide = rules.copy()
    wide[1:] |= rules[:-1]
    wide[:-1] |= rules[1:]
    wide[:, 1:] |= rules[:, :-1]
    wide[:, :-1] |= rules[:, 1:]
    found = crop.astype(np.float32)
    found[wide] = found[wide] * PALE + _paper(crop) * (1 - PALE)
    return found.astype(np.uint8)


def _paper(crop: Pixels) -> npt.NDArray[np.float64]:
    paper: npt.NDArray[np.float64] = np.median(crop.reshape(-1, 3)[::7], axis=0)
    return paper


def _drawn(crop: Pixels, hand: Hand | None, height: int) -> Pixels:
    """`crop` scaled, set on the base line and straightened up."""
    high, wide = crop.shape[:2]
    larger = height / HEIGHT
    down, start, across, slant, middle = height / high, 0.0, height / high, 0.0, high / 2
    if hand is not None:
        down = float(np.clip(CORE / (hand.base - hand.top), HEIGHT / high * SCALE[0], HEIGHT / high * SCALE[1])) * larger
        # the base line where top and base agree on it
        start = (hand.base + hand.top + CORE * larger / down) / 2 - BASE * larger / down
        across = down * float(np.clip(STROKE * larger / (hand.stroke * down), *STRETCH))
        slant, middle = hand.slant, (hand.top + hand.base) / 2
    column = STRIDE * larger
    width = int(np.clip(round(wide * across / column), 1, MAX_WIDTH // STRIDE) * column)
    matrix: tuple[float, ...] = (wide / width, -slant / down, -slant * (start - middle), 0.0, 1 / down, start)
    image = Image.fromarray(np.ascontiguousarray(crop))
    fill = tuple(int(v) for v in _paper(crop))
    image, matrix = _reduced(image, matrix, down, width / wide)
    return np.asarray(image.transform((width, height), Image.Transform.AFFINE, matrix, Image.Resampling.BICUBIC, fillcolor=fill))


def _reduced(image: Image.Image, matrix: tuple[float, ...], down: float, across: float) -> tuple[Image.Image, tuple[float, ...]]:
    """The picture made smaller before it is shrunk much, and the matrix for it: bicubic sampling skips px otherwise."""
    factor = 1
    while 1 / down > 2 * factor and 1 / across > 2 * factor:
        factor *= 2
    if factor > 1:
        return image.reduce(factor), tuple(v / factor for v in matrix)
    if 1 / down <= 1.25:
        return image, matrix
    share = max(down, 0.5)
    small = image.resize((max(1, round(image.width * share)), max(1, round(image.height * share))), Image.Resampling.HAMMING)
    x, y = small.width / image.width, small.height / image.height
    return small, (matrix[0] * x, matrix[1] * x, matrix[2] * x, 0.0, matrix[4] * y, matrix[5] * y)

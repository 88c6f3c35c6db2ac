"""Typed or written by hand: told from the picture of a line, as the recogniser sees it.

Print has strokes of one width that stand straight on one line, in one ink. A pen leans, wavers and presses.
Weights: `handwriting.toml`, written by `training/pen.py` from drawn lines.
"""

from __future__ import annotations

import math
import tomllib
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from digitizer.model import Pixels

WEIGHTS = Path(__file__).with_name("handwriting.toml")
#: px of a strip that are looked at: about two words
WIDE = 240
#: paper and ink differ by this many grey levels at least, and ink covers this many px
_CONTRAST, _INK = 30.0, 40
#: ink is what is darker than paper by this share of the way to the darkest
_DARK = 0.45
#: grey of a colour
_GREY = np.full(3, 1 / 3, np.float32)
#: an edge is upright or level within seven degrees: square of the tangent
_STRAIGHT = 0.015

Floats = npt.NDArray[np.float64]
Greys = npt.NDArray[np.float32]


def handwriting_probability(strip: Pixels) -> float | None:
    """How likely a pen wrote what is in the middle of `strip` ((48, w, 3) uint8 RGB); None where too little is there."""
    start = max(0, (strip.shape[1] - WIDE) // 2)
    found = features(strip[:, start : start + WIDE])
    if found is None:
        return None
    scaled = (found - _weights()[1]) / _weights()[2]
    z = float(np.append(products(scaled), 1.0) @ _weights()[0])
    return round(1 / (1 + math.exp(-max(-30.0, min(z, 30.0)))), 3)


def features(strip: Pixels) -> Floats | None:
    """What tells a pen from print, (13,): colour of the ink, its evenness, slant, widths of strokes, how level its edges are."""
    colour = strip.astype(np.float32)
    grey = colour @ _GREY
    dark, paper = np.partition(grey, [grey.size // 100, grey.size * 9 // 10], axis=None)[[grey.size // 100, grey.size * 9 // 10]]
    if paper - dark < _CONTRAST:
        return None
    ink = grey < paper - _DARK * (paper - dark)
    ink &= ink.mean(axis=1, keepdims=True) < 0.9  # a ruled line is no writing
    if ink.sum() < _INK:
        return None
    return np.array([*_colour(colour, ink, float(paper - dark)), *_edges(grey), *_strokes(ink), *_level(ink)])


def _colour(colour: Greys, ink: npt.NDArray[np.bool_], contrast: float) -> tuple[float, ...]:
    """How blue, how colourful and how uneven the ink is beside its paper, in parts of the contrast."""
    flat, mask = colour.reshape(-1, 3), ink.ravel().astype(np.float32)
    inked = float(mask.sum())
    own, paper = mask @ flat / inked, (1 - mask) @ flat / max(mask.size - inked, 1.0)
    off = own - paper
    core = (flat @ _GREY)[ink.ravel()]
    return float(off[2] - off[0]) / contrast, float(off.max() - off.min()) / contrast, float(core.std()) / contrast


def _edges(grey: Greys) -> tuple[float, ...]:
    """From the gradient: how much of it goes across, slant, shares of upright and of level edges."""
    dx, dy = grey[1:-1, 2:] - grey[1:-1, :-2], grey[2:, 1:-1] - grey[:-2, 1:-1]
    across, down, both = dx * dx, dy * dy, dx * dy
    size = across + down
    strong = size > (0.35**2) * size.max()
    upright = float((down[strong] < _STRAIGHT * across[strong]).mean())
    level = float((across[strong] < _STRAIGHT * down[strong]).mean())
    whole = float(size.sum()) + 1e-9
    return float(across.sum()) / whole, float(both.sum()) / whole, upright, level


def _strokes(ink: npt.NDArray[np.bool_]) -> tuple[float, ...]:
    """Width of strokes in heights of the ink, how much it varies, and how densely the ink covers its box."""
    rows = np.flatnonzero(ink.any(axis=1))
    tall = float(rows[-1] - rows[0] + 1)
    padded = np.pad(ink, ((0, 0), (1, 1))).astype(np.int8)
    change = np.diff(padded, axis=1)
    runs = (np.nonzero(change == -1)[1] - np.nonzero(change == 1)[1]).astype(np.float64)
    return float(np.median(runs)) / tall, float(runs.std() / runs.mean()), float(ink.sum() / (tall * ink.shape[1]))


def _level(ink: npt.NDArray[np.bool_]) -> tuple[float, ...]:
    """How many columns end on the commonest base line, and begin on the commonest upper line; how much the bottoms vary."""
    held = ink.any(axis=0)
    bottoms = (ink.shape[0] - 1 - ink[::-1].argmax(axis=0))[held]
    tops = ink.argmax(axis=0)[held]
    return _commonest(bottoms), _commonest(tops), float(bottoms.std() / ink.shape[0])


def _commonest(values: npt.NDArray[np.int64]) -> float:
    counts = np.bincount(values)
    return float(np.convolve(counts, np.ones(3), "same").max() / len(values))


def products(x: Floats) -> Floats:
    """`x` and the products of each two of its values, bounded: what a weighing alone cannot say."""
    x = np.clip(x, -3, 3)
    return np.concatenate([x, np.outer(x, x)[np.triu_indices(len(x))]])


@cache
def _weights() -> tuple[Floats, Floats, Floats]:
    """(weights, means, spreads) of the features."""
    data = tomllib.loads(WEIGHTS.read_text(encoding="utf-8"))
    weights, mean, spread = (np.array(data[key], np.float64) for key in ("weights", "mean", "spread"))
    return weights, mean, spread

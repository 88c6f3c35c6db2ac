"""Tells handwriting from print on the picture of a line that the recogniser sees.

Print has strokes of one width and one ink, upright on one base line. A pen leans, wavers and changes pressure. The weights in
`handwriting.toml` were trained by `training/pen.py` on drawn lines.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from digitizer.model import Pixels

#: file with the weights
WEIGHTS = Path(__file__).with_name("handwriting.toml")
#: px of the strip's middle that are used, about two words
WIDE = 240
#: least contrast between paper and ink, grey levels
_CONTRAST = 30.0
#: least number of px of ink
_INK = 40
#: a px is ink when it is darker than paper by this share of the contrast
_DARK = 0.45
#: weights of red, green and blue in grey
_GREY = np.full(3, 1 / 3, np.float32)
#: square of the tangent of seven degrees. An edge within it is upright or level
_STRAIGHT = 0.015

#: px of a strip without ink between two words
_GAP = 8
#: rows in which words are told apart, in parts of the height: leaders and rules run below
_BAND = (0.12, 0.66)
#: px around a word that are looked at with it, where it is narrower
_AROUND = 120
#: how much (natural log) one word can say, and what a change between pen and print takes
_SAYS, _CHANGE = 4.0, 3.0

Floats = npt.NDArray[np.float64]
Greys = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class WordGroup:
    """A part of a strip from `start` to `end` px, all print or all by hand."""

    start: int
    end: int
    by_hand: bool


def handwriting_probability(strip: Pixels) -> float | None:
    """Probability, 0-1, that the middle of `strip` ((48, w, 3) uint8 RGB) is handwriting. None: there is too little ink."""
    start = max(0, (strip.shape[1] - WIDE) // 2)
    odds = _odds(strip[:, start : start + WIDE])
    return None if odds is None else round(1 / (1 + math.exp(-max(-30.0, min(odds, 30.0)))), 3)


def word_groups(strip: Pixels) -> list[WordGroup]:
    """`strip` ((48, w, 3) uint8 RGB) divided between words where a pen takes over from print or print from a pen."""
    width, words = strip.shape[1], _words(strip)
    hands = _likeliest([_word_odds(strip, start, end) for start, end in words])
    found: list[WordGroup] = []
    for (start, end), by_hand in zip(words, hands, strict=True):
        if found and found[-1].by_hand == by_hand:
            found[-1] = WordGroup(found[-1].start, end, by_hand)
        else:
            found.append(WordGroup(start, end, by_hand))
    if not found:
        return [WordGroup(0, width, False)]
    edges = [0, *((a.end + b.start) // 2 for a, b in pairwise(found)), width]
    return [WordGroup(a, b, group.by_hand) for (a, b), group in zip(pairwise(edges), found, strict=True)]


def _words(strip: Pixels) -> list[tuple[int, int]]:
    """Where ink stands that has no gap in it, (start, end) px. A mark of a few px belongs to the word before."""
    grey = strip.astype(np.float32) @ _GREY
    dark, paper = np.percentile(grey, (1, 90))
    if paper - dark < _CONTRAST:
        return []
    top, bottom = (round(share * len(grey)) for share in _BAND)
    held = (grey[top:bottom] < paper - _DARK * (paper - dark)).any(axis=0)
    edges = np.flatnonzero(np.diff(held.astype(np.int8), prepend=0, append=0)).reshape(-1, 2)
    words: list[tuple[int, int]] = []
    for start, end in edges.tolist():
        if words and (start - words[-1][1] < _GAP or end - start < _GAP):
            words[-1] = (words[-1][0], end)
        else:
            words.append((start, end))
    return words


def _word_odds(strip: Pixels, start: int, end: int) -> float:
    """How much likelier (natural log) a pen wrote a word than a press."""
    room = max(0, _AROUND - (end - start)) // 2
    start, end = max(0, start - room), min(strip.shape[1], end + room)
    end = min(end, start + 2 * WIDE)
    odds = _odds(strip[:, start:end])
    return 0.0 if odds is None else max(-_SAYS, min(odds, _SAYS))


def _likeliest(odds: Sequence[float]) -> list[bool]:
    """Which words a pen wrote, by what each says and because neighbours are mostly alike (Viterbi)."""
    best, back = (0.0, 0.0), list[tuple[bool, bool]]()
    for word in odds:
        change = (best[0] - _CHANGE, best[1] - _CHANGE)
        back.append((change[1] > best[0], change[0] <= best[1]))
        best = (max(best[0], change[1]) - word / 2, max(best[1], change[0]) + word / 2)
    hands, hand = list[bool](), best[1] > best[0]
    for before in reversed(back):
        hands.append(hand)
        hand = before[hand]
    return hands[::-1]


def _odds(strip: Pixels) -> float | None:
    """How much likelier (natural log) a pen wrote what is in `strip` than a press. None where too little is there."""
    found = features(strip)
    if found is None:
        return None
    weights, mean, spread = _weights()
    return float(np.append(products((found - mean) / spread), 1.0) @ weights)


def features(strip: Pixels) -> Floats | None:
    """Features (13,) of a strip: colour and evenness of the ink, slant, widths of strokes, straightness of the edges.

    None: there is too little ink.
    """
    colour = strip.astype(np.float32)
    grey = colour @ _GREY
    dark, paper = np.partition(grey, [grey.size // 100, grey.size * 9 // 10], axis=None)[[grey.size // 100, grey.size * 9 // 10]]
    if paper - dark < _CONTRAST:
        return None
    ink = grey < paper - _DARK * (paper - dark)
    ink &= ink.mean(axis=1, keepdims=True) < 0.9  # without ruled lines
    if ink.sum() < _INK:
        return None
    return np.array([*_colour(colour, ink, float(paper - dark)), *_edges(grey), *_strokes(ink), *_level(ink)])


def _colour(colour: Greys, ink: npt.NDArray[np.bool_], contrast: float) -> tuple[float, ...]:
    """(blueness, saturation, unevenness) of the ink relative to its paper, as shares of the contrast."""
    flat, mask = colour.reshape(-1, 3), ink.ravel().astype(np.float32)
    inked = float(mask.sum())
    own, paper = mask @ flat / inked, (1 - mask) @ flat / max(mask.size - inked, 1.0)
    off = own - paper
    core = (flat @ _GREY)[ink.ravel()]
    return float(off[2] - off[0]) / contrast, float(off.max() - off.min()) / contrast, float(core.std()) / contrast


def _edges(grey: Greys) -> tuple[float, ...]:
    """(share of the gradient that is horizontal, slant, share of upright edges, share of level edges)."""
    dx, dy = grey[1:-1, 2:] - grey[1:-1, :-2], grey[2:, 1:-1] - grey[:-2, 1:-1]
    across, down, both = dx * dx, dy * dy, dx * dy
    size = across + down
    strong = size > (0.35**2) * size.max()
    upright = float((down[strong] < _STRAIGHT * across[strong]).mean())
    level = float((across[strong] < _STRAIGHT * down[strong]).mean())
    whole = float(size.sum()) + 1e-9
    return float(across.sum()) / whole, float(both.sum()) / whole, upright, level


def _strokes(ink: npt.NDArray[np.bool_]) -> tuple[float, ...]:
    """(median width of strokes in heights of the ink, its relative spread, share of ink in its box)."""
    rows = np.flatnonzero(ink.any(axis=1))
    tall = float(rows[-1] - rows[0] + 1)
    padded = np.pad(ink, ((0, 0), (1, 1))).astype(np.int8)
    change = np.diff(padded, axis=1)
    runs = (np.nonzero(change == -1)[1] - np.nonzero(change == 1)[1]).astype(np.float64)
    return float(np.median(runs)) / tall, float(runs.std() / runs.mean()), float(ink.sum() / (tall * ink.shape[1]))


def _level(ink: npt.NDArray[np.bool_]) -> tuple[float, ...]:
    """(share of columns on the commonest base line, share on the commonest top line, spread of the bottoms in heights)."""
    held = ink.any(axis=0)
    bottoms = (ink.shape[0] - 1 - ink[::-1].argmax(axis=0))[held]
    tops = ink.argmax(axis=0)[held]
    return _commonest(bottoms), _commonest(tops), float(bottoms.std() / ink.shape[0])


def _commonest(values: npt.NDArray[np.int64]) -> float:
    counts = np.bincount(values)
    return float(np.convolve(counts, np.ones(3), "same").max() / len(values))


def products(x: Floats) -> Floats:
    """`x` clipped to -3 … 3, and the products of every two of its values. They let linear weights see interactions."""
    x = np.clip(x, -3, 3)
    return np.concatenate([x, np.outer(x, x)[np.triu_indices(len(x))]])


@cache
def _weights() -> tuple[Floats, Floats, Floats]:
    """(weights, means, spreads) of the features."""
    data = tomllib.loads(WEIGHTS.read_text(encoding="utf-8"))
    weights, mean, spread = (np.array(data[key], np.float64) for key in ("weights", "mean", "spread"))
    return weights, mean, spread

"""Handwriting bent anew: other slants, pens, papers, ink that runs dry, tails of neighbours, rules, strokes of a seal.

Strips come LARGE px high and leave at the height the reader sees, so that bending blurs nothing.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from digitizer.ocr.handwriting_strip import HEIGHT, STRIDE

#: px of height of a strip before it is bent
LARGE = 2 * HEIGHT
#: share of the bending that drawn print gets
GENTLE = 0.45
#: RGB of inks: ballpoint blue, blue-black, black, violet, green, red, pencil
INKS = ((20, 60, 150), (50, 80, 170), (30, 40, 120), (35, 35, 40), (90, 30, 110), (20, 90, 60), (160, 60, 60), (90, 90, 90))

Image = NDArray[np.uint8]
Floats = NDArray[np.float32]


def bent(strip: Image, rng: np.random.Generator, neighbour: Callable[[], Image] | None) -> Image:
    """A strip (LARGE, W, 3) RGB as (HEIGHT, w, 3), written anew; gently where no `neighbour` gives strips to write beside it."""
    share = 1.0 if neighbour else GENTLE
    strip = _thickened(_warped(strip, rng, share), rng)
    if neighbour and rng.random() < 0.25:
        strip = _beside(strip, neighbour(), rng)
    strip = _inked(strip, rng, strong=neighbour is not None)
    width = strip.shape[1] / 2 * float(np.exp(rng.uniform(-0.22, 0.20) * share))
    strip = np.asarray(
        cv2.resize(strip, (max(1, round(width / STRIDE)) * STRIDE, HEIGHT), interpolation=cv2.INTER_AREA), np.uint8
    )
    if neighbour and rng.random() < 0.2:
        strip = _ruled(strip, rng)
    return _sealed(strip, rng) if neighbour and rng.random() < 0.05 else strip


def _field(rng: np.random.Generator, spread: float, rows: int, columns: int, size: tuple[int, int]) -> Floats:
    """Random values that change smoothly over a strip."""
    grid = rng.normal(0, spread, (rows, columns)).astype(np.float32)
    return np.asarray(cv2.resize(grid, size, interpolation=cv2.INTER_CUBIC), np.float32)


def _warped(strip: Image, rng: np.random.Generator, share: float) -> Image:
    """Slanted, taller or lower, higher or deeper in its strip, with letters that waver and a base line that drifts."""
    high = strip.shape[0]
    slant, tall, down = rng.uniform(-0.28, 0.28) * share, 1 + rng.uniform(-0.17, 0.12) * share, rng.uniform(-6, 6) * share
    room = int(abs(slant) * high / 2) + 2
    strip = np.asarray(cv2.copyMakeBorder(strip, 0, 0, room, room, cv2.BORDER_REPLICATE), np.uint8)
    wide = strip.shape[1]
    size, waver = (wide, high), rng.uniform(0.3, 1.0) * share
    y, x = np.mgrid[0:high, 0:wide].astype(np.float32)
    x = x + _field(rng, 2.6 * waver, 3, max(3, wide // 70), size)
    y = y + _field(rng, 3.0 * waver, 3, max(3, wide // 70), size) + _field(rng, 2.5 * share, 1, max(2, wide // 500), size)
    back = cv2.invertAffineTransform(np.array([[1, slant, -slant * high / 2], [0, tall, (1 - tall) * high * 0.6 + down]]))
    from_x = (back[0, 0] * x + back[0, 1] * y + back[0, 2]).astype(np.float32)
    from_y = (back[1, 0] * x + back[1, 1] * y + back[1, 2]).astype(np.float32)
    return np.asarray(cv2.remap(strip, from_x, from_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _thickened(strip: Image, rng: np.random.Generator) -> Image:
    """A broader or a finer pen."""
    kind = rng.random()
    if kind >= 0.4:
        return strip
    change, most = (cv2.erode, 1.0) if kind < 0.22 else (cv2.dilate, 0.75)
    share = float(rng.uniform(0.3, most))
    return np.asarray(cv2.addWeighted(strip, 1 - share, change(strip, np.ones((3, 3), np.uint8)), share, 0), np.uint8)


def _paper(strip: Image | NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.median(strip[::5, ::5].reshape(-1, 3), axis=0), np.float64)


def _beside(strip: Image, other: Image, rng: np.random.Generator) -> Image:
    """Tails of the line above, or heads of the line below."""
    high, wide = strip.shape[:2]
    other = np.tile(other, (1, -(-wide // other.shape[1]), 1))[:, :wide]
    ink = np.minimum(other - _paper(other), 0)
    rows, found = int(rng.integers(6, 20)), strip.astype(np.float64)
    if rng.random() < 0.6:
        found[:rows] += ink[84 - rows : 84]
    else:
        found[high - rows :] += ink[22 : 22 + rows]
    return np.clip(found, 0, 255).astype(np.uint8)


def _inked(strip: Image, rng: np.random.Generator, *, strong: bool) -> Image:
    """Another ink and paper, fainter or darker, running dry, in a shadow."""
    high, wide = strip.shape[:2]
    found, paper = strip.astype(np.float64), _paper(strip)
    if strong and rng.random() < 0.4:
        dark = (paper - found).mean(axis=2, keepdims=True)
        dark = np.clip(dark / max(20.0, float(np.percentile(dark, 99))), 0, 1.3)
        ink = np.array(INKS[int(rng.integers(len(INKS)))]) + rng.normal(0, 15, 3)
        paper = np.clip(rng.uniform(190, 255) + rng.normal(0, 8, 3), 0, 255)
        found = paper + dark * (ink - paper)
    elif rng.random() < 0.2:
        found = found.mean(axis=2, keepdims=True).repeat(3, axis=2)
    found = paper + (found - paper) * (rng.uniform(0.45, 1.3) if strong else rng.uniform(0.75, 1.15))
    if strong and rng.random() < 0.3:
        flow = rng.uniform(0.35, 1.25, (2, max(3, wide // 60))).astype(np.float32)
        found = paper + (found - paper) * cv2.resize(flow, (wide, high), interpolation=cv2.INTER_CUBIC)[..., None]
    if rng.random() < 0.25:
        shade = rng.uniform(0.7, 1.05, (2, 4)).astype(np.float32)
        found = found * cv2.resize(shade, (wide, high), interpolation=cv2.INTER_LINEAR)[..., None]
    return np.clip(found, 0, 255).astype(np.uint8)


def _ruled(strip: Image, rng: np.random.Generator) -> Image:
    """On a rule, or beside the frame of a box."""
    high, wide = strip.shape[:2]
    shade, thick, share = float(rng.uniform(20, 190)), int(rng.integers(1, 3)), float(rng.uniform(0.25, 1))
    ink = tuple(float(v) for v in np.clip(shade + rng.normal(0, 15, 3), 0, 220))
    ruled = strip.copy()
    if rng.random() < 0.75:
        y, fall = rng.uniform(0.66, 0.95) * high, rng.normal(0, 0.004) * wide / 2
        cv2.line(ruled, (0, int(y - fall)), (wide, int(y + fall)), ink, thick, cv2.LINE_AA)
    else:
        x = int(rng.choice([rng.uniform(0, 12), wide - rng.uniform(1, 14)]))
        cv2.line(ruled, (x, 0), (x, high), ink, thick, cv2.LINE_AA)
    return np.asarray(cv2.addWeighted(strip, 1 - share, ruled, share, 0), np.uint8)


def _sealed(strip: Image, rng: np.random.Generator) -> Image:
    """Under the rings of a seal."""
    rings, radius = np.full_like(strip, 255), float(rng.uniform(50, 110))
    middle = (int(rng.uniform(0, strip.shape[1])), int(rng.uniform(-40, 90)))
    for share in (1.0, 0.85):
        cv2.circle(rings, middle, int(radius * share), (210, 40, 60), int(rng.integers(1, 4)), cv2.LINE_AA)
    return (strip * (0.2 + 0.8 * rings / 255)).astype(np.uint8)

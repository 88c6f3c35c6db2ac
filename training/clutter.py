"""What stands on pages beside text, drawn over pages of the pool as they are trained on, each time anew.

Leaders of dots in every pitch, chains of rings and diamonds as borders of certificates have them, punched holes. None of it is
text. Text that a leader runs under stays text.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

#: px of a page of the pool (1,280 px for 297 mm) in a millimetre
MM = 4.3
#: fractions of a px in which OpenCV draws, as a power of two
SHIFT = 4

Image = NDArray[np.uint8]
Quads = NDArray[np.float32]


def clutter(image: Image, quads: Quads, rng: np.random.Generator) -> Image:
    """A page (H, W, 3) BGR with lines at `quads` (n, 4, 2), now with what forms have beside text."""
    image = image.copy()
    free = np.full(image.shape[:2], 255, np.uint8)
    for quad in quads:
        cv2.fillConvexPoly(free, np.round(quad).astype(np.int32), 0)
    if len(quads) and rng.random() < 0.65:
        _leaders(image, quads, rng)
    if rng.random() < 0.2:
        _border(image, cv2.erode(free, np.ones((15, 15), np.uint8)), rng)
    if rng.random() < 0.15:
        _holes(image, free, rng)
    return image


def dotted(strip: Image, rng: np.random.Generator) -> Image:
    """A line (48, W, 3) as a reader gets it, now with a leader of coarse dots along its baseline or a part of it."""
    strip = np.ascontiguousarray(strip).copy()
    height, width = strip.shape[:2]
    mm = height / float(rng.uniform(5.5, 8.5))
    radius = float(rng.uniform(0.12, 0.28)) * mm
    step, ink = max(float(rng.uniform(0.8, 4.2)) * mm, 2.8 * radius), _ink(rng)
    left, right = sorted(rng.uniform(0, width, 2)) if rng.random() < 0.4 else (0.0, float(width))
    y, slope = float(rng.uniform(0.62, 0.9)) * height, float(rng.normal(0, 0.003))
    for x in np.arange(left + step * rng.random(), right, step):
        _dot(strip, np.array([x, y + slope * (x - width / 2)]), radius, ink)
    return strip


def _ink(rng: np.random.Generator) -> tuple[float, float, float]:
    """Black, grey, or a colour of print."""
    grey = float(rng.uniform(10, 150))
    b, g, r = np.clip(grey + rng.normal(0, 1, 3) * float(rng.choice([3, 30])), 0, 170)
    return float(b), float(g), float(r)


def _leaders(image: Image, quads: Quads, rng: np.random.Generator) -> None:
    """Rows of dots after and under lines of text, and on rows nobody wrote on."""
    step, radius = float(rng.uniform(0.8, 4.2)) * MM, float(rng.uniform(0.13, 0.3)) * MM
    step, ink, low = max(step, 2.6 * radius), _ink(rng), float(rng.uniform(0.72, 1.05))
    for quad in quads[rng.random(len(quads)) < float(rng.uniform(0.2, 0.9))]:
        along = quad[2] - quad[3]
        along /= max(float(np.hypot(*along)), 1e-3)
        down = quad[3] - quad[0]
        start = quad[0] + low * down + (0 if rng.random() < 0.4 else 1) * (quad[1] - quad[0]) + along * step * rng.random()
        rows = [start]
        if rng.random() < 0.25:
            rows.append(start + down / max(float(np.hypot(*down)), 1e-3) * float(rng.uniform(6, 10)) * MM)
        length = float(rng.uniform(8, 170)) * MM
        for row in rows:
            for at in np.arange(0, length, step):
                _dot(image, row + along * at, radius, ink)


def _border(image: Image, free: Image, rng: np.random.Generator) -> None:
    """A chain of one figure around the page or along one side, where no text is near."""
    height, width = image.shape[:2]
    inset, side = float(rng.uniform(4, 16)) * MM, float(rng.uniform(1.6, 5)) * MM
    step, ink, thick = side * float(rng.uniform(0.5, 1.3)), _ink(rng), int(rng.integers(1, 3))
    figure = rng.integers(4)
    across, along = np.arange(inset, width - inset, step), np.arange(inset, height - inset, step)
    spots = [(x, y) for x in across for y in (inset, height - inset)] + [(x, y) for y in along for x in (inset, width - inset)]
    for x, y in spots:
        if not free[min(int(y), height - 1), min(int(x), width - 1)]:
            continue
        middle = (round(x * 2**SHIFT), round(y * 2**SHIFT))
        if figure < 2:
            cv2.circle(image, middle, round(side / 2 * 2**SHIFT), ink, thick, cv2.LINE_AA, SHIFT)
        elif figure == 2:
            cv2.ellipse(image, middle, (round(side * 2 ** (SHIFT - 1)), round(side * 2 ** (SHIFT - 2))), 45, 0, 360, ink, thick,
                        cv2.LINE_AA, SHIFT)  # fmt: skip
        else:
            half = side / 2
            corners = np.array([(x - half, y), (x, y - half), (x + half, y), (x, y + half)])
            cv2.polylines(image, [np.round(corners * 2**SHIFT).astype(np.int32)], True, ink, thick, cv2.LINE_AA, SHIFT)


def _holes(image: Image, free: Image, rng: np.random.Generator) -> None:
    """Two punched holes near a side."""
    height, width = image.shape[:2]
    x = float(rng.choice([rng.uniform(5, 14) * MM, width - rng.uniform(5, 14) * MM]))
    dark = float(rng.uniform(0, 120))
    for share in (rng.uniform(0.2, 0.45), rng.uniform(0.5, 0.8)):
        if free[min(int(share * height), height - 1), min(int(x), width - 1)]:
            _dot(image, np.array([x, share * height]), float(rng.uniform(2, 3.2)) * MM, (dark, dark, dark))


def _dot(image: Image, at: NDArray[np.floating], radius: float, ink: tuple[float, float, float]) -> None:
    x, y = (round(float(v) * 2**SHIFT) for v in at)
    cv2.circle(image, (x, y), round(radius * 2**SHIFT), ink, -1, cv2.LINE_AA, SHIFT)

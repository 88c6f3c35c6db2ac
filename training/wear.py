"""What scanning once more does to a line: pool lines are read several times, and look a little different every time."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]

#: share of lines each kind of wear comes to
_EACH = 0.22


def worn(strip: Image, rng: np.random.Generator) -> Image:
    """A line (48, W, 3) as another scanner, toner or JPEG would show it."""
    for change in (_shifted, _thickened, _blurred, _coarse, _toned, _noisy, _packed):
        if rng.random() < _EACH:
            strip = change(strip, rng)
    return strip


def _shifted(strip: Image, rng: np.random.Generator) -> Image:
    """Higher or lower in its box, and a little taller or lower."""
    height, width = strip.shape[:2]
    scale = float(rng.uniform(0.88, 1.08))
    moved = np.array([[1, 0, 0], [0, scale, height * (1 - scale) / 2 + float(rng.uniform(-2.5, 2.5))]])
    return np.asarray(cv2.warpAffine(strip, moved, (width, height), borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _thickened(strip: Image, rng: np.random.Generator) -> Image:
    """Strokes fuller or thinner by a part of a pixel."""
    change, share = cv2.erode if rng.random() < 0.5 else cv2.dilate, float(rng.uniform(0.15, 0.5))
    return np.asarray(cv2.addWeighted(strip, 1 - share, change(strip, np.ones((2, 2))), share, 0), np.uint8)


def _blurred(strip: Image, rng: np.random.Generator) -> Image:
    return np.asarray(cv2.GaussianBlur(strip, (0, 0), float(rng.uniform(0.4, 1.3))), np.uint8)


def _coarse(strip: Image, rng: np.random.Generator) -> Image:
    """Scanned at a lower resolution."""
    height, width = strip.shape[:2]
    scale = float(rng.uniform(0.45, 0.8))
    small = cv2.resize(strip, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


def _toned(strip: Image, rng: np.random.Generator) -> Image:
    """Paler, darker, or with a steeper curve, each channel a little for itself."""
    gain = float(rng.uniform(0.6, 1.25)) + rng.normal(0, 0.03, 3)
    lift = rng.normal(0, 4, 3) - max(0.0, float(rng.uniform(-25, 35)))
    return np.asarray(np.clip((strip.astype(np.float32) - 255) * gain + 255 + lift, 0, 255), np.uint8)


def _noisy(strip: Image, rng: np.random.Generator) -> Image:
    grain = rng.normal(0, float(rng.uniform(2, 14)), strip.shape[:2])[..., None]
    return np.asarray(np.clip(strip + grain, 0, 255), np.uint8)


def _packed(strip: Image, rng: np.random.Generator) -> Image:
    stored = cv2.imencode(".jpg", strip, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 75))])[1]
    return np.asarray(cv2.imdecode(stored, cv2.IMREAD_COLOR), np.uint8)

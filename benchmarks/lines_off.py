"""Printed lines taken off the copy of a page that is read: tried beside the steps of `pages.py`, not a part of the product."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from digitizer.model import Pixels, Ruling
from digitizer.pages.grid import _dots
from digitizer.pages.ink import grey_copy
from digitizer.pages.ruling import find_ruling

#: dots per inch dots are looked for at, and how much darker than white paper ink is, as in `ruling.py`
_DPI, _DARKER = 150.0, 40
#: shortest rule, thickest one, and the length from which on what crosses it is a stroke of writing, mm
_RULE_MM, _THICK_MM, _STROKE_MM = 9.0, 0.9, 1.3


def dots_off(pixels: Pixels, dpi: float) -> Ruling:
    """`find_ruling`, and the dots of the dotted lines found gone from `pixels`."""
    ruling, scale = find_ruling(pixels, dpi), min(1.0, _DPI / dpi)
    small = cv2.compare(grey_copy(pixels, scale), 255 - _DARKER, cv2.CMP_LT)
    lines = np.zeros_like(small)
    for box in ruling.dotted:
        x0, y0, x1, y1 = (round(scale * edge) for edge in (box.x0, box.y0, box.x1, box.y1))
        lines[max(0, y0 - 1) : y1 + 1, max(0, x0 - 1) : x1 + 1] = 255
    dots = cv2.dilate(cv2.bitwise_and(_dots(small, _DPI / 25.4), lines), np.ones((3, 3), np.uint8))
    pixels[cv2.resize(dots, pixels.shape[1::-1], interpolation=cv2.INTER_NEAREST) > 0] = 255
    return ruling


def rules_off(pixels: Pixels, dpi: float) -> Ruling:
    """`find_ruling`, and long thin rules, those of tables too, gone from `pixels` where no stroke of writing crosses them."""
    ruling, mm = find_ruling(pixels, dpi), dpi / 25.4
    ink = cv2.compare(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), 255 - _DARKER, cv2.CMP_LT)
    off = cv2.bitwise_or(_rules(ink, mm), cv2.transpose(_rules(cv2.transpose(ink), mm)))
    pixels[off > 0] = 255
    return ruling


def _rules(ink: Any, mm: float) -> Any:
    """Mask of the level rules, what crosses them left out."""
    length, thick, stroke = round(_RULE_MM * mm), round(_THICK_MM * mm), round(_STROKE_MM * mm)
    level = cv2.morphologyEx(cv2.dilate(ink, np.ones((2, 1), np.uint8)), cv2.MORPH_OPEN, np.ones((1, length), np.uint8))
    broad = cv2.morphologyEx(level, cv2.MORPH_OPEN, np.ones((thick, 1), np.uint8))
    crossing = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((stroke, 1), np.uint8))
    return cv2.subtract(cv2.dilate(cv2.subtract(level, broad), np.ones((3, 1), np.uint8)), crossing)
